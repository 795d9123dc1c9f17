"""What `import striate` costs beside `import numpy`: fresh interpreters, in turns.

python benchmarks/import_time.py [--runs 21] [--json FILE]
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import striate
from striate.bench.machine import processor

STATEMENTS = ("pass", "import numpy", "import striate", "import striate; striate.Network")


def seconds(statement):
    """Time one interpreter from its start to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    times = {statement: [] for statement in STATEMENTS}
    for statement in STATEMENTS:
        seconds(statement)  # files into the cache
    for _ in range(given.runs):
        for statement in STATEMENTS:
            times[statement].append(seconds(statement))

    print(
        f"striate {striate.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    )
    print(f"{processor()}, {platform.system()} {platform.release()}")
    print(f"{given.runs} interpreters each, in turns; milliseconds from start to end\n")
    print(f"{'':32}{'median':>8}{'quartiles':>18}")
    for statement, measured in times.items():
        low, middle, high = (1000 * q for q in statistics.quantiles(measured, n=4))
        print(f"{statement:32}{middle:8.1f}{f'{low:.1f} to {high:.1f}':>18}")
    ratios = [
        ours / theirs
        for ours, theirs in zip(times["import striate"], times["import numpy"], strict=True)
    ]
    ratio = statistics.median(ratios)
    print(f"\nimport striate / import numpy: {ratio:.2f} (median of pairs)")
    if given.json:
        given.json.write_text(json.dumps({"seconds": times, "ratio": ratio}, indent=2) + "\n")


if __name__ == "__main__":
    main()
