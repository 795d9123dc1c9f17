"""The hyperbolic tangent with LeCun's scaling: 1 becomes 1, and -1 becomes -1.

Targets of 1 and -1 are inside its range, where its curvature is largest, and its gain is about 1.
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
    # A product of two factors, because 1.7159 - a is exactly 0 where the unit is saturated. In
    # 1.7159 - a**2 / 1.7159, the rounding error of the square would remain.
    derivative = "dn[q,*x] = 2 / 3 / 1.7159 * (1.7159 - a[q,*x]) * (1.7159 + a[q,*x]) * da[q,*x]"
    initializer = "lecun-uniform"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Squash each net input into the range from -1.7159 to 1.7159.

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
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \frac{2}{3 \cdot 1.7159} \, (1.7159 - a) (1.7159 + a) \, da

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
        return 2 / 3 / 1.7159 * (1.7159 - a) * (1.7159 + a) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
