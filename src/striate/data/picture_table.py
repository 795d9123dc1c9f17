"""A CSV file of picture names and what is known about each picture: numbers, or a class.

::

    file,price,area,split        photo;Art        id,breed
    house1.jpg,250000,81.5,train  a.png;Tulpe      00a1f3,beagle

The columns are detected: the column whose cells name pictures is the file column, a column
``split`` assigns rows to parts, and the others are targets. If that is ambiguous, an error names
the option to use. Problems in rows are collected and reported together, with their line numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from striate.data.csv_text import Problems, Rows, column_names, read_rows
from striate.data.dataset import Dataset
from striate.data.file_names import PROBED, PictureFinder, finder_for
from striate.data.parts import PARTS, SPLITS
from striate.data.picture_parts import divide
from striate.data.picture_reading import read_all
from striate.data.table_columns import (
    WHOLE,
    TableColumn,
    are_one_hot,
    are_whole_classes,
    cell_of,
    column_of,
    without_index,
)
from striate.errors import Argument, DataError, Message, OptionError
from striate.files import quoted, shown
from striate.shapes import Array

Task = Literal["classification", "regression"]
TASKS = ("classification", "regression")


@dataclass(frozen=True, kw_only=True)
class PictureTable:
    """What the columns of a table mean.

    Parameters
    ----------
    rows
        The cells below the header.
    files
        The column of file names, and where the pictures are.
    finder
        Finds the picture that a cell names.
    split
        Position of the column that assigns rows to parts, if there is one.
    others
        The columns that may be predicted.
    notes
        What was noticed.
    """

    rows: Rows
    files: int
    finder: PictureFinder
    split: int | None
    others: tuple[TableColumn, ...]
    notes: tuple[str, ...]


def open_table(path: Path, *, images: Path | None = None) -> PictureTable | None:
    """Detect what the columns of a table mean.

    Parameters
    ----------
    path
        The file.
    images
        Folder of the pictures; None looks next to the file and in the folders next to it.

    Returns
    -------
    PictureTable or None
        None if no column names pictures.

    Raises
    ------
    DataError
        If the file can't be read, or two columns name pictures.
    """
    first = read_rows(path, most=PROBED)
    finder = finder_for(path, first.cells, images)
    if finder is None:
        return None
    rows = read_rows(path)
    counts = finder.counts(rows.cells)
    files = _file_column(path, rows, counts)
    has_header = not finder.names_a_picture(cell_of(rows.cells[0], files))
    width = len(rows.cells[0]) if has_header else max(map(len, rows.cells))
    first = rows.cells[0] if has_header else ()
    names = column_names([*first, *[""] * (width - len(first))])
    notes: list[str] = []
    if not has_header:
        notes.append(
            f"The file has no header (its first line names a picture), so the columns are called "
            f"{_listed(name for k, name in enumerate(names) if k != files)}."
        )
    below = replace(rows, cells=rows.cells[has_header:], lines=rows.lines[has_header:])
    split = _split_column(names, below)
    columns = [column_of(below, k, names[k]) for k in range(width) if k not in (files, split)]
    others, left_out = without_index(columns)
    notes += left_out
    if finder.note:
        notes.append(finder.note)
    return PictureTable(
        rows=below, files=files, finder=finder, split=split, others=others, notes=tuple(notes)
    )


def read_table(
    path: Path,
    *,
    images: Path | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
    skip_bad: bool = False,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
) -> Dataset | None:
    """Read the pictures that a table names, and their targets.

    Parameters
    ----------
    path
        A CSV file with a line for each picture: its file name, the numbers or the class to
        predict, and perhaps a column ``split`` of train, validation or test.
    images
        Folder of the pictures; None looks next to the file and in the folders next to it.
    targets
        Names of the columns to predict; None takes all of them.
    task
        ``"classification"`` or ``"regression"``; None decides by the cells: words are classes, and
        so are the integers from 0 or 1 upwards if there are few of them.
    skip_bad
        Whether to leave out rows that have a problem, with a note.
    size, channels, resize
        As for :func:`striate.data.pictures.read_pictures`.

    Returns
    -------
    Dataset or None
        None if no column names pictures. Rows without a part are training data.

    Raises
    ------
    DataError
        If the meaning of the columns is unclear, or rows have problems: all of them are listed.
    OptionError
        If a target is not a column, or an option is not valid.
    """
    _require_task(task)
    table = open_table(path, images=images)
    if table is None:
        return None
    problems = Problems(path)
    chosen = _targets(path, table, targets)
    notes = [*table.notes]
    parts = _parts_of(table, problems)
    files = _files_of(table, problems)
    reading = _read_targets(path, table, chosen, task, problems)
    repeated = _repeated(table, files, reading.keys, problems)
    if problems.found and not skip_bad:
        raise problems.error()
    if problems.found:
        notes.append(problems.note())
    if repeated:
        notes.append(_note_on_repeated(repeated))
    notes += reading.notes
    bad = problems.lines | repeated.keys()
    kept = [k for k, line in enumerate(table.rows.lines) if line not in bad]
    divided = _divide(parts, kept, path, notes)
    order = [(part, k) for part, rows in divided.items() for k in rows]
    read = read_all(
        [file for _, k in order if (file := files[k]) is not None],  # without one, it isn't kept
        root=path.parent,
        size=size,
        channels=channels,
        resize=resize,
        skip_bad=skip_bad,
        in_memory=True,
    )
    order = [order[k] for k in read.kept]
    dataset = divide(
        read,
        reading.values[[k for _, k in order]],
        [part for part, _ in order],
        name=shown(path.name),
        source=path,
        root=path.parent,
        classes=reading.classes,
        notes=notes,
    )
    return replace(dataset, target_names=reading.target_names)


def pictures_of(
    path: Path,
    *,
    images: Path | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
) -> tuple[list[Path], bool]:
    """Find the pictures that a table names, before they are read.

    Parameters
    ----------
    path, images, targets, task
        As for :func:`read_table`.

    Returns
    -------
    files, has_numbers
        The pictures that exist, and whether numbers are to be predicted rather than classes.
    """
    table = open_table(path, images=images)
    if table is None:
        return [], False
    ignored = Problems(path)
    reading = _read_targets(path, table, _targets(path, table, targets), task, ignored)
    files = [file for file in _files_of(table, ignored) if file is not None]
    return files, bool(reading.target_names)


def _require_task(task: object) -> None:
    """Raise unless it is a known task."""
    if task not in (None, *TASKS):
        raise OptionError(
            f"Unknown task {task!r:.60}. Choose from {', '.join(TASKS)}, or leave task out."
        )


def _file_column(path: Path, rows: Rows, counts: Sequence[int]) -> int:
    """Return the column that names most pictures; raise if there are two of them."""
    most = max(counts)
    best = [k for k, count in enumerate(counts) if count == most]
    if len(best) > 1:
        names = column_names(rows.cells[0])
        raise DataError(
            f"{shown(path)} has {len(best)} columns that name pictures, "
            f"{_listed(names[k] if k < len(names) else f'column {k + 1}' for k in best)}; expected "
            "one. Remove the others."
        )
    return best[0]


def _split_column(names: Sequence[str], rows: Rows) -> int | None:
    """Find the column that assigns rows to parts, by its name and most of its cells."""
    for k, name in enumerate(names):
        if name.lower() in SPLITS:
            known = sum(cell_of(row, k).lower() in PARTS for row in rows.cells)
            if 2 * known > len(rows.cells):
                return k
    return None


def _targets(
    path: Path, table: PictureTable, targets: str | Sequence[str] | None
) -> tuple[TableColumn, ...]:
    """Choose the columns to predict."""
    by_name = {column.name: column for column in table.others}
    if targets is not None:
        wanted = [targets] if isinstance(targets, str) else list(targets)
        for name in wanted:
            if name not in by_name:
                raise OptionError(
                    Message(
                        Argument("targets"),
                        f" names the column {name!r}, but {shown(path)} has "
                        f"{_listed(by_name) or 'no column'} to predict. Check the spelling.",
                    )
                )
        chosen = tuple(by_name[name] for name in wanted)
    else:
        chosen = table.others
    if not chosen:
        raise DataError(
            f"{shown(path)} has no target column; expected numbers or classes next to the file "
            "names. Add a column, such as price."
        )
    if len(chosen) > 1 and not all(column.is_numeric for column in chosen):
        raise DataError(
            Message(
                f"{shown(path)} has several columns that could be predicted: "
                f"{', '.join(column.description for column in chosen)}; expected one column of "
                "classes, or only columns of numbers. Choose with ",
                Argument("targets", chosen[0].name),
                ".",
            )
        )
    return chosen


def _parts_of(table: PictureTable, problems: Problems) -> list[str]:
    """Return the part of each row: train, validation or test."""
    if table.split is None:
        return ["train"] * len(table.rows.cells)
    parts: list[str] = []
    for row, line in zip(table.rows.cells, table.rows.lines, strict=True):
        cell = cell_of(row, table.split)
        part = PARTS.get(cell.lower(), "")
        if not part:
            given = f"is {cell!r:.40}" if cell else "is missing"
            problems.add(line, f"the split {given}; expected train, validation or test")
        parts.append(part)
    return parts


def _files_of(table: PictureTable, problems: Problems) -> list[Path | None]:
    """Find each row's picture."""
    files: list[Path | None] = []
    width = max(table.files, *(column.place for column in table.others), table.split or 0) + 1
    for row, line in zip(table.rows.cells, table.rows.lines, strict=True):
        if len(row) > width and any(row[width:]):
            problems.add(line, f"{len(row)} cells; expected {width}")
        cell = cell_of(row, table.files)
        path = table.finder.find(cell)
        if not cell:
            problems.add(line, "no file name")
        elif path is None:
            problems.add(line, table.finder.why_not(cell, table.rows.path.parent))
        files.append(path)
    return files


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """The targets of all rows."""

    values: Array
    keys: list[tuple[object, ...]]
    classes: tuple[str | int, ...] = ()
    target_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _read_targets(
    path: Path,
    table: PictureTable,
    chosen: tuple[TableColumn, ...],
    task: Task | None,
    problems: Problems,
) -> _Reading:
    """Read classes or numbers."""
    keys = list(zip(*(column.cells for column in chosen), strict=True))
    only = chosen[0]
    words = len(chosen) == 1 and not only.is_numeric
    if task == "regression" and words:
        raise OptionError(
            Message(
                Argument("task", "regression"),
                f" needs numbers, but the column {quoted(only.name)} of {shown(path)} holds words, "
                f"such as {next(filter(None, only.cells), '')!r:.40}. Choose another column, or ",
                Argument("task", "classification"),
                ".",
            )
        )
    if words or (task == "classification" and len(chosen) == 1):
        return _read_classes(table, only, keys, problems)
    if task is None and len(chosen) == 1 and are_whole_classes(only):
        reading = _read_classes(table, only, keys, problems)
        note = (
            f"The column {quoted(only.name)} holds the integers {reading.classes[0]} to "
            f"{reading.classes[-1]}, which are read as {len(reading.classes)} classes. If they are "
            "regression targets, such as counts, use the task regression."
        )
        return replace(reading, notes=(note,))
    if task != "regression" and are_one_hot(chosen):
        y = np.array([column.numbers for column in chosen], np.float64).argmax(axis=0)
        names = tuple(column.name for column in chosen)
        note = f"The columns {_listed(names)} are one-hot, and are read as classes."
        return _Reading(values=y, keys=keys, classes=names, notes=(note,))
    if task == "classification":
        raise OptionError(
            Message(
                Argument("task", "classification"),
                f" needs one column of classes, but {len(chosen)} columns are targets: "
                f"{_listed(column.name for column in chosen)}. Choose one with ",
                Argument("targets", only.name),
                ".",
            )
        )
    return _read_numbers(table, chosen, keys, problems)


def _read_classes(
    table: PictureTable, column: TableColumn, keys: list[tuple[object, ...]], problems: Problems
) -> _Reading:
    """Read one column as classes: integers if all cells are, otherwise words."""
    for cell, line in zip(column.cells, table.rows.lines, strict=True):
        if not cell:
            problems.add(line, f"{shown(column.name)} is missing")
    named = sorted(set(column.cells) - {""})
    if all(map(WHOLE.fullmatch, named)):
        values = sorted(set(map(int, named)))
        index = {value: k for k, value in enumerate(values)}
        y = [index.get(int(cell), 0) if cell else 0 for cell in column.cells]
        return _Reading(values=np.array(y, np.int64), keys=keys, classes=tuple(values))
    place = {name: k for k, name in enumerate(named)}
    y = [place.get(cell, 0) for cell in column.cells]
    return _Reading(values=np.array(y, np.int64), keys=keys, classes=tuple(named))


def _read_numbers(
    table: PictureTable,
    chosen: Sequence[TableColumn],
    keys: list[tuple[object, ...]],
    problems: Problems,
) -> _Reading:
    """Read columns of numbers."""
    values = np.zeros((len(keys), len(chosen)), np.float32)
    commas = False
    for k, column in enumerate(chosen):
        entries = zip(column.cells, column.numbers, table.rows.lines, strict=True)
        for row, (cell, number, line) in enumerate(entries):
            if not cell:
                problems.add(line, f"{shown(column.name)} is missing")
            elif number is None:
                problems.add(line, f"{shown(column.name)} is {cell!r:.40}; expected a number")
            else:
                with np.errstate(over="ignore"):
                    values[row, k] = number
                if not np.isfinite(values[row, k]):
                    problems.add(line, f"{shown(column.name)} is {cell:.40}, which is not finite")
                commas |= "," in cell
    notes = ("Commas in numbers are read as decimal commas: 2,5 is 2.5.",) if commas else ()
    return _Reading(
        values=values[:, 0] if len(chosen) == 1 else values,
        keys=keys,
        target_names=tuple(column.name for column in chosen),
        notes=notes,
    )


def _repeated(
    table: PictureTable,
    files: Sequence[Path | None],
    keys: Sequence[tuple[object, ...]],
    problems: Problems,
) -> dict[int, int]:
    """Find rows of a picture that an earlier row has: a problem if their targets differ."""
    first: dict[Path, int] = {}
    same: dict[int, int] = {}
    bad = problems.lines
    for k, (file, line) in enumerate(zip(files, table.rows.lines, strict=True)):
        if file is None or line in bad:
            continue
        earlier = first.setdefault(file, k)
        if earlier == k:
            continue
        before = table.rows.lines[earlier]
        if keys[earlier] == keys[k]:
            same[line] = before
        else:
            problems.add(line, f"{shown(file.name)} has different values in line {before}")
    return same


def _note_on_repeated(repeated: dict[int, int]) -> str:
    """Name the lines that repeat others."""
    line, before = min(repeated.items())
    many = len(repeated) > 1
    return (
        f"{len(repeated):,} line{'s' * many} {'repeat' if many else 'repeats'} an earlier one and "
        f"{'were' if many else 'was'} left out, such as line {line}, which is the same as line "
        f"{before}."
    )


def _divide(
    parts: Sequence[str], kept: Sequence[int], path: Path, notes: list[str]
) -> dict[str, list[int]]:
    """Return the rows of each part that has some."""
    divided: dict[str, list[int]] = {}
    for k in kept:
        divided.setdefault(parts[k], []).append(k)
    if "train" not in divided:
        raise DataError(
            f"{shown(path)} has no training rows; expected at least one whose split is train. "
            "Check the column."
        )
    if "validation" in divided and "test" not in divided:
        divided["test"] = divided.pop("validation")
        count = len(divided["test"])
        notes.append(f"Without test rows, the {count:,} validation rows are the test set.")
    return divided


def _listed(names: Iterable[str]) -> str:
    """Write names in quotes, with commas."""
    return ", ".join(map(quoted, names))
