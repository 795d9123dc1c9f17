"""The command `striate bench`."""

import json

import pytest

from bench.measured import Lenient
from striate.bench import machine, report

TINY = ("conv 2@3x3 relu | max 2x2 | dense 3 softmax", (6, 6, 1))


@pytest.fixture
def bench(striate, monkeypatch):
    """Run the command on a tiny network with all cores, without peers, on a free machine."""
    real = report.network
    monkeypatch.setattr(report, "network", lambda name: TINY if name == "tiny" else real(name))
    monkeypatch.setattr(report, "Calibration", Lenient)
    monkeypatch.setattr(machine, "bind", lambda _: False)
    monkeypatch.setattr("striate.cli.bench.PEERS", ())
    return lambda *words: striate("bench", *words, "--rounds", "1")


def test_it_measures(bench):
    """Training and inference, with one image and with many; a row each at the end."""
    result = bench("tiny", "--batch", "1", "--batch", "20", "--threads", "1")

    assert result.exit_code == 0, result.output
    headings = [line for line in result.stdout.splitlines() if line.startswith("tiny, ")]
    assert headings == [
        "tiny, 1x6x6, training, batch 1: 648 multiply-adds/image",
        "tiny, 1x6x6, training, batch 20: 648 multiply-adds/image",
        "tiny, 1x6x6, inference, batch 1: 312 multiply-adds/image",
        "tiny, 1x6x6, inference, batch 20: 312 multiply-adds/image",
    ]
    rows = [line.split()[:3] for line in result.stdout.splitlines() if line.startswith("tiny  ")]
    steps = [("train", "1"), ("train", "20"), ("infer", "1"), ("infer", "20")]
    assert rows == [["tiny", *step] for step in steps]


def test_json(bench):
    """`--json` prints the report and nothing else."""
    result = bench("tiny", "--batch", "3", "--threads", "1", "--json")

    document = json.loads(result.stdout)
    assert [race["batch"] for race in document["races"]] == [3, 3]
    assert document["environment"]["threads"] == document["peaks"]["threads"] == 1


def test_kernels(bench):
    """`--kernels` measures a training step of 128 images, kernel by kernel."""
    result = bench("tiny", "--kernels")

    assert result.exit_code == 0, result.output
    assert "tiny, training step: " in result.stdout
    assert "kernel stores" in result.stdout
    assert "conv1.A" in result.stdout


def test_an_unknown_network(bench):
    """An unknown name is an error, before anything is measured."""
    result = bench("lenet6")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: Unknown network "lenet6". Did you mean "lenet5"? Choose from lenet5-relu, lenet5, '
        "two-layer, conv4, resnet20, mobilenet-small, lenet5-valid, lenet1989, wolter-exercise, "
        "hagan-8.11, unet-small.\n"
    )
