"""How each data set is trained unless the user says otherwise: one small table of recipes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.cli.output import counted
from striate.data.pictures import is_picture, survey
from striate.errors import OptionError
from striate.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network and how to train it.

    Parameters
    ----------
    net
        Name of a preset, or layers in shorthand with ``{classes}`` for the number of classes.
    epochs, batch_size
        Passes through the training images, and images in a step.
    optimizer, learning_rate, schedule
        How the weights follow the gradient, how fast, and how the rate falls.
    augment
        Random changes of each image, such as ``"shift 2"``; none where it is empty.
    label_smoothing
        Part of each target that is shared equally among all classes.
    """

    net: str = "lenet5"
    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 0.001
    schedule: str = "cosine"
    augment: str = ""
    label_smoothing: float = 0.0

    def __str__(self) -> str:
        """Write the recipe in one line."""
        changed = f", images changed at random ({self.augment})" if self.augment else ""
        smoothed = f", labels smoothed by {self.label_smoothing:g}" if self.label_smoothing else ""
        return (
            f"{self.net}, {counted(self.epochs, 'epoch')} in batches of {self.batch_size} images, "
            f"{self.optimizer} with learning rate {self.learning_rate:g}, "
            f"schedule {self.schedule}{changed}{smoothed}"
        )


GOOD = "good"
"""The recipe that every data set has, and is trained with by default."""

_NORMED, _POOLED = "bias none | batch-norm relu", "bias none | max 2 | batch-norm relu"
"""What follows a convolution; pooling comes first, so that less is left to normalize."""

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
"""Networks for gray images of 28 x 28 pixels: 0.35, 1.5 and 7.5 million multiply-adds forward."""


def _cycle(net: str, epochs: int, **changes: Any) -> Recipe:
    """Make a recipe of one cycle of a large learning rate, with smoothed labels."""
    usual = {"learning_rate": 0.02, "schedule": "one-cycle", "label_smoothing": 0.1}
    return Recipe(net=net, epochs=epochs, **usual | changes)


# The accuracies are those of the images that the recipes were chosen on, kept back from training:
# the last 10,000 training images of MNIST and of Fashion-MNIST, a tenth of those of digits.
RECIPES = {
    # 98.1 % after 30 epochs, 98.7 % after 60, three seeds.
    "digits": {
        GOOD: Recipe(
            epochs=50, batch_size=64, learning_rate=0.003, schedule="one-cycle", augment="shift 2"
        ),
    },
    "shapes": {
        GOOD: Recipe(
            net="conv 4@3x3 relu | max 3 | dense {classes} softmax",
            batch_size=32,
            learning_rate=0.01,
        ),
    },
    "mnist": {
        "quick": _cycle(_THREE, 2, batch_size=64, augment="shift 1"),  # 99.27 %, three seeds
        GOOD: _cycle(_FOUR, 7, augment="shift 2"),  # 99.54 %, six seeds
        "best": _cycle(_FOUR, 14, augment="shift 2 crop 0.85"),  # 99.59 %, three seeds
    },
    "fashion-mnist": {
        GOOD: _cycle(_FOUR, 8, augment="flip"),  # 92.1 %, with shifts 91.8 %; one seed each
        # 93.6 %, without cutout 93.4 %; one seed each
        "best": _cycle(_WIDE, 14, learning_rate=0.01, augment="flip cutout 8"),
    },
    "cifar10": {GOOD: Recipe(net="two-layer", epochs=10, augment="shift 4 flip")},
}
"""By data set and name."""

SMALL = "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | global-average | {end}"
LARGE = (
    "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | max 2 | "
    "conv 64@3x3 same relu | max 2 | conv 64@3x3 same relu | global-average | {end}"
)
"""Networks for images of any size: the last layer sees each map's average, whatever its size."""

_SMALL_IMAGE = 16  # pixels: below this, three poolings leave nothing
_LARGE_PICTURE, _GOOD_SIZE = 128, 64  # pixels on the longer side
_LOOK_AT = 50  # pictures are enough to know how large they are


def recipe_for(
    data: str, image_shape: Shape, *, recipe: str | None = None, classes: bool = True
) -> Recipe:
    """Find a recipe for a data set.

    Parameters
    ----------
    data
        Its name, or a path: data that striate does not know get a network for any size.
    image_shape
        Rows, columns, channels.
    recipe
        Which of the data set's recipes, by its name; by default the good one.
    classes
        Whether there are classes to tell apart, or numbers to predict.

    Returns
    -------
    Recipe

    Raises
    ------
    OptionError
        If the data set has no recipe of that name.

    Examples
    --------
    >>> recipe_for("digits", (28, 28, 1)).net
    'lenet5'
    >>> recipe_for("mnist", (28, 28, 1), recipe="quick").epochs
    2
    >>> recipe_for("my-photos", (64, 48, 3)).epochs
    20
    """
    require_recipe(data, recipe)
    if data not in RECIPES:
        return _for_any_size(image_shape, classes=classes)
    return RECIPES[data][recipe or GOOD]


def require_recipe(data: str, recipe: str | None) -> None:
    """Raise where a data set has no recipe of that name.

    Raises
    ------
    OptionError
        If it has none.
    """
    names = _names(data)
    if recipe is not None and recipe not in names:
        raise OptionError(
            f"{data} has no recipe {recipe!r:.60}. A recipe is a network and how to train it; here "
            f"there {'are' if len(names) > 1 else 'is'} {', '.join(names)}. "
            f"Use --recipe {GOOD}, or leave it out."
        )


def default_net(data: str) -> str:
    """Give the network of the recipe that a data set is trained with by default.

    Examples
    --------
    >>> default_net("digits")
    'lenet5'
    """
    return RECIPES[data][GOOD].net if data in RECIPES else "net"


def another(data: str, recipe: str | None) -> str:
    """Give the option that trains a data set in another way: another recipe, or another network.

    Examples
    --------
    >>> another("mnist", "quick"), another("digits", None)
    ('--recipe best', '--net two-layer')
    """
    others = [name for name in _names(data) if name != (recipe or GOOD)]
    if others:
        return f"--recipe {others[-1]}"
    return f"--net {'lenet5' if default_net(data) == 'two-layer' else 'two-layer'}"


def _names(data: str) -> list[str]:
    """Name the recipes of a data set."""
    return list(RECIPES.get(data, {GOOD: None}))


def _for_any_size(image_shape: Shape, *, classes: bool) -> Recipe:
    """Make the recipe for data that striate does not know."""
    text = SMALL if min(image_shape[:2]) < _SMALL_IMAGE else LARGE
    end = "dense {classes} softmax" if classes else "dense {classes}"
    return Recipe(net=text.format(end=end), epochs=20, batch_size=32)


def size_for(data: str) -> tuple[int, int] | None:
    """Choose a size for photographs, which are too large to train on as they are.

    Parameters
    ----------
    data
        A data set's name or path.

    Returns
    -------
    rows, columns
        64 pixels on the longer side for a folder of pictures that are mostly larger than 128;
        ``None`` leaves the data as they are.
    """
    if data in RECIPES or not Path(data).is_dir():
        return None
    files = sorted(p for p in Path(data).rglob("*") if p.is_file() and is_picture(p))
    if not files:
        return None
    found = survey(files[:: max(1, len(files) // _LOOK_AT)], size=None, channels=None)
    longest = max(found.rows, found.columns)
    if longest <= _LARGE_PICTURE:
        return None
    scale = _GOOD_SIZE / longest
    return max(1, round(found.rows * scale)), max(1, round(found.columns * scale))
