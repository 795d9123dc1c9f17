"""Target checks that the losses share: labels or numbers, with the output's shape.

Arrays are in the order of the equations, ``[image, map, *pixels]``. A value that isn't accepted
raises a :class:`TargetValueError`, which keeps the value's index, so that the caller can point
to the element in the user's own array.
"""

from typing import NoReturn

import numpy as np

from striate.errors import DataError, ShapeError
from striate.functions.base import Loss
from striate.shapes import Array, Shape

# How far the sum of class probabilities may be from 1: the rounding of float16.
_SLACK = 1e-3


IGNORED = -1
"""The value of an ignored label or target in the losses' equations."""


class TargetValueError(DataError):
    """A target has a value that its loss does not accept.

    Parameters
    ----------
    wrong
        Mask of the targets that are not accepted, in the order of the equations.
    problem
        What the first wrong target is: ``"is nan"``.
    rule
        What is expected, and what to do.
    """

    def __init__(self, wrong: Array, problem: str, rule: str) -> None:
        self.place: tuple[int, ...] = tuple(int(k) for k in np.argwhere(wrong)[0])
        self.problem = problem
        self.rule = rule
        self.count = int(wrong.sum())
        super().__init__(self.text(f"y[{', '.join(map(str, self.place))}]"))

    def text(self, target: str) -> str:
        """Write the message; ``target`` is the first wrong target as the user would index it."""
        others = f" (one of {self.count:,} such targets)" if self.count > 1 else ""
        return f"{target} {self.problem}{others}; {self.rule}"


def labels(loss: Loss, y: Array, classes: int, positions: Shape) -> Array:
    """Check labels, one for each position of an image.

    Parameters
    ----------
    loss
        The loss, for error messages.
    y
        The labels.
    classes
        Number of classes.
    positions
        The output's pixels; ``()`` for one label for each image.

    Returns
    -------
    Array
        The labels, int64; :data:`IGNORED` where the loss ignores them.

    Raises
    ------
    ShapeError
        If there is not exactly one label for each position.
    DataError
        If they are not integers from 0 to ``classes - 1``.

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
            "Use y.astype(int)."
            if y.dtype.kind == "f" and np.array_equal(y, np.rint(y))
            else 'Use integers for classes, or loss="squared-error" for numbers.'
            if y.dtype.kind == "f"
            else "Number the classes with classes, y = np.unique(y, return_inverse=True)."
        )
        raise DataError(
            f"y holds labels of dtype {y.dtype}, but {loss} expects integers from 0 to "
            f"{classes - 1}. {remedy}"
        )
    ignored = ignored_in(loss, y)
    outside = ((y < 0) | (y >= classes)) & ~ignored
    if outside.any():
        raise TargetValueError(
            outside,
            f"is {y[outside][0]}",
            f"{loss} expects labels from 0 to {classes - 1}. Renumber them with "
            "classes, y = np.unique(y, return_inverse=True), or give the last layer more outputs.",
        )
    return (
        y.astype(np.int64)
        if loss.ignore is None
        else np.where(ignored, IGNORED, y.astype(np.int64))
    )


def ignored_in(loss: Loss, y: Array) -> Array:
    """Return where targets are ignored: as the user marks them, or as :data:`IGNORED`.

    Examples
    --------
    >>> from striate.functions.loss import CrossEntropy
    >>> ignored_in(CrossEntropy(ignore=255), np.array([0, 255], np.uint8))
    array([False,  True])
    """
    if loss.ignore is None:
        return np.zeros(y.shape, bool)
    return (y == loss.ignore) | (y == IGNORED)


def share_counted(counted: Array) -> Array:
    """Return, for each image, the fraction of its targets that are not ignored."""
    return counted.reshape(len(counted), -1).mean(axis=1)


def numbers(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check numbers, one for each value of the output.

    Parameters
    ----------
    loss
        The loss, for error messages.
    y
        The targets. The axis of a single map may be missing.
    shape
        The output's shape.

    Returns
    -------
    Array
        The targets with the output's shape, as floating-point numbers.

    Raises
    ------
    ShapeError
        If there is not exactly one target for each value of the output.
    DataError
        If they are not finite numbers.

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
            f"y has dtype {y.dtype}, but {loss} expects real numbers. Convert it with "
            "y.astype(np.float32), or use CrossEntropy for classes."
        )
    y = y.astype(np.result_type(y.dtype, np.float32))
    wrong = ~np.isfinite(y)
    if wrong.any():
        raise TargetValueError(
            wrong,
            f"is {y[wrong][0]}",
            f"{loss} expects finite numbers. Leave those images out, or fill in missing values.",
        )
    return y


_COLOR_CHANNELS = (3, 4)  # with opacity
_COLORED_MASKS = (
    "If y holds colored masks, replace each color with a label 0, 1, 2, ...: y then has no channel "
    "axis."
)


def probabilities(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check probabilities, one for each value of the output.

    Parameters
    ----------
    loss, y, shape
        As for :func:`numbers`.

    Returns
    -------
    Array
        The targets with the output's shape, as floating-point numbers; :data:`IGNORED` where the
        loss ignores them.

    Raises
    ------
    ShapeError
        If there is not exactly one target for each value of the output.
    DataError
        If they are not numbers from 0 to 1.

    Examples
    --------
    >>> from striate.functions.loss import BinaryCrossEntropy
    >>> probabilities(BinaryCrossEntropy(), np.array([True, False]), (1,))
    array([[1.],
           [0.]], dtype=float32)
    """
    y = numbers(loss, y, shape)
    ignored = ignored_in(loss, y)
    wrong = ((y < 0) | (y > 1)) & ~ignored
    if wrong.any():
        colored = len(shape) > 1 and loss.takes_labels and np.array_equal(y, np.rint(y))
        remedy = (
            _COLORED_MASKS
            if colored
            else "Scale the targets, or use SquaredError for other numbers."
        )
        raise TargetValueError(
            wrong,
            f"is {y[wrong][0]}",
            f"{loss} expects probabilities from 0 to 1. {remedy}",
        )
    return np.where(ignored, y.dtype.type(IGNORED), y) if loss.ignore is not None else y


def distributions(loss: Loss, y: Array, shape: Shape) -> Array:
    """Check class probabilities, which sum to 1 at each position.

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
        If there is not exactly one target for each value of the output.
    DataError
        If they are not numbers from 0 to 1, or do not sum to 1.

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
        raise TargetValueError(
            wrong,
            f"holds class probabilities that sum to {sums[wrong][0]:.4g}",
            f"{loss} expects them to sum to 1. "
            + (
                f"Divide them by their sum. {_COLORED_MASKS}"
                if len(shape) > 1 and shape[0] in _COLOR_CHANNELS
                else "Divide them by their sum, or use BinaryCrossEntropy if an image can belong "
                "to several classes."
            ),
        )
    return y


def one_hot(y: Array, classes: int) -> Array:
    """Encode labels as rows that are 1 at the label's map and 0 elsewhere; 0 if ignored.

    Parameters
    ----------
    y
        Labels, ``[q, *positions]``.
    classes
        Number of classes.

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
    rows = np.eye(classes + 1, classes, dtype=np.float32)  # the last row is that of IGNORED, -1
    return np.moveaxis(rows[y], -1, 1)


def fits(y: Array, shape: Shape) -> bool:
    """Whether targets have this shape after the batch axis."""
    return y.ndim > 0 and y.shape[1:] == shape


def with_map(y: Array, shape: Shape) -> Array:
    """Insert the map axis, which may be missing if the output has a single map."""
    return y[:, np.newaxis] if shape[0] == 1 and fits(y, shape[1:]) else y


def of_images(shape: Shape) -> str:
    """Format a shape with the batch axis in front: ``(n, 3)``."""
    return f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"


def raise_shape(loss: Loss, y: Array, shape: Shape, *forms: str) -> NoReturn:
    """Raise an error for targets whose shape a loss doesn't accept.

    Parameters
    ----------
    loss, y
        The loss, and the targets.
    shape
        The output's shape.
    forms
        What the loss accepts: ``"labels of shape (n,)"``.

    Raises
    ------
    ShapeError
        Always.
    """
    raise ShapeError(
        f"y has shape {y.shape}, but the output has shape {of_images(shape)} and {loss} expects "
        f"{' or '.join(forms)}. Reshape y, or change the last layer."
    )
