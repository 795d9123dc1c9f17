"""The quality of a network: loss, accuracy, confusion matrix, figures for each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import OptionError
from striate.functions.base import Loss
from striate.functions.options import Range
from striate.functions.writing import short
from striate.model.arguments import check_all_targets, check_inputs, count_of
from striate.model.batches import outputs_in_batches
from striate.model.classes import ClassValue
from striate.model.core import Core
from striate.model.losses import losses_of
from striate.model.weights import sample_weights
from striate.shapes import Array
from striate.training import metrics
from striate.training.confidence import Interval, wilson_interval
from striate.training.history import format_score


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How well a network predicts some images.

    Parameters
    ----------
    loss
        The weighted mean of the loss; the sum over the outputs of a network with several.
    images
        Number of images.
    accuracy
        The weighted fraction of images whose predicted class is correct; ``None`` if the targets
        are neither labels nor one-hot rows.
    interval
        The 95% confidence interval of the accuracy: how far it can be from the accuracy on other
        images of the same kind, by chance alone. ``None`` if images have different weights, or
        several labels each, which aren't independent.
    top_k
        The fraction of images whose class is among the k largest outputs, by k.
    confusion
        How many images of each class (row) were predicted as each class (column); ``None`` where
        ``accuracy`` is.
    classes
        The classes, in the order of the rows.
    """

    loss: float
    images: int
    accuracy: float | None = None
    interval: Interval | None = None
    top_k: dict[int, float] | None = None
    confusion: Array | None = None
    classes: tuple[ClassValue, ...] = ()

    @property
    def per_class(self) -> metrics.PerClass | None:
        """Precision, recall, F1 and number of images of each class."""
        return None if self.confusion is None else metrics.per_class(self.confusion)

    def __str__(self) -> str:
        lines = [f"loss {format_score(self.loss)} on {self.images:,} images"]
        if self.accuracy is not None:
            sure = "" if self.interval is None else f" (95% confidence interval {self.interval})"
            lines.append(f"accuracy {self.accuracy:.2%}{sure}")
        for k, share in (self.top_k or {}).items():
            lines.append(f"top-{k} accuracy {share:.2%}")
        if self.confusion is not None:
            names = [str(value) for value in self.classes]
            lines.append(metrics.as_text(self.confusion, names or None))
        return "\n".join(lines)


def evaluate(
    core: Core,
    x: Any,
    y: Any,
    *,
    loss: str | Loss | Sequence[str | Loss] | None,
    sample_weight: Any,
    top_k: Sequence[int],
    batch_size: int,
) -> Evaluation:
    """Compute loss and metrics of a network; see :meth:`striate.Network.evaluate`."""
    inputs = check_inputs(core, x)
    count = count_of(inputs)
    losses = losses_of(core.graph, loss)
    targets = check_all_targets(core.outputs, y, losses, count)
    weights = sample_weights(sample_weight, count)
    output, labels = core.outputs[0], targets[0].labels if len(targets) == 1 else None
    _require_top_k(top_k, labels, output.shape[0])
    values = [one.values for one in targets]
    activations, total = loss_of(core, core.buffers, inputs, losses, values, weights, batch_size)
    if labels is None:
        return Evaluation(loss=total, images=count)
    predicted = output.predicted(activations[0])
    per_image = weights if labels.ndim == 1 else None
    correct = predicted == labels
    independent = labels.ndim == 1 and weights is None
    return Evaluation(
        loss=total,
        images=count,
        accuracy=metrics.accuracy(labels.ravel(), predicted.ravel(), weights=per_image),
        interval=wilson_interval(int(correct.sum()), count) if independent else None,
        top_k={
            k: metrics.top_k_accuracy(labels, activations[0], k=k, weights=per_image) for k in top_k
        }
        if labels.ndim == 1
        else None,
        confusion=metrics.confusion_matrix(
            labels.ravel(), predicted.ravel(), classes=output.class_count
        ),
        classes=targets[0].classes.values,
    )


def loss_of(
    core: Core,
    buffers: tuple[Array, Array],
    inputs: Mapping[str, Array],
    losses: Sequence[Loss],
    targets: Sequence[Array],
    weights: Array | None,
    batch_size: int,
) -> tuple[tuple[Array, ...], float]:
    """Compute the outputs of checked images with these parameters, and the mean of their losses."""
    batches = outputs_in_batches(
        core.engines.for_losses(losses), core.preprocessing, buffers, inputs, batch_size
    )
    s = np.ones(count_of(inputs)) if weights is None else weights
    outputs: list[tuple[Array, ...]] = []
    sums = np.zeros(len(losses))
    start = 0
    for results in batches:
        part = slice(start, start + len(results.outputs[0]))
        for k, (loss, y) in enumerate(zip(losses, targets, strict=True)):
            sums[k] += np.sum(s[part] * loss.apply(results.read[k], y[part]), dtype=np.float64)
        outputs.append(results.outputs)
        start = part.stop
    joined = tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
    divisors = [loss.divisor(y, weights) for loss, y in zip(losses, targets, strict=True)]
    return joined, float(np.sum(sums / divisors))


def _require_top_k(top_k: Any, labels: Array | None, maps: int) -> None:
    """Raise if top-k accuracy cannot be computed."""
    several = isinstance(top_k, Sequence | np.ndarray) and len(top_k) > 0
    if several and (labels is None or labels.ndim != 1 or maps == 1):
        if maps == 1:
            problem = "the network has a single output"
        else:
            problem = "the targets are not one label for each image"
        raise OptionError(
            f"`top_k` is {short(top_k)}, but {problem}. Top-k accuracy is the fraction of "
            "images whose label is among the k largest outputs. Leave top_k out, or give labels to "
            "a network that has an output for each class."
        )
    allowed = Range(least=1, most=maps, whole=True)
    if not isinstance(top_k, Sequence | np.ndarray) or any(k not in allowed for k in top_k):
        raise OptionError(
            f"`top_k` must be a list of integers from 1 to {maps}, the number of outputs, got "
            f"{short(top_k.tolist() if isinstance(top_k, np.ndarray) else top_k)}. "
            f"Try top_k=[1, {maps}]."
        )
