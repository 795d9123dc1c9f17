"""E8.2: max pooling by hand."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.e8_1 import PlaceKernel
from striate.exercises.exercise import Exercise, ExercisePart
from striate.exercises.mistakes import Mistake
from striate.maths import max_pool, sum_pool
from striate.shapes import Array, Int

_WINDOW = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxPoolByHand(Exercise):
    """E8.2: pool the result of E8.1.

    Parameters
    ----------
    first
        E8.1, or its variant with the same seed.

    Sources
    -------
    Hagan E8.2.
    """

    name = "E8.2"
    title = "Max pooling"
    source = "Hagan, exercise E8.2; equation 8.24"

    first: PlaceKernel = field(default_factory=PlaceKernel)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Use the variant of E8.1 with the same seed."""
        return cls(seed=seed, first=PlaceKernel.variant(seed))

    @property
    def v(self) -> Int[Array, "rows columns"]:
        """The map before pooling."""
        return self.first.response

    @property
    def statement(self) -> Content:
        """The result of E8.1."""
        variant = "" if self.seed is None else f" in variant {self.seed}"
        return (f"This is the result of E8.1{variant}:", Picture("V", self.v))

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The pooled map."""
        v = self.v
        z = max_pool(v, _WINDOW)
        answer = ArrayAnswer(
            value=z,
            mistakes=self._mistakes(),
            otherwise="Take the largest of the four numbers in the window.",
        )
        windows = ", ".join(map(str, v[:_WINDOW, :_WINDOW].ravel()))
        return (
            ExercisePart(
                letter="a",
                question=(
                    (
                        f"Reduce the map by {_WINDOW}x{_WINDOW} max pooling with stride {_WINDOW}. "
                        "What is left?"
                    ),
                ),
                answer=answer,
                hint=f"Divide the map into {_WINDOW}x{_WINDOW} windows that don't overlap. Each "
                "gives one number.",
                solution=(
                    Formula(
                        "z(i, j) = max v(r(i - 1) + k, c(j - 1) + l)",
                        r"z_{i,j} = \max \{ v_{r(i-1)+k,\,c(j-1)+l} \}",
                        "8.24",
                    ),
                    (
                        f"The first window has {windows}; its largest number is {np.max(z[0, 0])}. "
                        "All windows:"
                    ),
                    Picture("the result", z),
                ),
            ),
        )

    def _mistakes(self) -> tuple[Mistake, ...]:
        v = self.v
        half = len(v) // _WINDOW
        return (
            Mistake(
                "average pooling",
                sum_pool(v, _WINDOW) / _WINDOW**2,
                "These are the averages of the windows. Max pooling takes the largest number.",
            ),
            Mistake(
                "sum pooling",
                sum_pool(v, _WINDOW),
                "These are the sums of the windows. Max pooling takes the largest number.",
            ),
            Mistake(
                "stride 1",
                max_pool(v, _WINDOW, stride=1),
                f"You moved the window by one pixel at a time. With stride {_WINDOW}, windows "
                f"don't overlap, and the result is {half}x{half}.",
            ),
            Mistake(
                "minimum",
                -max_pool(-v, _WINDOW),
                "These are the smallest numbers of the windows.",
            ),
            Mistake(
                "no pooling",
                v[::_WINDOW, ::_WINDOW],
                "You kept the upper left number of each window. Compare all four.",
            ),
            Mistake(
                "wrong map",
                max_pool(self.first.image, _WINDOW),
                "You pooled the image. Pool the result of the convolution.",
            ),
        )
