"""RMSE: the root mean squared error."""

from dataclasses import dataclass

import numpy as np

from striate.functions.metric.base import Metric, quotient
from striate.functions.metric.predictions import Predictions
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class RMSE(Metric):
    """The root mean squared error, in the units of the targets, averaged over the columns.

    Sources
    -------
    Legendre 1805.

    Examples
    --------
    >>> RMSE().of(np.array([[1.0], [4.0]]), np.array([[1.0], [0.0]])) == 8**0.5
    True
    """

    takes = "numbers"
    higher_is_better = False

    def start(self, classes: int, columns: int) -> Float[Array, "2 h"]:  # noqa: ARG002  # has no classes
        """Return the sums of the weights and of the squared errors: zeros."""
        return np.zeros((2, columns))

    def update(self, totals: Float[Array, "2 h"], batch: Predictions) -> Float[Array, "2 h"]:
        """Add the squared errors of a batch."""
        error = batch.outputs.astype(np.float64) - batch.targets
        return totals + np.array(
            (np.full(totals.shape[1], batch.weights.sum()), batch.weights @ error**2)
        )

    def parts(self, totals: Float[Array, "2 h"]) -> Float[Array, "h"]:
        """Return the root of the mean squared error of each column."""
        return np.sqrt(quotient(totals[1], totals[0]))

    def value(self, totals: Float[Array, "2 h"]) -> float:
        """Average over the columns."""
        return float(self.parts(totals).mean())

    @classmethod
    def cases(cls) -> tuple["RMSE", ...]:
        return (cls(),)
