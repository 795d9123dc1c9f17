"""Random numbers with mean 0 and a given standard deviation, for Glorot, He and LeCun."""

import math

import numpy as np

from striate.functions.options import OneOf
from striate.shapes import Array, Float, Shape

DISTRIBUTIONS = OneOf(("uniform", "normal"))


def draw_around_zero(
    generator: np.random.Generator, shape: Shape, *, distribution: str, deviation: float
) -> Float[Array, "..."]:
    r"""Draw numbers with mean 0 and a given standard deviation.

    A uniform distribution on :math:`[-\sqrt 3 \sigma, \sqrt 3 \sigma)` has the standard
    deviation :math:`\sigma`. The normal distribution isn't truncated, as in PyTorch; Keras
    truncates it at two standard deviations.

    Parameters
    ----------
    generator
        The random generator.
    shape
        The shape of the result.
    distribution
        ``"uniform"`` or ``"normal"``.
    deviation
        Standard deviation.

    Returns
    -------
    Array
        The numbers, drawn in float64 and rounded to float32.

    Sources
    -------
    Glorot and Bengio 2010.

    Examples
    --------
    >>> x = draw_around_zero(
    ...     np.random.default_rng(0), (1000,), distribution="uniform", deviation=1.0
    ... )
    >>> bool(np.abs(x).max() <= 3**0.5), x.dtype
    (True, dtype('float32'))
    """
    if distribution == "uniform":
        limit = math.sqrt(3) * deviation
        return generator.uniform(-limit, limit, shape).astype(np.float32)
    return generator.normal(0.0, deviation, shape).astype(np.float32)
