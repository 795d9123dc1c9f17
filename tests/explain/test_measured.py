"""Measurements of items, and what limits their speed."""

from dataclasses import replace
from unittest.mock import Mock

import pytest

from bench.measured import Lenient, Rejecting
from striate.bench.peak import Bandwidth, Peaks
from striate.bench.spread import Spread
from striate.compile import stages_of
from striate.explain import measured as module
from striate.explain.items import phase_rows
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep


def fast(multiply_adds):
    """Describe a machine with caches of 1 KiB and 1 MiB that moves 1e9 bytes per second."""
    one = Spread.of([1e9])
    sizes = (1 << 10, 1 << 20, 1 << 26)
    return Peaks(
        threads=1,
        multiply_adds=Spread.of([multiply_adds]),
        bandwidths=tuple(Bandwidth(size=size, read=one, triad=one) for size in sizes),
    )


@pytest.fixture(scope="module")
def plan():
    """Plan inference with a dense layer."""
    return stages_of(TrainingStep.of(parse("dense 40 tanh", (300,))), 32, training=False).plan


@pytest.fixture
def measure(plan, monkeypatch):
    """Measure with the given machine limits."""

    def of(peaks, judge=Lenient):
        meter = Mock(peaks=lambda: peaks, multiply_adds=lambda: 1.0)
        monkeypatch.setattr(module, "PeakMeter", lambda _: meter)
        monkeypatch.setattr(module, "Calibration", judge)
        return module.measured(plan)[0]

    return of


def test_each_item_is_measured(plan, measure):
    """There is a row for each item, in order, and the shares of the time add up to 1."""
    rows = measure(fast(1e9))

    items = [item for phase in phase_rows(plan) for item in phase.items]
    assert [row.label for row in rows] == [item.label for item in items]
    assert sum(row.of_time for row in rows) == pytest.approx(1)
    assert all(row.microseconds > 0 for row in rows)


def test_the_limit_is_named(measure):
    """The limit is multiply-adds if they are slow, otherwise the cache that holds the arrays."""
    (slow,) = [row for row in measure(fast(1e3)) if "dense1.A" in row.writes]
    (quick,) = [row for row in measure(fast(1e15)) if "dense1.A" in row.writes]

    assert slow.limit == "multiply-adds"
    assert quick.limit == "L2 cache"


def test_what_fits_in_no_cache_is_in_memory(measure):
    """Arrays that are too large for every cache are limited by memory."""
    peaks = fast(1e15)
    small = replace(peaks, bandwidths=tuple(replace(b, size=1) for b in peaks.bandwidths))

    (row,) = [row for row in measure(small) if "dense1.A" in row.writes]

    assert row.limit == "memory"


def test_a_busy_machine(measure):
    """If every turn is disturbed, the list is empty."""
    assert measure(fast(1e9), Rejecting) == []
