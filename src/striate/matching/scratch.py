"""Memory that is used again for every tile, and for the next call.

Asking the system for new memory costs more than computing on it: matching a template of 256 x 256
bytes in a scene of 1024 x 1024 takes 13 ms in memory that is in use already, and 20 ms if the
system has to provide it first (November 2026, AMD EPYC, Linux). So up to :data:`KEPT` bytes are
kept after a call.
"""

import contextlib
import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from striate.llvm.matching.window_sums import AHEAD
from striate.shapes import Array

KEPT = 64 << 20
"""Most bytes that are kept between calls, of all threads together."""

_CHUNK = 1 << 23
"""Bytes that are requested at a time. From 4 MiB on, NumPy asks Linux for pages of 2 MiB."""
_BEHIND = 2 * 8 * AHEAD
"""Bytes behind the last array that the machine code may read."""
_MOST_KNOWN = 1000
"""Arrays that are remembered, so that making them again takes no time."""
_LINE = 64
"""Bytes of a cache line, at which arrays begin."""


def row_stride(columns: int) -> int:
    """Return the number of float64 elements from a row of a picture to the next.

    It is an odd number of cache lines. If it were a power of two, all rows of a strip of columns
    would compete for the same few places in the cache, which made sums along columns three times
    slower (AMD EPYC, November 2026).

    Examples
    --------
    >>> row_stride(100), row_stride(256)
    (104, 264)
    """
    return 8 * (-(-columns // 8) | 1)


class Scratch:
    """A stack of arrays: memory is taken in order, and freed frame by frame."""

    def __init__(self) -> None:
        self._chunks: list[Array] = []
        self._known: dict[Any, tuple[Array, tuple[int, int]]] = {}
        self._at = (0, 0)  # the chunk in use, and the first free byte in it

    @property
    def size(self) -> int:
        """Number of bytes."""
        return sum(map(len, self._chunks))

    def array(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Return an array with arbitrary values.

        Parameters
        ----------
        shape, dtype
            Its shape and type.

        Returns
        -------
        Array
            Contiguous; valid until the frame around the request ends.
        """
        key = self._at, shape, dtype
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._made(shape, dtype)
        array, self._at = known
        return array

    def _made(self, shape: tuple[int, ...], dtype: Any) -> tuple[Array, tuple[int, int]]:
        """Make an array; also return where the next one begins."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        chunk, first = self._at
        while chunk < len(self._chunks) and first + size > len(self._chunks[chunk]):
            chunk, first = chunk + 1, 0
        if chunk == len(self._chunks):
            held = np.empty(max(size, _CHUNK) + _LINE + _BEHIND, np.uint8)
            first_line = -held.ctypes.data % _LINE
            self._chunks.append(held[first_line : len(held) - _BEHIND])
        end = -(-(first + size) // _LINE) * _LINE
        array = self._chunks[chunk][first : first + size].view(dtype).reshape(shape)
        return array, (chunk, end)

    @contextlib.contextmanager
    def frame(self) -> Iterator[None]:
        """Free the arrays that are requested inside of a ``with`` block when it ends."""
        before = self._at
        try:
            yield
        finally:
            self._at = before


_idle: deque[Scratch] = deque()


@contextlib.contextmanager
def borrowed() -> Iterator[Scratch]:
    """Lend memory of an earlier call, if there is any, until a ``with`` block ends."""
    try:
        scratch = _idle.pop()
    except IndexError:
        scratch = Scratch()
    with scratch.frame():
        yield scratch
    # Another thread may do the same at the same time, and keep a little more together.
    if scratch.size + sum(other.size for other in tuple(_idle)) <= KEPT:
        _idle.append(scratch)


def forget() -> None:
    """Release the memory that is kept."""
    _idle.clear()
