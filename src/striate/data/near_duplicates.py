"""Pictures that show the same: exact copies, and copies that were saved or resized again.

A copy in the test set of a picture in the training set makes a network look better than it is. Two
files of the same picture rarely have the same bytes, so the pictures themselves are compared:

1. Each picture becomes a thumbnail of 16 x 16 pixels, and the thumbnail a *descriptor*: its
   discrete cosine coefficients up to a frequency that survives saving as JPEG, each divided by its
   standard deviation over all pictures, and the whole scaled to length 1. What all pictures have in
   common, such as a dark border or the outline of a shirt, thus counts little.
2. Comparing all pairs would take a time that grows with the square of their number. So each
   descriptor gets a few short *keys*, the signs of random projections. Descriptors at a small angle
   have the same signs except for projections near zero, so only pictures with the same key are
   compared, where the bits of the smallest projections may differ.
3. Two pictures are near-duplicates if the distance of their descriptors is small, both in absolute
   terms and in comparison with the distances to other pictures: handwritten ones all look alike,
   and aren't copies of each other. Groups are the connected pictures.
"""

from collections.abc import Iterator
from math import ceil, log2

import numpy as np

from striate.data.draws import draw
from striate.data.resizing import COLOR
from striate.shapes import Array, Float, Int

_SIDE = 16  # pixels of a thumbnail
_BLOCK = 512  # pictures at a time
_HIGHEST = 11.0  # frequency of the descriptor, in half periods per side
_MOST_DISTANT = 0.04  # 1 - cosine of the angle between the descriptors of near-duplicates
_SHARE_OF_OTHERS = 0.05  # of the distance to the nearest 5% of the other pictures
_NEAREST = 0.05
_REFERENCES = 500  # other pictures that this distance is measured with
_FEWEST_REFERENCES = 100  # among fewer pictures, a copy could be one of the nearest 5%
_FLATTEST = 2.0  # levels (of 255): a smaller standard deviation is noise
_COLOR_DISTANCE = 24.0  # levels (of 255) between the mean colors of near-duplicates
_PRIOR = 50  # pictures that the assumed spectrum counts for, next to the measured one
_SAMPLE = 2000  # pictures that the spectrum is measured with
_SURELY_A_COPY = 0.02  # distance of pictures in the sample, of which the later one is left out

_FREQUENCIES = np.hypot(np.arange(_SIDE)[:, None], np.arange(_SIDE))

_TABLES = 8
_PURPOSE = 2  # the holding out of a test set is 1
_FREE_BITS = 3  # bits of a key, the least certain ones, that may differ
_LONGEST_KEY = 20
_NEIGHBORS = 16  # pictures with the same key that each picture is compared with


def near_duplicate_groups(images: Array) -> Int[Array, "n"]:
    """Find the groups of pictures that are copies of each other.

    Parameters
    ----------
    images
        Decoded pictures of one size, ``(n, rows, columns, channels)``, of any data type. Of signals
        and volumes, only exact copies are found.

    Returns
    -------
    Array
        For each picture the index of the first picture of its group. A picture without a copy is
        a group of its own.

    Examples
    --------
    >>> import striate as st
    >>> (x, y), _ = st.data.load("digits")
    >>> near_duplicate_groups(np.concatenate([x[:5], x[3:4]]))
    array([0, 1, 2, 3, 4, 3])
    """
    if images.ndim != 4 or len(images) < 2:  # image, row, column, channel
        return first_of(images.reshape(len(images), -1))
    return groups_of(thumbnails(images))


def thumbnails(images: Array) -> Float[Array, "n 16 16 channels"]:
    """Average the pixels of pictures to 16 x 16, in levels from 0 to 255.

    Parameters
    ----------
    images
        ``(n, rows, columns, channels)``. Floats are scaled by their range.

    Returns
    -------
    Array
        float32; other channels than 3 are averaged to one.
    """
    low, scale = 0.0, 1.0
    if images.dtype.kind == "f":
        low, high = float(images.min()), float(images.max())
        scale = 255 / (high - low) if high > low else 1.0
    elif images.dtype == np.uint16:
        scale = 1 / 257
    rows, columns = (_averages(side) for side in images.shape[1:3])
    channels = images.shape[3] if images.shape[3] == COLOR else 1
    small = np.empty((len(images), _SIDE, _SIDE, channels), np.float32)
    for start in range(0, len(images), _BLOCK):
        block = (images[start : start + _BLOCK].astype(np.float32) - low) * scale
        if channels != block.shape[3]:
            block = block.mean(axis=3, keepdims=True)
        small[start : start + _BLOCK] = np.einsum(
            "ri,nijc,sj->nrsc", rows, block, columns, optimize=True
        )
    return small


def _averages(side: int) -> Float[Array, "16 side"]:
    """Return the matrix that averages an axis of some pixels to 16."""
    edges = np.linspace(0, side, _SIDE + 1)
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    overlap = overlap.clip(min=0)
    return (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)


def first_of(rows: Array) -> Int[Array, "n"]:
    """Find for each row the first one with the same bytes.

    Examples
    --------
    >>> first_of(np.array([[1, 2], [3, 4], [1, 2]]))
    array([0, 1, 0])
    """
    first: dict[bytes, int] = {}
    found = [first.setdefault(row.tobytes(), k) for k, row in enumerate(rows)]
    return np.array(found, np.int64)


def groups_of(small: Float[Array, "n 16 16 channels"]) -> Int[Array, "n"]:
    """Find the groups of near-duplicates, from their thumbnails.

    Parameters
    ----------
    small
        The :func:`thumbnails`.

    Returns
    -------
    Array
        As for :func:`near_duplicate_groups`.
    """
    # Whole levels, since the same pixels may give other last bits in a block of another size.
    exact = first_of(np.rint(small).astype(np.uint8).reshape(len(small), -1))
    different = np.flatnonzero(exact == np.arange(len(small)))
    gray = small[different].mean(axis=3)
    detailed = different[gray.reshape(len(gray), -1).std(axis=1) > _FLATTEST]
    if len(detailed) < 2:
        return exact
    coefficients = _coefficients(small[detailed].mean(axis=3))
    sample = _sample(coefficients)
    descriptors = _standardized(coefficients, sample)
    colors = small[detailed].mean(axis=(1, 2))
    furthest = _furthest(descriptors, descriptors[sample])
    leader = np.arange(len(small))
    leader[detailed] = detailed[_connected(_pairs(descriptors, colors, furthest), len(detailed))]
    return leader[exact]


def _coefficients(gray: Float[Array, "n 16 16"]) -> Float[Array, "n coefficients"]:
    """Return the cosine coefficients of thumbnails that a descriptor consists of."""
    cosines = np.cos(np.pi / _SIDE * np.arange(_SIDE)[:, None] * (np.arange(_SIDE) + 0.5))
    cosines = cosines.astype(np.float32)
    kept = (_FREQUENCIES > 0) & (_FREQUENCIES <= _HIGHEST)
    return np.einsum("ur,nrs,vs->nuv", cosines, gray, cosines, optimize=True)[:, kept]


def _standardized(
    coefficients: Float[Array, "n coefficients"], sample: Int[Array, "m"]
) -> Float[Array, "n coefficients"]:
    """Divide coefficients by their standard deviation in a sample; scale each row to length 1.

    A small sample measures the standard deviations badly. So those of photographs are mixed in:
    their amplitudes fall with the frequency.
    """
    count = len(sample)
    measured = coefficients[sample].var(axis=0)
    spectrum = 1 / _FREQUENCIES[(_FREQUENCIES > 0) & (_FREQUENCIES <= _HIGHEST)] ** 2
    spectrum *= measured.sum() / spectrum.sum()
    mean = coefficients[sample].mean(axis=0) * (count / (count + _PRIOR))
    variance = (measured * count + spectrum * _PRIOR) / (count + _PRIOR)
    found = (coefficients - mean) / np.sqrt(variance + 1)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.maximum(length, 1e-6)).astype(np.float32)


def _sample(coefficients: Float[Array, "n coefficients"]) -> Int[Array, "m"]:
    """Choose pictures that show what is common, without copies: those would count repeatedly."""
    spread = np.linspace(0, len(coefficients) - 1, min(len(coefficients), _SAMPLE))
    chosen = spread.astype(np.int64)
    descriptors = _standardized(coefficients, chosen)[chosen]
    near = descriptors @ descriptors.T >= 1 - _SURELY_A_COPY
    return chosen[near.argmax(axis=1) == np.arange(len(chosen))]


def _furthest(
    descriptors: Float[Array, "n coefficients"], sample: Float[Array, "m coefficients"]
) -> Float[Array, "n"]:
    """Return how distant a near-duplicate of each picture may be."""
    limit = np.full(len(descriptors), _MOST_DISTANT, np.float32)
    if len(sample) < _FEWEST_REFERENCES:
        return limit
    references = sample[:: ceil(len(sample) / _REFERENCES)]
    nearest = len(references) - max(1, ceil(len(references) * _NEAREST))
    for start in range(0, len(descriptors), _BLOCK):
        cosines = descriptors[start : start + _BLOCK] @ references.T
        distance = 1 - np.partition(cosines, nearest, axis=1)[:, nearest]
        limit[start : start + _BLOCK] = np.minimum(_MOST_DISTANT, _SHARE_OF_OTHERS * distance)
    return limit


def _pairs(
    descriptors: Float[Array, "n coefficients"],
    colors: Float[Array, "n channels"],
    furthest: Float[Array, "n"],
) -> Iterator[Int[Array, "pairs 2"]]:
    """Find the pairs of near-duplicates, key by key."""
    for i, j in _candidates(descriptors):
        distance = 1 - np.einsum("nk,nk->n", descriptors[i], descriptors[j])
        near = distance <= np.minimum(furthest[i], furthest[j])
        near &= (np.abs(colors[i] - colors[j]) <= _COLOR_DISTANCE).all(axis=1)
        yield np.stack([i[near], j[near]], axis=1)


def _candidates(
    descriptors: Float[Array, "n coefficients"],
) -> Iterator[tuple[Int[Array, "pairs"], Int[Array, "pairs"]]]:
    """Find pairs of pictures whose keys are the same, except for the least certain bits.

    A picture is compared with the next 16 of those with the same key. In a group of more copies,
    each picture is thus connected with others, though not with all.
    """
    count, width = descriptors.shape
    bits = min(_LONGEST_KEY, max(_FREE_BITS + 1, ceil(log2(count))))
    values = 1 << np.arange(bits)
    for table in range(_TABLES):
        words = draw(np.arange(width), seed=table, purpose=_PURPOSE, words=bits)
        projected = descriptors @ ((words & 1) * 2.0 - 1).astype(np.float32)
        keys = (projected > 0) @ values
        order = np.argsort(keys, kind="stable")
        start = np.searchsorted(keys[order], np.arange((1 << bits) + 1))
        free = values[np.argsort(np.abs(projected), axis=1)[:, :_FREE_BITS]]
        for flips in range(1 << _FREE_BITS):
            chosen = (flips >> np.arange(_FREE_BITS)) & 1
            probe = keys ^ (free * chosen).sum(axis=1)
            place = start[probe]
            if flips == 0:  # each picture is compared with those that follow it
                place = np.empty(count, np.int64)
                place[order] = np.arange(1, count + 1)
            for step in range(_NEIGHBORS):
                i = np.flatnonzero(place + step < start[probe + 1])
                if not len(i):
                    break
                yield i, order[place[i] + step]


def _connected(pairs: Iterator[Int[Array, "pairs 2"]], count: int) -> Int[Array, "n"]:
    """Return for each of some pictures the first one that pairs connect it with."""
    leader = list(range(count))

    def root(k: int) -> int:
        while leader[k] != k:
            leader[k] = leader[leader[k]]  # halves the path for the next call
            k = leader[k]
        return k

    for block in pairs:
        for i, j in block.tolist():
            first, second = sorted((root(i), root(j)))
            leader[second] = first
    return np.array([root(k) for k in range(count)], np.int64)
