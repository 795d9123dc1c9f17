"""The quality of a network: loss, metrics, confusion matrix, figures for each class."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from striate.errors import OptionError
from striate.functions.base import Loss
from striate.functions.metric import TopK
from striate.functions.metric_argument import MetricsArgument, metrics_named
from striate.functions.options import Range
from striate.functions.writing import short
from striate.graph.batch import Batch
from striate.graph.engine import Results
from striate.model.arguments import check_all_targets, check_inputs, count_of
from striate.model.batch_examples import held_batches
from striate.model.batches import outputs_in_batches
from striate.model.classes import ClassValue
from striate.model.core import Core
from striate.model.examples import Examples
from striate.model.iterables import require_arrays, require_batches_instead
from striate.model.losses import losses_of
from striate.model.metrics import NetworkMetrics, ScoredOutput, Totals, network_metrics
from striate.model.target_scaling import standardized
from striate.model.weights import sample_weights
from striate.shapes import Array
from striate.training.confidence import Interval, wilson_interval
from striate.training.history import format_score
from striate.training.metrics import PerClass, as_text, per_class


@dataclass(frozen=True, kw_only=True)
class OutputScores:
    """How well one output of a network predicts its targets.

    Parameters
    ----------
    loss
        The weighted mean of its loss.
    metrics
        The value of each metric by name: ``accuracy`` if the targets are labels, and those that
        were asked for.
    parts
        For metrics that have a value for each class or each column of numbers, these values.
    interval
        The 95% confidence interval of the accuracy, as of :class:`Evaluation`.
    top_k
        The fraction of images whose class is among the k largest outputs, by k.
    confusion
        How many images, or pixels, of each class (row) were predicted as each class (column);
        ``None`` if the targets are neither labels nor one-hot rows.
    classes
        The classes, in the order of the rows.
    """

    loss: float
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    parts: dict[str, Array] = field(default_factory=dict[str, Array])
    interval: Interval | None = None
    top_k: dict[int, float] | None = None
    confusion: Array | None = None
    classes: tuple[ClassValue, ...] = ()

    @property
    def accuracy(self) -> float | None:
        """The weighted fraction of correct predictions; ``None`` for numbers."""
        return self.metrics.get("accuracy")

    @property
    def per_class(self) -> PerClass | None:
        """Precision, recall, F1, IoU and number of images of each class."""
        return None if self.confusion is None else per_class(self.confusion)

    def lines(self) -> list[str]:
        """Write accuracy, top-k accuracy and the other metrics."""
        sure = "" if self.interval is None else f" (95% confidence interval {self.interval})"
        lines = [] if self.accuracy is None else [f"accuracy {self.accuracy:.2%}{sure}"]
        for k, share in (self.top_k or {}).items():
            lines.append(f"top-{k} accuracy {share:.2%}")
        for name, value in self.metrics.items():
            if name != "accuracy":
                lines.append(f"{name} {format_score(value)}")
        return lines


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How well a network predicts some images.

    Parameters
    ----------
    loss
        The weighted mean of the loss; of a network with several outputs, the sum of their losses,
        weighted as in training. Of standardized targets it is the loss that training minimized;
        metrics are on the targets' own scale.
    images
        Number of images.
    accuracy
        The weighted fraction of images, or pixels, whose predicted class is correct; ``None`` if
        the targets are neither labels nor one-hot rows.
    interval
        The 95% confidence interval of the accuracy: how far it can be from the accuracy on other
        images of the same kind, by chance alone. ``None`` if images have different weights, or
        several labels each, which aren't independent.
    top_k
        The fraction of images whose class is among the k largest outputs, by k.
    metrics
        The value of each metric by its column of the history: ``f1``, or for a network with several
        outputs ``digit_f1``.
    confusion
        How many images of each class (row) were predicted as each class (column); ``None`` where
        ``accuracy`` is.
    classes
        The classes, in the order of the rows.
    outputs
        The scores of each output by its name. Of a network with several, only they have
        ``accuracy``, ``top_k``, ``confusion`` and ``classes``.
    """

    loss: float
    images: int
    accuracy: float | None = None
    interval: Interval | None = None
    top_k: dict[int, float] | None = None
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    confusion: Array | None = None
    classes: tuple[ClassValue, ...] = ()
    outputs: dict[str, OutputScores] = field(default_factory=dict[str, OutputScores])

    @property
    def per_class(self) -> PerClass | None:
        """Precision, recall, F1, IoU and number of images of each class."""
        return None if self.confusion is None else per_class(self.confusion)

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of the classes' recalls: each class counts the same, however rare it is."""
        if self.per_class is None:
            return None
        return float(self.per_class.recall[self.per_class.support > 0].mean())

    def __str__(self) -> str:
        lines = [f"loss {format_score(self.loss)} on {self.images:,} images"]
        if len(self.outputs) > 1:
            for name, one in self.outputs.items():
                lines.append(", ".join((f"{name}: loss {format_score(one.loss)}", *one.lines())))
            return "\n".join(lines)
        only = OutputScores(
            loss=self.loss, metrics=self._own(), interval=self.interval, top_k=self.top_k
        )
        lines += only.lines()
        if self.confusion is not None:
            names = [str(value) for value in self.classes]
            lines.append(as_text(self.confusion, names or None))
        return "\n".join(lines)

    def _own(self) -> dict[str, float]:
        """Return the metrics with the accuracy first."""
        accuracy = {} if self.accuracy is None else {"accuracy": self.accuracy}
        return {**accuracy, **self.metrics}


def evaluate(
    core: Core,
    x: Any,
    y: Any,
    *,
    loss: str | Loss | Sequence[str | Loss] | None,
    metrics: MetricsArgument | None,
    sample_weight: Any,
    top_k: Sequence[int],
    batch_size: int,
) -> Evaluation:
    """Compute loss and metrics of a network; see :meth:`striate.Network.evaluate`."""
    chosen = metrics_named(metrics)
    losses = losses_of(core.graph, loss)
    given, parts_of_x = _parts(core, x, y, losses, sample_weight)
    _require_top_k(top_k, given.only_labels, core.outputs[0].shape[0])
    measured = network_metrics(core.outputs, losses, given.labels, chosen)
    tallies = [_Tally(one, top_k) for one in measured.outputs]

    def observe(activations: Sequence[Array], batch: Batch) -> None:
        nonlocal count, weighted
        count += len(activations[0])
        weighted |= batch.weights is not None
        for k, tally in enumerate(tallies):
            tally.add(activations[k], batch, k)

    count, weighted = 0, False
    weights = core.loss_weights or (1.0,) * len(losses)
    scores = score(core, core.buffers, parts_of_x, losses, weights, measured, batch_size, observe)
    values, parts = measured.values(scores.totals), measured.parts(scores.totals)
    outputs: dict[str, OutputScores] = {}
    for k, (one, tally) in enumerate(zip(measured.outputs, tallies, strict=True)):
        own = dict(zip(measured.by_output[k], (metric.name for metric in one.metrics), strict=True))
        outputs[one.output.layer.name] = OutputScores(
            loss=scores.losses[k],
            metrics={name: values[column] for column, name in own.items()},
            parts={name: parts[column] for column, name in own.items() if column in parts},
            interval=None if weighted else tally.interval(),
            top_k=tally.top_k(),
            confusion=tally.confusion,
            classes=given.classes[k].values if one.has_labels else (),
        )
    only = next(iter(outputs.values())) if len(outputs) == 1 else OutputScores(loss=scores.loss)
    return Evaluation(
        loss=scores.loss,
        images=count,
        accuracy=only.accuracy,
        interval=only.interval,
        top_k=only.top_k,
        metrics=values,
        confusion=only.confusion,
        classes=only.classes,
        outputs=outputs,
    )


def _parts(
    core: Core, x: Any, y: Any, losses: Sequence[Loss], sample_weight: Any
) -> tuple[Examples, Iterator[Examples]]:
    """Check arrays or the first batch of an iterable; return that, and all parts."""
    if y is not None:
        require_arrays(x)
        given = _examples(core, x, y, losses, sample_weight)
        return given, iter([given])
    require_batches_instead(x, sample_weight)
    held = held_batches(core, core.outputs, x, losses, name="x", scaled=True)
    scale = partial(standardized, core.target_scaling, core.graph.outputs)
    held = held.with_scaled_targets(scale)
    return held.first, held.parts()


def _examples(core: Core, x: Any, y: Any, losses: Sequence[Loss], sample_weight: Any) -> Examples:
    """Check arrays."""
    inputs = check_inputs(core, x)
    count = count_of(inputs)
    targets = check_all_targets(core.outputs, y, losses, count)
    return Examples(
        inputs=inputs,
        targets=standardized(
            core.target_scaling, core.graph.outputs, [one.values for one in targets]
        ),
        labels=tuple(one.labels for one in targets),
        classes=tuple(one.classes for one in targets),
        weights=sample_weights(sample_weight, count, core.outputs),
    )


class _Tally:
    """Counts the predictions of each class, and computes top-k accuracies, over batches."""

    def __init__(self, scored: ScoredOutput, top_k: Sequence[int]) -> None:
        self.scored = scored
        self.confusion: Array | None = None
        if scored.has_labels:
            self.confusion = np.zeros((scored.classes, scored.classes), np.int64)
        self._top_k = {k: (TopK(k=k), np.zeros(2)) for k in top_k}
        self._one_label = True

    def add(self, activations: Array, batch: Batch, k: int) -> None:
        """Count the predictions of a batch for output number ``k``."""
        labels = batch.labels[k]
        if labels is None or self.confusion is None:
            return
        seen = self.scored.predictions(activations, labels, batch.targets[k], batch.weights)
        classes = self.scored.classes
        pairs = classes * seen.labels + seen.predicted
        self.confusion += np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        self._one_label = labels.ndim == 1
        for number, (metric, totals) in self._top_k.items():
            self._top_k[number] = metric, metric.update(totals, seen)

    def interval(self) -> Interval | None:
        """Return the confidence interval of the accuracy of independent labels."""
        if self.confusion is None or not self._one_label or not self.confusion.any():
            return None
        return wilson_interval(int(self.confusion.trace()), int(self.confusion.sum()))

    def top_k(self) -> dict[int, float] | None:
        """Return the top-k accuracies; ``None`` if there isn't one label for each image."""
        if self.confusion is None or not self._one_label:
            return None
        return {k: metric.value(totals) for k, (metric, totals) in self._top_k.items()}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The losses and the totals of the metrics of some examples.

    Parameters
    ----------
    loss
        The sum of the outputs' losses, weighted.
    losses
        The weighted mean of each output's loss.
    totals
        The totals of the metrics.
    """

    loss: float
    losses: tuple[float, ...]
    totals: Totals


def score(
    core: Core,
    buffers: tuple[Array, Array],
    parts: Iterable[Examples],
    losses: Sequence[Loss],
    loss_weights: Sequence[float],
    metrics: NetworkMetrics,
    batch_size: int,
    observe: Callable[[Sequence[Array], Batch], None] | None = None,
) -> Scores:
    """Compute the losses and metrics of checked examples with these parameters.

    Parameters
    ----------
    core
        The network.
    buffers
        Parameters and running statistics, flat.
    parts
        The examples: all of them, or one batch of an iterable after the other.
    losses, loss_weights, metrics
        What to compute, and the weight of each output's loss in their sum.
    batch_size
        Images computed at a time.
    observe
        Called with the outputs of each batch.

    Returns
    -------
    Scores
    """
    sums, counted = np.zeros(len(losses)), np.zeros(len(losses))
    totals = metrics.start()
    for given in parts:
        for results, batch in _scored(core, buffers, given, losses, batch_size):
            for k, (loss, y) in enumerate(zip(losses, batch.targets, strict=True)):
                each = loss.weighted(results.read[k], y, batch.weights)
                sums[k] += np.sum(each, dtype=np.float64)
            totals = metrics.update(totals, results.outputs, batch)
            if observe is not None:
                observe(results.outputs, batch)
        for k, (loss, y) in enumerate(zip(losses, given.targets, strict=True)):
            counted[k] += loss.counted(y, given.weights)
    means = sums / np.where(counted, counted, 1)  # as of a loss: 0 if no image counts
    loss = float(np.sum(np.multiply(loss_weights, means)))
    return Scores(loss=loss, losses=tuple(means.tolist()), totals=totals)


def _scored(
    core: Core,
    buffers: tuple[Array, Array],
    given: Examples,
    losses: Sequence[Loss],
    batch_size: int,
) -> Iterator[tuple[Results, Batch]]:
    """Compute the outputs of examples, with the targets, labels and weights of each batch."""
    start = 0
    for results in outputs_in_batches(
        core.engines.for_losses(losses), core.preprocessing, buffers, given.inputs, batch_size
    ):
        part = slice(start, start + len(results.outputs[0]))
        start = part.stop
        yield (
            results,
            Batch(
                inputs=(),
                targets=tuple(y[part] for y in given.targets),
                labels=tuple(None if y is None else y[part] for y in given.labels),
                weights=None if given.weights is None else given.weights[part],
            ),
        )


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
