"""E8.6: convolution and correlation with a kernel that isn't symmetric."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.images import L_SHAPE, random_figure, square_of_e8_1
from striate.exercises.mistakes import Mistake, distinct, of_placing
from striate.maths import convolve, cross_correlate, rot180
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class ConvolveAndCorrelate(Exercise):
    """E8.6: compare a convolution with a correlation.

    Parameters
    ----------
    image
        Black is 1, white is 0.
    kernel
        One that a rotation by 180 degrees changes.

    Sources
    -------
    Hagan E8.6.
    """

    name = "E8.6"
    title = "Convolution and correlation"
    source = "Hagan, exercise E8.6; solved problem P8.1, equations 8.8, 8.9 and 8.14"

    image: Int[Array, "rows columns"] = field(default_factory=square_of_e8_1)
    kernel: Int[Array, "u v"] = field(default_factory=lambda: L_SHAPE)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Draw another image, and choose a kernel of five ones without symmetry."""
        random = generator(cls.name, seed)
        image = random_figure(generator("image", seed))
        while True:
            kernel = np.zeros(9, int)
            kernel[random.choice(9, 5, replace=False)] = 1
            kernel = kernel.reshape(3, 3)
            others = (kernel.T, kernel[::-1], kernel[:, ::-1], rot180(kernel))
            if not any(np.array_equal(kernel, other) for other in others):
                return cls(seed=seed, image=image, kernel=kernel)

    @property
    def statement(self) -> Content:
        """Image and kernel."""
        which = "" if self.seed is None else f" in variant {self.seed}"
        return (
            (
                f"Use the image of E8.1{which} and this kernel, with stride 1 and without padding. "
                "Black is 1, white is 0."
            ),
            Picture("the image", self.image, "ink"),
            Picture("the kernel", self.kernel, "ink"),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The convolution, the correlation, the flipped kernel, and the correlation with it."""
        convolved = convolve(self.image, self.kernel)
        flipped = rot180(self.kernel)
        return (
            self._convolution(convolved),
            self._correlation(convolved),
            ExercisePart(
                letter="c",
                question=("Which kernel makes the correlation equal to your result of part a?",),
                answer=ArrayAnswer(
                    value=flipped,
                    mistakes=self._kernel_mistakes(),
                    otherwise="Flip the kernel on both axes.",
                ),
                hint="Solved problem P8.1 shows what a convolution does to its kernel.",
                solution=(
                    "The kernel, rotated by 180 degrees (P8.1):",
                    Picture("the correlation kernel", flipped),
                ),
            ),
            ExercisePart(
                letter="d",
                question=("Compute the correlation with the kernel of part c, as a check.",),
                answer=ArrayAnswer(
                    value=convolved,
                    mistakes=of_placing(self.image, flipped, padding=0, flipped=False),
                    otherwise="Put the kernel of part c on the image, and count the black pixels "
                    "under its ones. Compare with part a.",
                ),
                hint="A correlation with the flipped kernel is a convolution.",
                solution=(
                    "It is equal to the result of part a:",
                    Picture("the correlation", cross_correlate(self.image, flipped)),
                ),
            ),
        )

    def _convolution(self, convolved: Array) -> ExercisePart:
        return ExercisePart(
            letter="a",
            question=("Compute the convolution of the image with the kernel.",),
            answer=ArrayAnswer(
                value=convolved,
                mistakes=of_placing(self.image, self.kernel, padding=0, flipped=True),
                otherwise="Flip the kernel on both axes, put it on the image, and count the "
                "black pixels under its ones.",
            ),
            hint="Flip the kernel from left to right and from top to bottom before you put it "
            "on the image.",
            solution=(
                Formula(
                    "z(m, n) = Σ w(i, j) p(m - i, n - j)",
                    r"z_{m,n} = \sum_{i,j} w_{i,j} \, p_{m-i,n-j}",
                    "8.8",
                ),
                (
                    f"The result has {len(self.image)} - {len(self.kernel)} + 1 = "
                    f"{len(convolved)} rows and columns. The flipped kernel and the result:"
                ),
                Picture("the flipped kernel", rot180(self.kernel), "ink"),
                Picture("the convolution", convolved),
            ),
        )

    def _correlation(self, convolved: Array) -> ExercisePart:
        correlated = cross_correlate(self.image, self.kernel)
        return ExercisePart(
            letter="b",
            question=("Compute the correlation of the image with the kernel.",),
            answer=ArrayAnswer(
                value=correlated,
                mistakes=of_placing(self.image, self.kernel, padding=0, flipped=False),
                otherwise="Put the kernel on the image as it is drawn, and count the black "
                "pixels under its ones.",
            ),
            hint="Put the kernel on the image as it is drawn.",
            solution=(
                Formula(
                    "z(m, n) = Σ w(i, j) p(m + i, n + j)",
                    r"z_{m,n} = \sum_{i,j} w_{i,j} \, p_{m+i,n+j}",
                    "8.9",
                ),
                (
                    f"It differs from the convolution in {(convolved != correlated).sum()} of "
                    f"{convolved.size} pixels:"
                ),
                Picture("the correlation", correlated),
            ),
        )

    def _kernel_mistakes(self) -> tuple[Mistake, ...]:
        """List wrong flips."""
        return distinct(
            [
                Mistake(
                    "no flip",
                    self.kernel,
                    "This is the kernel of the convolution. It has to be flipped (P8.1).",
                ),
                Mistake(
                    "flip on one axis",
                    self.kernel[:, ::-1],
                    "You flipped from left to right only; flip from top to bottom, too.",
                ),
                Mistake(
                    "flip on one axis",
                    self.kernel[::-1],
                    "You flipped from top to bottom only; flip from left to right, too.",
                ),
                Mistake("transposed", self.kernel.T, "You exchanged the rows and the columns."),
                Mistake(
                    "rotated by 90 degrees",
                    np.rot90(self.kernel),
                    "You rotated by 90 degrees; two flips are a rotation by 180 degrees.",
                ),
                Mistake(
                    "rotated by 90 degrees",
                    np.rot90(self.kernel, -1),
                    "You rotated by 90 degrees; two flips are a rotation by 180 degrees.",
                ),
            ]
        )
