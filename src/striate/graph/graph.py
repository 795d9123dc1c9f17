"""A network without its weights: layers in order of computation, with shapes and parameters."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from striate.errors import GraphError, ShapeError, StriateError
from striate.functions.base import Function, Parameter
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short
from striate.graph.axis_order import LONGEST
from striate.graph.layer import Layer, Node
from striate.graph.naming import in_order, names_of
from striate.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A layer at its position in a graph.

    Parameters
    ----------
    name
        Name of the layer.
    number
        Position in the order of computation, from 1.
    layer
        Its weight, net input and transfer function.
    sources
        Names of the incoming layers or inputs.
    owner
        Name of the layer whose weights it uses: its own, unless the layer is shared.
    source_shapes, z_shapes, n_shape, shape
        Shapes of the incoming activations, of each weight-function output, of the net input, and of
        the activation.
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
        """Yield ``(name, source, role, parameter)``; source ``None`` is the net input function."""
        for k, shape in enumerate(self.source_shapes):
            for role, parameter in self.layer.weight.parameters(shape).items():
                yield f"{self.owner}.{role}{self.suffix(k)}", k, role, parameter
        for role, parameter in self.layer.net_input.parameters(*self.z_shapes).items():
            yield f"{self.owner}.{role}", None, role, parameter

    def state_names(self) -> Iterator[tuple[str, int, str, Parameter]]:
        """Yield ``(name, source, role, start)`` for each running statistic."""
        for k, shape in enumerate(self.source_shapes):
            for role, start in self.layer.weight.state(shape).items():
                yield f"{self.owner}.{role}{self.suffix(k)}", k, role, start

    def suffix(self, source: int) -> str:
        """Return the number of a source, for names; empty if there is only one."""
        return str(source + 1) if len(self.sources) > 1 else ""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network without its weights: inputs, layers in order of computation, outputs.

    Parameters
    ----------
    inputs
        Shape of each input, ``(maps, *pixels)``.
    layers
        In order of computation.
    outputs
        Names of the layers whose activations are the network's outputs.

    Sources
    -------
    Hagan 8.20, fig. 8.9-8.12; Wichmann 3.5.
    """

    inputs: Mapping[str, Shape]
    layers: tuple[Placed, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, outputs: Node | Sequence[Node], *, taken: Collection[str] = ()) -> "Graph":
        """Collect the layers that lead to the outputs.

        Parameters
        ----------
        outputs
            Results of layers that were called on one another, starting from inputs.
        taken
            Names that no layer may have.

        Returns
        -------
        Graph

        Raises
        ------
        GraphError
            If no input leads to the outputs, or two layers have the same name.
        ShapeError
            If sizes do not fit; the message lists the sizes up to that layer.

        Examples
        --------
        >>> from striate.graph.layers import Conv, Dense, Flatten, Input
        >>> image = Input((8, 8, 1))
        >>> graph = Graph.of(Dense(2)(Flatten()(Conv(3, 3)(image))))
        >>> [(place.name, place.shape) for place in graph.layers]
        [('conv1', (3, 6, 6)), ('flatten1', (108,)), ('dense1', (2,))]
        """
        ends = (outputs,) if isinstance(outputs, Node) else tuple(outputs)
        if not ends:
            raise _no_output()
        order = in_order(ends)
        names = names_of(order, taken)
        inputs = {names[id(node)]: node.shape for node in order if node.layer is None}
        if not inputs:
            raise GraphError(
                "The network has no input. Start with st.Input(shape), or give input_shape with a "
                "list of layers."
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
        """Compute the shapes of layers given as ``(name, layer, sources, owner)`` in order.

        Raises
        ------
        StriateError
            If a layer does not fit: the error of its functions, with the sizes up to that layer.
        GraphError
            If a layer leads nowhere, or an output is not a layer or is listed twice.
        """
        shapes: dict[str, Shape] = dict(inputs)
        places: list[Placed] = []
        for number, (name, layer, sources, owner) in enumerate(plan, start=1):
            try:
                place = _place(name, number, layer, sources, owner, shapes)
                _require_same_parameters(place, places)
            except StriateError as error:
                # Replace the subject that the function set: the layer is more specific.
                error.about(f"Layer {number} ({name}), {layer.short_text(len(sources))}")
                error.details = _chain(places, inputs, sources)
                raise
            shapes[name] = place.shape
            places.append(place)
        graph = cls(inputs=dict(inputs), layers=tuple(places), outputs=outputs)
        graph._require_use()
        return graph

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of all inputs' and layers' activations by name."""
        return {**self.inputs, **{place.name: place.shape for place in self.layers}}

    def __getitem__(self, name: str) -> Placed:
        """Find a layer by its name."""
        for place in self.layers:
            if place.name == name:
                return place
        raise GraphError(
            f"Unknown layer {short(name)}.{did_you_mean(name, self.shapes)} "
            f"Choose from {', '.join(place.name for place in self.layers)}."
        )

    def parameters(self) -> dict[str, Parameter]:
        """Return the trainable arrays by name, in order: weights of a layer, then its bias."""
        return {
            name: parameter
            for place in self.layers
            if place.owner == place.name
            for name, _, _, parameter in place.parameter_names()
        }

    def state(self) -> dict[str, Parameter]:
        """Return the running statistics by name."""
        return {
            name: start
            for place in self.layers
            if place.owner == place.name
            for name, _, _, start in place.state_names()
        }

    def at(self, inputs: Mapping[str, Shape]) -> "Graph":
        """Return the same layers, with the same kernels, for inputs of different sizes.

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
            several = len(self.inputs) > 1
            names = ", ".join(map(short, self.inputs))
            raise GraphError(
                f"Shapes were given for {', '.join(map(short, inputs)) or 'no input'}, but the "
                f"network's {'inputs are' if several else 'only input is'} called {names}. Give a "
                f"dict with {'these keys' if several else 'this key'}."
            )
        plan = [(place.name, place.layer, place.sources, place.owner) for place in self.layers]
        other = Graph.placed(inputs, plan, self.outputs)
        before, after = self.parameters(), other.parameters()
        for place in other.layers:
            for name, _, _, _ in place.parameter_names():
                if before[name].shape != after[name].shape:
                    raise GraphError(
                        _size_mismatch(place, name, before[name].shape, after[name].shape)
                    )
        return other

    def functions(self) -> Iterator[Function]:
        """Iterate over the functions of all layers."""
        for place in self.layers:
            yield from (place.layer.weight, place.layer.net_input, place.layer.transfer)

    def _require_use(self) -> None:
        """Raise if an output is not a layer or is listed twice, or a layer leads to no output."""
        if not self.outputs:
            raise _no_output()
        ordered = [place.name for place in self.layers]
        names = set(ordered)
        for name in self.outputs:
            if name not in names:
                what = "an input" if name in self.inputs else "not a layer of this network"
                choice = (
                    f"Choose from {', '.join(ordered)}."
                    if ordered
                    else "Call a layer on the input, and use its result: st.Flatten()(image)."
                )
                raise GraphError(
                    f"The output {short(name)} is {what}, but an output must be the result of a "
                    "layer.",
                    remedy=choice,
                )
        if len(set(self.outputs)) < len(self.outputs):
            raise GraphError(
                f"An output is listed twice: {', '.join(self.outputs)}. List each layer once; each "
                "output has its own loss and targets."
            )
        used = set(self.outputs)
        for place in reversed(self.layers):
            if place.name not in used:
                raise GraphError(
                    f"No output depends on the layer {place.name}, so it cannot be trained.",
                    remedy="Remove it, or connect it to another layer.",
                )
            used.update(place.sources)


def _no_output() -> GraphError:
    """Make the error for a network without outputs."""
    remedy = "Pass the result of at least one layer."
    return GraphError("The list of outputs is empty.", remedy=remedy)


def describe(shape: Shape) -> str:
    """Write a shape as in the books' figures: ``6@28x28``, or ``120`` for a vector.

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
    """Compute one layer's shapes."""
    incoming = tuple(shapes[source] for source in sources)
    z = tuple(layer.weight.output_shape(shape) for shape in incoming)
    n = layer.net_input.output_shape(*z)
    a = layer.transfer.output_shape(n)
    if max(a) > LONGEST:  # keeps tables along an axis small, even for a corrupt model file
        remedy = "smaller images, or smaller strides in transposed convolutions"
        if a[0] > LONGEST:
            remedy = "fewer feature maps" if len(a) > 1 else "smaller images, or pooling before it"
        raise ShapeError(
            f"the output would be {describe(a)}, but an axis may have at most {LONGEST:,} values. "
            f"Use {remedy}."
        )
    if min(a) < 1:
        raise ShapeError(
            f"the output would be empty, {describe(a)}. Use a larger image or smaller windows."
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
    """Raise if a shared layer would need weights of a different shape here."""
    if place.owner == place.name:
        return
    first = next(other for other in before if other.name == place.owner)
    mine = {name: parameter.shape for name, _, _, parameter in place.parameter_names()}
    theirs = {name: parameter.shape for name, _, _, parameter in first.parameter_names()}
    if mine != theirs:
        raise GraphError(
            f"the layer shares its weights with {place.owner}, which has {_listed(theirs)}, but "
            f"its input here needs {_listed(mine)}. Use a new layer here, or inputs of the same "
            "size."
        )


def _listed(shapes: Mapping[str, Shape]) -> str:
    """List arrays with their shapes."""
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())


def _chain(places: Sequence[Placed], inputs: Mapping[str, Shape], sources: tuple[str, ...]) -> str:
    """List the sizes from the input to a layer."""
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
    return f"\nSizes so far: {' -> '.join(reversed(steps))}."


def _size_mismatch(place: Placed, name: str, before: Shape, after: Shape) -> str:
    """Explain why a layer's weights or biases don't fit a different input size."""
    layer = f"Layer {place.number} ({place.name}), {place.layer.short_text(len(place.sources))}"
    kernels = name.endswith(".weight") and len(before) > 2
    if kernels and before[:1] == after[:1] and before[2:] == after[2:]:
        return (
            f"{layer}: {name} has shape {before}, but the new number of channels needs {after}. "
            "Only rows and columns can change. Use the original number of channels."
        )
    return (
        f"{layer}: {name} has shape {before}, but the new input size needs {after}. Kernels fit "
        "images of any size; dense weights and untied biases do not (Hagan, after 8.15). Use the "
        "original size, or put GlobalAveragePool() before the dense layers and use tied biases."
    )


def with_inputs(graph: Graph, nodes: Sequence[Node], outputs: Node | Sequence[Node]) -> Graph:
    """Put the inputs in the user's order; raise if one is missing or leads nowhere.

    Raises
    ------
    GraphError
        If the inputs listed are not those that lead to the outputs.
    """
    order = in_order((outputs,) if isinstance(outputs, Node) else tuple(outputs))
    names = names_of(order)
    leading = {id(node): names[id(node)] for node in order if node.layer is None}
    listed = [id(node) for node in nodes]
    if len(listed) == len(leading) == 1 and listed != list(leading) and nodes[0].layer is None:
        raise GraphError(
            "The outputs do not depend on the listed input, but on another one. "
            "List the input that the first layer was called on."
        )
    for k, node in enumerate(nodes):
        problem = ""
        if node.layer is not None:
            problem = f"is the result of {node.layer.short_text(len(node.sources))}; expected an "
            problem += "input made with st.Input(shape). Use that input"
        elif id(node) not in leading:
            problem = "is not connected to the outputs. Leave it out, or call a layer on it"
        elif id(node) in listed[:k]:
            problem = "repeats an earlier one. List each input once"
        if problem:
            name = f"{k + 1}" if node.name is None else f"{k + 1} ({node.name})"
            raise GraphError(f"Input {name} of the list {problem}.")
    missing = [name for key, name in leading.items() if key not in listed]
    if missing:
        raise GraphError(
            f"The outputs also depend on {', '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not in the list of inputs. List every input "
            "that a layer was called on."
        )
    return replace(graph, inputs={leading[key]: graph.inputs[leading[key]] for key in listed})
