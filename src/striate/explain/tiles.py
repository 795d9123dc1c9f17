"""Measures candidate tiles of a kernel, to check the choice of the cost model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from striate.bench.kernels import measure_kernels
from striate.bench.peak import Peaks
from striate.bench.race import Judge
from striate.errors import OptionError
from striate.explain.items import at_once
from striate.plan import tiles
from striate.plan.fuse import Kernel
from striate.plan.plan import Plan
from striate.plan.schedule import LoopSchedule, schedule
from striate.plan.target import Target

_Candidate = tuple[float, tiles.Tile, LoopSchedule]
"""The predicted cycles of a tile, the tile, and the schedule with it."""


@dataclass(frozen=True, kw_only=True)
class TileRow:
    """One candidate.

    Parameters
    ----------
    at_once
        Entries that are computed at once, by index.
    columns
        Number of unrolled values of the reduced index.
    cycles
        Cycles predicted by the cost model.
    microseconds
        Median time for a whole batch.
    gflops
        Billions of operations per second.
    chosen
        Whether the cost model chooses it.
    """

    at_once: str
    columns: int
    cycles: float
    microseconds: float
    gflops: float
    chosen: bool


def try_tiles(
    plan: Plan, position: tuple[int, int], peaks: Peaks, judge: Judge, most: int = 16
) -> list[TileRow]:
    """Measure candidate tiles of one kernel.

    Parameters
    ----------
    plan
        A plan for this processor.
    position
        Phase and item of the kernel.
    peaks
        The limits of one thread.
    judge
        Repeats measurements that were disturbed, and rejects them in the end.
    most
        Maximum number of candidates; most are those that the model ranks highest, some are others.

    Returns
    -------
    list of TileRow
        The fastest first; empty if too many measurements were disturbed.

    Raises
    ------
    OptionError
        If the item has no tile.
    """
    phase = plan.phases[position[0]]
    kernel = phase.items[position[1]]
    found = _candidates(plan, kernel) if isinstance(kernel, Kernel) else []
    if not isinstance(kernel, Kernel) or not found:
        raise OptionError(
            f"Item {position[0]}.{position[1]} has no tile, because it doesn't accumulate sums. "
            "Choose a kernel for which --stage schedule lists sums in registers."
        )
    tasks = plan.schedules[position].tasks
    tried: dict[LoopSchedule, _Candidate] = {}
    for cycles, tile in found:
        with_tile = _scheduled(plan, kernel, tile, tasks)
        tried.setdefault(with_tile, (cycles, tile, with_tile))
    chosen = _spread(list(tried.values()), most)
    alone = replace(
        plan,
        phases=(replace(phase, items=(kernel,) * len(chosen)),),
        schedules={(0, number): loops for number, (_, _, loops) in enumerate(chosen)},
    )
    measured = measure_kernels(alone, peaks, judge=judge)
    rows = [
        TileRow(
            at_once=at_once(loops),
            columns=tile.columns,
            cycles=cycles,
            microseconds=1e6 * row.seconds.median,
            gflops=row.gflops,
            chosen=loops == plan.schedules[position],
        )
        for row, (cycles, tile, loops) in zip(measured, chosen, strict=bool(measured))
    ]
    return sorted(rows, key=lambda row: row.microseconds)


def _spread(candidates: Sequence[_Candidate], most: int) -> list[_Candidate]:
    """Take three quarters of the number from the front, and the rest spread over the others."""
    first = most * 3 // 4
    others = candidates[first:]
    return [*candidates[:first], *others[:: max(1, -(-len(others) // max(1, most - first)))]]


def _candidates(plan: Plan, kernel: Kernel) -> list[tuple[float, tiles.Tile]]:
    """List the tiles that fit in the registers, those that the model ranks highest first."""
    found: list[tuple[float, tiles.Tile]] = []

    def noted(
        work: tiles.TileProblem,
        first: Sequence[tiles.Side],
        second: Sequence[tiles.Side],
        target: Target,
    ) -> tiles.Tile:
        found.extend(tiles.candidates(work, first, second, target))
        found.sort(key=lambda candidate: candidate[0])
        return found[0][1]

    schedule(kernel, plan.variables, plan.target, choose=noted)
    return found


def _scheduled(plan: Plan, kernel: Kernel, tile: tiles.Tile, tasks: int) -> LoopSchedule:
    """Schedule a kernel with a given tile."""
    return schedule(kernel, plan.variables, plan.target, tasks, choose=lambda *_: tile)
