"""Writes docs/reference/equations.md: each equation with its call, its output and its checks."""

import ast
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import sources
from errata_page import SlipSection, links, sections_of_places
from mentions import label_of

from striate.equations import EquationResult, NumberedEquation, equations, written

ROOT = Path(__file__).parents[1]
_WIDTH = 76
_TEXTS = {
    "Hagan": "Chapter 8, *Convolution*, of *Neural Network Design: Deep Learning*.",
    "Wichmann": "*Convolutional Neural Networks*, notes, 2018.",
    "Wolter": "*Introduction to Convolutional Neural Networks*, slides.",
}
_INTRODUCTION = """# Equations

All {all} numbered equations of the three texts. For {calls} of them, this page shows the call that
computes it, with its output for a small example; for the other {reasons}, it says why there is
none. Plain loops, which follow the text and don't use striate, compute each equation as well, and a
test compares the two. {slips} equations are printed with a slip. They are shown as corrected first,
then as printed, with what the print gives.

The code of an example defines its inputs, so it can be copied as it is. At the terminal,
`striate equation hagan-8.44` shows the same, and `--notation wichmann` the equation in the symbols
of another text."""


def equations_page() -> str:
    """List each equation of the texts with its call, its output, its checks and its citations."""
    known = equations()
    cited = sources.cited(sources.citations(), sources.equations())
    tests, slips = tests_of_equations(), sections_of_places()
    introduction = _INTRODUCTION.format(
        all=len(known),
        calls=sum(one.example.call is not None for one in known.values()),
        slips=sum(one.slip is not None for one in known.values()),
        reasons=sum(one.reason is not None for one in known.values()),
    )
    parts = [introduction]
    for text, entries in groupby(known.values(), key=lambda entry: entry.text):
        listed = list(entries)
        parts += [f"## {text}", _TEXTS[text], _index(listed)]
        for entry in listed:
            parts += _equation(
                entry, cited[entry.number], tests[entry.number], slips.get(entry.number, [])
            )
    return "\n\n".join(parts) + "\n"


def _index(entries: Sequence[NumberedEquation]) -> str:
    """List the equations of a text: number, title and call."""
    rows = ["| equation | title | call |", "|---|---|---|"]
    for entry in entries:
        calls = ", ".join(f"{{py:obj}}`{short} <{name}>`" for short, name in _called(entry))
        link = f"[{entry.number.partition(' ')[2]}](#{label_of(entry.number)})"
        rows.append(f"| {link} | {entry.title}{', with a slip' if entry.slip else ''} | {calls} |")
    return "\n".join(rows)


def _called(entry: NumberedEquation) -> Sequence[tuple[str, str]]:
    """Return the objects that the call uses; none for an equation without a call."""
    return tuple(called_objects(entry).items()) if entry.example.call else ()


def _equation(
    entry: NumberedEquation,
    cited: Sequence[sources.Citation],
    test: str,
    slips: Sequence[SlipSection],
) -> list[str]:
    """Write the section of one equation."""
    result = entry.run()
    heading = f"({label_of(entry.number)})=\n### {entry.number}"
    parts = [heading, f"{entry.title}.", f"$$\n{entry.latex}\n$$"]
    if entry.slip:
        parts += [
            f"This is the corrected equation. The text prints:\n\n$$\n{entry.printed}\n$$",
            f"Slip: {entry.slip}.",
        ]
    if entry.remark:
        parts.append(f"Remark: {entry.remark}.")
    if slips:
        parts.append(f"With an example: {links(slips, 'errata.md')}.")
    if entry.reason:
        parts.append(f"Not implemented: {entry.reason}.")
    shown = result.loops if entry.example.call is None else result.value
    program = entry.code if entry.example.call else f"{entry.code}\n\n{entry.code_in_loops()}"
    parts += [f"```python\n{program}\n```", f"```text\n{written(shown, _WIDTH)}\n```"]
    if entry.example.note:
        parts.append(f"Here {entry.example.note}.")
    return [*parts, *_checks(entry, result, test), _folded(entry, cited)]


def _checks(entry: NumberedEquation, result: EquationResult, test: str) -> list[str]:
    """Name what the print gives, the documentation of the call, and the test."""
    called = [f"{{py:obj}}`{short} <{name}>`" for short, name in called_objects(entry).items()]
    lines = [f"Reference: {', '.join(called)}.\\\n"] if called else []
    lines.append(f"Test: `{test}`.")
    slip = [f"As printed, {_print(result)}"] if entry.slip else []
    return [*slip, "".join(lines)]


def _print(result: EquationResult) -> str:
    """Describe what the print gives."""
    if isinstance(result.as_printed, str):
        return f"the equation can't be evaluated: {result.as_printed}."
    text = " ".join(written(result.as_printed, 10_000).split())
    return f"the equation gives `{text.replace('[ ', '[')}`."


def _folded(entry: NumberedEquation, cited: Sequence[sources.Citation]) -> str:
    """List the functions in plain loops and what cites the equation, folded away."""
    loops = "as corrected" if entry.slip else "as printed"
    lines = [f"- Plain loops, {loops}: `{entry.function}`"]
    if entry.slip:
        lines.append(f"- Plain loops, as printed: `{entry.function_as_printed}`")
    lines += [f"- Cited in `{citation.qualified}`" for citation in cited]
    content = "\n".join(lines)
    return f"<details>\n<summary>Plain loops and citations</summary>\n\n{content}\n\n</details>"


def called_objects(entry: NumberedEquation) -> dict[str, str]:
    """Find the public objects that an example uses: the name in the code and the qualified name.

    Those of the call if it names some, otherwise those of the inputs: an example may create a
    function before it calls it.
    """
    for code in (entry.example.call or "", entry.example.given):
        names = dict.fromkeys(re.findall(r"\bst((?:\.[a-z_0-9]+)+(?:\.[A-Z]\w+)?)", code))
        if names:
            return {f"st{name}": f"striate{name}" for name in names}
    return {}


def tests_of_equations() -> dict[str, str]:
    """Find a test that evaluates each equation: ``file::function``.

    A test may do so through a function or a value of its module.
    """
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests" / "books").glob("test_printed_*.py")):
        text = path.stem.removeprefix("test_printed_").capitalize()
        parts = {
            name: ast.unparse(node)
            for node in ast.parse(path.read_text()).body
            for name in _names_of(node)
        }
        tests = [name for name in parts if name.startswith("test_")]
        direct = [(test, _used(parts[test])) for test in tests]
        named = [(test, used & set(re.findall(r"\d_\d+|\d+", test))) for test, used in direct]
        indirect = [(test, _evaluated(test, parts)) for test in tests]
        for test, used in [*named, *direct, *indirect]:
            for equation in used:
                number = f"{text} {equation.replace('_', '.')}"
                found.setdefault(number, f"{path.relative_to(ROOT).as_posix()}::{test}")
    return found


def _names_of(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if not isinstance(node, ast.Assign):
        return []
    names = (child for target in node.targets for child in ast.walk(target))
    return [name.id for name in names if isinstance(name, ast.Name)]


def _used(code: str) -> set[str]:
    """Return the equations that code evaluates: ``8_44`` for ``gradient.equation_8_44``."""
    return set(re.findall(r"\.equation_(\d+(?:_\d+)?)\b", code))


def _evaluated(name: str, parts: Mapping[str, str]) -> set[str]:
    """Return the equations that a function of a module uses, also through the module's names."""
    found: set[str] = set()
    left, seen = [name], {name}
    while left:
        code = parts[left.pop()]
        found |= _used(code)
        used = set(re.findall(r"\w+", code)) & parts.keys() - seen
        left += used
        seen |= used
    return found
