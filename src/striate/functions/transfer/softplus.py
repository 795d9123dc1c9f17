"""Softplus: a smooth rectified linear unit, whose slope is the logistic function."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.transfer.sigmoid import logistic
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Softplus(TransferFunction):
    """Softplus.

    Sources
    -------
    Hagan 8.49-8.53; Dugas et al. 2001.

    Examples
    --------
    >>> Softplus().apply(np.array([-1000.0, 0.0, 30.0])).round(4)
    array([ 0.    ,  0.6931, 30.    ])
    """

    equation = "a[q,*x] = max(n[q,*x], 0) + log1p(exp(-abs(n[q,*x])))"
    derivative = "dn[q,*x] = -expm1(-a[q,*x]) * da[q,*x]"
    onnx = Onnx(operator="Softplus")
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these shapes; in terms of ``a``, the slope is 1 - exp(-a)."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Apply a smooth form of the rectified linear unit.

        .. math:: a = \ln(1 + e^n) = \max(n, 0) + \ln(1 + e^{-|n|})

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
        Hagan fig. 8.12; Dugas et al. 2001.
        """
        return np.maximum(n, 0) + np.log1p(np.exp(-np.abs(n)))

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the logistic function of its net input.

        .. math:: dn = \frac{da}{1 + e^{-n}}

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
        return logistic(n) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
