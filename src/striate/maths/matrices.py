"""Convolution as matrix multiplication, by either of two matrices.

:func:`convolution_matrix` is made of the kernel, with shared weights, and multiplies the image
written as a vector (Hagan 8.12). :func:`im2col_matrix` is made of the image and is multiplied by
the kernels, one a row (Wolter 5).
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.maths.columns import col2im, im2col, pad, pad_adjoint
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
        How the window moves, in pixels; the padding is zeros.

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
    kernel = np.asarray(kernel)
    element = shared_weights(
        kernel.shape, image_shape, order=order, stride=stride, dilation=dilation, padding=padding
    )
    # Element -1, a weight that does not exist, finds the zero at the end.
    return np.append(kernel.reshape(-1), np.zeros(1, kernel.dtype))[element]


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
    rows, columns = (vec(np.arange(prod(n)).reshape(n), order) for n in (places, image_shape))
    return matrix[np.ix_(rows, columns)]


def index_view(
    image_shape: Shape,
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
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

    Returns
    -------
    index
        For each position of the window (row) and each of its pixels (column), the number of the
        image's pixel there, counted from 0 row by row; -1 for padding.
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
    walk = _walk(image_shape, window, stride, dilation, padding)
    pixels = np.arange(prod(image_shape)).reshape(image_shape)
    under = im2col(pad(pixels, walk, value=-1.0), walk)
    places = tuple(axis.output for axis in walk)
    return under.reshape(prod(window), prod(places)).T, places


def im2col_matrix(
    a: Shaped[Array, "l *rows"],
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
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
        How the window moves, in pixels; the padding is zeros.

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
    walk = _walk(a.shape[1:], window, stride, dilation, padding)
    places = prod(axis.output for axis in walk)
    return im2col(pad(a, walk), walk).reshape(len(a) * prod(window), places)


def col2im_matrix(
    columns: Shaped[Array, "taps places"],
    image_shape: Shape,
    window: Shape,
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
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
    window, stride, dilation, padding
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
    maps = image_shape[0]
    walk = _walk(image_shape[1:], window, stride, dilation, padding)
    places = tuple(axis.output for axis in walk)
    if columns.shape != (maps * prod(window), prod(places)):
        raise ShapeError(
            f"`columns` has shape {columns.shape}, but an image of shape {tuple(image_shape)} has "
            f"{maps} * {prod(window)} pixels under a window and {prod(places)} places for it. "
            "Use the image's shape and the options that made the columns."
        )
    return pad_adjoint(col2im(columns.reshape(maps, *window, *places), walk), walk)


def _walk(
    image_shape: Shape,
    window: Shape,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: Padding,
) -> tuple[Axis, ...]:
    """Place a window on an image, with one length for each axis."""
    if len(window) != len(image_shape):
        raise ShapeError(
            f"The window must have one length for each pixel axis of the image, got "
            f"{tuple(window)} for an image of shape {tuple(image_shape)}. "
            "Leave the axis of feature maps out of the window."
        )
    return axes(image_shape, window=window, stride=stride, dilation=dilation, padding=padding)
