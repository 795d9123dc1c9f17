"""Near-duplicates: copies are found, and different pictures are not."""

import io

import numpy as np
import pytest
from PIL import Image

from striate.data import load
from striate.data.near_duplicates import near_duplicate_groups, thumbnails


def photos(count, seed=0, side=48):
    """Make pictures whose amplitudes fall with the frequency, as those of photographs do."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * side
    noise = rng.normal(size=(count, 3, side, side))
    spectrum = np.fft.rfft2(noise) / np.maximum(frequency, 1) ** 1.2
    shared = np.fft.irfft2(spectrum, s=(side, side)).transpose(0, 2, 3, 1)
    gray = shared.mean(axis=3, keepdims=True) * 3 + shared
    gray /= gray.std(axis=(1, 2, 3), keepdims=True)
    color = rng.uniform(80, 170, (count, 1, 1, 3))
    return (color + 40 * gray).clip(0, 255).astype(np.uint8)


def as_jpeg(picture, quality):
    """Save a picture as JPEG and read it again."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


COPIES = {
    "exact": lambda picture: picture,
    "JPEG": lambda picture: as_jpeg(picture, 60),
    "smaller": lambda picture: picture.resize((24, 24), Image.Resampling.BILINEAR),
    "larger, JPEG": lambda picture: as_jpeg(picture.resize((150, 150)), 60),
    "cropped": lambda picture: picture.resize((48, 48), box=(3, 0, 47, 46)),
    "cropped, JPEG": lambda picture: as_jpeg(picture.crop((1, 2, 46, 46)), 60),
    "darker": lambda picture: picture.point(lambda level: round(level * 0.9)),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found(kind):
    """Each of 60 copies is in the group of its original, and no two originals are in one."""
    x = photos(300)
    copies = [COPIES[kind](Image.fromarray(image)).resize((48, 48)) for image in x[::5]]

    groups = near_duplicate_groups(np.concatenate([x, np.stack([np.asarray(c) for c in copies])]))

    assert groups[:300].tolist() == list(range(300))
    assert groups[300:].tolist() == list(range(0, 300, 5))


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_a_few_pictures(count):
    """With few pictures, their own statistics say little; copies are found all the same."""
    x = photos(count)
    copy = np.asarray(as_jpeg(Image.fromarray(x[1]), 60))

    groups = near_duplicate_groups(np.concatenate([x, copy[np.newaxis]]))

    assert groups.tolist() == [*range(count), 1]


def test_many_copies_of_one_picture():
    """A group may be larger than the number of pictures that each is compared with."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 2, (200, 48, 48, 3))
    copies = (photos(1).astype(float) + noise).clip(0, 255).astype(np.uint8)

    groups = near_duplicate_groups(np.concatenate([photos(300, seed=1), copies]))

    assert groups.tolist() == [*range(300), *[300] * 200]


def test_digits_of_different_writers_are_different(digits):
    """Handwritten digits look alike, but they aren't copies."""
    groups = near_duplicate_groups(digits)

    assert len(np.unique(groups)) >= 0.97 * len(digits)


@pytest.fixture(scope="module")
def digits():
    """Return the 5,000 digits."""
    return load("digits")[0][0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_data_types(dtype):
    """16 bits and floats are compared like 8 bits."""
    x = photos(20)
    scaled = {np.uint8: x, np.uint16: x.astype(np.uint16) * 257, np.float32: x / np.float32(255)}

    x = scaled[dtype]

    assert near_duplicate_groups(np.concatenate([x, x[:4]])).tolist() == [*range(20), 0, 1, 2, 3]


def test_flat_pictures_are_copies_if_their_levels_are_equal():
    """Without contrast there is nothing to compare but the level."""
    x = np.zeros((6, 8, 8, 1), np.uint8)
    x[3:5] = 9
    x[5] = 200

    assert near_duplicate_groups(x).tolist() == [0, 0, 0, 3, 3, 5]


def test_the_same_outline_in_another_color_is_another_picture():
    """A red and a blue mug are different."""
    x = np.repeat(photos(5).mean(axis=3, keepdims=True).astype(np.uint8) // 2, 3, axis=3)
    red = x + np.array([100, 0, 0], np.uint8)

    assert near_duplicate_groups(np.concatenate([x, red])).tolist() == list(range(10))


def test_of_signals_exact_copies_are_found():
    """Signals have no thumbnails."""
    x = np.random.default_rng(0).normal(size=(3, 50, 1))

    assert near_duplicate_groups(np.concatenate([x, x[1:2]])).tolist() == [0, 1, 2, 1]


def test_thumbnails_are_averages():
    """A thumbnail is the average of the pixels, whichever pictures are averaged with it."""
    x = photos(3, side=64)

    small = thumbnails(x)

    np.testing.assert_allclose(small.color, x.mean(axis=(1, 2)), rtol=1e-5)
    averages = x.reshape(3, 32, 2, 32, 2, 3).mean(axis=(2, 4)) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(small.gray, averages, atol=0.501)  # rounded
