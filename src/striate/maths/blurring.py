r"""Blur pooling: a map is blurred before a stride leaves out pixels, so that shifts change it less.

A stride of 2 keeps every other pixel. A detail of one pixel is then kept or lost, depending on
whether its column is even or odd, and a shift by one pixel changes everything (aliasing). A blur
spreads each pixel over its neighbors first, so that each output changes gradually with the shift::

    pixels            0   0   4   4   0   0   4   4        shifted by one   4   0   0   4   4   ...
    every other one   0       4       0       4                             4       0       4   ...
    (1, 2, 1) / 4     0   1   3   3   1   1   3   4                         2   1   1   3   3   ...
    every other one   0       3       1       3                             2       1       3   ...

The weights along each axis are a row of Pascal's triangle divided by its sum. With several axes the
weight of a pixel is the product of its weights along each of them.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from math import comb

import numpy as np

from striate.errors import OptionError
from striate.maths.columns import (
    col2im,
    im2col,
    pad,
    pad_adjoint,
    require_padding,
    require_padding_mode,
)
from striate.maths.gradients import Gradients
from striate.maths.operands import require_derivatives, summable
from striate.maths.padding import Padding, PaddingMode, plain, whole
from striate.maths.pooling import pixel_axes
from striate.maths.windows import Axis, axes, per_axis
from striate.shapes import Array, Float, Shaped

LONGEST_WINDOW = 63
"""Most pixels of the window along an axis; its smallest weight there is 2**-62."""


def binomial(size: int) -> Float[Array, "u"]:
    r"""Return a row of Pascal's triangle, divided by its sum.

    .. math:: w_u = 2^{1-r} \binom{r-1}{u}

    It is the mean of two neighbors, repeated ``size - 1`` times.

    Parameters
    ----------
    size
        Number of weights, in pixels.

    Returns
    -------
    Array
        Weights that sum to 1.

    Raises
    ------
    OptionError
        If the size is not an integer from 1 to 63.

    Sources
    -------
    Zhang 2019.

    Examples
    --------
    >>> binomial(3), binomial(4)
    (array([0.25, 0.5 , 0.25]), array([0.125, 0.375, 0.375, 0.125]))
    """
    if not whole(size) or not 1 <= size <= LONGEST_WINDOW:
        raise OptionError(
            f"`size` must be an integer from 1 to {LONGEST_WINDOW}, got {plain(size)}. Try 3."
        )
    return np.array([comb(size - 1, u) for u in range(size)]) / 2.0 ** (size - 1)


def blur_pool(
    image: Shaped[Array, "..."],
    stride: int | Sequence[int],
    *,
    window: int | Sequence[int] | None = None,
    padding: Padding | None = None,
    padding_mode: PaddingMode = "reflect",
) -> Float[Array, "..."]:
    r"""Blur an image with binomial weights, and keep the pixels at multiples of the stride.

    .. math:: z_{i,j} = \sum_{u,v} k_u k_v \, a_{s i + u - p,\; s j + v - p}

    Parameters
    ----------
    image
        An image, or maps of images, ``[..., rows, columns]``.
    stride
        Step between neighboring windows, in pixels: one number for all axes, or one for each.
    window
        Pixels of the window; ``None`` uses ``2 * stride - 1``: 3 pixels for a stride of 2.
    padding
        Pixels added around the image, as for :func:`~striate.maths.signal.cross_correlate`;
        ``None`` adds as many as put the middle of the first window on the first pixel.
    padding_mode
        What they hold: ``"zeros"``, which darkens the edge, ``"reflect"``, ``"replicate"`` or
        ``"circular"``.

    Returns
    -------
    Array
        Weighted means; float64 for integer images.

    Raises
    ------
    ShapeError
        If the window does not fit, or the padding would repeat more pixels than the image has.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Zhang 2019.

    Examples
    --------
    Stripes two pixels wide, and the same stripes shifted by one pixel:

    >>> blur_pool(np.array([0, 0, 4, 4, 0, 0, 4, 4]), 2)
    array([0., 3., 1., 3.])
    >>> blur_pool(np.array([4, 0, 0, 4, 4, 0, 0, 4]), 2)
    array([2., 1., 3., 1.])
    """
    require_padding_mode(padding_mode)
    a = _fractional(image)
    placed = blur_axes(
        a.shape[a.ndim - pixel_axes(a.shape, "stride", stride) :], stride, window, padding
    )
    require_padding(placed, padding_mode)
    return blur(a, placed, padding_mode)


def blur_pool_backward(
    image: Shaped[Array, "..."],
    stride: int | Sequence[int],
    dz: Shaped[Array, "..."],
    *,
    window: int | Sequence[int] | None = None,
    padding: Padding | None = None,
    padding_mode: PaddingMode = "reflect",
) -> Gradients:
    r"""Sum, for each pixel, weight times derivative over the windows that contain it.

    .. math:: da_{x,y} = \sum_{s i + u - p = x,\; s j + v - p = y} k_u k_v \, dz_{i,j}

    Derivatives of padded pixels go to the pixels that they repeat.

    Parameters
    ----------
    image, stride, window, padding, padding_mode
        As given to :func:`blur_pool`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        ``dA``, and ``db`` for a bias that is added to each map; ``dW`` is ``None``.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, or the window does not fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Zhang 2019; Hagan 8.36, 8.39.

    Examples
    --------
    >>> blur_pool_backward(np.zeros(4), 2, [4, 8], padding_mode="zeros").dA
    array([2., 3., 4., 2.])
    """
    require_padding_mode(padding_mode)
    a = _fractional(image)
    rank = pixel_axes(a.shape, "stride", stride)
    placed = blur_axes(a.shape[a.ndim - rank :], stride, window, padding)
    require_padding(placed, padding_mode)
    dz = _fractional(
        require_derivatives(dz, (*a.shape[: a.ndim - rank], *(axis.output for axis in placed)))
    )
    maps = dz.ndim - rank - 1
    db = dz.sum(axis=tuple(k for k in range(dz.ndim) if k != maps))
    return Gradients(dA=blur_adjoint(dz, placed, padding_mode), dW=None, db=db)


def blur_axes(
    pixels: Sequence[int],
    stride: int | Sequence[int],
    window: int | Sequence[int] | None,
    padding: Padding | None,
    what: object = "",
) -> tuple[Axis, ...]:
    """Place the window of a blur on an image.

    Parameters
    ----------
    pixels
        Lengths of the image's axes.
    stride, window, padding
        As given to :func:`blur_pool`.
    what
        The layer, for error messages.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    ShapeError
        If the window does not fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Zhang 2019; Hagan 8.18.

    Examples
    --------
    >>> (axis,) = blur_axes((8,), 2, None, None)
    >>> axis.window, axis.before, axis.after, axis.output
    (3, 1, 1, 4)
    """
    rank = len(pixels)
    strides = per_axis(stride, rank, "stride", what)
    windows = (
        tuple(2 * s - 1 for s in strides)
        if window is None
        else per_axis(window, rank, "window", what)
    )
    if max(windows) > LONGEST_WINDOW:
        found = f"`window` must be at most {LONGEST_WINDOW} pixels, got {max(windows)}"
        if window is None:
            found += f" for stride {max(strides)}"
        remedy = "window" if window is not None else "stride, or several layers"
        raise OptionError(f"{found}. Use a smaller {remedy}.").about(what)
    if padding is None:
        padding = tuple(((r - 1) // 2, r // 2) for r in windows)
    return axes(pixels, window=windows, stride=strides, padding=padding, what=what)


def weights(axes: Sequence[Axis]) -> Float[Array, "*u"]:
    """Return the weights of a window: the products of the binomial weights along its axes.

    Parameters
    ----------
    axes
        How the window moves.

    Returns
    -------
    Array
        One weight for each pixel of the window; they sum to 1.

    Sources
    -------
    Zhang 2019.

    Examples
    --------
    >>> weights((Axis(length=5, window=2), Axis(length=5, window=3)))
    array([[0.125, 0.25 , 0.125],
           [0.125, 0.25 , 0.125]])
    """
    return reduce(np.multiply.outer, (binomial(axis.window) for axis in axes))


def blur(a: Shaped[Array, "..."], axes: Sequence[Axis], mode: PaddingMode) -> Shaped[Array, "..."]:
    """Return the weighted mean of the pixels under the window at each position.

    Parameters
    ----------
    a
        Images, with their pixels in the last axes.
    axes
        How the window moves.
    mode
        What padded pixels hold, see :func:`~striate.maths.columns.pad`.

    Returns
    -------
    Array
        Weighted means.

    Sources
    -------
    Zhang 2019.

    Examples
    --------
    >>> blur(np.array([0.0, 0.0, 4.0]), (Axis(length=3, window=3, before=1, after=1),), "reflect")
    array([0., 1., 2.])
    """
    columns, w = im2col(pad(a, axes, mode), axes), weights(axes).astype(a.dtype)
    lead = (slice(None),) * (a.ndim - len(axes))
    return reduce(np.add, (w[tap] * columns[(*lead, *tap)] for tap in _taps(axes)))


def blur_adjoint(
    dz: Shaped[Array, "..."], axes: Sequence[Axis], mode: PaddingMode
) -> Shaped[Array, "..."]:
    """Apply the adjoint of :func:`blur`: each derivative goes to the pixels under its window.

    Parameters
    ----------
    dz
        Derivatives of the weighted means.
    axes, mode
        As given to :func:`blur`.

    Returns
    -------
    Array
        Derivatives of the images.

    Sources
    -------
    Hagan 8.39.

    Examples
    --------
    >>> axis = Axis(length=3, window=3, before=1, after=1)
    >>> blur_adjoint(np.array([4.0, 0.0, 0.0]), (axis,), "reflect")
    array([2., 2., 0.])
    """
    lead, places = dz.shape[: dz.ndim - len(axes)], dz.shape[dz.ndim - len(axes) :]
    w = weights(axes).astype(dz.dtype)
    columns = w.reshape(*w.shape, *(1 for _ in axes)) * dz.reshape(
        *lead, *(1 for _ in axes), *places
    )
    return pad_adjoint(col2im(columns, axes), axes, mode)


def _taps(axes: Sequence[Axis]) -> Iterator[tuple[int, ...]]:
    """Iterate over the pixels of the window, in row order."""
    return product(*(range(axis.window) for axis in axes))


def _fractional(image: object) -> Shaped[Array, "..."]:
    """Convert to an array, and integers to float64."""
    a = summable(image)
    return a.astype(np.float64) if a.dtype.kind == "i" else a
