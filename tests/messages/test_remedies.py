"""Remedies in error messages: followed literally, they work."""

import numpy as np
import pytest

import striate as st
from striate.errors import StriateError
from striate.functions.loss import CrossEntropy

_X = np.random.default_rng(0).random((12, 6, 6, 1))
_Y = np.arange(12) % 3


def _network(activation="softmax"):
    """Make a small classifier."""
    layers = [st.Conv(2, 3), st.Flatten(), st.Dense(3, activation=activation)]
    return st.Network(layers, input_shape=(6, 6, 1))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_can_be_set_to_0_as_the_error_says(value):
    """``np.nan_to_num`` alone turns infinity into a number that float32 cannot hold."""
    x = _X.copy()
    x[2, 0, 0, 0] = value

    with pytest.raises(StriateError) as error:
        _network().fit(x, _Y, epochs=1)
    assert "np.nan_to_num(x.astype(np.float32), posinf=0, neginf=0)" in str(error.value)

    with np.errstate(over="ignore"):
        _network().fit(
            np.nan_to_num(x.astype(np.float32), posinf=0, neginf=0), _Y, epochs=1, progress=False
        )


@pytest.mark.parametrize("x", [np.full((12, 6, 6, 1), "a"), [{"a": 1}] * 12])
def test_no_conversion_is_suggested_for_what_numpy_cannot_convert(x):
    """Words and dicts are not numbers."""
    with pytest.raises(StriateError, match="Pass the pixel values as an array of numbers"):
        _network().predict(x)


def test_the_suggested_loss_and_optimizer_suit_a_classifier():
    """The first names of the alphabet, absolute-error and adagrad, were suggested before."""
    with pytest.raises(StriateError, match='Try loss="cross-entropy" for classes'):
        _network().fit(_X, _Y, loss=3)
    with pytest.raises(StriateError, match='Try optimizer="adam"'):
        _network().fit(_X, _Y, optimizer=3)

    _network().fit(_X, _Y, loss="cross-entropy", optimizer="adam", epochs=1, progress=False)


def test_the_suggested_learning_rate_does_not_diverge():
    """A tenth of 1e38 diverges as well, and so does 1e38 with a clipped gradient."""
    with pytest.raises(StriateError) as error:
        _network().fit(_X, _Y, learning_rate=1e38, epochs=2)

    assert "learning_rate=0.1 (now 1e+38)." in str(error.value)
    _network().fit(_X, _Y, learning_rate=0.1, epochs=2, progress=False)


@pytest.mark.parametrize("shape", [(6, 6, 1), None])
def test_text_instead_of_layers_names_parse_and_preset(shape):
    """Shorthand and the names of presets have their own constructors."""
    with pytest.raises(StriateError, match=r"Use Network\.parse for shorthand"):
        st.Network("lenet5", input_shape=shape)


def test_other_channels_than_those_of_the_kernels_are_named():
    """The size of the image is not what is wrong."""
    with pytest.raises(StriateError, match="Only rows and columns can change"):
        st.Network([st.Conv(2, 3)], input_shape=(6, 6, 1)).at((6, 6, 3))


def test_validation_images_are_named():
    """The training images of the same call are fine."""
    with pytest.raises(StriateError, match=r"^Validation data: x has shape"):
        _network().fit(_X, _Y, validation=(_X[:, 1:], _Y))


def test_the_option_of_a_loss_is_named_as_such(tmp_path):
    """``fit`` has no argument ``label_smoothing``."""
    path = tmp_path / "run.checkpoint"
    _network().fit(_X, _Y, epochs=1, checkpoint=path, progress=False)

    with pytest.raises(StriateError, match=r"Use the same loss, with label_smoothing=0\.0"):
        _network().fit(_X, _Y, epochs=1, resume=path, loss=CrossEntropy(label_smoothing=0.1))

    _network().fit(
        _X, _Y, epochs=1, resume=path, loss=CrossEntropy(label_smoothing=0.0), progress=False
    )


def test_fractions_are_not_truncated_to_labels():
    """``astype(int)`` would make classes of 0.5 and 1.5 without a word."""
    with pytest.raises(StriateError, match="use a linear last layer") as error:
        _network().fit(_X, _Y + 0.5)
    assert "astype(int)" not in str(error.value)

    layers = [st.Conv(2, 3), st.Flatten(), st.Dense(1)]
    st.Network(layers, input_shape=(6, 6, 1)).fit(_X, _Y + 0.5, epochs=1, progress=False)


LISTS = {
    "reshape": (_X.reshape(12, 36), "Use ", "np.asarray(x).reshape(-1, 6, 6, 1)"),
    "newaxis": (_X[0, ..., 0], "Use ", "np.asarray(x)[np.newaxis]"),
    "integers": ((_X * 100).astype(int), "Use ", "np.asarray(x).astype(np.float32) / 99"),
    "text": (_X.astype(str), "Convert it with ", "np.asarray(x).astype(np.float32)"),
    "nan": (np.where(_X > 0.99, np.nan, _X), "set such values to 0: ",
            "np.nan_to_num(np.asarray(x).astype(np.float32), posinf=0, neginf=0)"),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTS)
def test_remedies_for_a_list_of_images_work_for_lists(case):
    """A list has no ``reshape`` and no ``astype``; for an array the text is shorter."""
    array, before, remedy = LISTS[case]
    x = array.tolist()
    with pytest.raises(StriateError) as error:
        _network().predict(x)
    with pytest.raises(StriateError) as of_array:
        _network().predict(np.asarray(x))

    assert f"{before}{remedy}." in str(error.value)
    assert remedy.replace("np.asarray(x)", "x") in str(of_array.value)
    assert len(_network().predict(eval(remedy, {"x": x, "np": np}))) in (1, 12)


TARGETS = {
    "column": ("softmax", _Y[:, None], "np.asarray(y)[:, 0]"),
    "rows-for-hinge": ("linear", np.eye(3)[_Y], "np.asarray(y).argmax(axis=-1)"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_remedies_for_a_list_of_targets_work_for_lists(case):
    """As for images."""
    activation, array, remedy = TARGETS[case]
    y, loss = array.tolist(), "hinge" if case == "rows-for-hinge" else None
    with pytest.raises(StriateError) as error:
        _network(activation).fit(_X, y, epochs=1, loss=loss)

    assert f"Use {remedy}." in str(error.value)
    y = eval(remedy, {"y": y, "np": np})
    _network(activation).fit(_X, y, epochs=1, loss=loss, progress=False)
