"""Chooses the fastest tile of a kernel, with a cost model of one core.

The innermost loop of a kernel computes a tile of elements. It does one multiply-add for each
element and each unrolled term, and loads values that several elements share only once. Its time is
the maximum of three terms: the multiply-adds, the loads, and the latency of the additions to one
element. Values from beyond the L1 cache cost a little more. For a term of a convolution, a tile of
6 maps and 4 columns needs 10 loads for its 24 multiply-adds, and 24 registers for its sums::

              a[j]  a[j+1]  a[j+2]  a[j+3]     4 vectors of 16 images
    w[0]       +       +       +       +
    ...                                        + is a sum in a register
    w[5]       +       +       +       +
    6 scalars
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod

from striate.plan.target import LANES, Target

ROUND = 1.5
"""Cycles of loop overhead in an iteration: counting, comparing, jumping."""

FARTHER = 0.3
"""Average cycles to load a vector from the L2 cache."""

WAYS = 8
"""Associativity of the L1 cache: rows at the same offset in a page that it holds at once.

With 16 the dense layer of conv4, 4,096 to 512, took 10.1 ms, with 8 it takes 5.0 (Zen 4)."""

PAGE = 1024
"""Distance in elements between addresses that map to the same set of the L1 cache."""

EDGES = 4
"""Maximum number of tiles at an edge that are unrolled, so that every position is constant."""


@dataclass(frozen=True)
class LoopSegment:
    """A segment of an index's loop: from ``start`` to ``stop`` in steps of ``tile``."""

    start: int
    stop: int
    tile: int

    @property
    def once(self) -> bool:
        """Whether it consists of one tile."""
        return self.stop - self.start == self.tile

    def __str__(self) -> str:
        span = f"{self.start}..{self.stop}"
        return span if self.once or self.tile == 1 else f"{span} by {self.tile}"


@dataclass(frozen=True)
class Side:
    """An index along which a tile may extend.

    Parameters
    ----------
    index
        Its name.
    extent
        Its extent.
    inside
        The range in which all reads are in bounds; ``None`` if they always are.
    """

    index: str
    extent: int
    inside: tuple[int, int] | None = None


@dataclass(frozen=True)
class Reads:
    """The reads of one array.

    Parameters
    ----------
    strides
        The stride of each index.
    vector
        Whether vectors are loaded, or scalars.
    """

    strides: tuple[tuple[str, int], ...]
    vector: bool


@dataclass(frozen=True)
class TileProblem:
    """A kernel, reduced to what its tile depends on.

    Parameters
    ----------
    reads
        The arrays that are read.
    unrolled
        Number of values of each reduced index that are unrolled in every tile.
    fixed
        Number of values of each target index that are unrolled in every tile.
    columns
        The reduced index of which one or two values may be unrolled, if there is one.
    """

    reads: tuple[Reads, ...]
    unrolled: tuple[tuple[str, int], ...]
    fixed: tuple[tuple[str, int], ...] = ()
    columns: str = ""


@dataclass(frozen=True)
class Tile:
    """A tile of elements that are computed at once.

    Parameters
    ----------
    sizes
        Number of values of each index.
    columns
        Number of unrolled values of the reduced index ``columns``.
    kept
        The array whose vectors stay in registers while those of the others are loaded.
    """

    sizes: tuple[tuple[str, int], ...]
    columns: int
    kept: int


@lru_cache(maxsize=4096)
def best_tile(
    work: TileProblem, first: tuple[Side, ...], second: tuple[Side, ...], target: Target
) -> Tile:
    """Choose the tile with the fewest cycles for the whole kernel.

    Parameters
    ----------
    work
        The kernel.
    first, second
        Two groups of sides; one side of each is tiled.
    target
        The processor.

    Returns
    -------
    Tile
        The fastest of those that fit in the registers.
    """
    return min(candidates(work, first, second, target), key=lambda candidate: candidate[0])[1]


def candidates(
    work: TileProblem, first: Sequence[Side], second: Sequence[Side], target: Target
) -> Iterator[tuple[float, Tile]]:
    """List the tiles that fit in the registers, each with the cycles of the whole kernel.

    Parameters
    ----------
    work, first, second, target
        As for :func:`best_tile`.

    Yields
    ------
    tuple
        Cycles, and the tile.
    """
    none, fixed = (Side("", 1),), prod(n for _, n in work.fixed)
    # Multiply-adds that are in flight before the first one is finished. With fewer independent
    # sums, each waits for the previous one.
    in_flight = int(target.latency * target.fused_per_cycle) * target.register_lanes // LANES
    enough = min(in_flight, target.vectors * 3 // 8)
    for y, x in product(first or none, second or none):
        for ty, tx in product(_sizes(y.extent), _sizes(x.extent)):
            least = min(enough // fixed, y.extent * x.extent // 2)
            if not least <= ty * tx <= target.vectors // fixed and (ty, tx) != (1, 1):
                continue  # too large for the registers, or so small that it stalls
            sizes = tuple((s.index, t) for s, t in ((y, ty), (x, tx)) if s.index)
            for columns in (1, 2) if work.columns else (1,):
                needed, kept = _registers(work, sizes, columns)
                if needed > target.vectors and (ty, tx, columns) != (1, 1, 1):
                    continue
                cost = loops_cost(work, (y, x), (ty, tx), columns, target)
                yield cost, Tile(sizes, columns, kept)


def _sizes(extent: int) -> Iterator[int]:
    """List the tile sizes worth trying for one index."""
    for tile in range(1, min(extent, 24) + 1):
        if tile <= 8 or extent % tile == 0:
            yield tile


def _registers(work: TileProblem, tile: Sequence[tuple[str, int]], columns: int) -> tuple[int, int]:
    """Count the vectors that are live at once, and choose the array whose vectors are kept."""
    sizes = {**dict(tile), **dict(work.fixed)}
    sums = prod(sizes.values())
    held: list[tuple[int, int]] = []
    vectors = [(k, read) for k, read in enumerate(work.reads) if read.vector]
    for k, read in vectors:
        own = _distinct(tuple((by, sizes.get(i, 1)) for i, by in read.strides))
        others = sum(
            _distinct(tuple((by, sizes.get(i, 1)) for i, by in other.strides))
            for j, other in vectors
            if j != k
            and columns > 1
            and any(i == work.columns for i, _ in other.strides)
            and any(i in dict(work.fixed) for i, _ in other.strides)
        )
        held.append((own + others, k))
    least, kept = min(held, default=(0, -1))
    return sums + least + 1, kept


def loops_cost(
    work: TileProblem, sides: Sequence[Side], tile: Sequence[int], columns: int, target: Target
) -> float:
    """Estimate the cycles of the loops over two tiled sides, including edges and remainders."""
    lengths: list[dict[int, int]] = []
    for side, size in zip(sides, tile, strict=True):
        counts: dict[int, int] = {}
        for segment in segments(side.extent, side.inside, size):
            times = (segment.stop - segment.start) // segment.tile
            counts[segment.tile] = counts.get(segment.tile, 0) + times
        lengths.append(counts)
    names = [side.index for side in sides]
    return sum(
        times * more * body_cost(work, ((names[0], a), (names[1], b)), columns, target) / columns
        for (a, times), (b, more) in product(lengths[0].items(), lengths[1].items())
    )


@lru_cache(maxsize=65536)
def body_cost(
    work: TileProblem, tile: tuple[tuple[str, int], ...], columns: int, target: Target
) -> float:
    """Estimate the cycles of one iteration of the innermost loop."""
    sizes = {**dict(tile), **dict(work.fixed)}
    unrolled = {**dict(work.unrolled), **({work.columns: columns} if work.columns else {})}
    elements, rounds = prod(sizes.values()), prod(unrolled.values())
    registers = LANES / target.register_lanes
    fused = elements * rounds * registers / target.fused_per_cycle
    loads = farther = 0.0
    for read in work.reads:
        ways = tuple((by, sizes.get(i, unrolled.get(i, 1))) for i, by in read.strides)
        distinct = _distinct(tuple((by, n) for by, n in ways if n > 1))
        fresh = prod(dict(tile).get(i, 1) for i, _ in read.strides) * columns
        if read.vector:
            loads += registers * distinct / target.loads_per_cycle
            farther += registers * fresh * FARTHER
            continue
        loads += distinct / 2
        if any(by % PAGE == 0 and sizes.get(i, 1) > WAYS for i, by in read.strides):
            farther += 3 * distinct
    wait = rounds * target.latency
    return max(fused, loads, wait) + farther + ROUND


@lru_cache(maxsize=65536)
def _distinct(ways: tuple[tuple[int, int], ...]) -> int:
    """Count the different addresses that a tile reads of one array."""
    addresses = {0}
    for by, count in ways:
        addresses = {p + by * k for p in addresses for k in range(count)}
    return len(addresses)


@lru_cache(maxsize=65536)
def segments(extent: int, inside: tuple[int, int] | None, tile: int) -> tuple[LoopSegment, ...]:
    """Cut a loop into tiles; those at an edge, and the last one, become separate segments.

    Parameters
    ----------
    extent
        Number of iterations.
    inside
        The range in which all reads are in bounds.
    tile
        Size of a tile.

    Returns
    -------
    tuple of LoopSegment
        In order.

    Examples
    --------
    >>> [str(segment) for segment in segments(16, (1, 15), 4)]
    ['0..4', '4..12 by 4', '12..16']
    """
    low, high = inside or (0, extent)
    if low > EDGES * tile or extent - high > EDGES * tile:
        return (LoopSegment(0, extent, 1),)
    # Full tiles inside form one segment. The loop over a batch may be long, so that counting them
    # one by one would take longer than running the program.
    first = -(-low // tile) * tile
    last = max(first, high // tile * tile)
    singles = [*range(0, min(first, extent), tile), *range(last, extent, tile)]
    found = [
        LoopSegment(start, min(start + tile, extent), min(tile, extent - start))
        for start in singles
    ]
    if first < last:
        found.insert(first // tile, LoopSegment(first, last, tile))
    return tuple(found)
