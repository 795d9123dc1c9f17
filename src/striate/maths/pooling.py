r"""Pooling of images and feature maps: maximum, average, sum, and Hagan's trainable average.

The *last* axes of an image are its pixels; the axes before them, such as maps and images, are
pooled one by one. A window of one number has two pixel axes, or one for an image with one axis; a
window ``(2, 2, 2)`` has three. (So a color picture with its channels last needs ``(2, 2, 1)``.)
Windows lie side by side unless ``stride`` is smaller than the window: then they overlap.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.maths import reductions
from striate.maths.gradients import Gradients
from striate.maths.operands import require_derivatives, summable
from striate.maths.padding import Padding, several
from striate.maths.windows import Axis, axes
from striate.shapes import Array, Float, Int, Shaped

Divisor = Literal["inside", "window"]
"""What average pooling divides by at the edge: pixels on the image, or those on padding too."""


def max_pool(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Shaped[Array, "..."]:
    r"""Take the largest pixel under the window at each position.

    .. math:: z_{i,j} = \max_{u,v} a_{s i + d u - p,\; s j + d v - p}

    Padding is never the largest; a pixel that is not a number exceeds all others.

    Parameters
    ----------
    image
        An image, or maps of images, ``[..., rows, columns]``.
    window
        Pixels of the window: one number for all axes, or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image, as for :func:`~striate.maths.signal.cross_correlate`.
    ceil_mode
        Whether to include a last window that only partly fits.

    Returns
    -------
    Array
        The largest pixels, in the dtype of the image.

    Raises
    ------
    ShapeError
        If the window does not fit, or one holds no pixel of the image.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.24, 8.25; Wichmann 5.2, 5.3.

    Examples
    --------
    >>> max_pool(np.arange(16).reshape(4, 4), 2)
    array([[ 5,  7],
           [13, 15]])

    Overlapping windows of a signal:

    >>> max_pool(np.array([1, 5, 2, 4, 3]), 3, stride=1)
    array([5, 5, 4])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    reductions.require_seen("", placed)
    return reductions.window_max(a, placed).astype(np.asarray(image).dtype)


def max_pool_winners(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Int[Array, "..."]:
    r"""Return the index of each window's first largest pixel, in row order.

    .. math:: k_{i,j} = \arg\max_{u,v} a_{s i + d u - p,\; s j + d v - p}

    Parameters
    ----------
    image, window, stride, dilation, padding, ceil_mode
        As given to :func:`max_pool`.

    Returns
    -------
    Array
        Numbers from 0 to the window's pixels less one; ``np.unravel_index`` converts them to rows
        and columns of the window.

    Raises
    ------
    ShapeError
        If the window does not fit, or one holds no pixel of the image.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan E8.8; Wichmann 5.4 (corrected: the first maximum).

    Examples
    --------
    >>> max_pool_winners(np.array([[1, 3], [3, 2]]), 2)
    array([[1]])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    reductions.require_seen("", placed)
    return reductions.winners(a, placed)


def max_pool_backward(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Gradients:
    r"""Route each window's derivative to its first largest pixel.

    .. math:: da_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y}
        dz_{i,j} \, \delta_{(u,v),\, k_{i,j}}

    Parameters
    ----------
    image, window, stride, dilation, padding, ceil_mode
        As given to :func:`max_pool`.
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
    Hagan 8.36, E8.8; Wichmann 5.4 (corrected: the first maximum), 5.5 (corrected: it sums over the
    windows that contain the pixel).

    Examples
    --------
    >>> max_pool_backward(np.array([[1, 3], [3, 2]]), 2, [[7]]).dA
    array([[0, 7],
           [0, 0]])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    reductions.require_seen("", placed)
    dz = _derivatives(dz, a, placed)
    dA = reductions.route(dz, reductions.winners(a, placed), placed)
    return Gradients(dA=dA, dW=None, db=_bias(dz, placed))


def average_pool(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
    divisor: Divisor = "inside",
) -> Float[Array, "..."]:
    r"""Average the pixels under the window at each position.

    .. math:: z_{i,j} = \frac{1}{c_{i,j}} \sum_{u,v} a_{s i + d u - p,\; s j + d v - p}

    where :math:`c_{i,j}` is :math:`r c` for a window that lies on the image.

    Parameters
    ----------
    image
        An image, or maps of images, ``[..., rows, columns]``.
    window
        Pixels of the window: one number for all axes, or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image, as for :func:`~striate.maths.signal.cross_correlate`.
    ceil_mode
        Whether to include a last window that only partly fits.
    divisor
        What the sum of a window at the edge is divided by: ``"inside"``, its pixels on the image,
        or ``"window"``, its pixels on the image and the padding. What ceil mode adds never counts.

    Returns
    -------
    Array
        Means; float64 for integer images.

    Raises
    ------
    ShapeError
        If the window does not fit, or one holds no pixel of the image.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Wichmann 5.6 (corrected: with the stride); Hagan 8.22, 8.23 (with a weight of one
    divided by the pixels).

    Examples
    --------
    >>> average_pool(np.arange(16).reshape(4, 4), 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    >>> average_pool(np.array([3, 3, 3]), 3, stride=1, padding=1, divisor="window")
    array([2., 3., 2.])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    a = _fractional(a)
    return _share(placed, divisor).astype(a.dtype) * reductions.window_sum(a, placed)


def average_pool_backward(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
    divisor: Divisor = "inside",
) -> Gradients:
    r"""Sum, for each pixel, its share of the derivatives of all windows that contain it.

    .. math:: da_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y}
        \frac{dz_{i,j}}{c_{i,j}}

    Parameters
    ----------
    image, window, stride, dilation, padding, ceil_mode, divisor
        As given to :func:`average_pool`.
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
    Wichmann 5.7, 5.8 (corrected: it sums over the windows that contain the pixel); Hagan 8.36,
    P8.3.

    Examples
    --------
    >>> average_pool_backward(np.zeros((2, 4)), 2, [[4, 8]]).dA
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    dz = _fractional(_derivatives(dz, a, placed))
    dA = reductions.spread(_share(placed, divisor).astype(dz.dtype) * dz, placed)
    return Gradients(dA=dA, dW=None, db=_bias(dz, placed))


def sum_pool(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Shaped[Array, "..."]:
    r"""Sum the pixels under the window at each position.

    .. math:: z_{i,j} = \sum_{u,v} a_{s i + d u - p,\; s j + d v - p}

    It is Hagan's average pooling with weight 1, and the cross-correlation with a kernel of ones.

    Parameters
    ----------
    image
        An image, or maps of images, ``[..., rows, columns]``.
    window
        Pixels of the window: one number for all axes, or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image, as for :func:`~striate.maths.signal.cross_correlate`.
    ceil_mode
        Whether to include a last window that only partly fits.

    Returns
    -------
    Array
        Sums.

    Raises
    ------
    ShapeError
        If the window does not fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.22, 8.37 (corrected: the sum, not the average).

    Examples
    --------
    >>> sum_pool(np.arange(16).reshape(4, 4), 2)
    array([[10, 18],
           [42, 50]])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    return reductions.window_sum(a, placed)


def sum_pool_backward(
    image: Shaped[Array, "..."],
    window: int | Sequence[int],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Gradients:
    r"""Sum, for each pixel, the derivatives of all windows that contain it.

    .. math:: da_{x,y} = \sum_{s i + d u - p = x,\; s j + d v - p = y} dz_{i,j}

    Parameters
    ----------
    image, window, stride, dilation, padding, ceil_mode
        As given to :func:`sum_pool`.
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
    Hagan 8.36, P8.3 (with weight 1).

    Examples
    --------
    Three overlapping windows of a signal:

    >>> sum_pool_backward(np.zeros(4), 2, [1, 10, 100], stride=1).dA
    array([  1,  11, 110, 100])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    dz = _derivatives(dz, a, placed)
    return Gradients(dA=reductions.spread(dz, placed), dW=None, db=_bias(dz, placed))


def trainable_average_pool(
    image: Shaped[Array, "..."],
    weight: float | Shaped[Array, "..."],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Shaped[Array, "..."]:
    r"""Sum the pixels under the window, and multiply by a weight: Hagan's average pooling.

    .. math:: z^{h}_{i,j} = \left\{ \sum_{u,v}
        a^{h}_{s i + d u - p,\; s j + d v - p} \right\} w^{h}

    It is a mean only if the weight is one divided by the pixels of the window.

    Parameters
    ----------
    image
        An image, or maps of images, ``[..., rows, columns]``.
    weight
        One number, or one for each map: the axis before the pixels.
    window
        Pixels of the window: one number for all axes, or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image, as for :func:`~striate.maths.signal.cross_correlate`.
    ceil_mode
        Whether to include a last window that only partly fits.

    Returns
    -------
    Array
        Weighted sums.

    Raises
    ------
    ShapeError
        If the window does not fit, or there is not one weight for each map.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.22, 8.23.

    Examples
    --------
    >>> trainable_average_pool(np.arange(16).reshape(4, 4), 0.25, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    return _weight(weight, a, placed) * reductions.window_sum(a, placed)


def trainable_average_pool_backward(
    image: Shaped[Array, "..."],
    weight: float | Shaped[Array, "..."],
    window: int | Sequence[int],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Gradients:
    r"""Backpropagate from Hagan's average pooling to its image, its weights, and a bias.

    .. math:: da^{h}_{x,y} = w^{h} \sum_{s i + d u - p = x,\; s j + d v - p = y} dz^{h}_{i,j},
        \qquad dw^{h} = \sum_{q} \sum_{i,j} dz^{h}_{i,j}
        \sum_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

    Parameters
    ----------
    image, weight, window, stride, dilation, padding, ceil_mode
        As given to :func:`trainable_average_pool`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        ``dA``; ``dW`` in the shape of ``weight``; and ``db`` for a bias that is added to each map.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, the window does not fit, or there is not
        one weight for each map.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.36, P8.3, P8.4.

    Examples
    --------
    >>> image = np.array([[1, 2, 3, 4]])
    >>> dA, dW, db = trainable_average_pool_backward(image, 0.5, (1, 2), [[2, 4]])
    >>> dA, float(dW), int(db)
    (array([[1., 1., 2., 2.]]), 34.0, 6)
    """
    a, placed = _place(image, window, stride, dilation, padding, ceil_mode)
    dz = _derivatives(dz, a, placed)
    dA = _weight(weight, a, placed) * reductions.spread(dz, placed)
    products = dz * reductions.window_sum(a, placed)
    dW = products.sum() if np.ndim(weight) == 0 else _bias(products, placed)
    return Gradients(dA=dA, dW=dW, db=_bias(dz, placed))


def pixel_axes(shape: Sequence[int], name: str, value: int | Sequence[int]) -> int:
    """Return the number of pixel axes that an option with one number for each of them implies.

    Parameters
    ----------
    shape
        Of the image.
    name, value
        The option. A single number is for two axes, or for the only axis of the image.

    Returns
    -------
    int

    Raises
    ------
    ShapeError
        If the image has fewer axes.

    Sources
    -------
    Hagan 8.22.

    Examples
    --------
    >>> pixel_axes((3, 8, 8), "window", 2), pixel_axes((8,), "window", 2)
    (2, 1)
    """
    rank = len(several(value, min(max(len(shape), 1), 2)))
    if not 1 <= rank <= len(shape):
        raise ShapeError(
            f"`{name}` has {rank} pixel {'axis' if rank == 1 else 'axes'}, but `image` has shape "
            f"{tuple(shape)}. Pixels are the last axes of an image: use an image with at least "
            f"{rank} {'axis' if rank == 1 else 'axes'}."
        )
    return rank


def _place(
    image: Array,
    window: int | Sequence[int],
    stride: int | Sequence[int] | None,
    dilation: int | Sequence[int],
    padding: Padding,
    ceil_mode: bool,
) -> tuple[Array, tuple[Axis, ...]]:
    """Return the image with dtype for sums, and how the window moves over its last axes."""
    a = summable(image)
    rank = pixel_axes(a.shape, "window", window)
    placed = axes(
        a.shape[a.ndim - rank :],
        window=window,
        stride=window if stride is None else stride,
        dilation=dilation,
        padding=padding,
        ceil_mode=ceil_mode,
    )
    return a, placed


def _derivatives(dz: Array, a: Array, placed: Sequence[Axis]) -> Array:
    """Return ``dz``, with the shape of the pooled image."""
    lead = a.shape[: a.ndim - len(placed)]
    return require_derivatives(dz, (*lead, *(axis.output for axis in placed)))


def _fractional(x: Array) -> Array:
    """Convert integers to float64."""
    return x.astype(np.float64) if x.dtype.kind == "i" else x


def _share(placed: Sequence[Axis], divisor: Divisor) -> Float[Array, "*i"]:
    """Return one divided by the pixels of each window."""
    if divisor not in ("inside", "window"):
        raise OptionError(f'`divisor` must be "inside" or "window", got {divisor!r}. Try "inside".')
    if divisor == "inside":
        reductions.require_seen("", placed)
    return reductions.shares(placed, padding=divisor == "window")


def _weight(weight: float | Array, a: Array, placed: Sequence[Axis]) -> Array:
    """Return the weights with an axis of length 1 for each pixel axis."""
    w, rank = summable(weight), len(placed)
    maps = a.shape[: a.ndim - rank][-1:]
    if w.shape not in ((), maps):
        expected = f"one number for each map, shape {maps}" if maps else "a single number"
        raise ShapeError(
            f"`weight` has shape {w.shape}, but an image of shape {a.shape} needs {expected} "
            "(Hagan 8.22)."
        )
    if w.ndim == 0 and a.dtype.kind == "f":
        return w.astype(a.dtype)  # a Python number doesn't make float32 images float64
    return w.reshape(*w.shape, *(1 for _ in placed))


def _bias(dz: Array, placed: Sequence[Axis]) -> Any:
    """Sum derivatives over everything except the maps: without maps, a single number."""
    maps = dz.ndim - len(placed) - 1
    return dz.sum(axis=tuple(k for k in range(dz.ndim) if k != maps))
