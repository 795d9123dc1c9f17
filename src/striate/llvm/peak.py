"""Functions that measure the limits of a core: multiply-adds, reading and streaming."""

from collections.abc import Sequence

from striate.llvm.builder import FLOATS, Builder
from striate.llvm.ir import I64, PTR, VOID, IRModule, IRType, IRValue, constant
from striate.plan.target import LANES, Target

UNROLLED = 8
"""Vectors that an iteration of the memory functions reads from each array."""

_MOST = 20  # more than any processor has multiply-adds in flight


def accumulators_of(target: Target) -> int:
    """Return the number of accumulators of the multiply-adds, which nearly fill the registers.

    Parameters
    ----------
    target
        The processor.

    Returns
    -------
    int
        Number of vectors of :data:`LANES` elements; two more registers hold the factors.
    """
    return min(_MOST, target.vectors - 2)


def write_peaks(target: Target) -> IRModule:
    """Emit the functions that measure the limits of a processor.

    Parameters
    ----------
    target
        The processor.

    Returns
    -------
    IRModule
        With ``multiply_adds(numbers, rounds)``, which does one vector multiply-add per round for
        each of the :func:`accumulators_of` accumulators (they are stored in front of the two
        factors); ``read(result, numbers, vectors, rounds)``, which sums an array; and
        ``triad(result, x, y, vectors, rounds)``, which computes ``x + 3 * y``. Counts are 64-bit.
        A vector has :data:`LANES` elements; the number of vectors is a multiple of
        :data:`UNROLLED`.
    """
    module = IRModule.of(target)
    _write_multiply_adds(module, accumulators_of(target))
    _write_read(module)
    _write_triad(module)
    return module


def _begin(module: IRModule, name: str, *arguments: IRType) -> Builder:
    """Start a function without a result."""
    return Builder(module.function(name, VOID, arguments))


def _vectors(b: Builder, pointer: IRValue, count: int) -> list[IRValue]:
    """Load consecutive vectors."""
    return [b.load(b.at(pointer, LANES * k), FLOATS) for k in range(count)]


def _write_multiply_adds(module: IRModule, sums: int) -> None:
    """Emit the multiply-adds; all operands stay in registers."""
    b = _begin(module, "multiply_adds", PTR, I64)
    numbers, rounds = b.function.args
    *start, x, y = _vectors(b, numbers, sums + 2)

    def body(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        return [b.fma(x, y, total) for total in carried]

    for k, total in enumerate(b.loop(0, rounds, 1, body, start)):
        b.store(total, b.at(numbers, LANES * k))
    b.ret_void()


def _write_read(module: IRModule) -> None:
    b = _begin(module, "read", PTR, PTR, I64, I64)
    result, numbers, vectors, rounds = b.function.args

    def body(index: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        found = _vectors(b, b.at(numbers, b.multiply(index, LANES)), UNROLLED)
        return [b.fadd(total, vector) for total, vector in zip(carried, found, strict=True)]

    def round_(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        return b.loop(0, vectors, UNROLLED, body, carried)

    zeros = [constant(FLOATS, 0.0)] * UNROLLED
    for k, total in enumerate(b.loop(0, rounds, 1, round_, zeros)):
        b.store(total, b.at(result, LANES * k))
    b.ret_void()


def _write_triad(module: IRModule) -> None:
    b = _begin(module, "triad", PTR, PTR, PTR, I64, I64)
    result, first, second, vectors, rounds = b.function.args
    scale = constant(FLOATS, 3.0)

    def body(index: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
        offset = b.multiply(index, LANES)
        x, y = (_vectors(b, b.at(pointer, offset), UNROLLED) for pointer in (first, second))
        for k in range(UNROLLED):
            b.store(b.fma(scale, y[k], x[k]), b.at(b.at(result, offset), LANES * k))
        return []

    def round_(_: IRValue, __: Sequence[IRValue]) -> list[IRValue]:
        return b.loop(0, vectors, UNROLLED, body)

    b.loop(0, rounds, 1, round_)
    b.ret_void()
