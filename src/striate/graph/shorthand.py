"""The text form of a network, after Hagan's shorthand (figures 8.10, 8.11), both ways.

::

    conv 6@5x5 same tanh | average 2x2 | conv 16@5x5 tanh | average 2x2 | dense 10 softmax

Layers stand in the order of computation, with ``|`` between them. A layer is a word, its argument
(``6@5x5``: six maps of 5 x 5 windows; ``120`` neurons; ``2x2``), and then, in any order:

==================  =======================================================================
``tanh``            a transfer function, with its options in brackets: ``elu(alpha=0.5)``
``same``            a word of padding: ``valid``, ``same`` or ``full``
``stride 2``        an option and its value: ``2``, ``2x1`` for each axis, ``1:2x0:1`` for each
                    side
``flip``            an option that is on
``bias none``       the bias: ``tied``, ``untied`` or ``none``
``product``         the net input function, where it is not the sum
``init he-normal``  the initializer
``as stem``         a name for the layer
``from stem``       what the layer is joined to, where it is not the layer before: ``from a,b``
==================  =======================================================================

A transfer function alone is a layer; ``add NAME``, ``multiply NAME`` and ``concatenate NAME`` join
the layer before with named ones; ``again NAME`` uses a layer, with its weights, once more; ``input
28x28x1 as image`` states an input; ``output a b`` names the results. A dense layer after maps is
preceded by ``flatten`` even where that is not written (the vec block of figure 8.11).
"""

from collections import Counter
from typing import cast

from striate.errors import OptionError, ShapeError, ShorthandError, StriateError
from striate.functions import registry
from striate.functions.net_input.bias import Bias
from striate.functions.vec import Flatten
from striate.functions.weight import DotProduct
from striate.graph.axis_order import require_shape, to_first
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node, net_input_function, require_name
from striate.graph.shorthand_segment import Segment, read_segment
from striate.graph.shorthand_values import did_you_mean, read_size
from striate.shapes import Shape


def parse(text: str, input_shape: Shape | None = None) -> Graph:
    """Read a network from its text form.

    Parameters
    ----------
    text
        See the module's description.
    input_shape
        ``(rows, columns, channels)`` or ``(features,)`` of the one input, where the text has no
        ``input``.

    Returns
    -------
    Graph

    Raises
    ------
    ShorthandError
        If a word, an option or a name is not known, or a value cannot be read.
    ShapeError
        If sizes do not fit.

    Sources
    -------
    Hagan fig. 8.10-8.11.

    Examples
    --------
    >>> graph = parse("conv 6@5x5 same tanh | average 2x2 | dense 10 softmax", (28, 28, 1))
    >>> [place.name for place in graph.layers]
    ['conv1', 'average1', 'flatten1', 'dense1']
    """
    return _Reader(text, input_shape).graph()


class _Reader:
    """Goes through the segments and joins layer to layer."""

    def __init__(self, text: str, input_shape: Shape | None) -> None:
        self.segments = [" ".join(part.split()) for part in text.split("|")]
        self.nodes: dict[str, Node] = {}
        self.layers: dict[str, Layer] = {}
        self.running: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.previous: Node | None = None
        self.outputs: list[str] = []
        self.ranks: list[tuple[Layer, int, str]] = []
        self.shapes: dict[int, Shape] = {}
        if input_shape is not None:
            self._input(Node(None, shape=to_first(require_shape(input_shape))))

    def graph(self) -> Graph:
        """Read every segment and collect the graph."""
        for number, segment in enumerate(self.segments, start=1):
            try:
                self._read(segment)
            except (ShorthandError, OptionError) as error:
                raise ShorthandError(f'in segment {number} ("{segment}"): {error}') from error
        if self.previous is None or self.previous.layer is None:
            raise ShorthandError(
                "The text has no layer. A network has at least one between its input and its "
                "output. "
                'Write for example "conv 6@5x5 tanh | dense 10 softmax".'
            )
        ends = [self._node(name) for name in self.outputs] or [self.previous]
        graph = Graph.of(ends)
        unread = self.layers.keys() - {place.name for place in graph.layers}
        if unread:
            raise ShorthandError(
                f"{', '.join(name for name in self.layers if name in unread)} leads to no output. "
                "Each layer is read by another one or is an output. "
                'Join it with "from" or "add", or list it behind "output".'
            )
        self._require_ranks(graph)
        return graph

    def _read(self, segment: str) -> None:
        """Read one segment."""
        word, *rest = segment.split() or [""]
        if not word:
            raise ShorthandError(
                "Nothing stands there. Between the strokes stands one layer each. "
                'Write for example "conv 6@5x5 tanh | dense 10 softmax".'
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
                f'"input {" ".join(rest)}" cannot be read. An input states its shape, channels '
                "last, and may have a "
                'name. Write for example "input 28x28x1 as image".'
            )
        size = read_size(rest[0], "input")
        name = rest[2] if len(rest) == 3 else None
        if name is not None:
            require_name(name)
        shape = require_shape((size,) if isinstance(size, int) else size)
        self._input(Node(None, shape=to_first(shape), name=name))

    def _read_output(self, rest: list[str]) -> None:
        """Read ``output a b``."""
        if not rest or self.outputs:
            raise ShorthandError(
                "The outputs are stated once, by the names of their layers. Without them the last "
                'layer is the output. Write for example "output a b", or leave it out.'
            )
        self.outputs = rest

    def _input(self, node: Node) -> None:
        """Make an input the place to go on from."""
        self.previous = node
        self.shapes[id(node)] = node.shape
        self._name(node, node.name or "input")

    def _again(self, rest: list[str]) -> None:
        """Read ``again stem from b``."""
        if not rest or rest[0] not in self.layers:
            known = ", ".join(self.layers) or "none"
            raise ShorthandError(
                f'"again {" ".join(rest)}" names no layer that stands before it. It uses a layer '
                "that has a name once more; "
                f'those named so far: {known}. Name the layer with "as", then write "again NAME".'
            )
        name, *joined = rest
        if joined and (joined[0] != "from" or len(joined) != 2):
            raise ShorthandError(
                f'"again {" ".join(rest)}" cannot be read. Behind the name of the layer stands '
                'only what it is joined to. Write for example "again stem from b".'
            )
        self._join(self.layers[name], Segment(before=joined[1].split(",") if joined else None))
        assert self.previous is not None
        self.places[name] += 1
        self._name(self.previous, f"{name}@{self.places[name] + 1}")

    def _layer(self, said: Segment) -> None:
        """Make a layer of what a segment says, and join it."""
        shorthand = said.weight.shorthand
        weighted = shorthand is not None and bool(shorthand.maps)
        bias = said.bias or ("tied" if weighted else "none")
        net_input = net_input_function(
            registry.name_of(said.net_input), cast("Bias", None if bias == "none" else bias)
        )
        layer = Layer(
            said.weight(**said.options),
            net_input,
            said.transfer or "linear",
            initializer=said.initializer,
            name=said.name,
        )
        layer.is_join = said.is_join
        if said.rank is not None:
            self.ranks.append((layer, said.rank, str(layer.weight)))
        if isinstance(layer.weight, DotProduct):
            self._flatten(said)
        self._join(layer, said)
        self._name_layer(layer, said.name)

    def _name_layer(self, layer: Layer, name: str | None) -> None:
        """Give the layer its name, or its kind and running number in the order of the text."""
        assert self.previous is not None
        if name is None:
            word = layer.word(len(self.previous.sources))
            while name is None or name in self.nodes:
                self.running[word] += 1
                name = f"{word}{self.running[word]}"
        layer.name = name
        self.layers[name] = layer
        self._name(self.previous, name)

    def _name(self, node: Node, name: str) -> None:
        """Remember where a name stands."""
        if name in self.nodes:
            raise ShorthandError(
                f'"{name}" names two layers or inputs. Names tell them apart in traces and files. '
                "Choose another name."
            )
        self.nodes[name] = node

    def _flatten(self, said: Segment) -> None:
        """Put the vec block between maps and a dense layer where it is not written."""
        sources = self._sources(said)
        if len(sources) == 1 and len(self.shapes[id(sources[0])]) > 1:
            flatten = Layer(Flatten())
            self._join(flatten, said)
            self._name_layer(flatten, None)
            said.before = None

    def _join(self, layer: Layer, said: Segment) -> None:
        """Join a layer to what comes before it, and note its shape."""
        sources = self._sources(said)
        node = layer(sources)
        try:
            z = [layer.weight.output_shape(self.shapes[id(source)]) for source in sources]
            self.shapes[id(node)] = layer.transfer.output_shape(layer.net_input.output_shape(*z))
        except StriateError:
            # The graph says the same with the chain of sizes that led here.
            Graph.of(node)
            raise
        self.previous = node

    def _sources(self, said: Segment) -> list[Node]:
        """Find what a layer is joined to."""
        if said.before is not None:
            nodes = [self._node(name) for name in said.before]
        elif self.previous is None:
            raise ShorthandError(
                "A layer stands before any input. The input's shape comes first. "
                'Give input_shape, or begin the text with "input 28x28x1".'
            )
        else:
            nodes = [self.previous]
        return nodes + [self._node(name) for name in said.joined]

    def _node(self, name: str) -> Node:
        """Find a layer or input by its name: given with ``as``, or its kind and running number."""
        if name not in self.nodes:
            raise ShorthandError(
                f'"{name}" is not the name of a layer that stands before. So far there are '
                f"{', '.join(self.nodes)}."
                f'{did_you_mean(name, self.nodes)} Name the layer with "as {name}", or use one of '
                "these."
            )
        return self.nodes[name]

    def _require_ranks(self, graph: Graph) -> None:
        """Raise where a window is written with other axes than the image has."""
        shapes = {id(place.layer): place.source_shapes[0] for place in graph.layers}
        for layer, rank, what in self.ranks:
            axes = len(shapes[id(layer)]) - 1
            if axes != rank:
                raise ShapeError(
                    f"{what} is written with {rank} axes for an image with {axes}. A window has "
                    "the axes of its image. "
                    f"Write it as {'x'.join(['3'] * axes)}, say."
                )
