"""The command ``striate equation``."""

from typing import Any, get_args

import click
from rich.text import Text

from striate.cli.output import CommandOutput, json_option
from striate.cli.pages import Page
from striate.equations import (
    NOTATIONS,
    QUANTITIES,
    TITLES,
    TOPICS,
    EquationResult,
    NotationName,
    NumberedEquation,
    equations,
    get,
    written,
)
from striate.errors import OptionError
from striate.tables import Column

_WIDTH = 80  # columns of formulas and arrays in a pipe
_INDENT = 2

_HELP = """Show an equation of the texts, and compute it.

Without NUMBER, all 95 equations are listed. With NUMBER, the equation is shown with the call that
computes it, a small example with its result, and a check against plain loops. If the printed
equation has a slip, the corrected one is shown first, then the print and what it gives.

NUMBER may be written as hagan-8.44, "Hagan 8.44" or 8.44. Hagan's equations are 8.1 to 8.53,
Wichmann's 1.1 to 5.8, and Wolter's 1 to 8.

\b
Examples:
  striate equation
  striate equation hagan-8.44
  striate equation 8.44 --notation wichmann
  striate equation wolter-7 --latex
  striate equation 4.15 --json
"""


@click.command("equation", help=_HELP)
@click.argument("words", nargs=-1, metavar="[NUMBER]")
@click.option(
    "--notation",
    type=click.Choice(get_args(NotationName)),
    help="Also show what another text, or PyTorch, writes for it, with a table of symbols.",
)
@click.option("--latex", is_flag=True, help="Print only the LaTeX source of the equation.")
@json_option
def command(
    words: tuple[str, ...], notation: NotationName | None, latex: bool, as_json: bool
) -> None:
    """List the equations, or show one."""
    out = CommandOutput(as_json=as_json)
    if not words:
        if latex or notation:
            option = "--latex" if latex else f"--notation {notation}"
            raise OptionError(
                f"{option} needs the number of an equation. Try striate equation 8.44 {option}."
            )
        _list(out)
        return
    equation = get(" ".join(words))
    if latex and not as_json:
        out.say(equation.latex, whole=True)
        return
    result = equation.run()
    _show(Page(out), equation, result, notation)
    out.result(_document(equation, result))


def _list(out: CommandOutput) -> None:
    """List all equations."""
    page = Page(out)
    page.table(
        [Column("equation", style="bold"), Column("title", breaks=True)],
        [[one.number, one.title] for one in equations().values()],
    )
    page.line()
    page.line("To show an equation: striate equation hagan-8.44")
    out.result(
        {"equations": [{"number": one.number, "title": one.title} for one in equations().values()]}
    )


def _show(
    page: Page, equation: NumberedEquation, result: EquationResult, notation: NotationName | None
) -> None:
    """Print an equation with everything that belongs to it."""
    page.line(Text(f"{equation.number}: {equation.title}", style="bold"))
    page.line()
    _formula(page, equation)
    if equation.slip:
        page.line()
        page.line("Printed as")
        page.line()
        _formula(page, equation, as_printed=True)
        page.line()
        page.line(f"Slip: {equation.slip}.")
    if equation.remark:
        page.line()
        page.line(f"Remark: {equation.remark}.")
    _example(page, equation)
    _numbers(page, equation, result)
    if notation:
        _notation(page, equation, notation)
    else:
        _elsewhere(page, equation)


def _formula(page: Page, equation: NumberedEquation, *, as_printed: bool = False) -> None:
    """Draw the formula."""
    lines = equation.drawn((page.room or _WIDTH) - _INDENT, as_printed=as_printed)
    if len(lines) == 1:
        page.entry(lines[0], indent=_INDENT)
    else:
        _code(page, "\n".join(lines))


def _code(page: Page, text: str) -> None:
    """Write indented lines that are not wrapped, so that they can be copied."""
    for line in text.splitlines():
        page.line((" " * _INDENT + line).rstrip(), whole=True)


def _example(page: Page, equation: NumberedEquation) -> None:
    """Print the code of the example."""
    if equation.reason:
        page.line()
        page.line(f"Not implemented: {equation.reason}.")
    page.heading("Example")
    _code(page, equation.code)
    if equation.example.note:
        page.line()
        page.line(f"Here {equation.example.note}.")


def _numbers(page: Page, equation: NumberedEquation, result: EquationResult) -> None:
    """Print the result, the check and what the print gives."""
    width = (page.room or _WIDTH) - _INDENT
    page.heading("Result")
    _code(page, written(result.loops if result.value is None else result.value, width))
    page.heading("Check")
    page.line(check_of(equation, result))
    page.line()
    _code(page, equation.code_in_loops())
    if equation.slip:
        page.heading("As printed")
        if isinstance(result.as_printed, str):
            page.line(f"The print can't be evaluated: {result.as_printed}.")
        else:
            page.line("The print gives")
            page.line()
            _code(page, written(result.as_printed, width))
        page.line()
        _code(page, equation.code_in_loops(as_printed=True))


def check_of(equation: NumberedEquation, result: EquationResult) -> str:
    """Describe how the result was checked.

    Parameters
    ----------
    equation, result
        The equation and its numbers.

    Returns
    -------
    str
    """
    if result.difference is None:
        return "The result is that of plain loops:"
    if not result.agrees:
        return f"Plain loops give a different result, by up to {result.difference:.3g}:"
    if equation.example.tolerance == 0:
        return "Plain loops give the same result:"
    return f"Plain loops give the same result, up to {equation.example.tolerance:g}:"


def _elsewhere(page: Page, equation: NumberedEquation) -> None:
    """Name the counterparts in the other notations."""
    topic = TOPICS[equation.topic]
    found = [topic.counterpart(notation) for notation in NOTATIONS]
    others = [one for one in found[:-1] if one and not one.startswith(equation.text)]
    if others or topic.pytorch:
        page.heading("In other notations")
    if others:
        page.line(f"{' and '.join(others)}.")
    if topic.pytorch:
        page.line(f"PyTorch: {topic.pytorch}")


def _notation(page: Page, equation: NumberedEquation, notation: NotationName) -> None:
    """Print the counterpart in another notation, and the symbols of both."""
    topic, title = TOPICS[equation.topic], TITLES[notation]
    counterpart = topic.counterpart(notation)
    if title == equation.text:
        page.heading(f"In {title}", f"This is the notation of {equation.number}.")
        return
    if counterpart is None:
        page.heading(f"In {title}", f"{title} has no counterpart of {equation.number}.")
        return
    if notation == "pytorch":
        page.heading(f"In {title}")
        _code(page, counterpart)
    else:
        page.heading(f"In {title}: {counterpart}")
        _formula(page, get(counterpart))
    if topic.remark:
        page.line()
        page.line(topic.remark)
    page.line()
    own: NotationName = next(one for one in NOTATIONS if TITLES[one] == equation.text)
    quantities = [QUANTITIES[name] for name in topic.quantities]
    page.table(
        [Column("quantity", breaks=True), Column(equation.text), Column(title)],
        [[one.name, one.symbol(own) or "–", one.symbol(notation) or "–"] for one in quantities],
    )


def _document(equation: NumberedEquation, result: EquationResult) -> dict[str, Any]:
    """Return the equation for JSON."""
    topic, own = TOPICS[equation.topic], equation.text.lower()
    return {
        "number": equation.number,
        "title": equation.title,
        "formula": equation.formula,
        "latex": equation.latex,
        "printed": equation.formula_as_printed,
        "printed_latex": equation.printed,
        "slip": equation.slip,
        "remark": equation.remark,
        "reason": equation.reason,
        "given": equation.example.given,
        "call": equation.example.call,
        "note": equation.example.note,
        "result": result.value,
        "loops": {
            "function": equation.function,
            "call": equation.example.loops,
            "result": result.loops,
            "difference": result.difference,
            "tolerance": equation.example.tolerance,
            "agrees": result.agrees,
        },
        "as_printed": None
        if equation.slip is None
        else {
            "function": equation.function_as_printed,
            "call": equation.example.as_printed,
            "result": result.as_printed,
        },
        "notations": {
            notation: equation.number if notation == own else topic.counterpart(notation)
            for notation in NOTATIONS
        },
    }
