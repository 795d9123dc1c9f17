"""Loss weights: how much each output's loss counts in their sum."""

import numpy as np
import pytest

import striate as st
from networks import images_and_labels
from striate.errors import ModelFileError, OptionError

X, Y = images_and_labels(12)
AREA = X.reshape(len(X), -1).mean(axis=1, dtype=np.float64) / 255


def two_outputs(engine="auto"):
    """Build a network whose outputs share a layer."""
    image = st.Input(X.shape[1:])
    hidden = st.Dense(5, activation="tanh")(st.Flatten()(image))
    outputs = [
        st.Dense(3, activation="softmax", name="kind")(hidden),
        st.Dense(1, name="area")(hidden),
    ]
    return st.Network(image, outputs, seed=3, engine=engine)


def change(engine, loss_weights):
    """Return how one step of gradient descent changes the shared layer."""
    network = two_outputs(engine)
    before = network.parameters["dense1.weight"].astype(np.float64)
    network.fit(
        X,
        [Y, AREA],
        epochs=1,
        batch_size=12,
        optimizer="gradient-descent",
        learning_rate=1.0,
        loss_weights=loss_weights,
    )
    return network.parameters["dense1.weight"] - before


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_the_gradient_is_the_weighted_sum(engine):
    """Each output's part of the gradient is multiplied by its weight."""
    both = change(engine, None)
    of_kind = change(engine, [2, 1]) - both
    of_area = change(engine, {"area": 2.0}) - both

    # Differences of float32 weights of about 1.
    np.testing.assert_allclose(of_kind + of_area, both, atol=1e-6)
    np.testing.assert_allclose(change(engine, [0.5, 3]), 0.5 * of_kind + 3 * of_area, atol=1e-6)


def test_the_history_has_the_weighted_sum_and_each_loss_without_weight():
    """The sum is what is minimized; the columns of outputs don't depend on the weights' scale."""
    network = two_outputs()

    row = network.fit(X, [Y, AREA], epochs=1, loss_weights=[0.25, 4], validation=0.5)[0]

    for part in ("", "validation_"):
        assert row[f"{part}loss"] == pytest.approx(
            0.25 * row[f"{part}kind_loss"] + 4 * row[f"{part}area_loss"], rel=1e-12
        )


def test_weights_are_saved_and_used_by_evaluate(tmp_path):
    """The loss of an evaluation is the one that training minimized, also of a loaded model."""
    network = two_outputs()
    network.fit(X, [Y, AREA], epochs=1, loss_weights={"area": 0.5})
    evaluation = network.evaluate(X, [Y, AREA])
    network.save(tmp_path / "model")

    loaded = st.load(tmp_path / "model").evaluate(X, [Y, AREA])

    kind, area = evaluation.outputs.values()
    assert evaluation.loss == pytest.approx(kind.loss + 0.5 * area.loss, rel=1e-12)
    assert loaded.loss == evaluation.loss
    history = network.fit(X, [Y, AREA], epochs=1)
    assert history[0]["loss"] == pytest.approx(
        history[0]["kind_loss"] + 0.5 * history[0]["area_loss"], rel=1e-12
    )


def test_a_checkpoint_belongs_to_its_weights(tmp_path, golden):
    """A run with other weights is refused the checkpoint."""
    path = tmp_path / "run.checkpoint"
    two_outputs().fit(X, [Y, AREA], epochs=1, loss_weights=[1, 2], checkpoint=path)
    with pytest.raises(ModelFileError) as error:
        two_outputs().fit(X, [Y, AREA], epochs=2, loss_weights=[1, 3], resume=path)

    golden(
        "messages/checkpoint-of-other-loss-weights", str(error.value).replace(f"{tmp_path}/", "")
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("case", "weights"),
    [
        ("too-few", [1.0]),
        ("unknown", {"kinds": 1.0}),
        ("zero", {"area": 0}),
        ("a-number", 0.5),
        ("nan", [1.0, float("nan")]),
    ],
)
def test_wrong_weights(case, weights, golden):
    """The error names the outputs, and shows weights that work."""
    with pytest.raises(OptionError) as error:
        two_outputs().fit(X, [Y, AREA], loss_weights=weights)

    golden(f"messages/loss-weights-{case}", str(error.value))
