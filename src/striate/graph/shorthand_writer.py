"""Write a network as shorthand that :func:`striate.graph.shorthand.parse` reads back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any, cast

from striate.errors import ShorthandError
from striate.functions import registry
from striate.functions.base import Function
from striate.functions.initializer.given import Given
from striate.functions.initializer.named import NAMED
from striate.functions.net_input import Sum
from striate.functions.transfer import Linear
from striate.functions.vec import Flatten
from striate.functions.weight import DotProduct, Identity
from striate.graph.axis_order import to_last
from striate.graph.graph import Graph, Placed, describe
from striate.graph.shorthand_values import write_call, write_value


def write(graph: Graph, *, inputs: bool = False) -> str:
    """Write a network in Hagan's shorthand, on one line.

    Parameters
    ----------
    graph
        The network.
    inputs
        Whether to write the input's shape; with several inputs it is always written.

    Returns
    -------
    str

    Raises
    ------
    ShorthandError
        If the network holds something that the shorthand can't express, such as given kernels.

    Sources
    -------
    Hagan fig. 8.10-8.11.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> write(parse("max 2 stride 1 | dense 10", (8, 8, 3)))
    'max 2x2 stride 1 | dense 10'
    """
    writer = _Writer(graph)
    segments = [*writer.inputs(always=inputs), *writer.layers()]
    if graph.outputs != (graph.layers[-1].name,):
        segments.append(f"output {' '.join(graph.outputs)}")
    return " | ".join(segments)


class _Writer:
    """Writes the layers in order, and tracks the previous layer and the names."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.running: Counter[str] = Counter()
        self.previous = ""
        # Flatten layers that aren't written, and their sources.
        self.implied: dict[str, str] = {}

    def inputs(self, *, always: bool) -> Iterator[str]:
        """Yield the segments of the inputs, if they must be written."""
        names = list(self.graph.inputs)
        self.previous = names[-1]
        if len(names) == 1 and not always and names == ["input"]:
            return
        for name, shape in self.graph.inputs.items():
            named = "" if name == "input" else f" as {name}"
            yield f"input {write_value(to_last(shape))}{named}"

    def layers(self) -> Iterator[str]:
        """Yield the segments of the layers, in order."""
        places = self.graph.layers
        for k, place in enumerate(places):
            following = places[k + 1] if k + 1 < len(places) else None
            if self._implied(place, following):
                self.running["flatten"] += 1
                self.implied[place.name] = place.sources[0]
                continue
            yield self._segment(place)
            self.previous = place.name

    def _implied(self, place: Placed, following: Placed | None) -> bool:
        """Return whether the parser inserts this flatten layer by itself, before a dense layer."""
        readers = [other for other in self.graph.layers if place.name in other.sources]
        return (
            place.layer.weight == Flatten()
            and isinstance(place.layer.transfer, Linear)
            and readers == [following]
            and following is not None
            and isinstance(following.layer.weight, DotProduct)
            and len(following.sources) == 1
            and len(place.source_shapes[0]) > 1
            and place.name == f"flatten{self.running['flatten'] + 1}"
            and place.name not in self.graph.outputs
        )

    def _segment(self, place: Placed) -> str:
        """Write one layer."""
        sources = [self.implied.get(source, source) for source in place.sources]
        if place.owner != place.name:
            words = ["again", place.owner]
        else:
            words = [*self._words(place, sources)]
            word = place.layer.word(len(place.sources))
            self.running[word] += 1
            if place.name != f"{word}{self.running[word]}":
                words += ["as", place.name]
                self.running[word] -= 1
        if sources[0] != self.previous or (len(sources) > 1 and not self._joins(place)):
            words += ["from", ",".join(sources[:1] if self._joins(place) else sources)]
        return " ".join(words)

    def _joins(self, place: Placed) -> bool:
        """Return whether a layer is written as a join: add, multiply, concatenate."""
        return place.layer.joins(len(place.sources))

    def _words(self, place: Placed, sources: list[str]) -> Iterator[str]:
        """Yield a layer's word, argument and options."""
        layer = place.layer
        weight, transfer = layer.weight, layer.transfer
        options = registry.to_data(transfer)
        activation = write_call(options.pop("kind"), options)
        bias = getattr(layer.net_input, "bias", None)
        if isinstance(weight, Identity):
            if not self._joins(place):
                yield activation
            else:
                joint = layer.net_input.shorthand
                yield registry.name_of(layer.net_input) if joint is None else joint.word
                yield from sources[1:]
                if not isinstance(transfer, Linear):
                    yield activation
            if bias:
                yield f"bias {bias}"
        else:
            yield from _kind(weight, len(place.source_shapes[0]) - 1)
            shorthand = weight.shorthand
            default = "tied" if shorthand is not None and shorthand.maps else None
            if bias != default:
                yield f"bias {bias or 'none'}"
            if type(layer.net_input) is not Sum:
                yield registry.name_of(layer.net_input)
            if layer.initializer is not None:
                yield f"init {_initializer(layer.initializer)}"
            if not isinstance(transfer, Linear):
                yield activation


def _kind(weight: Function, rank: int) -> Iterator[str]:
    """Yield a weight function's word, argument, and options that differ from the defaults."""
    shorthand = weight.shorthand
    if shorthand is None:
        raise ShorthandError(
            f"{weight} cannot be written in shorthand. Save the network to a file instead."
        )
    yield shorthand.word
    size = getattr(weight, shorthand.size) if shorthand.size else None
    written = write_value((size,) * rank if isinstance(size, int) else size)
    maps = str(getattr(weight, shorthand.maps)) if shorthand.maps else ""
    number = str(getattr(weight, shorthand.number)) if shorthand.number else ""
    shape = describe(getattr(weight, shorthand.shape)) if shorthand.shape else ""
    argument = "@".join(part for part in (maps, written if shorthand.size else "") if part)
    argument = argument or number or shape
    if argument:
        yield argument
    options = fields(cast("Any", weight))
    for option in options:
        padding = getattr(weight, option.name)
        if option.name == "padding" and isinstance(padding, str) and padding != option.default:
            yield padding
    for option in options:
        value = getattr(weight, option.name)
        is_padding_word = isinstance(value, str) and option.name == "padding"
        filled = is_padding_word or option.name in {
            shorthand.maps,
            shorthand.size,
            shorthand.number,
            shorthand.shape,
        }
        is_default = option.default is not MISSING and value == option.default
        if not (filled or is_default):
            word = option.name.replace("_", "-")
            yield word if value is True else f"{word} {write_value(value)}"


def _initializer(initializer: object) -> str:
    """Write an initializer's name."""
    for name, instance in NAMED.items():
        if instance == initializer:
            return name
    what = "An array of weights" if isinstance(initializer, Given) else str(initializer)
    raise ShorthandError(
        f"{what} cannot be written in shorthand. Use one of {', '.join(NAMED)}, or save the "
        "network to a file instead."
    )
