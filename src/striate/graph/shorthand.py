"""The shorthand of networks, after Hagan's figures 8.10 and 8.11: parsing.

::

    conv 6@5x5 same tanh | average 2x2 | conv 16@5x5 tanh | average 2x2 | dense 10 softmax

Layers are written in the order of computation, separated by ``|``. A layer is a word, its argument
(``6@5x5``: six maps with kernels of 5 x 5; ``120`` neurons; ``2x2``), and then, in any order:

==================  =======================================================================
``tanh``            a transfer function, with its options in parentheses: ``elu(alpha=0.5)``
``same``            the padding: ``valid``, ``same`` or ``full``
``stride 2``        an option and its value: ``2``, ``2x1`` for each axis, ``1:2x0:1`` for each
                    side
``flip``            a flag, to turn it on
``bias none``       the bias: ``tied``, ``untied`` or ``none``
``product``         the net input function, if it isn't the sum
``init he-normal``  the initializer
``as stem``         a name for the layer
``from stem``       the incoming layers, if not the previous layer: ``from a,b``
==================  =======================================================================

A transfer function on its own is a layer. ``add NAME``, ``multiply NAME`` and ``concatenate NAME``
join the previous layer with named ones. ``again NAME`` reuses a layer with its weights. ``input
28x28x1 as image`` declares an input, ``output a b`` names the outputs. Between maps and a dense
layer, ``flatten`` is inserted (the vec block of figure 8.11).

The parser reads the segments from left to right. It keeps the previous node, the named layers, and
the shape of every node, because a segment's meaning can depend on the shape: ``dense 10`` after
maps needs ``flatten``, after a vector it doesn't.
"""

from collections import Counter
from collections.abc import Collection
from typing import cast

from striate.errors import (
    GraphError,
    Message,
    OptionError,
    ShapeError,
    ShorthandError,
    StriateError,
    shortened,
)
from striate.functions import registry
from striate.functions.net_input.bias import Bias
from striate.functions.synonyms import did_you_mean
from striate.functions.vec import Flatten
from striate.functions.weight import DotProduct
from striate.functions.writing import short
from striate.graph.axis_order import LONGEST, require_shape, to_first
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node, net_input_function, require_name
from striate.graph.shorthand_segment import Segment, read_segment
from striate.graph.shorthand_values import read_size
from striate.shapes import Shape


def parse(text: str, input_shape: Shape | None = None, *, taken: Collection[str] = ()) -> Graph:
    """Parse a network from its shorthand.

    Parameters
    ----------
    text
        See the module's description.
    input_shape
        ``(rows, columns, channels)`` or ``(features,)`` of the input, if the text has no ``input``.
    taken
        Names that no layer may have.

    Returns
    -------
    Graph

    Raises
    ------
    ShorthandError
        If a word, an option or a name is unknown, or a value can't be parsed.
    ShapeError
        If sizes don't fit.

    Sources
    -------
    Hagan fig. 8.10-8.11.

    Examples
    --------
    >>> graph = parse("conv 6@5x5 same tanh | average 2x2 | dense 10 softmax", (28, 28, 1))
    >>> [place.name for place in graph.layers]
    ['conv1', 'average1', 'flatten1', 'dense1']
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may
        raise ShorthandError(
            f'The shorthand must be a string, got {short(text)}. For example, write "conv 6@5x5 '
            'tanh | dense 10 softmax".'
        )
    return _Reader(text, input_shape, taken).graph()


class _Reader:
    """Reads the segments, and connects each layer to its sources."""

    def __init__(self, text: str, input_shape: Shape | None, taken: Collection[str] = ()) -> None:
        self.segments = [" ".join(part.split()) for part in text.split("|")]
        self.taken = taken
        self.nodes: dict[str, Node] = {}
        self.layers: dict[str, Layer] = {}
        self.running: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.previous: Node | None = None
        self.outputs: list[str] = []
        self.heading = ""
        self.typed_sizes: list[tuple[Layer, str, str]] = []
        self.shapes: dict[int, Shape] = {}
        if input_shape is not None:
            self._input(Node(None, shape=to_first(require_shape(input_shape))))

    def graph(self) -> Graph:
        """Read every segment and collect the graph."""
        for number, segment in enumerate(self.segments, start=1):
            self.heading = f"Segment {number}, {short(segment, 100)}"
            try:
                self._read(segment)
            except (ShorthandError, OptionError) as error:
                raise ShorthandError(Message(f"{self.heading}: ", error.message)) from error
            except (GraphError, ShapeError) as error:
                if not error.subject:  # otherwise it names the layer
                    error.about(self.heading)
                raise
        if self.previous is None or self.previous.layer is None:
            raise ShorthandError(
                "The shorthand has no layer. "
                'Write at least one, for example "conv 6@5x5 tanh | dense 10 softmax".'
            )
        ends = [self._node(name) for name in self.outputs] or [self.previous]
        for name, end in zip(self.outputs, ends, strict=False):
            if end.layer is None:
                raise ShorthandError(
                    f'"output" must name layers, but {short(name)} is an input. '
                    f"Choose from {', '.join(self.layers)}."
                )
        graph = Graph.of(ends)
        unread = self.layers.keys() - {place.name for place in graph.layers}
        if unread:
            raise ShorthandError(
                f"No output depends on {', '.join(n for n in self.layers if n in unread)}. "
                'Connect it with "from" or "add", or list it after "output".'
            )
        self._require_ranks(graph)
        return graph

    def _read(self, segment: str) -> None:
        """Read one segment."""
        word, *rest = segment.split() or [""]
        if not word:
            raise ShorthandError(
                'The segment is empty. Write one layer between two "|", for example '
                '"conv 6@5x5 tanh | dense 10 softmax".'
            )
        match word:
            case "input":
                self._read_input(rest)
            case "output":
                self._read_output(rest)
            case "again":
                self._again(rest)
            case _:
                self._layer(read_segment(word, rest))

    def _read_input(self, rest: list[str]) -> None:
        """Read ``input 28x28x1 as image``."""
        if len(rest) not in {1, 3} or (len(rest) == 3 and rest[1] != "as"):
            raise ShorthandError(
                f"{short(' '.join(['input', *rest]))} must be a shape, channels last, with or "
                'without a name. For example, write "input 28x28x1 as image".'
            )
        size = read_size(rest[0], "input")
        name = rest[2] if len(rest) == 3 else None
        if name is not None:
            require_name(name)
        elif "input" in self.nodes:
            raise ShorthandError(
                "The network already has an input without a name. Leave out input_shape or this "
                'segment, or name a second input: "input 28x28x1 as image".'
            )
        lengths = (size,) if isinstance(size, int) else size
        if not 0 < min(lengths) <= max(lengths) <= LONGEST:
            raise ShorthandError(
                f"The shape of an input must have lengths from 1 to {LONGEST:,}, got "
                f'{shortened(rest[0])}. For example, write "input 28x28x1".'
            )
        shape = require_shape(lengths)
        self._input(Node(None, shape=to_first(shape), name=name))

    def _read_output(self, rest: list[str]) -> None:
        """Read ``output a b``."""
        if not rest or self.outputs:
            raise ShorthandError(
                '"output" must appear only once, followed by the names of layers. '
                'For example, write "output a b", or omit it to use the last layer.'
            )
        self.outputs = rest

    def _input(self, node: Node) -> None:
        """Continue from an input."""
        self.previous = node
        self.shapes[id(node)] = node.shape
        self._name(node, node.name or "input")

    def _again(self, rest: list[str]) -> None:
        """Read ``again stem from b``."""
        if not rest or rest[0] not in self.layers:
            choice = f" Choose from {', '.join(self.layers)}, or name" if self.layers else " Name"
            raise ShorthandError(
                f"{short(' '.join(['again', *rest]))} must name an earlier layer.{choice} a layer "
                'with "as NAME" and then write "again NAME".'
            )
        name, *joined = rest
        if joined and (joined[0] != "from" or len(joined) != 2):
            raise ShorthandError(
                f'{short(" ".join(["again", *rest]))} has unexpected words: only "from" may '
                'follow the name. For example, write "again stem from b".'
            )
        self._join(self.layers[name], Segment(before=joined[1].split(",") if joined else None))
        assert self.previous is not None
        self.places[name] += 1
        self._name(self.previous, f"{name}@{self.places[name] + 1}")

    def _layer(self, segment: Segment) -> None:
        """Create the layer of a segment, and connect it."""
        shorthand = segment.weight.shorthand
        weighted = shorthand is not None and bool(shorthand.maps)
        bias = segment.bias or ("tied" if weighted else "none")
        net_input = net_input_function(
            registry.name_of(segment.net_input), cast("Bias", None if bias == "none" else bias)
        )
        layer = Layer(
            segment.weight(**segment.options),
            net_input,
            segment.transfer or "linear",
            initializer=segment.initializer,
            name=segment.name,
        )
        layer.is_join = segment.is_join
        if segment.typed_size is not None:
            self.typed_sizes.append((layer, segment.typed_size, self.heading))
        if isinstance(layer.weight, DotProduct):
            self._flatten(segment)
        self._join(layer, segment)
        self._name_layer(layer, segment.name)

    def _name_layer(self, layer: Layer, name: str | None) -> None:
        """Name the layer as given, or by its kind and a number."""
        assert self.previous is not None
        if name is None:
            word = layer.word(len(self.previous.sources))
            while name is None or name in self.nodes or name in self.taken:
                self.running[word] += 1
                name = f"{word}{self.running[word]}"
        layer.name = name
        self.layers[name] = layer
        self._name(self.previous, name)

    def _name(self, node: Node, name: str) -> None:
        """Register the name of a node."""
        if name in self.nodes or (node.layer is not None and name in self.taken):
            raise ShorthandError(
                f"Two layers or inputs have the name {short(name)}. Choose another name for one of "
                "them."
            )
        self.nodes[name] = node

    def _flatten(self, segment: Segment) -> None:
        """Insert the vec block between maps and a dense layer if it isn't written."""
        sources = self._sources(segment)
        if len(sources) == 1 and len(self.shapes[id(sources[0])]) > 1:
            flatten = Layer(Flatten())
            self._join(flatten, segment)
            self._name_layer(flatten, None)
            segment.before = None

    def _join(self, layer: Layer, segment: Segment) -> None:
        """Connect a layer to its sources, and compute its shape."""
        sources = self._sources(segment)
        node = layer(sources)
        try:
            z = [layer.weight.output_shape(self.shapes[id(source)]) for source in sources]
            self.shapes[id(node)] = layer.transfer.output_shape(layer.net_input.output_shape(*z))
        except StriateError:
            # Graph.of raises the same error with the layer and the sizes up to here.
            Graph.of(node)
            raise
        self.previous = node

    def _sources(self, segment: Segment) -> list[Node]:
        """Find the incoming layers of a segment."""
        if segment.before is not None:
            nodes = [self._node(name) for name in segment.before]
        elif self.previous is None:
            raise ShorthandError(
                "The shape of the input is missing. "
                'Give input_shape, or begin with "input 28x28x1".'
            )
        else:
            nodes = [self.previous]
        return nodes + [self._node(name) for name in segment.joined]

    def _node(self, name: str) -> Node:
        """Find a layer or input by its name: given with ``as``, or its kind and number."""
        if name not in self.nodes:
            raise ShorthandError(
                f"Unknown layer {short(name)}.{did_you_mean(name, self.nodes)} Choose from the "
                f"earlier layers {', '.join(self.nodes)}, or name a layer with "
                f"{short(f'as {name}')}."
            )
        return self.nodes[name]

    def _require_ranks(self, graph: Graph) -> None:
        """Raise if a window is written with a different number of axes than the image has."""
        shapes = {id(place.layer): place.source_shapes[0] for place in graph.layers}
        for layer, size, heading in self.typed_sizes:
            numbers, axes = size.split("x"), len(shapes[id(layer)]) - 1
            if len(numbers) != axes:
                shorthand = layer.weight.shorthand
                assert shorthand is not None
                raise ShapeError(
                    f"{heading}: the {shorthand.size.replace('_', ' ')} {shortened(size)} has "
                    f"{len(numbers)} axes, but the image has {axes}. "
                    f"For example, write {'x'.join(numbers[:1] * axes)}."
                )
