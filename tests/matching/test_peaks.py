"""Peaks of a score map: local maxima, positions between pixels, suppression of overlaps."""

import numpy as np
import pytest

from striate.matching import find_peaks
from striate.matching.peaks import local_maxima, refined, suppress


def test_local_maxima_are_those_that_no_neighbor_exceeds():
    """Compared with plain loops, for maps with many ties."""
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 7), (7, 1), (9, 12), (20, 20)):
        scores = rng.integers(0, 4, shape).astype(float)
        expected = []
        for (i, j), score in np.ndenumerate(scores):
            near = {
                (i + y, j + x): scores[i + y, j + x]
                for y in (-1, 0, 1)
                for x in (-1, 0, 1)
                if (y or x) and 0 <= i + y < shape[0] and 0 <= j + x < shape[1]
            }
            if all(other < score or (other == score and (i, j) < at) for at, other in near.items()):
                expected.append((i, j))
        expected.sort(key=lambda at: -scores[at])

        assert [tuple(at) for at in local_maxima(scores).tolist()] == expected


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.45), (-0.21, 0.1)])
def test_positions_between_pixels(shift):
    """A peak that is quadratic, and rotated against the axes, is found exactly."""
    y, x = np.mgrid[0:7, 0:9]
    y, x = y - 3 - shift[0], x - 4 - shift[1]
    scores = 1 - 0.1 * y**2 - 0.05 * x**2 - 0.06 * y * x

    assert refined(scores, 3, 4) == pytest.approx((3 + shift[0], 4 + shift[1]))


def test_a_position_at_the_edge_or_on_a_ridge_stays():
    """Without a maximum between the nine scores there is nothing to interpolate."""
    ridge = np.tile(-((np.arange(5.0) - 2) ** 2), (5, 1))

    assert refined(ridge, 0, 2) == (0, 2)
    assert refined(ridge, 2, 2) == (2, 2)
    assert refined(np.zeros((5, 5)), 2, 2) == (2, 2)


def test_overlapping_boxes_are_suppressed():
    """Of boxes that overlap too much, the better one stays; a suppressed box suppresses nothing."""
    boxes = np.array([(0, 0, 10, 10), (0, 4, 10, 10), (0, 8, 10, 10), (20, 0, 10, 10)], float)

    assert suppress(boxes, overlap=0.4) == [0, 2, 3]
    assert suppress(boxes, overlap=0.0) == [0, 3]
    assert suppress(boxes, overlap=0.4, count=2) == [0, 2]
    assert suppress(boxes[:0], overlap=0.4) == []


def test_peaks_of_any_map():
    """Thresholds and counts, for scores of which large or small ones are good."""
    scores = np.zeros((20, 30))
    scores[3, 4], scores[4, 6], scores[12, 20] = 0.9, 0.8, 0.7

    assert find_peaks(scores, (6, 6)) == [(3, 4)]
    assert find_peaks(scores, (6, 6), threshold=0.5) == [(3, 4), (12, 20)]
    assert find_peaks(scores, (6, 6), threshold=0.5, overlap=0.5) == [(3, 4), (4, 6), (12, 20)]
    assert find_peaks(scores, (6, 6), count=2) == [(3, 4), (12, 20)]
    assert find_peaks(1 - scores, (6, 6), threshold=0.25, smaller_is_better=True) == [(3, 4)]
    assert find_peaks(scores, (6, 6), threshold=0.95) == []
