"""Draws how an augmentation moves each image, as the map that :mod:`striate.maths.pixel_map` holds.

All moves of an image are one map. The picture is cropped, flipped, sheared, resized, rotated and
shifted, in this order, each about the center of the image. A map says where a pixel of the result
comes from, so the moves are undone in the opposite order here.
"""

from collections.abc import Sequence
from enum import IntEnum
from math import pi
from typing import Protocol

import numpy as np

from striate.data.draws import Purpose, below, draw
from striate.maths.philox import uniform
from striate.maths.pixel_map import AFFINE_COLUMNS, GRID, AffineColumn, PixelMap, fixed_point
from striate.shapes import Array, Float, Int

_HALF = 1 << 31


class _Word(IntEnum):
    """Each option has random words of its own, so that its draws don't depend on the others."""

    DOWN = 0
    RIGHT = 1
    MIRROR = 2
    UPEND = 3
    CROP = 4
    TOP = 5
    LEFT = 6
    HOLE_ROW = 7
    HOLE_COLUMN = 8
    ROTATE = 9
    SCALE = 10
    SHEAR = 11
    BRIGHTNESS = 12
    CONTRAST = 13


class Moves(Protocol):
    """The options of an augmentation that a map describes; see :class:`Augmentation`."""

    @property
    def shift(self) -> int: ...
    @property
    def flip(self) -> str: ...
    @property
    def crop(self) -> float: ...
    @property
    def rotate(self) -> float: ...
    @property
    def scale(self) -> float: ...
    @property
    def shear(self) -> float: ...
    @property
    def brightness(self) -> float: ...
    @property
    def contrast(self) -> float: ...
    @property
    def cutout(self) -> int: ...
    @property
    def whole_pixels(self) -> bool: ...


def draw_maps(
    moves: Moves, size: tuple[int, ...], *, seed: int, epoch: int, indices: Int[Array, "n"]
) -> PixelMap:
    """Draw the map of each image.

    Parameters
    ----------
    moves
        The options.
    size
        Rows and columns of the images, or samples of the signals, which are images of one row.
    seed, epoch, indices
        What the random numbers of an image depend on.

    Returns
    -------
    PixelMap
        Of whole pixels if the options allow only such moves.
    """
    count = _Word.ROTATE if moves.whole_pixels else len(_Word)
    words = draw(np.asarray(indices), seed=seed, purpose=Purpose.MOTION, epoch=epoch, words=count)
    signals = len(size) == 1
    size = (1, size[0]) if signals else (size[0], size[1])
    (top, bottom), (left, right) = _covered(moves.cutout, size, words)
    box = {"top": top, "bottom": bottom, "left": left, "right": right}
    shifts = [_shift(moves, words[:, word]) for word in (_Word.DOWN, _Word.RIGHT)]
    if signals:
        shifts[0] = np.zeros_like(shifts[1])
    flips = [
        (moves.flip in (direction, "both")) & (words[:, word] < _HALF)
        for direction, word in (("vertical", _Word.UPEND), ("horizontal", _Word.MIRROR))
    ]
    if not moves.whole_pixels and not signals:
        affine = _affine(moves, size, words, shifts, flips)
        return PixelMap.affinely(
            affine, values=_values(moves, words), packed=PixelMap.of(**box).packed
        )
    (first_row, row_step), (first_column, column_step) = (
        (np.where(flipped, length - 1 + shift, -shift), np.where(flipped, -1, 1))
        for length, shift, flipped in zip(size, shifts, flips, strict=True)
    )
    if not moves.whole_pixels:  # signals with another amplitude
        nothing, factor = np.zeros(len(words)), _zoom(moves.scale, words[:, _Word.SCALE])
        places = [nothing, nothing + 1, nothing, first_column, nothing, column_step]
        return PixelMap.affinely(
            np.stack(places, axis=1),
            values=np.stack([factor, nothing], axis=1),
            packed=PixelMap.of(**box).packed,
        )
    return PixelMap.of(
        first_row=first_row,
        row_step=row_step,
        first_column=first_column,
        column_step=column_step,
        **box,
    )


def _affine(
    moves: Moves,
    size: tuple[int, int],
    words: Array,
    shifts: Sequence[Array],
    flips: Sequence[Array],
) -> Float[Array, "n numbers"]:
    """Combine all moves of each image: rows of affine maps, in pixels."""
    share, middles = _window(moves.crop, size, words)
    # Steps are rounded first, so that the center of the image stays where it belongs.
    steps = fixed_point(_steps(moves, words, flips) * share) * GRID
    # The center of the image, moved by the shift, shows the middle of the window.
    shown = [(length - 1) / 2 + shift for length, shift in zip(size, shifts, strict=True)]
    found = np.empty((len(words), AFFINE_COLUMNS))
    for axis, middle in enumerate(middles):
        by_row, by_column = steps[axis]
        first = AffineColumn.COLUMN if axis else AffineColumn.ROW
        found[:, first] = middle - by_row * shown[0] - by_column * shown[1]
        found[:, first + 1], found[:, first + 2] = by_row, by_column
    return found


def _values(moves: Moves, words: Array) -> Float[Array, "n two"]:
    """Draw factor and offset of each image's values."""
    factor = 1 + moves.contrast * _either_way(words[:, _Word.CONTRAST])
    # Contrast leaves medium gray as it is.
    offset = moves.brightness * _either_way(words[:, _Word.BRIGHTNESS]) + (1 - factor) / 2
    return np.stack([factor, offset], axis=1)


def _steps(moves: Moves, words: Array, flips: Sequence[Array]) -> Float[Array, "axis step n"]:
    """Return by how much the source moves along each axis with each row and column of the output.

    That is: rotate back, resize by the reciprocal, shear back, flip.
    """
    cosine, sine = cosine_and_sine(moves.rotate * _either_way(words[:, _Word.ROTATE]))
    zoom = _zoom(moves.scale, words[:, _Word.SCALE])
    rows = np.stack([cosine, -sine]) / zoom
    columns = np.stack([sine, cosine]) / zoom
    cosine, sine = cosine_and_sine(moves.shear * _either_way(words[:, _Word.SHEAR]))
    columns = columns - sine / cosine * rows
    return np.stack(
        [np.where(flipped, -one, one) for flipped, one in zip(flips, (rows, columns), strict=True)]
    )


def _shift(moves: Moves, words: Array) -> Array:
    """Draw the number of pixels by which each image is moved along one axis."""
    return below(words, 2 * moves.shift + 1) - moves.shift


def _either_way(words: Array) -> Float[Array, "n"]:
    """Return numbers from -1 to 1."""
    return 2 * uniform(words).astype(float) - 1


def _zoom(scale: float, words: Array) -> Float[Array, "n"]:
    """Draw the factor of each image's size: half of them below 1, half of them the reciprocal."""
    chosen = _either_way(words)
    smaller = 1 - abs(chosen) * (1 - scale)
    return np.where(chosen < 0, smaller, 1 / smaller)


def _window(crop: float, size: tuple[int, int], words: Array) -> tuple[Array, list[Array]]:
    """Draw the window that is cropped: its share of each side, and its middle along both axes."""
    share = 1 - (1 - crop) * uniform(words[:, _Word.CROP]).astype(float)
    middles = [
        (1 - share) * length * uniform(words[:, word]) + share * length / 2 - 0.5
        for length, word in zip(size, (_Word.TOP, _Word.LEFT), strict=True)
    ]
    return share, middles


def _covered(cutout: int, size: tuple[int, int], words: Array) -> list[tuple[Array, Array]]:
    """Find along each axis where the covered square begins and ends."""
    if not cutout:
        nowhere = np.zeros(len(words), np.int64)
        return [(nowhere, nowhere)] * 2
    firsts = [
        below(words[:, word], length) - cutout // 2
        for length, word in zip(size, (_Word.HOLE_ROW, _Word.HOLE_COLUMN), strict=True)
    ]
    return [
        (np.clip(first, 0, length), np.clip(first + cutout, 0, length))
        for first, length in zip(firsts, size, strict=True)
    ]


def cosine_and_sine(degrees: Float[Array, "n"]) -> tuple[Array, Array]:
    """Compute both for angles from -180 to 180 degrees, to the same bits on every processor.

    Functions of libraries may differ in the last bit between processors. These are sums and
    products alone: the power series of a quarter of the angle, at most pi / 4, whose terms left out
    are below 1e-16, and then twice the angle twice.

    Examples
    --------
    >>> [float(one.round(12)) for one in cosine_and_sine(np.array(30.0))]
    [0.866025403784, 0.5]
    """
    x = np.asarray(degrees, float) * (pi / 180 / 4)
    square = x * x
    sine = cosine = np.ones_like(x)
    for k in range(18, 0, -2):
        cosine = 1 - square / (k * (k - 1)) * cosine
        sine = 1 - square / (k * (k + 1)) * sine
    sine = x * sine
    for _ in range(2):
        cosine, sine = 1 - 2 * sine * sine, 2 * sine * cosine
    return cosine, sine
