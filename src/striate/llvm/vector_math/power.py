"""Powers with any exponent, through float64."""

from striate.llvm.builder import Builder
from striate.llvm.ir import F32, F64, I64, IRValue, constant, type_like
from striate.llvm.vector_math import coefficients
from striate.llvm.vector_math.arithmetic import (
    INFINITY,
    NAN,
    SMALLEST,
    at_least,
    at_most,
    bits,
    exponent_bits,
    from_bits,
    polynomial,
)
from striate.llvm.vector_math.simple import sqrt

_MANTISSA_BITS = 52
_BIAS = 1023
_ROUNDER = 1.5 * 2.0**_MANTISSA_BITS + _BIAS
"""Added to a small number, it rounds it; the integer and the bias are in the lowest bits."""

_FARTHEST = 300.0
"""A power of two with this exponent, or its negative, is infinite or zero in float32."""

_EXPONENT_STEP = 2.0**-23
"""Converts the exponent bits of a float32 into a number."""


def power(b: Builder, x: IRValue, y: IRValue | float) -> IRValue:
    r"""Compute :math:`x^y`.

    .. math:: x^y = 2^{y \log_2 x}

    The exponents -1, 1/2, 1, 2, 3 and 4 need no logarithm: that is decided while the function is
    written, where the exponent is a Python number.

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector; denormal numbers count as zero.
    y
        The exponent: a float32 value of the same type, or a Python number.

    Returns
    -------
    z
        Within 1 ulp; within 2 for the Python number 4. Special cases are those of IEEE 754's
        ``pow``, with one exception: for the Python number 1/2, the power of minus infinity is NaN,
        like its square root.

    Sources
    -------
    Muller 2016.
    """
    if isinstance(y, float | int):
        short = _without_logarithm(b, x, y)
        return _general(b, x, constant(x.type, float(y))) if short is None else short
    return _general(b, x, y)


def _without_logarithm(b: Builder, x: IRValue, y: float) -> IRValue | None:
    """Compute a power with a few multiplications, a division or a root, if that is possible."""
    if y == -1:
        return b.fdiv(constant(x.type, 1.0), x)
    if y == 0.5:
        return b.fadd(sqrt(b, x), constant(x.type, 0.0))  # +0 also for -0
    if y == 1:
        return x
    if y not in {2, 3, 4}:
        return None
    square = b.fmul(x, x)
    return square if y == 2 else b.fmul(square, x if y == 3 else square)


def _general(b: Builder, x: IRValue, y: IRValue) -> IRValue:
    """Compute any power."""
    size = b.intrinsic("fabs", x)
    one = constant(x.type, 1.0)
    z = _exp2(b, b.fmul(b.fpext(y, type_like(x, F64)), _log2(b, size)))
    # One to any power is one, including infinity and NaN, where the product is 0 * infinity.
    z = b.select(b.fcmp_ordered("==", size, one), one, z)
    whole = b.fcmp_ordered("==", b.intrinsic("roundeven", y), y)
    half = b.fmul(y, constant(x.type, 0.5))
    odd = b.and_(whole, b.fcmp_ordered("!=", b.intrinsic("roundeven", half), half))
    z = b.select(odd, b.intrinsic("copysign", z, x), z)
    negative = b.and_(
        b.fcmp_ordered("<=", x, constant(x.type, -SMALLEST)),
        b.fcmp_ordered(">", x, constant(x.type, -INFINITY)),
    )
    z = b.select(b.and_(negative, b.not_(whole)), constant(x.type, NAN), z)
    neutral = b.or_(b.fcmp_ordered("==", y, constant(x.type, 0.0)), b.fcmp_ordered("==", x, one))
    return b.select(neutral, one, z)


def _log2(b: Builder, size: IRValue) -> IRValue:
    """Compute the binary logarithm of a magnitude, in float64."""
    double = type_like(size, F64)
    one = constant(double, 1.0)
    exponent = exponent_bits(b, size)
    mantissa = b.fpext(from_bits(b, b.isub(bits(b, size), exponent), size.type), double)
    t = b.fdiv(b.fsub(mantissa, one), b.fadd(mantissa, one))
    p = polynomial(b, coefficients.LOG2, b.fmul(t, t))
    whole = b.fmul(b.sitofp(exponent, double), constant(double, _EXPONENT_STEP))
    y = b.fma(t, p, whole)
    zero = b.fcmp_ordered("<", size, constant(size.type, SMALLEST))
    y = b.select(zero, constant(double, -INFINITY), y)
    finite = b.fcmp_ordered("<", size, constant(size.type, INFINITY))
    return b.select(finite, y, b.fpext(size, double))


def _exp2(b: Builder, z: IRValue) -> IRValue:
    """Compute the power of two for a float64, as float32."""
    double = z.type
    bounded = at_most(b, _FARTHEST, at_least(b, -_FARTHEST, z))
    rounder = constant(double, _ROUNDER)
    rounded = b.fadd(bounded, rounder)
    fraction = b.fsub(bounded, b.fsub(rounded, rounder))
    integers = type_like(z, I64)
    exponent = b.shl(b.bitcast(rounded, integers), constant(integers, _MANTISSA_BITS))
    y = b.fmul(polynomial(b, coefficients.EXP2, fraction), b.bitcast(exponent, double))
    return b.fptrunc(y, type_like(z, F32))
