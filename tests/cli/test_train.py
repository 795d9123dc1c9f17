"""The command `striate train`."""

import json
from pathlib import Path

import numpy as np
import pytest

from striate import load
from striate.cli.networks import weights_hash

QUICK = ("train", "shapes", "--epochs", 2, "--no-pictures")


def test_report_has_all_that_a_newcomer_needs(striate, tmp_path):
    """Training reports data, recipe, sizes, accuracy, confusions, hard images, files, what next."""
    result = striate("train", "shapes", "--epochs", 1)

    assert result.exit_code == 0
    for promised in (
        "shapes: 2,000 images to train on, 400 to test with, 15 x 15 x 1 pixels, ",
        "2 classes (square, diamond)\n",
        "recipe: conv 4@3x3 relu | max 3 | dense 2 softmax, 1 epoch in batches of 32 images, ",
        "adam with learning rate 0.01, schedule cosine, seed 0\n",
        "sizes: conv1: 15 - 3 + 1 = 13; max1: (13 - 3)/3 + 1 = 4\n",
        "true     square  diamond ",
        "The test images that are hardest for the network:\n",
        "saved striate-output/shapes-net.safetensors\n",
        "drew  striate-output/shapes-net/learning-curve.png\n",
        "  striate evaluate striate-output/shapes-net.safetensors shapes\n",
    ):
        assert promised in result.stdout
    assert "\x1b" not in result.stdout
    files = {path.name for path in (tmp_path / "striate-output").rglob("*")}
    assert files == {
        "shapes-net.safetensors",
        "shapes-net",
        "learning-curve.png",
        "confusion.png",
        "kernels.png",
        "mistakes.png",
    }


def test_default_recipe_learns_shapes(striate):
    """The recipe for shapes tells at least 99 of 100 test images apart."""
    result = striate("train", "shapes", "--json", "--no-pictures")

    # Validation accuracy of this recipe was 100 % when it was chosen.
    assert json.loads(result.stdout)["test"]["accuracy"] >= 0.99


def test_model_is_saved_with_its_classes_and_hash(striate, tmp_path):
    """The saved model knows its classes by name, and has the weights whose hash was printed."""
    result = striate(*QUICK, "--output", tmp_path / "new" / "model.safetensors")

    network = load(tmp_path / "new" / "model.safetensors")
    assert network.classes == ("square", "diamond")
    assert f"weights {weights_hash(network)} " in result.stdout


def test_json_is_one_object_and_progress_goes_to_standard_error(striate):
    """`--json` prints one JSON object; lines about epochs are on standard error."""
    result = striate(*QUICK, "--json")

    document = json.loads(result.stdout)
    assert document["recipe"]["epochs"] == len(document["history"]) == 2
    assert document["test"]["images"] == np.sum(document["test"]["confusion"]) == 400
    assert [line[:11] for line in result.stderr.splitlines()] == ["epoch 1/2  ", "epoch 2/2  "]


def test_quiet_says_nothing(striate, tmp_path):
    """`--quiet` saves the model and says nothing."""
    result = striate(*QUICK, "--quiet")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "striate-output" / "shapes-net.safetensors").is_file()


def test_same_seed_same_weights(striate):
    """Two trainings with one seed end in the same bits, with another seed in others."""
    hashes = [
        json.loads(striate(*QUICK, "--json", "--seed", seed).stdout)["weights_sha256"]
        for seed in (3, 3, 4)
    ]

    assert hashes[0] == hashes[1] != hashes[2]


def test_options_change_the_recipe(striate):
    """What the user gives takes the place of the recipe's; the rest stays."""
    result = striate(
        *QUICK,
        "--net",
        "dense {classes} softmax",
        "--optimizer",
        "momentum",
        "--augment",
        "shift 1",
        "--json",
    )

    assert json.loads(result.stdout)["recipe"] == {
        "net": "dense {classes} softmax",
        "epochs": 2,
        "batch_size": 32,
        "optimizer": "momentum",
        "learning_rate": 0.01,
        "schedule": "cosine",
        "augment": "shift 1",
        "label_smoothing": 0.0,
        "seed": 0,
    }


def test_a_recipe_is_named(striate, tmp_path):
    """`--recipe` chooses a recipe, and the model is named after it."""
    result = striate(*QUICK, "--recipe", "good", "--json")

    found = json.loads(result.stdout)
    assert found["options"]["recipe"] == "good"
    assert found["recipe"]["net"] == "conv 4@3x3 relu | max 3 | dense {classes} softmax"
    assert Path(found["model"]) == Path("striate-output/shapes-good.safetensors")
    assert (tmp_path / found["model"]).is_file()


def test_a_recipe_that_is_not_there_is_refused_first(striate, monkeypatch, tmp_path):
    """A recipe that a data set does not have is refused before anything is looked for."""
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "nothing"))

    result = striate("train", "mnist", "--recipe", "tasty", "--no-download")

    assert result.exit_code == 1
    assert "mnist has no recipe 'tasty'" in " ".join(result.stderr.split())


def test_labels_are_smoothed(striate):
    """Smoothed labels cannot be met: the loss stays above what it is with the labels as given."""
    sharp, smooth = (
        json.loads(striate(*QUICK, "--json", "--label-smoothing", share).stdout)
        for share in (0, 0.5)
    )

    # Half of each target shared between two classes: at best -(3/4 log 3/4 + 1/4 log 1/4) = 0.562.
    assert smooth["history"][-1]["loss"] > 0.562 > sharp["history"][-1]["loss"]


def test_all_options_of_training_are_passed_on(striate):
    """Validation, early stopping, standardizing and class weights reach the training."""
    result = striate(
        *("train", "shapes", "--epochs", 3, "--no-pictures", "--json", "--validation", 0.1),
        *("--early-stopping", 1, "--learning-rate", 1e-9, "--standardize"),
        *("--class-weight", "balanced", "--schedule", "constant"),
    )

    found = json.loads(result.stdout)
    assert {"validation_loss", "validation_accuracy"} <= found["history"][0].keys()
    assert found["options"] == {
        "recipe": None,
        "validation": 0.1,
        "early_stopping": 1,
        "standardize": True,
        "class_weight": "balanced",
        "size": None,
        "resize": "fit",
        "resume": None,
    }


def test_images_are_resized(striate):
    """`--size` brings images to another size, and the network follows."""
    result = striate(*QUICK, "--size", "21", "--json")

    assert json.loads(result.stdout)["parameters"] == 4 * 9 + 4 + 2 * 4 * 6 * 6 + 2


def test_folder_of_pictures(striate, picture_folder):
    """A folder with one subfolder for each class is learned, with the folders' names as classes."""
    result = striate("train", picture_folder, "--epochs", 1, "--no-pictures")

    assert result.exit_code == 0
    assert "2 classes (dark, light)" in result.stdout
    assert "note: There was no test part: 4 of 20 images" in result.stdout
    assert load("striate-output/photos-net.safetensors").classes == ("dark", "light")


def test_numbers_are_learned_without_classes(striate, tmp_path):
    """Float targets make a network that predicts numbers, without accuracy or confusion matrix."""
    x = np.random.default_rng(0).random((40, 8, 8), np.float32)
    np.savez(tmp_path / "means.npz", x=x, y=x.mean(axis=(1, 2)))

    result = striate("train", "means.npz", "--epochs", 1, "--no-pictures")

    assert result.exit_code == 0, result.stderr
    assert "numbers to predict" in result.stdout
    assert "test loss " in result.stdout
    assert "onfusion" not in result.stdout


def test_preset_cannot_learn_numbers(striate, tmp_path):
    """A preset ends in classes: for targets that are numbers, an error says what to write."""
    x = np.random.default_rng(0).random((40, 28, 28), np.float32)
    np.savez(tmp_path / "means.npz", x=x, y=x.mean(axis=(1, 2)))

    result = striate("train", "means.npz", "--net", "lenet5")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: lenet5 cannot be trained on means.npz, whose targets are numbers. The networks "
        "that have a name tell classes apart. Write the layers, such as --net 'conv 8@3x3 relu | "
        "global-average | dense 1'.\n"
    )


def test_without_matplotlib_one_line_says_how_to_get_pictures(striate, monkeypatch):
    """Where matplotlib is missing, training ends well and names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)

    result = striate("train", "shapes", "--epochs", 1)

    assert result.exit_code == 0
    assert "For pictures of what was learned: pip install 'striate[plot]'\n" in result.stdout


def test_place_for_the_model_is_checked_before_training(striate, tmp_path):
    """A folder that cannot be made is an error before the first epoch."""
    (tmp_path / "striate-output").write_text("a file in the way")

    result = striate(*QUICK)

    assert result.exit_code == 1
    assert "epoch" not in result.stderr
    assert result.stderr == (
        "Error: The folder striate-output could not be made: File exists. Files are written into "
        "a folder that exists or can be made. Choose another place, or remove what stands in its "
        "way.\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("train", "digit"),
            (
                "'digit' is no data set: there is no file or folder of that name. Data are given "
                "by a path or by one of the names digits, shapes, mnist, fashion-mnist, cifar10. "
                "Did you mean 'digits'?"
            ),
        ),
        (
            ("train", "shapes", "--epochs", 0),
            "`epochs` must be a positive integer, got 0. Try epochs=10.",
        ),
    ],
)
def test_errors_name_the_remedy(striate, words, message):
    """Errors of the library reach the user word for word."""
    result = striate(*words)

    assert result.exit_code == 1
    assert result.stderr == f"Error: {message}\n"


def test_checkpoint_of_a_stopped_training_is_not_lost_silently(striate, tmp_path):
    """Training that will replace the checkpoint of a stopped one says so, and how to go on."""
    (tmp_path / "striate-output").mkdir()
    (tmp_path / "striate-output" / "shapes.checkpoint").write_bytes(b"from yesterday")

    result = striate(*QUICK)

    assert (
        "note: striate-output/shapes.checkpoint, from a training that was stopped, will be "
        "replaced; to go on with that one instead, add --resume striate-output/shapes.checkpoint.\n"
    ) in result.stdout


def test_named_checkpoint_is_kept_and_can_be_gone_on_from(striate, tmp_path):
    """`--checkpoint` keeps the file, and `--resume` with more epochs goes on from it."""
    striate(*QUICK, "--schedule", "constant", "--checkpoint", "two.checkpoint")

    more = striate(
        *("train", "shapes", "--epochs", 4, "--schedule", "constant", "--no-pictures", "--json"),
        *("--resume", "two.checkpoint"),
    )
    whole = striate(
        "train", "shapes", "--epochs", 4, "--schedule", "constant", "--no-pictures", "--json"
    )

    assert (tmp_path / "two.checkpoint").is_file()
    answers = [json.loads(result.stdout)["weights_sha256"] for result in (more, whole)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "option",
    [
        ("--epochs", "0"),
        ("--optimizer", "sgd"),
        ("--augment", "shft 2"),
        ("--label-smoothing", "2"),
        ("--label-smoothing", "0.1", "--net", "dense {classes} logistic"),
        ("--seed", "-1"),
    ],
)
def test_an_option_that_cannot_be_is_refused_before_the_show(striate, option):
    """Nothing is announced, and no folder is made, for a training that cannot start."""
    result = striate("train", "shapes", *option)

    assert result.exit_code == 1
    assert "recipe" not in result.output
    assert not Path("striate-output").exists()
