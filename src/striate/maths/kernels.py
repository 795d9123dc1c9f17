r"""A collection of named kernels: lines, edges, smoothing, sharpening, and blur.

Each is a function that returns an array. The kernels are for cross-correlation, as in a layer:
where a picture resembles the kernel, the response is large. Kernels that don't change when they are
rotated by 180 degrees, such as means and the Laplacian, are the same for convolution.

Three kinds of sums say how a kernel treats brightness:

- *count*: zeros and ones; the response counts the pixels that match (Hagan's four lines).
- *difference*: sums to 0; a flat area gives 0, whatever its brightness.
- *mean*: sums to 1; a flat area keeps its brightness.

Means, derivatives and the Laplacian also exist for signals (``rank=1``) and volumes (``rank=3``).
:func:`catalog` lists all of them, and :func:`named` makes one by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from inspect import signature
from math import ceil, cos, pi, sin
from numbers import Real
from typing import Literal

import numpy as np

from striate.errors import OptionError
from striate.maths.padding import plain, whole
from striate.shapes import Array, Float, Int, Shaped

KernelSum = Literal["count", "difference", "mean"]
"""Zeros and ones; elements that sum to 0; or elements that sum to 1."""

_MOST_ELEMENTS = 100_000_000
"""0.8 GB of float64; a kernel is compared with pictures, which are smaller."""


def horizontal(size: int = 3) -> Int[Array, "u v"]:
    """Return a horizontal line: ones in the middle row.

    Parameters
    ----------
    size
        Rows and columns, in pixels.

    Returns
    -------
    Array
        Zeros and ones.

    Raises
    ------
    OptionError
        If the size is not a positive integer.

    Sources
    -------
    Hagan fig. 8.5, fig. 8.6.

    Examples
    --------
    >>> horizontal()
    array([[0, 0, 0],
           [1, 1, 1],
           [0, 0, 0]])
    """
    return vertical(size).T


def vertical(size: int = 3) -> Int[Array, "u v"]:
    """Return a vertical line: ones in the middle column.

    Parameters
    ----------
    size
        Rows and columns, in pixels.

    Returns
    -------
    Array
        Zeros and ones.

    Raises
    ------
    OptionError
        If the size is not a positive integer.

    Sources
    -------
    Hagan fig. 8.5, fig. 8.6.

    Examples
    --------
    >>> vertical()
    array([[0, 1, 0],
           [0, 1, 0],
           [0, 1, 0]])
    """
    w = np.zeros((_size(size), size), int)
    w[:, size // 2] = 1
    return w


def slash(size: int = 3) -> Int[Array, "u v"]:
    r"""Return Hagan's "slash": ones from the top left to the bottom right.

    The names are the book's: its slash looks like the character ``\``, and its backslash like
    ``/``.

    Parameters
    ----------
    size
        Rows and columns, in pixels.

    Returns
    -------
    Array
        Zeros and ones.

    Raises
    ------
    OptionError
        If the size is not a positive integer.

    Sources
    -------
    Hagan fig. 8.5, fig. 8.7.

    Examples
    --------
    >>> slash()
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    return np.eye(_size(size), dtype=int)


def backslash(size: int = 3) -> Int[Array, "u v"]:
    """Return Hagan's "backslash": ones from the top right to the bottom left.

    Parameters
    ----------
    size
        Rows and columns, in pixels.

    Returns
    -------
    Array
        Zeros and ones.

    Raises
    ------
    OptionError
        If the size is not a positive integer.

    Sources
    -------
    Hagan fig. 8.5, fig. 8.7.

    Examples
    --------
    >>> backslash()
    array([[0, 0, 1],
           [0, 1, 0],
           [1, 0, 0]])
    """
    return slash(size)[:, ::-1]


def wichmann(axis: int = 1) -> Int[Array, "u v"]:
    """Return Wichmann's edge filter, or its transpose: three equal differences over two pixels.

    The text calls it a filter for horizontal edges. It responds where brightness changes along a
    row, which is at *vertical* edges; its transpose (``axis=0``) responds at horizontal edges.
    Correlated with an image that becomes brighter to the right, it is positive.

    Parameters
    ----------
    axis
        Along which index the brightness changes: 1, from column to column, or 0, from row to row.

    Returns
    -------
    Array
        3 x 3, sums to 0. A slope of 1 per pixel gives 6.

    Raises
    ------
    OptionError
        If the axis is neither 0 nor 1.

    Sources
    -------
    Wichmann fig. 1, fig. 2, 2.

    Examples
    --------
    >>> wichmann()
    array([[-1,  0,  1],
           [-1,  0,  1],
           [-1,  0,  1]])
    """
    return _derivative(np.array([1, 1, 1]), axis)


def sobel(axis: int = -1, *, rank: int = 2) -> Int[Array, "*u"]:
    """Return Sobel's kernel: the difference along one axis, smoothed along the others.

    It is what ``scipy.ndimage.sobel`` correlates with.

    Parameters
    ----------
    axis
        Along which index the brightness changes. For pictures: 1, from column to column (it
        responds at vertical edges), or 0, from row to row (at horizontal edges). By default the
        last one.
    rank
        Number of pixel axes: 1 for signals, 2 for pictures, 3 for volumes.

    Returns
    -------
    Array
        Three pixels along each axis. Sums to 0, not normalized: in a picture, a slope of 1 per
        pixel gives 8.

    Raises
    ------
    OptionError
        If the rank is not 1, 2 or 3, or there is no such axis.

    Sources
    -------
    Sobel and Feldman 1968.

    Examples
    --------
    >>> sobel(axis=0)
    array([[-1, -2, -1],
           [ 0,  0,  0],
           [ 1,  2,  1]])

    For signals, it is the difference of the two neighbors:

    >>> sobel(rank=1)
    array([-1,  0,  1])
    """
    return _derivative(np.array([1, 2, 1]), axis, rank)


def prewitt(axis: int = -1, *, rank: int = 2) -> Int[Array, "*u"]:
    """Return Prewitt's kernel: the difference along one axis, averaged along the others.

    It is what ``scipy.ndimage.prewitt`` correlates with, and the same array as Wichmann's edge
    filter.

    Parameters
    ----------
    axis
        Along which index the brightness changes. For pictures: 1, from column to column (it
        responds at vertical edges), or 0, from row to row (at horizontal edges). By default the
        last one.
    rank
        Number of pixel axes: 1 for signals, 2 for pictures, 3 for volumes.

    Returns
    -------
    Array
        Three pixels along each axis. Sums to 0, not normalized: in a picture, a slope of 1 per
        pixel gives 6.

    Raises
    ------
    OptionError
        If the rank is not 1, 2 or 3, or there is no such axis.

    Sources
    -------
    Prewitt 1970.

    Examples
    --------
    >>> prewitt(axis=0)
    array([[-1, -1, -1],
           [ 0,  0,  0],
           [ 1,  1,  1]])
    """
    return _derivative(np.array([1, 1, 1]), axis, rank)


def laplacian(*, diagonals: bool = False, rank: int = 2) -> Int[Array, "*u"]:
    """Return the Laplacian: the neighbors of a pixel minus the pixel, in all directions alike.

    It is positive in dark spots, negative in bright ones, and changes its sign at an edge.

    Parameters
    ----------
    diagonals
        Whether the diagonal neighbors count, too: in a picture, there are four.
    rank
        Number of pixel axes: 1 for signals, 2 for pictures, 3 for volumes.

    Returns
    -------
    Array
        Three pixels along each axis. Sums to 0.

    Raises
    ------
    OptionError
        If the rank is not 1, 2 or 3.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> laplacian()
    array([[ 0,  1,  0],
           [ 1, -4,  1],
           [ 0,  1,  0]])
    >>> laplacian(rank=1)
    array([ 1, -2,  1])
    """
    _require_flag("diagonals", diagonals)
    steps = np.abs(np.indices((3,) * _rank(rank)) - 1).sum(axis=0)  # from the middle
    w = ((steps > 0) & (diagonals | (steps == 1))).astype(int)
    w[steps == 0] = -w.sum()
    return w


def box(size: int = 3, *, rank: int = 2) -> Float[Array, "*u"]:
    """Return the mean of a window: noise becomes weaker, and so do details.

    Parameters
    ----------
    size
        Pixels along each axis.
    rank
        Number of pixel axes: 1 for signals, 2 for pictures, 3 for volumes.

    Returns
    -------
    Array
        Equal elements that sum to 1.

    Raises
    ------
    OptionError
        If the size is not a positive integer, or the rank not 1, 2 or 3.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> box(2)
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    return np.full((_size(size, rank),) * rank, 1 / size**rank)


def gaussian(
    standard_deviation: float = 1.0, size: int | None = None, *, rank: int = 2
) -> Float[Array, "*u"]:
    r"""Return a Gaussian: a mean in which nearby pixels count more than far ones.

    .. math:: w_{u,v} \propto \exp \left( - \frac{u^2 + v^2}{2 \sigma^2} \right)

    with u and v counted from the middle. It is separable: the product of a Gaussian along each
    axis.

    Parameters
    ----------
    standard_deviation
        In pixels.
    size
        Pixels along each axis, an odd number; by default the first that reaches four standard
        deviations on each side, as in ``scipy.ndimage.gaussian_filter``.
    rank
        Number of pixel axes: 1 for signals, 2 for pictures, 3 for volumes.

    Returns
    -------
    Array
        Elements that sum to 1.

    Raises
    ------
    OptionError
        If the standard deviation is not positive, the size not a positive odd integer, or the rank
        not 1, 2 or 3.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> gaussian(0.5, size=3).round(3)
    array([[0.011, 0.084, 0.011],
           [0.084, 0.619, 0.084],
           [0.011, 0.084, 0.011]])
    >>> gaussian(0.5, size=3, rank=1).round(3)
    array([0.107, 0.787, 0.107])
    """
    _require_positive("standard_deviation", standard_deviation)
    if size is None:
        size = 2 * int(4 * standard_deviation + 0.5) + 1
        _require_room(size, _rank(rank), f"`standard_deviation={standard_deviation:g}`")
    if _size(size, rank) % 2 == 0:
        raise OptionError(f"`size` must be odd, so that there is a middle, got {size}.")
    distance = np.arange(size) - size // 2
    profile = np.exp(-0.5 * (distance / standard_deviation) ** 2)
    w = reduce(np.multiply.outer, [profile] * rank)
    return w / w.sum()


def sharpen(amount: float = 1.0, *, diagonals: bool = False) -> Shaped[Array, "u v"]:
    """Return the picture minus its Laplacian: edges become steeper, and noise stronger.

    Parameters
    ----------
    amount
        Factor of the Laplacian.
    diagonals
        As for :func:`laplacian`.

    Returns
    -------
    Array
        3 x 3, sums to 1; integers if ``amount`` is an integer.

    Raises
    ------
    OptionError
        If the amount is not a positive number.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> sharpen()
    array([[ 0, -1,  0],
           [-1,  5, -1],
           [ 0, -1,  0]])
    """
    _require_positive("amount", amount)
    _require_flag("diagonals", diagonals)
    factor = int(amount) if float(amount).is_integer() else amount
    picture = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    return picture - factor * laplacian(diagonals=diagonals)


def unsharp(
    standard_deviation: float = 1.0, amount: float = 1.0, size: int | None = None
) -> Float[Array, "u v"]:
    """Return an unsharp mask: the picture plus its difference from a blurred copy.

    Parameters
    ----------
    standard_deviation, size
        Of the blur, as for :func:`gaussian`.
    amount
        Factor of the difference.

    Returns
    -------
    Array
        Elements that sum to 1.

    Raises
    ------
    OptionError
        If the standard deviation or the amount is not positive, or the size not a positive odd
        integer.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> unsharp(0.5, size=3).round(3)
    array([[-0.011, -0.084, -0.011],
           [-0.084,  1.381, -0.084],
           [-0.011, -0.084, -0.011]])
    """
    _require_positive("amount", amount)
    w = -amount * gaussian(standard_deviation, size)
    middle = len(w) // 2
    w[middle, middle] += 1 + amount
    return w


def motion_blur(length: float = 9, angle: float = 0.0) -> Float[Array, "u v"]:
    """Return the blur of a camera that moves along a line while the picture is taken.

    A pixel counts one minus its distance from the line, if that is positive; so lines in any
    direction are smooth.

    Parameters
    ----------
    length
        Pixels under the line; at least 1.
    angle
        Direction of the motion in degrees, counterclockwise from the right.

    Returns
    -------
    Array
        Elements that sum to 1; an odd number of rows and columns, as few as hold the line.

    Raises
    ------
    OptionError
        If the length is below 1.

    Sources
    -------
    Gonzalez and Woods 2018.

    Examples
    --------
    >>> motion_blur(4.0, angle=90).round(3).T
    array([[0.125, 0.25 , 0.25 , 0.25 , 0.125]])
    >>> motion_blur(3, angle=45).round(2)
    array([[0.  , 0.09, 0.18],
           [0.09, 0.3 , 0.09],
           [0.18, 0.09, 0.  ]])
    """
    if not _finite(length) or length < 1:
        raise OptionError(f"`length` must be at least 1 pixel, got {plain(length)}. Try 9.")
    if not _finite(angle):
        raise OptionError(f"`angle` must be a number of degrees, got {plain(angle)}. Try 0.")
    _require_room(ceil(length) + 2, 2, f"`length={length:g}`")
    half = (length - 1) / 2
    right, up = cos(angle * pi / 180), sin(angle * pi / 180)
    reach = ceil(half) + 1
    y, x = np.mgrid[reach : -reach - 1 : -1, -reach : reach + 1]
    along = np.clip(x * right + y * up, -half, half)
    w = np.maximum(1 - np.hypot(x - along * right, y - along * up), 0)
    w[w < 1e-9] = 0  # sin(180°) is not exactly zero
    rows, columns = (np.flatnonzero(w.any(axis=axis)) for axis in (1, 0))
    w = w[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return w / w.sum()


@dataclass(frozen=True, kw_only=True)
class KernelEntry:
    """A kernel in the catalog: its name, what it is for, and where it comes from.

    Sources
    -------
    Hagan fig. 8.5; Wichmann fig. 1.

    Examples
    --------
    >>> print(catalog()[4])
    wichmann    3x3    difference  brightness along one axis (Wichmann, figure 1)
    """

    name: str
    make: Callable[..., Shaped[Array, "u v"]]
    """The function, with a default for each of its parameters."""
    sums: KernelSum
    purpose: str
    source: str

    def __str__(self) -> str:
        """Describe the kernel in one line."""
        rows, columns = self.make().shape
        size = f"{rows}x{columns}"
        return f"{self.name:11} {size:6} {self.sums:11} {self.purpose} ({self.source})"


_CATALOG = (
    KernelEntry(
        name="horizontal",
        make=horizontal,
        sums="count",
        purpose="horizontal lines",
        source="Hagan, figure 8.5",
    ),
    KernelEntry(
        name="vertical",
        make=vertical,
        sums="count",
        purpose="vertical lines",
        source="Hagan, figure 8.5",
    ),
    KernelEntry(
        name="slash",
        make=slash,
        sums="count",
        purpose="lines that fall to the right",
        source="Hagan, figure 8.5",
    ),
    KernelEntry(
        name="backslash",
        make=backslash,
        sums="count",
        purpose="lines that rise to the right",
        source="Hagan, figure 8.5",
    ),
    KernelEntry(
        name="wichmann",
        make=wichmann,
        sums="difference",
        purpose="brightness along one axis",
        source="Wichmann, figure 1",
    ),
    KernelEntry(
        name="sobel",
        make=sobel,
        sums="difference",
        purpose="brightness along one axis, smoothed along the other",
        source="Sobel and Feldman 1968",
    ),
    KernelEntry(
        name="prewitt",
        make=prewitt,
        sums="difference",
        purpose="brightness along one axis, averaged along the other",
        source="Prewitt 1970",
    ),
    KernelEntry(
        name="laplacian",
        make=laplacian,
        sums="difference",
        purpose="spots and edges in all directions",
        source="Gonzalez and Woods 2018",
    ),
    KernelEntry(
        name="box",
        make=box,
        sums="mean",
        purpose="noise removal, equal weights",
        source="Gonzalez and Woods 2018",
    ),
    KernelEntry(
        name="gaussian",
        make=gaussian,
        sums="mean",
        purpose="noise removal, nearby pixels count more",
        source="Gonzalez and Woods 2018",
    ),
    KernelEntry(
        name="sharpen",
        make=sharpen,
        sums="mean",
        purpose="contrast at edges",
        source="Gonzalez and Woods 2018",
    ),
    KernelEntry(
        name="unsharp",
        make=unsharp,
        sums="mean",
        purpose="contrast at details of a chosen size",
        source="Gonzalez and Woods 2018",
    ),
    KernelEntry(
        name="motion-blur",
        make=motion_blur,
        sums="mean",
        purpose="blur of a moving camera",
        source="Gonzalez and Woods 2018",
    ),
)


def catalog() -> tuple[KernelEntry, ...]:
    """List all kernels of this module.

    Returns
    -------
    tuple of KernelEntry
        Printed, each entry is one line.

    Sources
    -------
    Hagan fig. 8.5; Wichmann fig. 1.

    Examples
    --------
    >>> [entry.name for entry in catalog() if entry.sums == "difference"]
    ['wichmann', 'sobel', 'prewitt', 'laplacian']
    """
    return _CATALOG


def named(name: str, **parameters: float | bool | None) -> Shaped[Array, "u v"]:
    """Make a kernel by its name in the catalog.

    Parameters
    ----------
    name
        Such as ``"sobel"``.
    **parameters
        As the kernel's function accepts them.

    Returns
    -------
    Array
        The kernel.

    Raises
    ------
    OptionError
        If no kernel has this name, or it has no such parameter.

    Sources
    -------
    Hagan fig. 8.5; Wichmann fig. 1.

    Examples
    --------
    >>> named("box", size=1)
    array([[1.]])
    """
    for entry in catalog():
        if entry.name == str(name).replace("_", "-"):
            return _made(entry, parameters)
    names = [entry.name for entry in catalog()]
    close = get_close_matches(str(name), names, n=1)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    raise OptionError(f'Unknown kernel "{name}".{hint} Choose from {", ".join(names)}.')


def _made(entry: KernelEntry, parameters: dict[str, float | bool | None]) -> Array:
    """Call the kernel's function; raise if it has no such parameter."""
    accepted = list(signature(entry.make).parameters)
    if unknown := [name for name in parameters if name not in accepted]:
        raise OptionError(
            f'The kernel "{entry.name}" has no parameter `{unknown[0]}`. Its parameters are '
            f"{', '.join(accepted)}."
        )
    return entry.make(**parameters)


def _size(size: int, rank: int = 2) -> int:
    """Return the size; raise if it is not a positive integer, or the kernel would be too large."""
    if not whole(size) or size < 1:
        raise OptionError(f"`size` must be a positive integer, got {plain(size)}. Try 3.")
    _require_room(size, _rank(rank), f"`size={size}`")
    return size


def _require_room(size: int, rank: int, cause: str) -> None:
    """Raise if a kernel would have more elements than any picture has pixels."""
    if size**rank > _MOST_ELEMENTS:
        raise OptionError(
            f"{cause} would make a kernel of {' x '.join([f'{size:,}'] * rank)} elements; expected "
            f"at most {_MOST_ELEMENTS:,} elements. Use a smaller value."
        )


def _rank(rank: int) -> int:
    """Return the number of pixel axes; raise unless there are one to three."""
    if not whole(rank) or rank not in (1, 2, 3):
        raise OptionError(
            "`rank` must be 1 (signals), 2 (pictures) or 3 (volumes), the number of pixel axes, "
            f"got {plain(rank)}."
        )
    return rank


def _derivative(profile: Int[Array, "r"], axis: int, rank: int = 2) -> Int[Array, "*u"]:
    """Return the difference over two pixels along an axis, weighted by a profile across it."""
    if not whole(axis) or not -_rank(rank) <= axis < rank:
        axes = {
            1: "0 (along the signal)",
            2: "1 (from column to column) or 0 (from row to row)",
            3: "0, 1 or 2 (the axes of the volume)",
        }
        raise OptionError(f"`axis` must be {axes[rank]}, got {plain(axis)}.")
    profiles = [profile] * rank
    profiles[axis] = np.array([-1, 0, 1])
    return reduce(np.multiply.outer, profiles)


def _require_flag(name: str, value: object) -> None:
    """Raise if a value is neither true nor false."""
    if not isinstance(value, bool | np.bool):
        raise OptionError(f"`{name}` must be True or False, got {plain(value)}. Try {name}=True.")


def _require_positive(name: str, value: float) -> None:
    """Raise if a number is not positive and finite."""
    if not _finite(value) or value <= 0:
        raise OptionError(f"`{name}` must be a positive finite number, got {plain(value)}. Try 1.")


def _finite(value: object) -> bool:
    """Return whether this is a finite real number."""
    return isinstance(value, Real) and bool(np.isfinite(float(value)))
