"""Summation net input function: weight-function outputs and the bias are added (Hagan 8.32)."""

from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

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
from striate.functions.net_input.chain import chained, name_of, written
from striate.functions.options import option
from striate.functions.ways import OtherWay
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Sum(NetInputFunction):
    """Sum of the incoming layers and a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one for each map; ``"untied"``: one for each pixel of each map; ``None``: none.

    Sources
    -------
    Hagan 8.32-8.37; Wichmann 4.1 (corrected: Z includes the bias); Wolter 7 (corrected: its bias is
    untied).

    Examples
    --------
    >>> z = np.zeros((1, 2, 1, 3))
    >>> Sum().apply((z,), np.array([1.0, 2.0]))[0]
    array([[[1., 1., 1.]],
           [[2., 2., 2.]]])
    """

    bias: Literal["tied", "untied"] | None = option("tied", biases.BIASES)

    linear = True
    elementwise = True
    shorthand = Shorthand(word="add")
    layer = LayerForm(name="Add", example='activation="relu"', takes=("bias", "activation"))
    onnx = Onnx(operator="Sum")

    def output_shape(self, *shapes: Shape) -> Shape:
        biases.require_equal(self, shapes)
        return shapes[0]

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return biases.bias_parameters(self.bias, self.output_shape(*shapes), 0.0)

    def lowering(self, *shapes: Shape) -> Lowering:
        n, parameters = self.output_shape(*shapes), self.parameters(*shapes)
        terms = [f"z{k}[q,h,*x]" for k in range(len(shapes))]
        backward = {f"dz{k}": (f"d{term} = dn[q,h,*x]",) for k, term in enumerate(terms)}
        lowered = dict.fromkeys(("n", *(f"z{k}" for k in range(len(shapes)))), n)
        if self.bias:
            b = biases.bias_reference(self.bias)
            terms.append(b)
            backward["db"] = (f"d{b} += dn[q,h,*x]",)
            lowered["b"] = parameters["bias"].shape
        statements = chained(terms)
        lowered |= dict.fromkeys((name_of(target) for target, _ in statements), n)
        return Lowering(statements=written("+", statements), backward=backward, shapes=lowered)

    def apply(
        self, zs: tuple[Float[Array, "q h *x"], ...], b: Float[Array, "h *k"] | None
    ) -> Float[Array, "q h *x"]:
        r"""Add everything up.

        .. math:: n^{h}_{i,j} = \sum_{m} z^{m,h}_{i,j} + b^{h}

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
            If the incoming layers differ in shape, or the bias does not fit.

        Sources
        -------
        Hagan 8.32, 8.33.
        """
        n = self.output_shape(*(z.shape[1:] for z in zs))
        biases.require_bias(self, b, self.bias, n)
        total = reduce(np.add, zs)
        return total if b is None else total + biases.over_pixels(b, total)

    def backward_z(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h *k"] | None,
        dn: Float[Array, "q h *x"],
    ) -> tuple[Float[Array, "q h *x"], ...]:
        r"""Pass the derivatives on to every incoming layer.

        .. math:: dz^{m,h}_{i,j} = dn^{h}_{i,j}

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
        Hagan 8.34, 8.35.
        """
        del b  # n is linear in it
        return (dn,) * len(zs)

    def backward_b(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h *k"],
        dn: Float[Array, "q h *x"],
    ) -> Float[Array, "h *k"]:
        r"""Sum the derivatives of everything that the bias was added to.

        .. math:: db^{h} = \sum_{q} \sum_{i,j} dn^{h}_{i,j}

        An untied bias is summed over the images only.

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
        Hagan 8.36, 8.37 (corrected: the sum, not the average); Wichmann 4.8; Wolter 7 (corrected:
        its bias is untied).
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
            Case(function=cls(), inputs=((3, 2, 4),)),
            Case(function=cls(bias="untied"), inputs=((2, 3, 2), (2, 3, 2))),
            Case(function=cls(), inputs=((5,), (5,), (5,)), note="three dense layers"),
            Case(function=cls(bias=None), inputs=((2, 4), (2, 4)), note="a residual join"),
        )
