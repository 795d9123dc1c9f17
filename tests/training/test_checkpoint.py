"""Checkpoints of other trainings, and damaged ones, are refused with a reason."""

import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import striate as st
from networks import EVERYTHING, classifier, images_and_labels
from striate.errors import ModelFileError
from striate.functions.decay import Cosine
from striate.training.tensors import METADATA

X, Y = images_and_labels(10)
USUAL = {"epochs": 2, "batch_size": 4, "seed": 5}


def train(*, text=EVERYTHING, x=X, y=Y, **more):
    """Train a small network."""
    return classifier(text).fit(x, y, **{**USUAL, **more})


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """Leave a checkpoint in the working folder."""
    monkeypatch.chdir(tmp_path)
    train(checkpoint="run.checkpoint")
    return tmp_path / "run.checkpoint"


def rewritten(path, *, arrays=None, **document):
    """Change parts of a checkpoint's description, and its arrays."""
    found = {name: array.copy() for name, array in load_file(path).items()}
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    written = {**json.loads(header["__metadata__"][METADATA]), **document}
    kept = {name: value for name, value in written.items() if value is not KeyError}
    save_file({**found, **(arrays or {})}, path, {METADATA: json.dumps(kept)})


OTHERS = {
    "network": {
        "text": "conv 3@3x3 same | batch-norm tanh | max 2x2 | dropout 0.3 | dense 3 softmax"
    },
    "network-size": {"text": "dense 3 softmax"},
    "batch-size": {"batch_size": 5},
    "seed": {"seed": 6},
    "update": {"update": "momentum"},
    "learning-rate": {"learning_rate": 0.5},
    "decay": {"decay": "step"},
    "clip-norm": {"clip_norm": 1.0},
    "shuffle": {"shuffle": False},
    "augmentation": {"augment": "shift 1"},
    "standardise": {"standardise": True},
    "watch": {"watch": "accuracy"},
    "loss": {"loss": st.functions.loss.CrossEntropy(label_smoothing=0.1)},
    "images": {"x": X[:9], "y": Y[:9]},
    "data": {"x": X[::-1]},
    "labels": {"y": Y[::-1]},
    "weights": {"sample_weight": np.linspace(1, 2, 10)},
}


@pytest.mark.parametrize("other", OTHERS)
def test_of_another_training(other, checkpoint, golden):
    """A training goes on only as it began; the text names what differs, with both values."""
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name, **OTHERS[other])

    text = re.sub("[0-9a-f]{16}", "FINGERPRINT", str(error.value))
    golden(f"messages/checkpoint-of-another-{other}", text)


def test_other_epochs_under_a_decay_that_looks_at_the_end(tmp_path, monkeypatch, golden):
    """With a cosine the steps done would have had other rates: their bits cannot be had again."""
    monkeypatch.chdir(tmp_path)
    train(checkpoint="run.checkpoint", decay=Cosine())
    with pytest.raises(ModelFileError) as error:
        train(resume="run.checkpoint", decay=Cosine(), epochs=3)

    golden("messages/checkpoint-of-other-epochs", str(error.value))


def test_a_refused_checkpoint_changes_nothing(checkpoint):
    """A network that was to go on from a wrong checkpoint is as it was."""
    network = classifier(EVERYTHING)
    before = [flat.copy() for flat in network.numbers]
    with pytest.raises(ModelFileError):
        network.fit(X, Y, **USUAL, standardise=True, resume=checkpoint)

    assert not network.preprocessing.mean
    assert network.losses is None
    for flat, expected in zip(network.numbers, before, strict=True):
        np.testing.assert_array_equal(flat, expected)


@pytest.mark.parametrize(
    "document",
    [
        {"step": KeyError},
        {"about": KeyError},
        {"sums": KeyError},
        {"epochs": KeyError},
        {"about": []},
        {"step": -1},
        {"step": 1.5},
        {"step": float("inf")},
        {"batch": True},
        {"epoch": "1"},
        {"epochs": float("inf")},
        {"sums": {"loss": "much"}},
        {"sums": {"wrong": 1.0}},
        {"sums": []},
        {"decay": ["a"]},
        {"decay": 3},
        {"rows": [3]},
        {"rows": [{"loss": None}]},
        {"best": {"score": 1.0}},
        {"best": []},
    ],
    ids=str,
)
def test_a_description_that_is_not_whole(document, checkpoint):
    """Whatever is missing or wrong in a description, the error says that the file is damaged."""
    rewritten(checkpoint, **document)
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name)

    assert str(error.value).startswith("run.checkpoint is not a whole checkpoint: ")
    assert str(error.value).endswith(
        ". It holds the weights, the update's memory and the place in the epoch. "
        "The file is damaged; use an older checkpoint, or train anew."
    )


@pytest.mark.parametrize("array", ["parameters", "statistics", "memory.first", "best.parameters"])
@pytest.mark.parametrize("change", ["shorter", "float64"])
def test_arrays_that_do_not_fit(array, change, checkpoint):
    """Every array is as long and as wide as this network needs it."""
    found = load_file(checkpoint)
    array = array if array in found else next(name for name in found if "memory" in name)
    other = found[array][:-1] if change == "shorter" else found[array].astype(np.float64)
    rewritten(checkpoint, arrays={array: other.copy()})
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name)

    size = found[array].size
    assert str(error.value) == (
        f"run.checkpoint is not a whole checkpoint: {array} has {other.size} numbers of "
        f"{other.dtype} instead of {size} of float32. It holds the weights, the update's memory "
        "and the place in the epoch. The file is damaged; use an older checkpoint, or train anew."
    )


def test_every_truncation_is_found(checkpoint):
    """A checkpoint cut anywhere is never taken for a whole one, and the network stays as it is."""
    raw = checkpoint.read_bytes()
    network = classifier(EVERYTHING)
    before = network.numbers[0].copy()
    for length in [*range(20), *range(20, len(raw), 311), len(raw) - 1]:
        checkpoint.write_bytes(raw[:length])
        with pytest.raises(ModelFileError):
            network.fit(X, Y, **USUAL, resume=checkpoint)

    np.testing.assert_array_equal(network.numbers[0], before)


def test_a_model_is_no_checkpoint(tmp_path, monkeypatch, golden):
    """A model given for a checkpoint is told apart."""
    monkeypatch.chdir(tmp_path)
    classifier().save("lenet.safetensors")
    with pytest.raises(ModelFileError) as error:
        train(resume="lenet.safetensors")

    golden("messages/checkpoint-is-a-model", str(error.value))


def test_a_checkpoint_is_no_model(checkpoint, golden):
    """A checkpoint given for a model is told apart."""
    with pytest.raises(ModelFileError) as error:
        st.load(checkpoint.name)

    golden("messages/model-is-a-checkpoint", str(error.value))
