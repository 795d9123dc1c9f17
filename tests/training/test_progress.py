"""The progress bar on a terminal, its silence elsewhere, and the history as a table."""

import io

import numpy as np
import pytest
from rich.console import Console

from networks import classifier, images_and_labels
from striate.errors import OptionError
from striate.training.history import History
from striate.training.progress import ProgressBar
from striate.training.state import Sums, TrainingState

X, Y = images_and_labels(10)
NOTHING = np.zeros(0, np.float32)


def state(**more):
    """Make a state in the middle of a training."""
    return TrainingState(parameters=NOTHING, statistics=NOTHING, memory={}, **more)


def test_where_there_is_no_terminal_nothing_is_shown(capsys):
    """A training in a script or a test writes nothing."""
    classifier().fit(X, Y, epochs=1)

    assert capsys.readouterr() == ("", "")


def test_asked_for_it_prints_a_line_for_each_epoch(capsys):
    """With progress=True each epoch ends in a line of its scores, on standard error."""
    classifier().fit(X, Y, epochs=2, validation=0.3, progress=True)
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("epoch")]

    assert captured.out == ""
    assert [line.split("  loss")[0].strip() for line in lines] == ["epoch   1/2", "epoch   2/2"]
    for name in ("loss", "accuracy", "validation", "images/s"):
        assert all(name in line for line in lines)


def test_on_a_terminal_it_moves():
    """The bar shows the epoch, the share that is done, images a second, the loss, the time left."""
    console = Console(
        file=io.StringIO(), force_terminal=True, width=120, color_system=None, legacy_windows=False
    )
    with ProgressBar(3, 100, console) as bar:
        bar.on_step(
            state(batch=1, sums=Sums(losses=(37.5,), counted=(75.0,), weight=75.0, seconds=0.5)),
            0.5,
            75,
        )
        bar.progress.refresh()
        row = {"epoch": 1, "loss": 0.25, "accuracy": 0.5, "seconds": 2.0}
        bar.on_epoch(state(epoch=1, rows=(row,)), row)
    text = console.file.getvalue()

    for part in ("epoch   1/3", "25%", "150 images/s", "loss 0.5000"):
        assert part in text
    assert "epoch   1/3  loss 0.2500  accuracy 50.00 %  50 images/s" in text


def test_it_counts_more_often_than_it_moves(monkeypatch):
    """Steps that take no time move the bar at most ten times a second; none is forgotten."""
    monkeypatch.setattr("striate.training.progress.time.monotonic", iter([0, 0.05, 0.11]).__next__)
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    moved = []
    with ProgressBar(2, 10, console) as bar:
        for batch in (1, 2, 3):
            bar.on_step(state(epoch=1, batch=batch), 0.5, 3)
            moved.append(bar.progress.tasks[0].completed)

    assert moved == [13, 13, 19]


def test_an_epoch_may_begin_with_images_that_do_not_count():
    """As long as no image has had any weight, the bar shows the step's own loss."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with ProgressBar(1, 10, console) as bar:
        bar.on_step(state(batch=1), 0.0, 5)
        bar.progress.refresh()

    assert "loss 0.0000" in console.file.getvalue()


def test_the_bar_goes_away_on_an_error():
    """Whatever ends a training, the terminal is left in order."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    bar = ProgressBar(1, 10, console)
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt

    assert not bar.progress.live.is_started


def test_a_history_is_rows_and_columns():
    """Rows by number, columns by name; it prints as a table."""
    history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}], best_epoch=2)

    assert len(history) == 2
    assert history["loss"] == [0.5, 0.25]
    assert history[-1] == {"epoch": 2, "loss": 0.25}
    assert list(history) == history.rows
    assert str(history) == "epoch    loss\n    1  0.5000\n    2  0.2500"
    assert str(History([])) == "no epochs"
    assert History([]).columns == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (
            "accuracy",
            (
                "The history has no column 'accuracy'. Its columns are epoch, loss. "
                "Use one of these names; an accuracy is there only where targets are labels."
            ),
        ),
        (
            5,
            (
                "The history has no row 5. It has 2, one for each epoch, counted from 0. "
                "Use history[-1] for the last."
            ),
        ),
        (
            -3,
            (
                "The history has no row -3. It has 2, one for each epoch, counted from 0. "
                "Use history[-1] for the last."
            ),
        ),
    ],
)
def test_a_history_says_what_it_has(key, text):
    """A column or a row that is not there is named, with those that are."""
    history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    with pytest.raises(OptionError) as error:
        history[key]

    assert str(error.value) == text
