"""Layers with random options give PyTorch's outputs and derivatives, in float64."""

import numpy as np
import pytest

from pytorch.expected import layer
from pytorch.layers import arrays_for, distance, run
from strategies import configurations

pytestmark = pytest.mark.slow

# 9-settled: both sides sum a few thousand products of float64 numbers in different orders.
BOUND = 1e-10


@pytest.mark.parametrize(
    "number, configuration", list(enumerate(configurations())), ids=lambda value: f"{value}"
)
def test_a_layer_agrees_with_pytorch(number, configuration):
    """Output, input derivatives, all parameter derivatives and running statistics are PyTorch's."""
    arrays = arrays_for(configuration, np.random.default_rng(number))
    wanted = layer(configuration, arrays)

    found = run(configuration, arrays)

    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert distance(found[name], array) <= BOUND, name
