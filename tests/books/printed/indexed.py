"""Arrays with the indices of a book, and loops with its limits."""

import itertools

import numpy as np


class Indexed:
    """An array whose first entry has the number that a book gives it.

    `first` is that number, one for all axes. An index outside raises IndexError, negative ones too,
    unless `outside` says what such an entry counts as.
    """

    def __init__(self, array, first=0, outside=None):
        self.array, self.first, self.outside = np.asarray(array), first, outside
        self.shape = self.array.shape

    def __getitem__(self, at):
        """Read one entry by its number in the book."""
        at = at if isinstance(at, tuple) else (at,)
        place = tuple(k - self.first for k in at)
        if all(0 <= k < n for k, n in zip(place, self.shape, strict=True)):
            return self.array[place]
        if self.outside is None:
            raise IndexError(f"no entry {at}: {self.shape} entries are counted from {self.first}")
        return self.outside


def from_1(array, outside=None):
    """Count an array's entries from 1."""
    return Indexed(array, first=1, outside=outside)


def span(first, last):
    """List the numbers of a sum's index, both limits included."""
    return range(first, last + 1)


def pairs(rows, columns):
    """List the pairs of a double sum's indices."""
    return itertools.product(rows, columns)


def table(entry, *lengths, first=0):
    """Fill an array with `entry(i, j, ...)`, the indices counted from `first`."""
    values = [
        entry(*(k + first for k in place)) for place in itertools.product(*map(range, lengths))
    ]
    return np.array(values).reshape(lengths)


def derivative(f, x):
    """Differentiate the number f(x) with respect to each entry of x, by central differences."""
    x = np.array(x, dtype=float)
    h = 1e-5
    slopes = np.empty_like(x)
    for place in itertools.product(*map(range, x.shape)):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        slopes[place] = (f(up) - f(down)) / (2 * h)
    return slopes
