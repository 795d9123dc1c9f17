"""Building blocks of all functions: polynomials, bounds that propagate NaN, and bit patterns."""

from collections.abc import Sequence
from math import inf, nan

from striate.llvm.builder import Builder
from striate.llvm.ir import I32, IRType, IRValue, constant, type_like

MANTISSA_BITS = 23
SMALLEST = 2.0**-126
"""The smallest positive normal number."""

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
    """Return the maximum of a number and a bound; NaN is kept."""
    least = constant(x.type, bound)
    return b.select(b.fcmp_ordered(">", least, x), least, x)


def at_most(b: Builder, bound: float, x: IRValue) -> IRValue:
    """Return the minimum of a number and a bound; NaN is kept."""
    most = constant(x.type, bound)
    return b.select(b.fcmp_ordered("<", most, x), most, x)


def bits(b: Builder, x: IRValue) -> IRValue:
    """Read a float32 as the integer with the same bits."""
    return b.bitcast(x, type_like(x, I32))


def from_bits(b: Builder, i: IRValue, type_: IRType) -> IRValue:
    """Read an integer as the float32 with the same bits."""
    return b.bitcast(i, type_)


def with_sign_of(b: Builder, size: IRValue, x: IRValue) -> IRValue:
    """Return a number with the sign of another."""
    return b.intrinsic("copysign", size, x)


def exponent_bits(b: Builder, x: IRValue) -> IRValue:
    """Find the exponent for a mantissa from 2/3 to 4/3, in the position of a float32's exponent."""
    whole = bits(b, x)
    above = b.isub(whole, constant(whole.type, _TWO_THIRDS))
    return b.and_(above, constant(whole.type, -(1 << MANTISSA_BITS)))
