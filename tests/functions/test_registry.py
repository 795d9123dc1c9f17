"""Kinds by name and as data; errors word for word, whatever a file may hold."""

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
    """Pooling, normalizing, rearranging and dropout are found where weight functions are."""
    names = registry.kinds("weight").keys()

    assert {"convolution", "max-pooling", "batch-normalization", "flatten", "dropout"} <= names


def test_families_cannot_be_changed():
    """The registry is read only: a kind is added by its file and its export."""
    with pytest.raises(TypeError):
        registry.kinds("weight")["toy"] = MaxPooling


def test_data_hold_what_differs_from_the_defaults():
    """Tuples become lists; defaults are left out."""
    kind = Convolution(feature_maps=6, window=(5, 3), padding=((1, 2), (0, 0)))

    data = registry.to_data(kind)

    assert data == {
        "kind": "convolution",
        "feature_maps": 6,
        "window": [5, 3],
        "padding": [[1, 2], [0, 0]],
    }
    assert registry.from_data("weight", data) == kind


def test_a_kind_may_hold_another():
    """A warm-up names the decay that follows it."""
    kind = LinearWarmUp(epochs=2, then=Cosine(floor=0.1))

    data = registry.to_data(kind)

    assert data == {
        "kind": "linear-warm-up",
        "epochs": 2,
        "then": {"kind": "cosine", "floor": 0.1},
    }
    assert registry.from_data("schedule", data) == kind


def test_an_unknown_kind_is_an_error_that_names_the_nearest():
    """The error lists what there is."""
    with pytest.raises(OptionError) as error:
        registry.find("net_input", "summ")

    assert str(error.value) == (
        '"summ" is no net input kind. There is concatenate, product, sum. Did you mean "sum"?'
    )


def test_an_unknown_family_is_an_error():
    """Families are listed too."""
    with pytest.raises(OptionError) as error:
        registry.kinds("weights")

    assert str(error.value) == (
        '"weights" is no family of kinds. There is weight, net_input, transfer, loss, optimizer, '
        'schedule, initializer. Did you mean "weight"?'
    )


@pytest.mark.parametrize(
    ("family", "data", "message"),
    [
        (
            "weight",
            ["max-pooling"],
            (
                "['max-pooling'] is no weight kind. "
                'A kind is written {"kind": name, option: value}. Look at what wrote it.'
            ),
        ),
        (
            "net_input",
            {"kind": 5},
            (
                "{'kind': 5} is no net input kind. "
                'A kind is written {"kind": name, option: value}. Look at what wrote it.'
            ),
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": 2, "strides": 2},
            (
                '"strides" is no option of MaxPooling. There is window, stride, dilation, padding, '
                'ceil_mode. Did you mean "stride"?'
            ),
        ),
        (
            "transfer",
            {"kind": "tanh", "slope": 2},
            '"slope" is no option of Tanh. There is none. Leave it out.',
        ),
        (
            "weight",
            {"kind": "max-pooling"},
            (
                "MaxPooling lacks window. "
                "An option without a default is always written. Look at what wrote it."
            ),
        ),
        (
            "weight",
            {"kind": "dot-product", "neurons": "many"},
            "DotProduct cannot have neurons='many'. It is a whole number. Look at what wrote it.",
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": [2, "two"]},
            (
                "MaxPooling cannot have window=[2, 'two']. "
                "It is a whole number or a list. Look at what wrote it."
            ),
        ),
        (
            "weight",
            {"kind": "convolution", "feature_maps": 1, "window": 2, "padding": "some"},
            (
                "Convolution cannot have padding='some'. "
                'It is "valid" or "same" or "full" or a whole number or a list. '
                "Look at what wrote it."
            ),
        ),
        (
            "weight",
            {"kind": "max-pooling", "window": 2, "ceil_mode": 1},
            "MaxPooling cannot have ceil_mode=1. It is true or false. Look at what wrote it.",
        ),
        (
            "weight",
            {"kind": "dot-product", "neurons": True},
            "DotProduct cannot have neurons=True. It is a whole number. Look at what wrote it.",
        ),
        (
            "schedule",
            {"kind": "linear-warm-up", "then": 3},
            "LinearWarmUp cannot have then=3. It is a kind (Schedule). Look at what wrote it.",
        ),
        (
            "net_input",
            {"kind": "sum", "bias": 0},
            'Sum cannot have bias=0. It is "tied" or "untied" or null. Look at what wrote it.',
        ),
    ],
)
def test_data_that_cannot_be_are_refused(family, data, message):
    """A file of unknown origin gets an error, and nothing of it is executed."""
    with pytest.raises(OptionError) as error:
        registry.from_data(family, data)

    assert str(error.value) == message


def test_lists_in_lists_without_end_are_refused():
    """A hostile file does not exhaust the stack."""
    nested = []
    for _ in range(5000):
        nested = [nested]

    with pytest.raises(OptionError) as error:
        registry.from_data("weight", {"kind": "max-pooling", "window": nested})

    assert str(error.value) == (
        "The options of MaxPooling are nested hundreds of levels deep. "
        "No kind holds that many lists in lists. Look at what wrote it."
    )


def test_long_words_are_cut():
    """An error does not print a whole file."""
    with pytest.raises(OptionError) as error:
        registry.find("net_input", "x" * 1000)

    assert len(str(error.value)) < 200


def test_options_are_checked_as_in_python():
    """A word that has the right type but is not allowed gets the kind's own error."""
    with pytest.raises(OptionError) as error:
        registry.from_data("weight", {"kind": "dropout", "rate": 2})

    assert str(error.value) == (
        "Dropout cannot have rate=2. It is a number of at least 0 and below 1. "
        "Use rate=0.5, for example."
    )


@pytest.mark.parametrize("kind", [Flatten(), AveragePooling(window=2), DotProduct(neurons=3)])
def test_defaults_are_not_written(kind):
    """Only the name and what the caller had to say stand in the data."""
    data = registry.to_data(kind)

    assert data.keys() <= {"kind", "window", "neurons"}


@pytest.mark.parametrize(
    ("family", "word", "meant"),
    [
        ("transfer", "sigmoid", "logistic"),
        ("transfer", "ReLU", "relu"),
        ("transfer", "leaky_relu", "leaky-relu"),
        ("optimizer", "sgd", "gradient-descent"),
        ("loss", "mse", "squared-error"),
    ],
)
def test_words_of_other_libraries_are_understood(family, word, meant):
    """Whoever writes another library's name is asked whether ours was meant."""
    with pytest.raises(OptionError) as error:
        registry.find(family, word)

    assert str(error.value).endswith(f'Did you mean "{meant}"?')


@pytest.mark.bad_input
def test_what_is_no_word_is_refused_in_words():
    """A function given for the name of one is an OptionError, no TypeError."""
    with pytest.raises(OptionError) as error:
        registry.find("transfer", np.tanh)

    assert str(error.value).startswith("\"<ufunc 'tanh'>\" is no transfer kind.")
