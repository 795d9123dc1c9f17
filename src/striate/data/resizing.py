"""Resizing pictures and arrays of images, and converting them to gray or color."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from striate.data.allocation import allocate
from striate.errors import DataError, OptionError
from striate.functions.options import COUNT
from striate.functions.writing import short
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
        If it is neither an integer of at least 1 nor a pair of them.

    Examples
    --------
    >>> as_size(28)
    (28, 28)
    """
    both = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(both) != 2 or any(side not in COUNT for side in both):
        raise OptionError(
            "`size` must be a number of pixels, or a pair (rows, columns), each at least 1, got "
            f"{short(size)}. Try size=32 or size=(24, 32)."
        )
    rows, columns = both
    return int(rows), int(columns)


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
        If it is any other number.
    """
    if channels not in (GRAY, COLOR):
        raise OptionError(
            f"`channels` must be 1 (gray) or 3 (color), got {short(channels)}. Try channels=1."
        )
    return channels


def as_rule(
    resize: str, sampling: Image.Resampling = Image.Resampling.BILINEAR, fill: int = 0
) -> Rule:
    """Return the function that resizes a picture.

    Parameters
    ----------
    resize
        ``"fit"`` keeps the whole picture and its proportions, and pads it with black; ``"crop"``
        keeps the proportions and cuts off the same on both sides; ``"stretch"`` distorts it.
    sampling
        How pixels are interpolated: bilinearly, or for labels by the nearest pixel.
    fill
        The value of the pixels that ``"fit"`` pads with.

    Returns
    -------
    function
        Takes a picture and (rows, columns); returns a picture of that size unchanged.

    Raises
    ------
    OptionError
        If there is no such rule.
    """
    if not isinstance(resize, str) or resize not in RULES:
        raise OptionError(
            f"Unknown resize {short(resize)}. Choose from {', '.join(RULES)}; "
            '"fit" keeps the whole picture and its proportions.'
        )
    rule = RULES[resize]

    def resized_to(image: Image.Image, size: tuple[int, int]) -> Image.Image:
        same = (image.height, image.width) == size
        return image if same else rule(image, size, sampling, fill)

    return resized_to


def inner_box(whole: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where ``"fit"`` puts a picture in its padded frame.

    Parameters
    ----------
    whole
        Rows and columns of the picture.
    size
        Rows and columns of the frame.

    Returns
    -------
    top, left, rows, columns

    Examples
    --------
    >>> inner_box((10, 20), (8, 8))
    (2, 0, 4, 8)
    """
    (height, width), (rows, columns) = whole, size
    scale = min(columns / width, rows / height)
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    return (rows - inner[0]) // 2, (columns - inner[1]) // 2, *inner


def _fit(
    image: Image.Image, size: tuple[int, int], sampling: Image.Resampling, fill: int
) -> Image.Image:
    """Keep the whole picture and its proportions, and pad it."""
    top, left, height, width = inner_box((image.height, image.width), size)
    page = Image.new(image.mode, (size[1], size[0]), fill)
    page.paste(image.resize((width, height), sampling), (left, top))
    return page


def _crop(
    image: Image.Image, size: tuple[int, int], sampling: Image.Resampling, fill: int
) -> Image.Image:
    """Keep the proportions and cut off the same on both sides."""
    del fill
    rows, columns = size
    scale = min(image.width / columns, image.height / rows)
    width, height = min(image.width, columns * scale), min(image.height, rows * scale)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (left, top, left + width, top + height)
    return image.resize((columns, rows), sampling, box=box)


def _stretch(
    image: Image.Image, size: tuple[int, int], sampling: Image.Resampling, fill: int
) -> Image.Image:
    """Distort the picture to the size."""
    del fill
    return image.resize((size[1], size[0]), sampling)


RULES: dict[str, Callable[[Image.Image, tuple[int, int], Image.Resampling, int], Image.Image]] = {
    "fit": _fit,
    "crop": _crop,
    "stretch": _stretch,
}


def resized(image: Array, size: tuple[int, int], resize: str) -> Array:
    """Resize one image.

    Parameters
    ----------
    image
        uint8, uint16 or float32, ``(rows, columns, channels)``.
    size
        Rows and columns.
    resize
        The rule, see :func:`as_rule`.

    Returns
    -------
    Array
        Of the same dtype; the image itself if it has that size.

    Examples
    --------
    >>> resized(np.full((2, 2, 1), 60000, np.uint16), (1, 2), "crop")[..., 0]
    array([[60000, 60000]], dtype=uint16)
    """
    if image.shape[:2] == size:
        return image
    rule = as_rule(resize)
    found = np.empty((*size, image.shape[-1]), image.dtype)
    # Pillow interpolates 16 bits with less precision than floats, which hold them exactly.
    wide = image.dtype == np.uint16
    for channel in range(image.shape[-1]):
        plane = np.ascontiguousarray(image[..., channel], np.float32 if wide else None)
        made = np.asarray(rule(Image.fromarray(plane), size))
        found[..., channel] = np.rint(made) if wide else made
    return found


def convert(
    x: Array, *, size: int | tuple[int, int] | None, channels: int | None, resize: str
) -> Array:
    """Convert an array of images to a size, and to gray or color.

    Parameters
    ----------
    x
        uint8, uint16 or float32, ``(n, rows, columns, channels)``.
    size
        Pixels; None keeps the size.
    channels
        1 or 3; None keeps the channels. Gray is repeated in each channel of a color; color becomes
        gray by its luma.
    resize
        The rule, see :func:`as_rule`.

    Returns
    -------
    Array
        Of the same dtype; ``x`` itself if there is nothing to convert.

    Raises
    ------
    DataError
        If these are not images with rows, columns and 1 or 3 channels.
    OptionError
        If the size, the channels or the rule is not valid.
    OutOfMemoryError
        If there is not enough memory for the images.

    Sources
    -------
    ITU-R BT.601.
    """
    as_rule(resize)
    if channels not in (None, x.shape[-1]):
        x = _recolored(x, as_channels(channels))
    if size is None or as_size(size) == x.shape[1:-1]:
        return x
    if x.ndim != 4:  # images, rows, columns, channels
        raise DataError(
            f"Cannot resize images of shape {x.shape[1:]}; expected rows, columns and channels. "
            "Leave size out."
        )
    rows, columns = as_size(size)
    shape = (len(x), rows, columns, x.shape[-1])
    images = allocate(shape, x.dtype, f"{len(x):,} images of {rows} x {columns} pixels need")
    for image, target in zip(x, images, strict=True):
        target[...] = resized(image, (rows, columns), resize)
    return images


def _recolored(x: Array, channels: int) -> Array:
    """Convert gray to color or color to gray."""
    if x.shape[-1] == GRAY:
        return np.repeat(x, channels, axis=-1)
    if x.shape[-1] != COLOR:
        raise DataError(
            f"Cannot convert images of {x.shape[-1]} channels to {channels}; expected 1 (gray) or "
            "3 (color). Leave channels out."
        )
    if x.dtype.kind == "u":
        luma = np.array(LUMA, np.uint64 if x.dtype == np.uint16 else np.uint32)
        gray = (x @ luma + luma.dtype.type(1 << 15)) >> luma.dtype.type(16)
    else:
        gray = x @ (np.array(LUMA, np.float32) / np.float32(1 << 16))
    return gray.astype(x.dtype)[..., np.newaxis]
