"""Recipes: the network and the settings that each data set is trained with by default.

>>> from striate.recipes.table import recipe_for
>>> print(recipe_for("mnist", "quick").settings.epochs)
2
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from striate.data.mask_folder import images_of
from striate.data.picture_folder import pictures_in
from striate.data.picture_table import Task, pictures_of
from striate.data.sources import TABLES
from striate.errors import OptionError
from striate.files import as_path
from striate.functions.loss import CrossEntropy
from striate.recipes.photos import photo_size
from striate.recipes.recipe import Recipe
from striate.recipes.tasks import mask_size, number_size
from striate.shapes import Shape
from striate.training.settings import TrainingSettings

GOOD = "good"
"""The name of the default recipe, which every data set has."""

_NORMED, _POOLED = "bias none | batch-norm relu", "bias none | max 2 | batch-norm relu"
"""Layers after a convolution; pooling comes first, so that less is left to normalize."""

_THREE = (
    f"conv 8@3x3 {_POOLED} | conv 24@3x3 {_POOLED} | conv 48@3x3 {_NORMED} | "
    "dense {classes} softmax"
)
_FOUR = (
    f"conv 16@3x3 {_POOLED} | conv 32@3x3 {_NORMED} | conv 32@3x3 {_POOLED} | "
    f"conv 64@3x3 {_NORMED} | dense {{classes}} softmax"
)
_WIDE = (
    f"conv 32@3x3 same {_POOLED} | conv 64@3x3 same {_POOLED} | conv 128@3x3 same {_POOLED} | "
    "dense {classes} softmax"
)
"""Networks for 28x28 gray images: 0.35, 1.5 and 7.5 million multiply-adds per image."""


def _recipe(
    net: str | None,
    epochs: int,
    *,
    batch_size: int = 128,
    learning_rate: float = 0.001,
    schedule: str = "cosine",
    augment: str = "",
    label_smoothing: float = 0.0,
) -> Recipe:
    """Make a recipe that trains with Adam."""
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=batch_size,
        optimizer="adam",
        learning_rate=learning_rate,
        schedule=schedule,
        augment=augment,
        loss=CrossEntropy(label_smoothing=label_smoothing) if label_smoothing else None,
    )
    return Recipe(net=net, settings=settings)


def _one_cycle(
    net: str, epochs: int, *, batch_size: int = 128, learning_rate: float = 0.02, augment: str
) -> Recipe:
    """Make a recipe of one cycle up to a large learning rate and down, with smoothed labels."""
    return _recipe(
        net,
        epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule="one-cycle",
        augment=augment,
        label_smoothing=0.1,
    )


# Accuracies are those of images held out from training, on which the recipes were chosen: the last
# 10,000 training images of MNIST and of Fashion-MNIST, a tenth of those of digits.
RECIPES = {
    # 98.1% after 30 epochs, 98.7% after 60, three seeds.
    "digits": {
        GOOD: _recipe(
            "lenet5",
            50,
            batch_size=64,
            learning_rate=0.003,
            schedule="one-cycle",
            augment="shift 2",
        ),
    },
    "shapes": {
        GOOD: _recipe(
            "conv 4@3x3 relu | max 3 | dense {classes} softmax",
            10,
            batch_size=32,
            learning_rate=0.01,
        ),
    },
    "mnist": {
        "quick": _one_cycle(_THREE, 2, batch_size=64, augment="shift 1"),  # 99.27%, three seeds
        GOOD: _one_cycle(_FOUR, 7, augment="shift 2"),  # 99.54%, six seeds
        "best": _one_cycle(_FOUR, 14, augment="shift 2 crop 0.85"),  # 99.59%, three seeds
    },
    "fashion-mnist": {
        GOOD: _one_cycle(_FOUR, 8, augment="flip"),  # 92.1%, with shifts 91.8%; one seed each
        # 93.6%, without cutout 93.4%; one seed each
        "best": _one_cycle(_WIDE, 14, learning_rate=0.01, augment="flip cutout 8"),
    },
    "cifar10": {GOOD: _recipe("two-layer", 10, augment="shift 4 flip")},
}
"""Recipes by data set and name."""

_OTHER = _recipe(None, 20, batch_size=32)
"""The recipe for other data; its network depends on the size of the images."""

SMALL = "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | global-average | {end}"
LARGE = (
    "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | max 2 | "
    "conv 64@3x3 same relu | max 2 | conv 64@3x3 same relu | global-average | {end}"
)
"""Networks for images of any size: the last layer sees the average of each feature map."""

_SIGNAL_KERNEL = "9"
"""Samples of a kernel of signals: as many as a 3x3 kernel has pixels."""

_SMALL_IMAGE = 16  # pixels: below this, three pooling layers leave nothing


def recipe_for(data: str, name: str | None = None) -> Recipe:
    """Return a recipe for a data set.

    Parameters
    ----------
    data
        A data set's name or path.
    name
        Name of the recipe; by default ``"good"``.

    Returns
    -------
    Recipe
        Its network is ``None`` for data that striate does not know: see :func:`net_for`.

    Raises
    ------
    OptionError
        If the data set has no recipe of that name.

    Examples
    --------
    >>> recipe_for("digits").net
    'lenet5'
    >>> recipe_for("mnist", "quick").settings.epochs
    2
    >>> recipe_for("my-photos").settings.epochs
    20
    """
    recipes = RECIPES.get(data, {GOOD: _OTHER})
    if name is not None and name not in recipes:
        raise OptionError(
            f'Unknown recipe "{name:.60}" for {data}. Choose from {", ".join(recipes)}.'
        )
    return recipes[name or GOOD]


def net_for(image_shape: Shape, *, classes: bool) -> str:
    """Return a network for data that striate does not know.

    Parameters
    ----------
    image_shape
        Rows, columns, channels; samples, channels for signals; planes, rows, columns, channels for
        volumes.
    classes
        Whether it is a classifier; otherwise it predicts numbers.

    Returns
    -------
    str
        Layers in shorthand, with ``{classes}`` for the number of outputs.

    Examples
    --------
    >>> net_for((12, 12, 1), classes=False)
    'conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | global-average | dense {classes}'
    >>> net_for((12, 2), classes=False)
    'conv 16@9 same relu | max 2 | conv 32@9 same relu | global-average | dense {classes}'
    """
    text = SMALL if min(image_shape[:-1]) < _SMALL_IMAGE else LARGE
    axes = len(image_shape) - 1
    kernel = _SIGNAL_KERNEL if axes == 1 else "x".join("3" * axes)
    return text.replace("3x3", kernel).format(
        end="dense {classes} softmax" if classes else "dense {classes}"
    )


def default_net(data: str) -> str:
    """Return the network of a data set's default recipe; ``"net"`` if it depends on the images.

    Examples
    --------
    >>> default_net("digits"), default_net("my-photos")
    ('lenet5', 'net')
    """
    return recipe_for(data).net or "net"


def another(data: str, name: str | None) -> str:
    """Suggest an option of ``striate train`` to try next: a different recipe or network.

    Examples
    --------
    >>> another("mnist", "quick"), another("digits", None)
    ('--recipe best', '--net two-layer')
    """
    others = [other for other in RECIPES.get(data, ()) if other != (name or GOOD)]
    if others:
        return f"--recipe {others[-1]}"
    return f"--net {'lenet5' if default_net(data) == 'two-layer' else 'two-layer'}"


def size_for(
    data: str,
    *,
    images: str | PathLike[str] | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
) -> tuple[int, int] | None:
    """Choose a size for photographs, which are too large to train on as they are.

    Parameters
    ----------
    data
        A data set's name or path.
    images, targets, task
        As for :func:`striate.data.open_dataset`.

    Returns
    -------
    rows, columns
        About 32 x 32 pixels for a folder of larger pictures, or of pictures of different sizes;
        more for masks and numbers; otherwise ``None``, which keeps the size.
    """
    path = Path(data)
    if data in RECIPES:
        return None
    if path.is_file() and path.suffix.lower() in TABLES:
        folder = None if images is None else as_path(images)
        files, has_numbers = pictures_of(path, images=folder, targets=targets, task=task)
        return number_size(files) if has_numbers else photo_size(files)
    if not path.is_dir():
        return None
    masked = images_of(path)
    return mask_size(masked) if masked else photo_size(sorted(pictures_in(path)))
