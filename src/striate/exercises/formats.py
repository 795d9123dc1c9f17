"""Writes statements and solutions as text for a terminal, as Markdown, or as LaTeX."""

import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar, Literal

import numpy as np

from striate.errors import OptionError
from striate.exercises.content import Content, Formula, Picture

FormatName = Literal["text", "markdown", "latex"]
"""How a sheet is written."""

WIDTH = 80
_GAP = 4


class Format(ABC):
    """One way to write headings, paragraphs, formulas and pictures."""

    def blocks(self, content: Content) -> list[str]:
        """Write blocks one by one; pictures that follow each other are put next to each other."""
        written: list[str] = []
        for kind, group in groupby(content, key=type):
            if issubclass(kind, Picture):
                written.append(self.pictures([one for one in group if isinstance(one, Picture)]))
                continue
            written += [
                self.formula(block) if isinstance(block, Formula) else self.text(str(block))
                for block in group
            ]
        return written

    def joined(self, content: Content) -> str:
        """Write blocks with empty lines between them."""
        return "\n\n".join(self.blocks(content))

    @abstractmethod
    def heading(self, text: str, level: int) -> str:
        """Write a title; level 1 is the largest."""

    @abstractmethod
    def text(self, text: str) -> str:
        """Write a paragraph, in which backticks enclose code."""

    @abstractmethod
    def formula(self, formula: Formula) -> str:
        """Write a formula on a line."""

    @abstractmethod
    def pictures(self, pictures: Sequence[Picture]) -> str:
        """Write pictures next to each other."""

    @abstractmethod
    def part(self, letter: str, content: Content) -> str:
        """Write a question or an answer with its letter."""

    @abstractmethod
    def document(self, blocks: Iterable[str]) -> str:
        """Join everything."""

    @property
    @abstractmethod
    def new_page(self) -> str:
        """What separates variants."""


class Plain(Format):
    """Text for a terminal.

    Parameters
    ----------
    width
        Columns; ``None`` leaves each paragraph on one line.
    """

    def __init__(self, width: int | None = WIDTH) -> None:
        self.width = width

    def heading(self, text: str, level: int) -> str:
        """Underline the larger titles."""
        return f"{text}\n{'=-'[level - 1] * len(text)}" if level <= 2 else text

    def text(self, text: str) -> str:
        """Wrap a paragraph; code is written as it is."""
        plain = text.replace("`", "")
        if self.width is None:
            return plain
        return textwrap.fill(plain, self.width, break_long_words=False, break_on_hyphens=False)

    def formula(self, formula: Formula) -> str:
        """Indent a formula, with its number behind it."""
        return f"    {formula.text}{f'    ({formula.number})' if formula.number else ''}"

    def pictures(self, pictures: Sequence[Picture]) -> str:
        """Put pictures next to each other, as many as fit, with their names above."""
        return next_to_each_other(pictures, self.width or WIDTH)

    def part(self, letter: str, content: Content) -> str:
        """Put the letter before the first line, and indent the others."""
        start = f"{letter}. "
        narrower = Plain(None if self.width is None else self.width - len(start))
        text = textwrap.indent("\n\n".join(narrower.blocks(content)), " " * len(start))
        return start + text.lstrip()

    def document(self, blocks: Iterable[str]) -> str:
        """Separate blocks by empty lines."""
        return "\n\n".join(blocks) + "\n"

    @property
    def new_page(self) -> str:
        """A form feed is a new page for printers."""
        return "\f"


class Markdown(Format):
    """Markdown with formulas in dollar signs."""

    def heading(self, text: str, level: int) -> str:
        """Write number signs."""
        return f"{'#' * level} {self.text(text)}"

    def text(self, text: str) -> str:
        """Escape what Markdown would read as emphasis, except in code."""
        prose = text.split("`")
        prose[::2] = [re.sub(r"([*_<\[\]])", r"\\\1", piece) for piece in prose[::2]]
        return "`".join(prose)

    def formula(self, formula: Formula) -> str:
        """Write a displayed formula."""
        return f"$$\n{_tagged(formula)}\n$$"

    def pictures(self, pictures: Sequence[Picture]) -> str:
        """Write a block of text."""
        return f"```text\n{next_to_each_other(pictures, WIDTH)}\n```"

    def part(self, letter: str, content: Content) -> str:
        """Write the letter in bold, before a paragraph or on a line above something else."""
        space = " " if isinstance(content[0], str) else "\n\n"
        return f"**{letter}.**{space}{self.joined(content)}"

    def document(self, blocks: Iterable[str]) -> str:
        """Separate blocks by empty lines."""
        return "\n\n".join(blocks) + "\n"

    @property
    def new_page(self) -> str:
        """A line."""
        return "---"


class Latex(Format):
    """A LaTeX document that any LaTeX compiles; it uses geometry and amsmath."""

    _PREAMBLE = (
        "\\documentclass[11pt]{article}\n"
        "\\usepackage[margin=25mm]{geometry}\n"
        "\\usepackage{amsmath}\n"
        "\\newcommand{\\ink}{\\rule{7pt}{7pt}}\n"
        "\\newcommand{\\paper}{{\\fboxsep0pt\\fboxrule0.2pt"
        "\\fbox{\\rule{0pt}{6.6pt}\\rule{6.6pt}{0pt}}}}\n"
        "\\setlength{\\parindent}{0pt}\n"
        "\\setlength{\\parskip}{6pt}\n"
        "\\sloppy\n"
        "\\begin{document}"
    )
    _ESCAPES: ClassVar = {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        '"': r"{\ttfamily\char34}",
        "<": r"$<$",
        ">": r"$>$",
        "·": r"$\cdot$",
        "×": r"$\times$",
        "Σ": r"$\sum$",
        "⌊": r"$\lfloor$",
        "⌋": r"$\rfloor$",
    }

    def heading(self, text: str, level: int) -> str:
        """Write a section without a number."""
        command = ("section", "subsection", "subsubsection")[level - 1]
        return f"\\{command}*{{{self.text(text)}}}"

    def text(self, text: str) -> str:
        """Escape what LaTeX would read as commands; write code in a typewriter font."""
        pieces = [
            "".join(self._ESCAPES.get(character, character) for character in piece)
            for piece in text.split("`")
        ]
        pieces[1::2] = [f"\\texttt{{{piece}}}" for piece in pieces[1::2]]
        return "".join(pieces)

    def formula(self, formula: Formula) -> str:
        """Write a displayed formula."""
        return f"\\[\n{_tagged(formula)}\n\\]"

    def pictures(self, pictures: Sequence[Picture]) -> str:
        """Write matrices, or squares for black-and-white pictures, with their names below."""
        written = [
            f"\\begin{{tabular}}[b]{{c}}{self._matrix(picture)}\\\\"
            f"{{\\small {self.text(picture.name)}}}\\end{{tabular}}"
            for picture in pictures
        ]
        return "\\begin{center}\n" + "\\quad\n".join(written) + "\n\\end{center}"

    def _matrix(self, picture: Picture) -> str:
        """Write the rows."""
        rows = np.atleast_2d(picture.pixels)
        if picture.style == "ink":
            cells = ["".join(r"\ink" if pixel else r"\paper" for pixel in row) for row in rows]
            body = "".join(f"\\hbox{{{row}}}" for row in cells)
            return f"\\vbox{{\\offinterlineskip{body}}}"
        body = "\\\\".join(" & ".join(f"{n:.10g}" for n in row) for row in rows.tolist())
        columns = "r" * rows.shape[1]
        return f"$\\left[\\begin{{array}}{{{columns}}}{body}\\end{{array}}\\right]$"

    def part(self, letter: str, content: Content) -> str:
        """Write the letter in bold."""
        return f"\\textbf{{{letter}.}} {self.joined(content)}"

    def document(self, blocks: Iterable[str]) -> str:
        """Add a preamble."""
        return "\n\n".join([self._PREAMBLE, *blocks, "\\end{document}"]) + "\n"

    @property
    def new_page(self) -> str:
        """A page break."""
        return "\\clearpage"


FORMATS: dict[FormatName, type[Format]] = {"text": Plain, "markdown": Markdown, "latex": Latex}


def style_named(name: FormatName) -> Format:
    """Return a format.

    Parameters
    ----------
    name
        ``"text"``, ``"markdown"`` or ``"latex"``.

    Returns
    -------
    Format

    Raises
    ------
    OptionError
        If it doesn't exist.
    """
    if name not in FORMATS:
        raise OptionError(f'Unknown format "{name}". Choose from {", ".join(FORMATS)}.')
    return FORMATS[name]()


def _tagged(formula: Formula) -> str:
    """Return a formula in LaTeX with its number."""
    return f"{formula.latex} \\tag{{{formula.number}}}" if formula.number else formula.latex


def next_to_each_other(pictures: Sequence[Picture], width: int) -> str:
    """Put pictures next to each other, as many as fit, with their names above.

    Parameters
    ----------
    pictures
        At least one.
    width
        Columns of text.

    Returns
    -------
    str

    Examples
    --------
    >>> W, P = Picture("W", np.eye(2)), Picture("P", np.arange(6).reshape(3, 2))
    >>> print(next_to_each_other([W, P], 80))
        W      P
        1 0    0 1
        0 1    2 3
               4 5
    """
    rows: list[list[list[str]]] = [[]]
    room = width
    for picture in pictures:
        lines = [picture.name, *picture.lines]
        wide = max(map(len, lines))
        if rows[-1] and wide + _GAP > room:
            rows.append([])
            room = width
        room -= wide + _GAP
        rows[-1].append([line.ljust(wide) for line in lines])
    return "\n\n".join(map(_joined, rows))


def _joined(cells: Sequence[Sequence[str]]) -> str:
    """Join the lines of one row of pictures."""
    high = max(map(len, cells))
    padded = [[*cell, *[" " * len(cell[0])] * (high - len(cell))] for cell in cells]
    gap = " " * _GAP
    return "\n".join((gap + gap.join(line)).rstrip() for line in zip(*padded, strict=True))
