"""Softmax: probabilities over the maps of each position that sum to 1 (Hagan, figure 8.11)."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Case, Lowering, Onnx, TransferFunction
from striate.functions.transfer import over_maps
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Softmax(TransferFunction):
    """Softmax over the map axis: the neurons of a dense layer, or the maps of each pixel.

    Sources
    -------
    Hagan fig. 8.11; Bridle 1990.

    Examples
    --------
    >>> import numpy as np
    >>> Softmax().apply(np.log([[1.0, 2.0, 5.0]]))
    array([[0.125, 0.25 , 0.625]])
    """

    statements = (
        *over_maps.SUMS,
        "a[q,h,*x] = exp(n[q,h,*x] - m[q,*x]) / t[q,*x]",
    )
    derivatives = (
        "s[q,*x] += a[q,h,*x] * da[q,h,*x]",
        "dn[q,h,*x] = a[q,h,*x] * (da[q,h,*x] - s[q,*x])",
    )
    elementwise = False
    onnx = Onnx(operator="Softmax", fixed={"axis": 1})

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
        r"""Convert the net inputs of each position to probabilities.

        .. math:: a^h = \frac{e^{n^h - m}}{\sum_k e^{n^k - m}}, \qquad m = \max_k n^k

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
        return over_maps.softmax(n)

    def backward_n(
        self, n: Float[Array, "q h *x"], a: Float[Array, "q h *x"], da: Float[Array, "q h *x"]
    ) -> Float[Array, "q h *x"]:
        r"""Multiply each probability by the difference of its derivative from the mean one.

        .. math:: dn^h = a^h \left( da^h - \sum_k a^k \, da^k \right)

        Every activation depends on every net input of its position, so Hagan's elementwise
        product (8.53) isn't sufficient.

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
        return a * (da - np.sum(a * da, axis=1, keepdims=True))

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return a dense layer, an image and a single map."""
        return (
            Case(function=cls(), inputs=((5,),)),
            Case(function=cls(), inputs=((3, 2, 4),)),
            Case(function=cls(), inputs=((1, 3),), note="one map: always 1"),
        )
