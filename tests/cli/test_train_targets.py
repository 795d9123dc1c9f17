"""The command on numbers, on classes that are stored as numbers, and on another pixel scale."""

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate import load


def test_numbers_are_learned_without_classes(striate, tmp_path):
    """Float targets give a regression, without accuracy or confusion matrix."""
    x = np.random.default_rng(0).random((40, 8, 8), np.float32)
    np.savez(tmp_path / "means.npz", x=x, y=x.mean(axis=(1, 2)))

    result = striate("train", "means.npz", "--epochs", 3, "--no-pictures")

    assert result.exit_code == 0, result.stderr
    assert "regression targets" in result.stdout
    assert "test errors (8 images)" in result.stdout
    assert "onfusion" not in result.stdout


def test_rows_of_numbers_have_an_output_each(striate, tmp_path):
    """The recipe shows the network that is trained."""
    x, y = np.random.default_rng(0).random((40, 8, 8), np.float32), np.full((40, 3), 1 / 3)
    np.savez(tmp_path / "rows.npz", x=x, y=y)

    net = "flatten | dense {classes} softmax"
    result = striate("train", "rows.npz", "--net", net, "--epochs", 1, "--no-pictures")

    assert result.exit_code == 0, result.stderr
    assert "recipe: flatten | dense 3 softmax, 1 epoch" in " ".join(result.stdout.split())


@pytest.mark.parametrize("net", ["lenet5", "flatten | dense {classes} softmax"])
def test_whole_floats_are_classes_of_a_classifier(striate, tmp_path, net):
    """A network with classes takes integers that are stored as floats as labels."""
    y = np.arange(40) % 2
    x = np.random.default_rng(0).random((40, 28, 28), np.float32) / 2 + y[:, None, None] / 2
    np.savez(tmp_path / "pairs.npz", x=x, y=y + 1.0)

    options = ("--epochs", 1, "--no-pictures", "--output", "pairs.safetensors")
    result = striate("train", "pairs.npz", "--net", net, *options)
    again = striate("evaluate", "pairs.safetensors", "pairs.npz", "--part", "training")

    assert result.exit_code == 0, result.stderr
    assert "stored as floats, and are read as classes" in " ".join(result.stdout.split())
    assert load("pairs.safetensors").classes == (1, 2)
    assert again.exit_code == 0, again.stderr
    assert "accuracy" in again.stdout


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("lenet5", "presets are classifiers"),
        ("flatten | dense {classes} softmax", "its last layer predicts classes"),
    ],
)
def test_classifiers_cannot_learn_numbers(striate, tmp_path, net, why):
    """For a regression, the error says what to write; it isn't about a number of outputs."""
    x = np.random.default_rng(0).random((40, 28, 28), np.float32)
    np.savez(tmp_path / "means.npz", x=x, y=x.mean(axis=(1, 2)))

    result = striate("train", "means.npz", "--net", net)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {net} cannot be trained on means.npz, whose targets are numbers: {why}. Write "
        "layers with a linear output instead, for example --net 'conv 8@3x3 relu | "
        "global-average | dense 1'.\n"
    )


def test_a_picture_of_12_bits_is_noticed(striate, tmp_path):
    """The command warns in its own words if a picture has a different scale than in training."""
    x = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 1), np.uint8)
    network = st.Network.parse("dense 2 softmax", (6, 6, 1))
    network.fit(x, np.arange(20) % 2, epochs=1)
    network.save(tmp_path / "net.safetensors")
    Image.fromarray(x[0, ..., 0].astype(np.uint16) * 16).save(tmp_path / "a.png")

    result = striate("predict", "net.safetensors", "a.png")

    assert result.exit_code == 0
    text = " ".join((result.stdout + result.stderr).split())
    assert "The data has uint16 pixels, scaled to " in text
    assert "trained on uint8 pixels" in text
    assert "Use pictures of the same bit depth as in training." in text
    assert "astype" not in text
