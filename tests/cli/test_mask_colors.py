"""Colors of masks, and pictures with the colors of their masks over them."""

import json

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.cli.mask_colors import colors_of, save_overlay

LABELS = np.array([[0, 1], [2, 0]], np.uint8)
GRAY = np.array([[[100], [100]], [[200], [200]]], np.uint8)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ((), [[[100] * 3, [114, 50, 50]], [[100, 164, 100], [200] * 3]]),
        ((0, 128, 255), [[[100] * 3, [114, 50, 50]], [[100, 164, 100], [200] * 3]]),
        (
            ("#0000ff", "#ffffff", "#ff0000"),
            [[[50, 50, 178], [100] * 3], [[228, 100, 100], [100, 100, 228]]],
        ),
    ],
)
def test_an_overlay(tmp_path, classes, expected):
    """The background stays; other pixels are half picture, half color of the class."""
    save_overlay(tmp_path / "a.png", GRAY, LABELS, classes)

    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, expected)


def test_colors_of_names():
    """Names, and numbers of classes, have the colors of PASCAL VOC."""
    assert colors_of(("cell", "ground"), 2).tolist() == [[0, 0, 0], [128, 0, 0]]
    assert colors_of(("#00ff00", "#000000"), 2).tolist() == [[0, 255, 0], [0, 0, 0]]


@pytest.fixture
def network(tmp_path):
    """Save a network that finds bright pixels, and write a picture with a bright half."""
    net = st.Network.parse("conv 2@1x1 softmax", (4, 4, 1))
    net.parameters["conv1.weight"] = np.array([-20.0, 20.0]).reshape(2, 1, 1, 1)
    net.parameters["conv1.bias"] = np.array([10.0, -10.0])
    net.save(tmp_path / "net.safetensors")
    pixels = np.repeat(np.uint8([[20, 220]]), 4, axis=1).repeat(6, axis=0)
    Image.fromarray(pixels).save(tmp_path / "half.png")
    return "net.safetensors"


def test_overlays_of_the_command(striate, network, tmp_path):
    """Next to the masks, with the picture's size."""
    result = striate(
        "predict", network, "half.png", "--masks", "m", "--overlays", "o", "--json", "--engine",
        "numpy",
    )  # fmt: skip

    assert result.exit_code == 0, result.stderr
    (one,) = json.loads(result.stdout)["pictures"]
    assert (one["mask"], one["overlay"]) == ("m/half.png", "o/half.png")
    pixels = np.asarray(Image.open(tmp_path / "o" / "half.png"))
    assert pixels.shape == (6, 8, 3)
    assert pixels[0, 0].tolist() == [20, 20, 20]
    assert pixels[0, 7].tolist() == [174, 110, 110]


def test_overlays_need_a_folder_of_their_own(striate, network):
    """And a folder for the masks."""
    for words, expected in (
        (("--masks", "m", "--overlays", "./m"), "must be different folders, got m for both"),
        (("--overlays", "o"), "needs a folder for them. Use --masks FOLDER"),
    ):
        result = striate("predict", network, "half.png", *words, "--engine", "numpy")
        assert result.exit_code == 1
        assert expected in result.stderr
