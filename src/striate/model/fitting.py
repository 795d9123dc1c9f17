"""Training a network: from what a user says to the training loop's plan, and back."""

import contextlib
import hashlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.data.augment import Augmentation
from striate.data.split import held_out
from striate.errors import OptionError
from striate.functions import registry
from striate.functions.base import Draw, Loss
from striate.functions.options import Range
from striate.graph.batch import Batch
from striate.graph.diagnosis import first_not_finite
from striate.graph.document import to_document
from striate.graph.parameters import Layout, decayed
from striate.graph.step import TrainingStep
from striate.model.batches import Chooser
from striate.model.feeding import (
    check_all_targets,
    check_inputs,
    count_of,
    outputs_in_batches,
)
from striate.model.losses import losses_of
from striate.model.planning import augmentation_of, require_column
from striate.model.scoring import labels_in, loss_of
from striate.model.structure import Structure
from striate.model.targets import (
    Classes,
    class_weights,
    predicted_labels,
    require_two_classes,
    sample_weights,
)
from striate.shapes import Array
from striate.training.checkpoint import load_checkpoint, save_checkpoint
from striate.training.history import History
from striate.training.loop import Callback, Diagnose, Plan, Trainer
from striate.training.progress import ProgressBar
from striate.training.state import Row, TrainingState


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Checked images with their targets: what a training goes through.

    Parameters
    ----------
    inputs
        Images by input, as the user has them.
    targets
        For each output, in the form that its loss takes.
    labels
        The classes, where targets are labels.
    weights
        What each image counts.
    """

    inputs: dict[str, Array]
    targets: tuple[Array, ...]
    labels: Array | None
    weights: Array | None

    def part(self, chosen: Array) -> "Examples":
        """Take some of the images."""
        return Examples(
            inputs={name: images[chosen] for name, images in self.inputs.items()},
            targets=tuple(y[chosen] for y in self.targets),
            labels=None if self.labels is None else self.labels[chosen],
            weights=None if self.weights is None else self.weights[chosen],
        )


class ExampleSource:
    """Gives the training loop its batches: chosen, augmented, as the equations have them."""

    def __init__(self, examples: Examples, chooser: Chooser, threshold: float) -> None:
        self.examples = examples
        self.chooser = chooser
        self.threshold = threshold
        self.count = count_of(examples.inputs)
        self.slow = chooser.slow

    def batch(self, images: Array, epoch: int) -> Batch:
        """Give the images of these numbers, as they are in that epoch."""
        given = self.examples
        return Batch(
            inputs=self.chooser.choose(images, epoch),
            targets=tuple(y[images] for y in given.targets),
            weights=None if given.weights is None else given.weights[images],
            labels=None if given.labels is None else given.labels[images],
        )

    def correct(self, outputs: tuple[Array, ...], batch: Batch) -> float:
        """Add up the weights of the images that are right; NaN where there are no labels."""
        if batch.labels is None:
            return math.nan
        right = predicted_labels(outputs[0], self.threshold) == batch.labels
        if right.ndim == 1 and batch.weights is None:
            return float(np.count_nonzero(right))
        share = right.reshape(len(right), -1).mean(axis=1)
        return float(share.sum() if batch.weights is None else (share * batch.weights).sum())


def examples(
    network: Structure,
    classes: Classes,
    x: Any,
    y: Any,
    losses: Sequence[Loss],
    sample_weight: Any = None,
) -> Examples:
    """Check images and targets of a network."""
    inputs = check_inputs(network.graph, network.preprocessing, x)
    count = count_of(inputs)
    single = len(network.graph.outputs) == 1
    named = classes.numbers(y) if single else y
    targets = check_all_targets(network.graph, network.preprocessing, classes, named, losses, count)
    labels = labels_in(named, network) if single and losses[0].takes_labels else None
    weights = sample_weights(sample_weight, count)
    return Examples(inputs=inputs, targets=targets, labels=labels, weights=weights)


def split_off(whole: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """Divide examples into a training and a validation part, each class in proportion.

    Raises
    ------
    OptionError
        If the share cannot be, or leaves a part without images or without weight.
    """
    if share not in SHARE:
        raise OptionError(
            f"validation={share!r:.60} cannot be. It is the share of the images that is kept from "
            "training, above 0 and below 1, "
            "or a pair (x, y). Use validation=0.1."
        )
    count = count_of(whole.inputs)
    one_each = whole.labels is not None and whole.labels.ndim == 1
    labels = whole.labels if one_each else np.zeros(count, np.int64)
    assert labels is not None
    held = held_out(labels, share, seed)
    if held.all() or not held.any():
        raise OptionError(
            f"validation={share} of {count} images leaves {count - int(held.sum())} for training "
            f"and {int(held.sum())} for validation. "
            "Both parts hold at least one. Use another share or more images."
        )
    training, validation = whole.part(np.flatnonzero(~held)), whole.part(np.flatnonzero(held))
    for part in (training, validation):
        if part.weights is not None and not part.weights.any():
            raise OptionError(
                f"validation={share} puts all images that have a weight above 0 into one part. "
                "Both parts hold at least one such image. Use another share, or give the "
                "validation part as a pair (x, y)."
            )
    return training, validation


def validator(
    network: Structure, held: Examples, losses: Sequence[Loss], batch_size: int
) -> Callable[[Array, Array], Row]:
    """Make the function that scores parameters on the validation part."""

    def validate(parameters: Array, statistics: Array) -> Row:
        outputs, loss = loss_of(
            network,
            (parameters, statistics),
            held.inputs,
            losses,
            held.targets,
            held.weights,
            batch_size,
        )
        row = {"validation_loss": loss}
        if held.labels is not None:
            right = (
                (predicted_labels(outputs[0], network.threshold) == held.labels)
                .reshape(len(held.labels), -1)
                .mean(axis=1)
            )
            row["validation_accuracy"] = float(np.average(right, weights=held.weights))
        return row

    return validate


SHARE = Range(above=0, below=1)


class Saver:
    """Saves a checkpoint after each epoch."""

    def __init__(self, path: str | os.PathLike[str], plan: Plan, about: Mapping[str, Any]) -> None:
        self.path = path
        self.plan = plan
        self.about = about

    def save(self, state: TrainingState) -> None:
        """Write the state."""
        save_checkpoint(self.path, state, self.plan, self.about)

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Do nothing: a checkpoint after every step would cost more than the step."""

    def on_epoch(self, state: TrainingState, row: Row) -> None:  # noqa: ARG002  # not needed
        """Write the state."""
        self.save(state)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user says about the data of a training; see :meth:`striate.Network.fit`."""

    loss: str | Loss | Sequence[str | Loss] | None
    validation: float | tuple[Any, Any] | None
    sample_weight: Any
    class_weight: Mapping[Any, float] | str | None
    augment: str | Augmentation | None
    standardize: bool
    classes: Classes


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a user says about how a training runs; see :meth:`striate.Network.fit`."""

    checkpoint: str | os.PathLike[str] | None
    resume: str | os.PathLike[str] | None
    progress: bool | None
    callbacks: tuple[Callback, ...]
    debug: bool


def fit(network: Structure, x: Any, y: Any, options: Options, plan: Plan, run: Run) -> History:
    """Check everything, then train; see :meth:`striate.Network.fit`."""
    losses = losses_of(network.graph, options.loss)
    step = TrainingStep.of(network.graph, losses)
    augment = augmentation_of(options.augment, network)
    training, held = _parts(network, x, y, losses, options, plan.seed)
    require_column(plan.monitored, _columns(training, held))
    preprocessing = network.preprocessing
    if options.standardize:
        preprocessing = preprocessing.standardized(training.inputs)
    about = {
        "network": to_document(network.graph),
        "images": count_of(training.inputs),
        "augmentation": str(augment or ""),
        "losses": [registry.to_data(loss) for loss in losses],
        "preprocessing": preprocessing.to_data(),
    }
    if run.checkpoint is not None or run.resume is not None:
        about["data"] = _fingerprint(training, held)
    state = TrainingState.start(*network.numbers, plan.optimizer, plan.schedule)
    if run.resume is not None:
        state = load_checkpoint(run.resume, plan, about, state)
    saver = None if run.checkpoint is None else Saver(run.checkpoint, plan, about)
    if saver is not None:
        saver.save(state)  # a file that cannot be written is refused now, not after an epoch
    chooser = Chooser(training.inputs, preprocessing, augment, plan.seed)
    steps = network.engines.steps(
        losses,
        plan.optimizer,
        decayed(network.graph),
        images=min(plan.batch_size, count_of(training.inputs)),
        target_shapes=[y.shape[1:] for y in training.targets],
        stored=chooser.forms,
    )
    engine, size = network.engines.of(losses), max(plan.batch_size, 256)
    if held is not None and engine.name == "compiled":
        # The program that validates is made now: where memory is short, no epoch is lost for it.
        next(outputs_in_batches(engine, preprocessing, network.numbers, held.inputs, size))
    # Nothing can be refused any more: from here on the network changes.
    network.preprocessing, network.classes = preprocessing, options.classes
    network.losses = tuple(losses)
    source = ExampleSource(training, chooser, network.threshold)
    trainer = Trainer(
        steps,
        plan,
        source,
        state=state,
        validate=None if held is None else validator(network, held, losses, size),
        diagnose=diagnoser(step) if run.debug else None,
    )
    return train(network, trainer, saver, run)


def train(network: Structure, trainer: Trainer, saver: Saver | None, run: Run) -> History:
    """Run the training loop, and leave the network with its weights, whatever interrupts."""
    plan = trainer.plan
    shown = sys.stderr.isatty() if run.progress is None else run.progress
    bar = ProgressBar(plan.epochs, trainer.source.count) if shown else contextlib.nullcontext()
    with bar as listening, _leave_weights(network, trainer, saver):
        heard = (*run.callbacks, saver, listening)
        trainer.callbacks = [callback for callback in heard if callback is not None]
        trainer.run()
    best = trainer.state.best if plan.keep_best else None
    if best is not None:
        network.set_numbers(best.parameters, best.statistics)
    return History(
        trainer.state.rows,
        best_epoch=0 if best is None else best.epoch,
        stopped_early=trainer.stopped_early,
    )


def diagnoser(step: TrainingStep) -> Diagnose:
    """Make the function that names what in a step is first not finite."""

    def diagnose(state: TrainingState, batch: Batch, draw: Draw, after: Array) -> str | None:
        first = first_not_finite(step, state.parameters, state.statistics, batch, draw)
        if first is None:
            for name, array in Layout.of(step.graph.parameters()).views(after).items():
                if not np.isfinite(array).all():
                    return f"{name} after the update"
        return first

    return diagnose


def _parts(
    network: Structure, x: Any, y: Any, losses: Sequence[Loss], options: Options, seed: int
) -> tuple[Examples, Examples | None]:
    """Check what a user gave, and give the training and the validation part."""
    maps = network.graph.shapes[network.graph.outputs[0]][0]
    options.classes.require_room(max(maps, 2))  # a single output tells two classes apart
    training = examples(network, options.classes, x, y, losses, options.sample_weight)
    if training.labels is not None:
        require_two_classes(training.labels, options.classes)
    match options.validation:
        case None:
            held = None
        case (held_x, held_y):
            held = examples(network, options.classes, held_x, held_y, losses)
        case share:
            training, held = split_off(training, share, seed)
    # Behind the split: classes weigh in training only, however the validation part was given.
    if options.class_weight is not None:
        weights = class_weights(
            options.class_weight, training.labels, training.weights, options.classes, max(maps, 2)
        )
        training = replace(training, weights=weights)
    return training, held


def _columns(training: Examples, held: Examples | None) -> list[str]:
    """Name the columns that the history will have."""
    columns = ["loss"] if training.labels is None else ["loss", "accuracy"]
    if held is not None:
        columns += ["validation_loss"]
        columns += [] if held.labels is None else ["validation_accuracy"]
    return columns


def _fingerprint(training: Examples, held: Examples | None) -> str:
    """Digest images, targets and weights, so that a training goes on with the same ones only."""
    digest = hashlib.sha256()
    for part in (training, held):
        if part is not None:
            weights = () if part.weights is None else (part.weights,)
            for array in (*part.inputs.values(), *part.targets, *weights):
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _leave_weights(network: Structure, trainer: Trainer, saver: Saver | None) -> Iterator[None]:
    """Give the network the last whole weights, and save them on an interrupt."""
    try:
        yield
    except KeyboardInterrupt:
        if saver is not None:
            saver.save(trainer.state)
        raise
    finally:
        network.set_numbers(trainer.state.parameters, trainer.state.statistics)
