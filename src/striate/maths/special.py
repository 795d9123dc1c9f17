"""The error function, which the transfer function GELU needs and which NumPy lacks."""

import numpy as np

from striate.shapes import Array, Float, Shaped

# Coefficients, highest power first. Near zero: erf(x) = x P(x²) / Q(x²).
_NEAR_P = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_NEAR_Q = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
# Farther out: 1 - erf(x) = exp(-x²) P(x) / Q(x).
_FAR_P = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_FAR_Q = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
_SEAM = 0.46875
# Beyond 6, 1 - erf(x) is below 3e-17, less than half the spacing of float64 below 1. The far form
# was fitted up to 4, where 1 - erf(x) is 2e-8; up to 6 its relative error was measured below 1e-12.
_ONE_FROM = 6.0


def erf(x: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""Integrate the bell curve from zero, element by element.

    .. math:: \operatorname{erf}(x) = \frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} \, dt

    Two rational approximations, one on each side of 0.46875, evaluated in float64.

    Parameters
    ----------
    x
        Any real numbers; infinities and NaN are allowed. Anything but floating-point numbers is
        read as float64.

    Returns
    -------
    y
        Numbers from -1 to 1 in the precision of ``x``; in float64 the relative error is at most
        1e-15.

    Sources
    -------
    Cody 1969.

    Examples
    --------
    >>> erf(np.array([0.0, 0.5, -1.0, np.inf])).round(6)
    array([ 0.      ,  0.5205  , -0.842701,  1.      ])
    """
    x = np.asarray(x)
    precision = x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(np.float64)
    size = np.abs(x.astype(np.float64))
    near = size <= _SEAM
    # Each form is fed only numbers on its own side of the seam, so that neither can overflow.
    inner = np.where(near, size, 0.0)
    square = inner * inner
    outer = np.where(near, _ONE_FROM, np.minimum(size, _ONE_FROM))
    y_near = inner * _polynomial(_NEAR_P, square) / _polynomial(_NEAR_Q, square)
    y_far = 1.0 - np.exp(-outer * outer) * _polynomial(_FAR_P, outer) / _polynomial(_FAR_Q, outer)
    return np.copysign(np.where(near, y_near, y_far), x).astype(precision)


def _polynomial(coefficients: tuple[float, ...], x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Evaluate a polynomial by Horner's rule, highest power first."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total
