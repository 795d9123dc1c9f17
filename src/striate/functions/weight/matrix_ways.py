"""The matrix of a layer without kernels: one way to compute an element of its results.

Pooling sums or selects the pixels of a window, so each position is a row of a matrix and each pixel
a column: entries are shares of the mean, or a single 1 at the pixel that won. Only the row or the
column that an element needs is built.
"""

from collections.abc import Sequence

import numpy as np

from striate.functions.ways import OtherWay
from striate.maths.matrices import pixels_under
from striate.maths.windows import Axis
from striate.shapes import Array, Int, Shape, Shaped


def row_way(row: Shaped[Array, "pixels"], image: Shaped[Array, "pixels"], sources: str) -> OtherWay:
    """Multiply a row of the matrix with an image as a vector."""
    how = "a row of the matrix times vec(A)"
    return OtherWay(name="matrix", how=how, sources=sources, value=float(row @ image))


def column_way(
    column: Shaped[Array, "places"], dz: Shaped[Array, "places"], sources: str
) -> OtherWay:
    """Multiply a column of the matrix with derivatives as a vector."""
    how = "a column of the matrix times vec(dZ)"
    return OtherWay(name="matrix", how=how, sources=sources, value=float(column @ dz))


def window_way(
    axes: Sequence[Axis],
    shares: Shaped[Array, "*i"],
    index: tuple[int, ...],
    *,
    a: Shaped[Array, "q h *x"],
    dz: Shaped[Array, "q h *i"] | None,
    sources: str,
) -> OtherWay:
    """Compute an element by the matrix of a sum over windows.

    Parameters
    ----------
    axes
        How the window moves.
    shares
        What the pixels under the window are multiplied by at each position.
    index
        Position of the element: image, map, pixel.
    a
        The images.
    dz
        Derivatives of the output, for an element of ``da``; ``None`` for one of ``z``.
    sources
        The equations of the texts.

    Returns
    -------
    OtherWay
    """
    under, weights = pixels_under(axes), shares.reshape(-1)
    q, h, *at = index
    if dz is None:
        image = a[q, h].reshape(-1)
        place = np.ravel_multi_index(at, [axis.output for axis in axes])
        row = np.zeros(image.size)
        np.add.at(row, under[place][under[place] >= 0], weights[place])
        return row_way(row, image, sources)
    place, _ = np.nonzero(under == np.ravel_multi_index(at, [axis.length for axis in axes]))
    column = np.zeros(weights.size)
    np.add.at(column, place, weights[place])
    return column_way(column, dz[q, h].reshape(-1), sources)


def winner_way(
    selected: Int[Array, "places"],
    places: Shape,
    index: tuple[int, ...],
    *,
    a: Shaped[Array, "q h *x"],
    dz: Shaped[Array, "q h *i"] | None,
) -> OtherWay:
    """Compute an element by the matrix that selects the winner of each window.

    Parameters
    ----------
    selected
        For each position of the window, the number of the pixel that won.
    places
        Positions of the window along each axis.
    index, a, dz
        As for :func:`window_way`.

    Returns
    -------
    OtherWay
    """
    q, h, *at = index
    if dz is None:
        place = np.ravel_multi_index(at, places) if at else 0
        return OtherWay(
            name="matrix",
            how="the pixel that wins the window",
            sources="Wichmann 5.2",
            value=float(a[q, h].reshape(-1)[selected[place]]),
        )
    won = selected == np.ravel_multi_index(at, a.shape[2:])
    return OtherWay(
        name="matrix",
        how="dZ of the windows that the pixel wins",
        sources="Wichmann 5.4",
        value=float(won @ dz[q, h].reshape(-1)),
    )
