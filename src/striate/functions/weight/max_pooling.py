"""Max pooling: each output pixel is the maximum of a window (Hagan 8.24; Wichmann 3.4.1)."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.ways import OtherWay
from striate.functions.weight import pooling
from striate.functions.weight.matrix_ways import winner_way
from striate.maths import reductions, windows
from striate.maths.matrices import pixels_under
from striate.shapes import Array, Float, Int, Shape


@dataclass(frozen=True, kw_only=True)
class MaxPooling(pooling.PoolingWindow, FixedFunction):
    """Max pooling: each output pixel is the maximum of a window.

    Of equal pixels the first in row order wins, and takes the derivative. A pixel that is not a
    number wins over all others. Padding never wins.

    Sources
    -------
    Hagan 8.24, 8.25, E8.8; Wichmann 5.2-5.5 (corrected: 5.4 takes the first maximum, 5.5 sums over
    the windows that contain the pixel).

    Examples
    --------
    >>> import numpy as np
    >>> MaxPooling(window=2).apply(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    equation = "z[q,h,*i] max= a[q,h,*(s*i + d*u - p)]"
    derivatives = (
        "k[q,h,*i] argmax= a[q,h,*(s*i + d*u - p)]",
        "da[q,h,*(s*i + d*u - p)] += where(k[q,h,*i] == ordinal(*u), dz[q,h,*i], 0)",
    )
    selects = True
    shorthand = Shorthand(word="max", size="window")
    layer = LayerForm(name="MaxPool", positional=("window",), example="2")
    onnx = Onnx(operator="MaxPool", attributes=pooling.ATTRIBUTES)

    def output_shape(self, *shapes: Shape) -> Shape:
        axes = self.axes(shapes[0][1:])
        reductions.require_seen(self, axes)
        return (shapes[0][0], *(axis.output for axis in axes))

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``k`` is the index of the largest pixel in its window."""
        axes, z = self.axes(shapes[0][1:]), self.output_shape(shapes[0])
        return Lowering(
            statements=(self.equation,),
            backward={"da": self.derivatives},
            shapes={"a": shapes[0], "z": z, "k": z},
            constants=windows.constants(axes),
            extents=pooling.extents(axes),
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Take the largest pixel under the window at each position.

        .. math:: z^{h}_{i,j} = \max_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        a
            Feature maps; pixels outside an image read minus infinity.

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
        Hagan 8.24, 8.25; Wichmann 5.2, 5.3.
        """
        axes = self.axes(a.shape[2:])
        reductions.require_seen(self, axes)
        return reductions.window_max(a, axes)

    def winners(self, a: Float[Array, "q h *x"]) -> Int[Array, "q h *i"]:
        r"""Return the index of each window's first largest pixel, in row order.

        .. math:: k^{h}_{i,j} = \arg\max_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        a
            As given to :meth:`apply`.

        Returns
        -------
        Array
            Numbers from 0 to the window's pixels less one.

        Sources
        -------
        Wichmann 5.4.

        Examples
        --------
        >>> import numpy as np
        >>> MaxPooling(window=2).winners(np.array([[[[1.0, 3.0], [3.0, 2.0]]]]))
        array([[[[1]]]])
        """
        return reductions.winners(a, self.axes(a.shape[2:]))

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Route each window's derivative to its first largest pixel.

        .. math:: da^{h}_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y}
            dz^{h}_{i,j} \, \delta_{(u,v),\, k^{h}_{i,j}}

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
        Hagan E8.8; Wichmann 5.4 (corrected: the first maximum), 5.5 (corrected: it sums over the
        windows that contain the pixel).
        """
        return reductions.route(dz, self.winners(a), self.axes(a.shape[2:]))

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix that selects the winners."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        axes = self.axes(a.shape[2:])
        q, h, *_ = index
        winner = self.winners(a[q : q + 1, h : h + 1]).reshape(-1)
        selected = pixels_under(axes)[np.arange(winner.size), winner]
        places = tuple(axis.output for axis in axes)
        return (winner_way(selected, places, index, a=a, dz=d_output),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(window=3), inputs=((2, 6, 6),), note="Hagan's figure 8.8, smaller"),
            Case(function=cls(window=3, stride=2, padding=1), inputs=((2, 6, 5),)),
            Case(
                function=cls(window=(2, 3), stride=2, dilation=(2, 1), ceil_mode=True),
                inputs=((1, 6, 6),),
            ),
            Case(function=cls(window=2, stride=1, padding="same"), inputs=((2, 3, 2, 3),)),
            Case(function=cls(window=3, stride=1), inputs=((2, 7),)),
        )
