"""The metrics of a network's outputs: which ones are computed, their columns, and their totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from striate.errors import Argument, Message, OptionError
from striate.functions.base import Loss
from striate.functions.metric import Accuracy, TopK
from striate.functions.metric.base import Metric
from striate.functions.metric.predictions import Predictions
from striate.graph.batch import Batch
from striate.model.targets import NetworkOutput
from striate.shapes import Array

Totals = tuple[Array, ...]
"""The totals of all metrics of all outputs, in the order of the columns."""


@dataclass(frozen=True)
class ScoredOutput:
    """One output of a network, with what its targets are and the metrics to compute.

    Parameters
    ----------
    output
        The output.
    has_labels, has_numbers
        Whether its targets are labels, and whether its loss compares numbers.
    metrics
        The metrics.
    """

    output: NetworkOutput
    has_labels: bool
    has_numbers: bool
    metrics: tuple[Metric, ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes; 0 if the targets are not labels."""
        return self.output.class_count if self.has_labels else 0

    def takes(self, metric: Metric) -> bool:
        """Whether the metric can compare this output with its targets."""
        return self.has_labels if metric.takes == "labels" else self.has_numbers

    def predictions(
        self, activation: Array, labels: Array | None, targets: Array, weights: Array | None
    ) -> Predictions:
        """Arrange the outputs and targets of a batch for the metrics, on the user's scale."""
        outputs = self.output.numbers(activation)
        return Predictions(
            outputs,
            self.classes,
            classified=self.output.predicted(outputs) if self.has_labels else None,
            truth=labels,
            numbers=self.output.numbers(targets) if self.has_numbers else None,
            sample_weights=weights,
        )


class NetworkMetrics:
    """The metrics of a network, accumulated over batches.

    Parameters
    ----------
    outputs
        The outputs, with their metrics.

    Raises
    ------
    OptionError
        If two metrics have the same column of the history.
    """

    def __init__(self, outputs: Sequence[ScoredOutput]) -> None:
        self.outputs = tuple(outputs)
        single = len(self.outputs) == 1
        self.by_output = [
            [
                ("" if single else f"{one.output.layer.name}_") + metric.name
                for metric in one.metrics
            ]
            for one in self.outputs
        ]
        self.columns = tuple(name for names in self.by_output for name in names)
        twice = [name for name in self.columns if self.columns.count(name) > 1]
        if twice:
            raise OptionError(
                Message(
                    Argument("metrics"),
                    f' has two metrics named "{twice[0]}", which would share a column of the '
                    "history. Leave one of them out.",
                )
            )
        self.higher_is_better = frozenset(
            name
            for one, names in zip(self.outputs, self.by_output, strict=True)
            for metric, name in zip(one.metrics, names, strict=True)
            if metric.higher_is_better
        )

    def start(self) -> Totals:
        """Return the totals before the first batch."""
        return tuple(
            metric.start(one.classes, one.output.shape[0])
            for one in self.outputs
            for metric in one.metrics
        )

    def update(self, totals: Totals, activations: Sequence[Array], batch: Batch) -> Totals:
        """Return the totals after another batch."""
        after: list[Array] = []
        for k, one in enumerate(self.outputs):
            if not one.metrics:
                continue
            seen = one.predictions(activations[k], batch.labels[k], batch.targets[k], batch.weights)
            for metric in one.metrics:
                after.append(metric.update(totals[len(after)], seen))
        return tuple(after)

    def values(self, totals: Totals) -> dict[str, float]:
        """Return the value of each metric by its column."""
        every = [metric for one in self.outputs for metric in one.metrics]
        return {
            name: metric.value(array)
            for name, metric, array in zip(self.columns, every, totals, strict=True)
        }

    def parts(self, totals: Totals) -> dict[str, Array]:
        """Return, for metrics that have them, the values of each class or column of numbers."""
        every = [metric for one in self.outputs for metric in one.metrics]
        found = {
            name: metric.parts(array)
            for name, metric, array in zip(self.columns, every, totals, strict=True)
        }
        return {name: array for name, array in found.items() if array is not None}


def network_metrics(
    outputs: Sequence[NetworkOutput],
    losses: Sequence[Loss],
    labels: Sequence[Array | None],
    chosen: tuple[Metric, ...] | Mapping[str, tuple[Metric, ...]] = (),
) -> NetworkMetrics:
    """Choose the metrics of each output: its accuracy if it has labels, and those that were chosen.

    Parameters
    ----------
    outputs, losses
        The outputs and their losses.
    labels
        The labels of each output; ``None`` where the targets are not labels.
    chosen
        Metrics for all outputs whose targets they take, or for some outputs by name.

    Returns
    -------
    NetworkMetrics

    Raises
    ------
    OptionError
        If a metric does not suit the targets, or an output's name is unknown.
    """
    scored = [
        ScoredOutput(output, y is not None, y is None or not loss.takes_labels)
        for output, loss, y in zip(outputs, losses, labels, strict=True)
    ]
    names = [one.output.layer.name for one in scored]
    if isinstance(chosen, Mapping):
        for name in chosen:
            if name not in names:
                raise OptionError(
                    f'`metrics` has the key "{name:.60}", but the network\'s '
                    f"output{'s are' if len(names) > 1 else ' is'} {', '.join(names)}. Use "
                    f"{'these names as keys' if len(names) > 1 else 'a list of metrics'}."
                )
        by_output = [chosen.get(name, ()) for name in names]
        for one, some in zip(scored, by_output, strict=True):
            _require_suitable(some, [one])
    else:
        _require_suitable(chosen, scored)
        by_output = [tuple(m for m in chosen if one.takes(m)) for one in scored]
    return NetworkMetrics(
        [
            ScoredOutput(
                one.output, one.has_labels, one.has_numbers, _with_accuracy(one, some)
            )
            for one, some in zip(scored, by_output, strict=True)
        ]
    )  # fmt: skip


def _with_accuracy(output: ScoredOutput, metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Put the accuracy of labels first."""
    others = [metric for metric in metrics if metric != Accuracy()]
    return (Accuracy(), *others) if output.has_labels else tuple(others)


def _require_suitable(metrics: Sequence[Metric], outputs: Sequence[ScoredOutput]) -> None:
    """Raise if a metric suits none of the outputs."""
    for metric in metrics:
        suitable = [one for one in outputs if one.takes(metric)]
        if not suitable:
            name = outputs[0].output.name if len(outputs) == 1 else "y"
            needed, held, use = (
                ("labels", "regression targets", "mae, rmse or r2")
                if metric.takes == "labels"
                else ("regression targets", "labels", "accuracy, f1 or iou")
            )
            raise OptionError(
                f"The metric {metric.name} needs {needed}, but {name} holds {held}. Use {use}."
            )
        for one in suitable:
            _require_enough_classes(metric, one)


def _require_enough_classes(metric: Metric, one: ScoredOutput) -> None:
    """Raise if a metric needs another number of classes than an output has."""
    classes, maps = one.output.class_count, one.output.shape[0]
    if isinstance(metric, TopK) and not (1 <= metric.k <= maps > 1):
        raise OptionError(
            f"The metric {metric.name} needs at least {max(metric.k, 2)} outputs, one for each "
            f"class, but the last layer ({one.output.layer.name}) has {maps}. "
            + (f"Use top-{maps - 1} or lower." if maps > 2 else "Use accuracy.")
        )
    if getattr(metric, "average", "") == "binary" and classes != 2:
        raise OptionError(
            f'{metric} needs two classes, but the network has {classes}. Use average="macro".'
        )
