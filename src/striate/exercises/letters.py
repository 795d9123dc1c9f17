"""A small alphabet, a library of templates, and the fewest templates that tell all letters apart.

A template matches a letter where all of its black pixels are on black pixels of the letter, that is
where its correlation with the letter reaches the number of its ones. What counts is only *how
often* it matches, not where, as after sum pooling over the whole image. Two letters are told apart
by a set of templates if at least one of them matches one letter more often than the other::

                     A  B  C
    horizontal line  4  6  2      tells all three apart on its own
    vertical line    8  5  3      does, too
    plus             0  0  0      tells none apart

The search for the smallest set is exhaustive. Each template tells apart some of the 325 pairs of
letters; these pairs are the bits of an integer. A set tells all letters apart if the union (bitwise
or) of its integers has all bits. Sets of one template are tried first, then those of two, and so
on, so the first size that succeeds is the smallest.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations
from string import ascii_uppercase
from types import MappingProxyType

import numpy as np

from striate.maths import cross_correlate
from striate.shapes import Array, Int

_DRAWN = """
.###. ####. .###. ####. ##### ##### .###. #...# .###. ..### #...# #.... #...#
#...# #...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.##
#...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.#
##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #...#
#...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...#
#...# #...# #...# #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...#
#...# ####. .###. ####. ##### #.... .###. #...# .###. .##.. #...# ##### #...#

#...# .###. ####. .###. ####. .#### ##### #...# #...# #...# #...# #...# #####
##..# #...# #...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....#
##..# #...# #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#.
#.#.# #...# ####. #...# ####. .###. ..#.. #...# #...# #...# ..#.. ..#.. ..#..
#..## #...# #.... #.#.# #.#.. ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#...
#..## #...# #.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #....
#...# .###. #.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. #####
"""

_TEMPLATES = """
horizontal         ... ### ...
vertical           .#. .#. .#.
slash              #.. .#. ..#
backslash          ..# .#. #..
upper-left-corner  ... .## .#.
upper-right-corner ... ##. .#.
lower-left-corner  .#. .## ...
lower-right-corner .#. ##. ...
tee-down           ... ### .#.
tee-up             .#. ### ...
tee-right          .#. .## .#.
tee-left           .#. ##. .#.
plus               .#. ### .#.
cross              #.# .#. #.#
peak               ... .#. #.#
valley             #.# .#. ...
"""


def _bitmap(rows: Sequence[str]) -> Int[Array, "rows columns"]:
    """Read a drawing: # is 1, a dot is 0."""
    bitmap = np.array([[int(pixel == "#") for pixel in row] for row in rows])
    bitmap.flags.writeable = False
    return bitmap


def _letters() -> dict[str, Array]:
    """Read all letters."""
    drawn: list[Array] = []
    for block in _DRAWN.strip().split("\n\n"):
        rows = [line.split() for line in block.splitlines()]
        drawn += map(_bitmap, zip(*rows, strict=True))
    return dict(zip(ascii_uppercase, drawn, strict=True))


def _templates() -> dict[str, Array]:
    """Read the library."""
    lines = [line.split() for line in _TEMPLATES.strip().splitlines()]
    return {name: _bitmap(rows) for name, *rows in lines}


ALPHABET: Mapping[str, Int[Array, "7 5"]] = MappingProxyType(_letters())
"""The 26 letters, 7 x 5 pixels, drawn for striate."""

TEMPLATES: Mapping[str, Int[Array, "3 3"]] = MappingProxyType(_templates())
"""The library that kernels are chosen from. Slash and backslash have the names of figure 8.5."""


@cache
def matches(letter: str, template: str) -> int:
    """Count where a template matches a letter completely.

    Parameters
    ----------
    letter
        One of ``ALPHABET``.
    template
        A name from ``TEMPLATES``.

    Returns
    -------
    int

    Sources
    -------
    Hagan E8.3.

    Examples
    --------
    The two bars of an A have five and three pixels, so three and one positions for a line of three:

    >>> matches("A", "horizontal"), matches("A", "plus")
    (4, 0)
    """
    kernel = TEMPLATES[template]
    response = cross_correlate(ALPHABET[letter], kernel, padding=1)
    return int((response == kernel.sum()).sum())


def confused(letters: str, templates: Sequence[str]) -> list[tuple[str, str]]:
    """List the pairs of letters that all templates match equally often.

    Parameters
    ----------
    letters
        Letters, each once.
    templates
        Names from ``TEMPLATES``.

    Returns
    -------
    list of pairs

    Examples
    --------
    >>> confused("ABC", ["plus"]), confused("ABC", ["vertical"])
    ([('A', 'B'), ('A', 'C'), ('B', 'C')], [])
    """
    profiles = {letter: [matches(letter, name) for name in templates] for letter in letters}
    return [(a, b) for a, b in combinations(letters, 2) if profiles[a] == profiles[b]]


@cache
def smallest_sets(letters: str = ascii_uppercase) -> tuple[tuple[str, ...], ...]:
    """Find all smallest sets of templates that tell letters apart, by trying every set.

    Parameters
    ----------
    letters
        Letters, each once, in alphabetical order.

    Returns
    -------
    tuple of tuples
        All sets of the smallest sufficient size; empty if even the whole library isn't enough.

    Sources
    -------
    Hagan E8.3.
    """
    pairs = list(combinations(letters, 2))
    told_apart = {
        name: sum(
            1 << bit for bit, (a, b) in enumerate(pairs) if matches(a, name) != matches(b, name)
        )
        for name in TEMPLATES
    }
    everything = (1 << len(pairs)) - 1
    for size in range(len(TEMPLATES) + 1):
        found = []
        for names in combinations(TEMPLATES, size):
            union = 0
            for name in names:
                union |= told_apart[name]
            if union == everything:
                found.append(names)
        if found:
            return tuple(found)
    return ()
