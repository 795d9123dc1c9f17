"""Peers compute the same network as the NumPy engine."""

from dataclasses import replace

import numpy as np
import pytest

from striate.bench.contestant import MOMENTUM
from striate.bench.networks import NETWORKS, Problem, network
from striate.bench.peers import PEERS, LeftOut, Peer
from striate.functions.base import Draw
from striate.functions.optimizer import Momentum
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine

RATE = 0.01
EVERY_KIND = (
    "conv 4@3x3 padding 1 groups 2 tanh | conv 6@2x3 stride 2x1 bias none | batch-norm relu as a | "
    "conv 6@3x3 same | batch-norm | add a logistic | max 2x2 | conv 5@3x3 padding 2 stride 2 | "
    "average 2x2 | flatten | dense 7 relu | dense 4 softmax"
)
NAMED = {peer.name: peer for peer in PEERS}


def problem(name, *, training):
    """Return a network with random weights and statistics: no value is 0 or 1 by default."""
    text, shape = (EVERY_KIND, (14, 15, 2)) if name == "every kind" else network(name)
    found = Problem.of(name, text, shape, batch=5, training=training, seed=3)
    rng = np.random.default_rng(17)
    return replace(
        found,
        parameters=found.parameters + _small(rng, found.parameters),
        statistics=found.statistics + _small(rng, found.statistics),
    )


def _small(rng, like):
    """Draw small positive numbers."""
    return rng.uniform(0.01, 0.1, like.shape).astype(np.float32)


def trained(given):
    """Return the losses of three steps of the NumPy engine."""
    engine, optimizer = NumpyEngine(given.step), Momentum(momentum=MOMENTUM)
    batch = Batch(inputs=(given.images,), targets=(given.labels,))
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(given.batch))
    w, statistics, losses = given.parameters, given.statistics, []
    memory = optimizer.start(w)
    for _ in range(3):
        found = engine.gradients(w, statistics, batch, draw)
        losses.append(found.losses[0])
        statistics = found.statistics
        w, memory = optimizer.apply(
            w, found.gradient, memory, rate=RATE, step=1, decayed=np.zeros_like(w)
        )
    return losses


def made(name, given):
    """Return a peer, or skip."""
    peer = NAMED[name]
    if peer.missing:
        pytest.skip(f"{name} is not installed")
    try:
        return peer.make(given, 1)
    except LeftOut as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PyTorch eager", "PyTorch channels_last", "JAX"])
@pytest.mark.parametrize("of", [*NETWORKS, "every kind"])
def test_a_peer_trains_the_same_network(name, of):
    """The losses of three training steps equal those of the NumPy engine."""
    given = problem(of, training=True)
    expected = trained(given)

    contestant = made(name, given)
    found = [contestant.train(RATE) for _ in range(3)]

    # float32: twenty layers with sums in other orders, then steps that magnify the differences.
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [p.name for p in PEERS if p.name != "torch.compile"])
@pytest.mark.parametrize("of", [*NETWORKS, "every kind"])
def test_a_peer_predicts_the_same(name, of):
    """Predicted probabilities equal those of the NumPy engine."""
    given = problem(of, training=False)
    engine = NumpyEngine(given.step)
    expected = engine.predict(given.parameters, given.statistics, (given.images,)).outputs[0]

    found = made(name, given).infer()

    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of one part of PyTorch by another
def test_torch_compile_trains_the_same_network():
    """torch.compile trains the same network; one is enough, since compiling is slow."""
    given = problem("every kind", training=True)
    expected = trained(given)

    contestant = made("torch.compile", given)
    found = [contestant.train(RATE) for _ in range(3)]

    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "conv 2@3x3 flip | dense 2 softmax",
        "conv 2@3x3 same padding-mode reflect | dense 2 softmax",
        "conv 2@3x3 bias untied | dense 2 softmax",
        "max 3x3 padding 1 | dense 2 softmax",
        "flatten order columns | dense 2 softmax",
    ],
)
def test_unsupported_layers(text):
    """A layer that other libraries compute differently, or lack, excludes all peers."""
    peer = Peer(name="Anybody", libraries=(), module="none", maker="none")
    given = Problem.of("odd", text, (6, 6, 1), batch=1, training=True, seed=0)

    with pytest.raises(LeftOut) as reason:
        peer.make(given, 1)

    assert str(reason.value) == f"{given.graph.layers[0].layer} is not supported"
