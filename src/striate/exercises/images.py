"""The images and kernels of the exercises, and others like them for variants."""

from collections.abc import Mapping

import numpy as np

from striate.shapes import Array, Int

PLUS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
"""The kernel of E8.1."""

L_SHAPE = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])
"""The kernel of E8.6."""

SHAPES: Mapping[str, Int[Array, "3 3"]] = {
    "horizontal line": np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]]),
    "vertical line": np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]]),
    "diagonal line": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "plus": PLUS,
    "diagonal cross": np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]),
    "square": np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]),
    "Z": np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1]]),
}
"""Small forms. A rotation by 180 degrees doesn't change them."""

KERNELS = ("plus", "diagonal cross", "square", "Z")
"""Forms that no other form contains, so that each has the largest response to its own kernel."""


def rectangle(
    size: int, top: int, left: int, bottom: int, right: int
) -> Int[Array, "rows columns"]:
    """Draw the outline of a rectangle, one pixel thick.

    Parameters
    ----------
    size
        Rows and columns of the image.
    top, left, bottom, right
        The rows and columns that its sides are on.

    Returns
    -------
    Array
        1 on the outline, 0 elsewhere.

    Examples
    --------
    >>> rectangle(4, 0, 1, 2, 3)
    array([[0, 1, 1, 1],
           [0, 1, 0, 1],
           [0, 1, 1, 1],
           [0, 0, 0, 0]])
    """
    image = np.zeros((size, size), dtype=int)
    image[top : bottom + 1, left : right + 1] = 1
    image[top + 1 : bottom, left + 1 : right] = 0
    return image


def square_of_e8_1() -> Int[Array, "8 8"]:
    """Draw the image of E8.1: the outline of a square, one pixel away from the edge.

    Sources
    -------
    Hagan E8.1.
    """
    return rectangle(8, 1, 1, 6, 6)


def random_figure(random: np.random.Generator) -> Int[Array, "8 8"]:
    """Draw a rectangle of random size and a diagonal from one of its corners, on 8 x 8 pixels.

    The diagonal makes sure that the image is neither symmetric nor equal to its transpose, so that
    transposed and mirrored results can be recognized.

    Parameters
    ----------
    random
        Where the numbers come from.

    Returns
    -------
    Array
        1 on the lines, 0 elsewhere.
    """
    while True:
        top, left = random.integers(0, 3, 2)
        bottom, right = random.integers(4, 8, 2)
        image = rectangle(8, top, left, bottom, right)
        for step in range(int(random.integers(2, 4))):
            image[top + step, left + step] = 1
        mirrored = (image.T, image[::-1], image[:, ::-1], image[::-1, ::-1])
        if not any(np.array_equal(image, other) for other in mirrored):
            return image
