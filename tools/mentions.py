"""Finds the equations and exercises that a text mentions, such as "Hagan 8.20, 8.38-8.41"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sources

NUMBER = re.compile(r"\d+(?:\.\d+)?(?![\d.]*\d)")
TEXT = re.compile(r"\b(Hagan|Wichmann|Wolter)(?:'s|’s)?(?: equations?)? \(?(?=\d)")
# Between two numbers of the same text: a remark, figures, and a separator.
BETWEEN = re.compile(
    r"(?:\s\([^()]*\)|,\sfigs?\.\s[\d.]*\d)*(?:,\s(?:and\s|or\s)?|\s(?:and|or|to)\s|-|–)"
)
EXERCISE = re.compile(r"\b[EP]8\.\d+\b")
EQUATIONS = frozenset(sources.equations())
EXERCISES = frozenset(sources.PROBLEMS["Hagan"])


@dataclass(frozen=True)
class Mention:
    """An equation or an exercise that a text mentions.

    Parameters
    ----------
    start, end
        The part of the text that becomes a link.
    label
        Label of its section, such as ``hagan-8.44`` or ``exercise-e8.7``.
    """

    start: int
    end: int
    label: str


def label_of(number: str) -> str:
    """Return the label of an equation, ``hagan-8.44`` for ``Hagan 8.44``."""
    return number.lower().replace(" ", "-")


def mentions(text: str) -> list[Mention]:
    """Find the equations and exercises that a text mentions.

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
    return sorted([*_equations(text), *exercises], key=lambda one: one.start)


def _equations(text: str) -> Iterator[Mention]:
    """Find the equations. The first link of a list begins at the name of the text."""
    for head in TEXT.finditer(text):
        start, at = head.start(), head.end()
        while number := NUMBER.match(text, at):
            name = f"{head[1]} {number[0]}"
            if name in EQUATIONS:
                yield Mention(start, number.end(), label_of(name))
            between = BETWEEN.match(text, number.end())
            if not between:
                break
            start = at = between.end()
