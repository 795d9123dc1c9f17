"""From what a user gives to the graph of a network."""

from collections.abc import Mapping, Sequence

from striate.errors import GraphError, ShapeError
from striate.graph.axis_order import (
    Channels,
    require_channels,
    require_shape,
    shape_in_equations,
    to_last,
)
from striate.graph.graph import Graph, with_inputs
from striate.graph.layer import Layer, Node
from striate.shapes import Shape


def build(
    layers: Sequence[Layer] | Node | Sequence[Node],
    outputs: Node | Sequence[Node] | None,
    input_shape: Shape | None,
    channels: Channels,
) -> Graph:
    """Make the graph of a row of layers with the shape of an image, or of inputs and outputs.

    Raises
    ------
    GraphError
        If both are given or neither, or the layers cannot be joined.
    ShapeError
        If sizes do not fit.
    OptionError
        If ``channels`` is neither ``"last"`` nor ``"first"``.
    """
    require_channels(channels)
    if outputs is not None:
        inputs = (layers,) if isinstance(layers, Node) else tuple(layers)
        if input_shape is not None or not all(isinstance(node, Node) for node in inputs):
            raise GraphError(
                "Network was given outputs with a list of layers or an input_shape. A graph is "
                "given by its inputs and outputs, "
                "a row of layers by the list and input_shape. Use Network(input, output) or "
                "Network([...], input_shape=...)."
            )
        nodes = [node for node in inputs if isinstance(node, Node)]
        for node in nodes:
            _require_same_channels(node, channels)
        return with_inputs(Graph.of(outputs), nodes, outputs)
    if isinstance(layers, Node) or input_shape is None:
        raise GraphError(
            "Network was given neither outputs nor an input_shape. A row of layers starts from the "
            "shape of an image, "
            "a graph ends in its outputs. Use Network([...], input_shape=(28, 28, 1)) or "
            "Network(input, output)."
        )
    shape = require_shape(input_shape)
    node = Node(None, shape=shape_in_equations(shape, channels), channels=channels)
    for layer in layers:
        if not isinstance(layer, Layer):
            raise GraphError(
                f"The list of layers holds {layer!r}. Each entry is a layer, such as st.Conv(6, "
                "5). "
                "Give st.Activation(...) for a transfer function alone."
            )
        node = layer(node)
    try:
        return Graph.of(node)
    except ShapeError as error:
        if channels == "last" and _looks_first(shape):
            raise ShapeError(
                f"{error}\ninput_shape={shape} is read as (rows, columns, channels). If the "
                f'channels stand first, give {to_last(shape)}, or channels="first".'
            ) from error
        raise


def shapes_at(
    inputs: Mapping[str, Shape], given: Shape | Mapping[str, Shape], channels: Channels
) -> dict[str, Shape]:
    """Give each input its new shape as the equations have it: one for all, or a table's.

    Raises
    ------
    GraphError
        If one shape is given for inputs with different numbers of axes.
    ShapeError
        If it is not the shape of an image.
    """
    if isinstance(given, Mapping):
        return {str(name): shape_in_equations(shape, channels) for name, shape in given.items()}
    shape = shape_in_equations(given, channels)
    if len({len(own) for own in inputs.values()}) > 1:
        faces = {name: to_last(own) if channels == "last" else own for name, own in inputs.items()}
        raise GraphError(
            f"The shape {tuple(given)} was given for inputs of shapes "
            f"{', '.join(f'{name} {face}' for name, face in faces.items())}. "
            "Inputs with different numbers of axes cannot have one shape. "
            f"Give a table of shapes by input, such as net.at({faces})."
        )
    return dict.fromkeys(inputs, shape)


def _require_same_channels(node: Node, channels: Channels) -> None:
    """Raise where an input was stated in another order of axes than the network's."""
    if node.layer is None and len(node.shape) > 1 and node.channels != channels:
        stated = to_last(node.shape) if node.channels == "last" else node.shape
        raise GraphError(
            f"The input {stated} has its channels {node.channels}, the network {channels}. "
            "A network's inputs and its images have one order of axes. "
            f'Use st.Input({stated}, channels="{channels}") if that is how they stand, or '
            f'Network(..., channels="{node.channels}").'
        )


def _looks_first(shape: Shape) -> bool:
    """Say whether a shape is more likely one with its channels first: few, then many pixels."""
    return len(shape) == 3 and shape[0] in {1, 3, 4} and min(shape[1:]) > 4
