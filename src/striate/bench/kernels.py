"""Each kernel of a plan alone: its time, and its share of what the machine can do."""

import ctypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from striate.bench.calibration import enough
from striate.bench.peak import Peaks
from striate.bench.race import Judge
from striate.bench.spread import Spread
from striate.bench.work import Work, work_of
from striate.llvm.machine import LoadedObject, compile_object
from striate.llvm.phase_timing import write_phase_timing
from striate.plan import control_block
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.phases import Phase
from striate.plan.plan import Plan
from striate.runtime.shared_memory import Words, floats
from striate.shapes import Array

_SECONDS = 0.004
"""Approximate time of one kernel in one round."""

_Again = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


@dataclass(frozen=True, kw_only=True)
class KernelRow:
    """One kernel, or another item of a plan, measured alone on one thread.

    Parameters
    ----------
    phase, item
        Its position in the plan.
    writes
        Names of the arrays that it stores.
    text
        What it computes.
    seconds
        For a whole batch.
    work
        Its operations and bytes.
    least
        Lower bound of the seconds: for its operations at the peak of multiply-adds, or for its
        bytes at the bandwidth of the cache that holds them, whichever is longer.
    """

    phase: int
    item: int
    writes: tuple[str, ...]
    text: str
    seconds: Spread
    work: Work
    least: float

    @property
    def gflops(self) -> float:
        """Billions of operations per second."""
        return self.work.operations / self.seconds.median / 1e9

    @property
    def share(self) -> float:
        """Share of what the machine can do: of min(peak, bandwidth x intensity)."""
        return self.least / self.seconds.median


def measure_kernels(
    plan: Plan,
    peaks: Peaks,
    buffers: Mapping[str, Array] | None = None,
    *,
    rounds: int = 5,
    judge: Judge | None = None,
) -> list[KernelRow]:
    """Measure every item of a plan alone, on one thread.

    The items run one after another, in order and in the plan's own memory, each for all blocks of
    images. So each finds in the caches what it would find there in a step of many blocks.

    Parameters
    ----------
    plan
        For this processor.
    peaks
        The limits of one thread.
    buffers
        The caller's arrays, as for a run; by default small random numbers.
    rounds
        How often each item is measured.
    judge
        Repeats and rejects rounds that were disturbed; by default every round counts.

    Returns
    -------
    list of KernelRow
        In order; empty if too many rounds were disturbed.
    """
    apart = taken_apart(plan)
    run = _Run(apart, buffers if buffers is not None else scratch_buffers(plan))
    numbers = range(len(apart.phases))
    for number in numbers:  # fills the memory with sensible numbers
        run.seconds(number, 1)
    times = [max(1, round(_SECONDS / run.seconds(number, 2))) for number in numbers]

    def one_round() -> list[float]:
        return [run.seconds(number, times[number]) for number in numbers]

    taken = [judge.undisturbed(one_round) if judge else one_round() for _ in range(rounds)]
    measured = [seconds for seconds in taken if seconds is not None]
    if not enough(len(measured), rounds):
        return []
    return [
        _row(plan, place, item, [seconds[number] for seconds in measured], peaks)
        for number, (place, item) in enumerate(_items(plan))
    ]


def taken_apart(plan: Plan) -> Plan:
    """Return the plan with a phase for each item.

    Parameters
    ----------
    plan
        Any.

    Returns
    -------
    striate.plan.plan.Plan
        With the same memory. Its results are the same only if the batch is one block, since
        per-thread scratch holds the numbers of one block.
    """
    phases: list[Phase] = []
    schedules = {}
    for (p, k), item in _items(plan):
        if (p, k) in plan.schedules:
            schedules[len(phases), 0] = plan.schedules[p, k]
        phases.append(replace(plan.phases[p], items=(item,)))
    return replace(plan, phases=tuple(phases), schedules=schedules)


def scratch_buffers(plan: Plan, seed: int = 0) -> dict[str, Array]:
    """Make arrays for a plan's buffers: small positive numbers, labels of the first class.

    Parameters
    ----------
    plan
        Any.
    seed
        For the numbers.

    Returns
    -------
    dict of Array
        By name.
    """
    rng = np.random.default_rng(seed)
    sizes = dict.fromkeys(plan.buffers, 1)
    for variable in plan.variables.values():
        if variable.buffer in sizes:
            images = plan.images if variable.per_image else 1
            end = variable.offset + variable.size * images
            sizes[variable.buffer] = max(sizes[variable.buffer], end)
    return {
        name: np.zeros(size, np.float32)
        if name.startswith("target")
        else rng.uniform(0.01, 0.1, size).astype(np.float32)
        for name, size in sizes.items()
    }


class _Run:
    """The machine code of a plan with one phase for each item, and its memory."""

    def __init__(self, plan: Plan, buffers: Mapping[str, Array]) -> None:
        self.code = LoadedObject(compile_object(write_phase_timing(plan), plan.target), plan.target)
        self.scratch = floats(plan.scratch)
        # The counters of the thread pool are not needed: one thread runs alone.
        self.context = Words(control_block.BUFFERS + len(plan.buffers))
        self.arena = floats(plan.arena)
        self.context.words[control_block.ARENA_AT] = self.arena.ctypes.data
        self.context.words[control_block.IMAGES] = plan.images
        self.buffers = {name: buffers[name] for name in plan.buffers}
        for place, array in enumerate(self.buffers.values(), start=control_block.BUFFERS):
            assert array.dtype == np.float32
            self.context.words[place] = array.ctypes.data
        self.functions = [
            _Again(self.code.address(f"phase {number} again")) for number in range(len(plan.phases))
        ]

    def seconds(self, number: int, times: int) -> float:
        """Time one phase; return the seconds of one run."""
        started = time.perf_counter()
        self.functions[number](self.context.address, self.scratch.ctypes.data, times)
        return (time.perf_counter() - started) / times


def _items(plan: Plan) -> list[tuple[tuple[int, int], PhaseItem]]:
    """List the items of all phases with their positions."""
    return [
        ((p, k), item) for p, phase in enumerate(plan.phases) for k, item in enumerate(phase.items)
    ]


def _row(
    plan: Plan, place: tuple[int, int], item: PhaseItem, measured: Sequence[float], peaks: Peaks
) -> KernelRow:
    """Put an item's measurements into a row."""
    work = work_of(plan, item, over_images=plan.phases[place[0]].over_images)
    computing = work.operations / (2 * peaks.multiply_adds.high)
    moving = work.moved / peaks.bandwidth(work.footprint)
    stored = sorted(item.stored) if isinstance(item, Kernel) else [item.writes]
    return KernelRow(
        phase=place[0],
        item=place[1],
        writes=tuple(stored),
        text=str(item),
        seconds=Spread.of(measured),
        work=work,
        least=max(computing, moving),
    )
