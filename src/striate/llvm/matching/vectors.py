"""Vectors of eight float64 numbers, and the complex numbers that consist of two of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from striate.llvm.builder import Builder
from striate.llvm.ir import F64, I64, IRValue, vector_type

WIDTH = 8
"""Numbers in a vector; LLVM puts a vector in one, two or four registers."""

DOUBLES = vector_type(F64, WIDTH)
ITEM = 8
"""Bytes of a number."""

COMPLEX = 2 * WIDTH
"""Numbers of a complex vector in memory: the real parts, then the imaginary parts."""


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """Eight complex numbers: their real and their imaginary parts."""

    re: IRValue
    im: IRValue


def load(b: Builder, pointer: IRValue, offset: IRValue | int = 0) -> IRValue:
    """Load a vector, a number of float64 elements behind a pointer."""
    return b.load(b.at(pointer, offset, F64), DOUBLES, ITEM)


def store(b: Builder, value: IRValue, pointer: IRValue, offset: IRValue | int = 0) -> None:
    """Store a vector, a number of float64 elements behind a pointer."""
    b.store(value, b.at(pointer, offset, F64), ITEM)


def load_complex(b: Builder, pointer: IRValue, offset: IRValue | int = 0) -> Complex:
    """Load a complex vector."""
    start = b.at(pointer, offset, F64)
    return Complex(load(b, start), load(b, start, WIDTH))


def store_complex(b: Builder, value: Complex, pointer: IRValue, offset: IRValue | int = 0) -> None:
    """Store a complex vector."""
    start = b.at(pointer, offset, F64)
    store(b, value.re, start)
    store(b, value.im, start, WIDTH)


def number(b: Builder, pointer: IRValue, offset: IRValue | int = 0) -> IRValue:
    """Load a number into all lanes."""
    return b.splat(b.load(b.at(pointer, offset, F64), F64, ITEM), WIDTH)


def at(b: Builder, pointer: IRValue, offset: IRValue | int) -> IRValue:
    """Advance a pointer by a number of float64 elements."""
    return b.at(pointer, offset, F64)


def times(b: Builder, count: IRValue, factor: int) -> IRValue:
    """Multiply an integer by a constant."""
    return b.imul(count, I64(factor))


def each(
    b: Builder,
    first: IRValue | int,
    stop: IRValue,
    step: int,
    body: Callable[[IRValue], object],
) -> None:
    """Emit a loop that carries no values."""

    def one(index: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
        body(index)
        return []

    b.loop(first, stop, step, one)


def multiply_add(b: Builder, x: IRValue, y: IRValue, z: IRValue) -> IRValue:
    """Compute ``x * y + z``, with one rounding if the processor has such an instruction.

    Both results are within the bounds for rounding errors. :meth:`Builder.fma` would be very slow
    on processors without the instruction.
    """
    return b.intrinsic("fmuladd", x, y, z)
