"""The training loop: identical bits, history, early stopping, monitoring, divergence."""

import numpy as np
import pytest

import striate as st
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
from striate.errors import TrainingError
from striate.functions.optimizer import GradientDescent
from striate.functions.schedule import Cosine, StepDecay
from striate.graph.batch import as_arrays
from striate.model.network import core_of
from striate.training import loop
from striate.training.state import order_of_images

X, Y = images_and_labels(10)
FAR_TOO_LONG = GradientDescent(learning_rate=3e38, weight_decay=1e3)
"""Steps that overflow float32, although the gradients don't."""


def train(text=EVERYTHING, *, seed=5, engine="auto", **more):
    """Train a small network; return it with its history."""
    network = classifier(text, engine=engine)
    return network, network.fit(X, Y, **{"epochs": 2, "batch_size": 4, "seed": seed, **more})


def test_the_same_seed_gives_the_same_bits():
    """Two runs with the same seed are bit-identical."""
    first, second = train(augment="shift 1"), train(augment="shift 1")

    assert digest(first[0]) == digest(second[0])
    assert columns(first[1]) == columns(second[1])


def test_a_different_seed_gives_different_bits():
    """The seed determines the order of the images, the masks and the augmentation."""
    assert digest(train()[0]) != digest(train(seed=6)[0])


def test_callbacks_and_progress_do_not_change_a_bit():
    """Callbacks and a progress bar do not influence training."""
    monitored = train(callbacks=[RecordingCallback()], progress=True)[0]

    assert digest(monitored) == digest(train()[0])


def test_the_order_of_an_epoch_does_not_depend_on_earlier_epochs():
    """The order of an epoch depends on the seed and the epoch; it has every image once."""
    order = order_of_images(3, 7, 20)

    assert sorted(order) == list(range(20))
    np.testing.assert_array_equal(order, order_of_images(3, 7, 20))
    assert list(order) != list(order_of_images(3, 8, 20))
    assert list(order) != list(order_of_images(4, 7, 20))
    assert list(order_of_images(3, 7, 5, shuffle=False)) == [0, 1, 2, 3, 4]


def test_the_last_short_batch_is_kept():
    """Every epoch trains on each image once: batches of 4, 4 and 2."""
    sizes = []
    train(callbacks=[RecordingCallback(step=lambda *heard: sizes.append(heard[2]))])

    assert sizes == [4, 4, 2] * 2


def test_the_loss_of_an_epoch_is_the_mean_over_its_images():
    """A short batch is weighted by its number of images."""
    steps = []
    callback = RecordingCallback(step=lambda *heard: steps.append(heard[1:]))
    _, history = train(epochs=1, callbacks=[callback])

    assert history["loss"][0] == pytest.approx(
        sum(loss * images for loss, images in steps) / 10, rel=1e-12
    )


def test_the_history_has_a_row_for_each_epoch():
    """Its columns are the scores on the training and validation sets."""
    _, history = train(validation=0.3)

    assert len(history) == 2
    assert history.columns == [
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy",
        "learning_rate", "seconds",
    ]  # fmt: skip
    assert history["epoch"] == [1, 2]
    assert [row["loss"] for row in history] == history["loss"]
    assert str(history).splitlines()[0].split() == history.columns


def test_without_labels_there_is_no_accuracy():
    """A regression has no accuracy, only a loss."""
    network = classifier("dense 2")
    history = network.fit(X, np.zeros((10, 2)), epochs=1)

    assert history.columns == ["epoch", "loss", "learning_rate", "seconds"]


class Scripted:
    """Replaces the validation scores."""

    def __init__(self, monkeypatch, **scores):
        self.scores = {name: iter(values) for name, values in scores.items()}
        self.weights = []
        monkeypatch.setattr(
            "striate.model.preparation.Preparation._validator", lambda *_: self.validate
        )

    def validate(self, parameters, statistics):
        self.weights.append((parameters.copy(), statistics.copy()))
        return {f"validation_{name}": next(values) for name, values in self.scores.items()}


def test_early_stopping_waits_for_its_number_of_epochs(monkeypatch):
    """Training stops after two epochs without a lower loss, and ends with the best weights."""
    script = Scripted(monkeypatch, loss=[3.0, 1.0, 2.0, 0.5, 0.6, 0.5, 0.1], accuracy=[0.5] * 7)
    network, history = train(validation=0.3, epochs=20, early_stopping=2)

    assert len(history) == 6
    assert (history.best_epoch, history.stopped_early) == (4, True)
    for flat, best in zip(core_of(network).buffers, script.weights[3], strict=True):
        np.testing.assert_array_equal(flat, best)


def test_a_higher_accuracy_is_better(monkeypatch):
    """With monitor="validation_accuracy" the highest accuracy is the best, whatever the loss is."""
    script = Scripted(monkeypatch, loss=[1.0, 2.0, 3.0, 4.0], accuracy=[0.5, 0.9, 0.7, 0.9])
    network, history = train(
        validation=0.3, epochs=20, early_stopping=2, monitor="validation_accuracy"
    )

    assert len(history) == 4
    assert (history.best_epoch, history.stopped_early) == (2, True)
    np.testing.assert_array_equal(core_of(network).buffers[0], script.weights[1][0])


def test_a_plateau_of_the_accuracy_reduces_the_rate(monkeypatch):
    """The schedule receives the monitored score: only a falling accuracy is a plateau."""
    memories = {}
    for name, accuracy in (("rising", [0.1, 0.2, 0.3]), ("falling", [0.3, 0.2, 0.1])):
        Scripted(monkeypatch, loss=[1.0] * 3, accuracy=accuracy)
        schedule = st.functions.schedule.ReduceOnPlateau(ratio=0.5, patience=0)
        callback = RecordingCallback(
            epoch=lambda state, _, name=name: memories.update({name: state.schedule[0]})
        )
        train(
            validation=0.3,
            epochs=3,
            schedule=schedule,
            monitor="validation_accuracy",
            callbacks=[callback],
        )

    assert memories == {"rising": 1.0, "falling": 0.25}


def test_the_last_weights_are_kept_unless_told_otherwise(monkeypatch):
    """Without early stopping a network ends with its last weights, unless keep_best=True."""
    ends = {}
    for keep in (None, True):
        script = Scripted(monkeypatch, loss=[1.0, 2.0], accuracy=[0.5, 0.5])
        network, history = train(validation=0.3, keep_best=keep)
        ends[keep] = (core_of(network).buffers[0], script.weights, history.best_epoch)

    np.testing.assert_array_equal(ends[None][0], ends[None][1][1][0])
    np.testing.assert_array_equal(ends[True][0], ends[True][1][0][0])
    assert (ends[None][2], ends[True][2]) == (0, 1)


@pytest.fixture(params=ENGINES)
def engine(request):
    """Train with each engine."""
    return request.param


def noting(monkeypatch, engine, method, note):
    """Make a method of an engine's steps record its arguments."""
    steps = ENGINES[engine][method]
    original = getattr(steps, method)

    def spy(self, *arguments, **more):
        note(*arguments, **more)
        return original(self, *arguments, **more)

    monkeypatch.setattr(steps, method, spy)


def test_the_schedule_reaches_the_optimizer(monkeypatch, engine):
    """The rate of each step is the optimizer's learning rate times the schedule's factor."""
    rates = []
    noting(monkeypatch, engine, "update", lambda *_, rate, **__: rates.append(rate))
    optimizer = GradientDescent(learning_rate=0.5)
    train(
        optimizer=optimizer,
        schedule=StepDecay(every=1, ratio=0.1),
        epochs=2,
        batch_size=5,
        engine=engine,
    )

    assert rates == [0.5, 0.5, 0.05, 0.05]


def test_the_optimizer_receives_every_step(monkeypatch, engine):
    """Steps are counted from 1, through all epochs: Adam's corrections depend on it."""
    steps = []
    noting(monkeypatch, engine, "update", lambda *_, step, **__: steps.append(step))
    train(epochs=2, batch_size=4, engine=engine)

    assert steps == [1, 2, 3, 4, 5, 6]


def test_each_epoch_is_augmented_differently(monkeypatch):
    """An image is augmented differently in each epoch, wherever it is in the order of images."""
    seen = []
    noting(
        monkeypatch,
        "compiled",
        "gradients",
        lambda _, __, batch, ___: seen.append(*as_arrays(batch.inputs)),
    )
    train(augment="shift 2", epochs=2, batch_size=10, shuffle=False)
    train(augment="shift 2", epochs=1, batch_size=5, shuffle=False)

    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(np.concatenate(seen[2:]), seen[0])


def test_clipping_reaches_the_optimizer():
    """With gradient descent a step is at most as long as learning rate times clip_norm."""
    network = classifier()
    before = core_of(network).buffers[0].copy()
    network.fit(X, Y, epochs=1, batch_size=10, optimizer="gradient-descent", learning_rate=1.0,
                clip_norm=0.01)  # fmt: skip
    moved = np.linalg.norm(core_of(network).buffers[0].astype(np.float64) - before)

    # Each of the 107 weights, about 1 at most, is rounded to 2**-25 or less.
    assert moved == pytest.approx(0.01, abs=1e-6)


def test_weight_decay_does_not_apply_to_biases():
    """Weights decay toward zero, biases do not."""
    network = classifier("dense 3 softmax")
    network.parameters["dense1.bias"][:] = 1.0
    network.parameters["dense1.weight"][:] = 1.0
    optimizer = GradientDescent(learning_rate=0.1, weight_decay=0.5)
    network.fit(np.zeros((3, 6, 6, 1)), [0, 1, 2], epochs=1, batch_size=3, optimizer=optimizer)

    # Black images move no weight; one image of each class moves no bias of a uniform output.
    np.testing.assert_allclose(network.parameters["dense1.weight"], 0.95, rtol=1e-6)
    np.testing.assert_allclose(network.parameters["dense1.bias"], 1.0, rtol=1e-6)


def test_a_network_learns():
    """After a few epochs on digits a small network is far better than guessing."""
    (x, y), (x_test, y_test) = st.data.load("digits")
    network = st.Network.parse("conv 4@5x5 stride 2 relu | max 2 | dense 10 softmax", (28, 28, 1))
    network.fit(x[::5], y[::5], epochs=4, batch_size=32, learning_rate=0.01)

    assert network.evaluate(x_test[::4], y_test[::4]).accuracy > 0.8


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_loss_that_is_nan(step, golden):
    """NaN ends training with an error; the network has the last good weights."""
    kept = {0: core_of(classifier(EVERYTHING)).buffers[0].copy()}

    def poison(state, *_):
        if state.step == step:
            state.parameters.setflags(write=True)
            state.parameters[:] = np.nan

    callback = RecordingCallback(
        poison, lambda state, _: kept.update({state.epoch: state.parameters.copy()})
    )
    network = classifier(EVERYTHING)
    with pytest.raises(TrainingError) as error:
        network.fit(X, Y, epochs=3, batch_size=4, callbacks=[callback])

    good = 1 if step == 4 else 0
    np.testing.assert_array_equal(core_of(network).buffers[0], kept[good])
    golden(f"messages/loss-is-nan-after-step-{step}", str(error.value))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("loss", {"optimizer": GradientDescent(learning_rate=1e30), "epochs": 30}),
        ("weights", {"optimizer": FAR_TOO_LONG}),
    ],
)
def test_steps_that_are_too_long(name, options, golden):
    """Weights that grow without bound end training, and the network can still be used."""
    network = classifier("conv 2@3x3 | dense 3 softmax")
    with pytest.raises(TrainingError) as error:
        network.fit(X, Y, batch_size=10, **options)

    assert np.isfinite(core_of(network).buffers[0]).all()
    assert np.isfinite(network.predict(X)).all()
    golden(f"messages/runaway-{name}", str(error.value))


@pytest.mark.parametrize(
    ("values", "named"),
    [([1.0, np.inf], "infinite values"), ([-np.inf, np.nan], "NaN")],
)
def test_what_weights_contain_is_named(values, named):
    """NaN and infinity have different causes, so that the error names which it is."""
    assert loop._not_finite(np.array(values)) == named


def test_a_validation_loss_that_is_nan(monkeypatch, golden):
    """A validation loss that isn't finite ends training, too."""
    Scripted(monkeypatch, loss=[1.0, float("nan")], accuracy=[0.5, 0.5])
    with pytest.raises(TrainingError) as error:
        train(validation=0.3, epochs=5)

    golden("messages/validation-loss-is-nan", str(error.value))


def test_an_interrupt_without_a_checkpoint_leaves_no_file(tmp_path, monkeypatch):
    """Without `checkpoint` nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=[raising(KeyboardInterrupt(), at_step=2)])

    assert list(tmp_path.iterdir()) == []


def test_a_second_training_continues_from_the_first():
    """Training starts from the network's current weights."""
    network, _ = train()
    first = digest(network)
    before = network.evaluate(X, Y).loss
    network.fit(X, Y, epochs=20, batch_size=4)

    assert digest(network) != first
    assert network.evaluate(X, Y).loss < before


def test_debug_names_the_first_value_that_is_not_finite(engine):
    """The step is repeated, and the error names the layer and quantity where it begins."""
    network = classifier(EVERYTHING, engine=engine)
    network.parameters["dense1.weight"][1, 3] = np.inf
    texts = {}
    for debug in (False, True):
        with pytest.raises(TrainingError) as error:
            network.fit(X, Y, epochs=1, debug=debug)
        texts[debug] = str(error.value)

    start, end = texts[False].split(" The network has ")
    assert texts[True] == (
        f"{start} The first value that is not finite is in dense1.weight (1 of 81). The network "
        f"has {end}"
    )


def test_debug_names_the_weights_that_a_step_makes_infinite(engine):
    """If everything that a step computes is finite, the weights after it are examined."""
    network = classifier(engine=engine)
    with pytest.raises(TrainingError) as error:
        network.fit(X, Y, epochs=1, optimizer=FAR_TOO_LONG, debug=True)

    assert " The first value that is not finite is in conv1.weight after the step. " in str(
        error.value
    )


@pytest.mark.parametrize(
    ("count", "batch_size", "what", "remedy"),
    [
        (10, 9, "the last batch of an epoch has 1 image (10 images, batch_size=9)", "batch_size=8"),
        (10, 3, "the last batch of an epoch has 1 image (10 images, batch_size=3)", "batch_size=2"),
        (9, 2, "the last batch of an epoch has 1 image (9 images, batch_size=2)", "batch_size=3"),
        (10, 1, "a batch has 1 image", "batch_size=2"),
    ],
)
def test_a_batch_that_batch_normalization_cannot_train_on(count, batch_size, what, remedy, engine):
    """One value per channel has no variance: an error before the first step suggests a size."""
    network = classifier("dense 4 | batch-norm | dense 3 softmax", engine=engine)
    before = digest(network)
    with pytest.raises(TrainingError) as error:
        network.fit(X[:count], Y[:count], epochs=1, batch_size=batch_size)

    assert str(error.value) == (
        f"Layer 3 (batch-norm1) cannot train on every batch: {what}, and the variance over a batch "
        f"needs at least two values per channel. Use {remedy}, or LayerNorm."
    )
    assert digest(network) == before
    assert network.losses is None
    network.fit(X[:count], Y[:count], epochs=1, batch_size=int(remedy.removeprefix("batch_size=")))


def test_with_pixels_batch_normalization_trains_on_one_image():
    """A map of several pixels has a variance within one image."""
    network = classifier("conv 2@3x3 | batch-norm | dense 3 softmax")

    assert len(network.fit(X, Y, epochs=1, batch_size=9)) == 1


def test_the_learning_rate_is_that_of_the_last_step():
    """A schedule that changes at each step is recorded as of the end of the epoch."""
    _, history = train(epochs=2, batch_size=4, schedule="cosine", learning_rate=0.01)
    steps = -(-10 // 4)

    assert history["learning_rate"] == [
        0.01 * Cosine().factor(step=k * steps - 1, steps_per_epoch=steps, epochs=2, memory=())
        for k in (1, 2)
    ]
