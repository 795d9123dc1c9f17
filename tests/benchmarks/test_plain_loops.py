"""LeNet-5 in plain loops computes the same as the NumPy engine, so its time is meaningful."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from striate.bench.networks import Problem, network

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def loops(monkeypatch):
    """Return the program."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("plain_loops")


@pytest.fixture
def problem(loops):
    """Return LeNet-5 with two blocks of images."""
    return Problem.of(loops.NET, *network(loops.NET), batch=32, training=True, seed=3)


def test_gradients_are_those_of_the_numpy_engine(loops, problem):
    """All derivatives agree, with one thread and with two, and again in the same memory."""
    one, two = loops.Loops(problem, 1), loops.Loops(problem, 2)

    loops.check(problem, one.gradient())
    loops.check(problem, two.gradient())
    np.testing.assert_array_equal(one.gradient().copy(), one.gradient())


def test_a_wrong_derivative(loops, problem):
    """A wrong derivative ends the program with the array's name."""
    gradient = loops.Loops(problem, 1).gradient().copy()
    gradient[3] *= 1.01

    with pytest.raises(SystemExit, match=r"^conv1\.weight: its derivative is .* off$"):
        loops.check(problem, gradient)


def test_batches_are_whole_blocks(loops, problem):
    """A batch that can't be divided among the threads is rejected."""
    with pytest.raises(SystemExit) as error:
        loops.Loops(problem, 3)

    assert str(error.value) == "batches of 32 images are not 3 x whole blocks"
