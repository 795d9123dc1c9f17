"""E8.4: a shift by convolution, in three choices of axes and origin.

The book's matrix, with its 1 at the upper right, shifts in three different ways:

* Right and up, in the axes of P8.1: i to the right, j upward. Then the lower left corner of the
  matrix is its origin, and the 1 is one pixel to the right of it and one pixel above.
* Right only, in rows and columns as in 8.8: the first index counts rows downward. Then the upper
  left corner is the origin, and the 1 is one column to the right of it, in the same row.
* Up only, with ``padding="same"``. That is the result before, without its first row and column
  instead of its last ones: for two rows and columns the middle of the full result begins at pixel
  1. It moves everything up and left by one pixel, which cancels the shift to the right.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake, distinct, shifted
from striate.maths import convolve
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftByHand(Exercise):
    """E8.4: convolve an image with the kernel of P8.2.

    Parameters
    ----------
    image
        Black is 1, white is 0.
    kernel
        A single 1, and zeros.

    Sources
    -------
    Hagan E8.4.
    """

    name = "E8.4"
    title = "A shift by convolution"
    source = "Hagan, exercise E8.4; solved problems P8.1 and P8.2, equation 8.8"

    image: Int[Array, "rows columns"] = field(
        default_factory=lambda: np.array(
            [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]]
        )
    )
    kernel: Int[Array, "u v"] = field(default_factory=lambda: np.array([[0, 1], [0, 0]]))

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Draw three pixels near the middle, and put the 1 at another place of the kernel."""
        random = generator(cls.name, seed)
        side = int(random.integers(2, 4))
        kernel = np.zeros((side, side), int)
        kernel[random.integers(0, side - 1), random.integers(1, side)] = 1  # right and up
        image = np.zeros((7, 7), int)
        rows, columns = np.unravel_index(random.choice(9, 4, replace=False), (3, 3))
        image[2 + rows, 2 + columns] = 1
        return cls(seed=seed, image=image, kernel=kernel)

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of the 1, counted from 0."""
        row, column = np.argwhere(self.kernel)[0].tolist()
        return row, column

    @property
    def drawn(self) -> Int[Array, "rows columns"]:
        """The result in the axes of P8.1, as one draws it."""
        full = convolve(_as_ij(self.image), _as_ij(self.kernel), padding="full")
        rows, columns = self.image.shape
        return full[:columns, :rows].T[::-1]

    @property
    def in_rows_and_columns(self) -> Int[Array, "rows columns"]:
        """The result of 8.8 for m and n from 0, with rows downward and columns to the right."""
        rows, columns = self.image.shape
        return convolve(self.image, self.kernel, padding="full")[:rows, :columns]

    @property
    def same(self) -> Int[Array, "rows columns"]:
        """The result of ``convolve(..., padding="same")``."""
        return convolve(self.image, self.kernel, padding="same")

    @property
    def statement(self) -> Content:
        """Image and kernel."""
        return (
            (
                "Convolve this image with this kernel, whose only 1 is the shifted impulse of "
                "P8.2. Write all results with the size of the image, as you would draw them: the "
                "first row at the top."
            ),
            Picture("P", self.image),
            Picture("W", self.kernel),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The three shifts."""
        row, column = self.place
        up = len(self.kernel) - 1 - row
        return (
            self._part(
                "a",
                "Use the axes of P8.1: i to the right and j upward, so that the lower left corner "
                "of the kernel is its origin.",
                (-up, column),
                self.drawn,
                f"The 1 is {column} to the right of the origin and {up} above it.",
            ),
            self._part(
                "b",
                "Use 8.8 with rows and columns, as programs do: the first index counts rows "
                "downward, so the upper left corner of the kernel is its origin. Row m and column "
                "n of the result correspond to row m and column n of the image.",
                (row, column),
                self.in_rows_and_columns,
                f"The 1 is {column} to the right of the origin and {row} below it.",
            ),
            self._part(
                "c",
                'What does `striate.maths.convolve(P, W, padding="same")` return? It keeps the '
                "middle of the full result, which begins at row and column "
                f"{len(self.kernel) // 2} (counted from 0).",
                (row - len(self.kernel) // 2, column - len(self.kernel) // 2),
                self.same,
                f"The shift of part b is {row} down and {column} to the right. The full result "
                f"without its first {_lines(len(self.kernel) // 2)} moves everything up and left "
                f"by {len(self.kernel) // 2}.",
            ),
        )

    def _part(
        self, letter: str, question: str, shift: tuple[int, int], expected: Array, reason: str
    ) -> ExercisePart:
        """Make a question about one choice of axes; the shift is in pixels down and right."""
        down, right = shift
        words = _words(down, right)
        return ExercisePart(
            letter=letter,
            question=(question,),
            answer=ArrayAnswer(
                value=expected,
                mistakes=self._mistakes(letter, expected, down, right),
                otherwise="Move every black pixel in the same way as the 1 is placed relative to "
                "the origin of the kernel.",
            ),
            hint="Part b keeps the beginning of the full result. What moves if the middle is kept?"
            if letter == "c"
            else "Each black pixel puts a copy of the kernel on the result, with the kernel's "
            "origin on the pixel (8.5). Where is the 1, seen from the origin?",
            solution=(
                Formula(
                    "z(m, n) = Σ p(i, j) w(m - i, n - j)",
                    r"z_{m,n} = \sum_{i,j} p_{i,j} \, w_{m-i,n-j}",
                    "8.5",
                ),
                f"{reason} The image is {words}:",
                Picture("the result", expected),
            ),
        )

    def _mistakes(self, letter: str, expected: Array, down: int, right: int) -> tuple[Mistake, ...]:
        """List other shifts, and why one may have chosen them."""
        others = {
            "a": (self.drawn, "This is the result in the axes of P8.1 (part a)."),
            "b": (self.in_rows_and_columns, "This is the result in rows and columns (part b)."),
            "c": (self.same, 'This is the result with padding="same" (part c).'),
        }
        found = [
            Mistake("other axes", value, f"{hint} Check where the origin of the kernel is here.")
            for other, (value, hint) in others.items()
            if other != letter
        ]
        found += [
            Mistake(
                "no flip",
                shifted(self.image, -down, -right),
                "You shifted in the opposite direction, as a correlation does. A convolution "
                "copies the kernel without mirroring it (8.5).",
            ),
            Mistake("no shift", self.image, "This is the image itself."),
            Mistake(
                "around the edge",
                np.roll(self.image, (down, right), (0, 1)),
                "Pixels that leave the image don't come in on the other side; zeros do.",
            ),
            Mistake(
                "one axis only",
                shifted(self.image, down, 0),
                "You shifted up or down only.",
            ),
            Mistake(
                "one axis only",
                shifted(self.image, 0, right),
                "You shifted left or right only.",
            ),
            Mistake(
                "valid positions only",
                convolve(self.image, self.kernel),
                "You left out the positions where the kernel is partly outside the image. Pad with "
                "zeros, so that the result has the size of the image.",
            ),
        ]
        return distinct([m for m in found if not np.array_equal(m.value, expected)])


def _as_ij(picture: Array) -> Array:
    """Index a drawn picture [i, j], with i to the right and j upward."""
    return picture[::-1].T


def _lines(count: int) -> str:
    return "row and column" if count == 1 else f"{count} rows and columns"


def _words(down: int, right: int) -> str:
    """Describe a shift."""
    moves = []
    if down:
        moves.append(f"{abs(down)} {'down' if down > 0 else 'up'}")
    if right:
        moves.append(f"{abs(right)} to the {'right' if right > 0 else 'left'}")
    return f"shifted {' and '.join(moves)}" if moves else "not shifted"
