"""Memory that Python and machine code share, aligned to cache lines."""

import ctypes
import sys

import numpy as np

from striate.shapes import Array

LINE = 64
"""Size of a cache line in bytes."""


class Words:
    """An array of 64-bit words, initially zero, aligned to a cache line.

    Parameters
    ----------
    count
        Number of words.

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
    """Allocate float32 numbers, initially zero, aligned to a cache line.

    Pages that are never written take no physical memory.

    Raises
    ------
    MemoryError
        If the memory isn't available.
    """
    raw = np.zeros(count + LINE // 4, np.float32)
    skip = -raw.ctypes.data % LINE // 4
    return raw[skip : skip + count]


def _yield() -> int:
    """Find the system function that yields the processor to other threads."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


YIELD = _yield()
"""The address of the system function that yields the processor; it stays valid."""
