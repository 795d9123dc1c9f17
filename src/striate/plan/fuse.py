"""Statements joined into kernels: what is computed place by place follows its source in registers.

A kernel is one walk over a box of places. Its first statements reduce, or compute, one entry for
each place; the statements after them go on from that entry before the walk moves on. An array that
only the kernel itself reads is never stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from math import prod

from striate.nests import Equation, Nest
from striate.nests.expression import Arithmetic, Expression, FunctionCall, Number, parts
from striate.plan.access import Access
from striate.plan.statement import IMAGE, Compute, Statement
from striate.plan.substitute import substitute, substitute_reference

_MAX_ROOTS = 4
"""Most sums that are added up in the same loops."""

_EXPENSIVE = frozenset(("exp", "expm1", "log", "log1p", "tanh", "erf"))

Substitution = Mapping[str, tuple[Mapping[str, int], int]]
"""For each index of a statement: what it is in the indices of a kernel, multipliers and offset."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Statements computed in one walk.

    Parameters
    ----------
    statements
        In order; all in the indices of the first, which may reduce.
    stored
        Names of the arrays that others read too.
    """

    statements: tuple[Compute, ...]
    stored: frozenset[str] = frozenset()

    @property
    def root(self) -> Compute:
        """The statement that gives the walk."""
        return self.statements[0]

    @property
    def roots(self) -> tuple[Compute, ...]:
        """The sums that are added up in the same loops: the first statement, and others like it."""
        whole = tuple(self.root.nest.extents.items())
        return tuple(
            takewhile(
                lambda s: (
                    s is self.root
                    or (
                        s.nest.equation.reduced == self.root.nest.equation.reduced != ()
                        and tuple(s.nest.extents.items()) == whole
                    )
                ),
                self.statements,
            )
        )

    @property
    def box(self) -> dict[str, int]:
        """The places: extents of the head's target indices."""
        nest = self.root.nest
        return {i: nest.extents[i] for i in nest.equation.indices if i not in nest.equation.reduced}

    @property
    def loops(self) -> tuple[tuple[str, str], ...]:
        """The loops around it that it shares with its neighbors: group and index of each."""
        return tuple((self.root.group, index) for index in self.root.within)

    @property
    def reads(self) -> tuple[str, ...]:
        """Arrays read from memory."""
        made: set[str] = set()
        found: dict[str, None] = {}
        for statement in self.statements:
            found |= {name: None for name in statement.nest.sources if name not in made}
            if statement.adds:
                found[statement.writes] = None
            made.add(statement.writes)
        return tuple(found)

    @cached_property
    def writes(self) -> tuple[str, ...]:
        """Arrays computed, stored or not."""
        return tuple(dict.fromkeys(statement.writes for statement in self.statements))

    def __str__(self) -> str:
        return "\n".join(
            f"{'    ' if k else ''}{s}{'' if s.writes in self.stored else '  (not stored)'}"
            for k, s in enumerate(self.statements)
        )


PhaseItem = Kernel | Statement
"""What a phase is made of: kernels, and the statements that are no nests."""


def fuse(statements: Iterable[Statement]) -> tuple[PhaseItem, ...]:
    """Join statements of one phase into kernels.

    Parameters
    ----------
    statements
        In order.

    Returns
    -------
    tuple
        Kernels and other statements, in order; ``stored`` is still empty.
    """
    items: list[PhaseItem] = []
    for statement in statements:
        if not isinstance(statement, Compute):
            items.append(statement)
            continue
        found = _join(items, statement)
        if found is None:
            items.append(Kernel(statements=(statement,)))
    return tuple(items)


def with_stored(items: Sequence[PhaseItem], outside: Iterable[str]) -> tuple[PhaseItem, ...]:
    """Say of each kernel which arrays others read: other items, or somebody outside."""
    readers: dict[str, int] = {}
    for item in items:
        for name in set(item.reads):
            readers[name] = readers.get(name, 0) + 1
    beyond = set(outside)
    return tuple(
        replace(
            item,
            stored=frozenset(n for n in item.writes if n in beyond or readers.get(n, 0)),
        )
        if isinstance(item, Kernel)
        else item
        for item in items
    )


def _join(items: list[PhaseItem], statement: Compute) -> bool | None:
    """Append a statement to the kernels that give what it reads, if they can take it."""
    equation = statement.nest.equation
    if equation.reduced:
        return _join_reduction(items, statement)
    if equation.operator not in {"=", "+="} or statement.scatters:
        return None
    sources = [k for k, item in enumerate(items) if set(writes_of(item)) & set(statement.reads)]
    if not sources:
        return None
    last = sources[-1]
    between = items[last + 1 :]
    if any(statement.writes in (*writes_of(i), *i.reads) for i in between):
        return None
    siblings = _siblings(items, last, statement)
    if siblings is None:
        return None
    if _heavy(statement) and any(k.root.nest.equation.reduced for k in siblings):
        return None
    extended = list[Kernel]()
    for kernel in siblings:
        moved = _reindexed(kernel, statement)
        if moved is None:
            return None
        extended.append(replace(kernel, statements=(*kernel.statements, moved)))
    first = last - len(siblings) + 1
    items[first : last + 1] = extended
    return True


def _join_reduction(items: list[PhaseItem], statement: Compute) -> bool | None:
    """Add a sum to a kernel that adds up others in the same loops."""
    for k in range(len(items) - 1, -1, -1):
        kernel = items[k]
        if isinstance(kernel, Kernel) and _same_loops(kernel, statement):
            items[k] = replace(kernel, statements=(*kernel.statements, statement))
            return True
        reads, writes = kernel.reads, writes_of(kernel)
        if set(writes) & {*statement.reads, statement.writes} or statement.writes in reads:
            return None
    return None


def _same_loops(kernel: Kernel, statement: Compute) -> bool:
    """Whether a sum can be added up in the loops of a kernel that does nothing but add up."""
    new, old = statement.nest, kernel.root.nest
    together = (*kernel.statements, statement)
    return (
        tuple(new.extents.items()) == tuple(old.extents.items())
        and new.equation.reduced == old.equation.reduced != ()
        and all(s.nest.equation.operator == "+=" for s in together)
        and not set(kernel.writes) & {*statement.reads, statement.writes}
        and all(not s.nest.guards() and not s.scatters for s in together)
        and len(kernel.roots) == len(kernel.statements) < _MAX_ROOTS
        and (kernel.root.within, kernel.root.group) == (statement.within, statement.group)
        and kernel.root.whole == statement.whole
    )


def _heavy(statement: Compute) -> bool:
    """Whether a statement computes what takes many instructions.

    Written out for every entry of a tile of sums, they would take longer to compile than a trip
    through memory takes to run.
    """
    return any(_calls(statement.nest.equation.expression))


def _calls(expression: Expression) -> Iterator[bool]:
    """Go through the functions and powers in an expression, and say which are long."""
    match expression:
        case FunctionCall(function):
            yield function in _EXPENSIVE
        case Arithmetic("**", _, right):
            yield not (isinstance(right, Number) and right.value in (1, 2, 3))
        case _:
            pass
    for part in parts(expression):
        yield from _calls(part)


def writes_of(item: PhaseItem) -> tuple[str, ...]:
    """Name what an item writes."""
    return item.writes if isinstance(item, Kernel) else (item.writes,)


def _siblings(items: Sequence[PhaseItem], last: int, statement: Compute) -> list[Kernel] | None:
    """Find the kernels up to ``last`` that together fill the place of a statement's source."""
    found: list[Kernel] = []
    covered, whole = 0, prod(statement.nest.extents.values())
    name = None
    for item in reversed(items[: last + 1]):
        if not isinstance(item, Kernel):
            return None
        if name is None:
            name = next((n for n in item.writes if n in statement.reads), None)
        if name not in item.writes or item.root.sums_images or item.root.scatters:
            return None
        found.insert(0, item)
        covered += prod(item.box.values())
        if covered >= whole:
            return found if covered == whole else None
    return None


def _reindexed(kernel: Kernel, statement: Compute) -> Compute | None:
    """Write a statement in the indices of a kernel, if it reads the kernel's arrays in place."""
    targets = {s.writes: Access.of(s.nest.equation.target, s.nest) for s in kernel.statements}
    nest = statement.nest
    shared = [r for r in nest.equation.references if r.name in targets]
    if not shared or statement.writes in targets:
        return None
    place = _solve_indices(
        Access.of(shared[0], nest), targets[shared[0].name], nest.extents, kernel.box
    )
    if place is None:
        return None
    moved = replace(statement, nest=_substituted(nest, place, kernel.box))
    for reference in moved.nest.equation.references:
        if reference.name in targets:
            access = Access.of(reference, moved.nest)
            if (access.strides, access.offset) != (
                targets[reference.name].strides,
                targets[reference.name].offset,
            ):
                return None
    return moved


def _solve_indices(
    read: Access, written_at: Access, extents: Mapping[str, int], box: Mapping[str, int]
) -> Substitution | None:
    """Express the indices of a read in those of a write of the same array.

    The place in the array is a number; both sides give its digits, each to a base of its own.
    """
    if read.lookups or written_at.lookups or read.per_image != written_at.per_image:
        return None
    digits = sorted(
        ((by, index) for index, by in written_at.strides.items() if box[index] > 1), reverse=True
    )
    rest, place = written_at.offset - read.offset, dict[str, tuple[Mapping[str, int], int]]()
    used: set[str] = set()
    for index, by in sorted(read.strides.items(), key=lambda item: -item[1]):
        if by <= 0:
            return None
        span = by * extents[index]
        parts = {i: s // by for s, i in digits if by <= s < span and s % by == 0 and i not in used}
        used |= parts.keys()
        offset, rest = divmod(rest, by) if rest >= 0 else (-1, 0)
        top = offset + sum(m * (box[i] - 1) for i, m in parts.items())
        if not 0 <= offset <= top < extents[index]:
            return None
        place[index] = (parts, offset)
    if rest or used != {index for _, index in digits}:
        return None
    if read.per_image:
        place[IMAGE] = ({IMAGE: 1}, 0)
    missing = [i for i in extents if i not in place]
    if any(extents[i] > 1 for i in missing):
        return None
    return {**place, **{i: ({}, 0) for i in missing}}


def _substituted(nest: Nest, place: Substitution, box: Mapping[str, int]) -> Nest:
    """Write a nest with other indices."""
    equation = nest.equation
    target = substitute_reference(equation.target, place)
    expression = substitute(equation.expression, place, nest.extents)
    new = Equation(target, equation.operator, expression)
    return Nest(new, {i: box[i] for i in new.indices}, nest.shapes)
