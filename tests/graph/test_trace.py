"""Traces of layers with several incoming layers."""

import numpy as np
import pytest

import striate as st
from striate.functions.base import Draw
from striate.functions.loss import SquaredError
from striate.functions.normalization import BatchNormalization
from striate.graph.graph import Graph
from striate.graph.layer import Layer
from striate.graph.layers import Input
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.graph.trace import Trace


def test_parameters_of_several_incoming_layers_stand_side_by_side():
    """A normalization joined to two inputs has gamma1 and gamma2, each with its derivative."""
    generator = np.random.default_rng(0)
    images = [Input((2, 2, 3), name=name) for name in "ab"]
    graph = Graph.of(Layer(BatchNormalization(), name="joined")(images))
    step = TrainingStep.of(graph, [SquaredError()])
    parameters = ParameterLayout.of(graph.parameters()).views(start_parameters(graph, 0))
    state = ParameterLayout.of(graph.state()).views(start_state(graph))
    inputs = {name: generator.normal(size=(4, 3, 2, 2)) for name in "ab"}
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(4))
    run = forward(step, inputs, parameters, state, training=True, draw=draw)
    backward(step, run, [generator.normal(size=(4, 3, 2, 2))])

    others = Trace(step, run, parameters)["joined"].others

    assert set(others) == {
        f"{d}{role}{k}" for d in ("", "d") for role in ("gamma", "beta") for k in (1, 2)
    }
    np.testing.assert_array_equal(others["dgamma2"], run.gradients["joined.gamma2"])
    assert (others["dgamma1"] != others["dgamma2"]).any()


def test_a_trace_keeps_what_the_pass_read():
    """Training, new weights, and changed images and targets leave an earlier trace as it is."""
    rng = np.random.default_rng(1)
    net = st.Network.parse("conv 1@3x3 | batch-norm | flatten | dense 2", (5, 5, 1))
    x, y = rng.random((8, 5, 5, 1)).astype(np.float32), rng.random((8, 2)).astype(np.float32)
    trace = net.trace(x, y)
    before = str(trace.terms("conv1.Z", (0, 0, 1, 1))), str(trace.terms("dense1.dN", (0, 1)))

    net.fit(x, y, epochs=1)
    net.parameters["conv1.weight"] = np.ones((1, 1, 3, 3), np.float32)
    x[:], y[:] = 0, 0

    terms = trace.terms("conv1.Z", (0, 0, 1, 1))
    assert (str(terms), str(trace.terms("dense1.dN", (0, 1)))) == before
    assert terms.total == pytest.approx(terms.value)


def test_a_trace_is_a_mapping():
    """An unknown layer isn't in it, `get` returns a default, and the error is a KeyError."""
    trace = st.Network.parse("conv 1@2x2", (3, 3, 1)).trace(np.ones((1, 3, 3, 1)))

    assert "conv1" in trace
    assert "conv2" not in trace
    assert trace.get("conv2") is None
    with pytest.raises(KeyError, match="Unknown layer"):
        trace["conv2"]


def test_all_quantities_have_names():
    """The arrays of the passes, the parameters and their derivatives, by name."""
    trace = st.Network.parse("conv 1@2x2 | flatten | softmax", (3, 3, 1)).trace(
        np.ones((1, 3, 3, 1)), [0]
    )

    assert trace.quantities["conv1.dW"] is trace["conv1"].dW
    assert {"input.A", "input.dA", "conv1.W", "conv1.b", "conv1.Z"} <= trace.quantities.keys()
