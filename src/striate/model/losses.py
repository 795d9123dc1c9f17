"""The loss of each output: the one that the user gave, or the one that suits the activation."""

from collections.abc import Sequence

from striate.errors import OptionError
from striate.functions.base import Loss, TransferFunction
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, SquaredError
from striate.functions.resolve import resolve
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
    [CrossEntropy(label_smoothing=0.0, class_weights=None)]
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


def _loss(loss: str | Loss | None, transfer: TransferFunction) -> Loss:
    """Find a loss by name, or the one that takes over the activation before it."""
    if loss is not None:
        return resolve("loss", loss, Loss)
    for kind in (CrossEntropy, BinaryCrossEntropy):
        if isinstance(transfer, kind.absorbs):
            return kind()
    return SquaredError()
