"""Values in the shorthand: ``5x5``, ``1:2x0:1``, ``0.1``, ``leaky-relu(slope=0.1)``."""

from collections.abc import Sequence
from typing import Any, cast

from striate.errors import ShorthandError
from striate.functions.writing import short
from striate.shapes import Shape

ShorthandValue = int | float | str | bool | tuple[Any, ...]


DIGITS = 8
"""Maximum number of digits: Python refuses to parse thousands, and no size needs more."""


def read_number(text: str, word: str) -> int:
    """Parse an integer that is -1 or consists of digits.

    Parameters
    ----------
    text
        The text.
    word
        The layer, for error messages.

    Returns
    -------
    int

    Raises
    ------
    ShorthandError
        If it has more than 8 digits.

    Examples
    --------
    >>> read_number("16", "conv")
    16
    """
    if len(text) > DIGITS:
        raise ShorthandError(
            f'The number "{text[:DIGITS]}..." of {word} has {len(text)} digits, but at most '
            f"{DIGITS} are allowed."
        )
    return int(text)


def read_size(text: str, word: str) -> int | tuple[int, ...]:
    """Parse ``5`` or ``5x5``.

    Parameters
    ----------
    text
        The text.
    word
        The layer, for error messages.

    Returns
    -------
    int or tuple of int

    Raises
    ------
    ShorthandError
        If it isn't a size.

    Examples
    --------
    >>> read_size("3x5", "conv")
    (3, 5)
    """
    parts = text.split("x")
    if not all(part.isdecimal() for part in parts):
        raise ShorthandError(
            f'The size of {word} must be an integer, or one for each axis with "x" between them, '
            f'got {short(text)}. For example, write "5" or "5x5".'
        )
    numbers = tuple(read_number(part, word) for part in parts)
    return numbers if len(parts) > 1 else numbers[0]


def read_shape(text: str, word: str) -> Shape:
    """Parse ``16@7x7``, sixteen maps of 7 x 7 pixels, or ``120``, a vector; one length may be -1.

    Parameters
    ----------
    text
        The text.
    word
        The layer, for error messages.

    Returns
    -------
    tuple of int
        Maps first, as in the equations.

    Raises
    ------
    ShorthandError
        If it isn't a shape.

    Examples
    --------
    >>> read_shape("16@7x7", "reshape"), read_shape("-1", "reshape")
    ((16, 7, 7), (-1,))
    """
    maps, at, pixels = text.partition("@")
    parts = [maps, *pixels.split("x")] if at else [maps]
    if not all(part.isdecimal() or part == "-1" for part in parts):
        raise ShorthandError(
            f"The shape of {word} must be maps@pixels or the length of a vector, where one number "
            f'may be -1, got {short(text)}. For example, write "{word} 16@7x7" or "{word} 120".'
        )
    return tuple(read_number(part, word) for part in parts)


def read_value(text: str, default: object, option: str) -> ShorthandValue:
    """Parse the value of an option: numbers for the axes, ``before:after`` for each, or a word.

    Parameters
    ----------
    text
        The text.
    default
        The option's default; a float means that the value is a float.
    option
        The option, for error messages.

    Returns
    -------
    int, float, str or tuple

    Raises
    ------
    ShorthandError
        If it can't be parsed.

    Examples
    --------
    >>> read_value("1:2x0:1", "valid", "padding"), read_value("0.1", 0.5, "rate")
    (((1, 2), (0, 1)), 0.1)
    """
    if isinstance(default, float):
        try:
            return float(text)
        except ValueError:
            raise ShorthandError(
                f"{option} must be a number, got {short(text)}. "
                f'For example, write "{option} {default or 0.5}".'
            ) from None
    if not text[:1].isdigit():
        if isinstance(default, str):
            return text
        raise ShorthandError(
            f"{option} must be a {'non-negative' if default == 0 else 'positive'} integer, or one "
            f'for each axis with "x" between them, got {short(text)}. '
            f'For example, write "{option} 2".'
        )
    if ":" not in text:
        return read_size(text, option)
    sides = [side.split(":") for side in text.split("x")]
    if not all(len(side) == 2 and all(part.isdecimal() for part in side) for side in sides):
        raise ShorthandError(
            f'{option} must be before:after for each axis, with "x" between them, got '
            f"{short(text)}. "
            f'For example, write "{option} 1:2x1:2".'
        )
    return tuple(
        (read_number(before, option), read_number(after, option)) for before, after in sides
    )


def write_value(value: object) -> str:
    """Write the value of an option as :func:`read_value` parses it.

    Examples
    --------
    >>> write_value(((1, 2), (0, 1))), write_value((3, 5)), write_value(0.1)
    ('1:2x0:1', '3x5', '0.1')
    """
    return _joined(value, ("x", ":"))


def read_call(word: str) -> tuple[str, dict[str, Any]]:
    """Parse a name with options in parentheses: ``leaky-relu(slope=0.1)``.

    Parameters
    ----------
    word
        The text, without spaces.

    Returns
    -------
    str, dict
        The name and its options.

    Raises
    ------
    ShorthandError
        If the options can't be parsed.

    Examples
    --------
    >>> read_call("leaky-relu(slope=0.1)")
    ('leaky-relu', {'slope': 0.1})
    """
    name, bracket, inside = word.partition("(")
    if not bracket:
        return name, {}
    options: dict[str, Any] = {}
    for part in inside.removesuffix(")").split(","):
        key, equals, text = part.partition("=")
        if not equals or not inside.endswith(")"):
            raise ShorthandError(
                f"The options of {short(word)} must be NAME=VALUE in parentheses, without spaces. "
                'For example, write "leaky-relu(slope=0.1)".'
            )
        options[key.replace("-", "_")] = _number_or_word(text)
    return name, options


def write_call(name: str, options: dict[str, Any]) -> str:
    """Write a name with its options as :func:`read_call` parses it.

    Examples
    --------
    >>> write_call("leaky-relu", {"slope": 0.1}), write_call("tanh", {})
    ('leaky-relu(slope=0.1)', 'tanh')
    """
    if not options:
        return name
    written = (
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in options.items()
    )
    return f"{name}({','.join(written)})"


def _joined(value: object, separators: tuple[str, ...]) -> str:
    """Write nested sequences, each level with its separator."""
    if not isinstance(value, tuple | list):
        return str(value)
    items = cast("Sequence[object]", value)
    return separators[0].join(_joined(item, separators[1:]) for item in items)


def _number_or_word(text: str) -> ShorthandValue:
    """Parse a number or a Boolean; leave a word."""
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
