"""The stages of ``striate explain`` above the machine: operations, equations, loops."""

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
_FEW_COPIES = 3


def operations(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Show which array is computed from which."""
    rows = explained.operations
    page.heading(
        "Operations",
        "Forward: Z is the output of the weight function, N the net input, A the activation. "
        "Backward: dA, dN and dZ are the derivatives of the loss with respect to these, dW and db "
        "those with respect to weights and biases (Hagan 8.29 to 8.31, figure 8.12). In the names "
        "of arrays, W is weight and b is bias: conv1.dweight is dW of conv1.",
    )
    if not whole:
        page.table(
            [Column("layer", style="bold"), Column("forward", breaks=True), Column("backward")],
            _layers(rows),
        )
        return
    for title, stages in (("forward", ("forward",)), ("backward", ("loss", "backward"))):
        found = [row for row in rows if row.stage in stages]
        if found:
            page.table(
                [
                    Column("layer", style="bold"),
                    Column("symbol"),
                    Column(title, breaks=True),
                    Column("source", style="dim", drop=1),
                ],
                [(row.layer, row.symbol, str(row), row.source) for row in found],
            )
            page.line()


def _layers(rows: Sequence[OperationRow]) -> Iterable[tuple[str, str, str]]:
    """Summarize what each layer computes, forward and backward."""
    for layer in dict.fromkeys(row.layer for row in rows):
        own = [row for row in rows if row.layer == layer]
        forward = [
            f"{r.symbol} = {r.function}" for r in own if r.stage == "forward" and not r.copies
        ]
        back = [row.symbol for row in own if row.stage != "forward"]
        yield layer, ", ".join(forward), " ".join(dict.fromkeys(back))


def nests(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Show the index equations before and after simplification."""
    lowered, simplified, made = explained.lowered, explained.simplified, explained.changes
    page.heading(
        "Index equations",
        f"q counts the images of a block: {LANES}, one for each vector lane. += sums over the "
        "indices that do not appear on the left.",
    )
    _list(page, counted(len(lowered), "statement"), _forms(lowered))
    if whole:
        for form in forms(lowered):
            if form.upper() in Form.__members__:
                page.note(f"{form:<12}{Form[form.upper()].value}")
        page.line()
        _equations(page, lowered)
        page.line()
    _list(page, f"{len(simplified)} after simplification", _forms(simplified))
    if made.unread:
        _list(page, "Removed because nothing reads them", made.unread)
    if made.names:
        copies = [f"{old} is {new}" for old, new in made.names.items()]
        more = len(copies) - _FEW_COPIES
        shown = copies if whole or more <= 0 else [*copies[:_FEW_COPIES], f"and {more} more"]
        _list(page, "Other names for the same array", shown)
    if made.gathered:
        page.line(
            f"{counted(len(made.gathered), 'scatter')} rewritten as gathers, which compute each "
            "element in one place (Hagan 8.41)."
        )
    if not whole:
        return
    for one in made.gathered:
        page.line()
        page.entry(one.scatter, label="scatter")
        for gather in one.gathers:
            page.entry(gather, label="gather ")
    page.heading("Index equations after simplification")
    _equations(page, simplified)


def _list(page: Page, title: str, items: Sequence[str]) -> None:
    """Write a list after its title; lines end only between two items."""
    first, *others = items or ["none"]
    page.items([f"{title}: {first}", *others], ", ")


def _forms(rows: Sequence[StatementRow]) -> list[str]:
    """Count statements by their form."""
    return [f"{number} {form}" for form, number in forms(rows).items()]


def _equations(page: Page, rows: Sequence[StatementRow]) -> None:
    """List statements."""
    page.table(
        [Column("form", style="dim"), Column("equation", breaks=True)],
        [(row.form, _equation(row)) for row in rows],
    )


def _equation(row: StatementRow) -> Text:
    """Write a statement with the ranges of its indices."""
    box = f"  for {row.box}" if row.box else ""
    note = f"  ({row.note})" if row.note else ""
    return Text.assemble(row.text, (f"{box}{note}", "dim"))


def schedule(page: Page, explained: Explanation, *, whole: bool) -> None:
    """Show phases, kernels and their loops."""
    page.heading(
        "Schedule",
        f"{_batch(explained)} Kernel 0.4 is kernel 4 of phase 0; both count from 0.",
        legend(explained.items),
    )
    if whole:
        for phase in explained.phases:
            _phase(page, explained, phase)
        return
    shown = largest(explained.items, lambda item: item.operations)
    page.table(
        [
            Column("kernel"),
            Column("computes", breaks=True, style="bold"),
            Column("lanes", drop=2),
            Column("in registers", drop=1),
            Column("multiply-adds", "right"),
        ],
        [_short(item) for item in shown],
    )
    rest = len(explained.items) - len(shown)
    if rest:
        page.note(f"and {counted(rest, 'smaller kernel')}")


def _batch(explained: Explanation) -> str:
    """Describe how a batch is split."""
    plan = explained.plan
    if not any(phase.over_images for phase in explained.phases):
        return "One image uses all vector lanes, for neighboring elements or terms."
    return (
        f"{counted(plan.images, 'image')}: {counted(plan.blocks, 'block')} of {LANES}, split into "
        f"{counted(plan.chunks, 'chunk')}. In each phase, a thread takes a chunk and computes it "
        "block by block."
    )


def _short(item: ItemRow) -> tuple[str, ...]:
    """Describe a kernel in a line."""
    elements = f"{item.elements} = {item.at_once}" if item.at_once else "1"
    adds = f"{item.multiply_adds:,}" if item.multiply_adds else ""
    return item.label, item.title, item.lane, elements, adds


def _phase(page: Page, explained: Explanation, phase: PhaseRow) -> None:
    """Describe a phase with all its kernels."""
    items = [item for item in phase.items if explained.wants(item)]
    if not items:
        return
    over = "for each chunk of the batch" if phase.over_images else "once for the whole batch"
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
        page.entry(f"stores {'; '.join(item.stored)}", indent=_INDENT + 2, style="dim")
    page.line()
