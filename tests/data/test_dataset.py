"""Arrays of images and labels: how they are converted, and which are refused."""

import numpy as np
import pytest

from striate.data.dataset import as_images, as_labels, assemble, check_classes
from striate.errors import DataError


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.full((2, 3, 4), 200, np.int64), np.uint8),
        (np.full((2, 3, 4), 200, np.uint8), np.uint8),
        (np.full((2, 3, 4), 200, np.uint16), np.uint16),
        (np.full((2, 3, 4), 4095, np.uint16), np.uint16),
        (np.ones((2, 3, 4), bool), np.float32),
        (np.full((2, 3, 4), 0.5), np.float32),
        (np.full((2, 3, 4), -3, np.float16), np.float32),
    ],
)
def test_images_keep_their_bit_depth(values, dtype):
    """8 and 16 bits are kept; floats and booleans become float32, with the same values."""
    x = as_images(values, where="here")

    assert x.dtype == dtype
    assert x.shape == (2, 3, 4, 1)
    np.testing.assert_array_equal(x[..., 0], values)


def test_color_and_more_axes_are_kept():
    """A channel axis stays last, and images may have more than two axes of pixels."""
    assert as_images(np.zeros((2, 8, 8, 3)), where="here").shape == (2, 8, 8, 3)
    assert as_images(np.zeros((2, 8, 8, 8, 1)), where="here").shape == (2, 8, 8, 8, 1)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((5, 784)),
        np.zeros((0, 28, 28)),
        np.zeros((5, 3, 32, 32)),
        np.array([[[-3, 700]]]),
        np.array([[[0, 70000]]], np.uint32),
        np.array([[[0.0]], [[np.nan]], [[1e300]]]),
        np.array([[["a"]]]),
    ],
    ids=["flat", "empty", "channels first", "range", "32 bits", "not finite", "words"],
)
def test_other_arrays_are_not_images(values, message):
    """The error gives the shape or the values, and what to save instead."""
    with pytest.raises(DataError) as error:
        as_images(values, where="here")

    message(error)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.array([0, 2], np.uint8), [0, 2]),
        (np.array([[0], [2]]), [0, 2]),
        (np.array([False, True]), [0, 1]),
        (np.array([-1, 1], np.int8), [-1, 1]),
        (np.array([0, 1 << 40]), [0, 1 << 40]),
        (np.eye(3, dtype=int)[[2, 0]], [2, 0]),
        (np.eye(3)[[2, 0, 1]], [2, 0, 1]),
        (np.eye(2, dtype=bool), [0, 1]),
    ],
    ids=["bytes", "column", "booleans", "signs", "wild", "one-hot", "floats", "one-hot booleans"],
)
def test_labels_become_int64(values, labels):
    """Integers of any type, in a row or a column, and one-hot rows of any type."""
    y = as_labels(values, where="here")

    assert y.dtype == np.int64
    assert y.tolist() == labels


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0.3, 0.7], [1.0, 0.0]]),
        np.array([[1.0, 1.0], [1.0, 0.0]]),
        np.array([[0.0, 0.0], [1.0, 0.0]]),
        np.array([1.0, 0.0, 2.0]),
    ],
    ids=["probabilities", "several ones", "no one", "integers"],
)
def test_floats_are_targets(values):
    """Floats that are not one-hot rows stay numbers."""
    y = as_labels(values, where="here")

    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, values.astype(np.float32))


@pytest.mark.parametrize(
    "values",
    [
        np.full((3, 3), 2),
        np.array([["a", "b"]]),
        np.array([0.5, np.inf]),
        np.array([0.5, np.nan]),
        np.array([1 << 63], np.uint64),
        np.array(3),
        np.array([1j]),
    ],
    ids=["matrix", "rows of words", "infinite", "nan", "beyond 63 bits", "number", "complex"],
)
def test_other_arrays_are_not_labels(values, message):
    """The error gives shape and dtype, and what is expected."""
    with pytest.raises(DataError) as error:
        as_labels(values, where="here")

    message(error)


@pytest.mark.parametrize(
    ("labels", "classes", "indices"),
    [
        (np.array([1, 3, 2, 1]), (1, 2, 3), [0, 2, 1, 0]),
        (np.array([-1, 1, -1, 1]), (-1, 1), [0, 1, 0, 1]),
        (np.array([7, 5, 7, 5]), (5, 7), [1, 0, 1, 0]),
        (np.array(["dog", "cat", "cat", "dog"]), ("cat", "dog"), [1, 0, 0, 1]),
    ],
    ids=["from 1", "signs", "gap", "words"],
)
def test_labels_are_values(labels, classes, indices):
    """The classes are the values that occur, with their type; no class is made up."""
    x = np.zeros((4, 3, 3, 1), np.uint8)

    dataset = assemble((x, labels), name="part", source="here")

    assert dataset.classes == classes
    assert {type(value) for value in dataset.classes} == {type(classes[0])}
    assert dataset.y.tolist() == indices


def test_both_parts_have_the_same_classes():
    """A value that occurs in one part only is a class of both."""
    x = np.zeros((2, 3, 3, 1), np.uint8)

    dataset = assemble((x, np.array([4, 6])), (x, np.array([6, 5])), name="parts", source="here")

    assert dataset.classes == (4, 5, 6)
    assert dataset.y.tolist() == [0, 2]
    assert dataset.y_test.tolist() == [2, 1]


def test_named_labels_are_indices():
    """With names, labels count from 0; a class without images is a class."""
    part = (np.zeros((2, 3, 3, 1), np.uint8), np.array([2, 0]))

    dataset = assemble(part, name="part", source="here", classes=("ant", "bee", "cat"))

    assert dataset.y.tolist() == [2, 0]
    assert dataset.classes == ("ant", "bee", "cat")


def test_a_label_without_a_name_is_refused(message):
    """Names and labels must belong together."""
    part = (np.zeros((2, 3, 3, 1), np.uint8), np.array([2, -1]))

    with pytest.raises(DataError) as error:
        assemble(part, name="part", source="here", classes=("ant", "bee", "cat"))

    message(error)


def test_integers_that_are_all_different_are_not_classes(message):
    """Prices and identifiers stored as integers would make a network with an output for each."""
    part = (np.zeros((1500, 1, 1, 1), np.uint8), np.arange(1500))

    with pytest.raises(DataError) as error:
        assemble(part, name="part", source="here")

    message(error)


def test_whole_floats_are_pointed_out():
    """Floats that might be labels are used as numbers, with a note."""
    part = (np.zeros((2, 3, 3, 1), np.uint8), np.array([2, 1], np.float32))

    dataset = assemble(part, name="part", source="here")

    assert dataset.classes == ()
    note = (
        "The targets are integers stored as floats, and are used as regression targets. If they "
        "are classes, save y.astype(int) instead."
    )
    assert dataset.notes == (note,)


def test_one_class_is_refused(message):
    """There is nothing to learn from images of a single class."""
    with pytest.raises(DataError) as error:
        check_classes(np.array([1, 1, 1]), ("ant", "bee"), where="here")

    message(error)
