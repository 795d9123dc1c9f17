"""From a user's targets to what the losses take: class names, labels, weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Literal

import numpy as np

from striate.errors import DataError
from striate.functions.base import Loss
from striate.functions.options import NOT_NEGATIVE, Range
from striate.graph.axis_order import images_to_first
from striate.model.inputs import as_array, scaled_targets
from striate.shapes import Array, Shape


@dataclass(frozen=True, kw_only=True)
class Classes:
    """The classes of a classifier: their names, where they have any.

    Parameters
    ----------
    names
        In the order of the labels; empty where labels are numbers.
    """

    names: tuple[str, ...] = ()

    def learned(self, y: Any) -> "Classes":
        """Learn the names from training labels that are words."""
        labels = as_labels(y)
        if labels.dtype.kind not in "US" or self.names:
            return self
        return replace(self, names=tuple(np.unique(labels.astype(str)).tolist()))

    def numbers(self, y: Any) -> Array:
        """Turn labels that are words into numbers; leave others as they are.

        Raises
        ------
        DataError
            If a word is no class.
        """
        labels = as_labels(y)
        if labels.dtype.kind not in "US":
            return labels
        number = {name: k for k, name in enumerate(self.names)}
        words = labels.astype(str)
        for place, word in enumerate(words.ravel().tolist()):
            if word not in number:
                known = f"classes {', '.join(self.names)}" if self.names else "no names of classes"
                raise DataError(
                    f'y holds the label "{word}" at {place}. The network has learned {known}. '
                    "Leave those images out, or train on data that have this class."
                )
        return np.array([number[word] for word in words.ravel().tolist()], np.int64).reshape(
            words.shape
        )

    def require_room(self, maps: int) -> None:
        """Raise where there are not as many outputs as classes with names.

        Raises
        ------
        DataError
            If the names are more or fewer than ``maps``.
        """
        if len(self.names) not in {0, 1, maps}:  # one class alone has an error of its own
            raise DataError(
                f"y holds {len(self.names)} classes, {', '.join(self.names)}, for {maps} outputs. "
                "Each class has an output of its own, and each output a class. "
                f"Give the last layer {len(self.names)} outputs."
            )

    def name(self, label: int) -> str:
        """Give the name of a class, or its number."""
        return self.names[label] if label < len(self.names) else str(label)


def as_labels(y: Any) -> Array:
    """Make an array of targets; words in a column of objects, as pandas has them, are words."""
    labels = as_array(y, "y")
    words = labels.dtype == np.object_ and all(isinstance(one, str) for one in labels.flat)
    return labels.astype(str) if words and labels.size else labels


def check_targets(
    y: Any,
    loss: Loss,
    shape: Shape,
    *,
    channels: Literal["last", "first"],
    count: int,
    name: str = "y",
) -> Array:
    """Bring targets into the form that a loss takes.

    Parameters
    ----------
    y
        Labels or numbers, one entry for each image.
    loss
        Checks and converts them.
    shape
        The output's shape as the equations have it.
    channels
        Which axis holds the channels where targets are images.
    count
        Images that there are.
    name
        What the targets are called, for the error text.

    Returns
    -------
    Array

    Raises
    ------
    DataError
        If there is not one target for each image, or the loss cannot take them.
    """
    targets = as_array(y, name)
    if targets.ndim == 0 or len(targets) != count:
        given = "a single number" if targets.ndim == 0 else f"{len(targets)} targets"
        raise DataError(
            f"{name} holds {given} for {count} images. Each image has one target, in the same "
            "order. "
            "Check that images and targets come from the same rows."
        )
    targets = scaled_targets(targets, shape, takes_labels=loss.takes_labels, name=name)
    if targets.ndim == len(shape) + 1 and len(shape) > 1 and channels == "last":
        targets = images_to_first(targets)
    return loss.targets(targets, shape)


def labels_of(y: Array, shape: Shape) -> Array | None:
    """Give the labels in targets, int64 without the axis of outputs, if there are any."""
    maps, *pixels = shape
    whole = y.dtype.kind in "biu"
    if maps == 1 and (whole or np.isin(y, (0, 1)).all()):
        return y.astype(np.int64).reshape(len(y), *pixels)
    return y.astype(np.int64) if whole and y.ndim == len(shape) else None


def predicted_labels(output: Array, threshold: float) -> Array:
    """Give the class of the largest output; of a single one, whether it is above the threshold."""
    if output.shape[1] == 1:
        return (output[:, 0] > threshold).astype(np.int64)
    return output.argmax(axis=1)


def require_two_classes(labels: Array, classes: Classes) -> None:
    """Raise where all labels are the same.

    Raises
    ------
    DataError
        If there is one class only.
    """
    least = labels.min()
    if least == labels.max():  # a choice needs two
        raise DataError(
            f"All {len(labels)} labels are {classes.name(int(least))}. A classifier learns to "
            "tell at least two classes apart. "
            "Add images of another class."
        )


def sample_weights(sample_weight: Any, count: int) -> Array | None:
    """Check the weights of images.

    Parameters
    ----------
    sample_weight
        One number for each image, at least 0, or ``None``.
    count
        Images that there are.

    Returns
    -------
    Array or None
        ``None`` where every image counts 1.

    Raises
    ------
    DataError
        If a weight is negative or not finite, all are 0, or there is not one for each image.
    """
    if sample_weight is None:
        return None
    given = as_array(sample_weight, "sample_weight")
    if given.shape != (count,) or given.dtype.kind not in "biuf" or not _can_weigh(given):
        raise DataError(
            f"sample_weight has shape {given.shape} and type {given.dtype} for {count} images"
            f"{_outside(given)}. Each image has one weight, a finite number of at least 0. "
            "Use numpy.ones(len(x)) as a start."
        )
    return _require_any(given.astype(np.float64))


def class_weights(
    class_weight: Mapping[Any, float] | str,
    labels: Array | None,
    weights: Array | None,
    classes: Classes,
    maps: int,
) -> Array:
    """Multiply the weights of images by those of their classes.

    Parameters
    ----------
    class_weight
        A number for each class, by label or name; ``"balanced"`` makes all classes count the same.
    labels
        The classes of the images, if they have any.
    weights
        The images' own, or ``None`` where every image counts 1.
    classes
        The names of the classes.
    maps
        How many classes the network tells apart.

    Returns
    -------
    Array

    Raises
    ------
    DataError
        If images have no class, the table is none or names something else, or all weights are 0.
    """
    if labels is None or labels.ndim != 1:
        raise DataError(
            "class_weight was given for targets that are not one label for each image. It weighs "
            "images by their class. "
            "Use sample_weight instead."
        )
    of_images = _table(class_weight, labels, classes, maps)[labels]
    return _require_any(of_images if weights is None else weights * of_images)


def _table(
    class_weight: Mapping[Any, float] | str, labels: Array, classes: Classes, maps: int
) -> Array:
    """Give each class its weight."""
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(labels)
        return len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    if not isinstance(class_weight, Mapping):
        raise DataError(
            f'class_weight={class_weight!r} is not known. It is "balanced" or a table of a number '
            "for each class. Use for example class_weight={0: 1.0, 1: 5.0}."
        )
    table = np.ones(maps)
    known = len(classes.names) or maps
    for key, value in class_weight.items():
        label = _label_of(key, classes)
        if label is None or label >= known or value not in NOT_NEGATIVE:
            named = f"names, {', '.join(classes.names)}" if classes.names else "numbers"
            raise DataError(
                f"class_weight holds {key!r}: {value!r}. It is a table of the classes' "
                f"{named}{', or numbers' if classes.names else ''}, 0 to {known - 1}, "
                f"and for each {NOT_NEGATIVE}. Use for example class_weight={{0: 1.0, 1: 5.0}}."
            )
        table[label] = value
    return table


def _require_any(weights: Array) -> Array:
    """Raise where no image counts."""
    if not weights.any():
        raise DataError(
            f"All {len(weights)} weights are 0. The loss is a mean weighted by them, so at least "
            "one is above 0. "
            "Check sample_weight and class_weight."
        )
    return weights


def _label_of(key: object, classes: Classes) -> int | None:
    """Find the label of a class that is given by its name or number."""
    if isinstance(key, str):
        return classes.names.index(key) if key in classes.names else None
    known = key in Range(least=0, whole=True)
    return int(key) if known and isinstance(key, Integral) else None


def _can_weigh(weights: Array) -> bool:
    """Say whether all are finite and at least 0."""
    return bool(np.isfinite(weights).all() and (weights >= 0).all())


def _outside(weights: Array) -> str:
    """Name the first weight that cannot be."""
    if weights.dtype.kind not in "biuf" or _can_weigh(weights):
        return ""
    wrong = np.argwhere(~(np.isfinite(weights) & (weights >= 0)))[0]
    return f", with {weights[tuple(wrong)]} at {', '.join(map(str, wrong))}"
