"""Operations across lanes: transposes, sums in a fixed order, masks, partial vectors."""

import ctypes

import numpy as np
import pytest

from striate.llvm.builder import FLOATS as VECTOR
from striate.llvm.builder import Builder
from striate.llvm.ir import I64, PTR, VOID, IRModule, constant
from striate.llvm.lanes import lanes_below, load_part, store_part, sum_of_lanes, transposed
from striate.llvm.machine import LoadedObject, compile_object, host
from striate.plan.statement import LANES
from striate.runtime.shared_memory import floats


def function(write, arguments=2):
    """Compile a function of pointers that a test writes."""
    module = IRModule.of(host())
    made = module.function("f", VOID, [*[PTR] * arguments, I64])
    builder = Builder(made)
    write(builder, *made.args)
    builder.ret_void()
    code = LoadedObject(compile_object(module, host()), host())
    types = [*[ctypes.c_void_p] * arguments, ctypes.c_int64]
    call = ctypes.CFUNCTYPE(None, *types)(code.address("f"))

    def run(*arrays, count=0):
        call(*(array.ctypes.data for array in arrays), count)
        return code

    return run


def memory(values):
    """Copy values to memory that is aligned to a cache line."""
    found = floats(np.size(values))
    found[:] = np.ravel(values)
    return found


def test_transpose():
    """Lane i of row j becomes lane j of row i."""

    def write(b, source, target, _):
        rows = [load_part(b, b.at(source, k * LANES), LANES) for k in range(LANES)]
        for k, row in enumerate(transposed(b, rows)):
            b.store(row, b.at(target, k * LANES))

    square, result = memory(np.arange(LANES * LANES)), memory(np.zeros(LANES * LANES))

    function(write)(square, result)

    np.testing.assert_array_equal(
        result.reshape(LANES, LANES), square.reshape(LANES, LANES).transpose()
    )


def test_the_order_of_a_sum():
    """Each half of a vector is added to the other: a different order gives different bits."""

    def write(b, source, target, _):
        b.store(sum_of_lanes(b, load_part(b, source, LANES)), target)

    numbers = np.random.default_rng(0).standard_normal((50, LANES)).astype(np.float32)
    add = function(write)
    for row in numbers:
        result = memory([0.0])
        add(memory(row), result)

        halves = row
        while len(halves) > 1:
            halves = halves[: len(halves) // 2] + halves[len(halves) // 2 :]
        assert result[0] == halves[0]


@pytest.mark.parametrize("count", [0, 1, 7, LANES])
def test_lanes_below_a_count(count):
    """The mask selects one lane for each image."""

    def write(b, target, number):
        ones, zeros = (constant(VECTOR, value) for value in (1.0, 0.0))
        b.store(b.select(lanes_below(b, number), ones, zeros), target)

    result = memory(np.full(LANES, np.nan))

    function(write, 1)(result, count=count)

    np.testing.assert_array_equal(result, np.arange(LANES) < count)


@pytest.mark.parametrize("count", [1, 5, LANES])
def test_partial_vectors(count):
    """Partial loads and stores stay in bounds; the last value fills the other lanes."""

    def write(b, source, target, _):
        part = load_part(b, source, count)
        b.store(part, target)
        store_part(b, part, b.at(target, 2 * LANES), count)

    source, result = memory(np.arange(count)), memory(np.full(3 * LANES, -1.0))

    function(write)(source, result)

    filled = np.minimum(np.arange(LANES), count - 1)
    np.testing.assert_array_equal(result[:LANES], filled)
    np.testing.assert_array_equal(
        result[2 * LANES :], np.where(np.arange(LANES) < count, filled, -1)
    )
