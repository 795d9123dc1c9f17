"""Checkpoints of different runs, and damaged ones, are refused with a reason."""

import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import striate as st
from networks import EVERYTHING, classifier, images_and_labels, raising
from striate.errors import ModelFileError, StriateWarning
from striate.functions.schedule import Cosine
from striate.model.network import core_of
from striate.training.tensors import METADATA

X, Y = images_and_labels(10)
DEFAULTS = {"epochs": 2, "batch_size": 4, "seed": 5}


def train(*, text=EVERYTHING, x=X, y=Y, **more):
    """Train a small network."""
    return classifier(text).fit(x, y, **{**DEFAULTS, **more})


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """Leave a checkpoint in the working folder."""
    monkeypatch.chdir(tmp_path)
    train(checkpoint="run.checkpoint")
    return tmp_path / "run.checkpoint"


def rewritten(path, *, arrays=None, **document):
    """Change parts of a checkpoint's document, and its arrays."""
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
    "optimizer": {"optimizer": "momentum"},
    "learning-rate": {"learning_rate": 0.5},
    "schedule": {"schedule": "step-decay"},
    "clip-norm": {"clip_norm": 1.0},
    "shuffle": {"shuffle": False},
    "augmentation": {"augment": "shift 1"},
    "standardize": {"standardize": True},
    "monitor": {"monitor": "accuracy"},
    "loss": {"loss": st.functions.loss.CrossEntropy(label_smoothing=0.1)},
    "images": {"x": X[:9], "y": Y[:9]},
    "data": {"x": X[::-1]},
    "labels": {"y": Y[::-1]},
    "weights": {"sample_weight": np.linspace(1, 2, 10)},
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_different_run(other, checkpoint, golden):
    """A run resumes with identical settings only; the error names the setting and both values."""
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name, **OTHERS[other])

    text = re.sub("[0-9a-f]{16}", "FINGERPRINT", str(error.value))
    golden(f"messages/checkpoint-of-another-{other}", text)


def test_other_epochs_with_a_schedule_that_depends_on_them(tmp_path, monkeypatch, golden):
    """A cosine run is extended with the rates of the longer one, and a warning tells which."""
    monkeypatch.chdir(tmp_path)
    train(checkpoint="run.checkpoint", schedule=Cosine())
    with pytest.warns(StriateWarning) as caught:
        history = train(resume="run.checkpoint", schedule=Cosine(), epochs=3)

    golden("messages/checkpoint-of-other-epochs", str(caught[0].message))
    steps = -(-len(X) // DEFAULTS["batch_size"])
    assert history["learning_rate"] == [
        0.001 * Cosine().factor(step=k * steps - 1, steps_per_epoch=steps, epochs=n, memory=())
        for k, n in ((1, 2), (2, 2), (3, 3))
    ]


@pytest.mark.parametrize("interrupted", [False, True])
def test_fewer_epochs_than_a_checkpoint_has(interrupted, tmp_path, monkeypatch, golden):
    """The run has nothing left to train, which is a mistake; as many epochs are none."""
    monkeypatch.chdir(tmp_path)
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint="run.checkpoint", callbacks=[raising(KeyboardInterrupt, at_step=4)])
    else:
        train(checkpoint="run.checkpoint")
    with pytest.raises(ModelFileError) as error:
        train(resume="run.checkpoint", epochs=1)

    history = train(resume="run.checkpoint", epochs=2)
    assert len(history) == 2
    where = "in-an-epoch" if interrupted else "at-the-end"
    golden(f"messages/checkpoint-of-more-epochs-{where}", str(error.value))


def test_a_refused_checkpoint_changes_nothing(checkpoint):
    """A network is unchanged if its checkpoint is refused."""
    network = classifier(EVERYTHING)
    before = [flat.copy() for flat in core_of(network).buffers]
    with pytest.raises(ModelFileError):
        network.fit(X, Y, **DEFAULTS, standardize=True, resume=checkpoint)

    assert not network.preprocessing.mean
    assert network.losses is None
    for flat, expected in zip(core_of(network).buffers, before, strict=True):
        np.testing.assert_array_equal(flat, expected)


@pytest.mark.parametrize(
    "document",
    [
        {"step": KeyError},
        {"identity": KeyError},
        {"totals": KeyError},
        {"epochs": KeyError},
        {"identity": []},
        {"step": -1},
        {"step": 1.5},
        {"step": float("inf")},
        {"batch": True},
        {"epoch": "1"},
        {"epochs": float("inf")},
        {"totals": {"loss": "much"}},
        {"totals": {"wrong": 1.0}},
        {"totals": []},
        {"schedule": ["a"]},
        {"schedule": 3},
        {"rows": [3]},
        {"rows": [{"loss": None}]},
        {"best": {"score": 1.0}},
        {"best": []},
        {"start_loss": KeyError},
        {"start_loss": "much"},
    ],
    ids=str,
)
def test_an_incomplete_document(document, checkpoint):
    """Whatever is missing or invalid in the document, the error says that the file is damaged."""
    rewritten(checkpoint, **document)
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name)

    text = str(error.value)
    assert text.startswith("run.checkpoint is a damaged checkpoint: ")
    assert text.endswith(". Use an older checkpoint, or start without one.")
    for pythons_own in ("convert", "object", "attribute", "argument", "indices", "iterable"):
        assert pythons_own not in text


TOTALS = {"losses": [3.0], "counted": [4.0], "metrics": [[1.0, 4.0]], "seconds": 0.1}
MIDDLE = {"epochs": 3, "step": 7, "batch": 1}
ROW = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.001, "seconds": 0.1}
ROWS = [ROW, {**ROW, "epoch": 2}]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"batch": 3}, "step 6 is not batch 3 of 3 after epoch 2"),
        ({"batch": 99, "step": 105}, "step 105 is not batch 99 of 3 after epoch 2"),
        ({"epoch": 0}, "step 6 is not batch 0 of 3 after epoch 0"),
        ({"epoch": 99}, "step 6 is not batch 0 of 3 after epoch 99"),
        ({"step": 10**12, "epochs": 9}, f"step {10**12} is not batch 0 of 3 after epoch 2"),
        ({"epochs": 1}, "epoch 2, batch 0 is beyond its 1 epochs"),
        ({**MIDDLE, "epochs": 2, "totals": TOTALS}, "epoch 2, batch 1 is beyond its 2 epochs"),
        ({"epochs": 0}, "epoch 2, batch 0 is beyond its 0 epochs"),
        ({"rows": []}, "0 rows for 2 epochs"),
        ({"rows": [{}, ROW]}, "row 1 has the columns []"),
        ({"rows": [ROW, {}]}, "row 2 has the columns []"),
        ({"rows": [ROW, ROW]}, "row 2 is of epoch 1"),
        ({"schedule": [1.0]}, "schedule is (1.0,) instead of 0 finite numbers"),
        ({"start_loss": None}, "the loss of the first batch is None at step 6"),
        ({"start_loss": np.inf}, "the loss of the first batch is inf at step 6"),
        ({"best": None}, "the best weights are missing at epoch 2"),
        ({"best": {"score": 1.0, "epoch": 3}}, "the best score is 1.0 in epoch 3 of 2"),
        ({"best": {"score": np.nan, "epoch": 1}}, "the best score is nan in epoch 1 of 2"),
        ({**MIDDLE, "totals": {**TOTALS, "losses": [np.nan]}}, "its totals are not finite"),
        ({**MIDDLE, "totals": {**TOTALS, "counted": [np.inf]}}, "its totals are not finite"),
        (
            {**MIDDLE, "totals": {**TOTALS, "metrics": [[1.0]]}},
            "the totals of its metrics have the shapes [(1,)]",
        ),
        ({**MIDDLE, "totals": {**TOTALS, "counted": [-4.0]}}, "its totals are negative"),
        ({**MIDDLE, "totals": {**TOTALS, "losses": []}}, "0 totals of losses instead of 1"),
        ({"totals": TOTALS}, "1 totals of losses instead of 0"),
    ],
    ids=str,
)
def test_an_impossible_document(document, why, checkpoint):
    """A state that no run can reach is refused, and the error names the contradiction."""
    rewritten(checkpoint, **document)
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name, epochs=9)

    assert str(error.value).startswith(f"run.checkpoint is a damaged checkpoint: {why}. Use")


def test_the_memory_of_a_schedule_is_complete(checkpoint):
    """A schedule whose state has three numbers does not accept one, or NaN."""
    plateau = {"schedule": st.functions.schedule.ReduceOnPlateau()}
    train(checkpoint=checkpoint.name, **plateau)
    for memory in ([1.0], [], [1.0, 0.0, np.nan]):
        rewritten(checkpoint, schedule=memory)
        with pytest.raises(ModelFileError) as error:
            train(resume=checkpoint.name, **plateau)

        assert " instead of 3 finite numbers. " in str(error.value)


@pytest.mark.parametrize("array", ["parameters", "statistics", "memory.first", "best.parameters"])
@pytest.mark.parametrize("change", ["shorter", "float64"])
def test_arrays_that_do_not_fit(array, change, checkpoint):
    """Every array must have this network's size and dtype."""
    found = load_file(checkpoint)
    array = array if array in found else next(name for name in found if "memory" in name)
    other = found[array][:-1] if change == "shorter" else found[array].astype(np.float64)
    rewritten(checkpoint, arrays={array: other.copy()})
    with pytest.raises(ModelFileError) as error:
        train(resume=checkpoint.name)

    size = found[array].size
    assert str(error.value) == (
        f"run.checkpoint is a damaged checkpoint: {array} has {other.size} numbers of "
        f"{other.dtype} instead of {size} of float32. "
        "Use an older checkpoint, or start without one."
    )


def test_every_truncation_is_found(checkpoint):
    """A checkpoint cut off anywhere is refused, and the network is unchanged."""
    raw = checkpoint.read_bytes()
    network = classifier(EVERYTHING)
    before = core_of(network).buffers[0].copy()
    for length in [*range(20), *range(20, len(raw), 311), len(raw) - 1]:
        checkpoint.write_bytes(raw[:length])
        with pytest.raises(ModelFileError):
            network.fit(X, Y, **DEFAULTS, resume=checkpoint)

    np.testing.assert_array_equal(core_of(network).buffers[0], before)


def test_a_model_instead_of_a_checkpoint(tmp_path, monkeypatch, golden):
    """The error says which is which."""
    monkeypatch.chdir(tmp_path)
    classifier().save("lenet.safetensors")
    with pytest.raises(ModelFileError) as error:
        train(resume="lenet.safetensors")

    golden("messages/checkpoint-is-a-model", str(error.value))


def test_a_checkpoint_instead_of_a_model(checkpoint, golden):
    """The error says which is which."""
    with pytest.raises(ModelFileError) as error:
        st.load(checkpoint.name)

    golden("messages/model-is-a-checkpoint", str(error.value))
