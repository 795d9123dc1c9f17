"""Parameters and gradients as one flat buffer each, with a named view for every array.

Updates, files and reductions across machines see one array; equations see ``w[h, l, u, v]``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from striate.errors import OptionError
from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer
from striate.functions.options import Range
from striate.graph.graph import Graph
from striate.graph.layer import initializer_of
from striate.shapes import Array, Shape


@dataclass(frozen=True)
class Layout:
    """Where each named array lies in a flat buffer.

    Parameters
    ----------
    shapes
        Shape of each array by name, in order.

    Examples
    --------
    >>> layout = Layout({"conv1.weight": (6, 1, 5, 5), "conv1.bias": (6,)})
    >>> layout.size
    156
    >>> layout.views(np.zeros(156))["conv1.bias"].shape
    (6,)
    """

    shapes: Mapping[str, Shape]

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> "Layout":
        """Lay out arrays one after another."""
        return cls({name: parameter.shape for name, parameter in parameters.items()})

    @property
    def size(self) -> int:
        """Numbers in the buffer."""
        return sum(prod(shape) for shape in self.shapes.values())

    def views(self, flat: Array) -> dict[str, Array]:
        """View a flat buffer as named arrays; writing into a view writes into the buffer."""
        assert flat.shape == (self.size,), (flat.shape, self.size)
        return {name: flat[where].reshape(self.shapes[name]) for name, where in self.slices()}

    def slices(self) -> Iterator[tuple[str, slice]]:
        """Go through the names with their places in the buffer."""
        start = 0
        for name, shape in self.shapes.items():
            end = start + prod(shape)
            yield name, slice(start, end)
            start = end


SEEDS = Range(least=0, below=2**64, whole=True)


def require_seed(seed: int) -> None:
    """Raise where a seed is none.

    Parameters
    ----------
    seed
        What a user gave.

    Raises
    ------
    OptionError
        If it is no whole number from 0 to 2**64 - 1.
    """
    if seed not in SEEDS:
        raise OptionError(
            f"seed={seed!r} cannot be. A seed is a whole number from 0 to 2**64 - 1. Use seed=0."
        )


def start_parameters(graph: Graph, seed: int) -> Array:
    """Draw the numbers that a network starts with.

    Each array has a generator of its own, made of the seed and the array's place, so that one
    layer's initializer does not change another's numbers.

    Parameters
    ----------
    graph
        Whose parameters.
    seed
        The caller's seed; the same seed gives the same bits.

    Returns
    -------
    Array
        A flat float32 buffer, laid out as ``Layout.of(graph.parameters())``.

    Raises
    ------
    OptionError
        If the seed cannot be.
    ShapeError
        If the values that an initializer was given have another shape than their array.

    Sources
    -------
    Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998.

    Examples
    --------
    >>> from striate.graph.layers import Conv, Input
    >>> graph = Graph.of(Conv(6, 5)(Input((28, 28, 1))))
    >>> bool((start_parameters(graph, 0) == start_parameters(graph, 0)).all())
    True
    """
    require_seed(seed)
    layout = Layout.of(graph.parameters())
    numbers = {name: number for number, name in enumerate(layout.shapes)}
    flat = np.zeros(layout.size, np.float32)
    views = layout.views(flat)
    for place in graph.layers:
        if place.owner != place.name:
            continue
        chosen = place.layer.initializer or initializer_of(place.layer.transfer.initializer)
        assert isinstance(chosen, Initializer)
        for name, _, _, parameter in place.parameter_names():
            if parameter.start is None:
                generator = np.random.default_rng([seed, numbers[name]])
                views[name][...] = chosen.draw(generator, parameter)
            else:
                views[name][...] = parameter.start
    return flat


def start_state(graph: Graph) -> Array:
    """Give the running statistics that a network starts with, as a flat float32 buffer."""
    state = graph.state()
    layout = Layout.of(state)
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = state[name].start or 0.0
    return flat


def decayed(graph: Graph) -> Array:
    """Mark the parameters that weight decay applies to with 1, the others with 0."""
    parameters = graph.parameters()
    layout = Layout.of(parameters)
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = float(parameters[name].decayed)
    return flat
