"""The command `striate evaluate`."""

import json

import numpy as np
import pytest
from PIL import Image

from striate import Network, load
from striate.data import open_dataset
from striate.recipes.networks import make, set_classes


def test_evaluation_of_the_test_set(striate, shapes_model):
    """Accuracy, confusion matrix and per-class numbers are those of the test set."""
    result = striate("evaluate", shapes_model, "shapes", "--json")

    data = open_dataset("shapes")
    words = np.array(data.classes)[data.y_test]
    expected = load(shapes_model).evaluate(data.x_test, words)
    found = json.loads(result.stdout)
    assert found["images"] == 400
    assert (found["loss"], found["accuracy"]) == (expected.loss, expected.accuracy)
    assert found["confusion"] == expected.confusion.tolist()
    assert found["per_class"]["recall"] == expected.per_class.recall.tolist()


def test_text_explains_its_words(striate, shapes_model):
    """The table of classes explains precision, recall and F1."""
    result = striate("evaluate", shapes_model, "shapes")

    assert result.exit_code == 0
    assert "class    images  precision   recall       F1\n" in result.stdout
    assert "\nprecision: the fraction of a class's predictions that are correct;" in result.stdout


@pytest.mark.parametrize(("part", "images"), [("test", 400), ("training", 2000), ("all", 2400)])
def test_parts(striate, shapes_model, part, images):
    """`--part` selects the test set, the training set, or both."""
    result = striate("evaluate", shapes_model, "shapes", "--part", part, "--json")

    assert json.loads(result.stdout)["images"] == images


def test_classes_are_matched_by_name(striate, picture_folder, tmp_path):
    """Labels of a folder of pictures are compared by class name, not by order."""
    network = make("dense {classes} softmax", (12, 12, 3), 2)
    set_classes(network, ("light", "dark"))
    network.parameters["dense1.weight"][:] = [[1.0], [-1.0]]
    network.parameters["dense1.bias"][:] = [0.0, 2 * 140 / 255 * 12 * 12 * 3]
    network.save(tmp_path / "net.safetensors")

    result = striate("evaluate", "net.safetensors", picture_folder, "--part", "all", "--json")

    found = json.loads(result.stdout)
    assert found["classes"] == ["light", "dark"]
    assert found["accuracy"] == 1.0


def test_unknown_class_is_named(striate, picture_folder, shapes_model):
    """A class that the network was not trained on is an error that names it."""
    result = striate("evaluate", shapes_model, picture_folder, "--part", "all")

    assert result.exit_code == 1
    assert result.stderr.endswith(
        'Error: The data has images of the class "dark", but the model\'s classes are "square", '
        '"diamond". If they mean the same, give the model the data\'s names in Python, in the '
        "order of its classes: net = st.load(path); net.classes = (...); net.save(path).\n"
    )


def test_a_model_without_class_names_is_refused(striate, picture_folder, tmp_path):
    """Without names, outputs can't be matched with folders, so no accuracy is computed."""
    Network.parse("dense 2 softmax", (12, 12, 3)).save(tmp_path / "net.safetensors")

    result = striate("evaluate", "net.safetensors", picture_folder, "--part", "all")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(
        "Error: The model has no class names, so its outputs cannot be matched with the classes of "
        'the data, "dark", "light". Give the model their names in Python, in the order of its '
        "outputs: net = st.load(path); net.classes = (...); net.save(path).\n"
    )


def test_folders_with_numbers_for_names_need_no_class_names(striate, tmp_path):
    """Folders 0 and 1 are outputs 0 and 1 of a model without class names."""
    for name, level in (("0", 0), ("1", 255)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(5):
            Image.fromarray(np.full((2, 2), level, np.uint8)).save(
                tmp_path / "photos" / name / f"{k}.png"
            )
    network = Network.parse("dense 2 softmax", (2, 2, 1))
    network.parameters["dense1.weight"][:] = [[0.0], [1.0]]
    network.parameters["dense1.bias"][:] = [2.0, 0.0]
    network.save(tmp_path / "net.safetensors")

    result = striate("evaluate", "net.safetensors", "photos", "--part", "all", "--json")

    assert json.loads(result.stdout)["accuracy"] == 1.0


def test_images_are_brought_to_the_networks_size(striate, shapes_model, tmp_path):
    """Color images of a different size are converted to gray and resized for the network."""
    x = np.zeros((6, 30, 40, 3), np.uint8)
    y = ["square", "diamond"] * 3
    np.savez(tmp_path / "black.npz", x_train=x, y_train=y, x_test=x, y_test=y)

    result = striate("evaluate", shapes_model, "black.npz", "--json")

    assert json.loads(result.stdout)["images"] == 6


def test_many_classes_are_shown_as_pairs(striate, tmp_path):
    """With too many classes for a terminal, the pairs most often confused are listed."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (60, 4, 4), np.uint8)
    np.savez(tmp_path / "many.npz", x=x, y=np.arange(60) % 30)
    Network.parse("dense 30 softmax", (4, 4, 1)).save(tmp_path / "net.safetensors")

    result = striate("evaluate", "net.safetensors", "many.npz", "--part", "all")

    assert "Most often confused:\n" in result.stdout
    assert " predicted as " in result.stdout


def test_network_for_other_data_than_pictures_is_refused(striate, tmp_path):
    """A network whose input isn't a picture is an error with its input shape."""
    Network.parse("dense 2 softmax", (7,)).save(tmp_path / "net.safetensors")

    result = striate("evaluate", "net.safetensors", "shapes")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: This network has 1 input of shape (7,), but the command needs one input with rows, "
        "columns and 1 channel (gray) or 3 (color). Call the network from Python: "
        "st.load(...).predict(x).\n"
    )
