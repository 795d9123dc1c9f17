"""F1: the harmonic mean of precision and recall."""

from dataclasses import dataclass

from striate.functions.metric.base import AveragedMetric, quotient
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class F1(AveragedMetric):
    r"""F1: the harmonic mean of precision and recall.

    .. math:: f_c = \frac{2 m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck}}

    For pixels it is the same as the Dice coefficient.

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
    >>> round(F1().of(scores, np.array([0, 1, 1])), 4)
    0.6667
    """

    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Divide twice the correct predictions by predictions plus labels."""
        return quotient(2 * correct, predicted + labels)

    @classmethod
    def cases(cls) -> tuple["F1", ...]:
        return cls(), cls(average="binary")
