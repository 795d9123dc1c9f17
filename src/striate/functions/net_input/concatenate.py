"""Concatenating net input function: the maps of the incoming layers, one layer after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import (
    Call,
    Case,
    Lowering,
    NetInputFunction,
    Onnx,
    Parameter,
    Shorthand,
)
from striate.functions.layer_form import LayerForm
from striate.functions.net_input import bias as biases
from striate.functions.options import option
from striate.functions.ways import OtherWay
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Concatenate(NetInputFunction):
    """Concatenation of the incoming layers along the map axis, plus a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one for each map; ``"untied"``: one for each pixel of each map; ``None``: none.

    Sources
    -------
    Hagan 8.32 (with layers side by side in place of their sum); Ronneberger et al. 2015.

    Examples
    --------
    >>> Concatenate().apply((np.array([[1.0, 2.0]]), np.array([[3.0]])), None)
    array([[1., 2., 3.]])
    """

    bias: Literal["tied", "untied"] | None = option(None, biases.BIASES)

    linear = True
    shorthand = Shorthand(word="concatenate")
    layer = LayerForm(name="Concatenate", takes=("bias", "activation"))
    onnx = Onnx(operator="Concat")

    def output_shape(self, *shapes: Shape) -> Shape:
        for shape in shapes:
            if shape[1:] != shapes[0][1:]:
                raise ShapeError(
                    f"the incoming layers must have the same pixels, got shapes {shapes[0]} and "
                    f"{shape}. {_remedy(shapes[0], shape)}"
                ).about(self)
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return biases.bias_parameters(self.bias, self.output_shape(*shapes), 0.0)

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return a copy for each incoming layer ``z0``, ``z1``, ..., to maps ``o0``, ``o1``, ..."""
        n, parameters = self.output_shape(*shapes), self.parameters(*shapes)
        statements: list[str] = []
        backward: dict[str, tuple[str, ...]] = {}
        for k in range(len(shapes)):
            h = f"h{k} + o{k}"
            added = f" + {biases.bias_reference(self.bias, h)}" if self.bias else ""
            statements.append(f"n[q, {h}, *x] = z{k}[q,h{k},*x]{added}")
            backward[f"dz{k}"] = (f"dz{k}[q,h{k},*x] = dn[q, {h}, *x]",)
        lowered = {"n": n, **{f"z{k}": shape for k, shape in enumerate(shapes)}}
        if self.bias:
            backward["db"] = (f"d{biases.bias_reference(self.bias)} += dn[q,h,*x]",)
            lowered["b"] = parameters["bias"].shape
        return Lowering(
            statements=tuple(statements),
            backward=backward,
            shapes=lowered,
            constants={f"o{k}": first for k, first in enumerate(_firsts(shapes))},
            extents={f"h{k}": shape[0] for k, shape in enumerate(shapes)},
        )

    def apply(
        self, zs: tuple[Float[Array, "q _ *x"], ...], b: Float[Array, "h *k"] | None
    ) -> Float[Array, "q h *x"]:
        r"""Concatenate the maps.

        .. math:: n^{h + o_m}_{i,j} = z^{m,h}_{i,j} + b^{h + o_m}

        where :math:`o_m` is the number of maps in front of layer :math:`m`'s.

        Parameters
        ----------
        zs
            Weight-function outputs, one for each incoming layer.
        b
            Bias.

        Returns
        -------
        Array
            Net input.

        Raises
        ------
        ShapeError
            If the incoming layers differ in their pixels, or the bias does not fit.

        Sources
        -------
        Ronneberger et al. 2015.
        """
        n = self.output_shape(*(z.shape[1:] for z in zs))
        biases.require_bias(self, b, self.bias, n)
        laid = np.concatenate(zs, axis=1)
        return laid if b is None else laid + biases.over_pixels(b, laid)

    def backward_z(
        self,
        zs: tuple[Float[Array, "q _ *x"], ...],
        b: Float[Array, "h *k"] | None,
        dn: Float[Array, "q h *x"],
    ) -> tuple[Float[Array, "q _ *x"], ...]:
        r"""Split the derivatives by the maps of the incoming layers.

        .. math:: dz^{m,h}_{i,j} = dn^{h + o_m}_{i,j}

        Parameters
        ----------
        zs, b
            As given to :meth:`apply`.
        dn
            Derivatives of the net input.

        Returns
        -------
        tuple of Array
            Derivatives of each weight-function output.

        Sources
        -------
        Hagan 8.35.
        """
        del b  # n is linear in it
        return tuple(np.split(dn, _firsts([z.shape[1:] for z in zs])[1:], axis=1))

    def backward_b(
        self,
        zs: tuple[Float[Array, "q _ *x"], ...],
        b: Float[Array, "h *k"],
        dn: Float[Array, "q h *x"],
    ) -> Float[Array, "h *k"]:
        r"""Sum the derivatives of everything that the bias was added to.

        .. math:: db^{h} = \sum_{q} \sum_{i,j} dn^{h}_{i,j}

        Parameters
        ----------
        zs, b
            As given to :meth:`apply`.
        dn
            Derivatives of the net input.

        Returns
        -------
        Array
            Derivatives of ``b``.

        Sources
        -------
        Hagan 8.36, 8.37.
        """
        del zs  # n is linear in them
        return biases.sum_over_pixels(dn, b)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute a derivative of the bias as that of a weight whose input is always 1."""
        if symbol != "db" or d_output is None:
            return ()
        return (biases.ones_way(index, d_output, call.parameters["bias"]),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((2, 3, 2), (1, 3, 2), (3, 3, 2))),
            Case(function=cls(bias="tied"), inputs=((2, 4), (3, 4))),
            Case(function=cls(bias="untied"), inputs=((2, 2, 2), (1, 2, 2))),
            Case(function=cls(bias="tied"), inputs=((4,), (3,))),
        )


def _firsts(shapes: Sequence[Shape]) -> list[int]:
    """Return, for each incoming layer, the number of maps before its own."""
    return list(accumulate((shape[0] for shape in shapes[:-1]), initial=0))


def _remedy(one: Shape, other: Shape) -> str:
    """Return what to do about two sizes; they differ by 1 if an odd size was halved."""
    pairs = list(zip(one[1:], other[1:], strict=False))
    if len(one) == len(other) and max(abs(a - b) for a, b in pairs) == 1:
        return (
            "Pooling or a stride dropped an odd row or column: use images whose rows and columns "
            "can be divided by all strides together, for example multiples of 8."
        )
    return 'Use padding="same" or equal strides, or pool the larger one.'
