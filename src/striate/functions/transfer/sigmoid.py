"""The logistic function, which several kinds use, in a form that is accurate at both ends."""

import numpy as np

from striate.shapes import Array, Float

LOGISTIC = "exp(min(n[q,*x], 0)) / (1 + exp(-abs(n[q,*x])))"
"""The function in the nest language. The exponents are never positive, so it doesn't overflow."""


def logistic(n: Float[Array, "*x"]) -> Float[Array, "*x"]:
    r"""Convert log-odds to probabilities.

    .. math:: \frac{1}{1 + e^{-n}} = \frac{e^{\min(n, 0)}}{1 + e^{-|n|}}

    Parameters
    ----------
    n
        Any numbers, infinities included.

    Returns
    -------
    Array
        Numbers from 0 to 1, accurate even if they are small, unlike ``(1 + tanh(n / 2)) / 2``.

    Examples
    --------
    >>> logistic(np.array([-np.inf, -50.0, 0.0, np.inf]))
    array([0.00000000e+00, 1.92874985e-22, 5.00000000e-01, 1.00000000e+00])
    """
    return np.exp(np.minimum(n, 0)) / (1 + np.exp(-np.abs(n)))
