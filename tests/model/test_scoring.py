"""Evaluation: loss, accuracy, top-k accuracy and the confusion matrix, by class."""

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.model.losses import losses_of
from striate.model.network import core_of
from striate.training.confidence import wilson_interval

X, Y = images_and_labels(12)


def constant(text, bias):
    """Build a dense network with the same outputs for every image."""
    network = classifier(text)
    network.parameters["dense1.weight"][:] = 0
    network.parameters["dense1.bias"][:] = bias
    return network


def test_loss_and_accuracy_by_hand():
    """With outputs 0.2, 0.3, 0.5 a third is correct, and the loss is the mean of the logarithms."""
    evaluation = constant("dense 3 softmax", np.log([0.2, 0.3, 0.5])).evaluate(
        X, Y, top_k=(1, 2, 3)
    )

    assert evaluation.images == 12
    assert evaluation.accuracy == pytest.approx(1 / 3)
    # Float32 logarithms and exponentials.
    assert evaluation.loss == pytest.approx(-np.log([0.2, 0.3, 0.5]).mean(), rel=1e-6)
    assert evaluation.top_k == pytest.approx({1: 1 / 3, 2: 2 / 3, 3: 1.0})
    np.testing.assert_array_equal(evaluation.confusion, [[0, 0, 4], [0, 0, 4], [0, 0, 4]])
    assert evaluation.per_class.support.tolist() == [4, 4, 4]
    assert "accuracy 33.33%" in str(evaluation)


def test_the_accuracy_has_a_confidence_interval():
    """The interval is that of the number of correct images; it is printed with the accuracy."""
    network = constant("dense 3 softmax", np.log([0.2, 0.3, 0.5]))
    evaluation = network.evaluate(X, Y)

    assert evaluation.interval == wilson_interval(4, 12)
    assert "accuracy 33.33% (95% confidence interval 13.8 to 60.9%)" in str(evaluation)


def test_weighted_images_have_no_confidence_interval():
    """The interval counts independent images with equal weights."""
    network = constant("dense 3 softmax", np.log([0.2, 0.3, 0.5]))

    assert network.evaluate(X, Y, sample_weight=np.arange(1, 13)).interval is None
    assert classifier("conv 3@1x1 softmax").evaluate(X, np.zeros((12, 6, 6), int)).interval is None


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_two_classes_and_one_output(dtype):
    """A logistic output above one half is class 1, whatever type the labels have."""
    y = (Y > 0).astype(dtype)
    evaluation = constant("dense 1 logistic", 0.1).evaluate(X, y)

    assert evaluation.accuracy == pytest.approx(8 / 12)
    np.testing.assert_array_equal(evaluation.confusion, [[0, 4], [0, 8]])
    assert set(constant("dense 1 logistic", -0.1).predict_classes(X)) == {0}
    assert set(constant("dense 1 logistic", 0.1).predict_classes(X)) == {1}


def test_probabilities_are_no_labels():
    """Targets between 0 and 1 have a loss, but no accuracy."""
    evaluation = constant("dense 1 logistic", 0.1).evaluate(X, np.linspace(0, 1, 12))

    assert evaluation.accuracy is None
    assert evaluation.confusion is None


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize(
    ("text", "loss"),
    [("dense 3 softmax", None), ("dense 3 logistic", None), ("dense 3 tanh", "squared-error")],
)
def test_one_hot_rows_are_evaluated_as_labels(text, loss, dtype):
    """Accuracy, confusion matrix and top-k accuracy are those of the labels that they encode."""
    network, rows = classifier(text), np.eye(3)[Y].astype(dtype)
    history = network.fit(X, rows, epochs=2, loss=loss, validation=(X, rows), progress=False)
    evaluation = network.evaluate(X, rows, top_k=[2])
    correct = network.predict_classes(X) == Y

    assert evaluation.accuracy == pytest.approx(np.mean(correct))
    assert history["validation_accuracy"][-1] == pytest.approx(np.mean(correct))
    assert evaluation.confusion.trace() == correct.sum()
    assert evaluation.classes == (0, 1, 2)
    assert evaluation.top_k[2] >= evaluation.accuracy
    if loss is None:
        labels = network.evaluate(X, Y, top_k=[2])
        assert (labels.accuracy, labels.top_k) == (evaluation.accuracy, evaluation.top_k)


def test_one_hot_rows_of_an_untrained_network_are_labels():
    """As labels, they need no training before they are evaluated."""
    network = classifier()

    assert network.evaluate(X, np.eye(3)[Y]).accuracy == network.evaluate(X, Y).accuracy


@pytest.mark.parametrize("channels", ["last", "first"])
def test_one_hot_masks_are_evaluated_as_masks(channels):
    """A class for each pixel, encoded in the channel axis."""
    axis = -1 if channels == "last" else 1
    x, shape = (X, (6, 6, 1)) if channels == "last" else (np.moveaxis(X, -1, 1), (1, 6, 6))
    masks = (X[..., 0] // 70).astype(int)
    network = st.Network.parse("conv 3@1x1 softmax", shape, channels=channels)
    rows = np.moveaxis(np.eye(3)[masks], -1, axis)

    assert network.evaluate(x, rows).accuracy == network.evaluate(x, masks).accuracy


def test_class_weights_work_with_one_hot_rows():
    """They weigh images by their class, however it is given."""
    labels, rows = (classifier() for _ in range(2))
    for network, y in ((labels, Y), (rows, np.eye(3, dtype=np.float32)[Y])):
        network.fit(X, y, epochs=2, class_weight={0: 3.0, 1: 0.5, 2: 1.0})

    # The same sums of float32 products in a different order.
    np.testing.assert_allclose(rows.predict(X), labels.predict(X), rtol=1e-4)


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_probabilities_between_classes_have_no_accuracy(smoothing):
    """Two equal probabilities name no class, so a set of soft targets has a loss alone."""
    rows = np.eye(3)[Y] * (1 - smoothing) + np.eye(3)[(Y + 1) % 3] * smoothing
    network = classifier()
    history = network.fit(X, rows, epochs=1)

    assert history.columns == ["epoch", "loss", "learning_rate", "seconds"]
    assert network.evaluate(X, rows).accuracy is None
    assert network.evaluate(X, rows.argmax(axis=1)).accuracy is not None


def test_several_labels_of_an_image_have_no_accuracy():
    """Even if each image of a part has only one of them: the network is not a classifier."""
    rows = np.eye(3)[Y]
    rows[0] = 1
    network = classifier("dense 3 logistic")
    network.fit(X, rows, epochs=1)

    assert network.evaluate(X[1:], rows[1:]).accuracy is None


def test_numbers_have_a_loss_only():
    """The loss of a regression comes without an accuracy."""
    evaluation = constant("dense 1", 0.5).evaluate(X, np.zeros(12))

    assert evaluation.loss == pytest.approx(0.25)
    assert (evaluation.accuracy, evaluation.confusion, evaluation.per_class) == (None, None, None)
    assert str(evaluation) == "loss 0.2500 on 12 images"


def test_labels_of_pixels():
    """With a class for each pixel, the accuracy is that of the pixels."""
    network = st.Network.parse("conv 2@1x1 softmax", (6, 6, 1))
    network.parameters["conv1.weight"][:] = 0
    network.parameters["conv1.bias"][:] = [1.0, 0.0]
    y = np.zeros((12, 6, 6), int)
    y[:, :2] = 1
    evaluation = network.evaluate(X, y)

    assert evaluation.accuracy == pytest.approx(4 / 6)
    assert evaluation.confusion.sum() == 12 * 36
    assert network.fit(X, y, epochs=1, validation=0.25).columns == [
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy",
        "learning_rate", "seconds",
    ]  # fmt: skip


def test_words_are_learned_in_their_order():
    """Words as labels become the classes in alphabetical order."""
    words = np.array(["cat", "dog", "eel"])
    for y in (words[Y], words[Y].tolist(), words[Y].astype(object)):
        network = classifier()
        network.fit(X, y, epochs=1)

        assert network.classes == ("cat", "dog", "eel")
        assert set(network.predict_classes(X)) <= set(words)
    numbers = classifier()
    numbers.fit(X, Y, epochs=1)
    np.testing.assert_array_equal(core_of(numbers).buffers[0], core_of(network).buffers[0])
    assert network.evaluate(X, words[Y]).accuracy == numbers.evaluate(X, Y).accuracy
    assert "cat" in str(network.evaluate(X, words[Y]))


def test_a_known_class_may_be_missing_later():
    """The classes stay the same if a later training lacks one of them."""
    network = classifier()
    network.fit(X, np.array(["a", "b", "c"])[Y], epochs=1)
    network.fit(X[Y > 0], np.array(["a", "b", "c"])[Y[Y > 0]], epochs=1)

    assert network.classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("dense 3 softmax", "CrossEntropy"),
        ("dense 3 log-softmax", "CrossEntropy"),
        ("dense 3 logistic", "BinaryCrossEntropy"),
        ("dense 3", "SquaredError"),
        ("dense 3 tanh", "SquaredError"),
    ],
)
def test_the_last_transfer_function_chooses_the_loss(text, loss):
    """Softmax takes cross-entropy, logistic binary cross-entropy, any other squared error."""
    (chosen,) = losses_of(classifier(text).graph, None)

    assert type(chosen).__name__ == loss


def test_the_loss_of_the_training_is_the_networks():
    """A network is evaluated with the loss of its training, unless another is given."""
    network = classifier("dense 3")
    network.fit(X, Y, epochs=1, loss="hinge")

    assert network.evaluate(X, Y).loss == network.evaluate(X, Y, loss="hinge").loss
    assert network.evaluate(X, Y).loss != network.evaluate(X, Y, loss="cross-entropy").loss
    assert network.trace(X, Y).loss == pytest.approx(network.evaluate(X, Y).loss, rel=1e-6)


def test_wolters_exercise_learns_from_labels_written_as_ones():
    """Ten logistic outputs with binary cross-entropy accept one-hot rows."""
    network = classifier("dense 3 logistic")
    history = network.fit(X, np.eye(3)[Y], epochs=3, learning_rate=0.05)

    assert history["loss"][-1] < history["loss"][0]
    assert network.predict_classes(X).shape == (12,)
