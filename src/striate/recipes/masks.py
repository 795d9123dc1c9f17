"""Masks for networks: during training, the labels of pixels are class indices.

The classes of masks are values, such as 0 and 255 or colors, which a saved network keeps to write
its masks with them. During training and evaluation the labels stay indices of the classes: arrays
of colors as text would take thirty times the memory.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from striate.data.image_file import Images
from striate.data.masks import IGNORED
from striate.errors import DataError
from striate.model.classes import ClassValue, listed
from striate.model.core import Core
from striate.model.network import Network, core_of, wrapped
from striate.model.scoring import Evaluation
from striate.shapes import Array


def labels_as_indices(network: Network) -> Network:
    """Return the same network without classes: its labels are indices.

    Parameters
    ----------
    network
        The network, whose weights are shared.

    Returns
    -------
    Network
    """
    core = core_of(network)
    return wrapped(
        Core(core.engines, core.buffers, preprocessing=core.preprocessing, losses=core.losses)
    )


def mask_indices(network: Network, y: Array, classes: Sequence[ClassValue]) -> Array:
    """Translate the labels of masks into indices of a network's classes, class by class.

    Parameters
    ----------
    network
        The network; without classes of its own, its classes are those of the data.
    y
        Indices of ``classes``, and 255 for pixels without a class.
    classes
        The classes of the data set.

    Returns
    -------
    Array
        uint8.

    Raises
    ------
    DataError
        If masks have a class that the network does not have.
    """
    own = {str(value): k for k, value in enumerate(network.classes)} or {
        str(value): k for k, value in enumerate(classes)
    }
    table = np.full(256, IGNORED, np.uint8)
    present = np.bincount(y.ravel(), minlength=256)[: len(classes)] > 0
    for k, value in enumerate(classes):
        if str(value) in own:
            table[k] = own[str(value)]
        elif present[k]:
            raise DataError(
                f"The masks have pixels of the class {listed([value])}, but the model's classes "
                f"are {listed(network.classes)}. Use masks with the values of the training masks."
            )
    return table[y]


def evaluate_masks(
    network: Network,
    x: Images,
    y: Array,
    classes: Sequence[ClassValue],
    metrics: Sequence[str] = (),
) -> Evaluation:
    """Evaluate a network on images with masks.

    Parameters
    ----------
    network
        The network.
    x, y, classes
        Images, labels of pixels, and the classes of a data set.
    metrics
        Metrics to compute next to IoU.

    Returns
    -------
    Evaluation
        With the metric ``iou``, and the names of the network's classes.

    Raises
    ------
    DataError
        If masks have a class that the network does not have.
    """
    labels = mask_indices(network, y, classes)
    found = labels_as_indices(network).evaluate(
        np.asarray(x), labels, metrics=list(dict.fromkeys(("iou", *metrics))), batch_size=16
    )
    return replace(found, classes=tuple(network.classes or classes))
