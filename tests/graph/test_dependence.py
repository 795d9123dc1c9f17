"""The pixels behind an output pixel, compared with the pixels that change it."""

import numpy as np
import pytest

import striate as st
from graph.test_receptive_fields import changed, networks
from striate.errors import OptionError
from striate.functions.weight import TransposedConvolution
from striate.graph.dependence import inputs_behind, uncovered
from striate.graph.shorthand import parse


def is_exact(graph):
    """Return whether sets are exact: padding isn't pixels, and no transposed kernel has gaps."""
    repeated = any(getattr(f, "padding_mode", "zeros") != "zeros" for f in graph.functions())
    gaps = any(isinstance(f, TransposedConvolution) and f.dilation != 1 for f in graph.functions())
    return not repeated and not gaps


def test_the_pixels_behind_an_output_are_those_that_change_it():
    """In random networks with joins, at every position, edges included."""
    compared = 0
    for graph, rng in networks(150):
        if not is_exact(graph):
            continue
        changes = changed(graph, rng)
        for place in graph.layers:
            if len(place.shape) == 1:
                continue
            for position in range(place.shape[1]):
                one = np.zeros(place.shape[1], bool)
                one[position] = True
                try:
                    behind = inputs_behind(graph, place.name, one)["image"]
                except OptionError:
                    continue
                assert np.array_equal(behind, changes[place.name][:, position]), (graph, place.name)
                compared += 1
    assert compared > 3000


def test_joined_kernels_of_two_directions_see_a_cross():
    """A set isn't the product of its rows and columns: a row joined with a column is a cross."""
    graph = parse(
        "input 7x7x1 as image | conv 1@1x5 same as row | conv 1@5x1 same from image | add row",
        None,
    )
    middle = np.zeros((7, 7), bool)
    middle[3, 3] = True

    behind = inputs_behind(graph, "add1", middle)["image"]

    cross = np.zeros((7, 7), bool)
    cross[3, 1:6] = cross[1:6, 3] = True
    assert np.array_equal(behind, cross)


def test_uncovered_pixels_of_a_chain():
    """A pooling window that doesn't fit leaves out the last row and column of the image."""
    hidden = uncovered(parse("conv 1@2x2 | max 2x2", (6, 6, 1)), "max1")["input"]

    assert hidden.sum() == 11
    assert hidden[5].all()
    assert hidden[:, 5].all()


def test_a_dense_layer_sees_what_its_inputs_see():
    """Everything, except the pixels that were lost before."""
    graph = parse("max 2x2 | dense 3", (5, 5, 1))

    behind = inputs_behind(graph, "dense1", np.ones((), bool))["input"]

    assert behind[:4, :4].all()
    assert behind.sum() == 16


def test_pixels_cannot_be_followed_through_a_new_shape():
    """Behind a layer that rearranges pixels, the error names it."""
    graph = parse("reshape 1@8x2 | conv 1@3x1", (4, 4, 1))

    with pytest.raises(OptionError) as error:
        inputs_behind(graph, "conv1", np.ones(graph["conv1"].shape[1:], bool))

    assert str(error.value) == (
        "The receptive field cannot be followed through reshape1, which rearranges pixels. Choose "
        "an earlier layer."
    )


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "unet-small", "mobilenet-small"])
def test_presets_have_fields(name):
    """Every layer of a preset can be followed to its input."""
    graph = st.Network.preset(name).graph

    for place in graph.layers:
        assert inputs_behind(graph, place.name, np.ones(place.shape[1:], bool))["input"].any()
