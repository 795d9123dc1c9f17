"""Windows reduced to single pixels, by sum, maximum or count, and the adjoints of these.

The last axes of an image are its pixels, one for each :class:`~striate.maths.windows.Axis`; the
axes before them (images, maps) are left alone. The pooling layers of a network and the pooling
functions for single images (:mod:`striate.maths.pooling`) both call these functions.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.maths.columns import col2im, im2col, pad, pad_adjoint
from striate.maths.windows import Axis
from striate.shapes import Array, Float, Int, Shaped


def taps(
    a: Shaped[Array, "..."], axes: Sequence[Axis], value: float = 0.0
) -> Iterator[Shaped[Array, "..."]]:
    """Yield, for each window pixel in row-major order, a view of the pixels under it.

    Pixels outside the image read ``value``.
    """
    windowed = im2col(pad(a, axes, value=value), axes)
    places = (slice(None),) * len(axes)
    for tap in product(*(range(axis.window) for axis in axes)):
        yield windowed[(..., *tap, *places)]


def window_sum(a: Shaped[Array, "..."], axes: Sequence[Axis]) -> Shaped[Array, "..."]:
    """Sum the pixels under the window at each position; pixels outside the image add nothing."""
    every = taps(a, axes)
    total = next(every).copy()
    for tap in every:
        total += tap
    return total


def spread(dz: Shaped[Array, "..."], axes: Sequence[Axis]) -> Shaped[Array, "..."]:
    """Sum, for each pixel, over the windows that contain it: the adjoint of :func:`window_sum`."""
    lead, places = _split(dz, axes)
    single = dz.reshape(*lead, *(1 for _ in axes), *places)
    repeated = np.broadcast_to(single, (*lead, *(axis.window for axis in axes), *places))
    return pad_adjoint(col2im(repeated, axes), axes)


def window_max(a: Shaped[Array, "..."], axes: Sequence[Axis]) -> Shaped[Array, "..."]:
    """Take the largest pixel under the window at each position; NaN exceeds all others."""
    every = taps(a, axes, lowest(a))
    largest = next(every).copy()
    for tap in every:
        np.maximum(largest, tap, out=largest)
    return largest


def winners(a: Shaped[Array, "..."], axes: Sequence[Axis]) -> Int[Array, "..."]:
    """Return the index of each window's first largest pixel, in row order; padding never wins."""
    least, taps_of_window = lowest(a), prod(axis.window for axis in axes)
    windowed = im2col(pad(a, axes, value=least), axes)
    lead, places = _split(windowed, axes)
    lead = lead[: len(lead) - len(axes)]
    flat: Array = windowed.reshape(*lead, taps_of_window, *places)
    found: Array = flat.argmax(len(lead))
    if not (a == least).any():
        return found
    # Pixels as low as the padding: where the largest is one of them, the first inside wins.
    pixels = np.ones(a.shape[len(lead) :], bool)
    inside: Array = im2col(pad(pixels, axes), axes).reshape(taps_of_window, *places).argmax(0)
    return np.where(flat.max(len(lead)) == least, inside, found)


def route(
    dz: Shaped[Array, "..."], winner: Int[Array, "..."], axes: Sequence[Axis]
) -> Shaped[Array, "..."]:
    """Send each window's derivative to the pixel that won it."""
    window, single = [axis.window for axis in axes], (1,) * len(axes)
    ordinals = np.arange(prod(window)).reshape(*window, *single)
    lead, places = _split(dz, axes)
    spots = (*lead, *single, *places)
    routed = np.where(winner.reshape(spots) == ordinals, dz.reshape(spots), 0)
    return pad_adjoint(col2im(routed, axes), axes)


def lowest(a: Shaped[Array, "..."]) -> float:
    """Return a number that no pixel of the image's dtype is below: what padding holds in a maximum.

    Examples
    --------
    >>> lowest(np.zeros(3))
    -inf
    """
    return -np.inf if a.dtype.kind in "fc" else int(np.iinfo(a.dtype).min)


def counts(axes: Sequence[Axis], *, padding: bool) -> Float[Array, "*i"]:
    """Count the pixels under the window at each position.

    Parameters
    ----------
    axes
        How the window moves.
    padding
        Whether to count padding. The pixels that ceil mode adds after it are never counted.

    Returns
    -------
    Array
        The number of pixels at each position.

    Sources
    -------
    Wichmann 5.6.

    Examples
    --------
    >>> counts((Axis(length=4, window=3, stride=2, before=1, after=1),), padding=False)
    array([2., 3.])
    """
    total = np.ones(())
    for axis in axes:
        total = np.multiply.outer(total, seen(axis, padding=padding))
    return total


def shares(axes: Sequence[Axis], *, padding: bool) -> Float[Array, "*i"]:
    """Return the weight of the pixels under each window in its mean: one over their number.

    Parameters
    ----------
    axes, padding
        As for :func:`counts`.

    Returns
    -------
    Array
        Weights.

    Sources
    -------
    Wichmann 5.6.

    Examples
    --------
    >>> shares((Axis(length=4, window=2, stride=2),), padding=False)
    array([0.5, 0.5])
    """
    return 1 / counts(axes, padding=padding)


def seen(axis: Axis, *, padding: bool) -> Float[Array, "i"]:
    """Count the window pixels on the image at each position; with ``padding``, also on padding."""
    first, end = (-axis.before, axis.length + axis.after) if padding else (0, axis.length)
    places = axis.stride * np.arange(axis.output) - axis.before
    # In closed form: a list of the pixels would have output times window elements.
    lowest_tap = np.maximum(-((places - first) // axis.dilation), 0)
    highest_tap = np.minimum((end - 1 - places) // axis.dilation, axis.window - 1)
    return np.maximum(highest_tap - lowest_tap + 1, 0).astype(float)


def seen_in_all(axis: Axis) -> int:
    """Sum :func:`seen` without padding over all positions.

    Loops over the positions or over the window pixels, whichever are fewer, so that an axis of
    millions of pixels takes no longer than a short one.

    Parameters
    ----------
    axis
        How the window moves.

    Returns
    -------
    int
        Total number of window pixels on the image, over all positions.

    Sources
    -------
    Wichmann 5.6.

    Examples
    --------
    >>> seen_in_all(Axis(length=4, window=3, stride=2, before=1, after=1))
    5
    """
    if axis.output < axis.window:
        return int(seen(axis, padding=False).sum())
    # Window pixel u lies on the image at the positions i with 0 <= stride * i + offset < length.
    offset = axis.dilation * np.arange(axis.window, dtype=np.int64) - axis.before
    first = np.clip(-(offset // axis.stride), 0, axis.output)
    end = np.clip(-((offset - axis.length) // axis.stride), 0, axis.output)
    return int((end - first).sum())


def require_seen(kind: object, axes: Sequence[Axis]) -> None:
    """Raise if a window covers no pixel of the image, so that maximum and mean are undefined."""
    if not any(axis.outside() for axis in axes):
        return
    size = "x".join(str(axis.length) for axis in axes)
    padding = ", ".join(f"{axis.before} + {axis.after}" for axis in axes)
    raise ShapeError(
        f"some windows lie on padding alone: an image of {size} pixels with {padding} added. "
        "Their maximum and mean are undefined (Hagan 8.22, 8.24). "
        "Use less padding or a smaller dilation."
    ).about(kind)


def _split(z: Array, axes: Sequence[Axis]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split a shape into the axes before the pixels and the pixels."""
    return z.shape[: z.ndim - len(axes)], z.shape[z.ndim - len(axes) :]
