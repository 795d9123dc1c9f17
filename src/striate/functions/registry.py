"""All kinds by family and name, and kinds as plain data, as model files hold them.

A family is a package of kinds (``weight``, ``transfer``, ``loss``, ...); a kind's name is its class
name in lower case with hyphens (``max-pooling``). The families are read from what their packages
export; nothing registers itself.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from inspect import isabstract
from types import MappingProxyType, ModuleType, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from striate.errors import OptionError
from striate.functions import (
    dropout,
    initializer,
    loss,
    net_input,
    normalization,
    optimizer,
    reshape,
    schedule,
    transfer,
    vec,
    weight,
)
from striate.functions.options import plain

T = TypeVar("T")

Kind = type[Any]
"""A class of kinds; families have different bases."""

Data = dict[str, Any]
"""A kind as JSON holds it: ``{"kind": name, option: value}``, with lists for tuples."""


def _name(kind: Kind) -> str:
    """Write a class name as words: LeakyRelu is leaky-relu, RMSprop rmsprop, AdamW adamw."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "-", kind.__name__).lower()


def _exported(*modules: ModuleType) -> Mapping[str, Kind]:
    """Collect the kinds among what modules hold: concrete dataclasses that give cases."""
    found = (item for module in modules for item in vars(module).values())
    kinds = [
        cast("Kind", item)
        for item in found
        if isinstance(item, type)
        and is_dataclass(item)
        and hasattr(item, "cases")
        and not isabstract(item)
    ]
    return MappingProxyType({_name(kind): kind for kind in kinds})


FAMILIES: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        # Normalization, rearranging and dropout stand in a layer's place for the weight function.
        "weight": _exported(weight, normalization, vec, reshape, dropout),
        "net_input": _exported(net_input),
        "transfer": _exported(transfer),
        "loss": _exported(loss),
        "optimizer": _exported(optimizer),
        "schedule": _exported(schedule),
        "initializer": _exported(initializer),
    }
)


def kinds(family: str) -> Mapping[str, Kind]:
    """List the kinds of a family.

    Parameters
    ----------
    family
        Name of the family: its package.

    Returns
    -------
    Mapping
        Classes by name.

    Raises
    ------
    OptionError
        If there is no such family.

    Examples
    --------
    >>> list(kinds("net_input"))
    ['concatenate', 'product', 'sum']
    """
    return _look_up(FAMILIES, family, "family of kinds")


def find(family: str, name: str) -> Kind:
    """Find a kind by its name.

    Parameters
    ----------
    family
        Name of the family.
    name
        Name of the kind.

    Returns
    -------
    type
        Its class.

    Raises
    ------
    OptionError
        If there is no such kind; the error names the nearest one.

    Examples
    --------
    >>> find("weight", "max-pooling").__name__
    'MaxPooling'
    """
    return _look_up(kinds(family), name, f"{family.replace('_', ' ')} kind")


def name_of(kind: object) -> str:
    """Name a kind.

    Parameters
    ----------
    kind
        A class of kinds, or one instance.

    Returns
    -------
    str
        The name that :func:`find` knows it by.

    Examples
    --------
    >>> name_of(find("transfer", "tanh")())
    'tanh'
    """
    return _name(kind if isinstance(kind, type) else type(kind))


def to_data(kind: object) -> Data:
    """Write a kind as plain data.

    Parameters
    ----------
    kind
        An instance.

    Returns
    -------
    dict
        Its name and the options that differ from their defaults, as JSON can hold them.

    Examples
    --------
    >>> to_data(weight.MaxPooling(window=(2, 3), ceil_mode=True))
    {'kind': 'max-pooling', 'window': [2, 3], 'ceil_mode': True}
    """
    assert is_dataclass(kind)
    options: Data = {}
    for field in fields(kind):
        value, factory = plain(getattr(kind, field.name)), field.default_factory
        default = field.default if factory is MISSING else factory()
        if value != default:
            options[field.name] = _to_value(value)
    return {"kind": name_of(kind), **options}


def from_data(family: str, data: object) -> Any:
    """Read a kind from plain data; nothing in the data is executed.

    Parameters
    ----------
    family
        Name of the family that the kind is of.
    data
        What :func:`to_data` gave, perhaps from a file of unknown origin.

    Returns
    -------
    object
        The kind.

    Raises
    ------
    OptionError
        If the data name no kind of the family, name an option that the kind does not have or a
        value that is none of the option's, or lack an option.

    Examples
    --------
    >>> from_data("weight", {"kind": "max-pooling", "window": [2, 3]})
    MaxPooling(window=(2, 3), stride=None, dilation=1, padding='valid', ceil_mode=False)
    """
    given: Data = dict(cast("Data", data)) if isinstance(data, Mapping) else {}
    if not isinstance(given.get("kind"), str):
        raise OptionError(
            f"{_short(cast('object', data))} is no {family.replace('_', ' ')} kind. "
            'A kind is written {"kind": name, option: value}. Look at what wrote it.'
        )
    kind = find(family, given.pop("kind"))
    known = {field.name: field for field in fields(kind)}
    for name in given:
        _look_up(known, name, f"option of {kind.__name__}")
    for name, field in known.items():
        if name not in given and field.default is MISSING is field.default_factory:
            raise OptionError(
                f"{kind.__name__} lacks {name}. "
                "An option without a default is always written. Look at what wrote it."
            )
    hints = get_type_hints(kind)
    try:
        values = {name: _from_value(family, value) for name, value in given.items()}
    except RecursionError:
        raise OptionError(
            f"The options of {kind.__name__} are nested hundreds of levels deep. "
            "No kind holds that many lists in lists. Look at what wrote it."
        ) from None
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise OptionError(
                f"{kind.__name__} cannot have {name}={_short(given[name])}. "
                f"It is {_describe(hints[name])}. Look at what wrote it."
            )
    return kind(**values)


ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "bce": "binary-cross-entropy",
        "l1": "absolute-error",
        "mae": "absolute-error",
        "mse": "squared-error",
        "sgd": "gradient-descent",
        "sigmoid": "logistic",
        "swish": "silu",
    }
)
"""What other libraries call kinds of striate, to answer whoever writes that."""


def _look_up(table: Mapping[str, T], word: object, what: str) -> T:
    """Find a word, or raise and name the nearest one."""
    if isinstance(word, str) and word in table:
        return table[word]
    meant = str(word).lower().replace("_", "-")
    nearest = get_close_matches(ELSEWHERE.get(meant, meant), table, n=1, cutoff=0.0)
    raise OptionError(
        f'"{word!s:.60}" is no {what}. There is {", ".join(table) or "none"}. '
        + (f'Did you mean "{nearest[0]}"?' if nearest else "Leave it out.")
    )


def _to_value(value: Any) -> Any:
    """Write an option as JSON holds it."""
    if isinstance(value, tuple):
        return [_to_value(entry) for entry in cast("tuple[Any, ...]", value)]
    return to_data(value) if is_dataclass(value) else value


def _from_value(family: str, value: Any) -> Any:
    """Read an option from what JSON holds; a kind among the options is of the same family."""
    if isinstance(value, list):
        return tuple(_from_value(family, entry) for entry in cast("list[Any]", value))
    return from_data(family, cast("Data", value)) if isinstance(value, Mapping) else value


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type."""
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin in (Union, UnionType):
            return any(_fits(value, one) for one in inner)
        case origin if origin is Literal:
            return isinstance(value, str) and value in inner
        case origin if origin is tuple and isinstance(value, tuple):
            entries = cast("tuple[Any, ...]", value)
            each = inner[:1] * len(entries) if inner[-1] is Ellipsis else inner
            return len(each) == len(entries) and all(map(_fits, entries, each))
        case _ if hint in (int, float):
            return isinstance(value, (int, hint)) and not isinstance(value, bool)
        case origin:
            return hint is Any or (origin is None and isinstance(value, hint))


def _describe(hint: Any) -> str:
    """Say in words what an annotated type allows."""
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin in (Union, UnionType):
            return " or ".join(map(_describe, inner))
        case origin if origin is Literal:
            return " or ".join(f'"{word}"' for word in inner)
        case origin if origin is tuple:
            return "a list"
        case _:
            words = {
                int: "a whole number",
                float: "a number",
                str: "a word",
                bool: "true or false",
                NoneType: "null",
            }
            return words.get(hint, f"a kind ({getattr(hint, '__name__', hint)})")


def _short(value: object) -> str:
    """Write a value in at most 60 characters."""
    return f"{value!r:.60}"
