"""How a window walks along an axis: sizes under padding, stride, dilation, floor and ceil.

One :class:`Axis` holds the numbers of one axis of one layer. Convolution, pooling and their
transposes share it, so that sizes, receptive fields and error texts agree wherever they are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from striate.errors import OptionError, ShapeError
from striate.maths.padding import Padding, plain, several, sides_of, whole

AXIS_NAMES = {1: ("pixels",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of an image and the window that walks along it; all lengths in pixels.

    Parameters
    ----------
    length
        Pixels of the image along this axis.
    window
        Pixels that the window takes.
    stride
        Pixels from one place of the window to the next.
    dilation
        Distance of neighboring window pixels; 1 leaves no gaps.
    before, after
        Pixels added on the two sides.
    ceil_mode
        Whether a last place that the window only partly fits counts too, as long as it starts on
        the image or on the padding before it.

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
        r"""Places where the window fits.

        .. math:: S = \lfloor (R + 2 P^d - r) / S^t \rfloor + 1
        """
        room = self.padded - self.reach
        if not self.ceil_mode:
            return room // self.stride + 1
        places = -(-room // self.stride) + 1
        return min(places, (self.before + self.length - 1) // self.stride + 1)

    @property
    def end(self) -> int:
        """Pixels to add after the image for the last place to be whole, in ceil mode too."""
        return max(
            self.after, (self.output - 1) * self.stride + self.reach - self.before - self.length
        )

    @property
    def unseen(self) -> int:
        """Pixels of the image that no window covers: lost by the floor, or jumped over.

        Examples
        --------
        A 2 x 2 window with stride 2 leaves the last of 5 pixels out:

        >>> Axis(length=5, window=2, stride=2).unseen
        1
        """
        seen = {
            self.stride * i + self.dilation * u - self.before
            for i in range(self.output)
            for u in range(self.window)
        }
        return sum(pixel not in seen for pixel in range(self.length))

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
    what: str = "The window",
) -> tuple[Axis, ...]:
    r"""Lay a window on an image: one :class:`Axis` for each axis.

    .. math:: S = \lfloor (R + P_{before} + P_{after} - d (r - 1) - 1) / S^t \rfloor + 1

    ``"same"`` gives :math:`S = \lceil R / S^t \rceil` places; of an odd number of added pixels the
    odd one comes after the image. ``"full"`` adds :math:`d (r - 1)` pixels on each side,
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
    what
        Who asks, for the error text.

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
    Hagan 8.14-8.19; Wichmann 2.1 (corrected: the left side is n), 2.2, 2.3, 3.1; Wolter 4.

    Examples
    --------
    The second convolution of Wichmann's section 3.3, and ``"same"`` with a stride:

    >>> [axis.output for axis in axes((37, 37), window=5, stride=2)]
    [17, 17]
    >>> [axis.output for axis in axes((7, 8), window=3, stride=2, padding="same")]
    [4, 4]
    """
    rank = len(sizes)
    windows = per_axis(window, rank, "window", what)
    strides = per_axis(stride, rank, "stride", what)
    dilations = per_axis(dilation, rank, "dilation", what)
    sides = sides_of(padding, sizes, windows, strides, dilations, what)
    found = tuple(
        Axis(length=n, window=r, stride=s, dilation=d, before=p[0], after=p[1], ceil_mode=ceil_mode)
        for n, r, s, d, p in zip(sizes, windows, strides, dilations, sides, strict=True)
    )
    for axis, name in zip(found, _names(rank), strict=True):
        _require_fit(axis, name, what)
    return found


def transposed_axes(
    sizes: Sequence[int],
    *,
    window: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    what: str = "The window",
) -> tuple[Axis, ...]:
    r"""Lay the window of a transposed convolution: the axes of what it turns around.

    .. math:: S = S^t (R - 1) + d (r - 1) + 1 - P_{before} - P_{after} + a

    ``length`` of a returned axis is the *output* of the transposed convolution. ``"same"`` makes
    the output :math:`S^t R` pixels long.

    Parameters
    ----------
    sizes
        Pixels of the transposed convolution's input along each axis.
    window, stride, dilation, padding
        As in the convolution that is turned around, in pixels.
    output_padding
        :math:`a`: pixels added after the output, where several lengths have the same convolved
        length.
    what
        Who asks, for the error text.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    ShapeError
        If no pixel would be left.
    OptionError
        If a number is not positive, or ``output_padding`` reaches both stride and dilation.

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
    windows = per_axis(window, rank, "window", what)
    strides = per_axis(stride, rank, "stride", what)
    dilations = per_axis(dilation, rank, "dilation", what)
    extra = per_axis(output_padding, rank, "output_padding", what, least=0)
    grown = [n * s for n, s in zip(sizes, strides, strict=True)]
    sides = sides_of(padding, grown, windows, strides, dilations, what)
    found: list[Axis] = []
    for n, r, s, d, (before, after), a, name in zip(
        sizes, windows, strides, dilations, sides, extra, _names(rank), strict=True
    ):
        if a >= max(s, d):
            raise OptionError(
                f"{what} has output_padding {a} with stride {s} and dilation {d}. "
                "It chooses between lengths that the stride folds together, so it is smaller than "
                "the stride "
                f"or the dilation. Use at most {max(s, d) - 1}."
            )
        length = n * s if padding == "same" else s * (n - 1) + d * (r - 1) + 1 - before - after
        if length + a < 1:
            raise ShapeError(
                f"{what} leaves no {name}: {s} * ({n} - 1) + {d * (r - 1) + 1} - {before} - "
                f"{after} + {a} = {length + a}. "
                "A transposed convolution needs at least one pixel of output. "
                "Use less padding or a larger image."
            )
        found.append(
            Axis(length=length + a, window=r, stride=s, dilation=d, before=before, after=after)
        )
    return tuple(found)


def constants(laid: Sequence[Axis]) -> dict[str, tuple[int, ...]]:
    """Name the numbers of windows as equations do: stride ``s``, dilation ``d``, padding ``p``.

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
    value: int | Sequence[int], rank: int, name: str, what: str, *, least: int = 1
) -> tuple[int, ...]:
    """Give one number for each axis.

    Parameters
    ----------
    value
        One number for all axes, or one for each.
    rank
        Number of axes.
    name, what
        Which option of whom, for the error text.
    least
        The smallest number allowed.

    Returns
    -------
    tuple of int

    Raises
    ------
    OptionError
        If there is not one number for each axis, or one is too small or not whole.

    Sources
    -------
    Hagan 8.18, 8.19.

    Examples
    --------
    >>> per_axis(3, 2, "window", "Convolution")
    (3, 3)
    """
    numbers = several(value, rank)
    if not all(whole(number) and number >= least for number in numbers):
        raise OptionError(
            f"{what} has {name}={plain(value)}. A {name} is a whole number of pixels, at least "
            f"{least}. "
            f"Use {name}={least} or more."
        )
    if len(numbers) != rank:
        raise OptionError(
            f"{what} has {name}={plain(value)}, {len(numbers)} numbers for {rank} axes. "
            f"One number serves all axes, else each has its own. Give one number or {rank}."
        )
    return tuple(int(number) for number in cast("tuple[int, ...]", numbers))


def _require_fit(axis: Axis, name: str, what: str) -> None:
    """Raise where the window is longer than the padded image."""
    if axis.reach <= axis.padded and axis.length > 0:
        return
    missing = max(axis.reach - axis.padded, 1)
    dilated = f" ({axis.dilation} * ({axis.window} - 1) + 1)" if axis.dilation > 1 else ""
    raise ShapeError(
        f"{what} does not fit: the padded image has {axis.padded} {name} "
        f"({axis.length} + {axis.before} + {axis.after}). "
        f"A window needs at least {axis.reach}{dilated} (Hagan 8.18). "
        f"Use padding={max(axis.before, axis.after) + -(-missing // 2)} or more, or a smaller "
        "window."
    )


def _names(rank: int) -> tuple[str, ...]:
    """Name the axes for error texts."""
    return AXIS_NAMES.get(rank, tuple(f"pixels of axis {k}" for k in range(rank)))
