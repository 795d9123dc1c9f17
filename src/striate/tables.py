"""Tables for people, as wide as the terminal.

A number, a shape or a name is never broken. If a table is too wide, headings and cells of prose
wrap between words, headings also after hyphens. If that isn't enough, the least important columns
are left out, and a last line names them::

                                                receptive
    name   layer                        output      field  uncovered
    conv1  Conv(6, 5, padding="same"),  6@28x28       5x5
           tanh

    name   layer                         output
    conv1  Conv(6, 5, padding="same"),  6@28x28
           tanh
    (not shown at this width: receptive field, uncovered)
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.text import Text

GAP = 2  # blanks between columns


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    heading
        Its title.
    side
        How its cells are aligned.
    breaks
        Whether its cells are prose, which may wrap between words.
    style
        Style of its cells, in rich's words.
    drop
        0 for a column that is always shown; of the others, the one with the largest number is left
        out first.
    """

    heading: str
    side: Literal["left", "right"] = "left"
    breaks: bool = False
    style: str = ""
    drop: int = 0


def lay_out(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str | Text]],
    width: int | None = None,
    *,
    heading: str = "bold",
) -> list[Text]:
    r"""Lay a table out in lines.

    Parameters
    ----------
    columns
        What the columns are.
    rows
        A cell for each column.
    width
        How many columns of text there are; ``None`` puts each row on one line, however long.
    heading
        Style of the headings, in rich's words.

    Returns
    -------
    list of Text
        The headings, the rows, and if columns were left out a line that names them.

    Examples
    --------
    >>> columns = [Column("layer"), Column("output", "right"), Column("uncovered", "right", drop=1)]
    >>> rows = [("conv1", "6@10x10", ""), ("max1", "6@5x5", "1x1")]
    >>> print(*lay_out(columns, rows), sep="\n")
    layer   output  uncovered
    conv1  6@10x10
    max1     6@5x5        1x1
    >>> print(*lay_out(columns, rows, 16), sep="\n")
    layer   output
    conv1  6@10x10
    max1     6@5x5
    (not shown at
    this width:
    uncovered)
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    empty = [all(not row[k].plain for row in cells) for k in range(len(columns))]
    least = [_least_width(column, [row[k] for row in cells]) for k, column in enumerate(columns)]
    shown = _shown(columns, least, empty, width)
    widths = _widths(columns, shown, cells, least, width)
    blocks = [_heading_blocks(columns, shown, widths, heading)]
    for row in cells:
        styled = [_styled(row[k], columns[k].style) for k in shown]
        blocks.append(_row_blocks(styled, columns, shown, widths))
    lines = [line for block in blocks for line in _row_lines(block, columns, shown, widths)]
    left_out = [
        column.heading
        for k, column in enumerate(columns)
        if k not in shown and column.heading and not empty[k]
    ]
    if left_out:
        lines += wrapped(f"(not shown at this width: {', '.join(left_out)})", width, style="dim")
    return lines


def table_width(columns: Sequence[Column], rows: Iterable[Sequence[str | Text]]) -> int:
    """Find the width of a table of which nothing is wrapped or left out.

    Examples
    --------
    >>> table_width([Column("layer"), Column("output")], [("conv1", "6@10x10")])
    14
    """
    return max(line.cell_len for line in lay_out(columns, rows))


def wrapped(text: str | Text, width: int | None, *, style: str = "") -> list[Text]:
    """Wrap text between words.

    Parameters
    ----------
    text
        Any text.
    width
        How many columns there are; ``None`` leaves it on one line.
    style
        In rich's words.

    Returns
    -------
    list of Text
        Lines without trailing blanks.
    """
    styled = _styled(_text(text), style)
    lines = [styled] if width is None else list(styled.wrap(_CONSOLE, width, overflow="fold"))
    for line in lines:
        line.rstrip()
    return lines


def joined(items: Iterable[str], separator: str, width: int | None) -> list[str]:
    """Join items, and begin a new line only between two of them.

    Parameters
    ----------
    items
        Texts that are not to be broken.
    separator
        What to put between two of them, such as ``"; "``.
    width
        How many columns there are; ``None`` puts everything on one line.

    Returns
    -------
    list of str

    Examples
    --------
    >>> joined(["conv1: 14 - 5 + 1 = 10", "max1: 10/2 = 5"], "; ", 30)
    ['conv1: 14 - 5 + 1 = 10;', 'max1: 10/2 = 5']
    """
    lines: list[str] = []
    every = list(items)
    for number, item in enumerate(every):
        longer = f"{lines[-1]}{separator}{item}" if lines else item
        more = separator.rstrip() if number < len(every) - 1 else ""
        if lines and width is not None and len(longer) + len(more) > width:
            lines[-1] += separator.rstrip()
            lines.append(item)
        else:
            lines[-1:] = [longer]
    return lines


_CONSOLE = Console(width=10_000, color_system=None)  # rich wraps text only with a console


def _text(cell: str | Text) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)


def _styled(cell: Text, style: str) -> Text:
    """Return a cell the style of its column, below its own."""
    if not style:
        return cell
    copy = cell.copy()
    copy.stylize_before(style)
    return copy


def _least_width(column: Column, cells: Sequence[Text]) -> int:
    """Find the smallest width: headings wrap between words, cells only if they are prose."""
    if column.breaks:
        cells = [Text(word) for cell in cells for word in cell.plain.split()]
    words = map(Text, _heading_lines(column.heading, 1))
    return max((text.cell_len for text in (*words, *cells)), default=0)


def _heading_lines(heading: str, width: int) -> list[str]:
    """Wrap a heading between words, and after hyphens."""
    return textwrap.wrap(heading, width, break_long_words=False)


def _shown(
    columns: Sequence[Column], least: Sequence[int], empty: Sequence[bool], width: int | None
) -> list[int]:
    """Choose the columns that there is room for: empty ones go first, then by ``drop``."""
    shown = list(range(len(columns)))
    dispensable = [k for k in shown if empty[k] or columns[k].drop]
    for k in sorted(dispensable, key=lambda k: (not empty[k], -columns[k].drop)):
        if width is None or _total(least[k] for k in shown) <= width:
            break
        shown.remove(k)
    return shown


def _widths(
    columns: Sequence[Column],
    shown: Sequence[int],
    cells: Sequence[Sequence[Text]],
    least: Sequence[int],
    width: int | None,
) -> list[int]:
    """Choose the width of each column: as wide as its cells, or narrower to fit.

    Headings wrap first, because that takes one or two lines; prose that wraps takes lines in many
    rows.
    """
    content = [max([least[k], *(row[k].cell_len for row in cells)]) for k in shown]
    widths = [
        max(Text(columns[k].heading).cell_len, wide) for k, wide in zip(shown, content, strict=True)
    ]
    if width is not None:
        _shrink(widths, content, width)
        _shrink(widths, [least[k] for k in shown], width)
    return widths


def _shrink(widths: list[int], least: Sequence[int], width: int) -> None:
    """Reduce the widths with the most slack until the table fits, or no width has any slack."""
    while _total(widths) > width:
        slack = [wide - low for wide, low in zip(widths, least, strict=True)]
        if not any(slack):
            return
        widths[slack.index(max(slack))] -= 1


def _total(widths: Iterable[int]) -> int:
    every = list(widths)
    return sum(every) + GAP * (len(every) - 1)


def _heading_blocks(
    columns: Sequence[Column], shown: Sequence[int], widths: Sequence[int], style: str
) -> list[list[Text]]:
    """Lay out the headings in lines, which are aligned at the bottom, next to the rows."""
    blocks = [
        [Text(columns[k].heading, style)]
        if Text(columns[k].heading).cell_len <= width
        else [Text(line, style) for line in _heading_lines(columns[k].heading, width)]
        for k, width in zip(shown, widths, strict=True)
    ]
    height = max(map(len, blocks))
    return [[Text()] * (height - len(block)) + block for block in blocks]


def _row_blocks(
    cells: Sequence[Text], columns: Sequence[Column], shown: Sequence[int], widths: Sequence[int]
) -> list[list[Text]]:
    """Lay out the cells of a row in lines; cells of prose wrap."""
    return [
        wrapped(cell, width) if columns[k].breaks and cell.cell_len > width else [cell]
        for cell, k, width in zip(cells, shown, widths, strict=True)
    ]


def _row_lines(
    blocks: Sequence[Sequence[Text]],
    columns: Sequence[Column],
    shown: Sequence[int],
    widths: Sequence[int],
) -> list[Text]:
    """Put the cells of a row, each laid out in lines, next to each other."""
    lines: list[Text] = []
    for number in range(max(map(len, blocks))):
        line = Text()
        for block, k, width in zip(blocks, shown, widths, strict=True):
            piece = block[number].copy() if number < len(block) else Text()
            piece.align(columns[k].side, max(width, piece.cell_len))
            line.append(" " * GAP if len(line) else "")
            line.append_text(piece)
        line.rstrip()
        lines.append(line)
    return lines
