"""A whole measurement of a tiny network, without peers: what is in it, and in its JSON."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from bench import measured
from striate.bench import report
from striate.bench.contestant import Striate
from striate.bench.networks import NETWORKS, Problem, network
from striate.bench.peers import PEERS, LeftOut, Peer
from striate.bench.report import BenchmarkSettings, Observer, measure, measure_all_kernels
from striate.cli.output import plain
from striate.errors import OptionError
from striate.functions.base import Draw
from striate.functions.optimizer import Momentum
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine

TINY = ("conv 2@3x3 relu | max 2x2 | dense 3 softmax", (6, 6, 1))


@pytest.fixture
def tiny(monkeypatch):
    """Let every name of a network mean the tiny one, on a machine that is never busy."""
    monkeypatch.setattr(report, "network", lambda _: TINY)
    monkeypatch.setattr(report, "Calibration", measured.Lenient)


class Rejecting(measured.Lenient):
    """A calibration that rejects every turn."""

    def undisturbed(self, turn):
        """Run the turn in vain."""
        turn()


class Noting(Observer):
    """Notes what it receives."""

    def __init__(self):
        self.heard = []

    def begins(self, environment, peaks):
        """Receive the machine."""
        self.heard += [environment, peaks]

    def ran(self, finished):
        """Receive a race."""
        self.heard.append(finished)

    def measured(self, name, rows):
        """Receive kernels."""
        self.heard.append((name, rows))


def options(**others):
    """Return the shortest measurement of all."""
    given = {"networks": ["tiny"], "batches": [1, 20], "peers": [], "rounds": 2, "seconds": 0.001}
    return BenchmarkSettings(**(given | others))


@pytest.mark.usefixtures("tiny")
def test_races_without_peers():
    """Each step and batch is a race of striate alone; the observer receives each as it comes."""
    noting = Noting()

    found = measure(options(), noting)

    assert noting.heard == [found.environment, found.peaks, *found.races]
    cases = [(race.network, race.training, race.batch) for race in found.races]
    assert cases == [("tiny", t, b) for t in (True, False) for b in (1, 20)]
    for race in found.races:
        (line,) = race.lines
        assert (line.name, line.ratio.median, line.images_per_second.rounds) == ("striate", 1.0, 2)
        speed, peak = line.images_per_second.median, race.peak.high
        assert line.of_peak == pytest.approx(speed * race.multiply_adds / peak)
        assert 0 < line.of_peak < 1


@pytest.mark.usefixtures("tiny")
def test_multiply_adds_of_a_race():
    """Products of both layers; twice as many backward, without the images' derivatives."""
    found = measure(options(batches=[1]), Observer())

    convolution, dense = 2 * 16 * 9, 3 * 8  # maps, places, pixels; neurons, inputs
    assert [race.multiply_adds for race in found.races] == [
        2 * convolution + 3 * dense,
        convolution + dense,
    ]


@pytest.mark.usefixtures("tiny")
def test_a_peer_that_is_not_installed():
    """It is named with what is missing, and left alone."""
    peer = Peer(name="Nobody", libraries=("no_such_library",), module="none", maker="none")

    found = measure(options(batches=[1], peers=[peer]), Observer())

    assert found.environment.missing == {"Nobody": "no_such_library"}
    assert [len(race.lines) for race in found.races] == [1, 1]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("trains", [True, False])
def test_a_peer_that_cannot(monkeypatch, trains):
    """Who cannot translate a network is named with the reason; who cannot train is not asked to."""
    peer = Peer(name="Unable", libraries=("math",), module="none", maker="none", trains=trains)

    def make(*_):
        raise LeftOut("Conv is not translated")

    monkeypatch.setattr(Peer, "make", make)

    found = measure(options(batches=[1], peers=[peer]), Observer())

    unable = {"Unable": "Conv is not translated"}
    assert [race.left_out for race in found.races] == [unable if trains else {}, unable]


@pytest.mark.usefixtures("tiny")
def test_kernels():
    """Every item of the plan is measured, for the first batch, on one thread."""
    noting = Noting()

    found = measure_all_kernels(options(batches=[20], threads=2), noting)

    rows = found.kernels["tiny"]
    assert noting.heard[2:] == [("tiny", rows)]
    assert found.peaks.threads == 1
    assert any("conv1.A" in name for row in rows for name in row.writes)
    assert all(row.seconds.median > 0 for row in rows)


@pytest.mark.usefixtures("tiny")
def test_a_busy_machine(monkeypatch):
    """Neither races nor kernels have figures."""
    monkeypatch.setattr(report, "Calibration", Rejecting)

    (race,) = measure(options(batches=[1], trainings=[True]), Observer()).races
    kernels = measure_all_kernels(options(), Observer()).kernels

    assert (race.ours.images_per_second, race.ours.dropped, race.peak) == (None, 2, None)
    assert kernels == {"tiny": []}


def test_json_has_all_fields():
    """The document is plain, and holds every field of every part, and what follows from them."""
    document = json.loads(json.dumps(plain(measured.REPORT.document()), allow_nan=False))

    assert list(document) == ["environment", "peaks", "races", "kernels"]
    assert document["environment"] == asdict(measured.ENVIRONMENT)
    assert document["peaks"]["bandwidths"][1]["read"]["median"] == 30.4e9
    first, second = document["races"]
    assert first.keys() == {*asdict(measured.TRAINING), "best_peer"}
    assert (first["best_peer"], second["best_peer"]) == ("PyTorch channels_last", None)
    assert first["lines"][1] == asdict(measured.TRAINING.lines[1])
    row = document["kernels"]["lenet5"][0]
    assert row.keys() == {*asdict(measured.KERNELS[0]), "gflops", "share"}
    assert (round(row["gflops"], 9), row["share"]) == (110.0, 0.5)


def test_striate_trains_as_the_numpy_engine():
    """What is timed is a training: losses of three steps, then answers."""
    problem = Problem.of("tiny", *TINY, batch=20, training=True, seed=1)
    asked = Problem.of("tiny", *TINY, batch=20, training=False, seed=1)
    reference, optimizer = NumpyEngine(problem.step), Momentum(momentum=0.9)
    batch = Batch(inputs=(problem.images,), targets=(problem.labels,))
    draw = Draw(seed=0, step=0, layer=0, images=np.arange(20))
    w, losses = problem.parameters, []
    memory = optimizer.start(w)
    for _ in range(3):
        found = reference.gradients(w, problem.statistics, batch, draw)
        losses.append(found.losses[0])
        w, memory = optimizer.apply(
            w, found.gradient, memory, rate=0.1, step=1, decayed=np.zeros_like(w)
        )
    answers = NumpyEngine(asked.step).predict(asked.parameters, asked.statistics, (asked.images,))

    contestant = Striate(problem, 1)
    trained = [contestant.train(0.1) for _ in range(3)]
    given = Striate(asked, 1).infer()

    # float32 sums of some hundred products in other orders, and three steps.
    np.testing.assert_allclose(trained, losses, rtol=1e-5)
    np.testing.assert_allclose(given, answers.outputs[0], rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_a_classifier(name):
    """All that are offered can be measured."""
    problem = Problem.of(name, *network(name), batch=2, training=True, seed=0)

    assert problem.graph.shapes[problem.graph.outputs[0]] == (10,)
    assert (problem.images.dtype, len(problem.images), len(problem.labels)) == (np.float32, 2, 2)


def test_no_network_pads_one_side_more_than_the_other():
    """Peers need no copy of an image for the sake of its padding."""
    for name in NETWORKS:
        graph = Problem.of(name, *network(name), batch=1, training=False, seed=0).graph
        for place in graph.layers:
            for axis in place.layer.weight.window_axes(*place.source_shapes):
                assert axis.before == axis.after, (name, place.name)


def test_a_network_that_is_no_classifier():
    """A network with an image for its result is refused, word for word."""
    with pytest.raises(OptionError) as error:
        Problem.of("unet-small", *network("unet-small"), batch=1, training=True, seed=0)

    assert str(error.value) == (
        "unet-small is not a classifier with one input and one output. Benchmarks measure only "
        "these. Choose from lenet5-relu, lenet5, two-layer, conv4, resnet20, mobilenet-small."
    )


def test_peers_are_known_by_different_names():
    """A name stands for one peer."""
    assert len({peer.name for peer in PEERS}) == len(PEERS)
