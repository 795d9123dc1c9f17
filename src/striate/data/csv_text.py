"""CSV files from spreadsheets, scripts and Kaggle.

The separator is detected in the first line, quotes and line breaks inside quotes are supported, and
each row keeps the number of the line on which it ends, so that problems can be found in an editor.
"""

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from striate.data.streams import open_binary, read_at_most
from striate.errors import DataError, Message, Use
from striate.files import shown

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
MOST_BYTES = 1 << 30
"""Larger files of text are a mistake: the pictures are in other files."""

_SHOWN_PROBLEMS = 20
_DECLARATION = "sep="  # the first line of files that Excel wrote, on request
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The cells of a file, without empty lines and without blanks around cells.

    Parameters
    ----------
    path
        The file.
    separator
        A key of :data:`SEPARATORS`.
    cells
        One tuple of text for each row; they may differ in length.
    lines
        For each row the number of its last line, counting from 1.
    skipped
        Number of lines before the table: 1 if the first line only declares the separator.
    """

    path: Path
    separator: str
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    skipped: int = 0


def read_rows(path: Path, *, most: int | None = None) -> Rows:
    """Read the cells of a file.

    Parameters
    ----------
    path
        A file of text in UTF-8, with or without a byte-order mark, or in UTF-16 with one;
        compressed with gzip or not. Cells are separated by commas, semicolons or tabs, whichever
        the first line has most of.
    most
        Number of rows to read; None reads all.

    Returns
    -------
    Rows

    Raises
    ------
    DataError
        If the file can't be read, isn't text, or has no cells.
    """
    text = read_text(path)
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith(_DECLARATION) and len(first.strip()) <= len("sep=,"):
        text, skipped = rest, 1
    separator = _separator(text)
    # strict=False: a quote inside of a cell, as in 5" pipe, is a character.
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, skipinitialspace=True)
    cells: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        for row in reader:
            stripped = tuple(cell.strip() for cell in row)
            if any(stripped):
                cells.append(stripped)
                lines.append(reader.line_num + skipped)
            if len(cells) == most:
                break
    except csv.Error as error:
        raise DataError(
            f"{shown(path)} can't be read as a table: line {reader.line_num + skipped}: {error}. "
            "Check that each quote is closed, and save it again."
        ) from error
    if not cells:
        raise DataError(
            f"{shown(path)} is empty; expected a line with the names of the columns, and a line "
            "for each picture. Check the path."
        )
    return Rows(
        path=path,
        separator=separator,
        cells=tuple(cells),
        lines=tuple(lines),
        skipped=skipped,
    )


def read_text(path: Path) -> str:
    """Read the text of a file.

    Parameters
    ----------
    path
        As for :func:`read_rows`.

    Returns
    -------
    str
        Without a byte-order mark.

    Raises
    ------
    DataError
        If the file can't be read or isn't text.
    """
    with open_binary(path) as file:
        content = bytes(read_at_most(file, MOST_BYTES + 1, shown(path)))
    if len(content) > MOST_BYTES:
        raise DataError(
            f"{shown(path)} has more than {MOST_BYTES:,} bytes of text. Save the data in an .npz "
            "file instead: np.savez(path, x=x, y=y)."
        )
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{shown(path)} is not UTF-8 text: byte 0x{content[error.start]:02x} in line {line}. "
            'Save it again as UTF-8 (in spreadsheets: "CSV UTF-8").'
        ) from error
    if "\0" in text:
        raise DataError(
            f"{shown(path)} is not text: it contains null bytes. Save it as a CSV file, with one "
            "line for each picture."
        )
    return text


def _separator(text: str) -> str:
    """Return the separator that is most frequent in the first line, outside of quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=plain.count)


@dataclass
class Problems:
    """The problems in the rows of a file, which are reported together.

    Parameters
    ----------
    path
        The file.
    found
        Line numbers and descriptions.
    """

    path: Path
    found: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def add(self, line: int, text: str) -> None:
        """Note what is wrong with a line."""
        self.found.append((line, text))

    @property
    def lines(self) -> set[int]:
        """The lines that have a problem."""
        return {line for line, _ in self.found}

    def note(self) -> str:
        """Write the note that these lines were left out."""
        many = len(self.lines) > 1
        first, text = min(self.found)
        return (
            f"{len(self.lines):,} line{'s' * many} with problems {'were' if many else 'was'} left "
            f"out, such as line {first}: {text}."
        )

    def error(self) -> DataError:
        """Make the error that lists all problems in the order of the file."""
        ordered = sorted(self.found)
        shown_ones = [f"  line {line}: {text}" for line, text in ordered[:_SHOWN_PROBLEMS]]
        if len(ordered) > _SHOWN_PROBLEMS:
            shown_ones.append(f"  and {len(ordered) - _SHOWN_PROBLEMS:,} more")
        many = len(ordered) > 1
        listed = "\n".join(shown_ones)
        return DataError(
            Message(
                f"{shown(self.path)} has {len(ordered):,} problem{'s' * many}:\n{listed}\n"
                "Correct these lines. ",
                Use("skip_bad", value=True),
                " to leave them out.",
            )
        )


def as_number(text: str, *, decimal_comma: bool) -> float | None:
    """Read a number; None if the text isn't one.

    Parameters
    ----------
    text
        A cell.
    decimal_comma
        Whether a comma may separate the decimals, as where cells are separated by semicolons.

    Returns
    -------
    float or None
        Perhaps not finite: ``nan`` and ``inf`` are numbers here.

    Examples
    --------
    >>> as_number("2,5", decimal_comma=True), as_number("2,5", decimal_comma=False)
    (2.5, None)
    """
    if "_" in text:  # valid in Python, but not in a table
        return None
    if decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def column_names(first: Sequence[str]) -> tuple[str, ...]:
    """Name the columns by the cells of the first row; empty cells get a number.

    Examples
    --------
    >>> column_names(["file", "", "price"])
    ('file', 'column 2', 'price')
    """
    return tuple(cell or f"column {k}" for k, cell in enumerate(first, start=1))
