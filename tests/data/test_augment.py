"""Augmentation: what it does to images, and that only seed, epoch and index decide."""

import dataclasses
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import Augmentation
from striate.data.motion import cosine_and_sine
from striate.errors import DataError, OptionError, ShapeError

GENERATOR = np.random.default_rng(0)
PHOTOS = GENERATOR.integers(1, 256, (300, 8, 10, 3), np.uint8)
ALL = Augmentation(
    shift=2,
    flip="both",
    crop=0.6,
    rotate=30,
    scale=0.8,
    shear=20,
    brightness=0.2,
    contrast=0.3,
    cutout=3,
)


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


def test_moves_of_whole_pixels_stay_the_same():
    """Seeds of earlier versions give the same shifts, flips and covered squares."""
    maps = Augmentation.parse("shift 3 flip both cutout 5").maps(
        (28, 20), seed=7, epoch=3, indices=np.arange(1000)
    )

    assert maps.affine is None
    assert zlib.crc32(maps.packed.astype("<i4").tobytes()) == 0xAEF1BEBE


def slopes(count, rows=17, columns=21):
    """Return images of two channels, each pixel's row and column counted from the center."""
    row, column = np.mgrid[0:rows, 0:columns].astype(np.float32)
    image = np.stack([row - (rows - 1) / 2, column - (columns - 1) / 2], axis=-1)
    return np.repeat(image[np.newaxis], count, axis=0)


def shown(augmentation, count=400):
    """Measure on slopes from where the center comes, and the steps to the next row and column."""
    found = apply(augmentation, slopes(count)).astype(float)
    center = found[:, 8, 10]
    down = (found[:, 10, 10] - found[:, 6, 10]) / 4
    right = (found[:, 8, 12] - found[:, 8, 8]) / 4
    return center, np.stack([down, right], axis=-1)


def test_rotate_turns_about_the_center():
    """Steps have length 1 and are at right angles; angles are uniform in both directions."""
    center, steps = shown(Augmentation(rotate=30))

    np.testing.assert_allclose(center, 0, atol=1e-5)
    np.testing.assert_allclose(
        steps.swapaxes(1, 2) @ steps, np.broadcast_to(np.eye(2), (400, 2, 2)), atol=1e-5
    )
    angles = np.degrees(np.arctan2(steps[:, 0, 1], steps[:, 1, 1]))
    assert np.abs(angles).max() <= 30 + 1e-3
    assert angles.max() > 28  # 400 draws from 60 degrees come near both ends
    assert angles.min() < -28
    # The standard deviation of the mean is 60 / sqrt(12 * 400) = 0.87 degrees; four of them.
    assert abs(angles.mean()) < 3.5


def test_scale_makes_half_of_the_images_smaller_and_half_of_them_larger():
    """The factors reach from the number to its reciprocal, the same along both axes."""
    center, steps = shown(Augmentation(scale=0.5))
    factors = 1 / steps[:, 0, 0]

    np.testing.assert_allclose(center, 0, atol=1e-5)
    np.testing.assert_allclose(steps[:, 1, 1], steps[:, 0, 0], rtol=1e-4)
    np.testing.assert_allclose(steps[:, [0, 1], [1, 0]], 0, atol=1e-5)
    assert 0.5 - 1e-3 <= factors.min() < 0.52
    assert 1.95 < factors.max() <= 2 + 1e-3
    # Binomial: a standard deviation of sqrt(400) / 2 = 10; four of them.
    assert abs((factors < 1).sum() - 200) < 40


def test_shear_slants_vertical_lines():
    """Rows stay level, and move sideways in proportion to their distance from the center."""
    center, steps = shown(Augmentation(shear=20))
    slants = np.degrees(np.arctan(steps[:, 1, 0]))

    np.testing.assert_allclose(center, 0, atol=1e-5)
    np.testing.assert_allclose(steps[:, 0], np.broadcast_to([1, 0], (400, 2)), atol=1e-5)
    np.testing.assert_allclose(steps[:, 1, 1], 1, atol=1e-5)
    assert 18 < np.abs(slants).max() <= 20 + 1e-3
    assert slants.min() < 0 < slants.max()


def test_moves_are_combined_in_the_documented_order():
    """Shear, resize, rotate, shift: a point of the image is found where these moves put it."""
    one = Augmentation(shift=3, rotate=25, scale=0.7, shear=15, flip="both")
    separate = [
        dataclasses.replace(Augmentation(), **{name: getattr(one, name)})
        for name in ("flip", "shear", "scale", "rotate")
    ]
    size = (17, 21)
    draws = {"seed": 4, "epoch": 1, "indices": np.arange(50)}

    def matrix(augmentation):
        return augmentation.maps(size, **draws).matrices[:, :, 1:]

    found = one.maps(size, **draws).matrices
    moves = dataclasses.replace(Augmentation(), shift=3).maps(size, **draws).packed[:, [0, 2]]
    flip, shear, scale, rotate = (matrix(part) for part in separate)

    # A map says where pixels come from, so the first move is the leftmost factor.
    np.testing.assert_allclose(found[:, :, 1:], flip @ shear @ scale @ rotate, atol=1e-5)
    center = np.array([8, 10.0])
    place = (found[:, :, 1:] @ (center - moves)[..., np.newaxis])[..., 0] + found[:, :, 0]
    # The shifted center comes from the center; 3 steps and a start are rounded to 2**-20.
    np.testing.assert_allclose(place, np.broadcast_to(center, (50, 2)), atol=4e-5)


def test_angles_are_those_of_the_functions():
    """The series agree with the cosine and the sine at all angles."""
    degrees = np.linspace(-180, 180, 10_001)

    cosine, sine = cosine_and_sine(degrees)

    # Doubling an angle twice multiplies rounding errors of 1e-16 by up to 8 in the cosine.
    np.testing.assert_allclose(cosine, np.cos(np.radians(degrees)), rtol=0, atol=2e-15)
    np.testing.assert_allclose(sine, np.sin(np.radians(degrees)), rtol=0, atol=2e-15)
    assert cosine_and_sine(np.zeros(1)) == (1, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_brightness_adds_the_same_number_to_all_values(dtype):
    """At most a fraction of the full scale is added or subtracted, cut off at its ends."""
    most = 1 if dtype == np.float32 else np.iinfo(dtype).max
    gray = np.full((400, 4, 4, 3), most / 2).astype(dtype)

    found = apply(Augmentation(brightness=0.2), gray).astype(float) / most
    bright = apply(Augmentation(brightness=0.2), np.full_like(gray, most)).astype(float) / most

    assert (found == found[:, :1, :1, :1]).all()
    assert 0.3 - 1 / 255 <= found.min() < 0.31
    assert 0.69 < found.max() <= 0.7 + 1 / 255
    assert bright.max() <= 1 or dtype == np.float32


def test_contrast_multiplies_the_distance_from_medium_gray():
    """Medium gray stays; the factors reach from 1 - 0.4 to 1 + 0.4."""
    image = np.array([0.5, 0.25, 0.75], np.float32).reshape(1, 1, 3, 1).repeat(400, axis=0)

    found = apply(Augmentation(contrast=0.4), image)[:, 0, :, 0].astype(float)

    factors = (found[:, 2] - 0.5) / 0.25
    np.testing.assert_allclose(found[:, 0], 0.5, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], 1 - found[:, 2], atol=1e-6)
    assert 0.6 - 1e-5 <= factors.min() < 0.62
    assert 1.38 < factors.max() <= 1.4 + 1e-5


def test_fill_keeps_its_value():
    """Pixels from outside and covered ones are not brightened."""
    images = np.full((100, 9, 9, 1), 100, np.uint8)

    found = apply(Augmentation(brightness=0.3, cutout=4, rotate=45, fill=33), images)

    assert (found[:, 0, 0] == 33).any()
    assert ((found == 33).sum(axis=(1, 2, 3)) >= 4).all()  # the smallest covered part


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
        (
            "rotate 15 scale .9 shear 5 shift 4 flip",
            Augmentation(rotate=15, scale=0.9, shear=5, shift=4, flip="horizontal"),
        ),
        ("brightness 0.2 contrast 0.125", Augmentation(brightness=0.2, contrast=0.125)),
    ],
)
def test_text_is_read_and_written(text, expected):
    """An augmentation that is written as text is read as the same augmentation."""
    found = Augmentation.parse(text)

    assert found == expected
    assert Augmentation.parse(str(found)) == found


@given(
    shift=st.integers(0, 99),
    flip=st.sampled_from(["none", "horizontal", "vertical", "both"]),
    crop=st.floats(0.01, 1),
    rotate=st.floats(0, 180),
    scale=st.floats(0.1, 1),
    noise=st.floats(0, 10),
    fill=st.floats(-1e30, 1e30),
)
def test_any_augmentation_is_written_as_it_is(**options):
    """No digit is lost, so a checkpoint isn't resumed with other settings."""
    augmentation = Augmentation(**options)

    assert Augmentation.parse(str(augmentation)) == augmentation


UNREADABLE = {
    "misspelled": "shift 2 flop",
    "unknown": "elastic 5",
    "no-integer": "shift flip",
    "no-value": "flip crop",
    "shift-negative": "shift -1",
    "crop-nan": "crop nan",
    "cutout-negative": "cutout -3",
    "rotate-too-far": "rotate 200",
    "scale-above-one": "scale 1.2",
    "shear-too-far": "shear 75",
    "brightness-of-bytes": "brightness 20",
    "contrast-negative": "contrast -0.5",
    "fill-infinite": "fill inf",
    "fill-mask-fraction": "fill_mask 0.5",
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
