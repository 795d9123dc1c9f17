"""Emits the values of expressions at the current position in a kernel, each value only once.

A value is identified by its expression and the current values of the indices in it. In a tile of
four columns and six maps, the 24 multiply-adds of ``z[h,j] += w[h] * a[j]`` need ten loads, since
``w[h]`` is the same for all columns and ``a[j]`` for all maps. Uniform subexpressions, which are
equal in all lanes, such as ``1 / sqrt(v[h] + epsilon)``, are hoisted out of the inner loops.
"""

from collections.abc import Iterator, Sequence

from striate.llvm.addresses import offset_of
from striate.llvm.bounds import table_element
from striate.llvm.builder import FLOATS, INTS, to_value
from striate.llvm.expression_writer import ExpressionWriter, Operand
from striate.llvm.ir import F32, I32, IRValue, iota, lanes_of, vector_type, zero
from striate.llvm.scope import Scope
from striate.nests.expression import (
    Arithmetic,
    Expression,
    Number,
    Ordinal,
    Reference,
    Symbol,
    leaves,
    operands,
)
from striate.plan.access import Access
from striate.plan.schedule import STRIDE
from striate.plan.statement import IMAGE, LANES, Compute


class ValueWriter:
    """Emits the values of expressions.

    Uniform values (equal in all lanes) are hoisted out of the loops in which they are invariant.

    Parameters
    ----------
    scope
        The current position in the kernel.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.b = scope.b
        self.expressions = ExpressionWriter(scope.b)
        self._uniform: dict[int, bool] = {}
        self._invariant = [
            subexpression
            for statement in scope.kernel.statements
            for subexpression in self.invariant(statement.nest.equation.expression)
        ]
        self._divisors = {
            id(divisor)
            for statement in scope.kernel.statements
            for divisor in _divisors(statement.nest.equation.expression)
        }

    def value(self, expression: Expression) -> Operand:
        """Emit an expression, or return its value if it has already been emitted."""
        match expression:
            case Number(value):
                return float(value)
            case Symbol(name):
                return self.number(name)
            case Reference():
                found = self.scope.here.get(expression.name)
                return self.load(expression) if found is None else found
            case Ordinal():
                return self.ordinal(expression)
            case Arithmetic("/", left, right) if self.uniform(right) and not self.uniform(left):
                other = self.inverse(right, self.value(right))
                return self.expressions.product(self.value(left), other)
            case _:
                pass
        if not self.uniform(expression):
            return self.expressions.write(expression, self.value)
        return self.scope.once(
            self.key(expression), lambda: self.expressions.write(expression, self.value)
        )

    def inverse(self, divisor: Expression, value: Operand) -> Operand:
        """Emit the reciprocal of a value."""
        if not isinstance(value, IRValue):
            return 1 / value
        key = ("inverse", *self.key(divisor)) if self.uniform(divisor) else object()
        return self.scope.once(key, lambda: self.expressions.quotient(1.0, value))

    def uniform(self, expression: Expression) -> bool:
        """Whether an expression is uniform (equal in all lanes) and reads an array."""
        found = self._uniform.get(id(expression))
        if found is None:
            references = [r for r in leaves(expression) if isinstance(r, Reference)]
            found = bool(references) and all(self._same_in_lanes(r) for r in references)
            self._uniform[id(expression)] = found
        return found

    def _same_in_lanes(self, reference: Reference) -> bool:
        """Whether all lanes read the same element of an array."""
        if reference.name in self.scope.kernel.writes:
            return False
        access = self.scope.access(reference)
        return self.scope.schedule.lanes not in access.strides and not access.lookups

    def key(self, expression: Expression) -> tuple[object, ...]:
        """Return a key for an expression at the current position."""
        point = self.scope.point
        indices = sorted(_indices(expression))
        return (id(expression), *((i, *point[i].key) for i in indices))

    # ----------------------------------------------------------------- hoisting

    def hoist(self) -> None:
        """Emit the loop-invariant values of the inner loops before those loops start."""
        scope = self.scope
        for subexpression in self._invariant:
            indices = _indices(subexpression)
            if all(i in scope.point and scope.tiles.get(i, 1) == 1 for i in indices):
                value = self.value(subexpression)
                if id(subexpression) in self._divisors and isinstance(value, IRValue):
                    self.inverse(subexpression, value)

    def invariant(self, expression: Expression) -> Iterator[Expression]:
        """Yield the largest uniform subexpressions that take instructions."""
        if any(s.nest.guards() for s in self.scope.kernel.statements):
            return
        if not isinstance(expression, Reference | Symbol | Number) and self.uniform(expression):
            yield expression
            return
        for operand in operands(expression):
            yield from self.invariant(operand)

    # ------------------------------------------------------------------- leaves

    def number(self, index: str) -> Operand:
        """Emit an index as a float."""
        scope, position = self.scope, self.scope.point[index]
        lanes = index == scope.schedule.lanes
        if position.base is None and not lanes:
            return float(position.offset)
        whole = self.b.add(position.base if position.base is not None else 0, position.offset)

        def write() -> IRValue:
            if not lanes:
                return self.b.sitofp(to_value(whole), F32)
            start = self.b.splat(self.b.trunc(to_value(whole), I32))
            return self.b.sitofp(self.b.iadd(start, iota(INTS)), FLOATS)

        return scope.once(("number", index, *position.key), write)

    def ordinal(self, ordinal: Ordinal) -> Operand:
        """Emit the position of indices in row-major order."""
        names = [subscript.lone for subscript in ordinal.indices]
        assert None not in names, f"{ordinal} has arguments other than indices"
        return self.row_major_position([n for n in names if n is not None])

    def row_major_position(self, indices: list[str]) -> Operand:
        """Emit the position of indices in row-major order within their extents."""
        total: Operand = 0.0
        for index in indices:
            extent = float(self.scope.kernel.root.nest.extents[index])
            total = self.expressions.fused(total, extent, self.number(index))
        return total

    # ------------------------------------------------------------------- memory

    def load(self, reference: Reference, statement: Compute | None = None) -> Operand:
        """Load a scalar or a vector."""
        scope = self.scope
        access = scope.access(reference, statement)
        values = scope.variables[access.name].values
        point = scope.point
        offset = offset_of(access, point)
        if values and not access.lookups:
            known = self._known(access, values, offset)
            if known is not None:
                return known
        moving = scope.pointers.pointer(access)
        key: object = ("load", moving, offset, scope.width)
        if access.lookups or access.name in scope.kernel.stored:
            key = object()
        if scope.masked is not None:
            return scope.once((key, id(scope.masked)), lambda: self._load_masked(access))
        return scope.once(key, lambda: self._load(access))

    def _known(self, access: Access, values: Sequence[float], offset: int) -> float | None:
        """Return the value that all lanes read from a constant table; ``None`` if it isn't known.

        It is known if the position of the access is constant, and the elements that the lanes read
        have the same value.
        """
        scope = self.scope
        if any(i not in scope.point or scope.point[i].base is not None for i in access.strides):
            return None
        stride = access.strides.get(scope.schedule.lanes or "", 0)
        if stride and scope.sums_lanes and scope.width < LANES:
            return None  # lanes without a term must be zero
        lanes = range(scope.width if stride else 1)
        numbers = {values[offset + k * stride] for k in lanes}
        return numbers.pop() if len(numbers) == 1 else None

    def _load_masked(self, access: Access) -> IRValue:
        """Load from memory, or zero if out of bounds."""
        scope, there = self.scope, self.scope.masked
        assert there is not None, access
        start = scope.pointers.starts[access.name]
        found = self._load(access, self.b.select(there, self.pointer(access), start))
        return self.b.select(there, found, zero(found.type))

    def _load(self, access: Access, pointer: IRValue | None = None) -> IRValue:
        """Load one element for all lanes, or a vector with one element per lane.

        Lanes outside the nest repeat the last element, or are zero if the lanes are added up.
        """
        scope = self.scope
        pointer = self.pointer(access) if pointer is None else pointer
        stride = access.strides.get(scope.schedule.lanes or "", 0)
        if stride == 0:
            return self.b.load(pointer)
        if scope.width == LANES and stride == 1:
            return self.b.load(pointer, FLOATS, self.alignment(access))
        if 0 < stride <= STRIDE:
            apart = [k * stride for k in range(scope.width)]
            span = self.b.load(pointer, vector_type(F32, apart[-1] + 1))
            rest = apart[-1] + 1 if scope.sums_lanes else apart[-1]
            picked = [*apart, *[rest] * (LANES - scope.width)]
            return self.b.shuffle(span, zero(span.type), picked)
        assert not scope.sums_lanes, access  # terms in the lanes are neighbors
        numbers = [self.b.load(self.b.at(pointer, k * stride)) for k in range(scope.width)]
        found = self.b.splat(numbers[-1])
        for k, number in enumerate(numbers[:-1]):
            found = self.b.insert_element(found, number, I32(k))
        return found

    def store(self, statement: Compute, value: IRValue) -> None:
        """Store a value, or its valid lanes."""
        access = self.scope.access(statement.nest.equation.target, statement)
        pointer = self.pointer(access)
        stride = access.strides.get(self.scope.schedule.lanes or "", 0)
        if lanes_of(value) and stride != 1:
            for k in range(self.scope.width):
                number = self.b.extract_element(value, I32(k))
                self.b.store(number, self.b.at(pointer, k * stride))
            return
        if lanes_of(value) and self.scope.width < LANES:
            value = self.b.shuffle(value, value, range(self.scope.width))
        self.b.store(value, pointer, self.alignment(access))

    def alignment(self, access: Access) -> int:
        """Return the alignment of an access in bytes: whole vectors if the lanes are images."""
        images = self.scope.schedule.lanes == IMAGE and access.strides.get(IMAGE) == 1
        return 4 * LANES if images else 4

    def pointer(self, access: Access) -> IRValue:
        """Emit the pointer of an access."""
        scope = self.scope
        pointer = self.b.at(scope.pointers.pointer(access), offset_of(access, scope.point))
        for lookup in access.lookups:
            position = table_element(scope, lookup.table, lookup.subscript)
            pointer = self.b.at(pointer, self.b.multiply(position, lookup.stride))
        return pointer


def _indices(expression: Expression) -> set[str]:
    """Return the indices in an expression."""
    found: set[str] = set()
    for leaf in leaves(expression):
        match leaf:
            case Symbol(name):
                found.add(name)
            case Reference(_, subscripts) | Ordinal(subscripts):
                found |= {i for s in subscripts for i in s.linear()[0]}
            case Number():
                pass
    return found


def _divisors(expression: Expression) -> Iterator[Expression]:
    """Yield the divisors in an expression."""
    if isinstance(expression, Arithmetic) and expression.sign == "/":
        yield expression.right
    for operand in operands(expression):
        yield from _divisors(operand)
