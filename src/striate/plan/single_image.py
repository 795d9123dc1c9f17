"""Rewrites inference for a single image, with neighboring elements in the lanes.

Batches have 16 images in the lanes of a vector. With one image, the lanes hold neighboring columns,
or terms of a sum. A vector of neighbors must not be partly out of bounds, so arrays that are read
with zero padding are copied into a padded array first::

    z[q,i] += w[u] * a[q, i + u - 1]     lanes q; for i = 0, the term of u = 0 is omitted

    p[x + 1] = a[x], zeros around it     one image
    z[i] += w[u] * p[i + u]              lanes i: z[0] to z[15] at once, no condition
"""

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from striate.nests import Equation, Nest
from striate.nests.expression import (
    Expression,
    Leaf,
    Number,
    Reference,
    Subscript,
    factors,
    rewrite,
    write_terms,
)
from striate.plan.simplify import fill
from striate.plan.statement import IMAGE, Compute, Load, Lowered, Origin, Statement, Store, Variable

PaddedCopies = dict[tuple[str, str], dict[tuple[int, ...], str]]
"""The padded copies of an array for a target, by the number of zeros at each end of each axis."""


def single_image(lowered: Lowered) -> Lowered:
    """Rewrite statements for a single image.

    Parameters
    ----------
    lowered
        Statements of inference for a block of images.

    Returns
    -------
    Lowered
        Statements without a batch axis, which run once.
    """
    variables = {
        name: replace(variable, per_image=False) for name, variable in lowered.variables.items()
    }
    statements: list[Statement] = []
    padded: PaddedCopies = {}
    for statement in lowered.statements:
        match statement:
            case Load(source=source, target=target):
                variables[target] = replace(variables[target], buffer=variables[source].buffer)
            case Store(source=source, target=target):
                statements.append(_copy(source, target, variables[target].size))
            case Compute():
                alone = replace(statement, nest=_without_images(statement.nest))
                statements += _with_halo(alone, variables, padded)
            case _:
                statements.append(statement)
    return Lowered(statements=tuple(statements), variables=variables)


def _copy(source: str, target: str, size: int) -> Compute:
    """Copy a whole array."""
    subscripts = (Subscript(write_terms({"x": 1}, 0)),)
    equation = Equation(Reference(target, subscripts), "=", Reference(source, subscripts))
    return Compute(nest=Nest(equation, {"x": size}, {source: (size,), target: (size,)}))


def _without_images(nest: Nest) -> Nest:
    """Remove the batch axis."""

    def of_images(reference: Reference) -> bool:
        return bool(reference.subscripts) and reference.subscripts[0].lone == IMAGE

    def shorter(reference: Reference) -> Reference:
        cut = 1 if of_images(reference) else 0
        return Reference(reference.name, reference.subscripts[cut:])

    def leaf(leaf: Leaf) -> Expression:
        return shorter(leaf) if isinstance(leaf, Reference) else leaf

    equation = nest.equation
    references = (equation.target, *equation.references)
    images = {r.name for r in references if of_images(r)}
    shapes = {n: s[1:] if n in images else s for n, s in nest.shapes.items()}
    new = Equation(shorter(equation.target), equation.operator, rewrite(equation.expression, leaf))
    extents = {i: n for i, n in nest.extents.items() if i != IMAGE}
    return Nest(new, extents, shapes)


def _with_halo(
    statement: Compute, variables: dict[str, Variable], padded: PaddedCopies
) -> Iterator[Compute]:
    """Let a sum of products read a padded copy of each array that it reads out of bounds."""
    nest, equation = statement.nest, statement.nest.equation
    parts = factors(equation.expression)
    plain = all(isinstance(p, Reference | Number) for p in parts)
    if equation.operator != "+=" or not plain:
        yield statement
        return
    replaced: dict[Reference, Reference] = {}
    shapes = dict(nest.shapes)
    for reference in dict.fromkeys(equation.references):
        guards = nest.guards(reference)
        if not guards or reference.tables():
            continue
        spans = [nest.span(s) for s in reference.subscripts]
        lengths = nest.shapes[reference.name]
        before = [max(0, -low) for low, _ in spans]
        after = [max(0, high + 1 - n) for (_, high), n in zip(spans, lengths, strict=True)]
        shape = tuple(b + n + a for b, n, a in zip(before, lengths, after, strict=True))
        # The phases of one gather may need different edges. Two phases with the same edges share
        # one padded array. It is filled once: filling it again before every reader has finished
        # would give that reader a half-filled array.
        edges = (*before, *after)
        copies = padded.setdefault((reference.name, equation.target.name), {})
        number = f"_{len(copies) + 1}" if copies else ""
        name = f"{reference.name}.padded_for_{equation.target.name}{number}"
        name = copies.setdefault(edges, name)
        if name not in variables:
            variables[name] = variables[reference.name].derived(
                name, Origin.PADDED_COPY, size=prod(shape), per_image=False
            )
            yield from _padded(name, shape, reference.name, lengths, before)
        moved = [
            Subscript(write_terms(s.linear()[0], s.linear()[1] + b))
            for s, b in zip(reference.subscripts, before, strict=True)
        ]
        replaced[reference] = Reference(name, tuple(moved))
        shapes[name] = shape

    def leaf(leaf: Leaf) -> Expression:
        return replaced.get(leaf, leaf) if isinstance(leaf, Reference) else leaf

    new = Equation(equation.target, "+=", rewrite(equation.expression, leaf))
    named = {r.name for r in (new.target, *new.references, *new.tables)}
    yield replace(
        statement, nest=Nest(new, nest.extents, {n: s for n, s in shapes.items() if n in named})
    )


def _padded(
    name: str, shape: tuple[int, ...], source: str, lengths: tuple[int, ...], before: list[int]
) -> Iterator[Compute]:
    """Fill an array with zeros, and copy another one into its interior."""
    indices = [f"x{k}" for k in range(len(shape))]
    target = Reference(
        name,
        tuple(Subscript(write_terms({i: 1}, b)) for i, b in zip(indices, before, strict=True)),
    )
    read = Reference(source, tuple(Subscript(write_terms({i: 1}, 0)) for i in indices))
    extents = dict(zip(indices, lengths, strict=True))
    copy = Nest(Equation(target, "=", read), extents, {name: shape, source: lengths})
    yield Compute(nest=fill(copy))
    yield Compute(nest=copy)
