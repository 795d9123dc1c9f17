"""The terms of an element of a trace: complete, correct, and named as in the trace."""

import itertools

import numpy as np
import pytest

import striate as st
from graph.random_graphs import problem
from striate.errors import StriateError
from striate.functions.base import Draw
from striate.functions.weight import Convolution
from striate.graph.reference import backward, forward
from striate.graph.term_search import TermSearch
from striate.graph.trace import Trace

NETWORKS = 60


@pytest.fixture(scope="module")
def trace():
    """Trace a small network with two images, in float64."""
    net = st.Network.parse(
        "conv 2@3x3 stride 2 same tanh | max 2 stride 1 | flatten | dense 3 softmax", (7, 7, 2)
    )
    rng = np.random.default_rng(3)
    return net.trace(rng.random((2, 7, 7, 2)), [2, 1])


@pytest.mark.parametrize("number", range(NETWORKS))
def test_the_terms_of_random_networks_give_each_element(number):
    """For two elements of every quantity of a random network, the terms combine to the element."""
    rng = np.random.default_rng([41, number])
    network = problem(number, 0)
    inputs, targets, parameters, state = network.numbers(rng)
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(network.images))
    run = forward(network.step, inputs, parameters, state, training=True, draw=draw)
    backward(network.step, run, targets)
    search = TermSearch(step=network.step, run=run, parameters=parameters, targets=targets)

    checked = 0
    for name, array in search.quantities.items():
        if not search.has_terms(name):
            continue
        for _ in range(2):
            position = tuple(int(rng.integers(length)) for length in array.shape)
            terms = search.terms(name, position)
            # Float64, and sums of at most a few thousand products: the order of summation matters
            # by about 1e-13 of the sum of the magnitudes.
            scale = np.abs(terms.values).sum() + 1e-300
            assert terms.value == array[position]
            assert abs(terms.total - terms.value) <= 1e-11 * scale, (name, position)
            checked += 1
    assert checked >= 2 * 3 * len(network.step.graph.layers)


def test_the_products_of_a_weight_derivative(trace):
    """The terms of dW are the products of Hagan 8.47, with the stride of Wichmann 4.7."""
    h, l, u, v = 1, 0, 2, 1
    dz, a = trace["conv1"].dZ, trace.inputs["input"]
    wanted = {
        ((q, h, i, j), (q, l, 2 * i + u - 1, 2 * j + v - 1))
        for q, i, j in itertools.product(range(2), range(4), range(4))
        if 0 <= 2 * i + u - 1 < 7 and 0 <= 2 * j + v - 1 < 7
    }

    terms = trace.terms("conv1.dW", (h, l, u, v))

    assert {tuple(factor.index for factor in term.factors) for term in terms} == wanted
    assert len(terms) == len(wanted) == 24
    for term in terms:
        read, pixel = term.factors
        assert (read.name, pixel.name) == ("conv1.dZ", "input.A")
        assert (read.value, pixel.value) == (dz[read.index], a[pixel.index])
        assert term.value == pytest.approx(read.value * pixel.value)


def test_the_products_of_an_input_derivative(trace):
    """The terms of dA are those of Hagan 8.39: the positions whose kernel covers the pixel."""
    q, l, x, y = 1, 1, 3, 4
    wanted = {
        ((h, l, u, v), (q, h, i, j))
        for h, u, v, i, j in itertools.product(range(2), range(3), range(3), range(4), range(4))
        if 2 * i + u - 1 == x and 2 * j + v - 1 == y
    }

    terms = trace.terms("input.dA", (q, l, x, y))

    assert {tuple(factor.index for factor in term.factors) for term in terms} == wanted


def test_the_derivative_of_a_loss_is_divided_by_the_images():
    """The factor that isn't in the loss's equation is in the table."""
    net = st.Network.parse("dense 3 softmax", (4,), engine="numpy")
    x = np.random.default_rng(0).random((2, 4), np.float32)

    terms = net.trace(x, np.array([0, 2])).terms("dense1.dN", (0, 1))

    [term] = terms
    s, p, k = (factor.value for factor in term.factors)
    assert term.scale == 1 / 2
    assert term.value == pytest.approx((s * p - k) * term.scale)
    assert ", times 0.5 (weight of the loss / number of images)" in str(terms)


def test_the_largest_terms_come_first(trace):
    """Terms are sorted by magnitude; those of a maximum begin with the winner."""
    sums, greatest = trace.terms("conv1.dW", (0, 1, 1, 1)), trace.terms("max1.Z", (0, 0, 1, 1))

    assert list(np.abs(sums.values)) == sorted(np.abs(sums.values), reverse=True)
    assert [term.value for term in sums[:3]] == list(sums.values[:3])
    assert greatest.operator == "maximum"
    assert greatest[0].value == greatest.value == trace["max1"].Z[0, 0, 1, 1]


def test_contributions_over_the_image(trace):
    """The terms of one dW, summed for each pixel that they read, add up to it."""
    terms = trace.terms("conv1.dW", (1, 0, 2, 1))

    over = terms.over("input.A")

    assert over.shape == trace.inputs["input"].shape
    assert np.count_nonzero(over) <= len(terms)
    assert over.sum() == pytest.approx(terms.total)
    assert not over[:, 1].any()


def test_a_layer_with_two_successors_collects_the_terms_of_both():
    """The derivative of a fan-out is the sum over all layers that read the activation."""
    image = st.Input((5, 5, 1))
    first = st.Conv(1, 3, name="first")(image)
    both = st.Add()([st.Conv(1, 1, name="left")(first), st.Conv(1, 1, name="right")(first)])
    net = st.Network(image, st.Dense(2, activation="softmax")(st.Flatten()(both)))

    terms = net.trace(np.ones((1, 5, 5, 1)), [0]).terms("first.dA", (0, 0, 1, 1))

    assert {term.factors[1].name for term in terms} == {"left.dZ", "right.dZ"}
    assert terms.total == pytest.approx(terms.value)


def test_negative_positions_count_from_the_end(trace):
    """Positions work as in NumPy."""
    assert trace.terms("conv1.db", (-1,)).position == (1,)


def test_the_printed_table(trace, golden):
    """The table names the equation, the elements of each product, and the rest of the sum."""
    texts = [
        str(trace.terms(name, position))
        for name, position in [
            ("conv1.dW", (1, 0, 2, 1)),
            ("conv1.dA", (0, 0, 1, 1)),
            ("dense1.A", (0, 2)),
            ("dense1.dN", (0, 2)),
        ]
    ]

    golden("graph/terms", "\n\n".join(texts))


def test_the_table_of_a_notebook(trace):
    """The HTML has the ten largest terms, their equation, and the number of the others."""
    html = trace.terms("conv1.dW", (1, 0, 2, 1))._repr_html_()

    assert html.count("<tr>") == 1 + 10
    assert "conv1.dW[1, 0, 2, 1] = " in html
    assert "<code>dw[g,h,l,u,v] += " in html
    assert "<p>and 14 more, which add up to " in html


ERRORS = {
    "unknown-quantity": ("conv1.dw", (0, 0, 0, 0)),
    "unknown-layer": ("conv2.dW", (0, 0, 0, 0)),
    "no-such-element": ("conv1.dW", (0, 0, 3, 0)),
    "too-few-indices": ("conv1.dW", (0, 0)),
    "a-parameter": ("conv1.W", (0, 0, 0, 0)),
    "an-input": ("input.A", (0, 0, 0, 0)),
    "skipped-by-the-loss": ("dense1.dA", (0, 0)),
    "a-layer": ("conv1", (0, 0)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(trace, case, golden):
    """A quantity that doesn't exist or isn't computed, or an element out of range, is an error."""
    with pytest.raises(StriateError) as caught:
        trace.terms(*ERRORS[case])

    golden(f"messages/terms-{case}", str(caught.value))


def test_equations_of_another_pass_are_not_listed():
    """A class that changes the NumPy code of a kind doesn't inherit its terms."""

    class Doubled(Convolution):
        def apply(self, w, a):
            return 2 * super().apply(w, a)

    kind = Doubled(feature_maps=1, kernel_size=2)
    net = st.Network([st.Layer(kind, name="doubled")], input_shape=(3, 3, 1))
    trace = net.trace(np.ones((1, 3, 3, 1)))

    with pytest.raises(StriateError, match="states no index equation"):
        trace.terms("doubled.Z", (0, 0, 0, 0))


def test_a_forward_pass_has_no_derivatives():
    """Without targets, the error says how to get derivatives."""
    net = st.Network.parse("conv 1@3x3 | flatten | dense 2", (4, 4, 1))
    trace = net.trace(np.ones((1, 4, 4, 1)))

    assert trace.terms("conv1.Z", (0, 0, 0, 0)).total == pytest.approx(trace["conv1"].Z[0, 0, 0, 0])
    with pytest.raises(StriateError, match=r"Derivatives need targets"):
        trace.terms("conv1.dW", (0, 0, 0, 0))
    assert isinstance(trace, Trace)
