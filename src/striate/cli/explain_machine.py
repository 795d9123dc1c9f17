"""The stages of ``striate explain`` close to the machine: memory, code, time."""

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
from striate.tables import GAP, Column

_LEAST_BAR = 16
_DOUBTFUL = 1.1  # of a limit; slightly above it is within the spread of measurements
_KIB = 1024
_DISTURBED = "Not measured: other programs used the processor. Try again when the machine is idle."


def memory(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Draw where each array is, and when it is needed."""
    found = explained.memory
    page.heading(
        "Memory map",
        "All memory is allocated before the program runs. Arrays that are never needed at the same "
        "time can share addresses. Each bar shows the kernels during which an array is live.",
    )
    for region in found.own:
        _region(page, explained, found, region, whole=whole)
    if explained.layer is None:
        first, *others = (f"{region.name} ({_size(region.size)})" for region in found.buffers)
        page.items([f"Buffers passed by the caller: {first}", *others], ", ")


def _region(
    page: Page, explained: Explanation, found: MemoryMap, region: MemoryRegion, *, whole: bool
) -> None:
    """Draw one allocation."""
    layer = explained.layer
    arrays = [p for p in region.arrays if layer in {None, p.layer}]
    shown = arrays if whole else largest(arrays, lambda array: array.size)
    saved = f" ({_size(region.unshared)} without sharing)" if region.unshared > region.size else ""
    title = f"{region.name[0].upper()}{region.name[1:]}: {_size(region.size)}{saved}"
    page.line(Text(title, style="bold"))
    if shown:
        first = min(array.first for array in shown)
        last = max(array.last for array in shown)
        cells = [("address", "size", "array")]
        cells += [(_size(array.offset), _size(array.size), array.name) for array in shown]
        others = sum(max(map(len, column)) + GAP for column in zip(*cells, strict=True))
        width = max(_LEAST_BAR, page.width - others)
        page.table(
            [
                Column("address", "right", drop=1),
                Column("size", "right"),
                Column("array", style="bold"),
                Column(_ruler(found, first, last, width)),
            ],
            [_line(array, first, last, width) for array in shown],
        )
    if len(arrays) > len(shown):
        rest = sum(array.size for array in arrays) - sum(array.size for array in shown)
        page.note(f"and {counted(len(arrays) - len(shown), 'smaller array')}, {_size(rest)}")
    page.line()


def _ruler(found: MemoryMap, first: int, last: int, width: int) -> str:
    """Mark where phases begin, if there is room for their numbers."""
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


def _line(array: ArrayPlacement, first: int, last: int, width: int) -> tuple[str | Text, ...]:
    """Write an array, and draw when it is needed."""
    life = span(array.first - first, array.last - first, last - first + 1, width)
    return _size(array.offset), _size(array.size), array.name, life


def _size(size: int) -> str:
    """Write a number of bytes."""
    if size < _KIB:
        return f"{size} B"
    return f"{size / _KIB:,.1f} KiB" if size < _KIB**2 else f"{size / _KIB**2:,.1f} MiB"


def kernels(
    page: Page, explained: Explanation, rows: Sequence[MeasuredRow], peaks: Peaks, *, whole: bool
) -> None:
    """Show how fast each kernel runs."""
    wanted = {(item.phase, item.item) for item in explained.items}
    own = [row for row in rows if (row.phase, row.item) in wanted]
    shown = own if whole else largest(own, lambda row: row.of_time)
    peak = 2e-9 * peaks.multiply_adds.high
    seconds = 1e-6 * sum(row.microseconds for row in rows)
    page.heading(
        "Measured times",
        f"Each kernel alone, on one thread, for all {explained.plan.images:,} images. The limit is "
        f"the peak rate of multiply-adds, here {peak:.0f} GFLOP/s, or the bandwidth of the cache "
        "or memory that holds the kernel's arrays times its operations per byte, whichever is "
        "lower. A tanh counts as one operation, although it takes about as long as twenty.",
    )
    if not rows:
        page.line(_DISTURBED)
        return
    columns = [
        Column("kernel"),
        Column("stores", breaks=True, style="bold"),
        Column("µs", "right"),
        Column("of time", "right", drop=2),
        Column("GFLOP/s", "right", drop=3),
        Column("of limit", "right"),
        Column("limited by", style="dim", drop=1),
    ]
    width = min(20, page.width - 92)
    if width > 0:
        columns.append(Column(""))
    page.table(columns, [_measured(row, width) for row in shown])
    if len(own) > len(shown):
        rest = sum(row.of_time for row in own) - sum(row.of_time for row in shown)
        number = counted(len(own) - len(shown), "faster kernel")
        page.note(f"and {number}, {percent(rest)} of the time")
    if any(row.of_limit > _DOUBTFUL and row.limit == "multiply-adds" for row in own):
        page.note("Above the limit: the machine was busy while its limits were measured.")
    page.line(
        f"All {len(rows)} kernels: {1e3 * seconds:.2f} ms on one thread, "
        f"{explained.plan.images / seconds:,.0f} images/s."
    )


def _measured(row: MeasuredRow, width: int) -> list[str | Text]:
    """Describe a measured kernel in a line."""
    speed = f"{row.gflops:.1f}" if row.gflops else ""
    cells: list[str | Text] = [
        row.label,
        row.title,
        _microseconds(row.microseconds),
        f"{100 * row.of_time:.1f}%",
        speed,
        f"{100 * row.of_limit:.0f}%",
        row.limit,
    ]
    return [*cells, bar(row.of_limit, width)] if width > 0 else cells


def _microseconds(time: float) -> str:
    """Write a time in microseconds."""
    return f"{time:,.1f}" if time >= 1 else f"{time:.2f}"


def ir(page: Page, explained: Explanation) -> None:
    """Print the program as LLVM IR."""
    page.heading("LLVM IR", "As generated, before LLVM optimizes it.")
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
        "Machine code",
        "Instructions in the whole function and in its innermost loop: fused multiply-adds (FMA), "
        "vector loads, broadcasts of one number to all lanes, and accesses to the stack.",
    )
    functions = {name: explained.functions[name] for name in explained.names}
    page.table(
        [
            Column("function"),
            Column("computes", breaks=True, style="bold"),
            Column("instr.", "right"),
            Column("FMA", "right", drop=2),
            Column("loop instr.", "right", drop=1),
            Column("loop FMA", "right"),
            Column("loop loads", "right", drop=3),
            Column("loop broadcasts", "right", drop=4),
            Column("loop stack", "right"),
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
    """Write what a function computes: the first of its kernels, and the number of others."""
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0].title}{more}"


def _called(items: Sequence[ItemRow]) -> str:
    """List the kernels that call a function."""
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
    """Count accesses to the stack, calls included: they save registers there."""
    return count.spills + count.calls


def tiles(page: Page, item: ItemRow, rows: Sequence[TileRow]) -> None:
    """Show other tiles for a kernel, with expected and measured times."""
    page.heading(
        f"Tiles for kernel {item.label}, {item.title}",
        "Expected: the cost model's cycles, relative to the lowest. Measured: the time on one "
        "thread for the whole batch, relative to the fastest.",
    )
    if not rows:
        page.line(_DISTURBED)
        return
    least, fastest = min(r.cycles for r in rows), min(r.microseconds for r in rows)
    page.table(
        [
            Column("in registers", style="bold"),
            Column("unrolled", "right", drop=3),
            Column("cycles", "right", drop=2),
            Column("expected", "right"),
            Column("µs", "right"),
            Column("measured", "right"),
            Column("GFLOP/s", "right", drop=1),
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
