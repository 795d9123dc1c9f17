"""A plan: the phases, loop schedules and allocations that the code generator needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from striate.plan.allocation import Allocation, LiveInterval, Memory, aligned, allocate
from striate.plan.batch_reduction import reduce_over_batch
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.phases import Phase, sort_phases
from striate.plan.schedule import LoopSchedule, schedule
from striate.plan.signature import SCALARS
from striate.plan.simplify import simplify
from striate.plan.single_image import single_image
from striate.plan.statement import LANES, Compute, Load, Lowered, Origin, Statement, Store, Variable
from striate.plan.target import Target
from striate.plan.winograd import with_winograd

CHUNKS = 8
"""Maximum number of chunks of a batch, of threads that share a step, and of partial sums."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A program as data, before LLVM IR is written for it.

    Parameters
    ----------
    target
        The processor.
    images
        Number of images in a batch.
    chunks
        Number of chunks into which the blocks of a batch are cut.
    phases
        The phases, in order.
    schedules
        The loops of each kernel, by phase and item.
    variables
        All arrays by name.
    allocations
        Where each array is stored.
    buffers
        The caller's buffers, in order.
    arena, scratch
        Number of elements in the arena, and in each thread's scratch.
    """

    target: Target
    images: int
    chunks: int
    phases: tuple[Phase, ...]
    schedules: Mapping[tuple[int, int], LoopSchedule]
    variables: Mapping[str, Variable] = field(repr=False)
    allocations: Mapping[str, Allocation] = field(repr=False)
    buffers: tuple[str, ...]
    arena: int
    scratch: int

    @property
    def blocks(self) -> int:
        """Number of blocks of images in a batch."""
        return -(-self.images // LANES)

    def __str__(self) -> str:
        lines = [f"{self.images} images in {self.chunks} chunks; {self.target}"]
        for p, phase in enumerate(self.phases):
            kind = "over images" if phase.over_images else "once"
            lines.append(f"phase {p}, {kind}, {phase.tasks} tasks")
            for k, item in enumerate(phase.items):
                lines.append(f"  {item}".replace("\n", "\n  "))
                if (p, k) in self.schedules:
                    lines.append(f"    by {self.schedules[p, k]}")
        lines.append(f"memory: arena {self.arena}, each worker {self.scratch}")
        lines += [f"  {name}: {allocation}" for name, allocation in self.allocations.items()]
        return "\n".join(lines)


def make_plan(lowered: Lowered, images: int, target: Target, *, winograd: bool = True) -> Plan:
    """Plan a program: the stages of the compiler, in order.

    Parameters
    ----------
    lowered
        The statements to compute.
    images
        Maximum number of images in a batch.
    target
        The processor.
    winograd
        Whether convolutions may be computed with Winograd's transforms.

    Returns
    -------
    Plan
        A plan that doesn't depend on the number of threads.
    """
    blocks = -(-images // LANES)
    chunks = min(blocks, CHUNKS)
    simple = simplify(lowered)
    alone = images == 1 and not any(_needs_images(s) for s in simple.statements)
    if alone:
        simple = single_image(simple)
    elif winograd:
        simple = with_winograd(simple)
    simple = reduce_over_batch(simple, images)
    phases, variables = sort_phases(simple, chunks)
    schedules = {
        (p, k): schedule(item, variables, target, 1 if phase.over_images else phase.tasks)
        for p, phase in enumerate(phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel)
    }
    allocations, arena, scratch = _allocations(phases, variables, blocks, chunks)
    used = {allocation.region for allocation in allocations.values()} - {
        Memory.ARENA,
        Memory.SCRATCH,
    }
    buffers = dict.fromkeys(v.buffer for v in variables.values() if v.buffer in used)
    return Plan(
        target=target,
        images=images,
        chunks=chunks,
        phases=phases,
        schedules=schedules,
        variables=variables,
        allocations=allocations,
        buffers=tuple(dict.fromkeys((SCALARS, *buffers))),
        arena=arena,
        scratch=scratch,
    )


def _needs_images(statement: Statement) -> bool:
    """Whether a statement only exists for a block of images."""
    if isinstance(statement, Compute):
        return statement.sums_images
    return not isinstance(statement, Load | Store)


def _allocations(
    phases: tuple[Phase, ...], variables: Mapping[str, Variable], blocks: int, chunks: int
) -> tuple[dict[str, Allocation], int, int]:
    """Allocate every array that is read or written in memory."""
    uses = _uses(phases)
    allocations: dict[str, Allocation] = {}
    shared: list[LiveInterval] = []
    own: list[LiveInterval] = []
    for name, moments in uses.items():
        variable = variables[name]
        if variable.values:
            continue
        if variable.buffer:
            step = variable.size * LANES if variable.per_image else 0
            allocations[name] = Allocation(variable.buffer, variable.offset, per_block=step)
            continue
        first, last = min(moments), max(moments)
        each = variable.rows or variable.size
        size = aligned(each * LANES) if variable.per_image else aligned(variable.size)
        in_one = phases[first[0]].over_images and first[0] == last[0]
        if variable.per_image and in_one:
            own.append(LiveInterval(name, size, _moment(first), _moment(last)))
        elif variable.per_image:
            shared.append(LiveInterval(name, size * blocks, first[0], last[0]))
            allocations[name] = Allocation(Memory.ARENA, 0, per_block=size)
        elif variable.origin is Origin.PARTIAL_SUMS:
            shared.append(LiveInterval(name, variable.size * chunks, first[0], last[0]))
            allocations[name] = Allocation(Memory.ARENA, 0, per_chunk=variable.size)
        else:
            shared.append(LiveInterval(name, size, first[0], last[0]))
            allocations[name] = Allocation(Memory.ARENA, 0)
    offsets, arena = allocate(shared)
    own_offsets, scratch = allocate(own)
    allocations |= {
        name: Allocation(Memory.ARENA, at, allocations[name].per_block, allocations[name].per_chunk)
        for name, at in offsets.items()
    }
    allocations |= {name: Allocation(Memory.SCRATCH, at) for name, at in own_offsets.items()}
    return allocations, arena, scratch


def _moment(use: tuple[int, int]) -> int:
    """Return the number of an item in order; only items of the same phase are compared."""
    return use[0] * 100_000 + use[1]


def _uses(phases: tuple[Phase, ...]) -> dict[str, list[tuple[int, int]]]:
    """List the phases and items in which each array is read or written.

    An array that is used in a loop shared by several items is used from the first of them to the
    last.
    """
    uses: dict[str, list[tuple[int, int]]] = {}
    for p, phase in enumerate(phases):
        groups = [i.loops[0] if isinstance(i, Kernel) and i.loops else None for i in phase.items]
        for k, item in enumerate(phase.items):
            same = [j for j, g in enumerate(groups) if g is not None and g == groups[k]] or [k]
            for name in _touched(item):
                uses.setdefault(name, []).extend([(p, same[0]), (p, same[-1])])
    return uses


def _touched(item: PhaseItem) -> tuple[str, ...]:
    """Return the names of the arrays that an item reads or writes in memory."""
    if isinstance(item, Kernel):
        return tuple(dict.fromkeys((*item.reads, *(n for n in item.writes if n in item.stored))))
    return (*item.reads, item.writes)
