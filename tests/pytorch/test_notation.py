"""The calls in PyTorch that `striate equation --notation pytorch` shows compute the same."""

import math

import numpy as np
import pytest

import striate as st
from striate.equations import TOPICS

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(3)
A = RNG.normal(size=(2, 2, 4, 6))
W = RNG.normal(size=(3, 2, 2, 2))
B = RNG.normal(size=3)
DZ = RNG.normal(size=(2, 3, 3, 5))
DP = RNG.normal(size=(2, 2, 2, 3))

FORWARD = {
    "convolution": lambda: st.maths.convolve(A, W, padding="full"),
    "cross-correlation": lambda: st.maths.cross_correlate(A, W),
    "feature-maps": lambda: st.maths.cross_correlate(A, W),
    "mirrored-filter": lambda: st.maths.rot180(W, rank=2),
    "matrix": lambda: st.maths.cross_correlate(A, W).reshape(2, 3, 15),
    "same-padding": lambda: st.maths.cross_correlate(A, W, padding="same"),
    "net-input": lambda: st.maths.cross_correlate(A, W) + B[:, None, None],
    "transfer": lambda: np.maximum(DZ, 0),
    "average-pooling": lambda: st.maths.average_pool(A, 2),
    "max-pooling": lambda: st.maths.max_pool(A, 2),
    "vec": lambda: np.stack([st.maths.vec(a, order="columns") for a in A]),
    "bias-derivative": lambda: DZ.sum((0, 2, 3)),
    "input-derivative": lambda: st.maths.cross_correlate_backward(A, W, DZ).dA,
    "weight-derivative": lambda: st.maths.cross_correlate_backward(A, W, DZ).dW,
}
BACKWARD = {
    "average-pooling-derivative": lambda: st.maths.average_pool_backward(A, 2, DP).dA,
    "max-pooling-derivative": lambda: st.maths.max_pool_backward(A, 2, DP).dA,
}
# These differentiate whatever was computed before, so there is nothing to compare.
AUTOGRAD = {"sensitivity", "paths", "through-transfer"}


def names(grad_output):
    """Return the names that the calls use, in float64."""
    return {
        "torch": torch,
        "F": torch.nn.functional,
        "input": torch.tensor(A, requires_grad=True),
        "weight": torch.tensor(W),
        "bias": torch.tensor(B),
        "output": torch.tensor(DZ),
        "grad_output": torch.tensor(grad_output),
        "kernel_size": 2,
        "stride": 2,
    }


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("topic", FORWARD)
def test_a_call_gives_the_same(topic):
    """The expression in PyTorch gives what the call in striate gives."""
    found = eval(TOPICS[topic].pytorch, names(DZ)).detach().numpy()

    assert np.allclose(found, FORWARD[topic](), rtol=0, atol=1e-12)


@pytest.mark.parametrize("topic", BACKWARD)
def test_a_backward_call_gives_the_same(topic):
    """After the call, the gradient of the input is what striate returns."""
    found = names(DP)

    eval(TOPICS[topic].pytorch, found)

    assert np.allclose(found["input"].grad.numpy(), BACKWARD[topic](), rtol=0, atol=1e-12)


def test_the_size_gives_the_same():
    """The formula of PyTorch's documentation, with dilation 1."""
    formula = TOPICS["output-size"].pytorch.removeprefix("H_out = ")
    values = {"floor": math.floor, "H_in": 8, "padding": 1, "dilation": 1, "kernel_size": 3}

    found = eval(formula, {**values, "stride": 2})

    assert found == st.maths.axes((8,), window=3, stride=2, padding=1)[0].output


def test_every_call_is_compared():
    """A new call in PyTorch needs a test."""
    called = {name for name, topic in TOPICS.items() if topic.pytorch}

    assert called == FORWARD.keys() | BACKWARD.keys() | AUTOGRAD | {"output-size"}
