"""Precision: the fraction of the predictions of a class that are correct."""

from dataclasses import dataclass

from striate.functions.metric.base import AveragedMetric, quotient
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Precision(AveragedMetric):
    r"""Precision: the fraction of the predictions of a class that are correct.

    .. math:: p_c = \frac{m_{cc}}{\sum_k m_{kc}}

    It is 0 for a class that is never predicted.

    Parameters
    ----------
    average
        ``"macro"`` averages over the classes that occur in the labels or in the predictions,
        ``"binary"`` takes the second class of two, and ``"auto"`` is ``"binary"`` for two
        classes and ``"macro"`` for more.

    Sources
    -------
    van Rijsbergen 1979.

    Examples
    --------
    Labels 0, 1, 1, predicted as 0, 0, 1:

    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> Precision().of(scores, np.array([0, 1, 1]))
    1.0
    """

    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Divide the correct predictions by all predictions."""
        del labels  # recall uses them
        return quotient(correct, predicted)

    @classmethod
    def cases(cls) -> tuple["Precision", ...]:
        return cls(), cls(average="binary")
