"""Memory for images, requested only if it is there.

Linux hands out memory that it does not have, and ends the process when it is used. A folder of a
thousand photos, or a file whose header claims a billion images, would stop Python without an error
message. So everything that grows with the data is checked against the memory that is available.
"""

from math import prod
from typing import Any

import numpy as np

from striate.errors import Argument, Message, OutOfMemoryError
from striate.runtime.memory import available
from striate.shapes import Array, Shape

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
SMALLER = Message("Use a smaller size, for example ", Argument("size", 64), ", or fewer images")
"""The remedy for pictures."""


def require_memory(need: int, what: str, remedy: str = SMALLER) -> None:
    """Raise if there is not enough memory.

    Parameters
    ----------
    need
        Bytes.
    what
        What needs them, as the subject of a sentence.
    remedy
        What to do, without the full stop.

    Raises
    ------
    OutOfMemoryError
        With the bytes that are needed and those that are available.
    """
    there = available()
    if there is not None and need > there:
        raise OutOfMemoryError(
            f"{what} {in_units(need)} of memory, but only {in_units(there)} is available.",
            remedy=Message(remedy, "."),
        )


def allocate(shape: Shape, dtype: Any, what: str, remedy: str = SMALLER) -> Array:
    """Make an array without values, if there is enough memory for it.

    Parameters
    ----------
    shape, dtype
        Of the array.
    what, remedy
        As for :func:`require_memory`.

    Returns
    -------
    Array

    Raises
    ------
    OutOfMemoryError
        If there is not.
    """
    require_memory(prod(shape) * np.dtype(dtype).itemsize, what, remedy)
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:  # a limit of the process, or beyond all addresses
        raise OutOfMemoryError(
            f"{what} {in_units(prod(shape) * np.dtype(dtype).itemsize)} of memory, more than "
            "the operating system can allocate.",
            remedy=Message(remedy, "."),
        ) from error


def in_units(count: int) -> str:
    """Write a number of bytes in the largest unit that fits.

    Examples
    --------
    >>> in_units(900), in_units(3 << 29)
    ('900 bytes', '1.5 GiB')
    """
    unit = 0
    number = float(count)
    while number >= 1024 and unit < len(_UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:,.1f} {_UNITS[unit]}" if unit else f"{count} bytes"
