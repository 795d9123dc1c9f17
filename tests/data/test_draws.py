"""Random words for images."""

import numpy as np
import pytest

from striate.data.draws import below, draw
from striate.errors import OptionError


def test_words_depend_on_everything_that_is_named():
    """Another image, seed, epoch or purpose gives other words; the same gives the same."""
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
    """Asking for more words does not change the first ones."""
    few, many = (draw(np.arange(3), seed=0, purpose=0, words=words) for words in (2, 11))

    np.testing.assert_array_equal(many[:, :2], few)


def test_words_are_uniform():
    """Each of ten numbers comes about as often as the others."""
    numbers = below(draw(np.arange(10000), seed=0, purpose=0, words=5), 10)

    counts = np.bincount(numbers.ravel(), minlength=10)
    # 5,000 are expected of each, with a deviation of sqrt(50,000 * 0.1 * 0.9) = 67; 5 deviations.
    assert np.abs(counts - 5000).max() < 335


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"seed": -1},
            (
                "The seed -1 does not fit. A seed is a whole number from 0 to 2**64 - 1. "
                "Use a small one, such as 0."
            ),
        ),
        (
            {"epoch": -1},
            (
                "Epoch -1 and the images' numbers cannot be counted. Epochs and images are "
                "numbered from 0 to 2**32 - 1. Number the images by their places in the data set."
            ),
        ),
    ],
)
def test_seeds_and_epochs_out_of_range_are_refused(options, message):
    """Numbers that do not fit into the generator's counters are refused."""
    with pytest.raises(OptionError) as error:
        draw(np.arange(2), **{"seed": 0, "purpose": 0, **options})

    assert str(error.value) == message
