"""Convolution as matrix multiplication, by either of two matrices.

:func:`convolution_matrix` is made of the kernel, with shared weights, and multiplies the image
written as a vector (Hagan 8.12). :func:`im2col_matrix` is made of the image and is multiplied by
the kernels, one a row (Wolter 5).
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.maths.columns import (
    col2im,
    im2col,
    pad,
    pad_adjoint,
    require_padding,
    require_padding_mode,
)
from striate.maths.impulses import require_shape
from striate.maths.operands import summable
from striate.maths.padding import PaddingMode
from striate.maths.vectors import Order, vec
from striate.maths.windows import Axis, Padding, axes
from striate.shapes import Array, Int, Shape, Shaped


def convolution_matrix(
    kernel: Shaped[Array, "*window"],
    image_shape: Shape,
    *,
    order: Order = "rows",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
) -> Shaped[Array, "places pixels"]:
    r"""Write the cross-correlation with a kernel as a matrix: the same weights in each row.

    .. math:: vec(\mathbf{W} \otimes \mathbf{P}) = \mathbf{M} \, vec(\mathbf{P})

    Its transpose backpropagates derivatives from the positions to the pixels.

    Parameters
    ----------
    kernel
        Kernel, with as many axes as the image.
    image_shape
        Pixels of the image along each axis.
    order
        In which order both vectors hold their pixels, see :func:`vec`.
    stride, dilation, padding
        How the window moves, in pixels.
    padding_mode
        What padded pixels hold, see :func:`pad`. A pixel that padding repeats may be under several
        elements of the kernel at once: then the matrix holds their sum.

    Returns
    -------
    Array
        One row for each position of the window, one column for each pixel of the image.

    Raises
    ------
    ShapeError
        If the kernel does not fit, or has a different number of axes than the image.
    OptionError
        If an option is none.

    Sources
    -------
    Hagan 8.12.

    Examples
    --------
    The 3 x 3 image and the 2 x 2 kernel of the equation, with 1, 2, 3, 4 for its weights:

    >>> convolution_matrix(np.array([[1, 3], [2, 4]]), (3, 3), order="columns")
    array([[1, 2, 0, 3, 4, 0, 0, 0, 0],
           [0, 1, 2, 0, 3, 4, 0, 0, 0],
           [0, 0, 0, 1, 2, 0, 3, 4, 0],
           [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    """
    kernel = summable(kernel)
    index, places = index_view(
        image_shape,
        kernel.shape,
        stride=stride,
        dilation=dilation,
        padding=padding,
        padding_mode=padding_mode,
    )
    matrix = np.zeros((prod(places), prod(image_shape)), kernel.dtype)
    place, tap = np.nonzero(index >= 0)
    np.add.at(matrix, (place, index[place, tap]), kernel.reshape(-1)[tap])
    return matrix[_in_order(places, image_shape, order)]


def shared_weights(
    window: Shape,
    image_shape: Shape,
    *,
    order: Order = "rows",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
) -> Int[Array, "places pixels"]:
    """Return which element of the kernel is where in :func:`convolution_matrix`.

    Parameters
    ----------
    window
        Pixels of the kernel along each axis.
    image_shape, order, stride, dilation, padding
        As for :func:`convolution_matrix`.

    Returns
    -------
    Array
        For each position and pixel, the index of the kernel's element, counted from 0 row by row;
        -1 where no weight joins the two.

    Raises
    ------
    ShapeError
        If the kernel does not fit, or has a different number of axes than the image.
    OptionError
        If an option is none.

    Sources
    -------
    Hagan 8.12.

    Examples
    --------
    >>> shared_weights((2,), (3,))
    array([[ 0,  1, -1],
           [-1,  0,  1]])
    """
    index, places = index_view(
        image_shape, window, stride=stride, dilation=dilation, padding=padding
    )
    matrix = np.full((prod(places), prod(image_shape)), -1)
    place, tap = np.nonzero(index >= 0)
    matrix[place, index[place, tap]] = tap
    return matrix[_in_order(places, image_shape, order)]


def index_view(
    image_shape: Shape,
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
) -> tuple[Int[Array, "places taps"], tuple[int, ...]]:
    """List the pixels under the window at each of its positions.

    With it, a cross-correlation is ``image.ravel()[index] @ kernel.ravel()``, written as an image
    of ``places`` again.

    Parameters
    ----------
    image_shape
        Pixels of the image along each axis.
    window
        Pixels of the window along each axis.
    stride, dilation, padding
        How the window moves, in pixels.
    padding_mode
        What padded pixels hold, see :func:`pad`.

    Returns
    -------
    index
        For each position of the window (row) and each of its pixels (column), the number of the
        image's pixel there, counted from 0 row by row; -1 for padding with zeros.
    places
        Places of the window along each axis.

    Raises
    ------
    ShapeError
        If the window does not fit, or has a different number of axes than the image.
    OptionError
        If an option is none.

    Sources
    -------
    Wolter 4, 5.

    Examples
    --------
    >>> index, (rows, columns) = index_view((3, 3), (2, 2))
    >>> index
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    walk = _walk(image_shape, window, stride, dilation, padding, padding_mode)
    return pixels_under(walk, padding_mode), tuple(axis.output for axis in walk)


def pixels_under(
    walk: Sequence[Axis], padding_mode: PaddingMode = "zeros"
) -> Int[Array, "places taps"]:
    """List the pixels under the window at each of its positions, for axes.

    Parameters
    ----------
    walk
        How the window moves.
    padding_mode
        What padded pixels hold, see :func:`pad`.

    Returns
    -------
    Array
        As from :func:`index_view`.

    Sources
    -------
    Wolter 4, 5.

    Examples
    --------
    >>> pixels_under((Axis(length=3, window=2, before=1),), "replicate")
    array([[0, 0],
           [0, 1],
           [1, 2]])
    """
    lengths = [axis.length for axis in walk]
    pixels = np.arange(prod(lengths)).reshape(lengths)
    under = im2col(pad(pixels, walk, padding_mode, value=-1.0), walk)
    return under.reshape(prod(axis.window for axis in walk), -1).T


def im2col_matrix(
    a: Shaped[Array, "l *rows"],
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
) -> Shaped[Array, "taps places"]:
    r"""Restructure one image so that a matrix product convolves it: :math:`\mathbf{v}_I`.

    .. math:: \bar{\mathbf{h}} = \mathbf{K}_f \mathbf{v}_I + \mathbf{b}

    :math:`\mathbf{K}_f` are kernels ``[h, l, u, v]`` with one row for each output map:
    ``kernels.reshape(h, -1)``.

    Parameters
    ----------
    a
        One image's feature maps ``[map, row, column]``.
    window
        Pixels of the kernels along each axis.
    stride, dilation, padding
        How the window moves, in pixels.
    padding_mode
        What padded pixels hold, see :func:`pad`.

    Returns
    -------
    Array
        One row for each map and window pixel, one column for each position.

    Raises
    ------
    ShapeError
        If the window does not fit, or has not one axis less than ``a``.
    OptionError
        If an option is none.

    Sources
    -------
    Wolter 5 (corrected: a matrix, k_i k_h k_w rows, one column for each position).

    Examples
    --------
    >>> im2col_matrix(np.arange(9).reshape(1, 3, 3), (2, 2))
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    walk = _walk(a.shape[1:], window, stride, dilation, padding, padding_mode)
    places = prod(axis.output for axis in walk)
    return im2col(pad(a, walk, padding_mode), walk).reshape(len(a) * prod(window), places)


def col2im_matrix(
    columns: Shaped[Array, "taps places"],
    image_shape: Shape,
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
) -> Shaped[Array, "l *rows"]:
    r"""Add a restructured image back to its pixels: :math:`(\cdot)_{I^{-1}}`.

    .. math:: \delta \mathbf{x} = (\mathbf{K}_f^T [f'(\bar{\mathbf{h}}) \odot \Delta]_f)_{I^{-1}}

    It is the adjoint of :func:`im2col_matrix`, not its inverse: a pixel under several windows
    receives the sum.

    Parameters
    ----------
    columns
        One row for each map and window pixel, one column for each position.
    image_shape
        Of the image's feature maps: ``(maps, rows, columns)``.
    window, stride, dilation, padding, padding_mode
        As for :func:`im2col_matrix`.

    Returns
    -------
    Array
        Feature maps.

    Raises
    ------
    ShapeError
        If the window does not fit, or ``columns`` has a different shape than :func:`im2col_matrix`
        gives.
    OptionError
        If an option is none.

    Sources
    -------
    Wolter 8 (the adjoint; not an inverse).

    Examples
    --------
    >>> col2im_matrix(np.ones((4, 4)), (1, 3, 3), (2, 2))[0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    require_shape("image_shape", image_shape)
    columns, maps = summable(columns), image_shape[0]
    walk = _walk(image_shape[1:], window, stride, dilation, padding, padding_mode)
    places = tuple(axis.output for axis in walk)
    if columns.shape != (maps * prod(window), prod(places)):
        raise ShapeError(
            f"`columns` has shape {columns.shape}, but an image of shape {tuple(image_shape)} has "
            f"{maps} * {prod(window)} pixels under a window and {prod(places)} places for it. "
            "Use the image's shape and the options that made the columns."
        )
    return pad_adjoint(col2im(columns.reshape(maps, *window, *places), walk), walk, padding_mode)


def _in_order(
    places: Shape, image_shape: Shape, order: Order
) -> tuple[Int[Array, "places one"], Int[Array, "one pixels"]]:
    """Return the index of a matrix that puts its rows and columns in the order of vectors."""
    rows, columns = (vec(np.arange(prod(n)).reshape(n), order) for n in (places, image_shape))
    return rows[:, np.newaxis], columns[np.newaxis]


def _walk(
    image_shape: Shape,
    window: Shape,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: Padding,
    padding_mode: PaddingMode = "zeros",
) -> tuple[Axis, ...]:
    """Place a window on an image, with one length for each axis."""
    require_shape("image_shape", image_shape)
    require_shape("window", window)
    if len(window) != len(image_shape):
        raise ShapeError(
            f"The window must have one length for each pixel axis of the image, got "
            f"{tuple(window)} for an image of shape {tuple(image_shape)}. "
            "Leave the axis of feature maps out of the window."
        )
    require_padding_mode(padding_mode)
    walk = axes(image_shape, window=window, stride=stride, dilation=dilation, padding=padding)
    require_padding(walk, padding_mode)
    return walk
