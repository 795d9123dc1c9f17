"""Batches of a user's iterable, checked against a network like the arrays of a data set."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.data.image_file import Images
from striate.errors import DataError, StriateError
from striate.functions.base import Loss
from striate.functions.writing import short
from striate.model.arguments import check_all_targets, check_inputs, count_of
from striate.model.core import Core
from striate.model.examples import Examples, examples
from striate.model.inputs import Preprocessing
from striate.model.iterables import BatchIterable, RawBatch
from striate.model.targets import NetworkOutput
from striate.model.weights import sample_weights
from striate.shapes import Array
from striate.training.settings import TrainingSettings


def checked(
    network: Core,
    outputs: Sequence[NetworkOutput],
    raw: RawBatch,
    losses: Sequence[Loss],
    name: str,
    *,
    learn: bool = False,
    preprocessing: Preprocessing | None = None,
) -> Examples:
    """Check one batch.

    Parameters
    ----------
    network
        The network.
    outputs
        Its outputs, with their classes.
    raw
        The batch.
    losses
        One for each output.
    name
        The argument that holds the batches, for errors.
    learn
        Whether outputs without classes take them from this batch, which is possible for integers.
    preprocessing
        Instead of the network's own.

    Returns
    -------
    striate.model.examples.Examples

    Raises
    ------
    StriateError
        As for arrays, with the number of the batch; and if labels are strings, but the network has
        no classes.
    """
    if np.ndim(raw.y) == 0 and not isinstance(raw.y, Mapping | list | tuple):
        raise DataError(
            f"Batch {raw.number} of `{name}` has the single target {short(raw.y)}; expected a "
            "batch of images with one target each. Wrap a PyTorch dataset in DataLoader(dataset, "
            "batch_size=128), or collect images with np.stack."
        )
    try:
        inputs = check_inputs(network, raw.x, preprocessing)
        count = count_of(inputs)
        if learn:
            _require_classes_of_strings(outputs, raw.y)
        targets = check_all_targets(outputs, raw.y, losses, count, learn=learn)
        weights = sample_weights(raw.weights, count, outputs)
    except StriateError as error:
        error.about(f"Batch {raw.number} of `{name}`")
        raise
    return Examples(
        inputs=inputs,
        targets=tuple(one.values for one in targets),
        labels=tuple(one.labels for one in targets),
        classes=tuple(one.classes for one in targets),
        weights=weights,
    )


def _require_classes_of_strings(outputs: Sequence[NetworkOutput], y: Any) -> None:
    """Raise if labels are strings and the classes unknown: one batch may not have all of them."""
    given = list(y.values()) if isinstance(y, Mapping) else y if len(outputs) > 1 else [y]
    for output, one in zip(outputs, given, strict=False):
        labels = np.asarray(one)
        strings = labels.dtype.kind in "UT" or (
            labels.dtype.kind == "O" and labels.size and isinstance(labels.flat[0], str)
        )
        if strings and not output.classes.values:
            example = ", ".join(repr(str(value)) for value in np.unique(labels)[:3])
            raise DataError(
                f"{output.name} holds strings, but the network has no classes yet, and a single "
                f"batch may not contain all of them. Set net.classes = ({example}, ...) before "
                "training."
            )


@dataclass(frozen=True)
class HeldBatches:
    """Validation data that an iterable gives in batches, once for each epoch.

    Parameters
    ----------
    first
        The first batch.
    parts
        Makes an iterator over all batches, checked.
    """

    first: Examples
    parts: Callable[[], Iterator[Examples]]

    @property
    def inputs(self) -> dict[str, Images]:
        """The images of the first batch."""
        return self.first.inputs

    @property
    def labels(self) -> tuple[Array | None, ...]:
        """The labels of the first batch."""
        return self.first.labels

    def with_scaled_targets(
        self, scale: Callable[[tuple[Array, ...]], tuple[Array, ...]]
    ) -> "HeldBatches":
        """Return the batches with the targets that a function makes of them."""

        def parts() -> Iterator[Examples]:
            for part in self.parts():
                yield part.with_scaled_targets(scale)

        return HeldBatches(self.first.with_scaled_targets(scale), parts)


def held_batches(
    network: Core,
    outputs: Sequence[NetworkOutput],
    given: Any,
    losses: Sequence[Loss],
    *,
    epochs: int = 1,
    name: str = "validation",
    scaled: bool = False,
) -> HeldBatches:
    """Check data in batches that is only scored; the first batch is checked now.

    Parameters
    ----------
    network, outputs, losses
        The network, its outputs with their classes, and their losses.
    given
        An iterable of batches, or a function that returns one.
    epochs
        How often it is iterated.
    name
        The argument that holds it, for errors.
    scaled
        Whether the network was trained before, so that the scale of the images is compared.

    Raises
    ------
    StriateError
        If it is not an iterable of batches, can be iterated only once for several epochs, or the
        first batch cannot be used.
    """
    batches = BatchIterable(given, name, epochs=epochs)
    known = network.preprocessing
    own = known if scaled else replace(known, ranges={})

    def check(raw: RawBatch) -> Examples:
        return checked(network, outputs, raw, losses, name, preprocessing=own)

    first = check(batches.first())

    def parts() -> Iterator[Examples]:
        for raw in batches.batches():
            part = check(raw)
            require_same_kind(part, first, raw.number, name)
            yield part

    return HeldBatches(first, parts)


def validation_of(
    network: Core,
    training: Examples,
    losses: Sequence[Loss],
    given: Any,
    settings: TrainingSettings,
) -> Examples | HeldBatches | None:
    """Check validation data, a pair of arrays or an iterable of batches.

    Parameters
    ----------
    network
        The network.
    training
        The training images, or the first batch of them, for the classes.
    losses
        One for each output.
    given
        The pair or the iterable; ``None`` for no validation data.
    settings
        The iterable is needed once for each epoch.

    Raises
    ------
    StriateError
        If it cannot be used.
    """
    if given is None:
        return None
    outputs = [
        replace(output, classes=classes, part="validation ")
        for output, classes in zip(network.outputs, training.classes, strict=True)
    ]
    if isinstance(given, tuple):
        return examples(network, outputs, given[0], given[1], losses)
    return held_batches(network, outputs, given, losses, epochs=settings.epochs)


def require_same_kind(part: Examples, first: Examples, number: int, name: str) -> None:
    """Raise if the targets of a batch have a different form than those of the first batch.

    Raises
    ------
    DataError
        With the number of the batch.
    """
    for labels, of_first in zip(part.labels, first.labels, strict=True):
        if (labels is None) != (of_first is None):
            kinds = ("class probabilities", "labels")
            now, then = (kinds[one is not None] for one in (labels, of_first))
            raise DataError(
                f"Batch {number} of `{name}` has {now} as targets, but the first batch had {then}; "
                "expected the same in all batches. Convert them where the batches are created."
            )
