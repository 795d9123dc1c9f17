"""The networks that users name in a command: opening them, their inputs, classes and scores."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.data import Dataset, open_dataset
from striate.data.dataset import with_classes
from striate.data.download import Progress
from striate.data.image_file import Images
from striate.data.picture_store import Decoding
from striate.data.picture_table import Task
from striate.data.sources import TABLES
from striate.errors import OptionError, ShapeError
from striate.functions.transfer import Logistic, LogSoftmax, Softmax
from striate.graph.layer import Layer
from striate.model.classes import Classes
from striate.model.loading import load
from striate.model.network import Network
from striate.recipes.networks import ENDING, make
from striate.shapes import Array, Shape

GRAY_OR_COLOR = (1, 3)
_AXES_OF_A_PICTURE = 3


class ImageSize(click.ParamType):
    """A size in pixels: ``28``, ``28x28`` or ``28x28x1``."""

    name = "size"

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.numbers = numbers

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shape:
        """Parse a size."""
        if isinstance(value, tuple):
            return value
        parts = str(value).lower().replace("×", "x").split("x")
        if not all(part.strip().isdecimal() and int(part) for part in parts):
            self.fail(f"{value!r} is not a size. Try 28x28 or 32x32x3.", param, ctx)
        if len(parts) not in self.numbers:
            wanted = " or ".join(map(str, self.numbers))
            self.fail(f"{value!r} must have {wanted} numbers, got {len(parts)}.", param, ctx)
        return tuple(map(int, parts))


def open_network(
    words: str, input_shape: Shape | None, classes: int | None, *, winograd: bool = True
) -> Network:
    """Load a model file, or make a new network.

    Parameters
    ----------
    words
        A saved model, the name of a preset, or layers in shorthand.
    input_shape
        Shape of an image; ``None`` for the network's own. Rows and columns alone mean gray.
    classes, winograd
        As for :func:`make`.

    Returns
    -------
    Network

    Raises
    ------
    OptionError
        If the words name a folder.
    """
    if Path(words).is_dir():
        raise OptionError(
            f"{words} is a folder. Name a model file, such as {Path(words) / f'net{ENDING}'}, a "
            "preset, or layers in shorthand."
        )
    if is_model_file(words):
        network = load(words, winograd=winograd)
        return network if input_shape is None else network.at(input_shape)
    shape = input_shape if input_shape is None or len(input_shape) != 2 else (*input_shape, 1)
    return make(words, shape, classes, winograd=winograd)


def is_model_file(words: str) -> bool:
    """Return whether words name a saved model rather than a preset or layers."""
    is_path = "/" in words and " " not in words
    return words.endswith(ENDING) or is_path or Path(words).is_file()


def picture_size(network: Network) -> tuple[int, int, int]:
    """Return rows, columns and channels of the pictures that are a network's input.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    rows, columns, channels

    Raises
    ------
    ShapeError
        If its input isn't a picture.
    """
    shape = network.input_shape
    if network.preprocessing.channels == "first":
        shape = (*shape[1:], shape[0])
    if len(network.graph.inputs) > 1 or len(shape) != 3 or shape[2] not in GRAY_OR_COLOR:
        inputs = len(network.graph.inputs)
        raise ShapeError(
            f"This network has {inputs} input{'s' if inputs > 1 else ''} of shape "
            f"{network.input_shape}, but the command needs one input with rows, columns and 1 "
            "channel (gray) or 3 (color). Call the network from Python: st.load(...).predict(x)."
        )
    return shape


def resize_rule(network: Network, chosen: str | None) -> str:
    """Return how to resize pictures for a network: as the user chose, or as in training."""
    return chosen or network.preprocessing.resize or "fit"


def as_taken(network: Network, x: Images) -> Images:
    """Move the channels of images to the axis where the network has them."""
    return np.moveaxis(np.asarray(x), -1, 1) if network.preprocessing.channels == "first" else x


def open_for(
    network: Network,
    source: str,
    *,
    resize: str | None,
    skip_bad: bool = False,
    download: bool,
    progress: Progress,
    decoding: Decoding,
    test: float | None = None,
    images: str | None = None,
    targets: str | list[str] | None = None,
    task: Task | None = None,
) -> Dataset:
    """Open a data set at the size of a network's input; signals and volumes keep theirs.

    ``test`` is the fraction to hold out, as for :func:`striate.data.open_dataset`. The columns of a
    table that are read are those that the network predicts, unless others are named.
    """
    if Path(source).suffix.lower() in TABLES and Path(source).is_file():
        targets = targets or list(network.target_names) or None
        task = task or ("classification" if network.classes else "regression")
    chosen: Any = {"images": images, "targets": targets, "task": task, "skip_bad": skip_bad}
    if len(network.graph.inputs) == 1 and len(network.input_shape) not in (1, _AXES_OF_A_PICTURE):
        dataset = open_dataset(source, download=download, progress=progress, **chosen)
        return with_classes(dataset) if network.classes else dataset
    rows, columns, channels = picture_size(network)
    dataset = open_dataset(
        source,
        size=(rows, columns),
        channels=channels,
        resize=resize_rule(network, resize),
        test=test,
        download=download,
        progress=progress,
        decoding=decoding,
        **chosen,
    )
    return with_classes(dataset) if network.classes else dataset


def class_indices(network: Network, labels: Array) -> Array:
    """Find labels, as :func:`labels_for` gives them, among the network's classes."""
    return Classes(network.classes).indices(labels, "y") if network.classes else labels


def class_scores(network: Network, outputs: Array | tuple[Array, ...]) -> tuple[Array, bool]:
    """Turn a classifier's outputs into one score for each class.

    Parameters
    ----------
    network
        The classifier.
    outputs
        The result of :meth:`Network.predict`.

    Returns
    -------
    Array, bool
        ``(n, classes)``, and whether the scores are probabilities.

    Raises
    ------
    OptionError
        If the network has several outputs, or its output isn't a vector.
    """
    shapes = [o.shape[1:] for o in (outputs if isinstance(outputs, tuple) else [outputs])]
    if not isinstance(outputs, np.ndarray) or outputs.ndim != 2:
        raise OptionError(
            f"The outputs of this network have the shape {' and '.join(map(str, shapes))}, but the "
            "command needs one score for each class. Call the network from Python: "
            "st.load(...).predict(x)."
        )
    last: Layer = network.graph[network.graph.outputs[0]].layer
    if outputs.shape[1] == 1 and isinstance(last.transfer, Logistic):
        return np.concatenate([1 - outputs, outputs], axis=1), True
    if isinstance(last.transfer, LogSoftmax):
        return np.exp(outputs), True
    return outputs, isinstance(last.transfer, Softmax | Logistic)
