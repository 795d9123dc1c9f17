"""Preparing a training run: everything is checked against the network before anything changes.

A :class:`Preparation` has the checked data, the losses and metrics, the operations of a step and
the preprocessing. From it follow the run's identity, its first state, and the trainer.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from striate.data.augment import Augmentation
from striate.errors import (
    Argument,
    InPython,
    Message,
    OptionError,
    ShapeError,
    StriateWarning,
    TrainingError,
)
from striate.functions.base import Draw, Loss
from striate.functions.transfer import Linear
from striate.graph.batch import Batch
from striate.graph.diagnosis import first_not_finite
from striate.graph.document import to_document
from striate.graph.engine import Steps
from striate.graph.freezing import frozen_layers, frozen_slices
from striate.graph.parameters import ParameterLayout, decayed
from striate.graph.step import Operation, TrainingStep
from striate.model.arguments import count_of
from striate.model.batch_examples import HeldBatches, validation_of
from striate.model.batches import BatchLoader, prepare_outputs
from striate.model.core import Core
from striate.model.examples import (
    Examples,
    ExampleSource,
    fingerprint,
    mover_of,
    training_and_validation,
)
from striate.model.inputs import Preprocessing, warn_of_other_scale
from striate.model.losses import loss_weights_of, losses_of
from striate.model.metrics import NetworkMetrics, network_metrics
from striate.model.scoring import score
from striate.model.target_scaling import TargetScaling, standardized
from striate.shapes import Array
from striate.training.loop import BatchSource, Diagnose, Trainer, Validate
from striate.training.settings import TrainingSettings, described
from striate.training.state import HistoryRow, TrainingState


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A training run that has been checked and can start.

    Parameters
    ----------
    network
        The network; it is unchanged until :meth:`adopt`.
    settings
        How to train, with the monitored column chosen.
    losses, loss_weights
        The loss of each output, and its weight in their sum.
    frozen
        Names of the layers that stay as they are.
    step
        The operations.
    training, held
        The training images, and those that are scored after each epoch.
    target_scaling
        The scale of the targets of each output whose targets are standardized, by its name.
    metrics, measured
        The metrics of the training images and of the others.
    preprocessing
        How the images are scaled.
    """

    network: Core
    settings: TrainingSettings
    losses: tuple[Loss, ...]
    loss_weights: tuple[float, ...]
    frozen: tuple[str, ...]
    step: TrainingStep
    training: Examples
    held: Examples | HeldBatches | None
    target_scaling: dict[str, TargetScaling]
    metrics: NetworkMetrics
    measured: NetworkMetrics | None
    preprocessing: Preprocessing

    @classmethod
    def of(
        cls,
        network: Core,
        x: Any,
        y: Any,
        settings: TrainingSettings,
        *,
        validation_data: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Check the data and the settings.

        Parameters
        ----------
        network, x, y, settings, validation_data, sample_weight
            As for :func:`striate.model.fitting.fit`.

        Returns
        -------
        Preparation

        Raises
        ------
        StriateError
            See :meth:`striate.Network.fit`.
        """
        chosen = network.losses if settings.loss is None else settings.loss
        losses = tuple(losses_of(network.graph, chosen))
        frozen = frozen_layers(network.graph, settings.freeze)
        given = settings.loss_weights
        loss_weights = loss_weights_of(
            network.graph, network.loss_weights if given is None else given
        )
        step = TrainingStep.of(network.graph, losses, loss_weights=loss_weights, frozen=frozen)
        require_augmentable(settings.augment, network)
        pair = validation_data if isinstance(validation_data, tuple) else None
        training, held = training_and_validation(
            network, x, y, losses, settings, pair, sample_weight
        )
        held = held or validation_of(network, training, losses, validation_data, settings)
        scaling = network.target_scaling
        if settings.standardize_targets:
            scaling = learned_scalings(network, losses, training)
        scale = partial(standardized, scaling, network.graph.outputs)
        training = training.with_scaled_targets(scale)
        held = None if held is None else held.with_scaled_targets(scale)
        metrics, measured = metrics_of(network, losses, training, held, scaling, settings)
        settings = settings.monitoring(columns_of(network, metrics, measured))
        require_batches(step, count_of(training.inputs), settings.batch_size)
        warn_of_late_standardizing(network, settings)
        preprocessing = network.preprocessing.learned(
            training.inputs, standardize=settings.standardize
        )
        if held is not None:
            name = "x" if validation_data is None else "validation[0]" if pair else "validation"
            warn_of_other_scale(preprocessing, held.inputs, name)
        return cls(
            network=network,
            settings=settings,
            losses=losses,
            loss_weights=loss_weights,
            frozen=frozen,
            step=step,
            training=training,
            held=held,
            target_scaling=scaling,
            metrics=metrics,
            measured=measured,
            preprocessing=preprocessing,
        )

    @property
    def columns(self) -> list[str]:
        """The columns of the history."""
        scores = columns_of(self.network, self.metrics, self.measured)
        return ["epoch", *scores, "learning_rate", "seconds"]

    def start(self) -> TrainingState:
        """Return the state before the first step."""
        settings = self.settings
        return TrainingState.start(
            *self.network.buffers,
            settings.optimizer,
            settings.schedule,
            metrics=self.metrics.start(),
        )

    def identity(self) -> dict[str, Any]:
        """Collect everything that determines the bits of the result, in the order of errors."""
        return {
            **self.settings.identity(),
            "loss": [described(loss) for loss in self.losses],
            "loss_weights": self.weight_by_output,
            "freeze": " ".join(self.frozen) or None,
            "network": str(self.network),
            "layers": to_document(self.network.graph),
            "number of images": count_of(self.training.inputs),
            "preprocessing": self.preprocessing.to_data(),
            "target scaling": {name: one.to_data() for name, one in self.target_scaling.items()},
            "data": fingerprint(
                self.training, self.held if isinstance(self.held, Examples) else None
            ),
        }

    def trainer(self, state: TrainingState, *, debug: bool = False) -> Trainer:
        """Compile the programs, so that a shortage of memory is found now, and make the trainer.

        Parameters
        ----------
        state
            The state to start from.
        debug
            Whether a step that is not finite is repeated, to find where that begins.

        Returns
        -------
        Trainer

        Raises
        ------
        EngineError, OutOfMemoryError
            If the compiled engine is required but cannot run, or needs more memory than there is.
        """
        network, settings = self.network, self.settings
        source, steps = self.source()
        return Trainer(
            steps,
            settings,
            source,
            state=state,
            metrics=self.metrics,
            loss_weights=self.weight_by_output,
            maximize=settings.monitor in _higher_is_better(self.metrics, self.measured),
            validate=self._validate(),
            frozen=frozen_slices(network.graph, self.frozen),
            diagnose=diagnoser(self.step) if debug else None,
        )

    def source(self) -> tuple[BatchSource, Steps]:
        """Return the training batches, and the compiled steps for them."""
        network, training, settings = self.network, self.training, self.settings
        loader = BatchLoader(training.inputs, self.preprocessing, settings.augment, settings.seed)
        mover = mover_of(network, training, loader, self.losses, self.target_scaling)
        steps = network.engines.steps(
            self.losses,
            settings.optimizer,
            decayed(network.graph),
            images=min(settings.batch_size, count_of(training.inputs)),
            target_shapes=[y.shape[1:] for y in training.targets],
            stored=loader.storage,
            frozen=self.frozen,
            loss_weights=self.loss_weights,
            pixel_weights=training.weights is not None and training.weights.ndim > 1,
        )
        return ExampleSource(training, loader, mover, settings), steps

    def adopt(self) -> None:
        """Set the preprocessing, classes and losses of the network to those of the run."""
        self.network.preprocessing = self.preprocessing
        names = self.network.graph.outputs
        self.network.classes = dict(zip(names, self.training.classes, strict=True))
        self.network.losses = self.losses
        self.network.trained_on = None  # digests of the images of an earlier training
        self.network.loss_weights = self.loss_weights
        self.network.target_scaling = self.target_scaling

    @property
    def weight_by_output(self) -> dict[str, float]:
        """The weight of each output's loss by name; empty for a single output."""
        names = self.network.graph.outputs
        return dict(zip(names, self.loss_weights, strict=True)) if len(names) > 1 else {}

    def _validate(self) -> Validate | None:
        """Prepare the engine for the validation set; ``None`` without one."""
        network, held, measured = self.network, self.held, self.measured
        if held is None or measured is None:
            return None
        size = max(self.settings.batch_size, 256)
        engine = network.engines.for_losses(self.losses)
        prepare_outputs(engine, self.preprocessing, held.inputs, size)
        parts = held.parts if isinstance(held, HeldBatches) else lambda: iter([held])
        return self._validator(parts, measured, size)

    def _validator(
        self, parts: Callable[[], Iterator[Examples]], metrics: NetworkMetrics, batch_size: int
    ) -> Validate:
        """Return a function that scores parameters on the validation set, which may have parts."""

        def validate(parameters: Array, statistics: Array) -> HistoryRow:
            scores = score(
                self.network,
                (parameters, statistics),
                parts(),
                self.losses,
                self.loss_weights,
                metrics,
                batch_size,
            )
            row = {"loss": scores.loss}
            if len(self.losses) > 1:
                named = zip(self.network.graph.outputs, scores.losses, strict=True)
                row |= {f"{name}_loss": loss for name, loss in named}
            row |= metrics.values(scores.totals)
            return {f"validation_{name}": value for name, value in row.items()}

        return validate


def warn_of_late_standardizing(network: Core, settings: TrainingSettings) -> None:
    """Warn if a network that was trained without standardized images would now get them.

    Warns
    -----
    StriateWarning
        With what to do.
    """
    known = network.preprocessing
    if settings.standardize and (network.losses or known.ranges) and not known.mean:
        warnings.warn(
            Message(
                "The network was trained on images that were not standardized, so its weights "
                "don't suit standardized ones. Training continues on standardized images. Leave "
                "out ",
                Argument("standardize", True),
                ", or start with a new network.",
            ),
            StriateWarning,
            stacklevel=2,
        )


def require_batches(step: TrainingStep, count: int, batch_size: int) -> None:
    """Raise if a layer cannot train on a batch of the size that an epoch has.

    Batch normalization over 1x1 maps needs two images to compute a variance. Without this check,
    ``fit`` would fail at the last, smaller batch of the first epoch, after all others had changed
    the weights.

    Parameters
    ----------
    step
        The operations.
    count
        Number of images.
    batch_size
        Images per step.

    Raises
    ------
    TrainingError
        If a layer cannot train on the first or the last batch; the text names a size that works.
    """
    refused = _refused_batch(step, count, batch_size)
    if refused is None:
        return
    operation, images = refused
    smaller, larger = range(min(batch_size, count) - 1, 0, -1), range(batch_size + 1, count + 1)
    works = (b for b in (*smaller, *larger) if _refused_batch(step, count, b) is None)
    size = next(works, None)
    batches = (
        Message(
            f"the last batch of an epoch has {images} image ({count} images, ",
            Argument("batch_size", batch_size),
            ")",
        )
        if count > batch_size > 1
        else f"a batch has {images} image"
    )
    raise TrainingError(
        Message(
            f"Layer {operation.number} ({operation.layer}) cannot train on every batch: ",
            batches,
            ", and the variance over a batch needs at least two values per channel.",
        ),
        remedy=Message(
            "Use ",
            "more images" if size is None else Argument("batch_size", size),
            ", or ",
            InPython("LayerNorm", "layer-norm"),
            ".",
        ),
    )


def _refused_batch(step: TrainingStep, count: int, batch_size: int) -> tuple[Operation, int] | None:
    """Find an operation that cannot train on a batch of an epoch, with the batch's size."""
    shapes = step.shapes()
    for images in {min(batch_size, count), (count - 1) % batch_size + 1}:
        for operation in step.trained:
            try:
                operation.function.require_images(
                    images, *(shapes[name] for name in operation.inputs)
                )
            except TrainingError:
                return operation, images
    return None


def diagnoser(step: TrainingStep) -> Diagnose:
    """Return a function that finds the first value in a step that is not finite."""

    def diagnose(state: TrainingState, batch: Batch, draw: Draw, after: Array) -> str | None:
        first = first_not_finite(step, state.parameters, state.statistics, batch, draw)
        if first is None:
            for name, array in ParameterLayout.of(step.graph.parameters()).views(after).items():
                if not np.isfinite(array).all():
                    return f"{name} after the step"
        return first

    return diagnose


def require_augmentable(augment: Augmentation | None, network: Core) -> None:
    """Raise unless the network takes images, or signals with samples and channels."""
    if augment is None:
        return
    kinds = (2, 3)  # axes: maps and samples, or maps, rows and columns
    if all(len(shape) not in kinds for shape in network.graph.inputs.values()):
        raise ShapeError(
            Message(
                Argument("augment"),
                " needs images with rows, columns and channels, or signals with samples and "
                "channels, but the network takes inputs of "
                f"shape {network.input_shape}. Leave out ",
                Argument("augment"),
                ".",
            )
        )


def metrics_of(
    network: Core,
    losses: Sequence[Loss],
    training: Examples,
    held: Examples | HeldBatches | None,
    scaling: Mapping[str, TargetScaling],
    settings: TrainingSettings,
) -> tuple[NetworkMetrics, NetworkMetrics | None]:
    """Choose the metrics of the training data and of the validation data, if there are any."""
    outputs = [
        replace(output, scaling=scaling.get(name))
        for name, output in zip(network.graph.outputs, network.outputs, strict=True)
    ]
    metrics = network_metrics(outputs, losses, training.labels, settings.metrics)
    if held is None:
        return metrics, None
    # Its targets may be of another kind.
    of_held = [replace(output, part="validation ") for output in outputs]
    return metrics, network_metrics(of_held, losses, held.labels, settings.metrics)


def columns_of(
    network: Core, metrics: NetworkMetrics, measured: NetworkMetrics | None
) -> list[str]:
    """List the columns of scores that the history will have."""
    names = network.graph.outputs
    losses = ["loss", *(f"{name}_loss" for name in names if len(names) > 1)]
    columns = [*losses, *metrics.columns]
    if measured is not None:
        columns += [f"validation_{name}" for name in (*losses, *measured.columns)]
    return columns


def _higher_is_better(metrics: NetworkMetrics, measured: NetworkMetrics | None) -> set[str]:
    """List the columns of the history in which a higher value is better."""
    of_validation = () if measured is None else measured.higher_is_better
    return {*metrics.higher_is_better, *(f"validation_{name}" for name in of_validation)}


def learned_scalings(
    network: Core, losses: Sequence[Loss], training: Examples
) -> dict[str, TargetScaling]:
    """Compute the scales of all outputs with regression targets.

    Parameters
    ----------
    network
        The network. A scale that it has from an earlier training stays: the weights are for it.
    losses, training
        The losses, and the training set.

    Returns
    -------
    dict
        Scales by the outputs' names.

    Raises
    ------
    OptionError
        If no output has numbers as targets, or the last layer of one that has isn't linear.
    """
    scalings = dict(network.target_scaling)
    numeric = [
        (output, y)
        for output, loss, y in zip(network.outputs, losses, training.targets, strict=True)
        if not loss.takes_labels
    ]
    if not numeric:
        raise OptionError(
            Message(
                Argument("standardize_targets", True),
                " needs regression targets, but y holds labels. Leave it out.",
            )
        )
    for output, y in numeric:
        name, transfer = output.layer.name, output.layer.layer.transfer
        if not isinstance(transfer, Linear):
            raise OptionError(
                Message(
                    Argument("standardize_targets", True),
                    f" needs a linear last layer, but {name} has the activation {transfer}, whose "
                    "range does not cover all standardized targets. Remove the activation, or "
                    "leave out ",
                    Argument("standardize_targets"),
                    ".",
                )
            )
        scalings.setdefault(name, TargetScaling.learned(y, training.weights))
    return scalings
