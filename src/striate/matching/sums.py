"""The sums over each window of a tile, from which every method computes its scores."""

from collections.abc import Callable
from dataclasses import dataclass

from striate.matching.scratch import Scratch
from striate.shapes import Array, Float

UNIT = 2.0**-53
"""Largest relative error of one operation in float64."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """Bounds for the errors of a tile's sums.

    Parameters
    ----------
    products
        Largest error of a product sum.
    totals
        Largest error of a channel's sum, in addition to ``relative``.
    squares
        Largest error of a sum of squares, in addition to ``relative``.
    relative
        Largest error of a sum of squares compared with itself, and of a channel's sum compared with
        the root of the sum of squares.
    """

    products: float
    totals: float
    squares: float
    relative: float


OfRows = Callable[
    [int, int, Scratch],
    tuple[Float[Array, "channels rows columns"], Float[Array, "rows columns"]],
]
"""Computes totals and squares in the memory that it is given."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """The sums over each window of a tile, of pixels minus a center.

    The arrays have a column for each pixel column of the tile. The last ones belong to no window
    and have arbitrary values.

    Parameters
    ----------
    center
        What was subtracted from each channel.
    products
        Sum of the products with the template's kernel, over all channels.
    of_rows
        Returns totals and squares for the rows from a first to before a last one.

        Totals are the weighted sum of each channel, up to its factor, and squares the weighted sum
        of squares over all channels. They are sums over one column of each window; those over
        ``width`` neighbors are the window's.
    width
        Columns that totals and squares have yet to be added up over, or 1.
    factors
        Factor of each channel's totals: they are divided by the root of its sum of weights.
    exact
        Whether totals and squares are integers, and so is the variance times the number of pixels:
        then it is 0 for windows without variance only.
    most
        A number that no sum of squares exceeds; 0 if all errors are relative.
    rounding
        Bounds for their errors.
    scratch
        Where intermediate arrays are kept.
    """

    center: Float[Array, "channels"]
    products: Float[Array, "places_down columns"]
    of_rows: OfRows
    width: int
    factors: Float[Array, "channels"]
    exact: bool
    most: float
    rounding: Rounding
    scratch: Scratch


def complete(
    totals: Float[Array, "channels places_down columns"],
    squares: Float[Array, "places_down columns"],
) -> OfRows:
    """Return the rows of sums that have been computed for the whole tile."""
    return lambda first, last, _: (totals[:, first:last], squares[first:last])
