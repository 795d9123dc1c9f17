"""Weights are bit-identical for any number of threads, after a resume, and on other processors."""

import numpy as np
import pytest

import striate as st
import striate.engine.capabilities
from networks import classifier, columns, digest, images_and_labels, raising
from striate.llvm.machine import describe, host
from striate.runtime.settings import using_threads

X, Y = images_and_labels(100, shape=(13, 11, 2), seed=3)
NETWORK = (
    "conv 5@3x3 same | batch-norm tanh | max 2 | conv 7@3x3 relu | dropout 0.3 | dense 3 softmax"
)
TRAININGS = {
    "adam": {"augment": "shift 1 flip", "validation": 0.2},
    "moved": {"augment": "rotate 20 scale 0.8 shear 10 shift 1 brightness 0.2 contrast 0.2"},
    "momentum": {"optimizer": "momentum", "clip_norm": 0.1, "schedule": "cosine"},
}


def train(training, *, threads=1, **more):
    """Train for three epochs of three batches, the last one short."""
    network = classifier(NETWORK, X.shape[1:], engine="compiled")
    options = {"epochs": 3, "batch_size": 40, "seed": 1, **TRAININGS[training], **more}
    with using_threads(threads):
        history = network.fit(X, Y, **options)
    return digest(network), columns(history)


@pytest.fixture(scope="module")
def alone():
    """Train with each set of options once, on one thread."""
    return {training: train(training) for training in TRAININGS}


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(threads, training, alone):
    """Weights and history are bit-identical for any number of threads."""
    assert train(training, threads=threads) == alone[training]


@pytest.mark.parametrize("training", TRAININGS)
def test_a_stop_changes_no_bit(training, alone, tmp_path):
    """A training that is stopped within an epoch and resumed on other threads is bit-identical."""
    path = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        train(training, checkpoint=path, callbacks=[raising(KeyboardInterrupt(), at_step=5)])

    assert train(training, resume=path, threads=2) == alone[training]


@pytest.mark.parametrize("training", TRAININGS)
def test_the_processor_changes_no_bit(training, alone, monkeypatch):
    """Machine code for registers of half the width, with other tiles, gives the same bits."""
    here = host()
    if here.register_lanes != 16:
        pytest.skip("this processor has no AVX-512, so there is nothing to leave out")
    left = [name for name in here.features.split(",") if not name.startswith(("+avx512", "+avx10"))]
    without = [f"-{name[1:]}" for name in here.features.split(",") if name not in left]
    narrow = describe("haswell", ",".join([*left, *without]), here.triple)
    monkeypatch.setattr(striate.engine.capabilities, "host", lambda: narrow)

    assert narrow.register_lanes == 8
    assert train(training) == alone[training]


def test_predictions_do_not_depend_on_threads_or_on_neighbors():
    """An image has the same outputs, bit for bit, in any batch of two or more."""
    network = st.Network.parse(NETWORK, X.shape[1:])
    with using_threads(1):
        whole = network.predict(X)
    with using_threads(2):
        together = network.predict(X, batch_size=64)
        few = network.predict(X[30:37])

    np.testing.assert_array_equal(together, whole)
    np.testing.assert_array_equal(few, whole[30:37])
