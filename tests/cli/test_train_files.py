"""Runs of `striate train` that continue: frozen layers, more epochs, a log, and where files go."""

import json

import pytest

from striate import load
from striate.model.network import Network

QUICK = ("train", "shapes", "--epochs", 2, "--no-pictures")


@pytest.mark.parametrize(("freeze", "known"), [("1", 1), ("conv*", ["conv*"])])
def test_layers_are_frozen(striate, tmp_path, freeze, known):
    """`--freeze` takes a number of layers or names and patterns, and those stay as they are."""
    result = striate(
        *("train", "shapes", "--net", "conv 4@3x3 relu | max 3 | dense {classes} softmax"),
        *("--epochs", 1, "--no-pictures", "--json", "--freeze", freeze),
    )

    found = json.loads(result.stdout)
    network = load(tmp_path / found["model"])
    fresh = Network.parse(str(network), network.input_shape)
    assert found["recipe"]["freeze"] == known
    assert (network.parameters["conv1.weight"] == fresh.parameters["conv1.weight"]).all()
    assert (network.parameters["dense1.weight"] != fresh.parameters["dense1.weight"]).any()


def test_a_finished_run_trains_longer(striate, tmp_path):
    """Its checkpoint is resumed with more epochs, and its log continues."""
    train = ("train", "shapes", "--no-pictures", "--json", "--schedule", "constant")
    files = ("--checkpoint", "run.checkpoint", "--log", "run.csv")
    whole = json.loads(striate(*train, "--epochs", 3).stdout)
    striate(*train, *files, "--epochs", 1)
    refused = striate(*train, "--epochs", 1, "--log", "run.csv")
    longer = striate(*train, "--resume", "run.checkpoint", "--epochs", 3, "--log", "run.csv")

    assert json.loads(longer.stdout)["weights_sha256"] == whole["weights_sha256"]
    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: run.csv already exists. Use --overwrite to replace it, "
        "choose another name, or resume its run with --resume.\n"
    )
    lines = (tmp_path / "run.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["epoch", "1", "2", "3"]


def test_a_finished_cosine_run_trains_longer_with_a_warning(striate):
    """The recipe's schedule depends on the number of epochs, so the rates change."""
    striate(*QUICK, "--checkpoint", "run.checkpoint")
    result = striate(
        *("train", "shapes", "--epochs", 4, "--no-pictures", "--resume", "run.checkpoint")
    )

    assert result.exit_code == 0
    assert "Resuming from run.checkpoint: 2 of 4 epochs done.\n" in result.stdout
    assert "The remaining steps use the rates of 4 epochs" in result.stderr
    assert "train with --schedule constant." in result.stderr


def test_a_complete_run_has_nothing_to_resume(striate):
    """The report says what to add."""
    striate(*QUICK, "--checkpoint", "run.checkpoint")
    result = striate(*QUICK, "--resume", "run.checkpoint")

    assert (
        "Resuming from run.checkpoint: all 2 epochs are done. To train longer, add --epochs 4.\n"
        in result.stdout
    )


def test_quiet_names_a_model_that_is_not_where_it_usually_is(striate):
    """The second run writes another file, which a script must know of."""
    first, second = (striate(*QUICK, "--quiet") for _ in range(2))

    assert (first.stdout, first.stderr) == ("", "")
    assert second.stdout == ""
    assert second.stderr == "note: the model is in striate-output/shapes-net-2.safetensors.\n"


def test_a_learning_rate_is_found(striate, tmp_path):
    """`--find-lr` prints a table and the next command, and writes no file."""
    result = striate(*QUICK, "--find-lr", "--optimizer", "momentum")
    found = json.loads(striate(*QUICK, "--find-lr", "--json").stdout)

    assert result.exit_code == 0
    assert "Suggested learning rate: " in result.stdout
    assert (
        "  striate train shapes --epochs 2 --optimizer momentum --no-pictures --lr "
        in result.stdout
    )
    assert 0.0001 < found["suggestion"] < 1
    assert not list(tmp_path.iterdir())
