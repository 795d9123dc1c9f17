"""The leaky rectified linear unit: negative net inputs become small instead of zero."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.options import Range, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class LeakyRelu(TransferFunction):
    """Leaky rectified linear unit.

    Parameters
    ----------
    slope
        Slope for negative net inputs.

    Raises
    ------
    OptionError
        If the slope isn't a finite number.

    Sources
    -------
    Hagan 8.49-8.53; Maas et al. 2013.

    Examples
    --------
    >>> LeakyRelu(slope=0.1).apply(np.array([-2.0, 0.0, 3.0]))
    array([-0.2,  0. ,  3. ])
    """

    slope: float = option(0.01, Range())

    equation = "a[q,*x] = where(n[q,*x] > 0, n[q,*x], slope * n[q,*x])"
    derivative = "dn[q,*x] = where(n[q,*x] > 0, da[q,*x], slope * da[q,*x])"
    onnx = Onnx(operator="LeakyRelu", attributes={"slope": "alpha"})
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        constants = {"slope": self.slope}
        return Lowering.elementwise(self.equation, self.derivative, shapes[0], constants)

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Multiply negative net inputs by the slope.

        .. math:: a = \begin{cases} n & n > 0 \\ \alpha \, n & n \le 0 \end{cases}

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
        Hagan fig. 8.12; Maas et al. 2013.
        """
        return np.where(n > 0, n, self.slope * n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \begin{cases} da & n > 0 \\ \alpha \, da & n \le 0 \end{cases}

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
        return np.where(n > 0, da, self.slope * da)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(slope=0.3), inputs=((2, 3, 4),)),
        )
