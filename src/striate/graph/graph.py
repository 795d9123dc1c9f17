"""The layers of a network in the order of computation, with their shapes and parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from striate.errors import GraphError, ShapeError, StriateError
from striate.functions.base import Function, Parameter
from striate.graph.axis_order import LONGEST
from striate.graph.layer import Layer, Node
from striate.graph.naming import in_order, names_of
from striate.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A layer at its place in a graph.

    Parameters
    ----------
    name
        What the place is called.
    number
        Position in the order of computation, from 1.
    layer
        The three functions.
    sources
        Names of the incoming layers or inputs.
    owner
        Whose weights it uses: its own name, unless the same layer stands at several places.
    source_shapes, z_shapes, n_shape, shape
        Shapes of the incoming activations, of each weight-function output, of the net input, of the
        activation.
    """

    name: str
    number: int
    layer: Layer
    sources: tuple[str, ...]
    owner: str
    source_shapes: tuple[Shape, ...]
    z_shapes: tuple[Shape, ...]
    n_shape: Shape
    shape: Shape

    def parameter_names(self) -> Iterator[tuple[str, int | None, str, Parameter]]:
        """Go through ``(name, incoming layer, role, parameter)``; ``None``: of the net input."""
        for k, shape in enumerate(self.source_shapes):
            for role, parameter in self.layer.weight.parameters(shape).items():
                yield f"{self.owner}.{role}{self.suffix(k)}", k, role, parameter
        for role, parameter in self.layer.net_input.parameters(*self.z_shapes).items():
            yield f"{self.owner}.{role}", None, role, parameter

    def state_names(self) -> Iterator[tuple[str, int, str, Parameter]]:
        """Go through ``(name, incoming layer, role, start)`` of the running statistics."""
        for k, shape in enumerate(self.source_shapes):
            for role, start in self.layer.weight.state(shape).items():
                yield f"{self.owner}.{role}{self.suffix(k)}", k, role, start

    def suffix(self, source: int) -> str:
        """Give the number of one of several incoming layers, for names."""
        return str(source + 1) if len(self.sources) > 1 else ""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network without its numbers: inputs, layers in order of computation, outputs.

    Parameters
    ----------
    inputs
        Shape of each input, ``(maps, *pixels)``.
    layers
        In order of computation.
    outputs
        Names of the layers whose activations are the network's results.

    Sources
    -------
    Hagan 8.20, fig. 8.9-8.12; Wichmann 3.5.
    """

    inputs: Mapping[str, Shape]
    layers: tuple[Placed, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, outputs: Node | Sequence[Node]) -> "Graph":
        """Collect the layers that lead to the outputs.

        Parameters
        ----------
        outputs
            Results of layers that were called on one another, starting from inputs.

        Returns
        -------
        Graph

        Raises
        ------
        GraphError
            If nothing leads to an input, or two layers have one name.
        ShapeError
            If sizes do not fit, with the chain of sizes that led there.

        Examples
        --------
        >>> from striate.graph.layers import Conv, Dense, Flatten, Input
        >>> image = Input((8, 8, 1))
        >>> graph = Graph.of(Dense(2)(Flatten()(Conv(3, 3)(image))))
        >>> [(place.name, place.shape) for place in graph.layers]
        [('conv1', (3, 6, 6)), ('flatten1', (108,)), ('dense1', (2,))]
        """
        ends = (outputs,) if isinstance(outputs, Node) else tuple(outputs)
        order = in_order(ends)
        names = names_of(order)
        inputs = {names[id(node)]: node.shape for node in order if node.layer is None}
        if not inputs:
            raise GraphError(
                "A network was given without an input. Its layers are joined to an input, which "
                "states the shape. "
                "Begin with st.Input(shape), or give input_shape with a list of layers."
            )
        plan: list[tuple[str, Layer, tuple[str, ...], str]] = []
        owners: dict[int, str] = {}
        for node in order:
            if node.layer is not None:
                name = names[id(node)]
                sources = tuple(names[id(source)] for source in node.sources)
                plan.append((name, node.layer, sources, owners.setdefault(id(node.layer), name)))
        return cls.placed(inputs, plan, tuple(names[id(end)] for end in ends))

    @classmethod
    def placed(
        cls,
        inputs: Mapping[str, Shape],
        plan: Sequence[tuple[str, Layer, tuple[str, ...], str]],
        outputs: tuple[str, ...],
    ) -> "Graph":
        """Work out the shapes of layers given as ``(name, layer, sources, owner)`` in order.

        Raises
        ------
        StriateError
            Where a layer does not fit, of the kind that its functions raise, with the chain of
            sizes that led there.
        GraphError
            If a layer leads nowhere, or an output is no layer or stands twice.
        """
        shapes: dict[str, Shape] = dict(inputs)
        places: list[Placed] = []
        for number, (name, layer, sources, owner) in enumerate(plan, start=1):
            try:
                place = _place(name, number, layer, sources, owner, shapes)
                _require_same_parameters(place, places)
            except StriateError as error:
                raise type(error)(
                    f"in layer {number} ({name}): {error}{_chain(places, inputs, sources)}"
                ) from error
            shapes[name] = place.shape
            places.append(place)
        graph = cls(inputs=dict(inputs), layers=tuple(places), outputs=outputs)
        graph._require_use()
        return graph

    @property
    def shapes(self) -> dict[str, Shape]:
        """Give the shape of every input's and layer's activation by name."""
        return {**self.inputs, **{place.name: place.shape for place in self.layers}}

    def __getitem__(self, name: str) -> Placed:
        """Find a layer by its name."""
        for place in self.layers:
            if place.name == name:
                return place
        raise GraphError(
            f'There is no layer "{name}". The layers are '
            f"{', '.join(place.name for place in self.layers)}. "
            "Use one of these names."
        )

    def parameters(self) -> dict[str, Parameter]:
        """Give every trainable array by name, in order: weights of a layer, then its bias."""
        return {
            name: parameter
            for place in self.layers
            if place.owner == place.name
            for name, _, _, parameter in place.parameter_names()
        }

    def state(self) -> dict[str, Parameter]:
        """Give every running statistic by name."""
        return {
            name: start
            for place in self.layers
            if place.owner == place.name
            for name, _, _, start in place.state_names()
        }

    def at(self, inputs: Mapping[str, Shape]) -> "Graph":
        """Give the same layers, with the same kernels, for inputs of other sizes.

        Parameters
        ----------
        inputs
            The new shape of each input.

        Returns
        -------
        Graph

        Raises
        ------
        GraphError
            If a layer's weights depend on the size of the input.

        Sources
        -------
        Hagan, after 8.15.

        Examples
        --------
        >>> from striate.graph.layers import Conv, Input
        >>> graph = Graph.of(Conv(3, 3)(Input((8, 8, 1), name="image")))
        >>> graph.at({"image": (1, 20, 12)}).shapes["conv1"]
        (3, 18, 10)
        """
        if set(inputs) != set(self.inputs):
            raise GraphError(
                f"The inputs {', '.join(inputs)} were given. The network's inputs are "
                f"{', '.join(self.inputs)}. "
                "Give a shape for each of them."
            )
        plan = [(place.name, place.layer, place.sources, place.owner) for place in self.layers]
        other = Graph.placed(inputs, plan, self.outputs)
        before, after = self.parameters(), other.parameters()
        for place in other.layers:
            for name, _, _, _ in place.parameter_names():
                if before[name].shape != after[name].shape:
                    raise GraphError(
                        _cannot_follow(place, name, before[name].shape, after[name].shape)
                    )
        return other

    def functions(self) -> Iterator[Function]:
        """Go through every function of every layer."""
        for place in self.layers:
            yield from (place.layer.weight, place.layer.net_input, place.layer.transfer)

    def _require_use(self) -> None:
        """Raise where an output is no layer or stands twice, or a layer leads to none."""
        names = {place.name for place in self.layers}
        for name in self.outputs:
            if name not in names:
                raise GraphError(
                    f'The output "{name}" is no layer. An output is the activation of one of the '
                    f"layers: {', '.join(place.name for place in self.layers) or 'there are none'}"
                    ". Use one of these, or add a layer."
                )
        if len(set(self.outputs)) < len(self.outputs):
            raise GraphError(
                f"The outputs are {', '.join(self.outputs)}. Each stands once, because it has a "
                "loss and targets of its own. Name each layer once."
            )
        used = set(self.outputs)
        for place in reversed(self.layers):
            if place.name not in used:
                raise GraphError(
                    f"{place.name} leads to no output. A layer that nothing reads is computed in "
                    "vain and cannot be trained. Leave it out, or join it to another layer."
                )
            used.update(place.sources)


def describe(shape: Shape) -> str:
    """Write a shape as the figures of the sources do: ``6@28x28``, or ``120`` for a vector.

    Examples
    --------
    >>> describe((6, 28, 28)), describe((120,))
    ('6@28x28', '120')
    """
    maps, *pixels = shape
    return f"{maps}@{'x'.join(map(str, pixels))}" if pixels else str(maps)


def _place(
    name: str,
    number: int,
    layer: Layer,
    sources: tuple[str, ...],
    owner: str,
    shapes: Mapping[str, Shape],
) -> Placed:
    """Work out one layer's shapes."""
    incoming = tuple(shapes[source] for source in sources)
    z = tuple(layer.weight.output_shape(shape) for shape in incoming)
    n = layer.net_input.output_shape(*z)
    a = layer.transfer.output_shape(n)
    if max(a) > LONGEST:  # so that tables along an axis are small, whatever a model file says
        raise ShapeError(
            f"The output would be {describe(a)}, but an axis may have at most {LONGEST:,} values. "
            "Use smaller images, smaller strides, or fewer feature maps."
        )
    if min(a) < 1:
        raise ShapeError(
            f"{layer.weight} would give {describe(a)}. Every axis holds at least one value. "
            "Use a larger image or smaller windows."
        )
    return Placed(
        name=name,
        number=number,
        layer=layer,
        sources=sources,
        owner=owner,
        source_shapes=incoming,
        z_shapes=z,
        n_shape=n,
        shape=a,
    )


def _require_same_parameters(place: Placed, before: Sequence[Placed]) -> None:
    """Raise where a layer that stands at several places would need other weights at this one."""
    if place.owner == place.name:
        return
    first = next(other for other in before if other.name == place.owner)
    mine = {name: parameter.shape for name, _, _, parameter in place.parameter_names()}
    theirs = {name: parameter.shape for name, _, _, parameter in first.parameter_names()}
    if mine != theirs:
        raise GraphError(
            f"{place.owner} stands at several places with one set of weights, but needs {theirs} "
            "at the first and "
            f"{mine} here. Shared weights have one shape. Use a layer of its own here, or inputs "
            "of the same size."
        )


def _chain(places: Sequence[Placed], inputs: Mapping[str, Shape], sources: tuple[str, ...]) -> str:
    """Write the sizes that led to a layer, back to the input."""
    by_name = {place.name: place for place in places}
    steps: list[str] = []
    name = sources[0]
    while name in by_name:
        place = by_name[name]
        axes = place.layer.weight.window_axes(*place.source_shapes)
        how = f" [{axes[0].formula()}]" if axes else ""
        steps.append(f"{name} {describe(place.shape)}{how}")
        name = place.sources[0]
    steps.append(f"{name} {describe(inputs[name])}")
    return f"\nThe sizes so far: {' -> '.join(reversed(steps))}."


def _cannot_follow(place: Placed, name: str, before: Shape, after: Shape) -> str:
    """Say why a layer's weights or biases do not fit another size of input."""
    return (
        f"in layer {place.number} ({place.name}): {name} has shape {before} and would need {after} "
        "for the new size. Kernels fit any image with as many channels, but a weight for each "
        "input and a bias for each neuron do not (Hagan, after 8.15). Use the network at its own "
        "size, or a global pooling layer before the dense layers and tied biases."
    )


def with_inputs(graph: Graph, nodes: Sequence[Node], outputs: Node | Sequence[Node]) -> Graph:
    """Put the inputs in a user's order; raise where one is missing or leads nowhere.

    Raises
    ------
    GraphError
        If the inputs listed are not those that lead to the outputs.
    """
    ends = (outputs,) if isinstance(outputs, Node) else tuple(outputs)
    leading = [node for node in in_order(ends) if node.layer is None]
    names = [node.name for node in nodes]
    if len(nodes) == 1 and leading == list(nodes):
        return graph
    if len(nodes) == 1 == len(leading):
        raise GraphError(
            "The input that was listed does not lead to the outputs; another input does. Layers "
            "are called on one another, from the input to the outputs. List the input that the "
            "first layer was called on."
        )
    if None in names or sorted(map(str, names)) != sorted(graph.inputs):
        raise GraphError(
            f"The inputs {', '.join(map(str, names))} were listed, but the outputs come from "
            f"{', '.join(graph.inputs)}. "
            "Several inputs have names, and each is listed once. Use st.Input(shape, name=...), "
            "and list those that lead to the outputs."
        )
    return replace(graph, inputs={str(name): graph.inputs[str(name)] for name in names})
