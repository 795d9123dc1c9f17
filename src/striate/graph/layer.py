"""A layer as Hagan decomposes it, and how layers are joined by calling them.

A :class:`Layer` is a weight function, a net input function and a transfer function (Hagan, figure
8.12). Called on what comes before, it gives a :class:`Node`; a :class:`Node` remembers where it
came from, and :meth:`striate.graph.graph.Graph.of` collects what leads to the outputs.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

from striate.errors import GraphError
from striate.functions import registry
from striate.functions.base import Function, NetInputFunction, TransferFunction
from striate.functions.initializer.base import Initializer
from striate.functions.initializer.named import named
from striate.functions.net_input import Concatenate, Product, Sum
from striate.functions.weight import Identity
from striate.graph.axis_order import Channels
from striate.shapes import Shape

Bias = Literal["tied", "untied"] | None
Joint = Literal["sum", "product", "concatenate"]


class Layer:
    """A weight function, a net input function and a transfer function.

    Parameters
    ----------
    weight
        Applied to each incoming layer, with weights of its own for each.
    net_input
        Joins the results and the bias; by default their sum without a bias.
    activation
        The transfer function, or its name; ``"linear"`` leaves the net input as it is.
    initializer
        What the weights start with, or its name; by default what suits the transfer function.
    name
        What the layer is called in traces, summaries and files; by default its kind and running
        number.

    Examples
    --------
    >>> from striate.functions.weight import MaxPooling
    >>> Layer(MaxPooling(window=2))
    Layer(MaxPooling(window=2), Sum(bias=None), Linear())
    """

    def __init__(
        self,
        weight: Function,
        net_input: NetInputFunction | None = None,
        activation: str | TransferFunction = "linear",
        *,
        initializer: str | Initializer | None = None,
        name: str | None = None,
    ) -> None:
        self.weight = weight
        self.net_input = net_input or Sum(bias=None)
        self.transfer = transfer_function(activation)
        self.initializer = initializer_of(initializer)
        self.name = name
        if name is not None:
            require_name(name)

    def word(self, sources: int = 1) -> str:
        """Say what the layer is called before its running number: ``conv``, ``add``, ``relu``.

        Parameters
        ----------
        sources
            How many incoming layers it is joined to.

        Returns
        -------
        str
        """
        shorthand = self.weight.shorthand
        if shorthand is not None and not isinstance(self.weight, Identity):
            return shorthand.word
        net_input = registry.name_of(self.net_input)
        if sources == 1 and net_input == "sum":
            return registry.name_of(self.transfer)
        return {"sum": "add", "product": "multiply"}.get(net_input, net_input)

    def __call__(self, sources: "Node | Sequence[Node]") -> "Node":
        """Join the layer to what comes before it.

        Called a second time, it is the same layer with the same weights at another place.
        """
        nodes = (sources,) if isinstance(sources, Node) else tuple(sources)
        if not nodes:
            raise GraphError(
                f"{self} was joined to an empty list. A layer takes the output of at least one "
                "other. "
                "Call it on st.Input(shape) or on another layer's result."
            )
        return Node(self, nodes)

    def __repr__(self) -> str:
        """Show the three functions."""
        return f"Layer({self.weight}, {self.net_input}, {self.transfer})"


_NUMBERS = itertools.count()
"""Nodes are numbered as they are made: only their order is ever used."""


class Node:
    """The result of a layer at one place of a network.

    Parameters
    ----------
    layer
        Whose result it is; ``None`` for an input of the network.
    sources
        What the layer was joined to.
    shape, name
        Of an input.
    channels
        Where the channels stood as the input's shape was stated.
    """

    def __init__(
        self,
        layer: Layer | None,
        sources: tuple["Node", ...] = (),
        *,
        shape: Shape = (),
        name: str | None = None,
        channels: Channels = "last",
    ) -> None:
        self.number = next(_NUMBERS)
        self.channels = channels
        self.layer = layer
        self.sources = sources
        self.shape = shape
        self.name = name


def transfer_function(activation: str | TransferFunction) -> TransferFunction:
    """Find a transfer function by its name.

    Parameters
    ----------
    activation
        Its name (``"tanh"``), or the function itself.

    Returns
    -------
    TransferFunction

    Raises
    ------
    OptionError
        If there is none of that name.

    Examples
    --------
    >>> transfer_function("leaky-relu")
    LeakyRelu(slope=0.01)
    """
    if isinstance(activation, TransferFunction):
        return activation
    return registry.find("transfer", activation)()


def initializer_of(initializer: str | Initializer | None) -> Initializer | None:
    """Find an initializer by its name; ``None`` stays ``None``."""
    if initializer is None or isinstance(initializer, Initializer):
        return initializer
    return named(initializer)


def net_input_function(joint: Joint, bias: Bias) -> NetInputFunction:
    """Make the net input function of that name.

    Parameters
    ----------
    joint
        ``"sum"``, ``"product"`` or ``"concatenate"``.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.

    Returns
    -------
    NetInputFunction
    """
    match joint:
        case "sum":
            return Sum(bias=bias)
        case "product":
            return Product(bias=bias)
        case "concatenate":
            return Concatenate(bias=bias)


def require_name(name: str) -> None:
    """Raise where a layer's name could not stand in shorthand, files or tables.

    Parameters
    ----------
    name
        What a user gave.

    Raises
    ------
    GraphError
        If it is empty, or holds anything but letters, digits, - and _.
    """
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise GraphError(
            f'"{name}" cannot be the name of a layer. A name is made of letters, digits, - and _, '
            "because it "
            "stands in the text form of the network and before the point in conv1.weight. "
            'Use a name such as "stem" or "block-2".'
        )
