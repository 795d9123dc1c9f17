"""Kernels of the convolution and its transpose: shapes, orientation and groups.

A convolution has ``w[output map, incoming map of the group, *window]``. Its transpose has the other
order, that of the convolution which it transposes.
"""

from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.functions.declarations import Parameter
from striate.shapes import Array, Float, Shape


def kernel_parameters(
    shape: Shape, *, groups: int, incoming: int, outgoing: int
) -> dict[str, Parameter]:
    """Declare kernels: one window for each pair of maps in a group.

    Parameters
    ----------
    shape
        Shape of the kernels: two axes of maps, then the window.
    groups, incoming, outgoing
        Numbers of groups, of incoming and of output maps.

    Returns
    -------
    dict
        The parameter ``weight``.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> kernel_parameters((4, 2, 3, 3), groups=3, incoming=6, outgoing=4)["weight"].fan_in
    18
    """
    taps = prod(shape[2:])
    return {
        "weight": Parameter(
            shape=shape,
            fan_in=incoming // groups * taps,
            fan_out=outgoing // groups * taps,
            decayed=True,
        )
    }


def require_kernels(
    kind: object, found: Shape, expected: Shape, *, incoming: int, layout: str
) -> None:
    """Raise if kernels do not fit the incoming maps.

    Parameters
    ----------
    kind
        The layer, for the error message.
    found, expected
        Shapes of the kernels.
    incoming
        Number of incoming maps.
    layout
        The axes of the kernels in words.

    Raises
    ------
    ShapeError
        If the kernels have another shape.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> require_kernels("Convolution", (3, 2, 5), (3, 2, 5), incoming=2, layout="w[h, l, *u]")
    """
    if found != expected:
        raise ShapeError(
            f"the kernels have shape {found}, but {incoming} incoming maps need {expected}. "
            f"Kernels are {layout}."
        ).about(kind)


def oriented(w: Float[Array, "m k *u"], *, flip: bool) -> Float[Array, "m k *u"]:
    """Rotate kernels by 180 degrees for a true convolution."""
    return np.flip(w, tuple(range(2, w.ndim))) if flip else w


def grouped(w: Float[Array, "m k *u"], groups: int, *, flip: bool) -> Float[Array, "g n k *u"]:
    """Split the first axis into groups, and rotate the kernels for a true convolution."""
    return oriented(w, flip=flip).reshape(groups, -1, *w.shape[1:])
