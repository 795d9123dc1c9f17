"""Frozen layers keep their parameters and running statistics bit for bit; the others train."""

import numpy as np
import pytest

import striate as st
from networks import ENGINES, classifier, columns, digest, images_and_labels, raising
from striate.errors import ModelFileError, OptionError, TrainingError
from striate.functions import registry
from striate.functions.base import Draw
from striate.functions.loss import CrossEntropy
from striate.functions.weight import Convolution
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine
from striate.graph.freezing import frozen_layers
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.network import core_of

X, Y = images_and_labels(12)
NETWORK = (
    "conv 3@3x3 same | batch-norm relu | max 2x2 | dropout 0.3 | dense 4 tanh | dense 3 softmax"
)
OPTIMIZERS = {
    f"{name}-{number}": optimizer
    for name, kind in registry.kinds("optimizer").items()
    for number, optimizer in enumerate(kind.cases())
}


def arrays(network):
    """Copy all parameters and running statistics by name."""
    found = {**network.parameters, **network.statistics}
    return {name: array.copy() for name, array in found.items()}


def unchanged(before, after):
    """Return the names of the arrays that are the same bits."""
    return {name for name in before if before[name].tobytes() == after[name].tobytes()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_optimizer_changes_a_frozen_layer(name, engine):
    """Weight decay, momentum and moments leave it alone, however large they are."""
    network = classifier(NETWORK, engine=engine)
    network.parameters["conv1.bias"][0] = -0.0  # a sign that adding 0 would change
    before = arrays(network)
    network.fit(X, Y, epochs=2, batch_size=4, optimizer=OPTIMIZERS[name], freeze=2, clip_norm=0.5)

    assert unchanged(before, arrays(network)) == {
        "conv1.weight",
        "conv1.bias",
        "batch-norm1.gamma",
        "batch-norm1.beta",
        "batch-norm1.mean",
        "batch-norm1.variance",
    }


@pytest.mark.parametrize(
    ("freeze", "frozen"),
    [
        (1, ["conv1"]),
        (3, ["conv1", "batch-norm1", "dense1"]),
        (-1, ["conv1", "batch-norm1", "dense1"]),
        (-3, ["conv1"]),
        ("dense1", ["dense1"]),
        ("dense*", ["dense1", "dense2"]),
        ("*1", ["conv1", "batch-norm1", "dense1"]),
        ("conv* dense2", ["conv1", "dense2"]),
        (["dense2", "conv1"], ["conv1", "dense2"]),
        (0, []),
        ([], []),
        (None, []),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_layers_are_chosen_by_name_pattern_or_number(freeze, frozen, engine):
    """Only the chosen layers stay as they are."""
    network = classifier(NETWORK, engine=engine)
    before = arrays(network)
    network.fit(X, Y, epochs=1, freeze=freeze)

    kept = {name.partition(".")[0] for name in unchanged(before, arrays(network))}
    assert kept == set(frozen)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frozen_run_resumes_bit_for_bit(engine, tmp_path):
    """An interrupted run ends with the weights of an uninterrupted one, frozen ones included."""
    options = {"epochs": 3, "batch_size": 4, "seed": 5, "freeze": "conv* batch-norm*"}
    whole, broken, resumed = (classifier(NETWORK, engine=engine) for _ in range(3))
    before = arrays(whole)
    history = whole.fit(X, Y, **options)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        broken.fit(
            X, Y, checkpoint=file, callbacks=[raising(KeyboardInterrupt, at_step=5)], **options
        )
    rest = resumed.fit(X, Y, resume=file, **options)

    assert digest(resumed) == digest(whole)
    assert columns(rest) == columns(history)
    assert len(unchanged(before, arrays(resumed))) == 6


def test_a_checkpoint_with_other_frozen_layers_is_refused(tmp_path, golden):
    """Frozen layers are part of what makes a run."""
    file = tmp_path / "run.checkpoint"
    classifier(NETWORK).fit(X, Y, epochs=1, freeze=1, checkpoint=file)
    with pytest.raises(ModelFileError) as error:
        classifier(NETWORK).fit(X, Y, epochs=2, resume=file)

    golden(
        "messages/checkpoint-of-other-frozen-layers", str(error.value).replace(str(tmp_path), ".")
    )


def test_the_backward_pass_ends_at_the_first_trained_layer():
    """No derivative is computed for frozen layers, or for anything below them."""
    graph = parse(NETWORK, (6, 6, 1))
    step = TrainingStep.of(graph, [CrossEntropy()], frozen=("conv1", "batch-norm1"))

    assert {back.operation.layer for back in step.backward} == {"dense1", "dense2"}


@pytest.mark.parametrize("engine", ENGINES)
def test_derivatives_pass_through_a_frozen_layer(engine):
    """Layers below a frozen one get the derivatives that they have without it."""
    text = "dense 5 tanh | dense 4 tanh | dense 3 softmax"
    graph = parse(text, (6,))
    flat = classifier(text, (6,)).parameters
    results = []
    batch = Batch(
        inputs=(np.random.default_rng(0).normal(size=(4, 6)).astype("f"),),
        targets=(np.array([0, 1, 2, 0]),),
        weights=None,
    )
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(4))
    for frozen in ((), ("dense2",)):
        made = {"numpy": NumpyEngine, "compiled": ENGINES["compiled"]["predict"]}[engine]
        step = TrainingStep.of(graph, [CrossEntropy()], frozen=frozen)
        numbers = np.concatenate([array.ravel() for array in flat.values()])
        result = made(step).gradients(numbers, np.zeros(0, "f"), batch, draw)
        results.append(ParameterLayout.of(graph.parameters()).views(result.gradient.copy()))
    every, frozen = results

    for name, derivative in frozen.items():
        expected = np.zeros_like(derivative) if name.startswith("dense2") else every[name]
        np.testing.assert_array_equal(derivative, expected)


def test_numpy_computes_no_derivatives_of_frozen_weights(monkeypatch):
    """A frozen layer between trained ones only passes derivatives on."""

    def never(*_):
        raise AssertionError

    monkeypatch.setattr(Convolution, "backward_w", never)
    network = classifier("dense 36 | reshape 1@6x6 | conv 2@3x3 | dense 3 softmax", engine="numpy")
    network.fit(X, Y, epochs=1, freeze="conv1")

    assert len(network.history) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frozen_batch_normalization_uses_its_running_statistics(engine):
    """The loss in training is that of inference, where nothing else differs."""
    network = classifier("batch-norm | dense 3 softmax", engine=engine)
    network.statistics["batch-norm1.mean"][:] = 0.4
    network.statistics["batch-norm1.variance"][:] = 0.2
    expected = network.evaluate(X, Y).loss
    history = network.fit(X, Y, epochs=1, batch_size=12, learning_rate=1e-12, freeze="batch-norm1")

    assert history[0]["loss"] == pytest.approx(expected, rel=1e-6)


def test_a_frozen_batch_normalization_accepts_one_image():
    """It computes no variance, so the last batch may be one image."""
    network = classifier("dense 4 | batch-norm relu | dense 3 softmax", (5,))
    x = np.random.default_rng(0).normal(size=(5, 5))
    with pytest.raises(TrainingError):
        network.fit(x, Y[:5], epochs=1, batch_size=4)
    network.fit(x, Y[:5], epochs=1, batch_size=4, freeze="batch-norm*")

    assert len(network.history) == 1


def test_a_shared_layer_is_frozen_at_all_its_places():
    """Its weights are the same, so either name freezes both."""
    image, dense = st.Input((4,)), st.Dense(4, activation="tanh", name="shared")
    first = dense(image)
    graph = Graph.of(st.Dense(3)(dense(first)))

    for name in ("shared", "shared@2"):
        assert frozen_layers(graph, (name,)) == ("shared",)


def test_two_engines_train_the_same_layers_alike():
    """The rest of the network gets the same weights, up to rounding."""
    trained = {}
    for engine in ENGINES:
        network = classifier(NETWORK, engine=engine)
        network.fit(X, Y, epochs=3, batch_size=4, freeze="batch-norm1")
        trained[engine] = core_of(network).buffers[0]

    np.testing.assert_allclose(trained["compiled"], trained["numpy"], rtol=1e-4, atol=1e-6)


MISTAKES = {
    "unknown": "cnov1",
    "without-parameters": "max1",
    "pattern-without-a-match": "pool*",
    "pattern-without-parameters": "max*",
    "all": "*",
    "all-by-number": 4,
    "too-many": 5,
    "too-many-negative": -4,
    "a-float": 1.5,
    "a-bool": True,
    "numbers": [1, 2],
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_cannot_be_frozen_is_refused(case, golden):
    """The network is as it was."""
    network = classifier(NETWORK)
    before = digest(network)
    with pytest.raises(OptionError) as error:
        network.fit(X, Y, epochs=1, freeze=MISTAKES[case])

    assert digest(network) == before
    golden(f"messages/freeze-{case}", str(error.value))
