"""Networks as the command meets them: how they are named, what they take, what they answer."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.data import Dataset, open_dataset
from striate.data.download import Progress
from striate.errors import OptionError, ShapeError
from striate.functions.transfer import Logistic, Softmax
from striate.graph.layer import Layer
from striate.model.classes import Classes
from striate.model.loading import load
from striate.model.network import Network
from striate.recipes.networks import ENDING, make
from striate.shapes import Array, Shape

GRAY_OR_COLOR = (1, 3)


class ImageSize(click.ParamType):
    """A size in pixels: ``28``, ``28x28`` or ``28x28x1``."""

    name = "size"

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.numbers = numbers

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shape:
        """Read a size as it is written."""
        if isinstance(value, tuple):
            return value
        parts = str(value).lower().replace("×", "x").split("x")
        if not all(part.strip().isdecimal() and int(part) for part in parts):
            self.fail(f"{value!r} is not a size. Write for example 28x28 or 32x32x3.", param, ctx)
        if len(parts) not in self.numbers:
            wanted = " or ".join(map(str, self.numbers))
            self.fail(f"{value!r} has {len(parts)} numbers; {wanted} are needed.", param, ctx)
        return tuple(map(int, parts))


def open_network(
    words: str, input_shape: Shape | None, classes: int | None, *, winograd: bool = True
) -> Network:
    """Load a model file, or make the network that the words describe.

    Parameters
    ----------
    words
        A saved model, the name of a preset, or layers in shorthand.
    input_shape
        Shape of an image, where it is not the network's own; rows and columns alone are gray.
    classes, winograd
        As for :func:`make`.

    Returns
    -------
    Network
    """
    if is_model_file(words):
        network = load(words, winograd=winograd)
        return network if input_shape is None else network.at(input_shape)
    shape = input_shape if input_shape is None or len(input_shape) != 2 else (*input_shape, 1)
    return make(words, shape, classes, winograd=winograd)


def is_model_file(words: str) -> bool:
    """Tell whether words name a saved model rather than a preset or layers."""
    return words.endswith(ENDING) or Path(words).is_file()


def picture_size(network: Network) -> tuple[int, int, int]:
    """Give rows, columns and channels of the pictures that a network takes.

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
        If it takes no pictures.
    """
    shape = network.input_shape
    if network.preprocessing.channels == "first":
        shape = (*shape[1:], shape[0])
    if len(network.graph.inputs) > 1 or len(shape) != 3 or shape[2] not in GRAY_OR_COLOR:
        raise ShapeError(
            f"The network takes {len(network.graph.inputs)} input of shape {network.input_shape}. "
            "Pictures are rows and columns of one channel (gray) or three (color). "
            "Use a network with such an input, or call it from Python."
        )
    return shape


def as_taken(network: Network, x: Array) -> Array:
    """Bring images with channels last to the order that a network takes."""
    return np.moveaxis(x, -1, 1) if network.preprocessing.channels == "first" else x


def open_for(
    network: Network, source: str, *, resize: str, download: bool, progress: Progress
) -> Dataset:
    """Open a data set in the size that a network takes."""
    rows, columns, channels = picture_size(network)
    return open_dataset(
        source,
        size=(rows, columns),
        channels=channels,
        resize=resize,
        download=download,
        progress=progress,
    )


def class_indices(network: Network, labels: Array) -> Array:
    """Find labels, as :func:`labels_for` gives them, among the network's classes."""
    return Classes(network.classes).indices(labels, "y") if network.classes else labels


def class_scores(network: Network, outputs: Array) -> tuple[Array, bool]:
    """Turn a classifier's outputs into one number for each class.

    Parameters
    ----------
    network
        The classifier.
    outputs
        What :meth:`Network.predict` gives.

    Returns
    -------
    Array, bool
        ``(n, classes)``, and whether the numbers are probabilities.

    Raises
    ------
    OptionError
        If the network gives images.
    """
    if outputs.ndim != 2:
        raise OptionError(
            f"The network gives an output of shape {network.output_shape} for each image. "
            "This command is for networks that give one number for each class. "
            "Call the network from Python: st.load(...).predict(x)."
        )
    last: Layer = network.graph[network.graph.outputs[0]].layer
    if outputs.shape[1] == 1 and isinstance(last.transfer, Logistic):
        return np.concatenate([1 - outputs, outputs], axis=1), True
    return outputs, isinstance(last.transfer, Softmax | Logistic)
