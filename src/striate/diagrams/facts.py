"""What diagrams show of a layer: its symbol, sizes, names and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from striate.functions import registry
from striate.functions.base import TransferFunction
from striate.functions.weight import Identity
from striate.graph.graph import Graph, Placed, describe
from striate.shapes import Shape

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "conv": "⊗",
        "conv-transpose": "⊗^{T}",
        "dense": "×",
        "max": "⊞^{max}",
        "average": "⊞^{ave}",
        "trainable-average": "⊞^{ave}",
        "adaptive-average": "⊞^{ave}",
        "global-average": "⊞^{ave}",
        "global-max": "⊞^{max}",
        "sum": "⊞^{sum}",
        "lp": "⊞^{lp}",
        "blur": "⊞^{blur}",
        "flatten": "vec",
        "add": "Σ",
        "multiply": "Π",
        "concatenate": "concat",
    }
)
"""Hagan's symbols, by the shorthand's words; another kind is written as its word."""


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """What a diagram shows of a layer or an input.

    Parameters
    ----------
    name
        Its name.
    number
        Its position in the order of computation; inputs have 0.
    sources
        Positions of the incoming layers among all items, inputs first.
    source_numbers
        Numbers of the incoming layers.
    word, window, stride
        The shorthand's word of its weight function, and its window; empty without one.
    joint
        The word of its net input function; empty if it only passes a value on.
    transfer
        The name of its transfer function; empty for the linear one.
    weight, bias
        Shape of its weights and whether it has a bias; ``None`` and ``False`` without.
    untied
        Size of an untied bias, ``6@28×28``: one for each neuron; empty for a tied bias, which has
        one for each feature map.
    shape
        Of its activation.
    rotates
        Whether Hagan's 8.45, the rotated kernel, backpropagates through it: stride and dilation are
        1.
    elementwise
        Whether 8.53 holds for its transfer function: each value depends on one net input. A softmax
        has a Jacobian matrix instead.
    """

    name: str
    number: int
    shape: tuple[int, ...]
    sources: tuple[int, ...] = ()
    source_numbers: tuple[int, ...] = ()
    word: str = ""
    window: str = ""
    stride: str = ""
    joint: str = ""
    transfer: str = ""
    weight: tuple[int, ...] | None = None
    bias: bool = False
    untied: str = ""
    rotates: bool = False
    elementwise: bool = True

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the network."""
        return self.number == 0

    @property
    def size(self) -> str:
        """Its size as in the books' figures, ``6@28×28``."""
        return times(describe(self.shape))

    @property
    def symbol(self) -> str:
        """Hagan's symbol of its weight function."""
        return SYMBOLS.get(self.word, self.word)

    @property
    def weights(self) -> str:
        """The size of its weights: ``5×5×1×6`` for kernels (8.20), ``10×84`` for a matrix."""
        if self.weight is None:
            return ""
        if len(self.weight) == 2:
            return times("x".join(map(str, self.weight)))
        h, l, *window = self.weight
        return times("x".join(map(str, [*window, l, h])))


def facts(graph: Graph) -> list[LayerFacts]:
    """Collect what diagrams show: inputs first, then the layers in order of computation.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    list of LayerFacts

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> [(one.name, one.symbol, one.size) for one in facts(parse("conv 6@5x5", (9, 9, 1)))]
    [('input', '', '1@9×9'), ('conv1', '⊗', '6@5×5')]
    """
    found = [LayerFacts(name=name, number=0, shape=shape) for name, shape in graph.inputs.items()]
    places = {one.name: k for k, one in enumerate(found)}
    for place in graph.layers:
        sources = tuple(places[name] for name in place.sources)
        places[place.name] = len(found)
        found.append(_of_layer(place, sources, tuple(found[k].number for k in sources)))
    return found


def _of_layer(
    place: Placed, sources: tuple[int, ...], source_numbers: tuple[int, ...]
) -> LayerFacts:
    """Collect the facts of a layer."""
    layer, shape = place.layer, place.source_shapes[0]
    weight = layer.weight.shorthand
    joint = layer.net_input.shorthand
    plain = isinstance(layer.weight, Identity)
    axes = layer.weight.window_axes(shape)
    parameters = layer.weight.parameters(shape)
    kernel = parameters.get("weight")
    biases = layer.net_input.parameters(*place.z_shapes)
    bias = bool(biases)
    untied = next((one.shape for one in biases.values() if len(one.shape) > 1), None)
    joins = len(sources) > 1 or bias or layer.joins(len(sources))
    transfer = registry.name_of(layer.transfer)
    return LayerFacts(
        name=place.name,
        number=place.number,
        shape=place.shape,
        sources=sources,
        source_numbers=source_numbers,
        word="" if plain else weight.word if weight else registry.name_of(layer.weight),
        window=_numbers([axis.window for axis in axes]) or _kernel(kernel.shape if kernel else ()),
        stride=_strides([axis.stride for axis in axes], [axis.window for axis in axes], kernel),
        joint=(joint.word if joint else registry.name_of(layer.net_input)) if joins else "",
        transfer="" if transfer == "linear" else transfer,
        weight=kernel.shape if kernel and len(kernel.shape) > 1 else None,
        bias=bias,
        untied=times(describe(untied)) if untied else "",
        rotates=bool(axes) and all(axis.stride == axis.dilation == 1 for axis in axes),
        elementwise=_is_elementwise(layer.transfer, place.n_shape),
    )


def _is_elementwise(transfer: TransferFunction, shape: Shape) -> bool:
    """Return whether a function needs no sums: all arrays of its equations have one shape."""
    lowering = transfer.lowering(shape)
    return lowering is None or all(found == shape for found in lowering.shapes.values())


def _numbers(values: list[int]) -> str:
    return times("x".join(map(str, values)))


def _kernel(shape: tuple[int, ...]) -> str:
    """Write the size of kernels; empty for the matrix of a dense layer."""
    return _numbers(list(shape[2:])) if len(shape) > 2 else ""


def _strides(strides: list[int], window: list[int], kernel: object) -> str:
    """Write the stride, unless it is the usual one: 1 for kernels, the window for pooling."""
    usual = [1] * len(strides) if kernel else window
    if not strides or strides == usual:
        return ""
    return f"stride {strides[0] if len(set(strides)) == 1 else _numbers(strides)}"


def times(text: str) -> str:
    """Write sizes with a multiplication sign.

    Examples
    --------
    >>> times("6@28x28")
    '6@28×28'
    """
    return text.replace("x", "×")
