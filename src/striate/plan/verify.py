"""The invariants of a plan: no kernel reaches beyond its arrays, no array lies on another.

What a plan says is proved from it alone, by intervals: of each place that a kernel reads or writes
the least and the greatest are known, since every index counts from 0 to its extent.
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
    """Raise where a plan breaks an invariant.

    Of a kernel: its nests are valid; every place that it reads or writes is in its array, whose
    memory is as large as the nest takes it to be; the loops reach every value of every index once;
    no two places of the target are one, so that tiles and tasks meet nowhere; no condition and no
    table depends on the lane.

    Of the order: nothing is read before it is written, or written after it was read; what several
    tasks do at one time touches nothing that another one of them writes.

    Of the memory: every array lies inside its region, and on no other that is needed at one time;
    where images are in the lanes it begins at a whole vector.

    Parameters
    ----------
    plan
        What to check.

    Raises
    ------
    NestError
        With the printed statement or place, and the invariant.

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
    >>> place = {name: Variable(name=name, size=8, per_image=False, buffer=name) for name in "xy"}
    >>> lowered = Lowered(statements=(Compute(nest=nest),), variables=place)
    >>> target = Target(name="", features="", triple="", register_lanes=8, registers=16)
    >>> plan = make_plan(lowered, 1, target)
    >>> verify_plan(plan)
    >>> short = {**plan.variables, "y": replace(place["y"], size=7)}
    >>> try:
    ...     verify_plan(replace(plan, variables=short))
    ... except NestError as error:
    ...     print(str(error).splitlines()[0])
    `y[i]` reaches from 0 to 7 in an array of 7 numbers.
    """
    for p, phase in enumerate(plan.phases):
        for k, item in enumerate(phase.items):
            if isinstance(item, Kernel):
                _verify_kernel(item, plan.schedules[p, k], _seen_in(phase, plan))
    _verify_order(plan)
    _verify_tasks(plan)
    _verify_places(plan)


def _seen_in(phase: Phase, plan: Plan) -> dict[str, Variable]:
    """Give all arrays as a phase sees them: over images a part's sum is an array, else one row."""
    sums = {} if phase.over_images else {n: h for n, h in plan.allocations.items() if h.per_part}
    whole = {
        name: replace(plan.variables[name], size=allocation.per_part * plan.parts)
        for name, allocation in sums.items()
    }
    return {**plan.variables, **whole}


def _verify_kernel(
    kernel: Kernel, schedule: LoopSchedule, variables: Mapping[str, Variable]
) -> None:
    """Raise where a kernel leaves its arrays, or its loops leave its nest."""
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
    _verify_walks(kernel.root.nest, schedule)
    _verify_lanes(kernel, schedule)
    asked = _guards(kernel.root)
    for statement in kernel.statements:
        if beyond := [guard for guard in _guards(statement) if guard not in asked]:
            raise mismatch(
                kernel,
                f"`{statement.writes}` is stored whether `{beyond[0]}` holds or not.",
                "A place is computed where the first statement's target has it, for all statements "
                "alike. Give this one a kernel of its own.",
            )


def _guards(statement: Compute) -> tuple[Guard, ...]:
    """Give the conditions on which a target has a place."""
    return statement.nest.guards(statement.nest.equation.target)


def _verify_reach(reference: Reference, nest: Nest, variables: Mapping[str, Variable]) -> None:
    """Raise where a reference reaches beyond its array.

    Without guards its place in memory is bounded as it is computed; with guards each of its axes
    is, and all axes together are no larger than the array.
    """
    variable = variables[reference.name]
    room = _room(variable, nest)
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
            each, images, taken = room, 1, prod(lengths)
        least, greatest = 0, each * (images - 1) + taken - 1
    if least < 0 or greatest >= room:
        raise mismatch(
            nest,
            f"`{reference}` reaches from {least} to {greatest} in an array of {room} numbers.",
            "A kernel stays inside its arrays. Give the array the size that the nest has for it, "
            "or the nest smaller extents.",
        )


def _room(variable: Variable, nest: Nest) -> int:
    """Count the numbers that a nest may touch of an array: one image's, a block's, or all."""
    if not variable.per_image:
        return variable.size
    if variable.rows:
        return variable.rows * nest.extents[IMAGE]
    return variable.size * LANES


def _verify_table(reference: Reference, nest: Nest, variables: Mapping[str, Variable]) -> None:
    """Raise where a table of places may be read outside: it is, whether or not the term exists."""
    spans = [nest.span(Subscript(s.terms)) for s in reference.subscripts]
    shape = nest.shapes[reference.name]
    inside = all(a >= 0 and b < n for (a, b), n in zip(spans, shape, strict=True))
    if not inside or prod(shape) != len(variables[reference.name].values):
        raise mismatch(
            nest,
            f"`{reference}` reaches {spans} in a table of {len(variables[reference.name].values)} "
            f"numbers with the shape {shape}.",
            "A table is read inside its shape, always. Give it an entry for every place.",
        )


def _verify_target(
    statement: Compute, schedule: LoopSchedule, variables: Mapping[str, Variable]
) -> None:
    """Raise where two values of the indices reach one place of the target.

    What adds to values that are there may reach a place twice, one after another.
    """
    nest = statement.nest
    target = nest.equation.target
    folded = variables[target.name].folded
    kept = [s for axis, s in enumerate(target.subscripts) if axis not in folded]
    apart = {*nest.equation.reduced, *schedule.around}
    if not injective(kept, {i: n for i, n in nest.extents.items() if i not in apart}):
        raise mismatch(
            nest,
            f"Several tiles or tasks may write one place of `{target}`.",
            "Each place of a target belongs to one value of its indices. Turn the scatter into "
            "gathers, or add in place.",
        )


def _verify_walks(nest: Nest, schedule: LoopSchedule) -> None:
    """Raise where the loops do not reach every value of every index once."""
    walks = (*schedule.targets, *schedule.reduced)
    counted = [walk.index for walk in walks] + list(schedule.around)
    if schedule.lanes == IMAGE and IMAGE not in counted:
        counted.append(IMAGE)
    wrong = [walk for walk in walks if not _covers(walk, nest.extents.get(walk.index, 0))]
    if wrong or sorted(counted) != sorted(nest.extents):
        raise mismatch(
            nest,
            f"The loops are {schedule}.",
            "Each index is walked once, from 0 to its extent, in whole tiles. Cut its walk so.",
        )
    if schedule.tasks > 1 and schedule.in_place:
        raise mismatch(
            nest,
            f"{schedule.tasks} tasks add to the same places.",
            "What adds in place is one task. Do not share it.",
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
                    "A condition and an entry of a table hold for a whole vector. Choose other "
                    "lanes, or none.",
                )


def _covers(walk: IndexLoop, extent: int) -> bool:
    """Whether segments follow each other from 0 to the extent in whole tiles."""
    end = 0
    for segment in walk.segments:
        if segment.start != end or segment.tile < 1 or (segment.stop - end) % segment.tile:
            return False
        end = segment.stop
    return end == extent


def _items(plan: Plan) -> Iterator[tuple[_Moment, PhaseItem]]:
    """Go through all items in order."""
    for p, phase in enumerate(plan.phases):
        for k, item in enumerate(phase.items):
            yield (p, k), item


def _stores(item: PhaseItem) -> tuple[str, ...]:
    """Name what an item writes to memory."""
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
        name for name, allocation in plan.allocations.items() if allocation.per_part
    }  # cleared beforehand
    readers: dict[str, PhaseItem] = {}
    for _, item in _items(plan):
        early = [name for name in item.reads if name not in known]
        if early:
            raise mismatch(
                item,
                f"`{early[0]}` is read before it is written.",
                "An array is given, or written by an earlier item. Move that item in front.",
            )
        late = [name for name in _stores(item) if name in readers]
        if late:
            raise mismatch(
                item,
                f"`{late[0]}` is written after it was read by\n{readers[late[0]]}",
                "All writers of an array must come before its first reader. "
                "Give the later value an array of its own.",
            )
        known |= {*_stores(item)}
        readers |= {name: item for name in item.reads if name not in _stores(item)}


def _verify_tasks(plan: Plan) -> None:
    """Raise where tasks that are done at one time touch what another one writes."""
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
                f"Several tasks touch `{name}` while one of them writes it.",
                "Tasks of a phase need nothing of each other. Give each part an array of its own, "
                "or begin a new phase.",
            )


def _of_one_task(allocation: Allocation) -> bool:
    """Whether each task has a place of its own there."""
    return allocation.region == Memory.SCRATCH or bool(allocation.per_block or allocation.per_part)


def _verify_places(plan: Plan) -> None:
    """Raise where an array leaves its region, or lies on another that is needed at one time."""
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
                f"`{name}` ends at {ends[name]} in {sizes[allocation.region]} numbers of "
                f"the {allocation.region}.",
                "An array lies inside its region. Place it lower, or make the region larger.",
            )
        own = allocation.region in sizes and variable.per_image
        if own and (
            allocation.offset % LANES or allocation.per_block % LANES or variable.rows % LANES
        ):
            raise mismatch(
                f"{name}: {allocation}",
                f"`{name}` does not begin at a whole vector.",
                f"Arrays of images begin at multiples of {LANES} numbers. Place it so.",
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
                f"`{one}` and `{other}` lie on each other, and are needed at one time.",
                "Arrays share memory only where one has gone when the other comes. Place one of "
                "them elsewhere.",
            )


def _length(variable: Variable, allocation: Allocation, plan: Plan) -> int:
    """Count the numbers from where an array begins to where its last part ends."""
    if variable.per_image and variable.buffer:
        return variable.size * plan.images
    last = allocation.per_block * (plan.blocks - 1) + allocation.per_part * (plan.parts - 1)
    return last + (
        LANES * (variable.rows or variable.size) if variable.per_image else variable.size
    )


def _lives(plan: Plan) -> dict[str, tuple[_Moment, _Moment]]:
    """Find from when to when each array is needed.

    Workers go through a phase each at its own pace, so what is shared is needed for all of it; and
    what is used in a loop that several items share, from the first of these to the last.
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
