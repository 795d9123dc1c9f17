"""Preparing predictions compiles everything that they need."""

import numpy as np
import pytest

from striate.engine import CompiledEngine, compiled
from striate.graph.parameters import start_parameters
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep


@pytest.fixture
def engine():
    """Make an engine for a small network, that has compiled nothing yet."""
    return CompiledEngine(TrainingStep.of(parse("conv 2@3x3 tanh | dense 3", (6, 5, 1))))


def test_prepared_predictions_compile_nothing(engine, monkeypatch):
    """Batches up to the prepared size don't compile anything."""
    images = np.ones((20, 1, 6, 5), np.float32)
    buffers = start_parameters(engine.step.graph, seed=1), np.zeros(0, np.float32)
    engine.prepare_prediction(20)
    monkeypatch.delattr(compiled, "load_lowered")

    results = [engine.predict(*buffers, [images[:n]], batch_size=20) for n in (20, 7, 1)]

    assert [result.outputs[0].shape for result in results] == [(20, 3), (7, 3), (1, 3)]
    with pytest.raises(NameError):
        engine.predict(*buffers, [images], batch_size=21)
