"""Benchmarks: the machine, its limits, and a race for each network, step and batch size."""

import gc
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from striate.bench import machine
from striate.bench.calibration import Calibration
from striate.bench.contestant import Contestant, Striate
from striate.bench.kernels import KernelRow, measure_kernels
from striate.bench.networks import Problem, network
from striate.bench.peak import PeakMeter, Peaks
from striate.bench.peers import PEERS, LeftOut, Peer
from striate.bench.race import OURS, Race, race
from striate.compile import plan_step


@dataclass(frozen=True, kw_only=True)
class BenchmarkSettings:
    """What is measured, and for how long.

    Parameters
    ----------
    networks
        Names of networks, see :data:`striate.bench.networks.NETWORKS`.
    batches
        Batch sizes.
    trainings
        Whether training steps, forward passes, or both are measured.
    threads
        Number of threads of each contestant.
    peers
        The libraries that striate is compared with, if they are installed.
    rounds, seconds
        Number of turns of each contestant, and the approximate duration of one.
    seed
        Seed of the weights, images and labels.
    bind
        Whether to restrict this process permanently to as many cores as threads: some libraries
        have no other way to limit their threads.
    """

    networks: Sequence[str]
    batches: Sequence[int]
    trainings: Sequence[bool] = (True, False)
    threads: int = 1
    peers: Sequence[Peer] = PEERS
    rounds: int = 7
    seconds: float = 0.2
    seed: int = 0
    bind: bool = False


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The machine and the libraries of a benchmark.

    Parameters
    ----------
    processor, system
        Names of this machine's processor and operating system.
    threads, bound
        Number of threads of each contestant, and whether the process is restricted to as many
        cores.
    load
        Average number of runnable processes in the minute before.
    versions
        Versions of all libraries that take part.
    missing
        Peers that aren't installed, with the missing libraries.
    rounds, seconds, seed
        As in :class:`BenchmarkSettings`.
    """

    processor: str
    system: str
    threads: int
    bound: bool
    load: float | None
    versions: Mapping[str, str]
    missing: Mapping[str, str]
    rounds: int
    seconds: float
    seed: int

    @classmethod
    def of(cls, settings: BenchmarkSettings) -> "Environment":
        """Describe this machine, and restrict this process to some cores if the settings ask."""
        return cls(
            processor=machine.processor(),
            system=f"{platform.system()} {platform.release()}",
            threads=settings.threads,
            bound=settings.bind and machine.bind(settings.threads),
            load=machine.load(),
            versions=machine.versions(),
            missing={p.name: " and ".join(p.missing) for p in settings.peers if p.missing},
            rounds=settings.rounds,
            seconds=settings.seconds,
            seed=settings.seed,
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was measured with one number of threads.

    Parameters
    ----------
    environment
        The machine and the libraries.
    peaks
        The limits of the machine.
    races
        The results of striate and its peers.
    kernels
        For each network, its kernels, each measured alone, if that was requested. A network
        whose measurement was disturbed has no rows.
    """

    environment: Environment
    peaks: Peaks
    races: tuple[Race, ...] = ()
    kernels: Mapping[str, Sequence[KernelRow]] = field(
        default_factory=dict[str, Sequence[KernelRow]]
    )

    def document(self) -> dict[str, Any]:
        """Return everything as dictionaries, lists, numbers and strings, for JSON."""
        races = [
            {**asdict(one), "best_peer": one.best_peer.name if one.best_peer else None}
            for one in self.races
        ]
        kernels = {
            name: [{**asdict(row), "gflops": row.gflops, "share": row.share} for row in rows]
            for name, rows in self.kernels.items()
        }
        return {
            "environment": asdict(self.environment),
            "peaks": asdict(self.peaks),
            "races": races,
            "kernels": kernels,
        }


class Observer:
    """Receives each result as soon as it is known; by default, ignores it."""

    def begins(self, environment: Environment, peaks: Peaks) -> None:
        """Receive the machine and its limits."""

    def ran(self, finished: Race) -> None:
        """Receive a race."""

    def measured(self, name: str, rows: Sequence[KernelRow]) -> None:
        """Receive the kernels of a network."""


def measure(settings: BenchmarkSettings, observer: Observer) -> Report:
    """Measure networks against peers.

    Parameters
    ----------
    settings
        What to measure, and for how long.
    observer
        Receives each result.

    Returns
    -------
    Report

    Raises
    ------
    StriateError
        If a network is unknown, or can't be compiled.
    """
    named = {name: network(name) for name in settings.networks}
    environment = Environment.of(settings)
    meter = PeakMeter(settings.threads)
    peaks, calibration = meter.peaks(), Calibration(meter)
    observer.begins(environment, peaks)
    races: list[Race] = []
    for name, (text, shape) in named.items():
        for training in settings.trainings:
            for batch in settings.batches:
                problem = Problem.of(
                    name, text, shape, batch=batch, training=training, seed=settings.seed
                )
                races.append(_race(problem, settings, calibration))
                observer.ran(races[-1])
    return Report(environment=environment, peaks=peaks, races=tuple(races))


def measure_all_kernels(settings: BenchmarkSettings, observer: Observer) -> Report:
    """Measure each kernel of the training steps of networks alone, on one thread.

    Parameters
    ----------
    settings
        The networks, and as the first batch size the one to measure.
    observer
        Receives each result.

    Returns
    -------
    Report

    Raises
    ------
    StriateError
        If a network is unknown, or can't be compiled.
    """
    named = {name: network(name) for name in settings.networks}
    environment = Environment.of(settings)
    meter = PeakMeter(1)
    peaks, calibration = meter.peaks(), Calibration(meter)
    observer.begins(environment, peaks)
    kernels: dict[str, Sequence[KernelRow]] = {}
    for name, (text, shape) in named.items():
        batch = settings.batches[0]
        problem = Problem.of(name, text, shape, batch=batch, training=True, seed=settings.seed)
        plan = plan_step(problem.step, batch, training=True, target_shapes=[()])
        kernels[name] = measure_kernels(plan, peaks, rounds=settings.rounds, judge=calibration)
        observer.measured(name, kernels[name])
    return Report(environment=environment, peaks=peaks, kernels=kernels)


def _race(problem: Problem, settings: BenchmarkSettings, calibration: Calibration) -> Race:
    """Run a race of all contestants that support the network."""
    contestants: dict[str, Contestant] = {OURS: Striate(problem, settings.threads)}
    left_out: dict[str, str] = {}
    for peer in settings.peers:
        if peer.missing or (problem.training and not peer.trains):
            continue
        try:
            contestants[peer.name] = peer.make(problem, settings.threads)
        except LeftOut as reason:
            left_out[peer.name] = str(reason)
    finished = race(
        problem,
        contestants,
        calibration,
        rounds=settings.rounds,
        seconds=settings.seconds,
        left_out=left_out,
    )
    del contestants
    gc.collect()  # graphs of operations refer to each other
    return finished
