"""From a list of layers and an input shape, or from inputs and outputs, to a graph."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence

from striate.errors import GraphError, OptionError, ShapeError, StriateWarning
from striate.functions.writing import short
from striate.graph.axis_order import (
    Channels,
    require_channels,
    require_shape,
    shape_in_equations,
    to_last,
)
from striate.graph.graph import Graph, with_inputs
from striate.graph.layer import Layer, Node
from striate.graph.layers import CONSTRUCTORS
from striate.shapes import Shape

_SIGNAL_AXES = 2  # maps and positions
_FEWEST_COLUMNS = 8  # pixels across the narrowest picture that one would classify


def build(
    layers: Sequence[Layer] | Node | Sequence[Node],
    outputs: Node | Sequence[Node] | None,
    input_shape: Shape | None,
    channels: Channels,
) -> Graph:
    """Make the graph of a list of layers with an input shape, or of inputs and outputs.

    Raises
    ------
    GraphError
        If both are given or neither, or the layers cannot be joined.
    ShapeError
        If sizes do not fit, or it is unclear whether a shape is that of an image or of a signal.
    OptionError
        If ``channels`` is neither ``"last"`` nor ``"first"``.
    """
    require_channels(channels)
    graph = (
        _of_list(layers, input_shape, channels)
        if outputs is None
        else _of_nodes(layers, outputs, input_shape, channels)
    )
    unclear = unclear_signal(graph)
    if unclear is not None:
        argument = "input_shape={}" if outputs is None else "st.Input({})"
        raise ShapeError(
            f"{_two_meanings(unclear, channels, argument)} For a signal, give a kernel size or a "
            "window as a tuple: st.Conv(6, (5,))."
        )
    return graph


def _of_nodes(
    layers: Sequence[Layer] | Node | Sequence[Node],
    outputs: Node | Sequence[Node],
    input_shape: Shape | None,
    channels: Channels,
) -> Graph:
    """Make the graph between inputs and outputs."""
    inputs = tuple(layers) if isinstance(layers, list | tuple) else (layers,)
    ends = outputs if isinstance(outputs, list | tuple) else (outputs,)
    for end in ends:
        if not isinstance(end, Node):
            raise GraphError(
                f"`outputs` must be results of layers, got {short(end)}. Call the layer on an "
                "input or on another result: st.Network(image, st.Flatten()(image))."
            )
    if input_shape is not None or not all(isinstance(node, Node) for node in inputs):
        raise GraphError(
            "Network got outputs together with a list of layers or an input_shape. Use "
            "Network(input, output) for a graph, or Network([...], input_shape=...) for a list of "
            "layers."
        )
    nodes = [node for node in inputs if isinstance(node, Node)]
    for node in nodes:
        _require_same_channels(node, channels)
    return with_inputs(Graph.of(outputs), nodes, outputs)


def _of_list(
    layers: Sequence[Layer] | Node | Sequence[Node], input_shape: Shape | None, channels: Channels
) -> Graph:
    """Make the graph of a list of layers."""
    if isinstance(layers, str):
        raise GraphError(
            f"Network got text, {short(layers)}; expected a list of layers. Use Network.parse for "
            "shorthand, or Network.preset for the name of a preset."
        )
    if isinstance(layers, Node) or input_shape is None:
        raise GraphError(
            "Network got neither outputs nor an input_shape. Use "
            "Network([...], input_shape=(28, 28, 1)) for a list of layers, or "
            "Network(input, output) for a graph."
        )
    if not isinstance(layers, Iterable):
        raise GraphError(
            f"Network got {short(layers)}; expected a list of layers. Use a list even for one "
            "layer: Network([st.Dense(10)], input_shape=...)."
        )
    shape = require_shape(input_shape)
    listed = list(layers)
    if not listed:
        raise GraphError(
            "The list of layers is empty. Pass at least one layer, for example "
            "[st.Flatten(), st.Dense(10)]."
        )
    node = Node(None, shape=shape_in_equations(shape, channels), channels=channels)
    for layer in listed:
        if not isinstance(layer, Layer):
            raise GraphError(not_a_layer(layer))
        node = layer(node)
    with hint_at_other_shape(shape, channels):
        return Graph.of(node)


def not_a_layer(given: object) -> str:
    """Make the error for something in a list of layers that is not a layer."""
    name = getattr(given, "__name__", "")
    if callable(given) and CONSTRUCTORS.get(name) is given:
        what, remedy = f"st.{name} without its arguments", "Call it, as in st.Conv(6, 5)."
    elif isinstance(given, Node):
        what = "the result of a layer" if given.layer is not None else "an input"
        remedy = "Use Network(input, output) for layers that were called on one another."
    else:
        what, remedy = short(given), "For an activation alone, use st.Activation(...)."
    return f"The list of layers holds {what}; expected layers such as st.Conv(6, 5). {remedy}"


@contextlib.contextmanager
def hint_at_other_shape(shape: Shape | None, channels: Channels) -> Iterator[None]:
    """Add to an error of sizes that do not fit which other input shape may have been meant."""
    try:
        yield
    except (ShapeError, OptionError) as error:
        hint = "" if shape is None else _other_shape(shape, channels)
        if not hint:
            raise
        error.details += f"\n{hint}"
        raise


def _other_shape(shape: Shape, channels: Channels) -> str:
    """Describe another shape that may have been meant; return nothing if none is likely."""
    if channels == "last" and len(shape) == 3 and shape[0] in {1, 3, 4} and min(shape[1:]) > 4:
        return (
            f"input_shape={shape} is (rows, columns, channels). If the channels come first, use "
            f'input_shape={to_last(shape)}, or channels="first".'
        )
    maps = shape[-1 if channels == "last" else 0]
    if len(shape) == _SIGNAL_AXES and maps >= _FEWEST_COLUMNS:
        image = (*shape, 1) if channels == "last" else (1, *shape)
        return (
            f"input_shape={shape} is read as a signal, ({_signal_axes(channels)}). For gray "
            f"images, use input_shape={image}."
        )
    return ""


def unclear_signal(graph: Graph) -> Shape | None:
    """Find an input that was meant to be a gray image, perhaps: ``(28, 28)`` under ``Conv(6, 5)``.

    A shape of two numbers is a signal: positions and channels. It may also be a gray image without
    its channel, if the network's sizes fit both: each is a single number, which serves any number
    of axes. A picture has at least eight columns.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    tuple of int or None
        The shape, ``(channels, positions)``; ``None`` if every input is clear.
    """
    weights = [
        place.layer.weight
        for place in graph.layers
        if all(len(shape) == _SIGNAL_AXES for shape in place.source_shapes)
    ]
    sizes = [
        getattr(weight, weight.shorthand.size)
        for weight in weights
        if weight.shorthand is not None and weight.shorthand.size
    ]
    if not sizes or not all(isinstance(size, int) for size in sizes):
        return None
    shapes = graph.inputs.values()
    return next((s for s in shapes if len(s) == _SIGNAL_AXES and s[0] >= _FEWEST_COLUMNS), None)


def warn_of_unclear_signal(graph: Graph, channels: Channels) -> None:
    """Warn as :func:`build` raises: shorthand writes the sizes of signals as single numbers.

    Warns
    -----
    StriateWarning
        If an input may have been meant to be a gray image.
    """
    unclear = unclear_signal(graph)
    if unclear is not None:
        warnings.warn(
            _two_meanings(unclear, channels, "The input shape {}"), StriateWarning, stacklevel=3
        )


def _two_meanings(shape: Shape, channels: Channels, argument: str) -> str:
    """Explain how a shape of two numbers is read, and how to give that of gray images."""
    maps, positions = shape
    given = (positions, maps) if channels == "last" else (maps, positions)
    image = (*given, 1) if channels == "last" else (1, *given)
    return (
        f"{argument.format(given)} is a signal of {positions} positions with {maps} channels. For "
        f"gray images of {given[0]} x {given[1]} pixels, use {image}."
    )


def _signal_axes(channels: Channels) -> str:
    """Return the axes of a signal."""
    return "positions, channels" if channels == "last" else "channels, positions"


def shapes_at(
    inputs: Mapping[str, Shape], given: Shape | Mapping[str, Shape], channels: Channels
) -> dict[str, Shape]:
    """Return the new shape of each input, in the axis order of the equations.

    Parameters
    ----------
    inputs
        The inputs' own shapes.
    given
        One shape for all inputs, or a dict of shapes, as the user writes them.
    channels
        Which axis of ``given`` holds the channels.

    Raises
    ------
    GraphError
        If one shape is given for inputs with different numbers of axes.
    ShapeError
        If a shape is not a tuple of positive integers, or has a different number of axes than the
        input.
    """
    if isinstance(given, Mapping):
        shapes = {str(name): shape_in_equations(shape, channels) for name, shape in given.items()}
        for name, shape in shapes.items():
            _require_same_axes(shape, inputs.get(name, shape), f'input_shape["{name}"]', channels)
        return shapes
    shape = shape_in_equations(given, channels)
    faces = {name: _face(own, channels) for name, own in inputs.items()}
    if len({len(own) for own in inputs.values()}) > 1:
        raise GraphError(
            f"at() got one shape, {tuple(given)}, but the inputs have different numbers of axes: "
            f"{', '.join(f'{name} {face}' for name, face in faces.items())}. "
            f"Pass a dict of shapes by input, such as net.at({faces})."
        )
    _require_same_axes(shape, next(iter(inputs.values())), "input_shape", channels)
    return dict.fromkeys(inputs, shape)


def _require_same_axes(shape: Shape, own: Shape, argument: str, channels: Channels) -> None:
    """Raise if a new shape lacks the channels of an input, or has a different number of axes."""
    if len(shape) == len(own):
        return
    given, before = _face(shape, channels), _face(own, channels)
    pixels = _PIXEL_AXES.get(len(own), ())
    names = (*pixels, "channels") if channels == "last" else ("channels", *pixels)
    axes = f": ({', '.join(names)})" if pixels else ""
    remedy = f"Give {len(own)} numbers."
    if len(shape) == len(own) - 1:
        whole = (*given, own[0]) if channels == "last" else (own[0], *given)
        remedy = f"Use {whole}, with the channels {channels}."
    raise ShapeError(
        f"`{argument}` is {given}, but the network takes inputs of shape {before}{axes}. {remedy}"
    )


def _face(shape: Shape, channels: Channels) -> Shape:
    """Write a shape in the user's axis order."""
    return to_last(shape) if channels == "last" else shape


_PIXEL_AXES = {2: ("positions",), 3: ("rows", "columns"), 4: ("planes", "rows", "columns")}
"""The names of an input's axes without its channels, by the number of axes."""


def _require_same_channels(node: Node, channels: Channels) -> None:
    """Raise if the axis order of an input differs from the network's."""
    if node.layer is None and len(node.shape) > 1 and node.channels != channels:
        stated = to_last(node.shape) if node.channels == "last" else node.shape
        raise GraphError(
            f"st.Input({stated}) has channels {node.channels}, but the network has channels "
            f'{channels}. Use st.Input({stated}, channels="{channels}") if that is how its axes '
            f'are ordered, or Network(..., channels="{node.channels}").'
        )
