"""A complete benchmark of a tiny network without peers, and its JSON."""

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
    """Replace every network with a tiny one, and accept every turn."""
    monkeypatch.setattr(report, "network", lambda _: TINY)
    monkeypatch.setattr(report, "Calibration", measured.Lenient)


class Noting(Observer):
    """Records what it receives."""

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
    """Return the settings of the shortest possible benchmark."""
    given = {"networks": ["tiny"], "batches": [1, 20], "peers": [], "rounds": 2, "seconds": 0.001}
    return BenchmarkSettings(**(given | others))


@pytest.mark.usefixtures("tiny")
def test_races_without_peers():
    """There is one race for each step and batch, and the observer receives each."""
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
    """Both layers are counted; backward twice, without the images' derivatives."""
    found = measure(options(batches=[1]), Observer())

    convolution, dense = 2 * 16 * 9, 3 * 8  # maps, output pixels, taps; neurons, inputs
    assert [race.multiply_adds for race in found.races] == [
        2 * convolution + 3 * dense,
        convolution + dense,
    ]


@pytest.mark.usefixtures("tiny")
def test_a_peer_that_is_not_installed():
    """A peer that isn't installed is reported with the missing libraries."""
    peer = Peer(name="Nobody", libraries=("no_such_library",), module="none", maker="none")

    found = measure(options(batches=[1], peers=[peer]), Observer())

    assert found.environment.missing == {"Nobody": "no_such_library"}
    assert [len(race.lines) for race in found.races] == [1, 1]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("trains", [True, False])
def test_an_unsupported_network(monkeypatch, trains):
    """A peer that doesn't support the network is reported with the reason."""
    peer = Peer(name="Unable", libraries=("math",), module="none", maker="none", trains=trains)

    def make(*_):
        raise LeftOut("Conv is not supported")

    monkeypatch.setattr(Peer, "make", make)

    found = measure(options(batches=[1], peers=[peer]), Observer())

    unable = {"Unable": "Conv is not supported"}
    assert [race.left_out for race in found.races] == [unable if trains else {}, unable]


@pytest.mark.usefixtures("tiny")
def test_kernels():
    """Every item of the plan is measured, for the first batch size, on one thread."""
    noting = Noting()

    found = measure_all_kernels(options(batches=[20], threads=2), noting)

    rows = found.kernels["tiny"]
    assert noting.heard[2:] == [("tiny", rows)]
    assert found.peaks.threads == 1
    assert any("conv1.A" in name for row in rows for name in row.writes)
    assert all(row.seconds.median > 0 for row in rows)


@pytest.mark.usefixtures("tiny")
def test_a_busy_machine(monkeypatch):
    """If every turn is rejected, neither races nor kernels have results."""
    monkeypatch.setattr(report, "Calibration", measured.Rejecting)

    (race,) = measure(options(batches=[1], trainings=[True]), Observer()).races
    kernels = measure_all_kernels(options(), Observer()).kernels

    assert (race.ours.images_per_second, race.ours.dropped, race.peak) == (None, 2, None)
    assert kernels == {"tiny": []}


def test_json_has_all_fields():
    """The JSON document holds every field, and the values that follow from them."""
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
    """The timed steps are real training steps: losses and predictions equal NumPy's."""
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

    # float32 sums of a few hundred products in different orders, and three steps.
    np.testing.assert_allclose(trained, losses, rtol=1e-5)
    np.testing.assert_allclose(given, answers.outputs[0], rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_a_classifier(name):
    """All listed networks can be measured."""
    problem = Problem.of(name, *network(name), batch=2, training=True, seed=0)

    assert problem.graph.shapes[problem.graph.outputs[0]] == (10,)
    assert (problem.images.dtype, len(problem.images), len(problem.labels)) == (np.float32, 2, 2)


def test_no_network_pads_one_side_more_than_the_other():
    """All padding is symmetric, so peers don't have to copy images to pad them."""
    for name in NETWORKS:
        graph = Problem.of(name, *network(name), batch=1, training=False, seed=0).graph
        for placed in graph.layers:
            for axis in placed.layer.weight.window_axes(*placed.source_shapes):
                assert axis.before == axis.after, (name, placed.name)


def test_a_network_that_is_no_classifier():
    """A network whose output is an image gives an error."""
    with pytest.raises(OptionError) as error:
        Problem.of("unet-small", *network("unet-small"), batch=1, training=True, seed=0)

    assert str(error.value) == (
        "unet-small is not a classifier with one input and one output. Benchmarks measure only "
        "these. Choose from lenet5-relu, lenet5, two-layer, conv4, resnet20, mobilenet-small."
    )


def test_peers_are_known_by_different_names():
    """All peers have different names."""
    assert len({peer.name for peer in PEERS}) == len(PEERS)
