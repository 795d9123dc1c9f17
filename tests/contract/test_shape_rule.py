"""Every kind's shape rule agrees with its equations."""

from dataclasses import replace

import pytest

from helpers import FUNCTION_CASES, argument_of, arguments, call_for, generator_for


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_the_shape_rule_says_the_shape_of_the_output(case):
    """`output_shape` equals the shape of `forward`."""
    call = call_for(case, generator_for(case))

    output = case.function.forward(call)

    assert output.shape == (case.images, *case.function.output_shape(*case.inputs))


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_derivatives_have_the_shapes_of_what_they_are_derivatives_of(case):
    """`backward` returns one array for each input and parameter, with its shape."""
    rng = generator_for(case)
    call = call_for(case, rng, training=True)
    output = case.function.forward(call)

    derivatives = case.function.backward(call, output, rng.standard_normal(output.shape))

    assert len(derivatives.inputs) == len(call.inputs)
    assert derivatives.parameters.keys() == call.parameters.keys()
    for argument in arguments(call):
        assert argument_of(derivatives, argument).shape == argument_of(call, argument).shape


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_running_statistics_keep_their_shapes(case):
    """`next_state` returns every array of the state, with its shape."""
    call = call_for(case, generator_for(case), training=True)

    after = case.function.next_state(call)

    assert {k: v.shape for k, v in after.items()} == {k: v.shape for k, v in call.state.items()}


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_a_pass_changes_nothing_that_it_is_given(case):
    """`forward`, `backward` and `next_state` don't modify their arguments."""
    rng = generator_for(case)
    call = call_for(case, rng, training=True)
    arrays = [*call.inputs, *call.parameters.values(), *call.state.values()]
    before = [array.copy() for array in arrays]
    output = case.function.forward(call)
    dz = rng.standard_normal(output.shape)
    dz_before, output_before = dz.copy(), output.copy()

    case.function.backward(call, output, dz)
    case.function.next_state(call)

    assert all((x == y).all() for x, y in zip(arrays, before, strict=True))
    assert (dz == dz_before).all()
    assert (output == output_before).all()


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_derivatives_of_the_parameters_do_not_depend_on_the_inputs_being_wanted(case):
    """A first layer doesn't compute derivatives of its inputs, and learns the same."""
    rng = generator_for(case)
    call = call_for(case, rng, training=True)
    output = case.function.forward(call)
    dz = rng.standard_normal(output.shape)
    wanted = case.function.backward(call, output, dz)

    found = case.function.backward(replace(call, input_derivatives=False), output, dz)

    assert found.parameters.keys() == wanted.parameters.keys()
    assert all((found.parameters[name] == dw).all() for name, dw in wanted.parameters.items())
