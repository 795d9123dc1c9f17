"""Functions that take one or two instructions: square root, absolute value, sign."""

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue, constant


def sqrt(b: Builder, x: IRValue) -> IRValue:
    """Compute the square root, rounded correctly; NaN for negative numbers, -0 for -0."""
    return b.intrinsic("sqrt", x)


def reciprocal_square_root(b: Builder, x: IRValue) -> IRValue:
    """Compute the reciprocal square root within 1 ulp; infinity with the sign of a zero."""
    return b.fdiv(constant(x.type, 1.0), sqrt(b, x))


def absolute(b: Builder, x: IRValue) -> IRValue:
    """Return the absolute value."""
    return b.intrinsic("fabs", x)


def sign(b: Builder, x: IRValue) -> IRValue:
    """Return 1 with the sign of a number; zero for zero, NaN for NaN."""
    zero = constant(x.type, 0.0)
    one = b.intrinsic("copysign", constant(x.type, 1.0), x)
    return b.select(b.fcmp_ordered("!=", x, zero), one, x)
