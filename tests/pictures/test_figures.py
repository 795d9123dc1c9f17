"""Each figure of the three texts is one call; its numbers are those of the figure."""

import numpy as np
import pytest

import striate as st
from books.hagan_pictures import (
    BACKSLASH,
    DIAMOND,
    HORIZONTAL,
    SLASH,
    SQUARE,
    VERTICAL,
)
from striate.drawing.sheet import ColorScale
from striate.functions.weight import Convolution
from striate.training.history import History

P = st.pictures
KERNELS = {"horizontal": HORIZONTAL, "vertical": VERTICAL, "slash": SLASH, "backslash": BACKSLASH}
EDGE = np.array([[-1, 0, 1]] * 3)
LAYERS = "conv 6@5x5 relu | max 2x2"
RUNS = [History([{"epoch": 1, "loss": 0.5 + k}, {"epoch": 2, "loss": 0.2 + k}]) for k in range(3)]
DIGITS = np.random.default_rng(0).integers(0, 255, (20, 28, 28), np.uint8)


def filtered(image):
    """Filter an image with each kernel, padded by one pixel."""
    layer = Convolution(feature_maps=4, kernel_size=3, padding=1)
    kernels = np.stack(list(KERNELS.values()))[:, None].astype(float)
    return layer.apply(kernels, image[None, None].astype(float))[0].astype(int)


def net(text, shape=(28, 28, 1)):
    """Read a network."""
    return st.Network.parse(text, shape, engine="numpy")


def preset(name):
    """Build a preset."""
    return st.Network.preset(name, engine="numpy")


FIGURES = {
    "Hagan 8.1": lambda: P.plot_diagram(net("conv 1@3x3 relu bias untied"), "full"),
    "Hagan 8.2": lambda: P.kernel_walk(np.arange(9).reshape(3, 3), np.ones((2, 2))),
    "Hagan 8.3": lambda: P.kernel_walk(np.arange(16).reshape(4, 4), np.ones((2, 2)), stride=2),
    "Hagan 8.4": lambda: P.images([SQUARE, DIAMOND], ["square", "diamond"]),
    "Hagan 8.5": lambda: P.images(list(KERNELS.values()), list(KERNELS), values=True),
    "Hagan 8.6": lambda: P.images(filtered(SQUARE), list(KERNELS)),
    "Hagan 8.7": lambda: P.images(filtered(DIAMOND), list(KERNELS)),
    "Hagan 8.8": lambda: P.pooling(filtered(DIAMOND)[2], 3),
    "Hagan 8.9": lambda: P.plot_diagram(net(LAYERS), "full"),
    "Hagan 8.10": lambda: P.plot_diagram(net(LAYERS), "shorthand"),
    "Hagan 8.11": lambda: P.plot_diagram(preset("hagan-8.11"), "shorthand"),
    "Hagan 8.12": lambda: P.plot_diagram(net("conv 1@5x5 relu | conv 1@5x5 relu"), "backward"),
    "Wichmann 1": lambda: P.images([EDGE], values=True),
    "Wichmann 2": lambda: P.kernel_walk(np.arange(16).reshape(4, 4), EDGE, position=(1, 0)),
    "Wichmann 3": lambda: P.pooling(np.arange(16).reshape(4, 4), 2),
    "Wichmann 4": lambda: P.plot_diagram(preset("lenet5-valid"), "blocks"),
    "Wolter, convolution": lambda: P.kernel_walk(np.ones((4, 4)), np.ones((3, 3))),
    "Wolter, strides": lambda: P.kernel_walk(np.ones((5, 5)), np.ones((3, 3)), stride=2),
    "Wolter, padding": lambda: P.kernel_walk(np.ones((5, 5)), np.ones((3, 3)), padding="full"),
    "Wolter, multichannel": lambda: P.multichannel_convolution(
        np.ones((2, 5, 5)), np.ones((3, 2, 3, 3))
    ),
    "Wolter, digits": lambda: P.samples(DIGITS, rows=2),
    "Wolter, convergence": lambda: P.learning_curve(RUNS),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_one_call(figure):
    """The call draws something on new axes."""
    axes = FIGURES[figure]()

    assert axes.texts or axes.images or axes.lines


@pytest.mark.parametrize(
    ("figure", "image", "largest"),
    [("Hagan 8.6", SQUARE, [3, 3, 2, 2]), ("Hagan 8.7", DIAMOND, [2, 2, 3, 3])],
)
def test_the_filtered_images(figure, image, largest):
    """The figures show these responses; each picture has their colors."""
    responses = filtered(image)

    drawn = [np.asarray(one.get_array()) for one in FIGURES[figure]().images[:4]]

    assert responses.max(axis=(1, 2)).tolist() == largest
    scale = ColorScale(limit=3.0, signed=False)
    for one, response in zip(drawn, responses, strict=True):
        assert np.array_equal(one, scale.colored(response, dark=False))


@pytest.mark.parametrize(
    ("response", "pooled"),
    [
        (filtered(DIAMOND)[2], ["00100", "01330", "13131", "03310", "00100"]),
        (filtered(DIAMOND)[3], ["00100", "03310", "13131", "01330", "00100"]),
        (filtered(SQUARE)[0], ["00000", "13331", "11011", "13331", "00000"]),
    ],
    ids=["diamond-slash", "diamond-backslash", "square-horizontal"],
)
def test_the_pooled_images(response, pooled):
    """Figure 8.8: the output grid has the numbers of the figure."""
    axes = P.pooling(response, 3)

    texts = [text.get_text() for text in axes.texts]

    assert "".join(texts[225:250]) == "".join(pooled)


def test_the_sum_of_the_edge_filter():
    """Wichmann's figure 2: the response to a gradient to the right is positive."""
    axes = FIGURES["Wichmann 2"]()

    assert axes.texts[-1].get_text().endswith("= 6")
