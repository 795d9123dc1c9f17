"""Parameters by name, and attributes of a network: changes take effect or are refused."""

import copy
import pickle

import numpy as np
import pytest

import striate as st
from networks import EVERYTHING, classifier, digest, images_and_labels
from striate.errors import DataError, ReadOnlyError, ShapeError, StriateError, UnknownNameError

X, Y = images_and_labels(8)


def test_an_assigned_array_is_what_the_network_computes_with():
    """The values are copied: neither array changes the other afterwards."""
    network = classifier("dense 3")
    weights = np.arange(108.0).reshape(3, 36)
    network.parameters["dense1.weight"] = weights
    network.parameters["dense1.bias"] = [1, 2, 3]
    expected = (X.reshape(8, 36) / 255) @ np.arange(108.0).reshape(3, 36).T + [1, 2, 3]
    weights[:] = 0

    # Sums of 36 products, each rounded by 6e-8 of the largest, 255 * 107 / 255.
    np.testing.assert_allclose(network.predict(X), expected, rtol=1e-5)
    assert network.parameters["dense1.weight"].dtype == np.float32


def test_an_array_changed_in_place_changes_the_network():
    """Views are of the network's own memory; also after training and of statistics."""
    network = classifier(EVERYTHING)
    network.fit(X, Y, epochs=1)
    network.parameters["dense1.weight"][...] = 0
    network.parameters["dense1.bias"][0] = 5
    network.statistics["batch-norm1.mean"] += 1

    assert set(network.predict_classes(X)) == {0}
    assert network.statistics["batch-norm1.mean"].min() > 0


def test_assigned_statistics_are_what_the_network_computes_with():
    """A mean of 1 shifts the normalized maps by one standard deviation."""
    network = st.Network.parse("batch-norm", (2, 2, 1))
    before = network.predict(np.ones((1, 2, 2, 1)))
    network.statistics["batch-norm1.mean"] = [1.0]

    assert before.min() > 0.9
    assert not network.predict(np.ones((1, 2, 2, 1))).any()


def test_update_replaces_all_or_none():
    """If one array is refused, the others keep their values."""
    network = classifier()
    before = digest(network)
    with pytest.raises(ShapeError):
        network.parameters.update({"conv1.bias": [1, 2], "dense1.bias": [1, 2]})
    assert digest(network) == before

    network.parameters.update({"conv1.bias": [1, 2], "dense1.bias": [1, 2, 3]})
    assert network.parameters["conv1.bias"].tolist() == [1, 2]


def test_parameters_are_a_mapping():
    """They can be listed, asked for a name, and shown."""
    parameters = classifier().parameters

    assert list(parameters) == ["conv1.weight", "conv1.bias", "dense1.weight", "dense1.bias"]
    assert len(parameters) == 4
    assert "conv1.weight" in parameters
    assert "conv9.weight" not in parameters
    assert parameters.get("conv9.weight") is None
    assert repr(parameters).splitlines()[0] == "conv1.weight   (2, 1, 3, 3)"


WRONG = {
    "another-shape": ("conv1.weight", np.zeros((2, 1, 5, 5)), ShapeError),
    "another-order": ("conv1.weight", np.zeros((3, 3, 1, 2)), ShapeError),
    "one-number": ("conv1.bias", 0.5, ShapeError),
    "ragged": ("conv1.bias", [[1.0], [1.0, 2.0]], ShapeError),
    "nan": ("conv1.bias", [0.0, np.nan], DataError),
    "beyond-float32": ("conv1.bias", [0.0, 1e300], DataError),
    "words": ("conv1.bias", ["a", "b"], DataError),
    "complex": ("conv1.bias", [1j, 2], DataError),
    "none": ("conv1.bias", None, DataError),
    "misspelled": ("conv1.wieght", np.zeros((2, 1, 3, 3)), UnknownNameError),
    "unknown": ("zzz", [0.0], UnknownNameError),
}


@pytest.mark.parametrize("case", WRONG)
def test_values_that_cannot_replace_an_array(case, golden):
    """The network keeps its values; the message gives the shape or the names."""
    name, values, kind = WRONG[case]
    network = classifier()
    before = digest(network)
    with pytest.raises(kind) as error:
        network.parameters[name] = values

    assert digest(network) == before
    golden(f"messages/parameters-{case}", str(error.value))


def test_an_unknown_parameter_is_also_a_key_error(golden):
    """Code that expects a dict works as with one."""
    network = classifier()
    with pytest.raises(KeyError) as error:
        network.parameters["conv2.weight"]

    assert isinstance(error.value, StriateError)
    golden("messages/parameters-read-unknown", str(error.value))
    with pytest.raises(KeyError) as error:
        network.statistics["conv1.mean"]
    golden("messages/statistics-read-unknown", str(error.value))


ATTRIBUTES = ("parameters", "statistics", "engine", "winograd", "input_shape", "losses",
              "preprocessing", "graph", "fit", "parameter_count", "lerning_rate", "clases",
              "weights", "_hidden")  # fmt: skip


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_that_would_be_ignored_are_refused(name, golden):
    """A typing mistake, or a property without effect, is an error with what to do instead."""
    with pytest.raises(ReadOnlyError) as error:
        setattr(classifier(), name, 1)

    assert isinstance(error.value, AttributeError)
    golden(f"messages/attribute-{name}", str(error.value))


def test_a_subclass_may_have_attributes_of_its_own():
    """It is another class, whose attributes are not ignored."""

    class Mine(st.Network):
        def __init__(self, layers, note):
            super().__init__(layers, input_shape=(3,))
            self.note = note

    network = Mine([st.Dense(2)], "mine")

    assert network.note == "mine"
    assert network.at((3,)).output_shape == (2,)


def test_networks_can_be_copied():
    """A copy has everything, and memory of its own."""
    network = classifier(EVERYTHING)
    network.fit(X, Y, epochs=1, standardize=True)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        np.testing.assert_array_equal(other.predict(X), network.predict(X))
        assert other.classes == network.classes
        other.parameters["dense1.bias"][:] = 9
        assert digest(other) != digest(network)


def test_what_a_network_offers():
    """Adding or removing a name is a change for users: update this list and the changelog."""
    assert [name for name in dir(st.Network) if not name.startswith("_")] == [
        "at", "check_gradients", "classes", "engine", "evaluate", "find_learning_rate", "fit",
        "graph", "history", "input_shape", "losses", "output_shape", "parameter_count",
        "parameters", "parse", "predict", "predict_classes", "preprocessing", "preset", "save",
        "statistics", "summary", "target_names", "target_scaling", "to_text", "trace", "winograd",
        "with_head",
    ]  # fmt: skip
    assert set(dir(st.Network)) >= set(dir(classifier())) - {"__dict__"}
