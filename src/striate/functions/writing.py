"""Values in messages, summaries and ``repr``, as a user would type them."""

from typing import Any, cast

import numpy as np

from striate.errors import LONGEST_QUOTE, shortened


def write(value: object) -> str:
    """Write a value as Python that evaluates to it, with double quotes around words.

    Examples
    --------
    >>> print(write("same"), write((3, 5)), write(None), write(0.5))
    "same" (3, 5) None 0.5
    """
    if isinstance(value, str):
        escaped = repr(value)[1:-1].replace("\\'", "'").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, tuple):
        items = [write(item) for item in cast("tuple[Any, ...]", value)]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if isinstance(value, type):
        return value.__name__
    return repr(value)


def short(value: object, most: int = LONGEST_QUOTE) -> str:
    """Write a value in a few characters, for messages.

    Parameters
    ----------
    value
        Anything that a user gave.
    most
        Number of characters; longer values are cut.

    Returns
    -------
    str

    Examples
    --------
    >>> short("x" * 80)
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."'
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {cast('Any', value).shape}"
    if isinstance(value, int) and abs(value) >= 10**most:
        return f"an integer of {value.bit_length():,} bits"
    return shortened(" ".join(write(value).split()), most)
