"""R2, the coefficient of determination: how much of the targets' variance a network explains."""

from dataclasses import dataclass

import numpy as np

from striate.functions.metric.base import Metric, quotient
from striate.functions.metric.predictions import Predictions
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class R2(Metric):
    r"""The coefficient of determination, averaged over the columns.

    .. math:: R^2 = 1 - \frac{\sum_q s_q (y_q - a_q)^2}{\sum_q s_q (y_q - \bar y)^2}

    It is 1 if all predictions are exact, and 0 if they are only as good as predicting the mean of
    the targets. For a column of identical targets, it is 1 if all predictions are exact, and
    otherwise 0.

    Sources
    -------
    Wright 1921; Chan et al. 1983 (sums over batches).

    Examples
    --------
    >>> R2().of(np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    0.5
    """

    takes = "numbers"

    def start(self, classes: int, columns: int) -> Float[Array, "4 h"]:  # noqa: ARG002  # has no classes
        """Return weight, mean and squared deviations of the targets, and squared errors: zeros."""
        return np.zeros((4, columns))

    def update(self, totals: Float[Array, "4 h"], batch: Predictions) -> Float[Array, "4 h"]:
        """Merge the targets of a batch, without subtracting large sums of squares."""
        s, y = batch.weights, batch.targets.astype(np.float64)
        added = s.sum()
        if added == 0:
            return totals
        errors = s @ (batch.outputs.astype(np.float64) - y) ** 2
        # Differences from a row that counts, so that equal targets have a variance of exactly 0.
        first = y[np.argmax(s > 0)]
        mean = first + s @ (y - first) / added
        squares = s @ (y - mean) ** 2
        weight, before, deviations, squared = totals
        whole = weight + added
        shift = mean - before
        return np.array(
            (
                whole,
                before + shift * added / whole,
                deviations + squares + shift**2 * weight * added / whole,
                squared + errors,
            )
        )

    def parts(self, totals: Float[Array, "4 h"]) -> Float[Array, "h"]:
        """Return the coefficient of each column."""
        _, _, deviations, squared = totals
        constant = np.where(squared == 0, 1.0, 0.0)
        return np.where(deviations == 0, constant, 1 - quotient(squared, deviations))

    def value(self, totals: Float[Array, "4 h"]) -> float:
        """Average over the columns."""
        return float(self.parts(totals).mean())

    @classmethod
    def cases(cls) -> tuple["R2", ...]:
        return (cls(),)
