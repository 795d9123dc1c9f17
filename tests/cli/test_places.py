"""Where a training puts its files."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from striate.cli.places import Places
from striate.errors import ModelFileError


@dataclass(frozen=True)
class Chosen:
    """The user's choices."""

    output: Path | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    pictures: Path | None = None


@pytest.mark.parametrize(
    ("data", "net", "stem"),
    [
        ("digits", None, "digits-lenet5"),
        ("digits", "hagan-8.11", "digits-hagan-8.11"),
        ("digits", "conv 4@3x3 | dense 10", "digits-net"),
        ("photos/cats & dogs/", None, "cats-dogs-net"),
        ("letters.npz", "lenet5", "letters-lenet5"),
    ],
)
def test_files_are_named_after_data_and_network(tmp_path, monkeypatch, data, net, stem):
    """The model and the pictures are named after the data and the network."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.npz").touch()

    places = Places.of(data, net, Chosen())

    assert places.model == Path("striate-output") / f"{stem}.safetensors"
    assert places.pictures == Path("striate-output") / stem


@pytest.mark.parametrize(("net", "stem"), [(None, "mnist-quick"), ("lenet5", "mnist-lenet5")])
def test_files_are_named_after_a_recipe(net, stem):
    """Where the user names a recipe and no network, the files are named after the recipe."""
    places = Places.of("mnist", net, Chosen(), recipe="quick")

    assert places.model == Path("striate-output") / f"{stem}.safetensors"


@pytest.mark.parametrize(
    ("chosen", "checkpoint", "temporary"),
    [
        (Chosen(), "striate-output/digits.checkpoint", True),
        (
            Chosen(resume=Path("striate-output/digits.checkpoint")),
            "striate-output/digits.checkpoint",
            True,
        ),
        (Chosen(resume=Path("mine")), "mine", False),
        (Chosen(checkpoint=Path("mine"), resume=Path("old")), "mine", False),
    ],
)
def test_only_the_usual_checkpoint_is_removed_at_the_end(chosen, checkpoint, temporary):
    """A checkpoint that the user has named is kept when training is done."""
    places = Places.of("digits", None, chosen)

    assert (places.checkpoint, places.temporary) == (Path(checkpoint), temporary)


def test_folder_in_place_of_a_file(tmp_path):
    """A folder given for the model is an error before training."""
    places = Places.of("digits", None, Chosen(output=tmp_path))

    with pytest.raises(ModelFileError) as error:
        places.make_folders()

    assert str(error.value) == (
        f"{tmp_path} is a folder. A model and a checkpoint are one file each. Give the file's name "
        f"too, such as {tmp_path}/net.safetensors."
    )


def test_folder_without_permission(tmp_path, monkeypatch):
    """A folder that may not be written to is an error before training."""
    # The superuser may write everywhere, so the system's answer is put in its mouth.
    monkeypatch.setattr("os.access", lambda *_: False)
    places = Places.of("digits", None, Chosen(output=tmp_path / "net.safetensors"))

    with pytest.raises(ModelFileError) as error:
        places.make_folders()

    assert str(error.value) == (
        f"The folder {tmp_path} may not be written to. Models and checkpoints are written while "
        "and after training. Choose a folder of your own with --output."
    )
