"""Images of a step that are taken from where they lie: pixel by pixel what the equations have."""

import numpy as np
import pytest

from striate.data.augment import Augmentation
from striate.graph.batch import STILL, Batch, Chosen, Stored, as_arrays, forms_of

RNG = np.random.default_rng(8)
PHOTOS = RNG.integers(0, 256, (20, 7, 9, 3)).astype(np.uint8)
ALL = np.array([3, 0, 19, 7])


def chosen(images, *, last=True, moves=None, tones=None, numbers=ALL):
    """Choose images, by default as they are."""
    channels = images.shape[-1 if last else 1]
    plain = np.array([1.0] * channels + [0.0] * (channels + 1), np.float32)
    return Chosen(
        images=images,
        last=last,
        numbers=numbers,
        moves=np.array([STILL] * len(numbers), np.int32) if moves is None else moves,
        tones=plain if tones is None else tones,
    )


@pytest.mark.parametrize("pixels", [(5,), (5, 4), (2, 3, 4)], ids=["1-D", "2-D", "3-D"])
def test_still_images_are_the_images_with_channels_first(pixels):
    """However many axes the pixels have, and whether channels stand last or first."""
    images = RNG.integers(0, 256, (20, *pixels, 2)).astype(np.uint8)
    wanted = np.moveaxis(images, -1, 1)[ALL].astype(np.float32)

    np.testing.assert_array_equal(chosen(images).array(), wanted)
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1))
    np.testing.assert_array_equal(chosen(first, last=False).array(), wanted)


@pytest.mark.parametrize(
    "text", ["shift 2", "flip both", "cutout 3 fill 9", "shift 1 flip cutout 4"]
)
def test_moves_say_what_an_augmentation_does(text):
    """Moved by the numbers, an image is what the augmentation makes of it."""
    augment = Augmentation.parse(text)
    numbers = np.arange(20)
    moves = augment.moves((7, 9), seed=5, epoch=2, indices=numbers)
    tones = np.array([1, 1, 1, 0, 0, 0, augment.fill], np.float32)

    found = chosen(PHOTOS, moves=moves, tones=tones, numbers=numbers).array()

    wanted = augment.apply(PHOTOS, seed=5, epoch=2, indices=numbers)
    np.testing.assert_array_equal(found, np.moveaxis(wanted, -1, 1).astype(np.float32))


def test_each_channel_is_multiplied_then_added_to():
    """Tones: factors, summands, and what stands outside before both."""
    moves = np.array([(-1, 1, 0, 1, 0, 0, 0, 0)] * 4, np.int32)
    tones = np.array([2, 3, 4, 10, 20, 30, 5], np.float32)

    found = chosen(PHOTOS, moves=moves, tones=tones).array()

    for channel, (factor, summand) in enumerate([(2, 10), (3, 20), (4, 30)]):
        assert (found[:, channel, 0] == 5 * factor + summand).all()
        wanted = PHOTOS[ALL, :-1, :, channel].astype(np.float32) * factor + summand
        np.testing.assert_array_equal(found[:, channel, 1:], wanted)


def test_a_batch_counts_its_images():
    """Chosen or made, a batch knows how many images it has, and where they come from."""
    made = np.zeros((4, 3, 7, 9), np.float32)
    batch = Batch(inputs=(chosen(PHOTOS), made))

    assert batch.count == 4
    assert forms_of(batch.inputs) == (Stored("uint8", last=True), None)
    assert [array.shape for array in as_arrays(batch.inputs)] == [made.shape] * 2
