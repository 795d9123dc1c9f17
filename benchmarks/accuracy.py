"""Test accuracy of the command's recipe over several seeds: python benchmarks/accuracy.py digits.

The recipe was chosen on a part of the training images; the test part is read once for each seed.
"""

import argparse
import platform
import statistics
import time

import numpy as np
from import_time import processor

import striate
from striate.cli.networks import make
from striate.cli.recipes import recipe_for
from striate.data import open_dataset


def main():
    """Train once for each seed and print the accuracies and their median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    dataset = open_dataset(options.data)
    recipe = recipe_for(dataset.name, dataset.image_shape)
    shape, classes = dataset.image_shape, len(dataset.classes)
    versions = f"striate {striate.__version__}, NumPy {np.__version__}"
    print(f"{versions}, Python {platform.python_version()}, {processor()}")
    print(f"{dataset.name}: {len(dataset.x):,} images to train on, {len(dataset.x_test):,} to test")
    print(f"recipe: {recipe}")
    print(f"network: {make(recipe.net, shape, classes, seed=0)}\n")
    accuracies = []
    for seed in range(options.seeds):
        network = make(recipe.net, shape, classes, seed=seed)
        started = time.perf_counter()
        network.fit(
            dataset.x,
            dataset.y,
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            update=recipe.update,
            learning_rate=recipe.learning_rate,
            decay=recipe.decay,
            augment=recipe.augment or None,
            seed=seed,
            progress=False,
        )
        seconds = time.perf_counter() - started
        accuracies.append(network.evaluate(dataset.x_test, dataset.y_test).accuracy)
        print(f"seed {seed}: {accuracies[-1]:.2%} after {seconds:.0f} s", flush=True)
    print(f"median of {options.seeds} seeds: {statistics.median(accuracies):.2%}")


if __name__ == "__main__":
    main()
