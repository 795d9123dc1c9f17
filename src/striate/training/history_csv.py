"""Histories as CSV files: a line for each epoch, with columns for scores and for names of runs."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from striate.data.streams import open_binary
from striate.errors import DataError
from striate.files import atomic_write, shown
from striate.functions.writing import short
from striate.training.state import HistoryRow

RunKey = tuple[str, ...]
"""The cells that name a run, such as its network and its seed."""


def write_rows(path: Path, rows: Sequence[HistoryRow]) -> None:
    """Write rows to a CSV file, with all digits.

    Parameters
    ----------
    path
        The file; it appears, or replaces an older one, when it is complete.
    rows
        One for each epoch, all with the same columns.

    Raises
    ------
    DataError
        If a row has other columns.
    ModelFileError
        If the file cannot be written.
    """
    for row in rows:
        if row.keys() != rows[0].keys():
            raise DataError(
                f"Epoch {row.get('epoch', '?')} has the columns {', '.join(row)}; expected those "
                f"of the first row, {', '.join(rows[0])}. Give each row a number for each column."
            )
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())


def read_runs(path: Path, by: Sequence[str]) -> Mapping[RunKey, list[HistoryRow]]:
    """Read the rows of one or several runs from a CSV file.

    Parameters
    ----------
    path
        The file, perhaps compressed with gzip. Columns with a cell that isn't a number are left
        out.
    by
        The columns that name a run.

    Returns
    -------
    dict
        The rows of each run, in the order of the file.

    Raises
    ------
    DataError
        If the file cannot be read, lacks the columns, or has two rows for an epoch of a run.
    """
    lines = _lines(path)
    columns = lines[0] if lines else []
    missing = [name for name in ("epoch", *by) if name not in columns]
    if missing:
        raise DataError(
            f"{shown(path)} has no column {missing[0]!r}, only {', '.join(columns) or 'none'}. "
            "Give the CSV file of a training run, and the names of its columns."
        )
    numbers = {name: cells for name, cells in _columns(path, lines).items() if name not in by}
    keys = [columns.index(name) for name in by]
    runs: dict[RunKey, list[HistoryRow]] = {}
    for k, line in enumerate(lines[1:]):
        row = {name: cells[k] for name, cells in numbers.items()}
        run = runs.setdefault(tuple(line[key] for key in keys), [])
        if any(row["epoch"] == earlier["epoch"] for earlier in run):
            raise DataError(
                f"{shown(path)} has two rows for epoch {row['epoch']} of the same run (line "
                f"{k + 2}). If the file has several runs, name the columns that tell them apart: "
                'History.runs_from_csv(path, by="seed").'
            )
        run.append(row)
    return runs


def _lines(path: Path) -> list[list[str]]:
    """Split a file into lines of cells, without empty lines."""
    with open_binary(path) as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown(path)} is not a text file in UTF-8. Give a CSV file that History.to_csv wrote."
        ) from error
    try:
        # Some programs end lines with a carriage return only, which newline=None allows for.
        return [line for line in csv.reader(io.StringIO(text, newline=None), strict=True) if line]
    except csv.Error as error:
        raise DataError(
            f"{shown(path)} is not a CSV file: {error}. Give a CSV file that History.to_csv wrote."
        ) from error


def _columns(path: Path, lines: list[list[str]]) -> dict[str, list[float]]:
    """Return the columns whose cells are all numbers."""
    if not lines:
        return {}
    for k, line in enumerate(lines):
        if len(line) != len(lines[0]):
            raise DataError(
                f"Line {k + 1} of {shown(path)} has {len(line)} cells; expected {len(lines[0])}, "
                "one for each column. Complete the line or remove it."
            )
    names = lines[0]
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise DataError(
            f"{shown(path)} has two columns {twice!r}. Rename one of them, or remove it."
        )
    columns = {name: [_number(line[k]) for line in lines[1:]] for k, name in enumerate(lines[0])}
    epochs = columns.get("epoch", [])
    for k, epoch in enumerate(epochs):
        if epoch is None or epoch < 0 or not float(epoch).is_integer():
            cell = lines[k + 1][names.index("epoch")]
            raise DataError(
                f"Line {k + 2} of {shown(path)} has {short(cell)} in the column 'epoch'; expected "
                "the number of an epoch. Correct the line or remove it."
            )
    if "epoch" in columns:
        columns["epoch"] = [None if epoch is None else int(epoch) for epoch in epochs]
    return {
        name: [cell for cell in cells if cell is not None]
        for name, cells in columns.items()
        if None not in cells
    }


def _number(cell: str) -> float | None:
    """Return the number in a cell, an integer as such; ``None`` for other text."""
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return None
