"""The history of a training run: its scores, epoch by epoch."""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from striate.drawing.html import drawing, table
from striate.drawing.paint import Theme
from striate.drawing.svg import to_svg
from striate.errors import OptionError
from striate.files import as_path
from striate.functions.writing import short
from striate.training.divergence import Divergence
from striate.training.history_chart import history_scene
from striate.training.history_csv import RunKey, read_runs, write_rows
from striate.training.state import HistoryRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TALLEST = 320  # pixels of the table in a notebook


class History:
    """The scores of a training run: a row for each epoch, columns ``loss``, ``accuracy``, ...

    Among the columns are ``learning_rate``, the rate of the epoch's last step, and ``seconds``, the
    time of its steps. Iterate over the rows, or get a column by its name: ``history["loss"]``.

    Parameters
    ----------
    rows
        The scores of each epoch, by column.
    best_epoch
        The epoch whose weights were kept, counted from 1; 0 if the last weights were.
    stopped_early
        Whether training ended before the last epoch: because the monitored score no longer
        improved, or because a callback returned True.
    divergence
        The losses of a run that diverged, otherwise ``None``.

    Examples
    --------
    >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    >>> history["loss"]
    [0.5, 0.25]
    >>> print(history)
    epoch    loss
        1  0.5000
        2  0.2500
    """

    def __init__(
        self,
        rows: Sequence[HistoryRow],
        *,
        best_epoch: int = 0,
        stopped_early: bool = False,
        divergence: Divergence | None = None,
    ) -> None:
        self.rows: list[HistoryRow] = [dict(row) for row in rows]
        self.best_epoch = best_epoch
        self.stopped_early = stopped_early
        self.divergence = divergence

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> "History":
        """Read the history of one run from a CSV file.

        Parameters
        ----------
        path
            A file that :meth:`to_csv` wrote, or another one with a column ``epoch``. Columns with
            a cell that isn't a number are left out.

        Returns
        -------
        History
            Without ``best_epoch`` and the other facts that aren't in the rows.

        Raises
        ------
        DataError
            If the file cannot be read, or has two rows for the same epoch.
        """
        runs = read_runs(as_path(path), ())
        return cls(runs[()] if runs else [])

    @classmethod
    def runs_from_csv(
        cls, path: str | os.PathLike[str], *, by: str | Sequence[str]
    ) -> "Mapping[RunKey, History]":
        r"""Read the histories of several runs from a CSV file.

        Parameters
        ----------
        path
            The file, as for :meth:`from_csv`.
        by
            The column that names the runs, such as ``"seed"``, or several columns.

        Returns
        -------
        dict
            The histories by a tuple of the cells in these columns, in the order of the file.

        Raises
        ------
        DataError
            If the file cannot be read, lacks the columns, or has two rows for an epoch of a run.
        OptionError
            If ``by`` isn't a name or a list of names.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "runs.csv"
        ...     _ = path.write_text("seed,epoch,loss\n0,1,0.5\n0,2,0.25\n1,1,0.75\n")
        ...     for (seed,), history in History.runs_from_csv(path, by="seed").items():
        ...         print(seed, history["loss"])
        0 [0.5, 0.25]
        1 [0.75]
        """
        if not isinstance(by, Sequence):
            raise OptionError(
                f'`by` must be the name of a column or several, got {short(by)}. Try "seed".'
            )
        names = (by,) if isinstance(by, str) else tuple(by)
        return {key: cls(rows) for key, rows in read_runs(as_path(path), names).items()}

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows to a CSV file, with all digits.

        Parameters
        ----------
        path
            The file; an older one is replaced when the new one is complete.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataError
            If the rows have different columns.
        ModelFileError
            If it cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> history = History([{"epoch": 1, "loss": 0.5}])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(history.to_csv(Path(folder) / "history.csv").read_text())
        epoch,loss
        1,0.5
        <BLANKLINE>
        """
        path = as_path(path)
        write_rows(path, self.rows)
        return path

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.rows[0]) if self.rows else []

    @overload
    def __getitem__(self, key: str) -> list[float]: ...
    @overload
    def __getitem__(self, key: int) -> HistoryRow: ...
    def __getitem__(self, key: str | int) -> list[float] | HistoryRow:
        """Return a row by its index, or a column by its name.

        Raises
        ------
        OptionError
            If there is no such row or column.
        """
        if isinstance(key, str):
            if self.rows and key not in self.columns:
                hint = " An accuracy needs targets that are labels." if "accuracy" in key else ""
                raise OptionError(
                    f"Unknown column {key!r:.60} of the history. Choose from "
                    f"{', '.join(self.columns)}.{hint}"
                )
            return [row[key] for row in self.rows]
        if not -len(self) <= key < len(self):
            raise OptionError(
                f"Row {key} of the history is out of range: it has {len(self)}, one for each "
                "epoch, counted from 0. Use history[-1] for the last."
            )
        return self.rows[key]

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(self.rows)

    def __iter__(self) -> Iterator[HistoryRow]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __str__(self) -> str:
        """Format the history as a table, one line per epoch."""
        if not self.rows:
            return "no epochs"
        table = [self.columns, *([_cell(c, row[c]) for c in self.columns] for row in self.rows)]
        widths = [max(len(row[k]) for row in table) for k in range(len(self.columns))]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        )

    def __repr__(self) -> str:
        """Describe the run in one line, with the scores of its last epoch."""
        if not self.rows:
            return "<History: no epochs>"
        last = self.rows[-1]
        scores = [
            f"{name} {_cell(name, last[name])}"
            for name in self.columns
            if name not in {"epoch", "learning_rate", "seconds"}
        ]
        epochs = f"{len(self)} epoch{'' if len(self) == 1 else 's'}"
        best = f", best in epoch {self.best_epoch}" if self.best_epoch else ""
        stopped = ", stopped early" if self.stopped_early else ""
        return f"<History: {epochs}{stopped}{best}; last: {', '.join(scores)}>"

    def plot(self, score: str = "loss", *, ax: Any = None, theme: Theme = "auto") -> "Axes":
        """Draw a score after each epoch, with Matplotlib.

        To compare runs, or to draw the mean of several with a band, use
        :func:`striate.pictures.learning_curve`.

        Parameters
        ----------
        score
            ``"loss"``, ``"accuracy"`` or another column; with the column of the validation images,
            if there is one.
        ax
            Matplotlib axes to draw into; by default a new figure of pyplot.
        theme
            ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

        Returns
        -------
        Axes

        Raises
        ------
        TrainingError
            If the history is empty.
        OptionError
            If there is no such column.
        ExtraError
            If Matplotlib is not installed.

        Examples
        --------
        >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
        >>> history.plot().get_title("left")
        'Loss (lower is better)'
        """
        # Pictures are above this package, and load Matplotlib: they are imported by name, here.
        pictures = import_module("striate.pictures")
        return pictures.learning_curve(self, score, ax=ax, theme=theme)

    def _repr_svg_(self) -> str | None:
        """Draw loss and accuracy for a notebook; nothing without epochs."""
        return to_svg(history_scene(self)) if self.rows else None

    def _repr_html_(self) -> str:
        """Draw loss and accuracy for a notebook, above the table of all epochs."""
        if not self.rows:
            return "<p>no epochs</p>"
        rows = [[_cell(c, row[c]) for c in self.columns] for row in self.rows]
        every = range(len(self.columns))
        curves = history_scene(self)
        picture = drawing(to_svg(curves), curves.bounds.width * curves.unit)
        return f"{picture}{table(self.columns, rows, right=every, tallest=_TALLEST)}"


def format_score(value: float) -> str:
    """Format a score with four decimals, or in scientific notation if that doesn't fit it.

    Losses can have any size: the loss of a run that diverges grows to 1e38, and that of small
    targets is far below 0.0001.

    Examples
    --------
    >>> format_score(0.5), format_score(0.0), format_score(1234567.0), format_score(3.21e-7)
    ('0.5000', '0.0000', '1.23e+06', '3.21e-07')
    """
    if value == 0 or _SMALLEST <= abs(value) < _LARGEST:
        return f"{value:.4f}"
    return f"{value:.3g}"


_SMALLEST, _LARGEST = 0.00005, 99_999.99995  # what four decimals write as 0.0001 and 99999.9999


def _cell(column: str, value: float) -> str:
    """Format an integer as it is, a learning rate with its digits, other numbers as scores."""
    if column == "learning_rate":
        return f"{value:.4g}"
    return str(value) if isinstance(value, int) else format_score(value)
