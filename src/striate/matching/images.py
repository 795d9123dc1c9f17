"""Scenes, templates and masks as users give them, checked and in one form.

Inside this package every image is ``(rows, columns, channels)``. Integer pixels are not converted
in advance, since a scene may be large: :attr:`Image.unit` is the factor of each pixel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import DataError, ShapeError
from striate.model.inputs import FULL_SCALE, full_scale
from striate.shapes import Array, Float, Shaped

_COLORS = (3, 4)
_LARGEST = 1e60
"""Largest pixel or weight: sums of the fourth powers of pixels must not overflow."""


@dataclass(frozen=True)
class Image:
    """A checked scene or template.

    Parameters
    ----------
    pixels
        ``(rows, columns, channels)``, uint8, uint16, float32 or float64.
    unit
        The value of a pixel of 1: 1/255 for uint8, 1/65,535 for uint16, 1 for floats.
    """

    pixels: Shaped[Array, "rows columns channels"]
    unit: float

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns, _ = self.pixels.shape
        return rows, columns

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.pixels.shape[2]

    @property
    def is_integer(self) -> bool:
        """Whether the pixels are integers."""
        return self.pixels.dtype.kind == "u"

    @property
    def is_double(self) -> bool:
        """Whether the pixels have more digits than float32 holds."""
        return self.pixels.dtype == np.float64

    def scaled(self) -> Float[Array, "rows columns channels"]:
        """Return all pixels on their scale, in float64."""
        return self.pixels * np.float64(self.unit)


def as_image(given: Any, name: str) -> Image:
    """Check a scene or a template.

    Parameters
    ----------
    given
        ``(rows, columns)`` or ``(rows, columns, channels)``: uint8 and uint16 are divided by their
        largest value, floats and booleans are used unchanged.
    name
        Name of the argument in error messages.

    Returns
    -------
    Image

    Raises
    ------
    ShapeError
        If it doesn't have two or three axes, or is empty.
    DataError
        If its dtype isn't one of these, or a pixel is masked, NaN, infinite or larger than 1e60.
    """
    pixels = _as_array(given, name)
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        remedy = "Select one image, such as images[0]."
        if pixels.ndim == 0:
            remedy = "Pass an array of pixels; PIL.Image.open reads files."
        elif 0 in pixels.shape:
            remedy = "Check the range of rows and columns that was cut out."
        elif pixels.ndim == 1:
            remedy = f"For a signal, use {name}[np.newaxis], an image of one row."
        raise ShapeError(
            f"`{name}` has shape {pixels.shape}; expected (rows, columns) or (rows, columns, "
            f"channels), at least one of each. {remedy}"
        )
    if pixels.dtype in (np.bool, np.float16):
        pixels = pixels.astype(np.float32)
    elif pixels.dtype.kind == "f" and pixels.itemsize > np.dtype(np.float64).itemsize:
        with np.errstate(over="ignore"):
            pixels = pixels.astype(np.float64)
    # Files such as FITS and PGM hold pixels in the other byte order.
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if pixels.dtype not in FULL_SCALE and pixels.dtype not in (np.float32, np.float64):
        convert = "Pass the pixel values as an array of numbers"
        if pixels.dtype.kind in "iu":
            convert = f"Convert it with {name}.astype(np.float32)"
        elif pixels.dtype.kind == "c":
            convert = f"Use np.abs({name}) or {name}.real"
        raise DataError(
            f"`{name}` has dtype {pixels.dtype}; expected uint8 (scaled by 1/255), uint16 (scaled "
            "by 1/65535), bool or a float type (used as is). "
            f"{convert}."
        )
    if pixels.dtype.kind == "f":
        _require_finite(pixels, name)
    return Image(pixels.reshape(*pixels.shape[:2], -1), 1 / full_scale(pixels.dtype))


def _as_array(given: Any, name: str) -> Array:
    """Convert what a user gave to an array; raise if it has masked values or isn't rectangular."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        remedy = f"Use {name}.filled(value) with a value that fits."
        if name.startswith("template"):
            remedy = f"Use {name}.data, with ~np.ma.getmaskarray({name}) as its mask."
        elif name.startswith("mask"):
            remedy = f"Use {name}.filled(0), so that masked pixels don't count."
        raise DataError(
            f"`{name}` is a masked array with {np.ma.count_masked(given):,} of {given.size:,} "
            f"values masked; expected an array without masked values. {remedy}"
        )
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"`{name}` has rows of different lengths, or values that aren't numbers; expected an "
            "array of numbers. Make all rows equally long."
        ) from error


def _require_finite(pixels: Array, name: str) -> None:
    """Raise if a pixel is NaN or infinite, or so large that its square would be."""
    low, high = float(pixels.min()), float(pixels.max())
    if max(abs(low), abs(high)) <= _LARGEST:  # false for NaN, which both would be
        return
    bad = ~(np.abs(pixels) <= _LARGEST)
    first = tuple(int(k) for k in np.argwhere(bad)[0])
    raise DataError(
        f"`{name}` has {pixels[first]:g} at row {first[0]}, column {first[1]}; expected finite "
        f"numbers up to {_LARGEST:g} (bad pixels: {int(bad.sum()):,}). Replace them with "
        f"np.nan_to_num({name}, posinf=0, neginf=0), or divide the images by a common factor."
    )


def as_weights(
    mask: Any, template: Image, name: str = "mask"
) -> Float[Array, "rows columns channels"] | None:
    """Check a mask and return the weight of each pixel of the template.

    Parameters
    ----------
    mask
        ``None`` if every pixel counts; otherwise weights of the template's rows and columns,
        optionally with one set for each channel: booleans, or non-negative numbers.
    template
        The template.
    name
        Name of the argument in error messages.

    Returns
    -------
    Array or None
        float64, ``(rows, columns, 1)`` or ``(rows, columns, channels)``; ``None`` if all weights
        are 1.

    Raises
    ------
    ShapeError
        If the mask doesn't have the template's shape.
    DataError
        If a weight is negative, NaN or larger than 1e60, or all are 0 or less than 1e-60.
    """
    if mask is None:
        return None
    weights = _as_array(mask, name)
    shapes = (template.size, (*template.size, 1), template.pixels.shape)
    if weights.shape not in shapes:
        wanted = f"{template.size}"
        if template.channels > 1:
            wanted += f" or {template.pixels.shape}"
        raise ShapeError(
            f"`{name}` has shape {weights.shape}; expected that of its template, {wanted}. Pass "
            "one weight for each pixel of the template."
        )
    if weights.dtype.kind not in "buif":
        raise DataError(
            f"`{name}` has dtype {weights.dtype}; expected booleans or non-negative numbers. "
            f"Convert it with {name}.astype(float)."
        )
    with np.errstate(over="ignore"):
        weights = weights.astype(np.float64).reshape(*template.size, -1)
    bad = ~((weights >= 0) & (weights <= _LARGEST))
    if bad.any():
        value = weights[bad][0]
        raise DataError(
            f"`{name}` contains {value:g}; expected finite weights from 0 to {_LARGEST:g}. Use 0 "
            "for pixels that don't count, and 1 for those that do."
        )
    if not (weights.any(axis=(0, 1))).all():
        where = "" if weights.shape[2] == 1 else " in one of its channels"
        raise DataError(
            f"`{name}` is 0 everywhere{where}; expected a positive weight for at least one pixel. "
            "Mark the pixels that count with 1."
        )
    largest = weights.max(axis=(0, 1)).min()
    if largest < 1 / _LARGEST:
        raise DataError(
            f"`{name}` has no weight larger than {largest:g}; expected at least one of "
            f"{1 / _LARGEST:g} or more, or products with it become 0. Divide the mask by its "
            "largest weight."
        )
    return None if (weights == 1).all() else weights


def require_fit(scene: Image, template: Image, name: str = "template") -> None:
    """Raise if a template can't be placed on a scene.

    Parameters
    ----------
    scene, template
        Checked images.
    name
        Name of the template in error messages.

    Raises
    ------
    ShapeError
        If the template is larger, or they differ in their number of channels.
    """
    (rows, columns), (high, wide) = scene.size, template.size
    if high > rows or wide > columns:
        swapped = high >= rows and wide >= columns
        turned = wide <= rows and high <= columns
        hint = "Use a smaller template, or crop it."
        if swapped:
            hint = "Are the two swapped? The scene is the first argument."
        elif turned:
            hint = "Are its axes swapped? Use template.swapaxes(0, 1), or a smaller template."
        raise ShapeError(
            f"`{name}`, {high} x {wide} pixels, is larger than the scene, {rows} x {columns} "
            f"pixels; expected at most as many rows and columns. {hint}"
        )
    if scene.channels != template.channels:
        gray = [one for one, image in ((name, template), ("scene", scene)) if image.channels == 1]
        colored = template if scene.channels == 1 else scene
        hint = "Convert both to gray or both to color."
        if gray and colored.channels in _COLORS:
            other = "scene" if gray[0] == name else name
            hint = (
                f"Convert the {other} to gray, such as {other}.mean(axis=2), or use both in color."
            )
        raise ShapeError(
            f"`{name}` has {_channels(template)} and the scene {_channels(scene)}; expected the "
            f"same number. {hint}"
        )


def _channels(image: Image) -> str:
    return f"{image.channels} channel{'s' * (image.channels != 1)}"
