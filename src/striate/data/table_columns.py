"""The columns of a table of pictures, and what their cells look like."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from striate.data.csv_text import Rows, as_number
from striate.files import quoted

WHOLE = re.compile(r"[+-]?\d+")
"""Integers without a decimal point."""

_MOST_WHOLE_CLASSES = 50
"""Columns of integers with more different values are regression targets."""
_LEAST_IN_A_CLASS = 2
_INDEX_NAMES = {"unnamed: 0", "index"}
"""How pandas writes and reads the numbers of rows."""


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column of the table that may be predicted.

    Parameters
    ----------
    name
        Its heading.
    place
        Its position, from 0.
    cells
        Its text, one for each row.
    numbers
        The same as numbers; None where a cell isn't one.
    """

    name: str
    place: int
    cells: tuple[str, ...]
    numbers: tuple[float | None, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether most cells that aren't empty are numbers: the others are then mistakes."""
        filled = [n for cell, n in zip(self.cells, self.numbers, strict=True) if cell]
        return 2 * sum(n is not None for n in filled) > len(filled)

    @property
    def description(self) -> str:
        """The name and the type, for errors."""
        if self.is_numeric:
            return f"{quoted(self.name)} (numbers)"
        count = len(set(self.cells) - {""})
        return f"{quoted(self.name)} (words, {count:,} different)"


def cell_of(row: Sequence[str], k: int) -> str:
    """Return a cell, empty beyond the end of a short row."""
    return row[k] if k < len(row) else ""


def column_of(rows: Rows, k: int, name: str) -> TableColumn:
    """Collect the cells of a column."""
    cells = tuple(cell_of(row, k) for row in rows.cells)
    comma = rows.separator != ","
    numbers = tuple(as_number(cell, decimal_comma=comma) for cell in cells)
    return TableColumn(name=name, place=k, cells=cells, numbers=numbers)


def without_index(columns: Sequence[TableColumn]) -> tuple[tuple[TableColumn, ...], list[str]]:
    """Leave out a column of row numbers, as pandas writes it."""
    for column in columns:
        unnamed = column.name == f"column {column.place + 1}" and column.place == 0
        if (unnamed or column.name.lower() in _INDEX_NAMES) and len(columns) > 1:
            counted = [str(k + start) for start in (0, 1) for k in range(len(column.cells))]
            half = len(column.cells)
            if list(column.cells) in (counted[:half], counted[half:]):
                note = f"{quoted(column.name)} holds row numbers and was left out."
                return tuple(one for one in columns if one is not column), [note]
    return tuple(columns), []


def are_whole_classes(column: TableColumn) -> bool:
    """Whether integers look like the numbers of classes: 0 or 1 upwards, each more than once."""
    cells = [cell for cell in column.cells if cell]
    if not all(map(WHOLE.fullmatch, cells)):
        return False
    counts = Counter(map(int, cells))
    low, high = min(counts), max(counts)
    return (
        low in (0, 1)
        and 2 <= len(counts) == high - low + 1 <= _MOST_WHOLE_CLASSES
        and min(counts.values()) >= _LEAST_IN_A_CLASS
    )


def are_one_hot(chosen: Sequence[TableColumn]) -> bool:
    """Whether each row has one 1 and otherwise zeros."""
    if len(chosen) < 2:
        return False
    rows = list(zip(*(column.numbers for column in chosen), strict=True))
    return all(set(row) == {0.0, 1.0} and row.count(1.0) == 1 for row in rows)
