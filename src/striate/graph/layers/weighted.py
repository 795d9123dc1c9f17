"""The input, and the layers with kernels: convolution, transposed convolution, dense.

``Conv(6, 5, activation="tanh")`` is ``Convolution`` + ``Sum`` + ``Tanh``. Each function here makes
a :class:`~striate.graph.layer.Layer`; the names are those that practitioners use, hence written as
classes are.
"""

from striate.functions.base import TransferFunction
from striate.functions.initializer.base import Initializer
from striate.functions.weight import Convolution, DotProduct, TransposedConvolution
from striate.graph.axis_order import Channels, require_channels, shape_in_equations
from striate.graph.layer import Bias, Joint, Layer, Node, net_input_function, require_name
from striate.maths.columns import PaddingMode
from striate.maths.windows import Padding
from striate.shapes import Shape

Size = int | tuple[int, ...]
Activation = str | TransferFunction


def Input(  # noqa: N802  # a layer's name
    shape: Shape, *, channels: Channels = "last", name: str | None = None
) -> Node:
    """Begin a network: state the shape of one image.

    Parameters
    ----------
    shape
        ``(rows, columns, channels)``, or ``(features,)``.
    channels
        Which axis of ``shape`` holds the channels, ``"last"`` or ``"first"``; the network has the
        same.
    name
        What the input is called; by default ``input``.

    Returns
    -------
    Node

    Raises
    ------
    ShapeError
        If it is not the shape of an image.
    OptionError
        If ``channels`` is neither word.
    GraphError
        If the name cannot be one.

    Examples
    --------
    >>> Input((32, 32, 3)).shape
    (3, 32, 32)
    """
    if name is not None:
        require_name(name)
    require_channels(channels)
    return Node(None, shape=shape_in_equations(shape, channels), name=name, channels=channels)


def Conv(  # noqa: N802  # a layer's name
    feature_maps: int,
    window: Size,
    *,
    stride: Size = 1,
    padding: Padding = "valid",
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
    flip: bool = False,
    bias: Bias = "tied",
    net_input: Joint = "sum",
    activation: Activation = "linear",
    initializer: str | Initializer | None = None,
    name: str | None = None,
) -> Layer:
    """Make a convolution layer.

    Parameters
    ----------
    feature_maps, window, stride, padding, dilation, groups, padding_mode, flip
        See :class:`~striate.functions.weight.convolution.Convolution`.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.
    net_input
        ``"sum"`` adds the bias, ``"product"`` multiplies by it.
    activation, initializer, name
        See :class:`~striate.graph.layer.Layer`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.20, fig. 8.1; Wichmann 3.1; Wolter 5, 6.

    Examples
    --------
    >>> Conv(6, 5, activation="tanh")
    Layer(Convolution(feature_maps=6, window=5), Sum(), Tanh())
    """
    weight = Convolution(
        feature_maps=feature_maps,
        window=window,
        stride=stride,
        dilation=dilation,
        groups=groups,
        padding=padding,
        padding_mode=padding_mode,
        flip=flip,
    )
    joint = net_input_function(net_input, bias)
    return Layer(weight, joint, activation, initializer=initializer, name=name)


def ConvTranspose(  # noqa: N802  # a layer's name
    feature_maps: int,
    window: Size,
    *,
    stride: Size = 1,
    padding: Padding = "valid",
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    flip: bool = False,
    bias: Bias = "tied",
    net_input: Joint = "sum",
    activation: Activation = "linear",
    initializer: str | Initializer | None = None,
    name: str | None = None,
) -> Layer:
    """Make a transposed convolution layer, which enlarges images.

    Parameters
    ----------
    feature_maps, window, stride, padding, output_padding, dilation, groups, flip
        See :class:`~striate.functions.weight.transposed_convolution.TransposedConvolution`.
    bias, net_input, activation, initializer, name
        As for :func:`Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.39; Dumoulin and Visin 2016.

    Examples
    --------
    >>> ConvTranspose(6, 2, stride=2)(Input((5, 5, 1))).layer.weight.output_shape((1, 5, 5))
    (6, 10, 10)
    """
    weight = TransposedConvolution(
        feature_maps=feature_maps,
        window=window,
        stride=stride,
        dilation=dilation,
        groups=groups,
        padding=padding,
        output_padding=output_padding,
        flip=flip,
    )
    joint = net_input_function(net_input, bias)
    return Layer(weight, joint, activation, initializer=initializer, name=name)


def Dense(  # noqa: N802  # a layer's name
    neurons: int,
    *,
    bias: Bias = "tied",
    net_input: Joint = "sum",
    activation: Activation = "linear",
    initializer: str | Initializer | None = None,
    name: str | None = None,
) -> Layer:
    """Make a fully connected layer.

    Parameters
    ----------
    neurons
        How many outputs.
    bias, net_input, activation, initializer, name
        As for :func:`Conv`; a neuron is its own map, so tied and untied are one.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan, fig. 8.11; Wichmann 3.5.

    Examples
    --------
    >>> Dense(10, activation="softmax")
    Layer(DotProduct(neurons=10), Sum(), Softmax())
    """
    joint = net_input_function(net_input, bias)
    return Layer(DotProduct(neurons=neurons), joint, activation, initializer=initializer, name=name)
