"""Where each pixel of a moved image comes from: the one description of image motion.

Augmentation moves, mirrors, magnifies and covers images. Instead of doing it at once, it writes
down where every pixel of the result comes from, which image processing calls inverse mapping. An
example: a row of five pixels, mirrored and then moved one to the right.

::

    given             a b c d e        source = first + step * output
    mirrored          e d c b a        source =     4 - output
    moved right by 1  . e d c b        source =     5 - output, and 5 lies outside

So ``first`` 5 and ``step`` -1 describe both at once, and a pixel whose source is outside the image
takes a fill value. The same map moves an image, its label mask (without interpolation) and an image
target, and the compiled training step reads it as eight integers per image.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from striate.shapes import Array, Float, Int


class MapColumn(IntEnum):
    """Columns of a packed map, in the order in which the compiled step reads them."""

    FIRST_ROW = 0
    ROW_STEP = 1
    FIRST_COLUMN = 2
    COLUMN_STEP = 3
    TOP = 4
    BOTTOM = 5
    LEFT = 6
    RIGHT = 7


MAP_COLUMNS = len(MapColumn)
"""Number of integers in the packed map of one image."""

_UNMOVED = (0, 1, 0, 1, 0, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class PixelMap:
    r"""For each of some images, where its pixels come from and which of them are covered.

    Output pixel (i, j) of an image takes the value of its source pixel

    .. math:: (first\_row + row\_step \cdot i,\; first\_column + column\_step \cdot j)

    Pixels whose source lies outside the image take the fill value, and so do the pixels of the
    covered box, ``top <= i < bottom`` and ``left <= j < right``. With a ``window``, the source
    counts pixels of that window after it was magnified to the size of the image.

    Parameters
    ----------
    packed
        int32, one row of :class:`MapColumn` per image.
    window
        For each image, the window's first row and its height, its first column and its width; the
        first ones in pixels, height and width as a share of the image's. ``None`` for the whole
        image, so that every source is a whole pixel.

    Examples
    --------
    The row above, with its last pixel covered:

    >>> moved = PixelMap.of(first_column=[5], column_step=[-1], left=[4], right=[5], bottom=[1])
    >>> moved.apply(np.array([[[1, 2, 3, 4, 5]]]), fill=0)
    array([[[0, 5, 4, 3, 0]]])
    """

    packed: Int[Array, "n columns"]
    window: Float[Array, "n four"] | None = None

    @classmethod
    def of(cls, *, window: Float[Array, "n four"] | None = None, **columns: Any) -> "PixelMap":
        """Pack the columns given by name; others describe an image that stays as it is.

        Parameters
        ----------
        window
            As in the class.
        columns
            Names of :class:`MapColumn` in lower case, one number per image.
        """
        count = len(next(iter(columns.values())))
        packed = np.array([_UNMOVED], np.int32).repeat(count, axis=0)
        for name, numbers in columns.items():
            packed[:, MapColumn[name.upper()]] = numbers
        return cls(packed, window)

    @classmethod
    def unmoved(cls, count: int) -> "PixelMap":
        """Describe images that stay as they are."""
        return cls(np.array([_UNMOVED], np.int32).repeat(count, axis=0))

    @classmethod
    def joined(cls, maps: "list[PixelMap]") -> "PixelMap":
        """Put the maps of several groups of images one after another."""
        windows = [one.window for one in maps if one.window is not None]
        return cls(
            np.concatenate([one.packed for one in maps]),
            np.concatenate(windows) if windows else None,
        )

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, images: Int[Array, "q"]) -> "PixelMap":
        """Select the maps of some images."""
        return PixelMap(self.packed[images], None if self.window is None else self.window[images])

    def without_cutout(self) -> "PixelMap":
        """Return the same motion without the covered boxes, for targets."""
        packed = self.packed.copy()
        packed[:, MapColumn.TOP :] = 0
        return PixelMap(packed, self.window)

    def apply(self, images: Array, fill: float | Array, *, interpolate: bool = True) -> Array:
        """Move images.

        Parameters
        ----------
        images
            ``(n, rows, columns, ...)``, of any dtype.
        fill
            Value of pixels from outside the image and of covered ones; one for all, or one for
            each element of the last axes.
        interpolate
            Whether a source between pixels is interpolated bilinearly, and rounded for integer
            images. Otherwise the nearest pixel is taken, as labels need it.

        Returns
        -------
        Array
            A new array of the same shape and dtype.
        """
        moved = self.sample(images, interpolate=interpolate)
        moved[~self.visible((images.shape[1], images.shape[2]))] = fill
        return moved

    def sample(self, images: Array, *, interpolate: bool = True) -> Array:
        """Read every pixel from its source, or from the nearest one where that is outside.

        Parameters
        ----------
        images, interpolate
            As for :meth:`apply`.

        Returns
        -------
        Array
            A new array of the same shape and dtype.
        """
        rows, columns = self._sources(0, images.shape[1]), self._sources(1, images.shape[2])
        if self.window is not None and interpolate:
            return _bilinear(images, rows, columns)
        if self.window is not None:
            rows, columns = (np.floor(one + 0.5).astype(np.int64) for one in (rows, columns))
        image = np.arange(len(images))[:, np.newaxis, np.newaxis]
        return images[image, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]

    def visible(self, size: tuple[int, int]) -> Array:
        """Mark the pixels that show a part of the image: neither from outside nor covered."""
        (in_rows, top), (in_columns, left) = (
            self._inside_and_covered(axis, length) for axis, length in enumerate(size)
        )
        inside = in_rows[:, :, np.newaxis] & in_columns[:, np.newaxis, :]
        return inside & ~(top[:, :, np.newaxis] & left[:, np.newaxis, :])

    def _inside_and_covered(self, axis: int, length: int) -> tuple[Array, Array]:
        """Mark along one axis the sources inside the image, and the outputs in the covered box."""
        source, output = self._unmagnified(axis, length), np.arange(length)
        first = self.packed[:, MapColumn.TOP + 2 * axis, np.newaxis]
        end = self.packed[:, MapColumn.BOTTOM + 2 * axis, np.newaxis]
        return (source >= 0) & (source < length), (output >= first) & (output < end)

    def _unmagnified(self, axis: int, length: int) -> Int[Array, "n length"]:
        """Compute the sources along one axis, as if no window were magnified."""
        first, step = self.packed[:, 2 * axis], self.packed[:, 2 * axis + 1]
        return first[:, np.newaxis].astype(np.int64) + step[:, np.newaxis] * np.arange(length)

    def _sources(self, axis: int, length: int) -> Array:
        """Compute the sources along one axis, moved into the image where they lie outside."""
        source = self._unmagnified(axis, length)
        if self.window is not None:
            first, share = self.window[:, 2 * axis], self.window[:, 2 * axis + 1]
            # The middle of a pixel is at one half, so that both edges of the window are magnified
            # alike.
            source = first[:, np.newaxis] + share[:, np.newaxis] * (source + 0.5) - 0.5
        return np.clip(source, 0, length - 1)


def _bilinear(images: Array, rows: Array, columns: Array) -> Array:
    """Read each pixel between its neighbors, in proportion to how near they are."""
    image = np.arange(len(images))[:, np.newaxis]
    more = (np.newaxis,) * (images.ndim - 3)  # axes after rows and columns
    above, below, weight = _neighbors(rows)
    blend = images[image, above].astype(np.float32)
    blend += weight[(..., np.newaxis, *more)] * (images[image, below] - blend)
    blend = blend.swapaxes(1, 2)  # columns first, so that they are picked as the rows were
    left, right, weight = _neighbors(columns)
    picked = blend[image, left]
    picked += weight[(..., np.newaxis, *more)] * (blend[image, right] - picked)
    picked = picked.swapaxes(1, 2)
    if images.dtype.kind in "iu":
        picked = np.rint(picked)
    return picked.astype(images.dtype, copy=False)


def _neighbors(sources: Array) -> tuple[Array, Array, Array]:
    """Find the pixels on both sides of each source, and its distance from the first of them."""
    before = np.floor(sources).astype(np.int64)
    after = np.ceil(sources).astype(np.int64)
    return before, after, (sources - before).astype(np.float32)
