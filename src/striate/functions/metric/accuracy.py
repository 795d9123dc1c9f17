"""Accuracy: the fraction of correct predictions."""

from dataclasses import dataclass

import numpy as np

from striate.functions.metric.base import Metric
from striate.functions.metric.predictions import Predictions
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Accuracy(Metric):
    """The weighted fraction of the images, or pixels, whose predicted class is correct.

    Sources
    -------
    Stehman 1997.

    Examples
    --------
    >>> Accuracy().of(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    0.5
    """

    def start(self, classes: int, columns: int) -> Float[Array, "2"]:  # noqa: ARG002  # needs neither
        """Return the weights of the correct predictions and of all: zeros."""
        return np.zeros(2)

    def update(self, totals: Float[Array, "2"], batch: Predictions) -> Float[Array, "2"]:
        """Add the weights of a batch."""
        correct = batch.labels == batch.predicted
        if not batch.weighted:  # counting is faster than summing
            return totals + np.array((np.count_nonzero(correct), len(correct)))
        return totals + np.array((batch.weights[correct].sum(), batch.weights.sum()))

    def value(self, totals: Float[Array, "2"]) -> float:
        """Divide the weights."""
        return float(totals[0] / totals[1]) if totals[1] else 0.0

    @classmethod
    def cases(cls) -> tuple["Accuracy", ...]:
        return (cls(),)
