"""What the programs that train many networks share: finding the data, and a CSV of finished runs.

A CSV holds the rows of finished runs. It is replaced as a whole after each run, so that it is
complete whenever the program is stopped; the next call keeps its rows and continues after them. Its
column ``settings`` describes how the networks were trained; rows with different settings never get
into one file.
"""

import csv
import io
import os
from pathlib import Path

from striate.data import NAMES, Dataset, open_dataset
from striate.data.catalog import KNOWN
from striate.errors import DataError, OptionError
from striate.files import atomic_write, named_folder, shown

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

    Raises
    ------
    OptionError
        If the file has other columns, or rows with other settings.
    """

    def __init__(self, path: Path, columns: tuple[str, ...], settings: str) -> None:
        self.path = path
        self.columns = (*columns, "settings")
        self.settings = settings
        self.rows: list[dict[str, str]] = []
        if not path.exists():
            return
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            self.rows = list(reader)
        if tuple(reader.fieldnames or ()) != self.columns:
            raise OptionError(
                f"{shown(path)} has the columns {', '.join(reader.fieldnames or ['none'])}; "
                f"expected {', '.join(self.columns)}. Choose another file with --csv, or remove it."
            )
        for row in self.rows:
            if row["settings"] != settings:
                raise OptionError(
                    f'{shown(path)} has runs with other settings: "{row["settings"]}"; these are '
                    f'"{settings}". Choose another file with --csv, or remove it.'
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
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        with atomic_write(self.path) as file:
            file.write(text.getvalue().encode())
        return new
