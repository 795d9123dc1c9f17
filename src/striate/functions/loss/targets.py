"""What losses ask of targets: labels or numbers of the right shape, and errors that teach."""

from typing import NoReturn

import numpy as np

from striate.errors import DataError, ShapeError
from striate.functions.base import Loss
from striate.shapes import Array, Shape

# How far the probabilities of the classes may be from summing to 1: what float16 makes of them.
_SLACK = 1e-3


def labels(loss: Loss, y: Array, classes: int, positions: Shape) -> Array:
    """Check labels, one for each position of an image.

    Parameters
    ----------
    loss
        Who asks, for the error text.
    y
        The labels.
    classes
        How many there are.
    positions
        The output's pixels; ``()`` where there is one label for each image.

    Returns
    -------
    Array
        The labels, int64.

    Raises
    ------
    ShapeError
        If there is not one for each position.
    DataError
        If they are no whole numbers from 0 up to, and without, ``classes``.

    Examples
    --------
    >>> from striate.functions.loss import CrossEntropy
    >>> labels(CrossEntropy(), np.array([3, 1], np.uint8), 4, ())
    array([3, 1])
    """
    if not fits(y, positions):
        raise_shape(loss, y, (classes, *positions), f"labels of shape {of_images(positions)}")
    if y.dtype.kind not in "biu":
        remedy = (
            f"Use y.astype(int), or give probabilities of shape {of_images((classes, *positions))}."
            if y.dtype.kind == "f"
            else "Number the classes: classes, y = np.unique(y, return_inverse=True)."
        )
        raise DataError(
            f"{loss} got labels of type {y.dtype}. "
            f"Labels are whole numbers from 0 to {classes - 1}, one for each class. {remedy}"
        )
    outside = (y < 0) | (y >= classes)
    if outside.any():
        raise DataError(
            f"{loss} got the label {y[outside][0]} at {_first(outside)}; {_count(outside)} so. "
            f"Labels are whole numbers from 0 to {classes - 1}, one for each class. "
            "Number the classes from 0 (classes, y = np.unique(y, return_inverse=True)), "
            "or give the last layer as many maps as there are classes."
        )
    return y.astype(np.int64)


def numbers(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check numbers, one for each output.

    Parameters
    ----------
    loss
        Who asks, for the error text.
    y
        The targets. Where the output has one map, they may lack its axis.
    shape
        The output's.

    Returns
    -------
    Array
        The targets with the output's shape, as floating-point numbers.

    Raises
    ------
    ShapeError
        If there is not one for each output.
    DataError
        If they are no finite numbers.

    Examples
    --------
    >>> from striate.functions.loss import SquaredError
    >>> numbers(SquaredError(), np.array([3, 1], np.uint8), (1,))
    array([[3.],
           [1.]], dtype=float32)
    """
    y = with_map(y, shape)
    if not fits(y, shape):
        raise_shape(loss, y, shape, f"numbers of shape {of_images(shape)}")
    if y.dtype.kind not in "biuf":
        raise DataError(
            f"{loss} got targets of type {y.dtype}. Targets are real numbers. "
            "Turn them into numbers, or use CrossEntropy for classes."
        )
    y = y.astype(np.result_type(y.dtype, np.float32))
    wrong = ~np.isfinite(y)
    if wrong.any():
        raise DataError(
            f"{loss} got the target {y[wrong][0]} at {_first(wrong)}; {_count(wrong)} so. "
            "Targets are finite numbers. Leave those images out, or fill in what is missing."
        )
    return y


def probabilities(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check probabilities, one for each output.

    Parameters
    ----------
    loss, y, shape
        As for :func:`numbers`.

    Returns
    -------
    Array
        The targets with the output's shape, as floating-point numbers.

    Raises
    ------
    ShapeError
        If there is not one for each output.
    DataError
        If they are no numbers from 0 to 1.

    Examples
    --------
    >>> from striate.functions.loss import BinaryCrossEntropy
    >>> probabilities(BinaryCrossEntropy(), np.array([True, False]), (1,))
    array([[1.],
           [0.]], dtype=float32)
    """
    y = numbers(loss, y, shape)
    wrong = (y < 0) | (y > 1)
    if wrong.any():
        raise DataError(
            f"{loss} got the target {y[wrong][0]} at {_first(wrong)}; {_count(wrong)} so. "
            "Targets are probabilities, from 0 to 1. "
            "Scale them, or use SquaredError for other numbers."
        )
    return y


def distributions(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check probabilities of classes, which sum to 1 at each position.

    Parameters
    ----------
    loss, y, shape
        As for :func:`numbers`.

    Returns
    -------
    Array
        The targets with the output's shape, as floating-point numbers.

    Raises
    ------
    ShapeError
        If there is not one for each output.
    DataError
        If they are no numbers from 0 to 1, or do not sum to 1.

    Examples
    --------
    >>> from striate.functions.loss import CrossEntropy
    >>> distributions(CrossEntropy(), np.array([[0.25, 0.75]]), (2,))
    array([[0.25, 0.75]])
    """
    y = probabilities(loss, y, shape)
    sums = y.sum(axis=1)
    wrong = abs(sums - 1) > _SLACK
    if wrong.any():
        raise DataError(
            f"{loss} got class probabilities that sum to {sums[wrong][0]:.4g} at {_first(wrong)}; "
            f"{_count(wrong)} so. The probabilities of all classes sum to 1. "
            "Divide them by their sum, or use BinaryCrossEntropy where several classes may be true."
        )
    return y


def one_hot(y: Array, classes: int) -> Array:
    """Write labels as an axis of maps that is 1 at the label and 0 elsewhere.

    Parameters
    ----------
    y
        Labels, ``[q, *positions]``.
    classes
        How many there are.

    Returns
    -------
    Array
        float32, ``[q, classes, *positions]``.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    return np.moveaxis(np.eye(classes, dtype=np.float32)[y], -1, 1)


def fits(y: Array, shape: Shape) -> bool:
    """Whether targets have this shape behind the axis of images."""
    return y.ndim > 0 and y.shape[1:] == shape


def with_map(y: Array, shape: Shape) -> Array:
    """Give targets the axis of maps that they may lack where the output has one map only."""
    return y[:, np.newaxis] if shape[0] == 1 and fits(y, shape[1:]) else y


def of_images(shape: Shape) -> str:
    """Write a shape with the axis of images in front."""
    return f"({', '.join(['images', *map(str, shape)])}{',' if not shape else ''})"


def raise_shape(loss: Loss, y: Array, shape: Shape, *forms: str) -> NoReturn:
    """Raise because targets have none of the shapes that they may have.

    Parameters
    ----------
    loss, y
        Who asks, and what was given.
    shape
        The output's.
    forms
        What might have been given.

    Raises
    ------
    ShapeError
        Always.
    """
    remedy = (
        "Use y[:, 0], without the axis of length 1."
        if y.ndim == 2 and y.shape[1] == 1
        else "Bring y into that shape, or change the last layer so that its output fits."
    )
    raise ShapeError(
        f"{loss} got targets of shape {y.shape} for outputs of shape {of_images(shape)}. "
        f"Targets are {' or '.join(forms)}. {remedy}"
    )


def _first(wrong: Array) -> str:
    """Name the first place that is wrong."""
    return f"y[{', '.join(str(int(k)) for k in np.argwhere(wrong)[0])}]"


def _count(wrong: Array) -> str:
    """Say how many places are wrong."""
    count = int(wrong.sum())
    return f"{count} is" if count == 1 else f"{count} are"
