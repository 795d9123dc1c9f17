"""A log of a training run: a CSV file to which a line is written after each epoch.

Each line is on disk when the epoch ends, so ``tail -f run.csv`` follows a run on another machine,
and a spreadsheet can open the file at any time. A resumed run continues the file::

    epoch,loss,accuracy,learning_rate,seconds
    1,0.71,0.77,0.001,1.9          from the first run
    2,0.43,0.86,0.001,1.9
    3,0.38,0.88,0.001,1.9          from the resumed run
"""

import csv
import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from striate.errors import Argument, InPython, Message, ModelFileError, StriateWarning
from striate.files import as_path, followed, quoted, reason, remedy_for, shown
from striate.training.state import HistoryRow, TrainingState


class CsvLog:
    """Appends the row of each epoch to a CSV file.

    Parameters
    ----------
    path
        The file.
    columns
        Names of the columns.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = list(columns)
        self._waiting: list[str] = []  # lines that could not be written yet
        self._warned = False

    @classmethod
    def start(
        cls,
        path: str | os.PathLike[str],
        columns: Sequence[str],
        rows: Sequence[HistoryRow] = (),
        *,
        resumed: bool = False,
        overwrite: bool = False,
    ) -> Self:
        """Create the file with its header, or continue the file of a resumed run.

        Parameters
        ----------
        path
            The file.
        columns
            Names of the columns.
        rows
            The epochs that a resumed run has already.
        resumed
            Whether the run is resumed: an existing file must then be its log. Lines that are
            missing are added, and lines of epochs that will be repeated are removed.
        overwrite
            Whether to replace a file, unless the run is resumed.

        Returns
        -------
        CsvLog

        Raises
        ------
        ModelFileError
            If the file exists and is not the log of this run, or cannot be written.
        """
        log = cls(followed(as_path(path)), columns)
        expected = [log._line(columns), *(log._row(row) for row in rows)]
        try:
            existing = log._existing()
            if resumed:
                log._require_own(existing, expected)
            elif overwrite:
                existing = []
            else:
                require_new_log(log.path)
            kept = [line for line, own in zip(existing, expected, strict=False) if line == own]
            is_new = not log.path.exists()
            try:
                with log.path.open("r+b" if existing else "wb", buffering=0) as file:
                    file.seek(sum(len(line.encode()) for line in kept))
                    file.truncate()
                    _write(file, expected[len(kept) :])
            except OSError:
                if is_new:
                    log.path.unlink(missing_ok=True)
                raise
        except ModelFileError:  # which is an OSError, too
            raise
        except OSError as error:
            raise ModelFileError(
                f"Cannot write {shown(log.path)}: {reason(error)}. {remedy_for(error)}"
            ) from error
        return log

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # a callback
        """Write the line of an epoch, or warn: a full disk must not stop a run."""
        self._waiting.append(self._row(row))
        try:
            with self.path.open("ab", buffering=0) as file:
                _write(file, self._waiting)
        except OSError as error:
            if not self._warned:
                warnings.warn(
                    f"Cannot write {shown(self.path)}: {reason(error)}. Training continues; the "
                    "missing lines are written as soon as possible.",
                    StriateWarning,
                    stacklevel=2,
                )
            self._warned = True
        else:
            self._waiting, self._warned = [], False

    def _existing(self) -> list[str]:
        """Return the lines of the file with their ends; none if it doesn't exist."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return content.decode("utf-8", "replace").splitlines(keepends=True)

    def _require_own(self, existing: Sequence[str], expected: Sequence[str]) -> None:
        """Raise if lines of the file differ from those of this run; the last may be incomplete."""
        for number, (line, own) in enumerate(zip(existing, expected, strict=False), start=1):
            torn = number == len(existing) and own.startswith(line)
            if line != own and not torn:
                raise self._of_another_run(number, line, own)
        # Without an epoch of its own, a run has nothing to compare more lines with.
        if len(expected) == 1 < len(existing):
            raise self._of_another_run(2, existing[1], "")

    def _of_another_run(self, number: int, line: str, own: str) -> ModelFileError:
        """Make the error for a file of another run."""
        expected = (
            f"expected {quoted(own.strip())}" if own else "but the resumed run has no epoch yet"
        )
        return ModelFileError(
            f"{shown(self.path)} is not the log of the resumed run: line {number} is "
            f"{quoted(line.strip()[:80])}, {expected}. Choose another file; the earlier epochs are "
            "written to it, too."
        )

    def _row(self, row: HistoryRow) -> str:
        """Write a row as a line, with all digits."""
        return self._line([row[name] for name in self.columns])

    def _line(self, cells: Sequence[object]) -> str:
        """Write cells as a line."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerow(cells)
        return text.getvalue()


def require_new_log(path: Path) -> None:
    """Raise if a file for a new log has content already."""
    if path.is_file() and path.stat().st_size:
        raise ModelFileError(
            f"{shown(path)} already exists.",
            remedy=Message(
                InPython("Delete the file", "Use --overwrite to replace it"),
                ", choose another name, or resume its run with ",
                Argument("resume"),
                ".",
            ),
        )


def _write(file: IO[bytes], lines: Sequence[str]) -> None:
    """Write lines completely, or cut the file back to what it was.

    A disk that becomes full takes a part of a line. The line is written again later, and would
    follow its own beginning.
    """
    start = file.tell()
    rest = memoryview("".join(lines).encode())
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(start)
        raise
