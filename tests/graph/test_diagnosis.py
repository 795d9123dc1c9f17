"""The diagnosis names the first quantity of a step that isn't finite."""

import numpy as np
import pytest

from striate.functions.base import Draw
from striate.functions.loss import CrossEntropy
from striate.graph.batch import Batch
from striate.graph.diagnosis import first_not_finite
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep

STEP = TrainingStep.of(
    parse("conv 2@3x3 relu | batch-norm | dense 4 tanh | dense 3 softmax", (6, 6, 1)),
    [CrossEntropy()],
)
DRAW = Draw(seed=0, step=0, layer=0, images=np.arange(5))


def found(change=dict.copy, pixel=0.5, weights=None):
    """Return the first quantity that isn't finite after a change of parameters or pixels."""
    parameters = start_parameters(STEP.graph, 0)
    change(ParameterLayout.of(STEP.graph.parameters()).views(parameters))
    x = np.random.default_rng(0).random((5, 1, 6, 6), np.float32)
    x[3, 0, 2, 2] = pixel
    batch = Batch(inputs=(x,), targets=(np.arange(5) % 3,), weights=weights)
    return first_not_finite(STEP, parameters, start_state(STEP.graph), batch, DRAW)


def put(name, value):
    """Return a function that changes one element of an array."""

    def change(parameters):
        parameters[name].flat[0] = value

    return change


def overflow(parameters):
    """Let the last layer sum four values of 3e38."""
    parameters["dense1.bias"].fill(50.0)
    parameters["dense2.weight"].fill(3e38)


def test_nothing_is_wrong():
    """A step with finite values has no diagnosis."""
    assert found() is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (put("dense1.weight", np.nan), "dense1.weight (1 of 128)"),
        (put("dense2.bias", np.inf), "dense2.bias (1 of 3)"),
        (put("dense1.bias", 3e38), None),
        (overflow, "dense2.Z (15 of 15)"),
    ],
)
def test_the_first_is_named(change, name):
    """Parameters come before their results; the number of values that aren't finite is given."""
    assert found(change) == name


def test_an_image_is_named_before_the_layer():
    """A NaN pixel comes before everything that is computed from it."""
    assert found(pixel=np.nan) == "input.A (1 of 180)"


def test_a_loss_is_named():
    """Image weights that make the loss overflow are reported at the loss."""
    assert found(weights=np.array([1, 1, np.inf, 1, 1.0])) == "dense2.loss (1 of 1)"
