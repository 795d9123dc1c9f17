"""What a step sees of a user's images: no copies of what an engine can load itself."""

import tracemalloc

import numpy as np
import pytest

import striate as st
from networks import ENGINES, classifier, images_and_labels
from striate.data.augment import Augmentation
from striate.data.image_file import ImageFile
from striate.errors import OptionError, ShapeError
from striate.graph.batch import LoadImages, as_arrays
from striate.model.batches import BatchLoader
from striate.model.inputs import Preprocessing

RNG = np.random.default_rng(4)
PHOTOS = RNG.integers(0, 256, (30, 8, 6, 2)).astype(np.uint8)
SOME = np.array([5, 29, 0])


def arrays(images, preprocessing=None, **more):
    """Select images of one input; return the selection and its array."""
    chosen = BatchLoader({"x": images}, preprocessing or Preprocessing(), **more).load(SOME, 3)
    return chosen[0], as_arrays(chosen)[0]


@pytest.mark.parametrize("type_", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("augment", [None, "shift 2 flip", "crop 0.7 rotate 20 contrast 0.3"])
def test_chosen_images_are_those_of_the_equations(type_, standardize, augment):
    """Loaded or made, they are augmented, then scaled and standardized."""
    images = PHOTOS.astype(type_)
    preprocessing = Preprocessing()
    if standardize:
        preprocessing = preprocessing.standardized({"x": images})
    change = None if augment is None else Augmentation.parse(augment)

    given, found = arrays(images, preprocessing, augment=change, seed=9)

    part = images[SOME] if type_ != np.float64 else images[SOME].astype(np.float32)
    if change is not None:
        part = change.apply(part, seed=9, epoch=3, indices=SOME)
    wanted = preprocessing.to_equations(part, "x")
    # One rounding of a factor, one of a product, one of a sum of numbers up to 255.
    np.testing.assert_allclose(found, wanted, rtol=4e-7, atol=4e-7 * np.abs(wanted).max())
    assert isinstance(given, LoadImages) == (type_ != np.float64)


@pytest.mark.parametrize(
    "images",
    [PHOTOS[:, ::2], np.asfortranarray(PHOTOS), PHOTOS.reshape(30, -1), PHOTOS.astype(np.float16)],
    ids=["every second row", "columns first", "numbers without pixels", "float16"],
)
def test_images_that_cannot_be_loaded_become_arrays(images):
    """Images that are not contiguous, or of a different dtype, become an array for each step."""
    given, found = arrays(images)

    assert isinstance(given, np.ndarray)
    np.testing.assert_array_equal(found, Preprocessing().to_equations(images[SOME], "x"))


def test_channels_first_are_loaded_too():
    """The same images, whether the user's channels are first or last."""
    first = np.ascontiguousarray(np.moveaxis(PHOTOS, -1, 1))

    given, found = arrays(first, Preprocessing(channels="first"))

    assert isinstance(given, LoadImages)
    np.testing.assert_array_equal(found, arrays(PHOTOS)[1])


def test_each_epoch_is_augmented_differently():
    """The maps of an epoch are drawn once, and differ from those of another epoch."""
    loader = BatchLoader({"x": PHOTOS}, Preprocessing(), Augmentation(shift=3), seed=1)
    everyone = np.arange(30)

    first, second, again = (loader.load(everyone, epoch)[0].maps.packed for epoch in (0, 1, 0))

    assert (first != second).any()
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "text", ["shift 1 flip both cutout 2", "rotate 30 scale 0.8 shear 10 shift 1 contrast 0.2"]
)
def test_engines_see_the_same_images(engine, text):
    """Loaded uint8 images train like the arrays made of them, in steps of odd sizes."""
    x, y = images_and_labels(23, (6, 6, 1))
    augment = Augmentation.parse(text)
    made = [augment.apply(x, seed=7, epoch=e, indices=np.arange(23)) for e in (0, 1)]

    taken = classifier(engine=engine)
    taken.fit(x, y, epochs=2, batch_size=7, seed=7, shuffle=False, augment=augment)
    given = classifier(engine=engine)
    losses = []
    for images in made:
        floats = images.astype(np.float64) / 255
        # One epoch each: gradient descent has no memory between them.
        losses += given.fit(
            floats, y, epochs=1, batch_size=7, shuffle=False, optimizer="gradient-descent"
        )["loss"]
    plain = classifier(engine=engine)
    history = plain.fit(
        x,
        y,
        epochs=2,
        batch_size=7,
        seed=7,
        shuffle=False,
        augment=augment,
        optimizer="gradient-descent",
    )

    assert history["loss"] == pytest.approx(losses, rel=1e-5)  # float32, a few thousand products
    assert taken.predict(x) == pytest.approx(taken.predict(x / 255), abs=1e-6)


def test_a_pass_over_an_array_copies_none_of_it():
    """An epoch and a prediction need far less memory than the images take."""
    x = np.zeros((4000, 28, 28, 1), np.uint8)
    y = np.arange(4000) % 2
    network = st.Network.parse("conv 1@3x3 stride 5 | dense 2 softmax", (28, 28, 1))
    network.fit(x[:300], y[:300], epochs=1)
    network.predict(x[:300])
    tracemalloc.start()

    network.fit(x, y, epochs=1)
    network.predict(x)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Order, labels and outputs of 4,000 images: 4,000 x (8 + 8 + 8 + 2 x 4 x 2) bytes, and small
    # change; one copy of the images would be 3.1 MB, and 12.5 MB in float32.
    assert most < x.nbytes / 4


def test_a_users_own_augmentation_is_applied():
    """A subclass may change images in any way, so arrays are made."""

    class Darker(Augmentation):
        def apply(self, images, **_):
            return images // 2

    given, found = arrays(PHOTOS, augment=Darker())

    assert isinstance(given, np.ndarray)
    np.testing.assert_array_equal(found, arrays(PHOTOS // 2)[1])


@pytest.mark.parametrize("type_", [np.uint8, np.float32, np.float64])
def test_a_shift_as_large_as_the_image_is_refused_before_training(type_):
    """The error is the same for all dtypes, and is raised before the first step."""
    with pytest.raises(ShapeError, match=r"^shift=6 would move images of 8 x 6 pixels out of view"):
        BatchLoader({"x": PHOTOS.astype(type_)}, Preprocessing(), Augmentation(shift=6))


def test_a_fill_value_that_bytes_do_not_have_is_refused_before_training():
    """A fill value must be a pixel value of the images' dtype."""
    with pytest.raises(
        OptionError, match=r"^`fill` must be an integer from 0 to 255 for uint8 images, got 300"
    ):
        BatchLoader({"x": PHOTOS}, Preprocessing(), Augmentation(shift=1, fill=300))


def test_images_far_from_zero_keep_their_digits():
    """If a mean is large compared with the standard deviation, it is subtracted first."""
    images = (PHOTOS / 255 + 1e5).astype(np.float32)
    preprocessing = Preprocessing().standardized({"x": images})

    given, found = arrays(images, preprocessing)

    assert isinstance(given, np.ndarray)
    np.testing.assert_array_equal(found, preprocessing.to_equations(images[SOME], "x"))


@pytest.mark.parametrize("text", ["shift 2 flip", "rotate 25 scale 0.8 brightness 0.1"])
def test_images_of_a_file_are_moved_as_those_in_memory(text, tmp_path):
    """A step gets the same pixels of images that are read from a file."""
    path = tmp_path / "pixels"
    path.write_bytes(PHOTOS.tobytes())
    change = Augmentation.parse(text)

    given, found = arrays(ImageFile(path, PHOTOS.shape, np.uint8), augment=change, seed=2)

    assert isinstance(given, LoadImages)
    np.testing.assert_array_equal(found, arrays(PHOTOS, augment=change, seed=2)[1])
