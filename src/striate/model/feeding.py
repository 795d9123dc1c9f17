"""A user's images and targets: checked, named by inputs and outputs, computed in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from striate.errors import GraphError, OptionError
from striate.functions.base import Loss
from striate.functions.options import COUNT
from striate.graph.engine import Engine, Results
from striate.graph.graph import Graph
from striate.model.batches import Chooser
from striate.model.inputs import Preprocessing, check_images
from striate.model.targets import Output, Targets, check_targets
from striate.shapes import Array

_SIZES = (16, 64)
"""Of few images, how many a program is for: there are few, and none is much too large."""


def check_inputs(graph: Graph, preprocessing: Preprocessing, x: Any) -> dict[str, Array]:
    """Check a user's images, and name them by the inputs.

    Raises
    ------
    GraphError
        If there is not an array for each input, or not as many images in each.
    DataError, ShapeError
        If these are no images, or of another shape.
    """
    inputs = graph.inputs
    given = _by_name(x, tuple(inputs), "inputs")
    checked = {
        name: check_images(
            given[name],
            shape,
            preprocessing.channels,
            "x" if len(inputs) == 1 else f'x["{name}"]',
            preprocessing.ranges.get(name),
        )
        for name, shape in inputs.items()
    }
    if len({len(images) for images in checked.values()}) > 1:
        raise GraphError(
            "The inputs hold "
            f"{', '.join(f'{name}: {len(images)}' for name, images in checked.items())} images. "
            "Each image of one input belongs to the same image of the others. Give as many of each."
        )
    return checked


def check_all_targets(
    outputs: Sequence[Output],
    y: Any,
    losses: Sequence[Loss],
    count: int,
    *,
    learn: bool = False,
) -> tuple[Targets, ...]:
    """Check a user's targets, one array for each output.

    Parameters
    ----------
    outputs
        The network's outputs.
    y
        The targets; for several outputs a list, or a dict by name.
    losses
        One for each output.
    count
        Number of images.
    learn
        Whether outputs without classes take them from these targets.

    Raises
    ------
    GraphError
        If there is not an array for each output.
    DataError, ShapeError
        If a loss does not accept them.
    """
    given = _by_name(y, tuple(output.layer.name for output in outputs), "outputs")
    return tuple(
        check_targets(given[output.layer.name], output, loss, count=count, learn=learn)
        for output, loss in zip(outputs, losses, strict=True)
    )


def to_equations(preprocessing: Preprocessing, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Turn checked images into float32 arrays as the equations have them."""
    return {name: preprocessing.to_equations(images, name) for name, images in inputs.items()}


def outputs_in_batches(
    engine: Engine,
    preprocessing: Preprocessing,
    buffers: tuple[Array, Array],
    inputs: Mapping[str, Array],
    batch_size: int,
) -> Iterator[Results]:
    """Compute the results of checked images, a batch at a time, as the equations have them.

    Raises
    ------
    OptionError
        If a batch holds no image.
    """
    if batch_size not in COUNT:
        raise OptionError(
            f"batch_size={batch_size!r} cannot be. A batch holds at least one image. Use "
            "batch_size=256."
        )
    count = count_of(inputs)
    if count == 1:  # has a program of its own, which is faster for it
        arrays = list(to_equations(preprocessing, inputs).values())
        yield engine.predict(*buffers, arrays, batch_size=1)
        return
    together = min(batch_size, next((size for size in _SIZES if size >= count), batch_size))
    chooser = Chooser(inputs, preprocessing)
    for start in range(0, count, together):
        chosen = np.arange(start, min(start + together, count))
        yield engine.predict(*buffers, chooser.choose(chosen), batch_size=together)


def count_of(inputs: Mapping[str, Array]) -> int:
    """Count the images."""
    return len(next(iter(inputs.values())))


def _by_name(given: Any, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """Name arrays: one for the only name, a list in the names' order, or a table."""
    if isinstance(given, Mapping):
        found = {str(name): array for name, array in given.items()}
    elif len(names) == 1:
        return {names[0]: given}
    else:
        several = given if isinstance(given, list | tuple) else ()
        found = dict(zip(names, several, strict=False)) if len(several) == len(names) else {}
    if set(found) != set(names):
        raise GraphError(
            f"The network's {what} are {', '.join(names)}; what was given is {_in_words(given)}. "
            "Each has an array of its own. "
            "Give a list of arrays in this order, or a table by these names."
        )
    return {name: found[name] for name in names}


def _in_words(given: Any) -> str:
    """Say what was given in place of arrays by name."""
    if isinstance(given, Mapping):
        return f"a table of {', '.join(map(str, given))}"
    return f"a list of {len(given)}" if isinstance(given, list | tuple) else "no list or table"
