"""Divergence: whether a training run has failed although all its values are finite.

A learning rate that is too large makes weights grow until the loss overflows, which stops
training at once. Often the loss stays finite, far above what it was: mean squared errors of 1e9, or
a classifier that is certain and wrong. A temporary rise is normal (a one-cycle schedule causes
one), so this is decided at the end, for the weights that the network is left with: training has
diverged if their epoch's loss is more than five times both the loss of the first batch before any
step and the loss of the best constant prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.errors import Argument, Message
from striate.functions.transfer import Linear
from striate.graph.step import LossOperation, TrainingStep
from striate.shapes import Array
from striate.training.settings import TrainingSettings

FACTOR = 5.0
"""Three epochs of LeNet-5 on digits (November 2026): losses that were only noisy or stuck ended at
up to 1.1 times that of a constant prediction, those that had diverged at 6.6 to 16,000 times. Ten
images with dropout and batch normalization reach 2.1 times by noise alone."""

_TOGETHER = 1024  # images whose losses are computed at a time, so that little memory is needed


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The losses of a training run that diverged.

    Parameters
    ----------
    epoch, loss
        The epoch whose weights the network has, counted from 1, and its mean loss.
    start_loss
        The loss of the first batch, before any weight changed.
    constant_loss
        The loss of predicting the same for every image.
    """

    epoch: int
    loss: float
    start_loss: float
    constant_loss: float

    def __str__(self) -> str:
        """State the losses in one sentence."""
        return (
            f"Training diverged: the loss is {self.loss:.4g} after epoch {self.epoch}; it was "
            f"{self.start_loss:.4g} before training, and the same prediction for every image would "
            f"give {self.constant_loss:.4g}."
        )


def has_risen(loss: float, reference: float) -> bool:
    """Return whether a loss is so far above another that training must have diverged."""
    return loss > FACTOR * reference


def smaller_rate(rate: float) -> float:
    """Return a learning rate to try after a divergence: a tenth, but at most 0.1.

    A tenth of 1e38 diverges as well.
    """
    return min(rate / 10, 0.1)


def remedy(settings: TrainingSettings) -> Message:
    """Return what to change after a divergence.

    Examples
    --------
    >>> remedy(TrainingSettings(learning_rate=0.5))
    'Use a smaller learning rate, for example learning_rate=0.05 (now 0.5), or clip_norm=1.'
    """
    rate = settings.optimizer.learning_rate
    clip = settings.clip_norm is None and rate <= 1
    return Message(
        "Use a smaller learning rate, for example ",
        Argument("learning_rate", float(f"{smaller_rate(rate):g}")),
        f" (now {rate:g})",
        *((", or ", Argument("clip_norm", 1)) if clip else ()),
        ".",
    )


def constant_loss(
    step: TrainingStep, targets: Sequence[Array], weights: Array | None = None
) -> float:
    """Compute the loss of predicting the same for every image.

    Parameters
    ----------
    step
        A training step, for its losses and last activations.
    targets
        For each output, the targets in the form that its loss takes.
    weights
        The images' weights; ``None`` if all count the same.

    Returns
    -------
    float
        The sum over the outputs of the loss of a constant prediction: the mean of the targets, or
        where targets are labels equal scores for all classes.

    Examples
    --------
    Two classes and equal probabilities: ln 2.

    >>> from striate.functions.loss import CrossEntropy
    >>> from striate.graph.shorthand import parse
    >>> step = TrainingStep.of(parse("dense 2 softmax", (3,)), [CrossEntropy()])
    >>> round(constant_loss(step, [np.array([0, 1, 1])]), 4)
    0.6931
    """
    total = 0.0
    for end, y in zip(step.losses, targets, strict=True):
        prediction = _constant(step, end, y)
        sums = 0.0
        for start in range(0, len(y), _TOGETHER):
            part = slice(start, start + _TOGETHER)
            repeated = np.broadcast_to(prediction, (len(y[part]), *prediction.shape[1:]))
            of_part = None if weights is None else weights[part]
            sums += float(np.sum(end.loss.weighted(repeated, y[part], of_part)))
        total += end.weight * sums / end.loss.divisor(y, weights)
    return total


def _constant(step: TrainingStep, end: LossOperation, y: Array) -> Array:
    """Return what a loss reads if every image gets the same prediction."""
    if not end.loss.takes_labels:
        return y.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    transfer = step.graph[end.layer].layer.transfer
    equal = np.zeros((1, *step.graph.shapes[end.layer]), np.float32)
    return equal if isinstance(transfer, (Linear, *end.loss.absorbs)) else transfer.apply(equal)
