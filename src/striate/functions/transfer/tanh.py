"""The hyperbolic tangent, a sigmoid between -1 and 1 (LeCun 1998)."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Tanh(TransferFunction):
    """Hyperbolic tangent.

    Sources
    -------
    Hagan 8.49-8.53; LeCun 1998.

    Examples
    --------
    >>> Tanh().apply(np.array([0.0, np.inf]))
    array([0., 1.])
    """

    equation = "a[q,*x] = tanh(n[q,*x])"
    derivative = "dn[q,*x] = da[q,*x] * (1 - a[q,*x]**2)"
    onnx = Onnx(operator="Tanh")

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Squash each net input into the range from -1 to 1.

        .. math:: a = \tanh n

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
        Hagan fig. 8.12; LeCun 1998.
        """
        return np.tanh(n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = (1 - a^2) \, da

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
        return (1 - a * a) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
