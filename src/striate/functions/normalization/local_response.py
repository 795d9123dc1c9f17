"""Local response normalization: each pixel is divided by the strength of the maps around it."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from striate.functions.base import Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import SIZE, Range, option, required
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class LocalResponseNormalization(FixedFunction):
    """Division by a power of the mean square of the neighboring maps.

    The window of maps is centered; where ``size`` is even, it has one more map after than before
    it, as ONNX has it (PyTorch takes one more before).

    Parameters
    ----------
    size
        Maps in the window. At the first and the last maps the window is cut off, but still counts
        ``size``.
    alpha
        Weight of the mean square.
    beta
        The power.
    bias
        Added to the weighted mean square; above 0.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Krizhevsky et al. 2012 (alpha there is not divided by the size).

    Examples
    --------
    >>> kind = LocalResponseNormalization(size=3, alpha=3.0, beta=1.0)
    >>> kind.apply(np.array([[1.0, 2.0, 0.0]]))
    array([[0.16666667, 0.33333333, 0.        ]])
    """

    size: int = required(SIZE, example=5)
    alpha: float = option(1e-4, Range(least=0))
    beta: float = option(0.75, Range())
    bias: float = option(1.0, Range(above=0))

    statements = (
        "s[q,h,*x] += a[q, h + k - r, *x]**2",
        "u[q,h,*x] = bias + alpha / size * s[q,h,*x]",
        "z[q,h,*x] = a[q,h,*x] / u[q,h,*x]**beta",
    )
    derivatives = (
        "t[q,h,*x] = dz[q,h,*x] * a[q,h,*x] / u[q,h,*x]**(beta + 1)",
        "g[q,h,*x] += t[q, h - k + r, *x]",
        "d[q,h,*x] = 2 * alpha * beta / size * a[q,h,*x] * g[q,h,*x]",
        "da[q,h,*x] = dz[q,h,*x] / u[q,h,*x]**beta - d[q,h,*x]",
    )
    shorthand = Shorthand(word="local-response-norm", number="size")
    layer = LayerForm(name="LocalResponseNorm", positional=("size",), takes=(), example="5")
    onnx = Onnx(
        operator="LRN",
        attributes={"size": "size", "alpha": "alpha", "beta": "beta", "bias": "bias"},
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``a`` is divided by a power of ``u``."""
        shape = self.output_shape(shapes[0])
        return Lowering(
            statements=self.statements,
            backward={"da": self.derivatives},
            shapes=dict.fromkeys(("a", "s", "u", "z", "dz", "t", "g", "d", "da"), shape),
            constants={
                "alpha": self.alpha,
                "beta": self.beta,
                "bias": self.bias,
                "size": self.size,
                "r": self._before,
            },
            extents={"k": self.size},
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *x"]:
        r"""Divide each pixel by a power of the mean square of the maps around its own.

        .. math:: z^h = \frac{a^h}{(u^h)^\beta}, \qquad u^h = b + \frac{\alpha}{n} \sum_k (a^k)^2

        over the n maps k of the window around h.

        Parameters
        ----------
        a
            Feature maps.

        Returns
        -------
        Array
            Weight-function output.

        Sources
        -------
        Krizhevsky et al. 2012.
        """
        return a / self._strength(a) ** self.beta

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *x"]
    ) -> Float[Array, "q h *x"]:
        r"""Backpropagate, including through each map's contribution to its neighbors' divisors.

        .. math:: da^h = \frac{dz^h}{(u^h)^\beta}
            - \frac{2 \alpha \beta}{n} \, a^h \sum_k \frac{dz^k \, a^k}{(u^k)^{\beta + 1}}

        over the maps k whose windows hold h.

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
        Krizhevsky et al. 2012.
        """
        u = self._strength(a)
        t = dz * a / u ** (self.beta + 1)
        seen = _window_sum(t, self.size - 1 - self._before, self._before)
        return dz / u**self.beta - 2 * self.alpha * self.beta / self.size * a * seen

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(size=3, alpha=0.5), inputs=((5, 2, 3),)),
            Case(function=cls(size=4, alpha=1.0, beta=0.5, bias=2.0), inputs=((6, 3),)),
            Case(function=cls(size=7, alpha=0.3), inputs=((3,),), note="wider than the maps"),
        )

    @property
    def _before(self) -> int:
        """Maps of the window before its own."""
        return (self.size - 1) // 2

    def _strength(self, a: Array) -> Array:
        """Return the divisor of each pixel, before the power."""
        squares = _window_sum(a * a, self._before, self.size - 1 - self._before)
        return self.bias + self.alpha / self.size * squares


def _window_sum(a: Array, before: int, after: int) -> Array:
    """Sum each map with the maps around it; missing maps count 0."""
    padded = np.pad(a, ((0, 0), (before, after), *((0, 0),) * (a.ndim - 2)))
    return sliding_window_view(padded, before + 1 + after, axis=1).sum(axis=-1)
