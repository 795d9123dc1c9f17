"""Sums of products over named axes."""

import numpy as np
import pytest

from striate.maths import contract

LENGTHS = {"g": 2, "h": 3, "l": 4, "u": 3, "v": 2, "q": 5, "i": 6, "j": 7, "s": 3, "r": 4}


@pytest.mark.parametrize(
    "spec",
    [
        "ghluv,qgluvij->qghij",  # forward
        "ghluv,qghij->qgluvij",  # derivative of the columns
        "qghij,qgluvij->ghluv",  # derivative of the kernels
        "sr,qr->qs",  # dense layer
        "qs,qr->sr",
        "qr,qr->q",  # a batch of inner products
        "sr,r->s",
        "r,r->",
        "s,r->sr",  # nothing summed
    ],
)
def test_contract_is_einsum(spec):
    """The results equal those of np.einsum with the same string."""
    rng = np.random.default_rng(4)
    operands = spec.split("->")[0].split(",")
    x, y = (rng.normal(size=[LENGTHS[c] for c in letters]) for letters in operands)

    z = contract(spec, x, y)

    wanted = np.einsum(spec, x, y)
    assert z.shape == wanted.shape
    # At most 5 * 6 * 7 = 210 products of numbers below 5 are added in a different order.
    assert np.allclose(z, wanted, rtol=0, atol=210 * 25 * np.finfo(np.float64).eps)
