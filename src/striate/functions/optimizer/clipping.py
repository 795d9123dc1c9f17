"""Clipping by norm: a bound on how long all derivatives together may be."""

import math

import numpy as np

from striate.functions.options import POSITIVE, require
from striate.shapes import Array, Float


def clip_factor(dw: Float[Array, "x"], max_norm: float) -> float:
    r"""Give the factor that shortens the derivatives to a norm, or 1 where they are short enough.

    .. math:: \min \left( 1, \; \frac{c}{\lVert dw \rVert + 10^{-6}} \right)

    It is PyTorch's formula: what is clipped ends a little below ``max_norm``. Weight decay is not
    part of what is measured. The squares are summed in float64, in an order that no number of
    threads changes.

    Parameters
    ----------
    dw
        Derivatives of all parameters, in one row.
    max_norm
        The norm that the derivatives may have at most; above 0.

    Returns
    -------
    float
        What to multiply the derivatives with; NaN where one of them is NaN, 0 where one is
        infinite.

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
    # `min` keeps its first argument where a comparison fails: so NaN stays NaN.
    return min(float(max_norm) / (norm + 1e-6), 1.0)
