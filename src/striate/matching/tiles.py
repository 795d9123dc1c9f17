"""How a score map is computed: in which tiles, and directly, by FFT or by machine code.

Both are chosen from sizes alone, by counting operations. Nothing is timed, so the choice, and with
it every bit of the result, is the same in each run.

An FFT of n rows correlates the template with all positions of a tile at once, but the last
``r - 1`` rows of its result wrap around and are lost. Large tiles lose a smaller part; small tiles
stay in the processor's cache and need less memory. :func:`fft_size` weighs the first against the
growth of the FFT's cost, within a limit of elements.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import log2, prod

from striate.matching.fourier import LEAST, fast_length, fast_lengths

LARGEST = 384 * 384
"""Most elements of an FFT (2.3 MiB), unless the template needs more."""
_LARGER, _PER_PIXEL = 640 * 768, 36
"""Most elements for large templates, and for each pixel of the template."""
_LEAST_PER_PIXEL = 3
"""An FFT may always have this many elements for each pixel of the template."""
_BAND = 1 << 16
"""Positions of a band, unless a window has more rows: 0.5 MiB in float64."""

# Nanoseconds on an AMD EPYC 9004 at 3.7 GHz, November 2026. Only their ratio matters.
_PER_BUTTERFLY = 0.12
"""For each element of an FFT and each factor of 2 in its size."""
_PER_MISS, _CACHE = 0.7, 1 << 16
"""For each element of an FFT and each factor of 2 by which it exceeds the cache."""
_PER_PIXEL_READ, _PER_SCORE = 1.6, 2.0
"""For each pixel under the windows of a tile, and for each position, for everything else."""
_PER_TILE = 5e4
"""For each tile, in addition."""
_ALONE = 0.4
"""Threads share tiles: one tile for all of them counts as this much slower, two as half of it."""
_PER_MULTIPLY_ADD = 0.036
"""For each product of a pixel of the template with a pixel of a window, in machine code."""
_PER_SUM = 5.0
"""For each position, in addition, if machine code computes the sums of products."""
_PER_PROGRAM = 3e6
"""For loading a program. Compiling takes 50 ms, once for each size of a template."""
_PER_PRODUCT = 1.6
"""For each pixel of each window that is evaluated by definition."""


@dataclass(frozen=True)
class MapTile:
    """A rectangle of positions.

    Parameters
    ----------
    top, left
        Its first position.
    rows, columns
        Number of positions.
    """

    top: int
    left: int
    rows: int
    columns: int

    def pixels(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns of the scene that windows of this size cover."""
        return (
            slice(self.top, self.top + self.rows + size[0] - 1),
            slice(self.left, self.left + self.columns + size[1] - 1),
        )

    def places(self) -> tuple[slice, slice]:
        """Return its rows and columns in the score map."""
        return (
            slice(self.top, self.top + self.rows),
            slice(self.left, self.left + self.columns),
        )


def cut(places: tuple[int, int], tile: tuple[int, int]) -> Iterator[MapTile]:
    """Cut the positions of a score map into tiles.

    Parameters
    ----------
    places
        Rows and columns of the score map.
    tile
        Largest number of rows and columns of a tile.

    Yields
    ------
    MapTile

    Examples
    --------
    >>> [(t.top, t.rows) for t in cut((5, 2), (3, 2))]
    [(0, 3), (3, 2)]
    """
    for top in range(0, places[0], tile[0]):
        for left in range(0, places[1], tile[1]):
            yield MapTile(top, left, min(tile[0], places[0] - top), min(tile[1], places[1] - left))


def bands(tile: MapTile, length: int) -> Iterator[MapTile]:
    """Cut a tile into bands of rows: as many as a window has, or a multiple.

    Sums along columns are computed in blocks as long as a window (see
    :mod:`striate.llvm.matching.window_sums`), and no block is computed twice.

    Examples
    --------
    >>> [band.rows for band in bands(MapTile(0, 0, 300, 500), 30)]
    [150, 150]
    """
    rows = length * -(-_BAND // (tile.columns * length))
    for first in range(0, tile.rows, rows):
        here = min(rows, tile.rows - first)
        yield MapTile(tile.top + first, tile.left, here, tile.columns)


def most_elements(template: tuple[int, int]) -> int:
    """Return the largest number of elements of a tile.

    Small tiles stay in the processor's cache. Large templates need larger ones, since the
    positions at the end of a tile, nearly a template's size, are lost.

    Parameters
    ----------
    template
        Rows and columns.

    Returns
    -------
    int

    Examples
    --------
    >>> most_elements((10, 10)), most_elements((100, 100)), most_elements((600, 600))
    (147456, 360000, 1080000)
    """
    area = template[0] * template[1]
    return max(LARGEST, min(_LARGER, _PER_PIXEL * area), _LEAST_PER_PIXEL * area)


@lru_cache(maxsize=64)
def fft_size(scene: tuple[int, int], template: tuple[int, int]) -> tuple[int, int]:
    """Choose the size of the FFTs.

    Parameters
    ----------
    scene, template
        Their rows and columns.

    Returns
    -------
    rows, columns
        The cheapest within the limit of elements.
    """
    limit = most_elements(template)
    best, least = None, float("inf")
    choices = [_sizes(n, t) for n, t in zip(scene, template, strict=True)]
    for rows in choices[0]:
        for columns in choices[1]:
            if rows * columns > limit and best is not None:
                continue
            cost = fft_cost(scene, template, (rows, columns))
            cost *= 1 + _ALONE / count_tiles(scene, template, (rows, columns))
            if cost < least:
                best, least = (rows, columns), cost
    assert best is not None
    return best


def count_tiles(scene: tuple[int, int], template: tuple[int, int], size: tuple[int, int]) -> int:
    """Count the tiles of a score map by FFT; each has two halves, one below the other.

    Examples
    --------
    >>> count_tiles((1000, 1000), (201, 201), (600, 600))
    2
    """
    return prod(
        -(-(n - t + 1) // (halves * (length - t + 1)))
        for n, t, length, halves in zip(scene, template, size, (2, 1), strict=True)
    )


def fft_cost(
    scene: tuple[int, int],
    template: tuple[int, int],
    size: tuple[int, int],
    transforms: int = 2,
) -> float:
    """Estimate the time of a score map by FFT.

    Parameters
    ----------
    scene, template
        Their rows and columns.
    size
        Rows and columns of the FFTs.
    transforms
        FFTs for each tile.

    Returns
    -------
    float
        Nanoseconds on the machine named above.
    """
    places = [
        min(n - t + 1, halves * (length - t + 1))
        for n, t, length, halves in zip(scene, template, size, (2, 1), strict=True)
    ]
    pixels = [place + t - 1 for place, t in zip(places, template, strict=True)]
    elements = prod(size)
    each = _PER_BUTTERFLY * log2(elements) + _PER_MISS * max(0.0, log2(elements / _CACHE))
    tile = transforms * elements * each + _PER_PIXEL_READ * prod(pixels) + _PER_SCORE * prod(places)
    return count_tiles(scene, template, size) * (tile + _PER_TILE)


def compiled_cost(scene: tuple[int, int], template: tuple[int, int], sums: int) -> float:
    """Estimate the time of a score map by a compiled program.

    Parameters
    ----------
    scene, template
        Their rows and columns.
    sums
        Number of sums over a window's pixels, for all channels together.

    Returns
    -------
    float
        Nanoseconds on the machine named above.
    """
    places = 1
    for n, t in zip(scene, template, strict=True):
        places *= n - t + 1
    products = sums * template[0] * template[1]
    each = _PER_PIXEL_READ + _PER_SCORE + _PER_SUM + products * _PER_MULTIPLY_ADD
    return _PER_PROGRAM + places * each


def direct_cost(scene: tuple[int, int], template: tuple[int, int], channels: int) -> float:
    """Estimate the time of a score map by definition.

    Parameters
    ----------
    scene, template
        Their rows and columns.
    channels
        Number of channels.

    Returns
    -------
    float
        Nanoseconds on the machine named above.
    """
    products = channels
    for n, t in zip(scene, template, strict=True):
        products *= t * (n - t + 1)
    return _PER_PRODUCT * products


def _sizes(scene: int, template: int) -> list[int]:
    """List fast lengths from a little more than the template to the first that fits the scene."""
    enough = fast_length(scene)
    least = min(enough, max(LEAST, template + template // 8))
    return [n for n in fast_lengths() if least <= n <= enough]
