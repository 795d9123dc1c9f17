"""Contestants in turns: the same network, the same numbers, round after round."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from striate.bench.contestant import Contestant
from striate.bench.networks import Problem
from striate.bench.spread import Spread
from striate.bench.work import multiply_adds
from striate.shapes import Array

OURS = "striate"
"""The name of the contestant that the others are compared with."""

TOLERANCE = 2e-3
"""How far results may be apart, relative: float32, networks of twenty layers, three steps."""

_RATE = 1e-3  # of the three steps that are compared
_SMALL = 1e-7  # of the steps that are timed: thousands on one batch must not come to its end

_PAUSE = 0.01


class Meter(Protocol):
    """What measures the peak of multiply-adds."""

    def multiply_adds(self) -> float:
        """Measure once how many a second all threads do."""
        ...


@dataclass(frozen=True, kw_only=True)
class Line:
    """One contestant's result.

    Parameters
    ----------
    name
        Who.
    images_per_second
        Measured in turns with the others.
    ratio
        Images a second of striate over this contestant's, turn by turn; 1 for striate.
    of_peak
        Share of the multiply-adds that the machine can do in the same time.
    distance
        How far its results are from striate's, relative.
    """

    name: str
    images_per_second: Spread
    ratio: Spread
    of_peak: float
    distance: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether its results are striate's, but for roundings."""
        return self.distance <= TOLERANCE


@dataclass(frozen=True, kw_only=True)
class Race:
    """What all contestants did with one network and one size of batch.

    Parameters
    ----------
    network, shape
        The network and the shape of its images, ``(maps, *pixels)``.
    training
        Whether whole training steps were timed, or forward passes.
    batch
        Images of a batch.
    multiply_adds
        For one image, as the equations say.
    peak
        Multiply-adds a second of the machine, measured in the same rounds; the limit is the upper
        quartile, for whatever disturbs makes it lower.
    lines
        The results, striate's first.
    left_out
        Who did not take part, and why.
    """

    network: str
    shape: tuple[int, ...]
    training: bool
    batch: int
    multiply_adds: int
    peak: Spread
    lines: tuple[Line, ...]
    left_out: Mapping[str, str]

    @property
    def ours(self) -> Line:
        """Striate's result."""
        return self.lines[0]

    @property
    def best_peer(self) -> Line | None:
        """The fastest of the others that come to the same results."""
        peers = [line for line in self.lines[1:] if line.agrees]
        return max(peers, key=lambda line: line.images_per_second.median, default=None)


def race(
    problem: Problem,
    contestants: Mapping[str, Contestant],
    meter: Meter,
    *,
    rounds: int,
    seconds: float,
    left_out: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Race:
    """Let contestants take turns.

    Parameters
    ----------
    problem
        What each of them was given.
    contestants
        By name, ``OURS`` among them.
    meter
        Measures the peak once a round.
    rounds
        How many turns each has.
    seconds
        How long a turn takes, about.
    left_out
        Who does not take part, and why.
    clock
        Tells the time in seconds.

    Returns
    -------
    Race
    """
    distances, failed = _compare(problem, contestants)
    turns = {name: _turn(contestants[name], problem, clock) for name in distances}
    times = {name: max(1, round(seconds / (turn(2) / 2))) for name, turn in turns.items()}
    speeds: dict[str, list[float]] = {name: [] for name in turns}
    peaks: list[float] = []
    for number in range(rounds):
        time.sleep(_PAUSE)
        peaks.append(meter.multiply_adds())
        for name in list(turns) if number % 2 else list(reversed(turns)):
            taken = turns[name](times[name])
            speeds[name].append(problem.batch * times[name] / taken)
    return _result(problem, speeds, distances, Spread.of(peaks), {**(left_out or {}), **failed})


def _turn(
    contestant: Contestant, problem: Problem, clock: Callable[[], float]
) -> Callable[[int], float]:
    """Make the function that times so many steps or passes."""

    def work(times: int) -> None:
        for _ in range(times):
            if problem.training:
                contestant.train(_SMALL)
            else:
                contestant.infer()

    def turn(times: int) -> float:
        if times > 1:
            # The threads of whoever came before have time to fall asleep, one's own to wake.
            time.sleep(_PAUSE)
            work(1)
        started = clock()
        work(times)
        return clock() - started

    return turn


def _compare(
    problem: Problem, contestants: Mapping[str, Contestant]
) -> tuple[dict[str, float], dict[str, str]]:
    """Compare losses of three steps, or answers, with striate's; and tell who fails, and how."""

    def results(contestant: Contestant) -> Array:
        if problem.training:
            return np.array([contestant.train(_RATE) for _ in range(3)])
        return np.array(contestant.infer())

    ours = results(contestants[OURS])
    distances, failed = {OURS: 0.0}, dict[str, str]()
    for name, contestant in contestants.items():
        if name == OURS:
            continue
        try:
            theirs = results(contestant)
        except RuntimeError as error:  # what compilers raise that compile at the first call
            failed[name] = str(error).splitlines()[0]
        else:
            distances[name] = float(np.abs(theirs - ours).max() / np.abs(ours).max())
    return distances, failed


def _result(
    problem: Problem,
    speeds: Mapping[str, list[float]],
    distances: Mapping[str, float],
    peak: Spread,
    left_out: Mapping[str, str],
) -> Race:
    """Put the measurements into lines."""
    work = multiply_adds(problem.step, training=problem.training)
    lines: list[Line] = []
    for name, measured in speeds.items():
        speed = Spread.of(measured)
        lines.append(
            Line(
                name=name,
                images_per_second=speed,
                ratio=Spread.of([a / b for a, b in zip(speeds[OURS], measured, strict=True)]),
                of_peak=speed.median * work / peak.high,
                distance=distances[name],
            )
        )
    (shape,) = problem.graph.inputs.values()
    return Race(
        network=problem.name,
        shape=shape,
        training=problem.training,
        batch=problem.batch,
        multiply_adds=work,
        peak=peak,
        lines=tuple(lines),
        left_out=left_out,
    )
