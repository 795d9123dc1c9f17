"""The invariants of a plan: kernels stay within their arrays, and arrays don't overlap.

The proof uses only the plan and interval arithmetic: every index counts from 0 to its extent, which
gives the smallest and the largest address that each reference reads or writes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from math import prod

from striate.nests import Guard, Nest, injective, verify
from striate.nests.expression import Reference, Subscript
from striate.nests.nest import mismatch
from striate.plan.allocation import Allocation, Memory
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.layout import memory_access
from striate.plan.phases import Phase
from striate.plan.plan import Plan
from striate.plan.schedule import IndexLoop, LoopSchedule
from striate.plan.statement import IMAGE, LANES, Compute, Variable

_Moment = tuple[int, int]
"""A phase and an item."""


def verify_plan(plan: Plan) -> None:
    """Raise if a plan breaks an invariant.

    Of a kernel: its nests are valid. Every element that it reads or writes is within its array,
    whose memory is as large as the nest assumes. The loops reach every value of every index once.
    No two iterations write the same element, so tiles and tasks never conflict. No condition and no
    table depends on the lane.

    Of the order: nothing is read before it is written, or written after it was read. Tasks that run
    at the same time don't access anything that another one of them writes.

    Of the memory: every array is within its region, and doesn't overlap another one that is needed
    at the same time. An array with images in the lanes starts at a whole vector.

    Parameters
    ----------
    plan
        The plan to check.

    Raises
    ------
    NestError
        With the printed statement or allocation, and the broken invariant.

    Sources
    -------
    Hagan 8.38-8.48.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from striate.errors import NestError
    >>> from striate.nests import bind
    >>> from striate.plan.plan import make_plan
    >>> from striate.plan.statement import Lowered
    >>> from striate.plan.target import Target
    >>> nest = bind("y[i] = 2 * x[i]", shapes={"x": (8,), "y": (8,)})
    >>> arrays = {name: Variable(name=name, size=8, per_image=False, buffer=name) for name in "xy"}
    >>> lowered = Lowered(statements=(Compute(nest=nest),), variables=arrays)
    >>> target = Target(name="", features="", triple="", register_lanes=8, registers=16)
    >>> plan = make_plan(lowered, 1, target)
    >>> verify_plan(plan)
    >>> short = {**plan.variables, "y": replace(arrays["y"], size=7)}
    >>> try:
    ...     verify_plan(replace(plan, variables=short))
    ... except NestError as error:
    ...     print(str(error).splitlines()[0])
    `y[i]` accesses elements 0 to 7 of an array of 7.
    """
    for p, phase in enumerate(plan.phases):
        for k, item in enumerate(phase.items):
            if isinstance(item, Kernel):
                _verify_kernel(item, plan.schedules[p, k], _seen_in(phase, plan))
    _verify_order(plan)
    _verify_tasks(plan)
    _verify_memory(plan)


def _seen_in(phase: Phase, plan: Plan) -> dict[str, Variable]:
    """Return the arrays of a phase: over images one chunk's sums, otherwise those of all chunks."""
    sums = {} if phase.over_images else {n: h for n, h in plan.allocations.items() if h.per_chunk}
    whole = {
        name: replace(plan.variables[name], size=allocation.per_chunk * plan.chunks)
        for name, allocation in sums.items()
    }
    return {**plan.variables, **whole}


def _verify_kernel(
    kernel: Kernel, schedule: LoopSchedule, variables: Mapping[str, Variable]
) -> None:
    """Raise if a kernel exceeds its arrays, or its loops don't match its nest."""
    for statement in kernel.statements:
        nest = statement.nest
        verify(nest)
        for reference in (nest.equation.target, *nest.equation.references):
            if reference.name in kernel.stored or reference.name not in kernel.writes:
                _verify_reach(reference, nest, variables)
        for table in nest.equation.tables:
            _verify_table(table, nest, variables)
        if schedule.tasks > 1 or not (schedule.in_place or statement.adds):
            _verify_target(statement, schedule, variables)
    _verify_loops(kernel.root.nest, schedule)
    _verify_lanes(kernel, schedule)
    asked = _guards(kernel.root)
    for statement in kernel.statements:
        if beyond := [guard for guard in _guards(statement) if guard not in asked]:
            raise mismatch(
                kernel,
                f"`{statement.writes}` is stored even if `{beyond[0]}` doesn't hold.",
                "The target of the kernel's first statement decides, for all of its statements, "
                "whether an iteration computes anything. Don't fuse this statement with it.",
            )


def _guards(statement: Compute) -> tuple[Guard, ...]:
    """Return the conditions for a target's element to exist."""
    return statement.nest.guards(statement.nest.equation.target)


def _verify_reach(reference: Reference, nest: Nest, variables: Mapping[str, Variable]) -> None:
    """Raise if a reference may be outside its array's memory.

    Without guards, the range of its addresses is computed. With guards, each subscript is known to
    be within its axis, and the axes together must not be larger than the memory.
    """
    variable = variables[reference.name]
    capacity = _capacity(variable, nest)
    access = memory_access(reference, nest, variables)
    if not nest.guards(reference):
        ends = [by * (nest.extents[i] - 1) for i, by in access.strides.items()]
        least = access.offset + sum(min(0, end) for end in ends)
        greatest = access.offset + sum(max(0, end) for end in ends)
    else:
        lengths = [
            length
            for axis, length in enumerate(nest.shapes[reference.name])
            if axis not in variable.folded and not (access.per_image and axis == 0)
        ]
        each = variable.rows or LANES * variable.size
        images = nest.extents[IMAGE] if variable.rows else 1
        taken = prod(lengths) if variable.rows else LANES * prod(lengths)
        if not access.per_image:
            each, images, taken = capacity, 1, prod(lengths)
        least, greatest = 0, each * (images - 1) + taken - 1
    if least < 0 or greatest >= capacity:
        raise mismatch(
            nest,
            f"`{reference}` accesses elements {least} to {greatest} of an array of {capacity}.",
            "A kernel must stay within its arrays. Give the array the size that the nest assumes, "
            "or give the nest smaller extents.",
        )


def _capacity(variable: Variable, nest: Nest) -> int:
    """Count the elements of an array that a nest may access: one image's, a block's, or all."""
    if not variable.per_image:
        return variable.size
    if variable.rows:
        return variable.rows * nest.extents[IMAGE]
    return variable.size * LANES


def _verify_table(reference: Reference, nest: Nest, variables: Mapping[str, Variable]) -> None:
    """Raise if a table may be read out of bounds; it is read even if the term doesn't exist."""
    spans = [nest.span(Subscript(s.terms)) for s in reference.subscripts]
    shape = nest.shapes[reference.name]
    inside = all(a >= 0 and b < n for (a, b), n in zip(spans, shape, strict=True))
    if not inside or prod(shape) != len(variables[reference.name].values):
        raise mismatch(
            nest,
            f"`{reference}` reads positions {spans} of a table of "
            f"{len(variables[reference.name].values)} elements with the shape {shape}.",
            "A table must have an element for every position that is read. Add the elements.",
        )


def _verify_target(
    statement: Compute, schedule: LoopSchedule, variables: Mapping[str, Variable]
) -> None:
    """Raise if two iterations reach the same element of the target.

    A nest that adds in memory may reach an element twice, one time after the other.
    """
    nest = statement.nest
    target = nest.equation.target
    folded = variables[target.name].folded
    kept = [s for axis, s in enumerate(target.subscripts) if axis not in folded]
    apart = {*nest.equation.reduced, *schedule.around}
    if not injective(kept, {i: n for i, n in nest.extents.items() if i not in apart}):
        raise mismatch(
            nest,
            f"Several tiles or tasks may write the same element of `{target}`.",
            "Each element of a target must belong to one iteration. Turn the scatter into "
            "gathers, or schedule it with in_place=True and one task.",
        )


def _verify_loops(nest: Nest, schedule: LoopSchedule) -> None:
    """Raise if the loops don't reach every value of every index once."""
    loops = (*schedule.targets, *schedule.reduced)
    counted = [loop.index for loop in loops] + list(schedule.around)
    if schedule.lanes == IMAGE and IMAGE not in counted:
        counted.append(IMAGE)
    wrong = [loop for loop in loops if not _covers(loop, nest.extents.get(loop.index, 0))]
    if wrong or sorted(counted) != sorted(nest.extents):
        raise mismatch(
            nest,
            f"The loops are {schedule}.",
            "Each index must have one loop, from 0 to its extent, in whole tiles. Give each loop "
            "segments that end where the next one starts, with lengths that are multiples of "
            "their tiles.",
        )
    if schedule.tasks > 1 and schedule.in_place:
        raise mismatch(
            nest,
            f"{schedule.tasks} tasks add to the same elements.",
            "A kernel that adds in place must be one task. Use tasks=1.",
        )


def _verify_lanes(kernel: Kernel, schedule: LoopSchedule) -> None:
    """Raise if a condition or a table depends on the lane: it is evaluated once for all lanes."""
    for statement in kernel.statements:
        nest = statement.nest
        tables = [s for t in nest.equation.tables for s in t.subscripts]
        for subscript in (*(guard.subscript for guard in nest.guards()), *tables):
            if schedule.lanes in subscript.linear()[0]:
                raise mismatch(
                    nest,
                    f"`{subscript}` depends on the lane `{schedule.lanes}`.",
                    "A condition and an element of a table hold for a whole vector. Use the index "
                    "of another loop for the lanes, or none.",
                )


def _covers(loop: IndexLoop, extent: int) -> bool:
    """Whether the segments cover 0 to the extent, in order and in whole tiles."""
    end = 0
    for segment in loop.segments:
        if segment.start != end or segment.tile < 1 or (segment.stop - end) % segment.tile:
            return False
        end = segment.stop
    return end == extent


def _items(plan: Plan) -> Iterator[tuple[_Moment, PhaseItem]]:
    """Iterate over all items in order."""
    for p, phase in enumerate(plan.phases):
        for k, item in enumerate(phase.items):
            yield (p, k), item


def _stores(item: PhaseItem) -> tuple[str, ...]:
    """Return the names of the arrays that an item writes to memory."""
    if isinstance(item, Kernel):
        return tuple(name for name in item.writes if name in item.stored)
    return (item.writes,)


def _verify_order(plan: Plan) -> None:
    """Raise if an array is read before it is written, or written after it was read.

    The second rule is what allows phases to be sorted by dependencies: an array that is filled,
    read and filled again has no single value, so a reader that is moved gets the wrong one. An item
    that adds to an array reads and writes it at once, which is allowed until another item reads it.
    """
    known = {name for name, v in plan.variables.items() if v.buffer or v.values}
    known |= {
        name for name, allocation in plan.allocations.items() if allocation.per_chunk
    }  # set to zero before
    readers: dict[str, PhaseItem] = {}
    for _, item in _items(plan):
        early = [name for name in item.reads if name not in known]
        if early:
            raise mismatch(
                item,
                f"`{early[0]}` is read before it is written.",
                "An array that an item reads must be the caller's, or written by an earlier item. "
                f"Put the item that writes `{early[0]}` before this one.",
            )
        late = [name for name in _stores(item) if name in readers]
        if late:
            raise mismatch(
                item,
                f"`{late[0]}` is written after it was read by\n{readers[late[0]]}",
                "All writers of an array must come before its first reader. "
                "Write the later value to a separate array.",
            )
        known |= {*_stores(item)}
        readers |= {name: item for name in item.reads if name not in _stores(item)}


def _verify_tasks(plan: Plan) -> None:
    """Raise if tasks that run at the same time access what another one writes."""
    for phase in plan.phases:
        if phase.tasks == 1:
            continue
        if phase.over_images:
            common = [
                (item, name)
                for item in phase.items
                for name in _stores(item)
                if not _of_one_task(plan.allocations[name])
            ]
        else:
            common = [
                (item, name)
                for item, other in combinations(phase.items, 2)
                for name in {*_stores(item)} & {*_stores(other), *other.reads}
                | {*_stores(other)} & {*item.reads}
            ]
        if common:
            item, name = common[0]
            raise mismatch(
                item,
                f"Several tasks access `{name}` while one of them writes it.",
                "The tasks of a phase must be independent. Allocate the array separately for each "
                "block or chunk, or move the reader to a later phase.",
            )


def _of_one_task(allocation: Allocation) -> bool:
    """Whether each task has separate memory there."""
    return allocation.region == Memory.SCRATCH or bool(allocation.per_block or allocation.per_chunk)


def _verify_memory(plan: Plan) -> None:
    """Raise if an array exceeds its region, or overlaps one that is needed at the same time."""
    lives = _lives(plan)
    sizes: dict[Memory | str, int] = {Memory.ARENA: plan.arena, Memory.SCRATCH: plan.scratch}
    ends: dict[str, int] = {}
    for name, allocation in plan.allocations.items():
        variable = plan.variables[name]
        length = _length(variable, allocation, plan)
        ends[name] = allocation.offset + length
        if allocation.offset < 0 or ends[name] > sizes.get(allocation.region, ends[name]):
            raise mismatch(
                f"{name}: {allocation}",
                f"`{name}` needs elements {allocation.offset} to {ends[name] - 1} of the "
                f"{allocation.region}, which has {sizes[allocation.region]}.",
                "An array must be within its region. Give it a smaller offset, or make the region "
                "larger.",
            )
        own = allocation.region in sizes and variable.per_image
        if own and (
            allocation.offset % LANES or allocation.per_block % LANES or variable.rows % LANES
        ):
            raise mismatch(
                f"{name}: {allocation}",
                f"`{name}` has the offset {allocation.offset}, {allocation.per_block} elements per "
                f"block and rows of {variable.rows}.",
                f"In an array of images, all three must be multiples of {LANES}, so that vectors "
                "are aligned. Round them up with `aligned`.",
            )
    for one, other in combinations(plan.allocations, 2):
        first, second = plan.allocations[one], plan.allocations[other]
        if (
            first.region == second.region
            and max(first.offset, second.offset) < min(ends[one], ends[other])
            and max(lives[one][0], lives[other][0]) <= min(lives[one][1], lives[other][1])
        ):
            raise mismatch(
                f"{one}: {first}\n{other}: {second}",
                f"`{one}` and `{other}` overlap, and are needed at the same time.",
                "Arrays may only share memory if their lifetimes don't overlap. Correct the live "
                "intervals that `allocate` gets.",
            )


def _length(variable: Variable, allocation: Allocation, plan: Plan) -> int:
    """Count the elements from the start of an array to the end of its last chunk."""
    if variable.per_image and variable.buffer:
        return variable.size * plan.images
    last = allocation.per_block * (plan.blocks - 1) + allocation.per_chunk * (plan.chunks - 1)
    return last + (
        LANES * (variable.rows or variable.size) if variable.per_image else variable.size
    )


def _lives(plan: Plan) -> dict[str, tuple[_Moment, _Moment]]:
    """Find the lifetime of each array.

    Threads go through a phase at their own pace, so shared arrays live for the whole phase. An
    array that is used in a loop shared by several items lives from the first of them to the last.
    """
    lives: dict[str, tuple[_Moment, _Moment]] = {}
    for (p, k), item in _items(plan):
        items = plan.phases[p].items
        loop = item.loops[:1] if isinstance(item, Kernel) else ()
        same = [
            j for j, i in enumerate(items) if loop and isinstance(i, Kernel) and i.loops[:1] == loop
        ]
        for name in {*item.reads, *_stores(item)} & plan.allocations.keys():
            own = plan.allocations[name].region == Memory.SCRATCH
            near = same or [k]
            first, last = ((p, near[0]), (p, near[-1])) if own else ((p, 0), (p, len(items)))
            before = lives.get(name, (first, last))
            lives[name] = min(before[0], first), max(before[1], last)
    return lives
