"""Pooling layers: each consolidates the pixels under a window into one."""

from typing import Literal

from striate.functions.base import Function
from striate.functions.net_input import Sum
from striate.functions.weight import (
    AdaptiveAveragePooling,
    AveragePooling,
    GlobalAveragePooling,
    GlobalMaxPooling,
    LpPooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
)
from striate.graph.layer import Bias, Layer
from striate.graph.layers.weighted import Activation, Size
from striate.maths.windows import Padding


def MaxPool(  # noqa: N802  # a layer's name
    window: Size,
    *,
    stride: Size | None = None,
    padding: Padding = "valid",
    dilation: Size = 1,
    ceil_mode: bool = False,
    activation: Activation = "linear",
    name: str | None = None,
) -> Layer:
    """Make a max pooling layer.

    Parameters
    ----------
    window, stride, padding, dilation, ceil_mode
        See :class:`~striate.functions.weight.max_pooling.MaxPooling`; the stride is the window
        unless given.
    activation, name
        As for :func:`Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.24, 8.25; Wichmann 5.2.

    Examples
    --------
    >>> MaxPool(2)
    Layer(MaxPooling(window=2), Sum(bias=None), Linear())
    """
    weight = MaxPooling(
        window=window, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    return Layer(weight, activation=activation, name=name)


def AveragePool(  # noqa: N802  # a layer's name
    window: Size,
    *,
    stride: Size | None = None,
    padding: Padding = "valid",
    dilation: Size = 1,
    ceil_mode: bool = False,
    divisor: Literal["inside", "window"] = "inside",
    trainable: bool = False,
    bias: Bias = None,
    activation: Activation = "linear",
    name: str | None = None,
) -> Layer:
    """Make an average pooling layer: the mean, or the sum times Hagan's one weight for each map.

    Parameters
    ----------
    window, stride, padding, dilation, ceil_mode, divisor
        See :class:`~striate.functions.weight.average_pooling.AveragePooling`.
    trainable
        Whether each map has a weight that multiplies the window's sum (Hagan 8.22); it has no
        divisor.
    bias, activation, name
        As for :func:`Conv`; LeCun's subsampling layers have a bias and a transfer function.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If a divisor is given with a trainable weight.

    Sources
    -------
    Hagan 8.22, 8.23; Wichmann 5.6; LeCun 1998.

    Examples
    --------
    >>> AveragePool(2, trainable=True)
    Layer(TrainableAveragePooling(window=2), Sum(bias=None), Linear())
    """
    weight: Function
    if trainable:
        weight = TrainableAveragePooling(
            window=window, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
        )
    else:
        weight = AveragePooling(
            window=window,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
            divisor=divisor,
        )
    return Layer(weight, Sum(bias=bias), activation, name=name)


def SumPool(  # noqa: N802  # a layer's name
    window: Size,
    *,
    stride: Size | None = None,
    padding: Padding = "valid",
    dilation: Size = 1,
    ceil_mode: bool = False,
    activation: Activation = "linear",
    name: str | None = None,
) -> Layer:
    """Make a sum pooling layer: the window's sum (Hagan 8.37).

    Parameters
    ----------
    window, stride, padding, dilation, ceil_mode
        See :class:`~striate.functions.weight.sum_pooling.SumPooling`.
    activation, name
        As for :func:`Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.37.

    Examples
    --------
    >>> SumPool(2)
    Layer(SumPooling(window=2), Sum(bias=None), Linear())
    """
    weight = SumPooling(
        window=window, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    return Layer(weight, activation=activation, name=name)


def LpPool(  # noqa: N802  # a layer's name
    window: Size,
    *,
    p: float = 2.0,
    stride: Size | None = None,
    padding: Padding = "valid",
    dilation: Size = 1,
    ceil_mode: bool = False,
    activation: Activation = "linear",
    name: str | None = None,
) -> Layer:
    """Make an Lp pooling layer: the p-norm of the window.

    Parameters
    ----------
    window, p, stride, padding, dilation, ceil_mode
        See :class:`~striate.functions.weight.lp_pooling.LpPooling`.
    activation, name
        As for :func:`Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Sermanet et al. 2012.

    Examples
    --------
    >>> LpPool(2, p=3.0)
    Layer(LpPooling(window=2, p=3.0), Sum(bias=None), Linear())
    """
    weight = LpPooling(
        window=window, p=p, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    return Layer(weight, activation=activation, name=name)


def GlobalAveragePool(  # noqa: N802  # a layer's name
    *, activation: Activation = "linear", name: str | None = None
) -> Layer:
    """Make a layer that averages each map to one number.

    Parameters
    ----------
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.37; Lin et al. 2014.

    Examples
    --------
    >>> GlobalAveragePool()
    Layer(GlobalAveragePooling(), Sum(bias=None), Linear())
    """
    return Layer(GlobalAveragePooling(), activation=activation, name=name)


def GlobalMaxPool(  # noqa: N802  # a layer's name
    *, activation: Activation = "linear", name: str | None = None
) -> Layer:
    """Make a layer that keeps the largest pixel of each map.

    Parameters
    ----------
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.24.

    Examples
    --------
    >>> GlobalMaxPool()
    Layer(GlobalMaxPooling(), Sum(bias=None), Linear())
    """
    return Layer(GlobalMaxPooling(), activation=activation, name=name)


def AdaptiveAveragePool(  # noqa: N802  # a layer's name
    size: Size, *, activation: Activation = "linear", name: str | None = None
) -> Layer:
    """Make an average pooling layer with so many places, whatever the size of the image.

    Parameters
    ----------
    size
        Output pixels along each axis.
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.22; He et al. 2014.

    Examples
    --------
    >>> AdaptiveAveragePool(7)
    Layer(AdaptiveAveragePooling(size=7), Sum(bias=None), Linear())
    """
    return Layer(AdaptiveAveragePooling(size=size), activation=activation, name=name)
