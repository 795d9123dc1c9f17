"""Biases of net input functions: tied, untied or none (Hagan, figure 8.1)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Parameter
from striate.functions.options import OneOf
from striate.functions.ways import OtherWay
from striate.shapes import Array, Float, Shape

Bias = Literal["tied", "untied"] | None
"""One number for each feature map, one for each pixel of each map, or none.

In vectors, tied and untied are the same: one for each neuron.
"""

BIASES = OneOf(("tied", "untied", None))


def bias_parameters(bias: Bias, shape: Shape, start: float) -> dict[str, Parameter]:
    """Declare the bias of a net input of this shape.

    Parameters
    ----------
    bias
        ``"tied"``, ``"untied"`` or ``None``.
    shape
        Shape of the net input, without the image axis.
    start
        The initial value of every element.

    Returns
    -------
    dict
        ``"bias"``, or nothing.

    Sources
    -------
    Hagan 8.32, fig. 8.1.

    Examples
    --------
    >>> bias_parameters("tied", (6, 28, 28), 0.0)["bias"].shape
    (6,)
    """
    if bias is None:
        return {}
    return {"bias": Parameter(shape=shape[:1] if bias == "tied" else shape, start=start)}


def bias_reference(bias: Bias, h: str = "h") -> str:
    """Return the bias as an equation over ``n[q,h,*x]`` writes it: ``b[h]`` or ``b[h,*x]``."""
    return f"b[{h}]" if bias == "tied" else f"b[{h},*x]"


def over_pixels(b: Float[Array, "h *x"], n: Array) -> Array:
    """Reshape a bias so that it broadcasts over the pixels of a net input."""
    return b.reshape(b.shape + (1,) * (n.ndim - 1 - b.ndim))


def sum_over_pixels(dn: Array, b: Float[Array, "h *x"]) -> Float[Array, "h *x"]:
    """Sum derivatives over everything that shares a bias: images and, if tied, a map's pixels."""
    return dn.sum(axis=(0, *range(1 + b.ndim, dn.ndim)))


def ones_way(
    index: tuple[int, ...], dn: Float[Array, "q h *x"], b: Float[Array, "h *k"]
) -> OtherWay:
    """Compute a derivative of the bias as that of a weight whose input is always 1.

    Parameters
    ----------
    index
        Position in the bias.
    dn
        Derivatives of the net input.
    b
        The bias.

    Returns
    -------
    OtherWay
    """
    read = dn[(slice(None), *index[: b.ndim])].reshape(-1)
    return OtherWay(
        name="row of ones",
        how="dN times ones: the bias is a weight whose input is always 1",
        sources="Wolter 7",
        value=float(read @ np.ones(read.size)),
    )


def require_bias(kind: object, b: Array | None, bias: Bias, shape: Shape) -> None:
    """Raise if a bias does not have the shape that the net input needs."""
    expected = {name: p.shape for name, p in bias_parameters(bias, shape, 0.0).items()}.get("bias")
    given = None if b is None else b.shape
    if given != expected:
        raise ShapeError(
            f"the bias has shape {given}, but a net input of shape {shape} needs {expected}: a "
            "tied bias has one number for each map, an untied bias the shape of the net input "
            "(Hagan, figure 8.1)."
        ).about(kind)


def require_equal(kind: object, shapes: Sequence[Shape]) -> None:
    """Raise if incoming layers that are combined element by element have different shapes."""
    for shape in shapes:
        if shape != shapes[0]:
            raise ShapeError(
                f"the incoming layers must have the same shape, got {shapes[0]} and {shape}: they "
                "are combined element by element (Hagan 8.32). Use the same number of maps in "
                'both, and padding="same" or equal strides for the same size.'
            ).about(kind)
