"""What `fit(callbacks=...)` takes."""

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


REFUSED = {
    "a-function": [print],
    "a-lambda": [lambda state, row: None],  # noqa: ARG005  # never called
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
