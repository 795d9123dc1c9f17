"""Pixel maps against loops over pixels: images, masks, magnified windows."""

import numpy as np
import pytest

from striate.maths.pixel_map import MAP_COLUMNS, MapColumn, PixelMap

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

    outside = ~MAPS.visible((7, 9))
    assert (found[outside] == [200, 300]).all()


def test_maps_without_cutout_move_alike():
    """Without the covered boxes, the motion is the same."""
    plain = MAPS.without_cutout()

    np.testing.assert_array_equal(plain.packed[:, :4], MAPS.packed[:, :4])
    assert not plain.packed[:, 4:].any()


def test_a_magnified_window_is_interpolated_or_taken_from_the_nearest_pixel():
    """Half of a row, magnified to all of it: sources at 0.25, 0.75, 1.25, 1.75 of a pixel."""
    window = np.array([[0.0, 1.0, 0.5, 0.5]])
    half = PixelMap(PixelMap.unmoved(1).packed, window)
    image = np.array([[[0.0, 10.0, 20.0, 30.0]]])

    np.testing.assert_allclose(half.apply(image, 0), [[[2.5, 7.5, 12.5, 17.5]]])
    np.testing.assert_array_equal(
        half.apply(image.astype(int), 0, interpolate=False), [[[0, 10, 10, 20]]]
    )


def test_labels_are_never_mixed():
    """A mask of the classes 0 and 9 has no other class after magnification."""
    mask = RNG.choice([0, 9], (50, 8, 8))
    window = np.tile([0.3, 0.7, 1.1, 0.7], (50, 1))
    maps = PixelMap(PixelMap.unmoved(50).packed, window)

    assert set(np.unique(maps.apply(mask, 0, interpolate=False))) == {0, 9}


def test_selected_and_joined_maps():
    """Maps are selected like rows, and joined in order."""
    windowed = PixelMap(MAPS.packed, RNG.random((4, 4)))
    back = PixelMap.joined([windowed[np.array([0, 1])], windowed[np.array([2, 3])]])

    np.testing.assert_array_equal(back.packed, windowed.packed)
    np.testing.assert_array_equal(back.window, windowed.window)
    assert len(MAPS[np.array([2, 2, 0])]) == 3


def test_the_packed_form_has_named_columns():
    """The compiled step reads eight 32-bit integers per image, in this order."""
    assert [column.name.lower() for column in MapColumn] == [
        "first_row", "row_step", "first_column", "column_step", "top", "bottom", "left", "right"
    ]  # fmt: skip
    assert MAPS.packed.dtype == np.int32
    assert MAPS.packed.shape == (4, MAP_COLUMNS)
