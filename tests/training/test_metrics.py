"""Metrics: results computed by hand, weights, 0/0, the table, errors."""

import math

import numpy as np
import pytest

from striate.errors import DataError, OptionError, ShapeError
from striate.training.metrics import (
    accuracy,
    as_text,
    confusion_matrix,
    per_class,
    top_k_accuracy,
    weighted_mean,
)

Y = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 2, 2, 2, 2, 0])
CONFUSION = np.array([[2, 1, 0], [0, 1, 1], [1, 0, 4]])


def test_accuracy_is_the_fraction_of_correct_predictions():
    """Seven of ten predictions are correct."""
    assert accuracy(Y, PREDICTED) == 0.7


def test_accuracy_takes_lists():
    """Lists work like arrays."""
    assert accuracy([0, 1, 1], [0, 1, 0]) == pytest.approx(2 / 3, rel=1e-15)


def test_accuracy_is_weighted():
    """The three wrong predictions have weight 2, the seven correct ones 1: 7/13."""
    weights = np.where(Y == PREDICTED, 1.0, 2.0)

    assert accuracy(Y, PREDICTED, weights=weights) == pytest.approx(7 / 13, rel=1e-15)


def test_accuracy_of_pixels():
    """Labels of pixels are averaged over each image, then over images with their weights."""
    y = np.zeros((2, 2, 2), int)
    predicted = np.array([[[0, 0], [0, 1]], [[1, 1], [1, 0]]])

    assert accuracy(y, predicted) == 0.5
    assert accuracy(y, predicted, weights=np.array([3.0, 1.0])) == 0.625


def test_top_k_by_hand():
    """The true classes rank second, first and fourth: 1, 2, 2 and 3 of three are in the top k."""
    scores = np.array([[0.3, 0.4, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1], [0.3, 0.25, 0.25, 0.2]])
    y = np.array([0, 0, 3])

    found = [top_k_accuracy(y, scores, k) for k in (1, 2, 3, 4)]

    assert found == [1 / 3, 2 / 3, 2 / 3, 1.0]


def test_top_k_is_weighted():
    """A correct image of weight 3 and a wrong one of weight 1 give three quarters."""
    scores = np.array([[0.9, 0.1], [0.9, 0.1]])

    assert top_k_accuracy(np.array([0, 1]), scores, 1, weights=np.array([3, 1])) == 0.75


def test_top_1_is_argmax():
    """With many ties, top-1 accuracy is the accuracy of `argmax`."""
    rng = np.random.default_rng(4)
    scores, y = rng.integers(0, 3, (200, 5)).astype(float), rng.integers(0, 5, 200)

    assert top_k_accuracy(y, scores, 1) == accuracy(y, scores.argmax(axis=1))


def test_equal_scores_do_not_look_good():
    """A network that gives all classes the same score is correct for the first k classes only."""
    assert top_k_accuracy(np.arange(4), np.ones((4, 4)), 2) == 0.5


def test_confusion_by_hand():
    """Rows are true classes, columns predictions, elements counts."""
    found = confusion_matrix(Y, PREDICTED, 3)

    assert np.array_equal(found, CONFUSION)
    assert found.dtype == np.int64


def test_confusion_is_weighted():
    """Each image adds its weight to its element."""
    found = confusion_matrix(
        np.array([0, 1, 1]), np.array([0, 0, 0]), 2, weights=np.array([0.5, 1.0, 2.0])
    )

    assert np.array_equal(found, [[0.5, 0.0], [3.0, 0.0]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_confusion_of_any_integer_type(dtype):
    """Small integer types do not overflow with many classes."""
    y = np.array([199, 3]).astype(dtype)

    found = confusion_matrix(y, y, 200)

    assert (found[199, 199], found[3, 3], found.sum()) == (1, 1, 2)


def test_confusion_of_pixels():
    """Each pixel counts, with the weight of its image."""
    y, predicted = np.array([[0, 1], [1, 1]]), np.array([[0, 0], [1, 1]])

    found = confusion_matrix(y, predicted, 2, weights=np.array([1.0, 2.0]))

    assert np.array_equal(found, [[1.0, 0.0], [1.0, 4.0]])


def test_per_class_by_hand():
    """Precision is by columns, recall by rows, F1 twice the correct ones over both sums."""
    found = per_class(CONFUSION)

    # One division is rounded.
    np.testing.assert_allclose(found.precision, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    np.testing.assert_allclose(found.recall, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    np.testing.assert_allclose(found.f1, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    assert found.support.tolist() == [3, 2, 5]


def test_precision_and_recall_are_told_apart():
    """A class that is predicted too often has high recall and low precision."""
    found = per_class(np.array([[4, 0], [4, 2]]))

    # One division is rounded.
    np.testing.assert_allclose(found.precision, [1 / 2, 1], rtol=1e-15)
    np.testing.assert_allclose(found.recall, [1, 1 / 3], rtol=1e-15)
    np.testing.assert_allclose(found.f1, [2 / 3, 1 / 2], rtol=1e-15)


def test_zero_over_zero_is_zero():
    """Without predictions precision is 0, without images recall is 0, and nothing warns."""
    found = per_class(np.array([[2, 0, 0], [1, 0, 0], [0, 0, 0]]))

    assert found.precision.tolist() == [2 / 3, 0, 0]
    assert found.recall.tolist() == [1, 0, 0]
    assert found.f1.tolist() == [0.8, 0, 0]
    assert found.support.tolist() == [2, 1, 0]


TABLE_OF_COUNTS = """\
true \\ predicted  square  diamond  disc  recall
square                98        2     0   98.0%
diamond                0      150     1   99.3%
disc                   0        0     0       -"""

TABLE_OF_WEIGHTS = """\
true \\ predicted    0      1  recall
0                 0.5      0  100.0%
1                   1  12.25   92.5%"""


def test_the_table_of_a_confusion_matrix():
    """Names, counts and recalls are aligned; a class without images has no recall."""
    confusion = np.array([[98, 2, 0], [0, 150, 1], [0, 0, 0]])

    assert as_text(confusion, ["square", "diamond", "disc"]) == TABLE_OF_COUNTS


def test_the_table_numbers_the_classes_and_writes_weights():
    """Without names, classes are numbered; weights are shown with their fraction."""
    assert as_text(np.array([[0.5, 0.0], [1.0, 12.25]])) == TABLE_OF_WEIGHTS


def test_a_mean_over_everything_an_image_has():
    """Images count by weight, their elements alike; the sum is in float64."""
    values = np.array([[1.0, 3.0], [5.0, 7.0]], np.float32)

    assert weighted_mean(values) == 4.0
    assert weighted_mean(values, [3, 1]) == 3.0
    assert weighted_mean(np.array([1e8, 1.0, -1e8], np.float32)) == pytest.approx(1 / 3, rel=1e-15)


REFUSED = {
    "labels-of-another-shape": (
        ShapeError,
        lambda: accuracy([0, 1], [[0.1, 0.9], [0.2, 0.8]]),
    ),
    "labels-floats": (DataError, lambda: accuracy(np.array([0, 1]), np.array([0.1, 0.9]))),
    "labels-none": (DataError, lambda: accuracy([], [])),
    "labels-too-large": (DataError, lambda: confusion_matrix([0, 1, 3], [0, 1, 2], 3)),
    "labels-negative": (DataError, lambda: confusion_matrix([[0, 1]], [[0, -1]], 3)),
    "scores-one-axis": (ShapeError, lambda: top_k_accuracy([0, 1], [0.5, 0.5])),
    "k-too-large": (OptionError, lambda: top_k_accuracy([0], [[0.5, 0.5]], 5)),
    "top-k-floats": (DataError, lambda: top_k_accuracy([0.0], [[0.5, 0.5]], 1)),
    "top-k-label-too-large": (
        DataError,
        lambda: top_k_accuracy([0, 2], np.ones((2, 2)), 1),
    ),
    "scores-nan": (DataError, lambda: top_k_accuracy([0, 1], [[0.5, 0.5], [math.nan, 0.5]], 1)),
    "confusion-not-square": (ShapeError, lambda: per_class(np.ones((2, 3)))),
    "names-too-few": (ShapeError, lambda: as_text(np.eye(2, dtype=int), ["square"])),
    "mean-of-nothing": (DataError, lambda: weighted_mean(np.ones(0))),
    "weights-too-few": (ShapeError, lambda: weighted_mean(np.ones(3), np.ones(2))),
    "weights-negative": (DataError, lambda: weighted_mean(np.ones(3), np.array([1, -2, 3]))),
    "weights-zero": (DataError, lambda: weighted_mean(np.ones(2), np.zeros(2))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arguments_that_are_refused(case, golden):
    """Each error names the argument, its value, and what is expected."""
    kind, call = REFUSED[case]
    with pytest.raises(kind) as error:
        call()

    golden(f"messages/metrics-{case}", str(error.value))
