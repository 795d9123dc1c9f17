"""Targets: what each loss takes, and an error with values, rule and remedy for what it does not."""

import math

import numpy as np
import pytest

from striate.errors import DataError, OptionError, ShapeError
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, Hinge, SquaredError

CLASSES = CrossEntropy()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.uint64])
def test_labels_of_any_whole_type(dtype):
    """Labels become int64 whatever whole type they have."""
    y = CLASSES.targets(np.array([0, 1, 1], dtype), (2,))

    assert y.dtype == np.int64
    assert y.tolist() == [0, 1, 1]


def test_labels_of_pixels():
    """Images of labels go with images of outputs."""
    y = np.arange(12).reshape(2, 2, 3) % 4

    assert (CLASSES.targets(y, (4, 2, 3)) == y).all()


def test_whole_one_hot_targets_are_probabilities():
    """A one-hot array of integers is taken for probabilities."""
    y = CLASSES.targets(np.array([[0, 1, 0]]), (3,))

    assert y.dtype.kind == "f"
    assert y.tolist() == [[0, 1, 0]]


def test_labels_become_one_hot_for_binary_cross_entropy():
    """Behind several logistic outputs labels name the one that should be 1, in images too."""
    loss = BinaryCrossEntropy()

    assert loss.targets(np.array([2, 0]), (3,)).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert loss.targets(np.array([[1, 0]]), (2, 2)).tolist() == [[[0, 1], [1, 0]]]


def test_one_output_needs_no_axis_of_maps():
    """Behind one output a plain vector of targets will do."""
    assert BinaryCrossEntropy().targets(np.array([1, 0]), (1,)).tolist() == [[1], [0]]
    assert SquaredError().targets(np.array([1.5, 2]), (1,)).tolist() == [[1.5], [2]]
    assert Hinge().targets(np.array([True, False]), (1,)).tolist() == [[1], [-1]]
    assert Hinge().targets(np.array([[1], [0]]), (1,)).tolist() == [[1], [-1]]


def test_numbers_keep_a_precision_that_holds_them():
    """Bytes become float32, longer whole numbers float64, floats stay."""
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


OUTSIDE = (
    "Labels are whole numbers from 0 to 2, one for each class. "
    "Number the classes from 0 (classes, y = np.unique(y, return_inverse=True)), "
    "or give the last layer as many maps as there are classes."
)


@pytest.mark.parametrize(
    "loss, y, shape, kind, message",
    [
        pytest.param(
            CLASSES,
            [0, 3, -1],
            (3,),
            DataError,
            f"CrossEntropy() got the label 3 at y[1]; 2 are so. {OUTSIDE}",
            id="labels outside the classes",
        ),
        pytest.param(
            Hinge(),
            [[0, 1], [2, 255]],
            (3, 2),
            DataError,
            f"Hinge() got the label 255 at y[1, 1]; 1 is so. {OUTSIDE}",
            id="a label of a pixel outside",
        ),
        pytest.param(
            BinaryCrossEntropy(),
            [3],
            (3,),
            DataError,
            f"BinaryCrossEntropy() got the label 3 at y[0]; 1 is so. {OUTSIDE}",
            id="a label behind logistic outputs",
        ),
        pytest.param(
            Hinge(),
            [1, -1],
            (1,),
            DataError,
            "Hinge() got the label -1 at y[1]; 1 is so. "
            "Labels are whole numbers from 0 to 1, one for each class. "
            "Number the classes from 0 (classes, y = np.unique(y, return_inverse=True)), "
            "or give the last layer as many maps as there are classes.",
            id="signs behind one output",
        ),
        pytest.param(
            CLASSES,
            [0.0, 1.0],
            (3,),
            DataError,
            "CrossEntropy() got labels of type float64. "
            "Labels are whole numbers from 0 to 2, one for each class. "
            "Use y.astype(int), or give probabilities of shape (images, 3).",
            id="floats as labels",
        ),
        pytest.param(
            CLASSES,
            ["cat", "dog"],
            (3,),
            DataError,
            "CrossEntropy() got labels of type <U3. "
            "Labels are whole numbers from 0 to 2, one for each class. "
            "Number the classes: classes, y = np.unique(y, return_inverse=True).",
            id="words as labels",
        ),
        pytest.param(
            CLASSES,
            [[0], [1]],
            (3,),
            ShapeError,
            "CrossEntropy() got targets of shape (2, 1) for outputs of shape (images, 3). "
            "Targets are labels of shape (images,) or class probabilities of shape (images, 3). "
            "Use y[:, 0], without the axis of length 1.",
            id="a column of labels",
        ),
        pytest.param(
            CLASSES,
            [[0, 1], [1, 0]],
            (3, 4, 4),
            ShapeError,
            "CrossEntropy() got targets of shape (2, 2) for outputs of shape (images, 3, 4, 4). "
            "Targets are labels of shape (images, 4, 4) or class probabilities of shape "
            "(images, 3, 4, 4). "
            "Bring y into that shape, or change the last layer so that its output fits.",
            id="labels of images of another size",
        ),
        pytest.param(
            CLASSES,
            0,
            (3,),
            ShapeError,
            "CrossEntropy() got targets of shape () for outputs of shape (images, 3). "
            "Targets are labels of shape (images,) or class probabilities of shape (images, 3). "
            "Bring y into that shape, or change the last layer so that its output fits.",
            id="a single number",
        ),
        pytest.param(
            SquaredError(),
            [[1.0, 2.0]],
            (3,),
            ShapeError,
            "SquaredError() got targets of shape (1, 2) for outputs of shape (images, 3). "
            "Targets are numbers of shape (images, 3). "
            "Bring y into that shape, or change the last layer so that its output fits.",
            id="too few numbers",
        ),
        pytest.param(
            Hinge(),
            [0, 1],
            (1, 2, 2),
            ShapeError,
            "Hinge() got targets of shape (2,) for outputs of shape (images, 1, 2, 2). "
            "Targets are labels 0 and 1 of shape (images, 2, 2). "
            "Bring y into that shape, or change the last layer so that its output fits.",
            id="labels of images for pixels",
        ),
        pytest.param(
            CLASSES,
            [0, 0],
            (1,),
            ShapeError,
            "CrossEntropy() stands behind an output of 1 map, whose softmax is always 1. "
            "Cross-entropy shares a probability among two classes or more. "
            'Use 2 maps, or activation="logistic" with BinaryCrossEntropy.',
            id="one class",
        ),
        pytest.param(
            CrossEntropy(class_weights=(1.0, 2.0)),
            [0, 1],
            (3,),
            OptionError,
            "CrossEntropy(class_weights=(1.0, 2.0)) has 2 class weights for an output of 3 "
            "classes. Each class has a weight. Give 3 numbers.",
            id="weights for other classes",
        ),
        pytest.param(
            SquaredError(),
            [[1.0, math.nan], [math.inf, 0.0]],
            (2,),
            DataError,
            "SquaredError() got the target nan at y[0, 1]; 2 are so. "
            "Targets are finite numbers. Leave those images out, or fill in what is missing.",
            id="NaN",
        ),
        pytest.param(
            SquaredError(),
            [1 + 2j],
            (1,),
            DataError,
            "SquaredError() got targets of type complex128. Targets are real numbers. "
            "Turn them into numbers, or use CrossEntropy for classes.",
            id="complex numbers",
        ),
        pytest.param(
            BinaryCrossEntropy(),
            [[0.0, 1.5]],
            (2,),
            DataError,
            "BinaryCrossEntropy() got the target 1.5 at y[0, 1]; 1 is so. "
            "Targets are probabilities, from 0 to 1. "
            "Scale them, or use SquaredError for other numbers.",
            id="more than 1",
        ),
        pytest.param(
            CLASSES,
            [[0.5, 0.5, 0.0], [1.0, 1.0, 0.0]],
            (3,),
            DataError,
            "CrossEntropy() got class probabilities that sum to 2 at y[1]; 1 is so. "
            "The probabilities of all classes sum to 1. "
            "Divide them by their sum, or use BinaryCrossEntropy where several classes may be "
            "true.",
            id="several true classes",
        ),
    ],
)
def test_targets_that_do_not_fit(loss, y, shape, kind, message):
    """The message gives the first value and its place, the rule, and what to do."""
    with pytest.raises(kind) as error:
        loss.targets(np.array(y), shape)

    assert type(error.value) is kind
    assert str(error.value) == message
