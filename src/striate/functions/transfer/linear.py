"""The identity, for regression and for layers that only combine others."""

from dataclasses import dataclass

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Linear(TransferFunction):
    """Linear transfer function: the activation is the net input.

    Sources
    -------
    Hagan 8.49-8.53; Wichmann 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> Linear().apply(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """

    linear = True
    equation = "a[q,*x] = n[q,*x]"
    derivative = "dn[q,*x] = da[q,*x]"
    onnx = Onnx(operator="Identity")

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        return Lowering.elementwise(self.equation, self.derivative, shapes[0])

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Return the net input unchanged.

        .. math:: a = n

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
        return n

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Return the derivatives unchanged.

        .. math:: dn = da

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
        del n, a  # the slope is 1 everywhere
        return da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
