"""The cost of augmentation: the time of training steps with and without it, in turn.

    python benchmarks/augmentation.py [--net lenet5 conv4 resnet20] [--images 6400] [--rounds 9]

Each round trains for one epoch of random uint8 images with each augmentation in turn, on one
thread, and the time is the processor time of the process, so that other programs disturb it
little. Times are medians over the rounds, per step of 128 images, and include the drawing of
random numbers.
"""

import argparse
import time

import numpy as np

import striate
from striate.bench.machine import processor
from striate.bench.networks import network
from striate.bench.spread import Spread

TEXTS = (
    "",
    "shift 2 flip",
    "rotate 15 scale 0.9",
    "crop 0.8",
    "rotate 15 scale 0.9 shear 5 shift 2 flip brightness 0.2 contrast 0.2 cutout 8",
)
BATCH = 128


def measure(name, given):
    """Return the times of a step with each augmentation, in seconds."""
    text, shape = network(name)
    rng = np.random.default_rng(given.seed)
    images = rng.integers(0, 256, (given.images, *shape)).astype(np.uint8)
    labels = np.arange(given.images) % 10
    net = striate.Network.parse(text, shape, seed=given.seed)
    taken = {text: [] for text in TEXTS}
    for number in range(given.rounds + 1):  # the first round compiles and isn't counted
        for text, seconds in taken.items():
            started = time.process_time()
            net.fit(images, labels, epochs=1, batch_size=BATCH, augment=text, progress=False)
            if number:
                seconds.append((time.process_time() - started) / (given.images / BATCH))
    return shape, {text: Spread.of(seconds) for text, seconds in taken.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", nargs="+", default=["lenet5", "conv4", "resnet20"])
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    striate.set_threads(1)
    print(f"{processor()}, one thread, NumPy {np.__version__}, striate {striate.__version__}")
    for name in given.net:
        shape, found = measure(name, given)
        print(f"\n{name}, {' x '.join(map(str, shape))}")
        plain = found[""].median
        for text, spread in found.items():
            print(
                f"  {1e3 * spread.median:7.2f} ms ({1e3 * spread.low:.2f} to "
                f"{1e3 * spread.high:.2f}), {spread.median / plain:4.2f} times   "
                f"{text or 'no augmentation'}"
            )


if __name__ == "__main__":
    main()
