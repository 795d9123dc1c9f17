"""P8.1: a convolution flips the kernel."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.maths import convolve, cross_correlate, rot180
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class KernelFlip(Exercise):
    """P8.1: find the correlation kernel that does what a convolution kernel does.

    Parameters
    ----------
    kernel
        The convolution kernel, square.
    image
        An image of the kernel's size.

    Sources
    -------
    Hagan P8.1.
    """

    name = "P8.1"
    title = "A convolution flips the kernel"
    source = "Hagan, solved problem P8.1; equations 8.8 and 8.9"

    kernel: Int[Array, "u v"] = field(
        default_factory=lambda: np.array([[7, 8, 9], [4, 5, 6], [1, 2, 3]])
    )
    image: Int[Array, "u v"] = field(
        default_factory=lambda: np.array([[1, 0, 2], [0, 3, 0], [0, 0, 1]])
    )

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose a kernel with different weights and an image with few pixels."""
        random = generator(cls.name, seed)
        while True:
            side = int(random.integers(2, 4))
            kernel = random.permutation(np.arange(1, 10))[: side * side].reshape(side, side)
            image = random.integers(0, 4, (side, side))
            if (kernel * image).sum() != (rot180(kernel) * image).sum():
                return cls(seed=seed, kernel=kernel, image=image)

    @property
    def statement(self) -> Content:
        """The kernel."""
        return (
            (
                "A convolution and a correlation differ only in the direction in which the kernel "
                "is read. Here is the kernel of a convolution:"
            ),
            Picture("W", self.kernel),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The first flip, both flips, and one pixel as a check."""
        return self._first_flip(), self._both_flips(), self._one_pixel()

    def _first_flip(self) -> ExercisePart:
        answer = ArrayAnswer(
            value=self.kernel[:, ::-1],
            mistakes=(
                Mistake("wrong axis", self.kernel[::-1], "That is the flip from top to bottom."),
                Mistake(
                    "both axes",
                    rot180(self.kernel),
                    "You flipped both axes already. This part is about the first step only.",
                ),
                Mistake("no flip", self.kernel, "This is the kernel itself."),
            ),
            otherwise="Reverse the order of the columns.",
        )
        return ExercisePart(
            letter="a",
            question=("Flip the kernel from left to right.",),
            answer=answer,
            hint="Reverse the order of the columns, and leave the rows in their order.",
            solution=(
                "The columns in reverse order:",
                Picture("after the first flip", answer.value),
            ),
        )

    def _both_flips(self) -> ExercisePart:
        answer = ArrayAnswer(
            value=rot180(self.kernel),
            mistakes=(
                Mistake(
                    "no flip",
                    self.kernel,
                    "This is the convolution kernel itself. A correlation doesn't flip its kernel, "
                    "so you have to do it.",
                ),
                Mistake(
                    "flip on one axis",
                    self.kernel[:, ::-1],
                    "You flipped from left to right only. The rows have to be reversed, too.",
                ),
                Mistake(
                    "flip on one axis",
                    self.kernel[::-1],
                    "You flipped from top to bottom only. The columns have to be reversed, too.",
                ),
                Mistake(
                    "transposed",
                    self.kernel.T,
                    "You exchanged rows and columns. Reverse the order of both instead.",
                ),
                Mistake(
                    "rotated by 90 degrees",
                    np.rot90(self.kernel),
                    "You rotated by 90 degrees. Two flips are a rotation by 180 degrees.",
                ),
                Mistake(
                    "rotated by 90 degrees",
                    np.rot90(self.kernel, -1),
                    "You rotated by 90 degrees. Two flips are a rotation by 180 degrees.",
                ),
            ),
            otherwise="Flip the kernel from left to right, then from top to bottom.",
        )
        return ExercisePart(
            letter="b",
            question=("Which kernel gives the same result when it is used for a correlation?",),
            answer=answer,
            hint="In 8.8 the image is read at m - i and n - j, in 8.9 at m + i and n + j. Reverse "
            "both axes of the kernel.",
            solution=(
                Formula(
                    "Σ w(i, j) p(m - i, n - j) = Σ w(-i, -j) p(m + i, n + j)",
                    r"\sum_{i,j} w_{i,j} \, p_{m-i,n-j} = \sum_{i,j} w_{-i,-j} \, p_{m+i,n+j}",
                    "8.8, 8.9",
                ),
                "So the kernel is flipped on both axes, which is a rotation by 180 degrees:",
                Picture("the correlation kernel", answer.value),
            ),
        )

    def _one_pixel(self) -> ExercisePart:
        z = int(convolve(self.image, self.kernel)[0, 0])
        correlation = int(cross_correlate(self.image, self.kernel)[0, 0])
        flipped = rot180(self.kernel)
        terms = " + ".join(
            f"{w}·{p}" for w, p in zip(flipped.ravel(), self.image.ravel(), strict=True) if p
        )
        return ExercisePart(
            letter="c",
            question=(
                (
                    "Check it on one pixel. The image below has the size of the kernel, so without "
                    "padding the result of the convolution is a single number. Which one?"
                ),
                Picture("P", self.image),
            ),
            answer=NumberAnswer(
                value=z,
                mistakes=(
                    Mistake(
                        "no flip",
                        correlation,
                        "This is the correlation: you multiplied by the kernel without flipping "
                        "it. For the convolution, multiply by your kernel from part b.",
                    ),
                    Mistake(
                        "flip on one axis",
                        int((self.kernel[:, ::-1] * self.image).sum()),
                        "You flipped the kernel from left to right only.",
                    ),
                    Mistake(
                        "flip on one axis",
                        int((self.kernel[::-1] * self.image).sum()),
                        "You flipped the kernel from top to bottom only.",
                    ),
                ),
                otherwise="Multiply your kernel from part b with the image, pixel by pixel, and "
                "sum the products.",
            ),
            hint="Put the flipped kernel on the image, multiply pixel by pixel, and sum.",
            solution=(f"The flipped kernel on the image: {terms} = {z}.",),
        )
