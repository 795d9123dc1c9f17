"""P8.2: a shift is a convolution, and its kernel is the impulse response."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer
from striate.exercises.content import Content, Picture, listed
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake, distinct, shifted
from striate.maths import impulse, rot180
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftKernel(Exercise):
    """P8.2: find the kernel that shifts an image.

    Parameters
    ----------
    right, up
        The shift, in pixels; negative for left and down.
    gain
        What the pixels are multiplied by.

    Sources
    -------
    Hagan P8.2.
    """

    name = "P8.2"
    title = "The kernel of a shift"
    source = "Hagan, solved problem P8.2; equations 8.1, 8.2 and 8.5"

    right: int = 1
    up: int = 1
    gain: int = 1

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose another shift, of at most two pixels along each axis, and a gain."""
        random = generator(cls.name, seed)
        while True:
            right, up = random.integers(-2, 3, 2).tolist()
            if right or up:
                return cls(seed=seed, right=right, up=up, gain=int(random.integers(1, 6)))

    @property
    def kernel(self) -> Int[Array, "u v"]:
        """The impulse response, with the origin in the middle."""
        return self.gain * self._shifted(self.up, self.right)

    def _shifted(self, up: int, right: int) -> Int[Array, "u v"]:
        """Shift a one-point image that is large enough for the shift of this exercise."""
        reach = max(abs(self.right), abs(self.up))
        delta = impulse((2 * reach + 1,) * 2, (reach, reach)).astype(int)
        return shifted(delta, -up, right)

    @property
    def _as_printed(self) -> Int[Array, "u v"]:
        """The smallest array that has both the origin and the 1: the book's form."""
        smallest = np.zeros((abs(self.up) + 1, abs(self.right) + 1), int)
        smallest[0 if self.up > 0 else -1, -1 if self.right > 0 else 0] = self.gain
        return smallest

    @property
    def statement(self) -> Content:
        """The shift."""
        side = len(self.kernel)
        gain = f", and multiplies it by {self.gain}" if self.gain > 1 else ""
        return (
            (
                "A transformation that is linear and treats all positions alike is a convolution, "
                "and its kernel is the image that it produces from the one-point image. The "
                f"transformation here shifts an image by {self._words}{gain}."
            ),
            (
                f"Write kernels as {side}x{side} arrays with the origin (i = j = 0) in the middle, "
                "as you would draw them: rows from top to bottom, columns from left to right."
            ),
        )

    @property
    def _words(self) -> str:
        """The shift in words."""
        moves: list[str] = []
        if self.right:
            moves.append(f"{_pixels(self.right)} to the {'right' if self.right > 0 else 'left'}")
        if self.up:
            moves.append(f"{_pixels(self.up)} {'up' if self.up > 0 else 'down'}")
        return listed(moves)

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The convolution kernel and the correlation kernel."""
        return self._convolution(), self._correlation()

    def _mistakes(self, up: int, right: int) -> tuple[Mistake, ...]:
        """List mistakes in shifting the impulse by a number of rows and columns."""
        found = (
            Mistake(
                "opposite direction",
                self._shifted(-up, -right),
                "Your 1 is on the opposite side of the origin: a convolution and a correlation "
                "with the same kernel shift in opposite directions.",
            ),
            Mistake(
                "wrong column",
                self._shifted(up, -right),
                "Left and right are exchanged.",
            ),
            Mistake("wrong row", self._shifted(-up, right), "Up and down are exchanged."),
            Mistake(
                "transposed",
                self._shifted(-right, -up),
                "The 1 is in the wrong place: rows and columns are exchanged.",
            ),
            Mistake(
                "one axis only",
                self._shifted(up, 0),
                "This moves the point up or down only. Move it sideways, too.",
            ),
            Mistake(
                "one axis only",
                self._shifted(0, right),
                "This moves the point sideways only. Move it up or down, too.",
            ),
            Mistake(
                "no shift",
                self._shifted(0, 0),
                "This is the impulse: its 1 is still at the origin, so nothing is shifted.",
            ),
        )
        right_kernel = self.gain * self._shifted(up, right)
        scaled = [Mistake(m.name, self.gain * np.asarray(m.value), m.hint) for m in found]
        if self.gain > 1:
            hint = f"The shift is right, but the pixels are also multiplied by {self.gain}."
            scaled.append(Mistake("gain left out", self._shifted(up, right), hint))
        return distinct([m for m in scaled if not np.array_equal(m.value, right_kernel)])

    def _convolution(self) -> ExercisePart:
        multiplied = f" and multiplied by {self.gain}" if self.gain > 1 else ""
        answer = ArrayAnswer(
            value=self.kernel,
            alternatives=(
                (
                    self._as_printed,
                    (
                        "This is the smallest form, in the axes of P8.1 (i to the right, j "
                        "upward). With rows counted downward, as in 8.8 and in programs, the "
                        "origin of this matrix is another corner, and it shifts differently: see "
                        "E8.4."
                    ),
                ),
            ),
            mistakes=self._mistakes(self.up, self.right),
            otherwise="Shift the one-point image, and read the kernel off the result: it has a "
            "single weight that isn't 0.",
        )
        return ExercisePart(
            letter="a",
            question=("Which convolution kernel performs the shift?",),
            answer=answer,
            hint="Draw an image with a single 1 in the middle, and shift it as described. The "
            "result is the kernel.",
            solution=(
                (
                    "The kernel is the impulse response (8.2). The one-point image has its 1 in "
                    "the middle:"
                ),
                Picture("the impulse", self._shifted(0, 0)),
                f"Shifted by {self._words}{multiplied}, it becomes the kernel:",
                Picture("the kernel", self.kernel),
            ),
        )

    def _correlation(self) -> ExercisePart:
        answer = ArrayAnswer(
            value=rot180(self.kernel),
            mistakes=self._mistakes(-self.up, -self.right),
            otherwise="Rotate the convolution kernel by 180 degrees (P8.1).",
        )
        return ExercisePart(
            letter="b",
            question=("Which correlation kernel performs the same shift?",),
            answer=answer,
            hint="P8.1: the correlation kernel is the convolution kernel, flipped on both axes.",
            solution=(
                "The convolution kernel rotated by 180 degrees (P8.1):",
                Picture("the correlation kernel", answer.value),
            ),
        )


def _pixels(number: int) -> str:
    return "1 pixel" if abs(number) == 1 else f"{abs(number)} pixels"
