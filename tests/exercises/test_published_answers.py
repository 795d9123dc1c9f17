"""Answers that are printed in the texts, or were read from their figures."""

import pytest

from books.test_hagan_mathematics import E8_1_ANSWER, E8_6_CONVOLUTION, E8_6_CORRELATION
from striate.exercises import get

PUBLISHED = [
    ("P8.1", "b", [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),
    ("P8.2", "a", [[0, 1], [0, 0]]),
    ("E8.1", "a", E8_1_ANSWER),
    ("E8.2", "a", [[3, 3, 3, 3], [3, 2, 2, 3], [3, 2, 2, 3], [3, 3, 3, 3]]),
    ("E8.6", "a", E8_6_CONVOLUTION),
    ("E8.6", "b", E8_6_CORRELATION),
    ("E8.6", "d", E8_6_CONVOLUTION),
    ("E8.7", "a", 8),
    ("E8.7", "b", 1),
    ("E8.10", "c", 169),
    ("Wolter", "a", [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]),
    ("Wolter", "c", 265_797_720),
    ("Wolter", "d", 1.5022 / 2),
    ("Wolter", "e", -1.5666989),
    ("Wolter", "f", 576),
    ("Wolter", "g", 98_442),
]


@pytest.mark.parametrize(("name", "part", "answer"), PUBLISHED)
def test_a_published_answer_is_correct(name, part, answer):
    """With the numbers of the text, this result is accepted."""
    assert get(name).check(answer, part).correct
