"""The command `striate summary`."""

import json

import pytest


def test_preset(striate):
    """A name shows the preset's layers, parameters and chain of sizes."""
    result = striate("summary", "lenet5-valid")

    assert result.exit_code == 0
    assert "61,706 parameters" in result.stdout
    assert "conv1: 32 - 5 + 1 = 28; average1: (28 - 2)/2 + 1 = 14" in result.stdout


def test_preset_for_other_images_and_classes(striate):
    """`--input-shape` and `--classes` change what a preset takes and tells apart."""
    result = striate("summary", "two-layer", "--input-shape", "32x32x3", "--classes", 5, "--json")

    found = json.loads(result.stdout)
    assert (found["input_shape"], found["output_shape"]) == ([32, 32, 3], [5])


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        (["conv 4@3x3 relu | dense {classes}"], [28, 28, 1]),
        (["conv 4@3x3 relu | dense 10", "--input-shape", "9x9"], [9, 9, 1]),
        (["input 7x8x3 | conv 4@3x3 relu | dense 10"], [7, 8, 3]),
    ],
)
def test_shorthand(striate, words, shape):
    """Layers in shorthand take 28x28x1 unless the option or the text says otherwise."""
    result = striate("summary", *words, "--json")

    found = json.loads(result.stdout)
    assert (found["input_shape"], found["output_shape"]) == (shape, [10])


def test_model_file(striate, shapes_model):
    """A saved model shows the names of its classes and the hash of its weights too."""
    result = striate("summary", shapes_model)

    assert "classes: square, diamond\n" in result.stdout
    assert "\nweights " in result.stdout


def test_unknown_name_is_answered_with_the_nearest(striate):
    """A name that is not known brings the nearest one."""
    result = striate("summary", "lenet-5")

    assert result.exit_code == 1
    assert result.stderr.startswith('Error: Unknown preset "lenet-5".')
    assert 'Did you mean "lenet5"' in result.stderr


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("28x", "'28x' is not a size. Write for example 28x28 or 32x32x3."),
        ("0x4", "'0x4' is not a size. Write for example 28x28 or 32x32x3."),
        ("1x2x3x4", "'1x2x3x4' has 4 numbers; 1 or 2 or 3 are needed."),
    ],
)
def test_sizes_that_cannot_be_read_are_usage_errors(striate, size, message):
    """A size in another form exits with 2 and an example."""
    result = striate("summary", "lenet5", "--input-shape", size)

    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: Invalid value for '--input-shape': {message}\n")
