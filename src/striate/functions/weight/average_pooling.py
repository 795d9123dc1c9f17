"""Average pooling: each output pixel is the mean of a window (Wichmann 3.4.2).

It is Hagan 8.22 with the weight held at 1/(rc).
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from striate.functions.base import Call, Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import OneOf, option
from striate.functions.ways import OtherWay
from striate.functions.weight import pooling
from striate.functions.weight.matrix_ways import window_way
from striate.maths import reductions, windows
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class AveragePooling(pooling.PoolingWindow, FixedFunction):
    """Average pooling: each output pixel is the mean of a window.

    Parameters
    ----------
    divisor
        What the sum of a window at the edge is divided by: ``"inside"``, its pixels on the image,
        or ``"window"``, its pixels on the image and the padding. What ceil mode adds never counts.

    Sources
    -------
    Wichmann 5.6-5.8 (corrected: 5.6 with the stride, 5.8 sums over the windows that contain the
    pixel); Hagan 8.22, 8.23.

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling(window=2).apply(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    divisor: Literal["inside", "window"] = option("inside", OneOf(("inside", "window")))

    equation = "z[q,h,*i] += share[*i] * a[q,h,*(s*i + d*u - p)]"
    linear = True
    shorthand = Shorthand(word="average", size="window")
    layer = LayerForm(
        name="AveragePool", positional=("window",), example="2", takes=("bias", "activation")
    )
    onnx = Onnx(
        operator="AveragePool",
        attributes={**pooling.ATTRIBUTES, "divisor": "count_include_pad"},
    )

    def share(self, axes: tuple[windows.Axis, ...]) -> Float[Array, "*i"]:
        """Return the weight of the pixels under each window: one over their number."""
        if self.divisor == "inside":
            reductions.require_seen(self, axes)
        return reductions.shares(axes, padding=self.divisor == "window")

    def output_shape(self, *shapes: Shape) -> Shape:
        axes = self.axes(shapes[0][1:])
        if self.divisor == "inside":
            reductions.require_seen(self, axes)
        return (shapes[0][0], *(axis.output for axis in axes))

    def multiply_adds(self, *shapes: Shape) -> int:
        """Count the products of a pixel with its share."""
        maps, *pixels = shapes[0]
        return maps * prod(map(reductions.seen_in_all, self.axes(tuple(pixels))))

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation; ``share`` is a constant array."""
        axes = self.axes(shapes[0][1:])
        share = self.share(axes)
        return Lowering(
            statements=(self.equation,),
            shapes={"a": shapes[0], "z": self.output_shape(shapes[0])},
            constants=windows.constants(axes),
            extents=pooling.extents(axes),
            tables={"share": share},
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Average the pixels under the window at each position.

        .. math:: z^{h}_{i,j} = \frac{1}{c_{i,j}} \sum_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

        where :math:`c_{i,j}` is :math:`r c` for a window that lies on the image; ``divisor`` says
        what it is at the edge.

        Parameters
        ----------
        a
            Feature maps.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If the window does not fit, or one holds no pixel of the image.

        Sources
        -------
        Wichmann 5.6 (corrected: with the stride); Hagan 8.22, 8.23.
        """
        axes = self.axes(a.shape[2:])
        return self.share(axes).astype(a.dtype) * reductions.window_sum(a, axes)

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Sum, for each pixel, its share of the derivatives of all windows that contain it.

        .. math:: da^{h}_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y}
            \frac{dz^{h}_{i,j}}{c_{i,j}}

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Wichmann 5.7, 5.8 (corrected: it sums over the windows that contain the pixel); Hagan P8.3.
        """
        axes = self.axes(a.shape[2:])
        return reductions.spread(self.share(axes).astype(dz.dtype) * dz, axes)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix of the average."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        axes = self.axes(a.shape[2:])
        share, sources = self.share(axes), "Wichmann 5.7"
        return (window_way(axes, share, index, a=a, dz=d_output, sources=sources),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(window=2), inputs=((2, 4, 6),), note="LeNet-5's"),
            Case(function=cls(window=3, stride=2, padding=1, ceil_mode=True), inputs=((2, 6, 5),)),
            Case(
                function=cls(window=(3, 2), stride=2, padding=1, ceil_mode=True, divisor="window"),
                inputs=((2, 6, 4),),
            ),
            Case(function=cls(window=2, dilation=3, stride=1), inputs=((2, 8),)),
            Case(function=cls(window=2, stride=1, padding="same"), inputs=((1, 3, 2, 3),)),
        )
