"""The cost of a nest: terms, multiply-adds and bytes, counted without computing it."""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.nests.expression import (
    Arithmetic,
    Expression,
    FunctionCall,
    Negative,
    Reference,
    Where,
    factors,
    operands,
)
from striate.nests.nest import Guard, Nest, NestProgram


@dataclass(frozen=True)
class Cost:
    """Arithmetic and memory traffic of a nest or a program; costs can be added.

    Parameters
    ----------
    terms
        Terms that exist; those that read outside an array are not counted.
    terms_bound
        All combinations of the indices, an upper bound of ``terms``.
    multiply_adds, multiply_adds_bound
        Products of arrays that are added up, for each term that exists, and for each combination.
    operations
        Arithmetic operations, function calls and additions to the target; a multiply-add counts as
        two.
    bytes_read, bytes_written
        Bytes of the arrays that are read, and of the target, each counted once: the least possible
        traffic.

    Sources
    -------
    Hagan 8.20, 8.38; Wichmann 3.1.
    """

    terms: int = 0
    terms_bound: int = 0
    multiply_adds: int = 0
    multiply_adds_bound: int = 0
    operations: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def intensity(self) -> float:
        """Operations per byte."""
        moved = self.bytes_read + self.bytes_written
        return self.operations / moved if moved else 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            terms=self.terms + other.terms,
            terms_bound=self.terms_bound + other.terms_bound,
            multiply_adds=self.multiply_adds + other.multiply_adds,
            multiply_adds_bound=self.multiply_adds_bound + other.multiply_adds_bound,
            operations=self.operations + other.operations,
            bytes_read=self.bytes_read + other.bytes_read,
            bytes_written=self.bytes_written + other.bytes_written,
        )


def cost(nest: Nest | NestProgram, *, item_bytes: int = 4) -> Cost:
    """Count the cost of a nest or a program.

    Parameters
    ----------
    nest
        A valid nest or program.
    item_bytes
        Size of an element in bytes.

    Returns
    -------
    Cost
        Exact counts, except that every look-up in a table counts as inside the array, since the
        nest doesn't hold the tables.

    Sources
    -------
    Hagan 8.20, 8.38; Wichmann 3.1.

    Examples
    --------
    The first convolution of LeNet-5, one image of 32 x 32 pixels:

    >>> from striate.nests.bind import bind
    >>> shapes = {"w": (6, 1, 5, 5), "a": (1, 1, 32, 32), "z": (1, 6, 28, 28)}
    >>> cost(bind("z[q,h,*i] += w[h,l,*u] * a[q,l,*(i + u)]", shapes=shapes)).multiply_adds
    117600
    """
    if isinstance(nest, NestProgram):
        return sum((cost(n, item_bytes=item_bytes) for n in nest.nests), Cost())
    equation = nest.equation
    terms, bound = count_terms(nest), prod(nest.extents.values())
    arrays = [f for f in factors(equation.expression) if isinstance(f, Reference)]
    multiplies = equation.operator == "+=" and len(arrays) > 1
    accumulates = equation.operator != "="
    return Cost(
        terms=terms,
        terms_bound=bound,
        multiply_adds=terms * multiplies,
        multiply_adds_bound=bound * multiplies,
        operations=terms * (_operations(equation.expression) + accumulates),
        bytes_read=item_bytes * sum(prod(nest.shapes[name]) for name in nest.sources),
        bytes_written=item_bytes * prod(nest.shapes[nest.target]),
    )


def count_terms(nest: Nest) -> int:
    """Count the terms that exist.

    Guards that share an index are counted together, over the combinations of their indices alone;
    counts of groups without a common index are multiplied. So the two axes of an image take time in
    proportion to the sum of their sizes, not to the product.

    Parameters
    ----------
    nest
        A valid nest.

    Returns
    -------
    int
        Combinations of the indices for which every reference is inside its array.

    Sources
    -------
    Hagan 8.38, 8.40.

    Examples
    --------
    Three output pixels under a window of three, one pixel of padding: 2 + 3 + 2.

    >>> from striate.nests.bind import bind
    >>> shapes = {"w": (3,), "a": (3,), "z": (3,)}
    >>> count_terms(bind("z[i] += w[u] * a[i + u - 1]", shapes=shapes))
    7
    """
    groups = list[tuple[set[str], list[Guard]]]()
    for guard in nest.guards():
        if guard.subscript.table is not None:
            continue
        indices, together = set(guard.subscript.linear()[0]), [guard]
        for group in [g for g in groups if not g[0].isdisjoint(indices)]:
            groups.remove(group)
            indices |= group[0]
            together += group[1]
        groups.append((indices, together))
    free = set(nest.extents).difference(*(indices for indices, _ in groups))
    counts = [_count_box(nest, sorted(indices), guards) for indices, guards in groups]
    return prod([*(nest.extents[index] for index in free), *counts])


def _count_box(nest: Nest, order: list[str], guards: list[Guard]) -> int:
    """Count the combinations of a few indices that satisfy all guards.

    Every guard is linear, so for fixed values of the other indices it allows an interval of the
    longest index. Only the others are listed: a window on a million pixels costs a window's time.
    """
    longest = max(order, key=lambda index: nest.extents[index])
    others = [index for index in order if index != longest]
    grid = np.indices([nest.extents[index] for index in others], np.int64, sparse=True)
    low = np.zeros([nest.extents[index] for index in others], np.int64)
    high = np.full_like(low, nest.extents[longest])
    for guard in guards:
        multipliers, offset = guard.subscript.linear()
        rest = np.full_like(low, offset)
        for index, by in multipliers.items():
            if index != longest:
                rest = rest + by * grid[others.index(index)]
        by = multipliers.get(longest, 0)
        if by == 0:
            high = np.where((rest >= 0) & (rest < guard.length), high, 0)
        elif by > 0:  # 0 <= by * i + rest < length
            low = np.maximum(low, -(rest // by))
            high = np.minimum(high, -((rest - guard.length) // by))
        else:
            low = np.maximum(low, (rest - guard.length) // -by + 1)
            high = np.minimum(high, rest // -by + 1)
    return int(np.maximum(high - low, 0).sum())


def _operations(expression: Expression) -> int:
    """Count operations and function calls of an expression; a ``where`` counts as two."""
    match expression:
        case Where():
            own = 2
        case Arithmetic() | Negative() | FunctionCall():
            own = 1
        case _:
            own = 0
    return own + sum(_operations(operand) for operand in operands(expression))
