"""Lp pooling: each output pixel is the p-norm of a window, from the sum toward the maximum."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from striate.functions.base import Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import Range, option
from striate.functions.weight import pooling
from striate.maths import columns, reductions, windows
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class LpPooling(pooling.PoolingWindow, FixedFunction):
    """Lp pooling: each output pixel is the p-norm of a window.

    Where a window is zero throughout, the derivative is zero, as in PyTorch. Absolute values are
    taken for every ``p``, as in ONNX.

    Parameters
    ----------
    p
        Order of the norm, at least 1.

    Sources
    -------
    Hagan 8.22, 8.24; Sermanet et al. 2012.

    Examples
    --------
    >>> LpPooling(window=2).apply(np.array([[[3.0, -4.0, 0.0, 1.0]]]))
    array([[[5., 1.]]])
    """

    p: float = option(2.0, Range(least=1))

    statements = (
        "m[q,h,*i] max= abs(a[q,h,*(s*i + d*u - p)])",
        "y[q,h,*i] = where(m[q,h,*i] > 0, min(m[q,h,*i], 1e38), 1)",
        "t[q,h,*i] += (abs(a[q,h,*(s*i + d*u - p)]) / y[q,h,*i])**e",
        "z[q,h,*i] = y[q,h,*i] * t[q,h,*i]**(1 / e)",
    )
    derivatives = (
        "r[q,h,*i] = where(z[q,h,*i] > 0, z[q,h,*i], 1)",
        (
            "da[q,h,*(s*i + d*u - p)] += sign(a[q,h,*(s*i + d*u - p)])"
            " * (abs(a[q,h,*(s*i + d*u - p)]) / r[q,h,*i])**(e - 1) * dz[q,h,*i]"
        ),
    )
    shorthand = Shorthand(word="lp", size="window")
    layer = LayerForm(name="LpPool", positional=("window",), example="2, p=3.0")
    onnx = Onnx(operator="LpPool", attributes={**pooling.ATTRIBUTES, "p": "p"})

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``e`` is the order of the norm.

        Norms are summed in units ``y`` of the window's largest pixel, so that no power overflows;
        zero and infinity measure nothing.
        """
        axes, z = self.axes(shapes[0][1:]), self.output_shape(shapes[0])
        return Lowering(
            statements=self.statements,
            backward={"da": self.derivatives},
            shapes={"a": shapes[0], **dict.fromkeys(("m", "y", "t", "z", "r"), z)},
            constants={**windows.constants(axes), "e": self.p},
            extents=pooling.extents(axes),
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Take the p-norm of the pixels under the window at each position.

        .. math:: z^{h}_{i,j} = \Bigl( \sum_{u,v}
            |a^{h}_{s i + d u - p,\; s j + d v - p}|^{e} \Bigr)^{1/e}

        with the order of the norm, the option ``p``, for :math:`e`; :math:`p` is the padding.

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
        Sermanet et al. 2012.
        """
        largest, relative = self._norms(np.abs(a), self.axes(a.shape[2:]))
        return largest * relative

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Weight the derivative of each window with the pixel's part in its norm.

        .. math:: da^{h}_{x,y} = \mathrm{sign}(a^{h}_{x,y})
            \sum_{s i + d u - p = x,\; s j + d v - p = y}
            \left( \frac{|a^{h}_{x,y}|}{z^{h}_{i,j}} \right)^{e - 1} dz^{h}_{i,j}

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
        Sermanet et al. 2012.
        """
        magnitudes, axes = np.abs(a), self.axes(a.shape[2:])
        largest, relative = self._norms(magnitudes, axes)
        single = (*dz.shape[:2], *(1 for _ in axes), *dz.shape[2:])
        parts = columns.im2col(columns.pad(magnitudes, axes), axes) / largest.reshape(single)
        parts /= np.where(relative == 0, 1, relative).reshape(single)
        routed = parts ** (self.p - 1) * dz.reshape(single)
        return np.sign(a) * columns.pad_adjoint(columns.col2im(routed, axes), axes)

    def _norms(
        self, magnitudes: Float[Array, "q h *x"], axes: Sequence[windows.Axis]
    ) -> tuple[Float[Array, "q h *i"], Float[Array, "q h *i"]]:
        """Return each window's largest pixel, and its norm divided by that pixel."""
        every = list(reductions.taps(magnitudes, axes))
        largest = reduce(np.maximum, every)
        # In these units no power leaves the range of float32. Zero and infinity measure nothing.
        largest = np.where((largest == 0) | np.isinf(largest), 1, largest)
        powers = ((tap / largest) ** self.p for tap in every)
        return largest, reduce(np.add, powers) ** (1 / self.p)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(window=2), inputs=((2, 4, 4),)),
            Case(function=cls(window=3, stride=2, padding=1, p=3.0), inputs=((2, 6, 5),)),
            Case(function=cls(window=2, stride=1, dilation=2, p=1.5), inputs=((2, 7),)),
            Case(function=cls(window=2, p=1.0), inputs=((1, 2, 4, 2),)),
        )
