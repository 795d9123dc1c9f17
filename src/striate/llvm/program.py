"""Emits a whole program: functions for kernels, for phases, and one that runs all phases.

Threads share a program without having fixed roles: each claims the next task of the current phase,
and continues with the next phase when all tasks are finished. A single thread runs everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from striate.llvm.builder import Builder, to_value
from striate.llvm.images import write_load_stored
from striate.llvm.ir import F32, I64, PTR, VOID, IRFunction, IRModule, IRValue
from striate.llvm.kernel import arguments_of, write_kernel
from striate.llvm.random import write_draw_mask
from striate.llvm.transposes import write_load, write_store, write_transpose
from striate.llvm.workers import load_word, wait_until, write_workers
from striate.plan.allocation import Allocation, Memory
from striate.plan.control_block import (
    ARENA_AT,
    BUFFERS,
    COUNTS_AT,
    IMAGES,
    SEED,
    STEP,
    claimed,
    finished,
)
from striate.plan.fingerprint import fingerprint
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.phases import Phase
from striate.plan.plan import Plan
from striate.plan.schedule import LoopSchedule
from striate.plan.statement import (
    LANES,
    DrawMask,
    Load,
    LoadStored,
    Origin,
    Store,
    Transpose,
    Variable,
)


def write_program(plan: Plan) -> IRModule:
    """Generate the module of a plan.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    IRModule
        A module with the functions ``work`` (what each thread runs), ``lead`` (a step, run by the
        leading thread) and ``help`` (what the workers of the thread pool run).
    """
    return _written(plan).module


def functions_of_items(plan: Plan) -> dict[tuple[int, int], str]:
    """Name the function that each item of a plan calls; items that differ only in names share it.

    Parameters
    ----------
    plan
        Any plan.

    Returns
    -------
    dict of str
        By phase and item.
    """
    return _written(plan).called


def _written(plan: Plan) -> "_ProgramWriter":
    """Generate the module of a plan."""
    program = _ProgramWriter(IRModule.of(plan.target), plan)
    program.run([program.phase(p) for p in range(len(plan.phases))])
    return program


def _layout(variable: Variable, name: str) -> Variable:
    """Keep only what a kernel's code depends on: an array's layout, and its known values."""
    return Variable(
        name=name,
        size=variable.size,
        per_image=variable.per_image,
        values=variable.values,
        rows=variable.rows,
        folded=variable.folded,
    )


class _ProgramWriter:
    """Emits a module."""

    def __init__(self, module: IRModule, plan: Plan) -> None:
        self.module = module
        self.plan = plan
        self.known: dict[str, str] = {}
        self.called: dict[tuple[int, int], str] = {}
        self.tables: dict[str, str] = {}
        self.regions: dict[Memory | str, IRValue] = {}

    # ---------------------------------------------------------------- kernels

    def kernel(self, kernel: Kernel, schedule: LoopSchedule) -> tuple[str, tuple[str, ...]]:
        """Emit a kernel, unless an equal one has already been emitted."""
        known = self.plan.variables
        order = arguments_of(kernel, known)
        names = {n: f"#{k}" for k, n in enumerate(order)}
        unstored = [n for n in kernel.writes if n not in names]
        names |= {n: f"#unstored {k}" for k, n in enumerate(unstored)}
        tables = [n for s in kernel.statements for n in s.nest.sources if n not in names]
        names |= {n: self.table(known[n].values) for n in tables}
        # The group only says which kernels share loops; code in a loop doesn't depend on it.
        statements = tuple(replace(s.renamed(names), group="") for s in kernel.statements)
        plain = Kernel(
            statements=statements, stored=frozenset(names[n] for n in kernel.stored if n in names)
        )
        variables = {new: _layout(known[old], new) for old, new in names.items()}
        key = fingerprint((plain, schedule, variables))
        name = self.known.get(key)
        if name is None:
            name = f"kernel {len(self.known)}"
            self.known[key] = name
            write_kernel(self.module, name, plain, schedule, variables)
        return name, order

    def table(self, values: Sequence[float]) -> str:
        """Name a table; equal tables get the same name."""
        return self.tables.setdefault(repr(values), f"table {len(self.tables)}")

    def mover(self, item: Load | Store | Transpose) -> tuple[str, tuple[str, ...]]:
        """Emit a function that loads, stores or transposes arrays."""
        size = self.plan.variables[item.source].size
        rows, lanes = (
            (item.source, item.target) if isinstance(item, Load) else (item.target, item.source)
        )
        row = self.plan.variables[rows].rows
        name = f"{type(item).__name__.lower()} {size}"
        if name not in self.module.functions:
            match item:
                case Load():
                    write_load(self.module, name, size)
                case Store():
                    write_store(self.module, name, size)
                case Transpose():
                    write_transpose(self.module, name, size, row)
        return name, (rows, lanes)

    def gather(self, item: LoadStored) -> tuple[str, tuple[str, ...]]:
        """Emit a function that loads stored images."""
        name = f"gather {item.rows} x {item.columns} x {item.channels} {item.element} {item.last}"
        name += " affine" if item.affine else ""
        if name not in self.module.functions:
            write_load_stored(self.module, name, item)
        return name, (*item.reads, item.target)

    # ----------------------------------------------------------------- phases

    def phase(self, number: int) -> IRFunction:
        """Emit a task of a phase as a function of the control block, scratch memory and task."""
        phase = self.plan.phases[number]
        name = f"phase {number}"
        function = self.module.function(name, VOID, [PTR, PTR, I64], internal=True)
        b = Builder(function)
        context, scratch, task = function.args
        self.regions = {Memory.ARENA: load_word(b, context, ARENA_AT, PTR), Memory.SCRATCH: scratch}
        for k, buffer in enumerate(self.plan.buffers):
            self.regions[buffer] = load_word(b, context, BUFFERS + k, PTR)
        images = load_word(b, context, IMAGES)
        if phase.over_images:
            self.blocks(b, number, phase, context, task, images)
        else:
            self.items(b, number, range(len(phase.items)), (), (context, I64(0), task, images))
        b.ret_void()
        return function

    def blocks(
        self,
        b: Builder,
        number: int,
        phase: Phase,
        context: IRValue,
        task: IRValue,
        images: IRValue,
    ) -> None:
        """Emit the loop over the blocks of a chunk."""
        plan = self.plan
        for name in self.sums_that_begin(number):
            self.clear(b, plan.allocations[name], plan.variables[name].size, task)
        first = b.udiv(to_value(b.multiply(task, plan.blocks)), I64(plan.chunks))
        last = b.udiv(to_value(b.multiply(b.add(task, 1), plan.blocks)), I64(plan.chunks))
        present = b.udiv(b.add(images, LANES - 1), I64(LANES))
        last = b.select(b.icmp_signed("<", last, present), last, present)

        def body(block: IRValue, _: object) -> list[IRValue]:
            left = b.isub(images, to_value(b.multiply(block, LANES)))
            count = b.select(b.icmp_signed("<", left, I64(LANES)), left, I64(LANES))
            self.items(b, number, range(len(phase.items)), (), (context, block, task, count))
            return []

        b.loop(first, last, 1, body)

    def sums_that_begin(self, number: int) -> list[str]:
        """Return the partial sums that this phase is the first to add to."""
        written: list[list[str]] = [
            [n for item in phase.items if isinstance(item, Kernel) for n in item.writes]
            for phase in self.plan.phases
        ]
        before = {n for names in written[:number] for n in names}
        return [
            name
            for name in dict.fromkeys(written[number])
            if self.plan.variables[name].origin is Origin.PARTIAL_SUMS and name not in before
        ]

    def clear(self, b: Builder, allocation: Allocation, size: int, chunk: IRValue) -> None:
        """Set partial sums to zero."""
        pointer = self.pointer(b, allocation, I64(0), chunk)
        zero = F32(0.0)

        def body(k: IRValue, _: object) -> list[IRValue]:
            b.store(zero, b.at(pointer, k))
            return []

        b.loop(0, size, 1, body)

    def items(
        self,
        b: Builder,
        phase: int,
        numbers: Sequence[int],
        around: tuple[IRValue, ...],
        run: tuple[IRValue, IRValue, IRValue, IRValue],
    ) -> None:
        """Emit the calls of items; those that share a loop are inside of it."""
        items = self.plan.phases[phase].items

        def loop(number: int) -> tuple[str, str] | None:
            item = items[number]
            loops = item.loops if isinstance(item, Kernel) else ()
            return loops[len(around)] if len(loops) > len(around) else None

        for shared, group in groupby(numbers, loop):
            together = list(group)
            if shared is None:
                for number in together:
                    self.item(b, (phase, number), items[number], around, run)
                continue
            first = items[together[0]]
            assert isinstance(first, Kernel)

            def body(count: IRValue, _: object, together: list[int] = together) -> list[IRValue]:
                self.items(b, phase, together, (*around, count), run)
                return []

            b.loop(0, first.root.nest.extents[shared[1]], 1, body)

    def item(
        self,
        b: Builder,
        position: tuple[int, int],
        item: PhaseItem,
        around: tuple[IRValue, ...],
        run: tuple[IRValue, IRValue, IRValue, IRValue],
    ) -> None:
        """Emit the call of an item's function."""
        context, block, chunk, count = run
        match item:
            case Kernel():
                name, arrays = self.kernel(item, self.plan.schedules[position])
            case Load() | Store() | Transpose():
                name, arrays = self.mover(item)
            case LoadStored():
                name, arrays = self.gather(item)
            case DrawMask():
                self.called[position] = self.draw(b, item, context, block, chunk)
                return
            case _:
                message = f"{item} is not an item of a phase"
                raise AssertionError(message)
        once = not self.plan.phases[position[0]].over_images
        within = I64(0) if once else chunk
        pointers = [self.pointer(b, self.plan.allocations[n], block, within) for n in arrays]
        numbers = [count, chunk, *around] if isinstance(item, Kernel) else [count]
        self.called[position] = name
        b.call(self.module.functions[name], [*pointers, *numbers])

    def draw(
        self, b: Builder, item: DrawMask, context: IRValue, block: IRValue, chunk: IRValue
    ) -> str:
        """Emit the call that draws a mask; return its function's name."""
        size = self.plan.variables[item.target].size
        name = f"draw {size}, {item.threshold}, {item.stream}"
        if name not in self.module.functions:
            write_draw_mask(self.module, name, size, item)
        pointer = self.pointer(b, self.plan.allocations[item.target], block, chunk)
        first = b.multiply(block, LANES)
        seed, step = load_word(b, context, SEED), load_word(b, context, STEP)
        b.call(self.module.functions[name], [pointer, to_value(first), seed, step])
        return name

    def pointer(
        self, b: Builder, allocation: Allocation, block: IRValue, chunk: IRValue
    ) -> IRValue:
        """Emit the pointer to an array for a block and chunk."""
        offset = b.add(
            b.multiply(block, allocation.per_block), b.multiply(chunk, allocation.per_chunk)
        )
        return b.at(self.regions[allocation.region], b.add(offset, allocation.offset))

    # ---------------------------------------------------------------- workers

    def run(self, phases: list[IRFunction]) -> None:
        """Emit the functions that threads call."""
        write_workers(self.module, self.work(phases), len(phases))

    def work(self, phases: list[IRFunction]) -> IRFunction:
        """Emit what every thread runs: task after task, phase after phase."""
        b = Builder(self.module.function("work", VOID, [PTR, PTR]))
        context, scratch = b.function.args
        counts = load_word(b, context, COUNTS_AT, PTR)
        for number, (phase, function) in enumerate(zip(self.plan.phases, phases, strict=True)):
            taken, done = b.at(counts, claimed(number), I64), b.at(counts, finished(number), I64)
            self.tasks(b, function, phase.tasks, context, scratch, taken, done)
            wait_until(b, context, done, ">=", phase.tasks)
        b.ret_void()
        return b.function

    def tasks(
        self,
        b: Builder,
        function: IRFunction,
        tasks: int,
        context: IRValue,
        scratch: IRValue,
        taken: IRValue,
        done: IRValue,
    ) -> None:
        """Emit the loop that claims and runs the remaining tasks of a phase."""
        head, body, end = (b.append_block(n) for n in ("claim", "task", "claimed"))
        b.branch(head)
        b.position_at_end(head)
        task = b.atomic_rmw("add", taken, I64(1), "seq_cst")
        b.cbranch(b.icmp_signed("<", task, I64(tasks)), body, end)
        b.position_at_end(body)
        b.call(function, [context, scratch, task])
        b.atomic_rmw("add", done, I64(1), "seq_cst")
        b.branch(head)
        b.position_at_end(end)
