"""Random words for images that depend only on the seed, the epoch and the image's index."""

from enum import IntEnum, unique

import numpy as np

from striate.errors import OptionError
from striate.maths.philox import philox
from striate.shapes import Array, Int

_WORD = 1 << 32
_BLOCK = 4
_DATA = 0x64617461  # "data": keeps these counters apart from other uses of the same seed


@unique
class Purpose(IntEnum):
    """What random words are used for; with the same seed, each purpose has its own words."""

    HELD_OUT = 1
    MOTION = 2
    FOLDS = 3
    NEAR_DUPLICATES = 4
    NOISE = 5


def draw(
    images: Int[Array, "n"], *, seed: int, purpose: int, epoch: int = 0, words: int = 1
) -> Int[Array, "n words"]:
    """Draw random words of 32 bits for some images.

    Parameters
    ----------
    images
        Indices of the images in their data set.
    seed
        From 0 to 2**64 - 1.
    purpose
        A :class:`Purpose`, or another number from 0 to 255.
    epoch
        Number of the epoch.
    words
        Number of words for each image.

    Returns
    -------
    Array
        uint32.

    Raises
    ------
    OptionError
        If the seed does not fit into 64 bits, or an index or the epoch into 32.

    Sources
    -------
    Salmon et al. 2011.

    Examples
    --------
    Image 7 has the same words, whichever images are drawn with it:

    >>> alone = draw(np.array([7]), seed=1, purpose=2, words=3)
    >>> among = draw(np.array([5, 7]), seed=1, purpose=2, words=3)
    >>> bool((alone[0] == among[1]).all())
    True
    """
    if not 0 <= seed < _WORD * _WORD:
        raise OptionError(f"`seed` must be an integer from 0 to 2**64 - 1, got {seed}. Try seed=0.")
    if not 0 <= epoch < _WORD or (len(images) and not 0 <= images.min() <= images.max() < _WORD):
        raise OptionError(
            "The epoch and the indices of the images must be from 0 to 2**32 - 1, got epoch "
            f"{epoch} and indices {_range(images)}. Use the positions in the data set as indices."
        )
    blocks = -(-words // _BLOCK)
    counter = np.empty((len(images), blocks, 4), np.uint32)
    counter[..., 0] = np.asarray(images)[:, np.newaxis]
    counter[..., 1] = epoch
    counter[..., 2] = purpose * (_WORD >> 8) + np.arange(blocks)
    counter[..., 3] = _DATA
    drawn = philox((seed % _WORD, seed // _WORD), counter)
    return drawn.reshape(len(images), blocks * _BLOCK)[:, :words]


def below(words: Int[Array, "..."], limit: Int[Array, "..."] | int) -> Int[Array, "..."]:
    r"""Convert random words to integers from 0 up to, but not including, a limit.

    .. math:: k = \lfloor word \cdot limit / 2^{32} \rfloor

    Parameters
    ----------
    words
        uint32.
    limit
        From 1 to 2**31; one for all, or one for each word.

    Returns
    -------
    Array
        int64. For limits of a few hundred pixels, the probabilities of any two numbers differ by
        less than one part in ten million.

    Examples
    --------
    >>> below(np.array([0, 2**31, 2**32 - 1], np.uint32), 10)
    array([0, 5, 9])
    """
    return (np.asarray(words, np.int64) * limit) >> 32


def _range(images: Array) -> str:
    """Write the range of indices."""
    return f"{images.min()} to {images.max()}" if len(images) else "of no images"
