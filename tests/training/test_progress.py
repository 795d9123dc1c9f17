"""The progress bar on a terminal, silence elsewhere, and the lines of epochs."""

import io
import re

import numpy as np
import pytest
from rich.console import Console

from networks import classifier, images_and_labels
from striate.training.progress import ProgressBar, epoch_line
from striate.training.state import EpochTotals, TrainingState

X, Y = images_and_labels(10)
NOTHING = np.zeros(0, np.float32)
ROW = {
    "epoch": 12,
    "loss": 0.0421,
    "accuracy": 0.98614,
    "validation_loss": 0.0612,
    "validation_accuracy": 0.9802,
    "seconds": 4.86,
}


def state(**more):
    """Make a state in the middle of training."""
    return TrainingState(parameters=NOTHING, statistics=NOTHING, memory={}, **more)


def terminal(width=120):
    """Make a terminal of that width whose output can be read."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        color_system=None,
        legacy_windows=False,
    )


def test_nothing_is_shown_without_a_terminal(capsys):
    """A training in a script or a test writes nothing."""
    classifier().fit(X, Y, epochs=1)

    assert capsys.readouterr() == ("", "")


def test_progress_true_prints_a_line_for_each_epoch(capsys):
    """With progress=True each epoch ends in a line of its scores, on standard error."""
    classifier().fit(X, Y, epochs=2, validation=0.3, progress=True)
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("epoch")]

    assert captured.out == ""
    assert [line.split("  loss")[0].strip() for line in lines] == ["epoch 1/2", "epoch 2/2"]
    for name in ("loss", "accuracy", "validation"):
        assert all(name in line for line in lines)


def test_the_bar_moves_on_a_terminal():
    """The bar shows the epoch, the loss, and images per second."""
    console = terminal()
    with ProgressBar(3, 100, console) as bar:
        bar.on_step(
            state(
                batch=1,
                totals=EpochTotals(losses=(37.5,), counted=(75.0,), seconds=0.5),
            ),
            0.5,
            75,
        )
        bar.progress.refresh()
        row = {"epoch": 1, "loss": 0.25, "accuracy": 0.5, "seconds": 2.0}
        bar.on_epoch(state(epoch=1, rows=(row,)), row)
    text = console.file.getvalue()

    for part in ("epoch 1/3", "150 images/s", "loss 0.5000"):
        assert part in text
    assert "epoch 1/3  loss 0.2500  accuracy 50.00%  50 images/s" in text


@pytest.mark.parametrize("width", [80, 60])
def test_bar_and_epoch_line_fit_the_terminal(width):
    """At 80 and at 60 columns neither wraps: a wrapped bar would scroll instead of moving."""
    console = terminal(width)
    with ProgressBar(100, 50_000, console) as bar:
        totals = EpochTotals(losses=(2.3 * 40_000,), counted=(4e4,), seconds=3.2)
        bar.on_step(state(epoch=11, batch=99, totals=totals), 2.3, 128)
        bar.progress.refresh()
        bar.on_epoch(state(epoch=12, rows=(ROW,)), ROW)
    written = re.sub(r"\x1b\[[?\d]*[A-Za-z]", "\n", console.file.getvalue())
    lines = written.replace("\r", "\n").splitlines()

    assert any("epoch  12/100" in line and "images/s" in line for line in lines)
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            90,
            (
                "epoch 12/50  loss 0.0421  accuracy 98.61%  validation 0.0612, 98.02%  "
                "12,346 images/s"
            ),
        ),
        (80, "epoch 12/50  loss 0.0421  accuracy 98.61%  validation 0.0612, 98.02%"),
        (60, "epoch 12/50  loss 0.0421  validation 0.0612, 98.02%"),
        (50, "epoch 12/50  loss 0.0421  validation 98.02%"),
        (40, "epoch 12/50  validation 98.02%"),
        (10, "epoch 12/50  validation 98.02%"),
    ],
)
def test_an_epoch_line_leaves_out_what_does_not_fit(width, line):
    """On a narrow terminal the least important columns go first; the last score stays."""
    assert epoch_line(ROW, 50, images=60_000, width=width) == line


HUGE = {**ROW, "loss": 1.234e36, "validation_loss": 3.4e38}


@pytest.mark.parametrize("width", [80, 60])
def test_huge_losses_fit_the_terminal(width):
    """A loss of 36 digits is written with its exponent, in the bar and in the epoch's line."""
    console = terminal(width)
    with ProgressBar(100, 50_000, console) as bar:
        totals = EpochTotals(losses=(1.2e36 * 4e4,), counted=(4e4,), seconds=3.2)
        bar.on_step(state(epoch=11, batch=99, totals=totals), 1.2e36, 128)
        bar.progress.refresh()
        bar.on_epoch(state(epoch=12, rows=(HUGE,)), HUGE)
    written = re.sub(r"\x1b\[[?\d]*[A-Za-z]", "\n", console.file.getvalue())
    lines = written.replace("\r", "\n").splitlines()

    assert any("loss 1.2e+36" in line and "images/s" in line for line in lines)
    assert any("loss 1.23e+36" in line and "validation 3.4e+38, 98.02%" in line for line in lines)
    assert max(map(len, lines)) <= width


def test_an_epoch_line_without_validation_or_labels():
    """Columns that a history does not have are not in the line."""
    row = {"epoch": 3, "loss": 1234.5, "seconds": 1.0}

    assert epoch_line(row, 9, width=20) == "epoch 3/9  loss 1234.5000"


def test_steps_are_counted_more_often_than_the_bar_moves(monkeypatch):
    """Steps that take no time move the bar at most ten times a second; none is lost."""
    monkeypatch.setattr("striate.training.progress.time.monotonic", iter([0, 0.05, 0.11]).__next__)
    moved = []
    with ProgressBar(2, 10, terminal()) as bar:
        for batch in (1, 2, 3):
            bar.on_step(state(epoch=1, batch=batch), 0.5, 3)
            moved.append(bar.progress.tasks[0].completed)

    assert moved == [13, 13, 19]


def test_an_epoch_can_begin_with_images_of_weight_0():
    """Until an image with a weight has been seen, the bar shows the step's own loss."""
    console = terminal()
    with ProgressBar(1, 10, console) as bar:
        bar.on_step(state(batch=1), 0.0, 5)
        bar.progress.refresh()

    assert "loss 0.0000" in console.file.getvalue()


def test_the_bar_is_removed_on_an_error():
    """However training ends, the terminal is left in a clean state."""
    bar = ProgressBar(1, 10, terminal(80))
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt

    assert not bar.progress.live.is_started
