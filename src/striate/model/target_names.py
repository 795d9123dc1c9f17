"""Names of the targets of a regression, such as the columns of a table.

A classifier's outputs are named by its classes. A regression has no classes, but a saved model
should still name what it predicts: ``price``, ``area``.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from striate.errors import OptionError
from striate.functions.writing import short
from striate.shapes import Shape


def checked_names(given: Any, shapes: Mapping[str, Shape]) -> dict[str, tuple[str, ...]]:
    """Check the names of targets.

    Parameters
    ----------
    given
        One name for each number of the output, or none; for several outputs a dict of such
        sequences.
    shapes
        Shape of each output.

    Returns
    -------
    dict
        The names by output.

    Raises
    ------
    OptionError
        If the names don't fit the outputs.

    Examples
    --------
    >>> checked_names(["price", "area"], {"dense1": (2,)})
    {'dense1': ('price', 'area')}
    """
    named = dict(given) if isinstance(given, Mapping) else None
    if named is None:
        if len(shapes) > 1:
            raise OptionError(
                "`target_names` of a network with several outputs must be a dict with the outputs' "
                f"names {', '.join(shapes)} as keys, got {short(given)}.",
                remedy="Give each output its own names.",
            )
        named = {next(iter(shapes)): given}
    for output in named:
        if output not in shapes:
            raise OptionError(
                f"`target_names` has the key {short(output)}, but the network's outputs are "
                f"{', '.join(shapes)}.",
                remedy="Use these names as keys.",
            )
    return {output: _names(names, prod(shapes[output])) for output, names in named.items()}


def _names(given: Any, count: int) -> tuple[str, ...]:
    """Check the names of one output's targets."""
    listed = isinstance(given, Iterable) and not isinstance(given, str)
    names = tuple(given) if listed else ()
    if not listed or not all(isinstance(name, str) and name for name in names):
        raise OptionError(
            f"`target_names` must be a sequence of {count} strings, got {short(given)}.",
            remedy="For no names, use an empty tuple.",
        )
    if names and len(names) != count:
        raise OptionError(
            f"`target_names` has length {len(names)}, but the output has {count} values.",
            remedy="Give one name for each.",
        )
    if len(set(names)) < len(names):
        raise OptionError(
            f"`target_names` must not contain duplicates, got {short(names)}.",
            remedy="Rename one of them.",
        )
    return names
