"""Accuracy of the default recipe for signals on UCR data sets, compared with baselines.

The folder has files NAME_TRAIN.tsv and NAME_TEST.tsv (timeseriesclassification.com).
Each run is `striate train NAME_TRAIN.tsv`; the baselines are the nearest neighbor in the training
set (Euclidean) and a random forest of scikit-learn on the samples. Writes a CSV file.

Run with: python benchmarks/signals.py FOLDER signals.csv GunPoint OSULeaf
"""

import csv
import sys
import time
from pathlib import Path

from sklearn.ensemble import RandomForestClassifier

from striate.recipes import prepare

SEEDS = (0, 1)


def main(folder, table, names):
    """Train on each data set with each seed, and write a line for each run."""
    with Path(table).open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(
            ["data", "training", "test", "samples", "classes", "seed", "striate", "seconds",
             "nearest neighbor", "random forest"]
        )  # fmt: skip
        for name in names:
            for seed in SEEDS:
                run = prepare(str(Path(folder) / f"{name}_TRAIN.tsv"), seed=seed)
                started = time.perf_counter()
                run.train(progress=False)
                seconds = time.perf_counter() - started
                data = run.dataset
                flat, flat_test = (part.reshape(len(part), -1) for part in (data.x, data.x_test))
                distances = ((flat_test[:, None] - flat[None]) ** 2).sum(axis=-1)
                nearest = (data.y[distances.argmin(axis=1)] == data.y_test).mean()
                forest = RandomForestClassifier(300, random_state=seed).fit(flat, data.y)
                scores = [run.evaluate().accuracy, nearest, forest.score(flat_test, data.y_test)]
                striate, *others = [f"{score:.4f}" for score in scores]
                about = [len(flat), len(flat_test), flat.shape[1], len(data.classes), seed]
                rows.writerow([name, *about, striate, f"{seconds:.0f}", *others])
                file.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
