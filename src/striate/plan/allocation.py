"""Packs arrays into memory by their lifetimes, before anything runs.

Two arrays may overlap in memory if their lifetimes don't. For arrays ``a``, ``b`` and ``c``, where
``c`` is first needed after ``a`` was last used::

    address
       ^
    48 |+-----------------+
       ||        b        |
    32 |+------------+----+-------+
       ||     a      |     c      |
     0 |+------------+------------+--> time

The largest arrays are placed first, each at the lowest address that is free during its lifetime.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

ALIGNMENT = 16
"""Every array starts at a multiple of this many elements: 64 bytes, one cache line."""


class Memory(Enum):
    """Memory that belongs to a program, not to its caller."""

    ARENA = "arena"
    """Shared by all threads."""

    SCRATCH = "per-thread scratch"
    """One copy for each thread, reused from block to block."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Allocation:
    """Where an array is stored.

    Parameters
    ----------
    region
        The program's own memory, or the name of a caller's buffer.
    offset
        Index of its first element there.
    per_block, per_chunk
        Distance in elements from one block of images, or one chunk of the batch, to the next.
    """

    region: Memory | str
    offset: int
    per_block: int = 0
    per_chunk: int = 0

    def __str__(self) -> str:
        steps = {"block": self.per_block, "chunk": self.per_chunk}
        apart = "".join(f", {by} per {what}" for what, by in steps.items() if by)
        return f"{self.region} at {self.offset}{apart}"


@dataclass(frozen=True)
class LiveInterval:
    """The lifetime and size of an array; it is needed from ``first`` to ``last``, inclusive."""

    name: str
    size: int
    first: int
    last: int


def aligned(size: int) -> int:
    """Round a size up to whole cache lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def allocate(needs: Iterable[LiveInterval], gap: int = 0) -> tuple[dict[str, int], int]:
    """Allocate arrays so that arrays with overlapping lifetimes don't overlap in memory.

    Arrays of equal size and start are placed in the order given, so their names don't matter.

    Parameters
    ----------
    needs
        The arrays.
    gap
        Elements to leave free after each array, for canaries in tests.

    Returns
    -------
    tuple
        The offset of each array by name, and the total size.

    Sources
    -------
    Pisarchyk and Lee 2020 (greedy by size).

    Examples
    --------
    ``c`` is needed after ``a``, and reuses its memory:

    >>> a, b = LiveInterval("a", 32, 0, 1), LiveInterval("b", 16, 0, 2)
    >>> allocate([a, b, LiveInterval("c", 32, 2, 3)])
    ({'a': 0, 'c': 0, 'b': 32}, 48)
    """
    placed: list[tuple[int, int, LiveInterval]] = []
    where: dict[str, int] = {}
    whole = 0
    for need in sorted(needs, key=lambda n: (-n.size, n.first)):
        size = aligned(need.size + gap)
        start = 0
        # Scan upward past the arrays with overlapping lifetimes, up to the first gap that fits.
        for low, high, other in sorted(placed, key=lambda p: p[0]):
            if other.last < need.first or need.last < other.first:
                continue
            if start + size <= low:
                break
            start = max(start, high)
        placed.append((start, start + size, need))
        where[need.name] = start
        whole = max(whole, start + size)
    return where, whole
