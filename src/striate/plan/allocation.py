"""Places in memory: one arena, planned from lifetimes before anything runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

ALIGNMENT = 16
"""Every array begins at a multiple of so many numbers: 64 bytes, one line of a cache."""


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
        Index of its first number there.
    per_block, per_part
        Numbers from one block of images, or one part of the batch, to the next.
    """

    region: Memory | str
    offset: int
    per_block: int = 0
    per_part: int = 0

    def __str__(self) -> str:
        steps = {"block": self.per_block, "part": self.per_part}
        apart = "".join(f", {by} per {what}" for what, by in steps.items() if by)
        return f"{self.region} at {self.offset}{apart}"


@dataclass(frozen=True)
class LiveInterval:
    """An array that needs a place from one moment to another, both included."""

    name: str
    size: int
    first: int
    last: int


def aligned(size: int) -> int:
    """Round a number of numbers up to whole lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def allocate(needs: Iterable[LiveInterval], gap: int = 0) -> tuple[dict[str, int], int]:
    """Find a place for each array, so that those needed at one time do not overlap.

    The largest are placed first, each at the lowest place that is free for its whole life.

    Parameters
    ----------
    needs
        The arrays.
    gap
        Numbers to leave free behind each array, for canaries.

    Returns
    -------
    tuple
        Where each array begins, and the size of the whole.

    Sources
    -------
    Pisarchyk and Lee 2020 (greedy by size).

    Examples
    --------
    ``c`` comes when ``a`` has gone, and takes its place:

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
