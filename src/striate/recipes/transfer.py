"""Transfer learning: a trained network as the starting point for other pictures.

The first layers of a trained network detect edges, corners and textures, which most pictures have
in common. With few pictures, it is better to keep these layers as they are, and to train only the
later ones. The last layer is replaced if the classes differ.
"""

import os
from collections.abc import Sequence

from striate.errors import Argument, Message, ShapeError
from striate.files import shown
from striate.functions.transfer import Logistic, LogSoftmax, Softmax
from striate.model.classes import ClassValue
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network, core_of

GRAY_OR_COLOR = (1, 3)


def load_start(
    path: str | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    engine: EngineName = "auto",
    winograd: bool = True,
) -> Network:
    """Load a trained network as a starting point.

    Parameters
    ----------
    path
        A model file.
    size
        Rows and columns of the pictures, if they are to differ from those of the network.
    engine, winograd
        As for :class:`striate.Network`.

    Returns
    -------
    Network

    Raises
    ------
    ModelFileError
        If the file is missing or isn't a model.
    ShapeError
        If the network isn't a classifier of pictures.
    GraphError
        If the weights of a layer depend on the size of the pictures, and ``size`` is another one.
    """
    network = load(path, engine=engine, winograd=winograd)
    shape = network.input_shape
    outputs = network.graph.outputs
    last = network.graph[outputs[0]].layer
    is_picture = len(network.graph.inputs) == 1 and len(shape) == 3 and shape[-1] in GRAY_OR_COLOR
    is_classifier = (
        len(outputs) == 1
        and len(network.output_shape) == 1
        and isinstance(last.transfer, Softmax | LogSoftmax | Logistic)
    )
    if not (is_picture and is_classifier and network.preprocessing.channels == "last"):
        raise ShapeError(
            Message(
                Argument("start", shown(path)),
                f" has inputs of shape {shape} and outputs of shape {network.output_shape}; "
                "expected a classifier of pictures with rows, columns and 1 or 3 channels.",
            ),
            remedy=Message("Use another model, or leave out ", Argument("start"), "."),
        )
    if size is not None and size != shape[:2]:
        network = network.at((*size, shape[2]))
    return network


def with_classes_of(network: Network, classes: Sequence[ClassValue], *, seed: int) -> Network:
    """Return the network for other classes: with a new last layer, unless they are the same.

    Parameters
    ----------
    network
        A trained classifier.
    classes
        The classes, in the order of the labels.
    seed
        Seed of the new layer's weights.

    Returns
    -------
    Network
    """
    same = {str(one) for one in network.classes} == {str(one) for one in classes}
    if same and len(classes) == len(network.classes):
        return network
    trained_on = core_of(network).trained_on
    made = network.with_head(f"dense {len(classes)} softmax", seed=seed)
    made.classes = tuple(classes)
    core_of(made).trained_on = trained_on
    return made


def first_layers(network: Network) -> int:
    """Return how many layers with parameters to freeze: those before the second half.

    The halves are counted in convolutions and dense layers, and normalization belongs to the layer
    before it.

    Examples
    --------
    >>> text = "conv 4@3x3 | batch-norm relu | conv 8@3x3 | dense 2"
    >>> first_layers(Network.parse(text, (9, 9, 1)))
    2
    """
    layers = [place for place in network.graph.layers if place.owner == place.name]
    names = [[parameter for *_, parameter in place.parameter_names()] for place in layers]
    trained = [parameters for parameters in names if parameters]
    # Weight decay applies to the weights of convolutions and dense layers, and to nothing else.
    weights = [k for k, found in enumerate(trained) if any(one.decayed for one in found)]
    return weights[len(weights) // 2] if len(weights) > 1 else 0
