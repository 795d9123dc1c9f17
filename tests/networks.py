"""Small networks and data for the tests of graph, model and training."""

import hashlib

import numpy as np

import striate as st
from striate.engine import CompiledEngine, CompiledSteps
from striate.graph.engine import NumpyEngine, NumpySteps
from striate.model.network import core_of

ENGINES = {
    "compiled": {"predict": CompiledEngine, "gradients": CompiledSteps, "update": CompiledSteps},
    "numpy": {"predict": NumpyEngine, "gradients": NumpySteps, "update": NumpySteps},
}
"""For each engine, the class that implements each part of training."""

CLASSIFIER = "conv 2@3x3 tanh | dense 3 softmax"
"""119 parameters on 6 x 6 images; training takes milliseconds."""

EVERYTHING = "conv 3@3x3 same | batch-norm relu | max 2x2 | dropout 0.3 | dense 3 softmax"
"""A network with everything that training must store or draw: statistics, masks, ties."""


def images_and_labels(count=10, shape=(6, 6, 1), classes=3, seed=0):
    """Draw uint8 images, brighter for higher labels, with every class among the labels."""
    generator = np.random.default_rng(seed)
    y = generator.permutation(np.arange(count) % classes)
    x = generator.integers(0, 128, (count, *shape)) + 40 * y.reshape(-1, *(1,) * len(shape))
    return x.astype(np.uint8), y


def classifier(text=CLASSIFIER, shape=(6, 6, 1), seed=0, **more):
    """Build a small network."""
    return st.Network.parse(text, shape, seed=seed, **more)


def digest(network):
    """Hash all parameters and running statistics of a network."""
    return hashlib.sha256(b"".join(flat.tobytes() for flat in core_of(network).buffers)).hexdigest()


def columns(history):
    """Return the rows of a history without times, which differ between runs."""
    return [{name: row[name] for name in row if name != "seconds"} for row in history]


class RecordingCallback:
    """A callback that calls the given functions; by default it does nothing."""

    def __init__(self, step=None, epoch=None):
        self.step, self.epoch = step, epoch

    def on_step(self, state, loss, images):
        """Call the function for steps."""
        if self.step is not None:
            self.step(state, loss, images)

    def on_epoch(self, state, row):
        """Call the function for epochs."""
        if self.epoch is not None:
            self.epoch(state, row)


def raising(error, *, at_step=None, at_epoch=None):
    """Make a callback that raises an error after a step or an epoch."""

    def step(state, *_):
        if state.step == at_step:
            raise error

    def epoch(state, _):
        if state.epoch == at_epoch:
            raise error

    return RecordingCallback(step, epoch)
