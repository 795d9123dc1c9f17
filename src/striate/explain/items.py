"""The phases and kernels of a plan, with a description of their loops."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from striate.bench.work import work_of
from striate.plan.fuse import Kernel, PhaseItem, writes_of
from striate.plan.plan import Plan
from striate.plan.schedule import IndexLoop, LoopSchedule
from striate.plan.statement import IMAGE, LANES, Compute, Origin

STEP = "  "


LEGEND: Mapping[Origin, str] = {
    Origin.TEMPORARY: (
        "names with a third part, such as average1.Z.share: intermediate results or constants in "
        "the layer's equations"
    ),
    Origin.PARTIAL_SUMS: (
        "partial_sums: one sum for each chunk of the batch; they are added in a fixed order"
    ),
    Origin.ROW_LAYOUT: (
        "row_layout: a transposed copy, with neighboring elements of one image in the lanes"
    ),
    Origin.WINOGRAD: (
        "winograd_...: transformed tiles of Winograd's algorithm, which computes 3x3 convolutions "
        "with fewer multiplications"
    ),
    Origin.PADDED_COPY: "padded_for_...: a copy with zeros around it, for the array named",
}
"""Explanations of the names of arrays that aren't Hagan's quantities."""


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One item of a plan: a kernel, or a statement that loads, stores or transposes arrays.

    Parameters
    ----------
    phase, item
        Its position in the plan.
    form
        The form of its first statement: ``contract``, ``elementwise``, ``load``.
    equations
        The equations it computes. The first one determines the loops; the others use its results in
        registers.
    writes
        Names of the arrays that are computed.
    stored
        Those that are written to memory.
    lane, lanes
        The index whose values are in the lanes of a vector, and a description.
    at_once
        Number of elements that are computed at once, by index.
    elements
        Number of elements in the largest tile.
    loops
        A description of the loops, the outermost first, indented by nesting.
    multiply_adds, operations
        For a whole batch; a multiply-add counts as two operations.
    layers
        The layers to which the computed arrays belong.
    results
        The arrays of the step that it computes or helps to compute, by partial sums for example.
    origins
        The stages of the compiler that introduced the computed arrays.
    """

    phase: int
    item: int
    form: str
    equations: tuple[str, ...]
    writes: tuple[str, ...]
    stored: tuple[str, ...]
    lane: str = ""
    lanes: str = ""
    at_once: str = ""
    elements: int = 1
    loops: tuple[str, ...] = ()
    multiply_adds: int = 0
    operations: int = 0
    layers: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def label(self) -> str:
        """Its position as text: ``0.4`` is item 4 of phase 0."""
        return f"{self.phase}.{self.item}"

    @property
    def title(self) -> str:
        """The arrays it computes, in short: ``conv1.Z, N, A``."""
        return titled(self.writes)

    def concerns(self, layer: str) -> bool:
        """Whether it computes an array of a layer."""
        return layer in self.layers


@dataclass(frozen=True, kw_only=True)
class PhaseRow:
    """One phase of a plan, whose items run without waiting for other chunks of the batch.

    Parameters
    ----------
    phase
        Its number.
    over_images
        Whether it runs for each block of images, or once.
    tasks
        Number of tasks, each of which is run by the next free thread.
    items
        The items, in order.
    """

    phase: int
    over_images: bool
    tasks: int
    items: tuple[ItemRow, ...]


def phase_rows(plan: Plan) -> list[PhaseRow]:
    """Describe the phases of a plan.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    list of PhaseRow
        In order.
    """
    return [
        PhaseRow(
            phase=p,
            over_images=phase.over_images,
            tasks=phase.tasks,
            items=tuple(_row(plan, p, k, item) for k, item in enumerate(phase.items)),
        )
        for p, phase in enumerate(plan.phases)
    ]


def legend(items: Iterable[ItemRow]) -> list[str]:
    """Explain the names of the arrays that the items compute, apart from Hagan's quantities.

    Parameters
    ----------
    items
        Rows of a table.

    Returns
    -------
    list of str
        One line for each origin of arrays.
    """
    origins = {origin for item in items for origin in item.origins}
    return [words for origin, words in LEGEND.items() if origin in origins]


def titled(names: Iterable[str]) -> str:
    """Abbreviate the names of arrays, grouped by layer.

    Parameters
    ----------
    names
        In order.

    Returns
    -------
    str

    Examples
    --------
    >>> titled(["average1.dA", "conv1.dA", "conv1.dN"])
    'average1.dA; conv1.dA, dN'
    """
    groups: list[tuple[str, list[str]]] = []
    for name in names:
        layer, _, symbol = name.partition(".")
        if groups and groups[-1][0] == layer:
            groups[-1][1].append(symbol or layer)
        else:
            groups.append((layer, [name]))
    return "; ".join(", ".join(symbols) for _, symbols in groups)


def at_once(schedule: LoopSchedule) -> str:
    """Describe which elements are computed at once.

    Parameters
    ----------
    schedule
        The schedule of a kernel.

    Returns
    -------
    str
        ``j 4 × h 6``; empty for a single element.
    """
    if schedule.in_place:
        return ""
    return " × ".join(
        f"{index} {size}{' vectors' * (index == schedule.lanes)}"
        for index, size in _tiles(schedule)
    )


def _row(plan: Plan, phase: int, number: int, item: PhaseItem) -> ItemRow:
    """Describe an item."""
    work = work_of(plan, item, over_images=plan.phases[phase].over_images)
    computed = [plan.variables[name] for name in writes_of(item)]
    layers = tuple(dict.fromkeys(v.layer for v in computed if v.layer))
    results = tuple(dict.fromkeys(v.part_of or v.name for v in computed))
    origins = tuple(dict.fromkeys(v.origin for v in computed))
    if not isinstance(item, Kernel):
        return ItemRow(
            phase=phase,
            item=number,
            form=type(item).__name__.lower(),
            equations=(str(item),),
            writes=(item.writes,),
            stored=(item.writes,),
            layers=layers,
            results=results,
            origins=origins,
        )
    schedule = plan.schedules[phase, number]
    return ItemRow(
        phase=phase,
        item=number,
        form=item.root.nest.equation.form.name.lower(),
        equations=(str(item.root.nest), *(str(s.nest.equation) for s in item.statements[1:])),
        writes=item.writes,
        stored=tuple(name for name in item.writes if name in item.stored),
        lane=schedule.lanes or "",
        lanes=_lanes(item, schedule),
        at_once=at_once(schedule),
        elements=_elements(schedule),
        loops=tuple(_loops(item, schedule)),
        multiply_adds=work.multiply_adds,
        operations=work.operations,
        layers=layers,
        results=results,
        origins=origins,
    )


def _lanes(kernel: Kernel, schedule: LoopSchedule) -> str:
    """Describe the lanes of a vector."""
    if schedule.lanes is None:
        return "none: scalar code"
    if schedule.lanes == IMAGE:
        return f"{LANES} images"
    nest = kernel.root.nest
    width = min(LANES, nest.extents[schedule.lanes])
    what = "terms" if schedule.lanes in nest.equation.reduced else "neighbors"
    return f"{width} {what} along {schedule.lanes}"


def _tiles(schedule: LoopSchedule) -> list[tuple[str, int]]:
    """List the indices of which several values, or vectors, are computed at once."""
    found: list[tuple[str, int]] = []
    for loop in schedule.targets:
        tile = max(segment.tile for segment in loop.segments)
        vectors = max(1, tile // LANES) if loop.index == schedule.lanes else tile
        if vectors > 1:
            found.append((loop.index, vectors))
    return found


def _elements(schedule: LoopSchedule) -> int:
    """Count the elements of the largest tile; a vector counts as one."""
    return 1 if schedule.in_place else prod(size for _, size in _tiles(schedule))


def _loops(kernel: Kernel, schedule: LoopSchedule) -> Iterator[str]:
    """Describe the loops."""
    depth = 0
    if schedule.around:
        yield f"for each {', '.join(schedule.around)}, shared with neighboring kernels"
        depth = 1
    shared = f", shared by {schedule.tasks} tasks" if schedule.tasks > 1 else ""
    for loop in schedule.targets:
        text = _loop(loop)
        if text:
            yield f"{STEP * depth}{text}{shared}"
            depth, shared = depth + 1, ""
    indent = STEP * depth
    if schedule.in_place:
        yield f"{indent}each term is added in memory, in this order"
        return
    if not kernel.root.nest.equation.reduced:
        yield f"{indent}{_counted(_elements(schedule), 'element', schedule)} at once"
        return
    roots = len(kernel.roots)
    each = f" for each of {roots} arrays" if roots > 1 else ""
    sums = _counted(_elements(schedule), _kept(kernel.root), schedule)
    yield f"{indent}{sums}{each} in registers"
    for text in filter(None, map(_loop, schedule.reduced)):
        yield f"{indent}{text}"
        indent += STEP
    yield f"{indent}{_terms(kernel.root, schedule)}"
    yield from _afterwards(kernel, schedule, STEP * depth)


def _afterwards(kernel: Kernel, schedule: LoopSchedule, indent: str) -> Iterator[str]:
    """Describe what happens to the sums."""
    if schedule.lanes in kernel.root.nest.equation.reduced:
        yield f"{indent}the {LANES} lanes are added up"
    following = [statement.writes for statement in kernel.statements[len(kernel.roots) :]]
    if following:
        yield f"{indent}then {', '.join(dict.fromkeys(following))}, still in registers"


def _loop(loop: IndexLoop) -> str:
    """Describe one loop; empty for an index of extent 1, or one that is only within the tile."""
    stop = loop.segments[-1].stop
    cut = [s for s in loop.segments if s.once]
    running = [s for s in loop.segments if not s.once]
    pieces = ", ".join(map(str, cut))
    if not running:
        return f"{loop.index} = {pieces}, one after another" if len(cut) > 1 else ""
    longest = max(running, key=lambda s: s.stop - s.start)
    by = f" by {longest.tile}" if longest.tile > 1 else ""
    apart = f" ({pieces} unrolled)" if cut else ""
    return f"for {loop.index} < {stop}{by}{apart}"


def _terms(statement: Compute, schedule: LoopSchedule) -> str:
    """Describe the terms of an iteration of the innermost loop."""
    taken = "add" if statement.nest.equation.operator == "+=" else "compare"
    loops = [loop for loop in schedule.reduced if loop.index != schedule.lanes]
    number = prod(max(s.tile for s in loop.segments) for loop in loops)
    whole = [
        f"{loop.index} < {loop.segments[0].tile}"
        for loop in loops
        if len(loop.segments) == 1 and loop.segments[0].once and loop.segments[0].tile > 1
    ]
    if number == 1:
        return f"{taken} one term"
    which = f": {', '.join(whole)}" if whole else ""
    return f"{taken} {number} terms{which}, unrolled"


def _counted(number: int, what: str, schedule: LoopSchedule) -> str:
    """Describe the number of elements that are computed at once."""
    plural = {"maximum": "maxima", "minimum": "minima"}.get(what, f"{what}s")
    made = f" ({at_once(schedule)})" if number > 1 else ""
    return f"{number} {what if number == 1 else plural}{made}"


def _kept(statement: Compute) -> str:
    """Name what is accumulated."""
    operator = statement.nest.equation.operator
    return {"+=": "sum", "max=": "maximum", "min=": "minimum", "argmax=": "winner"}[operator]
