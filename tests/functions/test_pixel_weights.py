"""Weights of pixels in losses: of every kind, in both engines, and with augmentation."""

from dataclasses import dataclass

import numpy as np
import pytest

import striate as st
from helpers import LOSS_CASES, Lowered, away_from_kinks, generator_for
from striate.errors import DataError, EngineError
from striate.functions.base import Loss
from striate.functions.pixel_weights import with_pixel_weights
from striate.losses import BinaryCrossEntropy, CrossEntropy, Huber
from striate.maths.check import relative_error

WITH_PIXELS = [case for case in LOSS_CASES if len(case.values[0].shape) > 1]
RNG = np.random.default_rng(3)
X = RNG.normal(size=(9, 6, 5, 1)).astype(np.float32)
Y = (X[..., 0] > 0).astype(np.int64) + (X[..., 0] > 1)
W = RNG.uniform(0, 2, Y.shape) * (RNG.random(Y.shape) < 0.8)
W[2] = 0


def test_most_losses_have_a_case_with_pixels():
    """The tests below are about them."""
    assert len({type(case.values[0].loss) for case in WITH_PIXELS}) >= 6


@pytest.mark.parametrize("case", WITH_PIXELS)
def test_an_image_is_the_mean_of_its_pixels(case):
    """With weights of 1 the loss of an image is its loss, and so is its weight in the mean."""
    rng = generator_for(case)
    n = away_from_kinks(rng, (len(case.y), *case.shape))
    ones = np.ones((len(n), *case.shape[1:]))

    np.testing.assert_allclose(
        case.loss.weighted(n, case.y, ones), case.loss.apply(n, case.y), rtol=1e-12, atol=1e-15
    )
    assert case.loss.counted(case.y, ones) == pytest.approx(case.loss.counted(case.y), rel=1e-12)


@pytest.mark.parametrize("case", WITH_PIXELS)
def test_the_equations_weight_pixels_as_numpy_does(case):
    """The nests of the weighted equations give the weighted losses."""
    rng = generator_for(case)
    n = away_from_kinks(rng, (len(case.y), *case.shape))
    weights = rng.uniform(0, 2, (len(n), *case.shape[1:]))
    stated = case.loss.lowering(case.shape, case.y.shape[1:])
    lowered = Lowered(with_pixel_weights(stated, case.shape), len(n))

    found = lowered.forward({"n": n, "y": case.y, "pw": weights})["l"]

    assert relative_error(found, case.loss.weighted(n, case.y, weights)) <= 1e-12


LOSSES = {
    "cross-entropy": ("3@3x3 softmax", CrossEntropy(class_weights=(1, 2, 1)), Y),
    "probabilities": ("3@3x3 softmax", CrossEntropy(), np.eye(3)[Y]),
    "ignored": ("3@3x3 softmax", CrossEntropy(ignore=2), Y),
    "binary": ("1@3x3 logistic", BinaryCrossEntropy(), (Y > 0).astype(np.int64)),
    "hinge": ("3@3x3", st.losses.Hinge(), Y),
    "numbers": ("2@3x3", Huber(delta=0.5), np.stack([X[..., 0], X[..., 0] ** 2], axis=-1)),
}


def network(layer, engine):
    return st.Network.parse(f"conv 4@3x3 tanh same | conv {layer} same", (6, 5, 1), engine=engine)


@pytest.mark.parametrize("augment", [None, "shift 1 flip"])
@pytest.mark.parametrize("name", LOSSES)
def test_both_engines_train_alike(name, augment):
    """Losses, metrics and weights agree up to rounding, also with moved weights."""
    layer, loss, y = LOSSES[name]
    trained = [network(layer, engine) for engine in ("numpy", "compiled")]
    options = {"loss": loss, "sample_weight": W, "augment": augment, "validation": 0.3}

    histories = [
        net.fit(X, y, epochs=3, batch_size=2, learning_rate=0.01, **options) for net in trained
    ]

    for column in set(histories[0].columns) - {"seconds", "epoch"}:
        np.testing.assert_allclose(histories[0][column], histories[1][column], rtol=1e-4)
    for key, array in trained[0].parameters.items():
        # Twelve steps of Adam in float32.
        np.testing.assert_allclose(array, trained[1].parameters[key], rtol=1e-3, atol=1e-5)


def test_the_loss_is_the_weighted_mean_over_pixels():
    """It equals the surprise of each pixel, averaged with the weights; so does the accuracy."""
    net = network("3@3x3 softmax", "numpy")
    probabilities = net.predict(X)
    surprise = -np.log(np.take_along_axis(probabilities, Y[..., np.newaxis], axis=-1)[..., 0])

    evaluation = net.evaluate(X, Y, sample_weight=W, metrics="iou")

    assert evaluation.loss == pytest.approx(np.average(surprise, weights=W), rel=1e-5)
    correct = probabilities.argmax(axis=-1) == Y
    assert evaluation.accuracy == pytest.approx(np.average(correct, weights=W), rel=1e-12)


def test_a_weight_of_zero_is_an_ignored_pixel():
    """Both give the same losses and the same weights after training."""
    ignored = np.where(W > 0, Y, 255)
    one, other = (network("3@3x3 softmax", "compiled") for _ in range(2))
    options = {"epochs": 2, "batch_size": 4, "learning_rate": 0.01}

    weighted = one.fit(X, Y, sample_weight=W > 0, **options)
    marked = other.fit(X, ignored, loss=CrossEntropy(ignore=255), **options)

    assert weighted["loss"] == pytest.approx(marked["loss"], rel=1e-5)
    assert weighted["accuracy"] == pytest.approx(marked["accuracy"], rel=1e-12)
    np.testing.assert_allclose(
        one.parameters["conv1.weight"], other.parameters["conv1.weight"], rtol=1e-3, atol=1e-5
    )


def test_weights_of_images_and_equal_weights_of_their_pixels():
    """A weight for each image is the same as that weight for each of its pixels."""
    of_images = RNG.uniform(0, 2, len(X))
    nets = [network("3@3x3 softmax", "compiled") for _ in range(2)]
    weights = (of_images, np.broadcast_to(of_images[:, None, None], Y.shape))

    losses = [
        net.fit(X, Y, sample_weight=given, epochs=2, batch_size=4)["loss"]
        for net, given in zip(nets, weights, strict=True)
    ]

    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@dataclass(frozen=True, kw_only=True)
class Quartic(Loss):
    """The fourth power of the error, without equations."""

    takes_labels = False

    def targets(self, y, output_shape):  # noqa: ARG002  # a loss's signature
        return y[:, np.newaxis] if y.ndim < 4 else y

    def apply(self, n, y):
        return ((n - y) ** 4).reshape(len(n), -1).mean(axis=1)

    def backward_n(self, n, y):
        return 4 * (n - y) ** 3 / n[0].size

    @classmethod
    def cases(cls):
        return ()


def test_a_loss_of_ones_own_is_weighted_with_numpy():
    """It needs no code for weights: the NumPy engine weights any loss."""
    net = network("1@3x3", "numpy")

    found = net.evaluate(X, X[..., 0], loss=Quartic(), sample_weight=W).loss

    errors = (net.predict(X)[..., 0] - X[..., 0]) ** 4
    assert found == pytest.approx(np.average(errors, weights=W), rel=1e-5)


def test_equations_that_cannot_be_weighted():
    """The compiled engine says what it needs."""

    class Twice(Huber):
        def lowering(self, shape, y):
            stated = super().lowering(shape, y)
            last = stated.statements[-1].replace("l[q] +=", "k[q] +=")
            return type(stated)(
                statements=(*stated.statements[:-1], last, "l[q] = 2 * k[q]"),
                backward=stated.backward,
                shapes={**stated.shapes, "k": ()},
                constants=stated.constants,
            )

    with pytest.raises(EngineError) as error:
        network("1@3x3", "compiled").fit(X, X[..., 0], loss=Twice(), sample_weight=W)

    assert "cannot weight the pixels of twice" in str(error.value)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("case", "weights"),
    [
        ("shape", W[:, :-1]),
        ("transposed", np.moveaxis(W, 1, 2)),
        ("negative", np.where(np.arange(Y.size).reshape(Y.shape) == 7, -1.0, 1.0)),
        ("zeros", np.zeros(Y.shape)),
    ],
)
def test_wrong_weights(case, weights, golden):
    """The error names the shape that is expected, or the pixel."""
    with pytest.raises(DataError) as error:
        network("3@3x3 softmax", "numpy").fit(X, Y, sample_weight=weights)

    golden(f"messages/pixel-weights-{case}", str(error.value))
