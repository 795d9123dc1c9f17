"""The hyperbolic tangent as LeCun scaled it: 1 becomes 1, and -1 becomes -1.

So targets of 1 and -1 lie where it bends most, within its range, and its gain is about 1.
"""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, TransferFunction
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class ScaledTanh(TransferFunction):
    """Scaled hyperbolic tangent.

    Sources
    -------
    Hagan 8.49-8.53; LeCun 1989; LeCun 1998.

    Examples
    --------
    >>> ScaledTanh().apply(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-1.,  0.,  1.])
    """

    equation = "a[q,*x] = 1.7159 * tanh(2 / 3 * n[q,*x])"
    derivative = "dn[q,*x] = 2 / 3 * (1.7159 - a[q,*x]**2 / 1.7159) * da[q,*x]"
    initializer = "lecun-uniform"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Give the equation for these shapes."""
        return Lowering.of_map(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Squash each net input to between -1.7159 and 1.7159.

        .. math:: a = 1.7159 \tanh \tfrac{2}{3} n

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
        Hagan fig. 8.12; LeCun 1989; LeCun 1998.
        """
        return 1.7159 * np.tanh(2 / 3 * n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Weigh each derivative with the slope at its net input.

        .. math:: dn = \tfrac{2}{3} \left( 1.7159 - \frac{a^2}{1.7159} \right) da

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
        return 2 / 3 * (1.7159 - a * a / 1.7159) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Give small arrays of one and three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
