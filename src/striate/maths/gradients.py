r"""The backward equations of convolution and cross-correlation, for the forms of ``signal``.

A loss F depends on an image and a kernel through :math:`Z = W \otimes A`, or through
:math:`N = Z + b`. Given :math:`dZ = \partial F / \partial Z` (and :math:`dN = dZ`), the functions
return the derivatives of F with respect to all three.
"""

from collections.abc import Sequence
from typing import NamedTuple

from striate.maths.feature_maps import correlate_backward_a, correlate_backward_w
from striate.maths.operands import Operands, operands_of, require_derivatives
from striate.maths.padding import Padding, PaddingMode
from striate.shapes import Array, Shaped


class Gradients(NamedTuple):
    """The derivatives of a loss with respect to an image, its weights, and its bias.

    Sources
    -------
    Hagan 8.28.
    """

    dA: Shaped[Array, "..."]
    """Derivatives with respect to the image, in its shape."""
    dW: Shaped[Array, "..."] | None
    """Derivatives with respect to the kernel or weight; ``None`` for pooling without weights."""
    db: Shaped[Array, "..."]
    """Derivatives with respect to a bias that is added to each output map: their sums."""


def cross_correlate_backward(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
    groups: int = 1,
) -> Gradients:
    r"""Backpropagate from a cross-correlation to its image, its kernel, and a bias.

    .. math:: da^{l}_{x,y} = \sum_{h} \sum_{s i + d u - p = x,\; s j + d v - p = y}
        w^{h,l}_{u,v} \, dz^{h}_{i,j}

    .. math:: dw^{h,l}_{u,v} = \sum_{q} \sum_{i,j}
        dz^{h}_{i,j} \, a^{l}_{s i + d u - p,\; s j + d v - p}, \qquad
        db^h = \sum_{q} \sum_{i,j} dz^h_{i,j}

    Parameters
    ----------
    image, kernel, stride, dilation, padding, padding_mode, groups
        As given to :func:`~striate.maths.signal.cross_correlate`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        ``dA`` and ``dW`` in the shapes of image and kernel; ``db`` with one number for each output
        map, or a single one for one image with one kernel.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, or image and kernel don't fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.36, 8.39-8.48 (corrected: h runs over the maps of layer m, also in 8.45; 8.44, 8.46,
    8.47 with lw and dlz for w and dz; zero outside dLZ); Wichmann 4.7, 4.8, 4.15 (corrected: zero
    outside the kernel); Wolter 7, 8.

    Examples
    --------
    >>> import numpy as np
    >>> image, kernel = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 10]])
    >>> dA, dW, db = cross_correlate_backward(image, kernel, np.array([[1, 0], [0, 2]]))
    >>> dA
    array([[ 1, 10,  0],
           [ 0,  2, 20]])
    >>> dW, int(db)
    (array([[11, 14]]), 3)
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
    return _backward(operands, dz, flip=False)


def convolve_backward(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    padding_mode: PaddingMode = "zeros",
    groups: int = 1,
) -> Gradients:
    r"""Backpropagate from a convolution to its image, its kernel, and a bias.

    With stride 1 and without padding, ``dA`` is the full cross-correlation of ``dz`` with the
    kernel: the rotation of 8.45 and that of the convolution cancel.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, padding_mode, groups
        As given to :func:`~striate.maths.signal.convolve`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        As from :func:`cross_correlate_backward`.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, or image and kernel don't fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.8, 8.36, 8.41, 8.47.

    Examples
    --------
    >>> import numpy as np
    >>> image, kernel = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 10]])
    >>> dA, dW, db = convolve_backward(image, kernel, np.array([[1, 0], [0, 2]]))
    >>> dA
    array([[10,  1,  0],
           [ 0, 20,  2]])
    >>> dW, int(db)
    (array([[14, 11]]), 3)
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
    return _backward(operands, dz, flip=True)


def _backward(operands: Operands, dz: Array, *, flip: bool) -> Gradients:
    """Compute all three derivatives for images and kernels with all axes."""
    shape = (len(operands.a), len(operands.w), *(axis.output for axis in operands.axes))
    dz = require_derivatives(dz, shape[2 - operands.lead :]).reshape(shape)
    dA = correlate_backward_a(
        operands.w, dz, operands.axes, groups=operands.groups, mode=operands.mode, flip=flip
    )
    dW = correlate_backward_w(
        operands.a, dz, operands.axes, groups=operands.groups, mode=operands.mode, flip=flip
    )
    db = dz.sum(axis=(0, *range(2, dz.ndim)))
    return Gradients(
        dA=operands.without_added_axes(dA),
        dW=dW if operands.lead else dW[0, 0],
        db=db if operands.lead else db[0],
    )
