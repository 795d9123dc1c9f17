"""What happened in each epoch of a training."""

from collections.abc import Iterator, Sequence
from typing import overload

from striate.errors import OptionError
from striate.training.state import Row


class History:
    """The rows of a training, one for each epoch, with columns ``loss``, ``accuracy``, ...

    Parameters
    ----------
    rows
        One table of names and numbers for each epoch.
    best_epoch
        The epoch whose weights were kept, counted from 1; 0 where none were.
    stopped_early
        Whether training ended because the watched score no longer fell.

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
        self, rows: Sequence[Row], *, best_epoch: int = 0, stopped_early: bool = False
    ) -> None:
        self.rows: list[Row] = [dict(row) for row in rows]
        self.best_epoch = best_epoch
        self.stopped_early = stopped_early

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.rows[0]) if self.rows else []

    @overload
    def __getitem__(self, key: str) -> list[float]: ...
    @overload
    def __getitem__(self, key: int) -> Row: ...
    def __getitem__(self, key: str | int) -> list[float] | Row:
        """Give a row by its number, or a column by its name.

        Raises
        ------
        OptionError
            If there is no such row or column.
        """
        if isinstance(key, str):
            if self.rows and key not in self.columns:
                raise OptionError(
                    f"The history has no column {key!r:.60}. Its columns are "
                    f"{', '.join(self.columns)}. "
                    "Use one of these names; an accuracy is there only where targets are labels."
                )
            return [row[key] for row in self.rows]
        if not -len(self) <= key < len(self):
            raise OptionError(
                f"The history has no row {key}. It has {len(self)}, one for each epoch, counted "
                "from 0. Use history[-1] for the last."
            )
        return self.rows[key]

    def __len__(self) -> int:
        """Count the epochs."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return iter(self.rows)

    def __str__(self) -> str:
        """Write a table, one epoch a line."""
        if not self.rows:
            return "no epochs"
        table = [self.columns, *([_number(row[c]) for c in self.columns] for row in self.rows)]
        widths = [max(len(row[k]) for row in table) for k in range(len(self.columns))]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        )


def _number(value: float) -> str:
    """Write a whole number as it is, another with four digits."""
    return str(value) if isinstance(value, int) else f"{value:.4f}"
