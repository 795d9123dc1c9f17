"""Networks for a data set: made from a preset's name or from layers in shorthand."""

import hashlib
import re
import warnings
from collections.abc import Sequence

import numpy as np

from striate.errors import Argument, DataError, Message, OptionError, StriateWarning
from striate.model.classes import ClassValue, listed
from striate.model.engines import EngineName
from striate.model.network import Network, core_of
from striate.shapes import Array, Shape

ENDING = ".safetensors"

_DEFAULT_SHAPE = (28, 28, 1)
_DEFAULT_CLASSES = 10
_AXES_OF_A_SIGNAL = 2  # samples, channels


def make(
    net: str,
    input_shape: Shape | None,
    classes: int | None,
    *,
    seed: int = 0,
    engine: EngineName = "auto",
    winograd: bool = True,
) -> Network:
    """Make a new network from the name of a preset or from layers in shorthand.

    Parameters
    ----------
    net
        Name of a preset, or layers; ``{classes}`` is replaced by the number of classes.
    input_shape
        Shape of an image; ``None`` for the preset's own, 28 x 28 x 1 in shorthand.
    classes
        Number of classes; ``None`` for the preset's own, 10 in shorthand.
    seed
        Seed of its weights.
    engine, winograd
        As for :class:`striate.Network`.

    Returns
    -------
    Network

    Raises
    ------
    OptionError, ShorthandError, ShapeError
        If the preset is unknown, the text cannot be parsed, or sizes do not fit.
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
    filled = text.replace("{classes}", str(classes or _DEFAULT_CLASSES))
    states_input = filled.split(maxsplit=1)[0] == "input"
    shape = None if states_input else input_shape or _DEFAULT_SHAPE
    with warnings.catch_warnings():
        if shape is not None and len(shape) == _AXES_OF_A_SIGNAL:
            # Only data that is declared to be signals has such a shape: it isn't a gray image.
            warnings.filterwarnings("ignore", "The input shape", StriateWarning)
        return Network.parse(filled, shape, seed=seed, engine=engine, winograd=winograd)


def set_classes(network: Network, classes: Sequence[ClassValue]) -> None:
    """Set the classes of a new network.

    Raises
    ------
    OptionError
        If the network has a different number of classes.
    """
    count = core_of(network).outputs[0].class_count
    if classes and len(classes) != count:
        raise OptionError(
            Message(
                Argument("net"),
                f" has outputs for {count} classes, but the data has {len(classes)}. Write "
                "{classes} for the number of outputs of the last layer: dense {classes} softmax.",
            )
        )
    network.classes = tuple(classes)


def labels_for(network: Network, y: Array, classes: Sequence[ClassValue]) -> Array:
    """Translate the labels of a data set into those of a network, class by class.

    Classes are matched by name, never by position: the folders ``cat`` and ``dog`` may have other
    positions than in training. The names of -1 and -1.0 are the same.

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
    values = {_name_of(value): value for value in network.classes}
    missing = [classes[k] for k in np.unique(y) if _name_of(classes[k]) not in values]
    if missing:
        raise DataError(
            f"The data has images of the class {listed(missing[:1])}, but the model's classes are "
            f"{listed(network.classes)}. "
            + (
                "Rename the classes of the data, or leave those images out."
                if any(_name_of(one) in values for one in classes)
                else "If they mean the same, give the model the data's names in Python, in the "
                "order of its classes: net = st.load(path); net.classes = (...); net.save(path)."
            )
        )
    own = [values.get(_name_of(one), network.classes[0]) for one in classes]
    return np.array(own)[y]


def _name_of(value: ClassValue) -> str:
    """Return the name of a class; the integer that a float equals has the same one."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _require_counted(classes: Sequence[ClassValue]) -> None:
    """Raise unless the names of a data set's classes are 0, 1, 2, ..."""
    if [str(name) for name in classes] != [str(k) for k in range(len(classes))]:
        raise DataError(
            "The model has no class names, so its outputs cannot be matched with the classes of "
            f"the data, {listed(classes)}. Give the model their names in Python, in the order "
            "of its outputs: net = st.load(path); net.classes = (...); net.save(path)."
        )


def weights_hash(network: Network) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of all weights.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    str
        Equal for bit-identical weights, on any machine.

    Examples
    --------
    >>> weights_hash(Network.preset("lenet5")) == weights_hash(Network.preset("lenet5"))
    True
    """
    parameters = core_of(network).buffers[0].astype("<f4", copy=False)
    return hashlib.sha256(parameters.tobytes()).hexdigest()[:16]
