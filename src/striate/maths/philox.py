"""Random numbers by counting: ten rounds of mixing turn a counter and a key into random words.

The words depend on nothing but key and counter. So dropout and augmentation draw for (step, layer,
image, element) directly: the order of the images, the number of threads and a resume are as good
as any other.
"""

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.shapes import Array, Float, Shaped

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF


def philox(key: tuple[int, int], counter: Shaped[Array, "... 4"]) -> Shaped[Array, "... 4"]:
    r"""Convert each counter to four random words (Philox 4x32, ten rounds).

    One round, with the multipliers :math:`M_0, M_1` and the round's key :math:`k_0, k_1`; the
    products have 64 bits, of which *hi* and *lo* are the halves:

    .. math:: (c_0, c_1, c_2, c_3) \rightarrow
        (hi(M_1 c_2) \oplus c_1 \oplus k_0, \; lo(M_1 c_2), \;
         hi(M_0 c_0) \oplus c_3 \oplus k_1, \; lo(M_0 c_0))

    Parameters
    ----------
    key
        Two words of 32 bits: what distinguishes one stream from another, such as a seed.
    counter
        Blocks of four words of 32 bits, uint32: the positions in the stream.

    Returns
    -------
    words
        Four uint32 for each counter, uniform over all values of 32 bits.

    Raises
    ------
    OptionError
        If a word of the key does not fit into 32 bits.
    ShapeError
        If the last axis of the counter does not hold four words.

    Sources
    -------
    Salmon et al. 2011.

    Examples
    --------
    >>> [hex(word) for word in philox((0, 0), np.zeros(4, np.uint32)).tolist()]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    if not all(0 <= word <= _WORD for word in key):
        raise OptionError(
            f"Both words of `key` must be integers from 0 to 2**32 - 1, got {key}. "
            "Use the remainder after division by 2**32, or split a longer number into two words."
        )
    counter = np.asarray(counter, dtype=np.uint32)
    if counter.shape[-1:] != (4,):
        raise ShapeError(
            f"The last axis of `counter` must hold the four words of a block, got shape "
            f"{counter.shape}. Stack four arrays along a new last axis."
        )
    c0, c1, c2, c3 = np.ascontiguousarray(counter.reshape(-1, 4).T)
    k0, k1 = key
    for _ in range(ROUNDS):
        hi0, lo0 = _multiply(MULTIPLIERS[0], c0)
        hi1, lo1 = _multiply(MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = hi1 ^ c1 ^ np.uint32(k0), lo1, hi0 ^ c3 ^ np.uint32(k1), lo0
        k0, k1 = (k0 + KEY_STEPS[0]) & _WORD, (k1 + KEY_STEPS[1]) & _WORD
    return np.stack((c0, c1, c2, c3), axis=-1).reshape(counter.shape)


def uniform(words: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""Convert random words to numbers from 0 to 1, excluding 1.

    .. math:: x = \lfloor word / 2^8 \rfloor \cdot 2^{-24}

    The upper 24 bits are what float32 holds exactly, so that no rounding reaches 1.

    Parameters
    ----------
    words
        Random words, uint32, as :func:`philox` draws them.

    Returns
    -------
    x
        Multiples of 2**-24 in [0, 1), float32.

    Sources
    -------
    Salmon et al. 2011.

    Examples
    --------
    >>> uniform(np.array([0, 2**31, 2**32 - 1], np.uint32)).tolist()
    [0.0, 0.5, 0.9999999403953552]
    """
    words = np.asarray(words, dtype=np.uint32)
    return (words >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def _multiply(
    multiplier: int, word: Shaped[Array, "..."]
) -> tuple[Shaped[Array, "..."], Shaped[Array, "..."]]:
    """Multiply words of 32 bits; return the upper and the lower half of the 64-bit products."""
    product = word.astype(np.uint64) * np.uint64(multiplier)
    return (product >> np.uint64(32)).astype(np.uint32), product.astype(np.uint32)
