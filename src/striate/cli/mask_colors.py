"""The colors of masks, and pictures with the colors of their masks over them."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from striate.data.masks import class_colors
from striate.data.resizing import GRAY
from striate.files import atomic_write
from striate.shapes import Array

_COLOR = re.compile(r"#[0-9a-f]{6}")
_BACKGROUND = {"#000000", "#ffffff"}
"""Colors of masks that mean background: paint programs begin with a black or a white canvas."""
_OPAQUE = 0.5


def colors_of(classes: Sequence[object], count: int) -> Array:
    """Return the color of each class, uint8 ``(count, 3)``.

    Parameters
    ----------
    classes
        The classes: colors as ``#rrggbb`` are their own colors.
    count
        Their number, if they have no names.

    Examples
    --------
    >>> colors_of(("#ffffff", "#ed1c24"), 2).tolist()
    [[255, 255, 255], [237, 28, 36]]
    """
    names = [str(one) for one in classes]
    if len(names) == count and all(map(_COLOR.fullmatch, names)):
        return np.array([list(bytes.fromhex(name[1:])) for name in names], np.uint8)
    return np.array(class_colors(count), np.uint8)


def as_color(image: Array) -> Array:
    """Convert an image to 8-bit color, ``(rows, columns, 3)``."""
    if image.dtype == np.uint16:
        image = image >> 8
    elif image.dtype != np.uint8:
        image = np.clip(255 * image, 0, 255)
    pixels = np.asarray(image, np.uint8)
    return pixels.repeat(3, axis=-1) if image.shape[-1] == GRAY else pixels


def save_overlay(path: Path, image: Array, labels: Array, classes: Sequence[object]) -> None:
    """Write a picture with the colors of its mask over it.

    The background stays as it is: the first class, or black and white if classes are colors.

    Parameters
    ----------
    path
        A PNG file.
    image
        The picture, ``(rows, columns, channels)``.
    labels
        The class of each pixel, ``(rows, columns)``.
    classes
        The classes, or none.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    count = len(classes) or int(labels.max(initial=0)) + 1
    colored = all(_COLOR.fullmatch(str(one)) for one in classes) and len(classes) > 0
    shown = np.array([str(one) not in _BACKGROUND for one in classes]) if colored else None
    covered = (labels > 0) if shown is None else shown[labels]
    pixels = as_color(image).astype(np.float64)
    mixed = (1 - _OPAQUE) * pixels + _OPAQUE * colors_of(classes, count)[labels]
    result = np.where(covered[..., np.newaxis], mixed, pixels)
    with atomic_write(path) as file:
        Image.fromarray(np.rint(result).astype(np.uint8)).save(file, format="PNG")
