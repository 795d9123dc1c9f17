"""E8.1: place a kernel on an image by hand."""

from dataclasses import dataclass, field
from typing import Self

from striate.exercises.answers import ArrayAnswer, WordAnswer
from striate.exercises.content import Content, Formula, Picture, listed
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.images import KERNELS, PLUS, SHAPES, random_figure, square_of_e8_1
from striate.exercises.mistakes import of_placing
from striate.maths import cross_correlate
from striate.shapes import Array, Int

_PADDING = 1


SYNONYMS = {
    "horizontal": "horizontal line",
    "row": "horizontal line",
    "vertical": "vertical line",
    "column": "vertical line",
    "diagonal": "diagonal line",
    "slash": "diagonal line",
    "backslash": "diagonal line",
    "+": "plus",
    "plus sign": "plus",
    "plus signs": "plus",
    "pluses": "plus",
    "plu": "plus",
    "cross": "plus",
    "crosses": "plus",
    "crosse": "plus",
    "crossing": "plus",
    "crossing lines": "plus",
    "x": "diagonal cross",
    "diagonal crosses": "diagonal cross",
    "box": "square",
    "outline": "square",
    "square outline": "square",
    "z": "Z",
    "s": "Z",
    "zigzag": "Z",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaceKernel(Exercise):
    """E8.1: compute the response of a kernel, and find the form that it detects.

    Parameters
    ----------
    image
        Black is 1, white is 0.
    kernel
        The same after a rotation by 180 degrees, so that convolution and correlation agree.
    detects
        What it is a template for.

    Sources
    -------
    Hagan E8.1.
    """

    name = "E8.1"
    title = "A kernel on an image"
    source = "Hagan, exercise E8.1; equations 8.13, 8.16 and 8.17"

    image: Int[Array, "rows columns"] = field(default_factory=square_of_e8_1)
    kernel: Int[Array, "u v"] = field(default_factory=lambda: PLUS)
    detects: str = "plus"

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Draw another figure, and choose another kernel."""
        random = generator(cls.name, seed)
        detects = str(random.choice(KERNELS))
        image = random_figure(generator("image", seed))
        return cls(seed=seed, image=image, kernel=SHAPES[detects], detects=detects)

    @property
    def response(self) -> Int[Array, "i j"]:
        """The result of part a."""
        return cross_correlate(self.image, self.kernel, padding=_PADDING)

    @property
    def statement(self) -> Content:
        """Image and kernel."""
        return (
            (
                f"Here are an image of {_size(self.image)} pixels and a {_size(self.kernel)} "
                "kernel. Black is 1, white is 0. A rotation by 180 degrees doesn't change the "
                "kernel, so convolution and correlation have the same result."
            ),
            Picture("the image", self.image, "ink"),
            Picture("the kernel", self.kernel, "ink"),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The response, and what the kernel detects."""
        return self._place(), self._interpret()

    def _place(self) -> ExercisePart:
        z = self.response
        row, column = 1, 1
        window = self.image[row - 1 : row + 2, column - 1 : column + 2]
        terms = listed([str(pixel) for pixel in window[self.kernel == 1]])
        return ExercisePart(
            letter="a",
            question=(
                (
                    f"Pad the image with zeros, {_PADDING} pixel on every side, and move the "
                    "kernel over it with stride 1. What is the result?"
                ),
            ),
            answer=ArrayAnswer(
                value=z,
                mistakes=of_placing(self.image, self.kernel, padding=_PADDING, flipped=False),
                otherwise="Center the kernel on the pixel, and count the black pixels under its "
                "ones; pixels outside the image count 0.",
            ),
            hint="All weights are 0 or 1, so each result is the number of black pixels under the "
            "ones of the kernel. Begin in the upper left corner, where most of the kernel is on "
            "the padding.",
            solution=(
                Formula("S = R + 2 P - r + 1", r"S = R + 2 P^d - r + 1", "8.16"),
                (
                    f"The result has {len(self.image)} + 2·{_PADDING} - {len(self.kernel)} + 1 = "
                    f"{len(z)} rows. In row {row + 1}, column {column + 1}, for example, the "
                    f"pixels under the ones of the kernel are {terms}, which sum to "
                    f"{z[row, column]}. All results:"
                ),
                Picture("the result", z),
            ),
        )

    def _interpret(self) -> ExercisePart:
        return ExercisePart(
            letter="b",
            question=(
                (
                    "Which of these forms does the kernel respond to most strongly: "
                    f"{listed(list(SHAPES), 'or')}?"
                ),
            ),
            answer=WordAnswer(
                value=self.detects,
                choices={name: self._overlap(name) for name in SHAPES},
                synonyms=SYNONYMS,
            ),
            hint="The response is largest where the black pixels of the image have the same form "
            "as the ones of the kernel.",
            solution=(
                (
                    f"The response reaches its maximum, {self.kernel.sum()}, only where all ones "
                    f"of the kernel are on black pixels: at the center of a {self.detects}. Here "
                    f"its largest value is {self.response.max()}."
                ),
            ),
        )

    def _overlap(self, name: str) -> str:
        """Compare the response to a form with the largest one."""
        ones, common = int(self.kernel.sum()), int((self.kernel * SHAPES[name]).sum())
        return (
            f"At the center of a {name}, the response is {common}. It can be {ones}: where "
            "are the black pixels then?"
        )


def _size(array: Array) -> str:
    return "x".join(map(str, array.shape))
