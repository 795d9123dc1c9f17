"""Layers that rearrange, normalize, drop, join, or only transfer."""

from typing import Literal

from striate.functions.dropout import Dropout as DropoutFunction
from striate.functions.net_input import Concatenate as ConcatenateFunction
from striate.functions.net_input import Product, Sum
from striate.functions.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)
from striate.functions.reshape import Reshape as ReshapeFunction
from striate.functions.vec import Flatten as FlattenFunction
from striate.functions.weight import Identity
from striate.graph.axis_order import to_first
from striate.graph.layer import Bias, Layer
from striate.graph.layers.weighted import Activation as Transfer
from striate.shapes import Shape


def Flatten(  # noqa: N802  # a layer's name
    order: Literal["rows", "columns"] = "rows", *, name: str | None = None
) -> Layer:
    """Make a layer that stacks the pixels of all maps into one vector.

    Parameters
    ----------
    order
        ``"rows"`` is (map, row, column), as PyTorch and ONNX; ``"columns"`` is (map, column, row),
        Hagan 8.26.
    name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.26.

    Examples
    --------
    >>> Flatten("columns")
    Layer(Flatten(order='columns'), Sum(bias=None), Linear())
    """
    return Layer(FlattenFunction(order=order), name=name)


def Reshape(shape: Shape, *, name: str | None = None) -> Layer:  # noqa: N802  # a layer's name
    """Make a layer that gives the values of an image another shape.

    Parameters
    ----------
    shape
        ``(rows, columns, channels)`` or ``(features,)``; one length may be -1.
    name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.26.

    Examples
    --------
    >>> Reshape((7, 7, 16))
    Layer(Reshape(shape=(16, 7, 7)), Sum(bias=None), Linear())
    """
    return Layer(ReshapeFunction(shape=to_first(shape)), name=name)


def Dropout(  # noqa: N802  # a layer's name
    rate: float = 0.5, *, spatial: bool = False, name: str | None = None
) -> Layer:
    """Make a layer that drops a part of the values while training.

    Parameters
    ----------
    rate
        The part that is dropped, from 0 to below 1.
    spatial
        Whether whole maps are dropped.
    name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Srivastava et al. 2014; Tompson et al. 2015.

    Examples
    --------
    >>> Dropout(0.25)
    Layer(Dropout(rate=0.25), Sum(bias=None), Linear())
    """
    return Layer(DropoutFunction(rate=rate, spatial=spatial), name=name)


def BatchNorm(  # noqa: N802  # a layer's name
    *,
    momentum: float = 0.1,
    epsilon: float = 1e-5,
    activation: Transfer = "linear",
    name: str | None = None,
) -> Layer:
    """Make a batch normalization layer.

    Parameters
    ----------
    momentum, epsilon
        See :class:`~striate.functions.normalization.batch.BatchNormalization`.
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    >>> BatchNorm(activation="relu")
    Layer(BatchNormalization(), Sum(bias=None), Relu())
    """
    return Layer(
        BatchNormalization(momentum=momentum, epsilon=epsilon), activation=activation, name=name
    )


def LayerNorm(  # noqa: N802  # a layer's name
    *, epsilon: float = 1e-5, activation: Transfer = "linear", name: str | None = None
) -> Layer:
    """Make a layer normalization layer.

    Parameters
    ----------
    epsilon
        See :class:`~striate.functions.normalization.layer.LayerNormalization`.
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Ba et al. 2016.

    Examples
    --------
    >>> LayerNorm()
    Layer(LayerNormalization(), Sum(bias=None), Linear())
    """
    return Layer(LayerNormalization(epsilon=epsilon), activation=activation, name=name)


def GroupNorm(  # noqa: N802  # a layer's name
    groups: int,
    *,
    epsilon: float = 1e-5,
    activation: Transfer = "linear",
    name: str | None = None,
) -> Layer:
    """Make a group normalization layer; as many groups as maps is instance normalization.

    Parameters
    ----------
    groups, epsilon
        See :class:`~striate.functions.normalization.group.GroupNormalization`.
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Wu and He 2018.

    Examples
    --------
    >>> GroupNorm(4)
    Layer(GroupNormalization(groups=4), Sum(bias=None), Linear())
    """
    return Layer(
        GroupNormalization(groups=groups, epsilon=epsilon), activation=activation, name=name
    )


def LocalResponseNorm(  # noqa: N802  # a layer's name
    size: int,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    bias: float = 1.0,
    name: str | None = None,
) -> Layer:
    """Make a local response normalization layer: each map divided by its neighbors' strength.

    Parameters
    ----------
    size, alpha, beta, bias
        See :class:`~striate.functions.normalization.local_response.LocalResponseNormalization`.
    name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Krizhevsky et al. 2012.

    Examples
    --------
    >>> LocalResponseNorm(5)
    Layer(LocalResponseNormalization(size=5), Sum(bias=None), Linear())
    """
    return Layer(
        LocalResponseNormalization(size=size, alpha=alpha, beta=beta, bias=bias), name=name
    )


def Activation(  # noqa: N802  # a layer's name
    activation: Transfer, *, name: str | None = None
) -> Layer:
    """Make a layer that only applies a transfer function.

    Parameters
    ----------
    activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.51.

    Examples
    --------
    >>> Activation("relu")
    Layer(Identity(), Sum(bias=None), Relu())
    """
    return Layer(Identity(), activation=activation, name=name)


def Add(  # noqa: N802  # a layer's name
    *, bias: Bias = None, activation: Transfer = "linear", name: str | None = None
) -> Layer:
    """Make a layer that adds several incoming layers: a residual join.

    Parameters
    ----------
    bias, activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.32; He et al. 2016.

    Examples
    --------
    >>> Add(activation="relu")
    Layer(Identity(), Sum(bias=None), Relu())
    """
    return Layer(Identity(), Sum(bias=bias), activation, name=name)


def Multiply(  # noqa: N802  # a layer's name
    *, bias: Bias = None, activation: Transfer = "linear", name: str | None = None
) -> Layer:
    """Make a layer that multiplies several incoming layers, entry by entry.

    Parameters
    ----------
    bias, activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan E8.9.

    Examples
    --------
    >>> Multiply()
    Layer(Identity(), Product(bias=None), Linear())
    """
    return Layer(Identity(), Product(bias=bias), activation, name=name)


def Concatenate(  # noqa: N802  # a layer's name
    *, bias: Bias = None, activation: Transfer = "linear", name: str | None = None
) -> Layer:
    """Make a layer that puts the maps of several incoming layers one after another.

    Parameters
    ----------
    bias, activation, name
        As for :func:`~striate.graph.layers.weighted.Conv`.

    Returns
    -------
    Layer

    Sources
    -------
    Hagan 8.20; Ronneberger et al. 2015.

    Examples
    --------
    >>> Concatenate()
    Layer(Identity(), Concatenate(), Linear())
    """
    return Layer(Identity(), ConcatenateFunction(bias=bias), activation, name=name)
