"""Targets with pixels move with their images: masks, images, several inputs and outputs."""

import numpy as np
import pytest

import striate as st
from networks import ENGINES, classifier, images_and_labels
from striate.data import Augmentation
from striate.errors import OptionError, ShapeError, StriateWarning
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, SquaredError
from striate.graph.batch import as_arrays
from striate.model.batches import BatchLoader, TargetMover
from striate.model.inputs import Preprocessing

RNG = np.random.default_rng(5)
# Away from the threshold of one half, so that a few epochs learn it.
X = np.where(RNG.random((60, 8, 6, 1)) < 0.5, 0.1, 0.9).astype(np.float32)
Y = (X[..., 0] > 0.5).astype(np.int64)
SOME = np.array([3, 59, 0, 17])
MOTIONS = ["flip", "flip both", "shift 2", "shift 1 flip both", "brightness 0.1 flip"]


def moved(x, y, text, loss, shape, *, preprocessing=None, epoch=4):
    """Move some images and their targets; return both as the equations have them."""
    loader = BatchLoader(
        {"x": x}, preprocessing or Preprocessing(), Augmentation.parse(text), seed=2
    )
    mover = TargetMover(loader, [y], [loss], [shape], ["y"])
    inputs = as_arrays(loader.load(SOME, epoch))
    return inputs[0], mover.targets([y[SOME]], SOME, epoch)[0], mover


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ["flip", "shift 2"])
@pytest.mark.parametrize("last", ["conv 2@1x1 softmax", "conv 1@1x1 logistic"])
def test_a_task_of_pixels_is_learned_while_images_move(engine, text, last):
    """On the task y = x > 0.5, the training accuracy reaches and keeps 100%."""
    network = st.Network.parse(last, (8, 6, 1), engine=engine)

    history = network.fit(X, Y, epochs=30, batch_size=20, learning_rate=0.3, augment=text, seed=1)

    assert history["accuracy"][-5:] == [1.0] * 5


@pytest.mark.parametrize("text", MOTIONS)
@pytest.mark.parametrize("channels", ["last", "first"])
def test_label_masks_stay_with_their_pixels(text, channels):
    """Each moved pixel still has the label that its value has."""
    x = X if channels == "last" else np.moveaxis(X, -1, 1).copy()

    images, labels, mover = moved(
        x, Y, text, CrossEntropy(), (2, 8, 6), preprocessing=Preprocessing(channels=channels)
    )

    assert mover.moves_any
    assert labels.dtype == Y.dtype
    np.testing.assert_array_equal(labels, images[:, 0] > 0.5)
    (moved_labels,) = mover.labels([Y[SOME]], SOME, 4)
    np.testing.assert_array_equal(moved_labels, labels)


@pytest.mark.parametrize("classes", [1, 3])
def test_probabilities_of_classes_move_as_masks(classes):
    """Targets with an axis of classes move along rows and columns; outside is class 0."""
    x = X * np.float32(0.5) + np.float32(0.1)  # no pixel has the fill value
    y = np.zeros((60, classes, 8, 6), np.float32)
    if classes == 1:
        y[:, 0] = Y
    else:
        np.put_along_axis(y, Y[:, np.newaxis], 1.0, axis=1)
    loss = BinaryCrossEntropy() if classes == 1 else CrossEntropy()

    images, found, _ = moved(x, y, "shift 2 flip", loss, (classes, 8, 6))

    outside = images[:, 0] == 0
    assert outside.any()
    one = (images[:, 0] > 0.3).astype(float)
    wanted = one[:, np.newaxis] if classes == 1 else np.stack([1 - one, one, 0 * one], axis=1)
    np.testing.assert_array_equal(found, wanted)


def test_classes_that_overlap_are_absent_outside():
    """Where several classes, or none, may be true, none is true of pixels from outside."""
    y = (RNG.random((60, 3, 8, 6)) < 0.5).astype(np.float32)
    x = np.full_like(X, 0.5)

    images, found, _ = moved(x, y, "shift 3", BinaryCrossEntropy(), (3, 8, 6))

    assert not np.moveaxis(found, 1, -1)[images[:, 0] == 0].any()


def test_image_targets_are_moved_and_interpolated_as_images():
    """An image that is its own target stays so, also when magnified, filled and scaled."""
    photos = RNG.integers(0, 256, (60, 8, 6, 3)).astype(np.uint8)
    y = np.moveaxis(photos / np.float32(255), -1, 1).copy()

    text = "crop 0.6 rotate 40 scale 0.7 shear 20 shift 2 flip fill 128"
    images, found, _ = moved(photos, y, text, SquaredError(), (3, 8, 6))

    # uint8 images are rounded after interpolation: half a gray level.
    assert np.abs(images - found).max() <= 0.5 / 255 + 1e-6


def test_gray_images_are_no_masks_for_a_logistic_output():
    """An autoencoder with a logistic output has gray targets, filled like its input."""
    y = np.moveaxis(X, -1, 1).copy()

    images, found, _ = moved(X, y, "shift 2 fill 1", BinaryCrossEntropy(), (1, 8, 6))

    np.testing.assert_array_equal(images, found)


def test_cutout_covers_the_input_only():
    """A covered pixel keeps its label; cutout alone moves no target."""
    images, labels, _ = moved(X, Y, "cutout 5 flip", CrossEntropy(), (2, 8, 6))
    covered = images[:, 0] == 0

    assert covered.any()
    assert labels[covered].any()
    np.testing.assert_array_equal(labels[~covered], images[:, 0][~covered] > 0.5)
    assert not moved(X, Y, "cutout 5", CrossEntropy(), (2, 8, 6))[2].moves_any


def test_another_label_for_pixels_from_outside():
    """fill_mask chooses the label that pixels from outside have."""
    images, labels, _ = moved(X, Y, "shift 3 fill_mask 1", CrossEntropy(), (2, 8, 6))

    assert (labels[images[:, 0] == 0] == 1).all()
    assert ((labels == 1) == (images[:, 0] != np.float32(0.1))).all()


def test_magnified_masks_have_no_labels_in_between():
    """Labels of a magnified and rotated mask come from the nearest pixel."""
    y = RNG.choice([0, 7], (60, 8, 6))

    _, found, _ = moved(X, y, "crop 0.5 rotate 30", CrossEntropy(), (8, 8, 6))

    assert set(np.unique(found)) == {0, 7}
    assert (found != y[SOME]).any()


def test_inputs_and_outputs_of_the_same_size_move_alike():
    """Two inputs and two masks of one task stay together; features stay as they are."""
    left, right = st.Input((8, 6, 1), name="left"), st.Input((8, 6, 1), name="right")
    table = st.Input((3,), name="table")
    both = st.Concatenate()([left, right])
    low = st.Conv(2, 1, activation="softmax", name="low")(both)
    high = st.Conv(1, 1, activation="logistic", name="high")(both)
    kind = st.Dense(2, activation="softmax", name="kind")(table)
    network = st.Network([left, right, table], [low, high, kind])
    x = [X, 1 - X, RNG.random((60, 3))]

    history = network.fit(
        x, [Y, 1 - Y, Y[:, 0, 0]], epochs=30, learning_rate=0.3, batch_size=20,
        augment="shift 2 flip", seed=1,
    )  # fmt: skip

    # Of the third output, which sees random numbers, at most ln 2 remains to be learned.
    assert history["loss"][-1] < np.log(2) + 0.02


def test_an_autoencoder_learns_its_moved_images():
    """With squared error, images and image targets move together."""
    network = st.Network.parse("conv 1@1x1", (8, 6, 1))

    history = network.fit(X, X, epochs=40, batch_size=20, learning_rate=0.1, augment="shift 2 flip")

    assert history["loss"][-1] < 1e-5


def test_one_label_for_an_image_stays():
    """Labels of whole images, also at one pixel, are not moved."""
    x, y = images_and_labels(12)
    network = st.Network.parse("conv 3@6x6 softmax", (6, 6, 1))

    network.fit(x, y.reshape(12, 1, 1), epochs=1, augment="shift 1 flip")
    classifier().fit(x, y, epochs=1, augment="shift 1 flip")


def test_epochs_and_batches_make_no_difference(monkeypatch):
    """Targets follow the same random numbers as images, whatever the batch size."""
    whole = moved(X, Y, "shift 2 flip both", CrossEntropy(), (2, 8, 6))[1]
    monkeypatch.setattr("striate.model.batches._TOGETHER", 7)
    parts = moved(X, Y, "shift 2 flip both", CrossEntropy(), (2, 8, 6))[1]

    np.testing.assert_array_equal(whole, parts)
    assert (whole != moved(X, Y, "shift 2 flip both", CrossEntropy(), (2, 8, 6), epoch=5)[1]).any()


REFUSED = {
    "another-size": (
        lambda: st.Network.parse("conv 2@3x3 softmax", (8, 6, 1)).fit(
            X, Y[:, 1:-1, 1:-1], epochs=1, augment="flip"
        ),
        ShapeError,
    ),
    "own-class": (
        lambda: st.Network.parse("conv 2@1x1 softmax", (8, 6, 1)).fit(
            X, Y, epochs=1, augment=type("Darker", (Augmentation,), {"apply": lambda *_, **__: X})()
        ),
        OptionError,
    ),
    "fill-mask-beyond-classes": (
        lambda: st.Network.parse("conv 2@1x1 softmax", (8, 6, 1)).fit(
            X, Y, epochs=1, augment="shift 1 fill_mask 2"
        ),
        OptionError,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_targets_that_cannot_move_are_refused(case, golden):
    """The error names the augmentation, the targets and what to do; nothing is trained."""
    train, kind = REFUSED[case]

    with pytest.raises(kind) as error:
        train()

    golden(f"messages/augment-targets-{case}", str(error.value))


def test_numbers_that_motion_may_change_get_a_warning(golden):
    """Positions, angles and sizes cannot be told from other numbers, so there is a warning."""
    network = st.Network.parse("dense 2", (8, 6, 1))

    with pytest.warns(StriateWarning) as caught:
        network.fit(X, RNG.random((60, 2)), epochs=1, augment="flip")

    assert len(caught) == 1
    golden("messages/augment-numbers", str(caught[0].message))
    network.fit(X, RNG.random((60, 2)), epochs=1, augment="cutout 2")  # moves nothing
