r"""Transposed convolution and cross-correlation, and their backward equations.

The transpose of :math:`Z = W \otimes A` is the map from dZ to dA (Hagan 8.39), applied to an image:
each pixel stamps the kernel, times its value, onto the output. It enlarges images where a
convolution with the same stride makes them smaller.
"""

from collections.abc import Sequence

from striate.maths.feature_maps import correlate, correlate_backward_a, correlate_backward_w
from striate.maths.gradients import Gradients
from striate.maths.operands import Operands, require_derivatives, transposed_operands
from striate.maths.padding import Padding
from striate.shapes import Array, Shaped


def cross_correlate_transpose(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
) -> Shaped[Array, "..."]:
    r"""Stamp the kernel onto the output at every position, times the pixel there, and add up.

    .. math:: z^{h}_{x,y} = \sum_{l} \sum_{s i + d u - p = x,\; s j + d v - p = y}
        w^{l,h}_{u,v} \, a^{l}_{i,j}

    It is what the layer ``ConvTranspose`` computes.

    Parameters
    ----------
    image
        As for :func:`~striate.maths.signal.cross_correlate`.
    kernel
        One kernel with as many axes as the image, or ``[l, h, u, v]`` for feature maps: those of
        the cross-correlation that leads from the output back to the image.
    stride, dilation, groups, padding
        Those of the cross-correlation that it transposes: the stride enlarges, the padding crops.
        ``"same"`` makes the output ``stride`` times as long as the image.
    output_padding
        Pixels added after the output: it chooses among the lengths that the cross-correlation maps
        to the same one.

    Returns
    -------
    Array
        An image, with ``h`` in the place of ``l``.

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or no pixel would be left.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.39, 8.40, 8.45 (corrected: the sum is over h); Wichmann 4.15 (corrected: zero outside
    the kernel); Wolter 8; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import numpy as np
    >>> cross_correlate_transpose(np.array([[1, 10]]), np.array([[1, 2], [3, 4]]))
    array([[ 1, 12, 20],
           [ 3, 34, 40]])
    >>> cross_correlate_transpose(np.array([1, 10]), np.array([1, 2]), stride=2)
    array([ 1,  2, 10, 20])
    """
    operands = transposed_operands(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
    )
    return _forward(operands, flip=False)


def convolve_transpose(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
) -> Shaped[Array, "..."]:
    r"""Stamp the rotated kernel onto the output: the transpose of a true convolution.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, output_padding, groups
        As for :func:`cross_correlate_transpose`.

    Returns
    -------
    Array
        An image, with ``h`` in the place of ``l``.

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or no pixel would be left.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.8, 8.39, 8.40; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import numpy as np
    >>> convolve_transpose(np.array([1, 10]), np.array([1, 2]), stride=2)
    array([ 2,  1, 20, 10])
    """
    operands = transposed_operands(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
    )
    return _forward(operands, flip=True)


def cross_correlate_transpose_backward(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
) -> Gradients:
    r"""Backpropagate from a transposed cross-correlation: ``dA`` is a cross-correlation of ``dz``.

    .. math:: da^{l}_{i,j} = \sum_{h} \sum_{u,v} w^{l,h}_{u,v} \,
        dz^{h}_{s i + d u - p,\; s j + d v - p}, \qquad
        dw^{l,h}_{u,v} = \sum_{q} \sum_{i,j} a^{l}_{i,j} \,
        dz^{h}_{s i + d u - p,\; s j + d v - p}

    Parameters
    ----------
    image, kernel, stride, dilation, padding, output_padding, groups
        As given to :func:`cross_correlate_transpose`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        As from :func:`~striate.maths.gradients.cross_correlate_backward`.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, or image and kernel don't fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.20, 8.36, 8.38, 8.47; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import numpy as np
    >>> image, kernel = np.array([1, 10]), np.array([1, 2])
    >>> dA, dW, db = cross_correlate_transpose_backward(image, kernel, [1, 0, 0, 1], stride=2)
    >>> dA, dW, int(db)
    (array([1, 2]), array([ 1, 10]), 2)
    """
    operands = transposed_operands(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
    )
    return _backward(operands, dz, flip=False)


def convolve_transpose_backward(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    dz: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
) -> Gradients:
    """Backpropagate from a transposed convolution: ``dA`` is a convolution of ``dz``.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, output_padding, groups
        As given to :func:`convolve_transpose`.
    dz
        Derivatives of the loss with respect to its result.

    Returns
    -------
    Gradients
        As from :func:`~striate.maths.gradients.cross_correlate_backward`.

    Raises
    ------
    ShapeError
        If ``dz`` does not have the shape of the result, or image and kernel don't fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.8, 8.36, 8.47; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import numpy as np
    >>> image, kernel = np.array([1, 10]), np.array([1, 2])
    >>> dA, dW, db = convolve_transpose_backward(image, kernel, [1, 0, 0, 1], stride=2)
    >>> dA, dW, int(db)
    (array([2, 1]), array([10,  1]), 2)
    """
    operands = transposed_operands(
        image,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
    )
    return _backward(operands, dz, flip=True)


def _forward(operands: Operands, *, flip: bool) -> Array:
    """Apply the backward equation of the convolution to the image."""
    z = correlate_backward_a(
        operands.w, operands.a, operands.axes, groups=operands.groups, flip=flip
    )
    return operands.without_added_axes(z)


def _backward(operands: Operands, dz: Array, *, flip: bool) -> Gradients:
    """Apply the convolution that is transposed to ``dz``, and let image and ``dz`` trade places."""
    outputs = operands.w.shape[1] * operands.groups
    shape = (len(operands.a), outputs, *(axis.length for axis in operands.axes))
    dz = require_derivatives(dz, shape[2 - operands.lead :]).reshape(shape)
    dA = correlate(
        operands.w,
        dz,
        operands.axes,
        groups=operands.groups,
        flip=flip,
        places=operands.a.shape[2:],
    )
    dW = correlate_backward_w(dz, operands.a, operands.axes, groups=operands.groups, flip=flip)
    db = dz.sum(axis=(0, *range(2, dz.ndim)))
    return Gradients(
        dA=operands.without_added_axes(dA),
        dW=dW if operands.lead else dW[0, 0],
        db=db if operands.lead else db[0],
    )
