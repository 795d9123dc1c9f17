"""Losses: examples from Wolter's course, PyTorch's formulas as loops, and huge net inputs."""

import math

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions.loss import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    SquaredError,
)
from striate.functions.transfer import Linear, Logistic, LogSoftmax, Softmax

RNG = np.random.default_rng(3)


def batch_loss(loss, n, y, s=None):
    """Return the loss of a batch, as the base class defines it."""
    s = np.ones(len(n)) if s is None else s
    return np.sum(s * loss.apply(n, y)) / np.sum(s * loss.image_weights(y))


@pytest.mark.parametrize(
    "labels, outputs, by_rows, by_entries",
    [
        (
            [[1, 0], [0, 1], [0, 0]],
            [[0.2, 0.12], [0.42, 0.21], [0.22, 0.34]],
            1.5022,
            0.7511,
        ),
        (
            [[1, 0], [0, 0], [0, 0], [0, 1]],
            [[0.8, 0.11], [0.22, 0.22], [0.1, 0.3], [0.08, 0.19]],
            0.7607,
            0.3803,
        ),
    ],
)
def test_the_exercise_of_wolters_course(labels, outputs, by_rows, by_entries):
    """Its two examples of binary cross-entropy, summed over classes and averaged over entries."""
    a = np.array(outputs)
    loss, n = BinaryCrossEntropy(), np.log(a / (1 - a))
    y = loss.targets(np.array(labels), (2,))

    found = batch_loss(loss, n, y)

    # The course gives four decimals.
    assert found == pytest.approx(by_entries, abs=5e-5)
    assert found * 2 == pytest.approx(by_rows, abs=5e-5)


def cross_entropy_by_loops(n, y, smoothing, weights):
    """Compute PyTorch's `cross_entropy(reduction="mean")` for labels, one position at a time."""
    total = divisor = 0.0
    classes = n.shape[1]
    for q in range(len(n)):
        for place in np.ndindex(n.shape[2:]):
            scores = [float(n[q, c][place]) for c in range(classes)]
            log_sum = math.log(sum(math.exp(score) for score in scores))
            label = int(y[q][place])
            total += (1 - smoothing) * weights[label] * (log_sum - scores[label])
            for c in range(classes):
                total += smoothing / classes * weights[c] * (log_sum - scores[c])
            divisor += weights[label]
    return total / divisor


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 0.0, 1.5)])
@pytest.mark.parametrize("pixels", [(), (3,), (2, 3)])
def test_cross_entropy_is_pytorchs_mean(smoothing, weights, pixels):
    """With smoothing and class weights, for vectors and images, a batch's loss equals PyTorch's."""
    loss = CrossEntropy(label_smoothing=smoothing, class_weights=weights)
    n = 2 * RNG.normal(size=(5, 4, *pixels))
    y = loss.targets(RNG.integers(0, 4, (5, *pixels)), (4, *pixels))

    found = batch_loss(loss, n, y)

    wanted = cross_entropy_by_loops(n, y, smoothing, weights or (1.0,) * 4)
    assert found == pytest.approx(wanted, rel=1e-13)


def test_cross_entropy_of_probabilities_is_divided_by_the_images():
    """Class weights apply to probabilities, too, but the mean is over images, as in PyTorch."""
    weights = np.array([0.5, 2.0, 1.5])
    loss = CrossEntropy(class_weights=tuple(weights))
    n = RNG.normal(size=(4, 3))
    y = loss.targets(RNG.dirichlet(np.ones(3), 4), (3,))

    found = batch_loss(loss, n, y)

    log_p = n - np.log(np.exp(n).sum(axis=1, keepdims=True))
    assert found == pytest.approx(-np.sum(weights * y * log_p) / 4, rel=1e-13)


def test_labels_are_probabilities_of_one_class():
    """Labels and their one-hot form have the same losses and derivatives."""
    loss = CrossEntropy(label_smoothing=0.1)
    n = RNG.normal(size=(3, 4, 2))
    labels = np.array([[0, 3], [1, 1], [2, 0]])
    one_hot = np.moveaxis(np.eye(4)[labels], -1, 1)

    assert (loss.apply(n, labels) == loss.apply(n, one_hot)).all()
    assert (loss.backward_n(n, labels) == loss.backward_n(n, one_hot)).all()


def test_without_weights_the_loss_is_the_mean_over_images():
    """The loss of a batch is then the mean of its images' losses, also with many pixels."""
    loss = CrossEntropy(label_smoothing=0.2)
    n, y = RNG.normal(size=(6, 3, 4, 4)), RNG.integers(0, 3, (6, 4, 4))

    assert (loss.image_weights(y) == 1).all()
    assert batch_loss(loss, n, y) == pytest.approx(loss.apply(n, y).mean(), rel=1e-15)


def test_an_image_of_weight_0_does_not_count():
    """An image with weight 0 has the same effect as if it were absent."""
    loss = CrossEntropy(class_weights=(1.0, 3.0))
    n, y = RNG.normal(size=(4, 2)), np.array([0, 1, 1, 0])

    found = batch_loss(loss, n, y, np.array([1.0, 1.0, 1.0, 0.0]))

    assert found == pytest.approx(batch_loss(loss, n[:3], y[:3]), rel=1e-15)


def test_the_derivative_is_probabilities_minus_targets():
    """For softmax, dN = p - y; for the logistic function, it is also divided by the outputs."""
    n, y = RNG.normal(size=(3, 4)), np.array([0, 3, 1])
    one_hot = np.eye(4)[y]

    np.testing.assert_allclose(
        CrossEntropy().backward_n(n, y), Softmax().apply(n) - one_hot, atol=1e-15
    )
    np.testing.assert_allclose(
        BinaryCrossEntropy().backward_n(n, one_hot),
        (Logistic().apply(n) - one_hot) / 4,
        atol=1e-15,
    )


@pytest.mark.parametrize(
    "loss, transfer, y",
    [
        (CrossEntropy(label_smoothing=0.1), Softmax(), np.array([0, 2])),
        (CrossEntropy(), LogSoftmax(), np.array([0, 2])),
        (CrossEntropy(), Linear(), np.array([0, 2])),
        (BinaryCrossEntropy(), Logistic(), np.array([[0.0, 1, 0], [1, 1, 0]])),
        (BinaryCrossEntropy(), Linear(), np.array([[0.0, 1, 0], [1, 1, 0]])),
        (SquaredError(), Linear(), np.array([[0.5, 1, 0], [1, 2, 0]])),
    ],
    ids=lambda part: str(part) if not isinstance(part, np.ndarray) else "",
)
def test_the_derivative_of_the_activation_leads_to_that_of_the_net_input(loss, transfer, y):
    """The trace's dA, multiplied by the slope of the transfer function, is dN."""
    n = RNG.normal(size=(2, 3))
    a = transfer.apply(n)

    dn = transfer.backward_n(n, a, loss.backward_a(a, y, transfer))

    np.testing.assert_allclose(dn, loss.backward_n(n, y), atol=1e-15)


def test_the_derivative_of_the_activation_where_it_rounds_to_0_or_1():
    """The slope is infinite if a probability is 0 but its target isn't, and otherwise finite."""
    da = CrossEntropy().backward_a(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1, 0]))
    db = BinaryCrossEntropy().backward_a(np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]))

    assert da.tolist() == [[0.0, -math.inf], [-1.0, 0.0]]
    assert db.tolist() == [[-math.inf, math.inf, 1 / 3]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_derivative_of_the_activation_where_it_overflows(dtype):
    """The slope at the smallest positive probability is infinite, without a warning."""
    tiny = np.finfo(dtype).smallest_subnormal

    da = CrossEntropy().backward_a(np.array([[tiny, 1.0]], dtype), np.array([0]))
    db = BinaryCrossEntropy().backward_a(np.array([[tiny]], dtype), np.array([[1.0]]))

    assert da.tolist() == [[-math.inf, 0.0]]
    assert db.tolist() == [[-math.inf]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_net_inputs(dtype):
    """Net inputs of 10,000 give exact losses and derivatives, and no warning."""
    n = np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]], dtype)
    sharp = CrossEntropy().apply(n, np.array([2, 1]))
    binary = BinaryCrossEntropy().apply(n, np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]))

    assert sharp.tolist() == [2e4, 0.0]
    # One of three outputs: (1e4 + ln 2 + 1e4) / 3 and ln 2 / 3.
    np.testing.assert_allclose(binary, [(2e4 + math.log(2)) / 3, math.log(2) / 3], rtol=1e-6)
    assert CrossEntropy().backward_n(n, np.array([2, 1])).tolist() == [[1, 0, -1], [0, 0, 0]]
    assert sharp.dtype == binary.dtype == dtype


def test_errors_of_regression():
    """Squared, absolute and Huber errors are means over an image's outputs."""
    n, y = np.array([[1.0, 3.0], [0.0, 0.25]]), np.array([[1.0, 1.0], [0.0, 0.0]])

    assert SquaredError().apply(n, y).tolist() == [2.0, 0.03125]
    assert AbsoluteError().apply(n, y).tolist() == [1.0, 0.125]
    assert Huber().apply(n, y).tolist() == [0.75, 0.015625]
    assert Huber(delta=0.5).apply(n, y).tolist() == [0.4375, 0.015625]


def test_regression_at_kinks():
    """The absolute error has slope 0 at error 0; Huber's slope is continuous at delta."""
    n = np.array([[0.0, 2.0, -2.0, 1.0, -1.0]])
    y = np.zeros_like(n)

    assert (AbsoluteError().backward_n(n, y) * 5).tolist() == [[0, 1, -1, 1, -1]]
    assert (Huber().backward_n(n, y) * 5).tolist() == [[0, 1, -1, 1, -1]]
    assert (Huber(delta=1.5).backward_n(n, y) * 5).tolist() == [[0, 1.5, -1.5, 1, -1]]


def test_hinge_by_hand():
    """With several classes, PyTorch's MultiMarginLoss; with one output, the plain hinge loss."""
    several, one = np.array([[4.0, 1.0, 3.5]]), np.array([[0.25], [0.25], [2.0]])
    y = Hinge().targets(np.array([1, 0, 1]), (1,))

    assert Hinge().apply(several, np.array([0])).tolist() == [0.5 / 3]
    assert Hinge().apply(several, np.array([1])).tolist() == [(4 + 3.5) / 3]
    assert Hinge().backward_n(several, np.array([1])).tolist() == [[1 / 3, -2 / 3, 1 / 3]]
    assert y.tolist() == [[1.0], [-1.0], [1.0]]
    assert Hinge().apply(one, y).tolist() == [0.75, 1.25, 0.0]
    assert Hinge().backward_n(one, y).tolist() == [[-1.0], [1.0], [0.0]]


def test_hinge_at_its_kink():
    """A margin of exactly 1 has slope 0."""
    assert (Hinge().backward_n(np.array([[2.0, 1.0]]), np.array([0])) == 0).all()
    assert (Hinge().backward_n(np.array([[1.0]]), np.array([[1.0]])) == 0).all()


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: CrossEntropy(label_smoothing=1.5),
            ("`label_smoothing` must be at least 0 and at most 1, got 1.5. Try 0.0."),
        ),
        (
            lambda: CrossEntropy(class_weights=(1.0, -1.0)),
            (
                "`class_weights` must be a list of non-negative numbers, one for each class, "
                "or None, got (1.0, -1.0). Try None."
            ),
        ),
        (
            lambda: CrossEntropy(class_weights=(0.0, 0.0)),
            ("`class_weights` are all 0, so that no image counts. At least one must be positive."),
        ),
        (
            lambda: Huber(delta=0.0),
            ("`delta` must be a positive finite number, got 0.0. Try 1.0."),
        ),
    ],
)
def test_invalid_options(make, message):
    """An invalid option is an error in the constructor."""
    with pytest.raises(OptionError) as error:
        make()

    assert str(error.value) == message
