"""The progress bar, and the line that each epoch ends with."""

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from striate.training.callbacks import Callback
from striate.training.history import format_score
from striate.training.state import HistoryRow, TrainingState

_PAUSE = 0.1  # seconds between two updates of the bar
_BAR = 20  # columns: leaves room for the numbers on a terminal of 60
_WIDTH = 80  # columns of an epoch's line in a pipe or a file


class ProgressBar(Callback):
    """Shows the progress of training on a terminal, and prints a line for each epoch.

    Parameters
    ----------
    epochs
        Number of epochs planned.
    images
        Number of images in one epoch; ``None`` if it is unknown.
    console
        Where to show it; by default standard error.
    """

    def __init__(self, epochs: int, images: int | None, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.epochs = epochs
        self.images = images
        digits = len(str(epochs))
        self.progress = Progress(
            TextColumn(f"epoch {{task.fields[epoch]:>{digits}}}/{{task.fields[epochs]}}"),
            BarColumn(bar_width=_BAR),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[rate]} images/s"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
        )
        self.task: TaskID | None = None
        self.before = 0  # images of the finished epochs
        self.done = 0  # images of this epoch
        self.shown = -math.inf

    def __enter__(self) -> Self:
        """Show the bar."""
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.progress.stop()

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Advance the bar, at most ten times a second: a step can take less time than the bar."""
        if self.task is None:
            self.before = state.epoch * (self.images or 0)
            self.done = (state.batch - 1) * images
            self.task = self.progress.add_task(
                "",
                total=None if self.images is None else self.epochs * self.images,
                completed=self.before + self.done,
                epoch=state.epoch + 1,
                epochs=self.epochs,
                rate="",
                loss=format_score(loss),
            )
        self.done += images
        now = time.monotonic()
        if now < self.shown + _PAUSE:
            return
        self.shown = now
        seconds = state.totals.seconds
        rate = self.done / seconds if seconds else 0.0
        loss = state.totals.loss if any(state.totals.counted) else loss
        self._move(state.epoch + 1, rate, loss)

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:
        """Advance the bar to the end of the epoch, and print the epoch's line."""
        images = self.images or self.done
        self.before += images
        self.done = 0
        self._move(state.epoch, images / max(row["seconds"], 1e-9), row["loss"])
        line = epoch_line(row, self.epochs, images=images, width=self.console.width)
        self.console.print(line, highlight=False, soft_wrap=True)

    def _move(self, epoch: int, rate: float, loss: float) -> None:
        """Update the numbers."""
        if self.task is not None:
            self.progress.update(
                self.task,
                completed=self.before + self.done,
                epoch=epoch,
                rate=f"{rate:,.0f}",
                loss=format_score(loss),
            )


def epoch_line(
    row: HistoryRow, epochs: int, *, images: int | None = None, width: int = _WIDTH
) -> str:
    """Format the scores of an epoch in one line.

    Parameters
    ----------
    row
        The epoch's row of the history.
    epochs
        Number of epochs planned.
    images
        Number of images in an epoch, for the speed; ``None`` leaves it out.
    width
        Columns of the terminal. What does not fit is left out, the least important first: the
        speed, metrics other than accuracy, the training accuracy, the validation loss, the training
        loss.

    Returns
    -------
    str
        At most ``width`` characters, as long as the epoch and the last score fit.

    Examples
    --------
    >>> row = {"epoch": 1, "loss": 0.5, "accuracy": 0.75, "validation_loss": 0.6,
    ...        "validation_accuracy": 0.7, "seconds": 2.0}
    >>> print(epoch_line(row, 20, images=60_000, width=90))
    epoch  1/20  loss 0.5000  accuracy 75.00%  validation 0.6000, 70.00%  30,000 images/s
    >>> print(epoch_line(row, 20, images=60_000, width=60))
    epoch  1/20  loss 0.5000  validation 0.6000, 70.00%
    >>> print(epoch_line({**row, "f1": 0.7, "validation_f1": 0.65}, 20, width=90))
    epoch  1/20  loss 0.5000  accuracy 75.00%  validation 0.6000, 70.00%, f1 0.6500
    """
    speed = None if images is None else images / max(row["seconds"], 1e-9)
    shown = {name: value for name, value in row.items() if name in _SHOWN}
    metrics = _metrics(row)
    for dropped in (None, "speed", "metrics", "accuracy", "validation_loss", "loss"):
        if dropped == "speed":
            speed = None
        elif dropped == "metrics":
            metrics = []
        elif dropped is not None and len(shown) > _ALWAYS:
            shown.pop(dropped, None)
        line = _line(shown, metrics, epochs, speed)
        if len(line) <= width:
            break
    return line


_ALWAYS = 3  # columns that are never left out: the epoch, one score, the seconds (not shown)


_SHOWN = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")


def _metrics(row: HistoryRow) -> list[str]:
    """Format the other metrics: of the validation data, if there are any."""
    part = "validation_" if "validation_loss" in row else ""
    return [
        f"{name.removeprefix(part)} {format_score(value)}"
        for name, value in row.items()
        if name.startswith(part) and name not in (*_SHOWN, "learning_rate")
        if not name.endswith("_loss")
    ]


def _line(row: HistoryRow, metrics: list[str], epochs: int, speed: float | None) -> str:
    """Format what is left of an epoch's scores."""
    parts = [f"epoch {int(row['epoch']):>{len(str(epochs))}}/{epochs}"]
    parts += [f"loss {format_score(row['loss'])}"] if "loss" in row else []
    parts += [f"accuracy {_percent(row['accuracy'])}"] if "accuracy" in row else []
    validation = [format_score(row["validation_loss"])] if "validation_loss" in row else []
    if "validation_accuracy" in row:
        validation.append(_percent(row["validation_accuracy"]))
    parts += [f"validation {', '.join([*validation, *metrics])}"] if validation else metrics
    parts += [f"{speed:,.0f} images/s"] if speed is not None else []
    return "  ".join(parts)


def _percent(fraction: float) -> str:
    """Format a fraction in percent."""
    return f"{100 * fraction:.2f}%"
