"""The compiled engine against PyTorch, JAX and ONNX Runtime: training steps and inference.

    python benchmarks/compiled_engine.py [--nets lenet5-relu conv4] [--batches 1 32 128 512]
        [--threads 1 2] [--rounds 7] [--steps train infer] [--peers ...] [--json FILE] [--kernels]

Every installed library takes part, with the same network, weights and batch. The contestants take
turns; a turn that other programs disturbed is repeated, and dropped in the end. Each number of
threads is measured in a separate process, which may use that number of cores only. `striate bench`
is a shorter version of this.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from striate.bench.networks import NETWORKS
from striate.bench.peers import PEERS
from striate.bench.report import BenchmarkSettings, measure, measure_all_kernels
from striate.bench.tables import Printer
from striate.cli.output import plain
from striate.runtime.settings import available_cores


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cores = sorted({1, available_cores()})
    parser.add_argument("--nets", nargs="+", default=NETWORKS, metavar="NET")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32, 128, 512])
    parser.add_argument("--threads", nargs="+", type=int, default=cores)
    parser.add_argument(
        "--steps", nargs="+", choices=["train", "infer"], default=["train", "infer"]
    )
    parser.add_argument("--peers", nargs="*", choices=[p.name for p in PEERS], metavar="PEER")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kernels", action="store_true", help="each kernel alone, no peers")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def in_this_process(given):
    """Measure with one number of threads; return the report as a document."""
    options = BenchmarkSettings(
        networks=given.nets,
        batches=given.batches,
        trainings=[step == "train" for step in given.steps],
        threads=given.threads[0],
        peers=[p for p in PEERS if given.peers is None or p.name in given.peers],
        rounds=given.rounds,
        seconds=given.seconds,
        seed=given.seed,
        bind=True,
    )
    printer = Printer(Console())
    report = (measure_all_kernels if given.kernels else measure)(options, printer)
    printer.ends(report)
    return report.document()


def in_processes(given):
    """Measure each number of threads in a separate process."""
    documents = []
    for threads in given.threads:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.json"
            # argparse takes the last of options given twice.
            own = ["--threads", str(threads), "--json", str(path)]
            subprocess.run([sys.executable, __file__, *sys.argv[1:], *own], check=True)
            documents += json.loads(path.read_text())["reports"]
    return documents


def main():
    given = arguments()
    alone = len(given.threads) == 1
    documents = [in_this_process(given)] if alone else in_processes(given)
    if given.json:
        given.json.write_text(json.dumps(plain({"reports": documents}), indent=2) + "\n")


if __name__ == "__main__":
    main()
