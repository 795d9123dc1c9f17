"""Examples: a user's images, targets and weights, checked against a network."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.data.image_file import Images, part_of, parts_of
from striate.data.split import held_out
from striate.errors import Argument, InPython, Message, OptionError, StriateError
from striate.functions.base import Loss
from striate.graph.batch import Batch
from striate.model.arguments import check_all_targets, check_inputs, count_of
from striate.model.batches import BatchLoader, TargetMover
from striate.model.classes import Classes
from striate.model.core import Core
from striate.model.target_scaling import TargetScaling
from striate.model.targets import NetworkOutput, require_two_classes
from striate.model.weights import class_weights, sample_weights
from striate.shapes import Array
from striate.training.prefetch import prefetch
from striate.training.settings import TrainingSettings
from striate.training.state import order_of_images


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Checked images with their targets.

    Parameters
    ----------
    inputs
        Images by input, as the user has them.
    targets
        For each output, in the form that its loss takes.
    labels
        For each output, class indices; ``None`` if its targets are not labels.
    classes
        The classes of each output, known before or learned from these targets.
    weights
        Weight of each image, or each pixel; ``None`` if all count the same.
    """

    inputs: dict[str, Images]
    targets: tuple[Array, ...]
    labels: tuple[Array | None, ...]
    classes: tuple[Classes, ...]
    weights: Array | None

    @property
    def only_labels(self) -> Array | None:
        """The labels of a network's only output; ``None`` if it has several or holds numbers."""
        return self.labels[0] if len(self.labels) == 1 else None

    def with_targets(self, targets: tuple[Array, ...]) -> "Examples":
        """Return the examples with other targets, such as standardized ones."""
        return replace(self, targets=targets)

    def with_scaled_targets(
        self, scale: Callable[[tuple[Array, ...]], tuple[Array, ...]]
    ) -> "Examples":
        """Return the examples with the targets that a function makes of them."""
        return self.with_targets(scale(self.targets))

    def part(self, chosen: Array) -> "Examples":
        """Return some of the examples."""
        return Examples(
            inputs={name: part_of(images, chosen) for name, images in self.inputs.items()},
            targets=tuple(y[chosen] for y in self.targets),
            labels=tuple(None if y is None else y[chosen] for y in self.labels),
            classes=self.classes,
            weights=None if self.weights is None else self.weights[chosen],
        )


class ExampleSource:
    """The examples in batches, augmented and preprocessed for the training loop."""

    def __init__(
        self,
        examples: Examples,
        loader: BatchLoader,
        mover: TargetMover,
        settings: TrainingSettings,
    ) -> None:
        self.examples = examples
        self.loader = loader
        self.mover = mover
        self.settings = settings
        self.count = count_of(examples.inputs)
        self.steps = -(-self.count // settings.batch_size)
        self.slow = loader.slow or mover.moves_any

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Iterate over the batches of an epoch; a thread prepares them ahead if that is slow."""
        settings, size = self.settings, self.settings.batch_size
        order = order_of_images(settings.seed, epoch, self.count, shuffle=settings.shuffle)
        chosen = (order[k * size : (k + 1) * size] for k in range(first, self.steps))
        yield from (prefetch if self.slow else map)(lambda one: self.batch(one, epoch), chosen)

    def batch(self, images: Array, epoch: int) -> Batch:
        """Return the images with these indices, augmented as in that epoch."""
        given = self.examples
        targets = tuple(y[images] for y in given.targets)
        labels = tuple(None if y is None else y[images] for y in given.labels)
        return Batch(
            inputs=self.loader.load(images, epoch),
            targets=self.mover.targets(targets, images, epoch),
            weights=None
            if given.weights is None
            else self.mover.weights(given.weights[images], images, epoch),
            labels=self.mover.labels(labels, images, epoch),
        )


def mover_of(
    network: Core,
    training: Examples,
    loader: BatchLoader,
    losses: Sequence[Loss],
    scaling: Mapping[str, TargetScaling],
) -> TargetMover:
    """Return the object that moves the training targets with their images."""
    outputs = network.outputs
    return TargetMover(
        loader,
        training.targets,
        losses,
        [output.shape for output in outputs],
        [output.name for output in outputs],
        [scaling.get(name) for name in network.graph.outputs],
    )


def examples(
    network: Core,
    outputs: Sequence[NetworkOutput],
    x: Any,
    y: Any,
    losses: Sequence[Loss],
    sample_weight: Any = None,
) -> Examples:
    """Check images and targets; outputs without classes take them from the targets."""
    # The ranges of an earlier training are not those of this one.
    try:
        inputs = check_inputs(network, x, replace(network.preprocessing, ranges={}))
    except StriateError as error:
        if outputs[0].part:
            error.about("Validation data")
        raise
    count = count_of(inputs)
    targets = check_all_targets(outputs, y, losses, count, learn=True)
    return Examples(
        inputs=inputs,
        targets=tuple(one.values for one in targets),
        labels=tuple(one.labels for one in targets),
        classes=tuple(one.classes for one in targets),
        weights=sample_weights(sample_weight, count, outputs),
    )


def split_off(whole: Examples, fraction: float, seed: int) -> tuple[Examples, Examples]:
    """Split examples into a training and a validation set, stratified by class.

    Raises
    ------
    OptionError
        If a part is left without images or without weight.
    """
    count = count_of(whole.inputs)
    found = whole.only_labels
    labels = np.zeros(count, np.int64) if found is None or found.ndim > 1 else found
    labels = labels - min(int(labels.min()), 0)  # ignored labels, -1, form another class
    held = held_out(labels, fraction, seed)
    if held.all() or not held.any():
        raise OptionError(
            Message(
                Argument("validation", fraction),
                f" of {count} images leaves {count - int(held.sum())} for training and "
                f"{int(held.sum())} for validation, but each part needs at least one. Use another "
                "fraction, or more images.",
            )
        )
    training, validation = whole.part(np.flatnonzero(~held)), whole.part(np.flatnonzero(held))
    for part in (training, validation):
        if part.weights is not None and not part.weights.any():
            raise OptionError(
                Message(
                    Argument("validation", fraction),
                    " leaves the training or the validation images without a positive weight, but "
                    "each needs at least one. Use another fraction",
                    InPython(", or give the validation data as a pair (x, y)"),
                    ".",
                )
            )
    return training, validation


def training_and_validation(
    network: Core,
    x: Any,
    y: Any,
    losses: Sequence[Loss],
    settings: TrainingSettings,
    validation_data: tuple[Any, Any] | None,
    sample_weight: Any,
) -> tuple[Examples, Examples | None]:
    """Check the data, and split it into a training and a validation set."""
    training = examples(network, network.outputs, x, y, losses, sample_weight)
    if training.only_labels is not None:
        require_two_classes(training.only_labels, training.classes[0])
    held = None
    if validation_data is not None:
        outputs = [
            replace(output, classes=classes, part="validation ")
            for output, classes in zip(network.outputs, training.classes, strict=True)
        ]
        held = examples(network, outputs, *validation_data, losses)
    elif settings.validation is not None:
        training, held = split_off(training, settings.validation, settings.seed)
    # After the split, because class weights apply to the training set only.
    if settings.class_weight is not None:
        weights = class_weights(
            settings.class_weight,
            training.only_labels,
            training.weights,
            training.classes[0],
            network.outputs[0].class_count,
        )
        training = replace(training, weights=weights)
    return training, held


def fingerprint(training: Examples, held: Examples | None) -> str:
    """Hash images, targets and weights: a resumed run must have the same."""
    digest = hashlib.sha256()
    for part in (training, held):
        if part is not None:
            weights = () if part.weights is None else (part.weights,)
            for array in (*part.inputs.values(), *part.targets, *weights):
                digest.update(f"{array.dtype} {array.shape}".encode())
                for piece in parts_of(array):
                    digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()[:16]
