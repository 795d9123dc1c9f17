"""A plan as text that holds all of it: two plans with one text are one program."""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from typing import Any

from striate.plan.plan import Plan


def fingerprint(plan: Plan) -> str:
    """Write all that a plan holds, the same in every process.

    Unlike what is printed for people, it leaves nothing out: the numbers in an equation, the
    values of tables, the lengths of arrays.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    str
    """
    return _text(plan)


def _text(value: Any) -> str:
    """Write a value made of dataclasses, tables, sequences, sets, numbers and words."""
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_text(k)}:{_text(v)}' for k, v in value.items())}}}"
    if isinstance(value, Set):
        return f"<{','.join(sorted(map(_text, value)))}>"
    if isinstance(value, tuple | list):
        return f"({','.join(map(_text, value))})"
    assert is_dataclass(value), type(value)
    parts = (_text(getattr(value, field.name)) for field in fields(value))
    return f"{type(value).__name__}({','.join(parts)})"
