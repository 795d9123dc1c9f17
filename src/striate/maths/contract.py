"""Sums of products over named axes, as matrix products.

``contract("ghluv,qgluvij->qghij", w, columns)`` is ``np.einsum`` with the same string, arranged so
that the work is done by matrix multiplication. Indices play the roles of a matrix product: kept by
the left operand (M), by the right (N), by both (B, a batch), or summed (K).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from striate.shapes import Array


@dataclass(frozen=True)
class _Plan:
    """Which axes go where: ``head`` comes first in all three arrays, then rows, then columns."""

    left: str
    right: str
    target: str
    head: str
    rows: str
    columns: str
    summed: str


@lru_cache(maxsize=256)
def _plan(spec: str) -> _Plan:
    """Parse the letters' roles from the string."""
    operands, target = spec.split("->")
    left, right = operands.split(",")
    rows = "".join(c for c in target if c in left and c not in right)
    before = target.index(rows[0]) if rows else 0
    head = "".join(c for k, c in enumerate(target) if c in right and (c in left or k < before))
    columns = "".join(c for c in target if c in right and c not in head)
    summed = "".join(c for c in left if c in right and c not in target)
    assert set(left) <= set(target) | set(summed), spec
    assert set(right) <= set(target) | set(summed), spec
    return _Plan(left, right, target, head, rows, columns, summed)


def contract(spec: str, x: Array, y: Array) -> Array:
    """Sum products over the letters that aren't in the result.

    Parameters
    ----------
    spec
        Letters of the two operands' axes and of the result's, as for ``np.einsum``.
    x, y
        The operands.

    Returns
    -------
    Array
        The sums of products. Equal to ``np.einsum(spec, x, y)`` up to the order of the sums.

    Sources
    -------
    Hagan 8.12; Wolter 5.

    Examples
    --------
    >>> contract("hl,ql->qh", np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]))
    array([[11.],
           [17.]])
    """
    plan = _plan(spec)
    length = dict(zip(plan.left + plan.right, x.shape + y.shape, strict=True))
    left = _matrices(x, plan.left, plan.head, plan.rows, plan.summed, length)
    right = _matrices(y, plan.right, plan.head, plan.summed, plan.columns, length)
    product = left @ right
    order = plan.head + plan.rows + plan.columns
    named = product.reshape([length[c] for c in order])
    return named.transpose([order.index(c) for c in plan.target])


def _matrices(
    x: Array, letters: str, head: str, first: str, second: str, length: dict[str, int]
) -> Array:
    """View an operand as matrices ``[head..., first, second]``, with as few copies as possible.

    Whichever of the two groups comes first in memory stays first, and the matrix is transposed as a
    view, because BLAS accepts transposed operands directly.
    """
    swapped = bool(first and second) and letters.index(second[0]) < letters.index(first[0])
    groups = (second, first) if swapped else (first, second)
    present = [c for c in head if c in letters]
    arranged = x.transpose([letters.index(c) for c in [*present, *groups[0], *groups[1]]])
    stack = [length[c] if c in letters else 1 for c in head]
    matrices = arranged.reshape([*stack, *(prod(length[c] for c in group) for group in groups)])
    return matrices.swapaxes(-1, -2) if swapped else np.ascontiguousarray(matrices)
