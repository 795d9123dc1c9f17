"""Convolutions by Winograd's transforms are as accurate as documented.

The cases of the kinds are too small for the transforms to pay off. In the cases here, they compute
the output and the derivative with respect to the image.
"""

import math
from functools import cache

import numpy as np
import pytest

from engine.compiled import Compiled, Numbers, avx2, bound, flat, isa, neon, reference_pass, wanted
from machine.aarch64 import Emulated, needs_emulator
from striate.engine import CompiledEngine
from striate.functions.loss import AbsoluteError
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.machine import host
from striate.maths.check import relative_error
from striate.plan.statement import Origin
from striate.plan.winograd import ERRORS

IMAGES = 37
"""Three vectors, the last not full."""

PROCESSORS = {"host": host, "avx2": avx2}

CONVOLUTIONS = {
    "2 x 2 tiles": ("conv 16@3x3 same", (6, 6, 16), 2, None),
    "2 x 2 tiles that do not fit": ("conv 16@3x3 same", (5, 6, 20), 2, None),
    "4 x 4 tiles": ("conv 16@3x3 same", (8, 8, 24), 4, None),
    "4 x 4 tiles that do not fit": ("conv 24@3x3", (13, 10, 16), 4, None),
    "groups": ("conv 32@3x3 same groups 2", (8, 9, 32), 4, None),
    "many maps": ("conv 96@3x3 same", (7, 8, 128), 4, 2),
    "many pixels": ("conv 32@3x3 same", (16, 16, 24), 4, 4),
    "many pixels that do not fit": ("conv 32@3x3", (21, 15, 32), 4, 4),
    "groups of many pixels": ("conv 64@3x3 same groups 2", (16, 17, 48), 4, 4),
    "turned round": ("conv 32@3x3 same flip", (16, 16, 32), 4, 4),
    "transposed": ("conv-transpose 16@3x3 padding 1", (8, 8, 16), 4, None),
    "transposed, many pixels": ("conv-transpose 32@3x3 padding 1", (16, 16, 32), 4, 4),
}
"""By name: a layer, the shape of its images, and the side of its tiles: of the output and the
image's derivative, and of the kernel's derivative, where that is computed by tiles."""

by_convolution = pytest.mark.parametrize("name", CONVOLUTIONS)
both_processors = pytest.mark.parametrize(
    "processor",
    ["host", pytest.param("avx2", marks=[pytest.mark.slow, isa("avx2", "fma")])],
)


@cache
def step(name):
    """Return the training step of a convolution, with derivatives with respect to the images."""
    text, shape, *_ = CONVOLUTIONS[name]
    return TrainingStep.of(parse(text, shape), [AbsoluteError()], to_inputs=True)


@cache
def numbers(name):
    """Draw numbers with random signs, whose sums cancel most.

    The targets are so far from the outputs that rounding doesn't change the sign of an error.
    The derivatives with respect to the outputs are therefore equal in both engines.
    """
    rng, graph = np.random.default_rng(6), step(name).graph
    drawn = Numbers(
        inputs={n: rng.standard_normal((IMAGES, *shape)) for n, shape in graph.inputs.items()},
        parameters={n: rng.standard_normal(p.shape) for n, p in graph.parameters().items()},
    ).rounded()
    (output,) = graph.outputs
    z = reference_pass(step(name), drawn).arrays[f"{output}.A"]
    targets = [z + np.sqrt(np.mean(z**2)) * rng.choice([-1, 1], z.shape)]
    return Numbers(inputs=drawn.inputs, parameters=drawn.parameters, targets=targets).rounded()


@cache
def expected(name):
    """Compute them with NumPy, in float64."""
    return wanted(step(name), numbers(name))


@cache
def compiled(name, processor, *, winograd=True):
    """Return the programs of a convolution, which are compiled when they first run."""
    return Compiled(step(name), IMAGES, target=PROCESSORS[processor](), winograd=winograd)


@cache
def found(name, processor, *, winograd=True):
    """Compute the results of a convolution."""
    return compiled(name, processor, winograd=winograd).run(numbers(name))


def transformed(name, *, winograd=True):
    """Return the arrays that the training program computes by transforms, with their tile size."""
    program = compiled(name, "host", winograd=winograd).program(numbers(name), training=True)
    variables = program.plan.variables.values()
    arrays = [variable for variable in variables if variable.origin is Origin.WINOGRAD]
    # Of the matrices, only B is square: it has a row for each input of a tile, side + 2.
    lengths = {math.isqrt(a.size) for a in arrays if a.values and math.isqrt(a.size) ** 2 == a.size}
    return {a.part_of for a in arrays if a.part_of}, {length - 2 for length in lengths}


def kernel_of(name):
    """Return the name of the kernel's derivative in programs."""
    (output,) = step(name).graph.outputs
    return f"{output}.dweight"


def by_convolutions(name):
    """Return the names of a convolution's results."""
    graph = step(name).graph
    ((source,), (output,)) = graph.inputs, graph.outputs
    return [f"output {output}", f"predicted {output}", f"d {source}"]


@by_convolution
def test_they_are_computed_so(name):
    """The expected arrays are computed with tiles of the expected size; other tests need this."""
    graph, (_, _, side, other) = step(name).graph, CONVOLUTIONS[name]
    ((source,), (output,)) = graph.inputs, graph.outputs

    by_tiles = {f"{output}.Z", f"{source}.dA"} | ({kernel_of(name)} if other else set())
    assert transformed(name) == (by_tiles, {s for s in (side, other) if s})


@both_processors
@by_convolution
def test_the_stated_bound(name, processor):
    """The errors of outputs and of the image's derivative are below `ERRORS`."""
    _, _, side, _ = CONVOLUTIONS[name]
    results, reference = found(name, processor), expected(name)

    for result in by_convolutions(name):
        assert relative_error(results[result], reference[result]) <= ERRORS[side], result


@both_processors
@by_convolution
def test_the_kernels_derivative(name, processor):
    """With tiles, the error is below `ERRORS`; otherwise, and for the bias, it is that of a sum."""
    results, reference = found(name, processor), expected(name)
    (output,) = step(name).graph.outputs
    places = IMAGES * int(np.prod(step(name).graph.shapes[output][1:]))
    *_, side = CONVOLUTIONS[name]

    for parameter in numbers(name).parameters:
        error = relative_error(results[f"d {parameter}"], reference[f"d {parameter}"])
        by_tiles = side is not None and parameter.endswith("weight")
        assert error <= (ERRORS[side] if by_tiles else bound(places)), parameter


@both_processors
@by_convolution
def test_without_the_transforms(name, processor):
    """With winograd=False, there aren't any transforms, and errors are those of ordinary sums."""
    results, reference = found(name, processor, winograd=False), expected(name)
    maps = max(results[result].shape[1] for result in by_convolutions(name))

    for result in by_convolutions(name):
        assert relative_error(results[result], reference[result]) <= bound(9 * maps), result
    assert transformed(name, winograd=False) == (set(), set())


@pytest.mark.parametrize("winograd", [True, False])
def test_the_engines_switch(winograd):
    """The engine's `winograd=` chooses between the two, even if the other one is in the cache."""
    name, output = "4 x 4 tiles", "predicted conv1"
    ((images,), parameters) = numbers(name).inputs.values(), numbers(name).parameters
    given = flat(parameters, step(name).graph.parameters())
    engine = CompiledEngine(step(name), winograd=winograd)

    (results,) = engine.predict(given, np.zeros(0, np.float32), [images]).outputs

    np.testing.assert_array_equal(results, found(name, "host", winograd=winograd)[output])
    assert (results != found(name, "host", winograd=not winograd)[output]).any()


@both_processors
@by_convolution
def test_two_threads(name, processor):
    """Two threads give bit-identical results to one."""
    again = compiled(name, processor).with_threads(2).run(numbers(name))

    for result, array in found(name, processor).items():
        np.testing.assert_array_equal(again[result], array, err_msg=result)


@pytest.mark.slow
@isa("avx512f", "avx512vl")
@by_convolution
def test_processors_give_the_same_bits(name):
    """Code for AVX2 gives bit-identical results to code for AVX-512."""
    narrow, wide = found(name, "avx2"), found(name, "host")

    for result, array in wide.items():
        np.testing.assert_array_equal(narrow[result], array, err_msg=result)


@pytest.mark.slow
@needs_emulator
@by_convolution
def test_aarch64_gives_the_same_bits(name):
    """Code for NEON, on an emulated processor, gives bit-identical results to this machine's."""
    results = Compiled(step(name), IMAGES, target=neon(), make=Emulated).run(numbers(name))

    for result, array in found(name, "host").items():
        np.testing.assert_array_equal(results[result], array, err_msg=result)
