"""Write the page of the texts' figures: each figure's call and picture.

An example of the gallery draws a figure of the texts in a block whose text begins with a label,
`.. _hagan-figure-8.1:`, and a heading. The first call of `st.pictures` in its code draws it.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_LABEL = re.compile(r"\.\. _((\w+)-figure-([\w.-]+)):\n+(.+)\n-+\n")
_MAKE_FIGURES = {"plt.subplots", "plt.figure"}
_MAKE_SVG = {"st.pictures.diagram", "st.pictures.kernel_walk_animation"}


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

    def drawings(self) -> list[str]:
        """Return the calls that make a Matplotlib figure, each on one line, in order."""
        calls = [node for node in ast.walk(ast.parse(self.code)) if isinstance(node, ast.Call)]
        calls.sort(key=lambda call: (call.lineno, call.col_offset))
        return [ast.unparse(call).replace("'", '"') for call in calls if _makes_a_figure(call)]

    def call(self) -> str:
        """Return the call that draws the figure: the first of `st.pictures`, or of the example."""
        tree = ast.parse(self.code)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        alone = [node.value for node in tree.body if isinstance(node, ast.Expr)]
        texts = [ast.unparse(call).replace("'", '"') for call in [*calls, *alone]]
        drawn = (text for text in texts if text.startswith("st.pictures."))
        return next(drawn, texts[len(calls)] if alone else "")

    def label(self) -> re.Match[str] | None:
        """Find the label and the heading of a figure of the texts."""
        return _LABEL.search(self.text)


def _makes_a_figure(call: ast.Call) -> bool:
    """Return whether a call makes a new figure; `ax=` says where else to draw."""
    name = ast.unparse(call.func)
    drawn = name.startswith("st.pictures.") and name not in _MAKE_SVG
    return name in _MAKE_FIGURES or (drawn and all(word.arg != "ax" for word in call.keywords))


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
    picture
        Path of its image in the gallery, from docs/, without its ending.
    """

    label: str
    author: str
    number: str
    subject: str
    call: str
    picture: str

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


def figures_of(path: Path) -> Iterator[TextFigure]:
    """Find the figures of the texts that an example draws.

    Parameters
    ----------
    path
        The example.

    Yields
    ------
    TextFigure

    Raises
    ------
    ValueError
        If a block has the label of a figure and draws none.
    """
    count = 0
    for block in blocks(path):
        drawings, found = block.drawings(), block.label()
        if found:
            if not drawings or not block.call():
                raise ValueError(f"{path}: the block of {found[1]} draws no figure.")
            label, author, number, heading = found.groups()
            subject = heading.removeprefix(f"Figure {number}: ")
            picture = f"auto_examples/{path.parent.name}/images/sphx_glr_{path.stem}_{count + 1:03}"
            yield TextFigure(
                label=label,
                author=author.capitalize(),
                number=number,
                subject=subject[0].upper() + subject[1:],
                call=block.call(),
                picture=picture,
            )
        count += len(drawings)


def text_figures() -> dict[str, TextFigure]:
    """Return the figures that the gallery draws, by their names."""
    paths = sorted((ROOT / "examples").glob("*/[0-9][0-9]_*.py"))
    return {figure.name: figure for path in paths for figure in figures_of(path)}


def figures_page() -> str:
    """Write the page: a card for each figure, which links to its example."""
    parts = [
        "# Figures of the texts",
        (
            "Each figure of the three texts is one call. The examples behind the pictures define "
            "what the call draws, and say what to see in it. The pictures are our own. Wolter's "
            "figures have no numbers."
        ),
    ]
    figures = list(text_figures().values())
    for author in dict.fromkeys(figure.author for figure in figures):
        cards = [_card(figure) for figure in figures if figure.author == author]
        parts += [f"## {author}", "::::{grid} 1 1 2 2\n:gutter: 3", *cards, "::::"]
    return "\n\n".join(parts) + "\n"


def _card(figure: TextFigure) -> str:
    """Write a card: title, picture, call."""
    number = "" if figure.author == "Wolter" else f"Figure {figure.number}: "
    images = (
        f"```{{image}} ../{figure.picture}{ending}.png\n"
        f":class: only-{theme}\n:alt: {figure.subject}\n```"
        for theme, ending in (("light", ""), ("dark", "_dark"))
    )
    title = f":::{{grid-item-card}} {number}{figure.subject}"
    link = f":link: {figure.label}\n:link-type: ref"
    return "\n\n".join([f"{title}\n{link}", *images, f"`{figure.call}`\n:::"])
