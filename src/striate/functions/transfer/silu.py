"""Silu (swish): each net input times the logistic function of itself."""

from dataclasses import dataclass

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.transfer.sigmoid import LOGISTIC, logistic
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Silu(TransferFunction):
    """Sigmoid linear unit.

    Sources
    -------
    Hagan 8.49-8.53; Elfwing et al. 2018.

    Examples
    --------
    >>> import numpy as np
    >>> Silu().apply(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    """

    statements = (f"s[q,*x] = {LOGISTIC}", "a[q,*x] = n[q,*x] * s[q,*x]")
    derivative = "dn[q,*x] = (s[q,*x] + a[q,*x] * (1 - s[q,*x])) * da[q,*x]"
    onnx = Onnx(operator="Swish")
    initializer = "he-normal"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations for these shapes; ``s`` is the logistic function."""
        return Lowering(
            statements=self.statements,
            backward={"dn": (self.derivative,)},
            shapes=dict.fromkeys(("n", "s", "a", "da", "dn"), shapes[0]),
        )

    def apply(self, n: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Multiply each net input by its logistic function.

        .. math:: a = n \, \sigma(n), \qquad \sigma(n) = \frac{1}{1 + e^{-n}}

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
        Hagan fig. 8.12; Elfwing et al. 2018.
        """
        return n * logistic(n)

    def backward_n(
        self, n: Float[Array, "q *x"], a: Float[Array, "q *x"], da: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Multiply each derivative by the slope at its net input.

        .. math:: dn = \left( \sigma(n) + a \, (1 - \sigma(n)) \right) da

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
        s = logistic(n)
        return (s + a * (1 - s)) * da

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return small inputs with one and with three axes."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
