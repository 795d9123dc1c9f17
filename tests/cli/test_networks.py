"""Networks as the command meets them."""

import hashlib
import struct

import numpy as np
import pytest

from striate import Network
from striate.cli.networks import class_scores
from striate.errors import DataError, OptionError
from striate.recipes.networks import labels_for, make, set_classes, weights_hash


def test_presets_follow_the_data():
    """A preset gets the data's image shape and number of classes."""
    net = make("two-layer", (32, 32, 3), 7)

    assert (net.input_shape, net.output_shape) == ((32, 32, 3), (7,))


def test_one_word_is_the_name_of_a_preset():
    """One word that isn't a preset is an error about presets, not about shorthand."""
    with pytest.raises(OptionError) as error:
        make("lenet", (28, 28, 1), 10)

    assert str(error.value).startswith('Unknown preset "lenet". ')


def test_hash_is_that_of_the_little_endian_floats():
    """The hash is the SHA-256 of all weights in order, as anybody can compute it."""
    net = Network.parse("dense 1", (2,))
    net.parameters["dense1.weight"][:] = [[0.5, -1.0]]
    net.parameters["dense1.bias"][:] = 3.0

    expected = hashlib.sha256(struct.pack("<3f", 0.5, -1.0, 3.0)).hexdigest()
    assert weights_hash(net) == expected[:16]


@pytest.mark.parametrize(
    ("network", "data", "expected"),
    [
        (("cat", "dog"), ("dog", "cat"), ["dog", "cat"]),
        ((7, 8), ("8", "7"), [8, 7]),
        (("cat", "dog", "eel"), ("dog", "cat"), ["dog", "cat"]),
        ((), ("0", "1"), [0, 1]),
        ((-1.0, 1.0), (-1, 1), [-1.0, 1.0]),
    ],
)
def test_labels_are_matched_by_name(network, data, expected):
    """Labels become the network's own values, class by class; indices if it has no classes."""
    net = make("dense {classes} softmax", (4, 4, 1), len(network) or 2)
    set_classes(net, network)

    assert labels_for(net, np.array([0, 1]), data).tolist() == expected


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            ("cat", "dog"),
            (
                'The data has images of the class "cow", but the model\'s classes are "cat", '
                '"dog". '
                "Rename the classes of the data, or leave those images out."
            ),
        ),
        (
            (0, 1),
            (
                'The data has images of the class "cat", but the model\'s classes are 0, 1. '
                "If they mean the same, give the model the data's names in Python, in the "
                "order of its classes: net = st.load(path); net.classes = (...); net.save(path)."
            ),
        ),
    ],
)
def test_classes_are_never_matched_by_position(network, message):
    """A class that the model does not have is an error, not another class of the same position."""
    net = make("dense 2 softmax", (4, 4, 1), 2)
    set_classes(net, network)

    with pytest.raises(DataError) as error:
        labels_for(net, np.array([0, 1]), ("cat", "cow"))

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("layers", "scores", "probabilities"),
    [
        ("dense 1 logistic", [[0.75, 0.25]], True),
        ("dense 2 softmax", [[0.25, 0.5]], True),
        ("dense 2", [[0.25, 0.5]], False),
    ],
)
def test_scores_are_one_number_for_each_class(layers, scores, probabilities):
    """A single logistic output is turned into the probabilities of both classes."""
    net = Network.parse(layers, (3,))
    outputs = np.array([[0.25]] if layers.startswith("dense 1") else [[0.25, 0.5]])

    found, certain = class_scores(net, outputs)

    assert (found.tolist(), certain) == (scores, probabilities)
