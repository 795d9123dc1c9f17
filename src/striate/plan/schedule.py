"""How a kernel is walked: lanes, tiles, order of the loops. From the roles of indices alone.

An index of the target is walked in segments; in a segment so many neighboring places, a tile, are
computed at once in registers. A reduced index is walked in order, some of its values unrolled. The
order of every sum is that of the equation, on every processor; tiles only change how many sums run
beside each other.
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
"""Numbers of a known matrix that is written out."""

STRIDE = 4
"""Farthest that neighbors may lie apart to be brought into the lanes."""

TileChooser = Callable[[TileProblem, tuple[Side, ...], tuple[Side, ...], Target], Tile]
"""What chooses a tile, given what is computed and the sides of which one each may be tiled."""

UNROLLED = 7
"""Longest window side that is written out; a longer one is a loop."""


@dataclass(frozen=True)
class IndexLoop:
    """The walk of one index, segment after segment."""

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
        The index whose values lie in the lanes of a vector; ``None`` where numbers are single.
    targets
        Indices of the places.
    reduced
        Reduced indices, inside of those; without the lanes.
    within
        The order of the places of a tile: the last index moves fastest.
    in_place
        Whether each term is added to memory at once, in the order of the loops: a scatter.
    tasks
        Among how many tasks the outermost loop is shared.
    around
        Indices that loops around the kernel count, together with its neighbors.
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
        """Entries computed at once in the largest tile."""
        return prod(max(s.tile for s in walk.segments) for walk in self.targets)

    def __str__(self) -> str:
        order = ["; ".join(map(str, self.targets)) or "one place"]
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
        What is computed.
    variables
        How the arrays lie in memory.
    target
        The processor.
    tasks
        Among how many tasks the outermost loop is to be shared.
    choose
        What chooses the tile.

    Returns
    -------
    Schedule
        Lanes, segments, tiles and order.

    Sources
    -------
    Hagan 8.38-8.48.
    """
    return replace(_Scheduler(kernel, variables, target, choose).schedule(), tasks=tasks)


class _Scheduler:
    """One kernel's facts, and the choices made from them."""

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
        self.tabled = self.written_out(variables)

    def written_out(self, variables: Variables) -> dict[str, int]:
        """Find the indices of small known matrices: written out, their zeros cost nothing."""
        extents = self.nest.extents
        tables = [r for r in self.nest.equation.references if variables[r.name].values]
        found = {i for r in tables for s in r.subscripts for i in s.linear()[0]}
        found -= {*self.within}
        small = prod(extents[i] for i in found) <= MATRIX
        reduced = any(i in self.nest.equation.reduced for i in found)
        return {i: extents[i] for i in found} if small and reduced else {}

    def schedule(self) -> LoopSchedule:
        """Put the choices together."""
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
        windows = dict(self.windows(targets, reduced)) | dict.fromkeys(self.tabled, ())
        unrolled = {w: extents[w] for w in windows}
        tiles, rolled, inner = self.tiles(targets, reduced, unrolled)
        walks: dict[str, IndexLoop] = {}
        for index in (*targets, *reduced):
            extent = extents[index]
            if index == self.lanes:
                continue
            if index in windows:
                walks[index] = IndexLoop(index, (LoopSegment(0, extent, extent),))
            else:
                size = tiles.get(index, rolled.get(index, 1))
                inside = self.interior(index, windows)
                walks[index] = IndexLoop(index, segments(extent, inside, size))
        order = self.order(targets)
        lanes = self.lane_walk(tiles.get(self.lanes or "", 1))
        places = (*(walks[i] for i in order), *(() if terms else lanes))
        names = [walk.index for walk in places]
        return LoopSchedule(
            self.lanes,
            places,
            (*(walks[i] for i in reduced), *(lanes if terms else ())),
            within=tuple(sorted(names, key=lambda i: i in inner)),
            around=self.within,
        )

    def lane_walk(self, vectors: int) -> tuple[IndexLoop, ...]:
        """Walk the index of the lanes itself, so many vectors at once."""
        if self.lanes is None or self.lanes == IMAGE:
            return ()
        extent = self.nest.extents[self.lanes]
        full = extent // LANES * LANES
        cut = segments(full, None, vectors * LANES) if full else ()
        if extent > full:
            cut = (*cut, LoopSegment(full, extent, extent - full))
        return (IndexLoop(self.lanes, cut),)

    def choose_lanes(self) -> str | None:
        """Take the images for the lanes; without images, an index whose places are neighbors.

        The first statement must read and write neighbors. The statements after it may have theirs
        anywhere in memory, which takes a load or a store for each lane. But no condition and no
        table of any statement may depend on the lane: these are evaluated once for a whole vector.
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
        """Find a reduced index whose terms lie side by side, so that vectors of them are added."""
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
        """Find the windows that are written out, with the indices that they are added to.

        Of the last pixel axis: its shorter index is the window.
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
        """Find the places where nothing of the windows falls outside; ``None`` where none can."""
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
        """Order the places: those that weights alone move by come last, the rest as written."""
        if self.lanes is None or IMAGE in self.nest.equation.reduced:
            return list(targets)
        return [
            *(i for i in targets if not self.broadcast_side(i)),
            *(i for i in targets if self.broadcast_side(i)),
        ]

    def broadcast_side(self, index: str) -> bool:
        """Whether an index of the target moves no vector that is read."""
        reduces = bool(self.nest.equation.reduced)
        moved = any(index in a.strides for a in self.accesses if self.lanes in a.strides)
        return reduces and not moved

    def tiles(
        self, targets: Sequence[str], reduced: Sequence[str], unrolled: Mapping[str, int]
    ) -> tuple[dict[str, int], dict[str, int], frozenset[str]]:
        """Choose how many places of which indices are computed at once, and what is unrolled.

        Also gives the indices that move fastest within a tile.
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
        places = lanes is not None and lanes not in self.nest.equation.reduced
        if lanes is not None and places and lanes != IMAGE and extents[lanes] >= LANES:
            second.append(Side(lanes, extents[lanes] // LANES))
        reads = tuple(
            Reads(tuple(sorted(self.steps(a).items())), self.lanes in a.strides)
            for a in self.accesses
        )
        others = tuple((i, n) for i, n in unrolled.items() if i not in fixed)
        beside = len(self.kernel.roots)
        work = TileProblem(reads, others, (*fixed.items(), ("beside", beside)), columns)
        best = self.choose(work, tuple(first), tuple(second), self.target)
        kept = frozenset(self.accesses[best.kept].strides if best.kept >= 0 else ())
        return dict(best.places), {columns: best.columns} if columns else {}, kept

    def columns(
        self, reduced: Sequence[str], fixed: Mapping[str, int], blocked: Collection[str]
    ) -> str:
        """Find the reduced index whose neighbors share what they read: dW's columns."""
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
        """Say by how much an access moves from one place of a tile to the next."""
        lanes = self.lanes
        if lanes is None or lanes == IMAGE or lanes not in access.strides:
            return dict(access.strides)
        return {**access.strides, lanes: LANES}

    def needs_single(self, reduced: Sequence[str], unrolled: Mapping[str, int]) -> set[str]:
        """Find the indices that must move one by one: those that bound a loop over a window."""
        found: set[str] = set()
        for guard in self.nest.guards():
            indices = list(guard.subscript.linear()[0])
            if any(i in unrolled or i in self.within for i in indices):
                continue
            if any(i in reduced for i in indices):
                found |= set(indices)
        return found


def _map_tile(extent: int) -> int:
    """Choose how many places of a map are computed at once."""
    return next((t for t in (4, 5, 3, 6, 7, 2) if extent % t == 0), min(extent, 4))
