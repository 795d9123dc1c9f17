"""Near-duplicates: exact copies of a picture, and copies that were saved again, resized or cropped.

A copy in the test set of a picture in the training set makes a network look better than it is. Two
files of the same picture rarely have the same bytes, so the pictures themselves are compared:

1. Each picture becomes a gray *thumbnail*, and the thumbnail a *descriptor*: its discrete cosine
   coefficients up to a frequency that survives saving as JPEG, each divided by its standard
   deviation over all pictures, and the whole scaled to length 1. What all pictures have in common,
   such as a dark border or the outline of a shirt, thus counts little.
2. Comparing all pairs would take time quadratic in the number of pictures. So the lowest
   coefficients give each picture a few short *keys*, the signs of random projections. Descriptors
   at a small angle have the same signs except for projections near zero, so only pictures with the
   same key are compared, where the bits of the smallest projections may differ.
3. A cropped copy is compared with the picture cropped in the same way. Nine crops come near enough
   to any slight one to find the pair; then the crop is adjusted by least squares.
4. Two pictures are near-duplicates if the distance of their descriptors is small, both in absolute
   terms and in comparison with the distances to other pictures: handwritten ones all look alike,
   but aren't copies of each other. Groups are the connected components.

`benchmarks/near_duplicates.py` measures how many copies are found, and how many other pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from striate.data.draws import Purpose, draw
from striate.data.resizing import COLOR, LUMA
from striate.shapes import Array, Float, Int

SIDE = 32
"""Rows and columns of a thumbnail."""

_BLOCK = 512  # pictures at a time
_HIGHEST = 11  # frequency of the descriptor, in half periods per side
_KEY_FREQUENCY = 5  # highest frequency of the coefficients that keys are made of
_COUNTED = np.hypot(np.arange(_HIGHEST + 1)[:, None], np.arange(_HIGHEST + 1))
_KEPT = (_COUNTED > 0) & (_COUNTED <= _HIGHEST)
_FREQUENCIES = _COUNTED[_KEPT]

_MOST_DISTANT = 0.04  # 1 - cosine of the angle between the descriptors of near-duplicates
_SHARE_OF_OTHERS = 0.03  # of the distance to the nearest 5% of the other pictures
_NEAREST = 0.05
_REFERENCES = 500  # other pictures that this distance is measured with
_FEWEST_REFERENCES = 100  # among fewer pictures, a copy could be one of the nearest 5%
_FLATTEST = 2.0  # levels (of 255): a smaller standard deviation is noise
_COLOR_DISTANCE = 24.0  # levels (of 255) between the mean colors of near-duplicates
_PRIOR = 50  # pictures that the assumed spectrum counts for, next to the measured one
_SAMPLE = 2000  # pictures that the spectrum is measured with
_SURELY_A_COPY = 0.02  # distance of pictures in the sample, of which the later one is left out

_STEP = 1 / 400  # precision of a crop, as a fraction of the axis
_LARGEST_CROP = 48  # steps
_SPANS = ((4, 4), (0, 20), (20, 0))  # steps cut off at the start and the end of an axis
_CROPS = np.array([(*rows, *columns) for rows in _SPANS for columns in _SPANS], np.int64)
"""Crops of which one is near each crop of at most 10%: steps at the top, bottom, left, right."""
_ADJUSTMENTS = 2
_DIFFERENCE = 4  # steps of the differences that give the derivatives
_LOW_COSINE = 0.93  # of the low coefficients of such a crop and its copy
_MOST_OTHERS = 4  # others that are compared with a picture in the end
_NOISE = 0.3  # levels (of 255) by which JPEG at quality 60 changes coefficients of small pictures
_NEAR_ENOUGH = 6.0
"""Before its crop is adjusted, a pair may be this many times as distant as a near-duplicate."""

_FEW = 1500  # pictures of which all pairs are compared
_TABLES = 6
_FREE_BITS = 3  # bits of a key, the least certain ones, that may differ
_LONGEST_KEY = 22
_NEIGHBORS = 8  # pictures with the same key that each picture is compared with


@dataclass(frozen=True)
class Thumbnails:
    """Small versions of pictures, which is all that is compared.

    Parameters
    ----------
    gray
        uint8, ``(n, 32, 32)``.
    color
        Mean of each channel, in levels from 0 to 255: float32, ``(n, channels)``.
    """

    gray: Int[Array, "n 32 32"]
    color: Float[Array, "n channels"]

    def __len__(self) -> int:
        return len(self.gray)


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


def thumbnails(images: Array) -> Thumbnails:
    """Average the pixels of pictures to 32 x 32.

    Parameters
    ----------
    images
        ``(n, rows, columns, channels)``. Floats are scaled by their range.

    Returns
    -------
    Thumbnails
    """
    low, scale = 0.0, 1.0
    if images.dtype.kind == "f":
        low, high = float(images.min()), float(images.max())
        scale = 255 / (high - low) if high > low else 1.0
    elif images.dtype == np.uint16:
        scale = 1 / 257
    rows, columns = (_averages(side) for side in images.shape[1:3])
    gray = np.empty((len(images), SIDE, SIDE), np.uint8)
    color = np.empty((len(images), images.shape[3]), np.float32)
    for start in range(0, len(images), _BLOCK):
        block = (images[start : start + _BLOCK].astype(np.float32) - low) * scale
        color[start : start + _BLOCK] = block.mean(axis=(1, 2))
        small = rows @ luma(block) @ columns.T
        gray[start : start + _BLOCK] = np.rint(small)
    return Thumbnails(gray, color)


def luma(levels: Float[Array, "*n rows columns channels"]) -> Float[Array, "*n rows columns"]:
    """Return gray levels: the luma of colors, which JPEG keeps best, or the mean of channels."""
    if levels.shape[-1] != COLOR:
        return levels.mean(axis=-1)
    return levels @ (np.array(LUMA, np.float32) / sum(LUMA))


def _averages(side: int) -> Float[Array, "32 side"]:
    """Return the matrix that averages an axis of some pixels to 32."""
    edges = np.linspace(0, side, SIDE + 1)
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


def groups_of(small: Thumbnails) -> Int[Array, "n"]:
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
    color = np.rint(small.color).astype(np.uint8)
    exact = first_of(np.concatenate([small.gray.reshape(len(small), -1), color], axis=1))
    different = np.flatnonzero(exact == np.arange(len(small)))
    contrast = small.gray[different].reshape(len(different), -1).std(axis=1)
    detailed = different[contrast > _FLATTEST]
    if len(detailed) < 2:
        return exact
    found = _Search(Thumbnails(small.gray[detailed], small.color[detailed])).pairs()
    leader = np.arange(len(small))
    leader[detailed] = detailed[_connected(found, len(detailed))]
    return leader[exact]


def _bases() -> Float[Array, "49 49 12 32"]:
    """Return the matrices that turn an axis of a thumbnail, cropped, into its cosine coefficients.

    They are indexed by the number of steps that are cut off at the start and at the end.
    """
    cut = np.arange(_LARGEST_CROP + 1) * _STEP
    start, end = cut[:, None, None], 1 - cut[None, :, None]
    edges = np.arange(SIDE + 1) / SIDE
    inside = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
    place = (edges[:-1] + 0.5 / SIDE - start) / (end - start)
    k = np.arange(_HIGHEST + 1)[:, None]
    cosines = np.cos(np.pi * k * place[..., None, :])
    return (cosines * (inside / (end - start))[..., None, :]).astype(np.float32)


class _Search:
    """The search for near-duplicates among different pictures with some contrast."""

    def __init__(self, small: Thumbnails) -> None:
        self.small = small
        self.bases = _bases()
        every = np.arange(len(small))
        plain = self._coefficients(every, np.zeros(4, np.int64))
        self.mean, self.deviation = _scales(plain, every[:: ceil(len(every) / _SAMPLE)])
        sample = _without_copies(self._standardized(plain))
        self.mean, self.deviation = _scales(plain, sample)
        self.descriptors = self._standardized(plain)
        self.furthest = _furthest(self.descriptors, self.descriptors[sample])

    def pairs(self) -> Iterator[Int[Array, "pairs 2"]]:
        """Find pairs, some for each group."""
        tables = range(_TABLES if len(self.small) > _FEW else 0)
        keys = [_Keys(self._low(self.descriptors), table) for table in tables]
        found: list[Array] = []
        for number in range(len(_CROPS)):
            for i, j, distance in self._similar(number, keys):
                found.append(np.stack([i, j, np.full(len(i), number), distance], axis=1))
        if found:
            suspects = _nearest(np.concatenate(found))
            for start in range(0, len(suspects), _BLOCK):
                yield self._confirmed(suspects[start : start + _BLOCK])

    def _coefficients(
        self, chosen: Int[Array, "m"], crop: Int[Array, "4"] | Int[Array, "m 4"]
    ) -> Float[Array, "m coefficients"]:
        """Crop some thumbnails, all in the same way or each in its own; return the coefficients."""
        top, bottom, left, right = np.moveaxis(crop, -1, 0)
        rows, columns = self.bases[top, bottom], self.bases[left, right]
        found = np.empty((len(chosen), len(_FREQUENCIES)), np.float32)
        for start in range(0, len(chosen), _BLOCK):
            gray = self.small.gray[chosen[start : start + _BLOCK]].astype(np.float32)
            every = rows @ gray @ np.swapaxes(columns, -1, -2)
            found[start : start + _BLOCK] = every[:, _KEPT]
        return found

    def _standardized(
        self, coefficients: Float[Array, "m coefficients"]
    ) -> Float[Array, "m coefficients"]:
        """Return descriptors: coefficients divided by their standard deviation, of length 1."""
        return _of_length_1((coefficients - self.mean) / self.deviation)

    @staticmethod
    def _low(descriptors: Float[Array, "m coefficients"]) -> Float[Array, "m few"]:
        """Return the part of descriptors that keys are made of."""
        return _of_length_1(descriptors[:, _FREQUENCIES <= _KEY_FREQUENCY])

    def _similar(
        self, number: int, keys: "list[_Keys]"
    ) -> Iterator[tuple[Int[Array, "m"], Int[Array, "m"], Float[Array, "m"]]]:
        """Find pictures that look like others when these are cropped: other, picture, distance."""
        every = np.arange(len(self.small))
        cropped = self._standardized(self._coefficients(every, _CROPS[number]))
        low = self._low(cropped)
        lowest = self._low(self.descriptors)
        for i, j in self._candidates(low, lowest, keys):
            some = (i != j) & ((low[i] * lowest[j]).sum(axis=1) >= _LOW_COSINE)
            i, j = i[some], j[some]  # noqa: PLW2901  # fewer of the same
            distance = 1 - (cropped[i] * self.descriptors[j]).sum(axis=1)
            limit = _NEAR_ENOUGH * np.minimum(self.furthest[i], self.furthest[j])
            shift = np.abs(self.small.color[i] - self.small.color[j]).max(axis=1)
            some = (distance <= limit) & (shift <= _COLOR_DISTANCE)
            yield i[some], j[some], distance[some]

    @staticmethod
    def _candidates(
        low: Float[Array, "n few"], lowest: Float[Array, "n few"], keys: "list[_Keys]"
    ) -> Iterator[tuple[Int[Array, "m"], Int[Array, "m"]]]:
        """Find pairs that may be similar: with keys those that share one, otherwise all."""
        for table in keys:
            yield from table.lookup(low)
        if not keys:
            i, j = np.nonzero(low @ lowest.T >= _LOW_COSINE)
            yield i, j

    def _confirmed(self, suspects: Float[Array, "m 4"]) -> Int[Array, "pairs 2"]:
        """Adjust the crop of each pair, and return the pairs that are near enough then.

        The descriptor of the cropped picture is nearly a linear function of the four cuts, so a
        step of Gauss and Newton finds those that bring it next to the descriptor of the other one.
        """
        i, j = suspects[:, 0].astype(np.int64), suspects[:, 1].astype(np.int64)
        crop = _CROPS[suspects[:, 2].astype(np.int64)]
        wanted = self.descriptors[j]
        here = self._standardized(self._coefficients(i, crop))
        best = 1 - (here * wanted).sum(axis=1)
        for _ in range(_ADJUSTMENTS):
            slopes = np.empty((len(i), len(_FREQUENCIES), 4), np.float32)
            for cut in range(4):
                moved = crop.copy()
                moved[:, cut] += _DIFFERENCE * np.where(crop[:, cut] < _LARGEST_CROP // 2, 1, -1)
                change = self._standardized(self._coefficients(i, moved)) - here
                slopes[..., cut] = change / (moved[:, cut] - crop[:, cut])[:, None]
            square = np.swapaxes(slopes, 1, 2) @ slopes + 1e-7 * np.eye(4, dtype=np.float32)
            error = np.swapaxes(slopes, 1, 2) @ (wanted - here)[..., None]
            step = np.linalg.solve(square, error)[..., 0]
            crop = np.rint(crop + step).astype(np.int64).clip(0, _LARGEST_CROP)
            here = self._standardized(self._coefficients(i, crop))
            best = np.minimum(best, 1 - (here * wanted).sum(axis=1))
        near = best <= np.minimum(self.furthest[i], self.furthest[j])
        return np.stack([i[near], j[near]], axis=1)


def _of_length_1(rows: Float[Array, "n k"]) -> Float[Array, "n k"]:
    """Scale rows to length 1."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(length, 1e-6)).astype(np.float32)


def _scales(
    coefficients: Float[Array, "n coefficients"], sample: Int[Array, "m"]
) -> tuple[Float[Array, "coefficients"], Float[Array, "coefficients"]]:
    """Return mean and standard deviation of the coefficients in a sample.

    A small sample gives unreliable estimates. So they are combined with typical values for
    photographs, whose amplitudes fall with the frequency.
    """
    count = len(sample)
    measured = coefficients[sample].var(axis=0)
    spectrum = 1 / _FREQUENCIES**2
    spectrum *= measured.sum() / spectrum.sum()
    mean = coefficients[sample].mean(axis=0) * (count / (count + _PRIOR))
    variance = (measured * count + spectrum * _PRIOR) / (count + _PRIOR)
    return mean.astype(np.float32), np.sqrt(variance + _NOISE**2).astype(np.float32)


def _without_copies(descriptors: Float[Array, "n coefficients"]) -> Int[Array, "m"]:
    """Choose a sample without copies, which would be counted repeatedly."""
    chosen = np.arange(0, len(descriptors), ceil(len(descriptors) / _SAMPLE))
    near = descriptors[chosen] @ descriptors[chosen].T >= 1 - _SURELY_A_COPY
    return chosen[near.argmax(axis=1) == np.arange(len(chosen))]


def _furthest(
    descriptors: Float[Array, "n coefficients"], sample: Float[Array, "m coefficients"]
) -> Float[Array, "n"]:
    """Return the largest distance of a near-duplicate of each picture."""
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


class _Keys:
    """The pictures, sorted by a key: the signs of random projections of their descriptors."""

    def __init__(self, low: Float[Array, "n few"], table: int) -> None:
        bits = min(_LONGEST_KEY, max(_FREE_BITS + 1, ceil(log2(len(low))) + 2))
        words = draw(
            np.arange(low.shape[1]), seed=table, purpose=Purpose.NEAR_DUPLICATES, words=bits
        )
        self.directions = ((words & 1) * 2.0 - 1).astype(np.float32)
        self.values = np.int64(1) << np.arange(bits)
        keys = (low @ self.directions > 0) @ self.values
        self.order = np.argsort(keys, kind="stable")
        self.start = np.searchsorted(keys[self.order], np.arange((1 << bits) + 1))

    def lookup(
        self, low: Float[Array, "n few"]
    ) -> Iterator[tuple[Int[Array, "m"], Int[Array, "m"]]]:
        """Find the pictures whose keys are the same, except for the least certain bits.

        Each picture is compared with at most eight of them, different ones for each picture: so a
        larger group of copies is still connected, although not every pair is compared.
        """
        projected = low @ self.directions
        keys = (projected > 0) @ self.values
        free = self.values[np.argsort(np.abs(projected), axis=1)[:, :_FREE_BITS]]
        for flips in range(1 << _FREE_BITS):
            probe = keys ^ (free * ((flips >> np.arange(_FREE_BITS)) & 1)).sum(axis=1)
            start, count = self.start[probe], self.start[probe + 1] - self.start[probe]
            offset = np.arange(len(low))
            for step in range(_NEIGHBORS):
                i = np.flatnonzero(step < count)
                if not len(i):
                    break
                yield i, self.order[start[i] + (offset[i] + step) % count[i]]


def _nearest(suspects: Float[Array, "n 4"]) -> Float[Array, "m 4"]:
    """Keep, for each picture, the most similar others: rows of (other, picture, crop, distance)."""
    other, picture, _, distance = suspects.T
    suspects = suspects[np.lexsort((distance, other, picture))]
    first = np.ones(len(suspects), bool)
    first[1:] = (np.diff(suspects[:, :2], axis=0) != 0).any(axis=1)
    suspects = suspects[first]
    suspects = suspects[np.lexsort((suspects[:, 3], suspects[:, 1]))]
    _, start = np.unique(suspects[:, 1], return_index=True)
    rank = np.arange(len(suspects)) - np.repeat(start, np.diff(np.append(start, len(suspects))))
    return suspects[rank < _MOST_OTHERS]


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
