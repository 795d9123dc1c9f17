"""Saved networks are restored exactly, and damaged or false model files are errors."""

import json
import time
import tracemalloc
from math import prod

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import striate as st
from helpers import FUNCTION_CASES
from networks import EVERYTHING, classifier, digest, images_and_labels
from striate.errors import ModelFileError, OutOfMemoryError
from striate.functions import registry
from striate.functions.base import NetInputFunction, TransferFunction
from striate.functions.weight import Identity
from striate.graph.axis_order import to_last
from striate.graph.document import to_document
from striate.graph.graph import Graph
from striate.graph.layer import Layer
from striate.model.network import network_of
from striate.model.presets import PRESETS
from striate.training.tensors import METADATA


def round_trip(network, path):
    """Save and load a network."""
    network.save(path)
    return st.load(path)


def assert_same(network, other):
    """Compare everything that a file holds."""
    assert to_document(other.graph) == to_document(network.graph)
    assert digest(other) == digest(network)
    assert other.preprocessing == network.preprocessing
    assert other.classes == network.classes
    assert other.losses == network.losses
    assert other.target_names == network.target_names


@pytest.mark.parametrize("name", PRESETS)
def test_presets_come_back(name, tmp_path):
    """Every preset survives saving and loading."""
    network = st.Network.preset(name)

    assert_same(network, round_trip(network, tmp_path / "model"))


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_kinds_come_back(case, tmp_path):
    """Every kind survives saving and loading, with all its options and results."""
    function = case.function
    if isinstance(function, NetInputFunction):
        layer = Layer(Identity(), function)
    elif isinstance(function, TransferFunction):
        layer = Layer(Identity(), None, function)
    else:
        layer = Layer(function)
    inputs = [
        st.Input(to_last(shape), name=f"in{k}") for k, shape in enumerate(case.inputs, start=1)
    ]
    network = network_of(Graph.of(layer(inputs)), seed=2)
    other = round_trip(network, tmp_path / "model")
    generator = np.random.default_rng(0)
    x = [generator.random((2, *to_last(shape))) for shape in case.inputs]
    x = x if len(x) > 1 else x[0]

    assert_same(network, other)
    np.testing.assert_array_equal(other.predict(x), network.predict(x))


@pytest.mark.parametrize("loss", registry.kinds("loss"))
def test_losses_come_back(loss, tmp_path):
    """A loaded network evaluates with the loss that it was trained with."""
    network = classifier("dense 3")
    x, y = images_and_labels()
    targets = y if network.losses or loss in {"cross-entropy", "hinge"} else np.eye(3)[y]
    network.fit(x, targets, epochs=1, loss=loss)
    other = round_trip(network, tmp_path / "model")

    assert_same(network, other)
    assert other.evaluate(x, targets).loss == network.evaluate(x, targets).loss


def test_a_trained_network_comes_back(tmp_path):
    """Weights, statistics, standardization, classes are restored; predictions are bit-identical."""
    x, y = images_and_labels()
    network = classifier(EVERYTHING)
    network.fit(x, np.array(["cat", "dog", "eel"])[y], epochs=2, standardize=True)
    other = round_trip(network, tmp_path / "model")

    assert_same(network, other)
    np.testing.assert_array_equal(other.predict(x), network.predict(x))
    assert list(other.predict_classes(x)) == list(network.predict_classes(x))
    assert other.predict_classes(x).dtype.kind == "U"


def test_networks_of_several_parts_come_back(tmp_path):
    """Several inputs and outputs, shared layers, given kernels, channels first."""
    kernel = st.functions.initializer.Given(values=[[[[1, 1], [-1, -1]]]])
    left, right = (st.Input((1, 4, 4), channels="first", name=name) for name in ("left", "right"))
    stem = st.Conv(1, 2, activation="tanh", initializer=kernel)
    joined = st.Add(name="joined")([stem(left), stem(right)])
    network = st.Network(
        [left, right],
        [st.Dense(2, activation="softmax")(st.Flatten()(joined)), joined],
        channels="first",
    )
    other = round_trip(network, tmp_path / "model")
    x = np.random.default_rng(0).random((2, 2, 1, 4, 4))

    assert_same(network, other)
    assert other.preprocessing.channels == "first"
    for mine, theirs in zip(network.predict(list(x)), other.predict(list(x)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_weights_that_are_no_numbers_come_back(tmp_path):
    """A file holds the parameters as they are, NaN and infinity included."""
    network = classifier()
    network.parameters["conv1.bias"][:] = [np.nan, np.inf]

    assert_same(network, round_trip(network, tmp_path / "model"))


def test_a_loaded_network_can_go_on_training(tmp_path):
    """Training a loaded network and one that was never saved gives bit-identical results."""
    x, y = images_and_labels()
    first, network = classifier(EVERYTHING), classifier(EVERYTHING)
    for one in (first, network):
        one.fit(x, y, epochs=1)
    other = round_trip(network, tmp_path / "model")
    for one in (first, other):
        one.fit(x, y, epochs=1, seed=3)

    assert digest(first) == digest(other)


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Save a small model in the working folder."""
    monkeypatch.chdir(tmp_path)
    classifier(EVERYTHING).save("model.safetensors")
    return tmp_path / "model.safetensors"


def rewritten(path, change, arrays=None):
    """Change the description and the arrays of a model file."""
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    document = json.loads(header["__metadata__"][METADATA])
    change(document)
    kept = {name: array.copy() for name, array in load_file(path).items()}
    for name, array in (arrays or {}).items():
        if array is None:
            del kept[name]
        else:
            kept[name] = array
    save_file(kept, path, {METADATA: json.dumps(document)})


def layer(document, number):
    """Return a layer of a description."""
    return document["network"]["layers"][number]


LIES = {
    "no-layers": lambda d: d["network"].pop("layers"),
    "layers-a-word": lambda d: d["network"].update(layers="conv"),
    "unknown-kind": lambda d: layer(d, 0)["weight"].update(kind="convolutoin"),
    "unknown-option": lambda d: layer(d, 0)["weight"].update(kernle_size=3),
    "option-of-another-type": lambda d: layer(d, 0)["weight"].update(kernel_size="large"),
    "option-out-of-range": lambda d: layer(d, 0)["weight"].update(feature_maps=0),
    "window-does-not-fit": lambda d: layer(d, 2)["weight"].update(window=9),
    "source-unknown": lambda d: layer(d, 1).update(sources=["conv9"]),
    "source-behind": lambda d: layer(d, 1).update(sources=["max1"]),
    "no-sources": lambda d: layer(d, 1).update(sources=[]),
    "name-twice": lambda d: layer(d, 1).update(name="conv1"),
    "name-a-number": lambda d: layer(d, 1).update(name=3),
    "name-with-a-point": lambda d: layer(d, 0).update(name="a.b"),
    "output-unknown": lambda d: d["network"].update(outputs=["dense9"]),
    "output-an-input": lambda d: d["network"].update(outputs=["input"]),
    "no-outputs": lambda d: d["network"].update(outputs=[]),
    "input-negative": lambda d: d["network"]["inputs"].update(input=[1, -6, 6]),
    "input-a-fraction": lambda d: d["network"]["inputs"].update(input=[1, 6.5, 6]),
    "again-unknown": lambda d: layer(d, 1).update(again="conv9"),
    "too-many-neurons": lambda d: layer(d, 5)["weight"].update(neurons=10**15),
    "too-many-pixels": lambda d: d["network"]["inputs"].update(input=[1, 10**9, 10**9]),
    "nested-deep": lambda d: layer(d, 0)["weight"].update(
        kernel_size=json.loads("[" * 900 + "]" * 900)
    ),
    "channels-middle": lambda d: d["preprocessing"].update(channels="middle"),
    "mean-of-nothing": lambda d: d["preprocessing"].update(mean={"other": [0.5]}),
    "mean-too-long": lambda d: d["preprocessing"].update(mean={"input": [0.5, 0.5]}),
    "mean-a-word": lambda d: d["preprocessing"].update(mean={"input": ["gray"]}),
    "mean-without-std": lambda d: d["preprocessing"].update(mean={"input": [0.5]}),
    "std-zero": lambda d: d["preprocessing"].update(mean={"input": [0.5]}, std={"input": [0.0]}),
    "mean-a-number": lambda d: d["preprocessing"].update(mean=3),
    "mean-infinite": lambda d: d["preprocessing"].update(mean={"input": [float("inf")]}),
    "range-a-word": lambda d: d["preprocessing"].update(ranges={"input": "wide"}),
    "ranges-a-number": lambda d: d["preprocessing"].update(ranges=3),
    "preprocessing-a-list": lambda d: d.update(preprocessing=[]),
    "no-channels": lambda d: d["preprocessing"].pop("channels"),
    "network-nothing": lambda d: d.update(network=None),
    "no-network": lambda d: d.pop("network"),
    "no-classes": lambda d: d.pop("classes"),
    "classes-a-number": lambda d: d.update(classes=3),
    "losses-unknown": lambda d: d.update(losses=[{"kind": "crossentropy"}]),
    "losses-too-many": lambda d: d.update(losses=[{"kind": "cross-entropy"}] * 2),
    "losses-a-number": lambda d: d.update(losses=3),
    "target-names-a-number": lambda d: d.update(target_names=3),
    "target-names-of-a-layer": lambda d: d.update(target_names={"conv9": ["price"]}),
    "target-names-too-few": lambda d: d.update(
        target_names={d["network"]["outputs"][0]: ["price"]}
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_description_that_lies(lie, model, golden):
    """A false description is an error with a clear message, before memory is allocated."""
    rewritten(model, LIES[lie])
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as error:
            st.load(model.name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    text = str(error.value)
    assert peak < 20_000_000
    assert text.endswith(" Use another copy, or save the network again.")
    for other in (" Try ", "Did you mean", "Choose from", " Give ", "Remove it"):
        assert other not in text  # a remedy for those who wrote the network
    golden(f"messages/model-description-{lie}", text)


ARRAYS = {
    "missing": {"conv1.weight": None},
    "shorter": {"conv1.weight": np.zeros((3, 1, 3, 2), np.float32)},
    "double": {"conv1.weight": np.zeros((3, 1, 3, 3), np.float64)},
    "whole-numbers": {"batch-norm1.mean": np.zeros(3, np.int32)},
    "one-more": {"conv2.weight": np.zeros(3, np.float32)},
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_that_do_not_fit(case, model, golden):
    """A file holds exactly the network's arrays: float32, in their shapes."""
    rewritten(model, lambda document: None, ARRAYS[case])  # noqa: ARG005  # nothing to change
    with pytest.raises(ModelFileError) as error:
        st.load(model.name)

    golden(f"messages/model-array-{case}", str(error.value))


def test_a_file_is_hardly_larger_than_its_numbers(tmp_path):
    """A file takes four bytes for each parameter, plus its description."""
    network = st.Network.preset("lenet5")
    network.save(tmp_path / "model")
    numbers = sum(prod(array.shape) for array in network.parameters.values())

    assert 0 < (tmp_path / "model").stat().st_size - 4 * numbers < 4096


ABSURD = {
    "conv 2@3x3": {"weight": {}},
    "average 2": {"weight": {}},
    "max 2": {"weight": {"window": 2**20, "stride": 1}},
    "conv 1@3x3 same": {"weight": {"padding": 2**20, "padding_mode": "circular"}},
}


@pytest.mark.parametrize("text", ABSURD)
def test_a_description_of_a_huge_image(text, tmp_path):
    """A file of a few kilobytes is loaded and summarized at once, but not computed."""
    path = tmp_path / "model.safetensors"
    st.Network.parse(text, (4, 4, 1)).save(path)

    def enlarge(document):
        document["network"]["inputs"].update(input=[1, 2**22, 2**22])
        layer(document, 0)["weight"].update(ABSURD[text]["weight"])

    rewritten(path, enlarge)
    tracemalloc.start()
    started = time.perf_counter()
    try:
        network = st.load(path)
        loaded = time.perf_counter() - started
        _, peak = tracemalloc.get_traced_memory()
        summary = str(network.summary())
    finally:
        tracemalloc.stop()

    assert peak < 20_000_000
    assert loaded < 1
    assert time.perf_counter() - started < 10  # seconds; one axis has 4,194,304 pixels
    assert "4194304x4194304" in summary
    x = np.broadcast_to(np.zeros((), np.float32), (1, 2**22, 2**22, 1))
    with pytest.raises(OutOfMemoryError) as error:
        network.predict(x)
    assert "TiB for one image" in str(error.value)
