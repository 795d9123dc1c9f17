"""The nests of kinds are accurate in float32, in which compiled code computes them.

The reference is the NumPy form in float64, with the same float32 inputs. Intermediate results must
not overflow unless the result does, and must not lose digits that the result has.
"""

from dataclasses import replace
from math import prod

import numpy as np
import pytest

from helpers import (
    FUNCTION_CASES,
    LOSS_CASES,
    Lowered,
    argument_of,
    arguments,
    call_for,
    cases_of,
    generator_for,
    kinds_of,
    products_of,
    symbol,
    symbols,
    tolerance,
)
from striate.functions.base import TransferFunction
from striate.functions.optimizer.base import Optimizer
from striate.maths.check import relative_error
from striate.nests import bind, bind_program, interpret

LARGEST = [80, 1e4]
OPTIMIZERS = [
    pytest.param(optimizer, id=f"{name}-{number}")
    for (_, name), kind in kinds_of(Optimizer).items()
    for number, optimizer in enumerate(kind.cases())
]


def spread(rng, shape, largest):
    """Draw numbers of all magnitudes from 0.01 to the largest, of both signs."""
    magnitudes = np.geomspace(0.01, largest, prod(shape))[::-1]
    signed = magnitudes * rng.choice([-1, 1], magnitudes.size)
    return rng.permutation(signed).reshape(shape).astype(np.float32)


def far_out(rng, shape):
    """Draw distinct multiples of 1/256 around 8192, which float32 represents exactly."""
    return (8192 + rng.permutation(prod(shape)).reshape(shape) / 256).astype(np.float32)


def single(arrays):
    """Round all arrays to float32, including masks, labels and constants, but not index tables."""
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def double(call):
    """Convert all arrays of a call to float64."""
    return replace(
        call,
        inputs=tuple(a.astype(np.float64) for a in call.inputs),
        parameters={name: a.astype(np.float64) for name, a in call.parameters.items()},
        state={name: a.astype(np.float64) for name, a in call.state.items()},
    )


def lowered_single(lowering, images):
    """Return a lowering with its constant arrays in float32."""
    tables = {
        name: table.astype(np.float32) if table.dtype.kind == "f" else table
        for name, table in lowering.tables.items()
    }
    return Lowered(replace(lowering, tables=tables), images)


def compare(case, inputs, *, training):
    """Compare a function's interpreted nests in float32 with its NumPy form in float64."""
    function, rng = case.function, generator_for(case)
    call = replace(call_for(case, rng, training=training, dtype=np.float32), inputs=inputs)
    stated = function.lowering if training else function.inference_lowering
    lowered, z = lowered_single(stated(*case.inputs), case.images), function.output_symbol
    output = function.forward(double(call))
    dz = rng.standard_normal(output.shape).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = function.backward(double(call), output, dz.astype(np.float64))
    bound = tolerance(products_of(case), np.float32)
    # If softmax is nearly 1, its slopes are so small that 1 - a has none of their digits; there,
    # errors are relative to the incoming derivatives.
    least = np.linalg.norm(dz) if isinstance(function, TransferFunction) else 0

    given = single(symbols(function, call))
    computed = lowered.forward(given)
    names = [f"d{symbol(function, argument)}" for argument in arguments(call)]
    found = lowered.backward({**given, **computed, f"d{z}": dz}, names)

    assert computed[z].dtype == np.float32
    assert relative_error(computed[z].reshape(output.shape), output) <= bound
    for name, argument in zip(names, arguments(call), strict=True):
        derivative = argument_of(wanted, argument)
        error = np.linalg.norm(found[name].reshape(derivative.shape) - derivative)
        assert error <= bound * max(np.linalg.norm(derivative), least), name


@pytest.mark.parametrize("text", ["z[q] = (a[q] / sqrt(1) + 1) - 1", "z[q] = (1 + erf(a[q])) - 1"])
def test_the_interpreter_loses_digits_as_float32_does(text):
    """Constants and tables don't convert float32 arrays to float64."""
    nest = bind(text, shapes={"a": (1,)})

    assert interpret(nest, {"a": np.array([1e-8], np.float32)})["z"] == [0]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("largest", LARGEST)
@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_functions_hold_their_digits(case, largest, training):
    """For inputs of all magnitudes, outputs and derivatives are correct up to rounding."""
    rng = generator_for(case)

    inputs = tuple(spread(rng, (case.images, *shape), largest) for shape in case.inputs)

    compare(case, inputs, training=training)


@pytest.mark.parametrize("case", cases_of(TransferFunction))
def test_transfer_functions_hold_their_digits_far_out(case):
    """Softmax and its logarithm get differences of large numbers, the others large numbers."""
    rng = generator_for(case)

    inputs = tuple(far_out(rng, (case.images, *shape)) for shape in case.inputs)

    compare(case, inputs, training=False)


@pytest.mark.parametrize("draw", [*LARGEST, "far out"])
@pytest.mark.parametrize("case", LOSS_CASES)
def test_losses_hold_their_digits(case, draw):
    """Losses and derivatives are correct up to rounding, for labels and other targets."""
    rng, shape, loss = generator_for(case), (len(case.y), *case.shape), case.loss
    n = far_out(rng, shape) if draw == "far out" else spread(rng, shape, draw)
    lowered = lowered_single(loss.lowering(case.shape, case.y.shape[1:]), len(case.y))
    wide = n.astype(np.float64)

    given = single({"n": n, "y": case.y})
    computed = lowered.forward(given)
    found = lowered.backward({**given, **computed}, ["dn"])

    bound = tolerance(n.size, np.float32)
    assert computed["l"].dtype == found["dn"].dtype == np.float32
    assert relative_error(computed["l"], loss.apply(wide, case.y)) <= bound
    assert relative_error(found["dn"], loss.backward_n(wide, case.y)) <= bound


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize("largest", LARGEST)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_updates_hold_their_digits(optimizer, largest, step):
    """Starting from zero weights, the result is the step itself, correct up to rounding."""
    rng, size = np.random.default_rng(5), 12
    w, dw = np.zeros(size, np.float32), spread(rng, (size,), largest)
    memory = single({name: abs(spread(rng, (size,), largest)) for name in optimizer.buffers})
    lowering = optimizer.lowering(size)
    program = bind_program(
        lowering.statements,
        shapes={**lowering.shapes, "rate": (), "step": ()},
        constants=lowering.constants,
        outputs=("w_next",),
    )

    arrays = {"w": w, "dw": dw, "decayed": np.ones(size), "rate": 0.05, "step": step, **memory}
    found = interpret(program, single({name: arrays[name] for name in program.inputs}))

    after, _ = optimizer.apply(
        w.astype(np.float64),
        dw.astype(np.float64),
        {name: array.astype(np.float64) for name, array in memory.items()},
        rate=0.05,
        step=step,
        decayed=np.ones(size),
    )
    # Four more products than in a plain sum, for Adam's powers, roots and quotients.
    assert relative_error(found["w_next"], after) <= tolerance(8, np.float32)
