"""Pixel maps against loops over pixels: images, masks, and sources between pixels."""

import numpy as np
import pytest

from striate.maths.pixel_map import GRID, MAP_COLUMNS, MapColumn, PixelMap

RNG = np.random.default_rng(3)
MAPS = PixelMap.of(
    first_row=[0, 6, -2, 3],
    row_step=[1, -1, 1, 1],
    first_column=[0, 1, 9, -1],
    column_step=[1, 1, -1, 1],
    top=[0, 0, 1, 6],
    bottom=[0, 2, 4, 7],
    left=[0, 3, 0, 0],
    right=[0, 5, 9, 9],
)


def moved(image, row, fill):
    """Move one image, pixel by pixel, as its row of the packed map says."""
    first_row, row_step, first_column, column_step, top, bottom, left, right = row
    found = np.full_like(image, fill)
    rows, columns = image.shape[:2]
    for i, j in np.ndindex(rows, columns):
        y, x = first_row + row_step * i, first_column + column_step * j
        covered = top <= i < bottom and left <= j < right
        if 0 <= y < rows and 0 <= x < columns and not covered:
            found[i, j] = image[y, x]
    return found


@pytest.mark.parametrize("channels", [(), (1,), (3,)], ids=["mask", "gray", "color"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_each_pixel_comes_from_its_source(channels, dtype):
    """Images with and without a channel axis, of any dtype."""
    images = RNG.integers(1, 99, (4, 7, 9, *channels)).astype(dtype)

    found = MAPS.apply(images, 7)

    assert found.dtype == dtype
    for image, row, one in zip(images, MAPS.packed, found, strict=True):
        np.testing.assert_array_equal(one, moved(image, row, 7))


def test_a_fill_for_each_channel():
    """Pixels from outside may have a different value in each channel."""
    images = RNG.integers(1, 99, (4, 7, 9, 2))

    found = MAPS.apply(images, np.array([200, 300]))

    outside = MAPS.apply(np.zeros((4, 7, 9)), 1) == 1
    assert outside.any()
    assert (found[outside] == [200, 300]).all()
    assert (found[~outside] < 99).all()


def affine_numbers(count, seed=0):
    """Draw affine maps that rotate, shear, resize and shift images of about 7 x 9 pixels."""
    rng = np.random.default_rng(seed)
    steps = np.eye(2) + rng.uniform(-0.6, 0.6, (count, 2, 2))
    first = rng.uniform(-3, 3, (count, 2, 1))
    numbers = np.concatenate([first, steps], axis=2).reshape(count, 6)
    return np.round(numbers / GRID) * GRID


def test_the_motion_of_targets_covers_and_changes_nothing():
    """Without covered boxes and changed values, the motion is the same."""
    plain = MAPS.motion_only()
    changed = PixelMap.affinely(affine_numbers(4), values=[[1.5, 0.25]] * 4, packed=MAPS.packed)

    np.testing.assert_array_equal(plain.packed[:, :4], MAPS.packed[:, :4])
    assert not plain.packed[:, 4:].any()
    np.testing.assert_array_equal(changed.motion_only().affine, changed.affine)
    np.testing.assert_array_equal(changed.motion_only().values, [[1, 0]] * 4)


def interpolated(image, numbers, fill, factor=1.0, offset=0.0):
    """Move one image in float64, pixel by pixel, with loops."""
    row, down, slant, column, tilt, right = numbers
    rows, columns = image.shape[:2]
    found = np.empty(image.shape)

    def value(y, x):
        inside = 0 <= y < rows and 0 <= x < columns
        return image[y, x] * factor + offset if inside else np.full(image.shape[2:], fill)

    for i, j in np.ndindex(rows, columns):
        y, x = row + down * i + slant * j, column + tilt * i + right * j
        top, left = int(np.floor(y)), int(np.floor(x))
        found[i, j] = sum(
            (1 - abs(y - k)) * (1 - abs(x - m)) * value(k, m)
            for k in (top, top + 1)
            for m in (left, left + 1)
        )
    return found


@pytest.mark.parametrize("channels", [(), (1,), (3,), (2, 2)])
def test_affine_maps_interpolate_as_loops_do(channels):
    """Each pixel is a weighted mean of the four around its source, those outside being fill."""
    images = RNG.random((50, 7, 9, *channels)).astype(np.float32)
    numbers = affine_numbers(50)

    found = PixelMap.affinely(numbers, values=[[1.5, 0.25]] * 50).apply(images, 0.5)

    for image, row, one in zip(images, numbers, found, strict=True):
        wanted = interpolated(image, row, 0.5, 1.5, 0.25)
        # Three blends and a change of values in float32, of numbers up to 1.75.
        np.testing.assert_allclose(one, wanted, rtol=0, atol=1.5e-6)


def test_affine_maps_agree_with_scipy():
    """An outside reference: order 1, with a frame of the fill value."""
    ndimage = pytest.importorskip("scipy.ndimage")
    images = RNG.random((50, 7, 9)).astype(np.float32)
    numbers = affine_numbers(50)

    found = PixelMap.affinely(numbers).apply(images, 0.5)

    for image, one, row in zip(images, found, numbers, strict=True):
        steps, first = row.reshape(2, 3)[:, 1:], row[[0, 3]]
        wanted = ndimage.affine_transform(
            image.astype(float), steps, first, order=1, mode="grid-constant", cval=0.5
        )
        np.testing.assert_allclose(one, wanted, rtol=0, atol=5e-7)  # three blends in float32


def test_affine_maps_of_whole_pixels_are_whole_pixel_maps():
    """Mirrored and shifted by an affine map, an image has the same bits as by a whole-pixel map."""
    images = RNG.integers(0, 256, (1, 7, 9, 3)).astype(np.uint8)
    whole = PixelMap.of(first_row=[-2], first_column=[9], column_step=[-1], bottom=[2], right=[3])
    affine = PixelMap.affinely([[-2, 1, 0, 9, 0, -1]], packed=whole.packed)

    for images_ in (images, images.astype(np.float32), images.astype(np.uint16) * 257):
        np.testing.assert_array_equal(affine.apply(images_, 7), whole.apply(images_, 7))
    np.testing.assert_array_equal(
        affine.apply(images, 7, interpolate=False), whole.apply(images, 7)
    )


def test_matrices_are_in_pixels():
    """The same for whole-pixel maps and for affine maps."""
    whole = PixelMap.of(first_row=[-2], first_column=[9], column_step=[-1])
    affine = PixelMap.affinely([[-2, 1, 0, 9, 0, -1]])

    assert whole.matrices.tolist() == [[[-2, 1, 0], [9, 0, -1]]]
    assert affine.matrices.tolist() == whole.matrices.tolist()


def test_labels_are_taken_from_the_nearest_pixel():
    """A mask of the classes 0 and 9 has no class in between, and the fill label outside."""
    masks = RNG.choice([0, 9], (50, 7, 9))
    numbers = affine_numbers(50)
    maps = PixelMap.affinely(numbers, values=[[1.5, 0]] * 50)

    found = maps.apply(masks, 5, interpolate=False)

    assert set(np.unique(found)) == {0, 5, 9}
    for mask, row, one in zip(masks, numbers, found, strict=True):
        for i, j in np.ndindex(7, 9):
            y, x = (int(np.floor(row[k] + row[k + 1] * i + row[k + 2] * j + 0.5)) for k in (0, 3))
            assert one[i, j] == (mask[y, x] if 0 <= y < 7 and 0 <= x < 9 else 5)


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 255), (np.uint16, 65_535)])
def test_integers_are_rounded_and_stay_in_range(dtype, most):
    """Changed values are cut off at the ends of the type, and rounded once, at the end."""
    image = np.array([[[0, 0.5, 1]]]) * most
    brighter = PixelMap.affinely([[0, 1, 0, 0, 0, 1]], values=[[2, -0.25]])

    found = brighter.apply(image.round().astype(dtype), 0)

    np.testing.assert_array_equal(
        found, np.rint(np.clip(image.round() * 2 - 0.25 * most, 0, most)).astype(dtype)
    )


def test_large_images_and_far_sources():
    """Sources far outside, on images of thousands of columns, are fill; others are exact."""
    image = np.arange(20_000, dtype=np.float32).reshape(1, 1, 20_000)
    far = PixelMap.affinely([[0, 1, 0, -1e6, 0, 1], [0, 1, 0, 0.25, 0, 0.5]])

    found = far.apply(np.repeat(image, 2, axis=0), 7)

    assert (found[0] == 7).all()
    # Multiples of 1/4 up to 10,000 are exact in float32.
    np.testing.assert_array_equal(found[1, 0], np.arange(20_000) * 0.5 + 0.25)


def test_selected_and_joined_maps():
    """Maps are selected like rows, and joined in order."""
    affine = PixelMap.affinely(affine_numbers(4), values=RNG.random((4, 2)), packed=MAPS.packed)
    back = PixelMap.joined([affine[np.array([0, 1])], affine[np.array([2, 3])]])

    np.testing.assert_array_equal(back.packed, affine.packed)
    np.testing.assert_array_equal(back.affine, affine.affine)
    np.testing.assert_array_equal(back.values, affine.values)
    assert len(MAPS[np.array([2, 2, 0])]) == 3


def test_the_packed_form_has_named_columns():
    """The compiled step reads eight 32-bit integers per image, in this order."""
    assert [column.name.lower() for column in MapColumn] == [
        "first_row", "row_step", "first_column", "column_step", "top", "bottom", "left", "right"
    ]  # fmt: skip
    assert MAPS.packed.dtype == np.int32
    assert MAPS.packed.shape == (4, MAP_COLUMNS)
