"""Correct answers, and what is said about wrong ones."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from striate.errors import DataError
from striate.exercises.content import Content, Picture, listed
from striate.exercises.mistakes import Mistake, of_writing
from striate.exercises.reading import read_array, read_number, read_size
from striate.shapes import Array, Shaped


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an answer was found to be.

    Parameters
    ----------
    correct
        Whether it is correct.
    message
        What to tell the student. For an incorrect answer it is a hint, and never the solution.
    mistakes
        Names of the mistakes that lead to this answer; empty if none was recognized.
    """

    correct: bool
    message: str
    mistakes: tuple[str, ...] = ()


class Answer(ABC):
    """The correct answer to one question."""

    @property
    @abstractmethod
    def form(self) -> str:
        """What is expected, such as "an 8x8 array"."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The correct answer as one would type it."""

    @property
    def content(self) -> Content:
        """The correct answer for a key."""
        return (f"`{self.text}`",)

    @abstractmethod
    def check(self, given: object) -> Verdict:
        """Check an answer.

        Parameters
        ----------
        given
            Text, a number or an array.

        Returns
        -------
        Verdict

        Raises
        ------
        DataError
            If it isn't an answer of the expected form.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberAnswer(Answer):
    """A number.

    Parameters
    ----------
    value
        The right one.
    decimals
        Number of decimals that the question asks for; ``None`` for an exact answer.
    is_size
        Whether 8x8 is accepted for 8.
    mistakes
        What typical mistakes lead to.
    otherwise
        The hint for other incorrect answers.
    """

    value: float
    decimals: int | None = None
    is_size: bool = False
    mistakes: tuple[Mistake, ...] = ()
    otherwise: str

    @property
    def form(self) -> str:
        """What is expected."""
        if self.decimals is not None:
            return f"a number, rounded to {self.decimals} decimals"
        return "an integer" if float(self.value).is_integer() else "a number"

    @property
    def text(self) -> str:
        """The right number."""
        if self.decimals is not None:
            return f"{self.value:.{self.decimals}f}"
        return f"{self.value:.12g}"

    def check(self, given: object) -> Verdict:
        """Compare a number with the right one."""
        tolerance = _tolerance(self.decimals)
        try:
            number = read_size(given) if self.is_size else read_number(given)
        except DataError:
            array = read_array(given)
            made = _recognized(self.mistakes, array, tolerance) if array.size > 1 else None
            if made:
                return made
            raise
        if abs(number - self.value) <= tolerance:
            return Verdict(correct=True, message="Correct.")
        made = _recognized(self.mistakes, np.asarray(number), tolerance)
        if made:
            return made
        if self.decimals is None and abs(number - self.value) == 1:
            return Verdict(
                correct=False, message=f"Off by one. {self.otherwise}", mistakes=("off by one",)
            )
        if self.value and number == -self.value:
            return Verdict(
                correct=False,
                message=f"The sign is wrong. {self.otherwise}",
                mistakes=("wrong sign",),
            )
        return Verdict(correct=False, message=self.otherwise)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayAnswer(Answer):
    """An array of numbers.

    Parameters
    ----------
    value
        The right one.
    decimals
        Number of decimals that the question asks for; ``None`` for an exact answer.
    alternatives
        Other forms that are accepted, each with a remark.
    mistakes
        What typical mistakes lead to.
    otherwise
        The hint for other incorrect answers.
    """

    value: Shaped[Array, "..."]
    decimals: int | None = None
    alternatives: tuple[tuple[Shaped[Array, "..."], str], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    otherwise: str

    @property
    def form(self) -> str:
        """What is expected."""
        size = _size(self.value.shape)
        rounded = f", rounded to {self.decimals} decimals" if self.decimals is not None else ""
        return f"{'an' if size[0] == '8' else 'a'} {size} array{rounded}"

    @property
    def text(self) -> str:
        """The correct array, as a list."""
        return _as_list(self._rounded)

    @property
    def content(self) -> Content:
        """The correct array for a key."""
        return (Picture("answer", self._rounded),)

    @property
    def _rounded(self) -> Array:
        return self.value if self.decimals is None else np.round(self.value, self.decimals)

    def check(self, given: object) -> Verdict:
        """Compare an array with the right one."""
        array = _fitted(read_array(given), self.value.shape)
        tolerance = _tolerance(self.decimals)
        if _same(array, self.value, tolerance):
            return Verdict(correct=True, message="Correct.")
        for other, remark in self.alternatives:
            if _same(_fitted(array, other.shape), other, tolerance):
                return Verdict(correct=True, message=f"Correct. {remark}")
        general = of_writing(self.value)
        made = _recognized(self.mistakes, array, tolerance) or _recognized(
            [m for m in general if not _same(np.asarray(m.value), self.value, tolerance)],
            array,
            tolerance,
        )
        return made or self._first_difference(array, tolerance)

    def _first_difference(self, array: Array, tolerance: float) -> Verdict:
        """Describe how a wrong array differs."""
        if array.shape != self.value.shape:
            return Verdict(
                correct=False,
                message=f"Your answer has shape {_size(array.shape)}; expected {self.form}. "
                f"{self.otherwise}",
                mistakes=("wrong shape",),
            )
        used = self.value != 0
        ratios = np.unique(array[used] / self.value[used])
        if len(ratios) == 1 and ratios[0] not in {0, 1} and not array[~used].any():
            return Verdict(
                correct=False,
                message=f"Every number is {ratios[0]:.6g} times the right one. {self.otherwise}",
                mistakes=("wrong factor",),
            )
        wrong = np.abs(array - self.value) > tolerance
        where = np.argwhere(wrong)[0]
        found = f"{array[tuple(where)]:.6g}"
        return Verdict(
            correct=False,
            message=f"{wrong.size - wrong.sum()} of {wrong.size} numbers are right. The first "
            f"wrong one is {found} in {_place(where)}. {self.otherwise}",
        )


@dataclass(frozen=True, kw_only=True)
class WordAnswer(Answer):
    """One of several words.

    Parameters
    ----------
    value
        The right one.
    choices
        All words, each with the hint for those who choose it wrongly.
    synonyms
        Other words for the choices.
    """

    value: str
    choices: Mapping[str, str]
    synonyms: Mapping[str, str]

    @property
    def form(self) -> str:
        """What is expected."""
        return f"one of {', '.join(self.choices)}"

    @property
    def text(self) -> str:
        """The right word."""
        return self.value

    def check(self, given: object) -> Verdict:
        """Compare a word with the right one."""
        words = re.sub(r"^(?:an?|the) ", "", " ".join(str(given).lower().strip(" .").split()))
        plain = self.synonyms.get(words, words)
        plain = plain if plain in self.choices else plain.removesuffix("s")
        plain = self.synonyms.get(plain, plain)
        if plain not in self.choices:
            raise DataError(
                f'Unknown answer "{given}". Choose from {listed(list(self.choices), "or")}.'
            )
        if plain == self.value:
            return Verdict(correct=True, message="Correct.")
        return Verdict(correct=False, message=self.choices[plain], mistakes=(plain,))


def _recognized(
    mistakes: Sequence[Mistake], given: Shaped[Array, "..."], tolerance: float
) -> Verdict | None:
    """Name all mistakes that lead to an incorrect answer."""
    made = [mistake for mistake in mistakes if mistake.explains(given, tolerance)]
    if not made:
        return None
    hints = list(dict.fromkeys(mistake.hint for mistake in made))
    names = tuple(dict.fromkeys(mistake.name for mistake in made))
    return Verdict(correct=False, message=" Or: ".join(hints), mistakes=names)


def _tolerance(decimals: int | None) -> float:
    """Allow for rounding: half a unit of the last decimal, and a little for ties."""
    return 0.0 if decimals is None else 0.51 * 10.0**-decimals


def _same(array: Array, expected: Array, tolerance: float) -> bool:
    return array.shape == expected.shape and bool(np.all(np.abs(array - expected) <= tolerance))


def _fitted(array: Array, shape: tuple[int, ...]) -> Array:
    """Remove axes of length 1 that the correct answer doesn't have, or add them."""
    if array.ndim != len(shape) and tuple(n for n in array.shape if n > 1) == tuple(
        n for n in shape if n > 1
    ):
        return array.reshape(shape)
    while array.ndim > len(shape) and 1 in array.shape:
        array = array.squeeze(axis=array.shape.index(1))
    return array


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if shape else "of a single number"


def _place(where: Sequence[int]) -> str:
    """Name an entry, counted from 1."""
    if len(where) == 2:
        return f"row {where[0] + 1}, column {where[1] + 1} (counted from 1)"
    return f"place {', '.join(str(k + 1) for k in where)} (counted from 1)"


def _as_list(array: Array) -> str:
    """Write an array as nested lists, without needless decimals."""
    if array.ndim == 0:
        return f"{float(array):.12g}"
    return f"[{', '.join(_as_list(row) for row in array)}]"
