"""Helpers for many tests: cases of all kinds, inputs for them, tolerances, and lowerings."""

import zlib
from dataclasses import replace
from math import prod

import numpy as np
import pytest

from striate.functions.base import Call, Draw, Function, Loss
from striate.functions.programs import (
    backward_equations,
    forward_equations,
    shapes_with_images,
)
from striate.functions.registry import FAMILIES
from striate.nests import bind_program, interpret


def kinds_of(base):
    """Return the kinds that derive from a base class, by (family, name)."""
    return {
        (family, name): kind
        for family, kinds in FAMILIES.items()
        for name, kind in kinds.items()
        if issubclass(kind, base)
    }


def cases_of(base):
    """Return the cases of all kinds that derive from a base class, as parameters of a test."""
    return [
        pytest.param(case, id=f"{name}-{number}")
        for (_, name), kind in kinds_of(base).items()
        for number, case in enumerate(kind.cases())
    ]


FUNCTION_CASES = cases_of(Function)
LOSS_CASES = cases_of(Loss)


def generator_for(case):
    """Create a random generator whose seed depends only on the case."""
    return np.random.default_rng(zlib.crc32(repr(case).encode()))


def away_from_kinks(rng, shape):
    """Draw distinct numbers between -4 and 4 that are at least 0.1 away from every integer.

    The kinds have kinks at integers (0, ±1, ±3) and where two inputs are equal. Any two of n
    numbers differ by more than 3 / n, which for n = 1000 is 250 steps of the central differences.
    """
    order = rng.permutation(prod(shape)) + rng.uniform(0.3, 0.7, prod(shape))
    whole, part = np.divmod(8 * order / prod(shape), 1)
    return (whole - 4 + 0.1 + 0.8 * part).reshape(shape)


def call_for(case, rng, *, training=False, dtype=np.float64):
    """Draw inputs, parameters and state for a case."""
    function, shapes = case.function, case.inputs
    inputs = [away_from_kinks(rng, (case.images, *shape)) for shape in shapes]
    parameters = {
        name: away_from_kinks(rng, parameter.shape)
        for name, parameter in function.parameters(*shapes).items()
    }
    # Running variances are positive.
    state = {
        name: rng.uniform(0.5, 1.5, parameter.shape)
        for name, parameter in function.state(*shapes).items()
    }
    return Call(
        inputs=tuple(a.astype(dtype) for a in inputs),
        parameters={name: array.astype(dtype) for name, array in parameters.items()},
        state={name: array.astype(dtype) for name, array in state.items()},
        training=training,
        draw=Draw(seed=7, step=3, layer=2, images=np.arange(case.images)) if training else None,
    )


def arguments(call):
    """List the arguments of a function: ("inputs", 0), ("parameters", "weight"), ..."""
    return [
        *(("inputs", k) for k in range(len(call.inputs))),
        *(("parameters", name) for name in call.parameters),
    ]


def with_argument(call, argument, array):
    """Return the call with one of its arrays replaced."""
    what, key = argument
    if what == "inputs":
        return replace(call, inputs=(*call.inputs[:key], array, *call.inputs[key + 1 :]))
    return replace(call, parameters={**call.parameters, key: array})


def argument_of(holder, argument):
    """Return one array of a call or of derivatives."""
    what, key = argument
    return getattr(holder, what)[key]


def tolerance(products, dtype=np.float64):
    """Return a bound for the relative error, in norm, of sums with the given number of products.

    The error of a sum of n products is at most n roundings of the sum of their magnitudes (Higham
    2002, 3.1). With random signs, that sum exceeds the result by a factor of about the square root
    of n. Four more roundings account for the functions applied before and after.
    """
    return (products**1.5 + 4) * float(np.finfo(dtype).eps)


def products_of(case):
    """Count the inputs and parameters of a case: no element of a result sums more products."""
    sizes = [case.images * prod(shape) for shape in case.inputs]
    parameters = case.function.parameters(*case.inputs).values()
    return sum(sizes) + sum(prod(parameter.shape) for parameter in parameters)


class Lowered:
    """A lowering for a number of images, whose programs of nests can be interpreted."""

    def __init__(self, lowering, images):
        self.lowering = lowering
        self.images = images
        self.shapes = shapes_with_images(lowering, images)
        self.constants = {"images": images, **lowering.constants}

    def forward(self, arrays):
        """Interpret the forward equations, and return every array that they write."""
        return self._run(forward_equations(self.lowering), arrays)

    def backward(self, arrays, wanted):
        """Interpret the backward equations, or the adjoints of the forward equations."""
        found = self._run(backward_equations(self.lowering), arrays)
        return {name: found[name] for name in wanted}

    def state(self, arrays):
        """Interpret the equations of the running statistics, and return their values by role."""
        found = self._run([*self.lowering.state.values()], arrays)
        return {role: found[f"{role}_next"] for role in self.lowering.state}

    def _run(self, equations, arrays):
        """Bind and interpret equations, and return all arrays that they write."""
        program = bind_program(
            equations,
            shapes=self.shapes,
            constants=self.constants,
            extents=self.lowering.extents,
        )
        program = replace(program, outputs=tuple({nest.target: None for nest in program.nests}))
        known = {**arrays, **self.lowering.tables}
        return interpret(
            program, {name: known[name].reshape(self.shapes[name]) for name in program.inputs}
        )


def symbols(function, call):
    """Return the arrays of a call by their names in the equations."""
    named = {
        symbol(function, argument): argument_of(call, argument) for argument in arguments(call)
    }
    drawn = function.drawn(call) if call.training else {}
    return {**named, **call.state, **drawn}


def symbol(function, argument):
    """Return the name of an input or a parameter in the equations."""
    what, key = argument
    return function.parameter_symbol(key) if what == "parameters" else function.input_symbol(key)
