"""Random words for images, drawn from the seed, the epoch and the image's number alone."""

import numpy as np

from striate.errors import OptionError
from striate.maths.philox import philox
from striate.shapes import Array, Int

_WORD = 1 << 32
_BLOCK = 4
_DATA = 0x64617461  # "data": sets these counters apart from those of other users of the same seed


def draw(
    images: Int[Array, "n"], *, seed: int, purpose: int, epoch: int = 0, words: int = 1
) -> Int[Array, "n words"]:
    """Draw random words of 32 bits for each of some images.

    Parameters
    ----------
    images
        Numbers of the images in their data set.
    seed
        From 0 to 2**64 - 1.
    purpose
        What the words are for, 0 to 255: different purposes draw different words.
    epoch
        How often the data have been gone through before.
    words
        Words for each image.

    Returns
    -------
    Array
        uint32.

    Raises
    ------
    OptionError
        If the seed does not fit into 64 bits, or a number of an image or an epoch into 32.

    Sources
    -------
    Salmon et al. 2011.

    Examples
    --------
    Image 7 is given the same words, whoever is beside it:

    >>> alone = draw(np.array([7]), seed=1, purpose=2, words=3)
    >>> among = draw(np.array([5, 7]), seed=1, purpose=2, words=3)
    >>> bool((alone[0] == among[1]).all())
    True
    """
    if not 0 <= seed < _WORD * _WORD:
        raise OptionError(
            f"The seed {seed} does not fit. A seed is a whole number from 0 to 2**64 - 1. "
            "Use a small one, such as 0."
        )
    if not 0 <= epoch < _WORD or (len(images) and not 0 <= images.min() <= images.max() < _WORD):
        raise OptionError(
            f"Epoch {epoch} and the images' numbers cannot be counted. "
            "Epochs and images are numbered from 0 to 2**32 - 1. "
            "Number the images by their places in the data set."
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
    r"""Make whole numbers from 0 up to, and without, a limit of random words.

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
        int64; for limits of some hundred pixels no number is likelier than another by more than one
        part in ten million.

    Examples
    --------
    >>> below(np.array([0, 2**31, 2**32 - 1], np.uint32), 10)
    array([0, 5, 9])
    """
    return (np.asarray(words, np.int64) * limit) >> 32
