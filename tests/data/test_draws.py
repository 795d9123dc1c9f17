"""Random words for images."""

import numpy as np
import pytest

from striate.data.draws import below, draw
from striate.errors import OptionError


def test_words_depend_on_everything_that_is_named():
    """Only the same image, seed, epoch and purpose give the same words."""
    base = {"seed": 1, "purpose": 2, "epoch": 3, "words": 9}
    first = draw(np.array([4]), **base)

    others = [draw(np.array([5]), **base)] + [
        draw(np.array([4]), **{**base, name: value})
        for name, value in (("seed", 2), ("seed", 1 + 2**32), ("purpose", 3), ("epoch", 4))
    ]

    np.testing.assert_array_equal(first, draw(np.array([4]), **base))
    assert first.shape == (1, 9)
    assert all((first != other).any() for other in others)


def test_more_words_begin_with_the_same():
    """Drawing more words does not change the first ones."""
    few, many = (draw(np.arange(3), seed=0, purpose=0, words=words) for words in (2, 11))

    np.testing.assert_array_equal(many[:, :2], few)


def test_words_are_uniform():
    """Each of ten numbers occurs about equally often."""
    numbers = below(draw(np.arange(10000), seed=0, purpose=0, words=5), 10)

    counts = np.bincount(numbers.ravel(), minlength=10)
    # 5,000 are expected of each, with a deviation of sqrt(50,000 * 0.1 * 0.9) = 67; 5 deviations.
    assert np.abs(counts - 5000).max() < 335


@pytest.mark.parametrize(
    "options",
    [
        {"seed": -1},
        {"epoch": -1},
    ],
)
def test_seeds_and_epochs_out_of_range_are_refused(options, message):
    """Numbers that do not fit into the generator's counters are refused."""
    with pytest.raises(OptionError) as error:
        draw(np.arange(2), **{"seed": 0, "purpose": 0, **options})

    message(error)
