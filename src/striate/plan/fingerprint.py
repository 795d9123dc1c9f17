"""Prints data completely: two plans with the same text are the same program."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, cast


def fingerprint(value: Any) -> str:
    """Print everything that a plan, or a part of one, contains; the same in every process.

    Unlike ``str``, it omits nothing: the values of tables and the shapes of arrays are included.

    Parameters
    ----------
    value
        Anything made of dataclasses, enumerations, mappings, sequences, sets, numbers and strings.

    Returns
    -------
    str

    Examples
    --------
    >>> fingerprint({"sizes": (1, 2.0), "names": {"b", "a"}})
    "{'sizes':(1,2.0),'names':<'a','b'>}"
    """
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return f"{{{','.join(f'{fingerprint(k)}:{fingerprint(v)}' for k, v in pairs)}}}"
    if isinstance(value, AbstractSet):
        return f"<{','.join(sorted(map(fingerprint, cast('AbstractSet[Any]', value))))}>"
    if isinstance(value, tuple | list):
        return f"({','.join(map(fingerprint, cast('Sequence[Any]', value)))})"
    assert is_dataclass(value), type(value)
    parts = [fingerprint(getattr(value, name)) for name in _names(type(value))]
    return f"{type(value).__name__}({','.join(parts)})"


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
