"""Bringing pictures and arrays of images to one size and to gray or color."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from striate.errors import DataError, OptionError
from striate.shapes import Array

GRAY, COLOR = 1, 3
LUMA = (19595, 38470, 7471)
"""Weights of red, green and blue in gray, in 65536ths, as Pillow has them (ITU-R BT.601)."""

Rule = Callable[[Image.Image, tuple[int, int]], Image.Image]


def as_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """Check a size in pixels; one number stands for rows and columns.

    Parameters
    ----------
    size
        Pixels.

    Returns
    -------
    rows, columns
        Both at least 1.

    Raises
    ------
    OptionError
        If this is no size.

    Examples
    --------
    >>> as_size(28)
    (28, 28)
    """
    both = (size, size) if isinstance(size, int) else tuple(size)
    if len(both) != 2 or not all(
        isinstance(side, int) and side >= 1 for side in both
    ):  # rows, columns
        raise OptionError(
            f"size={size} is not a size. "
            "A size is one number of pixels, or rows and columns, each at least 1. "
            "Use for example size=32 or size=(24, 32)."
        )
    return both


def as_channels(channels: int) -> int:
    """Check a number of channels.

    Parameters
    ----------
    channels
        1 for gray or 3 for color.

    Returns
    -------
    int
        The same.

    Raises
    ------
    OptionError
        If it is another number.
    """
    if channels not in (GRAY, COLOR):
        raise OptionError(
            f"channels={channels} is not possible. "
            "Pictures have 1 channel (gray) or 3 (red, green, blue). Use channels=1 or channels=3."
        )
    return channels


def as_rule(resize: str) -> Rule:
    """Find the rule by which a picture is brought to another size.

    Parameters
    ----------
    resize
        ``"fit"`` keeps all of the picture and its proportions, with black beside it; ``"crop"``
        keeps its proportions and cuts off evenly what stands over; ``"stretch"`` distorts it. All
        smooth bilinearly.

    Returns
    -------
    function
        Takes a picture and (rows, columns); leaves a picture of that size as it is.

    Raises
    ------
    OptionError
        If there is no such rule.
    """
    if resize not in _RULES:
        raise OptionError(
            f"resize={resize!r} is not a rule. The rules are {', '.join(_RULES)}. "
            "Use resize='fit' to keep all of each picture and its proportions."
        )
    rule = _RULES[resize]
    return lambda image, size: image if (image.height, image.width) == size else rule(image, size)


def _fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Keep all of the picture and its proportions, with black beside it."""
    rows, columns = size
    scale = min(columns / image.width, rows / image.height)
    inner = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
        Image.Resampling.BILINEAR,
    )
    page = Image.new(image.mode, (columns, rows))
    page.paste(inner, ((columns - inner.width) // 2, (rows - inner.height) // 2))
    return page


def _crop(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Keep the proportions and cut off evenly what stands over."""
    rows, columns = size
    scale = min(image.width / columns, image.height / rows)
    width, height = min(image.width, columns * scale), min(image.height, rows * scale)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (left, top, left + width, top + height)
    return image.resize((columns, rows), Image.Resampling.BILINEAR, box=box)


def _stretch(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Distort the picture to the size."""
    return image.resize((size[1], size[0]), Image.Resampling.BILINEAR)


_RULES: dict[str, Rule] = {"fit": _fit, "crop": _crop, "stretch": _stretch}


def convert(
    x: Array, *, size: int | tuple[int, int] | None, channels: int | None, resize: str
) -> Array:
    """Bring an array of images to a size and to gray or color.

    Parameters
    ----------
    x
        uint8 or float32, ``(n, rows, columns, channels)``.
    size
        Pixels; None keeps the size.
    channels
        1 or 3; None keeps the channels. Gray becomes color by repetition, color gray by its luma.
    resize
        The rule, see :func:`as_rule`.

    Returns
    -------
    Array
        Of the same type; ``x`` itself where nothing is to be done.

    Raises
    ------
    DataError
        If these are not images with rows, columns and 1 or 3 channels.
    OptionError
        If the size, the channels or the rule cannot be.

    Sources
    -------
    ITU-R BT.601.
    """
    rule = as_rule(resize)
    if channels not in (None, x.shape[-1]):
        x = _recolor(x, as_channels(channels))
    if size is None or as_size(size) == x.shape[1:-1]:
        return x
    if x.ndim != 4:  # images, rows, columns, channels
        raise DataError(
            f"Images of shape {x.shape[1:]} cannot be resized. Only images of rows and columns "
            "are. Leave size out."
        )
    rows, columns = as_size(size)
    resized = np.empty((len(x), rows, columns, x.shape[-1]), x.dtype)
    for image, target in zip(x, resized, strict=True):
        for channel in range(x.shape[-1]):
            plane = Image.fromarray(np.ascontiguousarray(image[..., channel]))
            target[..., channel] = np.asarray(rule(plane, (rows, columns)))
    return resized


def _recolor(x: Array, channels: int) -> Array:
    """Make color of gray or gray of color."""
    if x.shape[-1] == GRAY:
        return np.repeat(x, channels, axis=-1)
    if x.shape[-1] != COLOR:
        raise DataError(
            f"Images of {x.shape[-1]} channels cannot be brought to {channels}. "
            "Only gray and color can be changed into each other. Leave channels out."
        )
    if x.dtype == np.uint8:
        gray = x.astype(np.uint32) @ np.array(LUMA, np.uint32) + np.uint32(1 << 15) >> np.uint32(16)
    else:
        gray = x @ (np.array(LUMA, np.float32) / np.float32(1 << 16))
    return gray.astype(x.dtype)[..., np.newaxis]
