"""Recipes for masks, regressions and signals: chosen from the data, as for photos.

All of them train in one cycle of about the same number of steps as photos, for any number of
images, and end with the smallest learning rates, so that the last weights are kept.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from striate.data.dataset import Dataset
from striate.data.masks import IGNORED
from striate.data.pictures import survey_sample
from striate.errors import Message, OptionError, Use
from striate.functions.loss import CrossEntropy
from striate.model.presets import PRESETS
from striate.recipes.photos import is_unbalanced, photo_net, wanted_epochs
from striate.recipes.recipe import Recipe
from striate.shapes import Shape
from striate.training.settings import TrainingSettings

UNET_MULTIPLE = 4
"""Rows and columns of unet-small are multiples of this: it halves them twice."""

NUMBER_METRICS = ("mae", "rmse", "r2")
"""Metrics of numbers."""

UNET = PRESETS["unet-small"].text.replace("same relu", "same bias none | batch-norm relu")
"""The preset with batch normalization: on 120 photos with pasted items, the IoU of the larger class
was 58% after 180 steps, and 37% without normalization (one seed each)."""

_MASK_SIDE = 96  # pixels: small structures stay visible, and a step takes a fraction of a second
_NUMBER_SIDE = 48
"""Pixels for regressions: the targets often depend on finer details than classes do."""

_MASK_STEPS, _MASK_BATCH, _MOST_MASK_EPOCHS = 600, 8, 100
_FEW, _SMALL_BATCH, _BATCH = 200, 16, 32

_KERNEL = 9
"""Samples of a kernel of signals: as many as a 3x3 kernel has pixels."""
_SMALLEST_SIGNAL = 16
"""Samples below which a signal isn't pooled any more."""
_SIGNAL_MAPS = (32, 64, 64)


def task_recipe(dataset: Dataset, *, net: str | None = None) -> Recipe | None:
    """Choose network and settings for masks, numbers or signals.

    Parameters
    ----------
    dataset
        The data.
    net
        The network, if it is chosen by the user.

    Returns
    -------
    Recipe or None
        None for photos, which have a recipe of their own, and for volumes.

    Raises
    ------
    OptionError
        If images with masks don't have a size that the recipe's network can take.
    """
    if dataset.has_masks:
        if net is None:
            _require_multiples(dataset.image_shape)
        return _mask_recipe(dataset)
    if dataset.x.ndim == 3:  # images, samples, channels
        return _signal_recipe(dataset)
    return _number_recipe(dataset) if dataset.are_pictures and not dataset.classes else None


def _require_multiples(image_shape: Shape) -> None:
    """Raise if the network of masks, which halves images twice, can't take a size."""
    wanted = tuple(-(-side // UNET_MULTIPLE) * UNET_MULTIPLE for side in image_shape[:2])
    if wanted != tuple(image_shape[:2]):
        rows, columns = image_shape[:2]
        raise OptionError(
            f"The segmentation network takes images whose rows and columns are multiples of "
            f"{UNET_MULTIPLE}, got {rows} x {columns}.",
            remedy=Message(Use("size", wanted), "."),
        )


def mask_size(files: Sequence[Path]) -> tuple[int, int] | None:
    """Choose the size to which images with masks are resized.

    Parameters
    ----------
    files
        The images.

    Returns
    -------
    rows, columns
        Multiples of 4, at most about 96 x 96 pixels, in the proportions of the typical image.
        ``None`` if all images have such a size.
    """
    return _size(files, _MASK_SIDE, UNET_MULTIPLE)


def number_size(files: Sequence[Path]) -> tuple[int, int] | None:
    """Choose the size to which pictures with numbers are resized: at most about 48 x 48."""
    return _size(files, _NUMBER_SIDE, 1)


def _size(files: Sequence[Path], side: int, multiple: int) -> tuple[int, int] | None:
    """Choose a size of about ``side`` squared pixels, in multiples."""
    found = survey_sample(files)
    if found is None:
        return None
    scale = min(1.0, side / (found.rows * found.columns) ** 0.5)
    rows, columns = (
        max(multiple, round(scale * pixels / multiple) * multiple)
        for pixels in (found.rows, found.columns)
    )
    same = (rows, columns) == (found.rows, found.columns) and not found.changed
    return None if same else (rows, columns)


def _mask_recipe(dataset: Dataset) -> Recipe:
    """Train a small U-Net; pixels without a class are ignored."""
    rows, columns = dataset.image_shape[:2]
    steps = -(-len(dataset.x) // _MASK_BATCH)
    settings = TrainingSettings(
        epochs=max(1, min(_MOST_MASK_EPOCHS, round(_MASK_STEPS / steps))),
        batch_size=_MASK_BATCH,
        optimizer="adam",
        learning_rate=0.01,
        schedule="one-cycle",
        loss=CrossEntropy(ignore=IGNORED, class_weights=_pixel_weights(dataset)),
        augment=f"shift {max(1, min(rows, columns) // 8)} flip",
        standardize=True,
    )
    return Recipe(net=UNET, settings=settings)


def _pixel_weights(dataset: Dataset) -> tuple[float, ...]:
    """Weight classes by one over the square root of their fraction of the pixels, 1 on average.

    Otherwise rare classes may not be predicted at all. On 120 photos with pasted items (64 x 64, 25
    epochs, one seed), a class of 3% of the pixels had an IoU of 38% instead of 0, and the mean IoU
    was 66% instead of 55%; where all classes are learned anyway, it hardly matters (96.1% and
    95.4%). In very short training, rare classes are predicted too often. Weights that give all
    classes the same total would always do that.
    """
    counts = np.bincount(dataset.y.ravel(), minlength=256)[: len(dataset.classes)]
    shares = counts / max(1, counts.sum())
    weights = np.where(shares > 0, np.maximum(shares, 1e-6) ** -0.5, 1.0)
    weights /= max((weights * shares).sum(), 1e-6)
    return tuple(round(weight, 3) for weight in weights.tolist())


def _number_recipe(dataset: Dataset) -> Recipe:
    """Train the network for photos on regression targets.

    A target may depend on the position or the direction of what is in the picture. So pictures
    aren't shifted or mirrored, and the last feature maps aren't averaged: on 480 rotated digits, R²
    was 0.67 instead of 0.63 for the angle, and 0.85 instead of 0.79 for the size (one seed).
    """
    batch_size = _SMALL_BATCH if len(dataset.x) < _FEW else _BATCH
    settings = TrainingSettings(
        epochs=wanted_epochs(len(dataset.x), batch_size),
        batch_size=batch_size,
        optimizer="adam",
        learning_rate=0.001,
        schedule="one-cycle",
        standardize=True,
        standardize_targets=True,
    )
    net = photo_net(dataset.image_shape).replace("global-average | ", "dense 64 relu | ")
    net = net.replace(" softmax", "")
    return Recipe(net=net, settings=settings)


def _signal_recipe(dataset: Dataset) -> Recipe:
    """Train three convolutions on signals, for classes or for numbers."""
    batch_size = _SMALL_BATCH if len(dataset.x) < _FEW else _BATCH
    classes = bool(dataset.classes)
    settings = TrainingSettings(
        epochs=wanted_epochs(len(dataset.x), batch_size),
        batch_size=batch_size,
        optimizer="adam",
        learning_rate=0.01 if classes else 0.003,
        schedule="one-cycle",
        loss=CrossEntropy(label_smoothing=0.1) if classes else None,
        standardize=True,
        standardize_targets=not classes,
        class_weight="balanced" if classes and is_unbalanced(np.asarray(dataset.y)) else None,
    )
    return Recipe(net=signal_net(dataset.image_shape, classes=classes), settings=settings)


def signal_net(image_shape: Shape, *, classes: bool) -> str:
    """Choose a network for signals of this length.

    Parameters
    ----------
    image_shape
        Samples, channels.
    classes
        Whether it is a classifier; otherwise it predicts numbers.

    Returns
    -------
    str
        Layers in shorthand, with ``{classes}`` for the number of outputs: three convolutions, with
        pooling after the first two as long as the signal is long enough.

    Sources
    -------
    Wang et al. 2017, the fully convolutional network, with fewer maps.

    Examples
    --------
    >>> signal_net((24, 1), classes=True).split(" | ")[:3]
    ['conv 32@9 same bias none', 'batch-norm relu', 'conv 64@9 same bias none']
    >>> signal_net((150, 1), classes=False).split(" | ")[-2:]
    ['global-average', 'dense {classes}']
    """
    samples, layers = image_shape[0], list[str]()
    pool = 2 if samples < 1024 else 4  # long signals change slowly from sample to sample
    for k, maps in enumerate(_SIGNAL_MAPS):
        layers.append(f"conv {maps}@{_KERNEL} same bias none")
        if k < len(_SIGNAL_MAPS) - 1 and samples // pool >= _SMALLEST_SIGNAL:
            layers.append(f"max {pool}")
            samples //= pool
        layers.append("batch-norm relu")
    end = "dense {classes} softmax" if classes else "dense {classes}"
    return " | ".join([*layers, "global-average", end])
