"""What every exercise has: a statement, questions and answers, hints, a solution, variants."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from striate.errors import OptionError
from striate.exercises.answers import Answer, Verdict
from striate.exercises.content import Content
from striate.exercises.formats import Format, FormatName, style_named


@dataclass(frozen=True, kw_only=True, eq=False)
class ExercisePart:
    """One question of an exercise.

    Parameters
    ----------
    letter
        ``"a"``, ``"b"``, ...
    question
        What is asked.
    answer
        The correct answer.
    hint
        How to begin.
    solution
        The way to the answer, with the numbers of this exercise.
    """

    letter: str
    question: Content
    answer: Answer
    hint: str
    solution: Content


@dataclass(frozen=True, kw_only=True, eq=False)
class Exercise(ABC):
    """An exercise with its numbers: those of the book, or those of a variant.

    A concrete exercise is a frozen dataclass. Its fields are the given numbers, with those of the
    book as defaults, and everything else is computed from them.

    Parameters
    ----------
    seed
        The seed of a variant; ``None`` for the book's own numbers.
    """

    name: ClassVar[str]
    """For example ``"E8.7"``."""
    title: ClassVar[str]
    source: ClassVar[str]
    """Where it is from, and the equations that it is about."""

    seed: int | None = None

    @classmethod
    @abstractmethod
    def variant(cls, seed: int) -> Self:
        """Make the same exercise with other numbers.

        Parameters
        ----------
        seed
            A number from 0; the same seed always gives the same numbers.

        Returns
        -------
        Exercise
        """

    @property
    @abstractmethod
    def statement(self) -> Content:
        """The given numbers, and what they mean."""

    @property
    @abstractmethod
    def parts(self) -> tuple[ExercisePart, ...]:
        """The questions, at least one."""

    def to_text(self, format: FormatName = "text") -> str:  # noqa: A002  # the word that users type  # the word that users type
        """Write heading, statement and questions.

        Parameters
        ----------
        format
            ``"text"``, ``"markdown"`` or ``"latex"``; the last one without a preamble.

        Returns
        -------
        str

        Raises
        ------
        OptionError
            If the format doesn't exist.
        """
        return "\n\n".join(self.written(style_named(format)))

    def written(self, style: Format) -> list[str]:
        """Write heading, statement and questions as blocks of a document.

        Parameters
        ----------
        style
            How to write.

        Returns
        -------
        list of str
        """
        return [
            style.heading(self.heading, 2),
            *style.blocks(self.statement),
            *(style.part(part.letter, part.question) for part in self.parts),
        ]

    def solution(self, part: str | None = None, format: FormatName = "text") -> str:  # noqa: A002
        """Write the way to the answers.

        Parameters
        ----------
        part
            The letter of a question; ``None`` is all of them.
        format
            As for :meth:`to_text`.

        Returns
        -------
        str

        Raises
        ------
        OptionError
            If the exercise doesn't have this part, or the format doesn't exist.
        """
        style = style_named(format)
        parts = self.parts if part is None else (self.part(part),)
        return "\n\n".join(style.part(one.letter, one.solution) for one in parts)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_markdown_(self) -> str:
        return self.to_text("markdown")

    @property
    def heading(self) -> str:
        """The name, the title and the number of the variant."""
        variant = "" if self.seed is None else f" (variant {self.seed})"
        return f"{self.name}{variant}: {self.title}"

    def part(self, letter: str | None = None) -> ExercisePart:
        """Find a question.

        Parameters
        ----------
        letter
            Its letter; ``None`` is the first.

        Returns
        -------
        ExercisePart

        Raises
        ------
        OptionError
            If the exercise doesn't have it.
        """
        parts = self.parts
        if letter is None:
            return parts[0]
        for part in parts:
            if part.letter == letter.lower():
                return part
        letters = ", ".join(part.letter for part in parts)
        raise OptionError(f'{self.name} has no part "{letter}". Choose from {letters}.')

    def check(self, answer: object, part: str | None = None) -> Verdict:
        """Check an answer.

        Parameters
        ----------
        answer
            Text, a number, nested lists or an array.
        part
            The letter of the question; ``None`` is the first.

        Returns
        -------
        Verdict
            Whether it is right; if it isn't, with a hint.

        Raises
        ------
        DataError
            If the answer doesn't have the expected form.
        OptionError
            If the exercise doesn't have this part.

        Examples
        --------
        >>> import striate as st
        >>> exercise = st.exercises.get("E8.7")
        >>> exercise.check("8x8").correct
        True
        >>> print(exercise.check(15).message)
        You left out the stride: the kernel moves by 2 pixels at a time.
        """
        return self.part(part).answer.check(answer)


def generator(name: str, seed: int) -> np.random.Generator:
    """Return the random numbers of a variant: different ones for each exercise and seed.

    Parameters
    ----------
    name
        The exercise.
    seed
        Of the variant.

    Returns
    -------
    Generator

    Raises
    ------
    OptionError
        If the seed is negative or not an integer.
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise OptionError(f"`seed` must be an integer of at least 0, got {seed!r}. Try 1.")
    return np.random.default_rng([int(seed), *name.encode()])
