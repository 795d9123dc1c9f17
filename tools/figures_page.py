"""Write the introduction of the gallery's figures: a table of figures and the calls that draw them.

An example of the gallery draws a figure of the texts in a block whose text begins with a label,
`.. _hagan-figure-8.1:`, and a heading. The first call of `st.pictures` in its code draws it.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "examples" / "figures" / "README.rst"

_LABEL = re.compile(r"\.\. _((\w+)-figure-([\w.-]+)):\n+(.+)\n-+\n")


@dataclass(frozen=True)
class ExampleBlock:
    """A block of an example: text in reStructuredText, and the code below it.

    Parameters
    ----------
    text
        The text, without `#`.
    code
        The code.
    """

    text: str
    code: str

    @cached_property
    def figure(self) -> "TextFigure | None":
        """The figure that the block draws."""
        found = _LABEL.search(self.text)
        if found is None:
            return None
        label, author, number, heading = found.groups()
        subject = heading.removeprefix(f"Figure {number}: ")
        subject = subject[0].upper() + subject[1:]
        return TextFigure(label, author.capitalize(), number, subject, self._call())

    def _call(self) -> str:
        """Return the first call of `st.pictures`, on one line."""
        for node in ast.walk(ast.parse(self.code)):
            if isinstance(node, ast.Call):
                text = ast.unparse(node).replace("'", '"')
                if text.startswith("st.pictures."):
                    return text
        raise ValueError(f"The block draws no figure with st.pictures:\n{self.code}")


@dataclass(frozen=True)
class TextFigure:
    """A figure of a text.

    Parameters
    ----------
    label
        Of its heading in the gallery.
    author, number
        `Hagan` and `8.1`; a figure without a number has a word.
    subject
        What it shows.
    call
        The call that draws it.
    """

    label: str
    author: str
    number: str
    subject: str
    call: str

    @property
    def name(self) -> str:
        """Return its name, `Hagan 8.1`."""
        return f"{self.author} {self.number}"


def blocks(path: Path) -> list[ExampleBlock]:
    """Divide an example into blocks; the first one has the docstring, and no text here.

    Parameters
    ----------
    path
        The example.

    Returns
    -------
    list of ExampleBlock
    """
    found: list[ExampleBlock] = []
    for part in re.split(r"^# %%\n", path.read_text(), flags=re.MULTILINE):
        lines = part.splitlines(keepends=True)
        count = next((k for k, line in enumerate(lines) if not line.startswith("#")), len(lines))
        text = "".join(line.removeprefix("#").removeprefix(" ") for line in lines[:count])
        found.append(ExampleBlock(text, "".join(lines[count:])))
    return found


def text_figures() -> dict[str, TextFigure]:
    """Return the figures that the gallery draws, by their names."""
    paths = sorted((ROOT / "examples").glob("*/[0-9][0-9]_*.py"))
    found = [block.figure for path in paths for block in blocks(path)]
    return {figure.name: figure for figure in found if figure}


def figures_page() -> str:
    """Write the introduction with the table."""
    parts = [
        "Figures of the texts",
        "--------------------",
        "",
        "Every figure of the three texts, drawn by one call. Wolter's figures have no numbers.",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - figure",
        "     - shows",
        "     - call",
    ]
    for figure in text_figures().values():
        number = "" if figure.author == "Wolter" else f" {figure.number}"
        parts += [
            f"   * - {figure.author}{number}",
            f"     - :ref:`{figure.subject} <{figure.label}>`",
            f"     - ``{figure.call}``",
        ]
    return "\n".join(parts) + "\n"
