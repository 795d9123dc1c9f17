"""The Dice coefficient: the overlap of predicted and true regions."""

from dataclasses import dataclass

from striate.functions.metric.base import AVERAGES, AveragedMetric, quotient
from striate.functions.options import OneOf, option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Dice(AveragedMetric):
    r"""The Dice coefficient, averaged over the classes.

    .. math:: d_c = \frac{2 m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck}}

    The Dice coefficient of a class is its F1; with the Jaccard index j it is 2 j / (1 + j).

    Parameters
    ----------
    average
        ``"macro"`` averages over the classes that occur in the labels or in the predictions,
        ``"binary"`` takes the second class of two, and ``"auto"`` is ``"binary"`` for two
        classes and ``"macro"`` for more.

    Sources
    -------
    Dice 1945.

    Examples
    --------
    Labels 0, 1, 1, predicted as 0, 0, 1:

    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> round(Dice().of(scores, np.array([0, 1, 1])), 4)
    0.6667
    """

    average: str = option("macro", OneOf(AVERAGES))

    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Divide twice the correct predictions by predictions plus labels."""
        return quotient(2 * correct, predicted + labels)

    @classmethod
    def cases(cls) -> tuple["Dice", ...]:
        return cls(), cls(average="binary")
