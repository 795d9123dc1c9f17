"""The time of `import striate` against `import numpy`: fresh interpreters, in turns.

    python benchmarks/import_time.py [--runs 21] [--json FILE]

A round starts each interpreter once. Rounds during which other programs used the processor are
repeated, and dropped in the end.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import striate
from striate.bench.calibration import Calibration, enough
from striate.bench.machine import processor
from striate.bench.peak import PeakMeter
from striate.bench.spread import Spread

STATEMENTS = ("pass", "import numpy", "import striate", "import striate; striate.Network")


def seconds(statement):
    """Time one interpreter from its start to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def report(times, ratios):
    """Print medians and quartiles."""
    print(f"{'':32}{'median':>8}{'quartiles':>18}")
    for statement, measured in times.items():
        found = Spread.of([1000 * one for one in measured])
        print(f"{statement:32}{found.median:8.1f}{f'{found.low:.1f} to {found.high:.1f}':>18}")
    ratio = Spread.of(ratios)
    print(
        f"\nimport striate / import numpy: {ratio.median:.2f} (quartiles {ratio.low:.2f} to "
        f"{ratio.high:.2f})"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    for statement in STATEMENTS:
        seconds(statement)  # brings the files into the system's cache
    calibration = Calibration(PeakMeter(1))
    rounds = [
        calibration.undisturbed(lambda: {text: seconds(text) for text in STATEMENTS})
        for _ in range(given.runs)
    ]
    measured = [times for times in rounds if times is not None]
    times = {statement: [times[statement] for times in measured] for statement in STATEMENTS}

    print(
        f"striate {striate.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    )
    print(f"{processor()}, {platform.system()} {platform.release()}")
    print(f"{given.runs} interpreters each, in turns; milliseconds from start to end\n")
    ratios = [round_["import striate"] / round_["import numpy"] for round_ in measured]
    if enough(len(measured), given.runs):
        report(times, ratios)
    if len(measured) < given.runs:
        print(f"disturbed by other programs: {given.runs - len(measured)} of {given.runs} rounds")
    if given.json:
        given.json.write_text(
            json.dumps({"rounds": given.runs, "seconds": times, "ratios": ratios}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
