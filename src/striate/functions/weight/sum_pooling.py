"""Sum pooling: each output pixel is the sum of a window (Hagan 8.22 without its weight)."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.ways import OtherWay
from striate.functions.weight import pooling
from striate.functions.weight.matrix_ways import window_way
from striate.maths import reductions, windows
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class SumPooling(pooling.PoolingWindow, FixedFunction):
    """Sum pooling: each output pixel is the sum of a window.

    Sources
    -------
    Hagan 8.22, 8.37 (corrected: the sum, not the average).

    Examples
    --------
    >>> import numpy as np
    >>> SumPooling(window=2).apply(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[10., 18.],
           [42., 50.]])
    """

    equation = "z[q,h,*i] += a[q,h,*(s*i + d*u - p)]"
    linear = True
    shorthand = Shorthand(word="sum", size="window")
    layer = LayerForm(name="SumPool", positional=("window",), example="2")

    def lowering(self, *shapes: Shape) -> Lowering:
        axes = self.axes(shapes[0][1:])
        return Lowering(
            statements=(self.equation,),
            shapes={"a": shapes[0], "z": self.output_shape(shapes[0])},
            constants=windows.constants(axes),
            extents=pooling.extents(axes),
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Sum the pixels under the window at each position.

        .. math:: z^{h}_{i,j} = \sum_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        a
            Feature maps; pixels outside an image add nothing.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If the window does not fit.

        Sources
        -------
        Hagan 8.22.
        """
        return reductions.window_sum(a, self.axes(a.shape[2:]))

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Sum, for each pixel, the derivatives of all windows that contain it.

        .. math:: da^{h}_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y} dz^{h}_{i,j}

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
        Hagan P8.3 (with weight 1).
        """
        return reductions.spread(dz, self.axes(a.shape[2:]))

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix of the sum."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        axes = self.axes(a.shape[2:])
        ones = np.ones([axis.output for axis in axes])
        return (window_way(axes, ones, index, a=a, dz=d_output, sources="Hagan 8.22"),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(window=2), inputs=((2, 4, 5),), note="the floor loses a column"),
            Case(function=cls(window=3, stride=2, padding="same"), inputs=((2, 6, 5),)),
            Case(
                function=cls(window=(2, 3), stride=2, dilation=(2, 1), ceil_mode=True),
                inputs=((1, 6, 6),),
            ),
            Case(function=cls(window=2, padding=1), inputs=((2, 3, 4, 3),)),
        )
