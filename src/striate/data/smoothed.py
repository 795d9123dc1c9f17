"""Recognizing masks with smoothed edges.

A paint program with soft brushes, or resizing with interpolation, mixes the colors on both sides
of an edge::

    0 0 0 0 255 255        0 0 0 96 255 255
    0 0 0 0 255 255   ->   0 0 0 96 255 255
    0 0 0 255 255 255      0 0 48 207 255 255

Each mixture would become a class. Mixtures differ from labels in two ways: there is no 3 x 3 block
of them anywhere, and they lie between two values that do have such blocks. One or two values like
this may be thin lines; more are smoothing.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from striate.shapes import Array

FEWEST_MIXTURES = 3
"""Thin lines may add a gray level or two; a smoothed edge adds more."""

_FEWEST_LABELS = 2
_NEAR = 12.0
"""Largest distance of a mixture from the line between its two colors: rounding and ringing."""


def smoothed_masks(
    files: Sequence[Path], read: Callable[[Path], Array], values: Iterable[int], *, are_colors: bool
) -> dict[Path, int]:
    """Find the masks that have mixtures of labels at their edges.

    Parameters
    ----------
    files
        The masks.
    read
        Reads the values of a mask, ``(rows, columns)``.
    values
        The values of all masks.
    are_colors
        Whether values are colors, ``0xRRGGBB``, rather than gray levels.

    Returns
    -------
    dict
        For each mask with mixtures, how many different ones it has; empty if all values are labels.
    """
    every = set(values)
    if len(every) < FEWEST_MIXTURES + _FEWEST_LABELS:
        return {}
    inner: set[int] = set()
    for path in files:
        inner.update(_values_of_blocks(read(path)))
    mixtures = _between(sorted(every - inner), sorted(inner), are_colors=are_colors)
    if len(mixtures) < FEWEST_MIXTURES:
        return {}
    found = {path: len(mixtures & set(np.unique(read(path)).tolist())) for path in files}
    return {path: count for path, count in found.items() if count}


def _values_of_blocks(values: Array) -> list[int]:
    """Return the values that fill a block of 3 x 3 pixels somewhere."""
    same = np.ones((max(values.shape[0] - 2, 0), max(values.shape[1] - 2, 0)), bool)
    center = values[1:-1, 1:-1]
    rows, columns = same.shape
    for down in range(3):
        for right in range(3):
            same &= values[down : down + rows, right : right + columns] == center
    return np.unique(center[same]).tolist()


def _between(
    candidates: Sequence[int], labels: Sequence[int], *, are_colors: bool
) -> frozenset[int]:
    """Return the values that are near a line between two labels."""
    if not candidates or len(labels) < _FEWEST_LABELS:
        return frozenset()
    points, ends = _points(candidates, are_colors), _points(labels, are_colors)
    near = np.zeros(len(points), bool)
    for k, start in enumerate(ends):
        lines = ends[k + 1 :] - start
        for line in lines:
            where = np.clip((points - start) @ line / (line @ line), 0.0, 1.0)
            near |= np.linalg.norm(points - start - where[:, np.newaxis] * line, axis=1) <= _NEAR
    return frozenset(value for value, is_near in zip(candidates, near, strict=True) if is_near)


def _points(values: Sequence[int], are_colors: bool) -> Array:
    """Return values as points, ``(n, 3)`` for colors and ``(n, 1)`` for gray levels."""
    given = np.array(values, np.int64)[:, np.newaxis]
    return (given >> np.array([16, 8, 0]) & 255 if are_colors else given).astype(np.float64)
