"""P8.3: backpropagate through average pooling, to its input."""

from dataclasses import dataclass, field
from math import prod
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.maths import trainable_average_pool_backward
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolingToInput(Exercise):
    """P8.3: the derivatives of average pooling with respect to its input.

    Parameters
    ----------
    dz
        Derivatives of the loss with respect to the pooled map.
    weight
        The weight of the map.
    window
        Rows and columns.

    Sources
    -------
    Hagan P8.3.
    """

    name = "P8.3"
    title = "Average pooling, backward to the input"
    source = "Hagan, solved problem P8.3 (without numbers in the book); equations 8.22 and 8.39"

    dz: Int[Array, "i j"] = field(default_factory=lambda: np.array([[4, -2], [6, 8]]))
    weight: float = 0.5
    window: tuple[int, int] = (2, 2)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose a window, a weight and derivatives; the weight isn't that of a mean."""
        random = generator(cls.name, seed)
        rows, columns = random.integers(2, 4, 2).tolist()
        dz = random.permutation([-8, -6, -4, -2, 2, 4, 6, 8, 10, 12])[:4].reshape(2, 2)
        weight = float(random.choice([0.5, 1.5, 2.0, 3.0, -0.5]))
        return cls(seed=seed, dz=dz, weight=weight, window=(rows, columns))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the input."""
        (i, j), (rows, columns) = self.dz.shape, self.window
        return i * rows, j * columns

    @property
    def statement(self) -> Content:
        """The layer and the derivatives."""
        rows, columns = self.window
        i, j = self.shape
        return (
            (
                f"In Hagan's average pooling, each output is the sum of a {rows}x{columns} window "
                "of the input A, times a weight w that is trained (8.22). Windows don't overlap. "
                f"Here, w = {self.weight:g}, A has {i}x{j} pixels, and the derivatives of the loss "
                "with respect to the output are"
            ),
            Picture("dZ", self.dz),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The number of terms, and the derivatives."""
        return self._terms(), self._derivatives()

    def _terms(self) -> ExercisePart:
        size = prod(self.window)
        return ExercisePart(
            letter="a",
            question=(
                (
                    "How many elements of Z depend on one element of A? This is the number of "
                    "terms that are left of the sum in 8.39."
                ),
            ),
            answer=NumberAnswer(
                value=1,
                mistakes=(
                    Mistake(
                        "the other direction",
                        size,
                        "That is how many elements of A one element of Z depends on. The question "
                        "is the opposite one.",
                    ),
                    Mistake(
                        "all outputs",
                        self.dz.size,
                        "That is the number of all outputs. A pixel influences only the output of "
                        "the window that it is in.",
                    ),
                    Mistake("none", 0, "If none did, the input would not matter at all."),
                ),
                otherwise="Windows don't overlap: in how many of them is a pixel?",
            ),
            hint="Windows don't overlap.",
            solution=(
                (
                    "Windows don't overlap, so each pixel is in exactly 1 of them. The sum in 8.39 "
                    "has a single term."
                ),
            ),
        )

    def _derivatives(self) -> ExercisePart:
        dA = trainable_average_pool_backward(
            np.zeros(self.shape), self.weight, self.window, self.dz
        ).dA
        answer = ArrayAnswer(
            value=dA,
            mistakes=self._derivative_mistakes(),
            otherwise="Expand each element of dZ to a window, and multiply by w.",
        )
        return ExercisePart(
            letter="b",
            question=("Compute dA, the derivatives with respect to the input.",),
            answer=answer,
            hint="All pixels of a window have the same influence on its output: w.",
            solution=(
                Formula(
                    "da = w · dz of the window that the pixel is in",
                    r"da_{u,v} = w\,dz_{i,j}",
                    "8.39",
                ),
                (
                    f"Expand each element of dZ to {self.window[0]}x{self.window[1]} pixels and "
                    f"multiply by {self.weight:g}:"
                ),
                Picture("dA", dA),
            ),
        )

    def _derivative_mistakes(self) -> tuple[Mistake, ...]:
        spread = np.kron(self.dz, np.ones(self.window))
        first = np.kron(self.dz, _corner(self.window))
        size = prod(self.window)
        return (
            Mistake(
                "no weight",
                spread,
                "You left out the weight: the output is w times the sum of the window.",
            ),
            Mistake(
                "mean instead of sum",
                spread / size,
                f"You divided by {size}, the pixels of a window. Hagan's average pooling sums "
                "and multiplies by w; it doesn't divide.",
            ),
            Mistake(
                "mean instead of sum",
                self.weight * spread / size,
                f"You divided by {size}, the pixels of a window, in addition to the weight. "
                "Hagan's average pooling sums and multiplies by w; it doesn't divide.",
            ),
            Mistake(
                "one pixel only",
                self.weight * first,
                "You gave the derivative to one pixel of each window, as in max pooling. Here, "
                "all pixels of a window have the same influence.",
            ),
            Mistake(
                "one pixel only",
                first,
                "You gave the derivative to one pixel of each window, as in max pooling. Here, "
                "all pixels of a window have the same influence, and each gets w times it.",
            ),
            Mistake(
                "repeated instead of expanded",
                self.weight * np.tile(self.dz, self.window),
                "You repeated dZ as a whole. Expand each of its elements to one window instead.",
            ),
            Mistake(
                "divided by the weight",
                spread / self.weight,
                "You divided by w. The derivative of w·a with respect to a is w.",
            ),
        )


def _corner(window: tuple[int, int]) -> Array:
    corner = np.zeros(window)
    corner[0, 0] = 1
    return corner
