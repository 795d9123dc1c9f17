"""A resumed training is bit-identical to one that was never interrupted."""

import warnings

import numpy as np
import pytest

from networks import ENGINES, EVERYTHING, classifier, columns, digest, images_and_labels, raising
from striate.errors import TrainingError
from striate.functions import registry
from striate.functions.optimizer import Adam, Momentum, RMSprop
from striate.functions.schedule import Cosine, OneCycle, ReduceOnPlateau
from striate.model.network import core_of

X, Y = images_and_labels(13)
# 10 images in batches of 4, 4 and 2 (3 are held out for validation): 3 steps an epoch, 9 in all.
STEPS, EPOCHS = 3, 3

TRAININGS = {
    "adam": {"optimizer": Adam(), "keep_best": True, "augment": "shift 1 flip", "validation": 0.2},
    "plateau": {
        "optimizer": Momentum(learning_rate=0.3),
        "schedule": ReduceOnPlateau(ratio=0.5, patience=0),
        "validation": 0.2,
        "monitor": "validation_accuracy",
        "keep_best": True,
    },
    "early": {"optimizer": RMSprop(), "early_stopping": 1, "validation": 0.2, "standardize": True},
    "cosine": {"schedule": Cosine(), "clip_norm": 0.05, "validation": 0.2},
    "one-cycle": {
        "schedule": OneCycle(),
        "class_weight": "balanced",
        "sample_weight": np.linspace(0.5, 2.0, 13),
        "shuffle": False,
        "validation": 0.2,
    },
}


def train(training, *, engine="auto", **more):
    """Train the network that has everything in it; return it with its history."""
    network = classifier(EVERYTHING, seed=3, engine=engine)
    options = {"epochs": EPOCHS, "batch_size": 4, "seed": 5, **TRAININGS[training], **more}
    return network, network.fit(X, Y, **options)


@pytest.fixture(scope="module")
def uninterrupted():
    """Train in each way once, without an interruption."""
    return {training: train(training) for training in TRAININGS}


def assert_same(resumed, whole):
    """Compare two runs bit for bit."""
    (network, history), (other, expected) = resumed, whole
    assert columns(history) == columns(expected)
    assert (history.best_epoch, history.stopped_early) == (
        expected.best_epoch,
        expected.stopped_early,
    )
    assert digest(network) == digest(other)


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("step", range(1, STEPS * EPOCHS + 1))
def test_resumed_after_any_step(training, step, uninterrupted, tmp_path):
    """Ctrl-C after any batch, also the last of an epoch: the same bits in the end."""
    path = tmp_path / "checkpoint"
    last = len(uninterrupted[training][1]) * STEPS  # the one that stops early has fewer
    stop = raising(KeyboardInterrupt(), at_step=min(step, last))
    with pytest.raises(KeyboardInterrupt):
        train(training, checkpoint=path, callbacks=[stop])

    assert_same(train(training, resume=path), uninterrupted[training])


@pytest.mark.parametrize("epoch", range(1, EPOCHS + 1))
def test_resumed_after_any_epoch(epoch, uninterrupted, tmp_path):
    """Ctrl-C after an epoch, before its checkpoint is written: the same bits in the end."""
    path = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        train("plateau", checkpoint=path, callbacks=[raising(KeyboardInterrupt(), at_epoch=epoch)])

    assert_same(train("plateau", resume=path), uninterrupted["plateau"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("method", "call"),
    [("gradients", 1), ("gradients", 6), ("update", 2), ("predict", 1), ("predict", 3)],
)
def test_resumed_from_inside_the_engine(method, call, engine, tmp_path, monkeypatch):
    """Ctrl-C in the middle of a step, or of the validation, only loses that step."""
    path, calls = tmp_path / "checkpoint", []
    owner = ENGINES[engine][method]
    original = getattr(owner, method)

    def interrupted(self, *arguments, **more):
        calls.append(1)
        # The results of the step are computed, and lost.
        result = original(self, *arguments, **more)
        if len(calls) == call:
            raise KeyboardInterrupt
        return result

    whole = train("adam", engine=engine)
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, interrupted)
        with pytest.raises(KeyboardInterrupt):
            train("adam", engine=engine, checkpoint=path)

    assert_same(train("adam", engine=engine, resume=path), whole)


def test_resumed_twice(uninterrupted, tmp_path):
    """A training can be interrupted several times, with the same file."""
    path = tmp_path / "checkpoint"
    for resume, step in ((None, 2), (path, 4), (path, 8)):
        stop = raising(KeyboardInterrupt(), at_step=step)
        with pytest.raises(KeyboardInterrupt):
            train("adam", checkpoint=path, resume=resume, callbacks=[stop])

    assert_same(train("adam", resume=path), uninterrupted["adam"])


def test_a_killed_training_resumes_from_its_last_epoch(uninterrupted, tmp_path):
    """If nothing was saved when it ended, the checkpoint of the last epoch gives the same bits."""
    path = tmp_path / "checkpoint"
    with pytest.raises(MemoryError):
        train("adam", checkpoint=path, callbacks=[raising(MemoryError(), at_step=5)])

    assert_same(train("adam", resume=path), uninterrupted["adam"])


def test_a_finished_training_has_nothing_left_to_do(uninterrupted, tmp_path):
    """Resumed from its last checkpoint, a finished training takes no further step."""
    path = tmp_path / "checkpoint"
    train("adam", checkpoint=path)
    steps = []
    resumed = train("adam", resume=path, callbacks=[_counting(steps)])

    assert steps == []
    assert_same(resumed, uninterrupted["adam"])


def test_more_epochs_than_planned(uninterrupted, tmp_path):
    """With a schedule that does not depend on the last epoch, a run can be extended."""
    path = tmp_path / "checkpoint"
    train("adam", checkpoint=path, epochs=1)

    assert_same(train("adam", resume=path), uninterrupted["adam"])


SCHEDULES = {
    f"{name}-{number}": schedule
    for name, kind in registry.kinds("schedule").items()
    for number, schedule in enumerate(kind.cases())
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_finished_run_of_any_schedule_trains_longer(name, tmp_path):
    """Same bits as without a break, or a warning that the schedule does not allow it."""
    options = {"schedule": SCHEDULES[name], "validation": 0.2, "keep_best": False}
    path = tmp_path / "checkpoint"
    train("adam", checkpoint=path, epochs=2, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network, history = train("adam", resume=path, epochs=4, **options)
    whole = train("adam", epochs=4, **options)

    assert len(history) == 4
    told = any("depends on the number of epochs" in str(one.message) for one in caught)
    assert told == (digest(network) != digest(whole[0]))
    if not told:
        assert_same((network, history), whole)


def test_an_early_stop_stays_stopped(tmp_path):
    """A training that stopped early stops at once when it is resumed, with the best weights."""
    path = tmp_path / "checkpoint"
    _, history = train("early", checkpoint=path, epochs=30)
    resumed = train("early", resume=path, epochs=30)

    assert history.stopped_early
    assert columns(resumed[1]) == columns(history)
    assert resumed[1].stopped_early


@pytest.mark.parametrize("step", [1, 4, 9])
def test_an_interrupted_network_has_the_weights_of_its_last_step(step):
    """Ctrl-C leaves the weights of the last complete step."""
    kept = {}

    def remember(state, *_):
        kept["weights"] = (state.parameters.copy(), state.statistics.copy())
        if state.step == step:
            raise KeyboardInterrupt

    callback = raising(None)
    callback.step = remember
    network = classifier(EVERYTHING)
    with pytest.raises(KeyboardInterrupt):
        network.fit(X, Y, epochs=EPOCHS, batch_size=4, callbacks=[callback])

    for flat, expected in zip(core_of(network).buffers, kept["weights"], strict=True):
        np.testing.assert_array_equal(flat, expected)


def test_a_resumed_training_that_diverges_keeps_the_weights_of_the_checkpoint(tmp_path):
    """If the loss is NaN before the end of the first epoch, the checkpoint's weights are kept."""
    path, kept = tmp_path / "checkpoint", []
    with pytest.raises(KeyboardInterrupt):
        train("adam", checkpoint=path, callbacks=[raising(KeyboardInterrupt(), at_step=1)])
    network = classifier(EVERYTHING, seed=3)

    def poison(state, *_):
        kept.append(state.parameters.copy())
        state.parameters[:] = np.nan

    callback = raising(None)
    callback.step = poison
    with pytest.raises(TrainingError) as error:
        network.fit(
            X,
            Y,
            **{"epochs": 3, "batch_size": 4, "seed": 5, **TRAININGS["adam"]},
            resume=path,
            callbacks=[callback],
        )

    assert "The network has its weights of the checkpoint." in str(error.value)
    assert np.isfinite(core_of(network).buffers[0]).all()


def _counting(steps):
    """Make a callback that records each step."""
    callback = raising(None)
    callback.step = lambda state, loss, images: steps.append((state.step, loss, images))
    return callback
