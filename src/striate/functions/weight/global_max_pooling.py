"""Global max pooling: each map becomes one number, its largest pixel."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Onnx, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.ways import OtherWay
from striate.functions.weight.matrix_ways import winner_way
from striate.functions.weight.pixels import require_pixels
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class GlobalMaxPooling(FixedFunction):
    """Global max pooling: the largest pixel of each map, for images of any size.

    Of equal pixels the first in row order takes the derivative.

    Sources
    -------
    Hagan 8.24 (with a window as large as the map); Wichmann 5.2-5.5 (corrected: 5.4 takes the
    first maximum, 5.5 sums over the windows that contain the pixel).

    Examples
    --------
    >>> GlobalMaxPooling().apply(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 7.]])
    """

    equation = "z[q,h] max= a[q,h,*x]"
    derivatives = (
        "k[q,h] argmax= a[q,h,*x]",
        "da[q,h,*x] = where(k[q,h] == ordinal(*x), dz[q,h], 0)",
    )
    selects = True
    shorthand = Shorthand(word="global-max")
    layer = LayerForm(name="GlobalMaxPool")
    onnx = Onnx(operator="GlobalMaxPool")

    def output_shape(self, *shapes: Shape) -> Shape:
        require_pixels(self, shapes[0][1:])
        return shapes[0][:1]

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],  # noqa: ARG002  # whatever they are
        *shapes: Shape,  # noqa: ARG002
    ) -> Seen:
        """See everything: the largest of all pixels."""
        return "everything"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``k`` is the index of the largest pixel in its map."""
        z = self.output_shape(shapes[0])
        return Lowering(
            statements=(self.equation,),
            backward={"da": self.derivatives},
            shapes={"a": shapes[0], "z": z, "k": z},
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h"]:
        r"""Take the largest pixel of each map.

        .. math:: z^{h} = \max_{x,y} a^{h}_{x,y}

        Parameters
        ----------
        a
            Feature maps.

        Returns
        -------
        Array
            One number for each map.

        Sources
        -------
        Hagan 8.24; Wichmann 5.2.
        """
        return a.max(axis=tuple(range(2, a.ndim)))

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h"]
    ) -> Float[Array, "q h *x"]:
        r"""Route each map's derivative to its first largest pixel.

        .. math:: da^{h}_{x,y} = dz^{h} \, \delta_{(x,y),\, \arg\max a^{h}}

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan E8.8; Wichmann 5.4 (corrected: the first maximum), 5.5 (corrected: it sums over the
        windows that contain the pixel).
        """
        vectors = a.reshape(*a.shape[:2], -1)
        da = np.zeros_like(vectors)
        winner = vectors.argmax(axis=2, keepdims=True)
        np.put_along_axis(da, winner, dz[..., np.newaxis], axis=2)
        return da.reshape(a.shape)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix that selects the winner."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        q, h, *_ = index
        selected = a[q, h].reshape(1, -1).argmax(axis=1)
        return (winner_way(selected, (), index, a=a, dz=d_output),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((3, 4, 5),)),
            Case(function=cls(), inputs=((2, 6),)),
            Case(function=cls(), inputs=((2, 2, 3, 2),)),
        )
