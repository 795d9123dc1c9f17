"""Emits the reductions of a tile: loops over the reduced indices with loop-carried sums.

The elements of a tile are accumulated in the same loops, so values that they share are loaded
once. For a tile of two columns of ``z[i] += w[l] * a[i,l]``::

    loop l from 0 to 5, carrying s0, s1     the accumulators; phis in LLVM IR
        s0 = fma(w[l], a[i,l], s0)          w[l] is loaded once
        s1 = fma(w[l], a[i + 1,l], s1)

``max=`` and ``min=`` carry the best term so far, ``argmax=`` also its position.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from striate.llvm.addresses import IndexValue
from striate.llvm.bounds import bounds, inside
from striate.llvm.builder import FLOATS
from striate.llvm.expression_writer import Operand
from striate.llvm.ir import F32, IRType, IRValue, constant, lanes_of
from striate.llvm.scope import Scope
from striate.llvm.values import ValueWriter
from striate.nests import Equation
from striate.nests.expression import Arithmetic, Expression, Number, Reference, factors
from striate.nests.nest import Guard
from striate.plan.layout import Variables
from striate.plan.statement import IMAGE, LANES, Compute
from striate.plan.tiles import LoopSegment

Accumulators = tuple[IRValue, ...]
"""The loop-carried values of one element: a sum, or the greatest term so far and its position."""

_START = {"+=": 0.0, "max=": -inf, "min=": inf}


@dataclass(frozen=True)
class Reduction:
    """One of the reductions that are accumulated in the same loops.

    Parameters
    ----------
    equation
        The equation.
    guards
        The conditions for a term to exist.
    maskable
        Whether reading zero is equivalent to omitting a term: all other factors are known and
        finite.
    accumulators
        Number of loop-carried values of an element.
    """

    equation: Equation
    guards: tuple[Guard, ...]
    maskable: bool
    accumulators: int

    @classmethod
    def of(cls, statement: Compute, variables: Variables) -> "Reduction":
        """Describe a statement that reduces."""
        nest, equation = statement.nest, statement.nest.equation
        guards = nest.guards(*equation.references)
        parts = factors(equation.expression)
        references = [p for p in parts if isinstance(p, Reference) and not variables[p.name].values]
        others = all(isinstance(p, Reference | Number) for p in parts)
        plain = not any(g.subscript.table for g in guards)
        maskable = equation.operator == "+=" and others and len(references) == 1 and plain
        return cls(equation, guards, maskable, 2 if equation.operator == "argmax=" else 1)

    def start(self, type_: IRType) -> Accumulators:
        """Return the values before the first term."""
        if self.equation.operator == "argmax=":
            return constant(type_, -inf), constant(type_, -1.0)
        return (constant(type_, _START[self.equation.operator]),)


class ReductionWriter:
    """Emits the reductions of a tile.

    Parameters
    ----------
    scope
        The current position in the kernel.
    values
        Writes expressions at this position.
    """

    def __init__(self, scope: Scope, values: ValueWriter) -> None:
        self.scope = scope
        self.b = scope.b
        self.values = values
        reduces = scope.kernel.root.nest.equation.reduced
        roots = scope.kernel.roots if reduces else ()
        self.reductions = [Reduction.of(root, scope.variables) for root in roots]

    def write(self, elements: Sequence[Mapping[str, IndexValue]]) -> list[Accumulators]:
        """Emit all terms of the elements of a tile, reduction after reduction."""
        type_ = FLOATS if self.scope.schedule.lanes is not None else F32
        start = tuple(value for reduction in self.reductions for value in reduction.start(type_))
        return self.loops(0, [start] * len(elements), elements)

    def split(self, accumulators: Accumulators) -> Iterator[Accumulators]:
        """Split an element's accumulators into those of each reduction."""
        return _grouped(accumulators, [reduction.accumulators for reduction in self.reductions])

    def loops(
        self, level: int, sums: list[Accumulators], elements: Sequence[Mapping[str, IndexValue]]
    ) -> list[Accumulators]:
        """Emit the loops over the reduced indices, from this one inward."""
        loops = self.scope.schedule.reduced
        if level == len(loops):
            return self.terms(sums, elements)
        index = loops[level].index
        for segment in loops[level].segments:
            if index == self.scope.schedule.lanes:
                self.scope.width = min(LANES, segment.tile)
            if segment.once and index != IMAGE:
                first = IndexValue.known(segment.start)
                sums = self.unrolled(level, first, segment, sums, elements)
            else:
                sums = self.loop(level, segment, sums, elements)
        return sums

    def unrolled(
        self,
        level: int,
        first: IndexValue,
        segment: LoopSegment,
        sums: list[Accumulators],
        elements: Sequence[Mapping[str, IndexValue]],
    ) -> list[Accumulators]:
        """Unroll one tile of a reduced index."""
        index = self.scope.schedule.reduced[level].index
        step = LANES if index == self.scope.schedule.lanes else 1
        for by in range(0, segment.tile, step):
            with self.scope.at({index: first.moved(by)}):
                sums = self.loops(level + 1, sums, elements)
        return sums

    def loop(
        self,
        level: int,
        segment: LoopSegment,
        sums: list[Accumulators],
        elements: Sequence[Mapping[str, IndexValue]],
    ) -> list[Accumulators]:
        """Emit a loop over one segment of a reduced index."""
        scope = self.scope
        index = scope.schedule.reduced[level].index
        start, stop, proved = bounds(scope, index, segment)
        lengths = [len(s) for s in sums]

        def body(count: IRValue, accumulators: Sequence[IRValue]) -> list[IRValue]:
            with scope.entered(index, count, segment):
                self.values.hoist()
                first = scope.point[index]
                inner = list(_grouped(accumulators, lengths))
                inner = self.unrolled(level, first, segment, inner, elements)
            return [value for group in inner for value in group]

        scope.proved += proved
        flat = [value for group in sums for value in group]
        results = self.b.loop(start, stop, segment.tile, body, flat)
        del scope.proved[len(scope.proved) - len(proved) :]
        return list(_grouped(results, lengths))

    def terms(
        self, sums: list[Accumulators], elements: Sequence[Mapping[str, IndexValue]]
    ) -> list[Accumulators]:
        """Emit one term for each element."""
        found: list[Accumulators] = []
        for element, accumulators in zip(elements, sums, strict=True):
            with self.scope.at(element):
                parts = zip(self.reductions, self.split(accumulators), strict=True)
                found.append(
                    tuple(v for reduction, part in parts for v in self.term(reduction, part))
                )
        return found

    def term(self, reduction: Reduction, accumulators: Accumulators) -> Accumulators:
        """Emit one term, if it exists."""
        exists = inside(self.scope, reduction.guards)
        if exists is False:
            return accumulators
        if exists is True:
            return self.combined(reduction, accumulators)
        if reduction.maskable:
            self.scope.masked = exists
            combined = self.combined(reduction, accumulators)
            self.scope.masked = None
            return combined
        return self.scope.conditional(
            exists, lambda: self.combined(reduction, accumulators), accumulators
        )

    def combined(self, reduction: Reduction, accumulators: Accumulators) -> Accumulators:
        """Accumulate a term: add it, or compare with it; a NaN is kept."""
        equation = reduction.equation
        if equation.operator == "+=":
            return (self.accumulated(accumulators[0], equation.expression),)
        same_type = self.values.expressions.same_type
        b, best = self.b, accumulators[0]
        value = same_type(self.values.value(equation.expression), best)[0]
        sign = "<" if equation.operator == "min=" else ">"
        better = b.and_(b.fcmp_unordered(sign, value, best), b.fcmp_ordered("ord", best, best))
        if equation.operator != "argmax=":
            return (self.b.select(better, value, best),)
        ordinal = accumulators[1]
        better = b.or_(better, b.fcmp_ordered("<", ordinal, constant(ordinal.type, 0.0)))
        here = same_type(self.values.row_major_position(list(equation.reduced)), ordinal)[0]
        return self.b.select(better, value, best), self.b.select(better, here, ordinal)

    def accumulated(self, total: IRValue, expression: Expression) -> IRValue:
        """Add a term to a sum; the last product of the term is fused with the addition."""
        expressions = self.values.expressions
        known, values = 1.0, list[IRValue]()
        for part, divides in _factors(expression):
            value = self.values.value(part)
            if divides:
                value = self.values.inverse(part, value)
            if isinstance(value, IRValue):
                values.append(value)
            else:
                known *= value
        if known == 0:
            return total
        values.sort(key=lambda v: lanes_of(v) or 0)
        factor: Operand = known
        for value in values[:-1]:
            factor = expressions.product(factor, value)
        added = expressions.fused(factor, values[-1] if values else 1.0, total)
        return expressions.same_type(added, total)[0]


def _grouped(values: Sequence[IRValue], lengths: Sequence[int]) -> Iterator[Accumulators]:
    """Split a flat list of values into groups."""
    start = 0
    for length in lengths:
        yield tuple(values[start : start + length])
        start += length


def _factors(expression: Expression) -> Iterator[tuple[Expression, bool]]:
    """Return the factors of a term, and whether each divides; a square is two factors."""
    for part in factors(expression):
        match part:
            case Arithmetic("/", left, right):
                yield from _factors(left)
                yield right, True
            case Arithmetic("**", left, Number(2)):
                yield left, False
                yield left, False
            case _:
                yield part, False
