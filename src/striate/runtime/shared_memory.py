"""Memory that Python and machine code share: words of 64 bits, and float32 numbers, in lines."""

import ctypes
import sys

import numpy as np

from striate.shapes import Array

LINE = 64
"""Bytes of a cache line."""


class Words:
    """Words of 64 bits, all zero, that begin at a line of the cache.

    Parameters
    ----------
    count
        How many.

    Examples
    --------
    >>> context = Words(3)
    >>> context.words[1] = 7
    >>> list(context.words), context.address % LINE
    ([0, 7, 0], 0)
    """

    def __init__(self, count: int) -> None:
        self._memory = ctypes.create_string_buffer(8 * count + LINE)
        self.address = -(-ctypes.addressof(self._memory) // LINE) * LINE
        self.words = (ctypes.c_uint64 * count).from_address(self.address)


def floats(count: int) -> Array:
    """Give float32 numbers, all zero, that begin at a line of the cache.

    Memory that is never written to is never taken from the system.

    Raises
    ------
    MemoryError
        If there is no room for them.
    """
    raw = np.zeros(count + LINE // 4, np.float32)
    skip = -raw.ctypes.data % LINE // 4
    return raw[skip : skip + count]


def _yield() -> int:
    """Find the system's function that lets other threads run."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


YIELD = _yield()
"""The address of the system's function that lets other threads run; it stays for ever."""
