"""Replaces indices in expressions by affine functions of other indices."""

from collections.abc import Mapping
from functools import partial

from striate.nests.expression import (
    Arithmetic,
    Expression,
    Leaf,
    Negative,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    rewrite,
    write_terms,
)

Affine = tuple[Mapping[str, int], int]
"""An affine function of indices: the factor of each, and the offset."""


def substitute(
    expression: Expression, values: Mapping[str, Affine], extents: Mapping[str, int]
) -> Expression:
    """Replace indices in an expression by affine functions of other indices.

    Parameters
    ----------
    expression
        An expression of a nest, whose constants are numbers.
    values
        The affine function for each index to replace.
    extents
        The extents of the old indices. An ordinal becomes a sum of indices, since it is a position
        within these extents.

    Returns
    -------
    Expression
        An expression with the same value for corresponding values of the indices.

    Sources
    -------
    Hagan 8.41-8.44.

    Examples
    --------
    >>> from striate.nests import Equation
    >>> scatter = Equation.parse("da[2*i + u] += where(k[i] == ordinal(u, v), a[2*i + u, v], 0)")
    >>> solved = {"i": ({"m": 1, "u": -1}, 1), "u": ({"u": 2}, 0)}
    >>> print(substitute(scatter.expression, solved, {"u": 4, "v": 3}))
    where(k[m - u + 1] == 6 * u + v, a[2*m + 2, v], 0)
    """
    return rewrite(expression, partial(_leaf, values=values, extents=extents))


def substitute_reference(reference: Reference, values: Mapping[str, Affine]) -> Reference:
    """Replace indices in a reference."""
    subscripts = (
        Subscript(write_terms(*_linear(*s.linear(), values)), s.table) for s in reference.subscripts
    )
    return Reference(reference.name, tuple(subscripts))


def _leaf(leaf: Leaf, *, values: Mapping[str, Affine], extents: Mapping[str, int]) -> Expression:
    """Replace indices in a leaf."""
    match leaf:
        case Reference():
            return substitute_reference(leaf, values)
        case Symbol(name):
            return _written(*_linear({name: 1}, 0, values))
        case Ordinal(indices):
            strides, stride = dict[str, int](), 1
            for index in map(str, reversed(indices)):
                strides = {index: stride, **strides}
                stride *= extents[index]
            return _written(*_linear(strides, 0, values))
        case Number():
            return leaf


def _linear(multipliers: Mapping[str, int], offset: int, values: Mapping[str, Affine]) -> Affine:
    """Replace indices in a sum; terms that cancel are removed."""
    total = dict[str, int]()
    for index, by in multipliers.items():
        inner, shift = values.get(index, ({index: 1}, 0))
        offset += by * shift
        for new, times in inner.items():
            total[new] = total.get(new, 0) + by * times
    return {index: by for index, by in total.items() if by}, offset


def _written(multipliers: Mapping[str, int], offset: int) -> Expression:
    """Turn a sum of indices into an expression."""
    parts: list[tuple[bool, Expression]] = [
        (by < 0, Symbol(index) if abs(by) == 1 else Arithmetic("*", Number(abs(by)), Symbol(index)))
        for index, by in multipliers.items()
    ]
    if offset or not parts:
        parts.append((offset < 0, Number(abs(offset))))
    (negative, first), *others = parts
    total: Expression = Negative(first) if negative else first
    for negative, part in others:
        total = Arithmetic("-" if negative else "+", total, part)
    return total
