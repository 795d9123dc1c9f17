"""Pixel scales: what is divided by what, what is refused, and which scales get a warning."""

import warnings

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.errors import DataError, StriateWarning
from striate.model.inputs import PixelRange, scaled, warn_of_scale

X, Y = images_and_labels(60)
FLOATS = (X / 255).astype(np.float32)
TWELVE = X.astype(np.uint16) * 16  # 12 bits in 16
RNG = np.random.default_rng(1)


def trained(x=X, **options):
    """Train a small network for an epoch, without warnings."""
    network = classifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StriateWarning)
        network.fit(x, Y, epochs=1, **options)
    return network


@pytest.mark.parametrize("factor", [1, 257])
def test_integers_are_divided_by_the_largest_value_of_their_type(factor):
    """uint8 by 255 and uint16 by 65,535 give the same inputs as floats from 0 to 1."""
    x = (X.astype(np.uint32) * factor).astype(np.uint8 if factor == 1 else np.uint16)
    network = classifier()

    np.testing.assert_allclose(network.predict(x), network.predict(FLOATS), rtol=1e-5)
    same = classifier()
    for images, one in ((x, network), (FLOATS, same)):
        one.fit(images, Y, epochs=2, seed=3, augment="shift 1 flip")
    # Some hundred sums in float32, in two epochs.
    np.testing.assert_allclose(network.predict(x), same.predict(FLOATS), rtol=1e-4)


def test_big_endian_uint16_images_are_images():
    """The byte order of an array makes no difference."""
    x = X.astype(np.uint16) * 257
    network = classifier()

    np.testing.assert_array_equal(network.predict(x.astype(">u2")), network.predict(x))


REFUSED = {
    "int64-bytes": X.astype(np.int64),
    "int32-12-bits": X.astype(np.int32) * 16,
    "int16-negative": X.astype(np.int16) - 100,
    "int8": (X // 2).astype(np.int8),
    "uint32-beyond-16-bits": X.astype(np.uint32) * 1000,
    "int64-zeros-and-ones": (X > 100).astype(np.int64),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_integers_are_refused_with_a_remedy_that_works(case, golden):
    """The error gives the range; its remedy, executed, is taken and keeps every value apart."""
    x = REFUSED[case]
    network = classifier()

    with pytest.raises(DataError) as error:
        network.predict(x)

    golden(f"messages/images-{case}", str(error.value))
    remedy = str(error.value).split("Use ")[1].rstrip(".")
    images = eval(remedy, {"x": x, "np": np})  # the remedy is what a user would type
    network.fit(images, Y, epochs=1)
    assert len(np.unique(images)) == len(np.unique(x))
    assert np.abs(images).max() <= 1


SUSPICIOUS = {
    "floats-of-bytes": X.astype(np.float32),
    "floats-of-16-bits": X.astype(np.float64) * 257,
    "decibels": RNG.uniform(-80, 0, (60, 6, 6, 1)),
    "floats-to-16": RNG.integers(0, 17, (60, 6, 6, 1)).astype(float),
    "12-bits-in-uint16": (X.astype(np.uint16) << 4) + 15,
    "binary-in-uint8": (X > 100).astype(np.uint8),
}


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_images_on_a_suspicious_scale_get_a_warning(case, golden):
    """Training warns once, before the first step; the remedies that it names end the warning."""
    x = SUSPICIOUS[case]

    with pytest.warns(StriateWarning) as caught:
        classifier().fit(x, Y, epochs=2)

    assert len(caught) == 1
    text = str(caught[0].message)
    golden(f"messages/scale-{case}", text)
    for remedy in text.split(" Use ")[1].rstrip(".").split(" or "):
        options, images = {}, x
        if "=" in remedy:
            options = {"standardize": True}
        else:
            images = eval(remedy, {"x": x, "np": np})  # what a user would type
        classifier().fit(images, Y, epochs=1, **options)  # a warning would be an error


@pytest.mark.parametrize(
    "x",
    {
        "bytes": X,
        "floats": FLOATS,
        "16 bits": X.astype(np.uint16) * 257,
        "zeros": np.zeros_like(X),
        "zeros of floats": np.zeros_like(FLOATS),
        "a little outside": FLOATS * 1.3 - 0.15,
        "from -1 to 1": FLOATS * 2 - 1,
        "standardized": (FLOATS - FLOATS.mean()) / FLOATS.std(),
        "normal": RNG.normal(0, 1, (60, 6, 6, 1)),
        "normal, of deviation 3": RNG.normal(0, 3, (60, 6, 6, 1)),
        # As StandardScaler gives them of MNIST, where some pixels are seldom above zero.
        "standardized by pixel": np.where(np.arange(2160).reshape(60, 6, 6, 1) == 1000, 40.0, -0.5),
        "booleans": X > 100,
        "a dark photo": X // 5,
    }.items(),
    ids=lambda item: item[0],
)
def test_usual_images_get_no_warning(x):
    """Training on them, and predicting them or single ones of them, warns of nothing."""
    network = classifier()

    network.fit(x[1], Y, epochs=1)
    network.predict(x[1])
    network.evaluate(x[1][:1], Y[:1])
    network.predict(np.zeros_like(x[1][:1]))


def test_features_and_signals_get_no_warning():
    """Tables and signals have units of their own."""
    table, signal = RNG.normal(500, 100, (60, 4)), RNG.normal(0, 3e4, (60, 20, 1))

    for x in (table, signal):
        network = st.Network.parse("dense 3 softmax", x.shape[1:])
        network.fit(x, Y, epochs=1)
        network.predict(x / 1000)


OTHER_SCALE = {
    "bytes-then-floats-of-bytes": (X, X.astype(np.float32)),
    "bytes-then-floats-around-zero": (X, FLOATS * 2.2 - 1.1),
    "bytes-then-divided-twice": (X, FLOATS / 255),
    "floats-then-floats-of-bytes": (FLOATS, X.astype(float)),
    "floats-of-bytes-then-bytes": (X.astype(np.float32), X),
    "floats-of-bytes-then-floats": (X.astype(np.float32), FLOATS),
    "bytes-then-bytes-in-uint16": (X, X.astype(np.uint16)),
    "floats-then-bytes-in-uint16": (FLOATS, X.astype(np.uint16)),
    "floats-then-zeros-and-ones-in-uint8": (FLOATS, X // 128),
    "floats-around-zero-then-bytes": (FLOATS * 2 - 1, X),
    "dark-floats-then-bytes": (FLOATS / 32, X),
    "dark-floats-then-floats": (FLOATS / 32, FLOATS),
    "dark-floats-then-floats-of-bytes": (FLOATS / 32, X.astype(np.float32)),
    "bytes-then-12-bits-in-uint16": (X, TWELVE),
    "floats-then-12-bits-in-uint16": (FLOATS, TWELVE),
    "floats-of-12-bits-then-12-bits-in-uint16": (TWELVE.astype(np.float32), TWELVE),
    "12-bits-in-uint16-then-bytes": (TWELVE, X),
    "12-bits-in-uint16-then-floats": (TWELVE, FLOATS),
}


@pytest.mark.parametrize("case", OTHER_SCALE)
def test_images_on_another_scale_than_in_training_get_a_warning(case, golden, tmp_path):
    """Predicting, evaluating and validating warn, and so does the model loaded from its file."""
    learned, given = OTHER_SCALE[case]
    network = trained(learned)
    network.save(tmp_path / "net.safetensors")
    loaded = st.load(tmp_path / "net.safetensors")

    texts = set()
    for ask in (
        lambda: network.predict(given),
        lambda: network.predict_classes(given),
        lambda: network.evaluate(given, Y),
        lambda: loaded.predict(given[:3]),
    ):
        with pytest.warns(StriateWarning) as caught:
            ask()
        assert len(caught) == 1
        texts.add(str(caught[0].message).split("Predictions")[1])

    assert len(texts) == 1
    golden(f"messages/scale-{case}", str(caught[0].message))
    network.predict(learned)
    loaded.predict(learned[:1])


def test_a_validation_set_on_another_scale_gets_a_warning():
    """A pair given for validation is compared with the training images."""
    with pytest.warns(StriateWarning, match=r"^validation\[0\] has .* Use validation\[0\] / 255"):
        classifier().fit(X, Y, epochs=1, validation=(X.astype(float), Y))


@pytest.mark.parametrize("standardize", [False, True])
def test_outliers_and_dark_images_are_on_the_same_scale(standardize):
    """A few times brighter, or darker, is still the same scale."""
    network = trained(RNG.normal(0, 1, (60, 6, 6, 1)), standardize=standardize)
    network.predict(RNG.normal(0, 1, (500, 6, 6, 1)) * 3)
    network.predict(RNG.normal(0, 1, (1, 6, 6, 1)) * 0.2)

    network = trained(FLOATS, standardize=standardize)
    network.predict(X[:1] // 50)
    network.predict(FLOATS[:1] * np.float32(0.05))
    network.predict(FLOATS * np.float32(4))


def test_a_single_12_bit_picture_gets_a_warning_and_its_remedy_helps():
    """A network of 8-bit pictures gives other predictions for it; scaled, it gives the same."""
    network = trained(X)
    with pytest.warns(StriateWarning) as caught:
        network.predict(TWELVE[:1])

    remedy = str(caught[0].message).split("Use ")[1].partition(" if its pixels")[0]
    images = eval(remedy, {"x": TWELVE[:1], "np": np})  # what a user would type
    # 16 * 255 of 4095 levels are 0.4% darker than 255 of 255.
    np.testing.assert_allclose(network.predict(images), network.predict(X[:1]), atol=1e-2)


def test_16_and_8_bits_of_the_same_pictures_are_one_scale():
    """Each type is divided by its own largest value; a dark picture is only dark."""
    sixteen = X.astype(np.uint16) * 257
    for learned, given in ((X, sixteen), (sixteen, X), (FLOATS, sixteen)):
        network = trained(learned)
        network.predict(given)
        network.predict(given[:1] // 2)
    trained(sixteen).predict(sixteen[:1] // 50)
    trained(sixteen).predict(X[:1] // 50)
    trained(TWELVE).predict(TWELVE[:1])


def test_training_again_learns_the_new_scale():
    """Training on another scale gives a warning; then that is the network's scale."""
    network = trained()
    with pytest.warns(StriateWarning, match="was trained on uint8 pixels"):
        network.fit(X.astype(float), Y, epochs=1)

    network.predict(X.astype(float))


def test_image_targets_are_scaled_like_images():
    """An autoencoder of bytes learns bytes: its loss is that of floats from 0 to 1."""
    bytes_, floats = (st.Network.parse("conv 1@1x1", (6, 6, 1)) for _ in range(2))

    losses = [
        network.fit(x, x, epochs=40, learning_rate=0.1, batch_size=20)["loss"]
        for network, x in ((bytes_, X), (floats, FLOATS))
    ]

    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0][-1] < 1e-3
    assert bytes_.evaluate(X, X[..., 0]).loss == pytest.approx(bytes_.evaluate(X, X).loss)
    assert bytes_.predict(X).max() < 1.5


def test_image_targets_of_zeros_and_ones_get_a_warning(golden):
    """Masks in uint8 for squared error would be divided by 255, too."""
    network = st.Network.parse("conv 1@1x1", (6, 6, 1))

    with pytest.warns(StriateWarning) as caught:
        network.fit(X, (X > 100).astype(np.uint8), epochs=1)

    assert len(caught) == 1
    golden("messages/scale-targets-of-zeros-and-ones", str(caught[0].message))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_image_targets_of_a_logistic_output(dtype):
    """Gray levels are divided as images; masks of 0 and 1, and of 0 and 255, are the same masks."""
    network = st.Network.parse("conv 1@1x1 logistic", (6, 6, 1))
    full = np.iinfo(dtype).max
    gray = (X.astype(np.uint32) * (full // 255)).astype(dtype)
    mask = (X > 100).astype(dtype)

    assert network.evaluate(X, gray).loss == pytest.approx(network.evaluate(X, FLOATS).loss)
    assert network.evaluate(X, mask * full).loss == network.evaluate(X, mask).loss


def test_labels_for_a_logistic_mask_are_no_gray_levels():
    """A third label is refused, not taken for a dark gray."""
    network = st.Network.parse("conv 1@1x1 logistic", (6, 6, 1))

    with pytest.raises(DataError, match="2"):
        network.fit(X, (X // 100).astype(np.uint8), epochs=1)


def test_masks_and_numbers_are_not_scaled():
    """Labels, and targets of networks without pixels, are what they are."""
    masks = st.Network.parse("conv 3@1x1 softmax", (6, 6, 1))
    numbers = st.Network.parse("dense 1", (6, 6, 1))
    y = (X[..., 0] // 100).astype(np.uint8)

    assert masks.evaluate(X, y).loss == masks.evaluate(X, y.astype(int)).loss
    many = np.full(60, 200)
    assert numbers.evaluate(X, many.astype(np.uint8)).loss == numbers.evaluate(X, many).loss


def test_scaling_is_one_multiplication():
    """The full scale becomes 1 within a rounding, zero stays zero."""
    assert scaled(np.array([0, 255], np.uint8)).tolist() == [0, 1]
    assert scaled(np.array([0, 65535], np.uint16)).tolist() == pytest.approx([0, 1], rel=1e-7)


def test_dark_integers_of_an_eighth_are_bright_enough():
    """Exactly an eighth of the range gives no warning."""
    warn_of_scale(np.array([[[[32]]]], np.uint8), "x")
    with pytest.warns(StriateWarning, match="largest value is 31"):
        warn_of_scale(np.array([[[[31]]]], np.uint8), "x")


def test_ranges_of_nothing_are_comparable_with_everything():
    """A network trained on black images, or asked about some, warns of nothing."""
    black, white = PixelRange(1, 0.0, 0.0), PixelRange(1, 0.0, 1e9)

    black.warn_of_other_scale(white, "x")
    white.warn_of_other_scale(black, "x")
