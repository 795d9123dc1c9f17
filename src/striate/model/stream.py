"""Training on batches from a user's iterable, without keeping them.

Each batch is checked, scaled and moved like a batch of arrays. What a pass through arrays would
show in advance is learned during training: the range of the pixels, and the number of steps in an
epoch.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from striate.errors import Argument, Message, OptionError, TrainingError
from striate.functions.base import Draw
from striate.functions.options import COUNT
from striate.functions.writing import short
from striate.graph.batch import Batch, storage_of
from striate.graph.engine import StepResult, Steps
from striate.graph.freezing import frozen_layers
from striate.graph.parameters import decayed
from striate.graph.step import TrainingStep
from striate.model.arguments import count_of
from striate.model.batch_examples import checked, require_same_kind, validation_of
from striate.model.batches import BatchLoader
from striate.model.core import Core
from striate.model.examples import Examples, ExampleSource, mover_of
from striate.model.inputs import PixelRange
from striate.model.iterables import BatchIterable, RawBatch
from striate.model.losses import loss_weights_of, losses_of
from striate.model.preparation import (
    Preparation,
    columns_of,
    metrics_of,
    require_augmentable,
)
from striate.model.target_scaling import standardized
from striate.model.weights import class_weights
from striate.shapes import Array
from striate.training.loop import BatchSource
from striate.training.settings import TrainingSettings


class StreamSource:
    """The batches of an iterable, for the training loop.

    Parameters
    ----------
    ready
        The prepared run.
    """

    def __init__(self, ready: "StreamPreparation") -> None:
        self.ready = ready
        self.count: int | None = None
        self.steps = ready.stream.length
        outputs = zip(ready.network.outputs, ready.training.classes, strict=True)
        self._outputs = [replace(output, classes=classes) for output, classes in outputs]
        self._preprocessing = replace(ready.network.preprocessing, ranges={})
        self._ranges = dict(ready.preprocessing.ranges)
        self._begun = False

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Iterate over the batches of an epoch; those before ``first`` are skipped."""
        ready = self.ready
        if not self._begun and ready.stream.steps is not None:
            for _ in range(epoch):  # a resumed run continues in the middle of the iterable
                for _ in ready.stream.batches():
                    pass
        self._begun = True
        images = number = 0
        try:
            for raw in ready.stream.batches():
                number = raw.number
                part = self._examples(raw)
                if number > first:
                    yield self._batch(part, epoch, images)
                images += count_of(part.inputs)
        finally:
            learned = replace(ready.preprocessing, ranges=self._ranges)
            ready.network.preprocessing = learned
        self.count, self.steps = images, number

    def _examples(self, raw: RawBatch) -> Examples:
        """Check a batch."""
        ready = self.ready
        part = checked(
            ready.network,
            self._outputs,
            raw,
            ready.losses,
            "x",
            preprocessing=self._preprocessing,
        )
        require_same_kind(part, ready.training, raw.number, "x")
        names = ready.network.graph.outputs
        part = part.with_scaled_targets(partial(standardized, ready.target_scaling, names))
        _require_trainable(ready.step, part, raw.number)
        for name, known in self._ranges.items():
            self._ranges[name] = known.merged(PixelRange.of(part.inputs[name]))
        weighting = ready.settings.class_weight
        if weighting is None:
            return part
        classes, count = part.classes[0], self._outputs[0].class_count
        weights = class_weights(weighting, part.only_labels, part.weights, classes, count)
        return replace(part, weights=weights)

    def batch_of(self, part: Examples) -> Batch:
        """Return a batch in the form that training gives it, to compile programs for it."""
        return self._batch(part, 0, 0)

    def _batch(self, part: Examples, epoch: int, first: int) -> Batch:
        """Scale and move a batch, whose first image is number ``first`` of its epoch."""
        ready = self.ready
        augment, seed = ready.settings.augment, ready.settings.seed
        loader = BatchLoader(part.inputs, ready.preprocessing, augment, seed, first=first)
        mover = mover_of(ready.network, part, loader, ready.losses, ready.target_scaling)
        source = ExampleSource(part, loader, mover, ready.settings)
        return source.batch(np.arange(source.count), epoch)


def _require_trainable(step: TrainingStep, part: Examples, number: int) -> None:
    """Raise if a layer cannot train on a batch of this size."""
    images, shapes = count_of(part.inputs), step.shapes()
    for operation in step.trained:
        try:
            operation.function.require_images(images, *(shapes[name] for name in operation.inputs))
        except TrainingError as error:
            raise TrainingError(
                f"Layer {operation.number} ({operation.layer}) cannot train on batch {number} of "
                f"`x`, which has {images} image; the variance over a batch needs at least two "
                "values per channel. Leave that batch out (drop_last=True for a DataLoader), or "
                "use another batch size, or LayerNorm."
            ) from error


class GrowingSteps:
    """Compiled steps for batches of any size and form.

    A program runs batches up to its size. The first one has the size of the first batch, which is
    usually the largest; a larger batch gets the next power of two, so that sizes that keep growing
    need only a few programs. Batches in another form, such as floats after uint8, have their own.

    Parameters
    ----------
    make
        Makes the steps for batches of up to a number of images, in the form of a batch.
    """

    def __init__(self, make: Callable[[int, Batch], Steps]) -> None:
        self._make = make
        self._made: dict[Hashable, tuple[int, Steps]] = {}
        self._current: Steps | None = None

    def prepare(self, batch: Batch) -> Steps:
        """Return the steps for a batch."""
        shapes = tuple(y.shape[1:] for y in batch.targets)
        form = (storage_of(batch.inputs), shapes, batch.weights_pixels)
        size, steps = self._made.get(form, (0, None))
        if steps is None or batch.count > size:
            size = batch.count if steps is None else 1 << (batch.count - 1).bit_length()
            steps = self._make(size, batch)
            self._made[form] = size, steps
        self._current = steps
        return steps

    def gradients(
        self, parameters: Array, statistics: Array, batch: Batch, draw: Draw
    ) -> StepResult:
        """Compute the losses and all derivatives of one batch."""
        return self.prepare(batch).gradients(parameters, statistics, batch, draw)

    def update(
        self,
        parameters: Array,
        gradient: Array,
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,
        scale: float = 1.0,
    ) -> tuple[Array, Mapping[str, Array]]:
        """Return parameters and optimizer state after a step."""
        assert self._current is not None
        return self._current.update(parameters, gradient, memory, rate=rate, step=step, scale=scale)


@dataclass(frozen=True, kw_only=True)
class StreamPreparation(Preparation):
    """A training run on batches of an iterable; ``training`` is the first batch.

    Parameters
    ----------
    stream
        The batches.
    """

    stream: BatchIterable

    @classmethod
    def of_batches(
        cls,
        network: Core,
        x: Any,
        settings: TrainingSettings,
        *,
        validation_data: Any = None,
        steps_per_epoch: int | None = None,
    ) -> Self:
        """Check the settings and the first batch.

        Parameters
        ----------
        network, settings, validation_data
            As for :func:`striate.model.fitting.fit`.
        x
            The iterable, or a function that returns one.
        steps_per_epoch
            Number of batches in an epoch; ``None`` ends an epoch with the iterable.

        Returns
        -------
        StreamPreparation

        Raises
        ------
        StriateError
            See :meth:`striate.Network.fit`.
        """
        require_settings_of_batches(settings)
        chosen = network.losses if settings.loss is None else settings.loss
        losses = tuple(losses_of(network.graph, chosen))
        frozen = frozen_layers(network.graph, settings.freeze)
        given = settings.loss_weights
        weights = loss_weights_of(network.graph, network.loss_weights if given is None else given)
        step = TrainingStep.of(network.graph, losses, loss_weights=weights, frozen=frozen)
        require_augmentable(settings.augment, network)
        stream = BatchIterable(x, "x", epochs=settings.epochs, steps=steps_per_epoch)
        if settings.schedule.needs_length and stream.length is None:
            raise OptionError(
                f"The schedule {settings.schedule} needs the number of batches in an epoch, but "
                "`x` has no length. Use steps_per_epoch, or an iterable with a length."
            )
        without_ranges = replace(network.preprocessing, ranges={})
        training = checked(
            network,
            network.outputs,
            stream.first(),
            losses,
            "x",
            learn=True,
            preprocessing=without_ranges,
        )
        held = validation_of(network, training, losses, validation_data, settings)
        scaling = network.target_scaling
        scale = partial(standardized, scaling, network.graph.outputs)
        training = training.with_scaled_targets(scale)
        held = None if held is None else held.with_scaled_targets(scale)
        metrics, measured = metrics_of(network, losses, training, held, scaling, settings)
        return cls(
            network=network,
            settings=settings.monitoring(columns_of(network, metrics, measured)),
            losses=losses,
            loss_weights=weights,
            frozen=frozen,
            step=step,
            training=training,
            held=held,
            target_scaling=scaling,
            metrics=metrics,
            measured=measured,
            preprocessing=network.preprocessing.learned(training.inputs, standardize=False),
            stream=stream,
        )

    def identity(self) -> dict[str, Any]:
        """Collect what determines the bits of the result; nothing is known of later batches."""
        own = replace(self.preprocessing, ranges={})
        rates = self.settings.schedule.needs_length
        return {
            **super().identity(),
            "number of images": None,
            "number of batches": self.stream.length if rates else None,
            "preprocessing": own.to_data(),
            "data": f"batches, {self.stream.steps or 'all'} in an epoch",
        }

    def source(self) -> tuple[BatchSource, Steps]:
        """Return the batches, and the steps, compiled for the first batch."""
        network, settings = self.network, self.settings

        def make(images: int, batch: Batch) -> Steps:
            return network.engines.steps(
                self.losses,
                settings.optimizer,
                decayed(network.graph),
                images=images,
                target_shapes=[y.shape[1:] for y in batch.targets],
                stored=storage_of(batch.inputs),
                frozen=self.frozen,
                loss_weights=self.loss_weights,
                pixel_weights=batch.weights_pixels,
            )

        source, steps = StreamSource(self), GrowingSteps(make)
        steps.prepare(source.batch_of(self.training))
        return source, steps


def require_settings_of_batches(settings: TrainingSettings) -> None:
    """Raise if a setting needs all images at once.

    Raises
    ------
    OptionError
        With what to do instead.
    """
    if settings.validation is not None:
        raise OptionError(
            Message(
                Argument("validation", settings.validation),
                " cannot split batches of an iterable; expected a pair (x, y) of arrays, or "
                "another iterable of batches. Split the data before creating the batches.",
            )
        )
    if settings.standardize:
        raise OptionError(
            Message(
                Argument("standardize", True),
                " needs all images before the first step, but `x` yields them in batches. "
                "Standardize them where the batches are created, and likewise before predict.",
            )
        )
    if settings.standardize_targets:
        raise OptionError(
            Message(
                Argument("standardize_targets", True),
                " needs all targets before the first step, but `x` yields them in batches. "
                "Standardize them where the batches are created.",
            )
        )
    if settings.class_weight == "balanced":
        raise OptionError(
            Message(
                Argument("class_weight", "balanced"),
                " needs all labels before the first step, but `x` yields them in batches. Use a "
                "dict with a weight for each class, or batches (x, y, weights).",
            )
        )


def require_steps(steps_per_epoch: Any, *, batches: bool) -> None:
    """Raise unless the number of batches in an epoch is allowed.

    Raises
    ------
    OptionError
        If it is not a positive integer, or is given for arrays.
    """
    if steps_per_epoch is None:
        return
    if not batches:
        raise OptionError(
            "`steps_per_epoch` applies only to batches of an iterable; for arrays, it follows "
            "from `batch_size`. Leave steps_per_epoch out."
        )
    if steps_per_epoch not in COUNT:
        raise OptionError(
            f"`steps_per_epoch` must be a positive integer, got {short(steps_per_epoch)}. Try "
            "steps_per_epoch=100."
        )
