"""Balanced accuracy: the mean of the classes' recalls, so that a rare class counts as much."""

from dataclasses import dataclass

from striate.functions.metric.base import ClassMetric, quotient
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class BalancedAccuracy(ClassMetric):
    r"""The mean, over the classes that have labels, of the fraction that is predicted correctly.

    .. math:: \frac{1}{C} \sum_c \frac{m_{cc}}{\sum_k m_{ck}}

    A network that always predicts the most frequent class has a balanced accuracy of 1/C.

    Sources
    -------
    Brodersen et al. 2010.

    Examples
    --------
    Labels 0, 0, 0, 1, all predicted as 0:

    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1]] * 4)
    >>> BalancedAccuracy().of(scores, np.array([0, 0, 0, 1]))
    0.5
    """

    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Return the recall of each class."""
        del predicted  # only what the labels are predicted as counts
        return quotient(correct, labels)

    def value(self, totals: Float[Array, "3 c"]) -> float:
        """Average the recalls of the classes that have labels."""
        occurs = totals[2] > 0
        return float(self.parts(totals)[occurs].mean()) if occurs.any() else 0.0

    @classmethod
    def cases(cls) -> tuple["BalancedAccuracy", ...]:
        return (cls(),)
