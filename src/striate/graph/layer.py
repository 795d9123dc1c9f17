"""A layer as Hagan decomposes it, and how layers are joined by calling them.

A :class:`Layer` is a weight function, a net input function and a transfer function (Hagan, figure
8.12). Calling it on earlier nodes returns a :class:`Node`, which keeps its sources;
:meth:`striate.graph.graph.Graph.of` collects everything that leads to the outputs.
"""

import itertools
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from striate.errors import GraphError, OptionError
from striate.functions import registry
from striate.functions.base import Function, NetInputFunction, TransferFunction
from striate.functions.initializer import Given
from striate.functions.initializer.base import Initializer
from striate.functions.initializer.named import NAMED, named
from striate.functions.layer_form import LayerForm, call_text, options_of
from striate.functions.net_input import Sum
from striate.functions.net_input.bias import BIASES, Bias
from striate.functions.options import require
from striate.functions.transfer import Linear
from striate.functions.weight import Identity
from striate.functions.writing import short, write
from striate.graph.axis_order import Channels
from striate.graph.shorthand_values import read_call, write_call
from striate.shapes import Array, Shape


class Layer:
    """A weight function, a net input function and a transfer function.

    Parameters
    ----------
    weight
        Applied to each incoming layer, with separate weights for each.
    net_input
        Combines the results and the bias; by default their sum without a bias.
    activation
        The transfer function or its name; ``"linear"`` leaves the net input as it is.
    initializer
        Initial values of the weights: an initializer, its name, or an array of weights; by default
        the initializer that suits the transfer function.
    name
        Name of the layer in traces, summaries and files; by default its kind and a number.

    Raises
    ------
    OptionError
        If an option has a value that it does not allow.
    GraphError
        If ``name`` is not a valid name.

    Examples
    --------
    >>> from striate.functions.weight import MaxPooling
    >>> Layer(MaxPooling(window=2), activation="tanh")
    MaxPool(2, activation="tanh")
    """

    is_join: bool = False
    """Whether it was made to join layers, as ``Add()`` is; for ``repr``."""

    def __init__(
        self,
        weight: Function,
        net_input: NetInputFunction | None = None,
        activation: str | TransferFunction = "linear",
        *,
        initializer: str | Initializer | Array | Sequence[Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.weight = _function("weight", weight, Function)
        self.net_input = _function("net_input", net_input or Sum(bias=None), NetInputFunction)
        self.transfer = transfer_function(activation)
        self.initializer = initializer_of(initializer)
        self.name = name
        if name is not None:
            require_name(name)

    def word(self, sources: int = 1) -> str:
        """Return the word of the layer's name, before the number: ``conv``, ``add``.

        Parameters
        ----------
        sources
            Number of incoming layers.

        Returns
        -------
        str
        """
        shorthand = self.weight.shorthand
        if shorthand is not None and not isinstance(self.weight, Identity):
            return shorthand.word
        if not self.joins(sources):
            return registry.name_of(self.transfer)
        joint = self.net_input.shorthand
        return registry.name_of(self.net_input) if joint is None else joint.word

    def joins(self, sources: int) -> bool:
        """Return whether the layer only joins its sources, as ``Add()`` does."""
        return isinstance(self.weight, Identity) and (
            sources > 1 or type(self.net_input) is not Sum
        )

    def short_text(self, sources: int = 1) -> str:
        """Write the layer without activation, bias and name, for messages: ``Conv(16, 5)``."""
        if self.is_join or self.joins(sources):
            return str(self.net_input)
        if isinstance(self.weight, Identity):
            return f"Activation({write(self._activation_text())})"
        return str(self.weight)

    def summary_text(self, sources: int = 1) -> str:
        """Write the layer for tables: ``Conv(16, 5), tanh``."""
        text = self.short_text(sources)
        only = isinstance(self.weight, Identity) and not (self.is_join or self.joins(sources))
        shown = self.transfer != Linear() and not only
        return f"{text}, {self._activation_text()}" if shown else text

    def __call__(self, sources: "Node | Sequence[Node]", *more: object) -> "Node":
        """Connect the layer to the layers before it: one, or a list of several.

        If it is called again, both positions share its weights.
        """
        if more:
            raise GraphError(
                f"{self.short_text()} was called with {1 + len(more)} arguments; expected one, a "
                "layer's result or a list of them. Put them into a list: layer([a, b])."
            )
        nodes = (sources,) if isinstance(sources, Node) else _nodes(self, sources)
        if not nodes:
            raise GraphError(
                f"{self.short_text()} was called on an empty list. Call it on st.Input(shape) or "
                "on the result of another layer."
            )
        return Node(self, nodes)

    def __repr__(self) -> str:
        """Write the call that makes the layer."""
        if isinstance(self.weight, Identity) and not (self.is_join or self.joins(1)):
            form, arguments = LayerForm(name="Activation"), [write(self._activation_text())]
            options: list[str] | None = [] if self.net_input == Sum(bias=None) else None
        else:
            kind = self.net_input if isinstance(self.weight, Identity) else self.weight
            form = kind.layer
            arguments = [] if form is None else list(form.arguments(kind))
            options = None if form is None else self._layer_options(form, kind)
        named = [f"name={write(self.name)}"] if self.name is not None else []
        if form is None or options is None:
            functions = [call_text(f) for f in (self.weight, self.net_input, self.transfer)]
            return f"Layer({', '.join([*functions, *self._initializer_option(), *named])})"
        return f"{form.name}({', '.join([*arguments, *options, *named])})"

    def _layer_options(self, form: LayerForm, kind: Function) -> list[str] | None:
        """Write the options besides the kind's; ``None`` if the constructor lacks one."""
        written: dict[str, str] = {}
        bias = getattr(self.net_input, "bias", None)
        if bias != form.bias:
            written["bias"] = write(bias)
        if kind is not self.net_input and type(self.net_input) is not Sum:
            if any(option.name != "bias" for option in options_of(self.net_input)):
                return None
            written["net_input"] = write(registry.name_of(self.net_input))
        if self.transfer != Linear():
            written["activation"] = write(self._activation_text())
        if self.initializer is not None:
            (written["initializer"],) = (
                text.removeprefix("initializer=") for text in self._initializer_option()
            )
        if not set(written) <= set(form.takes):
            return None
        return [f"{name}={text}" for name, text in written.items()]

    def _activation_text(self) -> str:
        """Write the transfer function with its options, as the constructors accept it."""
        options = registry.to_data(self.transfer)
        return write_call(options.pop("kind"), options)

    def _initializer_option(self) -> list[str]:
        """Write the initializer, by its name if it has one."""
        if self.initializer is None:
            return []
        for name, instance in NAMED.items():
            if instance == self.initializer:
                return [f"initializer={write(name)}"]
        if isinstance(self.initializer, Given):
            return [f"initializer={short(np.array(self.initializer.values))}"]
        return [f"initializer={call_text(self.initializer)}"]


def _function(name: str, given: Function, base: type[Any]) -> Any:
    """Check that a part of a layer is a function of the library."""
    if not isinstance(given, base):
        noun = name.replace("_", " ")
        raise OptionError(
            f"`{name}` must be a {noun} function, got {short(given)}. "
            "Use one of the layers, for example st.Conv(6, 5)."
        )
    return given


def _nodes(layer: Layer, sources: object) -> tuple["Node", ...]:
    """Check that a layer is called on results of layers."""
    found = cast("Sequence[object]", sources) if isinstance(sources, list | tuple) else (sources,)
    for source in found:
        if not isinstance(source, Node):
            what = f"the layer {short(source)}" if isinstance(source, Layer) else short(source)
            raise GraphError(
                f"{layer.short_text()} was called on {what}. Call it on st.Input(shape) or on the "
                "result of another layer, as in st.Flatten()(st.Conv(6, 5)(image))."
            )
    return cast("tuple[Node, ...]", tuple(found))


_NUMBERS = itertools.count()
"""Nodes are numbered as they are made; only their order is used."""


class Node:
    """The result of a layer at one position in a network.

    Parameters
    ----------
    layer
        The layer; ``None`` for an input of the network.
    sources
        The nodes that the layer was called on.
    shape, name
        Of an input.
    channels
        Where the user's images have their channels.
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


def transfer_function(activation: object) -> TransferFunction:
    """Find a transfer function by its name.

    Parameters
    ----------
    activation
        Its name (``"tanh"``), with options if needed (``"leaky-relu(slope=0.1)"``), or the function
        itself.

    Returns
    -------
    TransferFunction

    Raises
    ------
    OptionError
        If the name or an option is unknown.

    Examples
    --------
    >>> transfer_function("leaky-relu")
    LeakyRelu(slope=0.01)
    """
    if isinstance(activation, TransferFunction):
        return activation
    if not isinstance(activation, str):
        raise OptionError(
            "`activation` must be a name or an activation such as Tanh(), got "
            f"{_given(activation)}. "
            + (_call_of(activation) or 'Try "tanh", or "linear" for none.')
        )
    name, options = read_call(activation)
    return registry.from_data("transfer", {"kind": name, **options})


def initializer_of(initializer: object) -> Initializer | None:
    """Find an initializer by its name, or make one of an array of weights.

    Raises
    ------
    OptionError
        If it is none of these.
    """
    if initializer is None or isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, str):
        return named(initializer)
    if isinstance(initializer, np.ndarray | list | tuple):
        return Given(values=initializer)
    raise OptionError(
        "`initializer` must be a name, an initializer or an array of weights, got "
        f"{_given(initializer)}. " + (_call_of(initializer) or 'Try "he-normal".')
    )


def net_input_function(joint: object, bias: Bias) -> NetInputFunction:
    """Find a net input function by its name.

    Parameters
    ----------
    joint
        Its name (``"sum"``), or the function itself.
    bias
        ``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.

    Returns
    -------
    NetInputFunction

    Raises
    ------
    OptionError
        If the name or the bias is unknown.
    """
    require("bias", bias, BIASES, example="tied")
    if isinstance(joint, NetInputFunction):
        return joint
    if not isinstance(joint, str):
        raise OptionError(
            f"`net_input` must be a name or a net input function, got {_given(joint)}. "
            + (_call_of(joint) or 'Try "sum".')
        )
    kind: type[NetInputFunction] = registry.find("net_input", joint)
    if any(option.name == "bias" for option in options_of(kind)):
        return cast("Any", kind)(bias=bias)
    return kind()


def _given(value: object) -> str:
    """Write a value that was given for a function, for messages."""
    return f"the class {value.__name__}" if isinstance(value, type) else short(value)


def _call_of(value: object) -> str:
    """Suggest to call a class that was given instead of an instance; empty for anything else."""
    return f"Use {value.__name__}()." if isinstance(value, type) else ""


def require_name(name: object) -> None:
    """Raise if a name cannot be written in shorthand, files and tables.

    Parameters
    ----------
    name
        The name of a layer or an input.

    Raises
    ------
    GraphError
        If it is empty, or contains anything but letters, digits, - and _.
    """
    if not isinstance(name, str) or not name or not all(c.isalnum() or c in "-_" for c in name):
        raise GraphError(
            f"`name` must consist of letters, digits, - and _, got {short(name)}.",
            remedy='Try "stem" or "block-2".',
        )
