"""Images as windows: the index view of a convolution, and its adjoint.

The last axes of an image are its pixels, ``[..., *pixels]``; the axes before them (images, groups,
maps) are left alone. :func:`im2col` puts the pixel under window pixel ``u`` at position ``i`` into
``columns[..., *u, *i]``, so that a convolution becomes a matrix product. :func:`col2im` adds the
columns back to the pixels that they came from.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from striate.errors import OptionError, ShapeError
from striate.maths.padding import PADDING_MODES, PaddingMode
from striate.maths.windows import Axis
from striate.shapes import Array, Int, Shaped


def im2col(padded: Shaped[Array, "..."], axes: Sequence[Axis]) -> Shaped[Array, "..."]:
    r"""View the windows of padded images as additional axes.

    .. math:: c^{l}_{u,v,i,j} = a^{l}_{s i + d u,\; s j + d v}

    Parameters
    ----------
    padded
        Images with their padding (:func:`pad`).
    axes
        How the window moves.

    Returns
    -------
    Array
        A view: window pixels first, then positions. Nothing is copied until it is used.

    Sources
    -------
    Wolter 5; Hagan 8.12.

    Examples
    --------
    The four windows of a 3 x 3 image under a 2 x 2 window (Hagan, figure 8.2), one a column:

    >>> image = np.arange(1, 10).reshape(1, 1, 3, 3)
    >>> im2col(image, (Axis(length=3, window=2),) * 2).reshape(4, 4)
    array([[1, 2, 4, 5],
           [2, 3, 5, 6],
           [4, 5, 7, 8],
           [5, 6, 8, 9]])
    """
    rank = len(axes)
    pixels = tuple(range(padded.ndim - rank, padded.ndim))
    every = sliding_window_view(padded, [axis.reach for axis in axes], axis=pixels)
    steps = [slice(0, (axis.output - 1) * axis.stride + 1, axis.stride) for axis in axes]
    taps = [slice(None, None, axis.dilation) for axis in axes]
    view = every[(..., *steps, *taps)]
    maps = padded.ndim - rank
    return np.moveaxis(view, range(maps + rank, maps + 2 * rank), range(maps, maps + rank))


def col2im(columns: Shaped[Array, "..."], axes: Sequence[Axis]) -> Shaped[Array, "..."]:
    r"""Add columns to the pixels that they came from: the adjoint of :func:`im2col`.

    .. math:: a^{l}_{x,y} = \sum_{s i + d u = x,\; s j + d v = y} c^{l}_{u,v,i,j}

    Parameters
    ----------
    columns
        Window pixels first, then positions.
    axes
        How the window moves.

    Returns
    -------
    Array
        Padded images.

    Sources
    -------
    Wolter 8 (the adjoint; not an inverse); Hagan 8.39, 8.40.

    Examples
    --------
    Each pixel of a 3 x 3 image lies under this many 2 x 2 windows:

    >>> col2im(np.ones((1, 1, 2, 2, 2, 2)), (Axis(length=3, window=2),) * 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    rank = len(axes)
    lead = columns.shape[: columns.ndim - 2 * rank]
    image = np.zeros([*lead, *(a.before + a.length + a.end for a in axes)], columns.dtype)
    # A loop over the pixels of the window, each step a whole strided image: 25 steps for a 5 x 5
    # window.
    for tap in product(*(range(axis.window) for axis in axes)):
        places = tuple(
            slice(d * u, d * u + (n - 1) * s + 1, s)
            for u, n, s, d in (
                (u, a.output, a.stride, a.dilation) for u, a in zip(tap, axes, strict=True)
            )
        )
        image[(..., *places)] += columns[(..., *tap, *(slice(None),) * rank)]
    return image


def pad(
    a: Shaped[Array, "..."],
    axes: Sequence[Axis],
    mode: PaddingMode = "zeros",
    value: float = 0.0,
) -> Shaped[Array, "..."]:
    """Pad an image according to its axes.

    Parameters
    ----------
    a
        Images.
    axes
        The padding on each side.
    mode
        What the added pixels hold: ``value``, the image mirrored at its edge pixel, its edge pixel,
        or the image's other side.
    value
        What mode ``"zeros"`` fills in.

    Returns
    -------
    Array
        Padded images; the input itself where there is nothing to add.

    Raises
    ------
    ShapeError
        If there are fewer pixels than mode ``"reflect"`` or ``"circular"`` has to repeat.

    Sources
    -------
    Hagan 8.16, 8.17; Wichmann 2.1.

    Examples
    --------
    >>> axis = Axis(length=3, window=3, before=1, after=1)
    >>> pad(np.array([[[1.0, 2.0, 3.0]]]), (axis,), "reflect")
    array([[[2., 1., 2., 3., 2.]]])
    """
    if all(axis.before == 0 == axis.end for axis in axes):
        return a
    first = a.ndim - len(axes)
    if mode == "zeros":
        shape = [*a.shape[:first], *(x.before + x.length + x.end for x in axes)]
        padded = np.full(shape, value, a.dtype)
        padded[(..., *_inside(axes))] = a
        return padded
    for k, axis in enumerate(axes, start=first):
        a = np.take(a, padding_table(axis, mode), axis=k)
    return a


def pad_adjoint(
    dpadded: Shaped[Array, "..."], axes: Sequence[Axis], mode: PaddingMode = "zeros"
) -> Shaped[Array, "..."]:
    """Apply the adjoint of :func:`pad`: add each padded pixel's derivative to the pixel's origin.

    Parameters
    ----------
    dpadded
        Derivatives of the padded images.
    axes, mode
        As given to :func:`pad`.

    Returns
    -------
    Array
        Derivatives of the images.

    Sources
    -------
    Hagan 8.39.

    Examples
    --------
    >>> pad_adjoint(np.ones((1, 1, 5)), (Axis(length=3, window=3, before=1, after=1),), "reflect")
    array([[[1., 3., 1.]]])
    """
    if mode == "zeros":
        return dpadded[(..., *_inside(axes))]
    first = dpadded.ndim - len(axes)
    for k, axis in enumerate(axes, start=first):
        moved = np.moveaxis(dpadded, k, 0)
        own = slice(axis.before, axis.before + axis.length)
        summed = moved[own].copy()
        # Only the added pixels need a loop: np.add.at visits every element.
        origins = list(enumerate(padding_table(axis, mode)))
        for place, origin in origins[: own.start] + origins[own.stop :]:
            summed[origin] += moved[place]
        dpadded = np.moveaxis(summed, 0, k)
    return dpadded


def padding_table(axis: Axis, mode: PaddingMode) -> Int[Array, "padded"]:
    """List, for each pixel of the padded axis, the pixel of the image that it repeats; -1 for none.

    Parameters
    ----------
    axis
        The axis with its padding.
    mode
        See :func:`pad`.

    Returns
    -------
    Array
        One integer for each padded pixel.

    Raises
    ------
    ShapeError
        If there are fewer pixels than the mode has to repeat.
    OptionError
        If the mode is unknown.

    Sources
    -------
    Hagan 8.16.

    Examples
    --------
    >>> padding_table(Axis(length=4, window=3, before=2, after=1), "circular")
    array([2, 3, 0, 1, 2, 3, 0])
    """
    require_padding_mode(mode)
    places = np.arange(-axis.before, axis.length + axis.end)
    if mode == "zeros":
        return np.where((places >= 0) & (places < axis.length), places, -1)
    if mode == "replicate":
        return np.clip(places, 0, axis.length - 1)
    require_padding((axis,), mode)
    if mode == "circular":
        return places % axis.length
    mirrored = np.abs(places)
    return np.where(mirrored >= axis.length, 2 * (axis.length - 1) - mirrored, mirrored)


def require_padding(axes: Sequence[Axis], mode: PaddingMode) -> None:
    """Raise if a padding mode would have to repeat more pixels than the image has.

    Parameters
    ----------
    axes, mode
        As given to :func:`pad`.

    Raises
    ------
    ShapeError
        If there are too few pixels.

    Sources
    -------
    Hagan 8.16.

    Examples
    --------
    >>> require_padding((Axis(length=4, window=3, before=2, after=1),), "reflect")
    """
    if mode in ("zeros", "replicate"):
        return
    for axis in axes:
        most = axis.length - 1 if mode == "reflect" else axis.length
        added = max(axis.before, axis.end)
        if added > most:
            edge = ", the edge pixel not at all" if mode == "reflect" else ""
            pixels = "1 pixel" if added == 1 else f"{added} pixels"
            less = f"at most {most} pixel{'s' * (most > 1)} of padding, or " if most else ""
            raise ShapeError(
                f'padding_mode="{mode}" cannot add {pixels} to an image of {axis.length}: it '
                f"repeats each pixel at most once on each side{edge}. "
                f'Use {less}padding_mode="replicate".'
            )


def padding_tables(
    axes: Sequence[Axis], name: str, mode: PaddingMode
) -> dict[str, Int[Array, "padded"]]:
    """Return the padding tables of all axes by name: ``t0``, ``t1``, ...

    Parameters
    ----------
    axes, mode
        As given to :func:`pad`.
    name
        What the names begin with.

    Returns
    -------
    dict
        One table for each axis.

    Sources
    -------
    Hagan 8.16.

    Examples
    --------
    >>> padding_tables((Axis(length=2, window=3, before=1, after=1),), "t", "replicate")
    {'t0': array([0, 0, 1, 1])}
    """
    return {f"{name}{k}": padding_table(axis, mode) for k, axis in enumerate(axes)}


def uncovered(axes: Sequence[Axis], mode: PaddingMode) -> tuple[int, ...]:
    """Count, along each axis, the pixels that no window reads, directly or as padding.

    Parameters
    ----------
    axes, mode
        As given to :func:`pad`.

    Returns
    -------
    tuple of int
        One number for each axis.

    Sources
    -------
    Hagan 8.16.

    Examples
    --------
    A window of one pixel reads every third pixel; padding may repeat others:

    >>> axis = Axis(length=5, window=1, stride=3, before=1)
    >>> uncovered((axis,), "zeros"), uncovered((axis,), "circular")
    ((4,), (3,))
    """
    if mode == "zeros":
        return tuple(axis.uncovered for axis in axes)
    return tuple(
        axis.length - _count_distinct(padding_table(axis, mode)[axis.covered()], axis.length)
        for axis in axes
    )


def require_padding_mode(mode: str) -> None:
    """Raise if a padding mode is unknown.

    Parameters
    ----------
    mode
        The word that was given.

    Raises
    ------
    OptionError
        If it is none of :data:`PADDING_MODES`.

    Sources
    -------
    Hagan 8.16.

    Examples
    --------
    >>> require_padding_mode("circular")
    """
    if mode not in PADDING_MODES:
        raise OptionError(
            f'`padding_mode` must be "zeros", "reflect", "replicate" or "circular", got "{mode}".'
        )


def _inside(axes: Sequence[Axis]) -> tuple[slice, ...]:
    """Return the slices of the image in its padded form."""
    return tuple(slice(axis.before, axis.before + axis.length) for axis in axes)


def _count_distinct(pixels: Int[Array, "n"], length: int) -> int:
    """Count the pixels that occur, without sorting them."""
    occurs = np.zeros(length, bool)
    occurs[pixels] = True
    return int(occurs.sum())
