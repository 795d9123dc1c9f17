"""The time of the first training step of a network: compiled, and loaded from the cache.

    python benchmarks/first_step.py [--net lenet5-relu] [--batch 128] [--runs 7] [--json FILE]

Every result comes from fresh interpreters, in turns, with a separate cache folder. "First step" is
everything from a network to updated weights: planning, machine code, and the step itself. Runs
during which other programs used the processor are repeated, and dropped in the end.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

# Neither NumPy nor striate is imported up here: what they cost is measured.

STAGES = "stages"
WHOLE = "whole"


def clocked(times, name, work):
    """Call a function, and record how long it takes."""
    started = time.perf_counter()
    result = work()
    times[name] = time.perf_counter() - started
    return result


def problem_of(given):
    """Make the network and the batch."""
    from striate.bench.networks import Problem, network  # noqa: PLC0415  # its import is measured

    text, shape = network(given.net)
    return Problem.of(given.net, text, shape, batch=given.batch, training=True, seed=0)


def imported(times):
    """Import the libraries that the engine needs, one by one."""
    clocked(times, "import NumPy", lambda: __import__("numpy"))
    clocked(times, "import llvmlite", lambda: __import__("llvmlite.binding"))
    clocked(times, "import striate's engine", lambda: __import__("striate.engine"))


def stages(given):
    """Time each stage of compiling a training step, without the cache."""
    times = {}
    imported(times)
    from striate.compile import plan_step  # noqa: PLC0415  # its import is measured
    from striate.llvm.machine import LoadedObject, compile_object, host  # noqa: PLC0415
    from striate.llvm.program import write_program  # noqa: PLC0415

    step = problem_of(given).step
    clocked(times, "look at the processor", host)
    plan = clocked(
        times,
        "plan",
        lambda: plan_step(step, given.batch, training=True, target_shapes=[()]),
    )
    module = clocked(times, "write the program", lambda: write_program(plan))
    text = clocked(times, "print it for LLVM (in the next, too)", lambda: str(module))
    code = clocked(times, "LLVM", lambda: compile_object(module, plan.target))
    clocked(times, "load", lambda: LoadedObject(code, plan.target))
    return {"seconds": times, "sizes": {"IR, bytes": len(text), "code, bytes": len(code)}}


def whole(given):
    """Time the first step as in a training, and the second."""
    times = {}
    imported(times)
    from striate.bench.contestant import Striate  # noqa: PLC0415  # its import is measured

    problem = problem_of(given)

    def first():
        contestant = Striate(problem, 1)
        contestant.train(0.0)
        return contestant

    contestant = clocked(times, "first step", first)
    clocked(times, "second step", lambda: contestant.train(0.0))
    return {"seconds": times}


def in_a_new_process(what, given, cache):
    """Run one of the two programs in a fresh interpreter."""
    command = [sys.executable, __file__, "--net", given.net, "--batch", str(given.batch)]
    done = subprocess.run(
        [*command, "--only", what],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"STRIATE_CACHE": str(cache)},
    )
    return json.loads(done.stdout)


def measure(given):
    """Run all measurements; return the seconds of each by heading and name."""
    from striate.bench.calibration import Calibration  # noqa: PLC0415  # brings NumPy
    from striate.bench.peak import PeakMeter  # noqa: PLC0415

    found = {"stages": {}, "compiled": {}, "from the cache": {}}
    sizes, calibration = {}, Calibration(PeakMeter(1))

    def one_run():
        with tempfile.TemporaryDirectory() as cache:
            return {
                "stages": in_a_new_process(STAGES, given, cache),
                "compiled": in_a_new_process(WHOLE, given, cache),
                "from the cache": in_a_new_process(WHOLE, given, cache),
            }

    for _ in range(given.runs):
        runs = calibration.undisturbed(one_run)
        if runs is None:
            continue
        sizes = runs["stages"]["sizes"]
        for heading, run in runs.items():
            for name, seconds in run["seconds"].items():
                found[heading].setdefault(name, []).append(seconds)
    return found, sizes


def report(found, sizes):
    """Print medians and ranges."""
    print(f"\n{'milliseconds':42}{'median':>10}{'lowest to highest':>24}")
    for heading, times in found.items():
        print(heading)
        for name, seconds in times.items():
            low, middle, high = (1000 * f(seconds) for f in (min, statistics.median, max))
            print(f"  {name:40}{middle:10.1f}{f'{low:.1f} to {high:.1f}':>24}")
    for name, size in sizes.items():
        print(f"{name:42}{size:10,}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", default="lenet5-relu")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", choices=[STAGES, WHOLE], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps({STAGES: stages, WHOLE: whole}[given.only](given)))
        return
    from striate.bench.machine import processor  # noqa: PLC0415  # brings NumPy

    print(f"striate {version('striate')}, {processor()}, one thread")
    print(f"{given.net}, batch {given.batch}; {given.runs} interpreters each, in turns")
    found, sizes = measure(given)
    report(found, sizes)
    if given.json:
        document = {"rounds": given.runs, "seconds": found, "sizes": sizes}
        given.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
