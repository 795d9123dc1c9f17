"""The exponential function and functions based on it: exp, expm1, tanh."""

import math

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue, constant
from striate.llvm.vector_math import coefficients
from striate.llvm.vector_math.arithmetic import (
    INFINITY,
    MANTISSA_BITS,
    at_least,
    at_most,
    bits,
    from_bits,
    polynomial,
    with_sign_of,
)

_BIAS = 127
"""The exponent bits of 1."""

# Added to a number of magnitude below 2**22, it leaves no bits for a fraction. So the sum is
# rounded to an integer, which is in its lowest bits.
_ROUNDER = 1.5 * 2.0**23

# log(2) as a sum; the first number has so few digits that its product with any exponent is exact.
_LOG_2_HIGH = float.fromhex("0x1.62e4p-1")
_LOG_2_LOW = math.log(2) - _LOG_2_HIGH

_EXP_ENDS = (float.fromhex("-0x1.5d589ep+6"), float.fromhex("0x1.62e42ep+6"))
"""The range in which exp is finite and normal: the logarithms of 2**-126 and 2**128."""

_EXPM1_ENDS = (-18.0, 88.75)
"""The range beyond which expm1 is -1 or infinite in float32."""

_TANH_END = 9.02
"""The smallest number whose tanh is 1 in float32."""

_LARGEST = float.fromhex("0x1.fffffep+127")
"""The largest float32."""


def exp(b: Builder, x: IRValue) -> IRValue:
    r"""Compute :math:`e^x`.

    .. math:: e^x = 2^n e^r, \quad n = \operatorname{round}(x / \log 2), \quad r = x - n \log 2

    The polynomial for the second factor gives a number near 1, and ``n`` is added to its exponent.

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector.

    Returns
    -------
    y
        Within 1 ulp; 0 where the value would be denormal.

    Sources
    -------
    Muller 2016.
    """
    low, high = (constant(x.type, end) for end in _EXP_ENDS)
    rounded, n = _whole(b, x, bias=0)
    r = _rest(b, x, n)
    one = constant(x.type, 1.0)
    q = b.fma(polynomial(b, coefficients.EXP, r), r, one)
    near_one = b.fma(q, r, one)
    shift = constant(bits(b, x).type, MANTISSA_BITS)
    exponent = b.shl(bits(b, rounded), shift)
    y = from_bits(b, b.iadd(bits(b, near_one), exponent), x.type)
    y = b.select(b.fcmp_ordered("<", x, low), constant(x.type, 0.0), y)
    # Adding infinity makes large results infinite and keeps NaN.
    beyond = b.fadd(x, constant(x.type, INFINITY))
    return b.select(b.fcmp_unordered(">", x, high), beyond, y)


def expm1(b: Builder, x: IRValue) -> IRValue:
    r"""Compute :math:`e^x - 1`, with all digits where ``x`` is small.

    .. math:: e^x - 1 = 2^n (e^r - 1) + (2^n - 1)

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector.

    Returns
    -------
    y
        Within 2 ulp; -0 stays -0.

    Sources
    -------
    Muller 2016.
    """
    bounded = at_most(b, _EXPM1_ENDS[1], at_least(b, _EXPM1_ENDS[0], x))
    # Half the power of two, since the full one would be infinite for the largest results. There the
    # largest float32 is used instead, and the sum is wrong by at most one unit.
    rounded, n = _whole(b, bounded, bias=_BIAS - 1)
    half_power = _power_of_two(b, rounded)
    q = _expm1_near_zero(b, _rest(b, bounded, n))
    power = b.fma(half_power, constant(x.type, 2.0), constant(x.type, -1.0))
    y = b.fma(half_power, b.fadd(q, q), at_most(b, _LARGEST, power))
    return with_sign_of(b, y, x)


def tanh(b: Builder, x: IRValue) -> IRValue:
    r"""Compute the hyperbolic tangent.

    .. math:: \tanh |x| = \frac{-w}{1 + w}, \quad w = \frac{e^{-2 |x|} - 1}{2}

    The quotient loses no digits: near zero ``w`` is small, far from it the divisor is near 1/2.

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector.

    Returns
    -------
    y
        Within 2 ulp; -0 stays -0.

    Sources
    -------
    Muller 2016.
    """
    minus_double = b.fmul(b.intrinsic("fabs", x), constant(x.type, -2.0))
    bounded = at_least(b, -2 * _TANH_END, minus_double)
    rounded, n = _whole(b, bounded, bias=_BIAS - 1)
    half_power = _power_of_two(b, rounded)
    # One float32 number is enough for log(2): for large n, the result hardly depends on r.
    r = b.fma(n, constant(x.type, -math.log(2)), bounded)
    q = _expm1_near_zero(b, r)
    half = constant(x.type, 0.5)
    w = b.fma(half_power, q, b.fsub(half_power, half))
    # Not computed from w, whose rounding error would count twice.
    divisor = b.fma(half_power, q, b.fadd(half_power, half))
    return with_sign_of(b, b.fdiv(w, divisor), x)


def _expm1_near_zero(b: Builder, r: IRValue) -> IRValue:
    """Compute expm1 of the remainder after subtracting a multiple of log(2)."""
    return b.fma(polynomial(b, coefficients.EXPM1, r), b.fmul(r, r), r)


def _whole(b: Builder, x: IRValue, *, bias: int) -> tuple[IRValue, IRValue]:
    """Divide by log(2) and round: with a bias in the lowest bits, and as a float."""
    rounder = constant(x.type, _ROUNDER + bias)
    rounded = b.fma(x, constant(x.type, 1 / math.log(2)), rounder)
    return rounded, b.fsub(rounded, rounder)


def _power_of_two(b: Builder, rounded: IRValue) -> IRValue:
    """Turn a biased integer into a power of two with this exponent."""
    whole = bits(b, rounded)
    return from_bits(b, b.shl(whole, constant(whole.type, MANTISSA_BITS)), rounded.type)


def _rest(b: Builder, x: IRValue, n: IRValue) -> IRValue:
    """Subtract a multiple of log(2), as exactly as with a single rounding."""
    rest = b.fma(n, constant(x.type, -_LOG_2_HIGH), x)
    return b.fma(n, constant(x.type, -_LOG_2_LOW), rest)
