"""The exponential linear unit: it approaches -alpha, so that activations average near 0."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.options import Range, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Elu(TransferFunction):
    """Exponential linear unit.

    Parameters
    ----------
    alpha
        The negative of the limit for large negative net inputs.

    Raises
    ------
    OptionError
        If alpha isn't a finite number.

    Sources
    -------
    Hagan 8.49-8.53; Clevert et al. 2016.

    Examples
    --------
    >>> Elu().apply(np.array([-1000.0, 0.0, 3.0]))
    array([-1.,  0.,  3.])
    """

    alpha: float = option(1.0, Range())

    equation = "a[q,*x] = max(n[q,*x], 0) + alpha * expm1(min(n[q,*x], 0))"
    derivative = "dn[q,*x] = where(n[q,*x] > 0, da[q,*x], alpha * exp(min(n[q,*x], 0)) * da[q,*x])"
    onnx = Onnx(operator="Elu", attributes={"alpha": "alpha"})
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation for these input shapes."""
        constants = {"alpha": self.alpha}
        return Lowering.elementwise(self.equation, self.derivative, shapes[0], constants)

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Let negative net inputs approach -alpha.

        .. math:: a = \max(n, 0) + \alpha \left( e^{\min(n, 0)} - 1 \right)

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
        Hagan fig. 8.12; Clevert et al. 2016.
        """
        return np.maximum(n, 0) + self.alpha * np.expm1(np.minimum(n, 0))

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \begin{cases} da & n > 0 \\ \alpha \, e^n \, da & n \le 0 \end{cases}

        At n = 0, the slope is alpha, that of the left side, as in PyTorch.

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
        return np.where(n > 0, da, self.alpha * np.exp(np.minimum(n, 0)) * da)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(alpha=0.5), inputs=((2, 3, 4),)),
        )
