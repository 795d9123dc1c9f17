"""E8.3: the alphabet, the templates, and the smallest set that tells all letters apart."""

from itertools import combinations
from string import ascii_uppercase

import numpy as np
import pytest

from striate.exercises import ALPHABET, TEMPLATES, get, smallest_sets
from striate.exercises.letters import confused, matches


def matches_by_loops(letter, template):
    """Count the positions where all black pixels of a template are on black pixels of a letter."""
    ink = {tuple(pixel) for pixel in np.argwhere(letter).tolist()}
    black = np.argwhere(template).tolist()
    return sum(
        all((row + u, column + v) in ink for u, v in black)
        for row in range(-2, letter.shape[0])
        for column in range(-2, letter.shape[1])
    )


@pytest.fixture(scope="module")
def counts():
    """Count all matches by loops: `{template: {letter: count}}`."""
    return {
        name: {letter: matches_by_loops(bitmap, template) for letter, bitmap in ALPHABET.items()}
        for name, template in TEMPLATES.items()
    }


def tells_apart(counts, letters, names):
    """Return whether all letters have different counts."""
    return len({tuple(counts[name][letter] for name in names) for letter in letters}) == len(
        letters
    )


def test_the_alphabet_has_26_different_letters():
    """Each letter has 7 x 5 pixels, reaches the top and the bottom, and differs from all others."""
    assert "".join(ALPHABET) == ascii_uppercase
    assert {bitmap.shape for bitmap in ALPHABET.values()} == {(7, 5)}
    assert all(bitmap[0].any() and bitmap[-1].any() for bitmap in ALPHABET.values())
    assert len({bitmap.tobytes() for bitmap in ALPHABET.values()}) == 26


def test_the_templates_differ_and_include_the_books():
    """Each template is a different 3 x 3 kernel of zeros and ones; the book's four are included."""
    assert {kernel.shape for kernel in TEMPLATES.values()} == {(3, 3)}
    assert len({kernel.tobytes() for kernel in TEMPLATES.values()}) == len(TEMPLATES) == 16
    assert TEMPLATES["slash"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert TEMPLATES["backslash"].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_matches_are_those_of_plain_loops(counts):
    """A match is where the correlation reaches the number of ones."""
    assert all(
        matches(letter, name) == counts[name][letter] for name in TEMPLATES for letter in ALPHABET
    )


def test_four_templates_are_enough_and_three_are_not(counts):
    """Every set of up to four templates is tried: five sets of four are right, and no smaller."""
    found = {
        size: [
            names
            for names in combinations(TEMPLATES, size)
            if tells_apart(counts, ascii_uppercase, names)
        ]
        for size in range(5)
    }

    assert [len(found[size]) for size in range(5)] == [0, 0, 0, 0, 5]
    assert list(smallest_sets()) == found[4]
    assert ("horizontal", "vertical", "upper-right-corner", "peak") in found[4]


@pytest.mark.parametrize("seed", range(50))
def test_the_smallest_set_of_a_variant(counts, seed):
    """For twelve letters, every set of the smallest size that is right is found, and no other."""
    letters = get("E8.3", variant=seed).letters
    sets = smallest_sets(letters)

    size = len(sets[0])
    assert len(letters) == 12
    assert size > 1
    assert list(sets) == [
        names for names in combinations(TEMPLATES, size) if tells_apart(counts, letters, names)
    ]
    assert not any(
        tells_apart(counts, letters, names) for names in combinations(TEMPLATES, size - 1)
    )


def test_confused_letters_are_named():
    """The book's four kernels do not tell three pairs apart: A and D, L and T, M and W."""
    books = ("horizontal", "vertical", "slash", "backslash")

    assert confused(ascii_uppercase, books) == [("A", "D"), ("L", "T"), ("M", "W")]


def test_letters_that_cannot_be_told_apart_have_no_set():
    """If the library isn't enough, no set is returned: here, a letter is listed twice."""
    assert smallest_sets("AA") == ()


def test_the_bitmaps_are_read_only():
    """They are shared, so they must not change."""
    with pytest.raises(ValueError, match="read-only"):
        ALPHABET["A"][0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        TEMPLATES["plus"][0, 0] = 1
