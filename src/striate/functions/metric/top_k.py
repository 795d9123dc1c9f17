"""Top-k accuracy: how often the true class is among the k highest scores."""

from dataclasses import dataclass

import numpy as np

from striate.functions.metric.base import Metric
from striate.functions.metric.predictions import Predictions
from striate.functions.options import COUNT, option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class TopK(Metric):
    """The fraction of the images, or pixels, whose true class is among the k highest scores.

    Of classes with equal scores, the one with the lower index ranks first. So ``k=1`` gives the
    accuracy of ``argmax``, and a network that gives all classes the same score does not look good.
    The name is ``"top-"`` and k, such as ``"top-5"``.

    Parameters
    ----------
    k
        Number of highest scores to consider.

    Sources
    -------
    Krizhevsky et al. 2012.

    Examples
    --------
    >>> TopK(k=2).of(np.array([[0.3, 0.5, 0.2], [0.3, 0.4, 0.3]]), np.array([0, 2]))
    0.5
    """

    k: int = option(5, COUNT)

    @property
    def name(self) -> str:
        """Its name in the history: ``top-5``."""
        return f"top-{self.k}"

    def start(self, classes: int, columns: int) -> Float[Array, "2"]:  # noqa: ARG002  # needs neither
        """Return the weights of the correct predictions and of all: zeros."""
        return np.zeros(2)

    def update(self, totals: Float[Array, "2"], batch: Predictions) -> Float[Array, "2"]:
        """Add the weights of a batch."""
        y, scores = batch.labels, batch.outputs
        own = np.take_along_axis(scores, y[:, np.newaxis], axis=1)
        earlier = np.less(np.arange(int(scores.shape[1])), y[:, np.newaxis])
        ahead = np.logical_or(scores > own, np.logical_and(scores == own, earlier))
        found = np.count_nonzero(ahead, axis=1) < self.k
        return totals + np.array((batch.weights[found].sum(), batch.weights.sum()))

    def value(self, totals: Float[Array, "2"]) -> float:
        """Divide the weights."""
        return float(totals[0] / totals[1]) if totals[1] else 0.0

    @classmethod
    def cases(cls) -> tuple["TopK", ...]:
        return cls(), cls(k=2)
