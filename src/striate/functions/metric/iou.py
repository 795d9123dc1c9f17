"""IoU, the Jaccard index: how well predicted regions match the true ones."""

from dataclasses import dataclass

from striate.functions.metric.base import AVERAGES, AveragedMetric, quotient
from striate.functions.options import OneOf, option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class IoU(AveragedMetric):
    r"""Intersection over union, or Jaccard index, averaged over the classes.

    .. math:: j_c = \frac{m_{cc}}{\sum_k m_{kc} + \sum_k m_{ck} - m_{cc}}

    In segmentation, this is the number of pixels in both the predicted and the true region of a
    class, divided by the number in either. The pixels are counted over all images first.

    Parameters
    ----------
    average
        ``"macro"`` averages over the classes that occur in the labels or in the predictions,
        ``"binary"`` takes the second class of two, and ``"auto"`` is ``"binary"`` for two
        classes and ``"macro"`` for more.

    Sources
    -------
    Jaccard 1912; Everingham et al. 2010.

    Examples
    --------
    Labels 0, 1, 1, predicted as 0, 0, 1:

    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> round(IoU().of(scores, np.array([0, 1, 1])), 4)
    0.5
    """

    average: str = option("macro", OneOf(AVERAGES))

    def of_classes(
        self, correct: Float[Array, "c"], predicted: Float[Array, "c"], labels: Float[Array, "c"]
    ) -> Float[Array, "c"]:
        """Divide the correct predictions by predictions or labels."""
        return quotient(correct, predicted + labels - correct)

    @classmethod
    def cases(cls) -> tuple["IoU", ...]:
        return cls(), cls(average="binary")
