"""From a user's images to the arrays of the equations: checks, order of axes, scale."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from striate.errors import DataError, ShapeError
from striate.graph.axis_order import Channels, images_to_first, to_first, to_last
from striate.shapes import Array, Shape

_TOGETHER = 256  # images whose deviation is added up at a time


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What is done to images before the first layer; part of a saved model.

    Parameters
    ----------
    channels
        Which axis of a user's images holds the channels.
    mean, deviation
        For each input that is standardized, one number a channel: subtracted, then divided by.
    """

    channels: Channels = "last"
    mean: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    deviation: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])

    def face(self, shape: Shape) -> Shape:
        """Give a shape as the user writes it."""
        return to_last(shape) if self.channels == "last" else shape

    def to_equations(self, images: Array, name: str) -> Array:
        """Turn checked images into float32 ``[q, maps, *pixels]``; uint8 is divided by 255."""
        if images.dtype == np.uint8:
            floats = np.multiply(images, np.float32(1 / 255), dtype=np.float32)
        else:
            floats = images.astype(np.float32, copy=False)
        if self.channels == "last" and floats.ndim > 2:
            floats = images_to_first(floats)
        if name in self.mean:
            along = (1, -1, *(1,) * (floats.ndim - 2))
            floats = floats - np.array(self.mean[name], np.float32).reshape(along)
            floats /= np.array(self.deviation[name], np.float32).reshape(along)
        return floats

    def tones(self, images: Array, name: str, fill: float = 0.0) -> Array:
        """Say the same as :meth:`to_equations` for images that an engine takes itself.

        Parameters
        ----------
        images
            All checked images of the input.
        name
            The input.
        fill
            The value of pixels from outside the image.

        Returns
        -------
        Array
            As :class:`striate.graph.batch.Chosen` takes them.
        """
        channels = images.shape[-1 if self.channels == "last" else 1]
        mean = np.array(self.mean.get(name, (0.0,) * channels))
        deviation = np.array(self.deviation.get(name, (1.0,) * channels))
        scale = 1 / 255 if images.dtype == np.uint8 else 1.0
        return np.array([*scale / deviation, *-mean / deviation, fill], np.float32)

    def to_data(self) -> dict[str, Any]:
        """Give it as data that JSON can hold."""
        return {
            "channels": self.channels,
            "mean": {name: list(one) for name, one in self.mean.items()},
            "deviation": {name: list(one) for name, one in self.deviation.items()},
        }

    def standardized(self, inputs: Mapping[str, Array]) -> "Preprocessing":
        """Learn mean and deviation of each channel; a constant channel is divided by 1."""
        mean: dict[str, tuple[float, ...]] = {}
        deviation: dict[str, tuple[float, ...]] = {}
        for name, images in inputs.items():
            channel = images.ndim - 1 if self.channels == "last" else 1
            others = tuple(k for k in range(images.ndim) if k != channel)
            scale = 255.0 if images.dtype == np.uint8 else 1.0
            center = images.mean(axis=others, dtype=np.float64, keepdims=True)
            squares = sum(  # in parts: nothing of the size of x is made
                np.square(part - center).sum(axis=others)
                for part in np.array_split(images, -(-len(images) // _TOGETHER))
            )
            count = images.size // images.shape[channel]
            mean[name] = tuple((center.ravel() / scale).tolist())
            spread = np.sqrt(squares / count) / scale
            # A constant channel's spread is only rounding, 5e-17 for 0.3, and need not be zero.
            varies = images.max(axis=others) > images.min(axis=others)
            deviation[name] = tuple(np.where(varies, spread, 1.0).tolist())
        return Preprocessing(channels=self.channels, mean=mean, deviation=deviation)


def check_images(x: Any, shape: Shape, channels: Channels, name: str) -> Array:
    """Check a user's images against the shape that an input takes.

    Parameters
    ----------
    x
        Images, ``(n, rows, columns, channels)``; the channels may be left out where there is one.
    shape
        The input's shape as the equations have it, ``(maps, *pixels)``.
    channels
        Which axis of ``x`` holds the channels.
    name
        What the input is called, for the error text.

    Returns
    -------
    Array
        uint8 or floating point, with every axis.

    Raises
    ------
    DataError
        If the numbers are of a type that images do not have, or one is NaN or infinite, or there
        are none.
    ShapeError
        If the shape is not the input's.
    """
    images = as_array(x, name)
    if images.dtype == np.bool_:
        images = images.astype(np.float32)
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise DataError(
            f"{name} has numbers of type {images.dtype}. Images are uint8 (0 to 255, divided by "
            "255) or floating point "
            "(taken as they are). Convert them with .astype(numpy.uint8) or .astype(numpy.float32)."
        )
    wanted = to_last(shape) if channels == "last" else shape
    images = _with_channels(images, wanted, channels, name)
    if len(images) == 0:
        raise DataError(
            f"{name} holds no images: its shape is {images.shape}. At least one is needed. Check "
            "how the data were selected."
        )
    if images.dtype != np.uint8:
        _require_finite(images, name)
    return images


def _with_channels(images: Array, wanted: Shape, channels: Channels, name: str) -> Array:
    """Add the axis of one channel where it was left out; raise where the shape is another."""
    got = images.shape[1:]
    if got == wanted:
        return images
    axis = len(wanted) - 1 if channels == "last" else 0
    if wanted[axis] == 1 and got == wanted[:axis] + wanted[axis + 1 :] and len(wanted) > 1:
        return np.expand_dims(images, 1 + axis)
    rule = f"Images are (n, {', '.join(map(str, wanted))}), channels {channels}."
    other = to_first(wanted) if channels == "last" else to_last(wanted)
    if got == other and len(wanted) > 1:
        opposite = "first" if channels == "last" else "last"
        raise ShapeError(
            f"{name} has shape {images.shape}: its channels stand {opposite}. {rule} "
            f"Move them with numpy.moveaxis(x, {'1, -1' if channels == 'last' else '-1, 1'}), or "
            "make the network with "
            f'channels="{opposite}".'
        )
    if images.shape == wanted or (
        wanted[axis] == 1 and images.shape == wanted[:axis] + wanted[axis + 1 :]
    ):
        raise ShapeError(
            f"{name} has shape {images.shape}: one image without the axis of images. {rule} Give "
            "x[numpy.newaxis]."
        )
    remedy = "Check which axes they have."
    pixels = (*wanted[:axis], *wanted[axis + 1 :])
    if wanted[axis] == 1 and len(got) == len(pixels):
        got = (*got[:axis], 1, *got[axis:])
    if len(got) == len(wanted) and got[axis] != wanted[axis]:
        kind = "channel" if len(wanted) > 1 else "number"
        channels_wanted = f"{wanted[axis]} {kind}{'s' * (wanted[axis] > 1)}"
        remedy = f"Bring them to {channels_wanted}, or make the network with input_shape={got}."
    elif len(got) == len(wanted):
        remedy = f"Resize the images, or use net.at({got}) for the same kernels at another size."
    elif images.ndim and prod(got) == prod(wanted):
        remedy = f"Give x.reshape(-1, {', '.join(map(str, wanted))})."
    raise ShapeError(f"{name} has shape {images.shape}. {rule} {remedy}")


def as_array(given: Any, name: str) -> Array:
    """Make an array of what a user gave; raise where its parts differ in length."""
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} cannot be made an array: its parts differ in length or kind. "
            "Images of one input have one size, and targets one shape. "
            "Bring them to one size, and stack them with numpy.stack."
        ) from error


def _require_finite(images: Array, name: str) -> None:
    """Raise where a number is NaN or infinite, with its place; or beyond float32."""
    ends = np.array([images.min(), images.max()])  # NaN if one is; nothing of the size of x is made
    with np.errstate(over="ignore"):
        if np.isfinite(ends.astype(np.float32)).all():
            return
        bad = np.argwhere(~np.isfinite(images.astype(np.float32, copy=False)))
    place = tuple(int(k) for k in bad[0])
    raise DataError(
        f"{name} holds {images[place]} at {place}; {len(bad)} of its {images.size} numbers "
        f"{'is' if len(bad) == 1 else 'are'} not finite in float32. "
        "One such number makes every weight NaN in the first step. Replace them, with "
        "numpy.nan_to_num(x) say, or leave those "
        "images out."
    )
