"""Hard swish: silu with a piecewise linear function instead of the logistic function."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class HardSwish(TransferFunction):
    """Hard swish.

    Sources
    -------
    Hagan 8.49-8.53; Howard et al. 2019.

    Examples
    --------
    >>> HardSwish().apply(np.array([-4.0, 1.5, 4.0]))
    array([-0.   ,  1.125,  4.   ])
    """

    equation = "a[q,*x] = n[q,*x] * max(min(n[q,*x] / 6 + 0.5, 1), 0)"
    derivative = (
        "dn[q,*x] = where(n[q,*x] <= -3, 0, where(n[q,*x] < 3, n[q,*x] / 3 + 0.5, 1)) * da[q,*x]"
    )
    onnx = Onnx(operator="HardSwish")
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Multiply each net input by a factor that rises from 0 to 1 between -3 and 3.

        .. math:: a = n \, \min(\max(\tfrac{n}{6} + \tfrac{1}{2}, 0), 1)

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
        Hagan fig. 8.12; Howard et al. 2019.
        """
        return n * np.clip(n / 6 + 0.5, 0, 1)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \begin{cases} 0 & n \le -3 \\
            \left( \tfrac{n}{3} + \tfrac{1}{2} \right) da & -3 < n < 3 \\
            da & n \ge 3 \end{cases}

        At the kinks, the slope is that of the outer side, 0 or 1, as in PyTorch.

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
        return np.where(n <= -3, 0, np.where(n < 3, (n / 3 + 0.5) * da, da))

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
