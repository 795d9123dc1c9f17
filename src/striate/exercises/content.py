"""What statements and solutions consist of: paragraphs, formulas and pictures."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from striate.shapes import Array, Shaped

INK, PAPER = "██", "··"
"""A pixel of a black-and-white picture: two characters, which are about as wide as high."""


@dataclass(frozen=True)
class Formula:
    """A formula on its own line.

    Parameters
    ----------
    text
        For a terminal, in Unicode.
    latex
        For Markdown and LaTeX.
    number
        Number of the equation in the text; empty for others.
    """

    text: str
    latex: str
    number: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """An array to show.

    Parameters
    ----------
    name
        What it is, for example "the image".
    pixels
        The numbers, with one or two axes.
    style
        ``"ink"`` draws 1 as black and 0 as white; ``"numbers"`` writes the numbers.
    """

    name: str
    pixels: Shaped[Array, "..."]
    style: Literal["ink", "numbers"] = "numbers"

    @property
    def lines(self) -> list[str]:
        """The rows as text, all of the same width."""
        rows = np.atleast_2d(self.pixels)
        if self.style == "ink":
            return ["".join(INK if pixel else PAPER for pixel in row) for row in rows]
        cells = [[f"{number:.10g}" for number in row] for row in rows.tolist()]
        width = max(len(cell) for row in cells for cell in row)
        return [" ".join(cell.rjust(width) for cell in row) for row in cells]


Block = str | Formula | Picture
"""A paragraph, in which backticks enclose code; a formula; or a picture."""

Content = tuple[Block, ...]
"""A statement, a question or a solution."""


def listed(items: list[str], last: str = "and") -> str:
    """Join words as in a sentence.

    Parameters
    ----------
    items
        The words, at least one.
    last
        The word before the last of them.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"], "or")
    ('A', 'A and B', 'A, B or C')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
