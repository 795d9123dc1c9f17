"""A whole measurement: the machine, its limits, and a race for each network, batch and step."""

import gc
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from striate.bench import machine
from striate.bench.contestant import Contestant, Striate
from striate.bench.kernels import KernelRow, measure_kernels
from striate.bench.networks import Problem, network
from striate.bench.peak import PeakMeter, Peaks
from striate.bench.peers import PEERS, LeftOut, Peer
from striate.bench.race import OURS, Race, race
from striate.compile import plan_step


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is measured, and how long.

    Parameters
    ----------
    networks
        Names, see :data:`striate.bench.networks.NETWORKS`.
    batches
        Numbers of images.
    trainings
        Whether training steps, passes without training, or both are measured.
    threads
        How many everybody has.
    peers
        With whom striate is compared, as far as they are installed.
    rounds, seconds
        How many turns each has, and how long one takes, about.
    seed
        For weights, images and labels.
    bind
        Whether this process, from then on, may use no more cores than threads: some peers cannot
        be told otherwise.
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
class Setting:
    """On what and how it is measured.

    Parameters
    ----------
    processor, system
        Of this machine.
    threads, bound
        How many everybody has, and whether the process may use no more cores.
    load
        Programs that wanted to run in the minute before, on average.
    versions
        Of all libraries that take part.
    missing
        Peers that are not installed, with what is missing.
    rounds, seconds, seed
        As in :class:`Options`.
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
    def of(cls, options: Options) -> "Setting":
        """Look at the machine, and bind this process if it is to be."""
        return cls(
            processor=machine.processor(),
            system=f"{platform.system()} {platform.release()}",
            threads=options.threads,
            bound=options.bind and machine.bind(options.threads),
            load=machine.load(),
            versions=machine.versions(),
            missing={p.name: " and ".join(p.missing) for p in options.peers if p.missing},
            rounds=options.rounds,
            seconds=options.seconds,
            seed=options.seed,
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was measured with one number of threads.

    Parameters
    ----------
    setting
        On what.
    peaks
        The limits of the machine.
    races
        Striate and its peers.
    kernels
        The kernels of each network's training step alone, where they were asked for.
    """

    setting: Setting
    peaks: Peaks
    races: tuple[Race, ...] = ()
    kernels: Mapping[str, Sequence[KernelRow]] = field(
        default_factory=dict[str, Sequence[KernelRow]]
    )

    def document(self) -> dict[str, Any]:
        """Give everything as tables, lists, numbers and texts, for JSON."""
        races = [
            {**asdict(one), "best_peer": one.best_peer.name if one.best_peer else None}
            for one in self.races
        ]
        kernels = {
            name: [{**asdict(row), "gflops": row.gflops, "share": row.share} for row in rows]
            for name, rows in self.kernels.items()
        }
        return {
            "setting": asdict(self.setting),
            "peaks": asdict(self.peaks),
            "races": races,
            "kernels": kernels,
        }


class Observer:
    """Hears of results as they come; by default it does nothing with them."""

    def begins(self, setting: Setting, peaks: Peaks) -> None:
        """Hear on what is measured."""

    def ran(self, finished: Race) -> None:
        """Hear of a race."""

    def measured(self, name: str, rows: Sequence[KernelRow]) -> None:
        """Hear of the kernels of a network."""


def measure(options: Options, observer: Observer) -> Report:
    """Measure networks against peers.

    Parameters
    ----------
    options
        What, and how long.
    callback
        Who hears of each result.

    Returns
    -------
    Report

    Raises
    ------
    StriateError
        If there is no network of a name, or it cannot be compiled.
    """
    named = {name: network(name) for name in options.networks}
    setting = Setting.of(options)
    meter = PeakMeter(options.threads)
    peaks = meter.peaks()
    observer.begins(setting, peaks)
    races: list[Race] = []
    for name, (text, shape) in named.items():
        for training in options.trainings:
            for batch in options.batches:
                problem = Problem.of(
                    name, text, shape, batch=batch, training=training, seed=options.seed
                )
                races.append(_race(problem, options, meter))
                observer.ran(races[-1])
    return Report(setting=setting, peaks=peaks, races=tuple(races))


def measure_all_kernels(options: Options, observer: Observer) -> Report:
    """Measure each kernel of the training steps of networks alone, on one thread.

    Parameters
    ----------
    options
        Which networks, with the first of the batches.
    callback
        Who hears of each result.

    Returns
    -------
    Report

    Raises
    ------
    StriateError
        If there is no network of a name, or it cannot be compiled.
    """
    named = {name: network(name) for name in options.networks}
    setting = Setting.of(options)
    peaks = PeakMeter(1).peaks()
    observer.begins(setting, peaks)
    kernels: dict[str, Sequence[KernelRow]] = {}
    for name, (text, shape) in named.items():
        batch = options.batches[0]
        problem = Problem.of(name, text, shape, batch=batch, training=True, seed=options.seed)
        plan = plan_step(problem.step, batch, training=True, target_shapes=[()])
        kernels[name] = measure_kernels(plan, peaks, rounds=options.rounds)
        observer.measured(name, kernels[name])
    return Report(setting=setting, peaks=peaks, kernels=kernels)


def _race(problem: Problem, options: Options, meter: PeakMeter) -> Race:
    """Let all who can take part race."""
    contestants: dict[str, Contestant] = {OURS: Striate(problem, options.threads)}
    left_out: dict[str, str] = {}
    for peer in options.peers:
        if peer.missing or (problem.training and not peer.trains):
            continue
        try:
            contestants[peer.name] = peer.make(problem, options.threads)
        except LeftOut as reason:
            left_out[peer.name] = str(reason)
    finished = race(
        problem,
        contestants,
        meter,
        rounds=options.rounds,
        seconds=options.seconds,
        left_out=left_out,
    )
    del contestants
    gc.collect()  # graphs of operations point at each other
    return finished
