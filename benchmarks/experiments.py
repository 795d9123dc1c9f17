"""What the programs that train many networks share: finding the data, and a CSV of finished runs.

A CSV holds the rows of finished runs. It is replaced as a whole after each run, so that it is
complete whenever the program is stopped; the next call keeps its rows and continues after them. Its
column ``settings`` describes how the networks were trained; rows with different settings never get
into one file.
"""

import argparse
import csv
import io
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

from striate.data import NAMES, Dataset, open_dataset
from striate.data.catalog import KNOWN
from striate.errors import DataError, OptionError, StriateError
from striate.files import atomic_write, named_folder, reason, shown

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared" / "data"  # where the tests look for data, too


def find_dataset(name: str) -> Dataset:
    """Open a data set that is on this machine.

    Parameters
    ----------
    name
        A name, or a folder in ``$STRIATE_DATA`` (by default ``../shared/data``), or a path.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If it isn't on this machine; nothing is downloaded.
    """
    if named_folder("STRIATE_DATA") is None and BESIDE.is_dir():
        os.environ["STRIATE_DATA"] = str(BESIDE)
    folder = named_folder("STRIATE_DATA")
    if name not in NAMES and folder is not None and (folder / name).is_dir():
        return open_dataset(folder / name)
    try:
        return open_dataset(name, download=False)
    except DataError as error:
        if name not in KNOWN:
            raise
        raise DataError(f"{error} To download it, run: striate data {name}") from error


class RunTable:
    """The rows of finished runs, in a CSV file.

    Parameters
    ----------
    path
        The file; it needn't exist.
    columns
        Names of the columns, without ``settings``.
    settings
        How the networks are trained.
    words
        The columns that hold words; all others hold numbers.

    Raises
    ------
    OptionError
        If the file is damaged, has other columns, or rows with other settings.
    ModelFileError
        If it can't be written: better now than after the first training.
    """

    def __init__(
        self, path: Path, columns: tuple[str, ...], settings: str, words: tuple[str, ...] = ()
    ) -> None:
        self.path = path
        self.columns = (*columns, "settings")
        self.settings = settings
        self.rows: list[dict[str, str]] = []
        if path.exists():
            self._read({*words, "settings"})
        self._write()

    def _read(self, words: set[str]) -> None:
        """Read the rows, and check every cell."""
        path, settings = self.path, self.settings
        try:
            text = path.read_bytes().decode("utf-8-sig")
            first, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            why = reason(error) if isinstance(error, OSError) else "it isn't a CSV file in UTF-8"
            raise OptionError(
                f"Cannot read {shown(path)}: {why}. Choose another file with --csv, or remove it."
            ) from error
        if tuple(first) != self.columns:
            raise OptionError(
                f"{shown(path)} has the columns {', '.join(first) or 'none'}; "
                f"expected {', '.join(self.columns)}. Choose another file with --csv, or remove it."
            )
        for number, line in enumerate(lines, start=2):
            if len(line) != len(first):
                raise OptionError(
                    f"Line {number} of {shown(path)} has {len(line)} cells; expected {len(first)}, "
                    "one for each column. Remove the line, to train that network again."
                )
        self.rows = [dict(zip(first, line, strict=True)) for line in lines]
        for row in self.rows:
            if row["settings"] != settings:
                raise OptionError(
                    f'{shown(path)} has runs with other settings: "{row["settings"]}"; these are '
                    f'"{settings}". Choose another file with --csv, or remove it.'
                )
        for number, row in enumerate(self.rows, start=2):
            for name, cell in row.items():
                if name not in words and not _is_number(cell):
                    raise OptionError(
                        f"Line {number} of {shown(path)} has {cell!r} in the column {name!r}; "
                        "expected a finite number. Remove the line, to train that network again."
                    )

    def find(self, **key: object) -> list[dict[str, str]]:
        """Return the rows with these values."""
        wanted = {name: str(value) for name, value in key.items()}
        return [row for row in self.rows if wanted.items() <= row.items()]

    def add(self, rows: list[dict[str, object]]) -> list[dict[str, str]]:
        """Add the rows of a finished run, and write the file; return them as they were written."""
        new = [
            {name: str(value) for name, value in row.items()} | {"settings": self.settings}
            for row in rows
        ]
        self.rows += new
        self._write()
        return new

    def _write(self) -> None:
        """Write all rows."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        with atomic_write(self.path) as file:
            file.write(text.getvalue().encode())


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def positive(text: str) -> int:
    """Read a positive integer from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer, got {text!r}")
    return int(text)


def call(main: Callable[[], None]) -> None:
    """Call the main function of a program; errors and interrupts end it with a message."""
    try:
        main()
    except StriateError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command continues after the last finished training.")
