"""Options of kinds: declared once, with their defaults, and checked when a kind is created.

A kind is a frozen dataclass. Every field says which values it allows::

    stride: int | tuple[int, ...] = option(1, PIXELS)
    padding: Padding = option("valid", PADDING)

:class:`Checked` compares the values with these declarations in ``__post_init__``, so a wrong value
fails where the user wrote it, not in the middle of a training run. The same declarations feed
the public constructors, model files and error messages.
"""

import math
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Protocol, TypeVar, cast, runtime_checkable

import numpy as np

from striate.errors import Argument, InPython, Message, OptionError
from striate.functions.synonyms import did_you_mean, nearest_option
from striate.functions.writing import short, write

T = TypeVar("T")

LONGEST = 2**24
"""Largest size of anything: pixels of an axis, feature maps, neurons, strides."""

_LARGEST_COUNT = 2**31 - 1
_LARGEST = float(np.finfo(np.float32).max)


@runtime_checkable
class Allowed(Protocol):
    """The values that an option allows."""

    def __contains__(self, value: object) -> bool: ...

    def expected(self, value: object) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Range:
    """The numbers that an option allows, never infinities or NaN.

    Networks compute in float32, so numbers outside its range are not allowed either, and a number
    that must be above 0 must still be above 0 in float32.

    Parameters
    ----------
    least, above
        Lower limit, inclusive or exclusive.
    most, below
        Upper limit, inclusive or exclusive.
    whole
        Whether only integers are allowed.

    Examples
    --------
    >>> 0.9 in FRACTION, 1.0 in FRACTION
    (True, False)
    >>> print(FRACTION)
    at least 0 and less than 1
    """

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        kind = Integral if self.whole else Real
        if isinstance(value, bool | np.bool) or not isinstance(value, kind):
            return False
        if self.whole:
            number = int(cast("int", value))
            if abs(number) > max(_LARGEST_COUNT, self.most or 0, self.below or 0):
                return False
        else:
            try:
                number = float(cast("float", value))
            except OverflowError:
                return False
            if not math.isfinite(number) or abs(number) > _LARGEST:
                return False
        return (
            (self.least is None or number >= self.least)
            and (self.above is None or (number > self.above and _float32(number) > self.above))
            and (self.most is None or number <= self.most)
            and (self.below is None or (number < self.below and _float32(number) < self.below))
        )

    def expected(self, value: object) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool) and not self.whole:
            if value > _LARGEST:
                return f"at most {_LARGEST:.2g}, the largest float32"
            if self.above == 0 and 0 < value < 1:
                return "large enough to be above 0 in float32 (1e-44)"
        return str(self)

    def __str__(self) -> str:
        number = "integer" if self.whole else "finite number"
        low, high = self.least, self.most
        if self.whole and low is not None and high is not None:
            return f"an integer from {_plainly(low)} to {_plainly(high)}"
        if high is None and self.below is None:
            if self.above == 0 or (self.whole and low == 1):
                return f"a positive {number}"
            if low == 0:
                return f"a non-negative {number}"
        ends = (
            ("at least", low),
            ("greater than", self.above),
            ("at most", high),
            ("less than", self.below),
        )
        limits = " and ".join(f"{words} {_plainly(end)}" for words, end in ends if end is not None)
        if not limits:
            return f"{'an' if self.whole else 'a'} {number}"
        if not self.whole and (high is not None or self.below is not None):
            return limits
        return f"{'an' if self.whole else 'a'} {number} of {limits}"


@dataclass(frozen=True)
class OneOf:
    """The words that an option allows.

    Examples
    --------
    >>> print(OneOf(("uniform", "normal")))
    "uniform" or "normal"
    """

    words: tuple[str | None, ...]

    def __contains__(self, value: object) -> bool:
        return (value is None or isinstance(value, str)) and value in self.words

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return str(self)

    def __str__(self) -> str:
        *some, last = map(write, self.words)
        return f"{', '.join(some)} or {last}" if some else last


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return "True or False"


@dataclass(frozen=True)
class PerAxis:
    """One number for all pixel axes, or one for each.

    Examples
    --------
    >>> 3 in PIXELS, (3, 5) in PIXELS, 0 in PIXELS, (3, 3, 3, 3) in PIXELS
    (True, True, False, False)
    """

    numbers: Range

    def __contains__(self, value: object) -> bool:
        if isinstance(value, tuple):
            each = cast("tuple[object, ...]", value)
            return 1 <= len(each) <= _MOST_AXES and all(n in self.numbers for n in each)
        return value in self.numbers

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        start = self.numbers.least or 0
        sign = "a positive" if start == 1 else "a non-negative"
        most = LONGEST if self.numbers.most is None else self.numbers.most
        return f"{sign} integer up to {most:,}, or a tuple with one for each axis"


@dataclass(frozen=True)
class PaddingForms:
    """The ways to write padding: see :data:`striate.maths.padding.Padding`.

    Examples
    --------
    >>> "same" in PADDING, 2 in PADDING, ((1, 2), (0, 0)) in PADDING, "sam" in PADDING
    (True, True, True, False)
    """

    words: ClassVar[tuple[str, ...]] = ("valid", "same", "full")

    def __contains__(self, value: object) -> bool:
        if isinstance(value, str):
            return value in self.words
        if not isinstance(value, tuple):
            return value in NON_NEGATIVE_SIZE
        each = cast("tuple[object, ...]", value)
        return 1 <= len(each) <= _MOST_AXES and all(
            side in NON_NEGATIVE_SIZE
            or (
                isinstance(side, tuple)
                and len(cast("tuple[object, ...]", side)) == len(("before", "after"))
                and all(n in NON_NEGATIVE_SIZE for n in cast("tuple[object, ...]", side))
            )
            for side in each
        )

    def expected(self, value: object) -> str:
        if isinstance(value, str):
            return '"valid", "same", "full" or numbers of pixels'
        return (
            '"valid", "same", "full", a non-negative number of pixels, one number for each axis, '
            "or (before, after) for each axis"
        )


@dataclass(frozen=True)
class OrNone:
    """Another declaration's values, or ``None``."""

    allowed: Allowed

    def __contains__(self, value: object) -> bool:
        return value is None or value in self.allowed

    def expected(self, value: object) -> str:
        return f"{self.allowed.expected(value)}, or None"


@dataclass(frozen=True)
class Each:
    """A tuple of one or more values, each allowed by another declaration.

    Parameters
    ----------
    allowed
        What each value may be.
    what
        What the values are, in the plural, for the error text.
    """

    allowed: Allowed
    what: str

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, tuple)
            and len(cast("tuple[object, ...]", value)) > 0
            and all(one in self.allowed for one in cast("tuple[object, ...]", value))
        )

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return f"a list of {self.what}"


@dataclass(frozen=True)
class InstanceOf:
    """Objects of one class, for a kind that is an option of another.

    Parameters
    ----------
    base
        The class.
    what
        What its objects are, for the error text.
    """

    base: type
    what: str

    def __contains__(self, value: object) -> bool:
        return isinstance(value, self.base)

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return self.what


@dataclass(frozen=True)
class FiniteArray:
    """Arrays of finite numbers, as nested tuples of equal lengths."""

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, tuple | int | float) or isinstance(value, bool):
            return False
        try:
            array = np.array(value)
        except ValueError:
            return False
        if array.dtype.kind not in "iuf":
            return False
        with np.errstate(over="ignore"):
            return array.size > 0 and bool(np.isfinite(array.astype(np.float32)).all())

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return "an array of finite numbers, or nested lists of equal lengths"


_MOST_AXES = 3

POSITIVE = Range(above=0)
NOT_NEGATIVE = Range(least=0)
FRACTION = Range(least=0, below=1)
UNIT_INTERVAL = Range(least=0, most=1)
FINITE = Range()
COUNT = Range(least=1, whole=True)
NON_NEGATIVE_COUNT = Range(least=0, whole=True)
WHOLE = Range(whole=True)
SIZE = Range(least=1, most=LONGEST, whole=True)
NON_NEGATIVE_SIZE = Range(least=0, most=LONGEST, whole=True)
FLAG = Flag()
PIXELS = PerAxis(SIZE)
EXTRA_PIXELS = PerAxis(NON_NEGATIVE_SIZE)
PADDING = PaddingForms()


def option(default: object, allowed: Allowed, *, example: object = MISSING) -> Any:
    """Declare an option of a dataclass: its default and the values that it allows.

    Parameters
    ----------
    default
        The default value, which must be allowed.
    allowed
        The values that :class:`Checked` accepts.
    example
        A value that works, for the error text; by default the default.

    Returns
    -------
    Any
        A ``dataclasses.field``. Type checkers see the annotated type, as with the standard
        library's fields.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Blur(Checked):
    ...     strength: float = option(0.5, FRACTION)
    >>> Blur()
    Blur(strength=0.5)
    """
    assert default in allowed, (default, allowed)
    assert example is MISSING or example in allowed, (example, allowed)
    return field(
        default=default,
        metadata={"allowed": allowed, "example": default if example is MISSING else example},
    )


def required(allowed: Allowed, *, example: object) -> Any:
    """Declare an option of a dataclass that has no default.

    Parameters
    ----------
    allowed
        The values that :class:`Checked` accepts.
    example
        A value that works, for the error text.

    Returns
    -------
    Any
        As for :func:`option`.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Stack(Checked):
    ...     height: int = required(COUNT, example=3)
    >>> Stack(height=2.5)
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: `height` must be a positive integer, got 2.5. Try 3.
    """
    assert example in allowed, (example, allowed)
    return field(metadata={"allowed": allowed, "example": example})


def created_by(factory: type, allowed: Allowed) -> Any:
    """Declare an option whose default is an object, created for each kind.

    Parameters
    ----------
    factory
        A class; calling it without arguments returns the default.
    allowed
        The values that :class:`Checked` accepts.

    Returns
    -------
    Any
        As for :func:`option`.
    """
    return field(default_factory=factory, metadata={"allowed": allowed, "example": factory()})


class Checked:
    """A frozen dataclass whose options are checked when it is created.

    NumPy scalars, arrays and lists become Python numbers and tuples. This way a float64 option
    doesn't turn a float32 array into float64, and kinds can be compared and written as text.

    Raises
    ------
    OptionError
        If an option is unknown or missing, or has a value that its declaration does not allow.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Blur(Checked):
    ...     mode: str = option("fast", OneOf(("fast", "slow")))
    >>> Blur(mode="slwo")
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: `mode` must be "fast" or "slow", got "slwo". Did you mean "slow"?
    """

    # Not `Self`: beartype accepts it in decorated classes only, and `--check-shapes` decorates the
    # methods one by one.
    def __new__(cls: type[T], *args: object, **options: object) -> T:  # noqa: PYI019
        """Reject unknown and missing options, before the dataclass raises a TypeError."""
        known = [f.name for f in fields(cast("Any", cls))]
        if args:
            example = f"{cls.__name__}({known[0]}=...)" if known else f"{cls.__name__}()"
            raise OptionError(
                f"{cls.__name__} takes options by name only, got {short(args[0])}. Write {example}."
            )
        for name in options:
            if name not in known:
                meant = nearest_option(name, known)
                suggestion = f" Did you mean `{meant}`?" if meant else ""
                choice = f" Its options are {', '.join(known)}." if known else " It has none."
                raise OptionError(f"{cls.__name__} has no option `{name}`.{suggestion}{choice}")
        needed = [f for f in fields(cast("Any", cls)) if f.default is MISSING is f.default_factory]
        missing = next((f.name for f in needed if f.name not in options), None)
        if missing is not None:
            example = ", ".join(f"{f.name}={write(f.metadata.get('example'))}" for f in needed)
            raise OptionError(
                f"{cls.__name__} needs `{missing}`. For example, write {cls.__name__}({example})."
            )
        return object.__new__(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and unpickle by a call with the options: ``__new__`` refuses one without them."""
        options = {f.name: getattr(self, f.name) for f in fields(cast("Any", self))}
        return partial(type(self), **options), ()

    def __post_init__(self) -> None:
        for f in fields(cast("Any", self)):
            try:
                object.__setattr__(self, f.name, plain(getattr(self, f.name)))
            except RecursionError:
                raise OptionError(
                    f"`{f.name}` is a list nested hundreds of levels deep. Use a flat list."
                ) from None
        for f in fields(cast("Any", self)):
            value, allowed = getattr(self, f.name), f.metadata.get("allowed")
            if allowed is not None and value not in allowed:
                error = refusal(
                    f.name,
                    self._as_typed(f.name, value),
                    allowed,
                    example=self._as_typed(f.name, f.metadata["example"]),
                )
                raise error.about(self._heading())

    def _heading(self) -> str:
        """Name the object in an error about its options; empty if the option's name is enough."""
        return ""

    def _as_typed(self, name: str, value: object) -> object:  # noqa: ARG002  # most are the same
        """Return the value of an option as the user typed it."""
        return value


def refusal(name: str, value: object, allowed: Allowed, *, example: object) -> OptionError:
    """Make the error for an option with a value that it does not allow.

    Parameters
    ----------
    name, value
        The option as the user wrote it.
    allowed
        The values that it allows.
    example
        A value that works.

    Returns
    -------
    OptionError
        With the value, what is allowed, and a value that works.

    Examples
    --------
    >>> print(refusal("momentum", 2, FRACTION, example=0.9))
    `momentum` must be at least 0 and less than 1, got 2. Try 0.9.
    """
    choice = getattr(allowed, "words", ())
    if value is False and None in choice:
        example = None  # bias=False, as other libraries write it
    words = [word for word in choice if word is not None]
    return OptionError(
        Message(
            InPython(f"`{name}`", name.replace("_", " ")),
            f" must be {allowed.expected(value)}, got {short(value)}.",
        ),
        remedy=did_you_mean(value, words).strip() or f"Try {write(example)}.",
    )


def require(name: str, value: object, allowed: Allowed, *, example: object) -> None:
    """Raise if an argument has a value that is not allowed; see :func:`refusal`.

    Examples
    --------
    >>> require("epochs", 0, COUNT, example=10)
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: `epochs` must be a positive integer, got 0. Try 10.
    """
    if value not in allowed:
        raise refusal(name, value, allowed, example=example)


def require_argument(name: str, value: object, allowed: Allowed, *, example: object) -> None:
    """Raise if an argument has a value that is not allowed, and show a call that works.

    Unlike those of :func:`require`, its argument is also an option of the command, which writes the
    message in its own form.

    Examples
    --------
    >>> require_argument("epochs", 0, COUNT, example=10)
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: `epochs` must be a positive integer, got 0. Try epochs=10.
    """
    if value not in allowed:
        expected = f" must be {allowed.expected(value)}, got {short(value)}."
        raise OptionError(
            Message(Argument(name), expected),
            remedy=Message("Try ", Argument(name, example), "."),
        )


def plain(value: Any) -> Any:
    """Convert NumPy scalars, arrays and lists to Python numbers and tuples.

    Parameters
    ----------
    value
        Anything; other values are returned as they are.

    Returns
    -------
    Any
        The same value as plain Python.

    Examples
    --------
    >>> plain(np.float64(0.5)), plain(np.eye(2))
    (0.5, ((1.0, 0.0), (0.0, 1.0)))
    """
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return tuple(plain(entry) for entry in cast("Iterable[Any]", value))
    return value


def _float32(number: float) -> float:
    return float(np.float32(number))


def _plainly(number: float) -> str:
    """Write a limit with all its digits, or as a power of two."""
    if number > 2**53 and int(number + 1).bit_count() == 1:
        return f"2**{int(number).bit_length()} - 1"
    return f"{number:,}" if number == int(number) and abs(number) < 2**53 else repr(number)
