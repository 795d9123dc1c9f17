"""One epoch of MNIST with LeNet-5, from uint8 images to updated weights.

    python benchmarks/epoch.py [--net lenet5-relu] [--batch 128] [--threads 2] [--rounds 5]
        [--seed 0] [--json FILE]

Each round is a call of `Network.fit` with one epoch of all 60,000 images, which checks, shuffles,
scales and trains on them. The program is compiled in a first call that is not counted. The peak of
multiply-adds is measured around each epoch: an epoch during which other programs used the processor
is repeated, and dropped in the end. The time that the multiply-adds alone take at the peak is the
limit that the epoch is compared with.
"""

import argparse
import json
import os
import time
from pathlib import Path

import striate
from striate.bench.calibration import Calibration, enough
from striate.bench.machine import processor
from striate.bench.networks import Problem, network
from striate.bench.peak import PeakMeter
from striate.bench.spread import Spread
from striate.bench.work import multiply_adds


def measure(given):
    """Train for several epochs; return the seconds of each, and the peak between them."""
    (images, labels), _ = striate.data.load("mnist")
    text, shape = network(given.net)
    net = striate.Network.parse(text, shape, seed=given.seed)
    calibration = Calibration(PeakMeter(given.threads))

    def epoch(chosen):
        started = time.perf_counter()
        net.fit(images[chosen], labels[chosen], epochs=1, batch_size=given.batch, progress=False)
        return time.perf_counter() - started

    epoch(slice(10 * given.batch))
    taken = [calibration.undisturbed(lambda: epoch(slice(None))) for _ in range(given.rounds)]
    problem = Problem.of(given.net, text, shape, batch=given.batch, training=True, seed=0)
    work = len(images) * multiply_adds(problem.step, training=True)
    return {
        "images": len(images),
        "rounds": given.rounds,
        "seconds": [seconds for seconds in taken if seconds is not None],
        "multiply_adds": work,
        "peaks": calibration.peaks,
    }


def report(found):
    """Print the time of an epoch, and the time of its multiply-adds alone."""
    dropped = found["rounds"] - len(found["seconds"])
    if dropped:
        print(f"disturbed by other programs: {dropped} of {found['rounds']} epochs")
    if not enough(len(found["seconds"]), found["rounds"]):
        print("not measured")
        return
    seconds, peak = Spread.of(found["seconds"]), Spread.of(found["peaks"]).high
    alone = found["multiply_adds"] / peak
    print(
        f"seconds: median {seconds.median:.3f}, quartiles {seconds.low:.3f} to {seconds.high:.3f}"
    )
    print(
        f"{found['multiply_adds']:,} multiply-adds at the measured peak, {2e-9 * peak:.0f} "
        f"GFLOP/s: {alone:.3f} s; the epoch takes {seconds.median / alone:.2f} times as long"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", default="lenet5-relu")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    os.environ["STRIATE_NUM_THREADS"] = str(given.threads)
    found = measure(given)
    print(f"striate {striate.__version__}, {processor()}, threads: {given.threads}")
    print(f"{given.net}, batch {given.batch}, {found['images']:,} images, {given.rounds} epochs")
    report(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
