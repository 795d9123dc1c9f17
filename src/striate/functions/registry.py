"""All kinds by family and name, and their conversion to the plain data in model files.

A family is a package of kinds (``weight``, ``transfer``, ``loss``, ...); a kind's name is its class
name in lower case with hyphens (``max-pooling``). The families are read from what their packages
export; nothing registers itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from inspect import isabstract
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, cast

from striate.errors import OptionError
from striate.functions import (
    dropout,
    initializer,
    loss,
    metric,
    net_input,
    normalization,
    optimizer,
    reshape,
    schedule,
    transfer,
    vec,
    weight,
)
from striate.functions.kind_name import kind_name
from striate.functions.options import plain
from striate.functions.synonyms import nearest_name
from striate.functions.writing import short

T = TypeVar("T")

Data = dict[str, Any]
"""A kind as JSON holds it: ``{"kind": name, option: value}``, with lists for tuples."""

_DAMAGED = "The file is damaged or was not written by striate."


def _exported(*modules: ModuleType) -> Mapping[str, type[Any]]:
    """Collect the kinds among what modules hold: concrete dataclasses that give cases."""
    found = (item for module in modules for item in vars(module).values())
    kinds = [
        cast("type[Any]", item)
        for item in found
        if isinstance(item, type)
        and is_dataclass(item)
        and hasattr(item, "cases")
        and not isabstract(item)
    ]
    return MappingProxyType({kind_name(kind): kind for kind in kinds})


FAMILIES: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        # Normalization, rearranging and dropout take the place of the weight function in a layer.
        "weight": _exported(weight, normalization, vec, reshape, dropout),
        "net_input": _exported(net_input),
        "transfer": _exported(transfer),
        "loss": _exported(loss),
        "metric": _exported(metric),
        "optimizer": _exported(optimizer),
        "schedule": _exported(schedule),
        "initializer": _exported(initializer),
    }
)


NOUNS: Mapping[str, str] = MappingProxyType(
    {"weight": "layer", "net_input": "net input function", "transfer": "activation"}
)
"""The users' word for a kind of a family, if it differs from the family's name."""

_A: Mapping[str, str] = MappingProxyType(
    {
        family: f"{'an' if NOUNS.get(family, family)[0] in 'aeio' else 'a'} "
        f"{NOUNS.get(family, family)}"
        for family in FAMILIES
    }
)


def kinds(family: str) -> Mapping[str, type[Any]]:
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
        If the family is unknown.

    Examples
    --------
    >>> list(kinds("net_input"))
    ['concatenate', 'product', 'sum']
    """
    return _look_up(FAMILIES, family, "family")


def find(family: str, name: str) -> type[Any]:
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
        If the family has no kind of that name; the error suggests the nearest one.

    Examples
    --------
    >>> find("weight", "max-pooling").__name__
    'MaxPooling'
    """
    return _look_up(kinds(family), name, NOUNS.get(family, family))


def name_of(kind: object) -> str:
    """Return the name of a kind.

    Parameters
    ----------
    kind
        A class of kinds, or one instance.

    Returns
    -------
    str
        The name by which :func:`find` finds it.

    Examples
    --------
    >>> name_of(find("transfer", "tanh")())
    'tanh'
    """
    return kind_name(kind if isinstance(kind, type) else type(kind))


def to_data(kind: object) -> Data:
    """Convert a kind to plain data.

    Parameters
    ----------
    kind
        An instance.

    Returns
    -------
    dict
        Its name and the options that differ from their defaults, JSON-serializable.

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
        Name of the kind's family.
    data
        The result of :func:`to_data`, perhaps from an untrusted file.

    Returns
    -------
    object
        The kind.

    Raises
    ------
    OptionError
        If the data name an unknown kind or option, lack an option, or hold a value that the option
        does not allow.

    Examples
    --------
    >>> from_data("weight", {"kind": "max-pooling", "window": [2, 3]})
    MaxPooling(window=(2, 3), stride=None, dilation=1, padding='valid', ceil_mode=False)
    """
    given: Data = dict(cast("Data", data)) if isinstance(data, Mapping) else {}
    if not isinstance(given.get("kind"), str):
        raise OptionError(
            f"{short(cast('object', data))} does not describe {_A[family]}: expected "
            '{"kind": name, option: value}. The file is damaged or was not written by striate.'
        )
    kind = find(family, given.pop("kind"))
    known = {field.name: field for field in fields(kind)}
    for name in given:
        if name not in known:
            raise _unknown_option(kind, name, known)
    for name, field in known.items():
        if name not in given and field.default is MISSING is field.default_factory:
            raise OptionError(
                f"{_public_name(kind)} needs the option `{name}`, which is missing.",
                remedy=_DAMAGED,
            )
    try:
        values = {name: _from_value(family, value) for name, value in given.items()}
    except RecursionError:
        raise OptionError(
            f"The options of {_public_name(kind)} are nested hundreds of levels deep.",
            remedy=_DAMAGED,
        ) from None
    return kind(**values)


def _public_name(kind: type[Any]) -> str:
    """Name a kind as the user writes it: ``Conv``, ``leaky-relu``."""
    form = getattr(kind, "layer", None)
    return name_of(kind) if form is None else form.name


def _unknown_option(kind: type[Any], name: str, known: Collection[str]) -> OptionError:
    """Make the error for an option that a kind doesn't have."""
    found = nearest_name(name, known)
    meant = f'Did you mean "{found}"? ' if found else ""
    choice = f"Its options are {', '.join(known)}." if known else "It has none."
    return OptionError(
        f"{_public_name(kind)} has no option {short(name)}.", remedy=f"{meant}{choice}"
    )


def _look_up(table: Mapping[str, T], word: object, what: str) -> T:
    """Find a word, or raise and name the nearest one."""
    if isinstance(word, str) and word in table:
        return table[word]
    found = nearest_name(word, table)
    meant = f'Did you mean "{found}"? ' if found else ""
    choice = f"Choose from {', '.join(table)}."
    raise OptionError(f"Unknown {what} {short(word)}.", remedy=f"{meant}{choice}")


def _to_value(value: Any) -> Any:
    """Convert an option to a JSON value."""
    if isinstance(value, tuple):
        return [_to_value(entry) for entry in cast("tuple[Any, ...]", value)]
    return to_data(value) if is_dataclass(value) else value


def _from_value(family: str, value: Any) -> Any:
    """Convert an option from a JSON value; a kind among the options is of the same family."""
    if isinstance(value, list):
        return tuple(_from_value(family, entry) for entry in cast("list[Any]", value))
    return from_data(family, cast("Data", value)) if isinstance(value, Mapping) else value
