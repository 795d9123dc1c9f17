"""Which loss stands behind which output, where a user does not say."""

from collections.abc import Sequence

from striate.errors import OptionError
from striate.functions.base import Loss, TransferFunction
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, SquaredError
from striate.functions.resolve import resolve
from striate.graph.graph import Graph


def losses_of(graph: Graph, loss: str | Loss | Sequence[str | Loss] | None) -> list[Loss]:
    """Give a loss for each output.

    Parameters
    ----------
    graph
        The network; without a loss given, the last transfer function decides: softmax takes
        cross-entropy, logistic binary cross-entropy, any other squared error.
    loss
        A loss or its name, for all outputs or a list with one for each; or ``None``.

    Returns
    -------
    list of Loss

    Raises
    ------
    OptionError
        If there is no loss of that name, or not one for each output.

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
            f"{len(given)} losses were given for {len(names)} outputs ({', '.join(names)}). "
            "Each output has one. Give one for all, or a list with one for each."
        )
    return [_loss(one, graph[name].layer.transfer) for one, name in zip(given, names, strict=True)]


def _loss(loss: str | Loss | None, transfer: TransferFunction) -> Loss:
    """Find a loss by its name, or by the transfer function before it."""
    if loss is not None:
        return resolve("loss", loss, Loss)
    for kind in (CrossEntropy, BinaryCrossEntropy):
        if isinstance(transfer, kind.absorbs):
            return kind()
    return SquaredError()
