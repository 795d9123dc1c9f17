"""Augmentation: images moved, mirrored, magnified or covered a little, otherwise in each epoch."""

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

from striate.data.draws import below, draw
from striate.errors import DataError, OptionError, ShapeError
from striate.functions.options import Range
from striate.maths.philox import uniform
from striate.shapes import Array, Int

Flip = Literal["none", "horizontal", "vertical", "both"]

_PURPOSE = 2
_WORDS = 9  # each option has words of its own, so that its draws do not depend on the others
_DOWN, _RIGHT, _MIRROR, _UPEND, _SCALE, _TOP, _LEFT, _HOLE_ROW, _HOLE_COLUMN = range(_WORDS)
_HALF = 1 << 31
_SHARE = Range(above=0, most=1)
_EXAMPLES = {"shift": "2", "crop": "0.8", "cutout": "8", "fill": "0"}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes that leave an image's class as it is.

    In this order: a part is cut out and magnified, the image is mirrored, moved, and covered in
    one place. What is drawn for an image depends on nothing but the seed, the epoch and the
    image's number, so that the order of the batches and a resume change nothing.

    Parameters
    ----------
    shift
        The image is moved by up to so many whole pixels, down or up and right or left.
    flip
        Directions in which the image is mirrored with probability one half: ``"horizontal"``
        (left and right change places), ``"vertical"``, ``"both"`` (each on its own), or
        ``"none"``.
    crop
        A window at a random place is magnified to the whole image, bilinearly. Its sides are a
        random share of the image's, from this number to 1.
    cutout
        A square of so many rows and columns around a random pixel is covered.
    fill
        The value of pixels that come from outside the image or are covered.

    Raises
    ------
    OptionError
        If a value cannot be.

    Sources
    -------
    LeCun 1998; Simard 2003; DeVries and Taylor 2017 (cutout).

    Examples
    --------
    >>> Augmentation.parse("shift 2 flip")
    Augmentation(shift=2, flip='horizontal', crop=1.0, cutout=0, fill=0.0)
    """

    shift: int = 0
    flip: Flip = "none"
    crop: float = 1.0
    cutout: int = 0
    fill: float = 0.0

    def __post_init__(self) -> None:
        pixels = Range(least=0, whole=True)
        if self.shift not in pixels or self.cutout not in pixels or self.crop not in _SHARE:
            raise OptionError(
                f"An augmentation with shift={self.shift}, crop={self.crop}, cutout={self.cutout} "
                "cannot be. shift and cutout are whole pixels, 0 or more; crop is a share of the "
                "image, above 0 and up to 1. Use for example shift=2, crop=0.8, cutout=8."
            )
        if not np.isfinite(self.fill):
            raise OptionError(
                f"fill={self.fill} cannot be. It is the value of pixels, a finite number. "
                "Use for example fill=0."
            )
        if self.flip not in get_args(Flip):
            raise OptionError(
                f"flip={self.flip!r} is no way to flip. The ways are {', '.join(get_args(Flip))}. "
                "Use flip='horizontal' to let left and right change places."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an augmentation as it is written on a command line.

        Parameters
        ----------
        text
            Names of options, each followed by its value, such as ``"shift 2 flip vertical fill
            255"``; ``flip`` alone is ``flip horizontal``. No words mean no augmentation.

        Returns
        -------
        Augmentation
            What ``str()`` writes in the same form.

        Raises
        ------
        OptionError
            If a word is unknown, or a value is missing or cannot be.

        Examples
        --------
        >>> str(Augmentation.parse("flip shift 2"))
        'shift 2 flip horizontal'
        """
        names = [field.name for field in dataclasses.fields(cls)]
        options: dict[str, Any] = {}
        words = text.replace(",", " ").split()
        while words:
            name = words.pop(0)
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                raise OptionError(
                    f"{name!r} in the augmentation {text!r} is not known. "
                    f"The words are {', '.join(names)}, each with its value. "
                    + (
                        f"Did you mean {near[0]!r}?"
                        if near
                        else "Write for example 'shift 2 flip'."
                    )
                )
            options[name] = _read_value(name, words, text)
        return cls(**options)

    def __str__(self) -> str:
        return " ".join(
            f"{field.name} {getattr(self, field.name):g}"
            if field.name != "flip"
            else f"flip {self.flip}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        )

    def apply(self, images: Array, *, seed: int, epoch: int, indices: Int[Array, "n"]) -> Array:
        """Change each image in its own way.

        Parameters
        ----------
        images
            uint8 or float32, ``(n, rows, columns, channels)``.
        seed
            What all draws depend on, 0 to 2**64 - 1.
        epoch
            How often the data have been gone through before; another epoch brings other changes.
        indices
            The number of each image in its data set.

        Returns
        -------
        Array
            Of the same shape and type.

        Raises
        ------
        ShapeError
            If these are not images with one number each, or a shift leaves nothing of them.
        OptionError
            If the seed or the epoch is out of range, or ``fill`` is no gray level of uint8 images.
        DataError
            If the images are neither uint8 nor float32.

        Examples
        --------
        >>> image = np.zeros((1, 3, 3, 1), np.uint8)
        >>> image[0, 1, 1] = 255
        >>> moved = Augmentation(shift=1).apply(image, seed=0, epoch=0, indices=np.array([0]))
        >>> int((moved == 255).sum())
        1
        """
        self._check(images, indices)
        if self == Augmentation(fill=self.fill):
            return images
        words = draw(np.asarray(indices), seed=seed, purpose=_PURPOSE, epoch=epoch, words=_WORDS)
        down, right = self._ways(images.shape[1:3], words)
        rows, in_rows = self._places(images.shape[1], down, words, _TOP)
        columns, in_columns = self._places(images.shape[2], right, words, _LEFT)
        seen = in_rows[:, :, np.newaxis] & in_columns[:, np.newaxis, :]
        if self.cutout:
            seen &= ~self._covered(images.shape[1:3], words)
        changed = _sample(images, rows, columns)
        changed[~seen] = self.fill
        return changed

    @property
    def whole(self) -> bool:
        """Whether pixels stay whole: nothing is magnified, so that :meth:`moves` says all.

        A class with an :meth:`apply` of its own changes images in ways that no moves say.
        """
        return self.crop == 1 and type(self).apply is Augmentation.apply

    def moves(
        self, shape: tuple[int, int], *, seed: int, epoch: int, indices: Int[Array, "n"]
    ) -> Int[Array, "n moves"]:
        """Say how each image is moved, for an augmentation under which pixels stay whole.

        Parameters
        ----------
        shape
            Rows and columns of the images.
        seed, epoch, indices
            As for :meth:`apply`, which makes the same changes.

        Returns
        -------
        Array
            int32, as :class:`striate.graph.batch.Chosen` takes them.

        Raises
        ------
        OptionError
            If the seed or the epoch is out of range.
        ShapeError
            If a shift leaves nothing of the images.

        Examples
        --------
        >>> moved = Augmentation(shift=1, flip="vertical")
        >>> moved.moves((5, 7), seed=1, epoch=0, indices=np.arange(2))
        array([[ 5, -1,  1,  1,  0,  0,  0,  0],
               [ 0,  1, -1,  1,  0,  0,  0,  0]], dtype=int32)
        """
        self.require_suits(shape)
        words = draw(np.asarray(indices), seed=seed, purpose=_PURPOSE, epoch=epoch, words=_WORDS)
        ways = self._ways(shape, words)
        holes = [np.zeros((len(words), 2), np.int64)] * 2
        if self.cutout:
            holes = self._holes(shape, words)
        return np.concatenate([*ways, *holes], axis=1).astype(np.int32)

    def _check(self, images: Array, indices: Array) -> None:
        """Check that these are images with a number each, and that the options suit them."""
        if (
            images.ndim != 4 or np.shape(indices) != images.shape[:1]
        ):  # images, rows, columns, channels
            raise ShapeError(
                f"Images of shape {images.shape} with numbers of shape {np.shape(indices)} cannot "
                "be augmented. Images have four axes, (n, rows, columns, channels), and each has "
                "one number. Add an axis to gray images with images[..., numpy.newaxis]."
            )
        if images.dtype not in (np.uint8, np.float32):
            raise DataError(
                f"Images of type {images.dtype} cannot be augmented. Images are uint8 or float32. "
                "Convert them first, for example with images.astype(numpy.float32)."
            )
        self.require_suits((images.shape[1], images.shape[2]), images.dtype)

    def require_suits(self, shape: tuple[int, int], type_: Any = np.float32) -> None:
        """Raise where images of this size, or numbers of this type, cannot be changed so.

        Raises
        ------
        ShapeError
            If a shift leaves nothing of the images.
        OptionError
            If ``fill`` is no gray level of uint8 images.
        """
        if self.shift >= min(shape):
            raise ShapeError(
                f"shift={self.shift} moves images of {shape[0]} x {shape[1]} pixels "
                "out of sight. A shift is smaller than the rows and the columns. Use a smaller "
                "shift."
            )
        if type_ == np.uint8 and self.fill not in range(256):
            raise OptionError(
                f"fill={self.fill} is no gray level of uint8 images. These are whole numbers from "
                "0 to 255. Use for example fill=0."
            )

    def _ways(self, shape: tuple[int, int], words: Array) -> tuple[Array, Array]:
        """Find along each axis from where the first pixel comes, and how far on the next."""
        rows, columns = shape
        vertical, horizontal = (
            self.flip in ("vertical", "both"),
            self.flip in ("horizontal", "both"),
        )
        return (
            self._way(rows, words[:, _DOWN], words[:, _UPEND], vertical),
            self._way(columns, words[:, _RIGHT], words[:, _MIRROR], horizontal),
        )

    def _way(self, length: int, move: Array, turn: Array, turns: bool) -> Array:
        """Find the same along one axis of that length."""
        step = below(move, 2 * self.shift + 1) - self.shift
        turned = turns & (turn < _HALF)
        return np.stack(
            [np.where(turned, length - 1 + step, -step), np.where(turned, -1, 1)], axis=1
        )

    def _places(self, length: int, way: Array, words: Array, start: int) -> tuple[Array, Array]:
        """Find where along an axis each pixel comes from, and whether that is inside the image."""
        places = way[:, :1] + way[:, 1:] * np.arange(length)
        inside = (places >= 0) & (places < length)
        if self.crop < 1:
            share = 1 - (1 - self.crop) * uniform(words[:, _SCALE]).astype(float)
            first = (1 - share) * length * uniform(words[:, start])
            places = first[:, np.newaxis] + share[:, np.newaxis] * (places + 0.5) - 0.5
        return np.clip(places, 0, length - 1), inside

    def _covered(self, shape: tuple[int, int], words: Array) -> Array:
        """Mark the square around a random pixel."""
        down, right = (
            (np.arange(length) >= ends[:, :1]) & (np.arange(length) < ends[:, 1:])
            for length, ends in zip(shape, self._holes(shape, words), strict=True)
        )
        return down[:, :, np.newaxis] & right[:, np.newaxis, :]

    def _holes(self, shape: tuple[int, int], words: Array) -> list[Array]:
        """Find along each axis where the covered square begins and ends."""
        firsts = [
            below(words[:, word], length) - self.cutout // 2
            for length, word in zip(shape, (_HOLE_ROW, _HOLE_COLUMN), strict=True)
        ]
        ends = ((first, first + self.cutout) for first in firsts)
        return [
            np.clip(np.stack(each, axis=1), 0, length)
            for each, length in zip(ends, shape, strict=True)
        ]


def _read_value(name: str, words: list[str], text: str) -> float | str:
    """Take the value of an option from the words that follow its name."""
    if name == "flip":
        return words.pop(0) if words and words[0] in get_args(Flip) else "horizontal"
    word = words.pop(0) if words else ""
    try:
        return int(word) if name in ("shift", "cutout") else float(word)
    except ValueError:
        raise OptionError(
            f"{name!r} in the augmentation {text!r} is followed by {word!r}. "
            f"It needs a {'whole number of pixels' if name in ('shift', 'cutout') else 'number'}. "
            f"Write for example '{name} {_EXAMPLES[name]}'."
        ) from None


def _sample(images: Array, rows: Array, columns: Array) -> Array:
    """Take each pixel from its place, between pixels in proportion to their nearness."""
    number = np.arange(len(images))[:, np.newaxis]
    if rows.dtype.kind == "i":
        return images[number[:, :, np.newaxis], rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
    above, under, weight = _neighbors(rows)
    blend = images[number, above].astype(np.float32)
    blend += weight[..., np.newaxis, np.newaxis] * (images[number, under] - blend)
    blend = blend.swapaxes(1, 2)  # columns first, so that they are picked as the rows were
    left, right, weight = _neighbors(columns)
    picked = blend[number, left]
    picked += weight[..., np.newaxis, np.newaxis] * (blend[number, right] - picked)
    picked = picked.swapaxes(1, 2)
    return np.rint(picked).astype(np.uint8) if images.dtype == np.uint8 else picked


def _neighbors(places: Array) -> tuple[Array, Array, Array]:
    """Find the pixels on both sides of each place, and how far it is from the first of them."""
    before = np.floor(places).astype(np.int64)
    after = np.ceil(places).astype(np.int64)
    return before, after, (places - before).astype(np.float32)
