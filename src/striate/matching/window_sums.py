"""Sums over every window of an image of integers in NumPy, and the error of those by program.

Sums of two neighbors give sums of two; two of those, two pixels apart, give sums of four; and so
on. The binary digits of the window's length say which of them to combine. For 5 = 4 + 1::

    x           1  2  3  4  5  6  7
    pairs       3  5  7  9 11 13
    fours      10 14 18 22
    fives      15 20 25        fours + x shifted by 4
"""

import numpy as np

from striate.llvm.matching.window_sums import GROUP
from striate.matching.scratch import Scratch
from striate.shapes import Array, Float, Shaped


def window_sums(
    x: Shaped[Array, "rows columns"],
    size: tuple[int, int],
    scratch: Scratch | None = None,
    factor: float = 1.0,
) -> Float[Array, "places_down columns"]:
    """Add up the pixels of each window.

    Rows are treated as one long line, so that NumPy adds without interruption: a window whose
    columns leave its row on the right continues in the next row. The last ``size[1] - 1`` columns
    of the result are therefore sums over no window.

    Parameters
    ----------
    x
        An image, contiguous in memory: float64, or int32 if no sum exceeds it.
    size
        Rows and columns of a window.
    scratch
        Where the result and intermediate arrays are kept; by default new arrays.
    factor
        By which the sums are multiplied.

    Returns
    -------
    Array
        float64: one sum for each position of the window, then the columns without meaning.

    Examples
    --------
    >>> window_sums(np.arange(12.0).reshape(3, 4), (2, 3))[:, :2]
    array([[18., 24.],
           [42., 48.]])
    """
    kept = Scratch() if scratch is None else scratch
    places, columns = x.shape[0] - size[0] + 1, x.shape[1]
    total = kept.array((places, columns))
    sums = total.reshape(-1)
    with kept.frame():
        across = _along(x.reshape(-1), size[1], 1, kept)
        down = _along(across, size[0], columns, kept)
        np.multiply(down, factor, out=sums[: len(down)])
    sums[len(down) :] = 0
    return total


def additions(size: tuple[int, int]) -> int:
    """Bound the number of additions that a pixel passes through in a sum over a window.

    This is for the sums of :mod:`striate.llvm.matching.window_sums`.

    Examples
    --------
    >>> additions((1, 5)), additions((256, 256))
    (8, 54)
    """
    high, wide = size
    eights, left = divmod(wide, 8)
    return _in_blocks(high) + max(3 + _in_blocks(eights), left) + 1


def _in_blocks(length: int) -> int:
    """Bound the additions within a group, of groups, and of two parts of a window."""
    return min(length, GROUP) + -(-length // GROUP)


def _along(x: Array, length: int, step: int, scratch: Scratch) -> Array:
    """Add up ``length`` entries of a line that are ``step`` apart."""
    result = scratch.array((len(x) - (length - 1) * step,), x.dtype)
    pair = [scratch.array(x.shape, x.dtype) for _ in range(2)]  # the next sums, in turns
    offset, span, written = 0, 1, False
    while True:
        if length & span:
            here = x[offset * step : offset * step + len(result)]
            if written:
                result += here
            elif span == length:
                return here
            else:
                result[...], written = here, True
            offset += span
        if 2 * span > length:
            return result
        pair.reverse()
        doubled = pair[0][: len(x) - span * step]
        np.add(x[: -span * step], x[span * step :], out=doubled)
        x, span = doubled, 2 * span
