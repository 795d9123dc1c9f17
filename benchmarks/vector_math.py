"""The compiled engine's functions of one argument, checked for every one of the 2**32 float32.

    python benchmarks/vector_math.py [NAME ...] [--every N]

For each function, it prints the largest error with its input, and the cost of a vector of 16
elements. All functions take a quarter of an hour; `--every 1009` checks one input in 1009, in
seconds. The reference is float64 by NumPy, and by striate itself for erf. If this processor can run
code for AVX2, that code's results are compared too, bit for bit.
"""

import argparse
import platform
import sys
import time
from pathlib import Path

import llvmlite
import numpy as np
from import_time import processor

import striate

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from array_functions import CHECKED, ArrayFunction, check, host, innermost

CHUNK = 1 << 20
"""Inputs that are checked at once: arrays that the cache holds."""

TIMED = 4096
REPEATS = 100
AVX2 = ("haswell", "")
BESIDE = 3
"""Instructions of the loop that go through the array: count, compare, jump."""


class Worst:
    """The largest errors of a function so far."""

    def __init__(self):
        self.steps, self.error, self.input = 0, 0.0, np.float32(0)
        self.wrong = self.different = 0

    def include(self, name, x, y):
        """Include more results."""
        steps, exact = check(name, x, y)
        self.wrong += np.count_nonzero(steps < 0)
        largest = steps.max()
        if largest < self.steps:
            return
        self.steps = largest
        # The exact error is largest where the steps are most; infinite results have none.
        at = np.flatnonzero((steps == largest) & np.isfinite(y) & np.isfinite(exact))
        size = np.maximum(np.abs(exact[at]), 2.0**-126)
        unit = 2.0 ** (np.frexp(size)[1] - 24)
        error = np.abs(y[at] - exact[at]) / unit
        error[y[at] == 0] = 0.0  # zero instead of a denormal number
        if len(at) and error.max() > self.error:
            self.error, self.input = error.max(), x[at[error.argmax()]]


def inputs(every):
    """Yield all float32 numbers, or every n-th one, in the order of their bits, in chunks."""
    for start in range(0, 1 << 32, CHUNK * every):
        stop = min(start + CHUNK * every, 1 << 32)
        yield np.arange(start, stop, every, dtype=np.uint64).astype(np.uint32).view(np.float32)


def checked(name, every, *, avx2):
    """Check a function for all inputs."""
    worst = Worst()
    function = ArrayFunction(CHECKED[name])
    narrow = ArrayFunction(CHECKED[name], target=AVX2) if avx2 else None
    for x in inputs(every):
        y = function(x)
        worst.include(name, x, y)
        if narrow:
            other = narrow(x)
            same = (y.view(np.uint32) == other.view(np.uint32)) | (np.isnan(y) & np.isnan(other))
            worst.different += np.count_nonzero(~same)
    return worst


def cost(name):
    """Return the nanoseconds for a vector, best of many turns, and its instructions."""
    x = np.linspace(0.01, 6, TIMED, dtype=np.float32)
    function = ArrayFunction(CHECKED[name], repeat=REPEATS)
    times = []
    for _ in range(50):
        started = time.perf_counter()
        function(x)
        times.append(time.perf_counter() - started)
    vectors = REPEATS * TIMED / 16
    return 1e9 * min(times) / vectors, len(innermost(function.assembly)) - BESIDE


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=[*CHECKED])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="check one input in N")
    options = parser.parse_args()

    name, features = host()
    avx2 = "+avx2" in features and "+fma" in features
    print(
        f"striate {striate.__version__}, llvmlite {llvmlite.__version__}, NumPy {np.__version__},"
        f" Python {platform.python_version()}"
    )
    print(f"{processor()} (LLVM: {name}), {platform.system()}")
    print(f"{-(-(1 << 32) // options.every):,} inputs; errors in units of the last place\n")
    print(
        "| function | largest error | at | from the rounded value | wrong | different on AVX2"
        " | instructions | ns per vector |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in options.names:
        worst = checked(name, options.every, avx2=avx2)
        nanoseconds, instructions = cost(name)
        print(
            f"| {name} | {worst.error:.3f} | {worst.input:.9g} | {worst.steps} | {worst.wrong}"
            f" | {worst.different if avx2 else 'not run'} | {instructions} | {nanoseconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
