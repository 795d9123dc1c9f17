"""The classes of an output: the values of its labels, in the order of its maps."""

import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import DataError, InPython, Message, OptionError
from striate.functions.writing import short
from striate.shapes import Array, Int

ClassValue = str | bool | int | float
"""The types of a label."""

_FEW = 12  # classes that a message lists in full

_KINDS: dict[type, str] = {str: "strings", bool: "booleans", int: "integers", float: "numbers"}


@dataclass(frozen=True)
class Classes:
    """The values of an output's labels, in the order of its maps.

    An output with one map distinguishes two classes: the first for small outputs, the second for
    large ones.

    Parameters
    ----------
    values
        All of one type; empty before they are known, and for an output that is not a classifier.

    Examples
    --------
    >>> pets = Classes(("cat", "dog"))
    >>> pets.indices(np.array(["dog", "dog", "cat"]), "y")
    array([1, 1, 0])
    >>> pets.take(np.array([0, 1]))
    array(['cat', 'dog'], dtype='<U3')
    """

    values: tuple[ClassValue, ...] = ()

    @classmethod
    def of(cls, given: Iterable[Any], outputs: int, argument: str = "classes") -> "Classes":
        """Check the classes that a user gave.

        Parameters
        ----------
        given
            The values: all strings, all integers, all booleans, or all floats; or none.
        outputs
            Number of classes of the output.
        argument
            What the values are called in error messages.

        Raises
        ------
        OptionError
            If there are more or fewer than ``outputs``, one appears twice, or their types differ.
        """
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise OptionError(
                f"`{argument}` must be a sequence of {outputs} values, got {short(given)}. "
                f"{_example(outputs)}"
            )
        values = tuple(map(_plain, given))
        if not values:
            return cls()
        kinds = {type(value) for value in values}
        if len(kinds) > 1 or not kinds <= _KINDS.keys():
            raise OptionError(
                f"`{argument}` must be all strings, all integers, all booleans or all floats; "
                f"got {listed(values)}. {_example(outputs)}"
            )
        if len(values) != outputs:
            raise OptionError(
                f"`{argument}` holds {len(values)} values, but the output has {outputs} "
                f"classes. {_example(outputs)}"
            )
        if any(value != value for value in values):  # noqa: PLR0124  # NaN
            raise OptionError(
                f"`{argument}` must not hold NaN, got {listed(values)}. {_example(outputs)}"
            )
        if len(set(values)) < len(values):
            raise OptionError(
                f"`{argument}` must hold each class once, got {listed(values)}. {_example(outputs)}"
            )
        if kinds == {int} and any(not -(2**63) <= int(value) < 2**63 for value in values):
            raise OptionError(
                f"`{argument}` must hold integers of at most 64 bits, got {listed(values)}. "
                "Use strings instead."
            )
        return cls(values)

    @property
    def names(self) -> tuple[str, ...]:
        """The values as text, for tables and pictures."""
        return tuple(map(str, self.values))

    @property
    def counted(self) -> bool:
        """Whether the values are 0, 1, 2, ...: each label is the index of its map."""
        return self.values == tuple(range(len(self.values))) and not self.are(bool)

    def are(self, kind: type) -> bool:
        """Whether the values are of this type."""
        return bool(self.values) and type(self.values[0]) is kind

    def take(self, indices: Int[Array, "..."]) -> Array:
        """Return the values at these indices, or the indices themselves without values."""
        return np.array(self.values)[indices] if self.values else indices

    def holds(self, labels: Array) -> bool:
        """Whether every label is one of the values."""
        return bool((self._found(labels) >= 0).all())

    def indices(self, labels: Array, name: str, variable: str | None = None) -> Int[Array, "..."]:
        """Find each label among the values.

        Parameters
        ----------
        labels
            Strings or numbers, of any shape.
        name, variable
            What they are called in error messages, and in remedies if that differs.

        Raises
        ------
        DataError
            If a label is not one of the values, or is a string where they are numbers.
        """
        strings = labels.dtype.kind == "U"
        if not self.values:
            raise DataError(
                f"{name} holds strings, such as {_shown(labels.flat[0])}, but this network has no "
                "class names yet. Train it with fit(x, y), or set net.classes to the names, in the "
                "order of its outputs."
            )
        if strings != self.are(str):
            raise DataError(self._another_type(labels, name, variable or name))
        found = self._found(labels)
        unknown = found < 0
        if unknown.any():
            first = tuple(np.argwhere(unknown)[0].tolist())
            count = int(unknown.sum())
            classes = len(self.values) + len(np.unique(labels[unknown]))
            raise DataError(
                f"{name}{list(first)} is {_shown(labels[first])}, but the network's classes are "
                f"{listed(self.values)} ({count} of {labels.size} "
                f"labels {'is' if count == 1 else 'are'} unknown).",
                remedy=Message(
                    "Leave those images out, or ", other_head(classes, pixels=labels.ndim > 1), "."
                ),
            )
        return found

    def index(self, key: object) -> int | None:
        """Find one value; ``None`` if it is not among them."""
        value = _plain(key)
        if isinstance(value, str) != self.are(str) or not isinstance(value, str | int | float):
            return None
        return self.values.index(value) if value in self.values else None

    def _found(self, labels: Array) -> Int[Array, "..."]:
        """Find each label among the values; -1 if it isn't there."""
        values = np.array(self.values)
        order = np.argsort(values, kind="stable")
        at = np.searchsorted(values[order], labels)
        index = order[np.minimum(at, len(order) - 1)]
        return np.where(values[index] == labels, index, -1)

    def _another_type(self, labels: Array, name: str, variable: str) -> Message:
        """Explain that labels are strings and the classes numbers, or the other way around."""
        place, first = [0] * labels.ndim, labels.flat[0]
        kind = _KINDS[type(self.values[0])]
        text = (
            f"{name}{place} is {_shown(first)}, but this network's classes are the {kind} "
            f"{listed(self.values)}. "
        )
        if labels.dtype.kind != "U":
            same = set(map(str, np.unique(labels).tolist())) <= set(self.names)
            indices = variable if labels.dtype.kind in "iu" else f"{variable}.astype(int)"
            return Message(
                text,
                f"Convert the labels to strings: {variable}.astype(str)."
                if same
                else f"If {name} holds indices of net.classes, use "
                f"np.array(net.classes)[{indices}].",
            )
        same = set(np.unique(labels).tolist()) <= set(self.names)
        converted = f"{variable}.astype({type(self.values[0]).__name__})"
        if self.are(bool):  # NumPy takes every string but the empty one for true
            converted = f'{variable} == "True"'
        if same:
            return Message(text, f"Convert them with {converted}.")
        found = len(np.unique(labels))
        if found != len(self.values):
            other = other_head(found, pixels=labels.ndim > 1)
            return Message(text, "To train for other classes, ", other, ".")
        return Message(
            text,
            "To give the classes names, set net.classes to the names, in the order of the "
            "network's outputs.",
        )


def listed(values: Iterable[Any]) -> str:
    """List values; of many, the first ones and the last."""
    shown = [_shown(value) for value in values]
    if len(shown) > _FEW:
        shown = [*shown[: _FEW - 2], "...", shown[-1]]
    return ", ".join(shown)


def other_head(classes: int, *, pixels: bool) -> Message:
    """Write how to give a trained network another number of classes.

    Parameters
    ----------
    classes
        The number of classes.
    pixels
        Whether each pixel has a label.
    """
    layer = f"conv {classes}@1x1 softmax" if pixels else f"dense {classes} softmax"
    return Message(
        InPython(
            f'give the network a new last layer and train it: net.with_head("{layer}")',
            "train a new network that has an output for each class",
        )
    )


def more_outputs(renumber: str, classes: int, *, pixels: bool, layer: str | None) -> Message:
    """Write how to have an output for each integer label.

    Parameters
    ----------
    renumber
        How to renumber the labels, in Python.
    classes
        The number of classes.
    pixels
        Whether each pixel has a label.
    layer
        The last layer of a new network, ``None`` for a trained one.
    """
    if layer is None:
        begin = InPython(f"{renumber}, or ", "Use the labels of the training, or ")
        return Message(begin, other_head(classes, pixels=pixels), ".")
    begin = InPython(f"{renumber}, or give ", "Give ")
    return Message(begin, f"the last layer ({layer}) {classes} outputs.")


def _plain(value: object) -> Any:
    """Turn NumPy's scalars into Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, numbers.Integral) and not isinstance(value, bool | int):
        return int(value)
    return value


def _shown(value: object) -> str:
    """Write a value as a user would."""
    return short(_plain(value))


def _example(outputs: int) -> str:
    """Show what works."""
    return f"For example, use range({outputs}), or {outputs} names."
