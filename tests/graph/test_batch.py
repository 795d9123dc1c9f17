"""Images that a step loads from the user's array equal the arrays of the equations."""

import numpy as np
import pytest

from striate.data.augment import Augmentation
from striate.graph.batch import (
    Batch,
    ImageStorage,
    LoadImages,
    PixelScale,
    as_arrays,
    storage_of,
)
from striate.maths.pixel_map import PixelMap

RNG = np.random.default_rng(8)
PHOTOS = RNG.integers(0, 256, (20, 7, 9, 3)).astype(np.uint8)
SOME = np.array([3, 0, 19, 7])


def loaded(images, *, channels_last=True, maps=None, scale=None, indices=SOME):
    """Select images, by default without changes."""
    channels = images.shape[-1 if channels_last else 1]
    plain = PixelScale(scale=(1.0,) * channels, offset=(0.0,) * channels, fill=0.0)
    return LoadImages(
        images=images,
        channels_last=channels_last,
        indices=indices,
        maps=PixelMap.unmoved(len(indices)) if maps is None else maps,
        scale=(plain if scale is None else scale).packed(),
    )


@pytest.mark.parametrize("pixels", [(5,), (5, 4), (2, 3, 4)], ids=["1-D", "2-D", "3-D"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_unmoved_images_are_the_images_with_channels_first(pixels, dtype):
    """Unmoved images are equal for any number of pixel axes, and any place of the channels."""
    images = RNG.integers(0, 256, (20, *pixels, 2)).astype(dtype)
    wanted = np.moveaxis(images, -1, 1)[SOME].astype(np.float32)

    np.testing.assert_array_equal(loaded(images).array(), wanted)
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1))
    np.testing.assert_array_equal(loaded(first, channels_last=False).array(), wanted)


@pytest.mark.parametrize(
    "text", ["shift 2", "flip both", "cutout 3 fill 9", "shift 1 flip cutout 4"]
)
def test_maps_describe_what_an_augmentation_does(text):
    """An image that is loaded through its map equals the augmented image."""
    augment = Augmentation.parse(text)
    indices = np.arange(20)
    maps = augment.maps((7, 9), seed=5, epoch=2, indices=indices)
    scale = PixelScale(scale=(1.0,) * 3, offset=(0.0,) * 3, fill=augment.fill)

    found = loaded(PHOTOS, maps=maps, scale=scale, indices=indices).array()

    wanted = augment.apply(PHOTOS, seed=5, epoch=2, indices=indices)
    np.testing.assert_array_equal(found, np.moveaxis(wanted, -1, 1).astype(np.float32))


def test_each_channel_is_scaled_and_offset():
    """Pixels from outside take the fill value before scale and offset."""
    maps = PixelMap.of(first_row=[-1] * 4)
    scale = PixelScale(scale=(2, 3, 4), offset=(10, 20, 30), fill=5)

    found = loaded(PHOTOS, maps=maps, scale=scale).array()

    for channel, (factor, offset) in enumerate([(2, 10), (3, 20), (4, 30)]):
        assert (found[:, channel, 0] == 5 * factor + offset).all()
        wanted = PHOTOS[SOME, :-1, :, channel].astype(np.float32) * factor + offset
        np.testing.assert_array_equal(found[:, channel, 1:], wanted)


def test_a_batch_counts_its_images():
    """A batch of stored images and arrays counts both, and describes how they are stored."""
    made = np.zeros((4, 3, 7, 9), np.float32)
    batch = Batch(inputs=(loaded(PHOTOS), made))

    assert batch.count == 4
    assert storage_of(batch.inputs) == (ImageStorage("uint8", channels_last=True), None)
    assert [array.shape for array in as_arrays(batch.inputs)] == [made.shape] * 2
