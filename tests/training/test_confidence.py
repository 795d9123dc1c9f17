"""Confidence intervals of accuracies."""

import numpy as np
import pytest

from striate.errors import DataError
from striate.training.confidence import wilson_interval


@pytest.mark.parametrize(
    ("correct", "images", "low", "high"),
    [  # scipy.stats.binomtest(correct, images).proportion_ci(method="wilson")
        (0, 10, 0.0, 0.277533),
        (5, 10, 0.236593, 0.763407),
        (81, 263, 0.255289, 0.366210),
        (10, 10, 0.722467, 1.0),
    ],
)
def test_wilson_interval_agrees_with_scipy(correct, images, low, high):
    """The interval is Wilson's, without correction for continuity."""
    interval = wilson_interval(correct, images)

    assert interval == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("p", [0.3, 0.5, 0.9, 0.97])
def test_it_contains_the_true_accuracy_in_95_of_100_samples(p):
    """The coverage of the nominal 95% is between 93% and 97% for 200 images."""
    correct = np.random.default_rng(0).binomial(200, p, 5000)
    found = [wilson_interval(int(k), 200) for k in correct]

    covered = np.mean([low <= p <= high for low, high in found])

    assert 0.93 <= covered <= 0.97


def test_it_narrows_with_more_images():
    """Four times the images halve the width."""
    narrow, wide = wilson_interval(320, 400), wilson_interval(80, 100)

    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(("correct", "images"), [(0, 0), (3, 2), (-1, 4)])
def test_impossible_counts_are_refused(correct, images):
    """There must be images, and no more correct ones than there are."""
    with pytest.raises(DataError) as error:
        wilson_interval(correct, images)

    assert f"got {correct} of {images}" in str(error.value)
