"""The command `striate summary`."""

import json

import pytest


def test_preset(striate):
    """With a preset's name, its layers, parameters and sizes are shown."""
    result = striate("summary", "lenet5-valid")

    assert result.exit_code == 0
    assert "61,706 parameters" in result.stdout
    assert "conv1: 32 - 5 + 1 = 28; average1: (28 - 2)/2 + 1 = 14" in result.stdout


def test_preset_for_other_images_and_classes(striate):
    """`--input-shape` and `--classes` change a preset's input and output."""
    result = striate("summary", "two-layer", "--input-shape", "32x32x3", "--classes", 5, "--json")

    found = json.loads(result.stdout)
    assert (found["input_shape"], found["output_shape"]) == ([32, 32, 3], [5])
    assert (found["layers"][1]["receptive_field"], found["layers"][1]["uncovered"]) == (
        [4, 4],
        [0, 0],
    )


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        (["conv 4@3x3 relu | dense {classes}"], [28, 28, 1]),
        (["conv 4@3x3 relu | dense 10", "--input-shape", "9x9"], [9, 9, 1]),
        (["input 7x8x3 | conv 4@3x3 relu | dense 10"], [7, 8, 3]),
    ],
)
def test_shorthand(striate, words, shape):
    """Layers in shorthand have input 28x28x1, unless the option or the text sets another."""
    result = striate("summary", *words, "--json")

    found = json.loads(result.stdout)
    assert (found["input_shape"], found["output_shape"]) == (shape, [10])


def test_model_file(striate, shapes_model):
    """For a saved model the names of its classes and the hash of its weights are shown too."""
    result = striate("summary", shapes_model)

    assert "classes: square, diamond\n" in result.stdout
    assert "\nweights " in result.stdout


def test_an_unknown_name_brings_the_nearest(striate):
    """For an unknown name, the nearest one is suggested."""
    result = striate("summary", "lenet-5")

    assert result.exit_code == 1
    assert result.stderr.startswith('Error: Unknown preset "lenet-5".')
    assert 'Did you mean "lenet5"' in result.stderr


def test_a_folder_is_not_a_network(striate, tmp_path):
    """A folder is an error that names what is expected."""
    (tmp_path / "models").mkdir()

    result = striate("summary", "models")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: models is a folder. Name a model file, such as models/net.safetensors, a preset, "
        "or layers in shorthand.\n"
    )


def test_a_path_that_does_not_exist_is_a_missing_file(striate):
    """A path is never taken for layers in shorthand."""
    result = striate("summary", "models/net")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: models/net does not exist")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("28x", "'28x' is not a size. Try 28x28 or 32x32x3."),
        ("0x4", "'0x4' is not a size. Try 28x28 or 32x32x3."),
        ("1x2x3x4", "'1x2x3x4' must have 1 or 2 or 3 numbers, got 4."),
    ],
)
def test_sizes_that_cannot_be_read_are_usage_errors(striate, size, message):
    """A size that cannot be parsed exits with 2, with an example."""
    result = striate("summary", "lenet5", "--input-shape", size)

    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: Invalid value for '--input-shape': {message}\n")
