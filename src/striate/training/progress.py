"""The progress bar: images a second and time left on a terminal, silence elsewhere."""

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
        """Move the bar on."""
        if self.task is None:
            self.task = self.progress.add_task(
                "",
                total=self.epochs * self.images,
                completed=state.epoch * self.images + (state.batch - 1) * images,
                epoch=state.epoch + 1,
                epochs=self.epochs,
                rate="",
                loss=loss,
            )
        done = self.progress.tasks[0].completed + images - state.epoch * self.images
        rate = done / state.sums.seconds if state.sums.seconds else 0.0
        self.progress.update(
            self.task,
            advance=images,
            epoch=state.epoch + 1,
            rate=f"{rate:,.0f}",
            loss=state.sums.loss if any(state.sums.counted) else loss,
        )

    def on_epoch(self, state: TrainingState, row: Row) -> None:  # noqa: ARG002  # not needed
        """Print the epoch's row."""
        rate = f"{self.images / max(row['seconds'], 1e-9):,.0f} images/s"
        line = f"{epoch_line(row, self.epochs)}  {rate}"
        self.console.print(line, highlight=False, soft_wrap=True)


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
