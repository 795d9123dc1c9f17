"""Model files: a safetensors file with the architecture as JSON in its metadata."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

import striate
from striate.errors import ModelFileError, StriateError
from striate.functions import registry
from striate.functions.base import Loss
from striate.graph.document import from_document, to_document
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout
from striate.graph.step import TrainingStep
from striate.model.classes import Classes
from striate.model.core import Core
from striate.model.inputs import PixelRange, Preprocessing
from striate.model.losses import losses_of
from striate.shapes import Array
from striate.training.tensors import read_tensors, write_tensors

KIND = "model"
_UNREADABLE = (
    StriateError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def save(core: Core, path: str | os.PathLike[str]) -> None:
    """Write a network to a file; an existing file is replaced only when the new one is complete.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    document = {
        "striate": striate.__version__,
        "network": to_document(core.graph),
        "preprocessing": core.preprocessing.to_data(),
        "classes": {
            name: list(core.classes.get(name, Classes()).values) for name in core.graph.outputs
        },
        "losses": None if core.losses is None else [registry.to_data(loss) for loss in core.losses],
    }
    write_tensors(path, KIND, {**core.parameters, **core.statistics}, document)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """The contents of a model file."""

    graph: Graph
    preprocessing: Preprocessing
    classes: dict[str, Classes]
    losses: tuple[Loss, ...] | None
    parameters: Array
    statistics: Array


def load(path: str | os.PathLike[str]) -> Saved:
    """Read what :func:`save` wrote.

    Raises
    ------
    ModelFileError
        If the file is missing or damaged, isn't a model, or was saved by a newer version.
    """
    arrays, document = read_tensors(path, KIND)
    try:
        graph = from_document(document["network"])
        classes = _classes(document["classes"], graph)
        preprocessing = _preprocessing(document["preprocessing"], graph)
        losses = _losses(document["losses"], graph)
    except _UNREADABLE as error:
        problem = f"It has no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(
            f"{path} does not describe a network of this version of striate. "
            f"{problem.rstrip('.')}. Use another copy, or save the network again."
        ) from error
    _require_only(path, arrays, {*graph.parameters(), *graph.state()})
    return Saved(
        graph=graph,
        preprocessing=preprocessing,
        classes=classes,
        losses=losses,
        parameters=_flat(path, arrays, ParameterLayout.of(graph.parameters())),
        statistics=_flat(path, arrays, ParameterLayout.of(graph.state())),
    )


def _classes(data: Any, graph: Graph) -> dict[str, Classes]:
    """Read the classes of each output."""
    if not isinstance(data, dict) or data.keys() != set(graph.outputs):
        raise TypeError(f"Its classes are {data!r:.60}, not a list for each output.")
    return {name: Classes.of(data[name], max(graph.shapes[name][0], 2)) for name in graph.outputs}


def _losses(data: Any, graph: Graph) -> tuple[Loss, ...] | None:
    """Read the losses, one for each output."""
    if data is None:
        return None
    if not isinstance(data, list):
        raise TypeError(f"Its losses are {data!r:.60}, not a list.")
    losses = losses_of(graph, [registry.from_data("loss", one) for one in data])
    TrainingStep.of(graph, losses)
    return tuple(losses)


def _preprocessing(data: Any, graph: Graph) -> Preprocessing:
    """Read the preprocessing of images."""
    channels = data["channels"]
    if channels not in {"last", "first"}:
        raise ValueError(f'Its channels are {channels!r:.60}, not "last" or "first".')
    numbers: dict[str, dict[str, tuple[float, ...]]] = {}
    for what in ("mean", "std"):
        numbers[what] = {name: tuple(map(float, one)) for name, one in data[what].items()}
        for name, one in numbers[what].items():
            if len(one) != graph.inputs[name][0] or not np.isfinite(one).all():
                raise ValueError(
                    f"The {what} of {name} is {one}, not a finite number for each channel."
                )
            if what == "std" and min(one) <= 0:
                raise ValueError(f"The std of {name} is {one}, but must be positive.")
    if numbers["mean"].keys() != numbers["std"].keys():
        raise ValueError("Its mean and std belong to different inputs.")
    return Preprocessing(
        channels=channels,
        mean=numbers["mean"],
        std=numbers["std"],
        ranges={name: _range(name, one, graph) for name, one in data["ranges"].items()},
    )


def _range(name: str, data: Any, graph: Graph) -> PixelRange:
    """Read the range of an input's training images."""
    integers, lowest, highest = data
    numbers = lowest, highest
    if (
        name not in graph.inputs
        or not isinstance(integers, bool)
        or not all(isinstance(number, int | float) for number in numbers)
        or not np.isfinite(numbers).all()
    ):
        raise ValueError(f"The range of {name} is {data}, which is not valid.")
    return PixelRange(integers=integers, lowest=float(lowest), highest=float(highest))


def _require_only(path: str | os.PathLike[str], arrays: dict[str, Array], known: set[str]) -> None:
    """Raise if a file holds an array that its network does not have."""
    for name in arrays:
        if name not in known:
            raise ModelFileError(
                f"{path} holds the array {name}, which its network does not have. The file is "
                "damaged. Use another copy, or save the network again."
            )


def _flat(path: str | os.PathLike[str], arrays: dict[str, Array], layout: ParameterLayout) -> Array:
    """Copy a file's arrays into one buffer, if they have the shapes of the network's arrays."""
    # The shapes are checked before the buffer is allocated: a damaged file may claim any size.
    for name, shape in layout.shapes.items():
        found = arrays.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            holds = "is missing" if found is None else f"is {found.dtype} of shape {found.shape}"
            raise ModelFileError(
                f"{path} is damaged: the array {name} {holds}, but its network needs float32 of "
                f"shape {shape}. Use another copy, or save the network again."
            )
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = arrays[name]
    return flat
