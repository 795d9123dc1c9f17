"""Every kind's backward equations are the derivatives of its forward equations (in float64)."""

import pytest

from helpers import (
    FUNCTION_CASES,
    LOSS_CASES,
    argument_of,
    arguments,
    away_from_kinks,
    call_for,
    generator_for,
    with_argument,
)
from striate.maths.check import central_differences, relative_error

# The differences have an error of about 1e-10 of the largest slope (maths.check).
BOUND = 1e-6


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_backward_gives_the_derivatives_of_forward(case, training):
    """`backward` agrees with differences of `forward` for all inputs and parameters."""
    rng = generator_for(case)
    call = call_for(case, rng, training=training)
    output = case.function.forward(call)
    dz = rng.standard_normal(output.shape)

    found = case.function.backward(call, output, dz)

    for argument in arguments(call):
        wanted = central_differences(
            lambda x, at=argument: case.function.forward(with_argument(call, at, x)),
            argument_of(call, argument),
            dz,
        )
        assert relative_error(argument_of(found, argument), wanted) <= BOUND, argument


@pytest.mark.parametrize("case", LOSS_CASES)
def test_a_loss_gives_its_derivatives(case):
    """`backward_n` agrees with differences of the sum of `apply` over the images."""
    n, y = _net_input(case)

    found = case.loss.backward_n(n, y)

    wanted = central_differences(lambda x: case.loss.apply(x, y).sum(), n)
    assert relative_error(found, wanted) <= BOUND


@pytest.mark.parametrize("case", LOSS_CASES)
def test_the_absorbed_transfer_function_leads_to_the_same_derivatives(case):
    """`backward_a`, followed by the transfer function's derivative, equals `backward_n`."""
    n, y = _net_input(case)
    wanted = case.loss.backward_n(n, y)

    if case.loss.absorbs:
        transfer = case.loss.absorbs[0]()
        a = transfer.apply(n)
        found = transfer.backward_n(n, a, case.loss.backward_a(a, y))
    else:
        found = case.loss.backward_a(n, y)

    # The computation divides by probabilities as small as exp(-8) and multiplies by them again.
    assert relative_error(found, wanted) <= 1e-12


def _net_input(case):
    """Draw net inputs for a loss."""
    return away_from_kinks(generator_for(case), (len(case.y), *case.shape)), case.y
