"""Model files: a safetensors file with the architecture as JSON in its metadata."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, TypeVar

import numpy as np

import striate
from striate.data.resizing import RULES
from striate.errors import ModelFileError, StriateError
from striate.files import shown
from striate.functions import registry
from striate.functions.base import Loss
from striate.functions.writing import short
from striate.graph.document import from_document, to_document
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout
from striate.graph.step import TrainingStep
from striate.model.classes import Classes
from striate.model.core import Core
from striate.model.inputs import FULL_SCALE, PixelRange, Preprocessing
from striate.model.losses import loss_weights_of, losses_of
from striate.model.target_names import checked_names
from striate.model.target_scaling import TargetScaling
from striate.shapes import Array
from striate.training.tensors import read_tensors, write_tensors

KIND = "model"
_TRAINED_ON = "trained-on"
"""The array of digests of the training images; names of parameters contain a dot."""

T = TypeVar("T")


class _InvalidError(ValueError):
    """A part of a model's description is not valid; the text says why."""


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
        "loss_weights": None if core.loss_weights is None else list(core.loss_weights),
        "target_scaling": {name: one.to_data() for name, one in core.target_scaling.items()},
        "target_names": {name: list(names) for name, names in core.target_names.items() if names},
        "losses": None if core.losses is None else [registry.to_data(loss) for loss in core.losses],
    }
    arrays = {**core.parameters, **core.statistics}
    if core.trained_on is not None:
        arrays[_TRAINED_ON] = core.trained_on
    write_tensors(path, KIND, arrays, document)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """The contents of a model file."""

    graph: Graph
    preprocessing: Preprocessing
    classes: dict[str, Classes]
    losses: tuple[Loss, ...] | None
    loss_weights: tuple[float, ...] | None
    target_scaling: dict[str, TargetScaling]
    target_names: dict[str, tuple[str, ...]]
    parameters: Array
    statistics: Array
    trained_on: Array | None


def load(path: str | os.PathLike[str]) -> Saved:
    """Read what :func:`save` wrote.

    Raises
    ------
    ModelFileError
        If the file is missing or damaged, isn't a model, or was saved by a newer version.
    """
    arrays, document = read_tensors(path, KIND)
    graph = _part(path, document, "network", from_document)
    classes = _part(path, document, "classes", partial(_classes, graph))
    preprocessing = _part(path, document, "preprocessing", partial(_preprocessing, graph))
    losses = _part(path, document, "losses", partial(_losses, graph))
    trained_on = arrays.pop(_TRAINED_ON, None)
    if trained_on is not None and (trained_on.dtype != np.uint64 or trained_on.ndim != 1):
        raise ModelFileError(
            f"{shown(path)} is damaged: the array {_TRAINED_ON} is {trained_on.dtype} of shape "
            f"{trained_on.shape}; expected a list of uint64. Use another copy, or save the network "
            "again."
        )
    # Files of striate 0.1 before December 2026 have none of these.
    whole = {"target_names": {}, "target_scaling": {}, "loss_weights": None, **document}
    target_names = _part(path, whole, "target_names", partial(_target_names, graph))
    target_scaling = _part(path, whole, "target_scaling", partial(_target_scaling, graph))
    loss_weights = _part(path, whole, "loss_weights", partial(_loss_weights, graph))
    _require_only(path, arrays, {*graph.parameters(), *graph.state()})
    return Saved(
        graph=graph,
        preprocessing=preprocessing,
        classes=classes,
        losses=losses,
        loss_weights=loss_weights,
        target_scaling=target_scaling,
        target_names=target_names,
        parameters=_flat(path, arrays, ParameterLayout.of(graph.parameters())),
        statistics=_flat(path, arrays, ParameterLayout.of(graph.state())),
        trained_on=trained_on,
    )


def _part(
    path: str | os.PathLike[str], document: Mapping[str, Any], name: str, read: Callable[[Any], T]
) -> T:
    """Read a part of a model's description; whatever is wrong with it becomes one kind of error."""
    try:
        return read(document[name])
    except (StriateError, _InvalidError) as error:
        # The remedy of a StriateError is for those who wrote the network, not for a file.
        problem = error.statement if isinstance(error, StriateError) else str(error)
        cause: Exception = error
    except KeyError as error:
        owner, key = ("It", name) if name not in document else (f"Its {name}", error.args[0])
        problem, cause = f'{owner} has no entry "{key}".', error
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        problem, cause = f"Its {name} has the wrong form.", error
    raise ModelFileError(
        f"{shown(path)} does not describe a network that this version of striate can load. "
        f"{problem} Use another copy, or save the network again."
    ) from cause


def _classes(graph: Graph, data: Any) -> dict[str, Classes]:
    """Read the classes of each output."""
    if not isinstance(data, dict) or data.keys() != set(graph.outputs):
        raise _InvalidError(f"Its classes must be lists, one for each output, got {short(data)}.")
    return {name: Classes.of(data[name], max(graph.shapes[name][0], 2)) for name in graph.outputs}


def _target_names(graph: Graph, data: Any) -> dict[str, tuple[str, ...]]:
    """Read the names of the outputs' numbers."""
    if not isinstance(data, dict):
        raise _InvalidError(
            f"Its target_names must map each output to a list of names, got {short(data)}."
        )
    return checked_names(data, {name: graph.shapes[name] for name in graph.outputs})


def _losses(graph: Graph, data: Any) -> tuple[Loss, ...] | None:
    """Read the losses, one for each output."""
    if data is None:
        return None
    if not isinstance(data, list):
        raise _InvalidError(f"Its losses must be a list, got {short(data)}.")
    losses = losses_of(graph, [registry.from_data("loss", one) for one in data])
    TrainingStep.of(graph, losses)
    return tuple(losses)


def _target_scaling(graph: Graph, data: Any) -> dict[str, TargetScaling]:
    """Read the scale of each output's targets."""
    if not isinstance(data, dict):
        raise _InvalidError(f"Its target_scaling must be a dict by output, got {short(data)}.")
    scalings: dict[str, TargetScaling] = {}
    for name, one in data.items():
        if name not in graph.outputs:
            raise _InvalidError(f"It has the scale of {short(name)}, which is not an output.")
        columns = graph.shapes[name][0]
        for what in ("mean", "std"):
            numbers = one[what]
            if not isinstance(numbers, list) or not all(
                type(number) in (int, float) and isfinite(number) for number in numbers
            ):
                raise _InvalidError(f"The {what} of {name} must be a list of finite numbers.")
            if len(numbers) != columns or (what == "std" and min(numbers) <= 0):
                raise _InvalidError(
                    f"The {what} of {name} must have {columns} values, which must be positive for "
                    f"a std, got {short(numbers)}."
                )
        mean, std = (tuple(map(float, one[what])) for what in ("mean", "std"))
        scalings[name] = TargetScaling(mean=mean, std=std)
    return scalings


def _loss_weights(graph: Graph, data: Any) -> tuple[float, ...] | None:
    """Read the weights of the losses, one for each output."""
    return None if data is None else loss_weights_of(graph, data)


def _preprocessing(graph: Graph, data: Any) -> Preprocessing:
    """Read the preprocessing of images."""
    channels = data["channels"]
    if channels not in ("last", "first"):
        raise _InvalidError(f'Its channels must be "last" or "first", got {short(channels)}.')
    mean, std = _per_channel(graph, data["mean"], "mean"), _per_channel(graph, data["std"], "std")
    for name, numbers in std.items():
        if min(numbers) <= 0:
            raise _InvalidError(f"The std of {name} must be positive, got {numbers}.")
    if mean.keys() != std.keys():
        raise _InvalidError("Its mean and std belong to different inputs.")
    ranges = {name: _range(name, one, graph) for name, one in data["ranges"].items()}
    resize = data.get("resize")  # files of striate 0.1 before November 2026 have none
    if resize not in (None, *RULES):
        raise _InvalidError(
            f"Its resize must be one of {', '.join(RULES)}, or null, got {short(resize)}."
        )
    return Preprocessing(channels=channels, mean=mean, std=std, ranges=ranges, resize=resize)


def _per_channel(graph: Graph, data: Any, what: str) -> dict[str, tuple[float, ...]]:
    """Read the means or standard deviations of the inputs' channels."""
    if not isinstance(data, dict):
        raise _InvalidError(f"Its {what} must be a list for each input, got {short(data)}.")
    numbers: dict[str, tuple[float, ...]] = {}
    for name, one in data.items():
        if name not in graph.inputs:
            raise _InvalidError(f"It has the {what} of {short(name)}, which is not an input.")
        valid = (
            isinstance(one, list)
            and len(one) == graph.inputs[name][0]
            and all(type(number) in (int, float) and isfinite(number) for number in one)
        )
        if not valid:
            raise _InvalidError(
                f"The {what} of {name} must be a list with a finite number for each channel, got "
                f"{short(one)}."
            )
        numbers[name] = tuple(map(float, one))
    return numbers


def _range(name: str, data: Any, graph: Graph) -> PixelRange:
    """Read the range of an input's training images."""
    valid = (
        name in graph.inputs
        and isinstance(data, list)
        and len(data) == 3
        and type(data[0]) is int
        and data[0] in (1, *FULL_SCALE.values())
        and all(type(number) in (int, float) and isfinite(number) for number in data[1:])
    )
    if not valid:
        raise _InvalidError(
            f"The range of {name} is {short(data)}; expected the full scale of its type, and the "
            "lowest and the highest value."
        )
    scale, lowest, highest = data
    return PixelRange(full_scale=scale, lowest=float(lowest), highest=float(highest))


def _require_only(path: str | os.PathLike[str], arrays: dict[str, Array], known: set[str]) -> None:
    """Raise if a file holds an array that its network does not have."""
    for name in arrays:
        if name not in known:
            raise ModelFileError(
                f"{shown(path)} holds the array {name}, which its network does not have. The file "
                "is damaged. Use another copy, or save the network again."
            )


def _flat(path: str | os.PathLike[str], arrays: dict[str, Array], layout: ParameterLayout) -> Array:
    """Copy a file's arrays into one buffer, if they have the shapes of the network's arrays."""
    # The shapes are checked before the buffer is allocated: a damaged file may claim any size.
    for name, shape in layout.shapes.items():
        found = arrays.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            holds = "is missing" if found is None else f"is {found.dtype} of shape {found.shape}"
            raise ModelFileError(
                f"{shown(path)} is damaged: the array {name} {holds}, but its network needs "
                f"float32 of shape {shape}. Use another copy, or save the network again."
            )
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = arrays[name]
    return flat
