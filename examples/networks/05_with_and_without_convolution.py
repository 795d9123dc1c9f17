r"""
With and without convolution
============================

Does convolution help because networks with it have more parameters, or because of how the
parameters are used? Wolter's slides show a figure from the book of Goodfellow, Bengio and
Courville: test accuracy against the number of parameters, for shallow and for deep networks.
This example makes the comparison with small photographs.
"""

import csv
import sys
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

# %%
# The data are color photographs of ten classes, 32 x 32 pixels, from CIFAR-10: 8,000 for training,
# 2,000 for validation and 2,000 for the test, decoded from JPEG copies. On easier data there is
# little to see: for 8,000 images of Fashion-MNIST and 100,000 parameters, the command below with
# ``--data fashion-mnist --sizes 5 --seeds 1 --rates 0.003 --csv fashion.csv`` gives a validation
# accuracy of 87.2% without convolution, and 88.8% with two convolutions.
#
# Three families of networks were trained, each at six sizes. The *depth* is the number of layers
# with weights. Everything else is the same for all: batch normalization, Adam, eight epochs. For
# each network, the better of two learning rates was chosen with the first seed, on the validation
# images, and the weights of the best epoch were kept. The test images were read once for each run.
# ``python benchmarks/with_and_without_convolution.py`` trains all of them, and writes a CSV file
# next to this example.

path = Path(sys.argv[0]).with_name("with_and_without_convolution.csv")
with path.open(newline="", encoding="utf-8") as file:
    runs = list(csv.DictReader(file))
print(textwrap.fill(runs[0]["settings"], 90))
minutes = sum(float(run["processor_seconds"]) for run in runs) / 60
print(f"{len(runs)} runs, {minutes:.0f} minutes of processor time")

first = [run for run in runs if run["seed"] == "0"]
first.sort(key=lambda run: float(run["validation_accuracy"]))
# The last, best run decides.
rates = {run["network"]: run["learning_rate"] for run in first}
rows = [run for run in runs if run["learning_rate"] == rates[run["network"]]]

# %%
# Here is the smallest network of each family:

families = [
    "fully connected, depth 3",
    "convolutional, depth 3",
    "convolutional, depth 11",
]
for family in families:
    network = next(row["network"] for row in rows if row["family"] == family)
    print(f"\n{family}:\n{textwrap.fill(network, 90, break_on_hyphens=False)}")

# %%
# .. _wolter-figure-parameters:
#
# Accuracy against the number of parameters
# -----------------------------------------
#
# A line is the mean over the seeds; the band around it goes from the worst seed to the best.


def by_size(family, name):
    """Return a column of a family: for each size, the values of its seeds."""
    own = [row for row in rows if row["family"] == family]
    sizes = sorted({int(row["parameters"]) for row in own})
    return [
        np.array(
            [float(row[name]) for row in own if int(row["parameters"]) == size]
        )
        for size in sizes
    ]


def means(family, name):
    """Return the means over the seeds, one for each size."""
    return np.array([values.mean() for values in by_size(family, name)])


def draw(ax, against, label):
    """Draw the test accuracy of each family."""
    for family, marker in zip(families, "sov", strict=True):
        x, seeds = means(family, against), by_size(family, "test_accuracy")
        (line,) = ax.plot(
            x,
            means(family, "test_accuracy"),
            marker,
            linestyle="-",
            label=family,
        )
        low, high = (
            [min(values) for values in seeds],
            [max(values) for values in seeds],
        )
        ax.fill_between(
            x, low, high, color=line.get_color(), alpha=0.25, linewidth=0
        )
    ax.set(xscale="log", xlabel=label, ylabel="test accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")


figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
draw(ax, "parameters", "number of parameters")

# %%
# - **Convolution helps at every size.** The smallest network of depth 3 with convolutions has
#   10,000 parameters, and is better than the best one without them.
# - **Without convolution, more parameters memorize more.** From 300,000 to three million, the
#   accuracy on the training images rises by about twenty points, that on the test images by two or
#   three.
# - **Width alone isn't enough, even with convolution.** From 100,000 parameters to three million,
#   the shallow networks gain about two points, the deep ones about ten.
# - **Depth pays once the layers are wide enough.** With 10,000 parameters, ten convolutions have
#   only 4 to 12 maps each, and the deep network is worse than the shallow one. At 300,000
#   parameters they are about equal, and at three million the deep network is clearly better.

print("mean over the seeds       parameters  multiply-adds  training   test")
names = ("parameters", "multiply_adds", "training_accuracy", "test_accuracy")
for family in families:
    for size, adds, training, test in zip(
        *(means(family, name) for name in names), strict=True
    ):
        print(
            f"{family:<26}{size:>10,.0f}{adds:>15,.0f}{training:>10.1%}{test:>7.1%}"
        )

dense, shallow, deep = (means(family, "test_accuracy") for family in families)
memorized = means(families[0], "training_accuracy")
assert min(shallow - dense) > 0.1
assert shallow[0] > max(dense)
assert memorized[5] - memorized[3] > 0.15
assert dense[5] - dense[3] < 0.05
assert shallow[5] - shallow[2] < 0.04
assert deep[5] - deep[2] > 0.08
assert deep[0] < shallow[0] - 0.05
assert abs(deep[3] - shallow[3]) < 0.03
assert deep[5] > max(shallow) + 0.02

# %%
# In the book's figure, networks read the house numbers of Google's street view, and the best ones
# have eleven layers, too. Its curve "3, fully connected" belongs to networks with convolutions
# whose fully connected layers were widened. Here, as in the title of Wolter's slide, the networks
# of that family have no convolution at all.
#
# What it costs
# -------------
#
# Parameters don't tell how long a network takes. A weight of a fully connected layer is multiplied
# once for each image, a weight of a kernel once for each position. Here are the same networks
# against the number of multiply-adds:

figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
draw(ax, "multiply_adds", "multiply-adds for an image (forward)")

# %%
# At equal cost, convolution has a smaller advantage. The smallest deep network has none: a fully
# connected one with about as many multiply-adds is better. This is the accuracy for a million
# multiply-adds, read off the lines:

for family in families:
    cost, test = means(family, "multiply_adds"), means(family, "test_accuracy")
    print(f"{family:<26}{np.interp(6, np.log10(cost), test):>6.1%}")
plt.show()
