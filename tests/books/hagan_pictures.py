"""The images in Hagan's chapter as arrays: black is 1, white is 0."""

import numpy as np


def square_outline(size, first, last):
    """Draw a square, one pixel thick, from row and column `first` to `last`."""
    picture = np.zeros((size, size), dtype=int)
    picture[first : last + 1, first : last + 1] = 1
    picture[first + 1 : last, first + 1 : last] = 0
    return picture


# Figure 8.4.
SQUARE = square_outline(15, 3, 11)
DIAMOND = np.array([[int(abs(i - 7) + abs(j - 7) == 4) for j in range(15)] for i in range(15)])

# Figure 8.5, with the names of figure 8.6.
HORIZONTAL = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
VERTICAL = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]])
SLASH = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
BACKSLASH = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])

# Exercises E8.1, E8.4 and E8.6.
E8_1_IMAGE = square_outline(8, 1, 6)
E8_1_KERNEL = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
E8_4_IMAGE = np.array(
    [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]]
)
E8_6_KERNEL = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])

# Solved problems P8.1 (its nonzero 3 x 3 part) and P8.2.
P8_1_KERNEL = np.array([[7, 8, 9], [4, 5, 6], [1, 2, 3]])
P8_2_KERNEL = np.array([[0, 1], [0, 0]])
