"""Metrics of classification: accuracy, top-k accuracy, confusion matrix, scores per class.

Labels are integers from 0; ``y`` holds the true ones, ``predicted`` the network's. Both can have
any shape with the batch axis first: one label per image, or one per pixel. Sample weights are
weights of images.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from striate.errors import DataError, OptionError, ShapeError
from striate.shapes import Array, Float, Int


class PerClass(NamedTuple):
    """Scores of each class, one element per class.

    Parameters
    ----------
    precision
        Fraction of the images predicted as this class that belong to it.
    recall
        Fraction of the images of this class that are predicted as it.
    f1
        Harmonic mean of the two.
    support
        Number, or total weight, of the images of this class.
    iou
        Intersection over union: of the images, or pixels, that belong to this class or are
        predicted as it, the fraction that is both.
    """

    precision: Float[Array, "c"]
    recall: Float[Array, "c"]
    f1: Float[Array, "c"]
    support: Float[Array, "c"]
    iou: Float[Array, "c"]


def weighted_mean(values: Float[Array, "q ..."], weights: Float[Array, "q"] | None = None) -> float:
    r"""Average over images, weighted, and over the other axes of each image.

    .. math:: \frac{\sum_q s_q x_q}{\sum_q s_q}

    Parameters
    ----------
    values
        Numbers or booleans, with the batch axis first.
    weights
        Sample weights, at least 0 and not all 0; ``None`` weights all images equally.

    Returns
    -------
    float
        The mean, summed in float64.

    Raises
    ------
    DataError
        If ``values`` is empty, or a weight is negative or not finite, or all weights are 0.
    ShapeError
        If the number of weights is not the number of images.

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
            f"`values` must not be empty, got shape {values.shape}. Pass at least one image."
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
    """Compute the fraction of correct predictions.

    Parameters
    ----------
    y, predicted
        True and predicted labels.
    weights
        Sample weights; ``None`` weights all images equally.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    DataError
        If the labels are empty or not integers, or the weights cannot be used.
    ShapeError
        If the shapes of the labels differ, or the number of weights is not the number of images.

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
    """Compute the fraction of images whose true class is among the ``k`` highest scores.

    Of classes with equal scores, the one with the lower index ranks first. So ``k=1`` gives the
    accuracy of ``argmax``, and a network that gives all classes the same score does not look good.

    Parameters
    ----------
    y
        True labels.
    scores
        Probabilities or net inputs, one for each class.
    k
        Number of classes that are taken.
    weights
        Sample weights; ``None`` weights all images equally.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    OptionError
        If ``k`` is not an integer from 1 to the number of classes.
    DataError
        If the labels are empty, not integers or out of range, a score is NaN, or the weights cannot
        be used.
    ShapeError
        If there is not one row of scores, or one weight, for each image.

    Sources
    -------
    Krizhevsky et al. 2012.

    Examples
    --------
    >>> top_k_accuracy(np.array([0, 2]), np.array([[0.3, 0.5, 0.2], [0.3, 0.4, 0.3]]), k=2)
    0.5
    """
    y, scores = _integers(y, "y"), np.asarray(scores)
    if scores.ndim != 2 or y.shape != scores.shape[:1]:
        raise ShapeError(
            "`y` must have shape (images,) and `scores` shape (images, classes), "
            f"got {y.shape} and {scores.shape}. Pass one row of scores for each label."
        )
    images, classes = scores.shape
    if k not in range(1, classes + 1):
        raise OptionError(
            f"`k` must be an integer from 1 to {classes}, the number of classes, got {k!r}. "
            "Try k=1, the plain accuracy."
        )
    _require_classes(y, classes, "y")
    if np.isnan(scores).any():
        raise DataError(
            f"The scores of image {np.argwhere(np.isnan(scores))[0, 0]} contain NaN. Look for NaN "
            "in the images and in the weights of the network."
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
    """Count, for each true class (row), the predictions of each class (column).

    Parameters
    ----------
    y, predicted
        True and predicted labels.
    classes
        Number of classes.
    weights
        Sample weights; ``None`` weights all images equally.

    Returns
    -------
    Array
        Counts, int64; with weights their sums, float64.

    Raises
    ------
    DataError
        If the labels are empty, not integers or out of range, or the weights cannot be used.
    ShapeError
        If the shapes of the labels differ, or the number of weights is not the number of images.

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
    _require_classes(y, classes, "y")
    _require_classes(predicted, classes, "predicted")
    pairs = classes * y.ravel().astype(np.int64) + predicted.ravel().astype(np.int64)
    s = None
    if weights is not None:
        s = np.repeat(_checked_weights(weights, len(y)), y.size // len(y))
    return np.bincount(pairs, weights=s, minlength=classes**2).reshape(classes, classes)


def per_class(confusion: Float[Array, "c c"]) -> PerClass:
    r"""Compute precision, recall, F1, support and IoU of each class.

    .. math:: p_c = \frac{m_{cc}}{\sum_k m_{kc}}, \qquad r_c = \frac{m_{cc}}{\sum_k m_{ck}}, \qquad
        f_c = \frac{2 m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck}}, \qquad
        j_c = \frac{m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck} - m_{cc}}

    A quotient 0/0 is 0: the precision of a class that is never predicted, the recall of a class
    without images, and F1 and IoU of a class with neither.

    Parameters
    ----------
    confusion
        Rows are true classes, columns predictions, as :func:`confusion_matrix` returns it.

    Returns
    -------
    PerClass
        Five arrays with one element per class.

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
    correct = np.diagonal(confusion).astype(np.float64)
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    return PerClass(
        precision=_quotient(correct, predicted),
        recall=_quotient(correct, support),
        f1=_quotient(2 * correct, predicted + support),
        support=support,
        iou=_quotient(correct, predicted + support - correct),
    )


def as_text(confusion: Float[Array, "c c"], classes: Sequence[str] | None = None) -> str:
    r"""Format a confusion matrix as a table.

    Parameters
    ----------
    confusion
        Rows are true classes, columns predictions, as :func:`confusion_matrix` returns it.
    classes
        Their names; by default their numbers.

    Returns
    -------
    str
        Lines, without a line break at the end. The last column is the recall, ``-`` for a class
        without images.

    Raises
    ------
    ShapeError
        If the matrix is not square, or the number of names is not the number of classes.

    Examples
    --------
    >>> print(as_text(np.array([[1, 0], [1, 2]]), ("square", "diamond")))
    true \ predicted  square  diamond   recall
    square                1        0  100.0%
    diamond               1        2   66.7%
    """
    _require_square(confusion)
    names = [str(c) for c in range(len(confusion))] if classes is None else list(classes)
    if len(names) != len(confusion):
        raise ShapeError(
            f"`classes` must have one name for each of the {len(confusion)} classes of the "
            f"confusion matrix, got {len(names)}. Pass a name for each class."
        )
    _, recall, _, support, _ = per_class(confusion)
    recalls = [f"{100 * r:.1f}%" if n else "-" for r, n in zip(recall, support, strict=True)]
    cells = [[f"{count:.10g}" for count in row] for row in confusion]
    rows = [
        ["true \\ predicted", *names, "recall"],
        *([name, *row, last] for name, row, last in zip(names, cells, recalls, strict=True)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    # Names are aligned left, numbers right.
    aligned = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return "\n".join("  ".join(row) for row in aligned)


def _quotient(x: Array, y: Array) -> Float[Array, "c"]:
    """Divide, with 0 where the divisor is 0."""
    return np.divide(x, y, out=np.zeros(len(x)), where=y != 0)


def _checked_weights(weights: Array, images: int) -> Float[Array, "q"]:
    """Return sample weights in float64; raise if they cannot be used."""
    s = np.asarray(weights, np.float64)
    if s.shape != (images,):
        raise ShapeError(
            f"`weights` must have shape ({images},), one for each image, got {s.shape}. "
            "Pass one weight for each image."
        )
    if not np.isfinite(s).all() or (s < 0).any() or not s.any():
        raise DataError(
            "`weights` must be finite and at least 0, one of them above 0, "
            f"got values from {s.min():g} to {s.max():g}. Leave weights out to weight all images "
            "equally."
        )
    return s


def _labels(y: Array, predicted: Array) -> tuple[Int[Array, "q ..."], Int[Array, "q ..."]]:
    """Return labels and predictions as arrays; raise if they cannot be compared."""
    y, predicted = np.asarray(y), np.asarray(predicted)
    if y.shape != predicted.shape:
        raise ShapeError(
            f"`y` and `predicted` must have the same shape, got {y.shape} and {predicted.shape}. "
            "If predicted holds scores, use scores.argmax(axis=1)."
        )
    if y.size == 0:
        raise DataError("`y` must not be empty. Pass at least one label.")
    return _integers(y, "y"), _integers(predicted, "predicted")


def _integers(labels: Array, name: str) -> Int[Array, "q ..."]:
    """Return labels as an array; raise if they are not integers."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"`{name}` must hold integer labels, got dtype {labels.dtype}. "
            "If these are scores, use scores.argmax(axis=1)."
        )
    return labels


def _require_classes(labels: Array, classes: int, name: str) -> None:
    """Raise if a label is not the index of a class."""
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        first = tuple(np.argwhere(outside)[0].tolist())
        raise DataError(
            f"`{name}` must hold labels from 0 to {classes - 1} for {classes} classes, "
            f"got {labels[first]} at {list(first)}. Pass the right number of classes, or renumber "
            "the labels from 0."
        )


def _require_square(confusion: Array) -> None:
    """Raise unless a matrix has one row and one column for each class."""
    if confusion.shape != confusion.shape[:1] * 2:
        raise ShapeError(
            "A confusion matrix must have one row and one column for each class, "
            f"got shape {confusion.shape}. Compute it with confusion_matrix."
        )
