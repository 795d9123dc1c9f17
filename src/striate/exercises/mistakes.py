"""Typical mistakes, computed: the result that each of them leads to, with a hint.

An incorrect answer is compared with these results. So the hint says what probably went wrong
instead of only that something did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from striate.errors import ShapeError
from striate.maths import convolve, cross_correlate
from striate.shapes import Array, Shaped


@dataclass(frozen=True, eq=False)
class Mistake:
    """A mistake, and the answer that it leads to.

    Parameters
    ----------
    name
        The mistake in a few words, such as "no padding".
    value
        The incorrect answer: a number or an array.
    hint
        What to think about, in one or two sentences.
    """

    name: str
    value: Shaped[Array, "..."] | float
    hint: str

    def explains(self, given: Shaped[Array, "..."], tolerance: float) -> bool:
        """Return whether an answer is what this mistake leads to."""
        value = np.asarray(self.value, dtype=float)
        return value.shape == given.shape and bool(np.all(np.abs(value - given) <= tolerance))


def distinct(mistakes: Sequence[Mistake]) -> tuple[Mistake, ...]:
    """Keep the first of the mistakes that lead to the same answer.

    Parameters
    ----------
    mistakes
        The most likely ones first.

    Returns
    -------
    tuple of Mistake
    """
    kept: list[Mistake] = []
    for mistake in mistakes:
        value = np.asarray(mistake.value, dtype=float)
        if not any(other.explains(value, 0.0) for other in kept):
            kept.append(mistake)
    return tuple(kept)


def of_placing(
    image: Shaped[Array, "rows columns"],
    kernel: Shaped[Array, "u v"],
    *,
    padding: int,
    flipped: bool,
) -> tuple[Mistake, ...]:
    """List the mistakes in placing a kernel on an image and summing the products.

    Parameters
    ----------
    image, kernel
        Two-dimensional.
    padding
        Zeros around the image, in pixels.
    flipped
        Whether a convolution was expected; otherwise, a correlation.

    Returns
    -------
    tuple of Mistake
        Some of them may lead to the right result, for example for a symmetric kernel.

    Sources
    -------
    Hagan P8.1.
    """
    right = convolve if flipped else cross_correlate
    found = [
        *_of_flipping(image, kernel, padding, flipped=flipped),
        Mistake(
            "transposed kernel",
            right(image, kernel.T, padding=padding) if _square(kernel) else np.nan,
            "You exchanged the rows and the columns of the kernel.",
        ),
        Mistake(
            "average instead of sum",
            right(image, kernel, padding=padding) / (np.abs(kernel).sum() or 1),
            "You divided by the sum of the weights. A convolution sums the products and doesn't "
            "divide.",
        ),
        Mistake(
            "average instead of sum",
            right(image, kernel, padding=padding) / kernel.size,
            f"You divided by the number of weights, {kernel.size}. A convolution sums the products "
            "and doesn't divide.",
        ),
        Mistake(
            "sum of the window",
            cross_correlate(image, np.ones_like(kernel), padding=padding),
            "You summed all pixels under the kernel. Multiply each by its weight first: pixels "
            "under a weight of 0 don't count.",
        ),
        *_of_padding(image, right(image, kernel, padding=padding), right, kernel, padding),
    ]
    return distinct(found)


def _of_flipping(image: Array, kernel: Array, padding: int, *, flipped: bool) -> list[Mistake]:
    """List results for a kernel that is flipped on other axes."""
    wrong = cross_correlate if flipped else convolve
    other = (
        Mistake(
            "no flip",
            wrong(image, kernel, padding=padding),
            "This is the correlation. A convolution flips the kernel, left to right and top to "
            "bottom, before it multiplies (P8.1).",
        )
        if flipped
        else Mistake(
            "flip",
            wrong(image, kernel, padding=padding),
            "This is the convolution. A correlation uses the kernel without flipping it (8.9).",
        )
    )
    half = (
        "A flip is needed on both axes, which is a rotation by 180 degrees."
        if flipped
        else ("A correlation doesn't flip the kernel at all.")
    )
    return [
        other,
        Mistake(
            "flip on one axis",
            cross_correlate(image, kernel[:, ::-1], padding=padding),
            f"You flipped the kernel from left to right only. {half}",
        ),
        Mistake(
            "flip on one axis",
            cross_correlate(image, kernel[::-1], padding=padding),
            f"You flipped the kernel from top to bottom only. {half}",
        ),
    ]


def _of_padding(
    image: Array, expected: Array, place: Callable[..., Array], kernel: Array, padding: int
) -> list[Mistake]:
    """List results for other paddings."""
    found: list[Mistake] = []
    for wrong in range(4):
        if wrong == padding:
            continue
        try:
            value = place(image, kernel, padding=wrong)
        except ShapeError:
            continue  # the kernel doesn't fit
        name, hint = (
            (
                "no padding",
                (
                    f"You left out the padding: add {padding} on every side, so that the result "
                    f"is {_size(expected)}."
                ),
            )
            if wrong == 0
            else (
                "too much padding",
                (
                    f"You padded with {wrong} on every side; use {padding or 'no padding'}. The "
                    f"result is {_size(expected)}."
                ),
            )
        )
        found.append(Mistake(name, value, hint))
    if padding == 0 and all(n % 2 for n in kernel.shape):
        framed = np.pad(expected, [(n // 2, n // 2) for n in kernel.shape])
        found.append(
            Mistake(
                "zeros around the result",
                framed,
                "The pixels in the middle are right, but without padding the result has no border: "
                f"it is {_size(expected)}.",
            )
        )
    return found


def of_writing(expected: Shaped[Array, "..."]) -> tuple[Mistake, ...]:
    """List mistakes in writing down an array that is otherwise right.

    Parameters
    ----------
    expected
        The right array.

    Returns
    -------
    tuple of Mistake
        Transposed, mirrored, negated and shifted forms.
    """
    value = np.asarray(expected, dtype=float)
    found = [Mistake("wrong sign", -value, "All signs are reversed.")]
    if value.ndim != 2:
        return tuple(found)
    found += [
        Mistake(
            "transposed", value.T, "Your result is transposed: rows and columns are exchanged."
        ),
        Mistake(
            "rotated",
            value[::-1, ::-1],
            "Your result is rotated by 180 degrees: its first row is the last one, backwards.",
        ),
        Mistake("mirrored", value[:, ::-1], "Your result is mirrored from left to right."),
        Mistake("mirrored", value[::-1], "Your result is upside down."),
    ]
    for rows, columns, where in (
        (1, 0, "down"),
        (-1, 0, "up"),
        (0, 1, "to the right"),
        (0, -1, "to the left"),
    ):
        moved = shifted(value, rows, columns)
        hint = f"Your result is shifted by one pixel {where}. Check where the first pixel belongs."
        found.append(Mistake("off by one", moved, hint))
    return tuple(found)


def shifted(
    image: Shaped[Array, "rows columns"], down: int, right: int
) -> Shaped[Array, "rows columns"]:
    """Shift an image; zeros come in, and what leaves the image is lost.

    Parameters
    ----------
    image
        Two-dimensional.
    down, right
        Pixels; negative for up and left.

    Returns
    -------
    Array
        An image of the same size.

    Examples
    --------
    >>> shifted(np.array([[1, 2], [3, 4]]), 0, 1)
    array([[0, 1],
           [0, 3]])
    """
    rows, columns = image.shape
    padded = np.pad(image, [(abs(down),) * 2, (abs(right),) * 2])
    top, left = abs(down) - down, abs(right) - right
    return padded[top : top + rows, left : left + columns]


def _square(kernel: Array) -> bool:
    return kernel.shape[0] == kernel.shape[1]


def _size(array: Array) -> str:
    return "x".join(map(str, array.shape))
