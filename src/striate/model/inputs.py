"""From a user's images to the arrays of the equations: checks, axis order, pixel scale.

Pixels of an integer type are scaled by the largest value of the type, so that inputs reach from 0
to 1: uint8 by 1/255, uint16 by 1/65,535. Floats are used unchanged. Other integer types have no
largest value that images use, and are refused. Two traps remain, and each of them gets a warning:
floats that were not scaled (:func:`warn_of_scale`), and images whose scale differs from that of the
training images (:class:`PixelRange`).
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from striate.data.image_file import ImageFile, Images, as_shape, extremes_of, parts_of
from striate.errors import Argument, DataError, InPython, Message, ShapeError, StriateWarning
from striate.functions.writing import short
from striate.graph.axis_order import Channels, images_to_first, to_first, to_last
from striate.graph.batch import PixelScale
from striate.shapes import Array, Shape

FULL_SCALE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65_535}
"""The integer types of images, and the value by which each is divided."""

# Standardized images have a root mean square of 1, bytes taken as floats one of 30 to 150. The
# threshold is near the geometric mean of both ends, sqrt(1 * 30).
_LARGE = 5.0
# Integer images that reach less than this fraction of their type's range have fewer bits than the
# type: 12 bits in 16 reach 1/16. A whole training set of photos is not that dark.
_SMALL = 1 / 8
# The scales that are confused differ by 255 or more. One image may be darker or have outliers:
# 16, the square root, is the limit upward; downward, only an almost black image is below 1/128.
_BRIGHTER, _DARKER = 16.0, 1 / 128
# Images of 12 bits in 16 are 16 times darker than the same images of another type: 4 is the root.
_FEWER_BITS = 1 / 4
_DEPTHS = (8, 10, 12, 14, 16)  # bits that pixels have
# Resizing with a sharp filter makes values slightly below 0; standardized images reach -0.4 (MNIST)
# and images scaled to -1 to 1 reach -1. Integers have no such values.
_SHIFTED = -0.2


def full_scale(dtype: Any) -> float:
    """Return the value by which pixels of a type are divided; 1 for floats.

    Examples
    --------
    >>> full_scale(np.uint8), full_scale(np.float32)
    (255.0, 1.0)
    """
    return float(FULL_SCALE.get(np.dtype(dtype), 1))


def _type_of(scale: int) -> str:
    """Return the integer type whose pixels are divided by a value."""
    return next(str(dtype) for dtype, full in FULL_SCALE.items() if full == scale)


def scaled(images: Array) -> Array:
    """Convert checked images or image targets to float32: uint8 and uint16 by their full scale.

    Examples
    --------
    >>> scaled(np.array([0, 65535], np.uint16))
    array([0., 1.], dtype=float32)
    """
    if images.dtype in FULL_SCALE:
        return np.multiply(images, np.float32(1 / full_scale(images.dtype)), dtype=np.float32)
    return images.astype(np.float32, copy=False)


@dataclass(frozen=True)
class PixelRange:
    """The values of the images that a network was trained on, after scaling; saved with it.

    Parameters
    ----------
    full_scale
        The value by which they were divided, 255 for uint8 and 65,535 for uint16; 1 for floats,
        which were used unchanged.
    lowest, highest
        Smallest and largest value.
    """

    full_scale: int
    lowest: float
    highest: float

    @classmethod
    def of(cls, images: Images) -> "PixelRange":
        """Measure checked images."""
        scale = int(full_scale(images.dtype))
        lowest, highest = map(float, extremes_of(images))
        return cls(full_scale=scale, lowest=lowest / scale, highest=highest / scale)

    def merged(self, other: "PixelRange") -> "PixelRange":
        """Return the range of images of both kinds; floats if either are."""
        return PixelRange(
            full_scale=min(self.full_scale, other.full_scale),
            lowest=min(self.lowest, other.lowest),
            highest=max(self.highest, other.highest),
        )

    @property
    def integers(self) -> bool:
        """Whether the images were integers."""
        return self.full_scale > 1

    @property
    def reach(self) -> float:
        """The largest absolute value."""
        return max(abs(self.lowest), abs(self.highest))

    def __str__(self) -> str:
        values = f"{self.lowest:.4g} to {self.highest:.4g}"
        if not self.integers:
            return f"values from {values}"
        return f"{_type_of(self.full_scale)} pixels, scaled to the range {values}"

    def warn_of_other_scale(
        self,
        given: "PixelRange",
        name: str,
        variable: str | None = None,
        *,
        effect: str = "Predictions are unreliable on another scale.",
    ) -> None:
        """Warn if images were given on a clearly different scale.

        Parameters
        ----------
        given
            The range of the images.
        name, variable
            Name of the images in the warning, and in its remedy if that differs.
        effect
            What another scale does.

        Warns
        -----
        StriateWarning
            If the largest absolute value is more than 16 times that of the training images. If the
            training images had no negative values, also if it is below 1/128 of theirs, or if the
            smallest value is minus their largest one or below. If they had clearly negative
            values, also if the images are integers. If the types differ, also if either has fewer
            bits than its type, as 12 bits in uint16.
        """
        learned, reached = self.reach, given.reach
        if not learned or not reached:
            return
        positive = self.lowest >= 0
        brighter = reached > learned * _BRIGHTER or self.lacks_bits(given)
        darker = positive and (reached < learned * _DARKER or given.lacks_bits(self))
        shifted = (positive and given.lowest <= -learned) or (
            given.integers and self.lowest < _SHIFTED
        )
        if brighter or darker or shifted:
            same = "Preprocess the images in the same way as the training images."
            images = variable or name
            remedy = same if shifted else self._remedy(given, images, brighter=brighter) or same
            _warn(
                InPython(name, "The data"),
                f" has {given}, but the network was trained on {self}. {effect} ",
                InPython(remedy, "Use pictures of the same bit depth as in training."),
            )

    def lacks_bits(self, other: "PixelRange") -> bool:
        """Whether these integers use few bits of their type, next to brighter ones of another type.

        Dark uint8 images have all their bits; only wider types hold images of fewer bits.

        Parameters
        ----------
        other
            The range of other images.

        Returns
        -------
        bool
            For example, true for 12 bits in uint16, next to images in uint8.
        """
        return (
            self.full_scale > FULL_SCALE[np.dtype(np.uint8)]
            and self.full_scale != other.full_scale
            and self.highest < _SMALL
            and self.highest < other.highest * _FEWER_BITS
        )

    def _remedy(self, given: "PixelRange", name: str, *, brighter: bool) -> str:
        """Return what gives images the scale of the training images; empty if that is unclear."""
        if brighter and self.integers and self.highest < _SMALL:
            highest = round(self.highest * self.full_scale)
            dtype = _type_of(self.full_scale)
            return f"Use {dtype} images with values up to {highest}, as in training."
        if brighter:
            if given.integers or min(given.lowest, self.lowest) < 0:
                return ""
            if (
                not 1 / _BRIGHTER < self.highest <= 1
            ):  # images divided to 0 to 1 would not fit either
                return ""
            integers = " or the integer images" if self.integers else ""
            return f"Use {name} / {_divisor(given.highest)}{integers}."
        if not given.integers:
            return ""
        highest = round(given.highest * given.full_scale)
        floats = f"{name}.astype(np.float32)"
        if self.highest > 1:
            near = 1 / _BRIGHTER < highest / self.highest < _BRIGHTER
            return f"Use {floats}, as in training." if near else ""
        if highest == 1:
            return f"Use {floats} if its pixels are 0 and 1."
        bits = next(bits for bits in _DEPTHS if highest < 2**bits)
        return f"Use {floats} / {2**bits - 1} if its pixels have {bits} bits."


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How images are scaled before the first layer; saved with the model.

    Parameters
    ----------
    channels
        Which axis of a user's images holds the channels.
    mean, std
        For each standardized input, one number per channel: the mean is subtracted, then the
        result is divided by the standard deviation.
    ranges
        For each input with rows and columns, the range of the training images.
    resize
        How pictures of another size were resized before training: ``"fit"``, ``"crop"`` or
        ``"stretch"``. The commands resize pictures for the network in the same way. ``None`` if
        that isn't known.
    """

    channels: Channels = "last"
    mean: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    std: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    ranges: Mapping[str, PixelRange] = field(default_factory=dict[str, PixelRange])
    resize: str | None = None

    def face(self, shape: Shape) -> Shape:
        """Return a shape as the user writes it."""
        return to_last(shape) if self.channels == "last" else shape

    def to_equations(self, images: Array, name: str) -> Array:
        """Convert checked images to scaled float32 ``[q, maps, *pixels]``."""
        floats = scaled(images)
        if self.channels == "last" and floats.ndim > 2:
            floats = images_to_first(floats)
        if name in self.mean:
            along = (1, -1, *(1,) * (floats.ndim - 2))
            floats = floats - np.array(self.mean[name], np.float32).reshape(along)
            floats /= np.array(self.std[name], np.float32).reshape(along)
        return floats

    def pixel_scale(self, images: Images, name: str, fill: float = 0.0) -> PixelScale:
        """Return what :meth:`to_equations` computes, for images that an engine loads itself.

        Parameters
        ----------
        images
            All checked images of the input.
        name
            The input.
        fill
            Value of pixels from outside the image.

        Returns
        -------
        PixelScale
        """
        channels = images.shape[-1 if self.channels == "last" else 1]
        mean = np.array(self.mean.get(name, (0.0,) * channels))
        std = np.array(self.std.get(name, (1.0,) * channels))
        scale, offset = 1 / full_scale(images.dtype) / std, -mean / std
        return PixelScale(scale=tuple(scale.tolist()), offset=tuple(offset.tolist()), fill=fill)

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-serializable data."""
        return {
            "channels": self.channels,
            "mean": {name: list(one) for name, one in self.mean.items()},
            "std": {name: list(one) for name, one in self.std.items()},
            "ranges": {
                name: [one.full_scale, one.lowest, one.highest] for name, one in self.ranges.items()
            },
            "resize": self.resize,
        }

    def learned(self, inputs: Mapping[str, Images], *, standardize: bool) -> "Preprocessing":
        """Return the preprocessing for training on these images.

        Statistics that were learned before are kept, because the weights were trained with them.

        Parameters
        ----------
        inputs
            Checked images by input.
        standardize
            Whether to learn mean and standard deviation of each channel.

        Returns
        -------
        Preprocessing

        Warns
        -----
        StriateWarning
            If images are not standardized and their scale looks like a mistake, or if it differs
            from that of the images of an earlier training.
        """
        images = {name: one for name, one in inputs.items() if one.ndim > 3}
        for name, one in images.items():
            argument = "x" if len(inputs) == 1 else f'x["{name}"]'
            if name in self.ranges:
                effect = "Its weights and preprocessing expect that scale."
                self.ranges[name].warn_of_other_scale(PixelRange.of(one), argument, effect=effect)
            elif not (standardize or self.mean):
                warn_of_scale(one, argument)
        learned = self.standardized(inputs) if standardize and not self.mean else self
        return replace(learned, ranges={name: PixelRange.of(one) for name, one in images.items()})

    def standardized(self, inputs: Mapping[str, Images]) -> "Preprocessing":
        """Learn mean and standard deviation of each channel; a constant channel is divided by 1."""
        mean: dict[str, tuple[float, ...]] = {}
        std: dict[str, tuple[float, ...]] = {}
        for name, images in inputs.items():
            channel = images.ndim - 1 if self.channels == "last" else 1
            others = tuple(k for k in range(images.ndim) if k != channel)
            scale = full_scale(images.dtype)
            center = _mean(images, others)
            squares = sum(  # in parts, so that no array of the size of x is made
                np.square(part - center).sum(axis=others) for part in parts_of(images)
            )
            count = images.size // images.shape[channel]
            mean[name] = tuple((center.ravel() / scale).tolist())
            spread = np.sqrt(squares / count) / scale
            # A constant channel's spread is only rounding, 5e-17 for 0.3, and need not be zero.
            ends = [(part.min(axis=others), part.max(axis=others)) for part in parts_of(images)]
            lowest, highest = (np.array(values) for values in zip(*ends, strict=True))
            varies = highest.max(axis=0) > lowest.min(axis=0)
            std[name] = tuple(np.where(varies, spread, 1.0).tolist())
        return replace(self, mean=mean, std=std)


def _mean(images: Images, axes: tuple[int, ...]) -> Array:
    """Compute the mean of each channel, in float64, with all axes kept."""
    if not isinstance(images, ImageFile):
        return images.mean(axis=axes, dtype=np.float64, keepdims=True)
    # Sums of integers below 2**53 are exact in float64, so that the order does not matter.
    totals = sum(part.sum(axis=axes, dtype=np.float64, keepdims=True) for part in parts_of(images))
    return np.asarray(totals) / (images.size // np.size(totals))


def warn_of_other_scale(
    preprocessing: Preprocessing, inputs: Mapping[str, Images], name: str
) -> None:
    """Warn if the scale of checked images differs from that of the training images.

    Warns
    -----
    StriateWarning
        See :class:`PixelRange`.
    """
    for key, learned in preprocessing.ranges.items():
        learned.warn_of_other_scale(PixelRange.of(inputs[key]), name)


def scaled_targets(
    targets: Array, shape: Shape, *, takes_labels: bool, name: str, ignore: int | None = None
) -> Array:
    """Scale targets that are integer images like the images of an input; return others as they are.

    Parameters
    ----------
    targets
        Targets of an output, with or without a channel axis where the output has one map.
    shape
        The output's shape as the equations have it.
    takes_labels
        Whether the loss takes labels of classes. Integers are images for it only if they reach
        beyond an eighth of their type's range, as gray levels and the white of a mask file do.
    name
        Name of the targets in the warning.
    ignore
        The value of pixels that the loss ignores, which is not scaled.

    Returns
    -------
    Array

    Raises
    ------
    DataError
        If the values are 0, 1 and 255: either labels with pixels to ignore, or gray levels.

    Warns
    -----
    StriateWarning
        See :func:`warn_of_scale`.
    """
    maps, *pixels = shape
    full = targets.ndim == len(shape) + 1 or (maps == 1 and targets.ndim == len(shape))
    if targets.dtype not in FULL_SCALE or not full or prod(pixels) == 1 or not targets.size:
        return targets
    ignored = np.zeros(targets.shape, bool) if ignore is None else targets == ignore
    highest, full_value = int(targets.max(where=~ignored, initial=0)), full_scale(targets.dtype)
    if takes_labels and highest < full_value * _SMALL:
        return targets
    if takes_labels and highest == full_value:
        _require_clear_mask(targets, name, highest)
    warn_of_scale(targets, name, inputs=False)
    return scaled(targets) if ignore is None else np.where(ignored, ignore, scaled(targets))


def _require_clear_mask(targets: Array, name: str, white: int) -> None:
    """Raise if a mask has pixels of 1 next to white ones, and no gray levels between them."""
    if not (targets == 1).any() or not ((targets <= 1) | (targets == white)).all():
        return
    given = f"loss=st.losses.BinaryCrossEntropy(ignore={white})"
    raise DataError(
        Message(
            f"{name} holds the values 0, 1 and {white:,}, which could be labels with pixels to "
            f"ignore, or gray levels. If {white:,} marks pixels to ignore, use ",
            InPython(given, f"{given} in Python"),
            f"; if it is white, use {name} = {name} / {white}.",
        )
    )


def warn_of_scale(images: Images, name: str, *, inputs: bool = True) -> None:
    """Warn if training images, or image targets, are on a scale that looks like a mistake.

    Parameters
    ----------
    images
        Checked images.
    name
        Name of the images in the warning.
    inputs
        Whether they are inputs, which may be standardized, rather than targets.

    Warns
    -----
    StriateWarning
        If floats have a root mean square above 5, or integers use less than an eighth of the range
        of their type.
    """
    lowest, highest = map(float, extremes_of(images))
    if images.dtype in FULL_SCALE:
        full = full_scale(images.dtype)
        if 0 < highest < full * _SMALL:
            divisor = "" if highest == 1 else f" / {_divisor(highest)}"
            _warn(
                f"{name} is {images.dtype} and therefore divided by {full:,.0f}, but its largest "
                f"value is {highest:g}: scaled values reach only {highest / full:.2g}. "
                f"Use {name}.astype(np.float32){divisor}",
                *((" or ", Argument("standardize", True)) if inputs else ()),
                ".",
            )
    elif _root_mean_square(images) > _LARGE:
        divide = "" if lowest < 0 else f"{name} / {_divisor(highest)} or "
        _warn(
            f"{name} has float values from {lowest:.4g} to {highest:.4g}, which are used "
            f"unchanged; expected about 0 to 1, or mean 0 and standard deviation 1. Training on "
            f"such large values is slow or diverges. Use {divide}",
            Argument("standardize", True),
            ".",
        )


def _divisor(highest: float) -> str:
    """Return the largest value of the bits that pixels up to this value have, or the value."""
    bits = max(1, int(np.ceil(np.log2(highest + 1)))) if highest >= 1 else 0
    return f"{2**bits - 1}" if bits in _DEPTHS else f"{highest:g}"


def _root_mean_square(images: Images) -> float:
    """Compute it in parts, so that no array of the size of the images is made."""
    squares = 0.0
    for part in parts_of(images):
        flat = part.astype(np.float32, copy=False).ravel()
        squares += float(np.vdot(flat, flat))  # 7 times faster than squares in float64
    return float(np.sqrt(squares / images.size))


def _warn(*parts: str | Argument | InPython) -> None:
    """Warn; the place in the program that called striate is several frames up."""
    warnings.warn(Message(*parts), StriateWarning, stacklevel=2)


def check_images(
    x: Any, shape: Shape, channels: Channels, name: str, trained: PixelRange | None = None
) -> Images:
    """Check a user's images against the shape of an input.

    Parameters
    ----------
    x
        Images, ``(n, rows, columns, channels)``; the channel axis may be missing where there is
        one.
    shape
        The input's shape as the equations have it, ``(maps, *pixels)``.
    channels
        Which axis of ``x`` holds the channels.
    name
        Name of the images in errors.
    trained
        The range of the training images, if it is known.

    Returns
    -------
    Array or ImageFile
        uint8, uint16 or floating point, with every axis.

    Raises
    ------
    DataError
        If the dtype is not one of images, a value is NaN or infinite, or the array is empty.
    ShapeError
        If the shape is not the input's.

    Warns
    -----
    StriateWarning
        If the scale of the images differs from that of the training images.
    """
    images = x if isinstance(x, ImageFile) else as_array(x, name)
    array = name if hasattr(x, "astype") else f"np.asarray({name})"  # in remedies
    wanted = to_last(shape) if channels == "last" else shape
    if images.ndim == 0:
        raise DataError(
            f"{name} is {short(x)}; expected an array of shape {_of_batch(wanted, channels)}. Pass "
            "the pixel values, even of a single image, as such an array."
        )
    if len(images) == 0:
        raise DataError(
            f"{name} holds no images: its shape is {images.shape}. Pass at least one image; check "
            "how the data was selected."
        )
    if not isinstance(images, ImageFile):  # which has one of the types that follow
        if images.dtype == np.bool_:
            images = images.astype(np.float32)
        images = images.astype(images.dtype.newbyteorder("="), copy=False)
    if images.dtype not in FULL_SCALE and images.dtype.kind != "f":
        raise DataError(_wrong_dtype(images, name, array, pixels=len(shape) > 1))
    images = _with_channels(images, wanted, channels, name, array)
    if not isinstance(images, ImageFile) and images.dtype.kind == "f":
        lowest, highest = _require_finite(images, name, array)
        given = PixelRange(full_scale=1, lowest=lowest, highest=highest)
    else:
        given = PixelRange.of(images)
    if trained is not None:
        trained.warn_of_other_scale(given, name, array)
    return images


def _wrong_dtype(images: Any, name: str, array: str, *, pixels: bool) -> str:
    """Make the error for a dtype that images do not have."""
    if images.dtype.kind not in "iu" or not images.size:
        remedy = (
            f"Use {array}.real or np.abs({name})."
            if images.dtype.kind == "c"
            else f"Convert it with {array}.astype(np.float32)."
            if _converts_to_float(images)
            else "Pass the pixel values as an array of numbers."
        )
        values = ""
    else:
        lowest, highest = int(images.min()), int(images.max())
        values = f" with values from {lowest:,} to {highest:,}"
        most = max(abs(lowest), abs(highest))
        divide = f" / {_divisor(most)}" if pixels and most > 1 else ""
        remedy = f"Use {array}.astype(np.float32){divide}."
    return (
        f"{name} has dtype {images.dtype}{values}; expected uint8 (divided by 255), uint16 "
        f"(divided by 65,535) or a float type (used unchanged). {remedy}"
    )


def _converts_to_float(images: Array) -> bool:
    """Return whether ``astype`` can convert an array to float32."""
    try:
        images.astype(np.float32)
    except (TypeError, ValueError):
        return False
    return True


def _with_channels(
    images: Images, wanted: Shape, channels: Channels, name: str, array: str
) -> Images:
    """Add the axis of one channel where it is missing; raise if the shape is not the input's."""
    got = images.shape[1:]
    if got == wanted:
        return images
    axis = len(wanted) - 1 if channels == "last" else 0
    if wanted[axis] == 1 and got == wanted[:axis] + wanted[axis + 1 :] and len(wanted) > 1:
        return as_shape(images, (len(images), *wanted))
    expected = f"expected {_of_batch(wanted, channels)}"
    other = to_first(wanted) if channels == "last" else to_last(wanted)
    if got == other and len(wanted) > 1:
        opposite = "first" if channels == "last" else "last"
        raise ShapeError(
            f"{name} has shape {images.shape}, with channels {opposite}; {expected}. Use "
            f"np.moveaxis({name}, {'1, -1' if channels == 'last' else '-1, 1'}), or build the "
            f'network with channels="{opposite}".'
        )
    if images.shape == wanted or (
        wanted[axis] == 1 and images.shape == wanted[:axis] + wanted[axis + 1 :]
    ):
        raise ShapeError(
            f"{name} has shape {images.shape}, a single {'image' if len(wanted) > 1 else 'row'}; "
            f"{expected}. Use {array}[np.newaxis]."
        )
    remedy = f"Use an array of {len(wanted) + 1} axes, the first for the images."
    pixels = (*wanted[:axis], *wanted[axis + 1 :])
    if wanted[axis] == 1 and len(got) == len(pixels):
        got = (*got[:axis], 1, *got[axis:])
    if len(got) == len(wanted) and got[axis] != wanted[axis]:
        kind = "channel" if len(wanted) > 1 else "feature"
        number = f"{wanted[axis]} {kind}{'s' * (wanted[axis] > 1)}"
        remedy = f"Convert it to {number}, or build the network with input_shape={got}."
    elif len(got) == len(wanted):
        remedy = (
            f"Resize the images. If the network's weights don't depend on the image size, "
            f"net.at({got}) returns a copy for this size."
        )
    elif prod(got) == prod(wanted):
        remedy = f"Use {array}.reshape(-1, {', '.join(map(str, wanted))})."
    raise ShapeError(f"{name} has shape {images.shape}; {expected}. {remedy}")


def _of_batch(shape: Shape, channels: Channels) -> str:
    """Write the shape of images: ``(n, 28, 28, 1), channels last``, or ``(n, 4)`` for vectors."""
    order = f", channels {channels}" if len(shape) > 1 else ""
    return f"(n, {', '.join(map(str, shape))}){order}"


def as_array(given: Any, name: str) -> Array:
    """Convert what a user gave to an array; raise if its parts differ in length or are masked."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        count = np.ma.count_masked(given)
        raise DataError(
            f"{name} is a masked array with {count:,} of {given.size:,} values masked; expected an "
            f"array without masked values. Leave those images out, or use {name}.filled(value) "
            "with a value that fits."
        )
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} cannot be converted to an array, since its elements differ in shape or type. "
            "All images of an input must have the same size, and all targets the same shape. "
            "Resize them, then use np.stack."
        ) from error


def _require_finite(images: Array, name: str, array: str) -> tuple[float, float]:
    """Return the smallest and the largest value; raise if one is NaN, or infinite in float32."""
    lowest, highest = images.min(), images.max()  # NaN if one is; no array of the size of x is made
    with np.errstate(over="ignore"):
        if np.isfinite(np.array([lowest, highest]).astype(np.float32)).all():
            return float(lowest), float(highest)
        bad = np.argwhere(~np.isfinite(images.astype(np.float32, copy=False)))
    place = tuple(int(k) for k in bad[0])
    are = "is" if len(bad) == 1 else "are"
    raise DataError(
        f"{name}[{', '.join(map(str, place))}] is {images[place]}; {len(bad):,} of "
        f"{images.size:,} values {are} not finite in float32. A single one makes every weight NaN "
        f"in the first step. Leave those images out, or set such values to 0: "
        f"np.nan_to_num({array}.astype(np.float32), posinf=0, neginf=0)."
    )
