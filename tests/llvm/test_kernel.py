"""Kernels by themselves: every way to walk, to leave out, to add, means what the nest means."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from llvm.examples import (
    COMPARED,
    EVERY,
    MAPS,
    ROWS,
    SUMS,
    SUMS_OVER_IMAGES,
    WITHOUT_IMAGES,
    example,
    images,
    normal,
    with_ties,
    z,
)
from llvm.kernels import processor
from striate.maths.check import relative_error
from striate.plan.schedule import schedule

# Sums of up to a few hundred products with signs at random, and long functions: see
# `engine.compiled.bound`.
NEAR = 5e-6


@cache
def results(name):
    """Run an example, with wide registers."""
    return EVERY[name].run(processor("wide"))


def assert_near(name):
    """Compare the targets of an example with what its nests mean."""
    found, wanted = results(name), EVERY[name].wanted()
    assert found.keys() == wanted.keys()
    for target, array in wanted.items():
        assert found[target].shape == array.shape
        assert relative_error(found[target], array) <= NEAR, target


@pytest.mark.parametrize("name", SUMS)
def test_sums(name):
    """Sums with images in the lanes: guards, tables, scatters, what follows."""
    assert_near(f"sum, {name}")


@pytest.mark.parametrize("count", [11, 1])
@pytest.mark.parametrize("name", SUMS_OVER_IMAGES)
def test_sums_over_images(name, count):
    """Lanes without an image, whatever they hold, are left out."""
    some = replace(SUMS_OVER_IMAGES[name], images=count)

    found = some.run()

    for target, array in some.wanted().items():
        assert relative_error(found[target], array) <= NEAR


@pytest.mark.parametrize("name", ROWS)
def test_rows(name):
    """All images of a batch, whose numbers lie in the lanes."""
    assert_near(f"rows, {name}")


@pytest.mark.parametrize("name", WITHOUT_IMAGES)
def test_without_images(name):
    """Neighbors, or terms, in the lanes: whole vectors and what is left over."""
    assert_near(f"alone, {name}")


def test_what_is_not_reached():
    """A kernel writes its own places, and no others between them."""
    before = normal(3, 44)
    fill = example("z[i, 2*j + 1] = 0", z=before, shapes={"z": (3, 44)}, extents={"i": 3, "j": 21})

    after = fill.run()["z"]

    expected = before.copy()
    expected[:, 1:43:2] = 0
    np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize("name", MAPS)
def test_maps(name):
    """What computes each place by itself; 0 where nothing is read."""
    assert_near(f"map, {name}")


@pytest.mark.parametrize("numbers", ["ties", "NaN", "infinite"])
@pytest.mark.parametrize("operator", ["max=", "min=", "argmax="])
@pytest.mark.parametrize("name", COMPARED)
def test_compared(name, operator, numbers):
    """The first of equals is found, NaN shows, and what is outside does not compete."""
    text, read, written, extents = COMPARED[name]
    array = with_ties(images(*read), numbers)
    compared = example(text.format(operator), a=array, shapes=z(*written), extents=extents)

    np.testing.assert_array_equal(compared.run()["z"], compared.wanted()["z"])


@pytest.mark.parametrize("registers", ["half", pytest.param("quarter", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", EVERY)
def test_other_registers(name, registers):
    """Other tiles give the same bits: a sum has one order."""
    other = EVERY[name].run(processor(registers))

    for target, array in results(name).items():
        np.testing.assert_array_equal(other[target], array, err_msg=target)


@pytest.mark.parametrize("tasks", [3, pytest.param(16, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [n for n in EVERY if n.startswith(("alone", "rows"))])
def test_shared_tasks(name, tasks):
    """A walk that several tasks share is done once, and gives the same bits."""
    example = EVERY[name]
    if schedule(example.kernel(), example.variables(), processor("wide")).in_place:
        pytest.skip("what adds in place is one task")

    shared = example.run(processor("wide"), tasks)

    for target, array in results(name).items():
        np.testing.assert_array_equal(shared[target], array)
