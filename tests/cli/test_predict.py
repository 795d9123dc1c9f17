"""The command `striate predict`."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import Conv, Dense, Flatten, Input, Network, load
from striate.data import open_dataset


@pytest.fixture
def square(tmp_path):
    """Draw a white square on black, the first image of the test set."""
    data = open_dataset("shapes")
    image = data.x_test[np.flatnonzero(data.y_test == 0)[0], ..., 0]
    Image.fromarray(image).save(tmp_path / "square.png")
    return image


def test_predictions_are_printed_best_first(striate, shapes_model, square):  # noqa: ARG001  # a file
    """Each picture has a line: its name, then the classes with their probabilities."""
    result = striate("predict", shapes_model, "square.png")

    share = r"\((\d+\.\d\d)%\)"
    match = re.fullmatch(
        rf"square\.png: square {share}(?:, then diamond {share})?\n", result.stdout
    )
    assert match
    assert float(match[1]) > 90
    assert result.stderr == ""


def test_json(striate, shapes_model, square):  # noqa: ARG001  # a file
    """`--json` has the classes of each file with their probabilities, which add up to 1."""
    result = striate("predict", shapes_model, "square.png", "square.png", "--json")

    found = json.loads(result.stdout)
    assert [one["file"] for one in found["pictures"]] == ["square.png"] * 2
    best, other = found["pictures"][0]["predictions"]
    assert best["class"] == "square"
    # Two float32 probabilities, each rounded by at most 6e-8.
    assert best["score"] + other["score"] == pytest.approx(1, abs=2e-7)


def test_pictures_are_read_as_data_are(striate, shapes_model, square):
    """In color, rotated by EXIF, as JPEG or inverted: the prediction is the same."""
    wide = np.repeat(np.repeat(square, 4, axis=0), 4, axis=1)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown a quarter turn clockwise
    turned = Image.fromarray(np.rot90(wide)).convert("RGB")
    turned.save("turned.jpg", exif=exif, quality=95)
    Image.fromarray(255 - wide).save("paper.png")

    plain = striate("predict", shapes_model, "turned.jpg", "--json")
    inverted = striate("predict", shapes_model, "paper.png", "--invert", "--json")

    for result in (plain, inverted):
        assert json.loads(result.stdout)["pictures"][0]["predictions"][0]["class"] == "square"


def test_dark_on_light_is_hinted_at(striate, shapes_model, square):
    """A picture with a light edge causes a hint on standard error, but not with --invert."""
    Image.fromarray(255 - square).save("paper.png")

    hinted = striate("predict", shapes_model, "paper.png")
    inverted = striate("predict", shapes_model, "paper.png", "--invert")

    assert hinted.stderr == (
        "hint: dark on light: paper.png. If the network was trained on light on dark, as in MNIST, "
        "add --invert.\n"
    )
    assert inverted.stderr == ""


def test_margin_stays_black_when_inverted(striate, tmp_path):
    """A picture is inverted before it is padded with black."""
    net = Network([Flatten(), Dense(1)], input_shape=(4, 4, 1))
    net.parameters["dense1.weight"][:] = 1
    net.save(tmp_path / "sum.safetensors")
    Image.fromarray(np.full((2, 4), 255, np.uint8)).save(tmp_path / "white.png")

    result = striate("predict", "sum.safetensors", "white.png", "--invert", "--json")

    assert json.loads(result.stdout)["pictures"][0]["outputs"] == [0]


def test_networks_with_channels_first(striate, tmp_path):
    """A network with channels first gets them first."""
    net = Network(
        [Flatten(), Dense(2, activation="softmax")], input_shape=(3, 5, 5), channels="first"
    )
    net.save(tmp_path / "net.safetensors")
    Image.fromarray(np.zeros((5, 5, 3), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "net.safetensors", "black.png")

    assert result.exit_code == 0


def test_broken_picture_is_named(striate, shapes_model, tmp_path):
    """A file that isn't a picture is an error that names it."""
    (tmp_path / "broken.png").write_bytes(b"not a picture")

    result = striate("predict", shapes_model, "broken.png")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: Cannot read broken.png as a picture: ")


def test_what_can_be_read_is_predicted(striate, shapes_model, square, tmp_path):  # noqa: ARG001  # a file
    """Pictures that can't be read don't stop the others; errors come last, exit code 1."""
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    (tmp_path / "folder").mkdir()
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "1.heic").touch()
    words = ("predict", shapes_model, "missing.png", "square.png", "folder", "broken.png", "phone")

    text, as_json = striate(*words), striate(*words, "--json")

    assert (text.exit_code, as_json.exit_code) == (1, 1)
    assert text.stdout.startswith("square.png: square (")
    assert text.stdout.count("\n") == 1
    missing, folder, broken, phone = text.stderr.splitlines()
    assert missing == "Error: missing.png does not exist. Check the path."
    assert folder == (
        "Error: folder has no pictures; expected files such as 1.png, in the folder or in its "
        "subfolders. Check the path."
    )
    assert broken.startswith("Error: Cannot read broken.png as a picture")
    assert phone == (
        "Error: phone has no pictures, only 1 .heic; expected files such as 1.png, in the folder "
        "or in its subfolders. Install the plug-in that reads them with pip install pillow-heif."
    )
    found = json.loads(as_json.stdout)
    assert [one["file"] for one in found["pictures"]] == ["square.png"]
    assert [one["file"] for one in found["failed"]] == [
        "missing.png",
        "folder",
        "broken.png",
        "phone",
    ]


@pytest.fixture
def album(tmp_path):
    """Write a folder of 300 pictures, more than a batch, in subfolders, and bad files."""
    data = open_dataset("shapes")
    for k, image in enumerate(data.x_test[:300, ..., 0]):
        path = tmp_path / "album" / f"{k % 3}" / f"{k:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (tmp_path / "album" / "0" / "notes.txt").write_text("no picture")
    (tmp_path / "album" / "0" / ".hidden.png").write_bytes(b"")
    return tmp_path / "album"


def test_a_folder_becomes_a_table(striate, shapes_model, album):
    """`--csv` has a line for each picture: file, class, probability, and that of each class."""
    result = striate("predict", shapes_model, "album", "--csv", "out.csv")

    assert (result.exit_code, result.stderr) == (0, "")
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "class", "probability", "p_square", "p_diamond"]
    assert [row["file"] for row in rows] == sorted(
        str(path.relative_to(album.parent)) for path in album.rglob("[0-9]*.png")
    )
    squares = sum(row["class"] == "square" for row in rows)
    assert result.stdout.startswith("Wrote out.csv: 300 pictures (")
    assert f"square {squares}" in result.stdout
    net = load(shapes_model)
    for row in rows[::50]:
        x = np.asarray(Image.open(row["file"]))[np.newaxis, ..., np.newaxis]
        expected = net.predict(x)[0]
        found = [float(row["p_square"]), float(row["p_diamond"])]
        assert found == pytest.approx(expected, rel=1e-5)  # another batch, another order of sums
        assert float(row["probability"]) == max(found)
        assert row["class"] == net.classes[int(np.argmax(found))]


def test_a_bad_file_costs_no_other_its_line(striate, shapes_model, album):
    """The table has all pictures that can be read; the others are errors, exit code 1."""
    (album / "1" / "cut.jpg").write_bytes(b"")
    (album / "1" / "gone.png").symlink_to("nowhere.png")

    result = striate("predict", shapes_model, "album", "--csv", "out.csv")

    assert result.exit_code == 1
    assert Path("out.csv").read_text().count("\n") == 301
    cut, gone = result.stderr.splitlines()
    assert cut.startswith("Error: Cannot read album/1/cut.jpg as a picture: the file is empty.")
    assert "album/1/gone.png as a picture: it is a link to a file that doesn't exist." in gone


def test_pictures_that_need_a_plug_in_are_noted(striate, shapes_model, album):
    """A folder of a phone: HEIC files next to others are skipped with a note, not silently."""
    (album / "1" / "IMG_0042.HEIC").write_bytes(b"x")
    (album / "1" / "IMG_0043.heic").write_bytes(b"x")
    (album / "2" / "shot.cr2").write_bytes(b"x")

    result = striate("predict", shapes_model, "album", "--csv", "out.csv", "--json")

    assert result.exit_code == 0
    note = (
        "3 pictures were skipped: 2 .heic, 1 .cr2. Pictures like these need a plug-in: pip install "
        "pillow-heif. Export raw pictures of a camera as JPEG or TIFF first."
    )
    assert result.stderr == f"note: {note}\n"
    assert json.loads(result.stdout)["notes"] == [note]


def test_a_table_without_lines_is_not_written(striate, shapes_model, square):  # noqa: ARG001  # a file
    """After a wrong path, the right one needs no `--overwrite`."""
    wrong = striate("predict", shapes_model, "squarre.png", "--csv", "out.csv")

    assert wrong.exit_code == 1
    assert wrong.stdout == ""
    assert wrong.stderr == (
        "Error: squarre.png does not exist. Check the path.\n"
        "note: no picture was predicted, so out.csv was not written.\n"
    )
    assert not Path("out.csv").exists()
    right = striate("predict", shapes_model, "square.png", "--csv", "out.csv")
    assert right.exit_code == 0


def test_the_model_comes_first(striate, shapes_model, square):  # noqa: ARG001  # a file
    """Swapped arguments are an error that shows the order."""
    result = striate("predict", "square.png", shapes_model)

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: square.png is a picture; expected a model that striate saved as the first "
        "argument, and the pictures after it. Use striate predict MODEL square.png.\n"
    )


def test_a_table_is_not_replaced_unasked(striate, shapes_model, square):  # noqa: ARG001  # a file
    """An existing file stays, unless `--overwrite` is given."""
    Path("out.csv").write_text("precious")

    refused = striate("predict", shapes_model, "square.png", "--csv", "out.csv")

    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: --csv out.csv already exists. Use --overwrite to replace it, or another name.\n"
    )
    assert Path("out.csv").read_text() == "precious"
    result = striate("predict", shapes_model, "square.png", "--csv", "out.csv", "--overwrite")
    assert result.exit_code == 0
    assert Path("out.csv").read_text().startswith("file,class,")


def test_a_table_of_numbers(striate, tmp_path):
    """Of a regression, the table has the numbers under their names."""
    net = Network([Flatten(), Dense(2)], input_shape=(2, 2, 1))
    net.parameters["dense1.weight"][:] = [[1.0] * 4, [0.5] * 4]
    net.target_names = ("sum", "half")
    net.save(tmp_path / "net.safetensors")
    Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / "white.png")

    result = striate("predict", "net.safetensors", "white.png", "--csv", "out.csv")

    assert Path("out.csv").read_text() == "file,sum,half\nwhite.png,4.0,2.0\n"
    assert result.stdout == "Wrote out.csv: 1 picture.\n"


def test_pictures_of_8_and_16_bits(striate, shapes_model, square):
    """Pictures of both depths can be predicted at once, each on its own scale, in their order."""
    Image.fromarray(square.astype(np.uint16) * 257).save("deep.png")

    result = striate("predict", shapes_model, "square.png", "deep.png", "square.png", "--json")

    found = json.loads(result.stdout)["pictures"]
    assert [one["file"] for one in found] == ["square.png", "deep.png", "square.png"]
    shallow, deep = (found[k]["predictions"][0] for k in (0, 1))
    assert shallow["class"] == deep["class"] == "square"
    # The same image after scaling, up to the rounding of 257 * x / 65535 to float32.
    assert deep["score"] == pytest.approx(shallow["score"], rel=1e-5)


def test_the_hint_is_for_scans_of_any_shape(striate, shapes_model, tmp_path):
    """The black that pads a tall or wide scan doesn't count as its edge."""
    for name, shape in (("tall.png", (60, 20)), ("wide.png", (20, 60))):
        Image.fromarray(np.full(shape, 230, np.uint8)).save(tmp_path / name)
    Image.fromarray(np.full((60, 20), 20, np.uint8)).save(tmp_path / "night.png")

    result = striate("predict", shapes_model, "tall.png", "wide.png", "night.png")

    assert "hint: dark on light: tall.png, wide.png. If" in result.stderr


@pytest.mark.parametrize("command", ["predict", "evaluate", "summary", "explain"])
def test_home_is_expanded(striate, shapes_model, square, command, tmp_path, monkeypatch):  # noqa: ARG001  # a file
    """`~` is the home folder in every path, also where the shell doesn't expand it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(shapes_model.read_bytes())
    rest = {
        "predict": ["~/square.png"],
        "evaluate": ["shapes"],
        "explain": ["--stage", "operations"],
    }.get(command, [])

    result = striate(command, "~/model.safetensors", *rest)

    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("words", "parameter"),
    [
        (("train", ""), "DATA"),
        (("train", "digits", "--output", ""), "--output"),
        (("predict", "", "square.png"), "MODEL"),
        (("summary", ""), "NETWORK"),
    ],
)
def test_an_empty_path_is_refused(striate, words, parameter):
    """It comes from an unset variable of the shell, and does not mean the current folder."""
    result = striate(*words)

    assert result.exit_code == 2
    assert result.stderr.endswith(
        f"Error: Invalid value for '{parameter}': The path is empty; expected the name of a file "
        "or a folder.\n"
    )


def test_an_empty_network_is_not_the_usual_one(striate):
    """Like an unknown name, it is an error."""
    result = striate("train", "digits", "--net", "")

    assert result.exit_code == 1
    assert result.stderr.startswith('Error: Unknown preset "". Choose from ')


def test_numbers_are_predicted(striate, tmp_path):
    """A network that isn't a classifier has outputs, not classes with scores."""
    net = Network.parse("dense 2", (2, 2, 1))
    net.parameters["dense1.weight"][:] = [[1, 1, 1, 1], [0, 0, 0, 0.1234567]]
    net.save(tmp_path / "sums.safetensors")
    Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / "white.png")

    result = striate("predict", "sums.safetensors", "white.png")

    assert result.stdout == "white.png: 4, 0.1235\n"


def test_log_probabilities_are_shown_as_probabilities(striate, tmp_path):
    """The outputs of a log-softmax layer are turned into probabilities."""
    net = Network.parse("dense 2 log-softmax", (2, 2, 1))
    net.parameters["dense1.weight"][:] = 0
    net.save(tmp_path / "log.safetensors")
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "log.safetensors", "black.png")

    assert result.stdout == "black.png: 0 (50.00%), then 1 (50.00%)\n"


def test_networks_with_several_outputs_are_refused(striate, tmp_path):
    """Two outputs are an error, not a crash."""
    image = Input((2, 2, 1))
    flat = Flatten()(image)
    net = Network(image, [Dense(2)(flat), Dense(3)(flat)])
    net.save(tmp_path / "two.safetensors")
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "two.safetensors", "black.png")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The outputs of this network have the shape (2,) and (3,), but the command needs "
        "one score for each class. Call the network from Python: st.load(...).predict(x).\n"
    )


def test_network_that_gives_images_is_refused(striate, tmp_path):
    """A network whose outputs are images is an error that shows how to use it."""
    Network([Conv(2, 3)], input_shape=(5, 5, 1)).save(tmp_path / "net.safetensors")
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "net.safetensors", "black.png")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The outputs of this network have the shape (3, 3, 2), but the command needs one "
        "score for each class. Call the network from Python: st.load(...).predict(x).\n"
    )
