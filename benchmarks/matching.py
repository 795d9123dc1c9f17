"""Template matching against OpenCV: time side by side, and peak memory.

    python benchmarks/matching.py [--threads 1] [--rounds 7] [--images "gray float32" ...]
        [--processor-time] [--memory] [--json FILE]

Both libraries compute zero-mean normalized correlation of the same arrays with the same number of
threads: in gray and in color, in float32 and in bytes, and with a mask of zeros and ones. They take
turns, and each turn is timed between two loops that measure whether the machine
was free (see striate.bench.calibration); the figures are medians. What is prepared once for a size,
such as compiled programs, is done in a first turn that isn't counted.

On a machine that is never free, --processor-time measures the processor time of this process
instead, without these loops. Other programs still disturb it, since they share caches and memory.

With --memory, three processes match a 523 x 768 template in a 2400 x 1080 scene in color, float32,
and report the memory that they needed beyond libraries and images: the case of scikit-image's issue
6623. scikit-image is left out if it isn't installed.
"""

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import striate
from striate.bench.calibration import Calibration, enough
from striate.bench.machine import processor
from striate.bench.peak import PeakMeter
from striate.bench.spread import Spread
from striate.matching import score_map

MIB = 1 << 20
SCENES = ((1024, 1024), (2048, 2048))


@dataclass(frozen=True, kw_only=True)
class Case:
    """Images of one kind."""

    dtype: str
    channels: int = 1
    masked: bool = False
    templates: tuple[int, ...] = (8, 16, 32, 64, 128, 256)


FEWER = (8, 32, 256)
CASES = {
    "gray float32": Case(dtype="float32"),
    "gray uint8": Case(dtype="uint8"),
    "color float32": Case(dtype="float32", channels=3, templates=FEWER),
    "color uint8": Case(dtype="uint8", channels=3, templates=FEWER),
    "masked float32": Case(dtype="float32", masked=True, templates=FEWER),
    "masked uint8": Case(dtype="uint8", masked=True, templates=FEWER),
}


def images(scene, template, channels=1, dtype="float32"):
    """Draw a smooth scene, and cut a template from it."""
    rng = np.random.default_rng(0)
    x = rng.random((*scene, channels), np.float32)
    for axis in (0, 1):
        x = (x + np.roll(x, 1, axis) + np.roll(x, 2, axis)) / 3
    if channels == 1:
        x = x[..., 0]
    if dtype == "uint8":
        x = np.rint(255 * x).astype(np.uint8)
    high, wide = template
    return np.ascontiguousarray(x), np.ascontiguousarray(x[30 : 30 + high, 40 : 40 + wide])


def race(given):
    """Time both libraries, turn by turn."""
    import cv2  # noqa: PLC0415  # --memory works without it

    cv2.setNumThreads(given.threads)
    turn, clock = None, time.process_time
    if not given.processor_time:
        turn, clock = Calibration(PeakMeter(given.threads)).undisturbed, time.perf_counter
    rows = []
    for name in given.images or CASES:
        case = CASES[name]
        for scene in SCENES:
            for side in case.templates:
                s, t = images(scene, (side, side), case.channels, case.dtype)
                mask = None
                if case.masked:
                    mask = (np.random.default_rng(1).random((side, side)) < 0.7).astype(s.dtype)
                contestants = {
                    "striate": functools.partial(score_map, s, t, mask=mask),
                    "opencv": functools.partial(
                        cv2.matchTemplate, s, t, cv2.TM_CCOEFF_NORMED, mask=mask
                    ),
                }
                rows.append(
                    {"images": name, "scene": scene, "template": side}
                    | compared(contestants, given.rounds, turn, clock)
                )
                show(rows[-1], given.rounds)
    return rows


def compared(contestants, rounds, turn, clock):
    """Let the contestants take turns; return their times, and how much their scores differ."""
    scores = {name: run() for name, run in contestants.items()}
    taken = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            work = functools.partial(timed, run, clock)
            seconds = turn(work) if turn else work()
            if seconds is not None:
                taken[name].append(seconds)
    difference = float(np.abs(scores["striate"] - scores["opencv"]).max())
    return {"seconds": taken, "difference": difference}


def timed(run, clock):
    """Return the seconds that a call takes."""
    started = clock()
    run()
    return clock() - started


def show(row, rounds):
    """Print one line: milliseconds of both, and their ratio."""
    taken = row["seconds"]
    if not all(enough(len(seconds), rounds) for seconds in taken.values()):
        print(
            f"{row['images']:16}{row['scene']!s:14}{row['template']:>9}  not measured", flush=True
        )
        return
    ours, theirs = (Spread.of(taken[name]) for name in ("striate", "opencv"))
    print(
        f"{row['images']:16}{row['scene']!s:14}{row['template']:>9}"
        f"{1e3 * ours.median:>10.1f}{1e3 * theirs.median:>10.1f}"
        f"{theirs.median / ours.median:>8.2f}{row['difference']:>12.1e}",
        flush=True,
    )


def memory(name, threads):
    """Return the peak memory of one match, beyond libraries and images, in bytes."""
    scene, template = images((2400, 1080), (523, 768), 3)
    if name == "striate":

        def run():
            with striate.using_threads(threads):
                return score_map(scene, template)

    elif name == "opencv":
        import cv2  # noqa: PLC0415  # a library in each process

        cv2.setNumThreads(threads)

        def run():
            return cv2.matchTemplate(scene, template, cv2.TM_CCOEFF_NORMED)

    else:
        from skimage.feature import match_template  # noqa: PLC0415  # likewise

        def run():
            return match_template(scene, template)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def memories(given):
    """Measure each library in a separate process."""
    found = {}
    for name in ("striate", "opencv", "scikit-image"):
        command = [sys.executable, __file__, "--child", name, "--threads", str(given.threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: not measured ({done.stderr.strip().splitlines()[-1]})")
            continue
        found[name] = int(done.stdout)
        print(f"{name:14}{found[name] / MIB:10.0f} MiB", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", choices=CASES, nargs="+", metavar="KIND")
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ["STRIATE_NUM_THREADS"] = str(given.threads)
    if given.child:
        print(memory(given.child, given.threads))
        return
    print(f"striate {striate.__version__}, {processor()}, threads: {given.threads}")
    if given.memory:
        print("peak memory, 523 x 768 in 2400 x 1080, color, float32")
        found = memories(given)
    else:
        print("milliseconds" + " of processor time" * given.processor_time)
        print(
            f"{'images':16}{'scene':14}{'template':>9}{'striate':>10}{'opencv':>10}{'ratio':>8}{'differ':>12}"
        )
        found = race(given)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
