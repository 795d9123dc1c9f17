"""Augmentation: random shifts, flips, crops and cutout, new ones in every epoch."""

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

from striate.data.draws import below, draw
from striate.errors import Argument, DataError, InPython, Message, OptionError, ShapeError
from striate.functions.options import FINITE, Range
from striate.functions.writing import short
from striate.maths.philox import uniform
from striate.maths.pixel_map import PixelMap
from striate.shapes import Array, Int

Flip = Literal["none", "horizontal", "vertical", "both"]

_PURPOSE = 2
_WORDS = 9  # each option has words of its own, so that its draws do not depend on the others
_DOWN, _RIGHT, _MIRROR, _UPEND, _SCALE, _TOP, _LEFT, _HOLE_ROW, _HOLE_COLUMN = range(_WORDS)
_HALF = 1 << 31
_SHARE = Range(above=0, most=1)
_LABEL = Range(least=0, whole=True)
_WHOLE = ("shift", "cutout", "fill_mask")  # options whose values are integers
_EXAMPLES = {"shift": "2", "crop": "0.8", "cutout": "8", "fill": "0", "fill_mask": "0"}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes to training images that keep their labels valid.

    In this order: a window is cropped and magnified, the image is flipped, shifted, and covered in
    one place. The random numbers of an image depend only on the seed, the epoch and the index of
    the image, so neither the order of the batches nor resuming changes them.

    **Targets move with their images.** During :meth:`striate.Network.fit`, label masks and image
    targets with as many rows and columns as the input are cropped, flipped and shifted with it.
    Label masks take the nearest pixel, image targets are interpolated as the input is. Cutout
    covers the input only. One label or number for a whole image stays as it is, so use no flip
    where left and right matter to it.

    Parameters
    ----------
    shift
        Largest shift in pixels, down or up and right or left.
    flip
        Directions in which an image is mirrored with probability one half: ``"horizontal"``
        (swaps left and right), ``"vertical"``, ``"both"`` (each on its own), or ``"none"``.
    crop
        A window at a random position is magnified bilinearly to the size of the image. Its sides
        are a random fraction of the image's, between this number and 1.
    cutout
        Side, in pixels, of a square around a random pixel that is covered.
    fill
        Value of pixels that come from outside the image or are covered, in the units of the
        images: 0 to 255 for uint8. In image targets they take the same value, scaled as the input
        is.
    fill_mask
        Label of such pixels in label masks; 0, the background, as in torchvision and
        Albumentations.

    Raises
    ------
    OptionError
        If a value is out of range.

    Sources
    -------
    LeCun 1998; Simard 2003; DeVries and Taylor 2017 (cutout).

    Examples
    --------
    >>> Augmentation.parse("shift 2 flip")
    Augmentation(shift=2, flip='horizontal', crop=1.0, cutout=0, fill=0.0, fill_mask=0)
    """

    shift: int = 0
    flip: Flip = "none"
    crop: float = 1.0
    cutout: int = 0
    fill: float = 0.0
    fill_mask: int = 0

    def __post_init__(self) -> None:
        for name in ("shift", "cutout"):
            if getattr(self, name) not in Range(least=0, whole=True):
                raise OptionError(
                    Message(
                        Argument(name),
                        " must be a non-negative integer (pixels), "
                        f"got {short(getattr(self, name))}.",
                    ),
                    remedy=_try(name),
                )
        if self.crop not in _SHARE:
            raise OptionError(
                Message(
                    Argument("crop"),
                    " must be a fraction of the image, above 0 and at most 1, got "
                    f"{short(self.crop)}.",
                ),
                remedy=_try("crop"),
            )
        if self.fill_mask not in _LABEL:
            raise OptionError(
                Message(
                    InPython("`fill_mask`", "fill_mask"),
                    f" must be a non-negative integer label, got {short(self.fill_mask)}.",
                ),
                remedy=_try("fill_mask"),
            )
        if self.fill not in FINITE:
            raise OptionError(
                Message(
                    Argument("fill"), f" must be a finite pixel value, got {short(self.fill)}."
                ),
                remedy=_try("fill"),
            )
        if self.flip not in get_args(Flip):
            raise OptionError(
                f"Unknown flip {short(self.flip)}. Choose from {', '.join(get_args(Flip))}; "
                '"horizontal" swaps left and right.'
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an augmentation as it is written on the command line.

        Parameters
        ----------
        text
            Names of options, each followed by its value, such as ``"shift 2 flip vertical fill
            255"``; ``flip`` alone means ``flip horizontal``. An empty text means no augmentation.

        Returns
        -------
        Augmentation
            ``str()`` writes it in the same form.

        Raises
        ------
        OptionError
            If a word is unknown, or a value is missing or out of range.

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
                hint = f'Did you mean "{near[0]}"?' if near else 'Try "shift 2 flip".'
                raise OptionError(
                    f"Unknown word {short(name)} in the augmentation {short(text)}. {hint} "
                    f"Choose from {', '.join(names)}, each followed by its value."
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
        """Change each image at random.

        Parameters
        ----------
        images
            uint8, uint16 or float32, ``(n, rows, columns, channels)``.
        seed
            Seed of all random numbers, 0 to 2**64 - 1.
        epoch
            Number of the epoch; each epoch has other changes.
        indices
            Index of each image in its data set.

        Returns
        -------
        Array
            Of the same shape and dtype.

        Raises
        ------
        ShapeError
            If the images do not have four axes, there is not one index per image, or the shift is
            as large as the image.
        OptionError
            If the seed or the epoch is out of range, or ``fill`` is not a pixel value of an integer
            dtype.
        DataError
            If the images have the wrong dtype.

        Examples
        --------
        >>> image = np.zeros((1, 3, 3, 1), np.uint8)
        >>> image[0, 1, 1] = 255
        >>> moved = Augmentation(shift=1).apply(image, seed=0, epoch=0, indices=np.array([0]))
        >>> int((moved == 255).sum())
        1
        """
        self._check(images, indices)
        if self.changes_nothing:
            return images
        size = images.shape[1], images.shape[2]
        return self.maps(size, seed=seed, epoch=epoch, indices=indices).apply(images, self.fill)

    @property
    def changes_nothing(self) -> bool:
        """Whether no option is set that moves or covers anything."""
        return self == Augmentation(fill=self.fill, fill_mask=self.fill_mask)

    @property
    def moves_pixels(self) -> bool:
        """Whether pixels change their places, so that targets must follow; cutout moves none."""
        return self.shift > 0 or self.flip != "none" or self.crop < 1

    @property
    def is_a_map(self) -> bool:
        """Whether :meth:`maps` describes all that happens to an image.

        A subclass with an :meth:`apply` of its own may change images in any way.
        """
        return type(self).apply is Augmentation.apply

    def maps(
        self, size: tuple[int, int], *, seed: int, epoch: int, indices: Int[Array, "n"]
    ) -> PixelMap:
        """Draw the motion of each image without carrying it out.

        Parameters
        ----------
        size
            Rows and columns of the images.
        seed, epoch, indices
            As for :meth:`apply`, which makes the same changes.

        Returns
        -------
        PixelMap

        Raises
        ------
        OptionError
            If the seed or the epoch is out of range.
        ShapeError
            If the shift is as large as the image.

        Examples
        --------
        >>> moved = Augmentation(shift=1, flip="vertical")
        >>> moved.maps((5, 7), seed=1, epoch=0, indices=np.arange(2)).packed
        array([[ 5, -1,  1,  1,  0,  0,  0,  0],
               [ 0,  1, -1,  1,  0,  0,  0,  0]], dtype=int32)
        """
        self.require_suits(size)
        words = draw(np.asarray(indices), seed=seed, purpose=_PURPOSE, epoch=epoch, words=_WORDS)
        rows, columns = size
        vertical, horizontal = (
            self.flip in ("vertical", "both"),
            self.flip in ("horizontal", "both"),
        )
        first_row, row_step = self._steps(rows, words[:, _DOWN], words[:, _UPEND], vertical)
        first_column, column_step = self._steps(
            columns, words[:, _RIGHT], words[:, _MIRROR], horizontal
        )
        (top, bottom), (left, right) = self._covered(size, words)
        return PixelMap.of(
            first_row=first_row,
            row_step=row_step,
            first_column=first_column,
            column_step=column_step,
            top=top,
            bottom=bottom,
            left=left,
            right=right,
            window=self._window(size, words) if self.crop < 1 else None,
        )

    def _check(self, images: Array, indices: Array) -> None:
        """Check that these are images with one index each, and that the options suit them."""
        if images.ndim != 4 or np.shape(indices) != images.shape[:1]:
            raise ShapeError(
                f"Cannot augment images of shape {images.shape} with indices of shape "
                f"{np.shape(indices)}; expected (n, rows, columns, channels) and one index per "
                "image. Add an axis to gray images with images[..., np.newaxis]."
            )
        if images.dtype not in (np.uint8, np.uint16, np.float32):
            raise DataError(
                f"Cannot augment images of dtype {images.dtype}; expected uint8, uint16 or "
                "float32. Convert them with images.astype(np.float32)."
            )
        self.require_suits((images.shape[1], images.shape[2]), images.dtype)

    def require_suits(self, size: tuple[int, int], dtype: Any = np.float32) -> None:
        """Raise if images of this size or dtype cannot be augmented with these options.

        Raises
        ------
        ShapeError
            If the shift is as large as the image.
        OptionError
            If ``fill`` is not a pixel value of an integer dtype.
        """
        if self.shift >= min(size):
            raise ShapeError(
                Message(
                    InPython(f"shift={self.shift}", f"shift {self.shift}"),
                    f" would move images of {size[0]} x {size[1]} pixels out of view; it must be "
                    "smaller than their rows and columns. Use a smaller shift.",
                )
            )
        if np.dtype(dtype).kind == "u":
            most = int(np.iinfo(dtype).max)
            if not 0 <= self.fill <= most or self.fill != int(self.fill):
                raise OptionError(
                    Message(
                        Argument("fill"),
                        f" must be an integer from 0 to {most} for {np.dtype(dtype)} images, "
                        f"got {self.fill:g}.",
                    ),
                    remedy=_try("fill"),
                )

    def _steps(self, length: int, move: Array, turn: Array, turns: bool) -> tuple[Array, Array]:
        """Find along one axis the source of the first pixel, and the step to the next source."""
        distance = below(move, 2 * self.shift + 1) - self.shift
        turned = turns & (turn < _HALF)
        return np.where(turned, length - 1 + distance, -distance), np.where(turned, -1, 1)

    def _window(self, size: tuple[int, int], words: Array) -> Array:
        """Draw the window that is magnified: its first row and height, first column and width."""
        share = 1 - (1 - self.crop) * uniform(words[:, _SCALE]).astype(float)
        firsts = [
            (1 - share) * length * uniform(words[:, word])
            for length, word in zip(size, (_TOP, _LEFT), strict=True)
        ]
        return np.stack([firsts[0], share, firsts[1], share], axis=1)

    def _covered(self, size: tuple[int, int], words: Array) -> list[tuple[Array, Array]]:
        """Find along each axis where the covered square begins and ends."""
        if not self.cutout:
            nowhere = np.zeros(len(words), np.int64)
            return [(nowhere, nowhere)] * 2
        firsts = [
            below(words[:, word], length) - self.cutout // 2
            for length, word in zip(size, (_HOLE_ROW, _HOLE_COLUMN), strict=True)
        ]
        return [
            (np.clip(first, 0, length), np.clip(first + self.cutout, 0, length))
            for first, length in zip(firsts, size, strict=True)
        ]


def _try(name: str) -> Message:
    """Return a value to try for an option, as an argument or in the text of an augmentation."""
    value = _EXAMPLES[name]
    return Message("Try ", InPython(f"{name}={value}", f"{name} {value}"), ".")


def _read_value(name: str, words: list[str], text: str) -> float | str:
    """Take the value of an option from the words that follow its name."""
    if name == "flip":
        return words.pop(0) if words and words[0] in get_args(Flip) else "horizontal"
    word = words.pop(0) if words else ""
    try:
        return int(word) if name in _WHOLE else float(word)
    except ValueError:
        got = f"got {short(word)}" if word else "but the text ends there"
        raise OptionError(
            f'"{name}" in the augmentation {short(text)} must be followed by '
            f"{'an integer' if name in _WHOLE else 'a number'}, {got}. "
            f'Try "{name} {_EXAMPLES[name]}".'
        ) from None
