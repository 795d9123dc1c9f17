"""Which pixels of the inputs can change an output pixel, for any network.

A set of pixels is a boolean array. It is followed backward, layer by layer: a layer's output pixel
depends on the input pixels that its window reads. Along each axis that is a table, output positions
by input positions, and the pixels that a set of output pixels depends on are ::

    rows.T @ set @ columns

Feature maps aren't distinguished: a pixel of a map depends on all maps of the previous layer.
The sets are exact with two exceptions. For a transposed convolution with dilation, a set may also
hold pixels between those that the kernel reads. Padding that repeats pixels (reflect, replicate,
circular) counts as padding, not as the pixels that it repeats.
:mod:`striate.graph.summary` states only the sizes of these sets, away from the edges.
"""

from collections.abc import Mapping

import numpy as np

from striate.errors import OptionError
from striate.graph.graph import Graph, Placed
from striate.maths.field_pattern import FieldPattern
from striate.maths.windows import Axis
from striate.shapes import Array, Shape, Shaped


def inputs_behind(graph: Graph, layer: str, pixels: Shaped[Array, "*i"]) -> dict[str, Array]:
    """Find the input pixels that a set of a layer's output pixels depends on.

    Parameters
    ----------
    graph
        The network.
    layer
        Name of the layer.
    pixels
        The set of output pixels, ``[*pixels]``; for a vector of neurons, one boolean.

    Returns
    -------
    dict
        For each input, the set of its pixels.

    Raises
    ------
    GraphError
        If there is no such layer.
    OptionError
        If a layer rearranges pixels, so that they can't be followed.

    Sources
    -------
    Hagan fig. 8.2; Dumoulin and Visin 2016.

    Examples
    --------
    A stride of 2 leaves out the last of six pixels:

    >>> from striate.graph.shorthand import parse
    >>> graph = parse("conv 1@3x1 stride 2", (6, 1, 1))
    >>> inputs_behind(graph, "conv1", np.array([[True], [False]]))["input"][:, 0].astype(int)
    array([1, 1, 1, 0, 0, 0])
    """
    place = graph[layer]
    sets: dict[str, Array] = {place.name: np.asarray(pixels, bool)}
    for one in reversed(graph.layers[: place.number]):
        reached = sets.pop(one.name, None)
        if reached is None:
            continue
        for source, shape in zip(one.sources, one.source_shapes, strict=True):
            behind = _behind(one, shape, reached)
            sets[source] = sets[source] | behind if source in sets else behind
    return {name: sets.get(name, np.zeros(shape[1:], bool)) for name, shape in graph.inputs.items()}


def _behind(place: Placed, shape: Shape, reached: Array) -> Array:
    """Find the pixels of one incoming layer that a set of output pixels depends on."""
    weight, pixels = place.layer.weight, shape[1:]
    unmoved = tuple(FieldPattern() for _ in pixels)
    patterns = weight.field_patterns(unmoved, shape)
    if patterns == "everything" or (reached.ndim == 0 and reached.all()):
        return np.full(pixels, bool(reached.any()))
    if patterns is None or reached.ndim != len(pixels):
        raise OptionError(
            f"The receptive field cannot be followed through {place.name}, which rearranges "
            "pixels. Choose an earlier layer."
        )
    axes = weight.window_axes(shape)
    behind = reached
    for k, (length, places) in enumerate(zip(pixels, reached.shape, strict=True)):
        axis = axes[k] if axes and axes[k].output == places else None
        table = _reads(axis, patterns[k], length, places)
        moved = np.moveaxis(behind, k, 0).reshape(places, -1)
        found = (table.T.astype(np.float32) @ moved.astype(np.float32)) > 0
        rest = [n for j, n in enumerate(behind.shape) if j != k]
        behind = np.moveaxis(found.reshape(length, *rest), 0, k)
    return behind


def _reads(axis: Axis | None, pattern: FieldPattern, length: int, places: int) -> Array:
    """Return which input position each output position reads, along one axis."""
    table = np.zeros((places, length), bool)
    for place in range(places):
        if axis is not None:
            read = axis.stride * place - axis.before + axis.dilation * np.arange(axis.window)
            table[place, read[(read >= 0) & (read < length)]] = True
            continue
        span = pattern.span(place)
        if span is not None:
            table[place, max(span[0], 0) : max(span[1] + 1, 0)] = True
    return table


def uncovered(graph: Graph, layer: str) -> Mapping[str, Array]:
    """Find the input pixels that no output pixel of a layer depends on.

    Returns
    -------
    dict
        For each input, the set of these pixels.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> uncovered(parse("max 2x2", (5, 5, 1)), "max1")["input"].astype(int).sum()
    np.int64(9)
    """
    shape = graph[layer].shape
    every = np.ones(shape[1:], bool)
    return {name: ~seen for name, seen in inputs_behind(graph, layer, every).items()}
