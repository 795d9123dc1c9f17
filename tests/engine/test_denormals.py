"""Denormal numbers count as zero within a step, and are unaffected outside of it."""

import platform

import numpy as np
import pytest

from engine.compiled import Compiled, Numbers
from striate.functions.loss import SquaredError
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64", "aarch64", "arm64"},
    reason="the compiled engine does not set this mode on other processors",
)

TINY = np.float32(1e-39)
IMAGES = 20


@pytest.fixture(scope="module")
def compiled():
    """Compile a layer that multiplies by one weight."""
    step = TrainingStep.of(parse("dense 1 bias none", (1,)), [SquaredError()], to_inputs=True)
    return Compiled(step, IMAGES)


def given(number, factor=2):
    """Return images of one number, and the weight."""
    return Numbers(
        inputs={"input": np.full((IMAGES, 1), number, np.float32)},
        parameters={"dense1.weight": np.full((1, 1), factor, np.float32)},
        targets=[np.zeros((IMAGES, 1), np.float32)],
    )


def test_they_are_zero_within_a_step(compiled):
    """Denormal inputs and results become zero, because they would be slow."""
    read = compiled.predict(given(TINY, factor=2**20))["output dense1"]
    computed = compiled.predict(given(2.0**-100, factor=2.0**-30))["output dense1"]
    normal = compiled.predict(given(2.0**-100))["output dense1"]

    assert not read.any()
    assert not computed.any()
    assert (normal == 2.0**-99).all()


def test_the_mode_is_restored(compiled):
    """After a step, the processor's mode is restored."""
    compiled.train(given(1))

    # Bits are compared: in the mode of a step, a denormal number would be equal to zero.
    numbers = np.full(64, TINY)
    assert (numbers * np.ones(64, np.float32)).tobytes() == numbers.tobytes()
