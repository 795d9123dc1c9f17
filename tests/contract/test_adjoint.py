"""The backward pass of a linear function is its adjoint: <f(x), dz> = <x, dx>, to 1e-10."""

import pytest

from helpers import (
    FUNCTION_CASES,
    argument_of,
    arguments,
    call_for,
    generator_for,
    with_argument,
)
from striate.maths.check import adjoint_gap, relative_error

BOUND = 1e-10

LINEAR_IN_PARAMETERS = {"BatchNormalization", "LayerNormalization", "GroupNormalization"}
"""Kinds that are linear in their parameters alone."""


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_backward_is_the_adjoint_of_what_is_linear(case):
    """If `forward` is affine in an argument, `backward` is its transpose."""
    rng = generator_for(case)
    call = call_for(case, rng, training=True)
    linear = set()

    for argument in arguments(call):
        f = _part(case, call, argument)
        x = argument_of(call, argument)
        if not _is_linear(f, x, rng):
            continue
        linear.add(argument[0])
        z = f(x)
        dz = rng.standard_normal(z.shape)
        dx = argument_of(case.function.backward(call, case.function.forward(call), dz), argument)

        assert adjoint_gap((z, dz), (x, dx)) <= BOUND, argument

    # A wrong equation could look nonlinear and be skipped, so kinds declare that they are linear.
    if case.function.linear:
        assert linear == {what for what, _ in arguments(call)}
    if type(case.function).__name__ in LINEAR_IN_PARAMETERS:
        assert "parameters" in linear


def test_kinds_that_must_be_linear():
    """These kinds declare it, and the test above checks it."""
    declared = {type(case.values[0].function) for case in FUNCTION_CASES}

    assert {kind.__name__ for kind in declared if kind.linear} == {
        "AdaptiveAveragePooling",
        "AveragePooling",
        "BlurPooling",
        "Concatenate",
        "Convolution",
        "DotProduct",
        "Dropout",
        "Flatten",
        "GlobalAveragePooling",
        "Identity",
        "Linear",
        "Product",
        "Reshape",
        "Sum",
        "SumPooling",
        "TrainableAveragePooling",
        "TransposedConvolution",
    }


def _part(case, call, argument):
    """Return the function of one argument without its constant."""
    x = argument_of(call, argument)
    constant = case.function.forward(with_argument(call, argument, 0 * x))
    return lambda x: case.function.forward(with_argument(call, argument, x)) - constant


def _is_linear(f, x, rng):
    """Return whether a function maps a weighted sum to the weighted sum of the results."""
    y = rng.standard_normal(x.shape)
    return relative_error(f(x - 2 * y), f(x) - 2 * f(y)) < 1e-12
