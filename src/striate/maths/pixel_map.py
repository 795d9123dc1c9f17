"""Where each pixel of a moved image comes from: the one description of image motion.

Augmentation shifts, mirrors, rotates, magnifies and covers images. Instead of changing them step by
step, it computes where every pixel of the result comes from, which is called inverse mapping. An
example: a row of five pixels, mirrored and then moved one to the right.

::

    given             a b c d e        source = first + step * output
    mirrored          e d c b a        source =     4 - output
    moved right by 1  . e d c b        source =     5 - output, and 5 lies outside

So ``first`` 5 and ``step`` -1 describe both at once, and a pixel whose source is outside the image
takes a fill value. Such *whole-pixel* maps are eight integers per image. To rotate, shear or zoom,
the step to the next source has two parts (an *affine* map): sources then lie between pixels, and
images are interpolated there. The same map moves an image, its label mask (nearest pixel) and an
image target, and the compiled training step reads it, too.

Affine maps are in fixed point: 64-bit integers that count :data:`GRID`, a small fraction of a
pixel. So every engine and processor finds the same sources and weights, exactly.
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
    """Columns of affine maps: the source of output pixel (0, 0), and the steps from there."""

    ROW = 0
    ROW_BY_ROW = 1  # how far the source moves down with each row of the output
    ROW_BY_COLUMN = 2
    COLUMN = 3
    COLUMN_BY_ROW = 4
    COLUMN_BY_COLUMN = 5


MAP_COLUMNS = len(MapColumn)
"""Number of integers in the packed map of one image."""

AFFINE_COLUMNS = len(AffineColumn)
"""Number of integers in the affine map of one image."""

GRID_BITS = 20
"""Binary digits of the fraction of a pixel in an affine map."""

GRID = 2.0**-GRID_BITS
"""The fraction of a pixel that affine maps count.

A step is off by at most half of it, which moves no pixel of an image of 4,000 x 4,000 pixels by
more than 1/250 of a pixel; and a weight between two pixels, a multiple of it below 1, is exact in
float32.
"""

LONGEST_STEP = 2**27 - 1
"""Largest step of an affine map: 128 pixels, so that 16 steps fit into 32 bits."""

_UNMOVED = (0, 1, 0, 1, 0, 0, 0, 0)
_FARTHEST = 2**49  # more than 500 million pixels, so that no sum of sources exceeds 64 bits
_STARTS = (AffineColumn.ROW, AffineColumn.COLUMN)
_AT_ONCE = 1 << 16  # pixels that are interpolated at a time, so that they stay in the cache
_BORDER = 2  # pixels of fill value around an image, so that no neighbor has to be checked


def fixed_point(numbers: Any, most: int = LONGEST_STEP) -> Int[Array, "*n"]:
    """Round to multiples of :data:`GRID`, and count them.

    Parameters
    ----------
    numbers
        In pixels.
    most
        Largest result; numbers beyond it become it.

    Examples
    --------
    >>> fixed_point([0.25, 1 / 3])
    array([262144, 349525])
    """
    return np.rint(np.clip(np.asarray(numbers, float) / GRID, -most, most)).astype(np.int64)


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

    Images with affine maps can change their values, too: to ``factor * value + offset``, where the
    offset is a fraction of the largest value of an integer type.

    Parameters
    ----------
    packed
        int32, one row of :class:`MapColumn` per image.
    affine
        int64, one row of :class:`AffineColumn` per image, in units of :data:`GRID`; ``None`` for
        whole-pixel maps. Of ``packed``, only the covered box counts then.
    values
        float32, factor and offset of each image, together with ``affine``.

    Examples
    --------
    The row above, with its last pixel covered:

    >>> moved = PixelMap.of(first_column=[5], column_step=[-1], left=[4], right=[5], bottom=[1])
    >>> moved.apply(np.array([[[1, 2, 3, 4, 5]]]), fill=0)
    array([[[0, 5, 4, 3, 0]]])

    The same row, moved to the right by a quarter of a pixel: the first one is blended with 0.

    >>> quarter = PixelMap.affinely([[0, 1, 0, -0.25, 0, 1]])
    >>> quarter.apply(np.array([[[1, 2, 3, 4, 5]]], np.float32), fill=0)
    array([[[0.75, 1.75, 2.75, 3.75, 4.75]]], dtype=float32)
    """

    packed: Int[Array, "n columns"]
    affine: Int[Array, "n six"] | None = None
    values: Float[Array, "n two"] | None = None

    def __post_init__(self) -> None:
        assert (self.affine is None) == (self.values is None), "affine maps and values"

    @classmethod
    def of(cls, **columns: Any) -> "PixelMap":
        """Pack the columns given by name; others describe an image that stays as it is.

        Parameters
        ----------
        columns
            Names of :class:`MapColumn` in lower case, one number per image.
        """
        count = len(next(iter(columns.values())))
        packed = np.array([_UNMOVED], np.int32).repeat(count, axis=0)
        for name, numbers in columns.items():
            packed[:, MapColumn[name.upper()]] = numbers
        return cls(packed)

    @classmethod
    def unmoved(cls, count: int) -> "PixelMap":
        """Describe images that stay as they are."""
        return cls(np.array([_UNMOVED], np.int32).repeat(count, axis=0))

    @classmethod
    def affinely(cls, affine: Any, *, values: Any = None, packed: Any = None) -> "PixelMap":
        """Describe images by affine maps.

        Parameters
        ----------
        affine
            One row of :class:`AffineColumn` per image, in pixels.
        values
            Factor and offset of each image; by default they stay as they are.
        packed
            As in the class; by default nothing is covered.
        """
        numbers = np.asarray(affine, float)
        counted = fixed_point(numbers)
        counted[:, _STARTS] = fixed_point(numbers[:, _STARTS], _FARTHEST)
        changes = _unchanged(len(numbers)) if values is None else np.asarray(values, np.float32)
        return cls(cls.unmoved(len(numbers)).packed if packed is None else packed, counted, changes)

    @classmethod
    def joined(cls, maps: "list[PixelMap]") -> "PixelMap":
        """Put the maps of several groups of images one after another."""
        affine = [one.affine for one in maps if one.affine is not None]
        values = [one.values for one in maps if one.values is not None]
        return cls(
            np.concatenate([one.packed for one in maps]),
            np.concatenate(affine) if affine else None,
            np.concatenate(values) if values else None,
        )

    @property
    def matrices(self) -> Float[Array, "n 2 3"]:
        """The maps in pixels, ``[n, axis, number]``.

        For the rows and for the columns of the sources: that of output pixel (0, 0), and the steps
        from there with each row and each column of the output.
        """
        if self.affine is not None:
            return self.affine.reshape(-1, 2, 3) * GRID
        found = np.zeros((len(self), 2, 3))
        found[:, :, 0] = self.packed[:, [MapColumn.FIRST_ROW, MapColumn.FIRST_COLUMN]]
        found[:, 0, 1] = self.packed[:, MapColumn.ROW_STEP]
        found[:, 1, 2] = self.packed[:, MapColumn.COLUMN_STEP]
        return found

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, images: Int[Array, "q"] | slice) -> "PixelMap":
        """Select the maps of some images."""
        if self.affine is None or self.values is None:
            return PixelMap(self.packed[images])
        return PixelMap(self.packed[images], self.affine[images], self.values[images])

    def motion_only(self) -> "PixelMap":
        """Return the same motion without covered boxes and changed values, for targets."""
        packed = self.packed.copy()
        packed[:, MapColumn.TOP :] = 0
        values = None if self.values is None else _unchanged(len(packed))
        return replace(self, packed=packed, values=values)

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
        step = max(1, _AT_ONCE // max(1, size[0] * size[1]))
        if len(images) > step:
            moved = np.empty(images.shape, images.dtype)
            for first in range(0, len(images), step):
                part = np.s_[first : first + step]
                moved[part] = self[part].apply(images[part], fill, interpolate=interpolate)
            return moved
        moved = self._between(images, fill) if interpolate else self._nearest(images, fill)
        moved[self._covered(size)] = fill
        return moved

    def _places(self, axis: int, size: tuple[int, int]) -> Int[Array, "n rows columns"]:
        """Compute the rows (axis 0) or the columns (axis 1) of the sources of affine maps."""
        assert self.affine is not None
        numbers = self.affine[:, 3 * axis : 3 * axis + 3].T
        first, by_row, by_column = numbers[..., np.newaxis, np.newaxis]
        return first + by_row * np.arange(size[0])[:, np.newaxis] + by_column * np.arange(size[1])

    def _between(self, images: Array, fill: float | Array) -> Array:
        """Interpolate every pixel between the four around its source.

        In the order of the compiled step, so that both give the same bits: values are changed, then
        blended along the columns, then along the rows.
        """
        assert self.values is not None
        limits = np.iinfo(images.dtype) if images.dtype.kind in "iu" else None
        dtype = np.result_type(images.dtype, np.float32)
        values = self.values.T[(..., *(np.newaxis,) * (images.ndim - 1))]
        factor, offset = values[0], values[1] * np.float32(limits.max if limits else 1)
        framed = _framed(images.astype(dtype, copy=False) * factor + offset, fill, _BORDER)
        size, wide = (images.shape[1], images.shape[2]), framed.shape[2]
        corners: list[Array] = []
        weights: list[Array] = []
        for axis, length in enumerate(size):
            places = self._places(axis, size)
            corners.append(np.clip(places >> GRID_BITS, -_BORDER, length) + _BORDER)
            weight = (places & ((1 << GRID_BITS) - 1)).astype(np.float32) * np.float32(GRID)
            weights.append(weight[(..., *(np.newaxis,) * (images.ndim - 3))])
        first = np.arange(len(images))[:, np.newaxis, np.newaxis] * framed.shape[1]
        at, pixels = (first + corners[0]) * wide + corners[1], framed.reshape(-1, *images.shape[3:])
        upper, lower = (
            _blended(pixels.take(at + k, axis=0), pixels.take(at + k + 1, axis=0), weights[1])
            for k in (0, wide)
        )
        found = _blended(upper, lower, weights[0])
        if limits is not None:
            found = np.rint(np.clip(found, limits.min, limits.max, out=found), out=found)
        return found.astype(images.dtype, copy=False)

    def _nearest(self, images: Array, fill: float | Array) -> Array:
        """Take the pixel whose area contains the source."""
        framed, size = _framed(images, fill, 1), (images.shape[1], images.shape[2])
        half = 1 << (GRID_BITS - 1)
        rows, columns = (
            np.clip((self._places(axis, size) + half) >> GRID_BITS, -1, size[axis]) + 1
            for axis in (0, 1)
        )
        return framed[np.arange(len(images))[:, np.newaxis, np.newaxis], rows, columns]

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


def _unchanged(count: int) -> Float[Array, "n two"]:
    """Return factor 1 and offset 0 for each image."""
    return np.array([[1, 0]], np.float32).repeat(count, axis=0)


def _blended(first: Array, second: Array, weight: Array) -> Array:
    """Go from the first values to the second ones by a fraction of the way."""
    return first + weight * (second - first)


def _framed(images: Array, fill: float | Array, border: int) -> Array:
    """Surround images with pixels of the fill value."""
    rows, columns = (length + 2 * border for length in images.shape[1:3])
    framed = np.empty((len(images), rows, columns, *images.shape[3:]), images.dtype)
    framed[:] = fill
    framed[:, border:-border, border:-border] = images
    return framed
