"""Transfer functions and derivatives equal PyTorch's, also at kinks and for large arguments."""

import numpy as np
import pytest

from pytorch import expected
from pytorch.layers import distance
from striate.functions.registry import FAMILIES

pytestmark = pytest.mark.slow

# Powers of exp(1) are accurate to a few roundings; tails of the error function lose some digits.
BOUND = 1e-10

KINDS = [case.function for kind in FAMILIES["transfer"].values() for case in kind.cases()]

# Arguments between -60 and 60, and the kinks of all kinds.
NET_INPUTS = np.concatenate(
    [
        np.linspace(-60, 60, 49),
        np.linspace(-4, 4, 63),
        [-3.0, 0.0, 3.0, -0.0, 1e-9, -1e-9, 1e-3, -1e-3],
    ]
).reshape(5, 4, 6)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("shape", [(20, 6), (5, 4, 6)])
def test_a_transfer_function_agrees_with_pytorch(kind, shape):
    """Activations and derivatives are equal, element by element."""
    n = NET_INPUTS.reshape(shape)
    da = np.random.default_rng(3).standard_normal(shape)
    wanted, derivative = expected.transfer(kind, n, da)

    a = kind.apply(n)
    dn = kind.backward_n(n, a, da)

    # PyTorch rounds the tail of the approximated gelu to 0 below -8; striate doesn't.
    np.testing.assert_allclose(a, wanted, rtol=BOUND, atol=1e-16)
    assert distance(dn, derivative) <= BOUND
