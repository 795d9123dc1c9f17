"""Log-softmax: the logarithm of the softmax, accurate even if a probability rounds to zero."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.transfer import over_maps
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class LogSoftmax(TransferFunction):
    """Natural logarithm of the softmax over the map axis.

    Sources
    -------
    Hagan fig. 8.11; Bridle 1990.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(LogSoftmax().apply(np.log([[1.0, 2.0, 5.0]])))
    array([[0.125, 0.25 , 0.625]])
    """

    statements = (
        *over_maps.SUMS,
        "a[q,h,*x] = n[q,h,*x] - m[q,*x] - log(t[q,*x])",
    )
    derivatives = (
        "s[q,*x] += da[q,h,*x]",
        "dn[q,h,*x] = da[q,h,*x] - exp(a[q,h,*x]) * s[q,*x]",
    )
    elementwise = False
    onnx = Onnx(operator="LogSoftmax", fixed={"axis": 1})

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations for these input shapes."""
        (shape,) = shapes
        return Lowering(
            statements=self.statements,
            backward={"dn": self.derivatives},
            shapes={
                **dict.fromkeys(("n", "a", "da", "dn"), shape),
                **over_maps.sums_shapes(shape),
                "s": shape[1:],
            },
        )

    def apply(self, n: Float[Array, "q h *x"]) -> Float[Array, "q h *x"]:
        r"""Convert the net inputs of each position to logarithms of probabilities.

        .. math:: a^h = n^h - m - \ln \sum_k e^{n^k - m}, \qquad m = \max_k n^k

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
        Hagan fig. 8.11; Bridle 1990.
        """
        return over_maps.log_softmax(n)

    def backward_n(
        self, n: Float[Array, "q h *x"], a: Float[Array, "q h *x"], da: Float[Array, "q h *x"]
    ) -> Float[Array, "q h *x"]:
        r"""Subtract from each derivative the sum of all derivatives times its probability.

        .. math:: dn^h = da^h - e^{a^h} \sum_k da^k

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
        Hagan 8.49, 8.50 (summed over the activations that depend on a net input).
        """
        del n  # the slopes follow from the activation
        return da - np.exp(a) * np.sum(da, axis=1, keepdims=True)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return a dense layer and an image."""
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((3, 2, 4),)))
