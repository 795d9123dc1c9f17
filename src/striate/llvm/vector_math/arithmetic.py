"""What all functions are made of: polynomials, bounds that let NaN pass, the bits of numbers."""

from collections.abc import Sequence
from math import inf, nan

from striate.llvm.builder import Builder
from striate.llvm.ir import I32, IRType, IRValue, constant, type_like

MANTISSA_BITS = 23
SMALLEST = 2.0**-126
"""The smallest positive number that is not denormal."""

INFINITY = inf
NAN = nan

_TWO_THIRDS = 0x3F2AAAAB
"""The bits of 2/3."""


def polynomial(b: Builder, coefficients: Sequence[float], x: IRValue) -> IRValue:
    """Evaluate a polynomial by Horner's rule, lowest power first, all multiply-adds fused."""
    *lower, total = (constant(x.type, c) for c in coefficients)
    for coefficient in reversed(lower):
        total = b.fma(total, x, coefficient)
    return total


def at_least(b: Builder, bound: float, x: IRValue) -> IRValue:
    """Raise what is below a bound to it; NaN stays."""
    least = constant(x.type, bound)
    return b.select(b.fcmp_ordered(">", least, x), least, x)


def at_most(b: Builder, bound: float, x: IRValue) -> IRValue:
    """Lower what is above a bound to it; NaN stays."""
    most = constant(x.type, bound)
    return b.select(b.fcmp_ordered("<", most, x), most, x)


def bits(b: Builder, x: IRValue) -> IRValue:
    """Read a float32 as the integer with the same bits."""
    return b.bitcast(x, type_like(x, I32))


def from_bits(b: Builder, i: IRValue, type_: IRType) -> IRValue:
    """Read an integer as the float32 with the same bits."""
    return b.bitcast(i, type_)


def with_sign_of(b: Builder, size: IRValue, x: IRValue) -> IRValue:
    """Give a number the sign of another, whatever its own."""
    return b.intrinsic("copysign", size, x)


def exponent_bits(b: Builder, x: IRValue) -> IRValue:
    """Find the exponent for a mantissa from 2/3 to 4/3; it lies where a float32 has its own."""
    whole = bits(b, x)
    above = b.isub(whole, constant(whole.type, _TWO_THIRDS))
    return b.and_(above, constant(whole.type, -(1 << MANTISSA_BITS)))
