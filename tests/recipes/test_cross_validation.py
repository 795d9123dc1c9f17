"""Cross-validation: every image is tested once, by a network that has not seen it."""

import time

import numpy as np
import pytest

import striate as st
from networks import digest
from striate.errors import DataError
from striate.recipes import prepare
from striate.recipes.cross_validation import possible_folds, untrained
from striate.training.confidence import wilson_interval


@pytest.fixture
def run(tmp_path):
    """Return a run on 30 images of two classes: dark and light ones."""
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    x = (rng.integers(0, 60, (30, 8, 8, 1)) + 180 * y[:, None, None, None]).astype(np.uint8)
    np.savez(tmp_path / "shades.npz", x=x, y=y)
    return prepare(str(tmp_path / "shades.npz"), epochs=12, augment="", batch_size=8)


def test_every_image_is_tested_once(run):
    """The pooled counts are those of all images, and the outputs are in the images' order."""
    found = run.cross_validate()

    assert run.folds == 5
    assert len(found.accuracies) == 5
    assert found.evaluation.images == np.sum(found.evaluation.confusion) == 30
    np.testing.assert_array_equal(found.tested, np.arange(30))
    predicted = found.outputs.argmax(axis=1)
    correct = np.count_nonzero(predicted == run.dataset.y)
    assert correct >= 27
    assert found.evaluation.accuracy == pytest.approx(correct / 30)
    assert found.evaluation.interval == wilson_interval(correct, 30)


def test_the_network_is_not_changed(run):
    """Cross-validation trains copies; the network, trained or not, stays as it is."""
    before = digest(run.network)

    run.cross_validate()

    assert digest(run.network) == digest(run.start) == before
    run.train(progress=False)
    trained = digest(run.network)
    first, second = run.cross_validate(), run.cross_validate()
    assert digest(run.network) == trained
    np.testing.assert_array_equal(first.outputs, second.outputs)


def test_metrics_are_those_of_all_images():
    """Accuracy, F1 and the printed text are those of all folds together, not of the first one."""
    (x, y), _ = st.data.load("shapes")
    net = st.Network.parse("conv 2@3x3 relu | max 3 | dense 2 softmax", (15, 15, 1))

    found = st.cross_validate(net, x[:90], y[:90], folds=3, epochs=2, metrics=["f1", "top-2"])

    scores = found.evaluation
    assert len(set(found.accuracies)) > 1
    predicted = found.outputs.argmax(axis=1)
    assert scores.metrics["accuracy"] == scores.accuracy == np.mean(predicted == y[:90])
    assert scores.metrics["f1"] == pytest.approx(scores.per_class.f1[1])
    assert scores.metrics["top-2"] == 1
    assert scores.outputs["dense1"].accuracy == scores.accuracy
    assert f"accuracy {scores.accuracy:.2%} (95%" in str(scores)


def test_a_deadline_ends_after_a_fold(run):
    """Without time, one fold is done, and the result says on which images."""
    folds = []

    found = run.cross_validate(lambda number, _: folds.append(number), time.perf_counter())

    assert folds == [1]
    assert len(found.tested) == found.evaluation.images == len(found.outputs) == 6
    assert str(found) == "1 fold of 5-fold cross-validation"


def test_near_duplicates_stay_in_one_fold(tmp_path):
    """A copy of an image is never tested by a network that was trained on the image."""
    rng = np.random.default_rng(0)
    x = np.repeat(rng.integers(0, 256, (10, 16, 16, 3), np.uint8), 2, axis=0)
    np.savez(tmp_path / "pairs.npz", x=x, y=np.repeat([0, 1], 10))

    run = prepare(str(tmp_path / "pairs.npz"), epochs=1)

    assert len(np.unique(run.groups)) == 10
    assert (run.groups[::2] == run.groups[1::2]).all()


def test_a_copy_is_independent():
    """Training a copy leaves the original unchanged."""
    network = prepare("shapes", epochs=1).network
    copy = untrained(network)
    copy.parameters["dense1.bias"][:] = 7

    assert (network.parameters["dense1.bias"] != 7).all()
    assert copy.classes == network.classes


def test_few_images_have_few_folds():
    """Each fold must leave two classes for training."""
    assert possible_folds(np.repeat([0, 1, 2], [9, 9, 1])) == 5
    assert possible_folds(np.repeat([0, 1], [9, 2])) == 2
    assert possible_folds(np.array([0, 1])) == 0
    assert possible_folds(np.zeros(9, int)) == 0
    assert possible_folds(np.repeat([0, 1], 4), groups=np.array([1, 1, 1, 1, 2, 2, 3, 3])) == 0


def test_data_with_a_test_set_is_not_cross_validated():
    """The error names the alternative."""
    with pytest.raises(DataError) as error:
        prepare("shapes", epochs=1).cross_validate()

    assert "run.evaluate()" in str(error.value)
