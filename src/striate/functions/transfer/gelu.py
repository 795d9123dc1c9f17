"""Gelu: each net input times the probability that a standard normal variable is below it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.options import OneOf, option
from striate.functions.transfer.sigmoid import LOGISTIC, logistic
from striate.maths.special import erf
from striate.shapes import Array, Float, Shape

# Beyond this value, the probability is exactly 0 or 1 in float64; its powers don't overflow.
_FAR = 40


@dataclass(frozen=True, kw_only=True)
class Gelu(TransferFunction):
    """Gaussian error linear unit.

    Parameters
    ----------
    approximate
        ``"none"``, or ``"tanh"`` for the formula without the error function, whose error is at most
        0.0005.

    Raises
    ------
    OptionError
        If the name of the approximation is unknown.

    Sources
    -------
    Hagan 8.49-8.53; Hendrycks and Gimpel 2016.

    Examples
    --------
    >>> n = np.array([-1.0, 0.0, 2.0])
    >>> Gelu().apply(n).round(4)
    array([-0.1587,  0.    ,  1.9545])
    >>> Gelu(approximate="tanh").apply(n).round(4)
    array([-0.1588,  0.    ,  1.9546])
    """

    approximate: Literal["none", "tanh"] = option("none", OneOf(("none", "tanh")))

    statements = ("p[q,*x] = (1 + erf(n[q,*x] / sqrt(2))) / 2", "a[q,*x] = n[q,*x] * p[q,*x]")
    derivatives = (
        "s[q,*x] = exp(-n[q,*x]**2 / 2) / sqrt(2 * pi)",
        "dn[q,*x] = (p[q,*x] + n[q,*x] * s[q,*x]) * da[q,*x]",
    )
    tanh_statements = (
        f"u[q,*x] = max(min(n[q,*x], {_FAR}), -{_FAR})",
        "v[q,*x] = 2 * sqrt(2 / pi) * (u[q,*x] + 0.044715 * u[q,*x]**3)",
        f"p[q,*x] = {LOGISTIC.replace('n[', 'v[')}",
        "a[q,*x] = n[q,*x] * p[q,*x]",
    )
    tanh_derivatives = (
        "s[q,*x] = 2 * p[q,*x] * (1 - p[q,*x]) * sqrt(2 / pi) * (1 + 0.134145 * u[q,*x]**2)",
        "dn[q,*x] = (p[q,*x] + n[q,*x] * s[q,*x]) * da[q,*x]",
    )
    onnx = Onnx(operator="Gelu", attributes={"approximate": "approximate"})
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations for these shapes; ``p`` is the probability and ``s`` its slope."""
        exact = self.approximate == "none"
        return Lowering(
            statements=self.statements if exact else self.tanh_statements,
            backward={"dn": self.derivatives if exact else self.tanh_derivatives},
            shapes=dict.fromkeys(("n", "u", "v", "p", "s", "a", "da", "dn"), shapes[0]),
            constants={"pi": math.pi},
        )

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Multiply each net input by the probability that a normal variable is below it.

        .. math:: a = n \, \Phi(n), \qquad
            \Phi(n) = \tfrac{1}{2} \left( 1 + \operatorname{erf} \tfrac{n}{\sqrt 2} \right) \approx
            \tfrac{1}{2} \left( 1 + \tanh \sqrt{\tfrac{2}{\pi}} (n + 0.044715 \, n^3) \right)

        Parameters
        ----------
        n
            Net input.

        Returns
        -------
        Array
            Activation.

        Sources
        -------
        Hagan fig. 8.12; Hendrycks and Gimpel 2016.
        """
        return n * self._probability(n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \left( \Phi(n) + n \, \Phi'(n) \right) da, \qquad
            \Phi'(n) = \frac{e^{-n^2 / 2}}{\sqrt{2 \pi}}

        or the slope of the approximation.

        Parameters
        ----------
        n, a
            Net input and activation.
        da
            Derivatives with respect to the activation.

        Returns
        -------
        Array
            Derivatives with respect to the net input.

        Sources
        -------
        Hagan 8.49-8.53.
        """
        del a
        p, u = self._probability(n), np.clip(n, -_FAR, _FAR)
        if self.approximate == "none":
            slope = np.exp(-u * u / 2) / math.sqrt(2 * math.pi)
        else:
            slope = 2 * p * (1 - p) * math.sqrt(2 / math.pi) * (1 + 0.134145 * u * u)
        return (p + n * slope) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return both forms, with one and with three axes."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(), inputs=((2, 3, 4),)),
            Case(function=cls(approximate="tanh"), inputs=((2, 3, 4),)),
        )

    def _probability(self, n: Array) -> Array:
        """Return the probability that a normal variable is below ``n``, exact or approximate."""
        if self.approximate == "none":
            return (1 + erf(n / math.sqrt(2))) / 2
        u = np.clip(n, -_FAR, _FAR)
        # (1 + tanh v) / 2 is the logistic function of 2 v, which is accurate for small results.
        return logistic(2 * math.sqrt(2 / math.pi) * (u + 0.044715 * u * u * u))
