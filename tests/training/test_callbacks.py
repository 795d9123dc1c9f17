"""What `fit(callbacks=...)` takes: functions, and objects with methods."""

from types import SimpleNamespace

import pytest

from networks import classifier, digest, images_and_labels
from striate.errors import OptionError
from striate.training import Callback

X, Y = images_and_labels(10)


class Recorder(Callback):
    """Notes the epochs."""

    def __init__(self):
        self.epochs = []

    def on_epoch(self, state, row):
        self.epochs.append((state.epoch, row["epoch"]))


def test_a_subclass_overrides_what_it_needs():
    """The other method does nothing."""
    recorder = Recorder()
    classifier().fit(X, Y, epochs=2, callbacks=[recorder])

    assert recorder.epochs == [(1, 1), (2, 2)]


@pytest.mark.parametrize("method", ["on_step", "on_epoch"])
def test_any_object_with_one_of_the_methods(method):
    """It need not be a Callback, nor have both."""
    calls = []
    callback = SimpleNamespace(**{method: lambda *_: calls.append(method)})
    classifier().fit(X, Y, epochs=3, batch_size=5, callbacks=[callback])

    assert calls == [method] * (6 if method == "on_step" else 3)


def of_row(rows):
    """Make a function of the row."""
    return lambda row: rows.append(row["epoch"])


def of_state_and_row(rows):
    """Make a function of both."""
    return lambda state, row: rows.append((state.epoch, row["epoch"])[1])


def with_a_default(rows):
    """Make a function of the row with a default, as loops bind their variables."""
    return lambda row, rows=rows: rows.append(row["epoch"])


class Called:
    """An object that is called like a function."""

    def __init__(self, rows):
        self.rows = rows

    def __call__(self, row):
        self.rows.append(row["epoch"])


@pytest.mark.parametrize("make", [of_row, of_state_and_row, with_a_default, Called])
def test_a_function_is_called_after_each_epoch(make):
    """It takes the row, or the state and the row."""
    rows = []
    classifier().fit(X, Y, epochs=3, callbacks=[make(rows)])

    assert rows == [1, 2, 3]


def test_a_function_without_a_signature():
    """Python cannot tell the arguments of every function; it is called with the row."""
    rows = []
    classifier().fit(X, Y, epochs=2, callbacks=[rows.append, print])

    assert [row["epoch"] for row in rows] == [1, 2]


@pytest.mark.parametrize("method", [False, True])
def test_true_stops_the_training(method):
    """The network has the weights of that epoch, and all callbacks of it were called."""

    def stop(state, row):
        return row["epoch"] == state.epoch == 2

    rows = []
    callback = SimpleNamespace(on_epoch=stop) if method else stop
    network, other = classifier(), classifier()
    history = network.fit(X, Y, epochs=5, callbacks=[callback, rows.append])
    other.fit(X, Y, epochs=2)

    assert len(history) == len(rows) == 2
    assert history.stopped_early
    assert digest(network) == digest(other)


def test_other_results_do_not_stop_the_training():
    """A function may return the number of characters that it has written."""
    history = classifier().fit(X, Y, epochs=3, callbacks=[lambda row: 12])  # noqa: ARG005

    assert len(history) == 3
    assert not history.stopped_early


def test_a_stopped_training_resumes(tmp_path):
    """Its checkpoint holds the epoch that was the last; the result is that of one run."""
    file = tmp_path / "a.checkpoint"
    whole, stopped, resumed = classifier(), classifier(), classifier()
    whole.fit(X, Y, epochs=4)
    stopped.fit(X, Y, epochs=4, checkpoint=file, callbacks=[lambda row: row["epoch"] == 1])
    history = resumed.fit(X, Y, epochs=4, resume=file)

    assert digest(resumed) == digest(whole)
    assert len(history) == 4


class OfKeras(Callback):
    """A callback with a method of Keras, which would never be called."""

    def on_epoch_end(self, epoch, logs):
        """Stop."""


REFUSED = {
    "with-other-methods": [OfKeras()],
    "without-methods": [type("Nothing", (Callback,), {})()],
    "a-function-of-nothing": [lambda: None],
    "a-function-of-three": [lambda state, loss, images: None],  # noqa: ARG005  # never called
    "a-class": [Recorder],
    "an-object": [object()],
    "not-in-a-list": Recorder(),
    "with-too-few-arguments": [SimpleNamespace(on_epoch=lambda row: None)],  # noqa: ARG005
    "with-a-number-for-a-method": [SimpleNamespace(on_step=3, on_epoch=lambda *_: None)],
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_callback(case, golden):
    """It is refused before the first step, with what to write instead."""
    network = classifier()
    before = digest(network)
    with pytest.raises(OptionError) as error:
        network.fit(X, Y, epochs=1, callbacks=REFUSED[case])

    assert digest(network) == before
    golden(f"messages/callback-{case}", str(error.value))
