"""E8.3: the fewest kernels that tell the letters of an alphabet apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Self

import numpy as np

from striate.errors import DataError
from striate.exercises.answers import Answer, Verdict
from striate.exercises.content import Content, Picture, listed
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.letters import ALPHABET, TEMPLATES, confused, matches, smallest_sets

_FEWER_LETTERS = 12
_MOST_COLUMNS = 13


@dataclass(frozen=True, kw_only=True)
class TemplatesAnswer(Answer):
    """A set of templates; every smallest set is right.

    Parameters
    ----------
    letters
        The letters to tell apart.
    """

    letters: str

    @property
    def form(self) -> str:
        """What is expected."""
        return "names of templates, separated by commas"

    @property
    def text(self) -> str:
        """One of the smallest sets."""
        return ", ".join(smallest_sets(self.letters)[0])

    def check(self, given: object) -> Verdict:
        """Check that the set tells all letters apart, and that it isn't too large."""
        names = _read_names(given)
        pairs = confused(self.letters, names)
        smallest = len(smallest_sets(self.letters)[0])
        if not pairs and len(names) == smallest:
            return Verdict(
                correct=True,
                message=f"Correct: {smallest} are enough, and no smaller set of these templates "
                "is.",
            )
        if pairs:
            return self._confusion(names, pairs)
        dispensable = [
            name for name in names if not confused(self.letters, [n for n in names if n != name])
        ]
        which = (
            f"For example, you can leave out {dispensable[0]}."
            if dispensable
            else "None of yours can be left out, but a different set is smaller."
        )
        return Verdict(
            correct=False,
            message="These templates tell all letters apart, but fewer are enough: "
            f"{smallest} instead of {len(names)}. {which}",
            mistakes=("too many",),
        )

    def _confusion(self, names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Verdict:
        """Name two letters that a set doesn't tell apart, and templates that would help."""
        a, b = pairs[0]
        helpful = [name for name in TEMPLATES if matches(a, name) != matches(b, name)]
        counts = ", ".join(f"{name} {matches(a, name)}" for name in names)
        more = f" (and {len(pairs) - 1} more pairs)" if len(pairs) > 1 else ""
        useless = [name for name in names if not any(matches(l, name) for l in self.letters)]
        unused = f" The template {useless[0]} matches none of the letters." if useless else ""
        return Verdict(
            correct=False,
            message=f"These templates match {a} and {b} equally often: {counts}{more}. Compare the "
            f"two letters. For example, {listed(helpful[:3], 'or')} would tell them apart.{unused}",
            mistakes=("useless template",) * bool(useless) + ("confused letters",),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class LetterKernels(Exercise):
    """E8.3: choose kernels for characters.

    Parameters
    ----------
    letters
        The letters to tell apart, in alphabetical order.

    Sources
    -------
    Hagan E8.3.
    """

    name = "E8.3"
    title = "Kernels for letters"
    source = "Hagan, exercise E8.3, with an alphabet drawn for striate; equation 8.13"

    letters: str = ascii_uppercase

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose twelve letters for which a single template isn't enough."""
        random = generator(cls.name, seed)
        while True:
            chosen = random.choice(list(ascii_uppercase), _FEWER_LETTERS, replace=False)
            letters = "".join(sorted(map(str, chosen)))
            if len(smallest_sets(letters)[0]) > 1:
                return cls(seed=seed, letters=letters)

    @property
    def statement(self) -> Content:
        """The letters and the library."""
        return (
            (
                "Use templates to tell the letters below apart. A template matches a letter where "
                "all of its black pixels are on black pixels of the letter: there, the correlation "
                "is equal to the number of its ones. Only the number of matches counts, not where "
                "they are, as after sum pooling over the whole image."
            ),
            *(Picture(letter, ALPHABET[letter], "ink") for letter in self.letters),
            "Choose from these templates:",
            *(Picture(name, kernel, "ink") for name, kernel in TEMPLATES.items()),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The smallest set."""
        return (
            ExercisePart(
                letter="a",
                question=(
                    (
                        "Find a smallest set of templates so that no two of the "
                        f"{len(self.letters)} letters have the same numbers of matches. (Names, "
                        "separated by commas.)"
                    ),
                ),
                answer=TemplatesAnswer(letters=self.letters),
                hint="Count the horizontal and vertical matches of all letters first. Which "
                "letters still have the same numbers? Look for a template that differs there.",
                solution=self._solution(),
            ),
        )

    def _solution(self) -> Content:
        sets = smallest_sets(self.letters)
        best = sets[0]
        counts = np.array([[matches(letter, name) for name in best] for letter in self.letters])
        rows = -(-len(self.letters) // _MOST_COLUMNS)
        others = (
            f"It is one of {len(sets)} such sets" if len(sets) > 1 else "It is the only such set"
        )
        return (
            (
                f"All sets of the {len(TEMPLATES)} templates were tried, smaller ones first. Sets "
                f"of fewer than {len(best)} leave at least two letters with the same numbers; "
                f"{listed(list(best))} tell all of them apart. {others}."
            ),
            f"The numbers of matches, in the order {' '.join(self.letters)}:",
            *(
                Picture(name, counts[:, k].reshape(-1, len(self.letters) // rows))
                for k, name in enumerate(best)
            ),
        )


def _read_names(given: object) -> list[str]:
    """Read names of templates; order, repetitions and case don't matter."""
    words = re.split(r"[,;\n]|\band\b", given) if isinstance(given, str) else _as_words(given)
    names: list[str] = []
    for word in words:
        plain = "-".join(re.sub(r"[\[\]\"'{}()]", "", word).lower().split())
        plain = plain.removesuffix("-line")
        if not plain:
            continue
        if plain not in TEMPLATES:
            raise DataError(f'Unknown template "{word.strip()}". Choose from {_names()}.')
        names.append(plain)
    if not names:
        raise DataError(f"The answer has no template. Choose from {_names()}.")
    return list(dict.fromkeys(names))


def _as_words(given: object) -> list[str]:
    if not isinstance(given, Sequence | set | frozenset):
        raise DataError(f"Expected names of templates, got {given!r}. Choose from {_names()}.")
    return [str(word) for word in given]


def _names() -> str:
    return listed(list(TEMPLATES), "or")
