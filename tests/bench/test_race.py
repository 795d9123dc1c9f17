"""Contestants in turns: what is compared, what is timed, who is left out."""

from itertools import count

import numpy as np
import pytest

from striate.bench.networks import Problem
from striate.bench.race import OURS, race

SHAPE = (2, 2, 1)


def problem(*, training=True, batch=8):
    """Give a layer of three neurons on 4 pixels: 12 multiply-adds forward, 12 backward."""
    text = "dense 3 softmax"
    return Problem.of("small", text, SHAPE, batch=batch, training=training, seed=0)


class Clock:
    """A clock that goes on only when somebody works, and notes who."""

    def __init__(self):
        self.now = 0.0
        self.worked = []

    def __call__(self):
        """Tell the time."""
        return self.now


class Worker:
    """A contestant that takes so many seconds for each step or pass."""

    def __init__(self, name, clock, seconds, losses=(3.0, 2.0, 1.0), answers=0.5):
        self.name, self.clock, self.seconds = name, clock, seconds
        self.losses, self.answers = iter(losses), answers

    def work(self):
        """Let the time pass."""
        self.clock.now += self.seconds
        self.clock.worked.append(self.name)

    def train(self, rate):
        """Give the losses one after another."""
        assert rate > 0
        self.work()
        return next(self.losses, 0.0)

    def infer(self):
        """Give the same probabilities every time."""
        self.work()
        return np.full((8, 3), self.answers)


class Meter:
    """Gives rising peaks, and counts how often it is asked."""

    def __init__(self):
        self.asked = count(1)
        self.times = 0

    def multiply_adds(self):
        """Give 1000, 2000, ..."""
        self.times = next(self.asked)
        return 1000.0 * self.times


@pytest.fixture
def clock():
    """Give a clock at zero."""
    return Clock()


def run(problem, workers, clock, rounds=3):
    """Let workers race, in turns of 1.6 seconds."""
    named = {worker.name: worker for worker in workers}
    return race(problem, named, Meter(), rounds=rounds, seconds=1.6, clock=clock)


def test_figures(clock):
    """Images a second, ratios and shares of the peak follow from the times."""
    workers = [Worker(OURS, clock, 0.5), Worker("slow", clock, 2.0), Worker("fast", clock, 0.25)]

    result = run(problem(), workers, clock)

    speeds = {line.name: line.images_per_second.median for line in result.lines}
    assert speeds == {OURS: 16.0, "slow": 4.0, "fast": 32.0}
    assert [line.ratio.median for line in result.lines] == [1.0, 4.0, 0.5]
    # 24 multiply-adds an image; the upper quartile of the three peaks is 2500.
    assert [line.of_peak for line in result.lines] == [0.1536, 0.0384, 0.3072]
    assert (result.ours.name, result.best_peer.name) == (OURS, "fast")
    assert (result.multiply_adds, result.peak.median, result.peak.rounds) == (24, 2000.0, 3)


def test_they_take_turns(clock):
    """In each round everybody has a turn of about the time asked for, in alternating order."""
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
def test_who_computes_something_else_is_not_counted(clock, training, other, distance):
    """Other losses or answers: the time is told, but it is nobody's best peer."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 0.25, **other)]

    result = run(problem(training=training), workers, clock)

    found = result.lines[1]
    assert (found.name, found.images_per_second.median, found.agrees) == ("other", 32.0, False)
    assert found.distance == pytest.approx(distance, nan_ok=True)
    assert result.best_peer is None


def test_roundings_are_no_difference(clock):
    """Float32 results that are a thousandth apart are the same."""
    workers = [Worker(OURS, clock, 0.5), Worker("other", clock, 0.5, losses=(3.003, 2.0, 1.0))]

    result = run(problem(), workers, clock)

    assert result.best_peer.name == "other"


def test_who_fails_is_left_out(clock):
    """A peer whose compiler gives up at the first step does not end the measurement."""

    class Failing(Worker):
        def train(self, rate):
            raise RuntimeError(f"no compiler for rate {rate}\nand a long trace")

    workers = [Worker(OURS, clock, 0.5), Failing("failing", clock, 0.5)]

    result = run(problem(), workers, clock)

    assert [line.name for line in result.lines] == [OURS]
    assert result.left_out == {"failing": "no compiler for rate 0.001"}
