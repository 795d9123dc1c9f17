"""Races: comparisons, timings, and contestants that are left out."""

import numpy as np
import pytest

from striate.bench.networks import Problem
from striate.bench.race import OURS, race

SHAPE = (2, 2, 1)


def problem(*, training=True, batch=8):
    """Return a layer of three neurons on 4 pixels: 12 multiply-adds forward, 12 backward."""
    text = "dense 3 softmax"
    return Problem.of("small", text, SHAPE, batch=batch, training=training, seed=0)


class Clock:
    """A clock that advances only while a contestant works, and records which one."""

    def __init__(self):
        self.now = 0.0
        self.worked = []

    def __call__(self):
        """Tell the time."""
        return self.now


class Worker:
    """A contestant whose steps and passes take a given number of seconds."""

    def __init__(self, name, clock, seconds, losses=(3.0, 2.0, 1.0), answers=0.5):
        self.name, self.clock, self.seconds = name, clock, seconds
        self.losses, self.answers = iter(losses), answers

    def work(self):
        """Let the time pass."""
        self.clock.now += self.seconds
        self.clock.worked.append(self.name)

    def train(self, rate):
        """Return the losses one after another."""
        assert rate > 0
        self.work()
        return next(self.losses, 0.0)

    def infer(self):
        """Return the same probabilities every time."""
        self.work()
        return np.full((8, 3), self.answers)


class Judge:
    """Runs turns, and drops those with given numbers; peaks rise by 1000 per turn."""

    def __init__(self, *dropped):
        self.dropped = dropped
        self.peaks = [7.0]  # of an earlier race
        self.turns = 0

    def undisturbed(self, turn):
        """Run the turn."""
        taken = turn()
        self.turns += 1
        if self.turns in self.dropped:
            return None
        self.peaks.append(1000.0 * self.turns)
        return taken


@pytest.fixture
def clock():
    """Return a clock at zero."""
    return Clock()


def run(problem, workers, clock, rounds=3, judge=None):
    """Run a race of workers with turns of 1.6 seconds."""
    named = {worker.name: worker for worker in workers}
    return race(problem, named, judge or Judge(), rounds=rounds, seconds=1.6, clock=clock)


def test_figures(clock):
    """Images per second, ratios and shares of the peak follow from the times."""
    workers = [Worker(OURS, clock, 0.5), Worker("slow", clock, 2.0), Worker("fast", clock, 0.25)]

    result = run(problem(), workers, clock)

    speeds = {line.name: line.images_per_second.median for line in result.lines}
    assert speeds == {OURS: 16.0, "slow": 4.0, "fast": 32.0}
    assert [line.ratio.median for line in result.lines] == [1.0, 4.0, 0.5]
    # 24 multiply-adds per image; the upper quartile of the nine peaks is 7000.
    assert [line.of_peak for line in result.lines] == [24 * v / 7000 for v in (16.0, 4.0, 32.0)]
    assert (result.ours.name, result.best_peer.name) == (OURS, "fast")
    assert (result.multiply_adds, result.peak.median, result.peak.rounds) == (24, 5000.0, 9)


def test_they_take_turns(clock):
    """In each round, every contestant has a turn of about the given time; the order alternates."""
    workers = [Worker(OURS, clock, 0.8), Worker("other", clock, 0.4)]

    run(problem(training=False), workers, clock)

    compared = [OURS, "other"]
    tried = 3 * [OURS] + 3 * ["other"]  # one to wake up, two timed
    ours, other = 3 * [OURS], 5 * ["other"]  # one to wake up; 2 x 0.8 s and 4 x 0.4 s
    assert clock.worked == [*compared, *tried, *other, *ours, *ours, *other, *other, *ours]


@pytest.mark.parametrize(
    ("training", "other", "distance"),
    [
        (True, {"losses": (3.0, 2.0, 1.03)}, 0.01),
        (True, {"losses": (3.0, np.nan, 1.0)}, np.nan),
        (False, {"answers": 0.75}, 0.5),
    ],
)
def test_different_results(clock, training, other, distance):
    """A peer with different results is timed, but can't be the best peer."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 0.25, **other)]

    result = run(problem(training=training), workers, clock)

    found = result.lines[1]
    assert (found.name, found.images_per_second.median, found.agrees) == ("other", 32.0, False)
    assert found.distance == pytest.approx(distance, nan_ok=True)
    assert result.best_peer is None


def test_roundings_are_no_difference(clock):
    """Results that differ by a thousandth agree, since they are float32."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 0.5, losses=(3.003, 2.0, 1.0))]

    result = run(problem(), workers, clock)

    assert result.best_peer.name == "other"


def test_a_failing_peer(clock):
    """A peer that raises an error at the first step is left out, with the reason."""

    class Failing(Worker):
        def train(self, rate):
            raise RuntimeError(f"no compiler for rate {rate}\nand a long trace")

    workers = [Worker(OURS, clock, 0.5), Failing("failing", clock, 0.5)]

    result = run(problem(), workers, clock)

    assert [line.name for line in result.lines] == [OURS]
    assert result.left_out == {"failing": "no compiler for rate 0.001"}


def test_disturbed_turns_do_not_count(clock):
    """A dropped turn is counted as dropped, and its round isn't part of the ratio."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 2.0)]

    # Turns in order: other, ours, ours, other, other, ours.
    result = run(problem(), workers, clock, judge=Judge(2))

    ours, other = result.lines
    assert (ours.dropped, ours.images_per_second.rounds) == (1, 2)
    assert (other.dropped, other.images_per_second.rounds) == (0, 3)
    assert (other.ratio.median, other.ratio.rounds) == (4.0, 2)


def test_too_many_disturbed_turns_are_no_measurement(clock):
    """With fewer than half of its turns, a contestant has no speed and no ratio."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 2.0)]

    result = run(problem(), workers, clock, judge=Judge(1, 4))

    ours, other = result.lines
    assert (other.images_per_second, other.ratio, other.of_peak) == (None, None, None)
    assert (other.dropped, result.best_peer) == (2, None)
    assert ours.images_per_second.median == 16.0


def test_a_busy_machine_gives_no_figures(clock):
    """If every turn was disturbed, no result is reported, not even the peak."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 2.0)]

    result = run(problem(), workers, clock, judge=Judge(*range(1, 7)))

    assert result.peak is None
    assert {line.images_per_second for line in result.lines} == {None}
    assert {line.of_peak for line in result.lines} == {None}
