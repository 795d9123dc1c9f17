"""Candidates for the tile of one kernel, timed: they show whether the cost model chooses well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from striate.bench.kernels import measure_kernels
from striate.bench.peak import Peaks
from striate.errors import OptionError
from striate.explain.items import at_once
from striate.plan import tiles
from striate.plan.fuse import Kernel
from striate.plan.plan import Plan
from striate.plan.schedule import LoopSchedule, schedule
from striate.plan.target import Target

_Candidate = tuple[float, tiles.Tile, LoopSchedule]
"""What the model expects of a tile, in cycles, and what becomes of it."""


@dataclass(frozen=True, kw_only=True)
class TileRow:
    """One candidate.

    Parameters
    ----------
    at_once
        Entries that are computed beside each other, by index.
    columns
        Values of the reduced index that are written out, where that is chosen.
    cycles
        What the cost model expects of a walk over the tiled sides.
    microseconds
        What it takes for a whole batch, the median.
    gflops
        Thousand million operations a second.
    chosen
        Whether the model chooses it.
    """

    at_once: str
    columns: int
    cycles: float
    microseconds: float
    gflops: float
    chosen: bool


def try_tiles(plan: Plan, place: tuple[int, int], peaks: Peaks, most: int = 16) -> list[TileRow]:
    """Time candidates for the tile of one kernel.

    Parameters
    ----------
    plan
        For this processor.
    place
        Phase and item of the kernel.
    peaks
        The limits of one thread.
    most
        How many candidates: most of them those that the model likes best, some of the others.

    Returns
    -------
    list of TileRow
        The fastest first.

    Raises
    ------
    OptionError
        If the item has no tile to choose.
    """
    phase = plan.phases[place[0]]
    kernel = phase.items[place[1]]
    found = _candidates(plan, kernel) if isinstance(kernel, Kernel) else []
    if not isinstance(kernel, Kernel) or not found:
        raise OptionError(
            f"{place[0]}.{place[1]} has no tile to choose: it carries no sums from term to term. "
            "A kernel with sums has. Choose one of which --stage schedule says that it holds sums."
        )
    tasks = plan.schedules[place].tasks
    tried: dict[str, _Candidate] = {}
    for cycles, tile in found:
        walked = _scheduled(plan, kernel, tile, tasks)
        tried.setdefault(str(walked), (cycles, tile, walked))
    chosen = _spread(list(tried.values()), most)
    alone = replace(
        plan,
        phases=(replace(phase, items=(kernel,) * len(chosen)),),
        schedules={(0, number): walked for number, (_, _, walked) in enumerate(chosen)},
    )
    rows = [
        TileRow(
            at_once=at_once(walked),
            columns=tile.columns,
            cycles=cycles,
            microseconds=1e6 * row.seconds.median,
            gflops=row.gflops,
            chosen=walked == plan.schedules[place],
        )
        for row, (cycles, tile, walked) in zip(measure_kernels(alone, peaks), chosen, strict=True)
    ]
    return sorted(rows, key=lambda row: row.microseconds)


def _spread(candidates: Sequence[_Candidate], most: int) -> list[_Candidate]:
    """Take the first three quarters of what is wanted, and the rest from all over."""
    first = most * 3 // 4
    others = candidates[first:]
    return [*candidates[:first], *others[:: max(1, -(-len(others) // max(1, most - first)))]]


def _candidates(plan: Plan, kernel: Kernel) -> list[tuple[float, tiles.Tile]]:
    """List the tiles that fit into the registers, the one that the model likes best first."""
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
    """Schedule a kernel with a tile that is given."""
    return schedule(kernel, plan.variables, plan.target, tasks, choose=lambda *_: tile)
