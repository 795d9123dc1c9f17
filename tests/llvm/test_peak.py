"""The functions that measure peaks really do the work that is counted."""

import ctypes

import numpy as np
import pytest

from striate.llvm.machine import LoadedObject, compile_object, host
from striate.llvm.peak import UNROLLED, accumulators_of, write_peaks
from striate.plan.target import LANES

VECTORS = 2 * UNROLLED
SIZE = VECTORS * LANES


@pytest.fixture(scope="module")
def code():
    """Compile the functions for this processor."""
    return LoadedObject(compile_object(write_peaks(host()), host()), host())


def call(code, name, arrays, counts):
    """Call a function with arrays and counts."""
    types = [ctypes.c_void_p] * len(arrays) + [ctypes.c_int64] * len(counts)
    function = ctypes.CFUNCTYPE(None, *types)(code.address(name))
    function(*(array.ctypes.data for array in arrays), *counts)


def test_multiply_adds(code):
    """Each accumulator gets the product of the two factors in each round."""
    sums = accumulators_of(host())
    numbers = np.arange((sums + 2) * LANES, dtype=np.float32)
    before, (x, y) = numbers[: sums * LANES].copy(), numbers[sums * LANES :].reshape(2, LANES)
    expected = before + 5 * np.tile(x * y, sums)

    call(code, "multiply_adds", [numbers], [5])

    # Whole numbers below 2**24: float32 holds them and their sums exactly.
    np.testing.assert_array_equal(numbers[: sums * LANES], expected)


def test_read(code):
    """The lanes of the partial sums add up to the sum of the array, once for each round."""
    numbers, result = np.arange(SIZE, dtype=np.float32), np.zeros(UNROLLED * LANES, np.float32)

    call(code, "read", [result, numbers], [VECTORS, 3])

    assert result.sum() == 3 * numbers.sum()


def test_triad(code):
    """Every element of the result is x + 3 y."""
    x, y = np.arange(SIZE, dtype=np.float32), np.ones(SIZE, np.float32)
    result = np.zeros(SIZE, np.float32)

    call(code, "triad", [result, x, y], [VECTORS, 2])

    np.testing.assert_array_equal(result, x + 3)
