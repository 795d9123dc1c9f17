"""How good answers are: counts and parts of right ones, for the whole and for each class.

Labels are whole numbers from 0; ``y`` holds the true ones, ``predicted`` the network's. Both may
have any shape, with the axis of images in front: one label for an image, or one for each of its
pixels. Sample weights say how much each image counts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from striate.errors import DataError, OptionError, ShapeError
from striate.shapes import Array, Float, Int


class PerClass(NamedTuple):
    """How good the answers are for each class; one entry for a class.

    Parameters
    ----------
    precision
        Part of the images answered with this class that belong to it.
    recall
        Part of the images of this class that were answered with it.
    f1
        Harmonic mean of the two.
    support
        Number (or weight) of the images of this class.
    """

    precision: Float[Array, "c"]
    recall: Float[Array, "c"]
    f1: Float[Array, "c"]
    support: Float[Array, "c"]


def weighted_mean(values: Float[Array, "q ..."], weights: Float[Array, "q"] | None = None) -> float:
    r"""Average over images, each as much as its weight says, and over what else an image has.

    .. math:: \frac{\sum_q s_q x_q}{\sum_q s_q}

    Parameters
    ----------
    values
        Numbers (or truth values), the axis of images in front.
    weights
        Sample weights, at least 0 and not all 0; ``None`` counts all images alike.

    Returns
    -------
    float
        The mean, summed in float64.

    Raises
    ------
    DataError
        If there are no values, or a weight is negative or not finite, or all are 0.
    ShapeError
        If there is not one weight for each image.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 2.0, 6.0]))
    3.0
    >>> weighted_mean(np.array([1.0, 2.0]), np.array([3.0, 1.0]))
    1.25
    """
    values = np.asarray(values)
    if values.size == 0:
        raise DataError(
            f"There is nothing to average: the values have shape {values.shape}. "
            "A mean needs at least one. Give at least one image."
        )
    per_image = values.mean(axis=tuple(range(1, values.ndim)), dtype=np.float64)
    if weights is None:
        return float(per_image.mean())
    s = _checked_weights(weights, len(values))
    return float((s * per_image).sum() / s.sum())


def accuracy(
    y: Int[Array, "q ..."],
    predicted: Int[Array, "q ..."],
    *,
    weights: Float[Array, "q"] | None = None,
) -> float:
    """Give the part of the answers that are right.

    Parameters
    ----------
    y, predicted
        True and predicted labels.
    weights
        Sample weights; ``None`` counts all images alike.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    DataError
        If there are no labels, labels are not whole numbers, or weights cannot be used.
    ShapeError
        If the two do not have the same shape, or there is not one weight for each image.

    Examples
    --------
    >>> accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]))
    0.75
    """
    y, predicted = _labels(y, predicted)
    return weighted_mean(y == predicted, weights)


def top_k_accuracy(
    y: Int[Array, "q"],
    scores: Float[Array, "q c"],
    k: int = 5,
    *,
    weights: Float[Array, "q"] | None = None,
) -> float:
    """Give the part of the images whose true class is among the ``k`` with the largest scores.

    Of classes with equal scores the one with the lower number comes first, so that ``k=1`` is the
    accuracy of ``argmax``, and a network that gives all classes the same score is not taken for a
    good one.

    Parameters
    ----------
    y
        True labels.
    scores
        Probabilities or net inputs, one for each class.
    k
        How many guesses count.
    weights
        Sample weights; ``None`` counts all images alike.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    OptionError
        If ``k`` is not a whole number from 1 to the number of classes.
    DataError
        If there are no labels, labels are no classes, a score is NaN, or weights cannot be used.
    ShapeError
        If there is not one row of scores, or not one weight, for each image.

    Sources
    -------
    Krizhevsky et al. 2012.

    Examples
    --------
    >>> top_k_accuracy(np.array([0, 2]), np.array([[0.3, 0.5, 0.2], [0.3, 0.4, 0.3]]), k=2)
    0.5
    """
    y, scores = _whole_numbers(y, "labels"), np.asarray(scores)
    if scores.ndim != 2 or y.shape != scores.shape[:1]:  # images and classes
        raise ShapeError(
            f"The labels have shape {y.shape} and the scores {scores.shape}. "
            "Each image has one label and one row with a score for each class. "
            "Give labels [image] and scores [image, class]."
        )
    images, classes = scores.shape
    if k not in range(1, classes + 1):
        raise OptionError(
            f"Top-k accuracy cannot have k={k!r} with {classes} classes. "
            f"It is a whole number from 1 to {classes}. Use k=1 for the plain accuracy."
        )
    _require_classes(y, classes, "labels")
    if np.isnan(scores).any():
        raise DataError(
            f"A score of image {np.argwhere(np.isnan(scores))[0, 0]} is NaN. "
            "Scores are compared, and NaN is neither large nor small. "
            "Look for NaN in the images and weights."
        )
    own = scores[np.arange(images), y][:, None]
    earlier = np.arange(classes) < y[:, None]
    rank = (scores > own).sum(axis=1) + ((scores == own) & earlier).sum(axis=1)
    return weighted_mean(rank < k, weights)


def confusion_matrix(
    y: Int[Array, "q ..."],
    predicted: Int[Array, "q ..."],
    classes: int,
    *,
    weights: Float[Array, "q"] | None = None,
) -> Float[Array, "c c"]:
    """Count, for each true class (row), how often each class was the answer (column).

    Parameters
    ----------
    y, predicted
        True and predicted labels.
    classes
        Number of classes.
    weights
        Sample weights; ``None`` counts all images alike.

    Returns
    -------
    Array
        Counts, int64; with weights their sums, float64.

    Raises
    ------
    DataError
        If there are no labels, labels are no classes, or weights cannot be used.
    ShapeError
        If the two do not have the same shape, or there is not one weight for each image.

    Sources
    -------
    Stehman 1997.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), 2)
    array([[1, 0],
           [1, 2]])
    """
    y, predicted = _labels(y, predicted)
    _require_classes(y, classes, "labels")
    _require_classes(predicted, classes, "predictions")
    pairs = classes * y.ravel().astype(np.int64) + predicted.ravel().astype(np.int64)
    s = None
    if weights is not None:
        s = np.repeat(_checked_weights(weights, len(y)), y.size // len(y))
    return np.bincount(pairs, weights=s, minlength=classes**2).reshape(classes, classes)


def per_class(confusion: Float[Array, "c c"]) -> PerClass:
    r"""Give precision, recall, F1 and support of each class.

    .. math:: p_c = \frac{m_{cc}}{\sum_k m_{kc}}, \qquad r_c = \frac{m_{cc}}{\sum_k m_{ck}}, \qquad
        f_c = \frac{2 m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck}}

    A quotient of 0 and 0 is given as 0: the precision of a class that was never the answer, the
    recall of one without images, F1 where both are so.

    Parameters
    ----------
    confusion
        Rows are true classes, columns answers, as :func:`confusion_matrix` gives it.

    Returns
    -------
    PerClass
        Four arrays with one entry for each class.

    Raises
    ------
    ShapeError
        If the matrix is not square.

    Sources
    -------
    van Rijsbergen 1979.

    Examples
    --------
    >>> per_class(np.array([[1, 0], [1, 2]])).recall.round(2)
    array([1.  , 0.67])
    """
    _require_square(confusion)
    right = np.diagonal(confusion).astype(np.float64)
    answered, support = confusion.sum(axis=0), confusion.sum(axis=1)
    return PerClass(
        precision=_quotient(right, answered),
        recall=_quotient(right, support),
        f1=_quotient(2 * right, answered + support),
        support=support,
    )


def as_text(confusion: Float[Array, "c c"], classes: Sequence[str] | None = None) -> str:
    r"""Write a confusion matrix as a table for the terminal.

    Parameters
    ----------
    confusion
        Rows are true classes, columns answers, as :func:`confusion_matrix` gives it.
    classes
        Their names; ``None`` numbers them.

    Returns
    -------
    str
        Lines without a line break at the end. The last column is the recall; ``-`` for a class
        without images.

    Raises
    ------
    ShapeError
        If the matrix is not square, or there is not one name for each class.

    Examples
    --------
    >>> print(as_text(np.array([[1, 0], [1, 2]]), ("square", "diamond")))
    true \ predicted  square  diamond   recall
    square                1        0  100.0 %
    diamond               1        2   66.7 %
    """
    _require_square(confusion)
    names = [str(c) for c in range(len(confusion))] if classes is None else list(classes)
    if len(names) != len(confusion):
        raise ShapeError(
            f"The names are {len(names)} for a confusion matrix of {len(confusion)} classes. "
            "Each class has one name. Give as many names as there are classes."
        )
    _, recall, _, support = per_class(confusion)
    parts = [f"{100 * r:.1f} %" if n else "-" for r, n in zip(recall, support, strict=True)]
    cells = [[f"{count:.10g}" for count in row] for row in confusion]
    rows = [
        ["true \\ predicted", *names, "recall"],
        *([name, *row, part] for name, row, part in zip(names, cells, parts, strict=True)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    # Names stand on the left of their column, numbers on the right.
    aligned = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return "\n".join("  ".join(row) for row in aligned)


def _quotient(x: Array, y: Array) -> Float[Array, "c"]:
    """Divide; 0 where the divisor is 0."""
    return np.divide(x, y, out=np.zeros(len(x)), where=y != 0)


def _checked_weights(weights: Array, images: int) -> Float[Array, "q"]:
    """Give sample weights in float64; raise where they cannot be used."""
    s = np.asarray(weights, np.float64)
    if s.shape != (images,):
        raise ShapeError(
            f"The sample weights have shape {s.shape} for {images} images. "
            f"Each image has one weight. Give weights of shape ({images},)."
        )
    if not np.isfinite(s).all() or (s < 0).any() or not s.any():
        raise DataError(
            f"The sample weights, from {s.min():g} to {s.max():g}, cannot be used. "
            "Each is a finite number of at least 0, and one at least is above 0. "
            "Give other weights, or none to count all images alike."
        )
    return s


def _labels(y: Array, predicted: Array) -> tuple[Int[Array, "q ..."], Int[Array, "q ..."]]:
    """Give labels and predictions as arrays; raise where they cannot be compared."""
    y, predicted = np.asarray(y), np.asarray(predicted)
    if y.shape != predicted.shape:
        raise ShapeError(
            f"The labels have shape {y.shape} and the predictions {predicted.shape}. "
            "Each label has one prediction. Give predicted labels, not scores: argmax makes them."
        )
    if y.size == 0:
        raise DataError(
            "There are no labels. Answers are compared with at least one. Give at least one image."
        )
    return _whole_numbers(y, "labels"), _whole_numbers(predicted, "predictions")


def _whole_numbers(labels: Array, what: str) -> Int[Array, "q ..."]:
    """Give labels as an array; raise where they are not whole numbers."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"The {what} are {labels.dtype}. Labels are whole numbers from 0. "
            "Give them as an integer array; argmax makes one of scores."
        )
    return labels


def _require_classes(labels: Array, classes: int, what: str) -> None:
    """Raise where a label is none of the classes."""
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        first = tuple(np.argwhere(outside)[0].tolist())
        raise DataError(
            f"The {what} hold {labels[first]} at {list(first)}, and there are {classes} classes. "
            f"Labels are whole numbers from 0 to {classes - 1}. "
            "Give the right number of classes, or number the labels from 0."
        )


def _require_square(confusion: Array) -> None:
    """Raise where a matrix is no confusion matrix."""
    if confusion.shape != confusion.shape[:1] * 2:
        raise ShapeError(
            f"The confusion matrix has shape {confusion.shape}. "
            "It has one row and one column for each class. Make one with confusion_matrix."
        )
