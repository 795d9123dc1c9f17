"""E8.7: the size of a convolution's output."""

import math
from dataclasses import dataclass
from typing import Self

from striate.exercises.answers import NumberAnswer
from striate.exercises.content import Content, Formula
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake, distinct
from striate.maths import axes


@dataclass(frozen=True, kw_only=True, eq=False)
class OutputSize(Exercise):
    """E8.7: compute an output size, and the padding that keeps a size.

    Parameters
    ----------
    size
        Rows and columns of the image.
    kernel
        Rows and columns of the kernel; odd.
    stride, padding
        Of part a.

    Sources
    -------
    Hagan E8.7.
    """

    name = "E8.7"
    title = "Output size, stride and padding"
    source = "Hagan, exercise E8.7; equations 8.18 and 8.19"

    size: int = 15
    kernel: int = 3
    stride: int = 2
    padding: int = 1

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose other sizes; about half of them are not divided evenly by the stride."""
        random = generator(cls.name, seed)
        kernel = int(random.choice([3, 5, 7]))
        return cls(
            seed=seed,
            size=int(random.integers(12, 41)),
            kernel=kernel,
            stride=int(random.integers(2, 5)),
            padding=int(random.integers(1, kernel // 2 + 1)),
        )

    @property
    def statement(self) -> Content:
        """The image."""
        n = self.size
        return (f"A convolution layer with one feature map receives an image of {n}x{n} pixels.",)

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The size, and the padding."""
        return self._size(), self._same()

    def _size(self) -> ExercisePart:
        n, r, s, p = self.size, self.kernel, self.stride, self.padding
        (axis,) = axes((n,), window=r, stride=s, padding=p, name="kernel_size")
        rest = (n + 2 * p - r) % s
        floor = (
            f" The kernel doesn't reach the last {_pixels(rest)}, so the quotient is rounded down."
            if rest
            else ""
        )
        return ExercisePart(
            letter="a",
            question=(
                (
                    f"The kernel is {r}x{r}, the stride is {s}, and the zero padding is {p} on "
                    "every side. How many rows and columns does the output have? (One number; 8x8 "
                    "is accepted for 8.)"
                ),
            ),
            answer=NumberAnswer(
                value=axis.output,
                is_size=True,
                mistakes=self._size_mistakes(axis.output),
                otherwise="Count the positions of the kernel: pad the image, subtract the kernel, "
                "divide by the stride, round down, and add 1.",
            ),
            hint="How far can the kernel move on the padded image, and in how many steps? There "
            "is one position more than there are steps.",
            solution=(
                Formula(
                    "S = ⌊(R + 2 P - r) / s⌋ + 1",
                    r"S = \left\lfloor \frac{R + 2 P^d - r}{S^t} \right\rfloor + 1",
                    "8.18",
                ),
                (
                    f"S = ⌊({n} + 2·{p} - {r}) / {s}⌋ + 1 = ⌊{n + 2 * p - r} / {s}⌋ + 1 = "
                    f"{axis.output}, so the output is {axis.output}x{axis.output}.{floor}"
                ),
            ),
        )

    def _size_mistakes(self, size: int) -> tuple[Mistake, ...]:
        n, r, s, p = self.size, self.kernel, self.stride, self.padding
        quotient = (n + 2 * p - r) / s
        mistakes = [
            Mistake(
                "no padding",
                (n - r) // s + 1,
                f"You left out the padding. It adds {_pixels(p)} on each side, so {2 * p} in all.",
            ),
            Mistake(
                "padding on one side",
                (n + p - r) // s + 1,
                f"You added the padding once. It is on both sides: {n} + 2·{p} pixels.",
            ),
            Mistake(
                "no stride",
                n + 2 * p - r + 1,
                f"You left out the stride: the kernel moves by {s} pixels at a time.",
            ),
            Mistake(
                "off by one",
                (n + 2 * p - r) // s,
                "You forgot the 1: n steps lead to n + 1 positions.",
            ),
            Mistake(
                "1 before the division",
                (n + 2 * p - r + 1) // s,
                "You added the 1 before you divided by the stride.",
            ),
            Mistake(
                "kernel left out",
                (n + 2 * p) // s,
                "You left out the kernel: it has to fit completely on the padded image.",
            ),
            Mistake("squared", size**2, "That is the number of pixels. Write one side."),
        ]
        if not quotient.is_integer():
            mistakes += [
                Mistake(
                    "rounded up",
                    math.ceil(quotient) + 1,
                    "You rounded up. A last position that only partly fits doesn't count: round "
                    "down.",
                ),
                Mistake(
                    "not rounded",
                    quotient + 1,
                    "The number of positions is an integer: round down.",
                ),
            ]
        return tuple(mistakes)

    def _same(self) -> ExercisePart:
        n, r = self.size, self.kernel
        (axis,) = axes((n,), window=r, padding="same", name="kernel_size")
        return ExercisePart(
            letter="b",
            question=(
                (
                    "With the same kernel and stride 1, which padding makes the output as large as "
                    "the image? (Pixels on each side.)"
                ),
            ),
            answer=NumberAnswer(
                value=axis.before,
                mistakes=distinct(
                    [
                        Mistake(
                            "both sides together",
                            r - 1,
                            f"{r - 1} is the number of pixels on both sides together.",
                        ),
                        Mistake(
                            "size of the kernel",
                            r,
                            "That is the kernel, not half of what is missing.",
                        ),
                        Mistake(
                            "no padding", 0, f"Without padding, the output has {n - r + 1} rows."
                        ),
                        Mistake(
                            "half the kernel",
                            r / 2,
                            "Half of the kernel is not an integer; the middle needs no padding.",
                        ),
                        Mistake(
                            "rounded up",
                            (r + 1) // 2,
                            f"With {(r + 1) // 2}, the output would have {n + 2} rows.",
                        ),
                    ]
                ),
                otherwise=f"Without padding, {r - 1} rows are missing. Distribute them to both "
                "sides.",
            ),
            hint="Without padding, how many rows are missing? Half of them go to each side.",
            solution=(
                Formula(
                    "R + 2 P - r + 1 = R, so P = (r - 1) / 2", r"P^d = \frac{r - 1}{2}", "8.16"
                ),
                f"P = ({r} - 1) / 2 = {axis.before}.",
            ),
        )


def _pixels(count: int) -> str:
    return f"{count} pixel{'' if count == 1 else 's'}"
