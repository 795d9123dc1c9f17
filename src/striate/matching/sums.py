"""The sums over each window of a tile, from which every method computes its scores."""

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


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """The sums over each window of a tile, of pixels minus a center.

    The arrays have a column for each pixel column of the tile. The last ones belong to no window
    and have arbitrary finite values.

    Parameters
    ----------
    center
        What was subtracted from each channel.
    products
        Sum of the products with the template's kernel, over all channels.
    totals
        Weighted sum of each channel, up to its factor. It is the sum over one column of each
        window; the sum over ``width`` neighbors is that of the window.
    squares
        Weighted sum of squares, over all channels; likewise.
    width
        Columns that totals and squares have yet to be added up over, or 1.
    factors
        Factor of each channel's totals: they are divided by the root of its sum of weights.
    most
        A number that no sum of squares exceeds; 0 if all errors are relative.
    rounding
        Bounds for their errors.
    scratch
        Where intermediate arrays are kept.
    """

    center: Float[Array, "channels"]
    products: Float[Array, "places_down columns"]
    totals: Float[Array, "channels places_down columns"]
    squares: Float[Array, "places_down columns"]
    width: int
    factors: Float[Array, "channels"]
    most: float
    rounding: Rounding
    scratch: Scratch
