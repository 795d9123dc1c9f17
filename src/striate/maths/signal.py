r"""Convolution and cross-correlation, as the three texts define them.

Images have one axis (a signal), two (a picture) or three (a volume); the same functions accept
feature maps and batches of them. Each function has three forms with the same result up to rounding:
``"loops"``, the printed sum term by term; ``"windows"``, the same sum for all positions at once;
and ``"fft"``, a product of spectra. The image is padded first, then the kernel is placed wherever
it fits completely, so that words such as ``"same"`` have the same meaning as in a layer.

=================================  =================================  ====================
image                              kernel                             result
=================================  =================================  ====================
``[*x]``, one to three axes        ``[*u]``, the same number          ``[*i]``
``[l, *x]``, feature maps          ``[h, l, *u]``                     ``[h, *i]``
``[q, l, rows, columns]``          ``[h, l, u, v]``                   ``[q, h, i, j]``
``[q, l, planes, rows, columns]``  ``[h, l, u, v, w]``                ``[q, h, i, j, k]``
=================================  =================================  ====================

An image and a kernel of three axes each are a volume and its kernel. For a batch of signals, which
would look the same, add an axis of one row to both.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from striate.errors import OptionError
from striate.maths.columns import im2col
from striate.maths.feature_maps import correlate, grouped, oriented, split
from striate.maths.operands import Operands, operands_of
from striate.maths.padding import Padding, PaddingMode
from striate.shapes import Array, Shaped

Method = Literal["loops", "windows", "fft"]
"""The printed sum, the same vectorized, or a product of spectra."""


def cross_correlate(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
    groups: int = 1,
    method: Method = "windows",
) -> Shaped[Array, "..."]:
    r"""Place the kernel everywhere on the image and sum the products: :math:`Z = W \otimes P`.

    .. math:: z^h_{i,j} = \sum_{l} \sum_{u=0}^{r-1} \sum_{v=0}^{c-1} w^{h,l}_{u,v} \,
        p^l_{s i + d u,\; s j + d v}

    This is what convolution layers compute and call convolution.

    Parameters
    ----------
    image
        One image, its feature maps ``[l, rows, columns]``, or a batch ``[q, l, rows, columns]``;
        with one or three pixel axes accordingly. Integers and booleans are summed as 64-bit
        integers.
    kernel
        One kernel with as many axes as the image, or ``[h, l, u, v]`` for feature maps.
    stride
        Step between neighboring positions of the kernel, in pixels: one number for all pixel axes,
        or one for each.
    dilation
        Distance in pixels from one kernel pixel to the next; 1 leaves no gaps.
    padding
        Pixels added around the image: ``"valid"`` none, ``"same"`` for one output pixel per stride,
        ``"full"`` so that a single pixel of the kernel overlaps the image, or numbers: one for all
        sides, one for each axis, or ``(before, after)`` for each axis. With ``"same"``, an odd
        number of added pixels has the extra one after the image (bottom, right).
    padding_mode
        What the added pixels hold: ``"zeros"``, ``"reflect"`` (the image mirrored at its edge
        pixel), ``"replicate"`` (the edge pixel) or ``"circular"`` (the image's other side).
    groups
        Number of groups of maps that are correlated separately; the kernels of a group have
        ``l / groups`` input maps.
    method
        ``"loops"``, ``"windows"`` or ``"fft"``. For kernels of more than about 7 x 7 pixels,
        ``"fft"`` is the fastest.

    Returns
    -------
    Array
        Sum of products at each position.

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or the kernel does not fit. A kernel that is larger
        than the image, which usually means that the two were swapped, is accepted only with
        ``padding="full"`` or enough pixels of padding.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.9, 8.10, 8.11, 8.13, 8.20, 8.21, fig. 8.2, fig. 8.3; Wolter 3 (corrected: the limits are
    the kernel's); Wichmann 1.6.

    Examples
    --------
    >>> image = np.arange(12).reshape(3, 4)
    >>> cross_correlate(image, np.ones((3, 4), int))
    array([[66]])
    >>> cross_correlate(image, np.array([[1, 2]]), padding="same")
    array([[ 2,  5,  8,  3],
           [14, 17, 20,  7],
           [26, 29, 32, 11]])

    Hagan's figure 8.3, a 2 x 2 kernel with stride 2:

    >>> cross_correlate(np.arange(16).reshape(4, 4), np.ones((2, 2), int), stride=2)
    array([[10, 18],
           [42, 50]])

    Two feature maps and three kernels for each, as in Wolter's figure:

    >>> cross_correlate(np.zeros((2, 5, 5)), np.zeros((3, 2, 3, 3))).shape
    (3, 3, 3)
    """
    operands = operands_of(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        padding_mode=padding_mode,
        groups=groups,
    )
    return _computed(operands, method, flip=False)


def convolve(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
    groups: int = 1,
    method: Method = "windows",
) -> Shaped[Array, "..."]:
    r"""Convolve image and kernel in the sense of mathematics: :math:`Z = W * P`.

    .. math:: z_{m,n} = \sum_{i=0}^{r-1} \sum_{j=0}^{c-1} w_{i,j} \, p_{m-i,n-j}

    It is the cross-correlation with the kernel rotated by 180 degrees, under every padding. With
    ``padding="full"`` it is commutative: :math:`W * P = P * W`.

    Parameters
    ----------
    image, kernel, stride, dilation, padding_mode, groups, method
        As for :func:`cross_correlate`.
    padding
        As for :func:`cross_correlate`: pixels around the *image*, whatever the direction of the
        kernel. So ``"same"`` cuts the full convolution from pixel ``r // 2`` on, for r rows of the
        kernel.

    Returns
    -------
    Array
        Sum of products at each position where the rotated kernel fits.

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or the kernel does not fit. A kernel that is larger
        than the image, which usually means that the two were swapped, is accepted only with
        ``padding="full"`` or enough pixels of padding.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.5, 8.6, 8.7, 8.8, Summary; Wolter 1 (corrected: the last term is T - 1), 2 (corrected: K
    is not transposed, and its size sets the limits); Wichmann 1.3, 1.4, 1.5, 1.7 (rotated kernel,
    2F pixels later).

    Examples
    --------
    Products of polynomials: (3 + 4x + 5x²)(1 + 2x) = 3 + 10x + 13x² + 10x³.

    >>> convolve(np.array([3, 4, 5]), np.array([1, 2]), padding="full")
    array([ 3, 10, 13, 10])

    With an impulse for an image, the result is the kernel:

    >>> convolve(np.array([0, 0, 1, 0, 0]), np.array([1, 2, 3]), padding="same")
    array([0, 1, 2, 3, 0])
    """
    operands = operands_of(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        padding_mode=padding_mode,
        groups=groups,
    )
    return _computed(operands, method, flip=True)


def rot180(w: Shaped[Array, "..."], *, rank: int | None = None) -> Shaped[Array, "..."]:
    """Rotate a kernel by 180 degrees: reverse its pixel axes.

    A convolution with a kernel is the correlation with the rotated kernel, and vice versa.

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
    w = np.asarray(w)
    first = 0 if rank is None else w.ndim - rank
    return np.flip(w, axis=tuple(range(first, w.ndim)))


def _computed(operands: Operands, method: Method, *, flip: bool) -> Shaped[Array, "..."]:
    """Compute the sum of products in one of the three forms."""
    match method:
        case "loops":
            z = _printed_sum(operands, flip=flip)
        case "windows":
            z = _windows(operands, flip=flip)
        case "fft":
            z = _spectra(operands, flip=flip)
        case _:
            raise OptionError(
                f'`method` must be "loops" (the printed sum), "windows" (vectorized) or "fft" (a '
                f'product of spectra), got "{method}". All three give the same numbers.'
            )
    return operands.without_added_axes(z)


def _printed_sum(operands: Operands, *, flip: bool) -> Shaped[Array, "q h *i"]:
    """Add up ``w[u] p[s m + d u]`` or ``w[u] p[s m - d u]``, term by term, where the kernel fits.

    Going down from m, the first position with all its pixels in the image is the kernel's last
    pixel, ``d (r - 1)``.
    """
    w, p = operands.w, operands.padded
    z = np.zeros((len(p), len(w), *(x.output for x in operands.axes)), np.result_type(w, p))
    outputs, incoming = len(w) // operands.groups, w.shape[1]
    for q, h, *position in np.ndindex(z.shape):
        for k, *tap in np.ndindex(w.shape[1:]):
            l = h // outputs * incoming + k
            pixel = tuple(
                x.stride * m + (x.reach - 1 - x.dilation * u if flip else x.dilation * u)
                for x, m, u in zip(operands.axes, position, tap, strict=True)
            )
            z[(q, h, *position)] += w[(h, k, *tap)] * p[(q, l, *pixel)]
    return z


def _windows(operands: Operands, *, flip: bool) -> Shaped[Array, "q h *i"]:
    """Sum kernel times window over a view of all windows.

    For feature maps, a matrix product needs a copy of the view. A single image can be much larger
    than feature maps are, and its kernel too: there, nothing of the view's size is stored.
    """
    if operands.lead:
        return correlate(
            operands.w,
            operands.a,
            operands.axes,
            groups=operands.groups,
            mode=operands.mode,
            flip=flip,
        )
    rank = len(operands.axes)
    taps, positions = list(range(rank)), list(range(rank, 2 * rank))
    view = im2col(operands.padded, operands.axes)[0, 0]
    kernel = oriented(operands.w, flip=flip)[0, 0]
    return np.einsum(kernel, taps, view, taps + positions, positions)[np.newaxis, np.newaxis]


def _spectra(operands: Operands, *, flip: bool) -> Shaped[Array, "q h *i"]:
    """Multiply spectra: a circular convolution, whose first ``reach - 1`` positions wrap around."""
    axes, p = operands.axes, operands.padded
    # A kernel with gaps is a larger kernel with zeros in the gaps. The product of spectra is a
    # convolution, so it takes the rotated kernel for a correlation.
    w = np.zeros((*operands.w.shape[:2], *(x.reach for x in axes)), operands.w.dtype)
    w[(..., *(slice(None, None, x.dilation) for x in axes))] = oriented(operands.w, flip=not flip)
    dtype, shape, pixel_axes = np.result_type(w, p), p.shape[2:], tuple(range(2, p.ndim))
    if dtype.kind == "c":
        forward, inverse = np.fft.fftn, np.fft.ifftn
    else:
        forward, inverse = np.fft.rfftn, np.fft.irfftn
    kernels = grouped(forward(w, shape, pixel_axes), operands.groups, flip=False)
    images = split(forward(p, shape, pixel_axes), operands.groups)
    spectra = np.einsum("ghk...,qgk...->qgh...", kernels, images)
    ring = inverse(spectra.reshape(len(p), len(w), *spectra.shape[3:]), shape, pixel_axes)
    z = ring[(..., *(slice(x.reach - 1, None, x.stride) for x in axes))]
    return np.rint(z).astype(dtype) if dtype.kind == "i" else z.astype(dtype)
