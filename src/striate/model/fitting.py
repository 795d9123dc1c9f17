"""Training a network: check the data against the network, run the loop, keep the weights."""

import contextlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from striate.data.augment import Augmentation
from striate.errors import (
    Argument,
    InPython,
    Message,
    ModelFileError,
    OptionError,
    ShapeError,
    StriateWarning,
    TrainingError,
)
from striate.functions.base import Draw, Loss
from striate.graph.batch import Batch
from striate.graph.diagnosis import first_not_finite
from striate.graph.document import to_document
from striate.graph.engine import Steps
from striate.graph.freezing import frozen_layers, frozen_slices
from striate.graph.parameters import ParameterLayout, decayed
from striate.graph.step import Operation, TrainingStep
from striate.model.arguments import count_of
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
from striate.model.losses import losses_of
from striate.model.metrics import NetworkMetrics, network_metrics
from striate.model.scoring import score
from striate.shapes import Array
from striate.training.callbacks import Callback, CallbackList, checked_callbacks
from striate.training.checkpoint import load_checkpoint, save_checkpoint
from striate.training.divergence import Divergence, constant_loss, has_risen
from striate.training.history import History
from striate.training.loop import Diagnose, Trainer, Validate
from striate.training.progress import ProgressBar
from striate.training.settings import TrainingSettings, described
from striate.training.state import HistoryRow, TrainingState


def validator(
    network: Core,
    held: Examples,
    losses: Sequence[Loss],
    metrics: NetworkMetrics,
    batch_size: int,
) -> Validate:
    """Return a function that scores parameters on the validation set."""

    def validate(parameters: Array, statistics: Array) -> HistoryRow:
        buffers = (parameters, statistics)
        scores = score(network, buffers, held, losses, metrics, batch_size)
        row = {"loss": scores.loss}
        if len(losses) > 1:
            named = zip(network.graph.outputs, scores.losses, strict=True)
            row |= {f"{name}_loss": loss for name, loss in named}
        row |= metrics.values(scores.totals)
        return {f"validation_{name}": value for name, value in row.items()}

    return validate


class CheckpointSaver(Callback):
    """Saves a checkpoint after each epoch.

    Parameters
    ----------
    path
        The file.
    settings, identity
        See :func:`striate.training.checkpoint.save_checkpoint`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: TrainingSettings,
        identity: Mapping[str, Any],
    ) -> None:
        self.path = path
        self.settings = settings
        self.identity = identity
        self._warned = False

    def save(self, state: TrainingState) -> None:
        """Write the state, or raise."""
        save_checkpoint(self.path, state, self.settings, self.identity)

    def save_or_warn(self, state: TrainingState) -> None:
        """Write the state, or warn: a full disk must not end a run that may take hours."""
        try:
            self.save(state)
        except ModelFileError as error:
            if not self._warned:
                warnings.warn(
                    f"{error} Training continues; {self.path} keeps an earlier state until "
                    "a later epoch can be saved.",
                    StriateWarning,
                    stacklevel=2,
                )
            self._warned = True
        else:
            self._warned = False

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # not needed
        """Write the state after an epoch."""
        self.save_or_warn(state)


def fit(
    network: Core,
    x: Any,
    y: Any,
    settings: TrainingSettings,
    *,
    validation_data: tuple[Any, Any] | None = None,
    sample_weight: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    callbacks: Sequence[Any] = (),
    debug: bool = False,
) -> History:
    """Check everything, then train.

    Parameters
    ----------
    network
        The network.
    x, y, sample_weight, checkpoint, resume, progress, callbacks, debug
        See :meth:`striate.Network.fit`.
    settings
        How to train.
    validation_data
        Images and targets that are scored after each epoch, instead of a held-out part of ``x``.

    Returns
    -------
    History

    Raises
    ------
    StriateError
        See :meth:`striate.Network.fit`.
    """
    own = checked_callbacks(callbacks)
    losses = losses_of(network.graph, network.losses if settings.loss is None else settings.loss)
    frozen = frozen_layers(network.graph, settings.freeze)
    step = TrainingStep.of(network.graph, losses, frozen=frozen)
    require_augmentable(settings.augment, network)
    training, held = training_and_validation(
        network, x, y, losses, settings, validation_data, sample_weight
    )
    metrics = network_metrics(network.outputs, losses, training.labels, settings.metrics)
    measured = None if held is None else _validation_metrics(network, held, losses, settings)
    settings = settings.monitoring(_columns(network, metrics, measured))
    require_batches(step, count_of(training.inputs), settings.batch_size)
    warn_of_late_standardizing(network, settings)
    preprocessing = network.preprocessing.learned(training.inputs, standardize=settings.standardize)
    if held is not None:
        name = "x" if validation_data is None else "validation[0]"
        warn_of_other_scale(preprocessing, held.inputs, name)
    state = TrainingState.start(
        *network.buffers, settings.optimizer, settings.schedule, metrics=metrics.start()
    )
    identity: dict[str, Any] = {}
    if checkpoint is not None or resume is not None:
        identity = _identity(network, settings, losses, frozen, preprocessing, training, held)
    state, saver = _resumed(state, settings, identity, checkpoint, resume)
    loader = BatchLoader(training.inputs, preprocessing, settings.augment, settings.seed)
    source = ExampleSource(training, loader, mover_of(network, training, loader, losses))
    steps, validate = _compile(
        network, settings, losses, frozen, loader, training, held, measured, preprocessing
    )
    # Everything has been checked; from here on the network changes.
    network.preprocessing = preprocessing
    network.classes = dict(zip(network.graph.outputs, training.classes, strict=True))
    network.losses = tuple(losses)
    trainer = Trainer(
        steps,
        settings,
        source,
        state=state,
        metrics=metrics,
        outputs=network.graph.outputs if len(losses) > 1 else (),
        maximize=settings.monitor in _higher_is_better(metrics, measured),
        validate=validate,
        frozen=frozen_slices(network.graph, frozen),
        diagnose=diagnoser(step) if debug else None,
    )
    run(network, trainer, own, saver, progress=progress)
    network.history.divergence = _divergence(step, trainer, training)
    return network.history


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
            "The network was trained on images that were not standardized, so its weights are for "
            "those. Training continues from them, on standardized images. Leave out "
            "standardize=True, or start with a new network.",
            StriateWarning,
            stacklevel=2,
        )


def validation_of(validation: Any) -> tuple[Any, tuple[Any, Any] | None]:
    """Tell a fraction to hold out, which is a setting, from a pair of images and targets."""
    if not isinstance(validation, tuple | list):
        return validation, None
    if len(validation) != 2:
        raise OptionError(
            "`validation` must be a fraction between 0 and 1 or a pair (x, y), got a "
            f"{type(validation).__name__} of {len(validation)}. Try validation=0.1."
        )
    return None, (validation[0], validation[1])


def _resumed(
    state: TrainingState,
    settings: TrainingSettings,
    identity: Mapping[str, Any],
    checkpoint: str | os.PathLike[str] | None,
    resume: str | os.PathLike[str] | None,
) -> tuple[TrainingState, CheckpointSaver | None]:
    """Read the state to resume from, and write the first checkpoint."""
    if resume is not None:
        state = load_checkpoint(resume, settings, identity, state)
    if checkpoint is None:
        return state, None
    saver = CheckpointSaver(checkpoint, settings, identity)
    saver.save(state)  # an unwritable file is an error now, not after the first epoch
    return state, saver


def _identity(
    network: Core,
    settings: TrainingSettings,
    losses: Sequence[Loss],
    frozen: Sequence[str],
    preprocessing: Preprocessing,
    training: Examples,
    held: Examples | None,
) -> dict[str, Any]:
    """Collect everything that determines the bits of the result, in the order of error reports."""
    return {
        **settings.identity(),
        "loss": [described(loss) for loss in losses],
        "freeze": " ".join(frozen) or None,
        "network": str(network),
        "layers": to_document(network.graph),
        "number of images": count_of(training.inputs),
        "preprocessing": preprocessing.to_data(),
        "data": fingerprint(training, held),
    }


def _compile(
    network: Core,
    settings: TrainingSettings,
    losses: Sequence[Loss],
    frozen: Sequence[str],
    loader: BatchLoader,
    training: Examples,
    held: Examples | None,
    measured: NetworkMetrics | None,
    preprocessing: Preprocessing,
) -> tuple[Steps, Validate | None]:
    """Prepare the engine's steps and the validation, so that a shortage of memory is found now."""
    steps = network.engines.steps(
        losses,
        settings.optimizer,
        decayed(network.graph),
        images=min(settings.batch_size, count_of(training.inputs)),
        target_shapes=[y.shape[1:] for y in training.targets],
        stored=loader.storage,
        frozen=frozen,
    )
    if held is None or measured is None:
        return steps, None
    size = max(settings.batch_size, 256)
    prepare_outputs(network.engines.for_losses(losses), preprocessing, held.inputs, size)
    return steps, validator(network, held, losses, measured, size)


def run(
    network: Core,
    trainer: Trainer,
    callbacks: Sequence[Any],
    saver: CheckpointSaver | None,
    *,
    progress: bool | None,
) -> None:
    """Run the training loop; however it ends, leave the network with its weights and history."""
    shown = sys.stderr.isatty() if progress is None else progress
    epochs, count = trainer.settings.epochs, trainer.source.count
    bar = ProgressBar(epochs, count) if shown else contextlib.nullcontext()
    with bar as shown_bar:
        called = (*callbacks, saver, shown_bar)
        trainer.callbacks = CallbackList([one for one in called if one is not None])
        try:
            trainer.run()
        except BaseException:
            if saver is not None and not trainer.diverged:
                saver.save_or_warn(trainer.state)
            raise
        finally:
            network.set_buffers(*trainer.weights)
            network.history = trainer.history


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


def _divergence(step: TrainingStep, trainer: Trainer, training: Examples) -> Divergence | None:
    """Return the losses of a run that diverged; ``None`` for other runs."""
    state = trainer.state
    if not state.rows or state.start_loss is None:
        return None
    epoch = state.epoch if trainer.best is None else trainer.best.epoch
    loss = state.rows[epoch - 1]["loss"]
    if not has_risen(loss, state.start_loss):
        return None
    constant = constant_loss(step, training.targets, training.weights)
    if not has_risen(loss, constant):
        return None
    return Divergence(epoch=epoch, loss=loss, start_loss=state.start_loss, constant_loss=constant)


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
    """Raise unless the network takes images with rows, columns and channels."""
    if augment is None:
        return
    if all(len(shape) != 3 for shape in network.graph.inputs.values()):  # maps, rows, columns
        raise ShapeError(
            Message(
                Argument("augment"),
                " needs images with rows, columns and channels, but the network takes inputs of "
                f"shape {network.input_shape}. Leave out ",
                Argument("augment"),
                ".",
            )
        )


def _validation_metrics(
    network: Core, held: Examples, losses: Sequence[Loss], settings: TrainingSettings
) -> NetworkMetrics:
    """Choose the metrics of the validation set, whose targets may be of another kind."""
    outputs = [replace(output, part="validation ") for output in network.outputs]
    return network_metrics(outputs, losses, held.labels, settings.metrics)


def _columns(network: Core, metrics: NetworkMetrics, measured: NetworkMetrics | None) -> list[str]:
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
