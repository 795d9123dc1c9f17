"""Long answers in parts: headings, tables and lines, as wide as the terminal or whole in a pipe."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from striate.cli.output import Output

_PIPED = 100  # columns of what is drawn, where there is no terminal
_UNBOUNDED = 10_000

_INDENT = 2
_MOST = 16
_Row = TypeVar("_Row")

FULL, PART, EMPTY = "█", "▌", "·"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    heading
        What stands over it.
    side
        Where its text begins.
    breaks
        Whether long text goes on in the next line, where the terminal is narrow.
    style
        In rich's words.
    """

    heading: str
    side: Literal["left", "right"] = "left"
    breaks: bool = False
    style: str = ""


class Page:
    """Writes the parts of a long answer.

    Parameters
    ----------
    out
        Where the command writes.
    """

    def __init__(self, out: Output) -> None:
        self.out = out
        self.terminal = out.console.is_terminal

    @property
    def width(self) -> int:
        """Columns for what is drawn."""
        return self.out.console.width if self.terminal else _PIPED

    def heading(self, title: str, text: str = "", remarks: Iterable[str] = ()) -> None:
        """Begin a part with what there is to know about it."""
        self.out.say()
        self.out.say(Text(title, style="bold"))
        if text:
            self.out.say(text)
        for remark in remarks:
            self.note(remark)
        self.out.say()

    def note(self, text: str) -> None:
        """Write a remark."""
        self.entry(text, indent=_INDENT, style="dim")

    def line(self, text: str | Text = "", *, whole: bool = False) -> None:
        """Write a line."""
        self.out.say(text, whole=whole)

    def entry(self, text: str | Text, *, label: str = "", indent: int = 0, style: str = "") -> None:
        """Write a line that goes on further to the right, where the terminal is narrow."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True, width=indent - 1 if indent else None, style="dim")
        grid.add_column(style=style)
        grid.add_row(label, text if isinstance(text, Text) else Text(text))
        self._draw(grid)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str | Text]]) -> None:
        """Write a table; in a pipe each row is one line."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(
                column.heading,
                justify=column.side,
                style=column.style,
                no_wrap=not column.breaks,
                overflow="fold" if column.breaks else "ellipsis",
            )
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
        self._draw(table)

    def _draw(self, table: Table) -> None:
        """Print a table: on a terminal as wide as this is, else as wide as it is itself."""
        if self.out.as_json or self.out.quiet:
            return
        if self.terminal:
            self.out.console.print(table)
            return
        written = io.StringIO()
        Console(file=written, width=_UNBOUNDED, color_system=None).print(table)
        for line in written.getvalue().splitlines():
            self.out.say(line.rstrip(), whole=True)


def largest(rows: Sequence[_Row], size: Callable[[_Row], float]) -> list[_Row]:
    """Give the rows of a table's short form: the largest, in their order.

    Parameters
    ----------
    rows
        All.
    size
        What makes a row large; those without any are left out.

    Returns
    -------
    list
        At most sixteen.
    """
    order = sorted(range(len(rows)), key=lambda k: -size(rows[k]))[:_MOST]
    return [rows[k] for k in sorted(order) if size(rows[k]) > 0]


def bar(share: float, width: int) -> Text:
    """Draw a share as a bar.

    Parameters
    ----------
    share
        From 0 to 1; more is drawn as 1.
    width
        Columns of the whole.

    Returns
    -------
    Text

    Examples
    --------
    >>> bar(0.45, 10).plain
    '████▌·····'
    """
    halves = min(2 * width, max(0, round(2 * width * share)))
    drawn = FULL * (halves // 2) + PART * (halves % 2)
    return Text.assemble((drawn, "green"), (EMPTY * (width - len(drawn)), "dim"))


def span(first: int, last: int, whole: int, width: int) -> Text:
    """Draw a stretch of time as a bar.

    Parameters
    ----------
    first, last
        The moments from which and to which it goes, both included.
    whole
        Number of moments.
    width
        Columns of all of them.

    Returns
    -------
    Text

    Examples
    --------
    >>> span(1, 2, 4, 8).plain
    '··████··'
    """
    start = first * width // whole
    stop = max(start + 1, -(-(last + 1) * width // whole))
    return Text.assemble(
        (EMPTY * start, "dim"), (FULL * (stop - start), "cyan"), (EMPTY * (width - stop), "dim")
    )
