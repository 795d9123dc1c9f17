"""Global average pooling: each map becomes one number, its mean (Lin et al. 2014)."""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Onnx, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.ways import OtherWay
from striate.functions.weight.matrix_ways import column_way, row_way
from striate.functions.weight.pixels import require_pixels
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class GlobalAveragePooling(FixedFunction):
    """Global average pooling: the mean of each map, for images of any size.

    Sources
    -------
    Hagan 8.37 (there the sum); Lin et al. 2014.

    Examples
    --------
    >>> GlobalAveragePooling().apply(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """

    equation = "z[q,h] += share * a[q,h,*x]"
    linear = True
    shorthand = Shorthand(word="global-average")
    layer = LayerForm(name="GlobalAveragePool")
    onnx = Onnx(operator="GlobalAveragePool")

    def output_shape(self, *shapes: Shape) -> Shape:
        require_pixels(self, shapes[0][1:])
        return shapes[0][:1]

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],  # noqa: ARG002  # whatever they are
        *shapes: Shape,  # noqa: ARG002
    ) -> Seen:
        """See everything: the mean of all pixels."""
        return "everything"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation; ``share`` is one over the number of pixels."""
        return Lowering(
            statements=(self.equation,),
            shapes={"a": shapes[0], "z": self.output_shape(shapes[0])},
            constants={"share": 1 / prod(shapes[0][1:])},
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h"]:
        r"""Average the pixels of each map.

        .. math:: z^{h} = \frac{1}{R C} \sum_{x,y} a^{h}_{x,y}

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
        Lin et al. 2014.
        """
        return a.mean(axis=tuple(range(2, a.ndim)))

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h"]
    ) -> Float[Array, "q h *x"]:
        r"""Distribute each map's derivative equally over its pixels.

        .. math:: da^{h}_{x,y} = \frac{1}{R C} \, dz^{h}

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
        Wichmann 5.7; Hagan P8.3.
        """
        pixels = a.shape[2:]
        share = dz / prod(pixels)
        return np.broadcast_to(share.reshape(*dz.shape, *(1 for _ in pixels)), a.shape).copy()

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix of the mean, which has one row."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        q, h, *_ = index
        image = a[q, h].reshape(-1)
        row = np.ones(image.shape) / image.size
        if d_output is None:
            return (row_way(row, image, "Wichmann 5.7"),)
        return (column_way(row[:1], d_output[q, h, np.newaxis], "Wichmann 5.7"),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((3, 4, 5),)),
            Case(function=cls(), inputs=((2, 6),)),
            Case(function=cls(), inputs=((2, 2, 3, 2),)),
        )
