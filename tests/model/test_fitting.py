"""What `fit` does with its arguments."""

import numpy as np
import pytest

import striate as st
from networks import classifier, columns, digest, images_and_labels
from striate.errors import DataError, ModelFileError, OptionError
from striate.functions.loss import CrossEntropy

X, Y = images_and_labels(12)
ONE_HOT = np.eye(3)[Y]
SOFT = ONE_HOT * 0.7 + 0.1


def test_a_constant_channel_is_divided_by_1():
    """A constant channel is not divided by the rounding error of its mean."""
    network = classifier()
    network.fit(np.full((12, 6, 6, 1), 0.3), Y, epochs=1, standardize=True)

    assert network.preprocessing.std["input"] == (1.0,)


def test_the_monitored_column_must_be_a_validation_column():
    """Validation targets between classes have no accuracy, which is an error before training."""
    network = classifier()
    before = digest(network)
    with pytest.raises(OptionError) as error:
        network.fit(X, Y, epochs=1, validation=(X, SOFT), monitor="validation_accuracy")

    assert digest(network) == before
    assert str(error.value) == (
        "`monitor` must be a column of the history (loss, accuracy, validation_loss), got "
        '"validation_accuracy". An accuracy needs targets that are labels.'
    )


def test_an_accuracy_of_the_validation_set_alone_may_be_monitored():
    """It does not need training targets that are labels."""
    history = classifier().fit(X, SOFT, epochs=1, validation=(X, Y), monitor="validation_accuracy")

    assert "validation_accuracy" in history[0]
    assert "accuracy" not in history[0]


def test_float64_images_are_augmented():
    """They are the float32 images of the same numbers."""
    trained = []
    for dtype in (np.float64, np.float32):
        trained.append(classifier())
        trained[-1].fit((X / 256).astype(dtype), Y, epochs=1, augment="shift 1")

    assert digest(trained[0]) == digest(trained[1])


def test_numpys_numbers_are_options(tmp_path):
    """They work like Python's numbers, and a checkpoint can hold them."""
    plain, other = classifier(), classifier()
    plain.fit(X, Y, epochs=2, batch_size=4, seed=4, clip_norm=0.25, early_stopping=3)
    other.fit(
        X,
        Y,
        epochs=np.int64(2),
        batch_size=np.int64(4),
        seed=np.int64(4),
        clip_norm=np.float32(0.25),
        early_stopping=np.int8(3),
        shuffle=np.bool_(1),
        checkpoint=tmp_path / "a.st",
    )

    assert digest(other) == digest(plain)


def test_a_checkpoint_that_cannot_be_written_is_refused_before_training(tmp_path):
    """The network is as it was."""
    network = classifier()
    before = digest(network)
    with pytest.raises(ModelFileError):
        network.fit(X, Y, epochs=1, checkpoint=tmp_path / "missing" / "a.st", standardize=True)

    assert digest(network) == before
    assert network.losses is None
    assert not network.preprocessing.mean


def test_class_weights_do_not_apply_to_the_validation_set():
    """With a tiny learning rate, its loss is the one without class weights."""
    options = {"epochs": 1, "learning_rate": 1e-30, "optimizer": "gradient-descent"}
    for validation in (0.5, (X, Y)):
        weighed, plain = (
            classifier().fit(X, Y, validation=validation, class_weight=weight, **options)
            for weight in ({0: 5.0}, None)
        )

        assert weighed[0]["validation_loss"] == plain[0]["validation_loss"]
        assert weighed[0]["loss"] != plain[0]["loss"]


@pytest.mark.parametrize("key", [3, 99])
def test_class_weights_of_no_class(key):
    """A label out of range is refused."""
    with pytest.raises(DataError) as error:
        classifier().fit(X, Y, epochs=1, class_weight={key: 5.0})

    assert str(error.value) == (
        f"`class_weight` has the key {key}, which is not one of the classes: 0, 1, 2. "
        "Try class_weight={0: 1.0, 1: 5.0}."
    )


def test_a_class_weight_of_a_class_without_image():
    """The network has this class, so it can have a weight."""
    few = Y < 2
    weighed, plain = (
        classifier().fit(X[few], Y[few], epochs=1, class_weight=weight)
        for weight in ({2: 5.0}, None)
    )

    assert [*columns(weighed)] == [*columns(plain)]


def test_a_validation_set_whose_classes_have_weight_0_has_loss_0():
    """As in training, weights of 0 give a loss of 0 without a warning."""
    loss = CrossEntropy(class_weights=(1.0, 1.0, 0.0))
    third = Y == 2
    history = classifier().fit(X, Y, epochs=1, loss=loss, validation=(X[third], Y[third]))

    assert history[0]["validation_loss"] == 0.0


def test_weights_are_drawn_only_where_none_are_given(monkeypatch, tmp_path):
    """Validation, another input size and loading do not draw weights."""
    network = classifier("conv 2@3x3 tanh | global-average | dense 3 softmax")
    monkeypatch.delattr("striate.model.core.start_parameters")
    network.fit(X, Y, epochs=1, validation=0.5)
    network.save(tmp_path / "net.st")

    assert digest(st.load(tmp_path / "net.st")) == digest(network)
    assert digest(network.at((9, 9, 1))) == digest(network)
