"""Adaptive average pooling: means over windows that divide an image of any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import prod

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import PIXELS, required
from striate.functions.ways import OtherWay
from striate.functions.weight.matrix_ways import column_way, row_way
from striate.functions.weight.pixels import require_pixels
from striate.maths import windows
from striate.maths.contract import contract
from striate.maths.feature_maps import letters
from striate.maths.field_pattern import FieldPattern, complete
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class AdaptiveAveragePooling(FixedFunction):
    r"""Adaptive average pooling: an output of a fixed size, for images of any size.

    Of :math:`S` windows along :math:`R` pixels, number :math:`i` goes from
    :math:`\lfloor iR/S \rfloor` to before :math:`\lceil (i+1)R/S \rceil`.

    Parameters
    ----------
    size
        Pixels of the output, one number for all axes or one for each.

    Sources
    -------
    Wichmann 5.6 (with windows that follow the image); He et al. 2014.

    Examples
    --------
    Five pixels into three positions: windows of two pixels each, which overlap.

    >>> AdaptiveAveragePooling(size=3).apply(np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))
    array([[[1.5, 3. , 4.5]]])
    """

    size: int | tuple[int, ...] = required(PIXELS, example=7)

    linear = True
    shorthand = Shorthand(word="adaptive-average", size="size")
    layer = LayerForm(name="AdaptiveAveragePool", positional=("size",), example="7")

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        require_pixels(self, tuple(pixels))
        return (maps, *windows.per_axis(self.size, len(pixels), "size", str(self)))

    def matrices(self, pixels: Shape) -> tuple[Float[Array, "places pixels"], ...]:
        """Return, for each axis, the weight of every pixel in the mean of every window."""
        sizes = self.output_shape((1, *pixels))[1:]
        return tuple(_means(size, length) for size, length in zip(sizes, pixels, strict=True))

    def field_patterns(self, patterns: tuple[FieldPattern, ...], *shapes: Shape) -> Seen:
        """Return the receptive field of each output pixel: the union over its window."""
        lengths, places = shapes[0][1:], self.output_shape(shapes[0])[1:]
        return complete(map(FieldPattern.through_adaptive, patterns, lengths, places))

    def multiply_adds(self, *shapes: Shape) -> int:
        """Count the products of one contraction for each axis."""
        (maps, *before), (_, *after) = shapes[0], self.output_shape(shapes[0])
        return sum(maps * prod(after[: k + 1]) * prod(before[k:]) for k in range(len(before)))

    def lowering(self, *shapes: Shape) -> Lowering:
        pixels, z = shapes[0][1:], self.output_shape(shapes[0])
        rank = len(pixels)
        i, x = letters(rank)[0], "xyw"[:rank]
        names = ["a", *(f"z{k}" for k in range(rank - 1)), "z"]
        arrays = [f"{name}[q,h,{','.join(i[:k] + x[k:])}]" for k, name in enumerate(names)]
        return Lowering(
            statements=tuple(
                f"{after} += m{k}[{i[k]},{x[k]}] * {before}"
                for k, (before, after) in enumerate(pairwise(arrays))
            ),
            shapes={name: (*z[: k + 1], *pixels[k:]) for k, name in enumerate(names)},
            tables={f"m{k}": matrix for k, matrix in enumerate(self.matrices(pixels))},
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Average the pixels of each position's window.

        .. math:: z^{h}_{i,j} = \sum_{x,y} m_{i,x} m_{j,y} \, a^{h}_{x,y}

        where :math:`m_{i,x}` is one over the length of window :math:`i`, and zero outside it.

        Parameters
        ----------
        a
            Feature maps.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If the input has no pixel axes.
        OptionError
            If there is not one size for each axis.

        Sources
        -------
        He et al. 2014.
        """
        return _along_each_axis(a, self.matrices(a.shape[2:]))

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Sum, for each pixel, its share of the derivatives of all windows that contain it.

        .. math:: da^{h}_{x,y} = \sum_{i,j} m_{i,x} m_{j,y} \, dz^{h}_{i,j}

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
        Wichmann 5.7, 5.8 (corrected: it sums over the windows that contain the pixel).
        """
        return _along_each_axis(dz, [matrix.T for matrix in self.matrices(a.shape[2:])])

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix of the means: a product of those of the axes."""
        del symbol  # `d_output` tells
        (a,) = call.inputs
        q, h, *at = index
        along = zip(self.matrices(a.shape[2:]), at, strict=True)
        if d_output is None:
            row = reduce(np.multiply.outer, (matrix[i] for matrix, i in along))
            return (row_way(row.reshape(-1), a[q, h].reshape(-1), "Wichmann 5.6"),)
        column = reduce(np.multiply.outer, (matrix[:, x] for matrix, x in along))
        return (column_way(column.reshape(-1), d_output[q, h].reshape(-1), "Wichmann 5.7"),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(size=(2, 3)), inputs=((2, 4, 6),), note="windows side by side"),
            Case(function=cls(size=3), inputs=((2, 5, 7),), note="windows that overlap"),
            Case(function=cls(size=4), inputs=((1, 6),)),
            Case(function=cls(size=(1, 2, 1)), inputs=((2, 3, 3, 2),)),
        )


def _means(size: int, length: int) -> Float[Array, "places pixels"]:
    """Return a matrix with equal weights for the pixels of each window, and zeros."""
    i = np.arange(size)[:, np.newaxis]
    x = np.arange(length)
    held = (x >= i * length // size) & (x < -(-(i + 1) * length // size))
    return held / held.sum(axis=1, keepdims=True)


def _along_each_axis(a: Array, matrices: Sequence[Array]) -> Array:
    """Multiply each pixel axis by its matrix."""
    axes = letters(len(matrices))[0]
    for axis, matrix in zip(axes, matrices, strict=True):
        a = contract(f"n{axis},qh{axes}->qh{axes.replace(axis, 'n')}", matrix.astype(a.dtype), a)
    return a
