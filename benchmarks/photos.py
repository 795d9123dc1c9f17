"""Accuracy on a small folder of photos: striate's default command against scikit-learn.

    python benchmarks/photos.py [cifar10|fashion-mnist|unbalanced] [--draws 5] [--csv FILE]

Each draw takes other images of a real data set and writes them as people's photos are: JPEG, PNG
and WebP files of 24 to 600 pixels with different proportions, a fifth of them rotated by EXIF. The
command `striate train FOLDER` runs on them without any option, from a cold start; then it is
evaluated on 2,000 fresh photos, written in the same way. The accuracy that the command itself
estimates by cross-validation is listed next to it, with its 95% confidence interval. The baselines
read the same files at 32 x 32 pixels: a random forest, principal components with a support vector
machine (its C chosen by cross-validation), and a multilayer perceptron. Every class has the same
number of test photos, so that the accuracy is also the balanced accuracy.

    cifar10         60 photos for each of 10 classes
    fashion-mnist   100 pictures for each of 10 classes
    unbalanced      10 to 200 photos for each of 10 classes of CIFAR-10
"""

import argparse
import csv
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
from PIL import Image, ImageOps

import striate
from striate.bench.machine import processor
from striate.data import open_dataset
from striate.runtime.settings import threads

PROGRAM = Path(sys.executable).with_name("striate")
CLASSES = 10
TEST = 2000
SOURCES = {
    "cifar10": "cifar10-jpeg",
    "fashion-mnist": "fashion-mnist",
    "unbalanced": "cifar10-jpeg",
}
UNTURN = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
"""What to do with an image so that a viewer that follows the EXIF orientation shows it upright."""


def counts(task, rng):
    """Return the number of training photos of each class."""
    if task == "unbalanced":
        return rng.permutation(np.rint(np.geomspace(10, 200, CLASSES)).astype(int))
    return np.full(CLASSES, 60 if task == "cifar10" else 100)


def write_photo(pixels, stem, rng):
    """Write an image as somebody's photo: its size, proportions, format and rotation vary."""
    image = Image.fromarray(pixels.squeeze())
    side = np.exp(rng.uniform(np.log(24), np.log(600)))
    aspect = np.exp(rng.uniform(-0.25, 0.25))
    size = np.clip(np.rint([side * aspect, side / aspect]), 24, 600).astype(int)
    image = image.resize((int(size[0]), int(size[1])), Image.Resampling.BICUBIC)
    ending = rng.choice(["jpg", "png", "webp"], p=[0.6, 0.2, 0.2])
    options = {} if ending == "png" else {"quality": int(rng.integers(70, 96))}
    if ending == "jpg" and rng.random() < 1 / 3:
        orientation = int(rng.choice(list(UNTURN)))
        image = image.transpose(UNTURN[orientation])
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    image.save(stem.with_suffix(f".{ending}"), **options)


def write_photos(x, y, names, folder, rng):
    """Write one subfolder of photos for each class."""
    for name in names:
        (folder / name).mkdir(parents=True)
    for number, (pixels, label) in enumerate(zip(x, y, strict=True)):
        write_photo(pixels, folder / names[label] / f"{number:04}", rng)


def draw(task, dataset, seed, folder):
    """Write the training and the test photos of a draw."""
    rng = np.random.default_rng(seed)
    names = [str(name).replace("/", " or ") for name in dataset.classes]
    train = [
        rng.choice(np.flatnonzero(dataset.y == k), count, replace=False)
        for k, count in enumerate(counts(task, rng))
    ]
    test = [
        rng.choice(np.flatnonzero(dataset.y_test == k), TEST // CLASSES, replace=False)
        for k in range(CLASSES)
    ]
    train, test = np.concatenate(train), np.concatenate(test)
    write_photos(dataset.x[train], dataset.y[train], names, folder / "photos", rng)
    write_photos(dataset.x_test[test], dataset.y_test[test], names, folder / "fresh", rng)


def read_small(folder):
    """Read photos at 32 x 32 pixels, as rows of numbers from 0 to 1, and their labels."""
    rows, labels = [], []
    for k, one in enumerate(sorted(path for path in folder.iterdir())):
        for path in sorted(one.iterdir()):
            with Image.open(path) as file:
                image = ImageOps.exif_transpose(file).convert("RGB")
                rows.append(np.asarray(image.resize((32, 32), Image.Resampling.BOX)).ravel())
                labels.append(k)
    return np.array(rows, np.float32) / 255, np.array(labels)


def baselines(balanced):
    """Return scikit-learn's estimators by name."""
    from sklearn.decomposition import PCA  # noqa: PLC0415
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
    from sklearn.svm import SVC  # noqa: PLC0415

    weight = "balanced" if balanced else None
    components = PCA(80, whiten=True, random_state=0)
    return {
        "random forest": RandomForestClassifier(
            500, class_weight=weight, n_jobs=threads(), random_state=0
        ),
        "PCA + SVC": GridSearchCV(
            make_pipeline(components, SVC(class_weight=weight)),
            {"svc__C": [0.3, 1.0, 3.0, 10.0]},
            cv=3,
        ),
        "MLP": make_pipeline(StandardScaler(), MLPClassifier(max_iter=400, random_state=0)),
    }


def measure_baselines(folder, *, balanced):
    """Yield name, accuracy and seconds of each baseline, and empty fields for its estimate."""
    (x, y), (x_test, y_test) = (read_small(folder / name) for name in ("photos", "fresh"))
    for name, model in baselines(balanced).items():
        started = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - started
        yield name, float(np.mean(model.predict(x_test) == y_test)), seconds, "", "", ""


def measure_striate(folder, words):
    """Run striate's command in a folder with an empty cache.

    Returns the accuracy on fresh photos, the time, and the command's own estimate with its ends.
    """
    environment = os.environ | {"STRIATE_CACHE": str(folder / "cache")}

    def run(*command):
        done = subprocess.run(
            [PROGRAM, *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"striate {' '.join(command)} failed:\n{done.stderr}")
        return done.stdout

    started = time.perf_counter()
    output = ("--no-pictures", "--json", "--output", "net.safetensors")
    trained = json.loads(run("train", "photos", *output, *words))
    seconds = time.perf_counter() - started
    found = json.loads(run("evaluate", "net.safetensors", "fresh", "--part", "all", "--json"))
    return found["accuracy"], seconds, trained["test"]["accuracy"], *trained["test"]["interval"]


def main():
    """Measure each draw; print a table of means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", nargs="?", choices=SOURCES, default="cifar10")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    parser.add_argument("--csv", type=Path, help="write every result to this file")
    parser.add_argument("--option", action="append", default=[], help="a word for striate train")
    parser.add_argument("--no-baselines", action="store_true")
    options = parser.parse_args()
    source = Path(os.environ.get("STRIATE_DATA", "../shared/data")) / SOURCES[options.task]
    if not source.is_dir():
        sys.exit(f"{source} doesn't exist. Set STRIATE_DATA to the folder that contains it.")
    dataset = open_dataset(source)
    packages = ", ".join(f"{name} {version(name)}" for name in ("NumPy", "scikit-learn"))
    print(f"striate {striate.__version__}, {packages}, Python {platform.python_version()}")
    print(f"{processor()}, {threads()} threads; {options.task}, {options.draws} draws\n")
    rows = []
    for seed in range(options.first, options.first + options.draws):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            draw(options.task, dataset, seed, folder)
            found = [("striate", *measure_striate(folder, options.option))]
            if not options.no_baselines:
                balanced = options.task == "unbalanced"
                found += measure_baselines(folder, balanced=balanced)
        rows += [(options.task, seed, *one) for one in found]
        print(
            f"draw {seed}: " + ", ".join(f"{n} {a:.1%} ({s:.0f} s)" for n, a, s, *_ in found),
            "; striate's estimate {:.1%} ({:.1%} to {:.1%})".format(*found[0][3:]),
            sep="",
            flush=True,
        )
    print()
    for name in dict.fromkeys(row[2] for row in rows):
        accuracies, seconds = zip(*(row[3:5] for row in rows if row[2] == name), strict=True)
        print(f"{name:15} {statistics.mean(accuracies):6.1%}  {statistics.mean(seconds):6.1f} s")
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.writer(file)
            names = ["model", "accuracy", "seconds", "estimate", "low", "high"]
            writer.writerow(["task", "draw", *names])
            writer.writerows(rows)


if __name__ == "__main__":
    main()
