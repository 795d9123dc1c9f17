"""Losses and their derivatives equal PyTorch's, for every option."""

import numpy as np
import pytest

from pytorch import expected
from pytorch.layers import batch_loss, distance
from striate.functions.loss import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    SquaredError,
)

pytestmark = pytest.mark.slow

BOUND = 1e-10

WEIGHTS = (0.5, 2.0, 1.0, 0.25)
CLASSES = len(WEIGHTS)


def assert_agrees(loss, n, y):
    """Compare the mean loss of a batch and its derivatives with PyTorch's."""
    wanted, wanted_derivative = expected.loss(loss, n, y)

    value, derivative = batch_loss(loss, n, y)

    assert distance(value, wanted) <= BOUND
    assert distance(derivative, wanted_derivative) <= BOUND


@pytest.mark.parametrize("pixels", [(), (5,), (3, 4), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("labels", [True, False], ids=["labels", "probabilities"])
def test_cross_entropy(pixels, weights, smoothing, labels):
    """Cross-entropy of labels or probabilities, per image or pixel, smoothed and weighted."""
    rng = np.random.default_rng(11)
    n = 4 * rng.standard_normal((6, CLASSES, *pixels))
    y = rng.integers(0, CLASSES, (6, *pixels))
    if not labels:
        y = np.moveaxis(rng.dirichlet(np.ones(CLASSES), y.shape), -1, 1)
    loss = CrossEntropy(label_smoothing=smoothing, class_weights=weights)

    assert_agrees(loss, n, y)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3, 4)], ids=str)
@pytest.mark.parametrize(
    "loss",
    [BinaryCrossEntropy(), SquaredError(), AbsoluteError(), Huber(), Huber(delta=0.3)],
    ids=str,
)
def test_losses_of_numbers(loss, shape):
    """Binary cross-entropy and squared, absolute and Huber error for every shape, and at kinks."""
    rng = np.random.default_rng(12)
    n = 2 * rng.standard_normal((5, *shape))
    y = rng.uniform(0, 1, n.shape)
    y.reshape(-1)[0] = np.clip(n.reshape(-1)[0], 0, 1)
    n.reshape(-1)[0] = y.reshape(-1)[0]
    n.reshape(-1)[1] = y.reshape(-1)[1] + 0.3

    assert_agrees(loss, n, y)


@pytest.mark.parametrize("pixels", [(), (3, 2)], ids=str)
def test_hinge_of_several_classes(pixels):
    """The hinge loss of labels is PyTorch's multi-margin loss of each position."""
    rng = np.random.default_rng(13)
    n = 2 * rng.standard_normal((6, CLASSES, *pixels))
    y = rng.integers(0, CLASSES, (6, *pixels))

    assert_agrees(Hinge(), n, y)


def test_hinge_of_one_output():
    """For one output, labels 0 and 1 mean at most -1 and at least 1; the slope at the kink is 0."""
    n = np.array([[0.5], [-2.0], [1.0], [-1.0], [3.0]])
    y = np.array([1, 0, 1, 0, 0])

    assert_agrees(Hinge(), n, y)


@pytest.mark.parametrize("pixels", [(), (5,), (3, 4)], ids=str)
@pytest.mark.parametrize("ignore", [255, -100, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignored_labels_of_cross_entropy(pixels, ignore, smoothing):
    """The mean is over the labels that count, weighted by their classes, as with ignore_index."""
    rng = np.random.default_rng(14)
    n = 4 * rng.standard_normal((6, CLASSES, *pixels))
    y = np.where(rng.random((6, *pixels)) < 0.4, ignore, rng.integers(0, CLASSES, (6, *pixels)))
    assert (y == ignore).any()

    for weights in (None, WEIGHTS):
        loss = CrossEntropy(label_smoothing=smoothing, class_weights=weights, ignore=ignore)
        assert_agrees(loss, n, y)


@pytest.mark.parametrize("pixels", [(), (3, 2)], ids=str)
def test_ignored_labels_of_hinge(pixels):
    """The mean is over the labels that count."""
    rng = np.random.default_rng(15)
    n = 2 * rng.standard_normal((6, CLASSES, *pixels))
    y = np.where(rng.random((6, *pixels)) < 0.4, 255, rng.integers(0, CLASSES, (6, *pixels)))

    assert_agrees(Hinge(ignore=255), n, y)
