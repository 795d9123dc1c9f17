"""Draw docs/images/lenet5.png and lenet5-dark.png: all activations of LeNet-5 for one digit.

    python tools/draw_lenet5.py [MODEL]

Without a saved model, it first trains one on the digits that come with striate.
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

import striate as st

IMAGES = Path(__file__).parents[1] / "docs" / "images"
# A test image with a slightly unusual nine.
IMAGE = 7


def trained() -> st.Network:
    """Train LeNet-5 for a few minutes."""
    (x, y), _ = st.data.load("digits")
    net = st.Network.preset("lenet5")
    net.fit(
        x, y, epochs=20, learning_rate=0.002, batch_size=64, schedule="cosine", augment="shift 2"
    )
    return net


def main() -> None:
    """Draw the pictures with a saved model or a new one."""
    net = st.load(sys.argv[1]) if len(sys.argv) > 1 else trained()
    _, (x, _) = st.data.load("digits")
    trace = net.trace(x[IMAGE : IMAGE + 1])
    for name, theme in (("lenet5", "light"), ("lenet5-dark", "dark")):
        axes = st.pictures.activations(trace, ax=Figure(), theme=theme)
        st.pictures.save(axes, IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
