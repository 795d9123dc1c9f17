"""Layers with random options have the same outputs and derivatives as in PyTorch, in float64."""

import numpy as np
import pytest

from pytorch.expected import layer
from pytorch.layers import arrays_for, distance, run
from strategies import configurations

pytestmark = pytest.mark.slow

# Both sides sum a few thousand products of float64 numbers in different orders.
BOUND = 1e-10


@pytest.mark.parametrize(
    "number, configuration", list(enumerate(configurations())), ids=lambda value: f"{value}"
)
def test_a_layer_agrees_with_pytorch(number, configuration):
    """Outputs, all derivatives and running statistics equal PyTorch's."""
    arrays = arrays_for(configuration, np.random.default_rng(number))
    wanted = layer(configuration, arrays)

    found = run(configuration, arrays)

    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert distance(found[name], array) <= BOUND, name
