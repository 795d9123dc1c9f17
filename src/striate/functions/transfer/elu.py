"""The exponential linear unit: it bends to -alpha below zero, so activations average near 0."""

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
        What the activation goes down to, without the sign.

    Raises
    ------
    OptionError
        If alpha is no finite number.

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
        """Give the equation for these shapes."""
        return Lowering.of_map(self.equation, self.derivative, shapes[0], {"alpha": self.alpha})

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Bend negative net inputs.

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
        r"""Weigh each derivative with the slope at its net input.

        .. math:: dn = \begin{cases} da & n > 0 \\ \alpha \, e^n \, da & n \le 0 \end{cases}

        At n = 0 the slope is alpha, the left side's, as in PyTorch.

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
        del a
        return np.where(n > 0, da, self.alpha * np.exp(np.minimum(n, 0)) * da)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Give small arrays of one and three axes."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(alpha=0.5), inputs=((2, 3, 4),)),
        )
