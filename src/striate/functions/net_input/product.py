"""Product net input function: weight-function outputs and the bias are multiplied (Hagan, E8.9)."""

from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Literal

import numpy as np

from striate.functions.base import (
    Case,
    Lowering,
    NetInputFunction,
    Onnx,
    Parameter,
    Shorthand,
)
from striate.functions.layer_form import LayerForm
from striate.functions.net_input import bias as biases
from striate.functions.net_input.chain import Statements, chained, name_of, written
from striate.functions.options import option
from striate.shapes import Array, Float, Shape

_MOST_FACTORS = 8
"""Factors of one statement: each has a derivative, the product of all the others."""


@dataclass(frozen=True, kw_only=True)
class Product(NetInputFunction):
    """Elementwise product of the incoming layers and a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one factor for each map; ``"untied"``: one for each pixel of each map;
        ``None``: none.

    Sources
    -------
    Hagan E8.9.

    Examples
    --------
    >>> z = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    >>> Product().apply((z,), np.array([2.0, 10.0]))
    array([[[ 2.,  4.],
            [30., 40.]]])
    """

    bias: Literal["tied", "untied"] | None = option("tied", biases.BIASES)

    linear = True
    elementwise = True
    shorthand = Shorthand(word="multiply")
    layer = LayerForm(name="Multiply", takes=("bias", "activation"))
    onnx = Onnx(operator="Mul")

    def output_shape(self, *shapes: Shape) -> Shape:
        biases.require_equal(self, shapes)
        return shapes[0]

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return biases.bias_parameters(self.bias, self.output_shape(*shapes), 1.0)

    def lowering(self, *shapes: Shape) -> Lowering:
        n, parameters = self.output_shape(*shapes), self.parameters(*shapes)
        factors = [f"z{k}[q,h,*x]" for k in range(len(shapes))]
        lowered = dict.fromkeys(("n", *map(name_of, factors)), n)
        if self.bias:
            factors.append(biases.bias_reference(self.bias))
            lowered["b"] = parameters["bias"].shape
        statements = chained(factors, _MOST_FACTORS)
        lowered |= dict.fromkeys((name_of(target) for target, _ in statements), n)
        return Lowering(
            statements=written("*", statements), backward=_backward(statements), shapes=lowered
        )

    def apply(
        self, zs: tuple[Float[Array, "q h *x"], ...], b: Float[Array, "h *k"] | None
    ) -> Float[Array, "q h *x"]:
        r"""Multiply everything.

        .. math:: n^{h}_{i,j} = b^{h} \prod_{m} z^{m,h}_{i,j}

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
        Hagan E8.9.
        """
        n = self.output_shape(*(z.shape[1:] for z in zs))
        biases.require_bias(self, b, self.bias, n)
        product = reduce(np.multiply, zs)
        return product if b is None else product * biases.over_pixels(b, product)

    def backward_z(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h *k"] | None,
        dn: Float[Array, "q h *x"],
    ) -> tuple[Float[Array, "q h *x"], ...]:
        r"""Multiply the derivatives by all factors other than the incoming layer's own.

        .. math:: dz^{m,h}_{i,j} = b^{h} \, dn^{h}_{i,j} \prod_{k \ne m} z^{k,h}_{i,j}

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
        Hagan E8.9.
        """
        scaled = dn if b is None else dn * biases.over_pixels(b, dn)
        # What is left and right of a factor, not the product divided by it: it may be zero.
        left = list(accumulate(zs[:-1], np.multiply, initial=scaled))
        right = list(accumulate(reversed(zs[1:]), np.multiply))
        return (*map(np.multiply, left, reversed(right)), left[-1])

    def backward_b(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h *k"],
        dn: Float[Array, "q h *x"],
    ) -> Float[Array, "h *k"]:
        r"""Sum the derivatives times the product of the incoming layers, for each bias.

        .. math:: db^{h} = \sum_{q} \sum_{i,j} dn^{h}_{i,j} \prod_{m} z^{m,h}_{i,j}

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
        Hagan E8.9.
        """
        return biases.sum_over_pixels(reduce(np.multiply, zs, dn), b)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((3, 2, 4),), note="E8.9"),
            Case(function=cls(bias="untied"), inputs=((2, 3, 2), (2, 3, 2))),
            Case(function=cls(), inputs=((5,), (5,), (5,))),
            Case(function=cls(bias=None), inputs=((2, 4), (2, 4)), note="a gate"),
        )


def _backward(statements: Statements) -> dict[str, tuple[str, ...]]:
    """Write the derivatives of all factors, statement by statement, from the last to the first.

    A product of many factors is a chain of short ones, ``p = z0 * z1``, ``n = p * z2``. Its
    derivatives are those of each link: ``dp = z2 * dn``, then ``dz0 = z1 * dp``. So their number
    grows with the factors, not with their square.
    """
    backward: dict[str, tuple[str, ...]] = {}
    partial: tuple[str, ...] = ()
    for target, factors in reversed(statements):
        for factor in factors:
            others = [*(other for other in factors if other != factor), f"d{target}"]
            sign = "+=" if name_of(factor) == "b" else "="
            equation = f"d{factor} {sign} {' * '.join(others)}"
            if factor.startswith("partial"):
                partial = (*partial, equation)
            else:
                backward[f"d{name_of(factor)}"] = (*partial, equation)
                partial = ()
    return backward
