"""Sample weights and class weights in the loss, the gradient and the scores."""

import numpy as np
import pytest

import striate as st
from networks import RecordingCallback, classifier, images_and_labels
from striate.data.split import held_out
from striate.functions.loss import CrossEntropy
from striate.model.network import core_of

X, Y = images_and_labels(8)
COUNTS = np.array([1, 2, 1, 3, 1, 1, 2, 1])
ONE_STEP = {"epochs": 1, "batch_size": 16, "optimizer": "gradient-descent", "learning_rate": 0.5}

# Float32: sums of at most 16 images in a different order, each off by about 16 roundings of 6e-8.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def after_one_step(x, y, **more):
    """Return the loss and the parameters after one step on all images."""
    network = classifier()
    history = network.fit(x, y, **ONE_STEP, **more)
    return history[0], core_of(network).buffers[0]


def assert_same_step(first, second):
    """Compare loss, accuracy and parameters."""
    for name in ("loss", "accuracy"):
        assert first[0][name] == pytest.approx(second[0][name], rel=1e-6)
    np.testing.assert_allclose(first[1], second[1], **CLOSE)


def test_a_weight_is_a_repetition():
    """An image of weight 3 has the effect of three copies."""
    repeated = np.repeat(np.arange(8), COUNTS)

    assert_same_step(
        after_one_step(X, Y, sample_weight=COUNTS), after_one_step(X[repeated], Y[repeated])
    )


def test_the_weight_zero_leaves_an_image_out():
    """An image of weight 0 has no effect."""
    weights = np.array([1, 0, 1, 1, 0, 1, 1, 1])

    assert_same_step(
        after_one_step(X, Y, sample_weight=weights), after_one_step(X[weights > 0], Y[weights > 0])
    )


def test_only_proportions_count():
    """All weights times 10 change nothing: the loss is a mean."""
    assert_same_step(
        after_one_step(X, Y, sample_weight=COUNTS),
        after_one_step(X, Y, sample_weight=10.0 * COUNTS),
    )


def test_a_batch_of_weight_0_changes_nothing():
    """In a batch whose images all have weight 0, the loss is 0 and the parameters do not change."""
    network, losses = classifier(), []
    before = core_of(network).buffers[0].copy()

    callback = RecordingCallback(
        lambda state, loss, _: losses.append((loss, bool((state.parameters == before).all())))
    )
    weights = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    network.fit(X, Y, epochs=1, batch_size=2, shuffle=False, sample_weight=weights, progress=True,
                optimizer="gradient-descent", callbacks=[callback])  # fmt: skip

    assert losses[0] == (0.0, True)
    assert [changed for _, changed in losses[1:]] == [False] * 3


def test_class_weights_are_sample_weights():
    """A class of weight 3 gives each of its images weight 3."""
    assert_same_step(
        after_one_step(X, Y, class_weight={1: 3.0, 2: 0.5}),
        after_one_step(X, Y, sample_weight=np.array([1.0, 3.0, 0.5])[Y]),
    )


def test_class_weights_by_name():
    """Named classes are weighted by name."""
    names = np.array(["cat", "dog", "eel"])
    network = classifier()
    network.fit(X, names[Y], **ONE_STEP, class_weight={"dog": 3.0, "eel": 0.5})

    np.testing.assert_array_equal(
        core_of(network).buffers[0], after_one_step(X, Y, class_weight={1: 3.0, 2: 0.5})[1]
    )


def test_balanced_classes_count_the_same():
    """With "balanced" all classes have the same total weight; the sum is the number of images."""
    y = np.array([0, 0, 0, 0, 0, 1, 1, 2])

    assert_same_step(
        after_one_step(X, y, class_weight="balanced"),
        after_one_step(X, y, sample_weight=(8 / (3 * np.array([5, 2, 1])))[y]),
    )


def test_sample_and_class_weights_are_multiplied():
    """With both, each image has the product."""
    assert_same_step(
        after_one_step(X, Y, sample_weight=COUNTS, class_weight={0: 2.0}),
        after_one_step(X, Y, sample_weight=COUNTS * np.array([2.0, 1.0, 1.0])[Y]),
    )


def test_class_weights_of_the_loss_do_not_weigh_the_accuracy():
    """A loss with class weights divides by their sum, as in PyTorch; the accuracy ignores them."""
    loss = CrossEntropy(class_weights=(1.0, 3.0, 0.5))
    row, parameters = after_one_step(X, Y, loss=loss)
    weighted, expected = after_one_step(X, Y, sample_weight=np.array([1.0, 3.0, 0.5])[Y])

    assert row["loss"] == pytest.approx(weighted["loss"], rel=1e-6)
    assert row["accuracy"] == after_one_step(X, Y)[0]["accuracy"]
    np.testing.assert_allclose(parameters, expected, **CLOSE)


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_the_loss_of_an_epoch_counts_as_the_loss_does(batch_size):
    """With class weights in the loss, the row has the mean over the epoch, not over its batches."""
    network = classifier()
    loss = CrossEntropy(class_weights=(1.0, 30.0, 0.0))
    expected = network.evaluate(X, Y, loss=loss).loss
    # Steps of 1e-30 leave the weights as they are.
    history = network.fit(X, Y, loss=loss, epochs=1, batch_size=batch_size, learning_rate=1e-30,
                          optimizer="gradient-descent")  # fmt: skip

    # Float32: sums of the outputs in a different order.
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_weight_does_not_count_in_the_epoch():
    """The mean of an epoch divides by the weights: a batch of weight 0 does not change it."""
    network = classifier()
    weights = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    expected = network.evaluate(X[2:], Y[2:]).loss
    history = network.fit(X, Y, epochs=1, batch_size=2, shuffle=False, sample_weight=weights,
                          optimizer="gradient-descent", learning_rate=1e-30)  # fmt: skip

    # Float32: sums of the outputs in a different order.
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_an_epoch_whose_classes_have_no_weight_has_no_loss():
    """If all images have weight 0, the loss is 0 and the parameters do not change."""
    network = classifier()
    before = core_of(network).buffers[0].copy()
    history = network.fit(X, Y % 2, epochs=1, loss=CrossEntropy(class_weights=(0.0, 0.0, 1.0)),
                          optimizer="gradient-descent")  # fmt: skip

    assert history["loss"] == [0.0]
    np.testing.assert_array_equal(core_of(network).buffers[0], before)


def test_each_output_counts_by_its_own_weights():
    """With several outputs the row has the sum of their means, each with its own divisor."""
    image = st.Input((6, 6, 1))
    flat = st.Flatten()(image)
    ends = [st.Dense(3, activation="softmax", name=name)(flat) for name in "ab"]
    network = st.Network(image, ends)
    losses = [CrossEntropy(class_weights=(1.0, 30.0, 2.0)), CrossEntropy()]
    expected = network.evaluate(X, [Y, Y], loss=losses).loss
    history = network.fit(X, [Y, Y], loss=losses, epochs=1, batch_size=3, learning_rate=1e-30,
                          optimizer="gradient-descent")  # fmt: skip

    # Float32: sums of the outputs in a different order.
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_evaluation_weights_like_training():
    """Loss and accuracy of an evaluation are weighted means over the images."""
    network = classifier()
    repeated = np.repeat(np.arange(8), COUNTS)
    weighted = network.evaluate(X, Y, sample_weight=COUNTS, batch_size=3)
    whole = network.evaluate(X[repeated], Y[repeated])

    assert weighted.loss == pytest.approx(whole.loss, rel=1e-6)
    assert weighted.accuracy == pytest.approx(whole.accuracy, rel=1e-12)


def test_sample_weights_follow_their_images_into_the_validation_set():
    """Images that are held out keep their weights."""
    weights = np.arange(1.0, 9.0)
    network = classifier("dense 3 softmax")
    network.parameters["dense1.weight"][:] = 0.0
    network.parameters["dense1.bias"][:] = [1.0, 0.0, 0.0]
    history = network.fit(X, Y, epochs=1, validation=0.4, sample_weight=weights, seed=1,
                          learning_rate=1e-9)  # fmt: skip
    held = held_out(Y, 0.4, seed=1)

    # The network calls everything class 0.
    assert history["validation_accuracy"][0] == pytest.approx(
        weights[held & (Y == 0)].sum() / weights[held].sum()
    )


def test_the_validation_set_is_stratified():
    """The same fraction of each class is held out, for any order and any type of labels."""
    y = np.array([0] * 20 + [1] * 10 + [2] * 10)
    x = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1) * np.ones((6, 6, 1), np.uint8)
    for labels in (y, y.astype(np.uint8), np.array(["a", "b", "c"])[y]):
        seen = set()

        callback = RecordingCallback(
            lambda *heard, seen=seen: seen.add(heard[2]),
            lambda _, row, seen=seen: seen.add(row["validation_accuracy"]),
        )
        network = classifier("dense 3 softmax")
        network.parameters["dense1.bias"][:] = [1.0, 0.0, 0.0]
        network.parameters["dense1.weight"][:] = 0.0
        network.fit(x, labels, epochs=1, batch_size=64, validation=0.3, learning_rate=1e-9,
                    callbacks=[callback])  # fmt: skip

        # 6 + 3 + 3 of 40 are held out, and the network calls all of them class 0.
        assert seen == {28, 0.5}
