"""A CSV file with one signal per row: a label or regression targets, and the samples.

::

    label,t0,t1,t2,...     1<tab>-1.13<tab>-1.13<tab>...
    normal,0.1,0.3,...     2<tab>-1.12<tab>-1.12<tab>...

The second form, without a header and with the label in the first or the last column, is that of
the UCR archive and of many published data sets; a file ``X_TEST.tsv`` next to ``X_TRAIN.tsv`` is
the test set. Columns that are called ``pixel0``, ``pixel1``, ... or ``1x1``, ``1x2``, ... are the
pixels of square gray images.

Large files are read by NumPy's parser. Only if it fails is the file read cell by cell, to list all
problems with their line numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from striate.data.csv_text import Problems, Rows, as_number, column_names, read_rows, read_text
from striate.data.dataset import Dataset, LabelValue, assemble
from striate.data.parts import PARTS, SPLITS
from striate.errors import Argument, DataError, Message, OptionError
from striate.files import quoted, shown
from striate.shapes import Array

_LEAST_SAMPLES = 8
_LABELS = {"label", "labels", "class", "target", "y", "category"}
_MOST_CLASSES = 50
_PROBED = 200
"""Rows that are looked at to understand the columns."""
_PIXEL = re.compile(r"pixel_?\d+|\d+x\d+", re.IGNORECASE)
_COUNTED_FROM = (0, 1)
_BYTE = 255


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What the columns of a file mean.

    Parameters
    ----------
    names
        Of all columns.
    has_header
        Whether the first row holds the names.
    labels
        Positions of the columns to predict: several only if they are numbers.
    split
        Position of the column that assigns rows to parts.
    samples
        Positions of the samples.
    """

    names: tuple[str, ...]
    has_header: bool
    labels: tuple[int, ...]
    split: int | None
    samples: tuple[int, ...]


def read_signals(
    path: Path,
    *,
    targets: str | Sequence[str] | None = None,
    task: str | None = None,
    skip_bad: bool = False,
) -> Dataset:
    """Read a file with a signal in each row.

    Parameters
    ----------
    path
        The file.
    targets
        Name of the column to predict, ``"column 1"`` in a file without a header, or names of
        several columns of numbers. None finds one by its name (``label``, ``class``, ``target``,
        ``y``), or because it is the only column of words, or the first or the last one and its
        values are a few integers.
    task
        ``"classification"`` or ``"regression"``; None decides by the values: words and a few
        integers are classes.
    skip_bad
        Whether to leave out rows that have a problem, with a note.

    Returns
    -------
    Dataset
        Signals, float32 ``(n, samples, 1)``; gray images if the columns are called pixels.

    Raises
    ------
    DataError
        If the columns are not understood, or cells are not numbers.
    OptionError
        If ``targets`` is not one of the columns.
    """
    first = read_rows(path, most=_PROBED)
    columns = _understand(first, targets)
    text = read_text(path)
    notes: list[str] = []
    values, words, parts = _read(path, text, first, columns, None if not skip_bad else notes)
    test_path = _test_file(path)
    if not columns.has_header:
        notes.append(
            f"The file has no header: {quoted(_label(columns))} is what to predict, and the other "
            "columns are samples."
        )
    tests: tuple[Array, list[tuple[str, ...]]] | None = None
    if test_path is not None and columns.split is None:
        test_first = read_rows(test_path, most=_PROBED)
        test_values, test_words, _ = _read(
            test_path, read_text(test_path), test_first, columns, None if not skip_bad else notes
        )
        tests = (test_values, test_words)
        notes.append(f"The test set is {shown(test_path.name)}.")
    y, classes, names = _targets(path, columns, words, [] if tests is None else tests[1], task)
    count = len(words)
    x = _shaped(columns, values)
    groups = {
        part: [k for k, name in enumerate(parts) if name == part]
        for part in ("train", "validation", "test")
    }
    if not groups["train"]:
        raise DataError(f"{shown(path)} has no training rows. Check its split column.")
    halves = {part: (x[rows], y[:count][rows]) for part, rows in groups.items() if rows}
    if tests is not None:
        halves["test"] = (_shaped(columns, tests[0]), y[count:])
    if "validation" in halves and "test" not in halves:
        halves["test"] = halves.pop("validation")
        notes.append("Without test rows, the validation rows are the test set.")
    dataset = assemble(
        halves["train"],
        halves.get("test"),
        halves.get("validation"),
        name=shown(path.name),
        source=shown(path),
        classes=classes,
        notes=tuple(notes),
    )
    return replace(dataset, target_names=names)


def _label(columns: _Columns) -> str:
    return columns.names[columns.labels[0]]


def _test_file(path: Path) -> Path | None:
    """Find the test set that belongs to a training set, by its name."""
    for word in ("TEST", "test", "Test"):
        name = re.sub(r"(?i)([_-])train(?=[._-]|$)", rf"\g<1>{word}", path.name)
        if name != path.name and path.with_name(name).is_file():
            return path.with_name(name)
    return None


def _is_number(cell: str, separator: str) -> bool:
    return as_number(cell, decimal_comma=separator != ",") is not None


def _understand(rows: Rows, targets: str | Sequence[str] | None) -> _Columns:
    """Detect what the columns mean."""
    where = shown(rows.path)
    has_header = _has_header(rows)
    width = len(rows.cells[0]) if has_header else max(map(len, rows.cells))
    head = rows.cells[0] if has_header else ()
    names = column_names([*head, *[""] * (width - len(head))])
    below = rows.cells[has_header:]
    if not below:
        raise DataError(f"{where} has only a header; expected a line for each signal.")
    cells = [[row[k] if k < len(row) else "" for row in below] for k in range(width)]
    numeric = [_mostly(column, rows.separator) for column in cells]
    split = next((k for k, name in enumerate(names) if name.lower() in SPLITS), None)
    if split is not None and numeric[split]:
        split = None
    index = 0 if _is_index(names[0], cells[0], has_header=has_header) else None
    others = [k for k in range(width) if k not in (split, index)]
    if len(others) <= _LEAST_SAMPLES:
        raise _not_understood(rows, names)
    labels = _label_columns(rows, names, others, cells, numeric, targets, has_header=has_header)
    samples = tuple(k for k in others if k not in labels)
    words = [names[k] for k in samples if not numeric[k]]
    if words:
        raise DataError(
            f"{where} has words in the column {quoted(words[0])}, next to the label "
            f"{quoted(names[labels[0]])}; expected samples, which are numbers. Remove that column."
        )
    return _Columns(names=names, has_header=has_header, labels=labels, split=split, samples=samples)


def _not_understood(rows: Rows, names: Sequence[str]) -> DataError:
    """Make the error for a table of neither pictures nor signals."""
    return DataError(
        Message(
            f"{shown(rows.path)} has the columns {_listed(names)}, but no column whose cells name "
            "pictures in its folder; expected a line for each picture, such as a.jpg,3.5, or a "
            f"signal of at least {_LEAST_SAMPLES} samples in each line. If the pictures are "
            "elsewhere, give their folder: ",
            Argument("images", "FOLDER"),
            ".",
        )
    )


def _listed(names: Sequence[str]) -> str:
    """Write a few names."""
    return ", ".join(map(quoted, names[:8])) + (" and others" if len(names) > 8 else "")


def _mostly(cells: Sequence[str], separator: str) -> bool:
    """Whether most cells that aren't empty are numbers."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(_is_number(cell, separator) for cell in filled) > len(filled)


def _has_header(rows: Rows) -> bool:
    """Whether the first row holds names: words above numbers, or 0, 1, 2, ... as pandas writes."""
    first, *below = rows.cells
    for start in _COUNTED_FROM:
        for skipped in (0, 1):
            counted = [str(k + start) for k in range(len(first) - skipped)]
            if list(first[skipped:]) == counted and len(first) > _LEAST_SAMPLES:
                return True
    return any(
        cell
        and not _is_number(cell, rows.separator)
        and _mostly([row[k] for row in below if k < len(row)], rows.separator)
        for k, cell in enumerate(first)
    )


def _is_index(name: str, cells: Sequence[str], *, has_header: bool) -> bool:
    """Whether the first column numbers the rows, as pandas writes it."""
    unnamed = name.lower() in {"column 1", "unnamed: 0", "index", "id"} and has_header
    return unnamed and any(
        list(cells) == [str(k + start) for k in range(len(cells))] for start in _COUNTED_FROM
    )


def _label_columns(
    rows: Rows,
    names: Sequence[str],
    others: Sequence[int],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    targets: str | Sequence[str] | None,
    *,
    has_header: bool,
) -> tuple[int, ...]:
    """Find the columns to predict."""
    where = shown(rows.path)
    if targets is not None:
        wanted = [targets] if isinstance(targets, str) else list(dict.fromkeys(targets))
        missing = [name for name in wanted if name not in names]
        places = tuple(names.index(name) for name in wanted if name in names)
        words = [names[k] for k in places if not numeric[k]]
        if len(wanted) > 1 and words and not missing:
            raise OptionError(
                Message(
                    Argument("targets", ",".join(wanted)),
                    f" must be columns of numbers, but {quoted(words[0])} holds words. Choose one "
                    "column, such as ",
                    Argument("targets", words[0]),
                    ".",
                )
            )
        if wanted and not missing:
            return places
        raise OptionError(
            Message(
                Argument("targets", ",".join(missing)),
                f" must be one of the columns of {where}: {_listed(names)}. Check the spelling.",
            )
        )
    named = [k for k in others if names[k].lower() in _LABELS] if has_header else []
    words = [k for k in others if not numeric[k]]
    whole = [k for k in (others[0], others[-1]) if _few_integers(cells[k], rows.separator)]
    for found in (named, words, whole):
        if len(found) == 1:
            return (found[0],)
        if found:
            raise DataError(
                Message(
                    f"{where} has {len(found)} columns that may hold the label, "
                    f"{_listed([names[k] for k in found])}; expected one. Choose with ",
                    Argument("targets", names[found[0]]),
                    ".",
                )
            )
    raise DataError(
        Message(
            f"{where} has {len(others)} columns of numbers, but none of them is called label, and "
            "neither the first nor the last one looks like labels (a few different integers); "
            "expected a column of labels and the samples of a signal. Choose with ",
            Argument("targets", names[others[0]]),
            ".",
        )
    )


def _few_integers(cells: Sequence[str], separator: str) -> bool:
    """Whether cells hold a few different integers, each more than once."""
    numbers = [as_number(cell, decimal_comma=separator != ",") for cell in cells if cell]
    if any(number is None or number != np.rint(number) for number in numbers):
        return False
    return 1 < len(set(numbers)) <= min(_MOST_CLASSES, len(numbers) // 2)


def _read(
    path: Path, text: str, rows: Rows, columns: _Columns, notes: list[str] | None
) -> tuple[Array, list[tuple[str, ...]], list[str]]:
    """Read the samples, the labels or numbers as text, and the part of each row.

    ``notes`` takes a note on the rows that are skipped; without it, problems are an error.
    """
    lines = [line for line in text.splitlines() if line.strip(rows.separator + " \t\r")]
    start = rows.skipped + columns.has_header
    options = {"delimiter": rows.separator, "quotechar": '"', "comments": None, "ndmin": 2}
    picked = [*columns.labels, *([] if columns.split is None else [columns.split])]
    try:
        values = np.loadtxt(lines[start:], np.float32, usecols=columns.samples, **options)
        words = np.loadtxt(lines[start:], str, usecols=picked, **options)
    except ValueError:
        values, words = _read_cells(path, columns, notes)
    unknown = columns.split is not None and not set(map(str.lower, words[:, -1])) <= PARTS.keys()
    comma = rows.separator != ","
    numbers = len(columns.labels) == 1 or _finite(words[:, : len(columns.labels)], comma=comma)
    if not np.isfinite(values).all() or np.any(words == "") or unknown or not numbers:
        values, words = _read_cells(path, columns, notes)
    labels = [
        tuple(word.strip() for word in row) for row in words[:, : len(columns.labels)].tolist()
    ]
    if columns.split is None:
        return values, labels, ["train"] * len(labels)
    return values, labels, [PARTS.get(word.strip().lower(), "") for word in words[:, -1].tolist()]


def _finite(words: Array, *, comma: bool) -> bool:
    """Whether all cells are finite numbers."""
    every = [as_number(word, decimal_comma=comma) for word in words.ravel().tolist()]
    return all(number is not None and np.isfinite(np.float32(number)) for number in every)


def _read_cells(path: Path, columns: _Columns, notes: list[str] | None) -> tuple[Array, Array]:
    """Read cell by cell, and report all problems."""
    rows = read_rows(path)
    problems = Problems(path)
    comma = rows.separator != ","
    values: list[Array] = []
    words: list[list[str]] = []
    picked = [*columns.labels, *([] if columns.split is None else [columns.split])]
    for cells, line in list(zip(rows.cells, rows.lines, strict=True))[columns.has_header :]:
        problem, signal = _signal(cells, columns, comma=comma)
        if problem:
            problems.add(line, problem)
            continue
        values.append(signal)
        words.append([cells[k] for k in picked])
    if problems.found and (notes is None or not values):
        raise problems.error()
    if notes is not None and problems.found:
        notes.append(problems.note())
    return np.array(values), np.array(words)


def _signal(cells: Sequence[str], columns: _Columns, *, comma: bool) -> tuple[str, Array]:
    """Read the samples of a row, and describe its problem, if any."""
    if len(cells) != len(columns.names):
        return f"{len(cells)} cells; expected {len(columns.names)}", np.empty(0)
    for k in columns.labels:
        if not cells[k]:
            return f"{shown(columns.names[k])} is missing", np.empty(0)
        if len(columns.labels) > 1 and not _finite(np.array([cells[k]]), comma=comma):
            problem = f"{shown(columns.names[k])} is {cells[k]!r:.40}; expected a number"
            return problem, np.empty(0)
    split = "train" if columns.split is None else cells[columns.split]
    if split.lower() not in PARTS:
        return f"the split is {split!r:.40}; expected train, validation or test", np.empty(0)
    numbers = [as_number(cells[k], decimal_comma=comma) for k in columns.samples]
    with np.errstate(over="ignore"):
        signal = np.array([np.nan if one is None else one for one in numbers], np.float32)
    bad = np.flatnonzero(~np.isfinite(signal))
    if len(bad):
        k = columns.samples[bad[0]]
        what = f"is {cells[k]!r:.40}; expected a number" if cells[k] else "is missing"
        return f"{shown(columns.names[k])} {what}", signal
    return "", signal


def _targets(
    path: Path,
    columns: _Columns,
    words: list[tuple[str, ...]],
    test_words: list[tuple[str, ...]],
    task: str | None,
) -> tuple[Array, tuple[LabelValue, ...], tuple[str, ...]]:
    """Return the labels or numbers of all rows, the classes, and the names of the numbers."""
    if len(columns.labels) > 1:
        return _several_targets(columns, [*words, *test_words], task)
    every = [word for (word,) in (*words, *test_words)]
    numbers = [as_number(word, decimal_comma=True) for word in every]
    name = _label(columns)
    found = [number for number in numbers if number is not None]
    if len(found) == len(every):
        whole = all(number == np.rint(number) for number in found)
        few = len(set(found)) <= min(_MOST_CLASSES, len(words) // 2)
        if task == "regression" or (task is None and not (whole and few)):
            if not np.isfinite(np.array(found, np.float32)).all():
                raise DataError(f"{shown(path)}: {quoted(name)} has a value that is not finite.")
            return np.array(found, np.float32), (), (name,)
        if whole:
            integers = np.array(found).astype(np.int64)
            values = np.unique(integers)
            return np.searchsorted(values, integers), tuple(values.tolist()), ()
    elif task == "regression":
        bad = every[next(k for k, number in enumerate(numbers) if number is None)]
        raise OptionError(
            Message(
                Argument("task", "regression"),
                f" needs numbers, but {quoted(name)} of {shown(path)} has {bad!r:.40}. Use ",
                Argument("task", "classification"),
                ".",
            )
        )
    classes = sorted(set(every))
    place = {word: k for k, word in enumerate(classes)}
    return np.array([place[word] for word in every]), tuple(classes), ()


def _several_targets(
    columns: _Columns, rows: list[tuple[str, ...]], task: str | None
) -> tuple[Array, tuple[LabelValue, ...], tuple[str, ...]]:
    """Return several numbers for each row, and their names."""
    names = tuple(columns.names[k] for k in columns.labels)
    if task == "classification":
        raise OptionError(
            Message(
                Argument("task", "classification"),
                f" needs one column of classes, got {_listed(names)}. Choose with ",
                Argument("targets", names[0]),
                ".",
            )
        )
    numbers = [[as_number(word, decimal_comma=True) for word in row] for row in rows]
    return np.array(numbers, np.float32), (), names


def _shaped(columns: _Columns, values: Array) -> Array:
    """Return signals with a channel axis, or square images if the columns are pixels."""
    side = round(values.shape[1] ** 0.5)
    pixels = all(_PIXEL.fullmatch(columns.names[k]) for k in columns.samples)
    if not (pixels and columns.has_header and side * side == values.shape[1]):
        return values[..., np.newaxis]
    images = values.reshape(len(values), side, side, 1)
    whole = np.array_equal(images, np.rint(images))
    if whole and images.min() >= 0 and images.max() <= _BYTE:
        return images.astype(np.uint8)
    return images
