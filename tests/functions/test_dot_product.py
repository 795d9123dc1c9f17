"""The dot product: numbers, and errors word for word."""

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.functions.weight import DotProduct


def test_one_row_of_weights_for_each_neuron():
    """Each neuron has a weight for each input; LeNet-5's last layer has 84 times 10."""
    weight = DotProduct(neurons=10).parameters((84,))["weight"]

    assert weight.shape == (10, 84)
    assert (weight.fan_in, weight.fan_out, weight.decayed) == (84, 10, True)


def test_images_in_front_of_a_dense_layer_are_an_error_that_says_flatten():
    """The error shows the shape, and the number of inputs after Flatten."""
    with pytest.raises(ShapeError) as error:
        DotProduct(neurons=120).output_shape((16, 5, 5))

    assert str(error.value) == (
        "Dense(120): a dense layer takes one vector for each image, got feature maps of shape "
        "(16, 5, 5) (Hagan 8.26). Put Flatten() before it: 16 * 5 * 5 = 400 inputs."
    )


@pytest.mark.bad_input
def test_a_dense_layer_size_mismatch_another_size():
    """Weights for 400 inputs don't fit 576 inputs."""
    with pytest.raises(ShapeError) as error:
        DotProduct(neurons=120).apply(np.ones((120, 400)), np.ones((1, 576)))

    assert str(error.value) == (
        "Dense(120): the weights have shape (120, 400), but 576 inputs need (120, 576): one "
        "weight for each neuron and input (Hagan 8.15). Use images of the size that the layer "
        "was made for, or put GlobalAveragePool() before it."
    )


def test_a_layer_without_neurons_is_refused():
    """There is at least one output."""
    with pytest.raises(OptionError) as error:
        DotProduct(neurons=0).output_shape((4,))

    assert str(error.value) == (
        "Dense(0): `neurons` must be an integer from 1 to 16,777,216, got 0. Try 10."
    )
