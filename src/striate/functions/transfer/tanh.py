"""The hyperbolic tangent: an S between -1 and 1 (LeCun 1998)."""

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
        """Give the equation for these shapes."""
        return Lowering.of_map(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Squash each net input.

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
        r"""Weigh each derivative with the slope at its net input.

        .. math:: dn = (1 - a^2) \, da

        Parameters
        ----------
        n, a
            Net input and activation.
        da
            Derivatives of the activation.

        Returns
        -------
        Array
            Derivatives of the net input.

        Sources
        -------
        Hagan 8.49-8.53.
        """
        del n  # the slope follows from the activation
        return (1 - a * a) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Give small arrays of one and three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
