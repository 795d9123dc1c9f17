"""The scaled exponential linear unit: it keeps mean 0 and variance 1 from layer to layer.

Its two constants are the solution of this condition for normal net inputs.
"""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.options import Range, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Selu(TransferFunction):
    """Scaled exponential linear unit.

    Parameters
    ----------
    alpha, scale
        Factors of the exponential and of the whole function; only the paper's constants keep mean
        and variance.

    Raises
    ------
    OptionError
        If one of them isn't a finite number.

    Sources
    -------
    Hagan 8.49-8.53; Klambauer et al. 2017.

    Examples
    --------
    >>> Selu().apply(np.array([-1000.0, 0.0, 1.0])).round(4)
    array([-1.7581,  0.    ,  1.0507])
    """

    alpha: float = option(1.6732632423543772, Range())
    scale: float = option(1.0507009873554805, Range())

    equation = "a[q,*x] = scale * (max(n[q,*x], 0) + alpha * expm1(min(n[q,*x], 0)))"
    derivative = (
        "dn[q,*x] = scale * where(n[q,*x] > 0, da[q,*x], alpha * exp(min(n[q,*x], 0)) * da[q,*x])"
    )
    onnx = Onnx(operator="Selu", attributes={"alpha": "alpha", "scale": "gamma"})
    initializer = "lecun-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(
            self.equation, self.derivative, shapes[0], {"alpha": self.alpha, "scale": self.scale}
        )

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Let negative net inputs approach a limit, and scale all of them.

        .. math:: a = \lambda \left( \max(n, 0) + \alpha \left( e^{\min(n, 0)} - 1 \right) \right)

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
        Hagan fig. 8.12; Klambauer et al. 2017.
        """
        return self.scale * (np.maximum(n, 0) + self.alpha * np.expm1(np.minimum(n, 0)))

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \begin{cases} \lambda \, da & n > 0 \\
            \lambda \, \alpha \, e^n \, da & n \le 0 \end{cases}

        At the kink, n = 0, the slope is that of the left side, as in PyTorch.

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
        return self.scale * np.where(n > 0, da, self.alpha * np.exp(np.minimum(n, 0)) * da)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(alpha=2.0, scale=3.0), inputs=((2, 3, 4),)),
        )
