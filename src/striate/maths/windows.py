"""How a window moves along an axis: output sizes with padding, stride, dilation, floor and ceil.

One :class:`Axis` describes one axis of one layer. Convolution, pooling and their transposes share
it, so that sizes, receptive fields and error messages agree everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Literal, cast

import numpy as np

from striate.errors import InPython, Message, OptionError, ShapeError
from striate.maths.padding import Padding, plain, several, sides_of, whole
from striate.shapes import Array, Int, Shaped

SizeName = Literal["window", "kernel_size", "size", "stride", "dilation", "output_padding"]
"""What users call the option: pooling has a window, a convolution a kernel."""

AXIS_NAMES = {1: ("pixels",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of an image and the window that moves along it; all lengths in pixels.

    Parameters
    ----------
    length
        Pixels of the image along this axis.
    window
        Pixels of the window.
    stride
        Step between neighboring positions of the window.
    dilation
        Distance between neighboring window pixels; 1 leaves no gaps.
    before, after
        Pixels added on the two sides.
    ceil_mode
        Whether to count a last position at which the window fits only partly, if it starts on the
        image or on the padding before it.

    Sources
    -------
    Hagan 8.14, 8.16, 8.18; Wichmann 2.3, 3.1; Wolter 4; Dumoulin and Visin 2016.

    Examples
    --------
    Hagan, exercise E8.7 i:

    >>> Axis(length=15, window=3, stride=2, before=1, after=1).output
    8
    """

    length: int
    window: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    ceil_mode: bool = False

    @property
    def reach(self) -> int:
        """Pixels from the first to the last pixel of the window, gaps included."""
        return self.dilation * (self.window - 1) + 1

    @property
    def padded(self) -> int:
        """Pixels of the image with its padding."""
        return self.before + self.length + self.after

    @property
    def output(self) -> int:
        r"""Number of positions at which the window fits.

        .. math:: S = \lfloor (R + 2 P^d - r) / S^t \rfloor + 1
        """
        room = self.padded - self.reach
        if not self.ceil_mode:
            return room // self.stride + 1
        places = -(-room // self.stride) + 1
        return min(places, (self.before + self.length - 1) // self.stride + 1)

    @property
    def end(self) -> int:
        """Pixels to add after the image so that the last window fits, in ceil mode too."""
        return max(
            self.after, (self.output - 1) * self.stride + self.reach - self.before - self.length
        )

    @property
    def uncovered(self) -> int:
        """Pixels of the image that no window covers: lost by the floor, or skipped.

        They are counted without listing them, so an axis of millions of pixels costs no more than a
        short one. The window pixels are sorted by their remainder modulo the stride: those of one
        remainder are ``d/g`` strides apart (``g`` is the greatest common divisor of stride and
        dilation), so they cover ``stride * m + remainder`` for the integers ``m`` in equal blocks.

        Examples
        --------
        A 2 x 2 window with stride 2 leaves out the last of 5 pixels:

        >>> Axis(length=5, window=2, stride=2).uncovered
        1
        """
        if self.output < 1:
            return self.length
        classes = self.stride // gcd(self.stride, self.dilation)
        apart = self.dilation * classes // self.stride
        first = np.arange(min(self.window, classes), dtype=np.int64)
        pixels = (self.window - 1 - first) // classes + 1  # window pixels of each class
        offset = self.dilation * first - self.before
        # m lies on the image where 0 <= stride * m + offset < length.
        low = -(offset // self.stride)
        high = -((offset - self.length) // self.stride)
        covered = self._below(high, pixels, apart) - self._below(low, pixels, apart)
        return self.length - int(np.maximum(covered, 0).sum())

    def covered(self) -> Shaped[Array, "padded"]:
        """Mark the pixels of the padded image that a window covers.

        Examples
        --------
        >>> Axis(length=3, window=2, stride=3, before=1).covered()
        array([ True,  True, False, False])
        """
        marks = np.zeros(self.before + self.length + self.end, dtype=bool)
        classes = self.stride // gcd(self.stride, self.dilation)
        apart = self.dilation * classes // self.stride
        for first in range(min(self.window, classes)):
            pixels = (self.window - 1 - first) // classes + 1
            blocks, size = (pixels, self.output)
            if apart <= self.output:
                blocks, size = (1, self.output + apart * (pixels - 1))
            for block in range(blocks):
                start = self.dilation * first + self.stride * apart * block
                marks[start : start + self.stride * (size - 1) + 1 : self.stride] = True
        return marks

    def _below(self, m: Int[Array, "n"], blocks: Int[Array, "n"], apart: int) -> Int[Array, "n"]:
        """Count the integers below ``m`` in blocks of length ``output`` that start ``apart``."""
        m = np.maximum(m, 0)
        if apart < self.output:  # the blocks overlap: together they are one
            return np.minimum(m, self.output + apart * (blocks - 1))
        whole_blocks = np.minimum(m // apart, blocks)
        rest = np.where(m // apart < blocks, np.minimum(m % apart, self.output), 0)
        return whole_blocks * self.output + rest

    def outside(self, places: int | None = None) -> int:
        """Count the positions at which the window covers only padding.

        Parameters
        ----------
        places
            Number of positions to look at; by default all of the output.

        Returns
        -------
        int

        Examples
        --------
        >>> Axis(length=3, window=1, before=1, after=1).outside()
        2
        """
        count = self.output if places is None else places
        if self.dilation <= self.length:  # the window cannot step over the image
            too_early = -(-(self.before - self.reach + 1) // self.stride)
            too_late = count + (-(self.length + self.before) // self.stride)
            return min(max(too_early, 0) + max(too_late, 0), count)
        starts = np.arange(count, dtype=np.int64) * self.stride - self.before
        lowest = np.maximum(-(starts // self.dilation), 0)
        highest = np.minimum((self.length - 1 - starts) // self.dilation, self.window - 1)
        return int((highest < lowest).sum())

    def formula(self) -> str:
        """Write the output length as arithmetic: ``(15 + 1 + 1 - 3)/2 + 1 = 8``."""
        padding = f" + {self.before} + {self.after}" if self.before or self.after else ""
        divided = f"({self.length}{padding} - {self.reach})"
        if self.stride == 1:
            return f"{divided[1:-1]} + 1 = {self.output}"
        return f"{divided}/{self.stride} + 1 = {self.output}"


def axes(
    sizes: Sequence[int],
    *,
    window: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
    name: SizeName = "window",
    what: object = "",
) -> tuple[Axis, ...]:
    r"""Place a window on an image: one :class:`Axis` for each axis.

    .. math:: S = \lfloor (R + P_{before} + P_{after} - d (r - 1) - 1) / S^t \rfloor + 1

    ``"same"`` gives :math:`S = \lceil R / S^t \rceil` positions; if the number of added pixels is
    odd, the extra one goes after the image. ``"full"`` adds :math:`d (r - 1)` pixels on each side,
    ``"valid"`` none.

    Parameters
    ----------
    sizes
        Pixels of the image along each axis.
    window, stride, dilation
        One number for all axes or one for each, in pixels.
    padding
        See :data:`Padding`, in pixels.
    ceil_mode
        See :class:`Axis`.
    name
        The option that holds the window's size, for error messages.
    what
        The layer, for error messages.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    ShapeError
        If the window does not fit the padded image.
    OptionError
        If a number is not positive, or there is not one for each axis.

    Sources
    -------
    Hagan 8.14-8.19 (corrected: with the floor); Wichmann 2.1 (corrected: n + 2p - f + 1 = n), 2.2,
    2.3, 3.1; Wolter 4.

    Examples
    --------
    The second convolution of Wichmann's section 3.3, and ``"same"`` with a stride:

    >>> [axis.output for axis in axes((37, 37), window=5, stride=2)]
    [17, 17]
    >>> [axis.output for axis in axes((7, 8), window=3, stride=2, padding="same")]
    [4, 4]
    """
    rank = len(sizes)
    windows = per_axis(window, rank, name, what)
    strides = per_axis(stride, rank, "stride", what)
    dilations = per_axis(dilation, rank, "dilation", what)
    sides = sides_of(padding, sizes, windows, strides, dilations, what)
    found = tuple(
        Axis(length=n, window=r, stride=s, dilation=d, before=p[0], after=p[1], ceil_mode=ceil_mode)
        for n, r, s, d, p in zip(sizes, windows, strides, dilations, sides, strict=True)
    )
    if any(axis.reach > axis.padded for axis in found):
        noun = "kernel" if name == "kernel_size" else "window"
        raise _too_large(found, noun, in_network=bool(str(what))).about(what)
    return found


def transposed_axes(
    sizes: Sequence[int],
    *,
    window: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    name: SizeName = "window",
    what: object = "",
) -> tuple[Axis, ...]:
    r"""Place the window of a transposed convolution: the axes of the convolution it transposes.

    .. math:: S = S^t (R - 1) + d (r - 1) + 1 - P_{before} - P_{after} + a

    ``length`` of a returned axis is the *output* of the transposed convolution. ``"same"`` makes
    the output :math:`S^t R` pixels long.

    Parameters
    ----------
    sizes
        Pixels of the transposed convolution's input along each axis.
    window, stride, dilation, padding
        Those of the convolution that it transposes, in pixels.
    output_padding
        :math:`a`: pixels added after the output, where several lengths have the same convolved
        length.
    name, what
        As for :func:`axes`.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    ShapeError
        If no pixel would be left.
    OptionError
        If a number is not positive, or ``output_padding`` is at least both stride and dilation.

    Sources
    -------
    Dumoulin and Visin 2016, relationships 8-14.

    Examples
    --------
    >>> axes = transposed_axes((3, 3), window=3, stride=2, padding=1, output_padding=1)
    >>> [axis.length for axis in axes]
    [6, 6]
    """
    rank = len(sizes)
    windows = per_axis(window, rank, name, what)
    strides = per_axis(stride, rank, "stride", what)
    dilations = per_axis(dilation, rank, "dilation", what)
    extra = per_axis(output_padding, rank, "output_padding", what, least=0)
    grown = [n * s for n, s in zip(sizes, strides, strict=True)]
    sides = sides_of(padding, grown, windows, strides, dilations, what)
    found: list[Axis] = []
    for n, r, s, d, (before, after), a, pixels in zip(
        sizes, windows, strides, dilations, sides, extra, _names(rank), strict=True
    ):
        if a >= max(s, d):
            raise OptionError(
                f"`output_padding` must be smaller than the stride or the dilation, got {a} with "
                f"stride {s} and dilation {d}. It chooses among the lengths that the stride maps "
                f"to the same one. Use at most {max(s, d) - 1}."
            ).about(what)
        length = n * s if padding == "same" else s * (n - 1) + d * (r - 1) + 1 - before - after
        if length + a < 1:
            raise ShapeError(
                f"no {pixels} are left: {s} * ({n} - 1) + {d * (r - 1) + 1} - {before} - {after} + "
                f"{a} = {length + a}. Use less padding, or a larger image."
            ).about(what)
        found.append(
            Axis(length=length + a, window=r, stride=s, dilation=d, before=before, after=after)
        )
    return tuple(found)


def constants(laid: Sequence[Axis]) -> dict[str, tuple[int, ...]]:
    """Collect the constants of equations with windows: stride ``s``, dilation ``d``, padding ``p``.

    Parameters
    ----------
    laid
        One :class:`Axis` for each pixel axis.

    Returns
    -------
    dict
        One tuple for each name.

    Sources
    -------
    Hagan 8.18; Wichmann 4.1.

    Examples
    --------
    >>> constants((Axis(length=7, window=3, stride=2, before=1, after=1),))
    {'s': (2,), 'd': (1,), 'p': (1,)}
    """
    return {
        "s": tuple(axis.stride for axis in laid),
        "d": tuple(axis.dilation for axis in laid),
        "p": tuple(axis.before for axis in laid),
    }


def per_axis(
    value: int | Sequence[int], rank: int, name: SizeName, what: object = "", *, least: int = 1
) -> tuple[int, ...]:
    """Return one number for each axis.

    Parameters
    ----------
    value
        One number for all axes, or one for each.
    rank
        Number of axes.
    name, what
        The option and its layer, for error messages.
    least
        The smallest number allowed.

    Returns
    -------
    tuple of int

    Raises
    ------
    OptionError
        If there is not one number for each axis, or one is too small or not an integer.

    Sources
    -------
    Hagan 8.18, 8.19.

    Examples
    --------
    >>> per_axis(3, 2, "window")
    (3, 3)
    """
    numbers = several(value, rank)
    if not all(whole(number) and number >= least for number in numbers):
        sign = "positive" if least == 1 else "non-negative"
        raise OptionError(
            f"`{name}` must be a {sign} integer, or one for each axis, got {plain(value)}.",
            remedy=f"Try {least}.",
        ).about(what)
    if len(numbers) != rank:
        raise OptionError(
            f"`{name}` is {plain(value)}, {len(numbers)} numbers, but the image has {rank} pixel "
            f"{'axis' if rank == 1 else 'axes'}.",
            remedy="Use one number, or one for each axis.",
        ).about(what)
    return tuple(int(number) for number in cast("tuple[int, ...]", numbers))


def _too_large(laid: Sequence[Axis], noun: str, *, in_network: bool) -> ShapeError:
    """Make the error for a window that is larger than the padded image."""
    window = "x".join(str(axis.window) for axis in laid)
    spans = "x".join(str(axis.reach) for axis in laid)
    dilated = f" spans {spans} pixels with its dilation and" if spans != window else ""
    padded = "x".join(str(axis.padded) for axis in laid)
    sums = [f"{axis.length} + {axis.before} + {axis.after}" for axis in laid]
    total = sums[0] if len(set(sums)) == 1 else ", ".join(sums)
    needed = max(
        max(axis.before, axis.after) + -(-(axis.reach - axis.padded) // 2)
        for axis in laid
        if axis.reach > axis.padded
    )
    size, long = (f"the {window} {noun}", "larger")
    if len(laid) == 1:
        size, long = f"the {noun} of {window} pixels", "longer"
    return ShapeError(
        f"{size}{dilated} is {long} than its input, {padded} after padding ({total}; Hagan 8.18).",
        remedy=Message(
            "Use ",
            InPython(f"padding={needed}", f"padding {needed}"),
            f" or a smaller {noun}{', or remove a pooling layer' if in_network else ''}.",
        ),
    )


def _names(rank: int) -> tuple[str, ...]:
    """Return the names of the axes for error messages."""
    return AXIS_NAMES.get(rank, tuple(f"pixels of axis {k}" for k in range(rank)))
