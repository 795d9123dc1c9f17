"""Arrays of images and labels: what is made of them, and what is refused."""

import numpy as np
import pytest

from striate.data.dataset import as_images, as_labels, assemble, check_classes
from striate.errors import DataError


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.full((2, 3, 4), 200, np.int64), np.uint8),
        (np.full((2, 3, 4), 200, np.uint8), np.uint8),
        (np.ones((2, 3, 4), bool), np.float32),
        (np.full((2, 3, 4), 0.5), np.float32),
        (np.full((2, 3, 4), -3, np.float16), np.float32),
    ],
)
def test_images_become_uint8_or_float32(values, dtype):
    """Whole gray levels become uint8, floats and truth values float32, of the same value."""
    x = as_images(values, where="here")

    assert x.dtype == dtype
    assert x.shape == (2, 3, 4, 1)
    np.testing.assert_array_equal(x[..., 0], values)


def test_color_and_more_axes_are_kept():
    """An axis of channels stays the last one, and images may have more than two axes of pixels."""
    assert as_images(np.zeros((2, 8, 8, 3)), where="here").shape == (2, 8, 8, 3)
    assert as_images(np.zeros((2, 8, 8, 8, 1)), where="here").shape == (2, 8, 8, 8, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((5, 784)),
            (
                "here has shape (5, 784). Images have at least three axes: images, rows, columns. "
                "Reshape flattened images first, for example to (-1, 28, 28)."
            ),
        ),
        (
            np.zeros((0, 28, 28)),
            (
                "here has shape (0, 28, 28). A data set needs at least one image, and an image "
                "at least one pixel. Check how the file was written."
            ),
        ),
        (
            np.zeros((5, 3, 32, 32)),
            (
                "here has shape (5, 3, 32, 32), which looks like channels before rows and columns. "
                "Images are stored with channels last, (n, rows, columns, channels). "
                "Move the axis with numpy.moveaxis(x, 1, -1) and save again."
            ),
        ),
        (
            np.array([[[-3, 700]]]),
            (
                "here holds whole numbers from -3 to 700. Whole numbers are gray levels from 0 "
                "to 255. Save other ranges as float32, divided by their largest value."
            ),
        ),
        (
            np.array([[[0.0]], [[np.nan]], [[1e300]]]),
            (
                "here has a value that is not a finite float32 in image 1, and in 2 images "
                "altogether. Pixels must be finite numbers. Remove these images or replace the "
                "values."
            ),
        ),
        (
            np.array([[["a"]]]),
            "here holds values of type <U1. Pixels are numbers. Save them as uint8 or float32.",
        ),
    ],
    ids=["flat", "empty", "channels first", "range", "not finite", "texts"],
)
def test_what_is_no_image_is_refused(values, message):
    """An array that cannot be images is refused with its shape or values."""
    with pytest.raises(DataError) as error:
        as_images(values, where="here")

    assert str(error.value) == message


def test_labels_become_int64():
    """Whole numbers of any type, in a row or a column, become int64 labels."""
    for values in (np.array([0, 2], np.uint8), np.array([[0], [2]]), np.array([False, True]) * 2):
        y = as_labels(values, where="here")

        assert y.dtype == np.int64
        assert y.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.array([0, -1]),
            (
                "here holds labels from -1 to 0. Labels count from 0, and there are at most "
                "100,000 classes. Number the classes 0, 1, 2, ... and save again."
            ),
        ),
        (
            np.array([0, 1 << 40]),
            (
                "here holds labels from 0 to 1099511627776. Labels count from 0, and there are "
                "at most 100,000 classes. Number the classes 0, 1, 2, ... and save again."
            ),
        ),
        (
            np.eye(3, dtype=int),
            (
                "here has shape (3, 3) and type int64. Labels are one whole number for each "
                "image; targets are floats. Take argmax(axis=1) of labels that are coded as rows "
                "of zeros and a one."
            ),
        ),
        (
            np.array(["a", "b"]),
            (
                "here has shape (2,) and type <U1. Labels are one whole number for each image; "
                "targets are floats. Take argmax(axis=1) of labels that are coded as rows of "
                "zeros and a one."
            ),
        ),
        (
            np.array([0.5, np.inf]),
            (
                "here holds targets that are not finite float32 numbers. Targets must be finite. "
                "Remove their images or replace the values."
            ),
        ),
    ],
    ids=["negative", "wild", "one-hot", "texts", "not finite"],
)
def test_what_is_no_label_is_refused(values, message):
    """An array that cannot be labels is refused with its values."""
    with pytest.raises(DataError) as error:
        as_labels(values, where="here")

    assert str(error.value) == message


def test_labels_are_never_renumbered():
    """A part without some classes keeps its labels, so that they agree with a network."""
    part = (np.zeros((2, 3, 3, 1), np.uint8), np.array([1, 7]))

    dataset = assemble(part, name="part", source="here")

    assert dataset.y.tolist() == [1, 7]
    assert dataset.classes == tuple("01234567")


def test_one_class_is_refused():
    """Images of one class only are nothing to learn from."""
    with pytest.raises(DataError) as error:
        check_classes(np.array([1, 1, 1]), ("ant", "bee"), where="here")

    assert str(error.value) == (
        "All 3 training images of here belong to one class, 'bee'. "
        "A network that tells classes apart needs images of at least two. "
        "Add images of another class."
    )
