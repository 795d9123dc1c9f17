"""Augmentation: what it does to images, and that only seed, epoch and index decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import Augmentation
from striate.errors import DataError, OptionError, ShapeError

GENERATOR = np.random.default_rng(0)
PHOTOS = GENERATOR.integers(1, 256, (300, 8, 10, 3), np.uint8)
ALL = Augmentation(shift=2, flip="both", crop=0.6, cutout=3)


def apply(augmentation, images=PHOTOS, *, seed=0, epoch=0, indices=None):
    """Augment images whose indices start at 0 unless others are given."""
    numbers = np.arange(len(images)) if indices is None else indices
    return augmentation.apply(images, seed=seed, epoch=epoch, indices=numbers)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_shape_and_type_are_kept(dtype):
    """The dtype and the shape stay, and the given images are not changed."""
    images = PHOTOS.astype(dtype)
    before = images.copy()

    found = apply(ALL, images)

    assert found.dtype == dtype
    assert found.shape == images.shape
    np.testing.assert_array_equal(images, before)


@given(
    order=st.permutations(range(12)),
    cut=st.integers(1, 11),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 2**32 - 1),
)
def test_order_and_batches_make_no_difference(order, cut, seed, epoch):
    """Each image is changed in the same way, whatever its order and batch."""
    whole = apply(ALL, PHOTOS[:12], seed=seed, epoch=epoch)

    for batch in (np.array(order[:cut]), np.array(order[cut:])):
        part = apply(ALL, PHOTOS[batch], seed=seed, epoch=epoch, indices=batch)

        np.testing.assert_array_equal(part, whole[batch])


def test_seed_epoch_and_index_decide():
    """Another seed, epoch or index changes an image in another way."""
    same = np.repeat(PHOTOS[:1], 100, axis=0)

    first = apply(ALL, same)

    assert len(np.unique(first, axis=0)) > 90
    assert (first != apply(ALL, same, seed=1)).any()
    assert (first != apply(ALL, same, epoch=1)).any()
    np.testing.assert_array_equal(first, apply(ALL, same))


def test_an_option_does_not_change_the_draws_of_another():
    """With a flip added, an image is shifted as it was without."""
    image = np.zeros((50, 9, 9, 1), np.uint8)
    image[:, 4, 4] = 255  # the middle, which no flip moves

    plain = apply(Augmentation(shift=3), image)

    np.testing.assert_array_equal(apply(Augmentation(shift=3, flip="both"), image), plain)


def test_shift_moves_by_whole_pixels():
    """Each image is one of its 25 shifts, filled from outside, and each of them occurs."""
    framed = np.pad(PHOTOS, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=7)

    found = apply(Augmentation(shift=2, fill=7))

    seen = set()
    for image, frame in zip(found, framed, strict=True):
        matches = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if (frame[down : down + 8, right : right + 10] == image).all()
        ]
        assert len(matches) == 1
        seen.add(matches[0])
    # 300 images over 25 shifts: one is missing with a probability of 25 * 0.96**300, 1 in 8,000.
    assert len(seen) == 25


@pytest.mark.parametrize(
    ("flip", "views"),
    [
        ("horizontal", [np.s_[:, :], np.s_[:, ::-1]]),
        ("vertical", [np.s_[:, :], np.s_[::-1, :]]),
        ("both", [np.s_[:, :], np.s_[:, ::-1], np.s_[::-1, :], np.s_[::-1, ::-1]]),
    ],
)
def test_flip_mirrors_half_of_the_images(flip, views):
    """Each view of an image occurs about equally often."""
    found = apply(Augmentation(flip=flip))

    counts = [
        sum((image[view] == other).all() for image, other in zip(PHOTOS, found, strict=True))
        for view in views
    ]

    assert sum(counts) == len(PHOTOS)
    # Binomial: a deviation of at most sqrt(300 / 4) = 8.7 images; five of them.
    assert np.abs(np.array(counts) - len(PHOTOS) / len(views)).max() < 44


def test_crop_magnifies_a_window():
    """A cropped slope is a flatter slope within the same values."""
    rows, columns = np.mgrid[0:16, 0:16].astype(np.float32)
    slopes = np.repeat(np.stack([rows, columns], axis=-1)[np.newaxis], 200, axis=0)

    found = apply(Augmentation(crop=0.5), slopes)

    inner = found[:, 1:-1, 1:-1]  # beyond the middle of the outermost pixels the value stays
    for axis, channel in ((1, 0), (2, 1)):
        steps = np.diff(inner[..., channel], axis=axis)
        scale = steps.mean(axis=(1, 2))
        # Bilinear on a slope is exact up to float32 rounding of numbers up to 15.
        assert np.abs(steps - scale[:, np.newaxis, np.newaxis]).max() < 1e-5
        assert scale.min() >= 0.5 - 1e-5
        assert scale.max() <= 1 + 1e-5
        assert scale.min() < 0.55  # 200 draws of a uniform share come near both ends
        assert scale.max() > 0.95
    np.testing.assert_allclose(  # both axes are magnified alike
        np.diff(found[:, 7, 7:9, 1]), np.diff(found[:, 7:9, 7, 0]), atol=1e-5
    )
    assert found.min() >= 0
    assert found.max() <= 15


def test_crop_of_uint8_is_the_rounded_crop_of_floats():
    """uint8 images are interpolated as floats and rounded."""
    crop = Augmentation(crop=0.6)

    np.testing.assert_array_equal(
        apply(crop), np.rint(apply(crop, PHOTOS.astype(np.float32))).astype(np.uint8)
    )


@pytest.mark.parametrize("side", [1, 2, 5])
def test_cutout_covers_a_square(side):
    """One square of that side is covered, cut off at the edge; all else is as it was."""
    found = apply(Augmentation(cutout=side, fill=0))

    covered = (found == 0).all(axis=-1)
    np.testing.assert_array_equal(found[~covered], PHOTOS[~covered])
    for mask in covered:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert 1 <= len(rows) <= side
        assert 1 <= len(columns) <= side
        assert mask.sum() == len(rows) * len(columns)
    assert covered.sum(axis=(1, 2)).max() == side * side


def test_without_options_nothing_changes():
    """Without options, the images themselves are returned."""
    assert apply(Augmentation()) is PHOTOS
    assert apply(Augmentation(fill=9)) is PHOTOS


def test_no_images():
    """An empty batch stays empty."""
    assert apply(ALL, PHOTOS[:0]).shape == (0, 8, 10, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Augmentation()),
        ("shift 2 flip", Augmentation(shift=2, flip="horizontal")),
        ("flip vertical, shift 3", Augmentation(shift=3, flip="vertical")),
        ("crop .8 cutout 8 fill 128", Augmentation(crop=0.8, cutout=8, fill=128)),
        ("shift 1 fill_mask 255", Augmentation(shift=1, fill_mask=255)),
        ("flip none", Augmentation()),
    ],
)
def test_text_is_read_and_written(text, expected):
    """An augmentation that is written as text is read as the same augmentation."""
    found = Augmentation.parse(text)

    assert found == expected
    assert Augmentation.parse(str(found)) == found


UNREADABLE = {
    "misspelled": "shift 2 flop",
    "unknown": "rotate 5",
    "no-integer": "shift flip",
    "no-value": "flip crop",
    "shift-negative": "shift -1",
    "crop-nan": "crop nan",
    "cutout-negative": "cutout -3",
    "fill-infinite": "fill inf",
    "fill-mask-negative": "fill_mask -1",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_texts_that_cannot_be_read(case, golden):
    """The error names the word or the value, what is expected, and an example."""
    with pytest.raises(OptionError) as error:
        Augmentation.parse(UNREADABLE[case])

    golden(f"messages/augment-{case}", str(error.value))


def test_an_unknown_flip(golden):
    """The error lists the ways to flip."""
    with pytest.raises(OptionError) as error:
        Augmentation(flip="sideways")

    golden("messages/augment-flip-unknown", str(error.value))


REFUSED = {
    "no-channels": (np.zeros((2, 8, 8), np.uint8), ALL, ShapeError),
    "float64": (np.zeros((2, 8, 8, 1)), ALL, DataError),
    "shift-too-large": (np.zeros((2, 8, 3, 1), np.uint8), Augmentation(shift=3), ShapeError),
    "fill-no-byte": (
        np.zeros((2, 8, 8, 1), np.uint8),
        Augmentation(shift=1, fill=0.5),
        OptionError,
    ),
    "fill-beyond-16-bits": (
        np.zeros((2, 8, 8, 1), np.uint16),
        Augmentation(shift=1, fill=65536),
        OptionError,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_images_that_do_not_fit_are_refused(case, golden):
    """Images with a shape or dtype that the augmentation doesn't accept are refused."""
    images, augmentation, kind = REFUSED[case]

    with pytest.raises(kind) as error:
        apply(augmentation, images)

    golden(f"messages/augment-{case}", str(error.value))
