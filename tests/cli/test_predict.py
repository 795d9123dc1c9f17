"""The command `striate predict`."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from striate import Conv, Dense, Flatten, Network
from striate.data import open_dataset


@pytest.fixture
def square(tmp_path):
    """Give a picture of a white square on black, the first of the test part."""
    data = open_dataset("shapes")
    image = data.x_test[np.flatnonzero(data.y_test == 0)[0], ..., 0]
    Image.fromarray(image).save(tmp_path / "square.png")
    return image


def test_answers_are_printed_best_first(striate, shapes_model, square):  # noqa: ARG001  # a file
    """Each picture has a line: its name, then the classes with their probabilities."""
    result = striate("predict", shapes_model, "square.png")

    share = r"\((\d+\.\d\d) %\)"
    match = re.fullmatch(
        rf"square\.png: square {share}(?:, then diamond {share})?\n", result.stdout
    )
    assert match
    assert float(match[1]) > 90
    assert result.stderr == ""


def test_json(striate, shapes_model, square):  # noqa: ARG001  # a file
    """`--json` gives for each file the classes with their probabilities, which add up to 1."""
    result = striate("predict", shapes_model, "square.png", "square.png", "--json")

    found = json.loads(result.stdout)
    assert [one["file"] for one in found["pictures"]] == ["square.png"] * 2
    best, other = found["pictures"][0]["predictions"]
    assert best["class"] == "square"
    # Two float32 probabilities, each rounded by at most 6e-8.
    assert best["score"] + other["score"] == pytest.approx(1, abs=2e-7)


def test_pictures_are_read_as_data_are(striate, shapes_model, square):
    """Color, turned on its side by EXIF, as JPEG or inverted: the answer is the same."""
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
    """A picture with a light edge brings a hint on standard error; with --invert there is none."""
    Image.fromarray(255 - square).save("paper.png")

    hinted = striate("predict", shapes_model, "paper.png")
    inverted = striate("predict", shapes_model, "paper.png", "--invert")

    assert hinted.stderr == (
        "hint: dark on light: paper.png. If the network was trained on light on dark, as in MNIST, "
        "add --invert.\n"
    )
    assert inverted.stderr == ""


def test_margin_stays_black_when_inverted(striate, tmp_path):
    """A picture is inverted before black is put beside it to make it square."""
    net = Network([Flatten(), Dense(1)], input_shape=(4, 4, 1))
    net.parameters["dense1.weight"][:] = 1
    net.save(tmp_path / "sum.safetensors")
    Image.fromarray(np.full((2, 4), 255, np.uint8)).save(tmp_path / "white.png")

    result = striate("predict", "sum.safetensors", "white.png", "--invert", "--json")

    assert json.loads(result.stdout)["pictures"][0]["predictions"][0]["score"] == 0


def test_networks_with_channels_first(striate, tmp_path):
    """A network that takes channels first is given them first."""
    net = Network(
        [Flatten(), Dense(2, activation="softmax")], input_shape=(3, 5, 5), channels="first"
    )
    net.save(tmp_path / "net.safetensors")
    Image.fromarray(np.zeros((5, 5, 3), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "net.safetensors", "black.png")

    assert result.exit_code == 0


def test_broken_picture_is_named(striate, shapes_model, tmp_path):
    """A file that is no picture is an error that names it, and nothing is printed before."""
    (tmp_path / "broken.png").write_bytes(b"not a picture")

    result = striate("predict", shapes_model, "broken.png")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: broken.png could not be read as a picture: ")


def test_network_that_gives_images_is_refused(striate, tmp_path):
    """A network whose outputs are images is an error that names the way to use it."""
    Network([Conv(2, 3)], input_shape=(5, 5, 1)).save(tmp_path / "net.safetensors")
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "black.png")

    result = striate("predict", "net.safetensors", "black.png")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The network gives an output of shape (3, 3, 2) for each image. This command is "
        "for networks that give one number for each class. Call the network from Python: "
        "st.load(...).predict(x).\n"
    )
