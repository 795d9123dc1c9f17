"""Clipping by norm: an upper bound for the norm of all derivatives."""

import math

import numpy as np

from striate.functions.options import POSITIVE, require
from striate.shapes import Array, Float


def clip_factor(dw: Float[Array, "x"], max_norm: float) -> float:
    r"""Return the factor that reduces the norm of the derivatives to a bound, or 1 if it is lower.

    .. math:: \min \left( 1, \; \frac{c}{\lVert dw \rVert + 10^{-6}} \right)

    This is PyTorch's formula: the clipped norm is slightly below ``max_norm``. Weight decay isn't
    included. The squares are summed in float64, in an order that doesn't depend on the number of
    threads.

    Parameters
    ----------
    dw
        Derivatives with respect to all parameters, flat.
    max_norm
        Maximum norm of the derivatives; above 0.

    Returns
    -------
    float
        The factor; NaN if a derivative is NaN, 0 if one is infinite.

    Raises
    ------
    OptionError
        If ``max_norm`` is not a number above 0.

    Sources
    -------
    Pascanu et al. 2013.

    Examples
    --------
    >>> clip_factor(np.array([3.0, 4.0]), max_norm=1.0)
    0.199999960000008
    >>> clip_factor(np.array([3.0, 4.0]), max_norm=10.0)
    1.0
    """
    require("max_norm", max_norm, POSITIVE, example=1.0)
    norm = math.sqrt(float(np.sum(np.square(dw, dtype=np.float64))))
    # `min` returns its first argument if the comparison is false, so NaN stays NaN.
    return min(float(max_norm) / (norm + 1e-6), 1.0)
