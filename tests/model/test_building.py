"""How a network is built from layers, inputs and outputs."""

import numpy as np
import pytest

import striate as st
from striate.errors import GraphError, OptionError, ShapeError, StriateWarning


def test_an_input_that_leads_nowhere_is_refused():
    """The listed input must be the one that the outputs come from."""
    listed, other = st.Input((8, 8, 1)), st.Input((8, 8, 1))

    with pytest.raises(GraphError) as error:
        st.Network(listed, st.Conv(2, 3)(other))

    assert str(error.value) == (
        "The outputs do not depend on the listed input, but on another one. List the input "
        "that the first layer was called on."
    )


def test_channels_first_given_for_last_in_the_shape_is_guessed():
    """If a kernel does not fit a shape with channels first, the error suggests what to try."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(1, 28, 28))

    assert str(error.value).splitlines()[-1] == (
        "input_shape=(1, 28, 28) is (rows, columns, channels). If the channels come first, use "
        'input_shape=(28, 28, 1), or channels="first".'
    )


def test_a_shape_with_channels_last_gets_no_guess():
    """An image that is only too small is not mistaken for one with channels first."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(4, 4, 3))

    assert "channels" not in str(error.value)


def test_an_input_follows_the_networks_channels():
    """An input with channels first gives the same network as a list with that input shape."""
    image = st.Input((3, 9, 7), channels="first", name="input")
    network = st.Network(image, st.Conv(2, 3)(image), channels="first")

    assert network.input_shape == (3, 9, 7)
    assert network.predict(np.ones((1, 3, 9, 7))).shape == (1, 2, 7, 5)


def test_an_input_of_another_order_than_the_network_is_refused():
    """Otherwise the shape would be read in one axis order, and the images in another."""
    image = st.Input((3, 9, 7))
    with pytest.raises(GraphError) as error:
        st.Network(image, st.Conv(2, 3)(image), channels="first")

    assert str(error.value) == (
        "st.Input((3, 9, 7)) has channels last, but the network has channels first. Use "
        'st.Input((3, 9, 7), channels="first") if that is how its axes are ordered, or '
        'Network(..., channels="last").'
    )


def test_a_vector_has_no_order():
    """An input of features fits networks of either axis order."""
    features = st.Input((4,))
    network = st.Network(features, st.Dense(2)(features), channels="first")

    assert network.input_shape == (4,)


def test_a_parsed_network_may_have_its_channels_first():
    """The shape that is given with shorthand follows `channels`."""
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
def test_channels_are_last_or_first(make):
    """Other words are errors."""
    with pytest.raises(OptionError) as error:
        make()

    assert str(error.value) == ('`channels` must be "last" or "first", got "middle". Try "last".')


def image_and_features(channels):
    """Build a network of an image and a vector."""
    shape = (6, 5, 2) if channels == "last" else (2, 6, 5)
    image = st.Input(shape, name="image", channels=channels)
    features = st.Input((4,), name="features")
    maps = st.GlobalAveragePool()(st.Conv(4, 3)(image))
    joined = st.Add()([st.Flatten()(maps), features])
    return st.Network([image, features], st.Dense(3)(joined), channels=channels)


@pytest.mark.parametrize("channels", ["last", "first"])
def test_each_input_has_another_size_of_its_own(channels):
    """A dict gives each input its shape."""
    shape = (9, 8, 2) if channels == "last" else (2, 9, 8)
    other = image_and_features(channels).at({"image": shape, "features": (4,)})

    assert other.graph.inputs == {"image": (2, 9, 8), "features": (4,)}


@pytest.mark.parametrize("channels", ["last", "first"])
def test_one_shape_for_an_image_and_a_vector_is_refused(channels):
    """The message shows a dict that would change nothing."""
    shape = (6, 5, 2) if channels == "last" else (2, 6, 5)
    with pytest.raises(GraphError) as error:
        image_and_features(channels).at((9, 8, 2))

    assert str(error.value) == (
        "at() got one shape, (9, 8, 2), but the inputs have different numbers of axes: image "
        f"{shape}, features (4,). Pass a dict of shapes by input, such as "
        f"net.at({{'image': {shape}, 'features': (4,)}})."
    )


AT = {
    "without-channels": ((28, 28, 1), "last", (32, 32)),
    "without-channels-first": ((3, 28, 28), "first", (32, 32)),
    "of-a-signal": ((100, 3), "last", (200,)),
    "with-an-axis-more": ((28, 28, 1), "last", (8, 32, 32, 1)),
    "by-name": ((28, 28, 1), "last", {"input": (32, 32)}),
}


@pytest.mark.parametrize("case", AT)
def test_another_size_needs_every_axis(case, golden):
    """A shape without its channels would be read as a signal; the remedy gives what works."""
    shape, channels, other = AT[case]
    kernel = 3 if len(shape) > 2 else (3,)
    network = st.Network([st.Conv(2, kernel)], input_shape=shape, channels=channels)
    with pytest.raises(ShapeError) as error:
        network.at(other)

    text = str(error.value)
    golden(f"messages/network-at-{case}", text)
    if "Use (" in text:
        whole = eval(text.split("Use ")[1].partition(")")[0] + ")")  # what a user would type
        assert network.at(whole).input_shape == whole


def test_inputs_need_no_names():
    """Without names, inputs are told apart by the order in which they are listed."""
    one, two = st.Input((3,)), st.Input((3,))
    joined = st.Concatenate()([one, two])
    x = [np.ones((2, 3)), np.zeros((2, 3))]

    for inputs in ([one, two], [two, one]):
        outputs = st.Network(inputs, joined).predict(x)
        np.testing.assert_array_equal(outputs[:, :3], x[inputs.index(one)])


def test_two_numbers_under_layers_for_images(golden):
    """(28, 28) may be a gray image without its channel; the message gives both ways to be clear."""
    x = st.Input((28, 28))
    builders = {
        "list": lambda: st.Network([st.Conv(6, 5), st.MaxPool(2)], input_shape=(28, 28)),
        "pooling": lambda: st.Network([st.MaxPool(2), st.Dense(2)], input_shape=(28, 20)),
        "graph": lambda: st.Network(x, st.Conv(6, 5)(x)),
        "first": lambda: st.Network([st.Conv(6, 5)], input_shape=(20, 28), channels="first"),
    }
    for name, make in builders.items():
        with pytest.raises(ShapeError) as error:
            make()
        golden(f"messages/network-signal-or-image-{name}", str(error.value).splitlines()[-1])


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([st.Conv(6, (5,)), st.MaxPool(2)], (28, 28)),
        ([st.Conv(6, 5), st.MaxPool(2)], (100, 3)),
        ([st.Flatten(), st.Dense(10)], (28, 28)),
        ([st.Conv(6, 5), st.MaxPool(2)], (28, 28, 1)),
    ],
)
def test_a_clear_shape_of_two_numbers(layers, shape):
    """A tuple as a kernel size, few channels, or no window at all make the shape clear."""
    network = st.Network(layers, input_shape=shape)

    assert network.input_shape == shape
    assert network.at(shape).output_shape == network.output_shape


def test_shorthand_of_a_signal_is_read_with_a_warning(golden):
    """In shorthand, single numbers are the sizes of signals."""
    with pytest.warns(StriateWarning) as warned:
        network = st.Network.parse("conv 6@5 | max 2", (28, 28))

    assert network.output_shape == (12, 6)
    golden("messages/parse-signal-or-image", str(warned[0].message))


@pytest.mark.parametrize("text", ["conv 6@5x5", "max 2x2"])
def test_kernels_of_images_on_two_numbers(text, golden):
    """The message gives the shape of gray images."""
    word = text.split()[0]
    layer = st.Conv(6, (5, 5)) if word == "conv" else st.MaxPool((2, 2))
    with pytest.raises((ShapeError, OptionError)) as error:
        st.Network([layer], input_shape=(28, 28))
    with pytest.raises(ShapeError) as other:
        st.Network.preset("lenet5", input_shape=(28, 28))

    golden(f"messages/network-image-kernel-{word}", str(error.value).splitlines()[-1])
    golden("messages/preset-of-two-numbers", str(other.value).splitlines()[-1])
