"""Augmentation: random shifts, flips, rotations and other changes, different in every epoch."""

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

from striate.data.motion import draw_maps
from striate.data.noise import normal
from striate.errors import Argument, DataError, InPython, Message, OptionError, ShapeError
from striate.functions.options import FINITE, WHOLE, Range
from striate.functions.writing import short
from striate.maths.pixel_map import PixelMap
from striate.shapes import Array, Int

Flip = Literal["none", "horizontal", "vertical", "both"]

_PIXELS = Range(least=0, whole=True), "must be a non-negative integer (pixels)"
_CHECKS = {
    "shift": _PIXELS,
    "crop": (Range(above=0, most=1), "must be a fraction of the image, above 0 and at most 1"),
    "rotate": (Range(least=0, most=180), "must be an angle from 0 to 180 degrees"),
    "scale": (
        Range(least=0.1, most=1),
        "must be the smallest factor of a random zoom, from 0.1 to 1",
    ),
    "shear": (Range(least=0, most=60), "must be an angle from 0 to 60 degrees"),
    "brightness": (Range(least=0, most=1), "must be a fraction of the full scale, from 0 to 1"),
    "contrast": (Range(least=0, most=1), "must be from 0 to 1"),
    "noise": (Range(least=0), "must be a non-negative number of standard deviations"),
    "cutout": _PIXELS,
    "fill_mask": (WHOLE, "must be an integer label"),
    "fill": (FINITE, "must be a finite pixel value"),
}
_WHOLE = ("shift", "cutout", "fill_mask")  # options whose values are integers
_IMAGES_ONLY = ("crop", "rotate", "shear", "brightness", "contrast")
_EXAMPLES = {
    "shift": "2",
    "crop": "0.8",
    "rotate": "15",
    "scale": "0.9",
    "shear": "10",
    "brightness": "0.2",
    "contrast": "0.2",
    "noise": "0.05",
    "cutout": "8",
    "fill": "0",
    "fill_mask": "0",
}


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes to training images that keep their labels valid.

    A window of the image is cropped and magnified; the result is flipped, sheared, resized, rotated
    and shifted, in this order. It is sheared, resized and rotated about its center. Then its
    contrast and brightness change, and one place is covered. The random numbers of an image depend
    only on the seed, the epoch and the index of the image, so neither the order of the batches nor
    resuming changes them.

    All moves of an image are computed at once, so it is interpolated only once, bilinearly. At the
    edges of the image, pixels are blended with ``fill``. Shifts and flips move whole pixels,
    without interpolation.

    **Targets move with their images.** During :meth:`striate.Network.fit`, label masks and image
    targets with as many rows and columns as the input make the same moves. Label masks use
    nearest-neighbor interpolation; image targets are interpolated like the input. Brightness,
    contrast and cutout change the input only. A single label or number for a whole image stays the
    same, so don't flip images where it depends on left and right.

    **Signals** of samples and channels are augmented with ``noise``, ``flip``, ``shift``, ``scale``
    and ``cutout``, in this order. Here, ``scale`` changes the amplitude, and a flip reverses time.

    Parameters
    ----------
    shift
        Largest shift in pixels, down or up and right or left; in samples for signals.
    flip
        Directions in which an image is mirrored with probability one half: ``"horizontal"``
        (swaps left and right), ``"vertical"``, ``"both"`` (each on its own), or ``"none"``. For
        signals, ``"horizontal"`` reverses the order of the samples.
    crop
        A window at a random position is magnified bilinearly to the size of the image. Its sides
        are a random fraction of the image's, between this number and 1.
    rotate
        Largest angle of a rotation, in degrees, in either direction.
    scale
        The image is resized by a random factor: half of the images are made smaller, down to this
        factor, and half of them larger, up to its reciprocal. ``scale=0.9`` means 0.9 to 1.11. The
        values of signals are multiplied by such a factor.
    shear
        Largest angle, in degrees, by which vertical lines are slanted to the left or to the right.
    brightness
        Largest number that is added to or subtracted from all values of an image, as a fraction of
        the full scale: 255 for uint8, 65,535 for uint16, and 1 for floats. Integers stay in the
        range of their type.
    contrast
        The distance of all values of an image from one half of the full scale is multiplied by a
        random factor between 1 minus this number and 1 plus it.
    noise
        Standard deviation of normally distributed noise that is added to signals, as a fraction of
        the standard deviation of the same channel of the same signal.
    cutout
        Side, in pixels, of a square around a random pixel that is covered; for signals, the number
        of consecutive samples.
    fill
        Value of pixels that come from outside the image or are covered, in the units of the images:
        0 to 255 for uint8. In image targets they have the same value, scaled like the input.
    fill_mask
        Label of such pixels in label masks; by default 0, the background, as in torchvision and
        Albumentations. It can be the label that the loss ignores, ``CrossEntropy(ignore=255)``:
        then nothing is learned from pixels outside the image.

    Raises
    ------
    OptionError
        If a value is out of range.

    Sources
    -------
    LeCun 1998; Simard 2003 (affine distortions); DeVries and Taylor 2017 (cutout).

    Examples
    --------
    >>> print(Augmentation(shift=2, rotate=15, scale=0.9))
    shift 2 rotate 15 scale 0.9
    """

    shift: int = 0
    flip: Flip = "none"
    crop: float = 1.0
    rotate: float = 0.0
    scale: float = 1.0
    shear: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    cutout: int = 0
    fill: float = 0.0
    fill_mask: int = 0

    def __post_init__(self) -> None:
        for name, (allowed, expected) in _CHECKS.items():
            value = getattr(self, name)
            if value not in allowed:
                named = (
                    InPython("`fill_mask`", "fill_mask") if name == "fill_mask" else Argument(name)
                )
                raise OptionError(
                    Message(named, f" {expected}, got {short(value)}."), remedy=_try(name)
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
            f"{field.name} {_written(getattr(self, field.name))}"
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

    def apply_to_signals(
        self, signals: Array, *, seed: int, epoch: int, indices: Int[Array, "n"]
    ) -> Array:
        """Change each signal at random.

        Parameters
        ----------
        signals
            uint8, uint16 or float32, ``(n, samples, channels)``.
        seed, epoch, indices
            As for :meth:`apply`.

        Returns
        -------
        Array
            Of the same shape and dtype.

        Raises
        ------
        ShapeError, OptionError, DataError
            As :meth:`apply`; also if an option is only for images.

        Examples
        --------
        >>> signal = np.arange(6, dtype=np.float32).reshape(1, 6, 1)
        >>> shifted = Augmentation(shift=2, fill=-1)
        >>> shifted.apply_to_signals(signal, seed=3, epoch=0, indices=np.array([0]))[0, :, 0]
        array([ 1.,  2.,  3.,  4.,  5., -1.], dtype=float32)
        """
        self._check(signals, indices, axes=1)
        if self.changes_nothing:
            return signals
        draws = {"seed": seed, "epoch": epoch, "indices": indices}
        if self.noise:
            signals = self._noisy(signals, normal(signals.shape[1:], **draws))
        maps = self.maps((signals.shape[1],), **draws)
        return maps.apply(signals[:, np.newaxis], self.fill)[:, 0]

    def _noisy(self, signals: Array, noise: Array) -> Array:
        """Add noise, in proportion to the standard deviation of each channel of a signal."""
        spread = signals.std(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        found = signals + np.float32(self.noise) * spread * noise
        if signals.dtype.kind == "u":
            found = np.rint(np.clip(found, 0, np.iinfo(signals.dtype).max))
        return found.astype(signals.dtype, copy=False)

    @property
    def changes_nothing(self) -> bool:
        """Whether no option is set that moves or covers anything."""
        return self == Augmentation(fill=self.fill, fill_mask=self.fill_mask)

    def moves(self, axes: int) -> bool:
        """Whether pixels (2 axes) or samples (1 axis) change their places: targets must follow."""
        moving = self.rotate > 0 or self.scale < 1 or self.shear > 0 or self.crop < 1
        return self.shift > 0 or self.flip != "none" or (axes > 1 and moving)

    @property
    def whole_pixels(self) -> bool:
        """Whether pixels only change their places or are covered: nothing is interpolated."""
        return self == dataclasses.replace(
            self, crop=1.0, rotate=0.0, scale=1.0, shear=0.0, brightness=0.0, contrast=0.0
        )

    @property
    def is_a_map(self) -> bool:
        """Whether :meth:`maps` describes all that happens to an image; noise is added to signals.

        A subclass with an :meth:`apply` of its own may change images in any way.
        """
        return type(self).apply is Augmentation.apply

    def maps(
        self, size: tuple[int, ...], *, seed: int, epoch: int, indices: Int[Array, "n"]
    ) -> PixelMap:
        """Draw the motion of each image without carrying it out.

        Parameters
        ----------
        size
            Rows and columns of the images, or samples of the signals. A signal is moved as an
            image of one row.
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
        return draw_maps(self, size, seed=seed, epoch=epoch, indices=indices)

    def _check(self, images: Array, indices: Array, axes: int = 2) -> None:
        """Check that these are images or signals, one for each index, which the options suit."""
        one, many, shape, advice = (
            ("image", "images", "(n, rows, columns, channels)", "gray images with images")
            if axes == 2
            else (
                "signal",
                "signals",
                "(n, samples, channels)",
                "signals of one channel with signals",
            )
        )
        if images.ndim != axes + 2 or np.shape(indices) != images.shape[:1]:
            raise ShapeError(
                f"Cannot augment {many} of shape {images.shape} with indices of shape "
                f"{np.shape(indices)}; expected {shape} and one index per {one}. Add an axis to "
                f"{advice}[..., np.newaxis]."
            )
        if images.dtype not in (np.uint8, np.uint16, np.float32):
            raise DataError(
                f"Cannot augment {many} of dtype {images.dtype}; expected uint8, uint16 or "
                f"float32. Convert them with {many}.astype(np.float32)."
            )
        self.require_suits(images.shape[1 : 1 + axes], images.dtype)

    def require_suits(self, size: tuple[int, ...], dtype: Any = np.float32) -> None:
        """Raise if images or signals of this size or dtype do not suit these options.

        Parameters
        ----------
        size
            Rows and columns of images, or samples of signals.
        dtype
            Their dtype.

        Raises
        ------
        ShapeError
            If the shift is as large as the image.
        OptionError
            If ``fill`` is not a pixel value of an integer dtype, or an option changes only images,
            or only signals.
        """
        signals = len(size) == 1
        given = (
            f"signals of {size[0]} samples"
            if signals
            else (f"images of {size[0]} x {size[1]} pixels")
        )
        self._require_kind(given, signals=signals)
        if self.shift >= min(size):
            raise ShapeError(
                Message(
                    InPython(f"shift={self.shift}", f"shift {self.shift}"),
                    f" would move {given} out of view; it must be smaller than their "
                    f"{'length' if signals else 'rows and columns'}. Use a smaller shift.",
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

    def _require_kind(self, given: str, *, signals: bool) -> None:
        """Raise if an option is for images but these are signals, or the other way around."""
        names = _IMAGES_ONLY if signals else ("noise",)
        wrong = [name for name in names if getattr(self, name) != getattr(Augmentation, name)]
        if wrong:
            here, other, use = (
                ("signals", "images", "use shift, flip, scale, noise or cutout.")
                if signals
                else ("images", "signals", "use brightness or contrast.")
            )
            raise OptionError(
                Message(
                    Argument(wrong[0]),
                    f" is an option for {other}, but the inputs are {given}. For {here}, {use}",
                )
            )
        if signals and self.flip in ("vertical", "both"):
            raise OptionError(
                Message(
                    InPython(f'flip="{self.flip}"', f"flip {self.flip}"),
                    f" is an option for images, but the inputs are {given}. Use ",
                    InPython('flip="horizontal"', "flip"),
                    ", which reverses time.",
                )
            )


def _try(name: str) -> Message:
    """Return a value to try for an option, as an argument or in the text of an augmentation."""
    value = _EXAMPLES[name]
    return Message("Try ", InPython(f"{name}={value}", f"{name} {value}"), ".")


def _written(value: float | str) -> str:
    """Write a value so that it is read as the same one: 0.1 and 4, not 0.1000 or 4.0."""
    if isinstance(value, str):
        return value
    brief = f"{value:g}"
    return brief if float(brief) == value else repr(float(value))


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
