"""All arithmetic has the precision of the arguments: float32, or float64 for checks."""

import numpy as np
import pytest

from helpers import (
    FUNCTION_CASES,
    LOSS_CASES,
    away_from_kinks,
    call_for,
    generator_for,
    kinds_of,
    products_of,
    tolerance,
)
from striate.functions.optimizer.base import Optimizer
from striate.maths.check import relative_error

OPTIMIZERS = [
    pytest.param(optimizer, id=f"{name}-{number}")
    for (_, name), kind in kinds_of(Optimizer).items()
    for number, optimizer in enumerate(kind.cases())
]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_functions_keep_the_precision(case, dtype, training):
    """Outputs, derivatives and running statistics have the dtype of the inputs."""
    rng = generator_for(case)
    call = call_for(case, rng, training=training, dtype=dtype)

    output = case.function.forward(call)
    dz = rng.standard_normal(output.shape).astype(dtype)
    derivatives = case.function.backward(call, output, dz)
    state = case.function.next_state(call)

    results = [*derivatives.inputs, *derivatives.parameters.values(), *state.values()]
    assert {array.dtype for array in (output, *results)} == {np.dtype(dtype)}


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_float32_means_what_float64_means(case):
    """Outputs in float32 equal those in float64 up to rounding."""
    wanted_call = call_for(case, generator_for(case))
    call = call_for(case, generator_for(case), dtype=np.float32)

    output = case.function.forward(call)

    wanted = case.function.forward(wanted_call)
    # Each input is rounded once, which adds two roundings per product.
    assert relative_error(output, wanted) <= 3 * tolerance(products_of(case), np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", LOSS_CASES)
def test_losses_keep_the_precision(case, dtype):
    """Losses and derivatives have the dtype of the net input."""
    n = away_from_kinks(generator_for(case), (len(case.y), *case.shape)).astype(dtype)
    loss, y = case.loss, case.y

    results = (loss.apply(n, y), loss.backward_n(n, y), loss.backward_a(abs(n) / 8, y))

    assert {array.dtype for array in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_updates_keep_the_precision(optimizer, dtype):
    """Parameters and buffers have the dtype of the parameters."""
    w, dw = np.linspace(-1, 1, 6, dtype=dtype), np.linspace(1, 2, 6, dtype=dtype)

    after, memory = optimizer.apply(w, dw, optimizer.start(w), rate=0.1, step=1, decayed=np.ones(6))

    assert {array.dtype for array in (after, *memory.values())} == {np.dtype(dtype)}
