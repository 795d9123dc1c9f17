"""Handles reads out of bounds: by loop bounds, at compile time, or by a condition at run time.

For ``z[i] += w[u] * a[i + u - 1]`` with ``u < 3`` and 28 pixels, the condition is ``0 <= i + u - 1
< 28``. What it becomes depends on how ``i`` and ``u`` are looped over::

    loop over u             for u from max(0, 1 - i) to min(3, 29 - i): no condition is left
    u unrolled, i in 1..27  always inside, known at compile time: no condition
    u unrolled, i = 0       the term of u = 0 is omitted, known at compile time
    both depend on counters if 0 <= i + u - 1 < 28, at run time
"""

from collections.abc import Sequence

from striate.llvm.addresses import range_of, value_of
from striate.llvm.builder import Builder
from striate.llvm.ir import I64, IRValue
from striate.llvm.scope import Scope
from striate.nests.expression import Subscript
from striate.nests.nest import Guard
from striate.plan.statement import IMAGE
from striate.plan.tiles import LoopSegment

_SHIFT = 1 << 20
"""Larger than any length. Adding this multiple of the divisor makes every dividend positive, so an
unsigned division rounds as needed."""


def inside(scope: Scope, guards: Sequence[Guard]) -> IRValue | bool:
    """Return whether guards hold: a constant, or a condition that is evaluated at run time."""
    conditions: list[IRValue] = []
    for guard in guards:
        if guard in scope.proved:
            continue
        if guard.subscript.table is None:
            least, greatest = range_of(guard.subscript, scope.point)
            if least >= 0 and greatest < guard.length:
                continue
            if greatest < 0 or least >= guard.length:
                return False
            value = value_of(scope.b, guard.subscript, scope.point)
            if not isinstance(value, int):
                conditions.append(_in_bounds(scope, guard, value))
                continue
        else:
            value = table_element(scope, guard.subscript.table, Subscript(guard.subscript.terms))
        if isinstance(value, int):
            if not 0 <= value < guard.length:
                return False
            continue
        conditions.append(scope.b.icmp_unsigned("<", value, I64(guard.length)))
    if not conditions:
        return True
    condition = conditions[0]
    for other in conditions[1:]:
        condition = scope.b.and_(condition, other)
    return condition


def _in_bounds(scope: Scope, guard: Guard, value: IRValue) -> IRValue:
    """Emit the condition that a value is in bounds, once for all its uses."""
    indices = guard.subscript.linear()[0]
    key = ("inside", guard, *(scope.point[i].key for i in indices))
    return scope.once(key, lambda: scope.b.icmp_unsigned("<", value, I64(guard.length)))


def table_element(scope: Scope, table: str, subscript: Subscript) -> IRValue | int:
    """Read a table of positions."""
    where = value_of(scope.b, subscript, scope.point)
    if isinstance(where, int):
        return int(scope.variables[table].values[where])
    pointer = scope.b.at(scope.pointers.starts[table], where, I64)
    return scope.b.load(pointer, I64, 8)


def bounds(
    scope: Scope, index: str, segment: LoopSegment
) -> tuple[IRValue | int, IRValue | int, list[Guard]]:
    """Find the range of a reduced index in which its terms exist.

    Also returns the guards that needn't be checked inside the loop.
    """
    low: IRValue | int = segment.start
    high: IRValue | int = segment.stop
    proved: list[Guard] = []
    if index == IMAGE:
        return 0, scope.count, proved
    if segment.tile > 1:
        return low, high, proved
    nest = scope.kernel.root.nest
    for guard in nest.guards(*nest.equation.references):
        multipliers, _ = guard.subscript.linear()
        rest = [i for i in multipliers if i != index]
        if index not in multipliers or guard.subscript.table is not None:
            continue
        if any(i not in scope.point or scope.tiles.get(i, 1) > 1 for i in rest):
            continue
        first, last = _solved(scope, guard, index)
        low, high = _chosen(scope.b, ">", low, first), _chosen(scope.b, "<", high, last)
        proved.append(guard)
    return low, high, proved


def _solved(scope: Scope, guard: Guard, index: str) -> tuple[IRValue | int, IRValue | int]:
    """Solve ``0 <= by*index + rest < length`` for the range of the index."""
    b, by = scope.b, guard.subscript.linear()[0][index]
    terms = tuple(t for t in guard.subscript.terms if t.factor != index)
    rest = value_of(b, Subscript(terms), scope.point)
    if by > 0:
        opposite = b.multiply(rest, -1)
        first = _rounded_up(b, opposite, by)
        return first, _rounded_up(b, b.add(opposite, guard.length), by)
    first = _rounded_up(b, b.add(rest, 1 - guard.length), -by)
    return first, _rounded_up(b, b.add(rest, 1), -by)


def _rounded_up(b: Builder, x: IRValue | int, by: int) -> IRValue | int:
    """Divide and round up."""
    if by == 1:
        return x
    if isinstance(x, int):
        return -(-x // by)
    moved = b.add(x, by * _SHIFT + by - 1)
    return b.add(b.udiv(moved, I64(by)), -_SHIFT)


def minimum(b: Builder, x: IRValue | int, y: IRValue | int) -> IRValue | int:
    """Return the smaller of two integers."""
    return _chosen(b, "<", x, y)


def _chosen(b: Builder, sign: str, x: IRValue | int, y: IRValue | int) -> IRValue | int:
    """Return the smaller (``<``) or greater (``>``) of two integers."""
    if isinstance(x, int) and isinstance(y, int):
        return min(x, y) if sign == "<" else max(x, y)
    one = I64(x) if isinstance(x, int) else x
    other = I64(y) if isinstance(y, int) else y
    return b.select(b.icmp_signed(sign, one, other), one, other)
