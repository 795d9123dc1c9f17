"""Convolution and cross-correlation of one image with one kernel, as the three texts define them.

Images have any number of axes: one (a signal), two (a picture) or three (a volume). Each function
has three forms with the same result up to rounding: ``"loops"``, the printed sum term by term;
``"windows"``, the same sum for all positions at once; and ``"fft"``, a product of spectra. The
image is padded first, then the kernel is placed wherever it fits completely, so that words such as
``"same"`` have the same meaning as in a layer.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.maths.columns import im2col, pad
from striate.maths.windows import Padding, axes
from striate.shapes import Array, Float, Shape, Shaped

Method = Literal["loops", "windows", "fft"]
"""The printed sum, the same vectorized, or a product of spectra."""


def cross_correlate(
    w: Shaped[Array, "..."],
    p: Shaped[Array, "..."],
    *,
    padding: Padding = "valid",
    method: Method = "windows",
) -> Shaped[Array, "..."]:
    r"""Place the kernel everywhere on the image and sum the products: :math:`Z = W \otimes P`.

    .. math:: z_{m,n} = \sum_{i=0}^{r-1} \sum_{j=0}^{c-1} w_{i,j} \, p_{m+i,n+j}

    This is what convolution layers compute and call convolution.

    Parameters
    ----------
    w
        Kernel, with as many axes as the image.
    p
        Image. Integers and booleans are summed as 64-bit integers.
    padding
        Zeros around the image, in pixels: ``"valid"`` none, ``"same"`` as many as keep its size,
        ``"full"`` as many as let the kernel overlap it by a single pixel, or numbers. With
        ``"same"`` and a window of even length the extra zero goes after the image (bottom, right).
    method
        ``"loops"``, ``"windows"`` or ``"fft"``.

    Returns
    -------
    z
        Sum of products at each position.

    Raises
    ------
    ShapeError
        If kernel and image differ in their number of axes, or the kernel does not fit.
    OptionError
        If there is no such method or padding.

    Sources
    -------
    Hagan 8.9, 8.10, 8.11, 8.13, fig. 8.2; Wolter 3 (corrected: the limits are the kernel's);
    Wichmann 1.6.

    Examples
    --------
    >>> image = np.arange(12).reshape(3, 4)
    >>> cross_correlate(np.ones((3, 4), int), image)
    array([[66]])
    >>> cross_correlate(np.array([[1, 2]]), image, padding="same")
    array([[ 2,  5,  8,  3],
           [14, 17, 20,  7],
           [26, 29, 32, 11]])
    """
    w, padded = _prepare(w, p, padding, "cross_correlate")
    match method:
        case "loops":
            return _printed_sum(w, padded, direction=1)
        case "windows":
            return _windows(w, padded)
        case "fft":
            return _spectra(rot180(w), padded)
        case _:
            raise _no_such_method(method)


def convolve(
    w: Shaped[Array, "..."],
    p: Shaped[Array, "..."],
    *,
    padding: Padding = "valid",
    method: Method = "windows",
) -> Shaped[Array, "..."]:
    r"""Convolve image and kernel in the sense of mathematics: :math:`Z = W * P`.

    .. math:: z_{m,n} = \sum_{i=0}^{r-1} \sum_{j=0}^{c-1} w_{i,j} \, p_{m-i,n-j}

    It is the cross-correlation with the kernel rotated by 180 degrees, under every padding. With
    ``padding="full"`` it is commutative: :math:`W * P = P * W`.

    Parameters
    ----------
    w
        Kernel, with as many axes as the image.
    p
        Image. Integers and booleans are summed as 64-bit integers.
    padding
        As in :func:`cross_correlate`: zeros around the *image*, whatever the kernel's direction. So
        ``"same"`` cuts the full convolution from pixel ``r // 2`` on, for r rows of the kernel.
    method
        ``"loops"``, ``"windows"`` or ``"fft"``.

    Returns
    -------
    z
        Sum of products at each position where the flipped kernel fits.

    Raises
    ------
    ShapeError
        If kernel and image differ in their number of axes, or the kernel does not fit.
    OptionError
        If there is no such method or padding.

    Sources
    -------
    Hagan 8.5, 8.6, 8.7, 8.8, Summary; Wolter 1 (corrected: the last term is T - 1), 2 (corrected: K
    is not transposed, and its size sets the limits); Wichmann 1.3, 1.4, 1.5, 1.7 (rotated kernel,
    2F pixels later).

    Examples
    --------
    Products of polynomials: (1 + 2x)(3 + 4x + 5x²) = 3 + 10x + 13x² + 10x³.

    >>> convolve(np.array([1, 2]), np.array([3, 4, 5]), padding="full")
    array([ 3, 10, 13, 10])
    """
    w, padded = _prepare(w, p, padding, "convolve")
    match method:
        case "loops":
            return _printed_sum(w, padded, direction=-1)
        case "windows":
            return _windows(rot180(w), padded)
        case "fft":
            return _spectra(w, padded)
        case _:
            raise _no_such_method(method)


def rot180(w: Shaped[Array, "..."], *, rank: int | None = None) -> Shaped[Array, "..."]:
    """Rotate a kernel by 180 degrees: reverse its pixel axes.

    A convolution with a kernel is the correlation with the flipped kernel, and vice versa.

    Parameters
    ----------
    w
        Kernel.
    rank
        Number of trailing axes that are pixels (2 for kernels ``[h, l, u, v]``); all by default.

    Returns
    -------
    Array
        A view.

    Sources
    -------
    Hagan 8.45, P8.1; Wichmann 1.7 (there without the offset of 2F pixels).

    Examples
    --------
    >>> rot180(np.array([[7, 8, 9], [4, 5, 6], [1, 2, 3]]))
    array([[3, 2, 1],
           [6, 5, 4],
           [9, 8, 7]])
    """
    first = 0 if rank is None else w.ndim - rank
    return np.flip(w, axis=tuple(range(first, w.ndim)))


def impulse(shape: Shape, at: Sequence[int] | None = None) -> Float[Array, "..."]:
    r"""Return the one-point image.

    .. math:: \delta_{i,j} = 1 \text{ if } i = j = 0, \text{ else } 0

    Parameters
    ----------
    shape
        Pixels along each axis.
    at
        Which pixel is 1; the origin by default.

    Returns
    -------
    Array
        Zeros and a single 1, float64.

    Raises
    ------
    ShapeError
        If there is no such pixel.

    Sources
    -------
    Hagan 8.1.

    Examples
    --------
    >>> impulse((2, 3), at=(0, 1))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    where = tuple(at) if at is not None else (0,) * len(shape)
    if len(where) != len(shape) or any(not 0 <= k < n for k, n in zip(where, shape, strict=True)):
        raise ShapeError(
            f"`at` must be a pixel of an image of shape {tuple(shape)}, counted from 0, got "
            f"{where}."
        )
    delta = np.zeros(shape)
    delta[where] = 1.0
    return delta


def impulse_response(
    f: Callable[[Array], Array], shape: Shape, at: Sequence[int] | None = None
) -> Shaped[Array, "..."]:
    r"""Apply a function to the one-point image: its point spread function.

    .. math:: w_{i,j} = \mathcal{W}(\delta_{i,j})

    Parameters
    ----------
    f
        A function from image to image.
    shape
        Pixels along each axis of the one-point image.
    at
        Which pixel is 1; by default the middle one, pixel ``n // 2``, so that a response on all
        sides is seen.

    Returns
    -------
    Array
        The whole image that the function makes.

    Raises
    ------
    ShapeError
        If there is no such pixel.

    Sources
    -------
    Hagan 8.2, P8.2.

    Examples
    --------
    A shift by one column to the right:

    >>> impulse_response(lambda p: np.roll(p, 1, axis=1), (3, 3))
    array([[0., 0., 0.],
           [0., 0., 1.],
           [0., 0., 0.]])
    """
    return f(impulse(shape, tuple(n // 2 for n in shape) if at is None else at))


def _prepare(w: Array, p: Array, padding: Padding, what: str) -> tuple[Array, Array]:
    """Return the kernel and the padded image in dtypes whose sums don't overflow early."""
    w, p = _summable(w), _summable(p)
    if w.ndim != p.ndim or w.ndim == 0:
        raise ShapeError(
            f"{what}: kernel and image must have the same number of axes, at least one, got shapes "
            f"{w.shape} and {p.shape}. Use one map of the image, or a convolution layer."
        )
    return w, pad(p, axes(p.shape, window=w.shape, padding=padding, name="kernel_size"))


def _summable(x: Array) -> Array:
    """Convert integers to 64 bits, since sums of uint8 pixels would wrap."""
    x = np.asarray(x)
    return x.astype(np.int64) if x.dtype.kind in "biu" else x


def _printed_sum(w: Array, p: Array, direction: Literal[1, -1]) -> Shaped[Array, "..."]:
    """Add up ``w[i] p[m + i]`` or ``w[i] p[m - i]``, term by term, where the kernel fits."""
    # Going down from m, the first position with all its pixels in the image is m = r - 1.
    first = [0 if direction == 1 else r - 1 for r in w.shape]
    places = tuple(n - r + 1 for n, r in zip(p.shape, w.shape, strict=True))
    z = np.zeros(places, np.result_type(w, p))
    for place in np.ndindex(places):
        for i in np.ndindex(w.shape):
            pixel = tuple(f + m + direction * k for f, m, k in zip(first, place, i, strict=True))
            z[place] += w[i] * p[pixel]
    return z


def _windows(w: Array, p: Array) -> Shaped[Array, "..."]:
    """Sum kernel times window over a view of all windows; nothing of the view's size is stored."""
    kernel_pixels = list(range(w.ndim))
    places = list(range(w.ndim, 2 * w.ndim))
    view = im2col(p, axes(p.shape, window=w.shape))
    return np.einsum(w, kernel_pixels, view, kernel_pixels + places, places)


def _spectra(w: Array, p: Array) -> Shaped[Array, "..."]:
    """Multiply spectra: a circular convolution, whose first ``r - 1`` positions wrap around."""
    pixel_axes = tuple(range(p.ndim))
    product = np.fft.rfftn(w, p.shape, pixel_axes) * np.fft.rfftn(p, p.shape, pixel_axes)
    ring = np.fft.irfftn(product, p.shape, pixel_axes)
    z = ring[tuple(slice(r - 1, None) for r in w.shape)]
    dtype = np.result_type(w, p)
    return np.rint(z).astype(dtype) if dtype.kind == "i" else z.astype(dtype)


def _no_such_method(method: str) -> OptionError:
    """Make the error for an unknown method."""
    return OptionError(
        f'method="{method}" does not exist. The three forms are "loops" (the printed sum), '
        '"windows" (vectorized) and "fft" (a product of spectra); they give the same numbers. '
        "Use one of these words."
    )
