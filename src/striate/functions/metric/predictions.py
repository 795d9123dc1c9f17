"""The predictions and targets of a batch, as rows for the metrics."""

from math import prod

import numpy as np

from striate.properties import cached_property
from striate.shapes import Array, Float, Int


class Predictions:
    """The outputs of one batch with their targets: a row for each image.

    If the output has pixels, there is a row for each pixel. Rows whose label is ignored are left
    out. The arrays are computed when they are first used, so a metric costs only what it needs.

    Parameters
    ----------
    outputs
        The network's output, ``[q, map, *pixels]``.
    class_count
        Number of classes; 0 if the targets aren't labels.
    classified
        Index of the predicted class, ``[q, *pixels]``.
    truth
        Index of the true class, ``[q, *pixels]``; -1 where the label is ignored.
    numbers
        Targets that are numbers, ``[q, map, *pixels]``.
    sample_weights
        A weight for each image, ``[q]``, or each pixel, ``[q, *pixels]``; 1 by default.

    Examples
    --------
    >>> seen = Predictions(
    ...     np.zeros((3, 2)), 2, classified=np.array([0, 1, 1]), truth=np.array([0, 0, -1])
    ... )
    >>> seen.labels, seen.predicted, seen.weights
    (array([0, 0]), array([0, 1]), array([1., 1.]))
    """

    def __init__(
        self,
        outputs: Float[Array, "q h *x"],
        class_count: int = 0,
        *,
        classified: Int[Array, "q *x"] | None = None,
        truth: Int[Array, "q *x"] | None = None,
        numbers: Float[Array, "q h *x"] | None = None,
        sample_weights: Array | None = None,
    ) -> None:
        self.class_count = class_count
        self._outputs = outputs
        self._classified = classified
        self._truth = truth
        self._numbers = numbers
        self._weights = sample_weights

    @cached_property
    def labels(self) -> Int[Array, "r"]:
        """Index of the true class."""
        assert self._truth is not None
        return self._kept(self._truth.reshape(-1))

    @cached_property
    def predicted(self) -> Int[Array, "r"]:
        """Index of the predicted class."""
        assert self._classified is not None
        return self._kept(self._classified.reshape(-1))

    @cached_property
    def outputs(self) -> Float[Array, "r h"]:
        """The network's outputs, a column for each map."""
        return self._kept(_in_rows(self._outputs))

    @cached_property
    def targets(self) -> Float[Array, "r h"]:
        """Targets that are numbers, a column for each map."""
        assert self._numbers is not None
        return self._kept(_in_rows(self._numbers))

    @property
    def weighted(self) -> bool:
        """Whether rows have different weights."""
        return self._weights is not None

    @cached_property
    def weights(self) -> Float[Array, "r"]:
        """The weight of each row."""
        rows, pixels = len(self._outputs), prod(self._outputs.shape[2:])
        if self._weights is None:
            return self._kept(np.ones(rows * pixels))
        weights = self._weights.astype(np.float64, copy=False)
        each = weights.reshape(-1) if weights.ndim > 1 else np.repeat(weights, pixels)
        return self._kept(each)

    @cached_property
    def counts(self) -> Float[Array, "3 c"]:
        """For each class, the weight of its correct predictions, all its predictions, its labels.

        Examples
        --------
        >>> labels, predicted = np.array([0, 1, 1]), np.array([0, 0, 1])
        >>> Predictions(np.zeros((3, 2)), 2, classified=predicted, truth=labels).counts
        array([[1., 1.],
               [2., 1.],
               [1., 2.]])
        """
        labels, predicted, count = self.labels, self.predicted, self.class_count
        correct = labels == predicted
        if self._weights is None:
            sums = (
                np.bincount(labels[correct], minlength=count),
                np.bincount(predicted, minlength=count),
                np.bincount(labels, minlength=count),
            )
        else:
            s = self.weights
            sums = (
                np.bincount(labels[correct], weights=s[correct], minlength=count),
                np.bincount(predicted, weights=s, minlength=count),
                np.bincount(labels, weights=s, minlength=count),
            )
        return np.array(sums, np.float64)

    @cached_property
    def _rows(self) -> Array | None:
        """Mask of the rows whose label is not ignored; ``None`` for all."""
        if self._truth is None:
            return None
        counted = self._truth.reshape(-1) >= 0
        return None if counted.all() else counted

    def _kept(self, rows: Array) -> Array:
        """Leave out the rows whose label is ignored."""
        return rows if self._rows is None else rows[self._rows]


def _in_rows(a: Array) -> Array:
    """Arrange an output as rows with a column for each map."""
    return np.moveaxis(a, 1, -1).reshape(-1, a.shape[1])
