"""From a score map to matches: local maxima, positions between pixels, no two of one thing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.errors import ShapeError
from striate.functions.options import COUNT, FINITE, FRACTION, SIZE, Each, OrNone, plain, require
from striate.functions.writing import short
from striate.shapes import Array, Float, Int

_KEPT, _KEPT_FOR_EACH = 1000, 100
"""Number of peaks kept of a score map without a threshold: a fixed one, and one for each match."""


def local_maxima(
    scores: Float[Array, "rows columns"], *, threshold: float | None = None, most: int | None = None
) -> Int[Array, "n 2"]:
    """Find the positions that no neighbor exceeds, the largest first.

    Of equal neighbors, the first in row order counts. Equal scores come in row order.

    Parameters
    ----------
    scores
        A score map in which larger is better.
    threshold
        Smallest score.
    most
        Largest number of positions.

    Returns
    -------
    Array
        Rows and columns.

    Examples
    --------
    >>> local_maxima(np.array([[1.0, 5, 5, 1, 1], [1, 1, 1, 1, 2]]))
    array([[0, 1],
           [1, 4]])
    """
    rows, columns = scores.shape
    highest = np.ones((rows, columns), bool) if threshold is None else scores >= threshold
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        # The position before comes first in row order: it wins ties.
        before = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        after = (slice(down, rows), slice(max(0, right), columns - max(0, -right)))
        larger = scores[after] > scores[before]
        highest[before] &= ~larger
        highest[after] &= larger
    found = np.argwhere(highest)
    order = np.argsort(-scores[highest], kind="stable")[:most]
    return found[order]


def refined(scores: Float[Array, "rows columns"], row: int, column: int) -> tuple[float, float]:
    r"""Find the top of the peak around a local maximum, between pixels.

    A quadratic function is fitted to the nine scores around it by least squares,

    .. math:: f(y, x) = a + b_y y + b_x x + c_{yy} y^2 + c_{yx} y x + c_{xx} x^2,

    and its maximum is the position. It is at most half a pixel away in each direction. At the edge
    of the map, or if the nine scores have no maximum between them, the position stays as it is.

    Parameters
    ----------
    scores
        A score map in which larger is better.
    row, column
        A local maximum.

    Returns
    -------
    row, column

    Examples
    --------
    >>> y, x = np.mgrid[0:5, 0:5]
    >>> refined(-((y - 2.25) ** 2) - (x - 1.9) ** 2, 2, 2)
    (2.25, 1.9)
    """
    rows, columns = scores.shape
    if not (0 < row < rows - 1 and 0 < column < columns - 1):
        return float(row), float(column)
    near = scores[row - 1 : row + 2, column - 1 : column + 2].astype(np.float64)
    down, across = near.sum(axis=1), near.sum(axis=0)
    b = np.array([down[2] - down[0], across[2] - across[0]]) / 6
    yy, xx = ((s[0] - 2 * s[1] + s[2]) / 6 for s in (down, across))
    yx = (near[0, 0] + near[2, 2] - near[0, 2] - near[2, 0]) / 4
    determinant = 4 * yy * xx - yx**2
    if not (yy < 0 and xx < 0 and determinant > 0):
        return float(row), float(column)
    offset = np.array([yx * b[1] - 2 * xx * b[0], yx * b[0] - 2 * yy * b[1]]) / determinant
    offset = np.clip(offset, -0.5, 0.5).round(12)
    return float(row + offset[0]), float(column + offset[1])


def suppress(boxes: Float[Array, "n 4"], *, overlap: float, count: int | None = None) -> list[int]:
    """Drop every box that overlaps with a better one: non-maximum suppression.

    Parameters
    ----------
    boxes
        Top, left, height and width of each box, the best first.
    overlap
        Largest intersection over union of two boxes that are both kept.
    count
        Largest number of boxes.

    Returns
    -------
    list of int
        Numbers of the boxes that are kept, in order.

    Examples
    --------
    >>> suppress(np.array([[0.0, 0, 4, 4], [1, 1, 4, 4], [0, 4, 4, 4]]), overlap=0.3)
    [0, 2]
    """
    top, left, height, width = boxes.T
    area = height * width
    open_ = np.arange(len(boxes))
    kept: list[int] = []
    while len(open_) and (count is None or len(kept) < count):
        best, open_ = int(open_[0]), open_[1:]
        kept.append(best)
        high = np.minimum(top[open_] + height[open_], top[best] + height[best])
        wide = np.minimum(left[open_] + width[open_], left[best] + width[best])
        high -= np.maximum(top[open_], top[best])
        wide -= np.maximum(left[open_], left[best])
        common = np.maximum(high, 0) * np.maximum(wide, 0)
        open_ = open_[common <= overlap * (area[open_] + area[best] - common)]
    return kept


def find_peaks(
    scores: Any,
    size: Sequence[int],
    *,
    count: int | None = None,
    threshold: float | None = None,
    overlap: float = 0.3,
    smaller_is_better: bool = False,
) -> list[tuple[int, int]]:
    """Find the best positions of a score map, of which no two belong to the same thing.

    Parameters
    ----------
    scores
        What :func:`striate.matching.score_map` returned, or any other map.
    size
        Rows and columns of the template.
    count
        Largest number of positions; by default all that reach the threshold, or one without it.
    threshold
        The worst score that counts.
    overlap
        Largest intersection over union of the boxes of two positions.
    smaller_is_better
        Whether small scores are good ones, as those of ``"squared-difference"``.

    Returns
    -------
    list of (row, column)
        The best first.

    Raises
    ------
    ShapeError
        If ``scores`` doesn't have two axes, or ``size`` two positive numbers.
    OptionError
        If an option isn't valid.

    Examples
    --------
    >>> scores = np.array([[0.1, 0.9, 0.8, 0.2, 0.7, 0.1]])
    >>> find_peaks(scores, (2, 2), threshold=0.5)
    [(0, 1), (0, 4)]
    """
    checked, sizes = np.asarray(scores), plain(size)
    if checked.ndim != 2 or sizes not in Each(SIZE, "sizes") or len(sizes) != 2:
        raise ShapeError(
            f"`scores` has shape {checked.shape} and `size` is {short(sizes)}; expected a map with "
            "rows and columns, and the template's rows and columns. Use template.shape[:2] as size."
        )
    check_options(count, threshold, overlap)
    signed = -checked if smaller_is_better else checked
    limit = None if threshold is None else (-threshold if smaller_is_better else threshold)
    if count is None and threshold is None:
        count = 1
    places = local_maxima(signed, threshold=limit, most=peaks_to_keep(count, threshold))
    boxes = np.column_stack([places, np.tile(np.asarray(sizes), (len(places), 1))]).astype(float)
    kept = suppress(boxes, overlap=overlap, count=count)
    return [(int(row), int(column)) for row, column in places[kept]]


def peaks_to_keep(count: int | None, threshold: float | None) -> int | None:
    """Return how many local maxima of one map to consider; ``None`` for all.

    Without a threshold every bump of the noise is one, so the number must be limited by the number
    of matches that are requested.
    """
    return None if count is None or threshold is not None else _KEPT + _KEPT_FOR_EACH * count


def check_options(count: int | None, threshold: float | None, overlap: float) -> None:
    """Raise if an option that selects matches isn't valid."""
    require("count", count, OrNone(COUNT), example=1)
    require("threshold", threshold, OrNone(FINITE), example=0.8)
    require("overlap", overlap, FRACTION, example=0.3)
