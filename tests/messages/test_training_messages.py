"""One golden text for each error about images, targets and settings."""

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.errors import DataError, GraphError, OptionError, ShapeError, StriateError
from striate.functions.optimizer import Momentum
from striate.model.network import core_of

X, Y = images_and_labels(8)
FLOATS = X / 255
NAMED = np.array(["cat", "dog", "eel"])[Y]


def fit(x=X, y=Y, **options):
    """Train a small network for an epoch."""
    return classifier().fit(x, y, **{"epochs": 1, **options})


def at(array, place, value):
    """Change one value of a copy."""
    other = array.copy()
    other[place] = value
    return other


def two_inputs():
    """Make a network of two inputs and two outputs."""
    left, right = st.Input((2,), name="left"), st.Input((2,), name="right")
    joined = st.Add(name="sum")([left, right])
    return st.Network([left, right], [joined, st.Dense(3, activation="softmax")(joined)])


IMAGES = {
    "int64": lambda: X.astype(np.int64),
    "objects": lambda: X.astype(object),
    "complex": lambda: X.astype(complex),
    "words": lambda: X.astype(str),
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "none": lambda: None,
    "empty": lambda: X[:0],
    "nan": lambda: at(FLOATS, (3, 1, 2, 0), np.nan),
    "infinite": lambda: at(FLOATS, (0, 5, 5, 0), -np.inf),
    "beyond-float32": lambda: at(FLOATS, (2, 0, 0, 0), 1e300),
    "single": lambda: X[0],
    "single-without-channels": lambda: X[0, ..., 0],
    "another-size": lambda: np.zeros((8, 7, 6, 1)),
    "another-rank": lambda: np.zeros((8, 36)),
    "a-number": lambda: 3.0,
    "another-name": lambda: {"image": X},
}


@pytest.mark.parametrize("case", IMAGES)
def test_images_that_are_refused(case, golden):
    """Training, evaluation and prediction refuse them with the same text."""
    x = IMAGES[case]()
    texts = set()
    for ask in (
        lambda: fit(x),
        lambda: classifier().evaluate(x, Y),
        lambda: classifier().predict(x),
        lambda: classifier().predict_classes(x),
        lambda: classifier().trace(x),
    ):
        with pytest.raises((DataError, ShapeError, GraphError)) as error:
            ask()
        texts.add(str(error.value))

    assert len(texts) == 1
    golden(f"messages/images-{case}", texts.pop())


@pytest.mark.parametrize("channels", ["last", "first"])
def test_channels_that_stand_at_the_other_end(channels, golden):
    """Channels first given for last, and the other way around, are recognized."""
    shape = (6, 5, 3) if channels == "last" else (3, 6, 5)
    network = st.Network([st.Conv(2, 3)], input_shape=shape, channels=channels)
    x = np.zeros((2, 3, 6, 5) if channels == "last" else (2, 6, 5, 3))
    with pytest.raises(ShapeError) as error:
        network.predict(x)

    golden(f"messages/channels-not-{channels}", str(error.value))


TARGETS = {
    "negative": lambda: at(Y, 4, -1),
    "too-large": lambda: at(Y, [2, 5], 3),
    "floats": lambda: Y + 0.5,
    "nan": lambda: at(Y.astype(float), 2, np.nan),
    "shorter": lambda: Y[:5],
    "a-column": lambda: Y[:, None],
    "a-number": lambda: 1,
    "none": lambda: None,
    "ragged": lambda: [[1], [1, 2]],
    "mixed-objects": lambda: np.array([1, "a"] * 4, object),
    "complex": lambda: Y.astype(complex),
    "one-class": lambda: np.zeros(8, int),
    "one-class-named": lambda: np.array(["cat"] * 8),
    "too-many-words": lambda: np.array(list("abcdabcd")),
    "probabilities-not-1": lambda: np.full((8, 3), 0.5),
    "probabilities-negative": lambda: np.eye(3)[Y] * 2 - 0.5,
}


@pytest.mark.parametrize("case", TARGETS)
def test_targets_that_are_refused(case, golden):
    """The text has the label, its position, and what is expected."""
    network = classifier()
    before = core_of(network).buffers[0].copy()
    with pytest.raises((DataError, ShapeError)) as error:
        network.fit(X, TARGETS[case](), epochs=1)

    np.testing.assert_array_equal(core_of(network).buffers[0], before)
    assert network.classes == ()
    golden(f"messages/targets-{case}", str(error.value))


def test_words_that_were_not_learned(golden):
    """An unknown label is named, with the network's classes."""
    network = classifier()
    network.fit(X, NAMED, epochs=1)
    with pytest.raises(DataError) as error:
        network.evaluate(X[:3], ["dog", "cow", "dog"])

    golden("messages/targets-unknown-word", str(error.value))
    with pytest.raises(DataError) as error:
        classifier().evaluate(X, NAMED)
    golden("messages/targets-words-before-training", str(error.value))


OPTIONS = {
    "epochs-0": {"epochs": 0},
    "epochs-fraction": {"epochs": 1.5},
    "epochs-word": {"epochs": "3"},
    "batch-size-0": {"batch_size": 0},
    "early-stopping-0": {"early_stopping": 0},
    "learning-rate-negative": {"learning_rate": -0.1},
    "learning-rate-nan": {"learning_rate": float("nan")},
    "early-stopping-a-flag": {"early_stopping": True},
    "keep-best-a-word": {"keep_best": "yes"},
    "shuffle-a-number": {"shuffle": 2},
    "standardize-none": {"standardize": None},
    "clip-norm-0": {"clip_norm": 0},
    "seed-negative": {"seed": -1},
    "optimizer-misspelled": {"optimizer": "adamm"},
    "optimizer-a-number": {"optimizer": 3},
    "optimizer-a-class": {"optimizer": Momentum},
    "monitor-a-number": {"monitor": 3},
    "schedule-misspelled": {"schedule": "cosin"},
    "loss-misspelled": {"loss": "cros-entropy"},
    "loss-a-number": {"loss": 3},
    "loss-after-softmax": {"loss": "binary-cross-entropy"},
    "loss-of-numbers": {"loss": "squared-error"},
    "losses-too-many": {"loss": ["cross-entropy", "hinge"]},
    "monitor-misspelled": {"monitor": "acuracy"},
    "monitor-without-validation": {"monitor": "validation_loss"},
    "validation-0": {"validation": 0.0},
    "validation-1": {"validation": 1},
    "validation-a-word": {"validation": "some"},
    "validation-a-triple": {"validation": (X, Y, Y)},
    "validation-of-other-classes": {"validation": (X, Y + 7)},
    "validation-of-another-size": {"validation": (X[:, :5], Y)},
    "validation-without-weight": {"validation": 0.3, "sample_weight": np.eye(8)[0]},
    "augment-misspelled": {"augment": "shfit 2"},
    "augment-a-number": {"augment": 2},
    "sample-weight-short": {"sample_weight": [1.0, 2.0]},
    "sample-weight-negative": {"sample_weight": at(np.ones(8), 3, -2.0)},
    "sample-weight-nan": {"sample_weight": at(np.ones(8), 3, np.nan)},
    "sample-weight-words": {"sample_weight": ["much"] * 8},
    "sample-weight-0": {"sample_weight": np.zeros(8)},
    "class-weight-a-word": {"class_weight": "balance"},
    "class-weight-a-number": {"class_weight": 3},
    "class-weight-negative": {"class_weight": {0: -1.0}},
    "class-weight-a-word-as-value": {"class_weight": {0: "much"}},
    "class-weight-of-no-class": {"class_weight": {"cow": 2.0}},
}


@pytest.mark.parametrize("case", OPTIONS)
def test_settings_that_are_not_allowed(case, golden):
    """A setting that is not allowed is refused before anything changes."""
    network = classifier()
    before = core_of(network).buffers[0].copy()
    with pytest.raises(StriateError) as error:
        network.fit(X, Y, **{"epochs": 1, **OPTIONS[case]})

    np.testing.assert_array_equal(core_of(network).buffers[0], before)
    assert network.losses is None
    golden(f"messages/fit-{case}", str(error.value))


def test_class_weights_by_an_unknown_name(golden):
    """Weights of named classes are given by name."""
    with pytest.raises(DataError) as error:
        fit(y=NAMED, class_weight={"cow": 2.0})

    golden("messages/fit-class-weight-unknown-name", str(error.value))


def test_class_weights_without_classes(golden):
    """Numbers have no classes."""
    with pytest.raises(DataError) as error:
        classifier("dense 1").fit(X, np.linspace(0, 1, 8), epochs=1, class_weight="balanced")

    golden("messages/fit-class-weight-without-classes", str(error.value))


def test_augmentation_of_images_that_it_does_not_take(golden):
    """Augmentation moves images with rows, columns and channels."""
    with pytest.raises(ShapeError) as error:
        classifier("dense 3 softmax", (4,)).fit(np.zeros((8, 4)), Y, epochs=1, augment="shift 1")

    golden("messages/fit-augment-vectors", str(error.value))


def test_batches_of_no_image(golden):
    """Evaluation and prediction need batches of at least one image."""
    with pytest.raises(OptionError) as error:
        classifier().predict(X, batch_size=0)

    golden("messages/predict-batch-size-0", str(error.value))


SEVERAL = {
    "inputs-missing": lambda net, x: net.predict(x),
    "inputs-too-many": lambda net, x: net.predict([x, x, x]),
    "inputs-misnamed": lambda net, x: net.predict({"left": x, "rihgt": x}),
    "inputs-of-other-length": lambda net, x: net.predict([x, x[:3]]),
    "inputs-none": lambda net, x: net.predict(None),  # noqa: ARG005  # one signature for all
    "outputs-missing": lambda net, x: net.fit([x, x], Y, epochs=1),
    "outputs-misnamed": lambda net, x: net.evaluate([x, x], {"sum": x, "dense": Y}),
    "outputs-of-other-length": lambda net, x: net.evaluate([x, x], [x, Y[:4]]),
    "second-input-of-another-size": lambda net, x: net.predict([x, x[:, :1]]),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_inputs_and_outputs(case, golden):
    """The text names the inputs or outputs."""
    with pytest.raises(StriateError) as error:
        SEVERAL[case](two_inputs(), np.zeros((8, 2)))

    golden(f"messages/several-{case}", str(error.value))
