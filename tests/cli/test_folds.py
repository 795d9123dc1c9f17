"""Cross-validation with `striate train --folds`, and in Python."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.errors import DataError, OptionError

NET = "conv 4@3x3 relu | max 3 | dense {classes} softmax"
OPTIONS = ("--net", NET, "--epochs", 4, "--learning-rate", 0.02, "--batch-size", 32)


@pytest.fixture
def signs(tmp_path):
    """Write 60 images of two classes without a test set."""
    (x, y), _ = st.data.load("shapes")
    np.savez(tmp_path / "signs.npz", x=x[:60], y=y[:60])
    return "signs.npz"


def test_every_image_is_tested_once(striate, signs, tmp_path):
    """The JSON has each fold's accuracy and each image's prediction; the table has them, too."""
    result = striate("train", signs, "--folds", 4, *OPTIONS, "--json", "--pictures", "plots")
    assert result.exit_code == 0, result.stderr
    test = json.loads(result.stdout)["test"]

    assert test["images"] == 60
    assert len(test["folds"]["accuracies"]) == 4
    predictions = test["folds"]["predictions"]
    assert [one["image"] for one in predictions] == list(range(60))
    correct = [one["label"] == one["predicted"] for one in predictions]
    assert np.mean(correct) == pytest.approx(test["accuracy"])
    for number, accuracy in enumerate(test["folds"]["accuracies"], start=1):
        own = [ok for ok, one in zip(correct, predictions, strict=True) if one["fold"] == number]
        assert np.mean(own) == pytest.approx(accuracy)
    with (tmp_path / "plots" / "out-of-fold.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["predicted"] for row in rows] == [one["predicted"] for one in predictions]


def test_the_report_gives_mean_and_deviation(striate, signs):
    """And a confidence interval over all images; the saved network is trained on all of them."""
    result = striate("train", signs, "--folds", 3, *OPTIONS, "--no-pictures")

    assert result.exit_code == 0, result.stderr
    assert "signs.npz: 60 training images, 15 x 15 x 1" in result.stdout
    assert "95% confidence interval" in result.stdout
    assert "mean accuracy of the 3 folds: " in result.stdout
    assert ", standard deviation " in result.stdout


def test_a_test_set_is_left_alone(striate, tmp_path):
    """Only training images are divided; `evaluate` still measures on the test set."""
    (x, y), (x_test, y_test) = st.data.load("shapes")
    np.savez(tmp_path / "a.npz", x=x[:60], y=y[:60], x_test=x_test[:20], y_test=y_test[:20])

    trained = striate("train", "a.npz", "--folds", 2, *OPTIONS, "--no-pictures", "--output", "net")
    evaluated = striate("evaluate", "net", "a.npz", "--json")

    assert "the 20 test images are left for striate evaluate" in trained.stdout
    assert json.loads(evaluated.stdout)["images"] == 20


@pytest.mark.parametrize("count", [1, 61])
def test_impossible_numbers_of_folds(striate, signs, count):
    """An error before training; of the 60 images, a few are near-duplicates of others."""
    result = striate("train", signs, "--folds", count, *OPTIONS)

    assert result.exit_code == 1
    assert result.stderr.endswith(
        "Error: --folds must be an integer from 2 to 56, the number of images or of groups that "
        f"stay together, got {count}. Try --folds 5.\n"
    )


@pytest.fixture
def means(tmp_path):
    """Write 40 signals with two numbers: one around 1e5 from their mean, and the first sample."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 1, 1)) + 0.1 * rng.normal(size=(40, 20, 1))
    y = np.stack([1e5 + 1e4 * x.mean(axis=(1, 2)), x[:, 0, 0]], axis=1)
    np.savez(tmp_path / "means.npz", x=x.astype(np.float32), y=y, pixel_axes=1)
    return x, y


NUMBERS = ("--net", "dense {classes}", "--epochs", 60, "--learning-rate", 0.02, "--batch-size", 8)


def test_numbers_are_tested_once(striate, means, tmp_path):
    """Metrics over all images are those of the predictions, in the units of the data."""
    options = (*NUMBERS, "--standardize-targets", "--json", "--pictures", "plots")
    result = striate("train", "means.npz", "--folds", 4, *options)
    assert result.exit_code == 0, result.stderr
    test = json.loads(result.stdout)["test"]

    assert test["images"] == 40
    predictions = test["folds"]["predictions"]
    assert [one["image"] for one in predictions] == list(range(40))
    for k, column in enumerate(test["columns"]):
        name = f"target {k + 1}"
        true, found = (
            np.array([one[key] for one in predictions]) for key in (name, f"predicted {name}")
        )
        np.testing.assert_allclose(true, means[1][:, k], rtol=1e-6)
        assert column["mae"] == pytest.approx(np.abs(found - true).mean(), rel=1e-3)
        assert column["rmse"] == pytest.approx(np.sqrt(((found - true) ** 2).mean()), rel=1e-3)
        assert column["r2"] == pytest.approx(
            1 - ((found - true) ** 2).sum() / ((true - true.mean()) ** 2).sum(), abs=1e-3
        )
        assert column["r2"] > 0.8
    every = [one["r2"] for one in test["folds"]["metrics"]]
    assert test["folds"]["mean_r2"] == pytest.approx(np.mean(every))
    with (tmp_path / "plots" / "out-of-fold.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["predicted target 1"]) for row in rows] == [
        one["predicted target 1"] for one in predictions
    ]


def test_the_report_on_numbers(striate, means):  # noqa: ARG001  # the file
    """Each fold's R², and errors over all images."""
    result = striate("train", "means.npz", "--folds", 2, *NUMBERS, "--no-pictures")

    assert result.exit_code == 0, result.stderr
    assert "Estimating the errors on new examples: 2 more networks" in result.stdout
    assert "estimated errors (40 images), in the units of the data" in result.stdout
    assert "R² of the 2 folds: mean " in result.stdout
    assert "fold 2/2  R² " in result.stderr


def test_masks_have_no_folds(striate, tmp_path):
    """The error names what to do."""
    for part in ("images", "masks"):
        (tmp_path / "squares" / part).mkdir(parents=True)
    for k in range(6):
        mask = np.zeros((8, 8), np.uint8)
        mask[k % 4 :, :4] = 255
        for part in ("images", "masks"):
            Image.fromarray(mask).save(tmp_path / "squares" / part / f"{k}.png")

    result = striate("train", "squares", "--folds", 3)

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: --folds 3 needs one class, or numbers, for each image, but squares has masks. "
        "Leave out --folds; a test set is then held out.\n"
    )


def test_numbers_in_python(means):
    """Integers are numbers, too, if the network predicts numbers."""
    x, y = means
    net = st.Network.parse("dense 1", (20, 1))
    settings = {"epochs": 30, "learning_rate": 0.05, "batch_size": 8, "standardize_targets": True}

    found = st.cross_validate(net, x, y[:, 0].round().astype(int), folds=4, **settings)

    assert found.accuracies == ()
    assert len(found.scores) == len(found.evaluations) == 4
    assert found.mean == pytest.approx(np.mean([one.metrics["r2"] for one in found.evaluations]))
    assert found.evaluation.metrics["r2"] > 0.8
    with pytest.raises(DataError, match="expected one or more numbers for each of the 40 images"):
        st.cross_validate(net, x, y[:30, 0], **settings)
    with pytest.raises(OptionError, match="`progress` is not a setting of cross_validate"):
        st.cross_validate(net, x, y[:, 0], progress=False, **settings)


def test_the_python_function_keeps_groups_together():
    """Copies of an image in one group are never in training and test at once."""
    rng = np.random.default_rng(0)
    x = rng.random((20, 6, 6, 1), np.float32).repeat(3, axis=0)
    y = rng.integers(2, size=20).repeat(3)  # labels by chance: only a leak makes them predictable
    net = st.Network.parse("dense 2 softmax", (6, 6, 1))
    settings = {"folds": 4, "epochs": 60, "learning_rate": 0.02, "batch_size": 16}

    leaking = st.cross_validate(net, x, y, **settings)
    grouped = st.cross_validate(net, x, y, groups=np.arange(20).repeat(3), **settings)

    assert leaking.evaluation.accuracy > 0.9
    assert grouped.evaluation.accuracy < 0.8
    assert len(grouped.accuracies) == 4


def test_words_are_classes_in_python():
    """The network itself isn't changed."""
    (x, y), _ = st.data.load("shapes")
    names = np.array(["square", "diamond"])[y]
    net = st.Network.parse("conv 4@3x3 relu | max 3 | dense 2 softmax", (15, 15, 1))
    before = net.parameters["dense1.weight"].copy()

    found = st.cross_validate(net, x[:90], names[:90], folds=3, epochs=4, learning_rate=0.02)

    assert found.evaluation.classes == ("diamond", "square")
    assert net.classes == ()
    assert np.array_equal(net.parameters["dense1.weight"], before)
    with pytest.raises(DataError, match="Cross-validation needs labels"):
        st.cross_validate(net, x[:90], y[:90] / 2)
