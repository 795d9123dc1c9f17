"""The arguments x and y of a network's methods: one checked array for each input and output."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from striate.data.image_file import Images
from striate.errors import GraphError
from striate.functions.base import Loss
from striate.functions.writing import short
from striate.model.core import Core
from striate.model.inputs import Preprocessing, check_images
from striate.model.targets import NetworkOutput, Targets, check_targets


def check_inputs(
    core: Core, x: Any, preprocessing: Preprocessing | None = None
) -> dict[str, Images]:
    """Check a user's images.

    Parameters
    ----------
    core
        The network.
    x
        The images; for several inputs a list, or a dict by name.
    preprocessing
        Instead of the network's own.

    Returns
    -------
    dict
        Images by input, in the user's axis order.

    Raises
    ------
    GraphError
        If there is not an array for each input, or their numbers of images differ.
    DataError, ShapeError
        If an array does not hold images, or has a different shape than its input.
    OutOfMemoryError
        If a single image is too large for the memory that is available.
    """
    core.engines.memory.require_image()
    preprocessing = preprocessing or core.preprocessing
    inputs = core.graph.inputs
    given = _by_name(x, tuple(inputs), "x", "input")
    checked = {
        name: check_images(
            given[name],
            shape,
            preprocessing.channels,
            _part("x", x, k, name, len(inputs)),
            preprocessing.ranges.get(name),
        )
        for k, (name, shape) in enumerate(inputs.items())
    }
    if len({len(images) for images in checked.values()}) > 1:
        counts = ", ".join(f"{name}: {len(images)}" for name, images in checked.items())
        raise GraphError(
            f"The inputs hold different numbers of images ({counts}). Pass the same number for "
            "each input, in the same order."
        )
    return checked


def check_all_targets(
    outputs: Sequence[NetworkOutput],
    y: Any,
    losses: Sequence[Loss],
    count: int,
    *,
    learn: bool = False,
) -> tuple[Targets, ...]:
    """Check a user's targets.

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

    Returns
    -------
    tuple of Targets
        One for each output.

    Raises
    ------
    GraphError
        If there is not an array for each output.
    DataError, ShapeError
        If a loss does not accept the targets.
    """
    given = _by_name(y, tuple(output.layer.name for output in outputs), "y", "output")
    named = [
        replace(output, targets=_part("y", y, k, output.layer.name, len(outputs)))
        for k, output in enumerate(outputs)
    ]
    return tuple(
        check_targets(given[output.layer.name], output, loss, count=count, learn=learn)
        for output, loss in zip(named, losses, strict=True)
    )


def count_of(inputs: Mapping[str, Images]) -> int:
    """Return the number of images."""
    return len(next(iter(inputs.values())))


def _by_name(given: Any, names: tuple[str, ...], argument: str, what: str) -> dict[str, Any]:
    """Find the array of each name: in a dict, in a list in the names' order, or the only one."""
    if isinstance(given, Mapping):
        found = {str(name): array for name, array in given.items()}
    elif len(names) == 1:
        return {names[0]: given}
    else:
        several = given if isinstance(given, list | tuple) else ()
        found = dict(zip(names, several, strict=False)) if len(several) == len(names) else {}
    if set(found) != set(names):
        wanted = (
            f"a list of {len(names)} arrays for the {what}s {', '.join(names)}, in this order, or "
            "a dict with these keys"
            if len(names) > 1
            else f'an array, or a dict with the key "{next(iter(names))}"'
        )
        raise GraphError(f"`{argument}` is {_in_words(given)}; expected {wanted}.")
    return {name: found[name] for name in names}


def _part(argument: str, given: Any, k: int, name: str, count: int) -> str:
    """Write one array of an argument as the user would: ``x``, ``x["left"]`` or ``x[0]``."""
    if isinstance(given, Mapping):
        return f'{argument}["{name}"]'
    return argument if count == 1 else f"{argument}[{k}]"


def _in_words(given: Any) -> str:
    """Describe an argument that does not hold arrays by name."""
    if isinstance(given, Mapping):
        return f"a dict with the keys {', '.join(map(str, given))}"
    if isinstance(given, list | tuple):
        return f"a {type(given).__name__} of {len(given)}"
    shape = getattr(given, "shape", None)
    return short(given) if shape is None else f"one array of shape {tuple(shape)}"
