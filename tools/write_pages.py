"""Write the pages of docs/ that say what the code says: equations, kinds, presets, errors.

    python tools/write_pages.py

A test compares the pages with what this makes.
"""

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

import sources
from error_examples import EXAMPLES

import striate as st
from striate.functions.initializer.named import NAMED
from striate.functions.registry import FAMILIES
from striate.model.presets import PRESETS

ROOT = Path(__file__).parents[1]
MOST_FUNCTIONS = 8
BOOKS = {
    "Hagan": "Chapter 8, *Convolution*, of *Neural Network Design: Deep Learning*.",
    "Wichmann": "*Convolutional Neural Networks*, notes, 2018.",
    "Wolter": "*Introduction to Convolutional Neural Networks*, slides.",
}
PRESET_HEAD = ("| name | image | parameters | layers | source |", "|---|---|---|---|---|")
FAMILY_TITLES = {
    "weight": "Weight functions, and what stands in their place",
    "net_input": "Net input functions",
    "transfer": "Transfer functions",
    "loss": "Losses",
    "optimizer": "Updates",
    "schedule": "Decays of the learning rate",
    "initializer": "Initializers",
}


def equations_page() -> str:
    """Lead from each equation of the texts to the functions that implement it and to its test."""
    known = sources.equations()
    cited = sources.cited(sources.citations(), known)
    printed = _printed_functions()
    parts = [
        "# Equations",
        (
            "Every numbered equation of the three texts, what implements it, and the function of "
            "plain loops that evaluates it as it is printed, with which the tests compare. Where "
            "the print has a slip, the equation stands here as it must be, with the print below it."
        ),
    ]
    for book, entries in groupby(known.values(), key=lambda entry: entry["number"].split()[0]):
        parts += [f"## {book}", BOOKS[book]]
        for entry in entries:
            parts += _equation(entry, cited[entry["number"]], printed[entry["number"]])
    return "\n\n".join(parts) + "\n"


def _equation(entry: Mapping[str, str], cited: list[sources.Citation], printed: str) -> list[str]:
    """Write one equation's section."""
    parts = [f"### {entry['number']}", f"$$\n{entry['latex']}\n$$"]
    if "slip" in entry:
        parts += [f"Printed as\n\n$$\n{entry['printed']}\n$$", f"The slip: {entry['slip']}."]
    if "reason" in entry:
        parts.append(f"Not implemented: {entry['reason']}.")
    else:
        shown = [f"`{citation.qualified}`" for citation in cited[:MOST_FUNCTIONS]]
        more = len(cited) - len(shown)
        parts.append(f"In {', '.join(shown)}{f', and {more} more' if more else ''}.")
    parts.append(f"As printed: `{printed}`.")
    return parts


def _printed_functions() -> dict[str, str]:
    """Find the function that evaluates each equation as it is printed: ``file:function``."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests" / "books" / "printed").glob("*.py")):
        book = path.stem.split("_")[0].capitalize()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("equation_"):
                number = node.name.removeprefix("equation_").replace("_", ".")
                found.setdefault(
                    f"{book} {number}", f"{path.relative_to(ROOT).as_posix()}:{node.name}"
                )
    return found


def kinds_page() -> str:
    """List the kinds of each family with their words, their ONNX operators and their sources."""
    parts = [
        "# Kinds",
        (
            "A kind is what a layer is made of, what it is compared with, or how it learns; each "
            "is one file. These tables are made from the registry. In the text form of networks a "
            "layer goes by its word and a transfer function by its name; `init` takes "
            f"{', '.join(NAMED)}. The other kinds, and initializers with options of their own, "
            "are given in Python."
        ),
    ]
    for family, kinds in FAMILIES.items():
        parts += [f"## {FAMILY_TITLES[family]}", _table_of(kinds)]
    return "\n\n".join(parts) + "\n"


def _table_of(kinds: Mapping[str, type]) -> str:
    """Tabulate the kinds of one family."""
    rows = ["| name | what it is | ONNX | sources |", "|---|---|---|---|"]
    for name, kind in kinds.items():
        documented = inspect.getdoc(kind) or ""
        section = re.search(r"Sources\n-------\n(.+?)(?:\n\n|\Z)", documented, re.DOTALL)
        shorthand, onnx = getattr(kind, "shorthand", None), getattr(kind, "onnx", None)
        word = f", in text `{shorthand.word}`" if shorthand and shorthand.word != name else ""
        cells = [
            f"{{py:obj}}`{name} <{kind.__module__}.{kind.__name__}>`{word}",
            _in_markdown(documented.split("\n\n")[0]),
            onnx.operator if onnx else "",
            _in_markdown(section[1]) if section else "",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _in_markdown(text: str) -> str:
    """Turn a docstring's line into a table's cell."""
    one_line = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r":\w+:`~?\.?([^`]+)`", r"`\1`", one_line).replace("``", "`")


def presets_page() -> str:
    """List the networks that have a name."""
    parts = [
        "# Networks that have a name",
        (
            'Each is fixed text in the shorthand: `st.Network.preset("lenet5")`. `input_shape=` '
            "and `classes=` change the image and the number of classes. Parameters are counted for "
            "the shape given here."
        ),
        "\n".join([*PRESET_HEAD, *map(_preset_row, PRESETS)]),
        "## Their layers",
    ]
    for name, found in PRESETS.items():
        text = found.text.format(classes=found.classes)
        parts.append(f"**{name}**\n\n```text\n{_folded(text)}\n```")
    return "\n\n".join(parts) + "\n"


def _preset_row(name: str) -> str:
    """Write one network as a row."""
    net = st.Network.preset(name)
    shape = "×".join(map(str, net.input_shape))
    layers = len(net.graph.layers)
    return f"| `{name}` | {shape} | {net.parameter_count:,} | {layers} | {PRESETS[name].source} |"


def _folded(text: str) -> str:
    """Break a long text form after some of its bars."""
    lines = [""]
    for segment in text.split(" | "):
        if len(lines[-1]) + len(segment) > 90:
            lines.append("")
        lines[-1] += f"{segment} | "
    return "\n".join(line.removesuffix(" ") for line in lines).removesuffix(" |")


def errors_page() -> str:
    """List the errors, each with an example made by causing it."""
    module = inspect.getdoc(st.errors) or ""
    tree = module.split("::\n\n")[1].split("\n\nEach")[0]
    parts = [
        "# Errors",
        (
            "Every error that a user can cause is a `StriateError`, and also the Python error that "
            "one would expect in its place. Each text gives the values, the rule and the remedy."
        ),
        f"```text\n{inspect.cleandoc(tree)}\n```",
    ]
    for name, code in EXAMPLES.items():
        kind = getattr(st.errors, name)
        also = ", ".join(f"`{base.__name__}`" for base in kind.__bases__[1:])
        parts += [
            f"## {name}",
            f"{inspect.getdoc(kind)} A Python program may catch it as {also}, too.",
            f"```python\n{code}\n```",
            f"```text\n{caused(code)}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def caused(code: str) -> str:
    """Run an example and give the text of its error."""
    try:
        exec(code, {"st": st})
    except st.errors.StriateError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(code)


PAGES: dict[str, Callable[[], str]] = {
    "equations": equations_page,
    "kinds": kinds_page,
    "presets": presets_page,
    "errors": errors_page,
}


def main() -> None:
    """Write all pages."""
    for name, write in PAGES.items():
        (ROOT / "docs" / f"{name}.md").write_text(write())


if __name__ == "__main__":
    main()
