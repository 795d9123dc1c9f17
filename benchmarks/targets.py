"""The table of targets: each line is measured on this machine, in one run, and met or missed.

    python benchmarks/targets.py [--threads 2] [--rounds 7] [--seconds 0.2] [--seed 0]
        [--only NAME ...] [--show] [--json FILE]

Every measurement is a program of this folder in its own process; `--show` shows what it prints.
Races are run with one thread for each contestant first: that is the result of the line, and the
results for all threads are in the remark. A measurement is repeated if other programs used the
processor in the meantime, and if that doesn't help, the line is "not measured", never "met". The
same applies to a line that needs a library which isn't installed. A library whose results differ
from striate's isn't counted, and is named.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from target_lines import MEASUREMENTS, Missing

from striate.bench import machine
from striate.bench.peers import PEERS
from striate.bench.report import BenchmarkSettings, Environment
from striate.bench.tables import environment_text
from striate.cli.output import plain
from striate.runtime.settings import available_cores

COLORS = {"met": "green", "missed": "red", "not measured": "yellow"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """A line of the table with its result."""

    measurement: str
    what: str
    target: str
    measured: str
    value: float | None
    verdict: str
    remark: str


def judge(name, lines, document):
    """Compare the results with the targets."""
    for line in lines:
        value, remark = None, ""
        try:
            if isinstance(document, Missing):
                raise document
            value, remark = line.find(document)
            verdict = "met" if line.meets(value) else "missed"
        except Missing as reason:
            verdict, remark = "not measured", str(reason)
        yield Result(
            measurement=name,
            what=line.what,
            target=line.target,
            measured="" if value is None else line.write(value),
            value=value,
            verdict=verdict,
            remark=remark,
        )


def measure(measurement, given):
    """Run a program of this folder; return its output, or why there is none."""
    program, *words = measurement.command(given)
    script = Path(__file__).with_name(program)
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        done = subprocess.run(
            [sys.executable, script, *map(str, words), "--json", found],
            check=False,
            stdout=None if given.show else subprocess.DEVNULL,
            stderr=None if given.show else subprocess.PIPE,
            text=True,
        )
        if not found.exists():
            said = (done.stderr or "").strip().splitlines() or [f"it ended with {done.returncode}"]
            return Missing(f"{program}: {said[-1]}")
        return json.loads(found.read_text())


def show(console, result):
    """Print a line, with its remark below."""
    words = f"{result.what:41}{result.target:>13}{result.measured:>11}  "
    console.print(Text(words).append(result.verdict, COLORS[result.verdict]), highlight=False)
    console.print(Padding(Text(result.remark, "dim"), (0, 0, 0, 4)))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=MEASUREMENTS,
        metavar="NAME",
        help=f"some of {', '.join(MEASUREMENTS)}",
        default=list(MEASUREMENTS),
    )
    parser.add_argument("--steps", type=int, default=10_000, help="of the memory's measurement")
    parser.add_argument("--show", action="store_true", help="what the programs print")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main():
    given, console = arguments(), Console()
    started = time.perf_counter()
    settings = BenchmarkSettings(
        networks=(),
        batches=(),
        threads=given.threads,
        peers=PEERS,
        rounds=given.rounds,
        seconds=given.seconds,
        seed=given.seed,
    )
    environment = Environment.of(settings)
    console.print(environment_text(environment), highlight=False)
    console.print(f"\n{'':41}{'target':>13}{'measured':>11}", style="dim", highlight=False)
    results, runs = [], {}
    for name in given.only:
        load, begun = machine.load(), time.perf_counter()
        document = measure(MEASUREMENTS[name], given)
        runs[name] = {"load before": load, "seconds": time.perf_counter() - begun}
        for result in judge(name, MEASUREMENTS[name].lines, document):
            show(console, result)
            results.append(result)
    counts = Counter(result.verdict for result in results)
    seconds = time.perf_counter() - started
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in COLORS)
    console.print(f"\n{said}; {seconds / 60:.1f} minutes", highlight=False)
    if given.json:
        document = {
            "environment": asdict(environment),
            "seconds": seconds,
            "measurements": runs,
            "results": [asdict(result) for result in results],
        }
        given.json.write_text(json.dumps(plain(document), indent=2) + "\n")


if __name__ == "__main__":
    main()
