"""Training on a folder of pictures that does not fit in memory: python benchmarks/large_folder.py.

It writes distinct JPEG pictures of 600 x 400 pixels, each a smooth random background with a picture
of CIFAR-10 on it (from ``$STRIATE_DATA/cifar10-small``), into a temporary folder; 28,000 of them
decode to 20 GB. A separate process opens the folder, trains one epoch, and prints the largest
memory that it ever used (VmHWM of Linux). Another one trains on some of the images, in memory and
from the file, one epoch of each in turn, and prints the images per second and their medians.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

import striate as st
from striate.bench.machine import processor
from striate.data.parallel import for_all
from striate.runtime.settings import threads

ROWS, COLUMNS = 400, 600
NETWORK = (
    "conv 16@5x5 stride 4 relu | max 2 | conv 32@3x3 same relu | max 2 | conv 64@3x3 same relu | "
    "global-average | dense 10 softmax"
)


def write_pictures(folder, count):
    """Write pictures of the ten classes of CIFAR-10, each different from all others."""
    (x, y), _ = st.data.load(Path(os.environ["STRIATE_DATA"]) / "cifar10-small")
    for label in range(10):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)

    def write(k):
        random = np.random.default_rng(k)
        coarse = Image.fromarray(random.integers(0, 256, (8, 12, 3), np.uint8))
        picture = coarse.resize((COLUMNS, ROWS), Image.Resampling.BICUBIC)
        side = int(random.integers(160, 360))
        cut = Image.fromarray(x[k % len(x)]).resize((side, side), Image.Resampling.BICUBIC)
        place = int(random.integers(COLUMNS - side)), int(random.integers(ROWS - side))
        picture.paste(cut, place)
        picture.save(folder / str(y[k % len(y)]) / f"{k:06}.jpg", quality=80)

    for_all(write, count, threads=threads())


def peak_memory():
    """Return the largest resident memory of this process in bytes."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def network(size):
    """Make a network for color pictures."""
    return st.Network.parse(NETWORK, (size, size, 3))


def train_all(options):
    """Open the folder, train one epoch on all pictures, and return the figures."""
    started = time.perf_counter()
    dataset = st.data.open_dataset(
        options.folder, size=options.size, resize="stretch", test=0, in_memory=False
    )
    opened = time.perf_counter()
    net = network(options.size)
    history = net.fit(dataset.x, dataset.y, epochs=1, augment="flip")
    ended = time.perf_counter()
    return {
        "pictures": len(dataset.x),
        "decoded_bytes": len(dataset.x) * ROWS * COLUMNS * 3,
        "file_bytes": dataset.x.nbytes,
        "open_seconds": opened - started,
        "fit_seconds": ended - opened,
        "epoch_seconds": history.rows[-1]["seconds"],
        "loss": history.rows[-1]["loss"],
        "peak_bytes": peak_memory(),
    }


def compare(options):
    """Train epochs on some images, in memory and from the file in turn; return images/s."""
    dataset = st.data.open_dataset(
        options.folder, size=options.size, resize="stretch", test=0, in_memory=False
    )
    chosen = np.random.default_rng(0).permutation(len(dataset.x))[: options.subset]
    file, y = dataset.x.part(chosen), dataset.y[chosen]
    kinds = {"memory": np.asarray(file), "file": file}
    rates = {name: [] for name in kinds}
    weights = {}
    for x in kinds.values():  # compiles the programs
        network(options.size).fit(x[:256], y[:256], epochs=1, augment="flip")
    for k in range(options.rounds):
        for name in sorted(kinds, reverse=bool(k % 2)):  # each is first in every other round
            x = kinds[name]
            net = network(options.size)
            row = net.fit(x, y, epochs=1, augment="flip").rows[-1]
            rates[name].append(len(x) / row["seconds"])
            weights[name] = net.parameters["conv1.weight"].tobytes()
    return {
        "images": len(file),
        "rates": rates,
        "same_bits": weights["memory"] == weights["file"],
    }


def in_a_process(part, options):
    """Run one part in a separate process, and return what it printed."""
    words = [sys.executable, __file__, "--part", part, "--folder", options.folder]
    for name in ("size", "subset", "rounds", "pictures"):
        words += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def report(options):
    """Write the pictures unless they are there, and print all figures."""
    print(
        f"striate {version('striate')}, Pillow {version('pillow')}, {processor()}, "
        f"{threads()} threads, Python {platform.python_version()}"
    )
    folder = Path(options.folder)
    if not any(folder.iterdir()):
        started = time.perf_counter()
        write_pictures(folder, options.pictures)
        print(f"wrote {options.pictures:,} pictures in {time.perf_counter() - started:.0f} s")
    size = sum(path.stat().st_size for path in folder.rglob("*.jpg"))
    found = in_a_process("train", options)
    print(
        f"{found['pictures']:,} JPEG pictures of {COLUMNS} x {ROWS}, {size / 1e9:.1f} GB, which "
        f"decode to {found['decoded_bytes'] / 1e9:.1f} GB\n"
        f"kept at {options.size} x {options.size} in a file of {found['file_bytes'] / 1e9:.2f} GB"
    )
    rate = found["pictures"] / found["open_seconds"]
    print(f"decoded in {found['open_seconds']:.0f} s ({rate:.0f} pictures/s)")
    rate = found["pictures"] / found["epoch_seconds"]
    print(
        f"one epoch in {found['epoch_seconds']:.0f} s ({rate:.0f} images/s), "
        f"loss {found['loss']:.3f}"
    )
    print(f"peak memory of the process {found['peak_bytes'] / 1e9:.2f} GB")
    compared = in_a_process("compare", options)
    medians = {name: statistics.median(rates) for name, rates in compared["rates"].items()}
    for name, rates in compared["rates"].items():
        each = ", ".join(f"{rate:.0f}" for rate in rates)
        print(f"{compared['images']:,} images from {name:<6} {medians[name]:.0f} images/s ({each})")
    print(
        f"from the file at {medians['file'] / medians['memory']:.0%} of the speed in memory; "
        f"{'the same' if compared['same_bits'] else 'NOT the same'} weights"
    )


def main():
    """Run the benchmark, or one part of it in a separate process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=28_000)
    parser.add_argument("--size", type=int, default=224, help="rows and columns to train with")
    parser.add_argument("--subset", type=int, default=2048, help="images that fit in memory")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", help="keep the pictures in this folder, or use those in it")
    parser.add_argument("--part", choices=["train", "compare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part = train_all if options.part == "train" else compare
        print(json.dumps(part(options)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["XDG_CACHE_HOME"] = str(Path(temporary) / "cache")
        options.folder = options.folder or str(Path(temporary) / "pictures")
        Path(options.folder).mkdir(parents=True, exist_ok=True)
        report(options)


if __name__ == "__main__":
    main()
