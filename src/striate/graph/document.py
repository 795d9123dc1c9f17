"""A network as plain data, for files: names, shapes, kinds and options, without parameters.

Reading executes nothing: kinds are looked up by name in the registry, and every option is checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from striate.errors import GraphError
from striate.functions import registry
from striate.functions.writing import short
from striate.graph.axis_order import LONGEST
from striate.graph.graph import Graph
from striate.graph.layer import Layer
from striate.shapes import Shape

Document = dict[str, Any]

_DAMAGED = "The file is damaged or was not written by striate."


def to_document(graph: Graph) -> Document:
    """Convert a network to data that JSON can represent.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    dict

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> to_document(parse("dense 2", (3,)))["layers"]
    [{'name': 'dense1', 'sources': ['input'], 'weight': {'kind': 'dot-product', 'neurons': 2},
    'net_input': {'kind': 'sum'},
      'transfer': {'kind': 'linear'}}]
    """
    layers: list[Document] = []
    for place in graph.layers:
        if place.owner != place.name:
            entry: Document = {
                "name": place.name,
                "sources": list(place.sources),
                "again": place.owner,
            }
        else:
            entry = {
                "name": place.name,
                "sources": list(place.sources),
                "weight": registry.to_data(place.layer.weight),
                "net_input": registry.to_data(place.layer.net_input),
                "transfer": registry.to_data(place.layer.transfer),
            }
            if place.layer.initializer is not None:
                entry["initializer"] = registry.to_data(place.layer.initializer)
        layers.append(entry)
    return {
        "inputs": {name: list(shape) for name, shape in graph.inputs.items()},
        "layers": layers,
        "outputs": list(graph.outputs),
    }


def from_document(document: object) -> Graph:
    """Create a network from its data.

    Parameters
    ----------
    document
        The result of :func:`to_document`.

    Returns
    -------
    Graph

    Raises
    ------
    GraphError
        If something is missing or has the wrong type.
    OptionError
        If a kind or an option is unknown, or has a value that isn't allowed.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> graph = parse("conv 2@3x3 relu | dense 2", (8, 8, 1))
    >>> from_document(to_document(graph)).shapes == graph.shapes
    True
    """
    data = _mapping(document, "The network")
    inputs = {
        name: _shape(shape, name)
        for name, shape in _mapping(data.get("inputs"), "The inputs").items()
    }
    layers: dict[str, Layer] = {}
    known = dict.fromkeys(inputs)
    plan: list[tuple[str, Layer, tuple[str, ...], str]] = []
    for entry in _sequence(data.get("layers"), "The layers"):
        one = _mapping(entry, "Each layer")
        name = _word(one.get("name"), "The name of a layer")
        sources = tuple(
            _word(s, f"The source of {name}")
            for s in _sequence(one.get("sources"), f"The sources of {name}")
        )
        owner = _word(one["again"], f"The owner of {name}") if "again" in one else name
        if name in known:
            raise GraphError(
                f"Two layers of the network have the name {short(name)}.",
                remedy=_DAMAGED,
            )
        if not sources:
            raise _damaged([], f"The sources of {name}", "a list of at least one name")
        _require_before(sources, known, name)
        if owner == name:
            layers[name] = _layer(one, name)
        _require_before((owner,), layers, name)
        plan.append((name, layers[owner], sources, owner))
        known[name] = None
    outputs = tuple(
        _word(name, "Each output") for name in _sequence(data.get("outputs"), "The outputs")
    )
    return Graph.placed(inputs, plan, outputs)


def _layer(entry: Mapping[str, object], name: str) -> Layer:
    initializer = entry.get("initializer")
    return Layer(
        _kind("weight", entry.get("weight"), f"The weight function of {name}"),
        _kind("net_input", entry.get("net_input"), f"The net input function of {name}"),
        _kind("transfer", entry.get("transfer"), f"The activation of {name}"),
        initializer=None
        if initializer is None
        else _kind("initializer", initializer, f"The initializer of {name}"),
        name=name.partition("@")[0],
    )


def _require_before(names: tuple[str, ...], known: Iterable[str], layer: str) -> None:
    """Raise if a layer reads one that doesn't come before it."""
    for name in names:
        if name not in known:
            raise GraphError(
                f"The layer {layer} reads {short(name)}, which doesn't come before it. Layers are "
                f"listed in the order of computation; the earlier ones are {', '.join(known)}.",
                remedy=_DAMAGED,
            )


def _mapping(value: object, what: str) -> Mapping[str, object]:
    """Check that a value is a JSON object."""
    if isinstance(value, Mapping) and all(
        isinstance(key, str) for key in cast("Mapping[object, object]", value)
    ):
        return cast("Mapping[str, object]", value)
    raise _damaged(cast("object", value), what, "a JSON object")


def _sequence(value: object, what: str) -> Sequence[object]:
    """Check that a value is a list."""
    if isinstance(value, list):
        return cast("list[object]", value)
    raise _damaged(value, what, "a list")


def _word(value: object, what: str) -> str:
    """Check that a value is a string."""
    if isinstance(value, str) and value:
        return value
    raise _damaged(value, what, "a string")


def _shape(value: object, name: str) -> Shape:
    """Check that a value is a shape."""
    lengths = _sequence(value, f"The shape of {name}")
    if lengths and all(type(n) is int and 0 < n <= LONGEST for n in lengths):
        return cast("Shape", tuple(lengths))
    raise _damaged(value, f"The shape of {name}", f"a list of integers from 1 to {LONGEST:,}")


def _kind(family: str, value: object, what: str) -> Any:
    return registry.from_data(family, _mapping(value, what))


def _damaged(value: object, what: str, wanted: str) -> GraphError:
    """Make the error for a value of the wrong type."""
    return GraphError(
        f"{what} must be {wanted}, got {'nothing' if value is None else short(value)}.",
        remedy=_DAMAGED,
    )
