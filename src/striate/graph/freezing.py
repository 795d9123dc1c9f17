"""Frozen layers: layers whose parameters and running statistics training leaves unchanged.

A run freezes layers by name, by a pattern, or by their number from the input. From the names,
:meth:`striate.graph.step.TrainingStep.of` makes a step that computes no derivatives for them.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import cast

from striate.errors import Argument, Message, OptionError
from striate.functions.options import plain
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout

Freeze = str | int | Sequence[str]
"""Names or patterns such as ``"conv*"``, or a number of layers; -1 is all but the last one."""

_PATTERN = frozenset("*?[")


def checked_freeze(freeze: object) -> tuple[str, ...] | int | None:
    """Return the argument ``freeze`` as a number or as names and patterns.

    Parameters
    ----------
    freeze
        A number of layers, text with names and patterns separated by spaces, or a list of them.

    Returns
    -------
    tuple of str, int or None
        ``None`` if it freezes nothing.

    Raises
    ------
    OptionError
        If it is none of these.

    Examples
    --------
    >>> checked_freeze("conv* batch-norm1"), checked_freeze(2), checked_freeze(0)
    (('conv*', 'batch-norm1'), 2, None)
    """
    if freeze is None:
        return None
    if isinstance(freeze, str):
        return tuple(freeze.replace(",", " ").split()) or None
    number = plain(freeze)
    if type(number) is int:
        return number or None
    if isinstance(freeze, Sequence):
        names = cast("Sequence[object]", freeze)
        if all(isinstance(name, str) for name in names):
            return tuple(map(str, names)) or None
    raise OptionError(
        Message(
            Argument("freeze"),
            " must be a number of layers, a layer's name, a pattern or a list of names, got "
            f"{short(cast('object', freeze))}.",
        ),
        remedy=Message("Try ", Argument("freeze", "conv*"), "."),
    )


def frozen_layers(graph: Graph, freeze: tuple[str, ...] | int | None) -> tuple[str, ...]:
    """Find the layers to freeze.

    Parameters
    ----------
    graph
        The network.
    freeze
        Names and patterns, or the number of layers with parameters, counted from the input. A
        negative number counts the layers to train, from the output.

    Returns
    -------
    tuple of str
        Names of layers with parameters, in order. A layer that shares the weights of another one is
        frozen with it, under that one's name.

    Raises
    ------
    OptionError
        If a name is unknown or has no parameters, a pattern matches no layer with parameters, or
        no layer would be left to train.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> graph = parse("conv 4@3x3 relu | max 2 | conv 8@3x3 relu | dense 2 softmax", (9, 9, 1))
    >>> frozen_layers(graph, ("conv*",)), frozen_layers(graph, 1), frozen_layers(graph, -1)
    (('conv1', 'conv2'), ('conv1',), ('conv1', 'conv2'))
    """
    if freeze is None:
        return ()
    trained = [
        place.name
        for place in graph.layers
        if place.owner == place.name and any(True for _ in place.parameter_names())
    ]
    if isinstance(freeze, int):
        found = trained[:freeze]
        if abs(freeze) > len(trained) or not found:
            raise OptionError(
                Message(
                    Argument("freeze"),
                    f" must be from {1 - len(trained)} to {len(trained) - 1}, since the network "
                    f"has {len(trained)} layers with parameters ({', '.join(trained)}), got "
                    f"{freeze}.",
                ),
                remedy=_fewer(trained),
            )
    else:
        owners = {place.name: place.owner for place in graph.layers}
        chosen = {owner for text in freeze for owner in _matches(text, owners, trained)}
        found = [name for name in trained if name in chosen]
    if len(found) == len(trained):
        raise OptionError(
            Message(
                Argument("freeze"),
                f" must leave at least one layer to train, got {_shown(freeze)}, which freezes all "
                f"layers with parameters ({', '.join(trained)}).",
            ),
            remedy=_fewer(trained),
        )
    return tuple(found)


def frozen_slices(graph: Graph, frozen: Sequence[str]) -> list[slice]:
    """Return where the parameters of frozen layers are in the flat buffer.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> frozen_slices(parse("dense 1 | dense 1 | dense 1", (2,)), ["dense1", "dense2"])
    [slice(0, 5, None)]
    """
    names = {
        name
        for place in graph.layers
        if place.owner in frozen
        for name, _, _, _ in place.parameter_names()
    }
    joined: list[slice] = []
    for name, where in ParameterLayout.of(graph.parameters()).slices():
        if name not in names:
            continue
        if joined and joined[-1].stop == where.start:
            joined[-1] = slice(joined[-1].start, where.stop)
        else:
            joined.append(where)
    return joined


def _matches(text: str, owners: dict[str, str], trained: Sequence[str]) -> set[str]:
    """Return the layers with parameters that a name or a pattern selects."""
    choice = f"Choose from {', '.join(trained)}, or use a pattern"
    remedy = Message(choice, ", for example ", Argument("freeze", "conv*"), ".")
    if _PATTERN.isdisjoint(text):
        if text not in owners:
            raise OptionError(
                Message(
                    "Unknown layer ",
                    short(text),
                    " in ",
                    Argument("freeze"),
                    f".{did_you_mean(text, trained)}",
                ),
                remedy=remedy,
            )
        if owners[text] not in trained:
            raise OptionError(
                Message(
                    f"The layer {text} in ",
                    Argument("freeze"),
                    " has no parameters, so there is nothing to freeze.",
                ),
                remedy=remedy,
            )
    found = {owner for name, owner in owners.items() if fnmatchcase(name, text)} & set(trained)
    if not found and text not in owners:
        raise OptionError(
            Message(
                "No layer with parameters matches ", short(text), " in ", Argument("freeze"), "."
            ),
            remedy=f"Choose from {', '.join(trained)}.",
        )
    return found


def _shown(freeze: tuple[str, ...] | int) -> str:
    """Write the layers as the user gave them."""
    return str(freeze) if isinstance(freeze, int) else short(" ".join(freeze))


def _fewer(trained: Sequence[str]) -> Message | str:
    """Suggest the largest number of layers that can be frozen."""
    if len(trained) < 2:
        return Message("Leave out ", Argument("freeze"), ".")
    return Message("Use ", Argument("freeze", len(trained) - 1), " or less.")
