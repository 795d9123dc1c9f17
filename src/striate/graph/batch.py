"""The images of a step: arrays in the order of the equations, or a selection of stored images.

A training step that reads its images from the user's own array needs no copy of them: a batch
then holds a :class:`LoadImages`, which lists the images to read, how each of them is moved, and how
its pixels are scaled. An engine does that while it loads the images; ``LoadImages.array()`` returns
the same pixels with NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from striate.maths.pixel_map import PixelMap
from striate.shapes import Array, Float, Int


@dataclass(frozen=True)
class ImageStorage:
    """How the images of an input are stored in the user's memory.

    Parameters
    ----------
    dtype
        ``uint8`` or ``float32``.
    channels_last
        Whether the channels are the last axis, or the first one of an image.
    affine
        Whether the maps of the images are affine, not of whole pixels.
    """

    dtype: str
    channels_last: bool
    affine: bool = False


@dataclass(frozen=True, kw_only=True)
class PixelScale:
    """How pixel values become inputs: ``scale * pixel + offset`` for each channel.

    Parameters
    ----------
    scale, offset
        One number per channel.
    fill
        Pixel value from outside the image or under a cover, before scaling.

    Examples
    --------
    >>> PixelScale(scale=(0.5,), offset=(1.0,), fill=0.0).packed()
    array([0.5, 1. , 0. ], dtype=float32)
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    fill: float

    def packed(self) -> Float[Array, "values"]:
        """Return scales, offsets and fill value in one array, as the compiled step reads them."""
        return np.array([*self.scale, *self.offset, self.fill], np.float32)


@dataclass(frozen=True, kw_only=True)
class LoadImages:
    """A selection of stored images, each moved in its own way and then scaled.

    Parameters
    ----------
    images
        All stored images, ``(n, *pixels, channels)`` or ``(n, channels, *pixels)``: uint8 or
        float32, contiguous.
    channels_last
        Whether the channels are their last axis.
    indices
        Which images to load.
    maps
        For each of them, where its pixels come from.
    scale
        Packed :class:`PixelScale`.

    Examples
    --------
    >>> images = np.array([[[[1], [2]]], [[[3], [4]]]], np.uint8)
    >>> LoadImages(
    ...     images=images, channels_last=True, indices=np.array([1]),
    ...     maps=PixelMap.of(first_column=[1], column_step=[-1]),
    ...     scale=PixelScale(scale=(0.5,), offset=(0.0,), fill=0.0).packed(),
    ... ).array()
    array([[[[2. , 1.5]]]], dtype=float32)
    """

    images: Array
    channels_last: bool
    indices: Int[Array, "q"]
    maps: PixelMap
    scale: Float[Array, "values"]

    @property
    def storage(self) -> ImageStorage:
        """How the images are stored."""
        affine = self.maps.affine is not None
        return ImageStorage(self.images.dtype.name, self.channels_last, affine)

    def __len__(self) -> int:
        return len(self.indices)

    def array(self) -> Float[Array, "q maps *pixels"]:
        """Load the images with NumPy, in the order of the equations."""
        taken = self.images[self.indices]
        if not self.channels_last:
            taken = np.moveaxis(taken, 1, -1)
        shape = taken.shape
        *_, columns, channels = shape
        rows = prod(shape[1:-2])  # a signal is a row of pixels
        taken = taken.reshape(len(taken), rows, columns, channels)
        scale, offset = self.scale[:-1].reshape(2, -1)
        scaled = scale * self.maps.apply(taken, float(self.scale[-1])) + offset
        scaled = scaled.astype(np.float32, copy=False).reshape(shape)
        return np.ascontiguousarray(np.moveaxis(scaled, -1, 1))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The images of one step.

    Parameters
    ----------
    inputs
        For each input of the network, ``[q, maps, *pixels]`` or the images to load.
    targets
        For each output, in the form that its loss takes.
    weights
        Weight of each image, ``[q]``, or each pixel, ``[q, *pixels]``; ``None`` for 1 each.
    labels
        For each output, the classes with which metrics compare predictions, ``[q, *pixels]``;
        ``None`` where the targets aren't labels.
    """

    inputs: tuple[Array | LoadImages, ...]
    targets: tuple[Array, ...] = ()
    weights: Array | None = None
    labels: tuple[Array | None, ...] = ()

    @property
    def weights_pixels(self) -> bool:
        """Whether each pixel has a weight, not each image."""
        return self.weights is not None and self.weights.ndim > 1

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.inputs[0])


def as_arrays(inputs: Sequence[Array | LoadImages]) -> list[Array]:
    """Return inputs as arrays; load images that are only selected."""
    return [given.array() if isinstance(given, LoadImages) else given for given in inputs]


def storage_of(inputs: Sequence[Array | LoadImages]) -> tuple[ImageStorage | None, ...]:
    """Return how the images of each input are stored; ``None`` for an array of the equations."""
    return tuple(given.storage if isinstance(given, LoadImages) else None for given in inputs)
