"""Natural logarithms: log, log1p."""

import math

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue, constant
from striate.llvm.vector_math import coefficients
from striate.llvm.vector_math.arithmetic import (
    INFINITY,
    MANTISSA_BITS,
    NAN,
    SMALLEST,
    bits,
    exponent_bits,
    from_bits,
    polynomial,
    with_sign_of,
)

_FOUR = 0x40800000
"""The bits of 4."""

_LOG_2 = math.log(2) / 2.0**MANTISSA_BITS
"""What one unit of the exponent, as an integer's bits, adds to the logarithm."""


def log(b: Builder, x: IRValue) -> IRValue:
    r"""Compute the natural logarithm.

    .. math:: \log x = e \log 2 + \log (1 + f), \quad x = 2^e (1 + f), \quad -1/3 \le f < 1/3

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector; denormal numbers count as zero.

    Returns
    -------
    y
        Within 1 ulp; minus infinity for zeros, NaN for negative numbers.

    Sources
    -------
    Muller 2016.
    """
    exponent = exponent_bits(b, x)
    mantissa = from_bits(b, b.isub(bits(b, x), exponent), x.type)
    f = b.fsub(mantissa, constant(x.type, 1.0))
    y = _log_of_parts(b, exponent, f)
    zero = b.fcmp_ordered(">", x, constant(x.type, -SMALLEST))
    special = b.select(zero, constant(x.type, -INFINITY), constant(x.type, NAN))
    y = b.select(b.fcmp_ordered("<", x, constant(x.type, SMALLEST)), special, y)
    return _pass_infinity(b, x, y)


def log1p(b: Builder, x: IRValue) -> IRValue:
    r"""Compute :math:`\log (1 + x)`, with all digits where ``x`` is small.

    .. math:: \log (1 + x) = e \log 2 + \log (1 + f), \quad f = 2^{-e} x + (2^{-e} - 1)

    The exponent ``e`` is that of the rounded sum; ``f`` is made from ``x`` itself.

    Parameters
    ----------
    b
        Writes the function.
    x
        A float32 scalar or vector.

    Returns
    -------
    y
        Within 2 ulp; -0 stays -0. Minus infinity for -1, NaN below.

    Sources
    -------
    Muller 2016.
    """
    one = constant(x.type, 1.0)
    exponent = exponent_bits(b, b.fadd(x, one))
    scaled = from_bits(b, b.isub(bits(b, x), exponent), x.type)
    # Four times 2**-e, which is always normal.
    four = b.isub(constant(exponent.type, _FOUR), exponent)
    power = b.fma(from_bits(b, four, x.type), constant(x.type, 0.25), constant(x.type, -1.0))
    y = with_sign_of(b, _log_of_parts(b, exponent, b.fadd(scaled, power)), x)
    minus_one = constant(x.type, -1.0)
    pole = b.fcmp_ordered("==", x, minus_one)
    special = b.select(pole, constant(x.type, -INFINITY), constant(x.type, NAN))
    y = b.select(b.fcmp_ordered("<=", x, minus_one), special, y)
    return _pass_infinity(b, x, y)


def _log_of_parts(b: Builder, exponent: IRValue, f: IRValue) -> IRValue:
    """Compute the logarithm of ``2**e * (1 + f)``."""
    r = b.fma(polynomial(b, coefficients.LOG, f), b.fmul(f, f), f)
    return b.fma(b.sitofp(exponent, f.type), constant(f.type, _LOG_2), r)


def _pass_infinity(b: Builder, x: IRValue, y: IRValue) -> IRValue:
    """Return infinity and NaN unchanged."""
    return b.select(b.fcmp_ordered("<", x, constant(x.type, INFINITY)), y, x)
