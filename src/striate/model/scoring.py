"""How well a network does: loss, accuracy, confusion matrix, per class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import OptionError
from striate.functions.base import Loss
from striate.functions.options import Range
from striate.model.feeding import check_all_targets, check_inputs, count_of, outputs_in_batches
from striate.model.inputs import scaled_targets
from striate.model.losses import losses_of
from striate.model.structure import Structure
from striate.model.targets import labels_of, predicted_labels, sample_weights
from striate.shapes import Array
from striate.training import metrics


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a network gets right and wrong on some images.

    Parameters
    ----------
    loss
        The weighted mean of the loss; the sum over the outputs of a network with several.
    images
        How many images there were.
    accuracy
        The weighted share of images whose largest output is their label; ``None`` where targets are
        no labels.
    top_k
        The share of images whose label is among the k largest outputs, by k.
    confusion
        How many images of each class (row) were taken for each class (column); ``None`` likewise.
    classes
        The names of the classes.
    """

    loss: float
    images: int
    accuracy: float | None = None
    top_k: dict[int, float] | None = None
    confusion: Array | None = None
    classes: tuple[str, ...] = ()

    @property
    def per_class(self) -> metrics.PerClass | None:
        """Precision, recall, F1 and number of images of each class."""
        return None if self.confusion is None else metrics.per_class(self.confusion)

    def __str__(self) -> str:
        """Write loss, accuracy and the confusion matrix."""
        lines = [f"loss {self.loss:.4f} on {self.images:,} images"]
        if self.accuracy is not None:
            lines.append(f"accuracy {self.accuracy:.2%}")
        for k, share in (self.top_k or {}).items():
            lines.append(f"label among the {k} largest outputs {share:.2%}")
        if self.confusion is not None:
            lines.append(metrics.as_text(self.confusion, self.classes or None))
        return "\n".join(lines)


def evaluate(
    network: Structure,
    x: Any,
    y: Any,
    *,
    loss: str | Loss | Sequence[str | Loss] | None,
    sample_weight: Any,
    top_k: Sequence[int],
    batch_size: int,
) -> Evaluation:
    """Compute loss and metrics of a network; see :meth:`striate.Network.evaluate`."""
    graph = network.graph
    inputs = check_inputs(graph, network.preprocessing, x)
    count = count_of(inputs)
    losses = losses_of(graph, loss)
    named = network.classes.numbers(y) if len(graph.outputs) == 1 else y
    targets = check_all_targets(graph, network.preprocessing, network.classes, named, losses, count)
    weights = sample_weights(sample_weight, count)
    single = len(graph.outputs) == 1 and losses[0].takes_labels
    labels = labels_in(named, network) if single else None
    _require_top_k(top_k, labels, graph.shapes[graph.outputs[0]][0])
    outputs, total = loss_of(network, network.numbers, inputs, losses, targets, weights, batch_size)
    if labels is None:
        return Evaluation(loss=total, images=count)
    predicted = predicted_labels(outputs[0], network.threshold)
    number = max(outputs[0].shape[1], 2)
    per_image = weights if labels.ndim == 1 else None
    return Evaluation(
        loss=total,
        images=count,
        accuracy=metrics.accuracy(labels.ravel(), predicted.ravel(), weights=per_image),
        top_k={k: metrics.top_k_accuracy(labels, outputs[0], k=k, weights=per_image) for k in top_k}
        if labels.ndim == 1
        else None,
        confusion=metrics.confusion_matrix(labels.ravel(), predicted.ravel(), classes=number),
        classes=network.classes.names,
    )


def loss_of(
    network: Structure,
    numbers: tuple[Array, Array],
    inputs: Mapping[str, Array],
    losses: Sequence[Loss],
    targets: Sequence[Array],
    weights: Array | None,
    batch_size: int,
) -> tuple[tuple[Array, ...], float]:
    """Compute the outputs of checked images with other numbers, and the mean of their losses."""
    from_engine = outputs_in_batches(
        network.engines.of(losses), network.preprocessing, numbers, inputs, batch_size
    )
    s = np.ones(count_of(inputs)) if weights is None else weights
    outputs: list[tuple[Array, ...]] = []
    sums = np.zeros(len(losses))
    start = 0
    for results in from_engine:
        part = slice(start, start + len(results.outputs[0]))
        for k, (loss, y) in enumerate(zip(losses, targets, strict=True)):
            sums[k] += np.sum(s[part] * loss.apply(results.read[k], y[part]), dtype=np.float64)
        outputs.append(results.outputs)
        start = part.stop
    joined = tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
    divisors = [loss.divisor(y, weights) for loss, y in zip(losses, targets, strict=True)]
    return joined, float(np.sum(sums / divisors))


def _require_top_k(top_k: Any, labels: Array | None, maps: int) -> None:
    """Raise where labels among the k largest outputs cannot be counted."""
    several = isinstance(top_k, Sequence | np.ndarray) and len(top_k) > 0
    if several and (labels is None or labels.ndim != 1 or maps == 1):
        others = "a single output" if maps == 1 else "targets that are not one label for each image"
        raise OptionError(
            f"top_k={top_k!r} was given for {others}. "
            "It counts the images whose label is among the k largest of several outputs. "
            "Leave it out, or give labels to a network with an output for each class."
        )
    numbers = Range(least=1, most=maps, whole=True)
    if not isinstance(top_k, Sequence | np.ndarray) or any(k not in numbers for k in top_k):
        raise OptionError(
            f"top_k={top_k!r} cannot be. It is a list of whole numbers from 1 to {maps}, the "
            f"number of outputs. Use top_k=[1, {maps}]."
        )


def labels_in(y: Any, network: Structure) -> Array | None:
    """Give the labels in a user's targets of the one output, if they are labels."""
    shape = network.graph.shapes[network.graph.outputs[0]]
    targets = scaled_targets(np.asarray(y), shape, takes_labels=True, name="y")
    return labels_of(targets, shape)
