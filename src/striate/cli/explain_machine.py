"""What ``striate explain`` says of the machine: memory, code, time."""

from collections.abc import Sequence

from rich.text import Text

from striate.bench.peak import Peaks
from striate.cli.output import counted, percent
from striate.cli.pages import Page, bar, largest, span
from striate.explain.explanation import Explanation
from striate.explain.items import ItemRow
from striate.explain.machine_code import Count, FunctionCode
from striate.explain.measured import MeasuredRow
from striate.explain.memory import ArrayPlacement, MemoryMap, MemoryRegion
from striate.explain.tiles import TileRow
from striate.tables import Column

_LEAST_BAR = 16
_DOUBTFUL = 1.1  # of a limit; a little more than all of it is within the spread
_GAP = 2  # columns between those of a table
_KIB = 1024


def memory(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Draw who lies where and when."""
    found = explained.memory
    page.heading(
        "The memory",
        "All of it is found before the first step. Arrays that are never needed at one time may "
        "lie in the same place. A bar shows from which item to which an array is needed.",
    )
    for region in found.own:
        _region(page, explained, found, region, whole=whole)
    if explained.layer is None:
        brought = [f"{region.name} ({_size(region.size)})" for region in found.buffers]
        page.line(f"The caller brings {', '.join(brought)}.")


def _region(
    page: Page, explained: Explanation, found: MemoryMap, region: MemoryRegion, *, whole: bool
) -> None:
    """Draw one piece of memory."""
    layer = explained.layer
    places = [p for p in region.places if layer in {None, p.layer}]
    shown = places if whole else largest(places, lambda place: place.size)
    saved = f", {_size(region.unshared)} without sharing" if region.unshared > region.size else ""
    title = f"{region.name[0].upper()}{region.name[1:]}: {_size(region.size)}{saved}"
    page.line(Text(title, style="bold"))
    if shown:
        first = min(place.first for place in shown)
        last = max(place.last for place in shown)
        beside = sum(
            max(map(len, words)) + _GAP
            for words in zip(
                *((_size(p.offset), _size(p.size), p.name) for p in shown), strict=True
            )
        )
        width = max(_LEAST_BAR, page.width - beside)
        page.table(
            [
                Column("from", "right"),
                Column("size", "right"),
                Column("array", style="bold"),
                Column(_ruler(found, first, last, width)),
            ],
            [_line(place, first, last, width) for place in shown],
        )
    if len(places) > len(shown):
        rest = sum(place.size for place in places) - sum(place.size for place in shown)
        page.note(f"and {counted(len(places) - len(shown), 'small array')}, {_size(rest)}")
    page.line()


def _ruler(found: MemoryMap, first: int, last: int, width: int) -> str:
    """Mark where phases begin, as far as there is room for their numbers."""
    marks = [" "] * width
    free = 0
    for phase, start in enumerate(found.phases):
        ends = found.phases[phase + 1] if phase + 1 < len(found.phases) else found.items
        at = max(0, start - first) * width // (last - first + 1)
        words = f"phase {phase}" if free == 0 else f"{phase}"
        if start <= last and ends > first and free <= at <= width - len(words):
            marks[at : at + len(words)] = words
            free = at + len(words) + 1
    return "".join(marks).rstrip()


def _line(place: ArrayPlacement, first: int, last: int, width: int) -> tuple[str | Text, ...]:
    """Draw the life of an array."""
    life = span(place.first - first, place.last - first, last - first + 1, width)
    return _size(place.offset), _size(place.size), place.name, life


def _size(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / _KIB:,.1f} KiB" if size < _KIB**2 else f"{size / _KIB**2:,.1f} MiB"


def kernels(
    page: Page, explained: Explanation, rows: Sequence[MeasuredRow], peaks: Peaks, *, whole: bool
) -> None:
    """Show how fast each item runs."""
    wanted = {(item.phase, item.item) for item in explained.items}
    own = [row for row in rows if (row.phase, row.item) in wanted]
    shown = own if whole else largest(own, lambda row: row.of_step)
    peak = 2e-9 * peaks.multiply_adds.high
    seconds = 1e-6 * sum(row.microseconds for row in rows)
    page.heading(
        "Measured",
        f"Each item alone, on one thread, for all {explained.plan.images:,} images. The limit is "
        f"the peak of multiply-adds, here {peak:.0f} GFLOP/s, or the bandwidth of the memory that "
        "holds its arrays times the operations for each byte, whichever is less. A tanh counts as "
        "one operation, though it takes about as long as twenty.",
    )
    columns = [
        Column("item"),
        Column("leaves in memory", breaks=True, style="bold"),
        Column("µs", "right"),
        Column("of time", "right"),
        Column("GFLOP/s", "right"),
        Column("of limit", "right"),
        Column("limit", style="dim"),
    ]
    width = min(20, page.width - 92)
    if width > 0:
        columns.append(Column(""))
    page.table(columns, [_measured(row, width) for row in shown])
    if len(own) > len(shown):
        rest = sum(row.of_step for row in own) - sum(row.of_step for row in shown)
        page.note(f"and {counted(len(own) - len(shown), 'item')}, {percent(rest)} of the time")
    if any(row.of_limit > _DOUBTFUL and row.limit == "multiply-adds" for row in own):
        page.note("More than the limit: this machine was busy while its limits were measured.")
    page.line(
        f"All {len(rows)} items together: {1e3 * seconds:.2f} ms on one thread, "
        f"{explained.plan.images / seconds:,.0f} images/s."
    )


def _measured(row: MeasuredRow, width: int) -> list[str | Text]:
    """Describe a measured item in a line."""
    speed = f"{row.gflops:.1f}" if row.gflops else ""
    cells: list[str | Text] = [
        row.label,
        row.title,
        _microseconds(row.microseconds),
        f"{100 * row.of_step:.1f} %",
        speed,
        f"{100 * row.of_limit:.0f} %",
        row.limit,
    ]
    return [*cells, bar(row.of_limit, width)] if width > 0 else cells


def _microseconds(time: float) -> str:
    """Write a time in microseconds."""
    return f"{time:,.1f}" if time >= 1 else f"{time:.2f}"


def ir(page: Page, explained: Explanation) -> None:
    """Print the program as LLVM IR."""
    page.heading("LLVM IR", "As it is written, before LLVM optimizes it.")
    names = explained.names
    for name, text in explained.ir.items():
        if name in names:
            page.line(Text(f"; {_called(names[name])}", style="dim"), whole=True)
        elif explained.layer is not None:
            continue
        page.line(text, whole=True)
        page.line()


def assembly(page: Page, explained: Explanation) -> None:
    """Count and print the machine code of every kernel."""
    page.heading(
        "Assembly",
        "Instructions of the whole function, and of its innermost loop: fused multiply-adds, "
        "vectors loaded, numbers broadcast to all lanes, and whatever touches the stack.",
    )
    functions = {name: explained.functions[name] for name in explained.names}
    page.table(
        [
            Column("function"),
            Column("computes", breaks=True, style="bold"),
            Column("instr.", "right"),
            Column("fused", "right"),
            Column("loop", "right", style="dim"),
            Column("fused", "right"),
            Column("loads", "right"),
            Column("broadcasts", "right"),
            Column("stack", "right"),
        ],
        [
            (name, _titles(explained.names[name]), *_counts(code))
            for name, code in functions.items()
        ],
    )
    for name, code in functions.items():
        page.line()
        page.line(Text(f"# {name}: {_called(explained.names[name])}", style="dim"), whole=True)
        for number, line in enumerate(code.lines):
            style = "green" if code.start <= number < code.stop else ""
            page.line(Text(line.expandtabs(8), style=style), whole=True)


def _titles(items: Sequence[ItemRow]) -> str:
    """Say what a function computes: for several items, the first and how many more."""
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0].title}{more}"


def _called(items: Sequence[ItemRow]) -> str:
    """Say for which items a function is called."""
    return "; ".join(f"{item.label} {item.title}" for item in items)


def _counts(code: FunctionCode) -> tuple[str, ...]:
    """Write what was counted."""
    whole, loop = code.whole, code.loop
    if code.start == code.stop:
        return (str(whole.instructions), str(whole.fused), "none", "", "", "", "")
    inner = (loop.fused, loop.loads, loop.broadcasts, _stack(loop))
    return (
        str(whole.instructions),
        str(whole.fused),
        str(loop.instructions),
        *map(str, inner),
    )


def _stack(count: Count) -> int:
    """Count what touches the stack, calls included: they save registers there."""
    return count.spills + count.calls


def tiles(page: Page, item: ItemRow, rows: Sequence[TileRow]) -> None:
    """Show candidates for the tile of a kernel, with expected and measured time."""
    page.heading(
        f"Tiles of {item.label} {item.title}",
        "Expected: cycles by the cost model, as a multiple of the least. Measured: on one thread, "
        "for the whole batch, as a multiple of the fastest.",
    )
    least, fastest = min(r.cycles for r in rows), min(r.microseconds for r in rows)
    page.table(
        [
            Column("at once", style="bold"),
            Column("columns", "right"),
            Column("cycles", "right"),
            Column("expected", "right"),
            Column("µs", "right"),
            Column("measured", "right"),
            Column("GFLOP/s", "right"),
            Column(""),
        ],
        [
            (
                row.at_once or "1",
                str(row.columns),
                f"{row.cycles:,.0f}",
                f"{row.cycles / least:.3f}",
                _microseconds(row.microseconds),
                f"{row.microseconds / fastest:.3f}",
                f"{row.gflops:.1f}",
                "<- chosen" if row.chosen else "",
            )
            for row in rows
        ],
    )
