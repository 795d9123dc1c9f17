"""The public layers, written by tools/write_stubs.py from the kinds: do not edit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from striate.functions.base import NetInputFunction, TransferFunction
from striate.functions.initializer.base import Initializer
from striate.graph.layer import Layer, Node
from striate.shapes import Array

CONSTRUCTORS: Mapping[str, Callable[..., Layer]]

def Activation(
    activation: str | TransferFunction,
    *,
    name: str | None = None,
) -> Layer:
    """Apply a transfer function, and nothing else.

    Parameters
    ----------
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If the transfer function is unknown.

    Sources
    -------
    Hagan 8.51.

    Examples
    --------
    >>> Activation("relu")
    Activation("relu")
    """

def Input(
    shape: tuple[int, ...],
    *,
    channels: Literal["last", "first"] = "last",
    name: str | None = None,
) -> Node:
    """Start a network with the shape of one image.

    Parameters
    ----------
    shape
        ``(rows, columns, channels)``, or ``(features,)``.
    channels
        Which axis of ``shape`` holds the channels, ``"last"`` or ``"first"``; the network's arrays
        have the same order.
    name
        Name of the input; ``input`` by default.

    Returns
    -------
    Node

    Raises
    ------
    ShapeError
        If ``shape`` is not the shape of an image.
    OptionError
        If ``channels`` is neither ``"last"`` nor ``"first"``.
    GraphError
        If ``name`` is not a valid name.

    Examples
    --------
    >>> Input((32, 32, 3)).shape
    (3, 32, 32)
    """

def AdaptiveAveragePool(
    size: int | tuple[int, ...],
    *,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    r"""Adaptive average pooling: an output of a fixed size, for images of any size.

    Of :math:`S` windows along :math:`R` pixels, number :math:`i` goes from
    :math:`\lfloor iR/S \rfloor` to before :math:`\lceil (i+1)R/S \rceil`.

    Parameters
    ----------
    size
        Pixels of the output, one number for all axes or one for each.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Wichmann 5.6 (with windows that follow the image); He et al. 2014.

    Examples
    --------
    >>> AdaptiveAveragePool(7)
    AdaptiveAveragePool(7)
    """

def Add(
    *,
    bias: Literal["tied", "untied"] | None = None,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Sum of the incoming layers and a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one for each map; ``"untied"``: one for each pixel of each map; ``None``: none.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.32-8.37; Wichmann 4.1 (corrected: Z includes the bias); Wolter 7 (corrected: its bias is
    untied).

    Examples
    --------
    >>> Add(activation="relu")
    Add(activation="relu")
    """

def AveragePool(
    window: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] | None = None,
    dilation: int | tuple[int, ...] = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    ceil_mode: bool = False,
    divisor: Literal["inside", "window"] = "inside",
    trainable: bool = False,
    bias: Literal["tied", "untied"] | None = None,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Average pooling: each output pixel is the mean of a window.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`).
    ceil_mode
        Whether to include a last window that only partly fits.
    divisor
        What the sum of a window at the edge is divided by: ``"inside"``, its pixels on the image,
        or ``"window"``, its pixels on the image and the padding. What ceil mode adds never counts.
    trainable
        Whether each map has a trainable weight, which multiplies the window's sum (Hagan 8.22).
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Wichmann 5.6-5.8 (corrected: 5.6 with the stride, 5.8 sums over the windows that contain the
    pixel); Hagan 8.22, 8.23.
    Hagan 8.22, 8.23, P8.3, P8.4; LeCun 1998 (subsampling layers).

    Examples
    --------
    >>> AveragePool(2)
    AveragePool(2)
    """

def BatchNorm(
    *,
    momentum: float = 0.1,
    epsilon: float = 1e-05,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Normalize each map over images and pixels; each map has a gain and an offset.

    Parameters
    ----------
    momentum
        Weight of the new batch in the running statistics, from 0 to 1, as in PyTorch. In ONNX and
        Keras, momentum is the weight of the old statistics.
    epsilon
        Added to the variance; above 0.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    >>> BatchNorm(activation="relu")
    BatchNorm(activation="relu")
    """

def BlurPool(
    stride: int | tuple[int, ...],
    *,
    window: int | tuple[int, ...] | None = None,
    padding: Literal["valid", "same", "full"]
    | int
    | tuple[int | tuple[int, int], ...]
    | None = None,
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "reflect",
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Blur pooling: each output pixel is a weighted mean of a window, with binomial weights.

    It replaces a stride: ``MaxPool(2, stride=1)`` and ``BlurPool(2)`` take the place of
    ``MaxPool(2)``, and a convolution with stride 1 and ``BlurPool(2)`` that of one with stride 2.
    The output has the same size, and changes less when the image is shifted by one pixel.

    Parameters
    ----------
    stride
        Step between neighboring windows, in pixels: 2 halves the image.
    window
        Pixels of the window; ``None`` uses ``2 * stride - 1``, which is 3 for a stride of 2, with
        the weights 1/4, 1/2, 1/4.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`); ``None`` adds as many
        as put the middle of the first window on the first pixel.
    padding_mode
        What padded pixels hold: ``"zeros"``, which darkens the edge of the image, ``"reflect"``,
        ``"replicate"`` or ``"circular"``.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Zhang 2019; Hagan 8.22 (with binomial weights).

    Examples
    --------
    >>> BlurPool(2)
    BlurPool(2)
    """

def Concatenate(
    *,
    bias: Literal["tied", "untied"] | None = None,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Concatenation of the incoming layers along the map axis, plus a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one for each map; ``"untied"``: one for each pixel of each map; ``None``: none.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.32 (with layers side by side in place of their sum); Ronneberger et al. 2015.

    Examples
    --------
    >>> Concatenate()
    Concatenate()
    """

def Conv(
    feature_maps: int,
    kernel_size: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] = 1,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
    flip: bool = False,
    bias: Literal["tied", "untied"] | None = "tied",
    net_input: str | NetInputFunction = "sum",
    activation: str | TransferFunction = "linear",
    initializer: str | Initializer | Array | Sequence[Any] | None = None,
    name: str | None = None,
) -> Layer:
    """Convolution over one, two or three pixel axes.

    Parameters
    ----------
    feature_maps
        Number of output maps; each has a kernel for every input map of its group.
    kernel_size
        Pixels of the kernel: one number for all axes, or one for each.
    stride
        Step between neighboring positions of the kernel, in pixels.
    dilation
        Distance in pixels from one kernel pixel to the next; 1 leaves no gaps.
    groups
        Number of groups of maps that are convolved separately; with one group for each input map
        it is a depthwise convolution.
    padding
        ``"valid"``, ``"same"``, ``"full"``, or numbers of pixels
        (:data:`striate.maths.padding.Padding`).
    padding_mode
        What padded pixels hold: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    flip
        Whether to rotate the kernel by 180 degrees first: a true convolution.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.
    net_input
        How weight function and bias are joined: ``"sum"`` or ``"product"``.
    activation
        The transfer function or its name.
    initializer
        Start values of the weights: a name, an initializer, or an array of weights; by default the initializer that suits the transfer function.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.20, 8.21, 8.38-8.48; Wichmann 3.1, 4.1-4.15 (corrected: Z includes the bias, height
    first, limits of the output, zero outside the kernel); Wolter 5-8.

    Examples
    --------
    >>> Conv(6, 5, activation="tanh")
    Conv(6, 5, activation="tanh")
    """

def ConvTranspose(
    feature_maps: int,
    kernel_size: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] = 1,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    output_padding: int | tuple[int, ...] = 0,
    flip: bool = False,
    bias: Literal["tied", "untied"] | None = "tied",
    net_input: str | NetInputFunction = "sum",
    activation: str | TransferFunction = "linear",
    initializer: str | Initializer | Array | Sequence[Any] | None = None,
    name: str | None = None,
) -> Layer:
    """Transposed convolution over one, two or three pixel axes.

    Kernels are ``w[input map, output map of the group, *window]``: those of the convolution that
    leads from the output back to the input.

    Parameters
    ----------
    feature_maps
        Output maps.
    kernel_size
        Pixels of the kernel: one number for all axes, or one for each.
    stride
        Those of the convolution that it transposes: the stride enlarges, the padding crops.
    dilation
        Those of the convolution that it transposes: the stride enlarges, the padding crops.
    groups
        Those of the convolution that it transposes: the stride enlarges, the padding crops.
    padding
        Those of the convolution that it transposes: the stride enlarges, the padding crops.
    output_padding
        Pixels added after the output: it chooses among the lengths that the convolution would map
        to the same one.
    flip
        Whether it transposes a true convolution.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.
    net_input
        How weight function and bias are joined: ``"sum"`` or ``"product"``.
    activation
        The transfer function or its name.
    initializer
        Start values of the weights: a name, an initializer, or an array of weights; by default the initializer that suits the transfer function.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.39-8.45; Wichmann 4.12-4.15; Wolter 8; Dumoulin and Visin 2016.

    Examples
    --------
    >>> ConvTranspose(6, 2, stride=2)
    ConvTranspose(6, 2, stride=2)
    """

def Dense(
    neurons: int,
    *,
    bias: Literal["tied", "untied"] | None = "tied",
    net_input: str | NetInputFunction = "sum",
    activation: str | TransferFunction = "linear",
    initializer: str | Initializer | Array | Sequence[Any] | None = None,
    name: str | None = None,
) -> Layer:
    """Dense layer: the product of a weight matrix with a vector.

    Parameters
    ----------
    neurons
        Outputs: one row of weights for each.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.
    net_input
        How weight function and bias are joined: ``"sum"`` or ``"product"``.
    activation
        The transfer function or its name.
    initializer
        Start values of the weights: a name, an initializer, or an array of weights; by default the initializer that suits the transfer function.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.12 (the convolution as such a product), fig. 8.11; Wichmann 3.5; Wolter 5.

    Examples
    --------
    >>> Dense(10, activation="softmax")
    Dense(10, activation="softmax")
    """

def Dropout(
    rate: float = 0.5,
    *,
    spatial: bool = False,
    name: str | None = None,
) -> Layer:
    """Dropout: in training, random activations are set to 0 and the others scaled up.

    Parameters
    ----------
    rate
        Fraction of the activations that are dropped, at least 0 and below 1.
    spatial
        Whether to drop whole maps instead of single pixels: neighboring pixels are strongly
        correlated.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Srivastava et al. 2014; Tompson et al. 2015; Salmon et al. 2011.

    Examples
    --------
    >>> Dropout(0.25)
    Dropout(0.25)
    """

def Flatten(
    order: Literal["rows", "columns"] = "rows",
    *,
    name: str | None = None,
) -> Layer:
    """Flattening: feature maps become one vector, map by map.

    Parameters
    ----------
    order
        ``"rows"``: (map, row, column), the last axis fastest, as in PyTorch and ONNX.
        ``"columns"``: (map, column, row), the columns of each map stacked, as in Hagan 8.26: the
        first pixel axis fastest.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.26, fig. 8.11; Wichmann 3.3.

    Examples
    --------
    >>> Flatten("columns")
    Flatten("columns")
    """

def GlobalAveragePool(
    *,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Global average pooling: the mean of each map, for images of any size.

    Parameters
    ----------
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.37 (there the sum); Lin et al. 2014.

    Examples
    --------
    >>> GlobalAveragePool()
    GlobalAveragePool()
    """

def GlobalMaxPool(
    *,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Global max pooling: the largest pixel of each map, for images of any size.

    Of equal pixels the first in row order takes the derivative.

    Parameters
    ----------
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.24 (with a window as large as the map); Wichmann 5.2-5.5 (corrected: 5.4 takes the
    first maximum, 5.5 sums over the windows that contain the pixel).

    Examples
    --------
    >>> GlobalMaxPool()
    GlobalMaxPool()
    """

def GroupNorm(
    groups: int,
    *,
    epsilon: float = 1e-05,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Group normalization: each group of maps over its pixels, with gains and offsets by map.

    One group for each map is instance normalization. A single group is layer normalization, except
    for the gain and the offset.

    Parameters
    ----------
    groups
        Number of groups of consecutive maps.
    epsilon
        Added to the variance; above 0.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Wu and He 2018; Ulyanov et al. 2016.

    Examples
    --------
    >>> GroupNorm(4)
    GroupNorm(4)
    """

def LayerNorm(
    *,
    epsilon: float = 1e-05,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Layer normalization: each image over all its neurons, with a gain and an offset for each.

    Parameters
    ----------
    epsilon
        Added to the variance; above 0.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Ba et al. 2016.

    Examples
    --------
    >>> LayerNorm()
    LayerNorm()
    """

def LocalResponseNorm(
    size: int,
    *,
    alpha: float = 0.0001,
    beta: float = 0.75,
    bias: float = 1.0,
    name: str | None = None,
) -> Layer:
    """Division by a power of the mean square of the neighboring maps.

    The window of maps is centered; where ``size`` is even, it has one more map after than before
    it, as ONNX has it (PyTorch takes one more before).

    Parameters
    ----------
    size
        Maps in the window. At the first and the last maps the window is cut off, but still counts
        ``size``.
    alpha
        Weight of the mean square.
    beta
        The power.
    bias
        Added to the weighted mean square; above 0.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Krizhevsky et al. 2012 (alpha there is not divided by the size).

    Examples
    --------
    >>> LocalResponseNorm(5)
    LocalResponseNorm(5)
    """

def LpPool(
    window: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] | None = None,
    dilation: int | tuple[int, ...] = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    ceil_mode: bool = False,
    p: float = 2.0,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Lp pooling: each output pixel is the p-norm of a window.

    Where a window is zero throughout, the derivative is zero, as in PyTorch. Absolute values are
    taken for every ``p``, as in ONNX.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`).
    ceil_mode
        Whether to include a last window that only partly fits.
    p
        Order of the norm, at least 1.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.22, 8.24; Sermanet et al. 2012.

    Examples
    --------
    >>> LpPool(2, p=3.0)
    LpPool(2, p=3.0)
    """

def MaxPool(
    window: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] | None = None,
    dilation: int | tuple[int, ...] = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    ceil_mode: bool = False,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Max pooling: each output pixel is the maximum of a window.

    Of equal pixels the first in row order wins, and takes the derivative. A pixel that is not a
    number wins over all others. Padding never wins.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`).
    ceil_mode
        Whether to include a last window that only partly fits.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.24, 8.25, E8.8; Wichmann 5.2-5.5 (corrected: 5.4 takes the first maximum, 5.5 sums over
    the windows that contain the pixel).

    Examples
    --------
    >>> MaxPool(2)
    MaxPool(2)
    """

def Multiply(
    *,
    bias: Literal["tied", "untied"] | None = None,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Elementwise product of the incoming layers and a bias.

    Parameters
    ----------
    bias
        ``"tied"``: one factor for each map; ``"untied"``: one for each pixel of each map;
        ``None``: none.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan E8.9.

    Examples
    --------
    >>> Multiply()
    Multiply()
    """

def Reshape(
    shape: tuple[int, ...],
    *,
    name: str | None = None,
) -> Layer:
    """Reshaping: the same values in another shape; the last axis changes fastest.

    Parameters
    ----------
    shape
        Shape of one image's array, ``(maps, *pixels)`` or ``(neurons,)``; one length may be -1 and
        follows from the others.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.26 (the way back, in the order of rows).

    Examples
    --------
    >>> Reshape((7, 7, 16))
    Reshape((7, 7, 16))
    """

def SumPool(
    window: int | tuple[int, ...],
    *,
    stride: int | tuple[int, ...] | None = None,
    dilation: int | tuple[int, ...] = 1,
    padding: Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...] = "valid",
    ceil_mode: bool = False,
    activation: str | TransferFunction = "linear",
    name: str | None = None,
) -> Layer:
    """Sum pooling: each output pixel is the sum of a window.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`).
    ceil_mode
        Whether to include a last window that only partly fits.
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If an option is unknown or has a value not allowed.

    Sources
    -------
    Hagan 8.22, 8.37 (corrected: the sum, not the average).

    Examples
    --------
    >>> SumPool(2)
    SumPool(2)
    """
