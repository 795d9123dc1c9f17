"""The command on tables of numbers and classes, masks, and tables of signals."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from striate import load

rng = np.random.default_rng(0)


@pytest.fixture
def prices(tmp_path):
    """Write 40 gray pictures and a table with numbers that follow from their brightness."""
    (tmp_path / "houses").mkdir()
    lines = ["file,price,area"]
    for k in range(40):
        level = 40 + 5 * k
        pixels = np.clip(level + rng.normal(0, 5, (12, 12)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "houses" / f"{k}.png")
        lines.append(f"{k}.png,{1000 * level},{level / 10}")
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n")
    return "prices.csv"


@pytest.fixture
def cells(tmp_path):
    """Write 16 pictures of a light square on dark ground, of different sizes, and their masks."""
    for part in ("images", "masks"):
        (tmp_path / "cells" / part).mkdir(parents=True)
    for k in range(16):
        rows, columns = rng.integers(40, 60, 2)
        mask = np.zeros((rows, columns), np.uint8)
        top, left = rng.integers(4, 15, 2)
        mask[top : top + 20, left : left + 20] = 255
        noise = rng.normal(0, 10, mask.shape)
        image = np.clip(40 + mask * 0.6 + noise, 0, 255).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / "cells" / "images" / f"{k}.png")
        Image.fromarray(mask).save(tmp_path / "cells" / "masks" / f"{k}.png")
    return "cells"


def test_numbers_from_training_to_prediction(striate, prices, tmp_path):
    """Errors are in the units of the table, next to those of the mean; the names are kept."""
    trained = striate("train", prices, "--epochs", 60, "--no-pictures", "--output", "net", "--json")
    assert trained.exit_code == 0, trained.stderr
    test = json.loads(trained.stdout)["test"]
    price, area = test["columns"]
    assert (price["name"], area["name"]) == ("price", "area")
    for one in (price, area):  # of very different sizes
        assert one["mae"] < 0.5 * one["mae_of_mean"]
    assert load(tmp_path / "net").target_names == ("price", "area")

    evaluated = striate("evaluate", "net", prices)
    predicted = striate("predict", "net", "houses/0.png")
    written = striate("predict", "net", "houses", "--csv", "out.csv")

    assert evaluated.exit_code == predicted.exit_code == written.exit_code == 0
    assert "test errors (8 images), in the units of the data" in evaluated.stdout
    assert "houses/" in evaluated.stdout.partition("furthest off:")[2]
    assert predicted.stdout.startswith("houses/0.png: price ")
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert set(rows[0]) == {"file", "price", "area"}


def test_a_column_can_be_chosen(striate, prices):
    """The names of the predicted numbers are stored, so evaluation reads the same column."""
    options = ("--epochs", 30, "--no-pictures", "--output", "net")
    trained = striate("train", prices, "--target", "area", "--images", "houses", *options)
    evaluated = striate("evaluate", "net", prices)

    assert trained.exit_code == 0, trained.stderr
    assert "regression targets (area)" in trained.stdout
    assert "price" not in evaluated.stdout
    assert "area" in evaluated.stdout


def test_a_column_of_words_is_a_classification(striate, prices, tmp_path):
    """As from a folder for each class."""
    lines = (tmp_path / prices).read_text().splitlines()
    kinds = [f"{line},{'dark' if k < 20 else 'light'}" for k, line in enumerate(lines[1:])]
    (tmp_path / "kinds.csv").write_text("\n".join([f"{lines[0]},kind", *kinds]))

    unclear = striate("train", "kinds.csv")
    trained = striate(
        "train", "kinds.csv", "--target", "kind", "--epochs", 30, "--no-pictures", "--output", "net"
    )

    assert unclear.exit_code == 1
    assert "Choose with --target price." in unclear.stderr
    assert trained.exit_code == 0, trained.stderr
    assert load(tmp_path / "net").classes == ("dark", "light")


def test_tables_are_described(striate, prices):
    """With the range of the numbers, and the command that trains."""
    result = striate("data", prices, "--target", "area")

    assert result.exit_code == 0
    assert "to predict" in result.stdout
    assert "area" in result.stdout
    assert "price" not in result.stdout.replace("prices.csv", "")
    assert result.stdout.endswith("striate train prices.csv --target area\n")


def test_bad_lines_are_listed_or_skipped(striate, prices, tmp_path):
    """In the words of the command."""
    with (tmp_path / prices).open("a") as file:
        file.write("gone.png,1,2\n1.png,x,2\n")

    listed = striate("data", prices)
    skipped = striate("data", prices, "--skip-bad")

    assert listed.exit_code == 1
    assert listed.stderr == (
        "Error: prices.csv has 2 problems:\n"
        "  line 42: gone.png does not exist in houses\n"
        "  line 43: price is 'x'; expected a number\n"
        "Correct these lines. Add --skip-bad to leave them out.\n"
    )
    assert skipped.exit_code == 0
    assert "2 lines with problems were left out" in skipped.stdout


def test_masks_from_training_to_prediction(striate, cells, tmp_path):
    """The IoU of each class, a picture, and masks of the pictures' size with the same values."""
    trained = striate("train", cells, "--epochs", 30, "--size", 32, "--output", "net")
    assert trained.exit_code == 0, trained.stderr
    assert "masks of 2 classes (0, 255)" in trained.stdout
    assert "test mean IoU " in trained.stdout
    assert [path.name for path in tmp_path.rglob("masks.png")] == ["masks.png"]

    evaluated = json.loads(striate("evaluate", "net", cells, "--json").stdout)
    written = striate("predict", "net", "cells/images", "--masks", "out")

    assert [one["name"] for one in evaluated["classes"]] == ["0", "255"]
    assert evaluated["mean_iou"] > 0.8
    assert written.exit_code == 0, written.stderr
    for k in range(16):
        mask = np.asarray(Image.open(tmp_path / f"cells/masks/{k}.png"))
        predicted = np.asarray(Image.open(tmp_path / f"out/{k}.png"))
        assert predicted.shape == mask.shape
        assert set(np.unique(predicted)) <= {0, 255}
        assert np.mean(predicted == mask) > 0.9


def test_masks_need_a_folder_and_a_network_for_masks(striate, cells, shapes_model, golden):
    """And sizes that the network can take."""
    assert (
        striate(
            "train", cells, "--epochs", 1, "--size", 32, "--no-pictures", "--output", "net"
        ).exit_code
        == 0
    )
    striate("predict", "net", "cells/images/0.png", "--masks", "out")
    commands = {
        "no folder": ("predict", "net", "cells/images/0.png"),
        "no masks": ("predict", shapes_model, "cells/images/0.png", "--masks", "out"),
        "both": ("predict", "net", "cells/images/0.png", "--masks", "out", "--csv", "a.csv"),
        "exists": ("predict", "net", "cells/images/0.png", "--masks", "out"),
        "crop": ("predict", "net", "cells/images/1.png", "--masks", "out", "--resize", "crop"),
        "size": ("train", cells, "--size", "30x32"),
    }
    texts = []
    for name, words in commands.items():
        result = striate(*words)
        assert result.exit_code == 1, result.output
        texts.append(f"{name}\n{result.stderr.replace(str(shapes_model), 'MODEL')}")

    golden("cli/masks-errors", "\n".join(texts))


def test_masks_are_described(striate, cells):
    """With the number of pixels of each class."""
    result = striate("data", cells)

    assert result.exit_code == 0
    assert "pixels of class" in result.stdout
    captions = re.findall(r"\b[12] class(?:es)?\b", result.stdout)
    assert len(captions) == 3  # more pictures would push the table off the screen


def test_a_table_of_signals(striate, tmp_path):
    """The default recipe finds in which half a signal is large."""
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 40))
    x[y == 0, :20] += 1.5
    x[y == 1, 20:] += 1.5
    rows = [
        ",".join([str(label), *map(str, row.round(3))]) for label, row in zip(y, x, strict=True)
    ]
    (tmp_path / "signals.csv").write_text("\n".join(rows))

    result = striate("train", "signals.csv", "--epochs", 20, "--no-pictures", "--json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["test"]["accuracy"] >= 0.9
