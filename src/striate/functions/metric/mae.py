"""MAE: the mean absolute error."""

from dataclasses import dataclass

import numpy as np

from striate.functions.metric.base import Metric, quotient
from striate.functions.metric.predictions import Predictions
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class MAE(Metric):
    """The mean absolute error, in the units of the targets, averaged over the columns.

    Sources
    -------
    Laplace 1774.

    Examples
    --------
    >>> MAE().of(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    1.0
    """

    takes = "numbers"
    higher_is_better = False

    def start(self, classes: int, columns: int) -> Float[Array, "2 h"]:  # noqa: ARG002  # has no classes
        """Return the sums of the weights and of the errors: zeros."""
        return np.zeros((2, columns))

    def update(self, totals: Float[Array, "2 h"], batch: Predictions) -> Float[Array, "2 h"]:
        """Add the errors of a batch."""
        error = np.abs(batch.outputs.astype(np.float64) - batch.targets)
        return totals + np.array(
            (np.full(len(error.T), batch.weights.sum()), batch.weights @ error)
        )

    def parts(self, totals: Float[Array, "2 h"]) -> Float[Array, "h"]:
        """Return the mean absolute error of each column."""
        return quotient(totals[1], totals[0])

    def value(self, totals: Float[Array, "2 h"]) -> float:
        """Average over the columns."""
        return float(self.parts(totals).mean())

    @classmethod
    def cases(cls) -> tuple["MAE", ...]:
        return (cls(),)
