"""Sums over the windows of pictures by machine code, and their error.

See :mod:`striate.llvm.matching.window_sums` for how they are computed.
"""

from striate.llvm.matching.scores import line_length
from striate.llvm.matching.vectors import WIDTH
from striate.llvm.matching.window_sums import GROUP
from striate.matching.program import functions
from striate.matching.scratch import Scratch
from striate.shapes import Array, Float


def column_sums(
    pixels: Float[Array, "channels rows columns"],
    used: int,
    length: int,
    totals: Float[Array, "channels places columns"],
    squares: Float[Array, "places columns"] | None,
    scratch: Scratch,
) -> None:
    """Add up pixels, and squares of all channels, along the columns of windows.

    Parameters
    ----------
    pixels
        The tile.
    used
        Number of its columns.
    length
        Rows of a window.
    totals, squares
        Receive the sums; squares aren't added up for None.
    scratch
        Memory for intermediate results.
    """
    with scratch.frame():
        functions()["column_sums"](
            pixels,
            pixels.strides[0] // pixels.itemsize,
            len(pixels),
            pixels.shape[2],
            used,
            length,
            totals.shape[1],
            totals,
            squares,
            scratch.array((length, WIDTH)),
        )


def row_sums(
    picture: Float[Array, "rows columns"], count: int, length: int, scratch: Scratch
) -> Float[Array, "rows count"]:
    """Add up neighbors along the rows.

    Parameters
    ----------
    picture
        A picture in memory of a :class:`striate.matching.scratch.Scratch`.
    count
        Number of sums of a row.
    length
        Number of neighbors that are added up.
    scratch
        Where the sums are kept.

    Returns
    -------
    Array
    """
    sums = scratch.array(picture.shape)
    with scratch.frame():
        work = scratch.array((3, line_length(count, length)))
        functions()["rows_of_sums"](picture, sums, *picture.shape, count, length, work)
    return sums[:, :count]


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
