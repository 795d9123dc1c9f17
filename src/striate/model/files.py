"""Saved models: one safetensors file with the architecture as JSON in its metadata."""

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
from striate.graph.parameters import Layout
from striate.model.inputs import Preprocessing
from striate.model.structure import Structure
from striate.model.targets import Classes
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


def save(network: Structure, path: str | os.PathLike[str]) -> None:
    """Write a network to a file, whole or not at all."""
    document = {
        "striate": striate.__version__,
        "network": to_document(network.graph),
        "preprocessing": network.preprocessing.to_data(),
        "classes": list(network.classes.names),
        "losses": None
        if network.losses is None
        else [registry.to_data(loss) for loss in network.losses],
    }
    write_tensors(path, KIND, {**network.parameters, **network.statistics}, document)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What a model file holds."""

    graph: Graph
    preprocessing: Preprocessing
    classes: Classes
    losses: tuple[Loss, ...] | None
    parameters: Array
    statistics: Array


def load(path: str | os.PathLike[str]) -> Saved:
    """Read what :func:`save` wrote."""
    arrays, document = read_tensors(path, KIND)
    try:
        graph = from_document(document["network"])
        classes = Classes(names=tuple(map(str, document["classes"])))
        preprocessing = _preprocessing(document["preprocessing"], graph)
        losses = document["losses"]
        read = None if losses is None else tuple(registry.from_data("loss", one) for one in losses)
    except _UNREADABLE as error:
        raise ModelFileError(
            f"{path} does not describe a network: {error} The description stands in the file's "
            "metadata. "
            "The file is damaged or from another version of striate; use another copy, or save it "
            "again."
        ) from error
    return Saved(
        graph=graph,
        preprocessing=preprocessing,
        classes=classes,
        losses=read,
        parameters=_flat(path, arrays, Layout.of(graph.parameters())),
        statistics=_flat(path, arrays, Layout.of(graph.state())),
    )


def _preprocessing(data: Any, graph: Graph) -> Preprocessing:
    """Read what is done to images."""
    channels = data["channels"]
    if channels not in {"last", "first"}:
        raise ValueError(f"channels stand {channels!r}.")
    numbers: dict[str, dict[str, tuple[float, ...]]] = {}
    for what in ("mean", "deviation"):
        numbers[what] = {name: tuple(map(float, one)) for name, one in data[what].items()}
        for name, one in numbers[what].items():
            if len(one) != graph.inputs[name][0]:
                raise ValueError(f"{what} of {name} has {len(one)} numbers.")
    return Preprocessing(channels=channels, mean=numbers["mean"], deviation=numbers["deviation"])


def _flat(path: str | os.PathLike[str], arrays: dict[str, Array], layout: Layout) -> Array:
    """Put a file's arrays into one buffer, if they are those of the network."""
    # Before any memory is asked for: a description may lie about how much is needed.
    for name, shape in layout.shapes.items():
        found = arrays.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            holds = "no such array" if found is None else f"{found.dtype} of shape {found.shape}"
            raise ModelFileError(
                f"{path} holds {holds} for {name}. The network in the file needs float32 of shape "
                f"{shape}. "
                "The file is damaged; use another copy, or save it again."
            )
    flat = np.zeros(layout.size, np.float32)
    for name, view in layout.views(flat).items():
        view[...] = arrays[name]
    return flat
