"""From what a user gives to the graph of a network."""

from collections.abc import Sequence

from striate.errors import GraphError, OptionError, ShapeError
from striate.graph.graph import Graph, with_inputs
from striate.graph.layer import Layer, Node
from striate.graph.orders import require_shape, to_first, to_last
from striate.model.inputs import Channels
from striate.shapes import Shape


def build(
    layers: Sequence[Layer] | Node | Sequence[Node],
    outputs: Node | Sequence[Node] | None,
    input_shape: Shape | None,
    channels: Channels,
) -> Graph:
    """Make the graph of a row of layers with the shape of an image, or of inputs and outputs."""
    if channels not in {"last", "first"}:
        raise OptionError(
            f"channels={channels!r} cannot be. It is which axis of images holds the channels, "
            '"last" or "first". Use channels="last".'
        )
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
        return with_inputs(Graph.of(outputs), nodes, outputs)
    if isinstance(layers, Node) or input_shape is None:
        raise GraphError(
            "Network was given neither outputs nor an input_shape. A row of layers starts from the "
            "shape of an image, "
            "a graph ends in its outputs. Use Network([...], input_shape=(28, 28, 1)) or "
            "Network(input, output)."
        )
    shape = require_shape(input_shape)
    node = Node(None, shape=to_first(shape) if channels == "last" else shape)
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


def _looks_first(shape: Shape) -> bool:
    """Say whether a shape is more likely one with its channels first: few, then many pixels."""
    return len(shape) == 3 and shape[0] in {1, 3, 4} and min(shape[1:]) > 4
