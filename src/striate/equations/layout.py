"""Draws a formula with characters, as in a book: scripts above and below, fractions, limits.

A box is a block of lines of which one is the baseline. Boxes next to each other are joined at their
baselines, so that a fraction is centered on its line::

         r-1 c-1                           ∂F
    z   = Σ   Σ  w   p                    ─────
     m,n i=0 j=0  i,j m+i,n+j             ∂a
                                            i,j
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from striate.equations.latex import (
    Big,
    Fence,
    FormulaNode,
    Fraction,
    Gap,
    Glyph,
    Row,
    Script,
    Table,
    Underbrace,
    gap_before,
    is_operator,
    is_relation,
    linear,
    parse,
)

_INDENT = 4
_SHORT = 3  # a line before an equals sign fills at least this part of its room, one third
_FENCES = {
    "(": "⎛⎜⎝",
    ")": "⎞⎟⎠",
    "[": "⎡⎢⎣",
    "]": "⎤⎥⎦",
    "⌊": "⎢⎢⎣",
    "⌋": "⎥⎥⎦",
    "⌈": "⎡⎢⎢",
    "⌉": "⎤⎥⎥",
}
"""Pieces of tall brackets: top, middle, bottom."""
_BRACES = {"{": "⎧⎨⎩⎪", "}": "⎫⎬⎭⎪"}
"""Pieces of tall braces: top, middle, bottom, and what connects them."""


@dataclass(frozen=True, kw_only=True)
class TextBox:
    """A block of characters.

    Parameters
    ----------
    lines
        All of the same width.
    baseline
        The line that is joined with the baseline of the next box.
    """

    lines: tuple[str, ...]
    baseline: int = 0

    @property
    def width(self) -> int:
        """Columns."""
        return _columns(self.lines[0])

    @property
    def below(self) -> int:
        """Lines below the baseline."""
        return len(self.lines) - 1 - self.baseline


def _columns(text: str) -> int:
    """Count columns: a combining accent has none."""
    return sum(not unicodedata.combining(letter) for letter in text)


def draw(latex: str, width: int) -> list[str]:
    r"""Draw a formula.

    Parameters
    ----------
    latex
        The formula.
    width
        Columns. A formula that is wider is broken before an equals sign or between factors; one
        with a part that is still too wide is written on one line, with scripts after ``_`` and
        ``^``, for the caller to wrap.

    Returns
    -------
    list of str
        Lines without spaces at their ends.

    Examples
    --------
    >>> print("\n".join(draw(r"z_{m,n} = \sum_{i=1}^r w_i p_{m+i-1}", 40)))
             r
    z     =  Σ  w  p
     m,n    i=1  i  m+i-1
    """
    row = parse(latex)
    lines: list[str] = []
    for number, boxes in enumerate(_broken(row, width)):
        whole = _joined(boxes)
        indent = _INDENT if number else 0
        if whole.width + indent > width:
            return [linear(row)]
        lines += [""] * bool(number)
        lines += [(" " * indent + line).rstrip() for line in whole.lines]
    return lines


def _broken(row: Row, width: int) -> list[list[TextBox]]:
    """Divide a row into lines: between formulas, before relations, or at spaces."""
    units = _units(row)
    lines: list[list[TextBox]] = []
    while units:
        if lines and not units[0].text:
            units = units[1:]
            continue
        room = width - (_INDENT if lines else 0)
        taken, columns = 0, 0
        while taken < len(units) and (not taken or columns + units[taken].columns <= room):
            columns += units[taken].columns
            taken += 1
        if taken < len(units):
            taken = _best_break(units, taken, room)
        boxes = [box for unit in units[:taken] for box in (unit.space, *unit.boxes)]
        lines.append(boxes[1:])
        units = units[taken:]
    return lines


def _best_break(units: Sequence["_Unit"], most: int, room: int) -> int:
    """Choose how many units are on a line, at most ``most``; a very short line is never best."""
    best, rank, columns = most, units[most].break_before, 0
    for k in range(1, most):
        columns += units[k - 1].columns
        if columns >= room // _SHORT and units[k].break_before >= max(rank, 1):
            best, rank = k, units[k].break_before
    return best


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """What stays on one line, and the space before it."""

    space: TextBox
    boxes: list[TextBox]
    break_before: int  # the best lines begin with a formula, which is 2, or a relation, which is 1

    @property
    def text(self) -> str:
        """What is on the line; empty for a gap between two formulas."""
        return "".join(line for box in self.boxes for line in box.lines).strip()

    @property
    def columns(self) -> int:
        """Columns, with the space before it."""
        return self.space.width + sum(box.width for box in self.boxes)


def _units(row: Row) -> list[_Unit]:
    """Divide a row at its spaces, but not after an operator or a sum."""
    units: list[_Unit] = []
    for at, node in enumerate(row.nodes):
        gap = gap_before(row, at, script=False) if at else 0
        before = row.nodes[at - 1] if at else None
        new = gap > 0 and not (before and (is_operator(row, at - 1) or isinstance(before, Big)))
        if new or not units:
            rank = 2 if isinstance(before, Gap) else int(is_relation(node))
            units.append(_Unit(space=_text(" " * gap), boxes=[_box(node)], break_before=rank))
        else:
            units[-1].boxes.extend([_text(" " * gap), _box(node)] if gap else [_box(node)])
    return units


def _text(text: str) -> TextBox:
    return TextBox(lines=(text,))


def _joined(boxes: Sequence[TextBox]) -> TextBox:
    """Put boxes next to each other, at their baselines."""
    above = max((box.baseline for box in boxes), default=0)
    below = max((box.below for box in boxes), default=0)
    lines = [""] * (above + 1 + below)
    for box in boxes:
        start = above - box.baseline
        for at in range(len(lines)):
            inside = 0 <= at - start < len(box.lines)
            lines[at] += box.lines[at - start] if inside else " " * box.width
    return TextBox(lines=tuple(lines), baseline=above)


def _stacked(boxes: Sequence[TextBox], baseline: int, *, left: bool = False) -> TextBox:
    """Put boxes below each other; ``baseline`` is the line of the whole."""
    width = max(box.width for box in boxes)
    lines = [_padded(line, width, left=left) for box in boxes for line in box.lines]
    return TextBox(lines=tuple(lines), baseline=baseline)


def _padded(line: str, width: int, *, left: bool) -> str:
    """Fill a line with spaces up to a width, at its end or on both sides."""
    free = width - _columns(line)
    before = 0 if left else free // 2
    return " " * before + line + " " * (free - before)


def _box(node: FormulaNode, *, script: bool = False) -> TextBox:
    """Draw a node."""
    match node:
        case Glyph():
            return _text(node.text)
        case Gap():
            return _text("  ")
        case Row():
            boxes: list[TextBox] = []
            for at, child in enumerate(node.nodes):
                if at and (gap := gap_before(node, at, script=script)):
                    boxes.append(_text(" " * gap))
                boxes.append(_box(child, script=script))
            return _joined(boxes or [_text("")])
        case Script():
            return _scripted(_box(node.base, script=script), node.lower, node.upper)
        case Big():
            upper = [_box(node.upper, script=True)] if node.upper else []
            lower = [_box(node.lower, script=True)] if node.lower else []
            over = sum(len(box.lines) for box in upper)
            return _stacked([*upper, _text(node.sign), *lower], over)
        case Fraction():
            top, bottom = _box(node.top), _box(node.bottom)
            bar = _text("─" * max(top.width, bottom.width))
            return _stacked([top, bar, bottom], len(top.lines))
        case Fence():
            return _fenced(node.left, _box(node.inside), node.right)
        case Table():
            return _table(node)
        case Underbrace():
            inside, label = _box(node.inside), _box(node.label)
            brace = _text("└" + "─" * (inside.width - 2) + "┘")
            return _stacked([inside, brace, label], inside.baseline)


def _scripted(base: TextBox, lower: Row | None, upper: Row | None) -> TextBox:
    """Put scripts to the right of a base: above its first line and below its last one."""
    over = _box(upper, script=True) if upper else None
    under = _box(lower, script=True) if lower else None
    width = max(box.width for box in (over, under) if box)
    lines = [
        *(over.lines if over else ()),
        *("" for _ in base.lines),
        *(under.lines if under else ()),
    ]
    lifted = len(over.lines) if over else 0
    column = TextBox(
        lines=tuple(_padded(line, width, left=True) for line in lines),
        baseline=lifted + base.baseline,
    )
    return _joined([base, column])


def _fenced(left: str, inside: TextBox, right: str) -> TextBox:
    """Enclose a box in brackets of its height. Braces need three lines for their middle."""
    if len(inside.lines) == 2 and {left, right} & set(_BRACES):
        blank = " " * inside.width
        lines = (blank, *inside.lines) if inside.baseline == 0 else (*inside.lines, blank)
        inside = TextBox(lines=lines, baseline=1)
    return _joined([_bracket(left, inside), inside, _bracket(right, inside)])


def _bracket(sign: str, inside: TextBox) -> TextBox:
    """Draw a bracket of the height of a box."""
    height = len(inside.lines)
    if height == 1:
        return _text(sign)
    if sign in _FENCES:
        top, middle, bottom = _FENCES[sign]
        lines = [top, *[middle] * (height - 2), bottom]
    elif sign in _BRACES:
        top, middle, bottom, connection = _BRACES[sign]
        lines = [connection] * height
        lines[0], lines[-1] = top, bottom
        lines[height // 2] = middle
    else:
        raise ValueError(f"no tall form of {sign}")
    return TextBox(lines=tuple(lines), baseline=inside.baseline)


def _table(table: Table) -> TextBox:
    """Draw a matrix or cases: cells centered in their columns, or aligned at the left."""
    left = table.kind == "cases"
    cells = [[_box(cell) for cell in row] for row in table.rows]
    widths = [max(box.width for box in column) for column in zip(*cells, strict=True)]
    rows = [
        _joined(
            [
                part
                for box, width in zip(row, widths, strict=True)
                for part in (
                    TextBox(
                        lines=tuple(_padded(line, width, left=left) for line in box.lines),
                        baseline=box.baseline,
                    ),
                    _text("  "),
                )
            ][:-1]
        )
        for row in cells
    ]
    if left:
        rows = [part for row in rows for part in (row, _text(""))][:-1]
    height = sum(len(row.lines) for row in rows)
    inside = _stacked(rows, (height - 1) // 2, left=True)
    if left:
        return _joined([_bracket("{", inside), _text(" "), inside])
    return _fenced("[", inside, "]")
