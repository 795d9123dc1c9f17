"""Chooses the loops of a kernel: lanes, tiles, and their order, from the roles of its indices.

Each index of the target has a loop, cut into segments. Within a segment, a tile of several
consecutive values is computed at once in registers. A reduced index is summed over in order, and
some of its values may be unrolled. The order of every sum is that of the equation, on every
processor: tiles only change how many sums are computed at the same time. For example::

    z[q,h,i] += w[h,l,u] * a[q,l,i + u - 1]     for h < 6, i < 28, l < 3, u < 3

    lanes q                     a vector holds z[h,i] of 16 images
    i: 0..4, 4..24 by 4, 24..28 the first and the last tile need conditions, the others don't
    h: 0..6 by 6                all six maps share the loads of the image
    l: 0..3; u: 0..3 unrolled   the sum, inside of the loops over i and h
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from striate.nests.expression import Number, Reference, factors
from striate.plan.access import Access
from striate.plan.fuse import Kernel
from striate.plan.layout import Variables, memory_access
from striate.plan.statement import IMAGE
from striate.plan.target import LANES, Target
from striate.plan.tiles import LoopSegment, Reads, Side, Tile, TileProblem, best_tile, segments

MATRIX = 36
"""Maximum number of elements of a constant matrix whose product is unrolled."""

STRIDE = 4
"""Maximum stride with which elements are loaded into the lanes."""

TileChooser = Callable[[TileProblem, tuple[Side, ...], tuple[Side, ...], Target], Tile]
"""Chooses a tile for a problem; at most one side of each of the two groups is tiled."""

UNROLLED = 7
"""Maximum side of a convolution kernel that is unrolled; a longer side becomes a loop."""


@dataclass(frozen=True)
class IndexLoop:
    """The loop of one index, segment by segment."""

    index: str
    segments: tuple[LoopSegment, ...]

    def __str__(self) -> str:
        tiled = any(s.once and s.tile > 1 for s in self.segments)
        return f"{self.index}: {', '.join(map(str, self.segments))}{' unrolled' * tiled}"


@dataclass(frozen=True)
class LoopSchedule:
    """The loops of a kernel, the outermost first.

    Parameters
    ----------
    lanes
        The index whose values are in the lanes of a vector; ``None`` for scalar code.
    targets
        Loops over the target's indices.
    reduced
        Loops over the reduced indices, inside of ``targets``.
    within
        The order of the elements in a tile; the last index changes fastest.
    in_place
        Whether each term is added in memory, in the order of the loops: a scatter.
    tasks
        Number of tasks that share the outermost loop.
    around
        Indices of outer loops that the kernel shares with neighboring kernels.
    """

    lanes: str | None
    targets: tuple[IndexLoop, ...]
    reduced: tuple[IndexLoop, ...]
    within: tuple[str, ...] = ()
    in_place: bool = False
    tasks: int = 1
    around: tuple[str, ...] = ()

    @property
    def tile(self) -> int:
        """Number of elements in the largest tile."""
        return prod(max(s.tile for s in loop.segments) for loop in self.targets)

    def __str__(self) -> str:
        order = ["; ".join(map(str, self.targets)) or "one element"]
        if self.reduced:
            order.append("; ".join(map(str, self.reduced)))
        lanes = f"lanes {self.lanes}" if self.lanes else "no lanes"
        lanes += f" | for each {', '.join(self.around)}" if self.around else ""
        if any(s.tile > 1 for w in self.targets for s in w.segments):
            order.append(f"tile {', '.join(self.within)}")
        shared = f" | shared by {self.tasks}" if self.tasks > 1 else ""
        return f"{lanes} | {' | '.join(order)}{shared}"


def schedule(
    kernel: Kernel,
    variables: Variables,
    target: Target,
    tasks: int = 1,
    choose: TileChooser = best_tile,
) -> LoopSchedule:
    """Choose the loops of a kernel.

    Parameters
    ----------
    kernel
        The kernel.
    variables
        All arrays, with their layout in memory.
    target
        The processor.
    tasks
        Number of tasks that share the outermost loop.
    choose
        Chooses the tile.

    Returns
    -------
    LoopSchedule
        Lanes, segments, tiles and order.

    Sources
    -------
    Hagan 8.38-8.48.
    """
    return replace(_Scheduler(kernel, variables, target, choose).schedule(), tasks=tasks)


class _Scheduler:
    """Schedules one kernel."""

    def __init__(
        self, kernel: Kernel, variables: Variables, target: Target, choose: TileChooser
    ) -> None:
        self.choose = choose
        self.nest = kernel.root.nest
        self.kernel = kernel
        self.target = target
        self.accesses = [
            memory_access(reference, root.nest, variables)
            for root in kernel.roots
            for reference in root.nest.equation.references
        ]
        self.written = memory_access(self.nest.equation.target, self.nest, variables)
        self.lanes = self.choose_lanes()
        self.within = kernel.root.within
        self.scatters = kernel.root.scatters
        self.unrolled_matrix = self.constant_matrix_indices(variables)

    def constant_matrix_indices(self, variables: Variables) -> dict[str, int]:
        """Find the indices of small constant matrices to unroll: their zeros then cost nothing."""
        extents = self.nest.extents
        tables = [r for r in self.nest.equation.references if variables[r.name].values]
        found = {i for r in tables for s in r.subscripts for i in s.linear()[0]}
        found -= {*self.within}
        small = prod(extents[i] for i in found) <= MATRIX
        reduced = any(i in self.nest.equation.reduced for i in found)
        return {i: extents[i] for i in found} if small and reduced else {}

    def schedule(self) -> LoopSchedule:
        """Make the schedule."""
        equation, extents = self.nest.equation, self.nest.extents
        around = {self.lanes, *self.within}
        terms = self.lanes in equation.reduced and self.lanes != IMAGE
        targets = [i for i in equation.indices if i not in equation.reduced and i not in around]
        reduced = [i for i in equation.reduced if i != self.lanes]
        if self.scatters:
            every = (*targets, *reduced)
            one_by_one = tuple(IndexLoop(i, segments(extents[i], None, 1)) for i in every)
            return LoopSchedule(
                self.lanes, one_by_one, (), within=every, in_place=True, around=self.within
            )
        windows = dict(self.windows(targets, reduced)) | dict.fromkeys(self.unrolled_matrix, ())
        unrolled = {w: extents[w] for w in windows}
        tiles, rolled, inner = self.tiles(targets, reduced, unrolled)
        by_index: dict[str, IndexLoop] = {}
        for index in (*targets, *reduced):
            extent = extents[index]
            if index == self.lanes:
                continue
            if index in windows:
                by_index[index] = IndexLoop(index, (LoopSegment(0, extent, extent),))
            else:
                size = tiles.get(index, rolled.get(index, 1))
                inside = self.interior(index, windows)
                by_index[index] = IndexLoop(index, segments(extent, inside, size))
        order = self.order(targets)
        lanes = self.lane_loop(tiles.get(self.lanes or "", 1))
        target_loops = (*(by_index[i] for i in order), *(() if terms else lanes))
        names = [loop.index for loop in target_loops]
        return LoopSchedule(
            self.lanes,
            target_loops,
            (*(by_index[i] for i in reduced), *(lanes if terms else ())),
            within=tuple(sorted(names, key=lambda i: i in inner)),
            around=self.within,
        )

    def lane_loop(self, vectors: int) -> tuple[IndexLoop, ...]:
        """Make the loop over the index in the lanes, with several vectors in each iteration."""
        if self.lanes is None or self.lanes == IMAGE:
            return ()
        extent = self.nest.extents[self.lanes]
        full = extent // LANES * LANES
        cut = segments(full, None, vectors * LANES) if full else ()
        if extent > full:
            cut = (*cut, LoopSegment(full, extent, extent - full))
        return (IndexLoop(self.lanes, cut),)

    def choose_lanes(self) -> str | None:
        """Choose the index whose values fill the lanes: the images, or a contiguous index.

        Across the lanes, the root must write contiguous elements, and read with a stride of at most
        :data:`STRIDE`. The statements after it may have any stride, which takes one load or store
        for each lane. But no condition or table lookup of any statement may depend on the lane,
        since these are evaluated once for a whole vector. If no index of the target qualifies, the
        lanes hold terms of a sum, or the code is scalar.
        """
        equation = self.nest.equation
        nests = [s.nest for s in self.kernel.statements]
        guarded = {i for n in nests for g in n.guards() for i in g.subscript.linear()[0]}
        tables = [t for n in nests for t in n.equation.tables]
        looked_up = {i for t in tables for s in t.subscripts for i in s.linear()[0]}
        candidates = [
            i
            for i in equation.indices
            if i not in {IMAGE, *equation.reduced, *guarded, *looked_up}
            and self.written.strides.get(i) == 1
            and all(0 <= a.strides.get(i, 0) <= STRIDE for a in self.accesses)
        ]
        vector = [i for i in candidates if self.nest.extents[i] >= LANES // 4]
        images = [a for a in (*self.accesses, self.written) if IMAGE in a.strides]
        if images and all(a.strides[IMAGE] == 1 for a in images):
            return IMAGE
        return vector[-1] if vector else self.lanes_of_terms()

    def lanes_of_terms(self) -> str | None:
        """Find a reduced index with contiguous terms, so that vectors of terms can be added."""
        equation, extents = self.nest.equation, self.nest.extents
        guarded = {i for g in self.nest.guards() for i in g.subscript.linear()[0]}
        found = [
            i
            for i in equation.reduced
            if i != IMAGE
            and extents[i] >= LANES // 2
            and all(a.strides.get(i, 0) in (0, 1) and not a.lookups for a in self.accesses)
            and any(a.strides.get(i) == 1 for a in self.accesses)
            and i not in guarded
        ]
        plain = all(isinstance(p, Reference | Number) for p in factors(equation.expression))
        return found[-1] if found and plain and equation.operator == "+=" else None

    def windows(
        self, targets: Sequence[str], reduced: Sequence[str]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the index of the convolution kernel to unroll, and its partners in subscripts.

        It is the shorter index of the last pixel axis, of at most :data:`UNROLLED` values.
        """
        roles = self.nest.equation.roles()
        extents = self.nest.extents
        for index in reversed(self.nest.equation.indices):
            partners = [p for p in roles[index].window if p in targets or p in reduced]
            if index not in (*targets, *reduced) or not partners:
                continue
            longest = max(extents[p] for p in partners)
            apart = all((p in reduced) != (index in reduced) for p in partners)
            if apart and extents[index] <= min(longest, UNROLLED):
                yield index, tuple(partners)
                return

    def interior(
        self, index: str, windows: Mapping[str, tuple[str, ...]]
    ) -> tuple[int, int] | None:
        """Find the range where the unrolled windows are in bounds; ``None`` if they always are."""
        extents = self.nest.extents
        least, most = 0, extents[index]
        for guard in self.nest.guards():
            multipliers, offset = guard.subscript.linear()
            partners = [i for i in multipliers if i != index]
            if index not in multipliers or guard.subscript.table is not None:
                continue
            if not partners or not all(p in windows for p in partners):
                continue
            by = multipliers[index]
            low = offset + sum(min(0, multipliers[p] * (extents[p] - 1)) for p in partners)
            high = offset + sum(max(0, multipliers[p] * (extents[p] - 1)) for p in partners)
            good = [
                x
                for x in range(extents[index])
                if by * x + low >= 0 and by * x + high < guard.length
            ]
            least = max(least, good[0] if good else extents[index])
            most = min(most, good[-1] + 1 if good else 0)
        if (least, most) == (0, extents[index]):
            return None
        return least, max(least, most)

    def order(self, targets: Sequence[str]) -> list[str]:
        """Order the target's loops: those that reuse loaded vectors are innermost."""
        if self.lanes is None or IMAGE in self.nest.equation.reduced:
            return list(targets)
        return [
            *(i for i in targets if not self.broadcast_side(i)),
            *(i for i in targets if self.broadcast_side(i)),
        ]

    def broadcast_side(self, index: str) -> bool:
        """Whether tiling an index of the target reuses every vector that is loaded.

        That is the case in a reduction if no array that is read across the lanes depends on the
        index: each load is then shared, and only scalars are broadcast.
        """
        reduces = bool(self.nest.equation.reduced)
        moved = any(index in a.strides for a in self.accesses if self.lanes in a.strides)
        return reduces and not moved

    def tiles(
        self, targets: Sequence[str], reduced: Sequence[str], unrolled: Mapping[str, int]
    ) -> tuple[dict[str, int], dict[str, int], frozenset[str]]:
        """Choose the tile, and what is unrolled.

        Also returns the indices that change fastest within a tile.
        """
        extents = self.nest.extents
        blocked = self.needs_single(reduced, unrolled)
        free = [i for i in targets if i not in unrolled and extents[i] > 1 and i not in blocked]
        if not reduced and IMAGE not in self.nest.equation.reduced:
            tile = {free[-1]: _map_tile(extents[free[-1]])} if free else {}
            return tile, {}, frozenset()
        fixed = {i: n for i, n in unrolled.items() if i in targets}
        columns = self.columns(reduced, fixed, blocked)
        sides = [Side(i, extents[i], self.interior(i, dict.fromkeys(unrolled, ()))) for i in free]
        first = [s for s in sides if self.broadcast_side(s.index)][-2:] or sides[:1]
        second = [s for s in sides if s not in first][-2:]
        lanes = self.lanes
        neighbors = lanes is not None and lanes not in self.nest.equation.reduced
        if lanes is not None and neighbors and lanes != IMAGE and extents[lanes] >= LANES:
            second.append(Side(lanes, extents[lanes] // LANES))
        reads = tuple(
            Reads(tuple(sorted(self.steps(a).items())), self.lanes in a.strides)
            for a in self.accesses
        )
        others = tuple((i, n) for i, n in unrolled.items() if i not in fixed)
        roots = len(self.kernel.roots)
        work = TileProblem(reads, others, (*fixed.items(), ("roots", roots)), columns)
        best = self.choose(work, tuple(first), tuple(second), self.target)
        kept = frozenset(self.accesses[best.kept].strides if best.kept >= 0 else ())
        return dict(best.sizes), {columns: best.columns} if columns else {}, kept

    def columns(
        self, reduced: Sequence[str], fixed: Mapping[str, int], blocked: Collection[str]
    ) -> str:
        """Find the reduced index whose consecutive values share reads: the columns in dW."""
        roles = self.nest.equation.roles()
        return next(
            (
                index
                for index in reduced
                if index not in blocked and any(p in fixed for p in roles[index].window)
            ),
            "",
        )

    def steps(self, access: Access) -> dict[str, int]:
        """Return the strides of an access from one element of a tile to the next."""
        lanes = self.lanes
        if lanes is None or lanes == IMAGE or lanes not in access.strides:
            return dict(access.strides)
        return {**access.strides, lanes: LANES}

    def needs_single(self, reduced: Sequence[str], unrolled: Mapping[str, int]) -> set[str]:
        """Find the indices that can't be tiled: bounds of inner loops depend on them."""
        found: set[str] = set()
        for guard in self.nest.guards():
            indices = list(guard.subscript.linear()[0])
            if any(i in unrolled or i in self.within for i in indices):
                continue
            if any(i in reduced for i in indices):
                found |= set(indices)
        return found


def _map_tile(extent: int) -> int:
    """Choose the number of elements that an elementwise kernel computes at once."""
    return next((t for t in (4, 5, 3, 6, 7, 2) if extent % t == 0), min(extent, 4))
