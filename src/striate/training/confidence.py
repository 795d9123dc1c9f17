"""Confidence intervals of an accuracy: how far off it may be by chance on few test images."""

import math
from typing import NamedTuple

from striate.errors import DataError

_QUANTILE = 1.959963984540054
"""The standard normal distribution has 95% of its probability between minus and plus this."""


class Interval(NamedTuple):
    """An interval that contains the true value in 95 of 100 samples.

    Parameters
    ----------
    low, high
        Its ends.
    """

    low: float
    high: float

    def __str__(self) -> str:
        """Write both ends in percent."""
        return f"{100 * self.low:.1f} to {100 * self.high:.1f}%"


def wilson_interval(correct: float, images: float) -> Interval:
    r"""Compute the 95% confidence interval of an accuracy.

    An accuracy on n test images estimates the accuracy on all images of that kind. With few images,
    the two differ by chance. Wilson's interval also holds for accuracies close to 0 or 1, where the
    usual :math:`p \pm 1.96 \sqrt{p (1 - p) / n}` would have the width 0.

    .. math::
        \frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4 n^2}}{1 + z^2 / n}

    Parameters
    ----------
    correct
        Number of images that are classified correctly.
    images
        Number of images.

    Returns
    -------
    Interval
        From 0 to 1.

    Raises
    ------
    DataError
        If ``images`` is 0, or less than ``correct``.

    Sources
    -------
    Wilson 1927; Brown et al. 2001.

    Examples
    --------
    >>> print(wilson_interval(35, 40))
    73.9 to 94.5%
    >>> print(wilson_interval(40, 40))
    91.2 to 100.0%
    """
    if not 0 <= correct <= images or images == 0:
        raise DataError(
            "`correct` must be a number from 0 to `images`, and `images` at least 1, got "
            f"{correct} of {images}. Count the images that are classified correctly."
        )
    p, spread = correct / images, _QUANTILE**2 / images
    center = (p + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (p * (1 - p) + spread / 4)) / (1 + spread)
    return Interval(max(0.0, center - half), min(1.0, center + half))
