"""Backpropagation gives the correct derivatives of random networks."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from graph.kinks import distance_from_kinks
from graph.random_graphs import LOSSES, TRANSFERS, WEIGHTS, problem
from striate.functions.base import Draw
from striate.functions.loss import SquaredError
from striate.functions.net_input import Concatenate, Product, Sum
from striate.functions.transfer import Tanh
from striate.graph.gradients import check_gradients
from striate.graph.graph import Graph
from striate.graph.layers import BatchNorm, Conv, Flatten, Input
from striate.graph.reference import forward
from striate.graph.step import TrainingStep

QUICK, ALL = 200, 1000

SHARE = 0.05
"""Places of each kind, at least, in units of the number of networks."""

DIFFERENCE = 1e-5

# The change of one value is multiplied by slopes before it reaches a kink. If the factor exceeded
# this value, the check would fail instead of passing by mistake.
ROOM = 30 * DIFFERENCE

NETWORKS, DRAWS = 20, 30


@cache
def drawn(number):
    """Draw a network and values for it that are far enough from kinks for the step.

    If thirty draws fail, the network has too many kinks, and a different one is drawn.
    """
    rng = np.random.default_rng([32, number])
    for attempt in range(NETWORKS):
        network = problem(number, attempt)
        draw = Draw(seed=0, step=0, layer=0, images=np.arange(network.images))
        for _ in range(DRAWS):
            inputs, targets, parameters, state = network.numbers(rng)
            run = forward(network.step, inputs, parameters, state, training=True, draw=draw)
            if distance_from_kinks(network.step, run, targets) > ROOM:
                return network, (inputs, targets, parameters, state)
    return pytest.fail(f"all of {NETWORKS} networks lie near kinks")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=() if number < QUICK else pytest.mark.slow)
        for number in range(ALL)
    ],
)
def test_the_gradients_of_a_random_network(number):
    """Every parameter's and every input's derivatives agree with central differences (1e-6)."""
    network, numbers = drawn(number)
    graph = network.step.graph

    result = check_gradients(network.step, *numbers, elements=6, seed=0, difference=DIFFERENCE)

    assert len(result.errors) == len(graph.inputs) + len(graph.parameters())
    assert result.passed, f"{graph}\n{result}"


@pytest.mark.parametrize("count", [QUICK, pytest.param(ALL, marks=pytest.mark.slow)])
def test_every_kind_stands_in_the_random_networks(count, capsys):
    """The histogram of kinds in all networks is printed."""
    kinds = {kind.__name__ for kind in (*WEIGHTS, *LOSSES, Sum, Product, Concatenate)}
    kinds |= {type(kind).__name__ for kind in TRANSFERS}

    counts = sum((drawn(number)[0].kinds() for number in range(count)), Counter())

    with capsys.disabled():
        print(f"\n{count} random networks hold", end=" ")  # noqa: T201  # for the reader
        print(", ".join(f"{name} {places}" for name, places in counts.most_common()))  # noqa: T201
    assert counts.keys() == kinds
    assert min(counts.values()) >= SHARE * count


def test_random_networks_have_every_form():
    """Joins, shared layers, several inputs and several outputs are all common."""
    graphs = [drawn(number)[0].step.graph for number in range(QUICK)]

    joined = [any(len(place.sources) > 1 for place in graph.layers) for graph in graphs]
    shared = [any(place.owner != place.name for place in graph.layers) for graph in graphs]

    assert sum(joined) >= QUICK // 2
    assert sum(shared) >= QUICK // 5
    assert sum(len(graph.inputs) > 1 for graph in graphs) >= QUICK // 5
    assert sum(len(graph.outputs) > 1 for graph in graphs) >= QUICK // 5


def test_a_slightly_wrong_derivative_is_found(monkeypatch):
    """An error of 1e-5 in the slope of tanh fails most networks that contain one."""
    right = Tanh.backward_n
    monkeypatch.setattr(Tanh, "backward_n", lambda *given: 1.00001 * right(*given))
    holding = [n for n in range(QUICK) if drawn(n)[0].kinds()["Tanh"]][:20]

    results = [check_gradients(drawn(n)[0].step, *drawn(n)[1], elements=6) for n in holding]

    # In some networks, a relu at 0 or a softmax near 1 hides it.
    assert sum(not result.passed for result in results) >= 14


def test_a_derivative_of_zero_is_no_error():
    """A bias before batch normalization has no effect; its rounding errors aren't failures."""
    image = Input((4, 4, 1))
    step = TrainingStep.of(
        Graph.of(Flatten()(BatchNorm(activation="tanh")(Conv(2, 3)(image)))), [SquaredError()]
    )
    rng = np.random.default_rng(1)
    parameters = {k: rng.standard_normal(p.shape) for k, p in step.graph.parameters().items()}
    state = {k: np.ones(p.shape) for k, p in step.graph.state().items()}
    inputs, targets = {"input": rng.standard_normal((5, 1, 4, 4))}, [rng.standard_normal((5, 8))]

    result = check_gradients(step, inputs, targets, parameters, state)

    assert result.errors["conv1.bias"] <= result.bound
