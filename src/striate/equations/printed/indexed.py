"""Arrays with the book's indices, and loops with its limits."""

import itertools

import numpy as np


class Indexed:
    """An array whose indices start at `first` on every axis, as in the book.

    An index outside the array, negative ones included, raises IndexError unless `outside` gives
    the value of such entries.
    """

    def __init__(self, array, first=0, outside=None):
        self.array, self.first, self.outside = np.asarray(array), first, outside
        self.shape = self.array.shape

    def __getitem__(self, at):
        """Return an entry by its index in the book."""
        at = at if isinstance(at, tuple) else (at,)
        place = tuple(k - self.first for k in at)
        if all(0 <= k < n for k, n in zip(place, self.shape, strict=True)):
            return self.array[place]
        if self.outside is None:
            raise IndexError(
                f"index {at} is outside an array of shape {self.shape}, counted from {self.first}"
            )
        return self.outside


def from_1(array, outside=None):
    """Count an array's entries from 1."""
    return Indexed(array, first=1, outside=outside)


def span(first, last):
    """List the values of a summation index, both limits included."""
    return range(first, last + 1)


def pairs(rows, columns):
    """List the index pairs of a double sum."""
    return itertools.product(rows, columns)


def table(entry, *lengths, first=0):
    """Fill an array with `entry(i, j, ...)`, where indices start at `first`."""
    values = [
        entry(*(k + first for k in place)) for place in itertools.product(*map(range, lengths))
    ]
    return np.array(values).reshape(lengths)


def derivative(f, x):
    """Differentiate the scalar f(x) with respect to each entry of x, by central differences."""
    x = np.array(x, dtype=float)
    h = 1e-5
    slopes = np.empty_like(x)
    for place in itertools.product(*map(range, x.shape)):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        slopes[place] = (f(up) - f(down)) / (2 * h)
    return slopes
