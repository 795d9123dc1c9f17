"""`striate train` on a folder of photos: the time limit, the estimate and the advice."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import load


@pytest.fixture
def more_pictures(tmp_path):
    """Return a folder with other pictures of the same classes."""
    rng = np.random.default_rng(1)
    for name, low in (("dark", 0), ("light", 128)):
        (tmp_path / "more" / name).mkdir(parents=True)
        for k in range(4):
            pixels = rng.integers(low, low + 100, (12, 12, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "more" / name / f"{k}.png")
    return tmp_path / "more"


def train(striate, *words):
    """Train without pictures, and return the JSON document."""
    result = striate("train", "photos", "--no-pictures", "--json", *words)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.usefixtures("picture_folder")
def test_the_report_on_photos(striate):
    """All pictures are used for training, and five more networks estimate the accuracy."""
    result = striate("train", "photos", "--no-pictures", "--minutes", 0.02)

    assert result.exit_code == 0
    for promised in (
        "photos: 20 training images, 12 x 12 x 3 pixels, 2 classes (dark, light)\n",
        "; the time limit of 0.02 minutes allows only ",
        "Estimating the accuracy on new pictures: 5 more networks",
        "The saved network was trained on all pictures.\n",
        "estimated accuracy ",
        "95% confidence interval: ",
        "The class 'dark' has only 10 training pictures (1 other class fewer than 20). ",
        "To train the same network again:\n  striate train photos --no-pictures --epochs ",
    ):
        assert promised in result.stdout
    assert "fold 1/5  accuracy " in result.stderr


@pytest.mark.usefixtures("picture_folder")
def test_an_estimate_that_was_cut_short_is_explained(striate):
    """If the time is over after one of the five networks, the report says on what it is based."""
    result = striate("train", "photos", "--pictures", "plots", "--minutes", 1e-4)

    assert (
        "The time limit was reached after 1 of the 5 networks, so only 4 of 20 pictures were "
        "tested. For the others, use --folds 5, which has no time limit, or more --minutes.\n"
        "estimated accuracy "
    ) in result.stdout
    lines = Path("plots", "out-of-fold.csv").read_text().splitlines()
    assert lines[0] == "image,file,fold,label,predicted,score,label_score"
    assert len(lines) == 5


@pytest.mark.usefixtures("picture_folder")
def test_the_printed_command_repeats_the_run(striate):
    """With a number of epochs instead of a time limit, the weights are the same bits."""
    first = train(striate, "--minutes", 0.02)

    again = striate(*shlex.split(first["command"])[1:], "--overwrite")
    second = json.loads(again.stdout)

    assert "--minutes" not in first["command"]
    assert first["recipe"] == second["recipe"]
    assert first["weights_sha256"] == second["weights_sha256"]
    assert {*first["command"].split(), "--overwrite"} == set(second["command"].split())


@pytest.mark.usefixtures("picture_folder")
def test_the_document_on_photos(striate):
    """JSON has the method, the interval, the training accuracy and the notes."""
    found = train(striate, "--epochs", 8, "--augment", "shift 1")

    assert found["estimate"] == "5-fold cross-validation"
    assert found["test"]["images"] == 20
    low, high = found["test"]["interval"]
    assert low <= found["test"]["accuracy"] <= high
    assert 0 <= found["training_accuracy"] <= 1
    assert "few pictures" in [note["kind"] for note in found["notes"]]
    assert found["options"]["minutes"] is None


def test_pictures_of_the_training_are_not_a_test_set(striate, picture_folder, more_pictures):
    """A network recognizes the pictures it was trained on, and evaluate leaves them out."""
    model = train(striate, "--epochs", 8)["model"]

    refused = striate("evaluate", model, "photos")
    other = striate("evaluate", model, "more", "--json")
    whole = striate("evaluate", model, "photos", "--part", "all", "--json")
    training = striate("evaluate", model, "photos", "--part", "training", "--json")
    nothing = striate("evaluate", model, "more", "--part", "training")

    assert refused.exit_code == nothing.exit_code == 1
    assert "The network was trained on all of the 20 images of photos." in refused.stderr
    assert "The network was trained on none of the 8 images of more." in nothing.stderr
    assert json.loads(other.stdout)["images"] == 8
    assert json.loads(whole.stdout)["images"] == json.loads(training.stdout)["images"] == 20
    assert "was trained on 20 of these 20 images" in whole.stderr

    for path in (more_pictures / "dark").iterdir():
        path.rename(picture_folder / "dark" / f"new-{path.name}")
    mixed = striate("evaluate", model, "photos", "--json")
    assert json.loads(mixed.stdout)["images"] == 4
    assert "left out 20 images that the network was trained on" in mixed.stderr


def test_pictures_are_resized_as_in_training(striate, picture_folder, tmp_path):
    """Predict and evaluate stretch pictures if the network was trained on stretched ones."""
    for path in sorted((picture_folder / "light").iterdir()):
        Image.open(path).resize((24, 8)).save(path)
    model = train(striate, "--epochs", 4)["model"]
    wide = picture_folder / "light" / "0.png"

    stretched, padded = (
        json.loads(striate("predict", model, wide, "--json", *words).stdout)["pictures"]
        for words in ((), ("--resize", "fit"))
    )

    assert load(tmp_path / model).preprocessing.resize == "stretch"
    assert stretched != padded
    assert (
        stretched
        == json.loads(striate("predict", model, wide, "--json", "--resize", "stretch").stdout)[
            "pictures"
        ]
    )


def test_unbalanced_classes_are_reported_fairly(striate, picture_folder):
    """Where one class is much larger, the balanced accuracy is printed, too."""
    for path in sorted((picture_folder / "dark").iterdir())[4:]:
        path.unlink()

    result = striate("train", "photos", "--no-pictures", "--epochs", 4)

    assert "balanced accuracy: " in result.stdout
    assert "(the mean of the classes' recalls)" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--minutes", 0), "--minutes must be a positive finite number, got 0.0. Try --minutes 2."),
        (
            ("--minutes", 2, "--epochs", 3),
            "--minutes 2.0 and --epochs 3 both decide how long to train; expected one of them.",
        ),
    ],
)
@pytest.mark.usefixtures("picture_folder")
def test_limits_that_cannot_be_used(striate, words, expected):
    """The errors name the options."""
    result = striate("train", "photos", *words)

    assert result.exit_code == 1
    assert expected in result.stderr


@pytest.mark.usefixtures("picture_folder")
def test_resuming_needs_the_number_of_epochs(striate):
    """A time limit could choose another number of epochs than before it was interrupted."""
    train(striate, "--epochs", 2, "--checkpoint", "run.checkpoint")

    result = striate("train", "photos", "--resume", "run.checkpoint")

    assert result.exit_code == 1
    assert "needs the number of epochs of the run that it continues" in result.stderr
    assert "it has --epochs." in result.stderr


def test_other_data_have_a_time_limit_too(striate):
    """Named data sets train for as many epochs as fit, and the command is printed."""
    result = striate("train", "shapes", "--minutes", 0.03, "--no-pictures")

    assert result.exit_code == 0
    assert "To train the same network again:\n  striate train shapes --no-pictures --epochs " in (
        result.stdout
    )
    assert result.stderr.startswith("Training briefly to choose the number of epochs ...\n")


@pytest.mark.usefixtures("picture_folder")
def test_long_runs_have_few_lines(striate):
    """Hundreds of short epochs would scroll everything else away."""
    result = striate("train", "photos", "--no-pictures", "--epochs", 101, "--augment", "")

    lines = [line for line in result.stderr.splitlines() if line.startswith("epoch")]
    assert len(lines) == 21
    assert lines[-1].startswith("epoch 101/101")
    assert "briefly" not in result.stderr  # all settings are given


def test_a_trained_network_is_the_starting_point(striate, picture_folder, more_pictures):
    """`--from` freezes the first layers, and needs no other network."""
    model = train(striate, "--epochs", 4)["model"]
    (more_pictures / "dark").rename(more_pictures / "night")

    found = striate("train", "more", "--from", model, "--epochs", 1, "--json", "--no-pictures")
    refused = striate("train", "more", "--from", model, "--net", "lenet5")

    assert picture_folder.is_dir()
    document = json.loads(found.stdout)
    assert document["recipe"]["freeze"] == 6
    assert document["options"]["start"] == model
    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: --net lenet5 cannot be used with --from, whose network has its own layers and "
        "preprocessing. Leave out --net.\n"
    )
