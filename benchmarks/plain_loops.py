"""The compiled engine against LeNet-5's training step in plain loops: gradients only, in turns.

    python benchmarks/plain_loops.py [--batches 32 128 512] [--threads 1 2] [--rounds 15]
        [--seconds 0.2] [--seed 0] [--json FILE]

The loops are those of lenet5_loops.py, without planning and without fusion. Their gradients are
first checked against the NumPy engine's. The target is that the engine is at least as fast.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from lenet5_loops import NET, PlainLoops
from rich.console import Console

from striate.bench.calibration import Calibration
from striate.bench.contestant import Striate
from striate.bench.networks import Problem, network
from striate.bench.peak import PeakMeter
from striate.bench.race import OURS, race
from striate.bench.report import BenchmarkSettings, Environment, Report
from striate.bench.tables import Printer
from striate.cli.output import plain
from striate.functions.base import Draw
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine
from striate.graph.parameters import ParameterLayout
from striate.runtime.settings import available_cores

LOOPS = "plain loops"
TOLERANCE = 2e-5
"""How far an array's gradient may be off, relative to its largest number: float32, long sums."""


class Loops(PlainLoops):
    """The loops as a contestant; the "results" that a race compares are derivatives."""

    def train(self, _):
        return float(self.gradient()[0])


class Engine(Striate):
    """The compiled engine, which computes gradients only."""

    def train(self, _):
        found = self._steps.gradients(self._weights, self._statistics, self._batch, self._draw)
        return float(found.gradient[0])


def check(problem, gradient):
    """Exit if the gradient differs from the NumPy engine's."""
    given = [a.astype(float) for a in (problem.parameters, problem.statistics, problem.images)]
    batch = Batch(inputs=(given[2],), targets=(problem.labels,))
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(problem.batch))
    true = NumpyEngine(problem.step).gradients(*given[:2], batch, draw).gradient
    layout = ParameterLayout.of(problem.graph.parameters())
    for name, where in layout.slices():
        distance = np.abs(gradient[where] - true[where]).max() / np.abs(true[where]).max()
        if not distance < TOLERANCE:
            raise SystemExit(f"{name}: its derivative is {distance:.1e} off")


def measure(given, threads):
    """Let the loops and the engine take turns with each batch size."""
    settings = BenchmarkSettings(
        networks=[NET],
        batches=given.batches,
        threads=threads,
        peers=(),
        rounds=given.rounds,
        seconds=given.seconds,
        seed=given.seed,
    )
    printer, meter, races = Printer(Console()), PeakMeter(threads), []
    environment, peaks, calibration = Environment.of(settings), meter.peaks(), Calibration(meter)
    printer.begins(environment, peaks)
    for batch in given.batches:
        problem = Problem.of(NET, *network(NET), batch=batch, training=True, seed=given.seed)
        loops = Loops(problem, threads)
        check(problem, loops.gradient())
        both = {OURS: Engine(problem, threads), LOOPS: loops}
        races.append(race(problem, both, calibration, rounds=given.rounds, seconds=given.seconds))
        printer.ran(races[-1])
    report = Report(environment=environment, peaks=peaks, races=tuple(races))
    printer.ends(report)
    return report.document()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cores = sorted({1, available_cores()})
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 128, 512])
    parser.add_argument("--threads", nargs="+", type=int, default=cores)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    documents = [measure(given, threads) for threads in given.threads]
    if given.json:
        given.json.write_text(json.dumps(plain({"reports": documents}), indent=2) + "\n")


if __name__ == "__main__":
    main()
