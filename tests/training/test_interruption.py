"""However training ends, the network has good weights and its history can be read."""

import numpy as np
import pytest

from networks import (
    ENGINES,
    EVERYTHING,
    RecordingCallback,
    classifier,
    columns,
    digest,
    images_and_labels,
    raising,
)
from striate.errors import ModelFileError, StriateWarning, TrainingError
from striate.graph.step import TrainingStep
from striate.model import fitting
from striate.model.examples import examples
from striate.model.losses import losses_of
from striate.model.network import core_of
from striate.training.divergence import constant_loss

X, Y = images_and_labels(10)
SETTINGS = {"epochs": 4, "batch_size": 4, "seed": 5, "validation": 0.3}


def scripted(monkeypatch, losses):
    """Replace the validation losses; return the weights that were validated."""
    losses, weights = iter(losses), []

    def validate(parameters, statistics):
        weights.append((parameters.copy(), statistics.copy()))
        return {"validation_loss": next(losses)}

    monkeypatch.setattr("striate.model.preparation.Preparation._validator", lambda *_: validate)
    return weights


def poison(state, *_):
    """Set the weights to NaN in the third epoch."""
    if state.epoch == 2:
        state.parameters[:] = np.nan


ENDS = {
    "interrupt": (KeyboardInterrupt, lambda: raising(KeyboardInterrupt(), at_epoch=3)),
    "interrupt-in-a-step": (KeyboardInterrupt, lambda: raising(KeyboardInterrupt(), at_step=7)),
    "error-in-a-callback": (ZeroDivisionError, lambda: raising(ZeroDivisionError(), at_epoch=3)),
    "out-of-memory": (MemoryError, lambda: raising(MemoryError(), at_step=8)),
    "nan": (TrainingError, lambda: RecordingCallback(poison)),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("keep_best", [True, False])
def test_the_weights_that_are_left(end, keep_best, monkeypatch):
    """With keep_best the best weights, from epoch 1; otherwise the last good ones."""
    validated = scripted(monkeypatch, [0.1, 0.5, 0.6, 0.7])
    seen = []
    error, callback = ENDS[end]
    network = classifier(EVERYTHING)
    callbacks = [
        RecordingCallback(lambda state, *_: seen.append(state.parameters.copy())),
        callback(),
    ]
    with pytest.raises(error):
        network.fit(X, Y, **SETTINGS, keep_best=keep_best, callbacks=callbacks)

    left = validated[0][0] if keep_best else validated[1][0] if end == "nan" else seen[-1]
    np.testing.assert_array_equal(network.parameters["conv1.weight"].ravel(), left[:27])
    assert np.isfinite(network.predict(X)).all()


@pytest.mark.parametrize("end", ENDS)
def test_the_history_that_is_left(end, monkeypatch):
    """The finished epochs are in `history`, with the best epoch."""
    scripted(monkeypatch, [0.1, 0.5, 0.6, 0.7])
    error, callback = ENDS[end]
    network = classifier(EVERYTHING)
    with pytest.raises(error):
        network.fit(X, Y, **SETTINGS, keep_best=True, callbacks=[callback()])

    assert network.history["validation_loss"] == [0.1, 0.5, 0.6][: len(network.history)]
    assert len(network.history) == (2 if end == "nan" else 3)
    assert network.history.best_epoch == 1


def test_a_divergence_carries_its_history():
    """The error itself has the finished epochs."""
    network = classifier(EVERYTHING)
    with pytest.raises(TrainingError) as error:
        network.fit(X, Y, **SETTINGS, callbacks=[RecordingCallback(poison)])

    assert columns(error.value.history) == columns(network.history)
    assert len(error.value.history) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupt_during_the_validation_keeps_the_best(monkeypatch, engine):
    """Ctrl-C while the validation set is scored ends with the best weights so far."""
    network = classifier(EVERYTHING, engine=engine)
    owner, calls, kept = ENGINES[engine]["predict"], [], []
    original = owner.predict

    def interrupted(self, *arguments, **more):
        calls.append(1)
        if len(calls) == 2:  # one for each epoch
            raise KeyboardInterrupt
        return original(self, *arguments, **more)

    monkeypatch.setattr(owner, "predict", interrupted)
    callback = RecordingCallback(epoch=lambda state, _: kept.append(state.parameters.copy()))
    with pytest.raises(KeyboardInterrupt):
        network.fit(X, Y, **SETTINGS, keep_best=True, callbacks=[callback])

    np.testing.assert_array_equal(core_of(network).buffers[0], kept[0])
    assert len(network.history) == 1


def test_a_new_network_has_no_history():
    """Before the first training it is empty; afterwards it is what `fit` returned."""
    network = classifier()
    assert len(network.history) == 0

    returned = network.fit(X, Y, epochs=2)
    assert network.history is returned


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("in a callback"), MemoryError()], ids=lambda e: type(e).__name__
)
def test_any_error_saves_the_last_step(error, tmp_path):
    """A run that ended with an error resumes from its last step, not from its last epoch."""
    whole, path = classifier(EVERYTHING), tmp_path / "run.checkpoint"
    whole.fit(X, Y, **SETTINGS)
    with pytest.raises(type(error)):
        classifier(EVERYTHING).fit(
            X, Y, **SETTINGS, checkpoint=path, callbacks=[raising(error, at_step=6)]
        )
    resumed, steps = classifier(EVERYTHING), []
    resumed.fit(
        X,
        Y,
        **SETTINGS,
        resume=path,
        callbacks=[RecordingCallback(lambda state, *_: steps.append(state.step))],
    )

    assert steps[0] == 7
    assert digest(resumed) == digest(whole)


def full_disk(monkeypatch, saves):
    """Simulate a full disk at some saves of the checkpoint, counted from 1."""
    original, done = fitting.save_checkpoint, []

    def save(path, *more):
        done.append(1)
        if len(done) in saves:
            raise ModelFileError(f"Cannot write {path}: no space left on device.")
        original(path, *more)

    monkeypatch.setattr(fitting, "save_checkpoint", save)


def test_a_full_disk_does_not_end_training(tmp_path, monkeypatch):
    """From the second save on, a checkpoint that cannot be written is a warning, given once."""
    whole, network = classifier(EVERYTHING), classifier(EVERYTHING)
    whole.fit(X, Y, **SETTINGS)
    full_disk(monkeypatch, {2, 3})
    path = tmp_path / "run.checkpoint"
    with pytest.warns(StriateWarning) as warned:
        network.fit(X, Y, **SETTINGS, checkpoint=path)

    (warning,) = warned
    assert str(warning.message) == (
        f"Cannot write {path}: no space left on device. Training continues; {path} keeps an "
        "earlier state until a later epoch can be saved."
    )
    assert digest(network) == digest(whole)


def test_a_full_disk_before_the_first_step_is_an_error(tmp_path, monkeypatch):
    """A checkpoint that cannot be written at all is refused before training."""
    full_disk(monkeypatch, {1})
    network = classifier()
    before = digest(network)
    with pytest.raises(ModelFileError):
        network.fit(X, Y, epochs=1, checkpoint=tmp_path / "run.checkpoint")

    assert digest(network) == before


def diverging(**more):
    """Train a regression with steps that are too long, on targets of variance 1."""
    network = classifier("dense 1")
    y = np.random.default_rng(0).normal(size=(10, 1))
    return network, network.fit(
        X,
        y,
        **{
            "epochs": 3,
            "batch_size": 5,
            "optimizer": "gradient-descent",
            "learning_rate": 1.0,
            **more,
        },
    )


def test_a_finite_divergence_is_a_warning_and_a_field(golden):
    """The loss of a regression grows to 1e9: all numbers are finite, and the model is useless."""
    with pytest.warns(StriateWarning) as warned:
        network, history = diverging()
    found = history.divergence

    assert np.isfinite(core_of(network).buffers[0]).all()
    assert (found.epoch, found.loss) == (3, history["loss"][-1])
    assert found.loss > 5 * max(found.start_loss, found.constant_loss)
    golden("messages/diverged", str(warned[0].message))


def test_the_best_weights_of_a_diverging_training_are_no_divergence():
    """With keep_best only the best epoch counts: here that of a network trained before."""
    network = classifier("dense 1")
    y = np.random.default_rng(0).normal(size=(10, 1))
    network.fit(X, y, epochs=3, learning_rate=0.01)
    history = network.fit(
        X, y, epochs=3, batch_size=10, keep_best=True, optimizer="gradient-descent",
        learning_rate=1.0,
    )  # fmt: skip

    assert history["loss"][-1] > 100 * history["loss"][0]
    assert history.best_epoch == 1
    assert history.divergence is None


@pytest.mark.parametrize(
    ("text", "y", "loss", "expected"),
    [
        ("dense 3 softmax", Y, None, np.log(3)),
        ("dense 1 logistic", Y % 2, None, np.log(2)),
        ("dense 1", np.linspace(-3, 3, 10), None, np.var(np.linspace(-3, 3, 10))),
        ("dense 3 softmax", np.eye(3)[Y], "squared-error", None),
    ],
)
def test_the_loss_of_a_constant_prediction(text, y, loss, expected):
    """Equal probabilities have the loss ln K; the targets' mean has their variance."""
    network = core_of(classifier(text))
    losses = losses_of(network.graph, loss)
    given = examples(network, network.outputs, X, y, losses)
    step = TrainingStep.of(network.graph, losses)
    found = constant_loss(step, given.targets)
    if expected is None:  # each image's error is a mean over three outputs
        expected = np.mean(np.var(np.eye(3)[Y], axis=0))

    # Targets are float32: errors of 2**-24 each, a few of them summed.
    assert found == pytest.approx(expected, rel=1e-6)
