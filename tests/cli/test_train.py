"""The command `striate train`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from striate import load
from striate.errors import ModelFileError
from striate.model.network import Network
from striate.recipes.networks import weights_hash

QUICK = ("train", "shapes", "--epochs", 2, "--no-pictures")


def test_the_report_has_what_a_newcomer_needs(striate, tmp_path):
    """The report has data, recipe, sizes, accuracy, confusions, hard images, files, next steps."""
    result = striate("train", "shapes", "--epochs", 1)

    assert result.exit_code == 0
    for promised in (
        "shapes: 2,000 training images, 400 test images, 15 x 15 x 1 pixels, ",
        "2 classes (square, diamond)\n",
        "recipe: conv 4@3x3 relu | max 3 | dense 2 softmax, 1 epoch, batch size 32, adam, ",
        "learning rate 0.01, schedule cosine, seed 0\n",
        "sizes: conv1: 15 - 3 + 1 = 13; max1: (13 - 3)/3 + 1 = 4\n",
        "true     square  diamond ",
        "The test images that are hardest for the network:\n",
        "Saved striate-output/shapes-net.safetensors.\n",
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
    """The recipe for shapes reaches at least 99% test accuracy."""
    result = striate("train", "shapes", "--json", "--no-pictures")

    # Validation accuracy of this recipe was 100% when it was chosen.
    assert json.loads(result.stdout)["test"]["accuracy"] >= 0.99


def test_model_is_saved_with_its_classes_and_hash(striate, tmp_path):
    """The saved model has the class names, and the weights whose hash was printed."""
    result = striate(*QUICK, "--output", tmp_path / "new" / "model.safetensors")

    network = load(tmp_path / "new" / "model.safetensors")
    assert network.classes == ("square", "diamond")
    assert f"weights {weights_hash(network)} " in result.stdout


def test_json_is_one_object_and_progress_goes_to_standard_error(striate):
    """`--json` prints one JSON object; progress goes to standard error."""
    result = striate(*QUICK, "--json")

    document = json.loads(result.stdout)
    assert document["recipe"]["epochs"] == len(document["history"]) == 2
    assert document["test"]["images"] == np.sum(document["test"]["confusion"]) == 400
    assert [line[:11] for line in result.stderr.splitlines()] == ["epoch 1/2  ", "epoch 2/2  "]


def test_quiet_prints_nothing(striate, tmp_path):
    """`--quiet` saves the model and prints nothing."""
    result = striate(*QUICK, "--quiet")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "striate-output" / "shapes-net.safetensors").is_file()


def test_same_seed_same_weights(striate):
    """Two runs with the same seed give the same weights; a different seed gives different ones."""
    hashes = [
        json.loads(striate(*QUICK, "--json", "--seed", seed).stdout)["weights_sha256"]
        for seed in (3, 3, 4)
    ]

    assert hashes[0] == hashes[1] != hashes[2]


def test_options_change_the_recipe(striate):
    """Options replace the recipe's settings; the rest stays."""
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
        "validation": None,
        "early_stopping": None,
        "standardize": False,
        "class_weight": None,
        "clip_norm": None,
        "freeze": None,
        "metrics": [],
        "standardize_targets": False,
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


def test_an_unknown_recipe_is_refused_first(striate, monkeypatch, tmp_path):
    """An unknown recipe is refused before the data is opened."""
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "nothing"))

    result = striate("train", "mnist", "--recipe", "tasty", "--no-download")

    assert result.exit_code == 1
    assert result.stderr == (
        'Error: Unknown recipe "tasty" for mnist. Choose from quick, good, best.\n'
    )


def test_labels_are_smoothed(striate):
    """Smoothed labels cannot be fitted exactly: the loss stays above that of plain labels."""
    sharp, smooth = (
        json.loads(striate(*QUICK, "--json", "--label-smoothing", share).stdout)
        for share in (0, 0.5)
    )

    # Half of each target shared between two classes: at best -(3/4 log 3/4 + 1/4 log 1/4) = 0.562.
    assert smooth["history"][-1]["loss"] > 0.562 > sharp["history"][-1]["loss"]


def test_all_options_of_training_are_passed_on(striate):
    """Validation, early stopping, standardization, clipping and class weights reach `fit`."""
    result = striate(
        *("train", "shapes", "--epochs", 3, "--no-pictures", "--json", "--validation", 0.1),
        *("--early-stopping", 1, "--lr", 1e-9, "--standardize", "--clip-norm", 2),
        *("--class-weight", "balanced", "--schedule", "constant"),
    )

    found = json.loads(result.stdout)
    assert {"validation_loss", "validation_accuracy"} <= found["history"][0].keys()
    changed = {"validation", "early_stopping", "standardize", "class_weight", "clip_norm"}
    assert {name: found["recipe"][name] for name in changed} == {
        "validation": 0.1,
        "early_stopping": 1,
        "standardize": True,
        "class_weight": "balanced",
        "clip_norm": 2.0,
    }
    assert found["recipe"]["learning_rate"] == 1e-9
    assert found["options"] == {
        "recipe": None,
        "size": None,
        "resize": None,
        "resume": None,
        "minutes": None,
        "start": None,
    }


def test_images_are_resized(striate):
    """`--size` resizes images, and the network with them."""
    result = striate(*QUICK, "--size", "21", "--json")

    assert json.loads(result.stdout)["parameters"] == 4 * 9 + 4 + 2 * 4 * 6 * 6 + 2


def test_folder_of_pictures(striate, picture_folder):
    """A folder with one subfolder per class can be trained on; the subfolders name the classes."""
    result = striate("train", picture_folder, "--epochs", 1, "--no-pictures")

    assert result.exit_code == 0
    assert "2 classes (dark, light)" in result.stdout
    assert "photos: 20 training images, 12 x 12 x 3 pixels, " in result.stdout
    assert load("striate-output/photos-net.safetensors").classes == ("dark", "light")


def test_without_matplotlib_one_line_says_how_to_get_pictures(striate, monkeypatch):
    """Without Matplotlib, training ends normally and names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)

    result = striate("train", "shapes", "--epochs", 1)

    assert result.exit_code == 0
    assert "For training plots: pip install 'striate[plot]'\n" in result.stdout


def test_the_models_folder_is_checked_before_training(striate, tmp_path):
    """A folder that cannot be created is an error before the first epoch."""
    (tmp_path / "striate-output").write_text("a file in the way")

    result = striate(*QUICK)

    assert result.exit_code == 1
    assert "epoch" not in result.stderr
    assert result.stderr == (
        "Error: Cannot create the folder striate-output: file exists. Choose another folder, or "
        "remove the file of that name.\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("train", "digit"),
            (
                "Unknown data set 'digit': no file or folder has that name. Did you mean "
                "'digits'? The named data sets are digits, shapes, mnist, fashion-mnist, cifar10."
            ),
        ),
        (
            ("train", "shapes", "--epochs", 0),
            "--epochs must be a positive integer, got 0. Try --epochs 10.",
        ),
    ],
)
def test_errors_name_the_remedy(striate, words, message):
    """Errors are printed unchanged, with options named as in the command."""
    result = striate(*words)

    assert result.exit_code == 1
    assert result.stderr == f"Error: {message}\n"


def test_checkpoint_of_a_stopped_run_is_kept(striate, tmp_path):
    """A run after a stopped one gets a new number, and says how to resume the stopped one."""
    (tmp_path / "striate-output").mkdir()
    stopped = tmp_path / "striate-output" / "shapes-net.checkpoint"
    stopped.write_bytes(b"from yesterday")

    result = striate(*QUICK)

    assert stopped.read_bytes() == b"from yesterday"
    assert "Saved striate-output/shapes-net-2.safetensors.\n" in result.stdout
    assert (
        "note: striate-output/shapes-net.checkpoint is the checkpoint of an earlier run. To resume "
        "that one instead, add --resume striate-output/shapes-net.checkpoint.\n"
    ) in result.stdout


def test_a_second_run_replaces_nothing(striate, tmp_path):
    """Model and pictures get the next number, unless `--overwrite` is given."""
    first = striate("train", "shapes", "--epochs", 1, "--json")
    folder = tmp_path / "striate-output"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    second = striate("train", "shapes", "--epochs", 1, "--seed", 1, "--json")
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert json.loads(first.stdout)["model"] == "striate-output/shapes-net.safetensors"
    assert json.loads(second.stdout)["model"] == "striate-output/shapes-net-2.safetensors"
    assert before.items() <= after.items()
    assert {path.relative_to(folder).parts[0] for path in after.keys() - before.keys()} == {
        "shapes-net-2.safetensors",
        "shapes-net-2",
    }

    third = striate(*QUICK, "--seed", 2, "--json", "--overwrite")
    assert json.loads(third.stdout)["model"] == "striate-output/shapes-net.safetensors"
    model = folder / "shapes-net.safetensors"
    assert model.read_bytes() != before[model]


@pytest.mark.parametrize("option", ["--output", "--checkpoint"])
def test_a_file_that_is_there_is_refused_before_the_data_is_read(option, striate, monkeypatch):
    """An explicit file is only replaced with `--overwrite`; the data isn't opened before."""
    Path("mine").write_bytes(b"earlier")
    monkeypatch.setattr("striate.recipes.preparing.open_dataset", None)

    result = striate(*QUICK, option, "mine")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {option} mine already exists. ")
    assert Path("mine").read_bytes() == b"earlier"
    monkeypatch.undo()


def test_overwrite_replaces_an_output(striate):
    """With `--overwrite`, an existing model is replaced."""
    Path("mine").write_bytes(b"earlier")

    result = striate(*QUICK, "--output", "mine", "--overwrite")

    assert result.exit_code == 0, result.stderr
    assert load("mine").classes == ("square", "diamond")


@pytest.mark.parametrize("before", [None, b"earlier"])
def test_a_link_as_output_stays(before, striate, tmp_path):
    """The model goes to the target of the link, whether that exists or not."""
    Path("disk").mkdir()
    if before is not None:
        Path("disk/net.safetensors").write_bytes(before)
    Path("latest").symlink_to("disk/net.safetensors")

    words = (*QUICK, "--output", "latest", *(("--overwrite",) if before else ()))
    result = striate(*words)

    assert result.exit_code == 0, result.stderr
    assert "Saved latest.\n" in result.stdout
    assert Path("latest").is_symlink()
    assert load("disk/net.safetensors").classes == ("square", "diamond")
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "latest", "striate-output"}


def error_of(result):
    """Return the error that a command ended with."""
    return result.stderr[result.stderr.index("Error:") :].strip()


DIVERGING = (
    *("train", "shapes", "--epochs", 3, "--no-pictures", "--schedule", "constant"),
    *("--net", "conv 4@3x3 tanh | dense {classes} softmax", "--optimizer", "gradient-descent"),
)


@pytest.mark.parametrize(("name", "rate"), [("finite", 1), ("infinite", 1e38)])
def test_a_divergence_is_an_error(name, rate, striate, tmp_path, golden):
    """Exit code 1, no model, an earlier model untouched; the text names a rate that may work."""
    striate(*DIVERGING, "--lr", 0.01)
    model = tmp_path / "striate-output" / "shapes-net.safetensors"
    before = model.read_bytes()

    result = striate(*DIVERGING, "--lr", rate)

    assert result.exit_code == 1
    assert model.read_bytes() == before
    assert [path.name for path in (tmp_path / "striate-output").iterdir()] == [model.name]
    golden(f"messages/train-diverged-{name}", error_of(result))


def test_the_good_state_of_a_run_that_diverged_is_kept(striate, monkeypatch, golden):
    """After a NaN in a later epoch, the checkpoint has the weights from before."""

    def poison(_, state, *__):
        if state.step == 2 * 63 + 1:
            state.parameters[:] = np.nan

    monkeypatch.setattr("striate.cli.training._EpochLines.on_step", poison)
    result = striate(*DIVERGING, "--lr", 0.01)

    assert result.exit_code == 1
    arrays = load_file("striate-output/shapes-net.checkpoint")
    assert all(np.isfinite(array).all() for array in arrays.values())
    golden("messages/train-diverged-later", error_of(result))


@pytest.mark.parametrize("options", [[], ["--checkpoint", "mine"]])
def test_a_run_that_could_not_start_leaves_no_checkpoint(striate, monkeypatch, options):
    """The next run would take it for one to resume."""
    monkeypatch.setenv("STRIATE_NUM_THREADS", "many")

    result = striate(*QUICK, *options)

    assert result.exit_code == 1
    assert "STRIATE_NUM_THREADS" in result.stderr
    assert list(Path("striate-output").iterdir()) == []
    assert not Path("mine").exists()


def test_a_full_disk_leaves_the_model_elsewhere(striate, tmp_path, monkeypatch):
    """If the folder for the model cannot be written after training, the model isn't lost."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "elsewhere"))
    original = Network.save

    def save(network, path):
        if "elsewhere" not in str(path):
            raise ModelFileError(f"Cannot write {path}: no space left on device.")
        original(network, path)

    monkeypatch.setattr(Network, "save", save)
    result = striate(*QUICK)

    saved = tmp_path / "elsewhere" / "shapes-net.safetensors"
    assert result.exit_code == 0, result.stderr
    assert (
        "note: Cannot write striate-output/shapes-net.safetensors: no space left on device. "
        f"The model is in {saved}, a folder for temporary files: move it from there."
    ) in result.stderr
    assert load(saved).classes == ("square", "diamond")
    assert not (tmp_path / "striate-output" / "shapes-net.safetensors").exists()


def test_a_model_that_cannot_be_saved_at_all_is_in_the_checkpoint(striate, monkeypatch, tmp_path):
    """The error says how to save it later without training again."""

    def full(*_):
        raise ModelFileError("Cannot write: no space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(Network, "save", full)
        result = striate(*QUICK)

    assert result.exit_code == 1
    assert result.stderr.endswith(
        "Error: Cannot write: no space left on device. The trained network is in "
        "striate-output/shapes-net.checkpoint: run the same command with --resume "
        "striate-output/shapes-net.checkpoint to save it.\n"
    )
    again = striate(*QUICK, "--resume", "striate-output/shapes-net.checkpoint", "--json")
    assert json.loads(again.stdout)["model"] == "striate-output/shapes-net.safetensors"
    assert again.stderr == ""
    assert not (tmp_path / "striate-output" / "shapes-net.checkpoint").exists()


def test_named_checkpoint_is_kept_and_can_be_resumed(striate, tmp_path):
    """`--checkpoint` keeps the file, and `--resume` with more epochs continues from it."""
    striate(*QUICK, "--schedule", "constant", "--checkpoint", "two.checkpoint")

    more = striate(
        *(
            "train",
            "shapes",
            "--epochs",
            4,
            "--schedule",
            "constant",
            "--no-pictures",
            "--json",
        ),
        *("--resume", "two.checkpoint"),
    )
    whole = striate(
        "train", "shapes", "--epochs", 4, "--schedule", "constant", "--no-pictures", "--json"
    )

    assert (tmp_path / "two.checkpoint").is_file()
    hashes = [json.loads(result.stdout)["weights_sha256"] for result in (more, whole)]
    assert hashes[0] == hashes[1]


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
def test_an_option_that_is_not_allowed_is_refused_first(striate, option):
    """Nothing is announced, and no folder is made, for a run that cannot start."""
    result = striate("train", "shapes", *option)

    assert result.exit_code == 1
    assert "recipe" not in result.output
    assert not Path("striate-output").exists()


def test_plots_that_cannot_be_written_do_not_lose_the_model(striate, monkeypatch, tmp_path):
    """The model is saved and reported before plotting, and a full disk only gives a note."""

    def fail(*_, **__):
        raise ModelFileError("Cannot write confusion.png: no space left on device.")

    monkeypatch.setattr("striate.cli.train_report.save_all", fail)

    text = striate("train", "shapes", "--epochs", 1)
    as_json = striate("train", "shapes", "--epochs", 1, "--json")

    assert (text.exit_code, as_json.exit_code) == (0, 0)
    assert "note: no plots were saved. Cannot write confusion.png: no space" in text.stderr
    assert "Saved striate-output/shapes-net.safetensors.\n" in text.stdout
    found = json.loads(as_json.stdout)
    assert found["pictures"] == []
    assert load(tmp_path / found["model"]).classes == ("square", "diamond")


def test_a_bug_while_drawing_keeps_the_model(striate, monkeypatch, tmp_path):
    """Even if plotting raises, the model has already been saved and reported."""

    def fail(*_, **__):
        raise ValueError("a bug in Matplotlib")

    monkeypatch.setattr("striate.cli.train_report.save_all", fail)

    result = striate("train", "shapes", "--epochs", 1)

    assert isinstance(result.exception, ValueError)
    assert "Saved striate-output/shapes-net.safetensors.\n" in result.stdout
    assert load(tmp_path / "striate-output" / "shapes-net.safetensors").parameter_count == 170


def test_a_closed_pipe_after_training_loses_only_the_report(tmp_path):
    """If output can't be written anymore (`| head -3`), the model is already saved."""
    program = [sys.executable, "-c", "from striate.cli import main; main(prog_name='striate')"]
    with subprocess.Popen(
        [*program, "train", "shapes", "--epochs", "3", "--no-pictures"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stderr.readline()  # the first epoch: everything before training is printed
        process.stdout.close()
        errors = process.stderr.read()

    assert b"Traceback" not in errors
    assert load(tmp_path / "striate-output" / "shapes-net.safetensors").parameter_count == 170


@pytest.mark.parametrize(
    ("saved", "resumed", "remedy"),
    [
        ((), ("--seed", 4), "Use --seed 0"),
        (("--clip-norm", 2), (), "Use --clip-norm 2.0"),
        ((), ("--clip-norm", 2), "Leave out --clip-norm"),
        (("--standardize",), (), "Add --standardize"),
        (("--augment", "shift 1"), ("--augment", "flip"), "Use --augment 'shift 1'"),
        ((), ("--lr", 0.5), "Use --learning-rate 0.01"),
        ((), ("--net", "dense 2 softmax"), "Use the same network"),
    ],
)
def test_a_checkpoint_of_a_different_run(saved, resumed, remedy, striate):
    """The error names the option to change, as it is typed."""
    striate(*QUICK, *saved, "--checkpoint", "run.checkpoint")

    result = striate(*QUICK, *resumed, "--resume", "run.checkpoint")

    assert result.exit_code == 1
    assert "Error: run.checkpoint was saved by a different run: " in result.stderr
    assert result.stderr.endswith(
        "Resuming requires identical settings to keep results bit-identical. "
        f"{remedy}, or start without --resume.\n"
    )
