"""Where each pixel of a moved image comes from: the one description of image motion.

Augmentation moves, mirrors, turns, magnifies and covers images. Instead of doing it at once, it
writes down where every pixel of the result comes from, which image processing calls inverse
mapping. An example: a row of five pixels, mirrored and then moved one to the right.

::

    given             a b c d e        source = first + step * output
    mirrored          e d c b a        source =     4 - output
    moved right by 1  . e d c b        source =     5 - output, and 5 lies outside

So ``first`` 5 and ``step`` -1 describe both at once, and a pixel whose source is outside the image
takes a fill value. Such *whole-pixel* maps are eight integers per image. To rotate, shear or zoom,
the step to the next source has two parts (an *affine* map): sources then lie between pixels, and
images are interpolated there. The same map moves an image, its label mask (nearest pixel) and an
image target, and the compiled training step reads it, too.

Both engines must find the same sources, although one of them may fuse a multiplication with an
addition. So the numbers of an affine map are multiples of :data:`GRID`: their products with row and
column numbers, and the sums of these, are exact in float64, in any order.
"""

from dataclasses import dataclass, replace
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


class AffineColumn(IntEnum):
    """Columns of affine maps: where the source of output pixel (0, 0) is, its steps, the values."""

    ROW = 0
    ROW_BY_ROW = 1  # how far the source moves down with each row of the output
    ROW_BY_COLUMN = 2
    COLUMN = 3
    COLUMN_BY_ROW = 4
    COLUMN_BY_COLUMN = 5
    FACTOR = 6
    OFFSET = 7


MAP_COLUMNS = len(MapColumn)
"""Number of integers in the packed map of one image."""

AFFINE_COLUMNS = len(AffineColumn)
"""Number of float64 numbers in the affine map of one image."""

GRID = 2.0**-20
"""All sources are multiples of this fraction of a pixel.

An angle is then off by less than a millionth, which moves no pixel of an image of 4,000 x 4,000 by
more than 1/250 of a pixel; and a weight between two pixels, a multiple of it below 1, is exact in
float32.
"""

_UNMOVED = (0, 1, 0, 1, 0, 0, 0, 0)
_PLACES = 6  # columns of affine maps that are multiples of GRID
_AT_ONCE = 1 << 16  # pixels that are interpolated at a time, so that they stay in the cache
_BORDER = 2  # pixels of fill value around an image, so that no neighbor has to be checked


def on_grid(numbers: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Round to multiples of :data:`GRID`.

    Examples
    --------
    >>> float(on_grid(np.array(1 / 3))) * 2**20
    349525.0
    """
    return np.rint(np.asarray(numbers, float) / GRID) * GRID


@dataclass(frozen=True, eq=False)
class PixelMap:
    r"""For each of some images, where its pixels come from and which of them are covered.

    Output pixel (i, j) of an image takes the value of its source pixel

    .. math:: (first\_row + row\_step \cdot i,\; first\_column + column\_step \cdot j)

    or, with an ``affine`` map, the value at

    .. math:: (row + row\_by\_row \cdot i + row\_by\_column \cdot j,\;
               column + column\_by\_row \cdot i + column\_by\_column \cdot j)

    which is interpolated bilinearly between the four pixels around it. Pixels outside the image
    have the fill value, also where a source lies between them and the outermost pixels: the edge of
    a rotated image is blended with the fill value. The pixels of the covered box,
    ``top <= i < bottom`` and ``left <= j < right``, have the fill value as well.

    An affine map also changes the values of the image: ``factor * value + offset``, where the
    offset is a fraction of the largest value of an integer type.

    Parameters
    ----------
    packed
        int32, one row of :class:`MapColumn` per image.
    affine
        float64, one row of :class:`AffineColumn` per image; ``None`` for whole-pixel maps. Of
        ``packed``, only the covered box counts then.

    Examples
    --------
    The row above, with its last pixel covered:

    >>> moved = PixelMap.of(first_column=[5], column_step=[-1], left=[4], right=[5], bottom=[1])
    >>> moved.apply(np.array([[[1, 2, 3, 4, 5]]]), fill=0)
    array([[[0, 5, 4, 3, 0]]])

    The same row, moved to the right by a quarter of a pixel: the first one is blended with 0.

    >>> quarter = PixelMap.affinely([[0, 1, 0, -0.25, 0, 1, 1, 0]])
    >>> quarter.apply(np.array([[[1, 2, 3, 4, 5]]], np.float32), fill=0)
    array([[[0.75, 1.75, 2.75, 3.75, 4.75]]], dtype=float32)
    """

    packed: Int[Array, "n columns"]
    affine: Float[Array, "n numbers"] | None = None

    @classmethod
    def of(cls, *, affine: Float[Array, "n numbers"] | None = None, **columns: Any) -> "PixelMap":
        """Pack the columns given by name; others describe an image that stays as it is.

        Parameters
        ----------
        affine
            As in the class.
        columns
            Names of :class:`MapColumn` in lower case, one number per image.
        """
        count = len(next(iter(columns.values())))
        packed = np.array([_UNMOVED], np.int32).repeat(count, axis=0)
        for name, numbers in columns.items():
            packed[:, MapColumn[name.upper()]] = numbers
        return cls(packed, affine)

    @classmethod
    def unmoved(cls, count: int) -> "PixelMap":
        """Describe images that stay as they are."""
        return cls(np.array([_UNMOVED], np.int32).repeat(count, axis=0))

    @classmethod
    def affinely(cls, affine: Any) -> "PixelMap":
        """Describe images by the rows of affine maps; the places are rounded to the grid."""
        numbers = np.array(affine, float)
        numbers[:, :_PLACES] = on_grid(numbers[:, :_PLACES])
        return cls(cls.unmoved(len(numbers)).packed, numbers)

    @classmethod
    def joined(cls, maps: "list[PixelMap]") -> "PixelMap":
        """Put the maps of several groups of images one after another."""
        affine = [one.affine for one in maps if one.affine is not None]
        return cls(
            np.concatenate([one.packed for one in maps]),
            np.concatenate(affine) if affine else None,
        )

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, images: Int[Array, "q"]) -> "PixelMap":
        """Select the maps of some images."""
        return PixelMap(self.packed[images], None if self.affine is None else self.affine[images])

    def motion_only(self) -> "PixelMap":
        """Return the same motion without covered boxes and changed values, for targets."""
        packed, affine = self.packed.copy(), self.affine
        packed[:, MapColumn.TOP :] = 0
        if affine is not None:
            affine = affine.copy()
            affine[:, AffineColumn.FACTOR :] = 1, 0
        return replace(self, packed=packed, affine=affine)

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
            images. Otherwise the nearest pixel is taken unchanged, as labels need it.

        Returns
        -------
        Array
            A new array of the same shape and dtype.
        """
        size = images.shape[1], images.shape[2]
        if self.affine is None:
            moved, shown = self._whole(images), self._inside(size)
            moved[~(shown & ~self._covered(size))] = fill
            return moved
        move = _between if interpolate else _nearest
        moved = np.empty(images.shape, images.dtype)
        step = max(1, _AT_ONCE // max(1, size[0] * size[1]))
        for first in range(0, len(images), step):
            part = slice(first, first + step)
            moved[part] = move(images[part], self.affine[part], fill)
        moved[self._covered(size)] = fill
        return moved

    def _whole(self, images: Array) -> Array:
        """Read every pixel from its source, or from the nearest one where that is outside."""
        rows, columns = (
            np.clip(self._sources(axis, length), 0, length - 1)
            for axis, length in enumerate(images.shape[1:3])
        )
        image = np.arange(len(images))[:, np.newaxis, np.newaxis]
        return images[image, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]

    def _sources(self, axis: int, length: int) -> Int[Array, "n length"]:
        """Compute the sources of a whole-pixel map along one axis."""
        first, step = self.packed[:, 2 * axis], self.packed[:, 2 * axis + 1]
        return first[:, np.newaxis].astype(np.int64) + step[:, np.newaxis] * np.arange(length)

    def _inside(self, size: tuple[int, int]) -> Array:
        """Mark the pixels of a whole-pixel map whose sources are inside the image."""
        rows, columns = (self._sources(axis, length) for axis, length in enumerate(size))
        return _both((rows >= 0) & (rows < size[0]), (columns >= 0) & (columns < size[1]))

    def _covered(self, size: tuple[int, int]) -> Array:
        """Mark the pixels of the covered boxes."""
        top, bottom, left, right = self.packed[:, MapColumn.TOP :].T[..., np.newaxis]
        rows, columns = (np.arange(length) for length in size)
        return _both((rows >= top) & (rows < bottom), (columns >= left) & (columns < right))


def _both(rows: Array, columns: Array) -> Array:
    """Mark the pixels of images whose row and whose column are marked."""
    return rows[:, :, np.newaxis] & columns[:, np.newaxis, :]


def _places(
    affine: Float[Array, "n numbers"], size: tuple[int, int], axis: int
) -> Float[Array, "n rows columns"]:
    """Compute the rows (axis 0) or the columns (axis 1) of all sources."""
    first, by_row, by_column = affine[:, 3 * axis : 3 * axis + 3].T[..., np.newaxis, np.newaxis]
    return first + by_row * np.arange(size[0])[:, np.newaxis] + by_column * np.arange(size[1])


def _between(images: Array, affine: Float[Array, "n numbers"], fill: float | Array) -> Array:
    """Interpolate every pixel between the four around its source.

    In the order of the compiled step, so that both give the same bits: values are changed, then
    blended along the columns, then along the rows.
    """
    dtype = np.result_type(images.dtype, np.float32)
    whole = images.dtype.kind in "iu"
    limits = np.iinfo(images.dtype) if whole else None
    unit = np.float32(limits.max if limits else 1)
    more = (np.newaxis,) * (images.ndim - 1)
    factor = affine[(slice(None), AffineColumn.FACTOR, *more)].astype(np.float32)
    offset = affine[(slice(None), AffineColumn.OFFSET, *more)].astype(np.float32) * unit
    framed = _framed(images.astype(dtype, copy=False) * factor + offset, fill, _BORDER)
    size, wide = (images.shape[1], images.shape[2]), framed.shape[2]
    (rows, down), (columns, right) = (
        _pixel_and_rest(_places(affine, size, axis), size[axis], images.ndim - 3) for axis in (0, 1)
    )
    pixels = framed.reshape(-1, *images.shape[3:])
    first = np.arange(len(images))[:, np.newaxis, np.newaxis] * framed.shape[1]
    at = (first + rows) * wide + columns
    upper, lower = (
        blended(pixels.take(at + k, axis=0), pixels.take(at + k + 1, axis=0), right)
        for k in (0, wide)
    )
    found = blended(upper, lower, down)
    if limits is not None:
        found = np.rint(np.clip(found, limits.min, limits.max, out=found), out=found)
    return found.astype(images.dtype, copy=False)


def blended(first: Array, second: Array, weight: Array) -> Array:
    """Go from the first values to the second ones by a fraction of the way."""
    return first + weight * (second - first)


def _pixel_and_rest(places: Array, length: int, more: int) -> tuple[Array, Array]:
    """Split places into the framed pixel before each, and the fraction of a pixel beyond it."""
    before = np.floor(places)
    rest = (places - before).astype(np.float32)
    pixel = np.clip(before, -_BORDER, length).astype(np.int64) + _BORDER
    return pixel, rest[(..., *(np.newaxis,) * more)]


def _nearest(images: Array, affine: Float[Array, "n numbers"], fill: float | Array) -> Array:
    """Take the pixel whose area contains the source."""
    framed = _framed(images, fill, 1)
    size = images.shape[1], images.shape[2]
    rows, columns = (
        np.clip(np.floor(_places(affine, size, axis) + 0.5), -1, size[axis]).astype(np.int64) + 1
        for axis in (0, 1)
    )
    return framed[np.arange(len(images))[:, np.newaxis, np.newaxis], rows, columns]


def _framed(images: Array, fill: float | Array, border: int) -> Array:
    """Surround images with pixels of the fill value."""
    rows, columns = (length + 2 * border for length in images.shape[1:3])
    framed = np.empty((len(images), rows, columns, *images.shape[3:]), images.dtype)
    framed[:] = fill
    framed[:, border:-border, border:-border] = images
    return framed
