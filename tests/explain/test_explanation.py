"""The explanation of a network, as a whole and for one layer."""

import json

import pytest

import striate as st
from striate.errors import OptionError
from striate.explain.explanation import Explanation
from striate.explain.processors import processor

TEXT = "conv 4@3x3 tanh | average 2 | dense 3 softmax"
STAGES = ("operations", "nests", "schedule", "memory", "ir", "assembly")


@pytest.fixture(scope="module")
def network():
    """Make a small network."""
    return st.Network.parse(TEXT, (9, 9, 1))


def test_every_stage_can_be_json(network):
    """Every stage can be converted to JSON."""
    explained = Explanation(network, 32, target=processor("znver4"))

    documents = {stage: json.dumps(explained.document(stage)) for stage in STAGES}

    assert all(len(text) > 100 for text in documents.values())


def test_one_layer(network):
    """With a layer, every stage contains only what is computed for it."""
    explained = Explanation(network, 32, target=processor("haswell"), layer="average1")

    assert {row.layer for row in explained.operations} == {"average1"}
    assert {row.writes.split(".")[0] for row in explained.lowered} == {"average1"}
    assert all(item.concerns("average1") for item in explained.items)
    assert any("average1.Z" in item.writes for item in explained.items)
    assert set(explained.document("ir")) == set(explained.names)


def test_an_unknown_layer(network):
    """The error for an unknown layer lists the network's layers."""
    with pytest.raises(OptionError) as error:
        Explanation(network, 32, layer="conv2")

    assert str(error.value) == (
        "This network has no layer 'conv2'. Choose from input, conv1, average1, flatten1, dense1, "
        "or omit it for all layers."
    )


def test_inference_has_no_derivatives(network):
    """An explanation of inference has no losses and derivatives."""
    explained = Explanation(network, 32, training=False)

    assert {row.stage for row in explained.operations} == {"forward"}
    assert not any(".d" in row.writes for row in explained.lowered)


@pytest.mark.parametrize(
    "last", ["3 softmax", "3 logistic", "1 logistic", "2 linear"], ids=lambda last: last
)
def test_every_loss_has_its_targets(last):
    """Networks with any loss can be planned, whatever targets it accepts."""
    network = st.Network.parse(f"conv 2@3x3 tanh | dense {last}", (6, 6, 1))

    explained = Explanation(network, 16)

    assert {row.stage for row in explained.operations} == {"forward", "loss", "backward"}
    assert explained.items
