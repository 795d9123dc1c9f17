"""Memory that is used again for every tile.

A tile needs some twenty arrays of its size. Asking the system for new memory each time costs more
than computing on it: the FFTs of a tile take 3 ns per pixel and direction in memory that is in use
already, and 8 ns if the system has to provide it first (November 2026, AMD EPYC, Linux).
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from striate.shapes import Array

_CHUNK = 1 << 23
"""Bytes that are requested at a time. From 4 MiB on, NumPy asks Linux for pages of 2 MiB."""
_LINE = 64
"""Bytes of a cache line, at which arrays begin."""


class Scratch:
    """A stack of arrays: memory is taken in order, and freed frame by frame."""

    def __init__(self) -> None:
        self._chunks: list[Array] = []
        self._known: dict[Any, tuple[Array, tuple[int, int]]] = {}
        self._at = (0, 0)  # the chunk in use, and the first free byte in it

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
            self._chunks.append(np.empty(max(size, _CHUNK), np.uint8))
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
