"""The progress bar: images a second and time left on a terminal, silence elsewhere."""

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from striate.training.state import Row, TrainingState

_PAUSE = 0.1  # seconds from one picture of the bar to the next


class ProgressBar:
    """Shows how training goes, as a listener of the trainer.

    Parameters
    ----------
    epochs
        How many are planned.
    images
        How many there are in one.
    console
        Where to show it; by default the terminal's standard error.
    """

    def __init__(self, epochs: int, images: int, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.epochs = epochs
        self.images = images
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]:>3}/{task.fields[epochs]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]:>9} images/s  loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self.task: TaskID | None = None
        self.done = 0
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
        """Take the bar away."""
        self.progress.stop()

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Move the bar on, some ten times a second: a step may take less time than the bar."""
        if self.task is None:
            self.done = state.epoch * self.images + (state.batch - 1) * images
            self.task = self.progress.add_task(
                "",
                total=self.epochs * self.images,
                completed=self.done,
                epoch=state.epoch + 1,
                epochs=self.epochs,
                rate="",
                loss=loss,
            )
        self.done += images
        now = time.monotonic()
        if now < self.shown + _PAUSE:
            return
        self.shown = now
        seconds = state.sums.seconds
        rate = (self.done - state.epoch * self.images) / seconds if seconds else 0.0
        loss = state.sums.loss if any(state.sums.counted) else loss
        self._move(state.epoch + 1, rate, loss)

    def on_epoch(self, state: TrainingState, row: Row) -> None:
        """Move the bar to the epoch's end and print the epoch's row."""
        self.done = state.epoch * self.images
        rate = self.images / max(row["seconds"], 1e-9)
        self._move(state.epoch, rate, row["loss"])
        line = f"{epoch_line(row, self.epochs)}  {rate:,.0f} images/s"
        self.console.print(line, highlight=False, soft_wrap=True)

    def _move(self, epoch: int, rate: float, loss: float) -> None:
        """Show where training is."""
        if self.task is not None:
            self.progress.update(
                self.task, completed=self.done, epoch=epoch, rate=f"{rate:,.0f}", loss=loss
            )


def epoch_line(row: Row, epochs: int) -> str:
    """Write how an epoch went in one line.

    Parameters
    ----------
    row
        The epoch's row of the history.
    epochs
        How many are planned.

    Returns
    -------
    str

    Examples
    --------
    >>> epoch_line({"epoch": 1, "loss": 0.5, "accuracy": 0.75, "validation_loss": 0.6}, 20)
    'epoch   1/20  loss 0.5000, validation 0.6000  accuracy 75.00 %'
    """
    parts = [f"epoch {int(row['epoch']):>3}/{epochs}"]
    for name, form in (("loss", "{:.4f}"), ("accuracy", "{:.2%}")):
        words = {name: row.get(name), "validation": row.get(f"validation_{name}")}
        written = [
            f"{word} {form.format(value).replace('%', ' %')}"
            for word, value in words.items()
            if value is not None
        ]
        if written:
            parts.append(", ".join(written))
    return "  ".join(parts)
