"""The logistic function (sigmoid) between 0 and 1, which converts log-odds to probabilities."""

from dataclasses import dataclass

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.transfer.sigmoid import LOGISTIC, logistic
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Logistic(TransferFunction):
    """Logistic function.

    Sources
    -------
    Hagan 8.49-8.53; Wichmann 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> Logistic().apply(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """

    equation = f"a[q,*x] = {LOGISTIC}"
    derivative = "dn[q,*x] = a[q,*x] * (1 - a[q,*x]) * da[q,*x]"
    onnx = Onnx(operator="Sigmoid")

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Convert each net input from log-odds to a probability.

        .. math:: a = \frac{1}{1 + e^{-n}} = \frac{e^{\min(n, 0)}}{1 + e^{-|n|}}

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
        Hagan fig. 8.12; Wichmann 4.1.
        """
        return logistic(n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = a (1 - a) \, da

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
        del n  # the slope follows from the activation
        return a * (1 - a) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
