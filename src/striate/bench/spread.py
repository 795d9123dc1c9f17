"""The median and quartiles of several measurements."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median and quartiles of several measurements.

    Parameters
    ----------
    median, low, high
        Median, lower and upper quartile, in the unit of the measurements.
    rounds
        Number of measurements.
    """

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, measured: Sequence[float]) -> "Spread":
        """Compute median and quartiles.

        Parameters
        ----------
        measured
            The measurements, at least one.

        Returns
        -------
        Spread

        Examples
        --------
        >>> Spread.of([1.0, 5.0, 2.0, 3.0, 4.0])
        Spread(median=3.0, low=2.0, high=4.0, rounds=5)
        """
        if len(measured) == 1:
            low = middle = high = measured[0]
        else:
            low, middle, high = statistics.quantiles(measured, n=4, method="inclusive")
        return cls(median=middle, low=low, high=high, rounds=len(measured))
