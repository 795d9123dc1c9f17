"""The weights of images in the loss: their own, and those of their classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import Argument, DataError, InPython, Message
from striate.functions.options import NOT_NEGATIVE
from striate.functions.writing import short, write
from striate.model.classes import Classes, listed
from striate.model.inputs import as_array
from striate.model.targets import NetworkOutput
from striate.shapes import Array, Int


def sample_weights(
    sample_weight: Any, count: int, outputs: Sequence[NetworkOutput]
) -> Array | None:
    """Check the weights of images, or of their pixels.

    Parameters
    ----------
    sample_weight
        One finite, non-negative number for each image, or each pixel of it; or ``None``.
    count
        Number of images.
    outputs
        The network's outputs.

    Returns
    -------
    Array or None
        Float64; ``None`` if every image has weight 1.

    Raises
    ------
    DataError
        If a weight is negative or not finite, all are 0, or there is not one for each image.
    """
    if sample_weight is None:
        return None
    given = as_array(sample_weight, "sample_weight")
    pixels = {output.shape[1:] for output in outputs}
    size = next(iter(pixels))
    if given.shape != (count,) and (len(pixels) > 1 or not size or given.shape != (count, *size)):
        also = f", or each pixel, shape {(count, *size)}" if len(pixels) == 1 and size else ""
        raise DataError(
            f"`sample_weight` has shape {given.shape}; expected one weight for each of the {count} "
            f"images, shape ({count},){also}."
            + ("" if also or len(pixels) == 1 else " Weights of pixels need outputs of one size.")
        )
    if given.dtype.kind not in "biuf":
        raise DataError(
            f"`sample_weight` has dtype {given.dtype}; expected non-negative numbers. "
            "Use one number for each image."
        )
    wrong = ~(np.isfinite(given) & (given >= 0))
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        what = "an image" if len(place) == 1 else "a pixel"
        raise DataError(
            f"sample_weight[{', '.join(map(str, place))}] is {given[place]}; weights must be "
            f"finite and non-negative. Use 0 to leave {what} out."
        )
    return _require_any(given.astype(np.float64))


def class_weights(
    class_weight: Mapping[Any, float] | str,
    labels: Int[Array, "..."] | None,
    weights: Array | None,
    classes: Classes,
    maps: int,
) -> Array:
    """Multiply the weights of images, or of their pixels, by those of their classes.

    Parameters
    ----------
    class_weight
        A weight for each class, by the class's value; ``"balanced"`` gives all classes the same
        total weight.
    labels
        Index of the class of each image or pixel, if the targets are labels; -1 for those to
        ignore.
    weights
        The weights of images or pixels themselves, or ``None`` if each has weight 1.
    classes
        The classes.
    maps
        Number of the network's classes.

    Returns
    -------
    Array
        One weight for each label: of an image, or of a pixel.

    Raises
    ------
    DataError
        If the targets are not labels, the weights name another class, or all weights are 0.
    """
    if labels is None:
        raise DataError(
            Message(
                Argument("class_weight"),
                " needs class labels, but y holds numbers. ",
                InPython("Pass labels, or weight the images with sample_weight", "Leave it out"),
                ".",
            )
        )
    table = _table(class_weight, labels, classes, maps)
    own = np.where(labels >= 0, table[labels], 1.0)  # the loss leaves ignored labels out
    if weights is None:
        return _require_any(own)
    axes = max(own.ndim, weights.ndim)  # weights of images apply to all of their pixels
    both = (one.reshape(*one.shape, *(1,) * (axes - one.ndim)) for one in (own, weights))
    return _require_any(np.multiply(*both))


def _table(
    class_weight: Mapping[Any, float] | str, labels: Array, classes: Classes, maps: int
) -> Array:
    """Return the weight of each class."""
    if isinstance(class_weight, str) and class_weight == "balanced":
        labels = labels[labels >= 0]  # others are ignored
        counts = np.bincount(labels, minlength=maps)
        return labels.size / (np.count_nonzero(counts) * np.maximum(counts, 1))
    known = classes if classes.values else Classes(tuple(range(maps)))
    if not isinstance(class_weight, Mapping):
        raise DataError(
            '`class_weight` must be "balanced" or a dict with a weight for each class, got '
            f"{short(class_weight)}. {_example(known)}"
        )
    table = np.ones(maps)
    for key, value in class_weight.items():
        index = known.index(key)
        if index is None:
            raise DataError(
                f"`class_weight` has the key {short(key)}, which is not one of the classes: "
                f"{listed(known.values)}. {_example(known)}"
            )
        if value not in NOT_NEGATIVE:
            raise DataError(
                f"`class_weight` gives class {short(key)} the weight {short(value)}; weights must "
                f"be finite and non-negative. {_example(known)}"
            )
        table[index] = value
    return table


def _example(classes: Classes) -> str:
    """Show class weights that work."""
    first, second = classes.values[:2]
    return f"Try class_weight={{{write(first)}: 1.0, {write(second)}: 5.0}}."


def _require_any(weights: Array) -> Array:
    """Raise if no image has a weight above 0."""
    if not weights.any():
        raise DataError(
            f"All {weights.size} weights are 0, but the loss is a weighted mean; at least one must "
            "be above 0. Check sample_weight and class_weight."
        )
    return weights
