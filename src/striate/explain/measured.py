"""Measures each item of a plan on this machine, and what limits its speed."""

from dataclasses import dataclass

from striate.bench.calibration import Calibration
from striate.bench.kernels import KernelRow, measure_kernels
from striate.bench.peak import PeakMeter, Peaks
from striate.explain.items import titled
from striate.plan.plan import Plan

_CACHES = ("L1 cache", "L2 cache", "L3 cache")


@dataclass(frozen=True, kw_only=True)
class MeasuredRow:
    """One item of a plan, measured alone on one thread.

    Parameters
    ----------
    phase, item
        Its position in the plan.
    title
        The arrays it writes to memory, in short.
    writes
        The same, by name.
    microseconds
        Median time for a whole batch.
    of_time
        Its share of the time of all items.
    gflops
        Billions of operations per second.
    of_limit
        Speed relative to the machine's limit, min(peak, bandwidth x intensity).
    limit
        Which limit applies: ``multiply-adds``, or the cache or memory that holds its arrays.
    """

    phase: int
    item: int
    title: str
    writes: tuple[str, ...]
    microseconds: float
    of_time: float
    gflops: float
    of_limit: float
    limit: str

    @property
    def label(self) -> str:
        """Its position as text: ``0.4`` is item 4 of phase 0."""
        return f"{self.phase}.{self.item}"


def measured(plan: Plan) -> tuple[list[MeasuredRow], Peaks]:
    """Measure the items of a plan, and the limits of this machine.

    Parameters
    ----------
    plan
        A plan for this processor.

    Returns
    -------
    tuple
        The items in order, and the limits of one thread. The list is empty if other
        programs disturbed too many measurements.
    """
    meter = PeakMeter(1)
    peaks = meter.peaks()
    rows = measure_kernels(plan, peaks, judge=Calibration(meter))
    whole = sum(row.seconds.median for row in rows)
    return [_row(row, peaks, whole) for row in rows], peaks


def _row(row: KernelRow, peaks: Peaks, whole: float) -> MeasuredRow:
    """Describe a measured item."""
    return MeasuredRow(
        phase=row.phase,
        item=row.item,
        title=titled(row.writes),
        writes=row.writes,
        microseconds=1e6 * row.seconds.median,
        of_time=row.seconds.median / whole,
        gflops=row.gflops,
        of_limit=row.share,
        limit=_limit(row, peaks),
    )


def _limit(row: KernelRow, peaks: Peaks) -> str:
    """Find the limit of an item's speed."""
    if row.work.operations / (2 * peaks.multiply_adds.high) >= row.least:
        return "multiply-adds"
    holding = [k for k, b in enumerate(peaks.bandwidths[:-1]) if b.size >= row.work.footprint]
    return _CACHES[holding[0]] if holding else "memory"
