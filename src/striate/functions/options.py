"""Options of kinds: the values that they may have, stated beside the default, and their check."""

import math
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, cast

import numpy as np

from striate.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class Range:
    """The numbers that an option may be; infinities and NaN never.

    Parameters
    ----------
    least, above
        Lower end: itself allowed, or not.
    most, below
        Upper end: itself allowed, or not.
    whole
        Whether only whole numbers are allowed.

    Examples
    --------
    >>> 0.9 in FRACTION, 1.0 in FRACTION
    (True, False)
    >>> print(FRACTION)
    a number of at least 0 and below 1
    """

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        kind = Integral if self.whole else Real
        if isinstance(value, bool) or not isinstance(value, kind):
            return False
        number = float(cast("float", value))
        return (
            math.isfinite(number)
            and (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.most is None or number <= self.most)
            and (self.below is None or number < self.below)
        )

    def __str__(self) -> str:
        ends = (
            ("of at least", self.least),
            ("above", self.above),
            ("of at most", self.most),
            ("below", self.below),
        )
        limits = " and ".join(f"{word} {end:g}" for word, end in ends if end is not None)
        bounded = self.most is not None or self.below is not None
        number = "whole number" if self.whole else "number" if bounded else "finite number"
        return f"a {number} {limits}".rstrip()


@dataclass(frozen=True)
class OneOf:
    """The words that an option may be.

    Examples
    --------
    >>> print(OneOf(("uniform", "normal")))
    'uniform' or 'normal'
    """

    words: tuple[str | None, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return " or ".join(repr(word) for word in self.words)


POSITIVE = Range(above=0)
NOT_NEGATIVE = Range(least=0)
FRACTION = Range(least=0, below=1)
COUNT = Range(least=1, whole=True)
WHOLE = Range(whole=True)


def option(default: object, allowed: Range | OneOf) -> Any:
    """State an option of a dataclass: its default and the values that it may have.

    Parameters
    ----------
    default
        The value where the caller gives none; one that is allowed.
    allowed
        The values that :func:`check` lets pass.

    Returns
    -------
    Any
        What a dataclass takes for a default: a ``dataclasses.field``. For the type checker it is
        whatever the annotation says, as the fields of the standard library are.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Blur:
    ...     strength: float = option(0.5, FRACTION)
    >>> Blur()
    Blur(strength=0.5)
    """
    assert default in allowed, (default, allowed)
    return field(default=default, metadata={"allowed": allowed})


def required(allowed: Range | OneOf, *, example: object) -> Any:
    """State an option of a dataclass that the caller must give: the values that it may have.

    Parameters
    ----------
    allowed
        The values that :func:`check` lets pass.
    example
        A value that works, for the error text.

    Returns
    -------
    Any
        As for :func:`option`.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Stack:
    ...     height: int = required(COUNT, example=3)
    >>> check(Stack(height=2.5))
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: Stack cannot have height=2.5. It is a whole number of at least 1.
    Use height=3, for example.
    """
    assert example in allowed, (example, allowed)
    return field(metadata={"allowed": allowed, "example": example})


def check(kind: object) -> None:
    """Make the options of a kind plain, and raise where one is not allowed.

    NumPy's numbers and arrays become Python's numbers and tuples: so that a float64 option does not
    turn a float32 array into float64, and so that kinds can be compared and written as text.

    Parameters
    ----------
    kind
        A dataclass, while it is made (``__post_init__``).

    Raises
    ------
    OptionError
        If an option that was stated with :func:`option` or :func:`required` has a value that it may
        not have.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Blur:
    ...     strength: float = option(0.5, FRACTION)
    >>> check(Blur(strength=2))
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: Blur cannot have strength=2. It is a number of at least 0
    and below 1. Use strength=0.5, for example.
    """
    for f in fields(cast("Any", kind)):
        value = plain(getattr(kind, f.name))
        allowed = f.metadata.get("allowed")
        if allowed is not None and value not in allowed:
            raise OptionError(
                f"{type(kind).__name__} cannot have {f.name}={value!r}. It is {allowed}. "
                f"Use {f.name}={f.metadata.get('example', f.default)!r}, for example."
            )
        object.__setattr__(kind, f.name, value)


def plain(value: Any) -> Any:
    """Turn NumPy's numbers and arrays, and lists, into Python's numbers and tuples.

    Parameters
    ----------
    value
        Anything; what is none of these is given back.

    Returns
    -------
    Any
        The same value, plain.

    Examples
    --------
    >>> plain(np.float64(0.5)), plain(np.eye(2))
    (0.5, ((1.0, 0.0), (0.0, 1.0)))
    """
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return tuple(plain(entry) for entry in cast("list[Any]", value))
    return value
