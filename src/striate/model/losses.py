"""The loss of each output: the one that the user gave, or the one that suits the activation."""

from collections.abc import Mapping, Sequence

from striate.errors import OptionError
from striate.functions.base import Loss, TransferFunction
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, SquaredError
from striate.functions.options import POSITIVE
from striate.functions.resolve import resolve
from striate.functions.writing import short, write
from striate.graph.graph import Graph


def losses_of(graph: Graph, loss: str | Loss | Sequence[str | Loss] | None) -> list[Loss]:
    """Return a loss for each output.

    Parameters
    ----------
    graph
        The network. If ``loss`` is ``None``, the last activation decides: cross-entropy for
        softmax, binary cross-entropy for logistic, and squared error for any other.
    loss
        A loss or its name for all outputs, a list with one for each, or ``None``.

    Returns
    -------
    list of Loss

    Raises
    ------
    OptionError
        If a loss is unknown, or there is not one for each output.

    Sources
    -------
    Wolter, exercise 11 (binary cross-entropy of logistic outputs); Hagan fig. 8.11.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> losses_of(parse("dense 2 softmax", (3,)), None)
    [CrossEntropy(label_smoothing=0.0, class_weights=None, ignore=None)]
    """
    names = graph.outputs
    if loss is None or isinstance(loss, str) or not isinstance(loss, Sequence):
        given = [loss] * len(names)
    else:
        given = list(loss)
    if len(given) != len(names):
        raise OptionError(
            f"`loss` holds {len(given)} losses, but the network has {len(names)} "
            f"output{'s' * (len(names) > 1)} ({', '.join(names)}).",
            remedy="Pass one loss for all outputs, or a list with one for each.",
        )
    return [_loss(one, graph[name].layer.transfer) for one, name in zip(given, names, strict=True)]


def loss_weights_of(
    graph: Graph, given: Sequence[float] | Mapping[str, float] | None
) -> tuple[float, ...]:
    """Return the weight of each output's loss in their sum.

    Parameters
    ----------
    graph
        The network.
    given
        A positive number for each output, in a list or in a dict by name; outputs that a dict
        leaves out have weight 1. ``None`` gives all outputs weight 1.

    Returns
    -------
    tuple of float

    Raises
    ------
    OptionError
        If an output is unknown, there is not a weight for each output, or one isn't positive.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> loss_weights_of(parse("dense 2 softmax", (3,)), None)
    (1.0,)
    """
    names = graph.outputs
    if given is None:
        return (1.0,) * len(names)
    try_ = f"Try loss_weights={{{write(names[-1])}: 0.5}}."
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise OptionError(
                    f"`loss_weights` has the key {short(name)}, but the network's "
                    f"output{'s are' if len(names) > 1 else ' is'} {', '.join(names)}. {try_}"
                )
        weights = [given.get(name, 1.0) for name in names]
    elif isinstance(given, Sequence) and not isinstance(given, str) and len(given) == len(names):
        weights = list(given)
    else:
        raise OptionError(
            f"`loss_weights` must have one number for each of the {len(names)} outputs "
            f"({', '.join(names)}), got {short(given)}. {try_}"
        )
    for name, weight in zip(names, weights, strict=True):
        if weight not in POSITIVE:
            raise OptionError(
                f"`loss_weights` gives {name} the weight {short(weight)}; weights must be positive "
                f"finite numbers. {try_}"
            )
    return tuple(map(float, weights))


def _loss(loss: str | Loss | None, transfer: TransferFunction) -> Loss:
    """Find a loss by name, or the one that takes over the activation before it."""
    if loss is not None:
        return resolve("loss", loss, Loss)
    for kind in (CrossEntropy, BinaryCrossEntropy):
        if isinstance(transfer, kind.absorbs):
            return kind()
    return SquaredError()
