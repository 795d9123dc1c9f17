"""Programs for a single image use the lanes differently, and can have errors that others don't.

In a batch, lanes hold images, so every statement treats all lanes alike. For a single image, lanes
hold neighboring pixels, feature maps, or the terms of a sum: values that vary along them, such as
the divisor at the edge of an average, must be vectors. So each network here is predicted for one
image, at widths that fill a vector, that don't, and that leave a few pixels over.
"""

import numpy as np
import pytest

from engine.compiled import bound
from striate import Network
from striate.maths.check import relative_error
from striate.model.presets import PRESETS

PRODUCTS = 500
"""Most products that are summed for one output, along the layers of a network."""

MOST = 20_000
"""The same for a preset: the sums of ResNet-20's 20 layers, one after another."""


def assert_right_for_one_image(text, shape):
    """Compare the prediction of a single image with the NumPy engine's."""
    image = np.random.default_rng(1).standard_normal((1, *shape)).astype(np.float32)
    reference = Network.parse(text, shape, engine="numpy").predict(image)

    found = Network.parse(text, shape, engine="compiled").predict(image)

    assert relative_error(found, reference) <= bound(PRODUCTS), (text, shape)


REGRESSIONS = {
    "a divisor along the lanes": ("average 3 stride 1 same | flatten", (7, 7, 1)),
    "phases of a gather with equal edges": ("conv-transpose 1@4x4 stride 3", (6, 6, 1)),
    "a matrix along the lanes": ("adaptive-average 5x7 | flatten", (11, 17, 2)),
    "maps written in columns": ("conv 3@3x3 tanh | flatten order columns | dense 3", (9, 11, 2)),
    "pixels written in columns": ("max 2 tanh | flatten order columns", (18, 22, 2)),
}
"""Networks that were once wrong for one image and right for two."""


@pytest.mark.parametrize("name", REGRESSIONS)
def test_networks_that_were_wrong(name):
    """Networks whose predictions for single images were once wrong."""
    assert_right_for_one_image(*REGRESSIONS[name])


LAYERS = (
    "average 3 stride 1 same",
    "average 3x2 stride 2 padding 1 divisor window",
    "average 2 stride 2 same ceil-mode",
    "sum 3 stride 2 same",
    "trainable-average 3 stride 1 same",
    "lp 3 stride 1 same",
    "max 3 stride 2 same",
    "adaptive-average 3",
    "conv 2@3x3 same padding-mode reflect tanh",
    "conv 2@3x3 stride 2 dilation 2 same tanh",
    "conv-transpose 2@4x4 stride 3",
    "conv-transpose 2@2x3 stride 2 same",
    "flatten order columns | dense 5",
    "conv 3@1x1 | local-response-norm 3 | flatten order columns",
)

WIDTHS = (5, 16, 19)
OTHERS = (3, 4, 7, 8, 12, 15, 17, 32, 33)


@pytest.mark.parametrize(
    "width", [*WIDTHS, *(pytest.param(width, marks=pytest.mark.slow) for width in OTHERS)]
)
@pytest.mark.parametrize("text", LAYERS)
def test_widths(text, width):
    """Layers that read out of bounds, or write with a stride, at all widths."""
    assert_right_for_one_image(text, (6, width, 2))


LARGE = {"resnet20", "unet-small", "mobilenet-small"}
"""Presets that take seconds to compile."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in PRESETS]
)
def test_presets(name):
    """The presets, for one image."""
    shape = Network.preset(name).input_shape
    image = np.random.default_rng(2).standard_normal((1, *shape)).astype(np.float32)
    reference = Network.preset(name, engine="numpy").predict(image)

    found = Network.preset(name, engine="compiled").predict(image)

    assert relative_error(found, reference) <= bound(MOST)
