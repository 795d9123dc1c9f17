"""Standardized targets: a regression learns them fast, and users see numbers on their own scale."""

import numpy as np
import pytest

import striate as st
from striate.errors import DataError, ModelFileError, OptionError, StriateError
from striate.training.tensors import read_tensors, write_tensors

RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 4)).astype(np.float32)
A, B, C, _ = X.T.astype(np.float64)
NOISE = RNG.normal(size=(60, 2)) * [2000, 2e-5]
Y = np.stack([250_000 + 80_000 * A + 20_000 * B, 0.001 * C - 3], axis=1) + NOISE


def network(text="dense 8 tanh | dense 2", engine="auto"):
    return st.Network.parse(text, (4,), seed=1, engine=engine)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_columns_of_any_scale_are_learned(engine):
    """Both columns are predicted well, in their own units; without scaling neither is."""
    net = network("dense 2", engine)
    options = {"epochs": 100, "learning_rate": 0.05, "batch_size": 20}
    history = net.fit(X, Y, standardize_targets=True, metrics=["mae", "r2"], **options)

    evaluation = net.evaluate(X, Y, metrics=["mae", "r2"])
    predicted = net.predict(X)

    assert evaluation.metrics["r2"] > 0.999
    assert history["r2"][-1] > 0.999
    assert predicted.dtype == np.float32
    # Predictions of float32: -3.001 has 2e-7, a tenth of a thousandth of the column's deviation.
    np.testing.assert_allclose(
        evaluation.outputs["dense1"].parts["mae"], np.abs(predicted - Y).mean(axis=0), rtol=0.02
    )
    plain = network("dense 2", engine)
    plain.fit(X, Y, **options)
    assert plain.evaluate(X, Y, metrics="r2").metrics["r2"] < 0


def test_it_is_training_on_standardized_targets():
    """The weights and the losses are those of a training on standardized numbers, bit for bit."""
    by_hand, scaled = network(), network()
    mean, std = Y.mean(axis=0), Y.std(axis=0)
    losses = by_hand.fit(X, ((Y - mean) / std).astype(np.float32), epochs=3)["loss"]

    found = scaled.fit(X, Y, epochs=3, standardize_targets=True)["loss"]

    assert found == pytest.approx(losses, rel=1e-6)
    np.testing.assert_allclose(scaled.predict(X), by_hand.predict(X) * std + mean, rtol=1e-4)
    scaling = scaled.target_scaling["dense2"]
    np.testing.assert_allclose(scaling.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(scaling.std, std, rtol=1e-9)


def test_the_loss_of_an_evaluation_is_that_of_the_history():
    """Both are of standardized targets, also of those of a validation set."""
    net = network()
    row = net.fit(X, Y, epochs=2, standardize_targets=True, validation=(X[:20], Y[:20]))[-1]

    assert net.evaluate(X[:20], Y[:20]).loss == pytest.approx(row["validation_loss"], rel=1e-6)
    assert row["loss"] < 10


def test_the_validation_part_does_not_decide_the_scale():
    """Mean and standard deviation are those of the training part."""
    y = np.where(np.arange(60) < 40, 5.0, 1e6)[:, np.newaxis]
    net = network("dense 1")
    net.fit(X[:40], y[:40] + X[:40, :1], epochs=1, standardize_targets=True, validation=(X, y))

    assert net.target_scaling["dense1"].mean[0] == pytest.approx(5, abs=1)


def test_weights_of_images_count():
    """An image of weight 0 does not decide the scale."""
    y = Y.copy()
    y[0] = 1e9
    net = network()
    net.fit(X, y, epochs=1, standardize_targets=True, sample_weight=np.arange(60) > 0)

    np.testing.assert_allclose(net.target_scaling["dense2"].mean, Y[1:].mean(axis=0), rtol=1e-9)


def test_a_constant_column():
    """It is centered, and predicted as it is."""
    y = np.stack([Y[:, 0], np.full(60, 7.1)], axis=1)
    net = network("dense 2")
    history = net.fit(X, y, epochs=60, learning_rate=0.05, standardize_targets=True)

    assert net.target_scaling["dense1"].std[1] == 1.0
    assert np.isfinite(history["loss"]).all()
    np.testing.assert_allclose(net.predict(X)[:, 1], 7.1, atol=0.1)


def test_training_further_keeps_the_scale():
    """Predictions don't jump when training continues, on the same or on other targets."""
    net = network()
    net.fit(X, Y, epochs=20, learning_rate=0.02, standardize_targets=True)
    scaling, before = net.target_scaling, net.predict(X)
    for options in ({"standardize_targets": True}, {}):
        net.fit(X, Y * 1.01, epochs=1, learning_rate=1e-6, **options)

        assert net.target_scaling == scaling
        np.testing.assert_allclose(net.predict(X), before, rtol=1e-3)


def test_a_saved_model_has_the_scale(tmp_path):
    """Predictions of a loaded network are the same bits."""
    net = network(engine="numpy")
    net.fit(X, Y, epochs=1, standardize_targets=True)
    net.save(tmp_path / "model")

    loaded = st.load(tmp_path / "model", engine="numpy")

    assert loaded.target_scaling == net.target_scaling
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"dense9": {"mean": [0.0, 0.0], "std": [1.0, 1.0]}},
        {"dense2": {"mean": [0.0], "std": [1.0]}},
        {"dense2": {"mean": [0.0, 0.0], "std": [1.0, 0.0]}},
        {"dense2": {"mean": [0.0, float("inf")], "std": [1.0, 1.0]}},
        {"dense2": {"mean": [0.0, 0.0]}},
        {"dense2": 3},
    ],
    ids=str,
)
def test_a_damaged_scale_is_refused(data, tmp_path):
    """A model file is not trusted."""
    network().save(tmp_path / "model")
    arrays, document = read_tensors(tmp_path / "model", "model")
    write_tensors(tmp_path / "model", "model", arrays, {**document, "target_scaling": data})

    with pytest.raises(ModelFileError) as error:
        st.load(tmp_path / "model")

    assert "does not describe a network that this version of striate can load" in str(error.value)


def test_a_resumed_training_has_the_same_scale(tmp_path):
    """It is computed from the same data; a run without it is another run."""
    options = {"epochs": 4, "standardize_targets": True, "batch_size": 20}
    whole, part = network(), network()
    losses = whole.fit(X, Y, **options)["loss"]
    part.fit(X, Y, **{**options, "epochs": 2}, checkpoint=tmp_path / "run")

    resumed = network()
    history = resumed.fit(X, Y, resume=tmp_path / "run", **options)

    assert history["loss"] == losses
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))
    with pytest.raises(ModelFileError, match="standardize_targets"):
        network().fit(X, Y, epochs=4, batch_size=20, resume=tmp_path / "run")


def test_of_several_outputs_only_numbers_are_standardized():
    """Labels stay labels."""
    image = st.Input((4,))
    net = st.Network(
        image,
        [st.Dense(2, activation="softmax", name="kind")(image), st.Dense(1, name="size")(image)],
    )
    net.fit(X, [X[:, 0] > 0, Y[:, 0]], epochs=1, standardize_targets=True)

    assert list(net.target_scaling) == ["size"]


def test_image_targets_are_filled_on_their_own_scale():
    """A pixel from outside is black: minus mean divided by standard deviation."""
    images = RNG.integers(100, 200, (12, 6, 6, 1)).astype(np.uint8)
    net = st.Network.parse("conv 1@1x1", (6, 6, 1), seed=2)
    still = {"epochs": 1, "learning_rate": 1e-30, "standardize_targets": True}
    net.fit(images, images, **still)
    scaling = net.target_scaling["conv1"]
    net.parameters["conv1.weight"][:] = 1 / scaling.std[0]  # outputs equal inputs
    net.parameters["conv1.bias"][:] = -scaling.mean[0] / scaling.std[0]

    history = net.fit(images, images, augment="shift 2 fill 30", seed=4, **still)

    np.testing.assert_allclose(net.predict(images), images / 255, atol=1e-6)
    assert history["loss"][0] < 1e-10


def test_traces_and_gradients_are_of_standardized_targets():
    """The derivatives are those of training."""
    net = network()
    net.fit(X, Y, epochs=1, standardize_targets=True)
    trace = net.trace(X[:5], Y[:5])

    scaling = net.target_scaling["dense2"]
    errors = trace["dense2"].A - scaling.standardized(Y[:5])
    np.testing.assert_allclose(trace["dense2"].dA, errors / 5, rtol=1e-5)
    assert net.check_gradients(X[:5], Y[:5]).passed


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("case", "call"),
    [
        (
            "labels",
            lambda: network("dense 2 softmax").fit(X, X[:, 0] > 0, standardize_targets=True),
        ),
        ("activation", lambda: network("dense 2 tanh").fit(X, Y, standardize_targets=True)),
        ("not-a-flag", lambda: network().fit(X, Y, standardize_targets="yes")),
    ],
)
def test_messages(case, call, golden):
    """The errors say why targets can't be standardized."""
    with pytest.raises(StriateError) as error:
        call()

    assert isinstance(error.value, DataError | OptionError)
    golden(f"messages/standardize-targets-{case}", str(error.value))
