"""Finds the equations, figures and exercises that a text mentions, as in "Hagan 8.20, 8.38"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sources

NUMBER = re.compile(r"\d+(?:\.\d+)?(?![\d.]*\d)")
TEXT = re.compile(r"\b(Hagan|Wichmann|Wolter)(?:'s|’s)?(?: equations?)? \(?(?=\d)")
FIGURE = re.compile(r"\b(Hagan|Wichmann)(?:'s|’s|,)? fig(?:s?\.|ures?) (?=\d)")
# Between two numbers of the same text: a remark, figures, and a separator.
BETWEEN = re.compile(
    r"(?:\s\([^()]*\)|,\sfigs?\.\s[\d.]*\d)*(?:,\s(?:and\s|or\s)?|\s(?:and|or|to)\s|-|–)"
)
# Numbers in parentheses are Hagan's: "(8.36, 8.39 to 8.48)".
IN_PARENTHESES = re.compile(r"\((?=8\.\d+(?:(?:, | and | to |, and |-|–)8\.\d+)*\))")
EXERCISE = re.compile(r"\b[EP]8\.\d+\b")
EQUATIONS = frozenset(sources.equations())
FIGURES = frozenset(
    f"{text} figure {number}" for text, numbers in sources.FIGURES.items() for number in numbers
)
EXERCISES = frozenset(sources.PROBLEMS["Hagan"])


@dataclass(frozen=True)
class Mention:
    """An equation, a figure or an exercise that a text mentions.

    Parameters
    ----------
    start, end
        The part of the text that becomes a link.
    label
        Label of its section, such as ``hagan-8.44``, ``hagan-figure-8.12`` or ``exercise-e8.7``.
    """

    start: int
    end: int
    label: str


def label_of(number: str) -> str:
    """Return the label of an equation, ``hagan-8.44`` for ``Hagan 8.44``."""
    return number.lower().replace(" ", "-")


def mentions(text: str) -> list[Mention]:
    """Find the equations, figures and exercises that a text mentions.

    Examples
    --------
    >>> [one.label for one in mentions("Hagan 8.39 (a sum), 8.40; Wolter 5; fig. 8.12; E8.7")]
    ['hagan-8.39', 'hagan-8.40', 'wolter-5', 'exercise-e8.7']
    """
    exercises = (
        Mention(match.start(), match.end(), f"exercise-{match[0].lower()}")
        for match in EXERCISE.finditer(text)
        if match[0] in EXERCISES
    )
    return sorted([*_numbered(text), *exercises], key=lambda one: one.start)


def _numbered(text: str) -> Iterator[Mention]:
    """Find equations and figures. The first link of a list begins at the name of the text."""
    heads = [(match.start(), match.end(), match[1]) for match in TEXT.finditer(text)]
    heads += [(match.end(), match.end(), "Hagan") for match in IN_PARENTHESES.finditer(text)]
    heads += [(match.start(), match.end(), f"{match[1]} figure") for match in FIGURE.finditer(text)]
    for begin, end, name in heads:
        start, at = begin, end
        while number := NUMBER.match(text, at):
            item = f"{name} {number[0]}"
            if item in EQUATIONS or item in FIGURES:
                yield Mention(start, number.end(), label_of(item))
            between = BETWEEN.match(text, number.end())
            if not between:
                break
            start = at = between.end()
            if name.endswith("figure") and text.startswith("fig. ", at):
                at += len("fig. ")
