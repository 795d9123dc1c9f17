"""Resizing images, and converting them to gray or color."""

import numpy as np
import pytest
from PIL import Image

from striate.data.resizing import as_rule, convert
from striate.errors import DataError


def picture():
    """Draw a picture of 4 rows and 8 columns: black, then two thirds of white."""
    values = np.full((4, 8), 255, np.uint8)
    values[:, :2] = 0
    return Image.fromarray(values)


def test_fit_keeps_everything_and_the_proportions():
    """The whole picture is kept, half as large, between black bars."""
    found = np.asarray(as_rule("fit")(picture(), (4, 4)))

    assert found.shape == (4, 4)
    np.testing.assert_array_equal(found[[0, 3]], 0)
    assert found[1, 3] == 255
    assert found[1, 0] < 64  # smoothing lets the white two pixels away in a little


def test_crop_keeps_the_proportions_and_fills_the_size():
    """Both sides are cut off evenly, without resizing."""
    found = np.asarray(as_rule("crop")(picture(), (4, 4)))

    np.testing.assert_array_equal(found, np.asarray(picture())[:, 2:6])


def test_stretch_shows_everything():
    """All columns are kept, and no row is black."""
    found = np.asarray(as_rule("stretch")(picture(), (4, 4)))

    assert found.shape == (4, 4)
    assert found[0, 0] < 64  # as above
    np.testing.assert_array_equal(found[:, 2:], 255)


@pytest.mark.parametrize("rule", ["fit", "crop", "stretch"])
@pytest.mark.parametrize("shape", [(1, 1000), (1000, 1), (1, 1), (3, 7)])
def test_every_size_becomes_every_size(rule, shape):
    """Even the thinnest picture is resized, and one of the right size is unchanged."""
    image = Image.fromarray(np.full(shape, 99, np.uint8))

    found = as_rule(rule)(image, (5, 6))

    assert (found.height, found.width) == (5, 6)
    assert np.asarray(found).max() == 99
    assert as_rule(rule)(image, shape) is image


@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_are_resized_as_pictures_are(channels):
    """An array of uint8 images is resized like a file with the same pixels."""
    x = np.random.default_rng(0).integers(0, 256, (2, 6, 9, channels), np.uint8)

    found = convert(x, size=(4, 5), channels=None, resize="crop")

    mode = {1: np.s_[..., 0], 3: np.s_[...]}[channels]
    for image, target in zip(x, found, strict=True):
        expected = as_rule("crop")(Image.fromarray(image[mode]), (4, 5))
        np.testing.assert_array_equal(target[mode], np.asarray(expected))


def test_floats_are_resized_as_floats():
    """A constant float image keeps its value, also beyond 0 to 255."""
    x = np.full((1, 6, 9, 2), -3.25, np.float32)

    found = convert(x, size=4, channels=None, resize="stretch")

    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.full((1, 4, 4, 2), -3.25))


def test_gray_and_color_become_each_other():
    """Gray is repeated; color becomes gray by its luma, as Pillow computes it; gray stays gray."""
    color = np.random.default_rng(0).integers(0, 256, (2, 6, 9, 3), np.uint8)

    gray = convert(color, size=None, channels=1, resize="fit")
    again = convert(
        convert(gray, size=None, channels=3, resize="fit"), size=None, channels=1, resize="fit"
    )

    np.testing.assert_array_equal(
        gray[0, ..., 0], np.asarray(Image.fromarray(color[0]).convert("L"))
    )
    np.testing.assert_array_equal(again, gray)


def test_float_color_becomes_gray_by_the_same_weights():
    """Floats have the same luma, without rounding."""
    color = np.random.default_rng(0).random((2, 6, 9, 3), np.float32)

    gray = convert(color, size=None, channels=1, resize="fit")

    # The weights are rounded to 65536ths; float32 sums of three terms.
    np.testing.assert_allclose(gray[..., 0], color @ [0.299, 0.587, 0.114], atol=2e-5)


def test_nothing_to_do_is_nothing_done():
    """Images that already have the size and the channels are returned unchanged."""
    x = np.zeros((2, 6, 9, 1), np.uint8)

    assert convert(x, size=(6, 9), channels=1, resize="fit") is x


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 6, 9, 4), {"size": None, "channels": 3}),
        ((2, 6, 6, 6, 1), {"size": 4, "channels": None}),
    ],
)
def test_other_images_are_refused(shape, options, message):
    """Images with other channels or more axes are refused."""
    with pytest.raises(DataError) as error:
        convert(np.zeros(shape, np.uint8), **options, resize="fit")

    message(error)
