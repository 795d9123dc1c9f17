"""Draw docs/images/lenet5.png: the activations of all layers of LeNet-5 for one digit.

    python tools/draw_lenet5.py [MODEL]

Without a saved model, it first trains one on the digits that come with striate.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

import striate as st
from striate.graph.trace import Trace

OUTPUT = Path(__file__).parents[1] / "docs" / "images" / "lenet5.png"
INK, FAINT, WINNER = "#1f2933", "#9aa5b1", "#c2410c"
MAPS = "RdBu_r"
# A test image with a slightly unusual nine.
IMAGE = 7

# Each stage: layer, grid of tiles (rows, columns), width of a tile, and two lines of caption.
STAGES = [
    ("conv1", (3, 2), 0.98, "6@28×28", "conv 5×5, tanh"),
    ("average1", (3, 2), 0.66, "6@14×14", "average 2×2"),
    ("conv2", (4, 4), 0.62, "16@10×10", "conv 5×5, tanh"),
    ("average2", (4, 4), 0.42, "16@5×5", "average 2×2"),
]
BLOCKS = [("dense1", (20, 6), "120", "dense, tanh"), ("dense2", (12, 7), "84", "dense, tanh")]
GAP = 0.62
TOP, BOTTOM = 3.6, 0.0
MIDDLE = (TOP + BOTTOM) / 2


def trained() -> st.Network:
    """Train LeNet-5 for a few minutes."""
    (x, y), _ = st.data.load("digits")
    net = st.Network.preset("lenet5")
    net.fit(
        x, y, epochs=20, learning_rate=0.002, batch_size=64, schedule="cosine", augment="shift 2"
    )
    return net


def tile(axes: Axes, values: np.ndarray, left: float, bottom: float, width: float) -> None:
    """Draw one map as a square."""
    high = float(np.abs(values).max()) or 1.0
    box = (left, left + width, bottom, bottom + width)
    axes.imshow(values, cmap=MAPS, vmin=-high, vmax=high, extent=box, interpolation="nearest")
    axes.add_patch(Rectangle((left, bottom), width, width, fill=False, ec=FAINT, lw=0.4))


def maps(axes: Axes, values: np.ndarray, grid: tuple[int, int], left: float, width: float) -> float:
    """Draw the maps of a layer in a grid, and return the position of the right edge."""
    rows, columns = grid
    step = width + 0.07
    for number, one in enumerate(values):
        row, column = divmod(number, columns)
        top = MIDDLE + (rows * step - 0.07) / 2
        tile(axes, one, left + column * step, top - row * step - width, width)
    return left + columns * step - 0.07


def block(axes: Axes, values: np.ndarray, grid: tuple[int, int], left: float) -> float:
    """Draw a layer of neurons as a block of cells, and return the position of the right edge."""
    rows, columns = grid
    cell = 0.135
    high = float(np.abs(values).max())
    box = (left, left + columns * cell, MIDDLE - rows * cell / 2, MIDDLE + rows * cell / 2)
    axes.imshow(values.reshape(grid), cmap=MAPS, vmin=-high, vmax=high, extent=box)
    axes.add_patch(
        Rectangle((box[0], box[2]), columns * cell, rows * cell, fill=False, ec=FAINT, lw=0.4)
    )
    return box[1]


def bars(axes: Axes, probabilities: np.ndarray, left: float) -> float:
    """Draw the ten probabilities, the largest in color; return the position of the right edge."""
    height = 0.31
    best = int(probabilities.argmax())
    for digit, p in enumerate(probabilities):
        y = MIDDLE + (4.5 - digit) * height
        color = WINNER if digit == best else FAINT
        weight = "bold" if digit == best else "normal"
        axes.add_patch(Rectangle((left + 0.25, y - 0.11), 0.02 + 0.95 * p, 0.22, color=color, lw=0))
        axes.text(
            left + 0.1, y, str(digit), ha="center", va="center", color=INK, size=9, weight=weight
        )
    return left + 1.3


def caption(axes: Axes, left: float, right: float, size: str, words: str) -> None:
    """Write the caption of a stage."""
    center = (left + right) / 2
    axes.text(center, -0.22, size, ha="center", va="top", size=10, color=INK, weight="bold")
    axes.text(center, -0.50, words, ha="center", va="top", size=8.5, color="#52606d")


def arrow(axes: Axes, left: float, right: float) -> None:
    """Draw an arrow from one stage to the next."""
    ends = (left + 0.14, MIDDLE), (right - 0.14, MIDDLE)
    axes.add_patch(
        ConnectionPatch(*ends, "data", arrowstyle="-|>", color=FAINT, lw=1, mutation_scale=8)
    )


def draw(image: np.ndarray, trace: Trace) -> Figure:
    """Draw all stages, from the image to the prediction."""
    figure = Figure()
    axes = figure.add_axes((0, 0, 1, 1))
    side = 1.7
    axes.imshow(image, cmap="gray_r", extent=(0, side, MIDDLE - side / 2, MIDDLE + side / 2))
    axes.add_patch(Rectangle((0, MIDDLE - side / 2), side, side, fill=False, ec=FAINT, lw=0.4))
    caption(axes, 0, side, "1@28×28", "an image")
    right = side
    for layer, grid, width, size, words in STAGES:
        left = right + GAP
        arrow(axes, right, left)
        right = maps(axes, trace[layer].A[0], grid, left, width)
        caption(axes, left, right, size, words)
    for layer, grid, size, words in BLOCKS:
        left = right + GAP
        arrow(axes, right, left)
        right = block(axes, trace[layer].A[0], grid, left)
        caption(axes, left, right, size, words)
    left = right + GAP
    arrow(axes, right, left)
    right = bars(axes, trace["dense3"].A[0], left)
    caption(axes, left, right, "10", "dense, softmax")
    width, height = right + 0.25, TOP + 0.8
    axes.set(xlim=(-0.15, right + 0.1), ylim=(-0.85, TOP - 0.05), aspect="equal")
    figure.set_size_inches(13, 13 * height / width)
    axes.axis("off")
    return figure


def main() -> None:
    """Draw the picture with a saved model or a new one."""
    net = st.load(sys.argv[1]) if len(sys.argv) > 1 else trained()
    _, (x, _) = st.data.load("digits")
    image = x[IMAGE : IMAGE + 1]
    figure = draw(image[0, :, :, 0], net.trace(image))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUTPUT, dpi=140, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()
