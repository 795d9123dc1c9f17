"""The current position in a kernel during code generation: loops, pointers, and known values.

The writers of loops enter and leave a scope; those of values look up where they are. Inside of the
loops over ``i`` and ``j`` of a tile of two columns, at its second column::

    point      i: counter %v3;  j: counter %v9, plus 1
    pointers   a: start + 28 * %v3 + %v9, advanced by each loop that was entered
    memo       values emitted in each loop around this position, so that none is emitted twice
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from striate.llvm.addresses import IndexValue, Pointers
from striate.llvm.builder import Builder
from striate.llvm.ir import F32, I64, IRValue
from striate.nests.expression import Reference
from striate.nests.nest import Guard
from striate.plan.access import Access
from striate.plan.fuse import Kernel
from striate.plan.layout import Variables, memory_access
from striate.plan.schedule import LoopSchedule
from striate.plan.statement import LANES, Compute
from striate.plan.tiles import LoopSegment

Written = TypeVar("Written")


class Scope:
    """The state of a kernel during code generation.

    Parameters
    ----------
    builder
        The builder to emit instructions with.
    kernel, schedule, variables
        The kernel, its loops, and its arrays.
    names
        The arrays to which the function's arguments point.
    """

    def __init__(
        self,
        builder: Builder,
        kernel: Kernel,
        schedule: LoopSchedule,
        variables: Variables,
        names: Sequence[str],
    ) -> None:
        self.b = builder
        self.kernel = kernel
        self.schedule = schedule
        self.variables = variables
        arguments = builder.function.args
        starts = dict(zip(names, arguments, strict=False))
        self.count, self.task, *self.around = arguments[len(names) :]
        starts |= {name: self._table(name) for name in self._tables()}
        self.pointers = Pointers(builder, starts)
        self.point: dict[str, IndexValue] = {}
        self.tiles: dict[str, int] = {}
        self.width = LANES
        reduced = kernel.root.nest.equation.reduced
        self.sums_lanes = schedule.lanes in reduced
        self.vector = schedule.lanes is not None and not self.sums_lanes
        self.proved: list[Guard] = []
        self.masked: IRValue | None = None
        self.memo: list[dict[object, Any]] = [{}]
        self.here: dict[str, IRValue] = {}
        self._accesses: dict[tuple[int, int], Access] = {}
        self._all = [
            self.access(r, s)
            for s in kernel.statements
            for r in (s.nest.equation.target, *s.nest.equation.references)
            if r.name in starts
        ]

    def _tables(self) -> list[str]:
        """List the constant tables, in a fixed order, so that the program is always the same."""
        every = dict.fromkeys(n for s in self.kernel.statements for n in s.nest.sources)
        return [n for n in every if self.variables[n].values]

    def _table(self, name: str) -> IRValue:
        """Add a constant table to the module: integers if it holds positions."""
        tables = (t for s in self.kernel.statements for t in s.nest.equation.tables)
        positions = any(table.name == name for table in tables)
        element = I64 if positions else F32
        label = f"{name}{' positions' if positions else ''}"
        return self.b.module.table(label, element, self.variables[name].values, 4 * LANES)

    def access(self, reference: Reference, statement: Compute | None = None) -> Access:
        """Return the access of a reference in a statement, or in the first that contains it."""
        for s in self.kernel.statements if statement is None else (statement,):
            key = (id(reference), id(s))
            if key in self._accesses:
                return self._accesses[key]
            equation = s.nest.equation
            if reference in (equation.target, *equation.references):
                self._accesses[key] = memory_access(reference, s.nest, self.variables)
                return self._accesses[key]
        message = f"{reference} is not in the kernel"
        raise AssertionError(message)

    @contextmanager
    def entered(self, index: str, count: IRValue, segment: LoopSegment) -> Generator[None]:
        """Enter a loop over an index."""
        outer = self.pointers
        self.pointers = outer.entered(self._all, index, count)
        self.point[index] = IndexValue(count, 0, segment.start, segment.stop - segment.tile)
        self.memo.append({})
        yield
        self.memo.pop()
        del self.point[index]
        self.pointers = outer

    @contextmanager
    def at(self, element: Mapping[str, IndexValue]) -> Generator[None]:
        """Move to one element of a tile."""
        before = dict(self.point)
        self.point.update(element)
        yield
        self.point = before

    def once(self, key: object, write: Callable[[], Written]) -> Written:
        """Emit a value, unless it is available already."""
        for memo in reversed(self.memo):
            if key in memo:
                return memo[key]
        found = self.memo[-1][key] = write()
        return found

    def conditional(
        self,
        condition: IRValue,
        compute: Callable[[], tuple[IRValue, ...]],
        otherwise: tuple[IRValue, ...] = (),
    ) -> tuple[IRValue, ...]:
        """Emit a computation that runs only if a condition holds."""
        b = self.b
        before = b.block
        then, done = b.append_block("then"), b.append_block("else")
        b.cbranch(condition, then, done)
        b.position_at_end(then)
        self.memo.append({})
        found = compute()
        self.memo.pop()
        end = b.block
        b.branch(done)
        b.position_at_end(done)
        results: list[IRValue] = []
        for new, old in zip(found, otherwise, strict=True):
            phi = b.phi(old.type)
            phi.add_incoming(new, end)
            phi.add_incoming(old, before)
            results.append(phi)
        return tuple(results)
