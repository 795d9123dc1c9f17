"""Options: what is allowed, how it is said, what becomes plain."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions.options import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    WHOLE,
    OneOf,
    Range,
    check,
    option,
    required,
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A kind with one option of each sort."""

    strength: float = option(0.5, FRACTION)
    times: int = option(2, COUNT)
    mode: str = option("fast", OneOf(("fast", "slow")))
    values: Any = ()

    def __post_init__(self):
        check(self)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A kind with an option that has no default."""

    height: int = required(WHOLE, example=3)

    def __post_init__(self):
        check(self)


@pytest.mark.parametrize(
    "allowed, inside, outside",
    [
        (POSITIVE, (1e-300, 5, np.float32(0.1)), (0, -1, np.inf, np.nan, None, "1", True, 1j)),
        (NOT_NEGATIVE, (0, 0.0, np.int8(3)), (-1e-300, -np.inf)),
        (FRACTION, (0, 0.999), (1, 1.0, -0.1)),
        (COUNT, (1, np.int64(7)), (0, 1.0, 2.5)),
        (WHOLE, (1, 0, -1, np.uint8(7)), (1.0, 2.5, True, None, "3")),
        (Range(above=1, most=2), (1.01, 2), (1, 2.01)),
    ],
)
def test_a_range_holds_what_it_says(allowed, inside, outside):
    """Ends belong to a range or not, as stated; only finite numbers are in any."""
    found = [[value in allowed for value in values] for values in (inside, outside)]

    assert found == [[True] * len(inside), [False] * len(outside)]


@pytest.mark.parametrize(
    "allowed, words",
    [
        (POSITIVE, "a finite number above 0"),
        (FRACTION, "a number of at least 0 and below 1"),
        (COUNT, "a whole number of at least 1"),
        (WHOLE, "a whole number"),
        (Range(above=0, most=0.5), "a number above 0 and of at most 0.5"),
        (Range(), "a finite number"),
        (OneOf(("fast", "slow")), "'fast' or 'slow'"),
    ],
)
def test_what_is_allowed_is_said_in_words(allowed, words):
    """Each range and choice prints as it stands in an error."""
    assert str(allowed) == words


@pytest.mark.parametrize(
    "options, text",
    [
        (
            {"strength": 1},
            (
                "Sample cannot have strength=1. It is a number of at least 0 and below 1. "
                "Use strength=0.5, for example."
            ),
        ),
        (
            {"times": 2.5},
            (
                "Sample cannot have times=2.5. It is a whole number of at least 1. "
                "Use times=2, for example."
            ),
        ),
        (
            {"mode": "fats"},
            "Sample cannot have mode='fats'. It is 'fast' or 'slow'. Use mode='fast', for example.",
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
    """A kind cannot be written whose default its own range refuses."""
    with pytest.raises(AssertionError):
        option(1.0, FRACTION)


def test_a_required_option_is_required():
    """Without a default the caller has to give a value."""
    with pytest.raises(TypeError, match="height"):
        Stack()


def test_a_bad_required_option_names_an_example():
    """Where there is no default to name, the author's example stands in the error."""
    with pytest.raises(OptionError) as error:
        Stack(height=2.5)

    assert str(error.value) == (
        "Stack cannot have height=2.5. It is a whole number. Use height=3, for example."
    )


def test_an_example_that_is_not_allowed_is_a_mistake_of_the_author():
    """A kind cannot be written whose example its own range refuses."""
    with pytest.raises(AssertionError):
        required(COUNT, example=0)
