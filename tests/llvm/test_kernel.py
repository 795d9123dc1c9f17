"""Single kernels: every kind of loop, guard and sum computes what its nest means."""

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

# For sums of up to a few hundred products with random signs, and long functions; see
# `engine.compiled.bound`.
NEAR = 5e-6


@cache
def results(name):
    """Run an example with wide registers."""
    return EVERY[name].run(processor("wide"))


def assert_near(name):
    """Compare the targets of an example with the interpreter's results."""
    found, wanted = results(name), EVERY[name].wanted()
    assert found.keys() == wanted.keys()
    for target, array in wanted.items():
        assert found[target].shape == array.shape
        assert relative_error(found[target], array) <= NEAR, target


@pytest.mark.parametrize("name", SUMS)
def test_sums(name):
    """Sums with images in the lanes, with guards, tables, scatters and fused statements."""
    assert_near(f"sum, {name}")


@pytest.mark.parametrize("count", [11, 1])
@pytest.mark.parametrize("name", SUMS_OVER_IMAGES)
def test_sums_over_images(name, count):
    """Lanes without an image don't contribute to a sum over images."""
    some = replace(SUMS_OVER_IMAGES[name], images=count)

    found = some.run()

    for target, array in some.wanted().items():
        assert relative_error(found[target], array) <= NEAR


@pytest.mark.parametrize("name", ROWS)
def test_rows(name):
    """Reductions over the whole batch, with arrays in row layout."""
    assert_near(f"rows, {name}")


@pytest.mark.parametrize("name", WITHOUT_IMAGES)
def test_without_images(name):
    """Neighbors or terms in the lanes: whole vectors and the remainder."""
    assert_near(f"alone, {name}")


def test_entries_in_between():
    """A kernel doesn't write the elements between those of its target."""
    before = normal(3, 44)
    fill = example("z[i, 2*j + 1] = 0", z=before, shapes={"z": (3, 44)}, extents={"i": 3, "j": 21})

    after = fill.run()["z"]

    expected = before.copy()
    expected[:, 1:43:2] = 0
    np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize("name", MAPS)
def test_maps(name):
    """Elementwise statements; an element whose term doesn't exist is 0."""
    assert_near(f"map, {name}")


@pytest.mark.parametrize("numbers", ["ties", "NaN", "infinite"])
@pytest.mark.parametrize("operator", ["max=", "min=", "argmax="])
@pytest.mark.parametrize("name", COMPARED)
def test_compared(name, operator, numbers):
    """Maxima and minima: the first of equal values wins, NaN is kept, guarded terms are skipped."""
    text, read, written, extents = COMPARED[name]
    array = with_ties(images(*read), numbers)
    compared = example(text.format(operator), a=array, shapes=z(*written), extents=extents)

    np.testing.assert_array_equal(compared.run()["z"], compared.wanted()["z"])


@pytest.mark.parametrize("registers", ["half", pytest.param("quarter", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", EVERY)
def test_other_registers(name, registers):
    """Other registers, and therefore other tiles, give the same bits."""
    other = EVERY[name].run(processor(registers))

    for target, array in results(name).items():
        np.testing.assert_array_equal(other[target], array, err_msg=target)


@pytest.mark.parametrize("tasks", [3, pytest.param(16, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [n for n in EVERY if n.startswith(("alone", "rows"))])
def test_shared_tasks(name, tasks):
    """Sharing a loop among tasks computes each element once, with the same bits."""
    example = EVERY[name]
    if schedule(example.kernel(), example.variables(), processor("wide")).in_place:
        pytest.skip("a kernel that adds in place is one task")

    shared = example.run(processor("wide"), tasks)

    for target, array in results(name).items():
        np.testing.assert_array_equal(shared[target], array)
