"""Metrics by name and by output: in the history, as the monitored column, and in evaluations."""

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.errors import OptionError

X, Y = images_and_labels(23)
AREA = X.reshape(len(X), -1).mean(axis=1, dtype=np.float64)


def two_outputs():
    """Build a network that predicts a class and a number."""
    image = st.Input(X.shape[1:])
    hidden = st.Flatten()(image)
    outputs = [
        st.Dense(3, activation="softmax", name="kind")(hidden),
        st.Dense(1, name="area")(hidden),
    ]
    return st.Network(image, outputs, seed=3)


def test_columns_of_the_history():
    """Each metric has a column for the training batches and one for the validation data."""
    history = classifier().fit(
        X, Y, epochs=2, batch_size=5, metrics=["f1", "top-2"], validation=(X, Y)
    )

    scores = ["loss", "accuracy", "f1", "top-2"]
    assert history.columns == [
        "epoch",
        *scores,
        *(f"validation_{name}" for name in scores),
        "learning_rate",
        "seconds",
    ]


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_validation_columns_equal_an_evaluation(batch_size):
    """They are computed over all images, whatever the batch size of the evaluation is."""
    network = classifier()
    chosen = ["f1", "iou", "balanced-accuracy", "precision", "recall", "dice", "top-2"]
    weights = np.linspace(0.5, 2, len(X))
    row = network.fit(X, Y, epochs=1, metrics=chosen, validation=(X, Y))[-1]

    evaluation = network.evaluate(X, Y, metrics=chosen, batch_size=batch_size)

    for name in ("accuracy", *chosen):
        # Another batch size gives the outputs other roundings, but no other predictions here.
        assert evaluation.metrics[name] == pytest.approx(row[f"validation_{name}"], rel=1e-12)
    weighted = network.evaluate(X, Y, metrics="f1", sample_weight=weights, batch_size=batch_size)
    predicted = network.predict(X)
    assert weighted.metrics["f1"] == pytest.approx(
        st.metrics.F1().of(predicted, Y, weights=weights), rel=1e-12
    )


def test_training_columns_are_exact_over_uneven_batches():
    """With a learning rate of almost 0, the training columns equal an evaluation."""
    network = classifier()
    row = network.fit(
        X, Y, epochs=1, batch_size=5, learning_rate=1e-30, metrics=["f1", "balanced-accuracy"]
    )[-1]

    evaluation = network.evaluate(X, Y, metrics=["f1", "balanced-accuracy"])

    for name in ("accuracy", "f1", "balanced-accuracy"):
        assert row[name] == pytest.approx(evaluation.metrics[name], rel=1e-12)


@pytest.mark.parametrize(
    ("monitor", "best"),
    [
        ("validation_kind_f1", max),
        ("kind_accuracy", max),
        ("validation_area_mae", min),
        ("area_r2", max),
        ("validation_area_loss", min),
    ],
)
def test_each_metric_knows_whether_higher_is_better(monitor, best):
    """The best epoch is the one with the highest F1, or the lowest error."""
    history = two_outputs().fit(
        X,
        {"kind": Y, "area": AREA},
        epochs=6,
        learning_rate=0.1,
        batch_size=8,
        metrics=["f1", "mae", "r2"],
        validation=0.3,
        monitor=monitor,
        keep_best=True,
    )

    values = history[monitor]
    assert len(set(values)) > 1
    assert history.best_epoch == 1 + values.index(best(values))


def test_an_accuracy_of_the_validation_set_alone_is_maximized():
    """Also if the training targets are probabilities, which have no accuracy."""
    soft = np.full((len(Y), 3), 0.1)
    soft[np.arange(len(Y)), Y] = 0.8
    history = classifier().fit(
        X,
        soft,
        epochs=6,
        learning_rate=0.1,
        batch_size=8,
        validation=(X, Y),
        monitor="validation_accuracy",
        keep_best=True,
    )

    values = history["validation_accuracy"]
    assert len(set(values)) > 1
    assert history.best_epoch == 1 + values.index(max(values))


def test_several_outputs():
    """Each output has its loss, its accuracy, and the metrics that suit its targets."""
    network = two_outputs()
    history = network.fit(X, [Y, AREA], epochs=1, metrics=["f1", "mae"])

    evaluation = network.evaluate(X, [Y, AREA], metrics={"area": ["mae", "r2"]})

    assert history.columns == [
        "epoch",
        "loss",
        "kind_loss",
        "area_loss",
        "kind_accuracy",
        "kind_f1",
        "area_mae",
        "learning_rate",
        "seconds",
    ]
    row = history[0]
    assert row["loss"] == pytest.approx(row["kind_loss"] + row["area_loss"], rel=1e-12)
    assert list(evaluation.metrics) == ["kind_accuracy", "area_mae", "area_r2"]
    assert evaluation.accuracy is None
    kind, area = evaluation.outputs["kind"], evaluation.outputs["area"]
    assert kind.accuracy == evaluation.metrics["kind_accuracy"]
    assert kind.confusion.sum() == len(X)
    assert area.metrics["mae"] == pytest.approx(
        np.abs(network.predict(X)[1][:, 0] - AREA).mean(), rel=1e-6
    )
    assert area.accuracy is None
    assert evaluation.loss == pytest.approx(kind.loss + area.loss)
    lines = str(evaluation).splitlines()
    assert lines[1].startswith("kind: loss ")
    assert ", accuracy " in lines[1]
    assert ", mae " in lines[2]


def test_values_of_each_class_and_column():
    """`parts` holds the values of which a metric is the mean."""
    y = np.stack([AREA, 10 * AREA], axis=1)
    network = st.Network.parse("dense 2", X.shape[1:])

    numbers = network.evaluate(X, y, metrics=["mae", "r2"]).outputs["dense1"]
    labels = classifier().evaluate(X, Y, metrics=["iou"]).outputs["dense1"]

    errors = np.abs(network.predict(X) - y).mean(axis=0)
    np.testing.assert_allclose(numbers.parts["mae"], errors, rtol=1e-6)
    assert numbers.parts["r2"].shape == (2,)
    np.testing.assert_allclose(labels.parts["iou"], labels.per_class.iou)


def test_one_hot_rows_have_both():
    """A squared error of one-hot rows has an accuracy and errors of numbers."""
    network = st.Network.parse("dense 3 tanh", X.shape[1:])
    row = network.fit(X, np.eye(3)[Y], epochs=1, loss="squared-error", metrics=["mae", "f1"])[0]

    assert {"accuracy", "mae", "f1"} <= row.keys()


@pytest.mark.parametrize("steps", [1, 4, 5, 9])
def test_a_resumed_training_has_the_same_metrics(steps, tmp_path):
    """The totals in the middle of an epoch are in the checkpoint, bit for bit."""
    path, options = tmp_path / "run", {"epochs": 3, "batch_size": 5, "metrics": ["f1", "iou"]}
    whole = classifier().fit(X, Y, **options)

    class Stop(st.Callback):
        def on_step(self, state, loss, images):  # noqa: ARG002  # a callback's signature
            if state.step == steps:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classifier().fit(X, Y, checkpoint=path, callbacks=[Stop()], **options)

    resumed = classifier().fit(X, Y, resume=path, **options)

    for name in ("loss", "accuracy", "f1", "iou"):
        assert resumed[name] == whole[name]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("case", "metrics"),
    [
        ("numbers-of-labels", "mae"),
        ("top-k-too-large", "top-3"),
        ("top-k-larger", ["top-9"]),
        ("unknown-output", {"dense9": "f1"}),
        ("twice", ["f1", "f1"]),
        ("binary-of-three", [st.metrics.F1(average="binary")]),
    ],
)
def test_metrics_that_do_not_suit(case, metrics, golden):
    """The error is raised before training, and says what to use."""
    text = "dense 2 softmax" if case == "top-k-too-large" else "dense 3 softmax"
    network = st.Network.parse(text, X.shape[1:])
    with pytest.raises(OptionError) as error:
        network.fit(X, Y % 2 if case == "top-k-too-large" else Y, metrics=metrics)

    assert network.losses is None
    golden(f"messages/metric-{case}", str(error.value))


@pytest.mark.bad_input
def test_metrics_that_do_not_suit_numbers(golden):
    """Labels are compared with labels only."""
    with pytest.raises(OptionError) as error:
        st.Network.parse("dense 1", X.shape[1:]).evaluate(X, AREA, metrics=["iou"])

    golden("messages/metric-labels-of-numbers", str(error.value))
