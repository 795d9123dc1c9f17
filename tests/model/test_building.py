"""What a user gives as layers, inputs and outputs."""

import numpy as np
import pytest

import striate as st
from striate.errors import GraphError, OptionError, ShapeError


def test_an_input_that_leads_nowhere_is_refused():
    """The input that is listed must be the one that the outputs come from."""
    listed, other = st.Input((8, 8, 1)), st.Input((8, 8, 1))

    with pytest.raises(GraphError) as error:
        st.Network(listed, st.Conv(2, 3)(other))

    assert str(error.value) == (
        "The input that was listed does not lead to the outputs; another input does. Layers are "
        "called on one another, from the input to the outputs. List the input that the first "
        "layer was called on."
    )


def test_channels_first_given_for_last_in_the_shape_is_guessed():
    """Where a window does not fit a shape with its channels first, the error says what to try."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(1, 28, 28))

    assert str(error.value) == (
        "in layer 1 (conv1): Convolution(feature_maps=6, window=5) does not fit: the padded image "
        "has 1 rows (1 + 0 + 0). A window needs at least 5 (Hagan 8.18). Use padding=2 or more, or "
        "a smaller window.\n"
        "The sizes so far: input 28@1x28.\n"
        "input_shape=(1, 28, 28) is read as (rows, columns, channels). If the channels stand "
        'first, give (28, 28, 1), or channels="first".'
    )


def test_a_shape_with_channels_last_gets_no_guess():
    """An image that is just too small is not taken for one with its channels first."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(4, 4, 3))

    assert "channels" not in str(error.value)


def test_an_input_follows_the_networks_channels():
    """Stated with its channels first, it is the same network as a row of such a shape."""
    image = st.Input((3, 9, 7), channels="first", name="input")
    network = st.Network(image, st.Conv(2, 3)(image), channels="first")

    assert network.input_shape == (3, 9, 7)
    assert network.predict(np.ones((1, 3, 9, 7))).shape == (1, 2, 7, 5)


def test_an_input_of_another_order_than_the_network_is_refused():
    """A shape would be read in one order, and images in the other."""
    image = st.Input((3, 9, 7))
    with pytest.raises(GraphError) as error:
        st.Network(image, st.Conv(2, 3)(image), channels="first")

    assert str(error.value) == (
        "The input (3, 9, 7) has its channels last, the network first. A network's inputs and its "
        'images have one order of axes. Use st.Input((3, 9, 7), channels="first") if that is how '
        'they stand, or Network(..., channels="last").'
    )


def test_a_vector_has_no_order():
    """An input of features fits a network of either order."""
    features = st.Input((4,))
    network = st.Network(features, st.Dense(2)(features), channels="first")

    assert network.input_shape == (4,)


def test_a_parsed_network_may_have_its_channels_first():
    """The shape beside the text follows the channels."""
    network = st.Network.parse("conv 2@3x3", (3, 9, 7), channels="first")

    assert network.input_shape == (3, 9, 7)
    assert network.output_shape == (2, 7, 5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: st.Input((3, 9, 7), channels="middle"),
        lambda: st.Network.parse("conv 2@3x3", (3, 9, 7), channels="middle"),
    ],
)
def test_channels_stand_last_or_first(make):
    """Any other word is refused."""
    with pytest.raises(OptionError) as error:
        make()

    assert str(error.value) == (
        "channels='middle' cannot be. It is which axis of images holds the channels, "
        '"last" or "first". Use channels="last".'
    )


def image_and_features(channels):
    """Make a network of an image and a vector."""
    shape = (6, 5, 2) if channels == "last" else (2, 6, 5)
    image = st.Input(shape, name="image", channels=channels)
    features = st.Input((4,), name="features")
    maps = st.GlobalAveragePool()(st.Conv(4, 3)(image))
    joined = st.Add()([st.Flatten()(maps), features])
    return st.Network([image, features], st.Dense(3)(joined), channels=channels)


@pytest.mark.parametrize("channels", ["last", "first"])
def test_each_input_has_another_size_of_its_own(channels):
    """A table gives each its shape."""
    shape = (9, 8, 2) if channels == "last" else (2, 9, 8)
    other = image_and_features(channels).at({"image": shape, "features": (4,)})

    assert other.graph.inputs == {"image": (2, 9, 8), "features": (4,)}


@pytest.mark.parametrize("channels", ["last", "first"])
def test_one_shape_for_an_image_and_a_vector_is_refused(channels):
    """The text gives the table that would change nothing."""
    shape = (6, 5, 2) if channels == "last" else (2, 6, 5)
    with pytest.raises(GraphError) as error:
        image_and_features(channels).at((9, 8, 2))

    assert str(error.value) == (
        f"The shape (9, 8, 2) was given for inputs of shapes image {shape}, features (4,). Inputs "
        "with different numbers of axes cannot have one shape. Give a table of shapes by input, "
        f"such as net.at({{'image': {shape}, 'features': (4,)}})."
    )
