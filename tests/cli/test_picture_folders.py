"""The commands on a folder of pictures: bad files, copies, wrong predictions by name, drawings."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import open_dataset

NET = "conv 4@3x3 relu | max 3 | dense {classes} softmax"


@pytest.fixture
def album(tmp_path):
    """Write squares and diamonds to train and test: 20 bad labels, two bad files, a copy."""
    data = open_dataset("shapes")
    for part, x, labels in (
        ("train", data.x[:120], data.y[:120]),
        ("test", data.x_test[:40], data.y_test[:40]),
    ):
        for k, (image, label) in enumerate(zip(x, labels, strict=True)):
            wrong = part == "test" and k < 4
            name = data.classes[1 - label if wrong else label]
            path = tmp_path / "album" / part / name / f"{k:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(path)
    (tmp_path / "album/train/square/empty.jpg").touch()
    (tmp_path / "album/test/square/page.png").write_text("<html></html>")
    source = next((tmp_path / "album/train/square").glob("*.png"))
    Image.open(source).resize((30, 30)).save(tmp_path / "album/test/square/copy.png")
    return tmp_path / "album"


@pytest.mark.parametrize("words", [("data",), ("train",), ("evaluate", "model")])
def test_bad_files_are_listed_in_the_words_of_the_command(striate, shapes_model, album, words):  # noqa: ARG001  # a folder
    """Each command lists all files, and names the option that leaves them out."""
    words = [shapes_model if word == "model" else word for word in words]

    result = striate(*words, "album")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Cannot read 2 of the 163 pictures in album:\n"
        "  train/square/empty.jpg: the file is empty\n"
        "  test/square/page.png: it is a web page, perhaps the error message of a download\n"
        "Copy or convert them again, or remove them. Add --skip-bad to leave them out.\n"
    )


def test_the_scan_of_a_folder(striate, album):  # noqa: ARG001  # a folder
    """`striate data` shows notes about bad files and copies; `--json` lists all of them."""
    text = striate("data", "album", "--skip-bad")
    found = json.loads(striate("data", "album", "--skip-bad", "--json").stdout)

    assert (
        "note: 2 pictures that can't be read were skipped: train/square/empty.jpg (" in text.stdout
    )
    assert "note: 1 test picture is nearly the same as a picture in another part: " in text.stdout
    assert [one["file"] for one in found["scan"]["skipped"]] == [
        "album/train/square/empty.jpg",
        "album/test/square/page.png",
    ]
    ((copy, original),) = found["scan"]["test_copies"]
    assert copy == "album/test/square/copy.png"
    assert original.startswith("album/train/square/")


def test_wrong_predictions_are_listed_by_file(striate, shapes_model, album):
    """The mislabeled pictures are those that a good network predicts wrong: in text and JSON."""
    words = ("evaluate", shapes_model, "album", "--skip-bad")
    text, as_json = striate(*words), striate(*words, "--json")

    wrong = json.loads(as_json.stdout)["wrong"]
    bad = {
        str(path.relative_to(album.parent))
        for k in range(4)
        for path in album.glob(f"test/*/{k:03}.png")
    }
    assert {one["file"] for one in wrong} >= bad
    lowest = [one["label_score"] for one in wrong]
    assert lowest == sorted(lowest)
    lines = text.stdout[text.stdout.index("Wrong predictions:") :].splitlines()
    assert lines[0] == (
        f"Wrong predictions: {len(wrong)} of 41 images, the lowest probability of the true class "
        "first"
    )
    assert lines[1].split() == ["file", "true", "class", "probability", "predicted", "probability"]
    for line, one in zip(lines[2:], wrong, strict=True):
        file, label, _, predicted, _ = line.split()
        assert [file, label, predicted] == [one["file"], one["label"], one["predicted"]]
    captions = text.stdout[text.stdout.index("hardest for the network") :]
    assert Path(wrong[0]["file"]).name in captions


def test_other_data_have_no_files(striate, shapes_model):
    """Of data that isn't in files, there is no such list."""
    result = striate("evaluate", shapes_model, "shapes", "--json")

    document = json.loads(result.stdout)
    assert "wrong" not in document
    assert "scan" not in document["data"]


def test_training_skips_bad_files_and_draws_contact_sheets(striate, album):  # noqa: ARG001  # a folder
    """`train --skip-bad` lists wrong predictions, and draws each class."""
    result = striate(
        "train", "album", "--skip-bad", "--net", NET, "--epochs", 2, "--pictures", "plots", "--json"
    )

    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert len(document["data"]["scan"]["skipped"]) == 2
    assert all(one["file"].startswith("album/test/") for one in document["test"]["wrong"])
    sheets = [Path("plots/classes/00-diamond.png"), Path("plots/classes/01-square.png")]
    assert {str(path) for path in sheets} <= set(document["pictures"])
    for path in sheets:
        with Image.open(path) as sheet:
            assert np.asarray(sheet.convert("L")).std() > 10


def test_wrong_predictions_of_cross_validation(striate, album):
    """Without a test set, the networks that weren't trained on a picture predict it."""
    for path in album.rglob("empty.jpg"):
        path.unlink()

    result = striate("train", "album/train", "--net", NET, "--epochs", 1, "--no-pictures", "--json")

    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)["test"]
    assert document["images"] == 120
    counts = np.array(document["confusion"])
    assert len(document["wrong"]) == counts.sum() - np.trace(counts)
    assert all(Path(one["file"]).is_file() for one in document["wrong"])
    assert all(Path(one["file"]).parent.name == one["label"] for one in document["wrong"])


def test_evaluate_draws_on_request(striate, shapes_model, album):  # noqa: ARG001  # a folder
    """`evaluate --pictures` draws into a folder, and doesn't replace pictures unasked."""
    words = ("evaluate", shapes_model, "album", "--skip-bad", "--pictures", "plots")
    with warnings.catch_warnings():
        first, again = striate(*words), striate(*words)
        replaced = striate(*words, "--overwrite")

    assert first.exit_code == replaced.exit_code == 0
    assert "drew  plots/mistakes.png\n" in first.stdout
    assert "drew  plots/classes/ (2 contact sheets: the pictures of each class)\n" in first.stdout
    assert again.exit_code == 1
    assert again.stderr.startswith("Error: --pictures plots already has confusion.png, ")
