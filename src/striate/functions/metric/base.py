"""The base class of metrics: how good a network's predictions are.

A metric is computed over a whole data set, not averaged over batches: it has *totals*, an array of
float64 that :meth:`Metric.update` extends by one batch after another. So its value doesn't depend
on the batch size, and a checkpoint can save it in the middle of an epoch.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from striate.functions.kind_name import kind_name
from striate.functions.layer_form import call_text
from striate.functions.metric.predictions import Predictions
from striate.functions.options import Checked, OneOf, option
from striate.shapes import Array, Float

MetricTargets = Literal["labels", "numbers"]
"""What a metric compares predictions with."""

AVERAGES = ("auto", "macro", "binary")


@dataclass(frozen=True, kw_only=True)
class Metric(Checked, ABC):
    """A metric: a number that says how good predictions are.

    A metric contains only its options. Subclass it to write your own: set ``takes`` to what it
    compares predictions with, and implement :meth:`start`, :meth:`update` and :meth:`value`.

    Examples
    --------
    The largest error of any prediction:

    >>> @dataclass(frozen=True, kw_only=True)
    ... class MaxError(Metric):
    ...     takes = "numbers"
    ...     higher_is_better = False
    ...
    ...     def start(self, classes, columns):
    ...         return np.zeros(1)
    ...
    ...     def update(self, totals, batch):
    ...         return np.maximum(totals, np.abs(batch.outputs - batch.targets).max())
    ...
    ...     def value(self, totals):
    ...         return float(totals[0])
    >>> MaxError().of(np.array([[1.0], [2.5]]), np.array([[1.0], [2.0]]))
    0.5
    """

    takes: ClassVar[MetricTargets] = "labels"
    """Whether predictions are compared with labels or with numbers."""

    higher_is_better: ClassVar[bool] = True
    """Whether a better network has a higher value, as for accuracy, or a lower one."""

    @property
    def name(self) -> str:
        """Its name in the history, derived from the class: ``max-error`` for ``MaxError``."""
        return kind_name(type(self))

    @abstractmethod
    def start(self, classes: int, columns: int) -> Float[Array, "..."]:
        """Return the totals before the first batch.

        Parameters
        ----------
        classes
            Number of classes; 0 if the targets are numbers.
        columns
            Number of maps of the output.

        Returns
        -------
        Array
            float64, of a shape that doesn't depend on the data.
        """

    @abstractmethod
    def update(self, totals: Float[Array, "..."], batch: Predictions) -> Float[Array, "..."]:
        """Return the totals after another batch; the given ones must not change."""

    @abstractmethod
    def value(self, totals: Float[Array, "..."]) -> float:
        """Return the metric; finite for any data, even for none."""

    def parts(self, totals: Float[Array, "..."]) -> Float[Array, "k"] | None:  # noqa: ARG002  # some have none
        """Return the metric of each class, or of each column of numbers."""
        return None

    @final
    def of(self, outputs: Array, y: Array, *, weights: Array | None = None) -> float:
        """Compute the metric of all predictions at once.

        Parameters
        ----------
        outputs
            Scores ``(n, classes)``, or numbers ``(n, columns)``.
        y
            Labels ``(n,)`` from 0, with -1 for those to ignore; or numbers ``(n, columns)``.
        weights
            Sample weights ``(n,)``; 1 by default.

        Returns
        -------
        float
        """
        outputs, y = np.asarray(outputs), np.asarray(y)
        classes = outputs.shape[1] if self.takes == "labels" else 0
        batch = Predictions(
            outputs,
            classes,
            classified=outputs.argmax(axis=1) if classes else None,
            truth=y if classes else None,
            numbers=None if classes else y,
            sample_weights=weights,
        )
        return self.value(self.update(self.start(classes, outputs.shape[1]), batch))

    def __str__(self) -> str:
        return call_text(self)


@dataclass(frozen=True, kw_only=True)
class ClassMetric(Metric):
    """A metric that has a value for each class, computed from the counts of each class.

    The totals are the rows of :attr:`Predictions.counts`.
    """

    @abstractmethod
    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Return the metric of each class.

        Parameters
        ----------
        correct, predicted, labels
            For each class, the weight of its correct predictions, of all its predictions, and of
            its labels.
        """

    def start(self, classes: int, columns: int) -> Float[Array, "3 c"]:  # noqa: ARG002  # needs no columns
        """Return zeros."""
        return np.zeros((3, classes))

    def update(self, totals: Float[Array, "3 c"], batch: Predictions) -> Float[Array, "3 c"]:
        """Add the counts of a batch."""
        return totals + batch.counts

    def parts(self, totals: Float[Array, "3 c"]) -> Float[Array, "c"]:
        """Return the metric of each class; 0 for a class that does not occur."""
        return self.of_classes(*totals)


@dataclass(frozen=True, kw_only=True)
class AveragedMetric(ClassMetric):
    """A metric of each class that is averaged over the classes.

    Parameters
    ----------
    average
        ``"macro"`` averages over the classes that occur in the labels or in the predictions,
        ``"binary"`` takes the second class of two, and ``"auto"`` is ``"binary"`` for two
        classes and ``"macro"`` for more.
    """

    average: str = option("auto", OneOf(AVERAGES))

    def value(self, totals: Float[Array, "3 c"]) -> float:
        """Return the average; 0 if no class occurs."""
        values = self.parts(totals)
        if self.average == "binary" or (self.average == "auto" and len(values) == 2):
            return float(values[1])
        occurs = (totals[1] > 0) | (totals[2] > 0)
        return float(values[occurs].mean()) if occurs.any() else 0.0


def quotient(x: Array, y: Array) -> Array:
    """Divide, with 0 where the divisor is 0.

    Examples
    --------
    >>> quotient(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    array([0.5, 0. ])
    """
    return np.divide(x, y, out=np.zeros(np.shape(x)), where=y != 0)
