"""The check of gradients with real digits, whose empty background is exactly at kinks."""

import numpy as np
import pytest

import striate as st
from striate.functions.transfer import Relu


@pytest.fixture(scope="module")
def digit():
    """Return one digit with its label."""
    (x, y), _ = st.data.load("digits")
    return x[:1], y[:1]


@pytest.mark.parametrize("name", ["hagan-8.11", "two-layer"])
def test_blank_background_is_no_wrong_gradient(digit, name):
    """Relu at 0 and ties under maxima don't have a derivative: they are excluded and counted."""
    check = st.Network.preset(name).check_gradients(*digit, elements=10)

    assert check.passed, str(check)
    assert check.kinks["conv1.bias"] > 0
    assert "at a kink left out" in str(check)


def test_a_wrong_slope_is_still_wrong(digit, monkeypatch):
    """Excluding kinks doesn't hide a relu whose slope has an error of 0.1%."""
    right = Relu.backward_n
    monkeypatch.setattr(Relu, "backward_n", lambda self, n, a, da: 1.001 * right(self, n, a, da))
    network = st.Network.parse("conv 2@5x5 relu | dense 10 softmax", (28, 28, 1))
    images = np.random.default_rng(0).normal(size=(1, 28, 28, 1))

    assert not network.check_gradients(images, digit[1], elements=10).passed
