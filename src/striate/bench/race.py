"""Races: contestants take turns with the same network, the same weights and the same batch."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from striate.bench.calibration import enough
from striate.bench.contestant import Contestant
from striate.bench.networks import Problem
from striate.bench.spread import Spread
from striate.bench.work import multiply_adds
from striate.shapes import Array

T = TypeVar("T")

OURS = "striate"
"""Name of the contestant that the others are compared with."""

TOLERANCE = 2e-3
"""Maximum relative difference between results that agree: float32, after three steps with up to
twenty layers."""

_RATE = 1e-3  # learning rate of the three steps whose losses are compared
_SMALL = 1e-7  # learning rate of the timed steps: thousands on one batch must not fit it perfectly

_PAUSE = 0.01  # seconds for a contestant's own threads to wake up


class Judge(Protocol):
    """Runs turns, and rejects those that other programs disturbed."""

    peaks: list[float]
    """Multiply-adds per second of all threads, measured around the accepted turns."""

    def undisturbed(self, turn: Callable[[], T]) -> T | None:
        """Run a turn, and repeat it if it was disturbed; return None if every attempt was."""
        ...


@dataclass(frozen=True, kw_only=True)
class RaceResult:
    """The result of one contestant.

    Parameters
    ----------
    name
        Name of the contestant.
    images_per_second
        Images per second in its undisturbed turns; None if there were too few of them.
    ratio
        Striate's images per second divided by this contestant's, computed for each round; 1 for
        striate. None if there were too few rounds in which neither was disturbed.
    of_peak
        Multiply-adds per second relative to the machine's peak; None without
        ``images_per_second``.
    dropped
        Number of turns that were disturbed in every attempt.
    distance
        Maximum relative difference between its results and striate's.
    """

    name: str
    images_per_second: Spread | None
    ratio: Spread | None
    of_peak: float | None
    dropped: int = 0
    distance: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether its results equal striate's up to rounding."""
        return self.distance <= TOLERANCE


@dataclass(frozen=True, kw_only=True)
class Race:
    """The results of all contestants for one network and one batch size.

    Parameters
    ----------
    network, shape
        The network and the shape of its images, ``(maps, *pixels)``.
    training
        Whether whole training steps were timed, or forward passes.
    batch
        Images in a batch.
    rounds
        Number of turns of each contestant.
    multiply_adds
        Number of multiply-adds for one image, counted from the equations.
    peak
        The machine's multiply-adds per second, measured around the turns. The limit is the upper
        quartile, since every disturbance makes it lower. None if every turn was disturbed.
    lines
        The results of the contestants, striate's first.
    left_out
        Contestants that didn't take part, with the reason.
    """

    network: str
    shape: tuple[int, ...]
    training: bool
    batch: int
    rounds: int
    multiply_adds: int
    peak: Spread | None
    lines: tuple[RaceResult, ...]
    left_out: Mapping[str, str]

    @property
    def ours(self) -> RaceResult:
        """Striate's result."""
        return self.lines[0]

    @property
    def best_peer(self) -> RaceResult | None:
        """The fastest of the other contestants whose results agree with striate's."""
        fastest, best = 0.0, None
        for line in self.lines[1:]:
            speed = line.images_per_second
            if line.agrees and speed is not None and speed.median > fastest:
                fastest, best = speed.median, line
        return best


def race(
    problem: Problem,
    contestants: Mapping[str, Contestant],
    judge: Judge,
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
        The network and the batch, the same for all contestants.
    contestants
        The contestants by name, including :data:`OURS`.
    judge
        Repeats disturbed turns, and rejects them in the end.
    rounds
        Number of turns of each contestant.
    seconds
        Approximate duration of a turn.
    left_out
        Contestants that don't take part, with the reason.
    clock
        Returns the time in seconds.

    Returns
    -------
    Race
    """
    earlier = len(judge.peaks)
    distances, failed = _compare(problem, contestants)
    turns = {name: _turn(contestants[name], problem, clock) for name in distances}
    times = {name: max(1, round(seconds / (turn(2) / 2))) for name, turn in turns.items()}
    speeds: dict[str, list[float | None]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in list(turns) if number % 2 else list(reversed(turns)):
            taken = judge.undisturbed(lambda name=name: turns[name](times[name]))
            speeds[name].append(None if taken is None else problem.batch * times[name] / taken)
    return _result(
        problem, speeds, distances, judge.peaks[earlier:], {**(left_out or {}), **failed}
    )


def _turn(
    contestant: Contestant, problem: Problem, clock: Callable[[], float]
) -> Callable[[int], float]:
    """Return a function that times a number of steps or passes."""

    def work(times: int) -> None:
        for _ in range(times):
            if problem.training:
                contestant.train(_SMALL)
            else:
                contestant.infer()

    def turn(times: int) -> float:
        if times > 1:
            # Sleeping threads need a moment to wake up: one step is not timed.
            time.sleep(_PAUSE)
            work(1)
        started = clock()
        work(times)
        return clock() - started

    return turn


def _compare(
    problem: Problem, contestants: Mapping[str, Contestant]
) -> tuple[dict[str, float], dict[str, str]]:
    """Compare the losses of three steps, or the predictions, with striate's; collect failures."""

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
        except RuntimeError as error:  # raised by compilers that compile at the first call
            failed[name] = str(error).splitlines()[0]
        else:
            distances[name] = float(np.abs(theirs - ours).max() / np.abs(ours).max())
    return distances, failed


def _result(
    problem: Problem,
    speeds: Mapping[str, list[float | None]],
    distances: Mapping[str, float],
    peaks: list[float],
    left_out: Mapping[str, str],
) -> Race:
    """Summarize the measurements, with one line for each contestant."""
    work = multiply_adds(problem.step, training=problem.training)
    peak = Spread.of(peaks) if peaks else None
    rounds = len(speeds[OURS])
    lines: list[RaceResult] = []
    for name, measured in speeds.items():
        speed = _spread([m for m in measured if m is not None], rounds)
        pairs = zip(speeds[OURS], measured, strict=True)
        ratios = [
            ours / theirs for ours, theirs in pairs if ours is not None and theirs is not None
        ]
        lines.append(
            RaceResult(
                name=name,
                images_per_second=speed,
                ratio=_spread(ratios, rounds),
                of_peak=None if speed is None or peak is None else speed.median * work / peak.high,
                dropped=measured.count(None),
                distance=distances[name],
            )
        )
    (shape,) = problem.graph.inputs.values()
    return Race(
        network=problem.name,
        shape=shape,
        training=problem.training,
        batch=problem.batch,
        rounds=rounds,
        multiply_adds=work,
        peak=peak,
        lines=tuple(lines),
        left_out=left_out,
    )


def _spread(measured: list[float], rounds: int) -> Spread | None:
    """Summarize measurements; None if too many rounds were disturbed."""
    return Spread.of(measured) if enough(len(measured), rounds) else None
