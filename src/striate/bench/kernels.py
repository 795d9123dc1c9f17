"""Times each kernel of a plan alone, and compares it with the machine's limits."""

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

# A phase runs on this thread alone, so its processor time doesn't include the time during which the
# system ran other programs. With elapsed time, equal tiles differed by factors of 2 and 3 on a busy
# machine. Windows measures processor time in steps of 16 ms only.
_FINE = time.get_clock_info("thread_time").resolution < 1e-6
_clock = time.thread_time if _FINE else time.perf_counter

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
        Its statements, as printed in plans.
    seconds
        Time for a whole batch.
    work
        Number of its operations and bytes.
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
        """Speed relative to the machine's limit, min(peak, bandwidth x intensity)."""
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

    The items run one after another, in order and in the plan's memory, each for all blocks of
    images. So each finds the caches in the same state as in a step with many blocks.

    Parameters
    ----------
    plan
        A plan for this processor.
    peaks
        The limits of one thread.
    buffers
        The caller's arrays, as for a run; by default those of :func:`scratch_buffers`.
    rounds
        Number of measurements of each item.
    judge
        Repeats and rejects rounds that were disturbed; by default every round counts.

    Returns
    -------
    list of KernelRow
        One row for each item, in order; empty if too many rounds were disturbed.
    """
    apart = taken_apart(plan)
    run = _Run(apart, buffers if buffers is not None else scratch_buffers(plan))
    numbers = range(len(apart.phases))
    for number in numbers:  # fills the memory with realistic values
        run.seconds(number, 1)
    times = [max(1, round(_SECONDS / run.seconds(number, 2))) for number in numbers]

    def one_round() -> list[float]:
        return [run.seconds(number, times[number]) for number in numbers]

    taken = [judge.undisturbed(one_round) if judge else one_round() for _ in range(rounds)]
    measured = [seconds for seconds in taken if seconds is not None]
    if not enough(len(measured), rounds):
        return []
    return [
        _row(plan, position, item, [seconds[number] for seconds in measured], peaks)
        for number, (position, item) in enumerate(_items(plan))
    ]


def taken_apart(plan: Plan) -> Plan:
    """Return the plan with a phase for each item.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    striate.plan.plan.Plan
        A plan with the same memory. It computes the same results only if the batch is one block,
        since per-thread scratch holds the arrays of one block.
    """
    phases: list[Phase] = []
    schedules = {}
    for (p, k), item in _items(plan):
        if (p, k) in plan.schedules:
            schedules[len(phases), 0] = plan.schedules[p, k]
        phases.append(replace(plan.phases[p], items=(item,)))
    return replace(plan, phases=tuple(phases), schedules=schedules)


def scratch_buffers(plan: Plan, seed: int = 0) -> dict[str, Array]:
    """Make arrays for a plan's buffers: small positive numbers; zeros, the first class, as targets.

    Parameters
    ----------
    plan
        The plan.
    seed
        Seed of the random numbers.

    Returns
    -------
    dict of Array
        The arrays by name.
    """
    rng = np.random.default_rng(seed)
    sizes = dict.fromkeys(plan.buffers, 1)
    targets = {variable.buffer for variable in plan.variables.values() if variable.is_target}
    for variable in plan.variables.values():
        if variable.buffer in sizes:
            images = plan.images if variable.per_image else 1
            end = variable.offset + variable.size * images
            sizes[variable.buffer] = max(sizes[variable.buffer], end)
    return {
        name: np.zeros(size, np.float32)
        if name in targets
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
        for word, array in enumerate(self.buffers.values(), start=control_block.BUFFERS):
            assert array.dtype == np.float32
            self.context.words[word] = array.ctypes.data
        self.functions = [
            _Again(self.code.address(f"phase {number} again")) for number in range(len(plan.phases))
        ]

    def seconds(self, number: int, times: int) -> float:
        """Time one phase; return the seconds of one run."""
        started = _clock()
        self.functions[number](self.context.address, self.scratch.ctypes.data, times)
        return (_clock() - started) / times


def _items(plan: Plan) -> list[tuple[tuple[int, int], PhaseItem]]:
    """List the items of all phases with their positions."""
    return [
        ((p, k), item) for p, phase in enumerate(plan.phases) for k, item in enumerate(phase.items)
    ]


def _row(
    plan: Plan, position: tuple[int, int], item: PhaseItem, measured: Sequence[float], peaks: Peaks
) -> KernelRow:
    """Put an item's measurements into a row."""
    work = work_of(plan, item, over_images=plan.phases[position[0]].over_images)
    computing = work.operations / (2 * peaks.multiply_adds.high)
    moving = work.moved / peaks.bandwidth(work.footprint)
    stored = sorted(item.stored) if isinstance(item, Kernel) else [item.writes]
    return KernelRow(
        phase=position[0],
        item=position[1],
        writes=tuple(stored),
        text=str(item),
        seconds=Spread.of(measured),
        work=work,
        least=max(computing, moving),
    )
