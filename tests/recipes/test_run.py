"""Recipes in Python: prepared and trained as the command does."""

import numpy as np
import pytest
from PIL import Image

import striate.data
import striate.recipes
from networks import columns, digest
from striate.errors import OptionError, ShapeError, ShorthandError, StriateError, TrainingError
from striate.recipes.networks import labels_for


def test_prepared_run_trains_like_fit():
    """A run is a data set, a network and settings: fit with the same gives the same bits."""
    run = striate.recipes.prepare("shapes", epochs=2, seed=3)
    history = run.train()
    other = striate.recipes.prepare("shapes", epochs=2, seed=3)
    labels = labels_for(other.network, other.dataset.y, other.dataset.classes)
    settings = {"batch_size": 32, "learning_rate": 0.01, "schedule": "cosine", "seed": 3}
    fitted = other.network.fit(other.dataset.x, labels, epochs=2, **settings)

    assert digest(run.network) == digest(other.network)
    assert columns(history) == columns(fitted)
    assert run.evaluate().images == 400


REFUSED = {
    "recipe": (OptionError, {"recipe": "tasty"}),
    "setting": (OptionError, {"epochs": 0}),
    "optimizer": (OptionError, {"optimizer": "adamm"}),
    "augmentation": (OptionError, {"augment": "shft 2"}),
    "layers": (ShorthandError, {"net": "covn 3@3x3 | dense 10"}),
    "sizes": (ShapeError, {"net": "conv 3@99x99 | dense 10"}),
    "loss": (OptionError, {"net": "conv 3@3x3 | dense 10 logistic", "label_smoothing": 0.1}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_be_checked_is_checked_before_a_download(case, monkeypatch):
    """A mistake in the options does not cost a download of MNIST."""

    def opened(*_, **__):
        raise AssertionError("opened")

    monkeypatch.setattr("striate.recipes.preparing.open_dataset", opened)
    error, given = REFUSED[case]
    with pytest.raises(error):
        striate.recipes.prepare("mnist", **given)


@pytest.fixture
def photos(tmp_path):
    """Write a folder with a training, a validation and a test set of eight pictures each."""
    images, labels = striate.data.load("shapes")[0]
    for part, start in (("train", 0), ("val", 100), ("test", 200)):
        for label in (0, 1):
            for k in np.flatnonzero(labels == label)[start : start + 4]:
                path = tmp_path / part / str(label) / f"{k}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(images[k, ..., 0]).save(path)
    return tmp_path


def test_the_validation_folder_is_the_validation_set(photos):
    """The history has the loss of the images in val, and their number is not taken from train."""
    run = striate.recipes.prepare(str(photos), epochs=1)

    history = run.train()

    assert run.evaluate().images == 8
    found = run.network.evaluate(
        run.dataset.x_validation, np.array(run.dataset.classes)[run.dataset.y_validation]
    )
    assert history.rows[0]["validation_loss"] == pytest.approx(found.loss, rel=1e-5)


def test_two_validation_sets_are_refused(photos):
    """A folder with val is not split again."""
    with pytest.raises(OptionError) as error:
        striate.recipes.prepare(str(photos), validation=0.1)

    assert str(error.value) == (
        f"validation=0.1 cannot be used for {photos.name}, which has a validation set of 8 images. "
        "Leave out `validation`."
    )


def test_a_divergence_is_an_error():
    """A loss that ends far above its start raises, although all weights are finite."""
    run = striate.recipes.prepare(
        "shapes", epochs=2, optimizer="gradient-descent", learning_rate=1000.0,
        net="conv 4@3x3 | dense {classes} softmax",
    )  # fmt: skip
    with pytest.raises(TrainingError) as error:
        run.train()

    assert error.value.history is not None
    assert error.value.cause in str(error.value)


def test_data_without_test_images(tmp_path):
    """They cannot be evaluated on, and the error says what to do."""
    np.savez(tmp_path / "few.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.arange(4))
    run = striate.recipes.prepare(str(tmp_path / "few.npz"))
    with pytest.raises(StriateError) as error:
        run.evaluate()

    assert "few.npz has no test images" in str(error.value)
