"""The nests of kinds compute the same as their NumPy equations."""

import numpy as np
import pytest

from helpers import (
    FUNCTION_CASES,
    LOSS_CASES,
    Lowered,
    argument_of,
    arguments,
    away_from_kinks,
    call_for,
    generator_for,
    kinds_of,
    products_of,
    symbol,
    symbols,
    tolerance,
)
from striate.functions.optimizer.base import Optimizer
from striate.maths.check import relative_error
from striate.nests import bind_program, interpret

STATE_CASES = [
    case for case in FUNCTION_CASES if case.values[0].function.state(*case.values[0].inputs)
]
OPTIMIZERS = [
    pytest.param(optimizer, id=f"{name}-{number}")
    for (_, name), kind in kinds_of(Optimizer).items()
    for number, optimizer in enumerate(kind.cases())
]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_nests_compute_what_numpy_computes(case, training):
    """Interpreted nests equal `forward`; their backward equations or adjoints equal `backward`."""
    rng = generator_for(case)
    function, call = case.function, call_for(case, rng, training=training)
    state = function.lowering if training else function.inference_lowering
    lowering = state(*case.inputs)
    if lowering is None:
        pytest.skip(f"{function} defines no index equations")
    lowered, z = Lowered(lowering, case.images), function.output_symbol
    output = function.forward(call)
    dz = rng.standard_normal(output.shape)
    wanted = function.backward(call, output, dz)
    bound = tolerance(products_of(case))

    given = symbols(function, call)
    computed = lowered.forward(given)
    names = [f"d{symbol(function, argument)}" for argument in arguments(call)]
    found = lowered.backward({**given, **computed, f"d{z}": dz}, names)

    assert relative_error(computed[z].reshape(output.shape), output) <= bound
    for name, argument in zip(names, arguments(call), strict=True):
        derivative = argument_of(wanted, argument)
        assert relative_error(found[name].reshape(derivative.shape), derivative) <= bound, name


@pytest.mark.parametrize("case", STATE_CASES)
def test_nests_compute_running_statistics(case):
    """Interpreted state equations equal `next_state`."""
    function, call = case.function, call_for(case, generator_for(case), training=True)
    lowered = Lowered(function.lowering(*case.inputs), case.images)

    given = symbols(function, call)
    found = lowered.state({**given, **lowered.forward(given)})

    wanted = function.next_state(call)
    assert found.keys() == wanted.keys() == function.state(*case.inputs).keys()
    for role, array in wanted.items():
        assert relative_error(found[role], array) <= tolerance(products_of(case)), role


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_the_drawn_arrays_are_those_that_the_lowering_states(case):
    """The arrays of `drawn` have the names and shapes of the lowering; each element is 0 or 1."""
    function, call = case.function, call_for(case, generator_for(case), training=True)
    lowering = function.lowering(*case.inputs)

    found = function.drawn(call)

    assert found.keys() == lowering.drawn.keys()
    for name, mask in found.items():
        assert mask.shape == (case.images, *lowering.shapes[name]), name
        assert set(np.unique(mask)) <= {0, 1}, name


@pytest.mark.parametrize("case", LOSS_CASES)
def test_nests_compute_losses(case):
    """Interpreted nests equal each image's loss and its derivatives."""
    n = away_from_kinks(generator_for(case), (len(case.y), *case.shape))
    y = case.y
    lowering = case.loss.lowering(case.shape, y.shape[1:])
    if lowering is None:
        pytest.skip(f"{case.loss} defines no index equations")
    lowered = Lowered(lowering, len(y))

    computed = lowered.forward({"n": n, "y": y})
    found = lowered.backward({"n": n, "y": y, **computed}, ["dn"])

    bound = tolerance(n.size)
    assert relative_error(computed["l"], case.loss.apply(n, y)) <= bound
    assert relative_error(found["dn"], case.loss.backward_n(n, y)) <= bound


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nests_compute_updates(optimizer):
    """Interpreted nests equal the parameters and buffers after a second step."""
    rng = np.random.default_rng(5)
    w, dw, decayed = rng.standard_normal(7), rng.standard_normal(7), np.arange(7) % 2
    _, memory = optimizer.apply(w, dw[::-1], optimizer.start(w), rate=0.1, step=1, decayed=decayed)
    lowering = optimizer.lowering(7)
    outputs = ("w_next", *(f"{name}_next" for name in optimizer.buffers))

    program = bind_program(
        lowering.statements,
        shapes=lowering.shapes,
        constants={**lowering.constants, "rate": 0.05, "step": 2},
        outputs=outputs,
    )
    arrays = {"w": w, "dw": dw, "decayed": decayed.astype(float), **memory}
    found = interpret(program, {name: arrays[name] for name in program.inputs})

    after, later = optimizer.apply(w, dw, memory, rate=0.05, step=2, decayed=decayed)
    wanted = {"w_next": after, **{f"{name}_next": array for name, array in later.items()}}
    for name in outputs:
        assert relative_error(found[name], wanted[name]) <= tolerance(4), name
