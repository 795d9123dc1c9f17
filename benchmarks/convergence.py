"""Mean convergence of the two-layer network of Wolter's figure, and of his exercise's network.

    python benchmarks/convergence.py [--data mnist] [--net two-layer wolter-exercise] [--seeds 5]
        [--epochs 10] [--csv convergence.csv] [--picture convergence.png]

Wolter's settings: 50,000 images for training and the last 10,000 training images of MNIST for
validation, standardized, in batches of 200; plain gradient descent with a learning rate of 0.01;
five seeds. MNIST must be in the folder $STRIATE_DATA or ../shared/data; `--data digits` needs no
files.

Each row of the CSV is an epoch. Loss and accuracy of both parts are computed after the epoch, with
its last weights; while an epoch trains, the weights still change. Runs that the CSV has already are
not repeated. The file that comes with striate, examples/networks/convergence.csv, is what this
command writes.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from experiments import ROOT, RunTable, call, find_dataset, positive

import striate as st
from striate.errors import OptionError
from striate.files import shown
from striate.training import History

COLUMNS = (
    "network",
    "seed",
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
)
BATCH, RATE = 200, 0.01
PICTURES = (".png", ".svg", ".pdf")
SHOWN = (1, 2, 3, 4, 5, 10)
"""The epochs in the printed table: those that Wolter's figure can be read at."""


def train(net, parts, *, seed, epochs):
    """Train one network; return the rows of its epochs."""
    (x, y), validation = parts
    rows = []
    for epoch in range(1, epochs + 1):
        # Gradient descent has no state but the weights, so epochs can be separate calls of fit.
        net.fit(
            x,
            y,
            epochs=1,
            batch_size=BATCH,
            optimizer="gradient-descent",
            learning_rate=RATE,
            standardize=True,
            seed=epochs * seed + epoch,
            progress=False,
        )
        training, held = net.evaluate(x, y), net.evaluate(*validation)
        rows.append(
            {
                "seed": seed,
                "epoch": epoch,
                "loss": training.loss,
                "accuracy": training.accuracy,
                "validation_loss": held.loss,
                "validation_accuracy": held.accuracy,
                "learning_rate": RATE,
            }
        )
    return rows


def histories(path):
    """Read the histories of all seeds, by the name of their network."""
    found = {}
    for (name, _), history in History.runs_from_csv(path, by=("network", "seed")).items():
        found.setdefault(name, []).append(history)
    return found


def report(runs):
    """Print mean and standard deviation of the accuracies after some epochs."""
    for name, found in runs.items():
        epochs = len(found[0])
        chosen = [epoch for epoch in SHOWN if epoch < epochs] + [epochs]
        print(f"\n{name}, accuracy after epoch, mean and standard deviation of {len(found)} seeds:")
        print("            " + "".join(f"{epoch:>16}" for epoch in chosen))
        for part, column in (("training", "accuracy"), ("validation", "validation_accuracy")):
            scores = 100 * np.array([history[column] for history in found])
            cells = [f"{scores[:, e - 1].mean():.2f}{spread(scores[:, e - 1])}%" for e in chosen]
            print(f"{part:<12}" + "".join(f"{cell:>16}" for cell in cells))


def spread(scores):
    """Write the standard deviation over the seeds; nothing for a single seed."""
    return f" ± {scores.std(ddof=1):.2f}" if len(scores) > 1 else ""


def draw(runs, path):
    """Draw the accuracies of each network, and write the picture."""
    from matplotlib import pyplot as plt  # noqa: PLC0415  # an extra, and heavy

    figure, panels = plt.subplots(
        1, len(runs), figsize=(4.8 * len(runs), 3.6), layout="constrained", squeeze=False
    )
    for ax, (name, found) in zip(panels[0], runs.items(), strict=True):
        st.pictures.learning_curve(found, "accuracy", ax=ax)
        ax.set_title(f"{name}: {ax.get_title('left')}", loc="left")
    st.pictures.save(figure, path)
    print(f"\n{path}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--net", nargs="+", default=["two-layer", "wolter-exercise"])
    parser.add_argument("--seeds", type=positive, default=5)
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--csv", type=Path, default=ROOT / "examples/networks/convergence.csv")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    given = parser.parse_args()
    if (
        given.picture and given.picture.suffix.lower() not in PICTURES
    ):  # better now than after hours
        parser.error(f"--picture must end in {', '.join(PICTURES)}, got {given.picture}")
    data = find_dataset(given.data)
    held = len(data.x) // 6  # 10,000 of MNIST's 60,000
    parts = (data.x[:-held], data.y[:-held]), (data.x[-held:], data.y[-held:])
    settings = (
        f"{data.name}, {len(data.x) - held} training and {held} validation images, "
        f"{given.epochs} epochs, batch {BATCH}, gradient-descent {RATE}"
    )
    print(settings, flush=True)
    table = RunTable(given.csv, COLUMNS, settings, words=("network",))
    for seed, name in itertools.product(range(given.seeds), given.net):
        found = [row["epoch"] for row in table.find(network=name, seed=seed)]
        if found and found != [str(epoch + 1) for epoch in range(given.epochs)]:
            raise OptionError(
                f"{shown(given.csv)} has an unfinished run of {name}, seed {seed}, with the epochs "
                f"{', '.join(found)}; expected 1 to {given.epochs}. Remove these lines, to "
                "train it again."
            )
        if not found:
            net = st.Network.preset(
                name, input_shape=data.image_shape, classes=len(data.classes), seed=seed
            )
            rows = train(net, parts, seed=seed, epochs=given.epochs)
            table.add([{"network": name, **row} for row in rows])
        last = table.find(network=name, seed=seed)[-1]
        scores = (f"{float(last[c]):.2%}" for c in ("accuracy", "validation_accuracy"))
        print(f"{name}, seed {seed}: {' / '.join(scores)}", flush=True)
    runs = histories(given.csv)
    report(runs)
    if given.picture:
        draw(runs, given.picture)


if __name__ == "__main__":
    call(main)
