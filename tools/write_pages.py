"""Write the generated pages of docs/, and the overview of the slips.

    python tools/write_pages.py

A test compares the pages in the repository with what this writes.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from command_page import command_page
from equations_page import equations_page
from errata_page import PAGE as ERRATA
from errata_page import errata_page
from error_examples import EXAMPLES
from exercises_page import exercises_page
from figures_page import figures_page
from reference_pages import PUBLIC_PAGES, description, documented_name, exported

import striate as st
from striate.functions.initializer.named import NAMED
from striate.functions.registry import FAMILIES
from striate.model.presets import PRESETS

ROOT = Path(__file__).parents[1]
PRESET_HEAD = ("| name | image | parameters | layers | source |", "|---|---|---|---|---|")
FAMILY_TITLES = {
    "weight": "Weight functions, and functions used in their place",
    "net_input": "Net input functions",
    "transfer": "Transfer functions (activations)",
    "loss": "Losses",
    "metric": "Metrics",
    "optimizer": "Optimizers",
    "schedule": "Learning-rate schedules",
    "initializer": "Initializers",
}


def kinds_page() -> str:
    """List the kinds of each family with shorthand words, ONNX operators and sources."""
    parts = [
        "# Kinds",
        (
            "A kind is a building block of networks or of training: a weight function, an "
            "activation, a loss, an optimizer. Each kind is one file in `functions/`, and these "
            "tables are generated from the registry of kinds. In the [shorthand](shorthand.md), "
            "a layer is written as its shorthand word and an activation as its name; `init` "
            f"accepts {', '.join(NAMED)}. Losses, optimizers, schedules, and initializers with "
            "options are arguments of the Python functions."
        ),
    ]
    for family, kinds in FAMILIES.items():
        parts += [f"## {FAMILY_TITLES[family]}", _table_of(kinds)]
    return "\n\n".join(parts) + "\n"


def _table_of(kinds: Mapping[str, type]) -> str:
    """Write the table of one family."""
    rows = ["| name | description | ONNX | sources |", "|---|---|---|---|"]
    for name, kind in kinds.items():
        documented = inspect.getdoc(kind) or ""
        section = re.search(r"Sources\n-------\n(.+?)(?:\n\n|\Z)", documented, re.DOTALL)
        shorthand, onnx = getattr(kind, "shorthand", None), getattr(kind, "onnx", None)
        word = f", shorthand `{shorthand.word}`" if shorthand and shorthand.word != name else ""
        cells = [
            f"{{py:obj}}`{name} <{kind.__module__}.{kind.__name__}>`{word}",
            _in_markdown(documented.split("\n\n")[0]),
            onnx.operator if onnx else "",
            _in_markdown(section[1]) if section else "",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _in_markdown(text: str) -> str:
    """Convert a line of a docstring to a table cell."""
    one_line = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r":\w+:`~?\.?([^`]+)`", r"`\1`", one_line).replace("``", "`")


def presets_page() -> str:
    """List the presets."""
    parts = [
        "# Presets",
        (
            "A preset is a network with a name and a fixed text in the [shorthand](shorthand.md). "
            '`st.Network.preset("lenet5")` builds one; `input_shape=` and `classes=` change the '
            "image size and the number of classes. The parameter counts are for the sizes in "
            "this table. Most presets follow a publication; differences are described below the "
            "table."
        ),
        "\n".join([*PRESET_HEAD, *map(_preset_row, PRESETS)]),
        "## Layers and differences",
    ]
    for name, found in PRESETS.items():
        parts.append(f"### {name}")
        if found.differences:
            parts.append(found.differences)
        parts.append(f"```text\n{_folded(found.text.format(classes=found.classes))}\n```")
    return "\n\n".join(parts) + "\n"


def _preset_row(name: str) -> str:
    """Write the table row of one preset."""
    net = st.Network.preset(name)
    shape = "×".join(map(str, net.input_shape))
    found = PRESETS[name]
    layers = len(net.graph.layers)
    return f"| `{name}` | {shape} | {net.parameter_count:,} | {layers} | {found.source} |"


def _folded(text: str) -> str:
    """Break long shorthand into lines at its bars."""
    lines = [""]
    for segment in text.split(" | "):
        if len(lines[-1]) + len(segment) > 90:
            lines.append("")
        lines[-1] += f"{segment} | "
    return "\n".join(line.removesuffix(" ") for line in lines).removesuffix(" |")


def errors_page() -> str:
    """List the errors, each with an example that raises it."""
    module = inspect.getdoc(st.errors) or ""
    tree = module.split("::\n\n")[1].split("\n\nEach")[0]
    parts = [
        "# Errors",
        (
            "Every error that a user can cause is a `StriateError`. Each class also derives from "
            "the built-in exception that a Python program would expect. A message says what is "
            "wrong and with which value, what was expected, and what to do."
        ),
        f"```text\n{inspect.cleandoc(tree)}\n```",
    ]
    for name, code in EXAMPLES.items():
        kind = getattr(st.errors, name)
        also = ", ".join(f"`{base.__name__}`" for base in kind.__bases__[1:])
        parts += [
            f"## {name}",
            f"{inspect.getdoc(kind)} Also derives from {also}.",
            f"```python\n{code}\n```",
            f"```{{code-block}} text\n:class: wrapped\n\n{caused(code)}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def public_api_page() -> str:
    """List the public names: of striate, of a network, and of the public modules."""
    parts = [
        "# Public names",
        (
            "These names are public, and changes to them are listed in CHANGELOG.md. Everything "
            "else may change at any time. Each name links to its documentation."
        ),
        "## striate",
        "Names of `import striate as st`, for example `st.Network`.",
        _names_table("striate", sorted(dir(st), key=str.lower)),
        "## Network",
        "Methods and properties of a network.",
        _names_table("striate.Network", [name for name in dir(st.Network) if name[0] != "_"]),
    ]
    for page in PUBLIC_PAGES:
        if page.names is None:
            title = page.module.replace("striate", "st", 1)
            parts += [f"## {title}", _first_paragraph(page.module)]
            parts.append(_names_table(page.module, exported(page.module)))
    return "\n\n".join(parts) + "\n"


def _names_table(owner: str, names: Sequence[str]) -> str:
    """Write a table of names, linked to their documentation, with its first paragraph."""
    rows = ["| name | description |", "|---|---|"]
    for name in names:
        if name.startswith("__"):
            continue
        target = documented_name(f"{owner}.{name}")
        rows.append(f"| {{py:obj}}`{name} <{target}>` | {_first_paragraph(target)} |")
    return "\n".join(rows)


def _first_paragraph(name: str) -> str:
    """Return the first paragraph of the documentation of a name as the text of a table cell."""
    return _in_markdown(description(name))


def caused(code: str) -> str:
    """Run an example and return the message of the error that it raises."""
    try:
        exec(code, {"st": st})
    except st.errors.StriateError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(code)


PAGES: dict[str, Callable[[], str]] = {
    "reference/equations": equations_page,
    "reference/figures": figures_page,
    "reference/command": command_page,
    "reference/kinds": kinds_page,
    "reference/presets": presets_page,
    "reference/errors": errors_page,
    "learn/exercises": exercises_page,
    "reference/public-api": public_api_page,
}


def main() -> None:
    """Write all pages."""
    for name, write in PAGES.items():
        (ROOT / "docs" / f"{name}.md").write_text(write())
    ERRATA.write_text(errata_page())


if __name__ == "__main__":
    main()
