"""The curve of several schedules: half a period of the cosine."""

import math


def half_cosine(start: float, end: float, part: float) -> float:
    r"""Interpolate between two numbers, flat at both ends and steepest in the middle.

    .. math:: e + (s - e) \frac{1 + \cos \pi p}{2}

    Parameters
    ----------
    start, end
        The values at both ends.
    part
        Position between the ends; the value is ``start`` below 0 and ``end`` above 1.

    Returns
    -------
    float
        The value at that position.

    Sources
    -------
    Loshchilov and Hutter 2017.

    Examples
    --------
    >>> half_cosine(1.0, 0.0, 0.0), half_cosine(1.0, 0.0, 1.0), round(half_cosine(1.0, 0.0, 0.5), 6)
    (1.0, 0.0, 0.5)
    """
    part = min(max(part, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
