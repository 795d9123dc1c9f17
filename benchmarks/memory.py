"""The memory of a training: as planned, as measured, and whether it grows.

    python benchmarks/memory.py [--net lenet5-relu] [--batch 128] [--steps 10000] [--threads 1]
        [--json FILE]

Linux reports resident memory after the libraries are loaded, after the program is compiled, after
the first step, and then ten times until the last. A second run loads the program from the cache,
which shows how much memory compiling leaves behind. The planned memory is the arena, the per-thread
scratch, and the arrays of a training.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import striate
from striate.bench.contestant import Striate
from striate.bench.machine import processor
from striate.bench.networks import NETWORKS, Problem, network
from striate.compile import plan_optimizer, plan_step
from striate.functions.optimizer import Momentum
from striate.llvm.machine import host

MIB = 1 << 20
TIMES = 10


def resident():
    """Return the resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def planned(problem, threads):
    """Count the bytes that the plans of a training need, including the caller's arrays."""
    step = plan_step(problem.step, problem.batch, training=True, target_shapes=[()])
    optimizer = plan_optimizer(Momentum(), len(problem.parameters))
    found = {}
    for name, plan in (("step", step), ("update", optimizer)):
        found[f"{name}: arena"] = 4 * plan.arena
        found[f"{name}: scratch"] = 4 * plan.scratch * threads
        ends = {}
        for v in plan.variables.values():
            if v.buffer in plan.buffers:
                size = v.offset + v.size * (plan.images if v.per_image else 1)
                ends[v.buffer] = max(size, ends.get(v.buffer, 0))
        found[f"{name}: arrays"] = 4 * sum(ends.values())
    return found


def train(given):
    """Train, and return the memory of the process at each moment."""
    text, shape = network(given.net)
    problem = Problem.of(given.net, text, shape, batch=given.batch, training=True, seed=0)
    host()
    found = {"libraries loaded": resident()}
    contestant = Striate(problem, given.threads)
    found["program loaded"] = resident()
    contestant.train(0.0)
    found["step 1"] = resident()
    for part in range(1, TIMES + 1):
        until = given.steps * part // TIMES
        for _ in range(given.steps * (part - 1) // TIMES, until):
            contestant.train(0.0)
        found[f"step {until:,}"] = resident()
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", default="lenet5-relu", choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(train(given)))
        return
    text, shape = network(given.net)
    problem = Problem.of(given.net, text, shape, batch=given.batch, training=True, seed=0)
    plans = planned(problem, given.threads)
    command = [sys.executable, __file__, *sys.argv[1:], "--child"]
    with tempfile.TemporaryDirectory() as cache:  # the first run fills it for the second
        runs = [
            json.loads(
                subprocess.run(
                    command,
                    check=True,
                    capture_output=True,
                    text=True,
                    env=os.environ | {"STRIATE_CACHE": cache},
                ).stdout
            )
            for _ in range(2)
        ]
    resident = dict(zip(("compiled", "cached"), runs, strict=True))
    report(given, plans, resident)
    if given.json:
        document = {"steps": given.steps, "plan": plans, "resident": resident}
        document["findings"] = {name: findings(plans, held) for name, held in resident.items()}
        given.json.write_text(json.dumps(document, indent=2) + "\n")


def findings(plans, held):
    """Compare a process's memory, without libraries and without the program, with the plan."""
    sizes = list(held.values())
    return {
        "of plan": (sizes[-1] - sizes[0]) / sum(plans.values()),
        "after loading": (sizes[-1] - sizes[1]) / sum(plans.values()),
        "growth": sizes[-1] - sizes[-TIMES],
    }


def report(given, plans, resident):
    """Print the planned memory, and that of the process."""
    print(f"striate {striate.__version__}, {processor()}")
    print(f"{given.net}, batch {given.batch}, threads: {given.threads}, {given.steps:,} steps")
    print("\nthe plan, MiB")
    for name, size in plans.items():
        print(f"  {name:24}{size / MIB:10.2f}")
    whole = sum(plans.values())
    print(f"  {'in all':24}{whole / MIB:10.2f}")
    print(f"\n{'resident, MiB':26}{'compiled':>10}{'cached':>10}")
    for moment, held in resident["compiled"].items():
        print(f"  {moment:24}{held / MIB:10.2f}{resident['cached'][moment] / MIB:10.2f}")
    for name, held in resident.items():
        found = findings(plans, held)
        print(
            f"{name}: {found['of plan']:.2f} x the plan beyond the libraries, "
            f"{found['after loading']:.2f} x beyond the loaded program; "
            f"growth from step {given.steps // TIMES:,} to {given.steps:,}: "
            f"{found['growth']:,} bytes"
        )


if __name__ == "__main__":
    main()
