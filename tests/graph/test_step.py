"""The training step as data: operations, their order, and their arrays."""

import numpy as np
import pytest

import striate as st
from striate.errors import GraphError
from striate.functions.base import Draw
from striate.functions.loss import CrossEntropy, SquaredError
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine
from striate.graph.graph import Graph
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.network import core_of, network_of

GRAPH = parse("conv 2@3x3 tanh | max 2 | dense 3 softmax", (6, 6, 1))


def test_forward_is_hagans_order():
    """Hagan 8.38, 8.32, 8.51: each layer computes Z, then N, then A."""
    step = TrainingStep.of(GRAPH)

    assert [operation.output for operation in step.forward] == [
        "conv1.Z", "conv1.N", "conv1.A", "max1.Z", "max1.N", "max1.A",
        "flatten1.Z", "flatten1.N", "flatten1.A", "dense1.Z", "dense1.N", "dense1.A",
    ]  # fmt: skip
    assert step.forward[0].inputs == ("input.A",)
    assert step.forward[0].parameters == {"weight": "conv1.weight"}
    assert step.forward[1].parameters == {"bias": "conv1.bias"}


def test_backward_is_the_same_in_reverse():
    """Hagan 8.29: dA, dN, dZ, and on to the previous layer; the loss absorbs the softmax."""
    step = TrainingStep.of(GRAPH, [CrossEntropy()])

    assert [back.d_output for back in step.backward] == [
        "dense1.dN", "dense1.dZ", "flatten1.dA", "flatten1.dN", "flatten1.dZ",
        "max1.dA", "max1.dN", "max1.dZ", "conv1.dA", "conv1.dN", "conv1.dZ",
    ]  # fmt: skip
    assert (step.losses[0].reads, step.losses[0].derivative.name) == ("dense1.N", "dense1.dN")
    assert step.backward[-1].d_inputs == ()
    assert {
        back.operation.layer for back in TrainingStep.of(GRAPH, to_inputs=True).backward
    } == set()


def test_a_loss_that_takes_nothing_over_reads_the_activation():
    """Squared error doesn't absorb the derivative of tanh."""
    step = TrainingStep.of(parse("dense 2 tanh", (3,)), [SquaredError()])

    assert (step.losses[0].reads, step.losses[0].derivative.name) == ("dense1.A", "dense1.dA")


def test_the_same_graph_gives_the_same_step():
    """A step is data: two equal steps print alike."""
    assert [str(o) for o in TrainingStep.of(GRAPH, [CrossEntropy()]).backward] == [
        str(o) for o in TrainingStep.of(GRAPH, [CrossEntropy()]).backward
    ]


def test_losses_may_count_differently():
    """The losses of several outputs are added with their weights, and so are their gradients."""
    image = st.Input((3,))
    graph = Graph.of([st.Dense(2, name="a")(image), st.Dense(2, name="b")(image)])
    generator = np.random.default_rng(0)
    batch = Batch(
        inputs=(generator.random((4, 3), np.float32),),
        targets=(np.ones((4, 2), np.float32), np.zeros((4, 2), np.float32)),
    )
    parameters = generator.random(16, np.float32)
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(4))
    results = [
        NumpyEngine(TrainingStep.of(graph, [SquaredError()] * 2, loss_weights=weights)).gradients(
            parameters, np.zeros(0, np.float32), batch, draw
        )
        for weights in (None, [2.0, 0.5])
    ]
    plain, weighted = results

    np.testing.assert_allclose(weighted.losses, np.multiply(plain.losses, [2.0, 0.5]), rtol=1e-6)
    # Each output has parameters of its own: eight numbers each.
    np.testing.assert_allclose(weighted.gradient[:8], 2 * plain.gradient[:8], rtol=1e-6)
    np.testing.assert_allclose(weighted.gradient[8:], 0.5 * plain.gradient[8:], rtol=1e-6)


def test_each_output_has_a_loss(golden):
    """There is one loss per output."""
    with pytest.raises(GraphError) as error:
        TrainingStep.of(GRAPH, [CrossEntropy()] * 2)

    golden("messages/step-losses-too-many", str(error.value))


def test_an_engine_holds_no_numbers():
    """A step doesn't modify its arguments, so that it can be repeated."""
    graph = parse("conv 2@3x3 | batch-norm relu | dense 3 softmax", (5, 5, 1))
    net = network_of(graph)
    flat, statistics = (array.copy() for array in core_of(net).buffers)
    for array in (flat, statistics):
        array.setflags(write=False)
    batch = Batch(
        inputs=(np.random.default_rng(0).random((4, 1, 5, 5), np.float32),),
        targets=(np.array([0, 1, 2, 0]),),
    )
    engine = NumpyEngine(TrainingStep.of(graph, [CrossEntropy()]))
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(4))
    first, second = (engine.gradients(flat, statistics, batch, draw) for _ in range(2))

    np.testing.assert_array_equal(first.gradient, second.gradient)
    np.testing.assert_array_equal(first.statistics, second.statistics)
    assert (first.statistics != statistics).any()
    assert {first.gradient.dtype, first.statistics.dtype, first.outputs[0].dtype} == {
        np.dtype(np.float32)
    }
