"""Normally distributed noise for signals that depends only on the seed, the epoch and the index."""

from functools import cache
from statistics import NormalDist

import numpy as np

from striate.data.draws import Purpose, draw
from striate.shapes import Array, Float, Int

_BITS = 16  # of each number: two numbers are drawn from a word
_AT_ONCE = 1 << 16  # numbers that are drawn at a time, so that they stay in the cache


@cache
def _quantiles() -> Float[Array, "n"]:
    """Return the middle of each of 65,536 intervals of equal probability.

    A table of them gives the same bits on every processor, unlike a logarithm and a cosine of
    NumPy, and is faster.
    """
    count = 1 << _BITS
    upper = [NormalDist().inv_cdf(0.5 + (k + 0.5) / count) for k in range(count // 2)]
    half = np.array(upper, np.float32)
    return np.concatenate([-half[::-1], half])


def normal(
    shape: tuple[int, ...], *, seed: int, epoch: int, indices: Int[Array, "n"]
) -> Float[Array, "n *shape"]:
    """Draw normally distributed numbers for some examples.

    Parameters
    ----------
    shape
        Shape of one example.
    seed, epoch
        As for :func:`striate.data.draws.draw`.
    indices
        Index of each example in its data set.

    Returns
    -------
    Array
        float32, of mean 0 and standard deviation 1, up to 4.2.

    Examples
    --------
    Example 7 has the same numbers, whichever examples are drawn with it:

    >>> alone = normal((3,), seed=1, epoch=0, indices=np.array([7]))
    >>> among = normal((3,), seed=1, epoch=0, indices=np.array([5, 7]))
    >>> bool((alone[0] == among[1]).all())
    True
    """
    count = int(np.prod(shape))
    found = np.empty((len(indices), count), np.float32)
    step = max(1, _AT_ONCE // max(count, 1))
    for first in range(0, len(indices), step):
        some = np.asarray(indices)[first : first + step]
        words = draw(some, seed=seed, purpose=Purpose.NOISE, epoch=epoch, words=-(-count // 2))
        halves = np.ascontiguousarray(words, "<u4").view("<u2")
        _quantiles().take(halves[:, :count], out=found[first : first + step], mode="clip")
    return found.reshape(len(indices), *shape)
