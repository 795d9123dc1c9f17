"""The rectified linear unit: negative net inputs become zero."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Relu(TransferFunction):
    """Rectified linear unit.

    Sources
    -------
    Hagan 8.49-8.53; Nair and Hinton 2010.

    Examples
    --------
    >>> Relu().apply(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """

    equation = "a[q,*x] = max(n[q,*x], 0)"
    derivative = "dn[q,*x] = where(a[q,*x] > 0, da[q,*x], 0)"
    onnx = Onnx(operator="Relu")
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these shapes; ``a`` is positive exactly where ``n`` is."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Set negative net inputs to zero.

        .. math:: a = \max(n, 0)

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
        Hagan fig. 8.12; Nair and Hinton 2010.
        """
        return np.maximum(n, 0)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Pass on the derivative where the net input is positive.

        .. math:: dn = \begin{cases} da & n > 0 \\ 0 & n \le 0 \end{cases}

        At the kink, n = 0, the slope is 0, as in PyTorch.

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
        return np.where(n > 0, da, 0)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
