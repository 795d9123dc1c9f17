"""The memory of a plan: which array lies where, and from when to when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from striate.plan.allocation import Memory, aligned
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.plan import Plan
from striate.plan.statement import LANES

ITEM = 4
"""Bytes of a number."""


@dataclass(frozen=True, kw_only=True)
class ArrayPlacement:
    """Where an array lies, and how long.

    Parameters
    ----------
    name
        The array.
    offset, size
        In bytes.
    first, last
        The first and the last item that needs it, counted through all phases.
    per
        Of what there is one: ``block``, ``part``, or nothing where there is one in all.
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
    """A piece of memory.

    Parameters
    ----------
    name
        The arena, a worker's memory, or a caller's buffer.
    size
        In bytes.
    unshared
        Bytes that its arrays would need without sharing places.
    places
        The arrays in it, in the order of their places, then of time.
    """

    name: str
    size: int
    unshared: int
    places: tuple[ArrayPlacement, ...]


@dataclass(frozen=True, kw_only=True)
class MemoryMap:
    """All memory of a plan.

    Parameters
    ----------
    items
        How many items there are, in all phases.
    phases
        At which item each phase begins.
    own
        The arena, which all workers share, and the memory that each worker has for itself.
    buffers
        What the caller brings.
    """

    items: int
    phases: tuple[int, ...]
    own: tuple[MemoryRegion, ...]
    buffers: tuple[MemoryRegion, ...]


def memory_map(plan: Plan) -> MemoryMap:
    """Say where everything lies.

    Parameters
    ----------
    plan
        Any.

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
        regions.setdefault(allocation.region, []).append(_place(plan, name, lives[name]))
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
    """Find the first and the last item that needs each array.

    What is used inside a loop that items share is needed from the loop's first item to its last;
    the arena's arrays are needed in whole phases, for each worker is at another item.
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
    """Give the first and the last item of the outermost loop that an item shares with others."""

    def loop(item: PhaseItem) -> tuple[str, str] | None:
        return item.loops[0] if isinstance(item, Kernel) and item.loops else None

    own = loop(items[number])
    if own is None:
        return number, number
    sharing = [k for k, item in enumerate(items) if loop(item) == own]
    return sharing[0], sharing[-1]


def _touched(item: PhaseItem) -> tuple[str, ...]:
    """Name the arrays that an item reads from memory or writes there."""
    written = tuple(item.stored) if isinstance(item, Kernel) else (item.writes,)
    return (*item.reads, *written)


def _place(plan: Plan, name: str, life: tuple[int, int]) -> ArrayPlacement:
    """Describe the place of an array."""
    allocation, variable = plan.allocations[name], plan.variables[name]
    if allocation.per_part:
        per, size = "part", allocation.per_part * plan.parts
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


def _region(name: Memory | str, places: list[ArrayPlacement], size: int) -> MemoryRegion:
    """Describe a piece of memory."""
    return MemoryRegion(
        name=str(name),
        size=size,
        unshared=sum(place.size for place in places),
        places=tuple(sorted(places, key=lambda p: (p.offset, p.first, -p.size))),
    )
