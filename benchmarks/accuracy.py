"""Time and test accuracy of a recipe: python benchmarks/accuracy.py mnist --recipe quick.

Each seed is a separate command, timed from the start of Python to its end, with an empty cache of
compiled programs. The recipes were chosen on a part of the training images; the test part is read
once for each seed.
"""

import argparse
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import striate
from striate.bench.machine import processor
from striate.runtime.settings import threads

PROGRAM = Path(sys.executable).with_name("striate")


def run(words, seed, threads):
    """Train with one seed; return the seconds of the whole process, and the accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        cold = {"STRIATE_CACHE": f"{folder}/cache", "STRIATE_NUM_THREADS": str(threads)}
        started = time.perf_counter()
        done = subprocess.run(
            [*words, "--seed", str(seed)],
            cwd=folder,
            env=os.environ | cold,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - started
    numbers = re.findall(r"([\d,]+) of ([\d,]+) images correct", done.stdout)[-1]
    right, images = (int(number.replace(",", "")) for number in numbers)
    return seconds, right / images


def main():
    """Run the command once for each seed; print each result, the mean and the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--recipe", default="good")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--members", type=int, default=1, help="of an ensemble: see committee.py")
    parser.add_argument("--threads", type=int, default=threads())
    options = parser.parse_args()
    words = [PROGRAM, "train", options.data, "--recipe", options.recipe, "--no-pictures"]
    words += ["--output", "net.safetensors"]
    if options.members > 1:
        committee = Path(__file__).resolve().with_name("committee.py")
        words = [sys.executable, committee, options.data, "--recipe", options.recipe]
        words += ["--members", str(options.members)]
    versions = ", ".join(f"{name} {version(name)}" for name in ("NumPy", "llvmlite"))
    print(f"striate {striate.__version__}, {versions}, Python {platform.python_version()}")
    print(f"{processor()}, {options.threads} threads")
    shown = [Path(word).name if Path(word).is_absolute() else word for word in words]
    print(f"command: {shlex.join([*shown, '--seed', 'SEED'])}\n")
    runs = []
    for seed in range(options.seeds):
        runs.append(run(words, seed, options.threads))
        seconds, accuracy = runs[-1]
        print(f"seed {seed}: {accuracy:.2%} after {seconds:.1f} s", flush=True)
    times, accuracies = zip(*runs, strict=True)
    for name, of in (("mean", statistics.mean), ("median", statistics.median)):
        print(f"{name} of {options.seeds} seeds: {of(accuracies):.3%} after {of(times):.1f} s")


if __name__ == "__main__":
    main()
