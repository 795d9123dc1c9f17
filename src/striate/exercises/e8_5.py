"""E8.5: an average of neighbors as a convolution and as a correlation."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Formula, Picture, listed
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.images import random_figure, square_of_e8_1
from striate.exercises.mistakes import Mistake
from striate.maths import convolve, cross_correlate, rot180
from striate.shapes import Array, Float, Int

_NAMES = {
    (0, 0): "the pixel itself",
    (0, -1): "its left neighbor",
    (0, 1): "its right neighbor",
    (-1, 0): "the pixel above",
    (1, 0): "the pixel below",
    (-1, -1): "the pixel to the upper left",
    (1, 1): "the pixel to the lower right",
    (-1, 1): "the pixel to the upper right",
}

_GROUPS = (
    ((0, 0), (0, 1)),
    ((0, 0), (-1, 0)),
    ((0, 0), (1, 0)),
    ((0, 0), (1, 1)),
    ((0, 0), (-1, 1)),
    ((0, -1), (1, 0)),
    ((0, 1), (-1, 0)),
    ((0, 0), (0, -1), (-1, 0), (-1, -1)),
    ((0, 0), (0, 1), (1, 0), (1, 1)),
)
"""Neighbors as (rows down, columns right), in groups that aren't symmetric about the pixel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AverageNeighbors(Exercise):
    """E8.5: average adjacent pixels.

    Parameters
    ----------
    neighbors
        The pixels that are averaged: (rows down, columns right) from the output pixel.
    image
        The image of E8.1.

    Sources
    -------
    Hagan E8.5.
    """

    name = "E8.5"
    title = "Averaging neighbors"
    source = "Hagan, exercise E8.5; solved problems P8.1 and P8.2, equations 8.2, 8.8 and 8.9"

    neighbors: tuple[tuple[int, int], ...] = ((0, 0), (0, -1))
    image: Int[Array, "rows columns"] = field(default_factory=square_of_e8_1)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Average other neighbors, on another image."""
        random = generator(cls.name, seed)
        return cls(
            seed=seed,
            neighbors=_GROUPS[random.integers(len(_GROUPS))],
            image=random_figure(generator("image", seed)),
        )

    @property
    def correlation_kernel(self) -> Float[Array, "3 3"]:
        """The weights where the pixels are that are averaged."""
        kernel = np.zeros((3, 3))
        for down, right in self.neighbors:
            kernel[1 + down, 1 + right] = 1 / len(self.neighbors)
        return kernel

    @property
    def kernel(self) -> Float[Array, "3 3"]:
        """The impulse response."""
        return rot180(self.correlation_kernel)

    @property
    def statement(self) -> Content:
        """The transformation."""
        names = listed([_NAMES[place] for place in self.neighbors])
        return (
            (
                "The book leaves open which adjacent pixels are averaged. Here, each pixel of the "
                f"output is the average of {names}; pixels outside the image are 0."
            ),
            "Write kernels as 3x3 arrays with the origin in the middle, as you would draw them. "
            "The image is that of E8.1"
            + (":" if self.seed is None else f" in variant {self.seed}:"),
            Picture("the image", self.image, "ink"),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The convolution kernel, the result, and the correlation kernel."""
        return self._convolution(), self._result(), self._correlation()

    def _kernel_answer(self, right: Array, wrong: Array, name: str, hint: str) -> ArrayAnswer:
        """Accept one kernel and recognize the other one."""
        count = len(self.neighbors)
        cropped = _without_zeros(right)
        return ArrayAnswer(
            value=right,
            alternatives=(
                (
                    cropped,
                    (
                        "These are its weights without the zeros. In a 3x3 kernel, their place "
                        "relative to the middle matters, too."
                    ),
                ),
            ),
            mistakes=(
                Mistake(name, wrong, hint),
                Mistake(
                    "sum instead of average",
                    right * count,
                    f"This sums {count} pixels. An average also divides by {count}.",
                ),
                Mistake(
                    "sum instead of average",
                    cropped * count,
                    f"This sums {count} pixels. An average also divides by {count}.",
                ),
                Mistake(
                    "sum instead of average",
                    wrong * count,
                    f"This sums {count} pixels, and on the opposite side of the origin. An average "
                    f"also divides by {count}.",
                ),
                Mistake("transposed", right.T, "Rows and columns are exchanged."),
                Mistake("all neighbors", np.full((3, 3), 1 / 9), "This averages nine pixels."),
            ),
            otherwise=f"The kernel has {count} weights of 1/{count}. Where are they?",
        )

    def _convolution(self) -> ExercisePart:
        return ExercisePart(
            letter="a",
            question=("Find the convolution kernel of this transformation.",),
            answer=self._kernel_answer(
                self.kernel,
                self.correlation_kernel,
                "correlation kernel",
                "This is the kernel of a correlation: its weights are where the averaged pixels "
                "are. Apply the transformation to a single 1 instead: which output pixels is it "
                "part of?",
            ),
            hint="Apply the transformation to an image with a single 1, as in P8.2. Which output "
            "pixels contain it in their average?",
            solution=(
                (
                    "The kernel is the response to a single 1 in the middle (8.2). The output "
                    f"pixels that average over it are {1 / len(self.neighbors):g}, all others 0:"
                ),
                Picture("the kernel", self.kernel),
            ),
        )

    def _result(self) -> ExercisePart:
        z = convolve(self.image, self.kernel, padding="same")
        count = len(self.neighbors)
        return ExercisePart(
            letter="b",
            question=("Apply it to the image. What is the result? It has the size of the image.",),
            answer=ArrayAnswer(
                value=z,
                mistakes=(
                    Mistake(
                        "no flip",
                        cross_correlate(self.image, self.kernel, padding="same"),
                        "You correlated with the convolution kernel, so you averaged the pixels on "
                        "the opposite side.",
                    ),
                    Mistake(
                        "sum instead of average",
                        z * count,
                        f"You summed the pixels. Divide by {count}.",
                    ),
                    Mistake("no averaging", self.image, "This is the image itself."),
                    Mistake(
                        "no padding",
                        convolve(self.image, self.kernel),
                        "You left out the pixels at the edge. Treat pixels outside the image as 0.",
                    ),
                ),
                otherwise="Average the pixels as described; pixels outside the image are 0.",
            ),
            hint="You don't need the kernel for this: average the pixels as described.",
            solution=(
                "At each pixel, "
                + listed([_NAMES[place] for place in self.neighbors])
                + f" are summed and divided by {count}:",
                Picture("the result", z),
            ),
        )

    def _correlation(self) -> ExercisePart:
        return ExercisePart(
            letter="c",
            question=("Which correlation kernel performs the same transformation?",),
            answer=self._kernel_answer(
                self.correlation_kernel,
                self.kernel,
                "convolution kernel",
                "This is the convolution kernel of part a. A correlation doesn't flip its kernel, "
                "so you have to (P8.1).",
            ),
            hint="P8.1: flip the convolution kernel on both axes.",
            solution=(
                Formula(
                    "z(m, n) = Σ w(i, j) p(m + i, n + j)",
                    r"z_{m,n} = \sum_{i,j} w_{i,j} \, p_{m+i,n+j}",
                    "8.9",
                ),
                (
                    "A correlation reads the pixels where its weights are, so the weights are at "
                    "the places of the averaged pixels. This is the kernel of part a, rotated by "
                    "180 degrees:"
                ),
                Picture("the correlation kernel", self.correlation_kernel),
            ),
        )


def _without_zeros(kernel: Array) -> Array:
    """Cut off rows and columns of zeros at the edges."""
    rows, columns = np.nonzero(kernel)
    return kernel[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
