"""Networks as the command meets them: how they are named, what they take, what they answer."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.data import Dataset, open_dataset
from striate.data.download import Progress
from striate.errors import DataError, OptionError, ShapeError
from striate.functions.transfer import Logistic, Softmax
from striate.graph.layer import Layer
from striate.model.classes import Classes, Value, listed
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network, core_of
from striate.shapes import Array, Shape

ENDING = ".safetensors"
GRAY_OR_COLOR = (1, 3)

_USUAL_SHAPE = (28, 28, 1)
_USUAL_CLASSES = 10


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


def make(
    net: str,
    input_shape: Shape | None,
    classes: int | None,
    *,
    seed: int = 0,
    engine: EngineName = "auto",
    winograd: bool = True,
) -> Network:
    """Make a new network of the name of a preset or of shorthand.

    Parameters
    ----------
    net
        Name, or layers; ``{classes}`` stands for the number of classes.
    input_shape
        Shape of an image; ``None`` for the preset's own, 28 x 28 x 1 in shorthand.
    classes
        How many classes it tells apart; ``None`` for the preset's own, 10 in shorthand.
    seed
        For its weights.
    engine, winograd
        What computes it, and whether by Winograd's method where that is faster.

    Returns
    -------
    Network

    Raises
    ------
    OptionError, ShorthandError, ShapeError
        If there is no such preset, the text cannot be read, or sizes do not fit.
    """
    text = net.strip()
    if re.fullmatch(r"[\w.-]*", text):
        return Network.preset(
            text,
            seed=seed,
            engine=engine,
            winograd=winograd,
            input_shape=input_shape,
            classes=classes,
        )
    filled = text.replace("{classes}", str(classes or _USUAL_CLASSES))
    states_input = filled.split(maxsplit=1)[0] == "input"
    shape = None if states_input else input_shape or _USUAL_SHAPE
    return Network.parse(filled, shape, seed=seed, engine=engine, winograd=winograd)


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


def weights_hash(network: Network) -> str:
    """Give the first 16 hexadecimal digits of the SHA-256 of all weights.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    str
        The same for the same weights, bit for bit, on any machine.

    Examples
    --------
    >>> weights_hash(Network.preset("lenet5")) == weights_hash(Network.preset("lenet5"))
    True
    """
    parameters = core_of(network).buffers[0].astype("<f4", copy=False)
    return hashlib.sha256(parameters.tobytes()).hexdigest()[:16]


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


def labels_for(network: Network, y: Array, classes: Sequence[Value]) -> Array:
    """Turn the labels of a data set into those of a network, class by class.

    Classes are matched by name, never by position: the folders ``cat`` and ``dog`` may stand for
    other positions than in the training.

    Parameters
    ----------
    network
        The network to be evaluated.
    y
        Indices of ``classes``, or numbers if the data set has no classes.
    classes
        The data set's classes.

    Returns
    -------
    Array
        The network's own values; ``y`` if the data set has no classes, or if its classes are
        0, 1, 2, ... and the network has none.

    Raises
    ------
    DataError
        If the data set has a class that the network does not have.

    Examples
    --------
    >>> net = Network.parse("dense 2 softmax", (3,))
    >>> net.classes = ("cat", "dog")
    >>> labels_for(net, np.array([0, 1]), ("dog", "cat"))
    array(['dog', 'cat'], dtype='<U3')
    """
    if y.dtype.kind != "i" or not len(classes):
        return y
    if not network.classes:
        _require_counted(classes)
        return y
    values = {str(value): value for value in network.classes}
    missing = [classes[k] for k in np.unique(y) if str(classes[k]) not in values]
    if missing:
        raise DataError(
            f"The data has images of the class {listed(missing[:1])}, but the model's classes are "
            f"{listed(network.classes)}. "
            + (
                "Rename the classes of the data, or leave those images out."
                if any(str(name) in values for name in classes)
                else "If they mean the same, give the model the data's names, in the order of its "
                "classes: net = st.load(path); net.classes = (...); net.save(path)."
            )
        )
    own = [values.get(str(name), network.classes[0]) for name in classes]
    return np.array(own)[y]


def _require_counted(classes: Sequence[Value]) -> None:
    """Raise if the classes of a data set don't tell to which outputs they belong."""
    if [str(name) for name in classes] != [str(k) for k in range(len(classes))]:
        raise DataError(
            "The model has no class names, so its outputs cannot be matched with the classes of "
            f"the data, {listed(classes)}. Give the model their names in the order of its outputs: "
            "net = st.load(path); net.classes = (...); net.save(path)."
        )


def class_indices(network: Network, labels: Array) -> Array:
    """Find labels, as :func:`labels_for` gives them, among the network's classes."""
    return Classes(network.classes).indices(labels, "y") if network.classes else labels


def set_classes(network: Network, classes: Sequence[Value]) -> None:
    """Give a new network the classes of the data set that it learns."""
    network.classes = tuple(classes)


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
