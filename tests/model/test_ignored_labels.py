"""Ignored labels: pixels and images that are left out of losses, gradients and metrics."""

import numpy as np
import pytest

import striate as st
from striate.data.augment import Augmentation
from striate.errors import DataError, OptionError, StriateError
from striate.losses import BinaryCrossEntropy, CrossEntropy, Hinge

RNG = np.random.default_rng(5)
X = RNG.normal(size=(10, 6, 5, 1)).astype(np.float32)
Y = (X[..., 0] > 0).astype(np.uint8) + (X[..., 0] > 1).astype(np.uint8)
COUNTED = RNG.random(Y.shape) < 0.6
COUNTED[3] = False  # an image without any label
MARKED = np.where(COUNTED, Y, 255).astype(np.uint8)

LOSSES = {
    "cross-entropy": (CrossEntropy(ignore=255), "3@3x3 softmax", 3),
    "smoothed": (
        CrossEntropy(ignore=255, label_smoothing=0.2, class_weights=(1.0, 2.0, 0.5)),
        "3@3x3 softmax",
        3,
    ),
    "hinge": (Hinge(ignore=255), "3@3x3", 3),
    "binary of three maps": (BinaryCrossEntropy(ignore=255), "3@3x3 logistic", 3),
    "binary": (BinaryCrossEntropy(ignore=255), "1@3x3 logistic", 2),
    "hinge of one map": (Hinge(ignore=255), "1@3x3", 2),
}


def network(layer, engine="numpy"):
    """Build a small network that gives an output for each pixel."""
    text = f"conv 4@3x3 tanh same | conv {layer} same"
    return st.Network.parse(text, (6, 5, 1), seed=2, engine=engine)


def labels_for(classes):
    """Return the labels, with 0 and 1 only for two classes."""
    y = Y if classes == 3 else (Y > 0).astype(np.uint8)
    return np.where(COUNTED, y, 255).astype(np.uint8)


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_the_mean_over_the_counted_pixels(name):
    """It equals the loss of each pixel alone, averaged over those with a label."""
    loss, layer, classes = LOSSES[name]
    net, y = network(layer), labels_for(classes)
    plain = type(loss)(**{option: getattr(loss, option) for option in ("label_smoothing",
             "class_weights") if hasattr(loss, option)})  # fmt: skip
    read = net.trace(X)["conv2"].N
    pixels = np.moveaxis(read, 1, -1)[COUNTED]
    targets = plain.targets(y[COUNTED], (read.shape[1],))
    sums, weights = plain.apply(pixels, targets), plain.image_weights(targets)

    found = net.evaluate(X, y, loss=loss).loss

    # Float32: a sum of 200 terms.
    assert found == pytest.approx(sums.sum() / weights.sum(), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_the_derivatives_of_ignored_pixels_are_zero(name):
    """And those of the others are what they would be without the ignored pixels' images."""
    loss, layer, classes = LOSSES[name]
    net = network(layer)

    trace = net.trace(X, labels_for(classes), loss=loss)

    derivatives = np.moveaxis(trace["conv2"].dN, 1, -1)
    assert (derivatives[~COUNTED] == 0).all()
    assert (derivatives[COUNTED] != 0).any()
    assert net.check_gradients(X[:4], labels_for(classes)[:4], loss=loss).passed


@pytest.mark.parametrize("name", LOSSES)
def test_both_engines_train_alike(name):
    """Losses, accuracies and weights agree up to rounding, also after a batch without labels."""
    loss, layer, classes = LOSSES[name]
    y = labels_for(classes)
    trained = [network(layer, engine) for engine in ("numpy", "compiled")]

    histories = [
        net.fit(X, y, loss=loss, epochs=3, batch_size=1, learning_rate=0.01) for net in trained
    ]

    for column in ("loss", "accuracy"):
        assert np.isfinite(histories[0][column]).all()
        np.testing.assert_allclose(histories[0][column], histories[1][column], rtol=1e-4)
    for name_, array in trained[0].parameters.items():
        # Thirty steps of Adam in float32.
        np.testing.assert_allclose(array, trained[1].parameters[name_], rtol=1e-3, atol=1e-5)


def test_a_batch_without_labels_changes_nothing():
    """Its loss and its gradient are 0."""
    net = network("3@3x3 softmax", "compiled")
    before = net.parameters["conv1.weight"].copy()
    net.fit(
        X,
        MARKED,
        loss=CrossEntropy(ignore=255),
        batch_size=10,
        epochs=1,
        optimizer="gradient-descent",
        sample_weight=np.arange(10) == 3,
    )

    np.testing.assert_array_equal(net.parameters["conv1.weight"], before)
    assert net.history["loss"] == [0.0]


def test_ignored_images():
    """Images with an ignored label give the loss and metrics that the others have alone."""
    net = st.Network.parse("dense 3 softmax", (6, 5, 1))
    y = np.array([0, 1, 2, 0, 1, 2, 0, 1, -1, -1])
    loss = CrossEntropy(ignore=-1)
    marked = net.evaluate(X, y, loss=loss, metrics=["f1", "top-2"])

    others = net.evaluate(X[:8], y[:8], loss="cross-entropy", metrics=["f1", "top-2"])

    assert marked.loss == pytest.approx(others.loss, rel=1e-6)
    assert marked.metrics == pytest.approx(others.metrics)
    np.testing.assert_array_equal(marked.confusion, others.confusion)
    history = net.fit(
        X, y, loss=loss, epochs=2, validation=0.4, class_weight="balanced", metrics="f1"
    )
    assert np.isfinite(history["validation_loss"]).all()


def test_classes_are_learned_from_the_other_labels():
    """-1 and 1 are classes although there is a third value, which is ignored."""
    net = st.Network.parse("dense 1", (6, 5, 1))
    y = np.array([-1, 1, 0, -1, 1, 0, 1, 1, -1, -1])

    net.fit(X, y, loss=Hinge(ignore=0), epochs=1)

    assert net.classes == (-1, 1)


def test_missing_targets_of_several_attributes():
    """Each of several independent targets can be missing by itself."""
    net = st.Network.parse("dense 3 logistic", (6, 5, 1))
    y = RNG.integers(0, 2, (10, 3)).astype(np.float32)
    known = RNG.random(y.shape) < 0.7
    probabilities = net.predict(X)
    surprise = -np.log(np.where(y == 1, probabilities, 1 - probabilities))

    found = net.evaluate(X, np.where(known, y, -1), loss=BinaryCrossEntropy(ignore=-1)).loss

    # The mean over all known targets, not the mean over images of their means.
    assert found == pytest.approx(surprise[known].mean(), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("text", ["shift 2", "rotate 20 flip"])
def test_pixels_from_outside_an_image_are_ignored(name, text):
    """With the ignored label as `fill_mask`, training is possible, and equal in both engines."""
    loss, layer, classes = LOSSES[name]
    losses = [
        network(layer, engine).fit(
            X, labels_for(classes), loss=loss, epochs=2, augment=f"{text} fill_mask 255", seed=3
        )["loss"]
        for engine in ("numpy", "compiled")
    ]

    np.testing.assert_allclose(*losses, rtol=1e-4)
    inside = network(layer).fit(X, labels_for(classes), loss=loss, epochs=1, augment=text, seed=3)
    assert inside["loss"][0] != pytest.approx(losses[0][0], rel=3e-4)


def test_the_fill_counts_nothing():
    """Shifted by more than the image is wide, every pixel is ignored: the loss is 0."""
    from striate.model.batches import BatchLoader, TargetMover  # noqa: PLC0415  # only here
    from striate.model.inputs import Preprocessing  # noqa: PLC0415

    loss = CrossEntropy(ignore=255)
    augment = Augmentation(shift=2, fill_mask=255)
    loader = BatchLoader({"x": X}, Preprocessing(), augment, 1)
    y = loss.targets(Y, (3, 6, 5))
    mover = TargetMover(loader, [y], [loss], [(3, 6, 5)], ["y"])

    (moved,) = mover.targets([y], np.arange(10), 0)
    (labels,) = mover.labels([y], np.arange(10), 0)

    np.testing.assert_array_equal(moved, labels)
    assert set(np.unique(moved)) == {-1, 0, 1, 2}


def test_a_saved_model_keeps_the_ignored_label(tmp_path):
    """It is an option of the loss."""
    net = network("3@3x3 softmax")
    net.fit(X, MARKED, loss=CrossEntropy(ignore=255), epochs=1)
    net.save(tmp_path / "model")

    loaded = st.load(tmp_path / "model", engine="numpy")

    assert loaded.losses == (CrossEntropy(ignore=255),)
    assert loaded.evaluate(X, MARKED).loss == net.evaluate(X, MARKED).loss


def test_white_masks_with_ignored_gray():
    """In a mask of black and white, any other value can mark what to ignore."""
    net = network("1@3x3 logistic")
    white = np.where(COUNTED, 255 * (Y > 0), 128).astype(np.uint8)

    found = net.evaluate(X, white, loss=BinaryCrossEntropy(ignore=128), metrics="iou")

    same = net.evaluate(X, labels_for(2), loss=BinaryCrossEntropy(ignore=255))
    assert found.loss == pytest.approx(same.loss, rel=1e-6)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("case", "call"),
    [
        ("not-said", lambda: network("3@3x3 softmax").fit(X, MARKED)),
        (
            "not-said-of-images",
            lambda: st.Network.parse("dense 3 softmax", (6, 5, 1)).fit(X, [0, 1, 2, 0, -1] * 2),
        ),
        ("white-or-ignored", lambda: network("1@3x3 logistic").fit(X, labels_for(2))),
        (
            "all",
            lambda: network("3@3x3 softmax").fit(
                X, np.full_like(Y, 255), loss=CrossEntropy(ignore=255)
            ),
        ),
        (
            "probabilities",
            lambda: network("3@3x3 softmax").fit(
                X, np.eye(3)[Y], loss=CrossEntropy(ignore=255), augment="shift 1 fill_mask 255"
            ),
        ),
        (
            "another-fill",
            lambda: network("3@3x3 softmax").fit(
                X, MARKED, loss=CrossEntropy(ignore=255), augment="shift 1 fill_mask 7"
            ),
        ),
        ("not-a-number", lambda: CrossEntropy(ignore="255")),
    ],
)
def test_messages(case, call, golden):
    """The errors say which label it is about, and what to do."""
    with pytest.raises(StriateError) as error:
        call()

    assert isinstance(error.value, DataError | OptionError)
    golden(f"messages/ignore-{case}", str(error.value))


def test_colored_masks():
    """The error for an array of colors says what labels are."""
    net = st.Network.parse("conv 3@1x1 softmax", (6, 5, 1))
    colors = np.array([(255, 255, 255), (255, 0, 0), (63, 72, 204)])[Y]
    remedy = "If y holds colored masks, replace each color with a label"

    with pytest.raises(DataError, match=remedy):
        net.fit(X, colors, epochs=1)
    with pytest.raises(DataError, match=remedy):
        net.fit(X, colors.astype(np.uint8), epochs=1)
