"""Options: valid values, error messages, and conversion to plain Python values."""

import copy
import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions.optimizer import Adam
from striate.functions.options import (
    COUNT,
    EXTRA_PIXELS,
    FLAG,
    FRACTION,
    NOT_NEGATIVE,
    PADDING,
    PIXELS,
    POSITIVE,
    SIZE,
    WHOLE,
    Checked,
    Each,
    FiniteArray,
    OneOf,
    OrNone,
    Range,
    option,
    required,
)
from striate.functions.transfer import LeakyRelu, Relu
from striate.functions.weight import Convolution


@dataclass(frozen=True, kw_only=True)
class Sample(Checked):
    """A kind with one option of each type."""

    strength: float = option(0.5, FRACTION)
    times: int = option(2, COUNT)
    mode: str = option("fast", OneOf(("fast", "slow")))
    values: Any = ()


@dataclass(frozen=True, kw_only=True)
class Stack(Checked):
    """A kind with an option that has no default."""

    height: int = required(WHOLE, example=3)


@pytest.mark.parametrize(
    "allowed, inside, outside",
    [
        (
            POSITIVE,
            (1e-30, 5, np.float32(0.1)),
            (0, -1, np.inf, np.nan, None, "1", True, 1j, 1e-60),
        ),
        (NOT_NEGATIVE, (0, 0.0, np.int8(3)), (-1e-300, -np.inf, 1e39, 10**400, np.bool(True))),
        (FRACTION, (0, 0.999), (1, 1.0, -0.1)),
        (COUNT, (1, np.int64(7)), (0, 1.0, 2.5, 10**30)),
        (SIZE, (1, 2**24), (0, 2**24 + 1)),
        (WHOLE, (1, 0, -1, np.uint8(7)), (1.0, 2.5, True, None, "3")),
        (Range(above=1, most=2), (1.01, 2), (1, 2.01)),
        (OneOf(("fast", None)), ("fast", None), ("slow", 0, False, np.zeros(2), ())),
        (FLAG, (True, False), (0, 1, None, "yes")),
        (PIXELS, (3, (3, 5), (1, 1, 1)), (0, (), (3, 0), (1, 1, 1, 1), 2.0, True, "3", None)),
        (EXTRA_PIXELS, (0, (0, 2)), (-1, (0, -1))),
        (
            PADDING,
            ("same", 0, 3, (1, 2), ((1, 2), (0, 0)), ((1, 2), 3)),
            ("sam", -1, (-1,), ((1, 2, 3),), ((1, -1),), None, 1.5, (), float("nan")),
        ),
        (OrNone(PIXELS), (None, 2), (0, "none")),
        (Each(NOT_NEGATIVE, "numbers"), ((0.5, 1),), (0.5, (), (-1,))),
        (
            FiniteArray(),
            (1.0, (1, 2), ((1, 2), (3, 4))),
            (((1, 2), (3,)), ("a",), (float("inf"),), (1e39,), (), None, True, (None,), (1j,)),
        ),
    ],
)
def test_a_range_holds_what_it_says(allowed, inside, outside):
    """Ranges include their ends or not, as declared, and only finite numbers."""
    found = [[value in allowed for value in values] for values in (inside, outside)]

    assert found == [[True] * len(inside), [False] * len(outside)]


@pytest.mark.parametrize(
    "allowed, words",
    [
        (POSITIVE, "a positive finite number"),
        (NOT_NEGATIVE, "a non-negative finite number"),
        (FRACTION, "at least 0 and less than 1"),
        (COUNT, "a positive integer"),
        (SIZE, "an integer from 1 to 16,777,216"),
        (WHOLE, "an integer"),
        (Range(above=0, most=0.5), "greater than 0 and at most 0.5"),
        (Range(least=1), "a finite number of at least 1"),
        (Range(), "a finite number"),
        (Range(least=0, most=2**64 - 1, whole=True), "an integer from 0 to 2**64 - 1"),
        (OneOf(("fast", "slow")), '"fast" or "slow"'),
        (OneOf(("tied", "untied", None)), '"tied", "untied" or None'),
    ],
)
def test_allowed_values_are_described(allowed, words):
    """Each range and choice prints as in an error message."""
    assert str(allowed) == words


@pytest.mark.parametrize(
    "options, text",
    [
        ({"strength": 1}, "`strength` must be at least 0 and less than 1, got 1. Try 0.5."),
        ({"strength": "x"}, '`strength` must be at least 0 and less than 1, got "x". Try 0.5.'),
        ({"times": 2.5}, "`times` must be a positive integer, got 2.5. Try 2."),
        ({"mode": "fats"}, '`mode` must be "fast" or "slow", got "fats". Did you mean "fast"?'),
        ({"mode": None}, '`mode` must be "fast" or "slow", got None. Try "fast".'),
        (
            {"times": 10**4000},
            "`times` must be a positive integer, got an integer of 13,288 bits. Try 2.",
        ),
    ],
)
def test_a_bad_option_names_value_rule_and_remedy(options, text):
    """The error holds the value, what is allowed, and a value that works."""
    with pytest.raises(OptionError) as error:
        Sample(**options)

    assert str(error.value) == text


def test_options_become_plain():
    """NumPy's numbers and arrays become Python's: kinds compare, and float32 stays float32."""
    sample = Sample(strength=np.float64(0.25), times=np.int32(3), values=np.eye(2, dtype=int))

    assert sample == Sample(strength=0.25, times=3, values=((1, 0), (0, 1)))
    assert [type(v) for v in (sample.strength, sample.times, sample.values)] == [float, int, tuple]


def test_a_default_that_is_not_allowed_is_a_mistake_of_the_author():
    """A kind can't be defined with a default outside its range."""
    with pytest.raises(AssertionError):
        option(1.0, FRACTION)


def test_a_required_option_is_required():
    """An option without a default is required."""
    with pytest.raises(OptionError) as error:
        Stack()

    assert str(error.value) == "Stack needs `height`. For example, write Stack(height=3)."


def test_a_bad_required_option_names_an_example():
    """If an option doesn't have a default, the error shows the example of its declaration."""
    with pytest.raises(OptionError) as error:
        Stack(height=2.5)

    assert str(error.value) == ("`height` must be an integer, got 2.5. Try 3.")


def test_an_example_that_is_not_allowed_is_a_mistake_of_the_author():
    """A kind can't be defined with an example outside its range."""
    with pytest.raises(AssertionError):
        required(COUNT, example=0)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Adam(lr=0.1),
            "Adam has no option `lr`. Did you mean `learning_rate`? Its ",
        ),
        (
            lambda: Adam(0.1),
            "Adam takes options by name only, got 0.1. Write Adam(",
        ),
        (
            lambda: LeakyRelu(negative_slope=0.1),
            "LeakyRelu has no option `negative_slope`. Did",
        ),
        (lambda: Relu(slope=0.1), "Relu has no option `slope`. It has none."),
    ],
)
def test_an_unknown_option_is_refused_with_a_suggestion(make, text):
    """Names of other libraries lead to striate's."""
    with pytest.raises(OptionError) as error:
        make()

    assert str(error.value).startswith(text)


def test_kinds_can_be_copied_and_pickled():
    """The check of options' names doesn't prevent copies."""
    convolution = Convolution(feature_maps=1, kernel_size=2)
    for kind in (Adam(learning_rate=0.1), LeakyRelu(slope=0.2), convolution):
        assert copy.deepcopy(kind) == pickle.loads(pickle.dumps(kind)) == replace(kind) == kind
