"""The recipe for your own photos, or any other pictures in classes.

Everything is chosen from the pictures themselves: their number, their size, and how many there are
of each class. The choices were made on small sets of photos cut from CIFAR-10 and Fashion-MNIST
(``benchmarks/photos.py``), and are explained in decision 0042.

A folder of photos is small, so a network overfits if it sees the same photos in each epoch. The
recipe shifts and mirrors the photos, smooths the labels, and ends with global average pooling
instead of a large dense layer. One-cycle training, which ends with a tiny learning rate, needs
neither early stopping nor a choice among epochs: the last weights are kept.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from striate.data.dataset import Dataset
from striate.data.pictures import survey_sample
from striate.functions.loss import CrossEntropy
from striate.model.classes import ClassValue
from striate.model.presets import PRESETS
from striate.recipes.recipe import Recipe
from striate.shapes import Array, Shape
from striate.training.settings import TrainingSettings

STRETCH = "stretch"
"""How photos are resized. On photos with other proportions than the network's input, padding costs
3 points of accuracy: the black bars take pixels from the photo, and differ from photo to photo."""

_GOOD_SIDE = 32  # pixels
_MULTIPLE = 8  # pixels: three pooling layers halve it without a remainder

_SMALLEST_MAP = 4  # pixels: pooling ends before feature maps are smaller than this
_CONVOLUTIONS = ((32, True), (64, False), (64, True), (128, False), (128, True))
"""Feature maps of each convolution, and whether it is pooled."""

_STEPS = 1500
"""Steps after which more training improved the accuracy by less than a point."""
_MOST_EPOCHS = 200
_FEW, _SMALL_BATCH, _BATCH = 200, 16, 32
_SIDES = re.compile(r"(?<![a-z])(left|right|links|rechts|gauche|droite)(?![a-z])", re.IGNORECASE)
"""Words in names of classes that differ by a reflection."""

FEW_PHOTOS = 2000
"""Fewer photos than this are all used for training, and the accuracy is cross-validated. Of more, a
fifth is held out: at least 400 photos, which measure an accuracy to 5 points or better."""

_UNBALANCED = 1.5
"""Largest ratio of the largest class to the smallest that counts as balanced."""


def photo_size(files: Sequence[Path]) -> tuple[int, int] | None:
    """Choose the size to which photos are resized.

    Parameters
    ----------
    files
        The pictures.

    Returns
    -------
    rows, columns
        About 32 x 32 pixels, in the proportions of the typical picture; ``None`` for pictures that
        all have the same size and aren't larger.
    """
    found = survey_sample(files)
    if found is None:
        return None
    if not found.changed and max(found.rows, found.columns) <= _GOOD_SIDE:
        return None
    scale = _GOOD_SIDE / (found.rows * found.columns) ** 0.5
    if scale >= 1:
        return found.rows, found.columns
    return _rounded(scale * found.rows), _rounded(scale * found.columns)


def _rounded(side: float) -> int:
    """Round a side to a multiple of 8."""
    return max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE)


def photo_net(image_shape: Shape) -> str:
    """Choose a network for photos of this size.

    Parameters
    ----------
    image_shape
        Rows, columns, channels.

    Returns
    -------
    str
        Layers in shorthand, with ``{classes}`` for the number of outputs: five convolutions, and
        pooling after three of them, as long as the feature maps are large enough.

    Examples
    --------
    >>> photo_net((32, 32, 3)).split(" | ")[:3]
    ['conv 32@3x3 same bias none', 'max 2', 'batch-norm relu']
    >>> photo_net((6, 6, 1)).split(" | ")[:2]
    ['conv 32@3x3 same bias none', 'batch-norm relu']
    """
    side, layers = min(image_shape[:2]), list[str]()
    for maps, pools in _CONVOLUTIONS:
        layers.append(f"conv {maps}@3x3 same bias none")
        if pools and side // 2 >= _SMALLEST_MAP:
            layers.append("max 2")  # before normalization, which then has less to do
            side //= 2
        layers.append("batch-norm relu")
    return " | ".join([*layers, "global-average", "dense {classes} softmax"])


def photo_recipe(dataset: Dataset, *, net: str | None = None) -> Recipe:
    """Choose network and settings for photos.

    Parameters
    ----------
    dataset
        The photos.
    net
        The user's network instead.

    Returns
    -------
    Recipe
        With mirroring, unless the names of the classes rule it out.
    """
    count, (rows, columns) = len(dataset.x), dataset.image_shape[:2]
    batch_size = _SMALL_BATCH if count < _FEW else _BATCH
    is_classifier = net is None or re.search(r"\bsoftmax\s*$", net) or net.strip() in PRESETS
    settings = TrainingSettings(
        epochs=wanted_epochs(count, batch_size),
        batch_size=batch_size,
        optimizer="adam",
        learning_rate=0.01 if net is None else 0.003,  # others may have no normalization
        schedule="one-cycle",
        loss=CrossEntropy(label_smoothing=0.1) if is_classifier else None,
        augment=augmentation(rows, columns, flip=not named_sides(dataset.classes)),
        standardize=True,
        class_weight="balanced" if is_unbalanced(dataset.y) else None,
    )
    return Recipe(net=net or photo_net(dataset.image_shape), settings=settings)


def wanted_epochs(count: int, batch_size: int) -> int:
    """Return the number of epochs for about 1,500 steps, at most 200."""
    return max(1, min(_MOST_EPOCHS, round(_STEPS / -(-count // batch_size))))


def augmentation(rows: int, columns: int, *, flip: bool) -> str:
    """Write the augmentation for photos of a size.

    Examples
    --------
    >>> augmentation(32, 32, flip=True)
    'shift 1 flip cutout 8'
    """
    side = min(rows, columns)
    return f"shift {max(1, side // 32)}{' flip' if flip else ''} cutout {max(1, side // 4)}"


def is_unbalanced(y: Array) -> bool:
    """Return whether the largest class has more than 1.5 times as many photos as the smallest."""
    sizes = np.bincount(y)
    sizes = sizes[sizes > 0]
    return bool(sizes.max() > _UNBALANCED * sizes.min())


def named_sides(classes: Sequence[ClassValue]) -> bool:
    """Return whether names of classes contain "left" or "right", or are single characters.

    Numbers that aren't names, such as labels in an ``.npz`` file, don't describe the images.

    Examples
    --------
    >>> named_sides(["left-hand", "right-hand"]), named_sides(["b", "d"]), named_sides(["bright"])
    (True, True, False)
    """
    names = [name for name in classes if isinstance(name, str)]
    return any(map(_SIDES.search, names)) or (
        len(names) > 0 and all(len(name) == 1 for name in names)
    )
