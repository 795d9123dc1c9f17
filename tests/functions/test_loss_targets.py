"""Targets that each loss accepts, and errors for those that it doesn't."""

import math

import numpy as np
import pytest

from striate.errors import DataError, OptionError, ShapeError
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, Hinge, SquaredError

CLASSES = CrossEntropy()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.uint64])
def test_labels_of_any_whole_type(dtype):
    """Labels of any integer type become int64."""
    y = CLASSES.targets(np.array([0, 1, 1], dtype), (2,))

    assert y.dtype == np.int64
    assert y.tolist() == [0, 1, 1]


def test_labels_of_pixels():
    """Images of labels go with images of outputs."""
    y = np.arange(12).reshape(2, 2, 3) % 4

    assert (CLASSES.targets(y, (4, 2, 3)) == y).all()


def test_whole_one_hot_targets_are_probabilities():
    """A one-hot array of integers is treated as probabilities."""
    y = CLASSES.targets(np.array([[0, 1, 0]]), (3,))

    assert y.dtype.kind == "f"
    assert y.tolist() == [[0, 1, 0]]


def test_labels_become_one_hot_for_binary_cross_entropy():
    """For several logistic outputs, a label is the index of the one that should be 1."""
    loss = BinaryCrossEntropy()

    assert loss.targets(np.array([2, 0]), (3,)).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert loss.targets(np.array([[1, 0]]), (2, 2)).tolist() == [[[0, 1], [1, 0]]]


def test_one_output_needs_no_axis_of_maps():
    """For one output, a vector of targets is accepted."""
    assert BinaryCrossEntropy().targets(np.array([1, 0]), (1,)).tolist() == [[1], [0]]
    assert SquaredError().targets(np.array([1.5, 2]), (1,)).tolist() == [[1.5], [2]]
    assert Hinge().targets(np.array([True, False]), (1,)).tolist() == [[1], [-1]]
    assert Hinge().targets(np.array([[1], [0]]), (1,)).tolist() == [[1], [-1]]


def test_numbers_keep_a_precision_that_holds_them():
    """Bytes become float32, longer integers float64; floats keep their type."""
    loss = SquaredError()
    dtypes = {
        dtype: loss.targets(np.ones((2, 3), dtype), (3,)).dtype
        for dtype in (np.uint8, np.int64, np.float32, np.float64)
    }

    assert dtypes == {
        np.uint8: np.float32,
        np.int64: np.float64,
        np.float32: np.float32,
        np.float64: np.float64,
    }


@pytest.mark.parametrize(
    "loss, y, shape, kind",
    [
        pytest.param(
            CLASSES,
            [0, 3, -1],
            (3,),
            DataError,
            id="labels outside the classes",
        ),
        pytest.param(
            Hinge(),
            [[0, 1], [2, 255]],
            (3, 2),
            DataError,
            id="a label of a pixel outside",
        ),
        pytest.param(
            BinaryCrossEntropy(),
            [3],
            (3,),
            DataError,
            id="a label for logistic outputs",
        ),
        pytest.param(
            Hinge(),
            [1, -1],
            (1,),
            DataError,
            id="signs for one output",
        ),
        pytest.param(
            CLASSES,
            [0.0, 1.0],
            (3,),
            DataError,
            id="floats as labels",
        ),
        pytest.param(
            CLASSES,
            ["cat", "dog"],
            (3,),
            DataError,
            id="words as labels",
        ),
        pytest.param(
            CLASSES,
            [[0], [1]],
            (3,),
            ShapeError,
            id="a column of labels",
        ),
        pytest.param(
            CLASSES,
            [[0, 1], [1, 0]],
            (3, 4, 4),
            ShapeError,
            id="labels of images of a different size",
        ),
        pytest.param(
            CLASSES,
            0,
            (3,),
            ShapeError,
            id="a single number",
        ),
        pytest.param(
            SquaredError(),
            [[1.0, 2.0]],
            (3,),
            ShapeError,
            id="too few numbers",
        ),
        pytest.param(
            Hinge(),
            [0, 1],
            (1, 2, 2),
            ShapeError,
            id="labels of images for pixels",
        ),
        pytest.param(
            CLASSES,
            [0, 0],
            (1,),
            ShapeError,
            id="one class",
        ),
        pytest.param(
            CrossEntropy(class_weights=(1.0, 2.0)),
            [0, 1],
            (3,),
            OptionError,
            id="weights for other classes",
        ),
        pytest.param(
            SquaredError(),
            [[1.0, math.nan], [math.inf, 0.0]],
            (2,),
            DataError,
            id="NaN",
        ),
        pytest.param(
            SquaredError(),
            [1 + 2j],
            (1,),
            DataError,
            id="complex numbers",
        ),
        pytest.param(
            BinaryCrossEntropy(),
            [[0.0, 1.5]],
            (2,),
            DataError,
            id="more than 1",
        ),
        pytest.param(
            CLASSES,
            [[0.5, 0.5, 0.0], [1.0, 1.0, 0.0]],
            (3,),
            DataError,
            id="several true classes",
        ),
    ],
)
def test_targets_that_do_not_fit(loss, y, shape, kind, golden, request):
    """The message gives the first wrong value with its index, what is expected, and what to do."""
    with pytest.raises(kind) as error:
        loss.targets(np.array(y), shape)

    case = request.node.callspec.id.replace(" ", "-")
    golden(f"messages/loss-targets-{case}", str(error.value))
