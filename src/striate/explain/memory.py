"""The memory of a plan: where each array is stored, and its lifetime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from striate.plan.allocation import Memory, aligned
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.plan import Plan
from striate.plan.statement import LANES

ITEM = 4
"""Size of a float32 number in bytes."""


@dataclass(frozen=True, kw_only=True)
class ArrayPlacement:
    """Where an array is stored, and its lifetime.

    Parameters
    ----------
    name
        The array.
    offset, size
        In bytes.
    first, last
        The first and the last item that uses it, numbered through all phases.
    per
        ``block`` or ``chunk`` if there is one copy for each, otherwise empty.
    layer
        The layer to which the array belongs.
    """

    name: str
    offset: int
    size: int
    first: int
    last: int
    per: str = ""
    layer: str = ""


@dataclass(frozen=True, kw_only=True)
class MemoryRegion:
    """A region of memory.

    Parameters
    ----------
    name
        The arena, the per-thread scratch, or a caller's buffer.
    size
        In bytes.
    unshared
        Bytes that its arrays would take without sharing memory.
    arrays
        Its arrays, sorted by offset, then by lifetime.
    """

    name: str
    size: int
    unshared: int
    arrays: tuple[ArrayPlacement, ...]


@dataclass(frozen=True, kw_only=True)
class MemoryMap:
    """All memory of a plan.

    Parameters
    ----------
    items
        Number of items in all phases.
    phases
        The first item of each phase.
    own
        The arena, which all threads share, and the scratch memory of each thread.
    buffers
        The caller's buffers.
    """

    items: int
    phases: tuple[int, ...]
    own: tuple[MemoryRegion, ...]
    buffers: tuple[MemoryRegion, ...]


def memory_map(plan: Plan) -> MemoryMap:
    """Describe the memory of a plan.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    MemoryMap
    """
    starts = [0]
    for phase in plan.phases:
        starts.append(starts[-1] + len(phase.items))
    lives = _lives(plan, starts)
    regions: dict[Memory | str, list[ArrayPlacement]] = {}
    for name, allocation in plan.allocations.items():
        regions.setdefault(allocation.region, []).append(_placement(plan, name, lives[name]))
    sizes = {Memory.ARENA: ITEM * plan.arena, Memory.SCRATCH: ITEM * plan.scratch}
    return MemoryMap(
        items=starts[-1],
        phases=tuple(starts[:-1]),
        own=tuple(
            _region(name, regions.get(name, []), sizes[name])
            for name in (Memory.ARENA, Memory.SCRATCH)
        ),
        buffers=tuple(
            _region(name, regions[name], max(p.offset + p.size for p in regions[name]))
            for name in plan.buffers
            if name in regions
        ),
    )


def _lives(plan: Plan, starts: Sequence[int]) -> Mapping[str, tuple[int, int]]:
    """Find the first and the last item that uses each array.

    An array in a loop shared by several items is used from the first of them to the last. Arrays in
    the arena are used for whole phases, because threads work on different items.
    """
    lives: dict[str, tuple[int, int]] = {}
    for p, phase in enumerate(plan.phases):
        for k, item in enumerate(phase.items):
            first, last = _together(phase.items, k)
            for name in _touched(item):
                allocation = plan.allocations.get(name)
                whole = allocation is not None and allocation.region == Memory.ARENA
                begin, end = (0, len(phase.items) - 1) if whole else (first, last)
                lives[name] = (lives.get(name, (starts[p] + begin,))[0], starts[p] + end)
    return lives


def _together(items: Sequence[PhaseItem], number: int) -> tuple[int, int]:
    """Return the first and the last item of the outermost loop that an item shares."""

    def loop(item: PhaseItem) -> tuple[str, str] | None:
        return item.loops[0] if isinstance(item, Kernel) and item.loops else None

    own = loop(items[number])
    if own is None:
        return number, number
    sharing = [k for k, item in enumerate(items) if loop(item) == own]
    return sharing[0], sharing[-1]


def _touched(item: PhaseItem) -> tuple[str, ...]:
    """Return the names of the arrays that an item reads or writes in memory."""
    written = tuple(item.stored) if isinstance(item, Kernel) else (item.writes,)
    return (*item.reads, *written)


def _placement(plan: Plan, name: str, life: tuple[int, int]) -> ArrayPlacement:
    """Describe the allocation of an array."""
    allocation, variable = plan.allocations[name], plan.variables[name]
    if allocation.per_chunk:
        per, size = "chunk", allocation.per_chunk * plan.chunks
    elif allocation.region == Memory.SCRATCH:
        per, size = "", aligned((variable.rows or variable.size) * LANES)
    elif allocation.region == Memory.ARENA:
        per = "block" if allocation.per_block else ""
        size = allocation.per_block * plan.blocks if per else aligned(variable.size)
    else:
        per, size = "", variable.size * (plan.images if variable.per_image else 1)
    first, last = life
    return ArrayPlacement(
        name=name,
        offset=ITEM * allocation.offset,
        size=ITEM * size,
        first=first,
        last=last,
        per=per,
        layer=variable.layer,
    )


def _region(name: Memory | str, arrays: list[ArrayPlacement], size: int) -> MemoryRegion:
    """Describe a region of memory."""
    return MemoryRegion(
        name=str(name),
        size=size,
        unshared=sum(array.size for array in arrays),
        arrays=tuple(sorted(arrays, key=lambda p: (p.offset, p.first, -p.size))),
    )
