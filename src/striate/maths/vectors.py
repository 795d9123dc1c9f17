"""Images as vectors: row by row as NumPy stores them, or column by column as Hagan stacks them."""

from math import prod
from typing import Literal

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.shapes import Array, Shape, Shaped

Order = Literal["rows", "columns"]
"""Row by row, as NumPy stores arrays, or column by column, as Hagan stacks them."""


def vec(a: Shaped[Array, "..."], order: Order = "rows") -> Shaped[Array, "n"]:
    r"""Convert feature maps to one vector, map by map.

    .. math:: vec(\mathbf{A}) = \left[ (\mathbf{a}_1^1)^T (\mathbf{a}_2^1)^T \cdots
        (\mathbf{a}_{S_c}^1)^T (\mathbf{a}_1^2)^T \cdots (\mathbf{a}_{S_c}^H)^T \right]^T

    Parameters
    ----------
    a
        An image, or feature maps ``[map, row, column]``.
    order
        ``"rows"`` gives (map, row, column), as PyTorch and ONNX do; ``"columns"`` stacks the
        columns of each map, (map, column, row), which is Hagan's equation.

    Returns
    -------
    Array
        All pixels along one axis.

    Raises
    ------
    OptionError
        If there is no such order.

    Sources
    -------
    Hagan 8.26.

    Examples
    --------
    >>> image = np.array([[1, 2, 3], [4, 5, 6]])
    >>> vec(image), vec(image, "columns")
    (array([1, 2, 3, 4, 5, 6]), array([1, 4, 2, 5, 3, 6]))
    """
    return _ordered(np.asarray(a), order).reshape(-1)


def unvec(vector: Shaped[Array, "n"], shape: Shape, order: Order = "rows") -> Shaped[Array, "..."]:
    """Convert a vector back to feature maps: the inverse of :func:`vec`.

    Parameters
    ----------
    vector
        All pixels along one axis.
    shape
        Of the feature maps: ``(maps, rows, columns)``, or ``(rows, columns)`` for one image.
    order
        As given to :func:`vec`.

    Returns
    -------
    Array
        Feature maps.

    Raises
    ------
    ShapeError
        If the shape does not hold as many pixels as the vector.
    OptionError
        If there is no such order.

    Sources
    -------
    Hagan 8.26.

    Examples
    --------
    >>> unvec(np.array([1, 4, 2, 5, 3, 6]), (2, 3), "columns")
    array([[1, 2, 3],
           [4, 5, 6]])
    """
    vector = np.asarray(vector)
    if vector.shape != (prod(shape),):
        raise ShapeError(
            f"`vector` has shape {vector.shape}, but an image of shape {tuple(shape)} has "
            f"{prod(shape)} pixels. Use the shape that the image had."
        )
    flipped = (*shape[:-2], *shape[:-3:-1]) if order == "columns" else shape
    return _ordered(vector.reshape(flipped), order)


def _ordered(a: Array, order: Order) -> Array:
    """Exchange rows and columns for column order."""
    if order not in {"rows", "columns"}:
        raise OptionError(
            f'`order` must be "rows" (map, row, column) or "columns" (map, column, row; Hagan '
            f'8.26), got "{order}".'
        )
    return a.swapaxes(-1, -2) if order == "columns" and a.ndim > 1 else a
