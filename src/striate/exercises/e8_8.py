"""E8.8: backpropagate through max pooling."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.maths import max_pool, max_pool_backward
from striate.shapes import Array, Int

_WINDOW = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxPoolingBackward(Exercise):
    """E8.8: the derivatives of max pooling with respect to its input.

    Parameters
    ----------
    a
        The input; all pixels are different.
    dz
        Derivatives of the loss with respect to the pooled map.
    small, dsmall
        Input and derivatives of part b, whose windows overlap.

    Sources
    -------
    Hagan E8.8.
    """

    name = "E8.8"
    title = "Max pooling, backward"
    source = "Hagan, exercise E8.8 (without numbers in the book); equations 8.24 and 8.39"

    a: Int[Array, "rows columns"] = field(
        default_factory=lambda: np.array(
            [[1, 7, 4, 0], [2, 3, 6, 5], [9, 8, 11, 12], [10, 13, 14, 15]]
        )
    )
    dz: Int[Array, "i j"] = field(default_factory=lambda: np.array([[1, -2], [3, 4]]))
    small: Int[Array, "3 3"] = field(
        default_factory=lambda: np.array([[1, 2, 3], [4, 9, 5], [6, 7, 8]])
    )
    dsmall: Int[Array, "2 2"] = field(default_factory=lambda: np.array([[1, 2], [3, -1]]))

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose pixels without ties; in part b, the middle one is large, so it wins often."""
        random = generator(cls.name, seed)
        while True:
            a = random.permutation(16).reshape(4, 4)
            small = random.permutation(np.arange(1, 10)).reshape(3, 3)
            dz, dsmall = (
                random.permutation([-4, -3, -2, 2, 3, 4, 5, 6])[:4].reshape(2, 2) for _ in range(2)
            )
            overlapping = max_pool_backward(small, _WINDOW, dsmall, stride=1).dA
            if np.count_nonzero(overlapping) <= 2 and overlapping.sum():
                return cls(seed=seed, a=a, dz=dz, small=small, dsmall=dsmall)

    @property
    def statement(self) -> Content:
        """The layer."""
        return (
            (
                f"A layer performs {_WINDOW}x{_WINDOW} max pooling. Given the derivatives dZ of "
                "the loss with respect to its output, find those with respect to its input, dA."
            ),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """Windows that don't overlap, and windows that do."""
        return (
            self._part("a", self.a, self.dz, _WINDOW),
            self._part("b", self.small, self.dsmall, 1),
        )

    def _part(self, letter: str, a: Array, dz: Array, stride: int) -> ExercisePart:
        """Make the question about dA."""
        dA = max_pool_backward(a, _WINDOW, dz, stride=stride).dA
        overlap = stride < _WINDOW
        how = (
            "The windows overlap: the stride is 1."
            if overlap
            else f"The windows don't overlap: the stride is {stride}."
        )
        summed = (
            " A pixel that is the largest of several windows gets the sum of their derivatives."
            if overlap
            else ""
        )
        return ExercisePart(
            letter=letter,
            question=(f"{how} Compute dA.", Picture("A", a), Picture("dZ", dz)),
            answer=ArrayAnswer(
                value=dA,
                mistakes=self._mistakes(a, dz, stride),
                otherwise="Mark the largest pixel of each window. It gets the derivative of that "
                f"window; all other pixels get 0.{summed}",
            ),
            hint="A small change of a pixel changes the output only if the pixel is the largest in "
            "its window.",
            solution=(
                Formula(
                    "da(u, v) = Σ dz(i, j) of the windows whose largest pixel is (u, v)",
                    r"da_{u,v} = \sum_{(i,j):\ (u,v) \text{ is the largest}} dz_{i,j}",
                    "8.39",
                ),
                "The largest pixels of the windows, and dA:",
                Picture("Z", max_pool(a, _WINDOW, stride=stride)),
                Picture("dA", dA),
            ),
        )

    def _mistakes(self, a: Array, dz: Array, stride: int) -> tuple[Mistake, ...]:
        """List what other rules give."""
        spread, first, last = (np.zeros(a.shape) for _ in range(3))
        for i, j in np.ndindex(dz.shape):
            rows = slice(stride * i, stride * i + _WINDOW)
            columns = slice(stride * j, stride * j + _WINDOW)
            spread[rows, columns] += dz[i, j]
            first[stride * i, stride * j] += dz[i, j]
            window = a[rows, columns]
            u, v = np.argwhere(window == window.max())[0]
            last[stride * i + u, stride * j + v] = dz[i, j]
        right = max_pool_backward(a, _WINDOW, dz, stride=stride).dA
        return (
            Mistake(
                "spread over the window",
                spread,
                "You gave the derivative to all pixels of the window, as in sum pooling. Only the "
                "largest one influences the output.",
            ),
            Mistake(
                "average pooling",
                spread / _WINDOW**2,
                "You distributed the derivative evenly, as in average pooling. Only the largest "
                "pixel influences the output.",
            ),
            Mistake(
                "first pixel",
                first,
                "You gave the derivative to the first pixel of each window. It belongs to the "
                "largest one.",
            ),
            Mistake(
                "smallest pixel",
                max_pool_backward(-a, _WINDOW, dz, stride=stride).dA,
                "You gave the derivative to the smallest pixel of each window.",
            ),
            Mistake(
                "overwritten instead of summed",
                last,
                "A pixel is the largest of several windows. It gets the sum of their derivatives, "
                "not the last of them.",
            ),
            Mistake(
                "multiplied by the input",
                right * a,
                "You multiplied by the pixels. The derivative of the largest pixel with respect to "
                "itself is 1.",
            ),
            Mistake(
                "wrong size",
                dz,
                "This is dZ. The result has the size of the input.",
            ),
        )
