"""What is measured: each item, and what limits it."""

from dataclasses import replace

import pytest

from striate.bench.peak import Bandwidth, Peaks
from striate.bench.spread import Spread
from striate.compile import stages_of
from striate.explain import measured as module
from striate.explain.items import phase_rows
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep


def fast(multiply_adds):
    """Describe a machine with 1 KiB and 1 MiB of cache that moves 1e9 bytes a second."""
    one = Spread.of([1e9])
    sizes = (1 << 10, 1 << 20, 1 << 26)
    return Peaks(
        threads=1,
        multiply_adds=Spread.of([multiply_adds]),
        bandwidths=tuple(Bandwidth(size=size, read=one, triad=one) for size in sizes),
    )


@pytest.fixture(scope="module")
def plan():
    """Plan a pass of a dense layer."""
    return stages_of(TrainingStep.of(parse("dense 40 tanh", (300,))), 32, training=False).plan


@pytest.fixture
def measure(plan, monkeypatch):
    """Measure on a machine that is described."""

    def of(peaks):
        meter = type("Meter", (), {"__init__": lambda _, __: None, "peaks": lambda _: peaks})
        monkeypatch.setattr(module, "PeakMeter", meter)
        return module.measured(plan)[0]

    return of


def test_each_item_is_measured(plan, measure):
    """The rows are the plan's items in order; their parts of the time make the whole."""
    rows = measure(fast(1e9))

    items = [item for phase in phase_rows(plan) for item in phase.items]
    assert [row.label for row in rows] == [item.label for item in items]
    assert sum(row.of_time for row in rows) == pytest.approx(1)
    assert all(row.microseconds > 0 for row in rows)


def test_the_limit_is_named(measure):
    """Where multiply-adds are slow they are the limit; else the memory that holds the arrays."""
    (slow,) = [row for row in measure(fast(1e3)) if "dense1.A" in row.writes]
    (quick,) = [row for row in measure(fast(1e15)) if "dense1.A" in row.writes]

    assert slow.limit == "multiply-adds"
    assert quick.limit == "L2 cache"


def test_what_fits_in_no_cache_is_in_memory(measure):
    """Arrays that no cache holds are limited by the memory."""
    peaks = fast(1e15)
    small = replace(peaks, bandwidths=tuple(replace(b, size=1) for b in peaks.bandwidths))

    (row,) = [row for row in measure(small) if "dense1.A" in row.writes]

    assert row.limit == "memory"
