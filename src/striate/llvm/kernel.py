"""Emits a kernel as a function: its loops, and for each tile the sums and what follows them.

A kernel with 24 sums in registers, a tile of ``j 4 x h 6``, becomes a loop nest of this form::

    for i < 28:
        for j < 28 by 4:               loops over the target's indices, by tiles
            24 accumulators = 0
            for l < 6, u < 5:          loops over the reduced indices
                for v < 5, unrolled:   24 multiply-adds each
            for each of 24 elements:    the other statements, then stores
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product, zip_longest

from striate.llvm.addresses import IndexValue
from striate.llvm.bounds import inside, minimum
from striate.llvm.builder import FLOATS, Builder, to_value
from striate.llvm.ir import F32, I64, PTR, VOID, IRModule, IRValue, constant
from striate.llvm.lanes import lanes_below, sum_of_lanes
from striate.llvm.reductions import Accumulators, ReductionWriter
from striate.llvm.scope import Scope
from striate.llvm.values import ValueWriter
from striate.plan.fuse import Kernel
from striate.plan.layout import Variables
from striate.plan.schedule import IndexLoop, LoopSchedule
from striate.plan.statement import IMAGE, LANES, Compute
from striate.plan.tiles import LoopSegment


def write_kernel(
    module: IRModule, name: str, kernel: Kernel, schedule: LoopSchedule, variables: Variables
) -> None:
    """Emit a kernel as a function.

    Parameters
    ----------
    module
        The module to write to.
    name
        Name of the function. Its arguments are pointers to the arrays of :func:`arguments_of`, then
        64-bit integers: the number of images, the task, and the counters of shared outer loops.
    kernel, schedule, variables
        The kernel, its loops, and its arrays.
    """
    names = arguments_of(kernel, variables)
    numbers = 2 + len(schedule.around)
    types = [*[PTR] * len(names), *[I64] * numbers]
    function = module.function(name, VOID, types, internal=True, noalias=len(names))
    scope = Scope(Builder(function), kernel, schedule, variables, names)
    _KernelWriter(scope).write()
    scope.b.ret_void()


def arguments_of(kernel: Kernel, variables: Variables) -> tuple[str, ...]:
    """Return the arrays that a kernel reads or writes in memory, without constant tables."""
    stored = [n for n in kernel.writes if n in kernel.stored]
    named = dict.fromkeys((*kernel.reads, *stored))
    return tuple(n for n in named if not variables[n].values)


class _KernelWriter:
    """Emits the loops over the target's indices and the code of each tile."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.b = scope.b
        self.values = ValueWriter(scope)
        self.sums = ReductionWriter(scope, self.values)

    def write(self) -> None:
        """Emit all loops, inside of the shared outer ones."""
        scope = self.scope
        extents = scope.kernel.root.nest.extents
        with ExitStack() as around:
            for index, value in zip(scope.schedule.around, scope.around, strict=True):
                whole = LoopSegment(0, extents[index], 1)
                around.enter_context(scope.entered(index, value, whole))
            self.values.hoist()
            self.loops(0)

    def loops(self, level: int) -> None:
        """Emit the loops over the target's indices, from this one inward."""
        schedule, scope = self.scope.schedule, self.scope
        if level == len(schedule.targets):
            self.tile()
            return
        loop = schedule.targets[level]
        for segment in loop.segments:
            in_lanes = loop.index == schedule.lanes
            scope.tiles[loop.index] = max(1, segment.tile // LANES) if in_lanes else segment.tile
            if in_lanes:
                scope.width = min(LANES, segment.tile)
            with self.segment(loop, segment):
                self.loops(level + 1)
        del scope.tiles[loop.index]

    @contextmanager
    def segment(self, loop: IndexLoop, segment: LoopSegment) -> Generator[None]:
        """Emit one segment of a loop around the code of the ``with`` block."""
        scope, b = self.scope, self.b
        schedule = scope.schedule
        shared = schedule.tasks > 1 and loop is schedule.targets[0]
        if segment.once:
            last = b.icmp_signed("==", scope.task, I64(schedule.tasks - 1)) if shared else None
            with self.only_if(last), scope.at({loop.index: IndexValue.known(segment.start)}):
                yield
            return
        start, stop = I64(segment.start), I64(segment.stop)
        head, done = b.append_block("loop"), b.append_block("done")
        if shared:
            start, stop = map(to_value, self.share(segment))
        before = b.block
        if shared:
            b.cbranch(b.icmp_signed("<", start, stop), head, done)
        else:
            b.branch(head)
        b.position_at_end(head)
        count = b.phi(I64)
        count.add_incoming(start, before)
        with scope.entered(loop.index, count, segment):
            self.values.hoist()
            yield
        following = self.b.add(count, segment.tile)
        count.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed("<", following, stop), head, done)
        b.position_at_end(done)

    @contextmanager
    def only_if(self, condition: IRValue | None) -> Generator[None]:
        """Emit code that runs only if a condition holds."""
        if condition is None:
            yield
            return
        with self.b.if_then(condition):
            self.scope.memo.append({})
            yield
            self.scope.memo.pop()

    def share(self, segment: LoopSegment) -> tuple[IRValue | int, IRValue | int]:
        """Compute the range of this task in a loop."""
        rounds = (segment.stop - segment.start) // segment.tile
        each = -(-rounds // self.scope.schedule.tasks) * segment.tile
        start = self.b.add(self.b.multiply(self.scope.task, each), segment.start)
        return start, minimum(self.b, self.b.add(start, each), segment.stop)

    def tile(self) -> None:
        """Emit the code for one tile."""
        scope = self.scope
        elements = list(self.elements())
        root = scope.kernel.root
        sums: list[Accumulators] = []
        scope.here = {}
        if root.nest.equation.reduced and not scope.schedule.in_place:
            sums = self.sums.write(elements)
        for number, element in enumerate(elements):
            with scope.at(element):
                self.element(sums[number] if sums else None)
        scope.here = {}

    def element(self, sums: Accumulators | None) -> None:
        """Emit the code for one element, if the root's target contains it."""
        scope = self.scope
        scope.here = {}
        nest = scope.kernel.root.nest

        def write() -> tuple[IRValue, ...]:
            parts = list(self.sums.split(sums)) if sums is not None else []
            for statement, part in zip_longest(scope.kernel.statements, parts):
                if part is not None:
                    self.finish(statement, part)
                else:
                    self.map(statement)
            return ()

        there = inside(scope, nest.guards(nest.equation.target))
        if there is True:
            write()
        elif there is not False:
            scope.conditional(there, write)

    def elements(self) -> Iterator[dict[str, IndexValue]]:
        """List the elements of a tile."""
        scope = self.scope
        within, lanes = scope.schedule.within, scope.schedule.lanes
        for moved in product(*(range(scope.tiles[index]) for index in within)):
            yield {
                index: scope.point[index].moved(by * LANES if index == lanes else by)
                for index, by in zip(within, moved, strict=True)
            }

    def finish(self, statement: Compute, accumulators: Accumulators) -> None:
        """Emit the end of a sum; add up the lanes if they hold terms."""
        value = accumulators[-1]
        if self.scope.schedule.lanes == IMAGE and statement.sums_images:
            present = self.scope.once("present", lambda: lanes_below(self.b, self.scope.count))
            value = self.b.select(present, value, constant(FLOATS, 0.0))
        if self.scope.sums_lanes:
            value = sum_of_lanes(self.b, value)
        self.keep(statement, value)

    def map(self, statement: Compute) -> None:
        """Emit an elementwise statement; the element is 0 if the term doesn't exist."""
        nest = statement.nest
        references = nest.equation.references
        exists = inside(self.scope, nest.guards(*references)) if references else True
        vector = self.scope.vector
        expressions = self.values.expressions

        def compute() -> Accumulators:
            value = self.values.value(nest.equation.expression)
            return (expressions.vector(value) if vector else expressions.single(value),)

        value: Accumulators = (constant(FLOATS if vector else F32, 0.0),)
        if exists is True:
            value = compute()
        elif exists is not False:
            value = self.scope.conditional(exists, compute, value)
        self.keep(statement, value[0])

    def keep(self, statement: Compute, value: IRValue) -> None:
        """Keep a value for the following statements, and store it if it is read elsewhere."""
        if statement.adds:
            before = self.values.load(statement.nest.equation.target, statement)
            value = self.b.fadd(self.values.expressions.single(before), value)
        self.scope.here[statement.writes] = value
        if statement.writes in self.scope.kernel.stored:
            self.values.store(statement, value)
