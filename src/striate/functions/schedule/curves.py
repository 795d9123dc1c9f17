"""The curve that several decays go down: half a period of the cosine."""

import math


def half_cosine(start: float, end: float, part: float) -> float:
    r"""Go from one number to another, flat at both ends and steepest in the middle.

    .. math:: e + (s - e) \frac{1 + \cos \pi p}{2}

    Parameters
    ----------
    start, end
        The numbers at both ends.
    part
        Part of the way that is done; before 0 is ``start``, beyond 1 is ``end``.

    Returns
    -------
    float
        The number at that place.

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
