"""Simplifies statements: removes unread results and copies, and replaces scatters with gathers.

For example::

    flatten1.Z[q, 196*h + 14*i + j] = conv1.A[q,h,i,j]    a copy: use conv1.A, where it is read
    max1.Z.k[q,h,i,j] argmax= conv1.A[q, h, 2*i+u, ...]   in inference nothing reads it: removed
    conv1.dA[q, l, i + u] += w[h,l,u] * conv2.dZ[q,h,i]   a scatter: becomes a gather
"""

from collections import Counter
from collections.abc import Iterator
from math import prod

from striate.nests import Equation, Form, Nest, bind
from striate.nests.expression import Number, Reference
from striate.plan.access import Access
from striate.plan.gather import gather, gatherable
from striate.plan.statement import IMAGE, Compute, Lowered, Statement


def simplify(lowered: Lowered) -> Lowered:
    """Remove statements with unread results, turn copies into aliases, and scatters into gathers.

    Parameters
    ----------
    lowered
        Statements in order.

    Returns
    -------
    Lowered
        Fewer statements, which write each element once.
    """
    lowered = without_idle(lowered)
    lowered = without_copies(lowered)
    statements = [new for old in lowered.statements for new in _gathered(old)]
    return Lowered(statements=tuple(statements), variables=lowered.variables)


def without_idle(lowered: Lowered) -> Lowered:
    """Remove statements whose results aren't read."""
    wanted = {v.name for v in lowered.variables.values() if v.buffer}
    kept: list[Statement] = []
    for statement in reversed(lowered.statements):
        if statement.writes in wanted:
            kept.append(statement)
            wanted |= set(statement.reads)
    return Lowered(statements=tuple(reversed(kept)), variables=lowered.variables)


def without_copies(lowered: Lowered) -> Lowered:
    """Use one name for an array and its copy, if neither changes afterwards."""
    writers = Counter(statement.writes for statement in lowered.statements)
    remaining = Counter(writers)
    names: dict[str, str] = {}
    kept: list[Statement] = []
    for old in lowered.statements:
        statement = old.renamed(names)
        remaining[statement.writes] -= 1
        source = _copied(statement)
        if (
            source is not None
            and writers[statement.writes] == 1
            and not remaining[source]
            and not lowered.variables[statement.writes].buffer
            and not lowered.variables[source].buffer
            and not lowered.variables[source].values
        ):
            names = {n: source if to == statement.writes else to for n, to in names.items()}
            names[statement.writes] = source
        else:
            kept.append(statement)
    return Lowered(statements=tuple(kept), variables=lowered.variables)


def _copied(statement: Statement) -> str | None:
    """Return the array that a statement copies entirely, element by element; ``None`` otherwise."""
    if not isinstance(statement, Compute) or statement.adds:
        return None
    equation, nest = statement.nest.equation, statement.nest
    source = equation.expression
    if equation.operator not in {"=", "+="} or equation.reduced:
        return None
    if not isinstance(source, Reference):
        return None
    to, of = Access.of(equation.target, nest), Access.of(source, nest)
    same = (to.strides, to.offset, to.per_image) == (of.strides, of.offset, of.per_image)
    whole = prod(nest.shapes[source.name]) == prod(nest.shapes[nest.target])
    covered = prod(nest.extents.values()) == prod(nest.shapes[nest.target])
    plain = not (to.lookups or of.lookups or nest.guards())
    return source.name if same and whole and covered and plain else None


def _gathered(statement: Statement) -> Iterator[Statement]:
    """Replace a scatter with gathers; one through a table with filling and adding."""
    if not isinstance(statement, Compute) or statement.nest.equation.form is not Form.SCATTER:
        yield statement
        return
    if gatherable(statement.nest):
        for nest in gather(statement.nest):
            empty = nest.equation.expression == Number(0)
            if not (statement.adds and empty):
                yield Compute(nest=nest, adds=statement.adds)
        return
    if not statement.adds:
        yield Compute(nest=fill(statement.nest))
    yield Compute(nest=statement.nest, adds=True)


def fill(nest: Nest) -> Nest:
    """Make the nest that fills another nest's target with zeros."""
    name = nest.target
    shape = nest.shapes[name]
    reference = nest.equation.target
    per_image = bool(reference.subscripts) and reference.subscripts[0].lone == IMAGE
    axes = [(IMAGE if per_image and k == 0 else f"x{k}") for k in range(len(shape))]
    filled = bind(f"t[{','.join(axes)}] = 0", shapes={"t": shape})
    equation = filled.equation
    return Nest(
        Equation(Reference(name, equation.target.subscripts), "=", equation.expression),
        filled.extents,
        {name: shape},
    )
