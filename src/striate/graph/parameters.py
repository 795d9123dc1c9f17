"""Parameters and gradients: one flat buffer each, with a named view for every array.

Optimizers, files and reductions across machines see one array; equations see ``w[h, l, u, v]``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer
from striate.functions.options import Range, require_argument
from striate.graph.graph import Graph
from striate.graph.layer import initializer_of
from striate.shapes import Array, Shape


@dataclass(frozen=True)
class ParameterLayout:
    """Where each named array is stored in a flat buffer.

    Parameters
    ----------
    shapes
        Shape of each array by name, in order.

    Examples
    --------
    >>> layout = ParameterLayout({"conv1.weight": (6, 1, 5, 5), "conv1.bias": (6,)})
    >>> layout.size
    156
    >>> layout.views(np.zeros(156))["conv1.bias"].shape
    (6,)
    """

    shapes: Mapping[str, Shape]

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> "ParameterLayout":
        """Place arrays one after another."""
        return cls({name: parameter.shape for name, parameter in parameters.items()})

    @property
    def size(self) -> int:
        """Length of the buffer."""
        return sum(prod(shape) for shape in self.shapes.values())

    def views(self, flat: Array) -> dict[str, Array]:
        """View a flat buffer as named arrays; writing into a view writes into the buffer."""
        assert flat.shape == (self.size,), (flat.shape, self.size)
        return {name: flat[where].reshape(self.shapes[name]) for name, where in self.slices()}

    def slices(self) -> Iterator[tuple[str, slice]]:
        """Iterate over the names and their slices of the buffer."""
        start = 0
        for name, shape in self.shapes.items():
            end = start + prod(shape)
            yield name, slice(start, end)
            start = end


SEEDS = Range(least=0, most=2**64 - 1, whole=True)


def require_seed(seed: object) -> None:
    """Raise if a seed is not an integer from 0 to 2**64 - 1.

    Raises
    ------
    OptionError
        With the value.
    """
    require_argument("seed", seed, SEEDS, example=0)


def start_parameters(graph: Graph, seed: int) -> Array:
    """Draw the initial parameters of a network.

    Each array has its own generator, seeded with the seed and the number of the array, so that one
    layer's initializer does not change another layer's parameters.

    Parameters
    ----------
    graph
        The network.
    seed
        The same seed gives bit-identical parameters.

    Returns
    -------
    Array
        A flat float32 buffer, laid out as ``ParameterLayout.of(graph.parameters())``.

    Raises
    ------
    OptionError
        If the seed is not an integer from 0 to 2**64 - 1.
    ShapeError
        If an initializer holds an array of the wrong shape.

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
    parameters = graph.parameters()
    layout = ParameterLayout.of(parameters)
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
                try:
                    views[name][...] = chosen.draw(generator, parameter)
                except ShapeError as error:
                    text = place.layer.short_text(len(place.sources))
                    raise error.about(f"Layer {place.number} ({place.name}), {text}") from None
            else:
                views[name][...] = parameter.start
    return flat


def start_state(graph: Graph) -> Array:
    """Return the initial running statistics of a network as a flat float32 buffer."""
    state = graph.state()
    layout = ParameterLayout.of(state)
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = state[name].start or 0.0
    return flat


def decayed(graph: Graph) -> Array:
    """Mark the parameters to which weight decay applies with 1, the others with 0."""
    parameters = graph.parameters()
    layout = ParameterLayout.of(parameters)
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = float(parameters[name].decayed)
    return flat
