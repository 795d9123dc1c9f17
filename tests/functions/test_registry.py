"""Kinds by name and as data; errors word for word, for any content of a file."""

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions import registry
from striate.functions.schedule import Cosine, LinearWarmUp
from striate.functions.transfer import LeakyRelu
from striate.functions.vec import Flatten
from striate.functions.weight import AveragePooling, Convolution, DotProduct, MaxPooling


def test_names_are_the_class_names_in_words():
    """LeakyRelu is leaky-relu, RMSprop rmsprop, AdamW adamw."""
    assert registry.find("transfer", "leaky-relu") is LeakyRelu
    assert registry.name_of(MaxPooling) == "max-pooling"
    assert {"rmsprop", "adamw", "gradient-descent"} <= registry.kinds("optimizer").keys()


def test_what_stands_in_place_of_a_weight_function_is_one_family():
    """Pooling, normalization, rearranging and dropout are in the family of weight functions."""
    names = registry.kinds("weight").keys()

    assert {"convolution", "max-pooling", "batch-normalization", "flatten", "dropout"} <= names


def test_families_cannot_be_changed():
    """The registry is read-only; a kind is added by its file and its export."""
    with pytest.raises(TypeError):
        registry.kinds("weight")["toy"] = MaxPooling


def test_data_hold_what_differs_from_the_defaults():
    """Tuples become lists; defaults are left out."""
    kind = Convolution(feature_maps=6, kernel_size=(5, 3), padding=((1, 2), (0, 0)))

    data = registry.to_data(kind)

    assert data == {
        "kind": "convolution",
        "feature_maps": 6,
        "kernel_size": [5, 3],
        "padding": [[1, 2], [0, 0]],
    }
    assert registry.from_data("weight", data) == kind


def test_a_kind_may_hold_another():
    """A warm-up contains the schedule that follows it."""
    kind = LinearWarmUp(epochs=2, then=Cosine(floor=0.1))

    data = registry.to_data(kind)

    assert data == {
        "kind": "linear-warm-up",
        "epochs": 2,
        "then": {"kind": "cosine", "floor": 0.1},
    }
    assert registry.from_data("schedule", data) == kind


def test_an_unknown_kind_is_an_error_that_names_the_nearest():
    """The error lists the known names."""
    with pytest.raises(OptionError) as error:
        registry.find("net_input", "summ")

    assert str(error.value) == (
        'Unknown net input function "summ". Did you mean "sum"? Choose from concatenate, '
        "product, sum."
    )


def test_an_unknown_family_is_an_error():
    """The error lists the known families."""
    with pytest.raises(OptionError) as error:
        registry.kinds("weights")

    assert str(error.value) == (
        'Unknown family "weights". Did you mean "weight"? Choose from weight, net_input, '
        "transfer, loss, metric, optimizer, schedule, initializer."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("family", "data", "message"),
    [
        (
            "weight",
            ["max-pooling"],
            (
                "['max-pooling'] does not describe a layer: expected {\"kind\": name, option: "
                "value}. The file is damaged or was not written by striate."
            ),
        ),
        (
            "net_input",
            {"kind": 5},
            (
                "{'kind': 5} does not describe a net input function: expected {\"kind\": "
                "name, option: value}. The file is damaged or was not written by striate."
            ),
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": 2, "strides": 2},
            (
                'MaxPool has no option "strides". Did you mean "stride"? Its options are window, '
                "stride, dilation, padding, ceil_mode."
            ),
        ),
        (
            "transfer",
            {"kind": "tanh", "slope": 2},
            'tanh has no option "slope". It has none.',
        ),
        (
            "weight",
            {"kind": "max-pooling"},
            (
                "MaxPool needs the option `window`, which is missing. "
                "The file is damaged or was not written by striate."
            ),
        ),
        (
            "weight",
            {"kind": "dot-product", "neurons": "many"},
            (
                'Dense("many"): `neurons` must be an integer from 1 to 16,777,216, got "many". '
                "Try 10."
            ),
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": [2, "two"]},
            (
                'MaxPool((2, "two")): `window` must be a positive integer up to 16,777,216, '
                'or a tuple with one for each axis, got (2, "two"). Try 2.'
            ),
        ),
        (
            "weight",
            {"kind": "convolution", "feature_maps": 1, "kernel_size": 2, "padding": "some"},
            (
                'Conv(1, 2): `padding` must be "valid", "same", "full" or numbers of pixels, got '
                '"some". Did you mean "same"?'
            ),
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": 2, "ceil_mode": 1},
            "MaxPool(2): `ceil_mode` must be True or False, got 1. Try False.",
        ),
        (
            "weight",
            {"kind": "dot-product", "neurons": True},
            ("Dense(True): `neurons` must be an integer from 1 to 16,777,216, got True. Try 10."),
        ),
        (
            "schedule",
            {"kind": "linear-warm-up", "then": 3},
            "`then` must be a learning-rate schedule, got 3. Try Constant().",
        ),
        (
            "net_input",
            {"kind": "sum", "bias": 0},
            'Add(): `bias` must be "tied", "untied" or None, got 0. Try "tied".',
        ),
    ],
)
def test_invalid_data_is_refused(family, data, message):
    """Data of unknown origin is an error, and isn't executed."""
    with pytest.raises(OptionError) as error:
        registry.from_data(family, data)

    assert str(error.value) == message


def test_lists_in_lists_without_end_are_refused():
    """Deeply nested data doesn't exhaust the stack."""
    nested = []
    for _ in range(5000):
        nested = [nested]

    with pytest.raises(OptionError) as error:
        registry.from_data("weight", {"kind": "max-pooling", "window": nested})

    assert str(error.value) == (
        "The options of MaxPool are nested hundreds of levels deep. "
        "The file is damaged or was not written by striate."
    )


def test_long_words_are_cut():
    """An error doesn't print large data completely."""
    with pytest.raises(OptionError) as error:
        registry.find("net_input", "x" * 1000)

    assert len(str(error.value)) < 200


def test_options_are_checked_as_in_python():
    """A value of the correct type that isn't allowed gets the kind's own error."""
    with pytest.raises(OptionError) as error:
        registry.from_data("weight", {"kind": "dropout", "rate": 2})

    assert str(error.value) == (
        "Dropout(2): `rate` must be at least 0 and less than 1, got 2. Try 0.5."
    )


@pytest.mark.parametrize("kind", [Flatten(), AveragePooling(window=2), DotProduct(neurons=3)])
def test_defaults_are_not_written(kind):
    """The data contains only the name and options that differ from the defaults."""
    data = registry.to_data(kind)

    assert data.keys() <= {"kind", "window", "neurons"}


@pytest.mark.parametrize(
    ("family", "word", "meant"),
    [
        ("transfer", "sigmoid", "logistic"),
        ("transfer", "swish", "silu"),
        ("transfer", "ReLU", "relu"),
        ("transfer", "leaky_relu", "leaky-relu"),
        ("optimizer", "sgd", "gradient-descent"),
        ("optimizer", "nadam", "adam"),
        ("loss", "mse", "squared-error"),
        ("loss", "cros-entropy", "cross-entropy"),
        ("loss", "categorical_crossentropy", "cross-entropy"),
        ("loss", "sparse_categorical_crossentropy", "cross-entropy"),
        ("loss", "binary_crossentropy", "binary-cross-entropy"),
        ("loss", "bce", "binary-cross-entropy"),
        ("loss", "nll", "cross-entropy"),
        ("schedule", "step", "step-decay"),
    ],
)
def test_words_of_other_libraries_are_understood(family, word, meant):
    """The error for another library's name suggests striate's."""
    with pytest.raises(OptionError) as error:
        registry.find(family, word)

    assert f'Unknown {registry.NOUNS.get(family, family)} "{word}". Did you mean "{meant}"?' in str(
        error.value
    )


@pytest.mark.bad_input
def test_a_function_instead_of_a_name_is_an_option_error():
    """A function instead of a name is an OptionError, not a TypeError."""
    with pytest.raises(OptionError) as error:
        registry.find("transfer", np.tanh)

    assert str(error.value).startswith("Unknown activation <ufunc 'tanh'>. Choose from elu, ")
