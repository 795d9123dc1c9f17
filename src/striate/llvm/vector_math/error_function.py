"""The error function."""

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue, constant
from striate.llvm.vector_math import coefficients
from striate.llvm.vector_math.arithmetic import at_most, polynomial, with_sign_of

_SEAM = 1.2
"""The boundary between the two polynomials."""

_END = 3.93
"""The smallest number whose erf is 1 in float32."""


def erf(b: Builder, x: IRValue) -> IRValue:
    r"""Compute the error function.

    .. math:: \operatorname{erf}(x) = \frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} \, dt

    Near zero by an odd polynomial. Farther out, the eighth root of ``1 - erf(x)`` is so smooth that
    a polynomial of degree 6 serves up to the end, and no exponential function is needed.

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
    Abramowitz and Stegun 1964, 7.1.28 (the power of a polynomial).
    """
    size = b.intrinsic("fabs", x)
    inner = b.fma(polynomial(b, coefficients.ERF_NEAR, b.fmul(x, x)), size, size)
    root = polynomial(b, coefficients.ERF_FAR, at_most(b, _END, size))
    square = b.fmul(root, root)
    fourth = b.fmul(square, square)
    outer = b.fma(b.fneg(fourth), fourth, constant(x.type, 1.0))
    far = b.fcmp_ordered(">", size, constant(x.type, _SEAM))
    return with_sign_of(b, b.select(far, outer, inner), x)
