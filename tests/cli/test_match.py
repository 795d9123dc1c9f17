"""The command `striate match`."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from cli.test_terminal import on_terminal, without_escapes
from striate.data.crowd import draw_crowd


@pytest.fixture
def pictures(tmp_path):
    """Save a random scene, two templates from it, and the templates' mask."""
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (60, 90, 3), np.uint8)
    Image.fromarray(scene).save(tmp_path / "scene.png")
    Image.fromarray(scene[10:30, 40:70]).save(tmp_path / "first.png")
    Image.fromarray(scene[35:47, 5:25]).save(tmp_path / "second.png")
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, 5:20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return scene


def test_the_best_match_is_printed(striate, pictures):  # noqa: ARG001  # files
    """A line with position, size and score."""
    result = striate("match", "first.png", "scene.png")

    assert (result.exit_code, result.stderr) == (0, "")
    heading, line = (line.split() for line in result.stdout.splitlines())
    assert heading == ["row", "column", "size", "score"]
    assert float(line[0]) == pytest.approx(10, abs=0.1)
    assert float(line[1]) == pytest.approx(40, abs=0.1)
    assert line[2:] == ["20", "x", "30", "1.0000"]


def test_several_templates_and_scales(striate, pictures):  # noqa: ARG001  # files
    """One line for each template, with what differs between them."""
    result = striate("match", "first.png", "second.png", "scene.png", "--scales", "1,1.5", "--json")

    found = json.loads(result.stdout)
    assert found["size"] == "60 x 90 x 3"
    assert found["method"] == "normalized-correlation"
    matches = [(m["template"], round(m["row"]), round(m["column"])) for m in found["matches"]]
    assert matches == [("first.png", 10, 40), ("second.png", 35, 5)]
    assert [m["scale"] for m in found["matches"]] == [1, 1]
    assert [m["score"] for m in found["matches"]] == pytest.approx([1, 1])


def test_csv(striate, pictures):  # noqa: ARG001  # files
    """`--csv` prints the same as `--json`, as a table that programs read."""
    words = ("match", "first.png", "scene.png", "--count", "3")

    rows = list(csv.DictReader(io.StringIO(striate(*words, "--csv").stdout)))

    matches = json.loads(striate(*words, "--json").stdout)["matches"]
    assert rows == [{name: str(value) for name, value in m.items()} for m in matches]
    assert len(rows) == 3


def test_ranges(striate, pictures):  # noqa: ARG001  # files
    """A range of scales includes its end, and a rotation may be negative."""
    result = striate(
        *("match", "second.png", "scene.png", "--json", "--threshold", "-1", "--overlap", "0.99"),
        *("--scales", "0.9:1.1:0.1", "--rotations=-10:10:10", "--count", "5000"),
    )

    matches = json.loads(result.stdout)["matches"]
    assert {m["scale"] for m in matches} == {0.9, 1, 1.1}
    assert {m["rotation"] for m in matches} == {-10, 0, 10}


def test_masks(striate, pictures, tmp_path):
    """A mask picture, or the transparency of the template, tells which pixels count."""
    template = pictures[10:30, 40:70].copy()
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    template[mask == 0] = 255 - template[mask == 0]
    Image.fromarray(template).save(tmp_path / "spoiled.png")
    clear = np.dstack([template, mask])
    Image.fromarray(clear).save(tmp_path / "clear.png")

    for words in (("spoiled.png", "scene.png", "--mask", "mask.png"), ("clear.png", "scene.png")):
        [match] = json.loads(striate("match", *words, "--json").stdout)["matches"]
        assert match["score"] == pytest.approx(1)
        assert (round(match["row"]), round(match["column"])) == (10, 40)
    [match] = json.loads(striate("match", "spoiled.png", "scene.png", "--json").stdout)["matches"]
    assert match["score"] < 0.9


def test_gray_and_color_meet(striate, pictures, tmp_path):  # noqa: ARG001  # files
    """A gray template in a color scene is compared in color, or both in gray with --gray."""
    Image.open(tmp_path / "first.png").convert("L").save(tmp_path / "gray.png")

    in_gray = striate("match", "gray.png", "scene.png", "--gray", "--json")
    in_color = striate("match", "gray.png", "scene.png", "--json")

    assert json.loads(in_gray.stdout)["size"] == "60 x 90 x 1"
    assert json.loads(in_gray.stdout)["matches"][0]["score"] == pytest.approx(1)
    assert json.loads(in_color.stdout)["size"] == "60 x 90 x 3"


def test_nothing_reaches_the_threshold(striate, pictures, tmp_path):  # noqa: ARG001  # files
    """The best score is named, so that the threshold can be changed."""
    noise = np.random.default_rng(9).integers(0, 256, (9, 9, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")

    result = striate("match", "noise.png", "scene.png", "--threshold", "0.9")
    as_json = striate("match", "noise.png", "scene.png", "--threshold", "0.9", "--json")

    assert result.exit_code == 0
    assert result.stdout.startswith("No match reaches the threshold 0.9. The best score is 0.")
    assert json.loads(as_json.stdout)["matches"] == []


def test_the_output_shows_scene_and_scores(striate, pictures, tmp_path):
    """The scene with its boxes, then the score map; an existing file is kept unless asked."""
    words = ("match", "first.png", "second.png", "scene.png", "--output", "found.png")

    first, second = striate(*words), striate(*words)
    third = striate(*words, "--overwrite")

    assert (first.exit_code, first.stderr) == (0, "Saved found.png.\n")
    drawn = np.asarray(Image.open(tmp_path / "found.png"))
    assert drawn.shape == (60 + 12 + 60, 90, 3)
    assert (drawn[:60] != pictures).any()
    assert (drawn[50:60, 40:] == pictures[50:, 40:]).all()
    assert (second.exit_code, second.stderr) == (
        1,
        "Error: found.png already exists. Use --overwrite to replace it.\n",
    )
    assert third.exit_code == 0


ERRORS = {
    "swapped": ["scene.png", "first.png"],
    "larger": ["first.png", "second.png"],
    "larger at every scale": ["first.png", "scene.png", "--scales", "4,5"],
    "missing": ["nothing.png", "scene.png"],
    "a folder": [".", "scene.png"],
    "too few masks": ["first.png", "second.png", "scene.png", "--mask", "mask.png"],
    "mask of another size": ["second.png", "scene.png", "--mask", "mask.png"],
    "both formats": ["first.png", "scene.png", "--csv", "--json"],
    "not a picture's name": ["first.png", "scene.png", "--output", "found.txt"],
    "no scene": ["first.png"],
    "no number": ["first.png", "scene.png", "--scales", "large"],
    "a range without a step": ["first.png", "scene.png", "--scales", "1:2"],
    "a range that never ends": ["first.png", "scene.png", "--rotations", "0:360:0.001"],
    "an unknown method": ["first.png", "scene.png", "--method", "ncc"],
    "a template of one color": ["mask.png", "scene.png", "--mask", "mask.png"],
    "a method for one size": [
        *("first.png", "scene.png", "--method", "cross-correlation", "--scales", "0.9,1"),
    ],
}


def test_errors_word_for_word(striate, pictures, golden):  # noqa: ARG001  # files
    """Every mistake is told in the words of the command."""
    lines = []
    for name, words in ERRORS.items():
        result = striate("match", *words)
        assert (result.stdout, result.exit_code > 0) == ("", True)
        lines.append(f"{name}\n  {result.stderr.strip().splitlines()[-1]}")

    golden("cli/match-errors", "\n".join(lines))


@pytest.mark.parametrize("columns", [60, 80])
def test_the_table_fits_the_terminal(tmp_path, golden, columns):
    """At 80 and at 60 columns: the least important columns are left out, and named."""
    crowd = draw_crowd(2, size=(240, 300))
    Image.fromarray(crowd.scene).save(tmp_path / "crowd.png")
    name = "the-figure-with-the-bobble-hat.png"
    clear = np.dstack([crowd.template, np.rint(255 * crowd.mask).astype(np.uint8)])
    Image.fromarray(clear).save(tmp_path / name)
    Image.fromarray(clear[:60]).save(tmp_path / "head.png")
    words = ["match", name, "head.png", "crowd.png", "--scales", "0.9,1", "--rotations", "-5,0,5"]

    written = on_terminal([*words, "--count", "5"], tmp_path, columns=columns, NO_COLOR="1")

    lines = [line.rstrip() for line in without_escapes(written).splitlines()]
    assert max(map(len, lines)) <= columns
    golden(f"cli/match-{columns}", "\n".join(lines).rstrip())


@pytest.mark.parametrize("seed", range(3))
def test_the_hidden_figure_is_found(striate, tmp_path, seed):
    """In a small crowd: scale within 10%, rotation within 10 degrees, noise, partly covered."""
    crowd = draw_crowd(seed, size=(400, 600))
    Image.fromarray(crowd.scene).save(tmp_path / "crowd.png")
    clear = np.dstack([crowd.template, np.rint(255 * crowd.mask).astype(np.uint8)])
    Image.fromarray(clear).save(tmp_path / "waldo.png")

    result = striate(
        *("match", "waldo.png", "crowd.png", "--json", "--scales", "0.9:1.1:0.05"),
        *("--rotations=-10:10:5", "--output", "found.png"),
    )

    [match] = json.loads(result.stdout)["matches"]
    row, column = (
        match["row"] + (match["height"] - 1) / 2,
        match["column"] + (match["width"] - 1) / 2,
    )
    assert np.hypot(row - crowd.row, column - crowd.column) < 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_the_hidden_figure_is_found_in_large_crowds(striate, tmp_path, seed):
    """20 of 20 scenes of 2000 x 3000 pixels with about 6,700 figures."""
    crowd = draw_crowd(seed)
    Image.fromarray(crowd.scene).save(tmp_path / "crowd.png", compress_level=1)
    clear = np.dstack([crowd.template, np.rint(255 * crowd.mask).astype(np.uint8)])
    Image.fromarray(clear).save(tmp_path / "waldo.png")

    result = striate(
        *("match", "waldo.png", "crowd.png", "--json", "--scales", "0.9:1.1:0.05"),
        "--rotations=-10:10:5",
    )

    [match] = json.loads(result.stdout)["matches"]
    row, column = (
        match["row"] + (match["height"] - 1) / 2,
        match["column"] + (match["width"] - 1) / 2,
    )
    assert np.hypot(row - crowd.row, column - crowd.column) < 5
