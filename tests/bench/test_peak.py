"""The limits of the machine: plausible values, and the bandwidth for a size."""

import time

import pytest

from bench import measured
from striate.bench.peak import PeakMeter
from striate.bench.spread import Spread


def test_the_limits_of_this_machine():
    """Every limit is at least a hundred million per second."""
    peaks = PeakMeter(2).peaks(times=2)

    assert peaks.threads == 2
    assert peaks.multiply_adds.median > 1e8
    assert [b.size for b in peaks.bandwidths] == sorted(b.size for b in peaks.bandwidths)
    assert all(b.read.median > 1e8 and b.triad.median > 1e8 for b in peaks.bandwidths)
    assert {b.read.rounds for b in peaks.bandwidths} == {2}


def test_waiting_does_not_slow_one_core(monkeypatch):
    """The reference is in processor time, so waiting for a core does not make it lower."""
    meter = PeakMeter(1)
    loop, started = meter._loop, time.perf_counter()
    monkeypatch.setattr(meter, "_loop", lambda *given: (time.sleep(0.2), loop(*given)))
    speed = meter.multiply_adds_of_one_core()

    # Two runs waited 0.2 s each; the computation of the second one takes about 0.02 s.
    assert time.perf_counter() - started > 0.4
    assert speed > 1e8
    assert meter.multiply_adds() < speed / 2


@pytest.mark.parametrize(
    ("size", "speed"), [(100, 540e9), (16 << 10, 540e9), (1 << 20, 30.4e9), (1 << 30, 30.4e9)]
)
def test_bandwidth_of_a_size(size, speed):
    """The bandwidth is the faster one of the smallest cache that holds the bytes."""
    assert measured.PEAKS.bandwidth(size) == speed


def test_one_measurement():
    """A single measurement is its own median and quartiles."""
    assert Spread.of([2.5]) == Spread(median=2.5, low=2.5, high=2.5, rounds=1)
