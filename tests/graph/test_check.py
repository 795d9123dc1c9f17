"""One element of a trace in several ways: they agree, and a fault in one of them is found."""

import numpy as np
import pytest

import striate as st
from graph.random_graphs import problem
from striate.errors import StriateError
from striate.functions.base import Draw
from striate.functions.weight import Convolution, kernel_ways
from striate.graph.reference import backward, forward
from striate.graph.term_search import TermSearch
from striate.graph.ways import WaySearch

NETWORKS = [
    pytest.param(number, marks=[pytest.mark.slow] if number % 3 else []) for number in range(60)
]


def traced(text, shape, images=2, *, dtype=np.float32, training=False):
    """Trace a small network with random images and labels."""
    net = st.Network.parse(text, shape)
    rng = np.random.default_rng(3)
    labels = np.arange(images) % net.output_shape[-1]
    return net.trace(rng.random((images, *shape)).astype(dtype), labels, training=training)


@pytest.fixture(scope="module")
def trace():
    """Trace a network with a convolution, max pooling and a dense layer."""
    return traced(
        "conv 2@3x3 stride 2 same tanh | max 2 stride 1 | flatten | dense 3 softmax", (7, 7, 2)
    )


@pytest.mark.parametrize("number", NETWORKS)
def test_all_ways_agree_in_random_networks(number):
    """For one element of every quantity of a random network, all ways are within their bounds."""
    rng = np.random.default_rng([41, number])
    network = problem(number, 0)
    inputs, targets, parameters, state = network.numbers(rng)
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(network.images))
    run = forward(network.step, inputs, parameters, state, training=True, draw=draw)
    backward(network.step, run, targets)
    search = TermSearch(step=network.step, run=run, parameters=parameters, targets=targets)
    ways = WaySearch(search)

    counted = 0
    for name, array in search.quantities.items():
        if search.has_terms(name):
            check = ways.check(name, [int(rng.integers(length)) for length in array.shape])
            assert check.agrees, str(check)
            assert check.traced == array[check.position]
            counted += len(check)
    assert counted > 5 * len(network.step.graph.layers)


LAYERS = {
    "stride": ((9, 8, 2), st.Conv(4, 3, stride=2)),
    "dilation": ((9, 8, 2), st.Conv(4, 3, dilation=2, padding="same")),
    "groups": ((6, 7, 4), st.Conv(4, (3, 2), groups=2, padding="full")),
    "reflect": ((6, 7, 2), st.Conv(3, 3, padding=2, padding_mode="reflect", stride=2)),
    "replicate": ((6, 7, 2), st.Conv(3, 3, padding=((3, 1), (0, 2)), padding_mode="replicate")),
    "circular": ((6, 7, 2), st.Conv(3, 3, padding=2, padding_mode="circular")),
    "signal": ((11, 2), st.Conv(3, 4, stride=3, padding=2)),
    "volume": ((4, 5, 4, 2), st.Conv(2, 2, stride=(1, 2, 1), padding=1)),
    "flipped": ((6, 7, 2), st.Conv(3, (3, 2), flip=True)),
    "transposed": ((4, 5, 2), st.ConvTranspose(4, 3, stride=2, padding=1, output_padding=1)),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", ["layer.Z", "layer.dW", "input.dA", "layer.dN", "layer.dZ"])
def test_convolutions_of_every_kind(layer, name):
    """A convolution has all ways; its dN and dZ, in front of another one, have them as well."""
    shape, first = LAYERS[layer]
    image = st.Input(shape)
    second = st.Conv(2, 2, activation="tanh")
    x = st.Activation("tanh")(first(image))
    net = st.Network(image, st.Dense(3, activation="softmax")(st.Flatten()(second(x))))
    rng = np.random.default_rng(8)
    trace = net.trace(rng.standard_normal((2, *shape)), [2, 1])
    name = name.replace("layer", net.graph.layers[0].name)
    array = trace.quantities[name]

    # Elements that aren't 0, so that a way can't agree by computing nothing.
    for index in rng.permutation(np.argwhere(array))[:4]:
        check = trace.check(name, index)

        assert check.agrees, str(check)
        third = "correlation" if name.endswith("dW") else "rotated kernel"
        assert {"im2col", "matrix", third} <= check.keys()
        assert ({"impulse response", "central difference"} <= check.keys()) == ("d" in name)


def test_a_bound_is_small():
    """Bounds are a few units in the last place of the terms, and 1e-8 for central differences."""
    trace = traced("conv 3@3x3 tanh | flatten | dense 3 softmax", (8, 8, 2), images=4)
    terms = trace.terms("conv1.dW", (1, 0, 2, 1))

    check = trace.check("conv1.dW", (1, 0, 2, 1))

    size = float(np.abs(terms.values).sum())
    for name, way in check.items():
        # Two ways, each with 144 products and a few more roundings of 1.1e-16.
        assert way.bound < (1e-8 if name == "central difference" else 4e-14 * size)


def test_a_wrong_derivative_is_found(monkeypatch):
    """A relative error of 1e-7 in the backward pass exceeds the bound of every other way."""
    correct = Convolution.backward_w
    monkeypatch.setattr(Convolution, "backward_w", lambda *a: correct(*a) * (1 + 1e-7))
    trace = traced("conv 3@3x3 tanh | flatten | dense 3 softmax", (8, 8, 2))

    check = trace.check("conv1.dW", (1, 0, 2, 1))

    assert not check.agrees
    assert [way.name for way in check.values() if way.agrees] == ["backward pass"]
    assert "the bound is exceeded by: sum of terms, im2col, matrix" in str(check)
    assert repr(check) == "<7 ways to compute conv1.dW[1, 0, 2, 1] DISAGREE>"


def test_a_wrong_way_is_found(monkeypatch):
    """If one way is wrong in its last digits, it alone is named."""
    correct = kernel_ways.col2im
    monkeypatch.setattr(kernel_ways, "col2im", lambda *a: correct(*a) * (1 + 1e-12))
    trace = traced("conv 3@3x3 tanh | flatten | dense 3 softmax", (8, 8, 2))

    check = trace.check("input.dA", (0, 1, 3, 2))

    assert [way.name for way in check.values() if not way.agrees] == ["im2col"]


def test_a_layer_with_two_successors():
    """The derivative is a sum over both; the one without kernels contributes what it computes."""
    image = st.Input((6, 6, 1))
    first = st.Conv(2, 3, activation="tanh", name="first")(image)
    both = st.Concatenate()([st.Conv(1, 2, stride=2, name="conv")(first), st.MaxPool(2)(first)])
    net = st.Network(image, st.Dense(2, activation="softmax")(st.Flatten()(both)))
    rng = np.random.default_rng(9)
    trace = net.trace(rng.random((2, 6, 6, 1)), [0, 1])
    (l, x, y) = np.unravel_index(np.abs(trace["first"].dA[0]).argmax(), (2, 4, 4))

    check = trace.check("first.dA", (0, l, x, y))

    assert check.agrees
    assert {"im2col", "matrix", "rotated kernel", "central difference"} <= check.keys()
    assert check.left_out == {}


def test_a_layer_that_is_used_twice():
    """The derivative of shared weights is a sum over both uses."""
    shared = st.Conv(2, 3, padding="same", activation="tanh", name="shared")
    image = st.Input((6, 6, 2))
    x = shared(shared(image))
    net = st.Network(image, st.Dense(2, activation="softmax")(st.Flatten()(x)))
    trace = net.trace(np.random.default_rng(10).random((2, 6, 6, 2)), [0, 1])

    check = trace.check("shared.dW", (1, 0, 2, 1))

    assert check.agrees
    assert {"im2col", "matrix", "correlation", "impulse response"} <= check.keys()


def test_dropout_keeps_its_mask():
    """All ways of a training pass use the mask of the trace."""
    trace = traced(
        "conv 2@3x3 tanh | dropout 0.5 | flatten | dense 3 softmax", (7, 7, 1), training=True
    )
    dropped = np.argwhere(trace["dropout1"].dZ * trace["dropout1"].Z)[0]

    check = trace.check("conv1.dA", tuple(dropped))

    assert check.agrees
    assert check.traced != 0
    assert {"impulse response", "central difference"} <= check.keys()


def test_a_kink_is_named():
    """Where a net input is exactly 0 before a rectifier, the derivative does not exist."""
    image = np.zeros((1, 4, 4, 1))
    net = st.Network.parse("conv 1@3x3 relu | flatten | dense 2 softmax", (4, 4, 1))
    check = net.trace(image, [0]).check("conv1.dN", (0, 0, 1, 1))

    assert "central difference" not in check
    assert check.get("central difference") is None
    assert check.left_out["central difference"].startswith("the loss has a kink")
    assert check.agrees


def test_a_class_without_equations():
    """A class that changes the NumPy code has no terms and no other ways, but a difference."""

    class Doubled(Convolution):
        def apply(self, w, a):
            return 2 * super().apply(w, a)

        def backward_w(self, w, a, dz):
            return 2 * super().backward_w(w, a, dz)

    layers = [st.Layer(Doubled(feature_maps=1, kernel_size=2), name="doubled"), st.Flatten()]
    net = st.Network([*layers, st.Dense(2, activation="softmax")], input_shape=(3, 3, 1))
    check = net.trace(np.ones((1, 3, 3, 1)), [0]).check("doubled.dW", (0, 0, 1, 0))

    assert list(check) == ["backward pass", "central difference"]
    assert check["central difference"].difference < 1e-8
    assert check.left_out["sum of terms"] == "its class states no equations"


def test_a_class_without_equations_next_to_a_convolution():
    """If one of two successors has no equations, the other one still has its ways."""

    class Doubled(Convolution):
        def apply(self, w, a):
            return 2 * super().apply(w, a)

        def backward_a(self, w, a, dz):
            return 2 * super().backward_a(w, a, dz)

    image = st.Input((4, 4, 1))
    doubled = st.Layer(Doubled(feature_maps=1, kernel_size=2), name="doubled")
    both = st.Add()([st.Conv(1, 2, name="conv")(image), doubled(image)])
    net = st.Network(image, st.Dense(2, activation="softmax")(st.Flatten()(both)))

    check = net.trace(np.ones((1, 4, 4, 1)), [0]).check("input.dA", (0, 0, 1, 1))

    assert check.agrees
    assert {"im2col", "matrix", "rotated kernel", "central difference"} <= check.keys()
    assert set(check.left_out) == {"sum of terms"}


def test_the_trace_is_rounded_and_the_check_is_not(trace):
    """The check repeats the pass in float64; the value of the trace has its own field."""
    check = trace.check("conv1.dW", (1, 0, 2, 1))

    assert check.traced == trace["conv1"].dW[1, 0, 2, 1]
    assert check.traced != check.value
    assert check.traced == pytest.approx(check.value, rel=1e-5)


def test_an_average_has_a_matrix_and_no_kernel():
    """Average pooling: its matrix and the response to an impulse; not the ways of a kernel."""
    trace = traced("conv 2@3x3 tanh | average 2 | flatten | dense 3 softmax", (8, 8, 1))

    check = trace.check("conv1.dA", (1, 0, 2, 3))

    assert check.agrees
    assert {"matrix", "impulse response", "central difference"} <= check.keys()
    why = "average1, AveragePool(2), has no kernel that moves over an image"
    assert check.left_out == {"im2col": why, "rotated kernel": why}


def test_the_printed_tables(golden):
    """Values differ in their last digits between processors, so the words alone are compared."""
    net = st.Network.parse(
        "conv 2@3x3 same | batch-norm tanh | max 2 | flatten | dense 3 softmax", (6, 6, 1)
    )
    rng = np.random.default_rng(3)
    trace = net.trace(rng.random((2, 6, 6, 1)), [2, 1])
    names = {
        "conv1.dW": (1, 0, 2, 1),
        "conv1.dA": (0, 0, 1, 1),
        "conv1.db": (0,),
        "input.dA": (1, 0, 2, 2),
        "conv1.Z": (0, 1, 1, 1),
        "batch-norm1.dA": (0, 0, 1, 1),
        "max1.Z": (0, 0, 1, 1),
        "flatten1.dA": (0, 3),
        "dense1.dW": (1, 2),
        "dense1.dN": (0, 1),
    }

    checks = [trace.check(name, index) for name, index in names.items()]

    assert all(check.agrees for check in checks)
    golden("graph/check", "\n\n".join(map(words, checks)))


def words(check):
    """Write a table without the values that depend on rounding."""
    lines = str(check).splitlines()
    ways = [f"{way.name} | {way.sources} | {way.how}" for way in check.values()]
    return "\n".join([lines[0].split(" = ")[0], *ways, *lines[3 + len(check) :]])


def test_the_table_of_a_notebook(trace):
    """The HTML has the same rows, and names the ways that don't exist."""
    html = trace.check("conv1.dA", (0, 0, 1, 1))._repr_html_()

    assert html.count("<tr>") == 1 + len(trace.check("conv1.dA", (0, 0, 1, 1)))
    assert "<li>no im2col: max1, MaxPool(2, stride=1), has no kernel" in html


def test_values_that_are_not_numbers_are_compared():
    """If the pass overflows, the ways agree on it, and a central difference is impossible."""
    net = st.Network.parse("conv 1@2x2 | flatten | dense 2 | dense 2 | dense 2", (3, 3, 1))
    for name, array in net.parameters.items():
        net.parameters[name] = np.full_like(array, 3e38)
    with np.errstate(over="ignore", invalid="ignore"):
        trace = net.trace(np.ones((1, 3, 3, 1)), np.zeros((1, 2)))
        check = trace.check("conv1.dW", (0, 0, 0, 0))

    assert check.left_out["central difference"] == "the loss is inf"
    assert check.agrees


ERRORS = {
    "a-parameter": lambda trace: trace.check("conv1.W", (0, 0, 0, 0)),
    "no-such-element": lambda trace: trace.check("conv1.dW", (0, 0, 3, 0)),
    "no-kernel": lambda trace: trace.check("conv1.dA", (0, 0, 1, 1))["im2col"],
    "dense": lambda trace: trace.check("dense1.dW", (0, 0))["im2col"],
    "not-a-derivative": lambda trace: trace.check("max1.Z", (0, 0, 0, 0))["central difference"],
    "not-of-a-kernel": lambda trace: trace.check("conv1.db", (0,))["rotated kernel"],
    "unknown-way": lambda trace: trace.check("conv1.dW", (0, 0, 0, 0))["im2row"],
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(trace, case, golden):
    """A way that doesn't exist is an error that gives the reason and the ways that do."""
    with pytest.raises(StriateError) as caught:
        ERRORS[case](trace)

    golden(f"messages/check-{case}", str(caught.value))


@pytest.mark.parametrize("last", ["dense 3 softmax", "dense 1 logistic"])
@pytest.mark.parametrize("size", [1.0, 20.0, 300.0])
def test_ways_agree_for_networks_that_are_certain(last, size):
    """A loss of 1e-20, or of 1e-300, is a sum that is rounded to 1: the bound allows for that."""
    net = st.Network.parse(f"flatten | {last}", (2, 2, 1), seed=1)
    x = size * np.random.default_rng(2).standard_normal((2, 2, 2, 1))
    answers = net.predict(x.astype(np.float32))
    labels = answers.argmax(axis=1) if answers.shape[1] > 1 else (answers[:, 0] > 0.5).astype(int)

    for targets in (labels, (labels + 1) % 2):
        trace = net.trace(x, targets)
        for name, position in (("dense1.dW", (0, 1)), ("dense1.db", (0,)), ("flatten1.dA", (0, 2))):
            check = trace.check(name, position)
            assert check.agrees, str(check)
            assert "central difference" in check
