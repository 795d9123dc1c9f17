r"""Replaces the last layers of a graph, the *head*, and keeps all others.

::

    conv 6@5x5 | max 2 | dense 84 tanh | dense 10 softmax      before
    \_________________ body ___________/ \____ head _____/
    conv 6@5x5 | max 2 | dense 84 tanh | dense 5 softmax       with another head

By default the head begins with the last layer that has parameters: the layer whose shape depends on
the number of classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from striate.errors import GraphError, ShapeError
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short
from striate.graph.axis_order import to_last
from striate.graph.graph import Graph, Placed
from striate.graph.layer import Layer, Node
from striate.graph.shorthand import parse
from striate.model.building import not_a_layer

Head = str | Layer | Sequence[Layer]
"""Layers in shorthand, a layer, or a list of layers."""


@dataclass(frozen=True, kw_only=True)
class WithHead:
    """A graph with another head.

    Parameters
    ----------
    graph
        The graph.
    body
        Names of the layers that were kept.
    replaced
        The output that the new head replaces.
    output
        The name of the new output.
    """

    graph: Graph
    body: frozenset[str]
    replaced: str
    output: str


def with_head(
    graph: Graph, head: Head, *, after: str | None = None, output: str | None = None
) -> WithHead:
    """Replace the last layers of a graph.

    Parameters
    ----------
    graph
        The graph.
    head
        The new layers.
    after
        The layer that they follow; by default the one before the last layer with parameters.
    output
        The output that they replace; needed only if there are several.

    Returns
    -------
    WithHead

    Raises
    ------
    GraphError
        If it is unclear where the head begins, a name is unknown or used twice, or the head has
        several inputs or outputs.
    ShorthandError, ShapeError
        If the head cannot be parsed, or does not fit the layer before it.

    Examples
    --------
    >>> from striate.graph.shorthand_writer import write
    >>> graph = parse("conv 6@5x5 tanh | max 2 | dense 10 softmax", (12, 12, 1))
    >>> write(with_head(graph, "dense 3 softmax").graph)
    'conv 6@5x5 tanh | max 2x2 | dense 3 softmax'
    """
    replaced = _output(graph, output)
    last = _before_head(graph, replaced) if after is None else _known(graph, after)
    others = [name for name in graph.outputs if name != replaced]
    body = _leading_to(graph, [last, *others])
    _require_owners(graph, body)
    unused = [name for name in graph.inputs if name not in body]
    if unused:
        raise GraphError(
            f"With a head after {short(last)}, the input {short(unused[0])} is unused. "
            "Choose a layer that uses all inputs, for example "
            f'after="{_joining(graph)}".'
        )
    try:
        own = _head(head, graph.shapes[last], body)
    except ShapeError as error:
        error.details += f"\nThe input of the head is the output of {last}."
        raise
    inside = {next(iter(own.inputs)): last}
    plan = [
        (place.name, place.layer, place.sources, place.owner)
        for place in graph.layers
        if place.name in body
    ]
    plan += [
        (
            place.name,
            place.layer,
            tuple(inside.get(source, source) for source in place.sources),
            place.owner,
        )
        for place in own.layers
    ]
    (end,) = own.outputs
    outputs = tuple(end if name == replaced else name for name in graph.outputs)
    return WithHead(
        graph=Graph.placed(graph.inputs, plan, outputs),
        body=frozenset(body - set(graph.inputs)),
        replaced=replaced,
        output=end,
    )


def _output(graph: Graph, output: str | None) -> str:
    """Return the output whose head is replaced."""
    names = ", ".join(graph.outputs)
    if output is None:
        first, *others = graph.outputs
        if others:
            raise GraphError(
                f"The network has {len(graph.outputs)} outputs ({names}), and a head replaces one "
                f'of them. Choose it, for example output="{first}".'
            )
        return first
    if output not in graph.outputs:
        raise GraphError(
            f"Unknown output {short(output)}.{did_you_mean(output, graph.outputs)} "
            f"Choose from {names}."
        )
    return output


def _known(graph: Graph, name: object) -> str:
    """Return the name of a layer or an input, or raise."""
    if not isinstance(name, str) or name not in graph.shapes:
        raise GraphError(
            f"Unknown layer {short(name)} in `after`.{did_you_mean(name, graph.shapes)} "
            f"Choose from {', '.join(graph.shapes)}."
        )
    return name


def _before_head(graph: Graph, output: str) -> str:
    """Return the layer before the last one that has parameters."""
    place = graph[output]
    while not any(True for _ in place.parameter_names()):
        source = _only_source(graph, place)
        if source in graph.inputs:
            raise GraphError(
                f"No layer between the input {short(source)} and the output {short(output)} has "
                "parameters, so it is unclear which layers are the head. Name the layer that the "
                "new layers "
                f'follow, for example after="{source}".'
            )
        place = graph[source]
    return _only_source(graph, place)


def _only_source(graph: Graph, place: Placed) -> str:
    """Return the layer before a layer, or raise if there are several."""
    first, *others = place.sources
    if others:
        raise GraphError(
            f"The last layer with parameters is not unique: {place.name} joins "
            f"{' and '.join(place.sources)}. Name the layer that the new layers follow, for "
            f'example after="{first if place.name in graph.outputs else place.name}".'
        )
    return first


def _leading_to(graph: Graph, ends: Sequence[str]) -> set[str]:
    """Collect the layers and inputs that lead to some layers, with these."""
    found = set(ends)
    for place in reversed(graph.layers):
        if place.name in found:
            found.update(place.sources)
    return found


def _joining(graph: Graph) -> str:
    """Return the first layer that depends on all inputs; the outputs need not have one."""
    for place in graph.layers:
        if set(graph.inputs) <= _leading_to(graph, [place.name]):
            return place.name
    return graph.layers[-1].name


def _require_owners(graph: Graph, body: set[str]) -> None:
    """Raise if a layer of the body uses the weights of a layer that is left out."""
    for place in graph.layers:
        if place.name in body and place.owner not in body:
            raise GraphError(
                f"{place.name} shares its weights with {place.owner}, which the new head would "
                f'replace. Start the head later, for example after="{place.owner}".'
            )


def _head(head: Head, shape: tuple[int, ...], body: set[str]) -> Graph:
    """Make the graph of the head, on an input of this shape."""
    if isinstance(head, str):
        own = parse(head, to_last(shape), taken=body)
    else:
        layers = [head] if isinstance(head, Layer) else cast("Sequence[object]", head)
        if not isinstance(layers, list | tuple) or not layers:
            raise GraphError(
                f"The head must be shorthand or a list of layers, got {short(head)}. "
                'For example, write "dense 5 softmax".'
            )
        node = Node(None, shape=shape)
        for layer in layers:
            if not isinstance(layer, Layer):
                raise GraphError(not_a_layer(layer))
            node = layer(node)
        own = Graph.of(node, taken=body)
    if len(own.inputs) > 1 or len(own.outputs) > 1:
        what = "input" if len(own.inputs) > 1 else "output"
        raise GraphError(
            f"The head must have one {what}, got {len(getattr(own, f'{what}s'))}: "
            f"{', '.join(getattr(own, f'{what}s'))}. Remove the others."
        )
    return own
