"""The terms behind one element of a pass, over the maps that they read."""

from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.paint import Theme
from striate.drawing.sheet import UNIT, ColorScale, SheetTile, sheet
from striate.errors import OptionError
from striate.functions.options import COUNT, require
from striate.graph.terms import Terms
from striate.pictures.canvas import draw_scene
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_PIXEL_AXES = 2
_THINNEST = 16  # columns of the thinnest map, for each of its rows
_FLAT = 0.3  # height of a flat map of width 1


def terms(terms: Terms, *, most: int = 6, ax: "Target" = None, theme: Theme = "auto") -> "Axes":
    """Draw the terms behind one element, over the maps that they read.

    Each row is a quantity that the terms read, for example the kernels and the image. A pixel has
    the color of the sum of the terms that read it: positive sums are red and negative ones blue,
    with one scale for all rows. All pixels of a quantity add up to the element.

    Parameters
    ----------
    terms
        For example ``net.trace(x, y).terms("conv1.dW", (0, 0, 1, 2))``.
    most
        The largest number of maps of a quantity to draw: those that contribute most.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        A map is one unit wide.

    Raises
    ------
    OptionError
        If ``terms`` is not the result of ``trace.terms``, is empty, or is a maximum or minimum.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.12.

    Examples
    --------
    >>> import numpy as np
    >>> import striate as st
    >>> net = st.Network.parse("conv 1@2x2 | flatten | softmax", (3, 3, 1))
    >>> trace = net.trace(np.arange(9.0).reshape(1, 3, 3, 1), [0])
    >>> ax = st.pictures.terms(trace.terms("conv1.dW", (0, 0, 1, 1)))
    >>> ax.get_title("left").partition(" = ")[0]
    'conv1.dW[0, 0, 1, 1]'
    """
    require("most", most, COUNT, example=6)
    if not isinstance(terms, Terms):
        raise OptionError(
            f"`terms` must be the result of trace.terms, got a {type(terms).__name__}. Try "
            'net.trace(x, y).terms("conv1.dW", (0, 0, 0, 0)).'
        )
    if not len(terms) or terms.operator != "sum":
        found = f"is the {terms.operator} of {len(terms)} terms" if len(terms) else "has no terms"
        position = ", ".join(map(str, terms.position))
        raise OptionError(
            f"Only sums of terms can be drawn, but {terms.name}[{position}] {found}. "
            "Use print(terms) instead."
        )
    sums = {name: terms.over(name) for name in terms.quantities}
    scale = ColorScale(
        limit=ColorScale.of(np.concatenate([a.ravel() for a in sums.values()])).limit, signed=True
    )
    rows = {name: _tiles(scale, values, most) for name, values in sums.items()}
    across = max(map(len, rows.values()))
    tiles: list[SheetTile | None] = []
    for row in rows.values():
        tiles += [*row, *[None] * (across - len(row))]
    position = ", ".join(map(str, terms.position))
    heading = f"{terms.name}[{position}] = {terms.value:.4g}, the sum of {len(terms)} terms"
    # Maps of signals are flat, so there is room for wide ones.
    flat = max(tile.height for row in rows.values() for tile in row) < _FLAT
    unit = max(1.2, 5 / across) * UNIT if flat else 1.2 * UNIT
    scene = sheet(tiles, across, about=f"{heading}.", scale=scale, row_names=list(rows), unit=unit)
    return draw_scene(scene, ax, theme, heading)


def _tiles(scale: ColorScale, sums: Array, most: int) -> list[SheetTile]:
    """Return the maps of a quantity that contribute most, in their order, with their positions."""
    pixels = sums.shape[-_PIXEL_AXES:] if sums.ndim > _PIXEL_AXES else (1, sums.shape[-1])
    maps = sums.reshape(-1, *pixels)
    size = np.abs(maps).sum(axis=(1, 2))
    chosen = np.sort(np.argsort(-size, kind="stable")[: min(most, max(1, int((size > 0).sum())))])
    lead = sums.shape[:-_PIXEL_AXES] if sums.ndim > _PIXEL_AXES else sums.shape[:-1]
    tiles: list[SheetTile] = []
    for number in chosen:
        index = np.unravel_index(int(number), lead) if lead else ()
        above = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        thick = max(1, round(pixels[1] / (_THINNEST * pixels[0])))
        tiles.append(scale.tile(np.repeat(maps[number], thick, axis=0), above=above))
    return tiles
