"""Metrics: numbers by hand, weights, quotients of nothing, the table, errors."""

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


def test_accuracy_is_the_part_that_is_right():
    """Of ten answers seven are right."""
    assert accuracy(Y, PREDICTED) == 0.7


def test_accuracy_takes_lists():
    """Plain lists do as well as arrays."""
    assert accuracy([0, 1, 1], [0, 1, 0]) == pytest.approx(2 / 3, rel=1e-15)


def test_accuracy_counts_images_by_their_weight():
    """The three wrong answers have weight 2, the seven right ones 1: 7 of 13."""
    weights = np.where(Y == PREDICTED, 1.0, 2.0)

    assert accuracy(Y, PREDICTED, weights=weights) == pytest.approx(7 / 13, rel=1e-15)


def test_accuracy_of_pixels():
    """Labels for pixels are averaged over each image, then over images by weight."""
    y = np.zeros((2, 2, 2), int)
    predicted = np.array([[[0, 0], [0, 1]], [[1, 1], [1, 0]]])

    assert accuracy(y, predicted) == 0.5
    assert accuracy(y, predicted, weights=np.array([3.0, 1.0])) == 0.625


def test_top_k_by_hand():
    """True classes stand second, first and fourth: 1, 2, 2 and 3 of three are among the first k."""
    scores = np.array([[0.3, 0.4, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1], [0.3, 0.25, 0.25, 0.2]])
    y = np.array([0, 0, 3])

    found = [top_k_accuracy(y, scores, k) for k in (1, 2, 3, 4)]

    assert found == [1 / 3, 2 / 3, 2 / 3, 1.0]


def test_top_k_counts_images_by_their_weight():
    """A right image of weight 3 beside a wrong one of weight 1 makes three quarters."""
    scores = np.array([[0.9, 0.1], [0.9, 0.1]])

    assert top_k_accuracy(np.array([0, 1]), scores, 1, weights=np.array([3, 1])) == 0.75


def test_the_first_of_k_is_argmax():
    """With many ties the accuracy of the first guess is the accuracy of `argmax`."""
    rng = np.random.default_rng(4)
    scores, y = rng.integers(0, 3, (200, 5)).astype(float), rng.integers(0, 5, 200)

    assert top_k_accuracy(y, scores, 1) == accuracy(y, scores.argmax(axis=1))


def test_equal_scores_are_no_merit():
    """A network that gives all classes the same score is right for the first k classes only."""
    assert top_k_accuracy(np.arange(4), np.ones((4, 4)), 2) == 0.5


def test_confusion_by_hand():
    """Rows are true classes, columns answers, entries counts."""
    found = confusion_matrix(Y, PREDICTED, 3)

    assert np.array_equal(found, CONFUSION)
    assert found.dtype == np.int64


def test_confusion_counts_images_by_their_weight():
    """Each image adds its weight to its entry."""
    found = confusion_matrix(
        np.array([0, 1, 1]), np.array([0, 0, 0]), 2, weights=np.array([0.5, 1.0, 2.0])
    )

    assert np.array_equal(found, [[0.5, 0.0], [3.0, 0.0]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_confusion_of_any_whole_numbers(dtype):
    """Small label types do not overflow where there are many classes."""
    y = np.array([199, 3]).astype(dtype)

    found = confusion_matrix(y, y, 200)

    assert (found[199, 199], found[3, 3], found.sum()) == (1, 1, 2)


def test_confusion_of_pixels():
    """Each pixel counts, with the weight of its image."""
    y, predicted = np.array([[0, 1], [1, 1]]), np.array([[0, 0], [1, 1]])

    found = confusion_matrix(y, predicted, 2, weights=np.array([1.0, 2.0]))

    assert np.array_equal(found, [[1.0, 0.0], [1.0, 4.0]])


def test_per_class_by_hand():
    """Precision by columns, recall by rows, F1 as twice the right ones over both sums."""
    found = per_class(CONFUSION)

    # Roundings of one division.
    np.testing.assert_allclose(found.precision, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    np.testing.assert_allclose(found.recall, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    np.testing.assert_allclose(found.f1, [2 / 3, 1 / 2, 4 / 5], rtol=1e-15)
    assert found.support.tolist() == [3, 2, 5]


def test_precision_and_recall_are_told_apart():
    """A class that is answered too often has high recall and low precision."""
    found = per_class(np.array([[4, 0], [4, 2]]))

    # Roundings of one division.
    np.testing.assert_allclose(found.precision, [1 / 2, 1], rtol=1e-15)
    np.testing.assert_allclose(found.recall, [1, 1 / 3], rtol=1e-15)
    np.testing.assert_allclose(found.f1, [2 / 3, 1 / 2], rtol=1e-15)


def test_quotients_of_nothing_are_zero():
    """A class without answers has precision 0, one without images recall 0, without a warning."""
    found = per_class(np.array([[2, 0, 0], [1, 0, 0], [0, 0, 0]]))

    assert found.precision.tolist() == [2 / 3, 0, 0]
    assert found.recall.tolist() == [1, 0, 0]
    assert found.f1.tolist() == [0.8, 0, 0]
    assert found.support.tolist() == [2, 1, 0]


TABLE_OF_COUNTS = """\
true \\ predicted  square  diamond  disc  recall
square                98        2     0  98.0 %
diamond                0      150     1  99.3 %
disc                   0        0     0       -"""

TABLE_OF_WEIGHTS = """\
true \\ predicted    0      1   recall
0                 0.5      0  100.0 %
1                   1  12.25   92.5 %"""


def test_the_table_of_a_confusion_matrix():
    """Names, counts and recalls stand in columns; a class without images has no recall."""
    confusion = np.array([[98, 2, 0], [0, 150, 1], [0, 0, 0]])

    assert as_text(confusion, ["square", "diamond", "disc"]) == TABLE_OF_COUNTS


def test_the_table_numbers_the_classes_and_writes_weights():
    """Without names classes are numbers; weights are written with their fraction."""
    assert as_text(np.array([[0.5, 0.0], [1.0, 12.25]])) == TABLE_OF_WEIGHTS


def test_a_mean_over_everything_an_image_has():
    """Images count by weight, their entries alike; the sum is in float64."""
    values = np.array([[1.0, 3.0], [5.0, 7.0]], np.float32)

    assert weighted_mean(values) == 4.0
    assert weighted_mean(values, [3, 1]) == 3.0
    assert weighted_mean(np.array([1e8, 1.0, -1e8], np.float32)) == pytest.approx(1 / 3, rel=1e-15)


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (
            lambda: accuracy(np.array([0, 1]), np.array([[0.1, 0.9], [0.2, 0.8]])),
            ShapeError,
            (
                "The labels have shape (2,) and the predictions (2, 2). "
                "Each label has one prediction. "
                "Give predicted labels, not scores: argmax makes them."
            ),
        ),
        (
            lambda: accuracy(np.array([0, 1]), np.array([0.1, 0.9])),
            DataError,
            (
                "The predictions are float64. Labels are whole numbers from 0. "
                "Give them as an integer array; argmax makes one of scores."
            ),
        ),
        (
            lambda: accuracy([], []),
            DataError,
            (
                "There are no labels. Answers are compared with at least one. "
                "Give at least one image."
            ),
        ),
        (
            lambda: confusion_matrix([0, 1, 3], [0, 1, 2], 3),
            DataError,
            (
                "The labels hold 3 at [2], and there are 3 classes. "
                "Labels are whole numbers from 0 to 2. "
                "Give the right number of classes, or number the labels from 0."
            ),
        ),
        (
            lambda: confusion_matrix([[0, 1]], [[0, -1]], 3),
            DataError,
            (
                "The predictions hold -1 at [0, 1], and there are 3 classes. "
                "Labels are whole numbers from 0 to 2. "
                "Give the right number of classes, or number the labels from 0."
            ),
        ),
        (
            lambda: top_k_accuracy([0, 1], [0.5, 0.5]),
            ShapeError,
            (
                "The labels have shape (2,) and the scores (2,). "
                "Each image has one label and one row with a score for each class. "
                "Give labels [image] and scores [image, class]."
            ),
        ),
        (
            lambda: top_k_accuracy([0], [[0.5, 0.5]], 5),
            OptionError,
            (
                "Top-k accuracy cannot have k=5 with 2 classes. It is a whole number from 1 to 2. "
                "Use k=1 for the plain accuracy."
            ),
        ),
        (
            lambda: top_k_accuracy([0.0], [[0.5, 0.5]], 1),
            DataError,
            (
                "The labels are float64. Labels are whole numbers from 0. "
                "Give them as an integer array; argmax makes one of scores."
            ),
        ),
        (
            lambda: top_k_accuracy([0, 2], [[0.5, 0.5], [0.5, 0.5]], 1),
            DataError,
            (
                "The labels hold 2 at [1], and there are 2 classes. "
                "Labels are whole numbers from 0 to 1. "
                "Give the right number of classes, or number the labels from 0."
            ),
        ),
        (
            lambda: top_k_accuracy([0, 1], [[0.5, 0.5], [math.nan, 0.5]], 1),
            DataError,
            (
                "A score of image 1 is NaN. "
                "Scores are compared, and NaN is neither large nor small. "
                "Look for NaN in the images and weights."
            ),
        ),
        (
            lambda: per_class(np.ones((2, 3))),
            ShapeError,
            (
                "The confusion matrix has shape (2, 3). "
                "It has one row and one column for each class. Make one with confusion_matrix."
            ),
        ),
        (
            lambda: as_text(np.eye(2, dtype=int), ["square"]),
            ShapeError,
            (
                "The names are 1 for a confusion matrix of 2 classes. Each class has one name. "
                "Give as many names as there are classes."
            ),
        ),
        (
            lambda: weighted_mean(np.ones(0)),
            DataError,
            (
                "There is nothing to average: the values have shape (0,). "
                "A mean needs at least one. Give at least one image."
            ),
        ),
        (
            lambda: weighted_mean(np.ones(3), np.ones(2)),
            ShapeError,
            (
                "The sample weights have shape (2,) for 3 images. Each image has one weight. "
                "Give weights of shape (3,)."
            ),
        ),
        (
            lambda: weighted_mean(np.ones(3), np.array([1, -2, 3])),
            DataError,
            (
                "The sample weights, from -2 to 3, cannot be used. "
                "Each is a finite number of at least 0, and one at least is above 0. "
                "Give other weights, or none to count all images alike."
            ),
        ),
        (
            lambda: weighted_mean(np.ones(2), np.zeros(2)),
            DataError,
            (
                "The sample weights, from 0 to 0, cannot be used. "
                "Each is a finite number of at least 0, and one at least is above 0. "
                "Give other weights, or none to count all images alike."
            ),
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(call, kind, text):
    """Each error names the values, the rule and the remedy."""
    with pytest.raises(kind) as error:
        call()

    assert str(error.value) == text
