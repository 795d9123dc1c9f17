"""Compiled programs compute the book's equations, for any processor and number of threads.

The reference is the NumPy engine in float64, with the same float32 inputs. The tests compare
outputs in training and inference, losses, all derivatives, and running statistics.
"""

from functools import cache

import numpy as np
import pytest

from engine.cases import (
    GROUPS,
    IDS,
    IMAGES,
    PROCESSORS,
    found,
    members,
    network,
    own,
    products,
    programs,
)
from engine.compiled import Compiled, bound, isa, neon, wanted
from helpers import kinds_of
from machine.aarch64 import Emulated, needs_emulator
from machine.assembly import calls, functions
from striate.compile import load, plan_optimizer, plan_step
from striate.functions.optimizer.base import Optimizer
from striate.llvm.machine import compile_object
from striate.llvm.program import write_program
from striate.maths.check import relative_error
from striate.plan.signature import OPTIMIZER_SCALARS

# Functions that LLVM calls for loops that clear or copy memory.
OF_MEMORY = {"memset", "memcpy", "memmove"}

both_processors = pytest.mark.parametrize(
    "processor",
    ["host", pytest.param("avx2", marks=[pytest.mark.slow, isa("avx2", "fma")])],
)
by_group = pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
OPTIMIZERS = [
    pytest.param(optimizer, id=f"{name}-{number}")
    for (_, name), kind in kinds_of(Optimizer).items()
    for number, optimizer in enumerate(kind.cases())
]


@cache
def expected(group):
    """Compute them with NumPy."""
    return wanted(*network(group))


@both_processors
@pytest.mark.parametrize(("group", "number"), [(g, n) for g in GROUPS for n in members(g)], ids=IDS)
def test_kinds(group, number, processor):
    """All results of a kind's case equal the NumPy engine's up to rounding."""
    results = own(found(group, processor), number)
    reference = own(expected(group), number)

    assert results.keys() == reference.keys()
    for name, array in reference.items():
        assert results[name].shape == array.shape, name
        assert relative_error(results[name], array) <= bound(products(number)), name


@both_processors
@by_group
def test_a_single_image(group, processor):
    """A program for one image, which uses the lanes differently, gives the same outputs."""
    step, numbers = network(group)
    alone = Compiled(step, 1, target=PROCESSORS[processor]()).predict(numbers.first(1))

    for number in members(group):
        name = f"case{number}"
        reference = expected(group)[f"predicted {name}"][:1]
        assert relative_error(alone[f"output {name}"], reference) <= bound(products(number)), name


@both_processors
@by_group
def test_two_threads(group, processor):
    """Two threads give bit-identical results to one."""
    results = found(group, processor)

    again = programs(group, processor).with_threads(2).run(network(group)[1])

    assert again.keys() == results.keys()
    for name, array in results.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)


@pytest.mark.slow
@isa("avx512f", "avx512vl")
@by_group
def test_processors_give_the_same_bits(group):
    """Code for AVX2 gives bit-identical results to code for AVX-512."""
    narrow, wide = found(group, "avx2"), found(group, "host")

    for name, array in wide.items():
        np.testing.assert_array_equal(narrow[name], array, err_msg=name)


@pytest.mark.slow
@needs_emulator
@by_group
def test_aarch64_gives_the_same_bits(group):
    """Code for NEON, on an emulated processor, gives bit-identical results to this machine's."""
    step, numbers = network(group)

    results = Compiled(step, IMAGES, target=neon(), make=Emulated).run(numbers)

    for name, array in found(group, "host").items():
        np.testing.assert_array_equal(results[name], array, err_msg=name)


@pytest.mark.parametrize(
    "group",
    [pytest.param(g, marks=() if g in GROUPS[::5] else pytest.mark.slow) for g in GROUPS],
    ids=[IDS[group] for group in GROUPS],
)
def test_code_for_neon(group):
    """Every case compiles for NEON, with fused multiply-adds and without library calls."""
    step, numbers = network(group)
    shapes = [y.shape[1:] for y in numbers.targets]
    plan = plan_step(step, numbers.images, training=True, target_shapes=shapes, target=neon())

    assembly = compile_object(write_program(plan), plan.target, assembly=True)

    blocks = functions(assembly)
    assert "fmla" in assembly
    assert calls(assembly) - blocks.keys() <= OF_MEMORY


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_updates(optimizer, step):
    """Parameters and memory after a step with a clipped gradient equal those of NumPy."""
    rng, size = np.random.default_rng(5), 37
    w, dw = rng.standard_normal((2, size)).astype(np.float32)
    decayed = (np.arange(size) % 2).astype(np.float32)
    memory = {name: rng.uniform(0, 1, size).astype(np.float32) for name in optimizer.buffers}
    after, later = optimizer.apply(
        w.astype(np.float64),
        0.5 * dw.astype(np.float64),
        {name: array.astype(np.float64) for name, array in memory.items()},
        rate=0.05,
        step=step,
        decayed=decayed,
    )
    reference = {"w_next": after, **{f"{name}_next": a for name, a in later.items()}}
    buffers = {"w": w, "dw": dw, "decayed": decayed, **memory}
    scalars = {"rate": 0.05, "step": step, "clip_factor": 0.5}
    buffers["scalars"] = np.array([scalars[name] for name in OPTIMIZER_SCALARS], np.float32)
    buffers |= {name: np.empty(size, np.float32) for name in reference}

    compiled(optimizer, size).run(buffers)

    for name, array in reference.items():
        assert relative_error(buffers[name], array) <= bound(4), name


@cache
def compiled(optimizer, size):
    """Compile an optimizer once for all steps."""
    return load(plan_optimizer(optimizer, size))
