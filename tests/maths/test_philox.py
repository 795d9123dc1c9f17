"""Random words by counting."""

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import philox, uniform

# Key, counter and words that the authors publish with their library Random123.
KNOWN_ANSWERS = [
    ("00000000 00000000", "00000000 " * 4, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff", "ffffffff " * 4, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "a4093822 299f31d0",
        "243f6a88 85a308d3 13198a2e 03707344",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text):
    """Read words of 32 bits in hexadecimal."""
    return np.array([int(word, 16) for word in text.split()], dtype=np.uint32)


@pytest.mark.parametrize(("key", "counter", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(key, counter, answer):
    """The three published known answers come out."""
    k0, k1 = words(key).tolist()

    found = philox((k0, k1), words(counter))

    assert found.dtype == np.uint32
    assert found.tolist() == words(answer).tolist()


def test_philox_treats_each_counter_alone():
    """A block of counters of any shape gives what each gives by itself."""
    counters = np.arange(2 * 3 * 4, dtype=np.uint32).reshape(2, 3, 4)

    found = philox((7, 8), counters)

    alone = [[philox((7, 8), counter).tolist() for counter in row] for row in counters]
    assert found.tolist() == alone


def test_philox_leaves_the_counter_as_it_was():
    """The caller's array is not written to."""
    counter = np.arange(4, dtype=np.uint32)

    philox((1, 2), counter)

    assert counter.tolist() == [0, 1, 2, 3]


def test_key_and_counter_both_change_all_words():
    """One bit more in the key or in the counter gives other words."""
    counter = np.zeros(4, np.uint32)
    next_counter = np.array([0, 0, 0, 1], np.uint32)

    start = philox((0, 0), counter)

    assert not np.any(start == philox((1, 0), counter))
    assert not np.any(start == philox((0, 1), counter))
    assert not np.any(start == philox((0, 0), next_counter))


def test_uniform_is_below_one_and_spread_evenly():
    """100,000 numbers lie in [0, 1), with the mean and the variance of the uniform distribution."""
    counter = np.zeros((25_000, 4), np.uint32)
    counter[:, 0] = np.arange(25_000)

    x = uniform(philox((5, 6), counter))

    assert x.dtype == np.float32
    assert x.min() >= 0.0
    assert x.max() < 1.0
    # Five standard deviations: of the mean sqrt(1/12/n), of the variance sqrt(1/180/n).
    assert abs(x.mean(dtype=np.float64) - 1 / 2) < 5 * (1 / 12 / x.size) ** 0.5
    assert abs(x.var(dtype=np.float64) - 1 / 12) < 5 * (1 / 180 / x.size) ** 0.5


def test_uniform_takes_the_upper_24_bits():
    """The largest word gives the largest float32 below 1; the lowest 8 bits do not count."""
    x = uniform(np.array([0, 255, 256, 2**32 - 1], np.uint32))

    assert x.tolist() == [0.0, 0.0, 2.0**-24, 1.0 - 2.0**-24]


def test_a_key_beyond_32_bits_is_explained():
    """The error gives the key, its limits and how to make it smaller."""
    with pytest.raises(OptionError) as error:
        philox((2**32, 0), np.zeros(4, np.uint32))

    assert str(error.value) == (
        "Both words of `key` must be integers from 0 to 2**32 - 1, got (4294967296, 0). Use "
        "the remainder after division by 2**32, or split a longer number into two words."
    )


@pytest.mark.bad_input
def test_a_counter_without_four_words_is_explained():
    """The error gives the shape and the rule."""
    with pytest.raises(ShapeError) as error:
        philox((0, 0), np.zeros((4, 3), np.uint32))

    assert str(error.value) == (
        "The last axis of `counter` must hold the four words of a block, got shape (4, 3). "
        "Stack four arrays along a new last axis."
    )
