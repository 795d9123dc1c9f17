"""Long output in sections: as wide as the terminal, or with whole lines in a pipe."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rich.text import Text

from striate.cli.output import CommandOutput
from striate.tables import Column, joined, lay_out, wrapped

_PIPED = 100  # columns of a drawing in a pipe

_INDENT = 2
_MOST = 16
_Row = TypeVar("_Row")

FULL, PART, EMPTY = "█", "▌", "·"


class Page:
    """Writes long output, section by section.

    Parameters
    ----------
    out
        Where the command writes.
    """

    def __init__(self, out: CommandOutput) -> None:
        self.out = out

    @property
    def room(self) -> int | None:
        """Columns of the terminal; ``None`` in a pipe, where no line is wrapped."""
        return self.out.console.width if self.out.console.is_terminal else None

    @property
    def width(self) -> int:
        """Columns for a drawing."""
        return self.room or _PIPED

    def heading(self, title: str, text: str = "", remarks: Iterable[str] = ()) -> None:
        """Begin a section."""
        self.out.say()
        self.out.say(Text(title, style="bold"))
        if text:
            self.line(text)
        for remark in remarks:
            self.note(remark)
        self.out.say()

    def note(self, text: str) -> None:
        """Write an indented remark."""
        self.entry(text, indent=_INDENT, style="dim")

    def line(self, text: str | Text = "", *, whole: bool = False) -> None:
        """Write a paragraph; ``whole`` lines are never wrapped."""
        self.lines(wrapped(text, None if whole else self.room))

    def entry(self, text: str | Text, *, label: str = "", indent: int = 0, style: str = "") -> None:
        """Write an indented paragraph, with a label in the indentation of its first line."""
        if label:
            indent = max(indent, len(label) + 1)
        room = None if self.room is None else max(1, self.room - indent)
        lines = wrapped(text, room, style=style)
        starts = [label.ljust(indent), *[" " * indent] * (len(lines) - 1)]
        self.lines(
            Text.assemble((start, "dim"), line) for start, line in zip(starts, lines, strict=True)
        )

    def items(self, items: Iterable[str], separator: str, *, style: str = "") -> None:
        """Write items next to each other; lines end only between two of them."""
        self.lines(Text(line, style=style) for line in joined(items, separator, self.room))

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str | Text]]) -> None:
        """Write a table; in a pipe each row is one line."""
        self.lines(lay_out(columns, rows, self.room))

    def lines(self, lines: Iterable[Text]) -> None:
        """Write lines that are already as wide as they should be."""
        for line in lines:
            self.out.say(line, whole=True)


def largest(rows: Sequence[_Row], size: Callable[[_Row], float]) -> list[_Row]:
    """Choose the rows of a table's short form: the largest, in their order.

    Parameters
    ----------
    rows
        All rows.
    size
        The size of a row; rows of size 0 are left out.

    Returns
    -------
    list
        At most sixteen.
    """
    order = sorted(range(len(rows)), key=lambda k: -size(rows[k]))[:_MOST]
    return [rows[k] for k in sorted(order) if size(rows[k]) > 0]


def bar(share: float, width: int) -> Text:
    """Draw a fraction as a bar.

    Parameters
    ----------
    share
        From 0 to 1; more is drawn as 1.
    width
        Columns of a full bar.

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
    """Draw an interval of time as a bar.

    Parameters
    ----------
    first, last
        Its first and last moment, both included.
    whole
        Number of moments.
    width
        Columns for all moments.

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
