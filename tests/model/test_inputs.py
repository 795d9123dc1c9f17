"""Images as users have them: accepted types, errors, and arrays that stay unchanged."""

import numpy as np
import pytest

import striate as st
from networks import classifier, digest, images_and_labels
from striate.errors import DataError, ShapeError
from striate.model.inputs import Preprocessing
from striate.model.network import core_of

X, Y = images_and_labels(8)
FLOATS = (X / np.float32(255)).astype(np.float32)


def test_uint8_is_scaled_and_floats_are_not():
    """uint8 images are divided by 255; the same floats give the same outputs, others do not."""
    network = classifier()

    # One rounding of each pixel apart: multiplied by 1/255 or divided by 255.
    np.testing.assert_allclose(network.predict(X), network.predict(FLOATS), rtol=1e-5)
    assert not np.allclose(network.predict(X), network.predict(X.astype(np.float32)))


@pytest.mark.parametrize(
    "images",
    {
        "float64": FLOATS.astype(np.float64),
        "big-endian": FLOATS.astype(">f4"),
        "fortran": np.asfortranarray(FLOATS),
        "reversed": FLOATS[::-1].copy()[::-1],
        "list": FLOATS.tolist(),
        "without-channels": FLOATS[..., 0],
        "named": {"input": FLOATS},
        "strided": np.repeat(FLOATS, 2, axis=1)[:, ::2],
    }.items(),
    ids=lambda item: item[0],
)
def test_the_same_images_in_another_form(images):
    """The memory layout of an array does not change the result."""
    network = classifier()

    np.testing.assert_array_equal(network.predict(images[1]), network.predict(FLOATS))


def test_half_precision_and_booleans_are_images():
    """float16 and boolean images are used unchanged."""
    network = classifier()
    half, booleans = FLOATS.astype(np.float16), X > 100

    for images in (half, booleans):
        np.testing.assert_array_equal(
            network.predict(images), network.predict(images.astype(np.float32))
        )


def test_masked_images(golden):
    """NumPy's asarray would return the values under the mask."""
    masked = np.ma.array(FLOATS, mask=FLOATS > 0.1)
    with pytest.raises(DataError) as error:
        classifier().predict(masked)

    golden("messages/images-masked", str(error.value))
    classifier().predict(masked.filled(0))
    classifier().predict(np.ma.array(FLOATS))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_arrays_of_the_user_stay_as_they_are(dtype):
    """Training, evaluation and prediction do not write into the user's arrays."""
    x, y, weights = X.astype(dtype), Y.copy(), np.linspace(1, 2, 8)
    before = x.copy(), y.copy(), weights.copy()
    for array in (x, y, weights):
        array.setflags(write=False)
    network = classifier()
    network.fit(x, y, epochs=1, standardize=True, sample_weight=weights, validation=(x, y),
                class_weight="balanced")  # fmt: skip
    network.evaluate(x, y, sample_weight=weights)
    network.predict(x)
    network.trace(x, y)
    network.check_gradients(x[:1], y[:1], elements=2)

    for array, expected in zip((x, y, weights), before, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_augmentation_does_not_touch_the_users_images():
    """Shifted and mirrored images are copies."""
    x = X.copy()
    x.setflags(write=False)
    classifier().fit(x, Y, epochs=1, augment="shift 2 flip")

    np.testing.assert_array_equal(x, X)


def test_what_comes_out_belongs_to_the_user():
    """Writing into predictions changes neither the network nor the images."""
    network = classifier()
    bits = digest(network)
    first = network.predict(X)
    first[:] = 0

    assert network.predict(X).any()
    assert digest(network) == bits


@pytest.mark.parametrize("batch_size", [1, 3, 8, 100])
def test_in_batches_as_at_once(batch_size):
    """The batch size changes at most the last digits."""
    network = classifier()
    x, _ = images_and_labels(8)

    # Float32 sums of 32 products, in a different order for a different number of rows.
    np.testing.assert_allclose(
        network.predict(x, batch_size=batch_size), network.predict(x), rtol=1e-5
    )
    evaluation = network.evaluate(x, Y, batch_size=batch_size)
    assert evaluation.loss == pytest.approx(network.evaluate(x, Y).loss, rel=1e-6)


def test_channels_first_is_the_same_network():
    """With channels="first" the same weights give the same results, in training too."""
    layers = [st.Conv(2, 3, activation="tanh"), st.Flatten(), st.Dense(3, activation="softmax")]
    x = np.random.default_rng(0).random((8, 6, 5, 2), np.float32)
    last = st.Network(layers, input_shape=(6, 5, 2))
    first = st.Network(layers, input_shape=(2, 6, 5), channels="first")
    moved = np.moveaxis(x, -1, 1)

    assert (last.input_shape, first.input_shape) == ((6, 5, 2), (2, 6, 5))
    np.testing.assert_array_equal(first.predict(moved), last.predict(x))
    last.fit(x, Y, epochs=2, batch_size=4, standardize=True)
    first.fit(moved, Y, epochs=2, batch_size=4, standardize=True)
    # The means are summed along axes in a different order of memory.
    for mine, theirs in zip(core_of(first).buffers, core_of(last).buffers, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_images_come_out_as_they_go_in():
    """Outputs with pixels have the axis order of the inputs."""
    x = np.random.default_rng(0).random((2, 5, 4, 3))
    last = st.Network([st.Conv(7, 3)], input_shape=(5, 4, 3))
    first = st.Network([st.Conv(7, 3)], input_shape=(3, 5, 4), channels="first")

    assert last.predict(x).shape == (2, 3, 2, 7)
    assert last.output_shape == (3, 2, 7)
    assert first.output_shape == (7, 3, 2)
    np.testing.assert_array_equal(
        first.predict(np.moveaxis(x, -1, 1)), np.moveaxis(last.predict(x), -1, 1)
    )


def test_targets_that_are_images_have_their_channels_last():
    """A network that learns an image accepts it in the form that it predicts."""
    x = np.random.default_rng(0).random((6, 4, 4, 1))
    network = st.Network([st.Conv(2, 3, padding="same")], input_shape=(4, 4, 1))
    y = network.predict(x)

    assert network.evaluate(x, y).loss < 1e-12
    assert network.evaluate(x, np.zeros_like(y)).loss > 1e-3


@pytest.mark.parametrize("as_table", [False, True])
def test_several_inputs_by_list_and_by_name(as_table):
    """Several inputs are given as a list in their order, or as a dict."""
    left, right = st.Input((2,), name="left"), st.Input((3,), name="right")
    both = st.Concatenate()([left, right])
    network = st.Network([left, right], st.Dense(3, activation="softmax", name="out")(both))
    x, z = np.random.default_rng(0).random((8, 2)), np.random.default_rng(1).random((8, 3))
    given = {"right": z, "left": x} if as_table else [x, z]

    w, b = network.parameters["out.weight"], network.parameters["out.bias"]
    n = np.hstack([x, z]) @ w.T + b
    p = np.exp(n) / np.exp(n).sum(axis=1, keepdims=True)
    # Float32 sums of five products.
    np.testing.assert_allclose(network.predict(given), p, rtol=1e-5)
    assert network.fit(given, Y, epochs=1).columns == [
        "epoch",
        "loss",
        "accuracy",
        "learning_rate",
        "seconds",
    ]


def test_several_outputs_by_list_and_by_name():
    """Several targets are given as a list in the order of the outputs, or as a dict."""
    image = st.Input((4,))
    network = st.Network(
        image,
        [st.Dense(3, activation="softmax", name="kind")(image), st.Dense(1, name="size")(image)],
    )
    x, sizes = np.random.default_rng(0).random((8, 4)), np.linspace(0, 1, 8)
    by_list = network.evaluate(x, [Y, sizes])
    by_name = network.evaluate(x, {"size": sizes, "kind": Y})
    kinds, numbers = network.predict(x)

    assert by_list.loss == by_name.loss
    assert by_list.loss == pytest.approx(
        float(-np.log(kinds[np.arange(8), Y]).mean() + ((numbers[:, 0] - sizes) ** 2).mean()),
        rel=1e-5,
    )
    assert network.fit(x, [Y, sizes], epochs=1).columns == [
        "epoch",
        "loss",
        "kind_loss",
        "size_loss",
        "kind_accuracy",
        "learning_rate",
        "seconds",
    ]


def test_standardized_images_have_mean_0_and_deviation_1():
    """Mean and standard deviation are learned for each channel."""
    x = np.random.default_rng(0).normal([3.0, -50.0], [2.0, 10.0], (40, 6, 5, 2))
    x[..., 1] = np.where(x[..., 1] > -50, -40.0, -60.0)
    learned = Preprocessing().standardized({"input": x})
    images = learned.to_equations(x, "input")

    assert images.shape == (40, 2, 6, 5)
    np.testing.assert_allclose(images.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.std(axis=(0, 2, 3)), 1, rtol=1e-5)


def test_a_constant_channel_is_only_shifted():
    """A channel without variation is not divided by zero."""
    learned = Preprocessing().standardized({"input": np.full((4, 3, 3, 1), 7.0)})

    assert learned.std == {"input": (1.0,)}
    assert not learned.to_equations(np.full((2, 3, 3, 1), 7.0), "input").any()


def test_standardization_is_part_of_the_network():
    """Later images are standardized as in training; uint8 images like floats."""
    network, same = classifier(), classifier()
    network.fit(X, Y, epochs=1, standardize=True)
    mean, deviation = network.preprocessing.mean["input"], network.preprocessing.std["input"]
    core_of(same).set_buffers(*core_of(network).buffers)

    assert mean[0] == pytest.approx(X.mean() / 255)
    assert deviation[0] == pytest.approx(X.std() / 255)
    # Divided and subtracted in float32 there, in float64 here.
    np.testing.assert_allclose(
        network.predict(X), same.predict((X / 255 - mean[0]) / deviation[0]), rtol=1e-4
    )


def test_standardization_learns_from_the_training_set_alone():
    """The mean is that of the training images, without the validation images."""
    x = X.copy()
    network, other = classifier(), classifier()
    network.fit(x, Y, epochs=1, standardize=True, validation=0.4)
    mean = network.preprocessing.mean["input"][0]

    other.fit(x, Y, epochs=1, standardize=True)
    assert mean != other.preprocessing.mean["input"][0]


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        (
            (2, 28, 28, 3),
            "Convert it to 1 channel, or build the network with input_shape=(28, 28, 3).",
        ),
        (
            (2, 32, 32),
            "net.at((32, 32, 1)) returns a copy for this size.",
        ),
    ],
)
def test_the_remedy_for_another_shape_helps(shape, remedy):
    """Other channels need another network, other sizes need resizing; with or without channels."""
    network = st.Network([st.Conv(2, 3)], input_shape=(28, 28, 1))

    with pytest.raises(ShapeError) as error:
        network.predict(np.zeros(shape))

    assert str(error.value).endswith(remedy)
