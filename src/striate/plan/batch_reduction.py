"""Sums over images alone: done once for the whole batch, as a product of two matrices of rows.

The derivative of a dense layer's weights sums over nothing but the images. With these in the lanes
each weight would be the sum of one vector's lanes, which takes as long as sixteen multiply-adds.
So what it reads is turned into rows, and when all images have gone through, the numbers of an image
lie in the lanes and the images are counted, in order. No part of the batch needs a sum of its own.
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
    """Turn what sums over images alone into sums over the whole batch.

    Parameters
    ----------
    lowered
        Statements for one block of images.
    images
        Images of the batch.

    Returns
    -------
    Lowered
        With a :class:`Transpose` in front of the first statement that reads an array in rows.
    """
    variables = dict(lowered.variables)
    statements: list[Statement] = []
    turned: set[str] = set()
    for statement in lowered.statements:
        if not _fits(statement):
            statements.append(statement)
            continue
        assert isinstance(statement, Compute)
        names: dict[str, str] = {}
        for name in dict.fromkeys(r.name for r in statement.nest.equation.references):
            if not variables[name].per_image:
                continue
            names[name] = rows = f"{name}, row layout"
            if rows not in turned:
                turned.add(rows)
                before = variables[name]
                copy = before.derived(rows, Origin.ROW_LAYOUT, size=before.size, per_image=True)
                variables[rows] = replace(copy, rows=aligned(before.size))
                statements.append(Transpose(source=name, target=rows))
        nest = _of_batch(renamed(statement.nest, names), names.values(), images)
        statements.append(replace(statement, nest=nest, whole=True))
    return Lowered(statements=tuple(statements), variables=variables)


def _fits(statement: Statement) -> bool:
    """Whether a statement sums over images and nothing else, with neighbors side by side."""
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
    """Write a nest for all images of a batch instead of a block."""
    shapes = {n: (images, *s[1:]) if n in set(names) else s for n, s in nest.shapes.items()}
    return Nest(nest.equation, {**nest.extents, IMAGE: images}, shapes)
