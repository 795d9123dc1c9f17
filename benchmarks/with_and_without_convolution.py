"""Accuracy against the number of parameters, with and without convolution, shallow and deep.

    python benchmarks/with_and_without_convolution.py [--data cifar10-jpeg] [--images 10000]
        [--sizes 4 4.5 5 5.5 6 6.5] [--seeds 3] [--rates 0.003 0.001] [--epochs 8] [--csv FILE]

Three families of networks are trained at sizes from 10^4 to 10^6.5 parameters: three fully
connected layers; three layers of which two are convolutions; eleven layers of which ten are. A
depth counts the layers with weights. The width of each network is the one whose number of
parameters is closest to the size.

The data are color photographs, 32 x 32 pixels: the first 1,000 images of each class of CIFAR-10 for
training, the last fifth of them for validation, and the first 200 test images of each class. In
such pictures a thing can be anywhere, so that what convolution assumes helps more than with
centered digits. `--data cifar10-jpeg` is a copy of these images from JPEG files, as a folder in
$STRIATE_DATA or ../shared/data; `--data cifar10` takes them from the original files.

All networks are trained alike: the same number of epochs and steps in batches of 128, Adam with a
learning rate that falls to 0 along a cosine, standardized images without augmentation, batch
normalization after all layers but the last. What is chosen is chosen on the validation images: the
epoch whose weights are kept, and, for each network with the first seed, the learning rate, since
wide networks need smaller steps than narrow ones. The test images are read once for each run, at
the end, and no choice depends on them.

Runs that the CSV has already are not repeated, so a stopped command continues where it was. The
file that comes with striate, examples/networks/with_and_without_convolution.csv, is what this
command writes.
"""

import argparse
import itertools
import math
import platform
import statistics
import time
from pathlib import Path

import numpy as np
from experiments import ROOT, RunTable, call, find_dataset, positive

import striate as st
from striate.bench.machine import processor
from striate.errors import OptionError
from striate.graph.shorthand import parse

COLUMNS = (
    "family",
    "network",
    "parameters",
    "multiply_adds",
    "seed",
    "learning_rate",
    "epochs",
    "best_epoch",
    "seconds",
    "processor_seconds",
    "training_accuracy",
    "validation_accuracy",
    "test_accuracy",
)
BATCH, OPTIMIZER, SCHEDULE = 128, "adam", "cosine"
LARGEST = 9
"""Largest number of parameters, as a power of ten."""
DEFAULT = ROOT / "examples/networks/with_and_without_convolution.csv"


def fully_connected(width):
    """Return three fully connected layers, in shorthand."""
    layer = f"dense {width} bias none | batch-norm relu"
    return f"{layer} | {layer} | dense 10 softmax"


def shallow(width):
    """Return two convolutions and a classifier.

    Most parameters are in the second convolution, whose kernels have few positions left (3 x 3):
    so even three million parameters need only 38 million multiply-adds for an image.
    """
    return (
        f"conv {width}@5x5 bias none | batch-norm relu | max 4x4 | "
        f"conv {4 * width}@5x5 bias none | batch-norm relu | dense 10 softmax"
    )


def deep(width):
    """Return ten convolutions, in four groups between which the images shrink, and a classifier."""
    groups = [
        " | ".join([f"conv {maps * width}@3x3 same bias none | batch-norm relu"] * count)
        for maps, count in ((1, 1), (1, 1), (2, 3), (3, 5))
    ]
    return " | max 2x2 | ".join(groups) + " | global-average | dense 10 softmax"


FAMILIES = {
    "fully connected, depth 3": fully_connected,
    "convolutional, depth 3": shallow,
    "convolutional, depth 11": deep,
}


def parameter_count(text, shape):
    """Count the parameters of a network in shorthand."""
    return sum(math.prod(one.shape) for one in parse(text, shape).parameters().values())


def closest(family, size, shape):
    """Return the network of a family whose number of parameters is closest to a size, by ratio."""
    low, high = 1, 2
    while parameter_count(family(high), shape) < size:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if parameter_count(family(middle), shape) < size:
            low = middle
        else:
            high = middle
    return min(
        (family(width) for width in (low, high)),
        key=lambda text: abs(math.log(parameter_count(text, shape) / size)),
    )


def first_of_each_class(x, y, images, classes):
    """Return the first images of each class, in the order of the file."""
    each = images // classes
    found = [np.flatnonzero(y == label)[:each] for label in range(classes)]
    least = min(map(len, found))
    if not 0 < each <= least:
        raise OptionError(
            f"--images {images} needs {each} images of each class, but one class has {least}. "
            f"Use --images {least * classes} or fewer, and at least {5 * classes}."
        )
    places = np.sort(np.concatenate(found))
    return x[places], y[places]


def split(data, images):
    """Return training, validation and test images with their labels."""
    classes = len(data.classes)
    x, y = first_of_each_class(data.x, data.y, images, classes)
    test = first_of_each_class(data.x_test, data.y_test, images // 5, classes)
    held = len(x) // 5
    return (x[:-held], y[:-held]), (x[-held:], y[-held:]), test


def train(text, shape, parts, *, seed, rate, epochs):
    """Train one network; return its row of the CSV."""
    (x, y), validation, test = parts
    net = st.Network.parse(text, shape, seed=seed)
    summary = net.summary()
    started, used = time.perf_counter(), time.process_time()
    history = net.fit(
        x,
        y,
        epochs=epochs,
        batch_size=BATCH,
        optimizer=OPTIMIZER,
        learning_rate=rate,
        schedule=SCHEDULE,
        standardize=True,
        validation=validation,
        keep_best=True,
        monitor="validation_accuracy",
        seed=seed,
        progress=False,
    )
    return {
        "network": text,
        "parameters": summary.parameters,
        "multiply_adds": summary.multiply_adds,
        "seed": seed,
        "learning_rate": rate,
        "epochs": len(history),
        "best_epoch": history.best_epoch,
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(time.process_time() - used, 1),
        "training_accuracy": net.evaluate(x, y).accuracy,
        "validation_accuracy": net.evaluate(*validation).accuracy,
        "test_accuracy": net.evaluate(*test).accuracy,
    }


def best_rate(rows):
    """Return the learning rate with the best validation accuracy, of the first seed's rows."""
    best = max(rows, key=lambda row: float(row["validation_accuracy"]))
    return float(best["learning_rate"])


def chosen(table):
    """Return the rows of each network with its best learning rate."""
    rates = {
        row["network"]: best_rate(table.find(network=row["network"], seed=0)) for row in table.rows
    }
    return [row for row in table.rows if float(row["learning_rate"]) == rates[row["network"]]]


def report(rows):
    """Print the mean and the standard deviation over the seeds for each network."""
    print(
        f"\n{'family':<26}{'parameters':>11}{'multiply-adds':>15}{'training':>10}"
        f"{'validation':>12}{'test':>17}{'rate':>8}"
    )
    for (family, parameters), group in itertools.groupby(
        rows, lambda row: (row["family"], int(row["parameters"]))
    ):
        runs = list(group)

        def mean(column, runs=runs):
            return statistics.mean(float(run[column]) for run in runs)

        tests = [100 * float(run["test_accuracy"]) for run in runs]
        spread = f"± {statistics.stdev(tests):.1f}" if len(tests) > 1 else ""
        print(
            f"{family:<26}{parameters:>11,}{int(runs[0]['multiply_adds']):>15,}"
            f"{mean('training_accuracy'):>10.1%}{mean('validation_accuracy'):>12.1%}"
            f"{statistics.mean(tests):>8.1f} {spread:<5}%"
            f"{float(runs[0]['learning_rate']):>8g}"
        )


def power(text):
    """Read a power of ten from the command line."""
    try:
        if 1 <= float(text) <= LARGEST:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be a number from 1 to {LARGEST}, got {text!r}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="cifar10-jpeg")
    parser.add_argument(
        "--images", type=positive, default=10_000, help="with the validation images"
    )
    parser.add_argument(
        "--sizes", type=power, nargs="+", default=[4, 4.5, 5, 5.5, 6, 6.5], help="powers of ten"
    )
    parser.add_argument("--seeds", type=positive, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.003, 0.001])
    parser.add_argument("--epochs", type=positive, default=8)
    parser.add_argument("--csv", type=Path, default=DEFAULT)
    return parser.parse_args()


def main():
    """Train every network that the CSV lacks; print each result, and a table at the end."""
    given = arguments()
    data = find_dataset(given.data)
    shape, parts = data.image_shape, split(data, given.images)
    counts = ", ".join(
        f"{len(part[0])} {name}"
        for part, name in zip(parts, ("training", "validation", "test"), strict=True)
    )
    settings = (
        f"{data.name}, {counts} images, {given.epochs} epochs, batch {BATCH}, {OPTIMIZER}, "
        f"{SCHEDULE}"
    )
    print(f"striate {st.__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    print(f"{processor()}, {st.threads()} threads\n{settings}\n", flush=True)
    table = RunTable(given.csv, COLUMNS, settings, words=("family", "network"))
    networks = [
        (name, closest(family, 10**size, shape))
        for size in given.sizes
        for name, family in FAMILIES.items()
    ]
    count = len(networks) * (len(given.rates) + given.seeds - 1)
    numbers = itertools.count(1)
    # One seed after the other: a stopped command has complete curves of the first seeds.
    for seed, (name, text) in itertools.product(range(given.seeds), networks):
        rates = given.rates if seed == 0 else [best_rate(table.find(network=text, seed=0))]
        for rate in rates:
            key = {"network": text, "seed": seed, "learning_rate": rate}
            if not table.find(**key):
                row = train(text, shape, parts, seed=seed, rate=rate, epochs=given.epochs)
                table.add([{"family": name, **row}])
            (row,) = table.find(**key)
            print(
                f"{next(numbers):>2} of {count}: {name}, {int(row['parameters']):,} parameters, "
                f"seed {seed}, learning rate {rate:g}: "
                f"validation {float(row['validation_accuracy']):.1%}, {row['seconds']} s",
                flush=True,
            )
    order = list(FAMILIES)
    report(
        sorted(chosen(table), key=lambda row: (order.index(row["family"]), int(row["parameters"])))
    )
    wall, used = (
        sum(float(row[c]) for row in table.rows) for c in ("seconds", "processor_seconds")
    )
    print(
        f"\n{len(table.rows)} trainings in {wall / 60:.0f} minutes, "
        f"{used / 60:.0f} minutes of processor time"
    )


if __name__ == "__main__":
    call(main)
