"""What ``striate explain`` says of the program: its operations, equations and loops."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from striate.cli.output import counted
from striate.cli.pages import Page, largest
from striate.explain.explanation import Explanation
from striate.explain.items import ItemRow, PhaseRow, legend
from striate.explain.operations import OperationRow
from striate.explain.statements import StatementRow, forms
from striate.nests import Form
from striate.plan.statement import LANES
from striate.tables import Column

_INDENT = 6


def step(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Say which array comes from which."""
    rows = explained.operations
    page.heading(
        "The step",
        "Z = W(w, a), N = sum of Z and b, A = f(N); then back: dA, dN, dZ, and dW, db on the way "
        "(Hagan 8.29 to 8.31, figure 8.12). "
        "Further down W is called weight, b bias: conv1.dweight is dW of conv1.",
    )
    if not whole:
        page.table(
            [Column("layer", style="bold"), Column("forward", breaks=True), Column("back")],
            _layers(rows),
        )
        return
    for title, parts in (("forward", ("forward",)), ("backward", ("loss", "backward"))):
        found = [row for row in rows if row.part in parts]
        if found:
            page.table(
                [
                    Column("layer", style="bold"),
                    Column(""),
                    Column(title, breaks=True),
                    Column("in the books", style="dim"),
                ],
                [(row.layer, row.symbol, str(row), row.source) for row in found],
            )
            page.line()


def _layers(rows: Sequence[OperationRow]) -> Iterable[tuple[str, str, str]]:
    """Say in short what each layer computes, forward and back."""
    for layer in dict.fromkeys(row.layer for row in rows):
        own = [row for row in rows if row.layer == layer]
        forward = [f"{r.symbol} {r.function}" for r in own if r.part == "forward" and not _idle(r)]
        back = [row.symbol for row in own if row.part != "forward"]
        yield layer, ", ".join(forward), " ".join(dict.fromkeys(back))


def _idle(row: OperationRow) -> bool:
    """Whether a function only hands on what it is given."""
    return row.function == "Linear" or (row.function == "Sum" and len(row.reads) == 1)


def nests(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Show the index equations, and what simplifying did to them."""
    lowered, simplified, made = explained.lowered, explained.simplified, explained.changes
    page.heading(
        "The index equations",
        f"q counts the images of one block: {LANES}, one for each lane of a vector. += sums over "
        "the indices that do not stand on the left.",
    )
    page.line(f"{counted(len(lowered), 'statement')}: {_forms(lowered)}.")
    if whole:
        for form in forms(lowered):
            if form.upper() in Form.__members__:
                page.note(f"{form:<9} {Form[form.upper()].value}")
        page.line()
        _equations(page, lowered)
        page.line()
    page.line(f"Simplified, {len(simplified)} are left: {_forms(simplified)}.")
    if made.unread:
        page.line(f"Left out, for nobody reads them: {', '.join(made.unread)}.")
    if made.names:
        copies = [f"{old} is {new}" for old, new in made.names.items()]
        shown = copies if whole else copies[:3]
        more = f", and {len(copies) - 3} more" if len(copies) > len(shown) else ""
        page.line(f"Copies are other names: {', '.join(shown)}{more}.")
    if made.gathered:
        page.line(
            f"{counted(len(made.gathered), 'scatter')} turned around, so that each entry is "
            "computed at once (Hagan 8.41)."
        )
    if not whole:
        return
    for one in made.gathered:
        page.line()
        page.entry(one.scatter, label="scatter")
        for gather in one.gathers:
            page.entry(gather, label="gather ")
    page.heading("The index equations, simplified")
    _equations(page, simplified)


def _forms(rows: Sequence[StatementRow]) -> str:
    """Count statements by what they amount to."""
    return ", ".join(f"{number} {form}" for form, number in forms(rows).items())


def _equations(page: Page, rows: Sequence[StatementRow]) -> None:
    """List statements."""
    page.table(
        [Column("form", style="dim"), Column("equation", breaks=True)],
        [(row.form, _equation(row)) for row in rows],
    )


def _equation(row: StatementRow) -> Text:
    """Write a statement with its extents."""
    box = f"  for {row.box}" if row.box else ""
    note = f"  ({row.note})" if row.note else ""
    return Text.assemble(row.text, (f"{box}{note}", "dim"))


def schedule(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Say in what order everything is computed, by which loops."""
    page.heading(
        "The schedule",
        f"{_batch(explained)} 0.4 is item 4 of phase 0; both are counted from 0.",
        legend(explained.items),
    )
    if whole:
        for phase in explained.phases:
            _phase(page, explained, phase)
        return
    shown = largest(explained.items, lambda item: item.operations)
    page.table(
        [
            Column("item"),
            Column("computes", breaks=True, style="bold"),
            Column("lanes"),
            Column("at once, in registers"),
            Column("multiply-adds", "right"),
        ],
        [_short(item) for item in shown],
    )
    rest = len(explained.items) - len(shown)
    if rest:
        page.note(f"and {counted(rest, 'item')} with less work")


def _batch(explained: Explanation) -> str:
    """Say how a batch is cut."""
    plan = explained.plan
    if not any(phase.over_images for phase in explained.phases):
        return "One image has the lanes for itself: its neighbors or terms lie in them."
    return (
        f"{counted(plan.images, 'image')}: {counted(plan.blocks, 'block')} of {LANES} in "
        f"{counted(plan.parts, 'part')}. A worker takes a part and goes block by block through "
        "a phase."
    )


def _short(item: ItemRow) -> tuple[str, ...]:
    """Describe an item in a line."""
    entries = f"{item.entries} = {item.at_once}" if item.at_once else "1"
    adds = f"{item.multiply_adds:,}" if item.multiply_adds else ""
    return item.label, item.title, item.lane, entries, adds


def _phase(page: Page, explained: Explanation, phase: PhaseRow) -> None:
    """Describe a phase with all its items."""
    items = [item for item in phase.items if explained.wants(item)]
    if not items:
        return
    over = "over the images, part by part" if phase.over_images else "once for the whole batch"
    tasks = counted(phase.tasks, "task")
    page.line(Text(f"Phase {phase.phase}, {over}: {tasks}", style="bold"))
    for item in items:
        page.line()
        adds = f", {item.multiply_adds:,} multiply-adds" if item.multiply_adds else ""
        lanes = f"; lanes: {item.lanes}" if item.lanes else ""
        words = f"  ({item.form}{adds}{lanes})"
        title = Text.assemble((item.title, "bold"), (words, "dim"))
        page.entry(title, label=item.label, indent=_INDENT)
        if not item.lanes:
            continue
        for equation in item.equations:
            page.entry(equation, indent=_INDENT, style="cyan")
        for text in item.loops:
            page.line(f"{' ' * _INDENT}  {text}")
        page.entry(f"to memory: {'; '.join(item.stored)}", indent=_INDENT + 2, style="dim")
    page.line()
