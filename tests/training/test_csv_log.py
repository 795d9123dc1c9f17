"""The log of a run: a line after each epoch, which a resumed run continues."""

import contextlib
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels, raising
from striate.errors import ModelFileError, StriateWarning
from striate.training.csv_log import CsvLog
from striate.training.history import History

X, Y = images_and_labels(12)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(**options):
    """Train a small network on 12 images in batches of 4."""
    return classifier().fit(X, Y, **{"epochs": 3, "batch_size": 4, **options})


def test_a_line_is_on_the_disk_after_each_epoch(folder):
    """Another program reads it while the run goes on."""
    seen = []

    def look(state, _):
        seen.append((state.epoch, (folder / "run.csv").read_text().count("\n")))

    history = train(log="run.csv", validation=0.25, callbacks=[look])

    assert seen == [(1, 1), (2, 2), (3, 3)]  # with the header, before the line of the epoch
    assert History.from_csv("run.csv").rows == history.rows
    assert (folder / "run.csv").read_text().splitlines()[0] == ",".join(history.columns)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation": 0.25},
        {"validation": 0.25, "metrics": ["f1"]},
        {"loss": "squared-error"},
    ],
)
def test_the_header_is_that_of_the_history(folder, options):
    """It is written before the first epoch, with the columns that the rows will have."""
    network = classifier("dense 3") if "loss" in options else classifier()
    y = np.eye(3)[Y] + 0.5 if "loss" in options else Y
    headers = []
    first = SimpleNamespace(
        on_step=lambda *_: headers.append((folder / "run.csv").read_text().strip())
    )
    history = network.fit(X, y, epochs=1, log="run.csv", callbacks=[first], **options)

    assert headers[0].split(",") == history.columns


def test_several_outputs_have_their_columns(folder):
    """The losses of all outputs are in the log."""
    image = st.Input((6, 6, 1))
    flat = st.Flatten()(image)
    network = st.Network(
        image, [st.Dense(3, activation="softmax", name="a")(flat), st.Dense(1, name="b")(flat)]
    )
    history = network.fit(X, [Y, Y / 2], epochs=1, log=folder / "run.csv")

    assert History.from_csv(folder / "run.csv").rows == history.rows


@pytest.mark.parametrize("at_step", [1, 3, 5])
def test_a_resumed_run_continues_its_log(folder, at_step):
    """Whenever the run was interrupted, each epoch has one line in the end."""
    with pytest.raises(KeyboardInterrupt):
        train(
            log="run.csv",
            checkpoint="run.checkpoint",
            callbacks=[raising(KeyboardInterrupt, at_step=at_step)],
        )
    history = train(log="run.csv", resume="run.checkpoint")

    assert History.from_csv(folder / "run.csv").rows == history.rows
    assert len(history) == 3


@pytest.mark.parametrize("change", ["nothing", "behind", "ahead", "torn", "missing"])
def test_a_log_that_is_not_at_the_checkpoint_is_completed(folder, change):
    """Lines that a crash kept from the disk are added, and lines of repeated epochs removed."""
    train(log="run.csv", checkpoint="run.checkpoint", epochs=2)
    file = folder / "run.csv"
    lines = file.read_text().splitlines(keepends=True)
    changed = {
        "nothing": lines,
        "behind": lines[:-1],
        "ahead": [*lines, lines[-1].replace("2,", "3,", 1)],
        "torn": [*lines[:-1], lines[-1][:5]],
        "missing": [],
    }[change]
    file.write_text("".join(changed))
    if change == "missing":
        file.unlink()
    history = train(log="run.csv", resume="run.checkpoint")

    assert History.from_csv("run.csv").rows == history.rows


def test_a_finished_run_that_trains_longer_continues_its_log(folder):
    """More epochs are more lines."""
    train(log="run.csv", checkpoint="run.checkpoint", epochs=1)
    train(log="run.csv", resume="run.checkpoint", epochs=2)

    assert History.from_csv(folder / "run.csv")["epoch"] == [1, 2]


def test_other_files_are_not_touched(folder, golden):
    """An existing file is an error, whoever wrote it; so is another run's log on resuming."""
    (folder / "notes.csv").write_text("date,what\n2026-11-30,lunch\n")
    train(log="other.csv", epochs=1, learning_rate=0.1)
    train(checkpoint="run.checkpoint", epochs=1)
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    texts = []
    for options in (
        {"log": "notes.csv"},
        {"log": "notes.csv", "resume": "run.checkpoint"},
        {"log": "other.csv", "resume": "run.checkpoint"},
        {"log": "missing/run.csv"},
    ):
        with pytest.raises(ModelFileError) as error:
            train(**options)
        texts.append(re.sub(r"\d\.\d{3,}", "0.5", str(error.value)))

    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before
    golden("messages/log-refused", "\n".join(texts))


def test_two_runs_cannot_write_one_file(folder, golden):
    """A log and a checkpoint that another run is writing are refused."""
    texts = []

    def second(_):
        for name in ("log", "checkpoint"):
            with pytest.raises(ModelFileError) as error:
                train(**{name: f"run.{name}"})
            texts.append(str(error.value))

    train(log="run.log", checkpoint="run.checkpoint", epochs=1, callbacks=[second])

    golden("messages/run-files-in-use", "\n".join(texts))
    train(checkpoint="run.checkpoint", epochs=1)
    assert not list(folder.glob(".*"))  # no lock is left


def test_a_full_disk_does_not_end_the_run(folder):
    """A warning is given once, and the missing lines follow when there is space."""
    log = CsvLog.start(folder / "run.csv", ["epoch", "loss"])
    path, log.path = log.path, folder / "missing" / "run.csv"
    with pytest.warns(StriateWarning, match="Training continues"):
        log.on_epoch(None, {"epoch": 1, "loss": 0.5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log.on_epoch(None, {"epoch": 2, "loss": 0.25})
        log.path = path
        log.on_epoch(None, {"epoch": 3, "loss": 0.125})

    assert path.read_text() == "epoch,loss\n1,0.5\n2,0.25\n3,0.125\n"


def test_a_line_of_which_a_part_was_written_is_written_again(folder):
    """The disk becomes full in the middle of a line: no piece of it is left."""
    log = CsvLog.start(folder / "run.csv", ["epoch", "loss"])
    with file_size_limit(len("epoch,loss\n1,0.")):
        with pytest.warns(StriateWarning, match="file too large"):
            log.on_epoch(None, {"epoch": 1, "loss": 0.5})
        assert (folder / "run.csv").read_text() == "epoch,loss\n"
    log.on_epoch(None, {"epoch": 2, "loss": 0.25})

    assert (folder / "run.csv").read_text() == "epoch,loss\n1,0.5\n2,0.25\n"


def test_a_log_that_cannot_be_started_leaves_no_file(folder):
    """The next attempt would find a file with a part of the header."""
    with file_size_limit(3), pytest.raises(ModelFileError) as error:
        CsvLog.start(folder / "run.csv", ["epoch", "loss"])

    assert str(error.value) == (
        f"Cannot write {folder}/run.csv: file too large. "
        "Raise the limit on the size of files, which ulimit -f shows."
    )
    assert list(folder.iterdir()) == []


@contextlib.contextmanager
def file_size_limit(size):
    """Make the system refuse to write more than some bytes to a file, like a full disk."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
