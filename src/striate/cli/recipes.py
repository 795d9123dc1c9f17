"""How each data set is trained unless the user says otherwise: one small table."""

from dataclasses import dataclass
from pathlib import Path

from striate.cli.output import counted
from striate.data.pictures import is_picture, survey
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
    update, learning_rate, decay
        How the weights follow the gradient, how fast, and how the rate falls.
    augment
        Random changes of each image, such as ``"shift 2"``; none where it is empty.
    """

    net: str = "lenet5"
    epochs: int = 10
    batch_size: int = 128
    update: str = "adam"
    learning_rate: float = 0.001
    decay: str = "cosine"
    augment: str = ""

    def __str__(self) -> str:
        """Write the recipe in one line."""
        changed = f", images changed at random ({self.augment})" if self.augment else ""
        return (
            f"{self.net}, {counted(self.epochs, 'epoch')} in batches of {self.batch_size} images, "
            f"{self.update} with learning rate {self.learning_rate:g}, decay {self.decay}{changed}"
        )


RECIPES = {
    # Chosen on a tenth of the training images, three seeds: 98.1 % after 30 epochs, 98.7 % after
    # 60.
    "digits": Recipe(
        epochs=50, batch_size=64, learning_rate=0.003, decay="one-cycle", augment="shift 2"
    ),
    "shapes": Recipe(
        net="conv 4@3x3 relu | max 3 | dense {classes} softmax", batch_size=32, learning_rate=0.01
    ),
    # Chosen on the last 10,000 training images: 99.1 %, without shifts 98.7 %.
    "mnist": Recipe(batch_size=64, learning_rate=0.003, decay="one-cycle", augment="shift 1"),
    "fashion-mnist": Recipe(net="two-layer", epochs=10, augment="flip"),
    "cifar10": Recipe(net="two-layer", epochs=10, augment="shift 4 flip"),
}

SMALL = "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | global-average | {end}"
LARGE = (
    "conv 16@3x3 same relu | max 2 | conv 32@3x3 same relu | max 2 | "
    "conv 64@3x3 same relu | max 2 | conv 64@3x3 same relu | global-average | {end}"
)
"""Networks for images of any size: the last layer sees each map's average, whatever its size."""

_SMALL_IMAGE = 16  # pixels: below this, three poolings leave nothing
_LARGE_PICTURE, _GOOD_SIZE = 128, 64  # pixels on the longer side
_LOOK_AT = 50  # pictures are enough to know how large they are


def recipe_for(name: str, image_shape: Shape, *, classes: bool = True) -> Recipe:
    """Find the recipe for a data set.

    Parameters
    ----------
    name
        Its name, or a path: data that striate does not know get a network for any size.
    image_shape
        Rows, columns, channels.
    classes
        Whether there are classes to tell apart, or numbers to predict.

    Returns
    -------
    Recipe

    Examples
    --------
    >>> recipe_for("digits", (28, 28, 1)).net
    'lenet5'
    >>> recipe_for("my-photos", (64, 48, 3)).epochs
    20
    """
    if name in RECIPES:
        return RECIPES[name]
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
