"""Augmented images next to the originals: what a network sees during training."""

from typing import TYPE_CHECKING

import numpy as np

from striate.data.augment import Augmentation
from striate.data.image_file import Images
from striate.drawing.paint import CATEGORIES, Theme
from striate.drawing.sheet import SheetTile, sheet
from striate.errors import OptionError, ShapeError
from striate.functions.options import COUNT, require
from striate.functions.writing import short
from striate.pictures.canvas import draw_scene
from striate.pictures.samples import checked_images, rgb
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_TINT = 0.5  # share of a label's color in the pixels of a mask


def augmented(
    x: Images,
    augment: str | Augmentation,
    *,
    masks: Array | None = None,
    columns: int = 8,
    rows: int = 4,
    seed: int = 0,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw images and augmented versions of them, to check before training.

    Each row is an image: first the image itself, then how it looks in the first epochs of
    ``fit(x, y, augment=augment, seed=seed)``.

    Parameters
    ----------
    x
        Images, channels last: ``(n, rows, columns)`` or ``(n, rows, columns, channels)``; or one
        color image, ``(rows, columns, 3)``.
    augment
        The augmentation, such as ``"rotate 15 scale 0.9 flip"``.
    masks
        Label masks of the images, ``(n, rows, columns)``, integers; they move with the images, and
        are drawn over them: each label above 0 has a color.
    columns
        Images in a row, with the image itself.
    rows
        The number of images, the first ones of ``x``.
    seed
        Seed of the random changes.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        An image is one unit wide.

    Raises
    ------
    DataError
        If ``x`` is empty.
    ShapeError
        If the images have the wrong number of axes, the masks have another size, or the shift is as
        large as the image.
    OptionError
        If the augmentation is unknown or not for images, or another option is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import striate as st
    >>> (x, y), _ = st.data.load("digits")
    >>> ax = augmented(x, "rotate 15 scale 0.9", columns=5)
    >>> [text.get_text() for text in ax.texts]
    ['image', 'epoch 1', 'epoch 2', 'epoch 3', 'epoch 4']
    """
    require("columns", columns, COUNT, example=8)
    require("rows", rows, COUNT, example=4)
    change = Augmentation.parse(augment) if isinstance(augment, str) else augment
    if not isinstance(change, Augmentation):  # what a user may give
        raise OptionError(
            f"`augment` must be a string or an Augmentation, got {short(augment)}. "
            'Try "rotate 15 flip".'
        )
    given = checked_images(x)
    shown = np.asarray(given[:rows])
    labels = None if masks is None else _checked_masks(masks, given.shape[:3])[:rows]
    if shown.dtype not in (np.uint8, np.uint16, np.float32):
        shown = shown.astype(np.float32)
    ends = float(shown.min()), float(shown.max())
    across = [_column(shown, labels, ends, "image")]
    indices = np.arange(len(shown))
    for epoch in range(columns - 1):
        images = change.apply(shown, seed=seed, epoch=epoch, indices=indices)
        moved = labels
        if labels is not None:
            size = shown.shape[1], shown.shape[2]
            moves = change.maps(size, seed=seed, epoch=epoch, indices=indices).motion_only()
            moved = moves.apply(labels, change.fill_mask, interpolate=False)
        across.append(_column(images, moved, ends, f"epoch {epoch + 1}"))
    tiles = [tile for row in zip(*across, strict=True) for tile in row]
    about = f"{len(shown)} images, each changed at random: {change}."
    return draw_scene(sheet(tiles, columns, about=about), ax, theme, str(change))


def _column(
    images: Array, labels: Array | None, ends: tuple[float, float], text: str
) -> list[SheetTile]:
    """Make the tiles of one column; floats have the same scale in all columns."""
    if images.dtype == np.float32:
        images = (images - ends[0]) / ((ends[1] - ends[0]) or 1)
        images = (np.clip(images, 0, 1) * 255).round().astype(np.uint8)
    return [
        SheetTile(
            pixels=_tinted(rgb(image), None if labels is None else labels[k]),
            above="" if k else text,
        )
        for k, image in enumerate(images)
    ]


def _checked_masks(masks: Array, shape: tuple[int, ...]) -> Array:
    """Check label masks."""
    array = np.asarray(masks)
    if array.shape != shape or array.dtype.kind not in "bui":
        raise ShapeError(
            f"`masks` must hold an integer label for each pixel, shape {shape}, got "
            f"{array.dtype} of shape {array.shape}. For an axis of classes, use "
            "masks.argmax(axis=-1)."
        )
    return array.astype(np.int64)


def _tinted(pixels: Array, labels: Array | None) -> Array:
    """Mix the pixels of each label above 0 with its color."""
    if labels is None:
        return pixels
    found = pixels.astype(float)
    for label in np.unique(labels[labels > 0]):
        code = CATEGORIES[(int(label) - 1) % len(CATEGORIES)].light
        color = np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)])
        inside = labels == label
        found[inside] = (1 - _TINT) * found[inside] + _TINT * color
    return found.round().astype(np.uint8)
