"""Presets: their sizes, and their numbers of parameters counted by hand."""

from itertools import pairwise

import numpy as np
import pytest

import striate as st
from striate.graph.shorthand import parse
from striate.graph.shorthand_writer import write
from striate.model.presets import PRESETS


def conv(maps, before, window=3, *, bias=True):
    """Count the parameters of a convolution with square kernels."""
    return maps * before * window**2 + maps * bias


def dense(neurons, before):
    """Count the parameters of a dense layer."""
    return neurons * (before + 1)


def norm(maps):
    """Count the parameters of batch normalization: gamma and beta."""
    return 2 * maps


def residual(maps, before):
    """Count a block of ResNet: two convolutions without bias, normalized, and a projection."""
    block = conv(maps, before, bias=False) + conv(maps, maps, bias=False) + 2 * norm(maps)
    shortcut = 0 if maps == before else conv(maps, before, 1, bias=False) + norm(maps)
    return block + shortcut


def separable(maps, before):
    """Count a block of MobileNet: 3 x 3 for each map, 1 x 1 across maps, each normalized."""
    return (
        conv(before, 1, bias=False) + norm(before) + conv(maps, before, 1, bias=False) + norm(maps)
    )


RESNET20 = (
    conv(16, 3, bias=False) + norm(16)
    + 3 * residual(16, 16)
    + residual(32, 16) + 2 * residual(32, 32)
    + residual(64, 32) + 2 * residual(64, 64)
    + dense(10, 64)
)  # fmt: skip
MOBILENET = (
    conv(24, 3, bias=False) + norm(24)
    + sum(separable(maps, before) for before, maps in pairwise((24, 48, 64, 96, 128, 160, 192)))
    + dense(10, 192)
)  # fmt: skip
UNET = (
    conv(16, 1) + conv(16, 16) + conv(32, 16) + conv(32, 32) + conv(64, 32) + conv(64, 64)
    + conv(32, 64, 2) + conv(32, 64) + conv(32, 32)
    + conv(16, 32, 2) + conv(16, 32) + conv(16, 16) + conv(2, 16, 1)
)  # fmt: skip

COUNTS = {
    "lenet5": 156 + 2_416 + 48_120 + 10_164 + 850,
    "lenet5-valid": 61_706,
    # Untied biases: one for each of 12 x 8 x 8 and 12 x 4 x 4 neurons.
    "lenet1989": (12 * 25 + 12 * 64) + (12 * 12 * 25 + 12 * 16) + dense(30, 192) + dense(10, 30),
    "two-layer": conv(32, 1) + conv(64, 32) + dense(10, 64 * 5 * 5),
    "wolter-exercise": 98_442,
    "hagan-8.11": conv(6, 1, 5) + conv(16, 6, 5) + dense(10, 16 * 4 * 4),
    "conv4": conv(32, 3) + conv(32, 32) + conv(64, 32) + conv(64, 64) + dense(512, 64 * 8 * 8)
    + dense(10, 512),
    "resnet20": 272_474,
    "mobilenet-small": MOBILENET,
    "unet-small": UNET,
}  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_the_number_of_parameters(name):
    """Each preset has the number of parameters counted by hand."""
    assert st.Network.preset(name).parameter_count == COUNTS[name]


def test_every_preset_is_counted():
    """Every preset is counted."""
    assert COUNTS.keys() == PRESETS.keys()


def test_the_counts_by_hand_are_those_of_the_sources():
    """The counts are those that the sources print."""
    assert COUNTS["lenet5"] == 61_706
    assert RESNET20 == 272_474
    assert conv(16, 1) + conv(32, 16) + conv(64, 32) + dense(128, 576) + dense(10, 128) == 98_442
    assert COUNTS["mobilenet-small"] <= 200_000


@pytest.mark.parametrize("name", ["lenet5", "lenet5-valid"])
def test_lenet5_layer_by_layer(name):
    """Wichmann 6.1: 156, 2,416, 48,120, 10,164 and 850 parameters, in both forms."""
    rows = st.Network.preset(name).summary().rows

    assert [row.parameters for row in rows if row.parameters] == [156, 2_416, 48_120, 10_164, 850]


def test_lenet5_sizes():
    """Wichmann 6.1: 32 -> 28 -> 14 -> 10 -> 5, then 120, 84, 10."""
    shapes = [row.shape for row in st.Network.preset("lenet5-valid").summary().rows]

    assert shapes == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,),
    ]  # fmt: skip


def test_resnet20_as_published():
    """He et al. 2015: 20 layers with weights besides the projections, 32 -> 16 -> 8 pixels."""
    graph = st.Network.preset("resnet20").graph
    weighted = [
        place
        for place in graph.layers
        if any(role == "weight" for _, _, role, _ in place.parameter_names())
    ]
    projections = [
        place for place in weighted if getattr(place.layer.weight, "kernel_size", 3) == 1
    ]

    assert len(weighted) - len(projections) == 20
    assert len(projections) == 2
    assert graph["stage3-block3"].shape == (64, 8, 8)


def test_unet_gives_a_class_for_each_pixel():
    """The output has as many rows and columns as the input."""
    assert st.Network.preset("unet-small").output_shape == (64, 64, 2)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_round_trip_as_text(name):
    """The text of a preset is unchanged by writing and parsing it, and gives the same graph."""
    network = st.Network.preset(name)
    shape = PRESETS[name].input_shape
    again = parse(network.to_text(), shape)

    assert network.to_text() == PRESETS[name].text.format(classes=PRESETS[name].classes)
    assert write(again) == network.to_text()
    assert again.shapes == network.graph.shapes


SMALL = {
    "lenet5": (12, 12, 1),
    "lenet5-valid": (16, 16, 1),
    "lenet1989": (8, 8, 1),
    "two-layer": (10, 10, 1),
    "wolter-exercise": (18, 18, 1),
    "hagan-8.11": (16, 16, 1),
    "conv4": (4, 4, 3),
    "resnet20": (8, 8, 3),
    "mobilenet-small": (8, 8, 3),
    "unet-small": (4, 4, 1),
}


@pytest.mark.parametrize("name", PRESETS)
def test_gradients_of_presets(name):
    """Central differences agree with every gradient of every preset, at a small size."""
    network = st.Network.preset(name, input_shape=SMALL[name], classes=3, seed=4)
    generator = np.random.default_rng(2)
    # Four images, so that no batch normalization divides by next to nothing.
    x = generator.normal(size=(4, *SMALL[name]))
    y = generator.integers(0, 3, (4, *network.output_shape[:-1]))
    if name in {"wolter-exercise", "lenet1989"}:
        y = np.eye(3)[y]
    check = network.check_gradients(x, y, elements=2)

    assert check.passed, str(check)
    assert set(check.errors) == {*network.parameters, "input"}


def test_classes_and_input_shape_may_differ():
    """A preset adapts to the size of the images and the number of classes."""
    network = st.Network.preset("lenet5", input_shape=(20, 24, 3), classes=4)

    assert (network.input_shape, network.output_shape) == ((20, 24, 3), (4,))
