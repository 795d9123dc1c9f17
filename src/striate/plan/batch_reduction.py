"""Turns sums over images alone into one reduction over the whole batch.

The derivative of a dense layer's weights, ``dw[s,r] += dn[q,s] * a[q,r]``, sums over images and
nothing else. With 16 images in the lanes of a vector, each weight would need a sum across the
lanes, which costs as much as 16 multiply-adds. So its inputs are transposed into row layout, image
after image. When all images have been computed, the sum runs over ``q`` in order, with neighboring
elements of ``r`` in the lanes, and no partial sums for the chunks of the batch are needed.
The layouts are::

    16 images in the lanes        row layout
    a[0]: q0 q1 ... q15           q0: a[0] a[1] a[2] ...
    a[1]: q0 q1 ... q15           q1: a[0] a[1] a[2] ...
"""

from collections.abc import Iterable
from dataclasses import replace

from striate.nests import Nest
from striate.plan.access import Access
from striate.plan.allocation import aligned
from striate.plan.statement import (
    IMAGE,
    Compute,
    Lowered,
    Origin,
    Statement,
    Transpose,
    renamed,
)


def reduce_over_batch(lowered: Lowered, images: int) -> Lowered:
    """Rewrite sums over images alone as reductions over the whole batch.

    Parameters
    ----------
    lowered
        Statements for one block of images.
    images
        Number of images in the batch.

    Returns
    -------
    Lowered
        With a :class:`Transpose` before the first statement that reads an array in row layout.
    """
    variables = dict(lowered.variables)
    statements: list[Statement] = []
    transposed: set[str] = set()
    for statement in lowered.statements:
        if not _fits(statement):
            statements.append(statement)
            continue
        assert isinstance(statement, Compute)
        names: dict[str, str] = {}
        for name in dict.fromkeys(r.name for r in statement.nest.equation.references):
            if not variables[name].per_image:
                continue
            names[name] = rows = f"{name}.row_layout"
            if rows not in transposed:
                transposed.add(rows)
                before = variables[name]
                copy = before.derived(rows, Origin.ROW_LAYOUT, size=before.size, per_image=True)
                variables[rows] = replace(copy, rows=aligned(before.size))
                statements.append(Transpose(source=name, target=rows))
        nest = _of_batch(renamed(statement.nest, names), names.values(), images)
        statements.append(replace(statement, nest=nest, over_batch=True))
    return Lowered(statements=tuple(statements), variables=variables)


def _fits(statement: Statement) -> bool:
    """Whether a statement sums over images alone, and neighboring elements are contiguous."""
    if not isinstance(statement, Compute):
        return False
    equation = statement.nest.equation
    if equation.reduced != (IMAGE,) or equation.operator != "+=" or statement.nest.guards():
        return False
    accesses = [Access.of(r, statement.nest) for r in equation.references if r.subscripts]
    target = Access.of(equation.target, statement.nest)
    if any(a.lookups for a in (*accesses, target)):
        return False
    return any(
        by == 1 and all(a.strides.get(i, 0) in (0, 1) for a in accesses)
        for i, by in target.strides.items()
    )


def _of_batch(nest: Nest, names: Iterable[str], images: int) -> Nest:
    """Extend a nest from a block to all images of the batch."""
    shapes = {n: (images, *s[1:]) if n in set(names) else s for n, s in nest.shapes.items()}
    return Nest(nest.equation, {**nest.extents, IMAGE: images}, shapes)
