"""Fuses statements into kernels: elementwise statements continue from values in registers.

A kernel runs one set of loops. Its first statement, the root, computes an element in each
iteration, usually a sum of products. The statements after it compute on that element before the
loops move on, and an array that only the kernel itself reads is never stored::

    z[q,h,i] += w[h,l,u] * a[q,l,i + u]      for q, h, i:
    n[q,h,i] = z[q,h,i] + b[h]                   z = sum over l, u of w * a
    a2[q,h,i] = tanh(n[q,h,i])                   store a2[q,h,i] = tanh(z + b[h])

A statement can join if it reads its source at the element that the kernel has just computed. Its
indices may differ from the kernel's, as after a flatten layer: a read of ``z[q, x]`` joins a
kernel over ``h, i`` with ``x = 14*h + i``. To find out, the strides of both accesses are compared
like the digits of a number (:func:`_solve_indices`). Sums with the same loops share a kernel, too;
they are its roots.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import prod

from striate.nests import Equation, Nest
from striate.nests.expression import Arithmetic, Expression, FunctionCall, Number, operands
from striate.plan.access import Access
from striate.plan.statement import IMAGE, Compute, Statement
from striate.plan.substitute import substitute, substitute_reference
from striate.properties import cached_property

_MAX_ROOTS = 4
"""Maximum number of sums that share a kernel's loops."""

_EXPENSIVE = frozenset(("exp", "expm1", "log", "log1p", "tanh", "erf"))
"""Functions that take many instructions: ten or more for each vector."""

Substitution = Mapping[str, tuple[Mapping[str, int], int]]
"""For each index of a statement: its value as an affine function of a kernel's indices."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Statements that are computed in the same loops.

    Parameters
    ----------
    statements
        In order. All use the indices of the first one, the root, which may be a reduction.
    stored
        Names of the arrays that are written to memory, because something else reads them.
    """

    statements: tuple[Compute, ...]
    stored: frozenset[str] = frozenset()

    @property
    def root(self) -> Compute:
        """The statement that determines the loops."""
        return self.statements[0]

    @property
    def roots(self) -> tuple[Compute, ...]:
        """The root, and further sums over the same loops that directly follow it."""
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
        """Extents of the root's target indices."""
        nest = self.root.nest
        return {i: nest.extents[i] for i in nest.equation.indices if i not in nest.equation.reduced}

    @property
    def loops(self) -> tuple[tuple[str, str], ...]:
        """The outer loops that it shares with neighboring kernels: the group and index of each."""
        return tuple((self.root.group, index) for index in self.root.within)

    @property
    def reads(self) -> tuple[str, ...]:
        """Arrays that are read from memory."""
        computed: set[str] = set()
        found: dict[str, None] = {}
        for statement in self.statements:
            found |= {name: None for name in statement.nest.sources if name not in computed}
            if statement.adds:
                found[statement.writes] = None
            computed.add(statement.writes)
        return tuple(found)

    @cached_property
    def writes(self) -> tuple[str, ...]:
        """Arrays that are computed, stored or not."""
        return tuple(dict.fromkeys(statement.writes for statement in self.statements))

    def __str__(self) -> str:
        return "\n".join(
            f"{'    ' if k else ''}{s}{'' if s.writes in self.stored else '  (not stored)'}"
            for k, s in enumerate(self.statements)
        )


PhaseItem = Kernel | Statement
"""The items of a phase: kernels, and statements that aren't nests."""


def fuse(statements: Iterable[Statement]) -> tuple[PhaseItem, ...]:
    """Fuse the statements of one phase into kernels.

    Parameters
    ----------
    statements
        In order.

    Returns
    -------
    tuple
        Kernels and other statements, in order. ``stored`` is empty until :func:`with_stored` sets
        it.
    """
    items: list[PhaseItem] = []
    for statement in statements:
        if not isinstance(statement, Compute):
            items.append(statement)
            continue
        if not _join(items, statement):
            items.append(Kernel(statements=(statement,)))
    return tuple(items)


def with_stored(items: Sequence[PhaseItem], outside: Iterable[str]) -> tuple[PhaseItem, ...]:
    """Set which arrays each kernel stores: those that other items or the caller read."""
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


def _join(items: list[PhaseItem], statement: Compute) -> bool:
    """Append a statement to the kernels that compute its source, if possible."""
    equation = statement.nest.equation
    if equation.reduced:
        return _join_reduction(items, statement)
    if equation.operator not in {"=", "+="} or statement.scatters:
        return False
    sources = [k for k, item in enumerate(items) if set(writes_of(item)) & set(statement.reads)]
    if not sources:
        return False
    last = sources[-1]
    # Joining moves the statement up, so nothing in between may read or write its target.
    between = items[last + 1 :]
    if any(statement.writes in (*writes_of(i), *i.reads) for i in between):
        return False
    siblings = _siblings(items, last, statement)
    if siblings is None:
        return False
    # A sum's tile has many elements, and each would get its own copy of the statement's code.
    if _heavy(statement) and any(k.root.nest.equation.reduced for k in siblings):
        return False
    extended = list[Kernel]()
    # The kernels of a gather's phases each get the statement for their own elements, or none does.
    for kernel in siblings:
        moved = _reindexed(kernel, statement)
        if moved is None:
            return False
        extended.append(replace(kernel, statements=(*kernel.statements, moved)))
    first = last - len(siblings) + 1
    items[first : last + 1] = extended
    return True


def _join_reduction(items: list[PhaseItem], statement: Compute) -> bool:
    """Append a sum to a kernel of sums over the same loops, if possible."""
    for k in range(len(items) - 1, -1, -1):
        kernel = items[k]
        if isinstance(kernel, Kernel) and _same_loops(kernel, statement):
            items[k] = replace(kernel, statements=(*kernel.statements, statement))
            return True
        # The sum moves up past this item, so neither may depend on the other.
        reads, writes = kernel.reads, writes_of(kernel)
        if set(writes) & {*statement.reads, statement.writes} or statement.writes in reads:
            return False
    return False


def _same_loops(kernel: Kernel, statement: Compute) -> bool:
    """Whether a sum can be accumulated in the loops of a kernel that only accumulates."""
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
        and kernel.root.over_batch == statement.over_batch
    )


def _heavy(statement: Compute) -> bool:
    """Whether a statement takes many instructions.

    Such a statement isn't fused with a sum: its code would be repeated for every element of the
    tile, and would take longer to compile than a round trip through memory takes to run.
    """
    return any(_calls(statement.nest.equation.expression))


def _calls(expression: Expression) -> Iterator[bool]:
    """For each function and power in an expression, yield whether it takes many instructions."""
    match expression:
        case FunctionCall(function):
            yield function in _EXPENSIVE
        case Arithmetic("**", _, right):
            yield not (isinstance(right, Number) and right.value in (1, 2, 3))
        case _:
            pass
    for operand in operands(expression):
        yield from _calls(operand)


def writes_of(item: PhaseItem) -> tuple[str, ...]:
    """Return the names of the arrays that an item writes."""
    return item.writes if isinstance(item, Kernel) else (item.writes,)


def _siblings(items: Sequence[PhaseItem], last: int, statement: Compute) -> list[Kernel] | None:
    """Find the kernels up to ``last`` that together compute all elements a statement reads.

    A gather with strides has several kernels, one for each phase of the stride. The statement then
    joins each of them.
    """
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
        # The phases of a gather have disjoint elements, so their counts can be added.
        covered += prod(item.box.values())
        if covered >= whole:
            return found if covered == whole else None
    return None


def _reindexed(kernel: Kernel, statement: Compute) -> Compute | None:
    """Rewrite a statement in the indices of a kernel, if it reads what the kernel just computed."""
    targets = {s.writes: Access.of(s.nest.equation.target, s.nest) for s in kernel.statements}
    nest = statement.nest
    shared = [r for r in nest.equation.references if r.name in targets]
    if not shared or statement.writes in targets:
        return None
    solution = _solve_indices(
        Access.of(shared[0], nest), targets[shared[0].name], nest.extents, kernel.box
    )
    if solution is None:
        return None
    moved = replace(statement, nest=_substituted(nest, solution, kernel.box))
    # The substitution was found for one reference. All others to the kernel's arrays, such as a
    # shifted one, must also read the element that was just computed.
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
    """Express the indices of a read by those of a write to the same elements.

    An address is a number, and each access writes it in a positional number system: the strides
    are the place values, and the indices are the digits. A digit of the read must consist of whole
    digits of the write.
    """
    if read.lookups or written_at.lookups or read.per_image != written_at.per_image:
        return None
    digits = sorted(
        ((by, index) for index, by in written_at.strides.items() if box[index] > 1), reverse=True
    )
    # Example: a read of a[196*c + x], with x < 196, of what was written as a[196*h + 14*i + j]. The
    # digit c is h, and the digit x consists of i and j: x = 14*i + j.
    rest, solution = written_at.offset - read.offset, dict[str, tuple[Mapping[str, int], int]]()
    used: set[str] = set()
    for index, by in sorted(read.strides.items(), key=lambda item: -item[1]):
        if by <= 0:
            return None
        span = by * extents[index]
        # The digits of the write between this stride and the next larger one of the read.
        multipliers = {
            i: s // by for s, i in digits if by <= s < span and s % by == 0 and i not in used
        }
        used |= multipliers.keys()
        offset, rest = divmod(rest, by) if rest >= 0 else (-1, 0)
        # The index must stay within its extent for all values of the kernel's indices.
        top = offset + sum(m * (box[i] - 1) for i, m in multipliers.items())
        if not 0 <= offset <= top < extents[index]:
            return None
        solution[index] = (multipliers, offset)
    if rest or used != {index for _, index in digits}:
        return None
    if read.per_image:
        solution[IMAGE] = ({IMAGE: 1}, 0)
    missing = [i for i in extents if i not in solution]
    if any(extents[i] > 1 for i in missing):
        return None
    return {**solution, **{i: ({}, 0) for i in missing}}


def _substituted(nest: Nest, solution: Substitution, box: Mapping[str, int]) -> Nest:
    """Rewrite a nest with other indices."""
    equation = nest.equation
    target = substitute_reference(equation.target, solution)
    expression = substitute(equation.expression, solution, nest.extents)
    new = Equation(target, equation.operator, expression)
    return Nest(new, {i: box[i] for i in new.indices}, nest.shapes)
