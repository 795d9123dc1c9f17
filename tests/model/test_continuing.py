"""A second `fit` continues from the weights of the first, with the same preprocessing."""

import warnings

import numpy as np
import pytest

import striate as st
from networks import EVERYTHING, classifier, digest, images_and_labels
from striate.errors import DataError, StriateWarning

X, Y = images_and_labels(12)
OTHER = (X // 2).astype(np.uint8)
NAMES = np.array(["cat", "dog", "eel", "fox"])


@pytest.fixture
def file(tmp_path):
    """Return the path of a model."""
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_a_loaded_network_continues_like_the_original(engine, file):
    """The model file holds everything that a later training depends on."""
    network = classifier(EVERYTHING, engine=engine)
    network.fit(X, NAMES[Y], epochs=2, standardize=True)
    network.save(file)
    loaded = st.load(file, engine=engine)
    before = digest(loaded)
    for continued in (network, loaded):
        continued.fit(OTHER, NAMES[Y], epochs=1, seed=3)

    assert digest(loaded) == digest(network) != before
    assert loaded.preprocessing == network.preprocessing


@pytest.mark.parametrize("standardize", [True, False])
def test_the_statistics_of_the_first_training_are_kept(standardize):
    """The weights belong to them, whatever the images of a later training are."""
    network = classifier()
    network.fit(X, Y, epochs=1, standardize=True)
    first = network.preprocessing
    network.fit(OTHER, Y, epochs=1, standardize=standardize)

    assert (network.preprocessing.mean, network.preprocessing.std) == (first.mean, first.std)


def test_a_head_keeps_the_statistics():
    """Fine-tuning on other images with `standardize` does not learn them anew."""
    network = classifier()
    network.fit(X, Y, epochs=1, standardize=True)
    other = network.with_head("dense 2 softmax")
    other.fit(OTHER, Y % 2, epochs=1, standardize=True)

    assert other.preprocessing.mean == network.preprocessing.mean


def test_fewer_classes_keep_their_outputs():
    """A later training on some of the classes does not renumber them."""
    network = classifier()
    network.fit(X, NAMES[Y], epochs=1)
    some = Y > 0
    network.fit(X[some], NAMES[Y[some]], epochs=1)

    assert network.classes == ("cat", "dog", "eel")


@pytest.mark.parametrize(
    ("case", "first", "second"),
    [("strings", NAMES[Y], NAMES[Y + 1]), ("integers", Y, Y + 1)],
)
def test_more_classes_need_another_head(case, first, second, golden):
    """The error says how to keep the rest of the network."""
    network = classifier()
    network.fit(X, first, epochs=1)
    before = digest(network)
    with pytest.raises(DataError) as error:
        network.fit(X, second, epochs=1)

    assert digest(network) == before
    golden(f"messages/continue-with-more-{case}", str(error.value))


@pytest.mark.parametrize("kind", ["trained", "head"])
def test_standardizing_late_warns(kind, golden):
    """Weights that were trained on other numbers would be used for standardized ones."""
    network = classifier()
    network.fit(X, Y, epochs=1)
    if kind == "head":
        network = network.with_head("dense 3 softmax")
    with pytest.warns(StriateWarning) as caught:
        network.fit(X, Y, epochs=1, standardize=True)

    golden("messages/continue-standardized", str(caught[0].message))
    assert network.preprocessing.mean


@pytest.mark.parametrize("standardize", [True, False])
def test_images_of_another_scale_warn(standardize, golden):
    """Bytes first and floats up to 255 later are a mistake, standardized or not."""
    network = classifier()
    network.fit(X, Y, epochs=1, standardize=standardize)
    with pytest.warns(StriateWarning) as caught:
        network.fit(X.astype(np.float32), Y, epochs=1)

    golden("messages/continue-on-another-scale", str(caught[0].message))


def test_images_of_the_same_scale_do_not_warn():
    """Bytes, and floats from 0 to 1, are the same images."""
    network = classifier()
    network.fit(X, Y, epochs=1, standardize=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.fit((X / 255).astype(np.float32), Y, epochs=1, standardize=True)
