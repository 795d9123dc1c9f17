"""Checks of arguments that several pictures share."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.functions.writing import short
from striate.maths.padding import whole
from striate.shapes import Array

_MOST_CELLS = 10_000
_AXIS_NAMES = {
    1: "(samples,)",
    2: "(rows, columns)",
    3: "(maps, rows, columns)",
    4: "(maps, maps, rows, columns)",
}


def image_of(name: str, values: Any, rank: int = 2, *, most: int = _MOST_CELLS) -> Array:
    """Convert an argument to an array of numbers with a number of axes.

    Parameters
    ----------
    name
        The argument.
    values
        What the user gave.
    rank
        Number of axes.
    most
        The largest number of elements: each is drawn as a cell.

    Returns
    -------
    Array
        Integers as int64, so that sums of products don't overflow.

    Raises
    ------
    ShapeError
        If it has another number of axes, is empty, or too large.
    OptionError
        If it doesn't hold numbers.

    Examples
    --------
    >>> image_of("kernel", [[0, 1], [1, 0]]).shape
    (2, 2)
    """
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise OptionError(
            f"`{name}` must be an array of numbers, got {short(values)}. "
            "Convert it with np.asarray(x, dtype=float)."
        )
    if array.size == 0:
        raise ShapeError(f"`{name}` is empty: its shape is {array.shape}. Pass at least one pixel.")
    if array.ndim != rank:
        hint = f" Choose one with {name}[0]." if array.ndim > rank else ""
        if name.startswith("image") and array.ndim == rank + 1 and array.shape[-1] in {1, 3, 4}:
            hint = f" For one channel, use {name}[..., 0]; for gray values, {name}.mean(axis=-1)."
        raise ShapeError(
            f"`{name}` must have {rank} {'axis' if rank == 1 else 'axes'}, {_AXIS_NAMES[rank]}, "
            f"got shape {array.shape}.{hint}"
        )
    if array.size > most:
        raise ShapeError(
            f"`{name}` has shape {array.shape}, but at most {most:,} cells can be drawn. "
            "Use a smaller image or a part of it, for example x[:20, :20]."
        )
    # Sums of products of bytes don't fit bytes, and float16 has three digits.
    if array.dtype.kind in "bui":
        return array.astype(np.float64 if array.dtype == np.uint64 else np.int64)
    return array.astype(np.float64) if array.dtype == np.float16 else array


def texts_of(name: str, given: Any) -> Sequence[object]:
    """Return a list of titles or of names; raise if the argument isn't one.

    Parameters
    ----------
    name
        The argument.
    given
        What the user gave.

    Returns
    -------
    Sequence

    Raises
    ------
    OptionError
        If it can't be counted, such as a number or ``None``.

    Examples
    --------
    >>> texts_of("titles", ["step", "slope"])
    ['step', 'slope']
    """
    if isinstance(given, Sequence) or (isinstance(given, np.ndarray) and given.ndim > 0):
        return cast("Sequence[object]", given)
    raise OptionError(
        f"`{name}` must be a list of texts, got {short(given)}. Leave {name} out if there are none."
    )


def position_of(position: Any, sizes: Sequence[int], name: str = "position") -> tuple[int, ...]:
    """Check that a position has a number for each axis, within the sizes.

    Examples
    --------
    >>> position_of((1, -1), (3, 4))
    (1, 3)
    """
    numbers = tuple(cast("Sequence[Any]", position)) if isinstance(position, Sequence) else ()
    if len(numbers) != len(sizes) or not all(
        whole(n) and -size <= n < size for n, size in zip(numbers, sizes, strict=False)
    ):
        ranges = ", ".join(f"0 to {size - 1}" for size in sizes)
        raise OptionError(
            f"`{name}` must be (row, column) with {ranges}, got {short(position)}. "
            f"Try {tuple(0 for _ in sizes)}."
        )
    return tuple(int(n) % size for n, size in zip(numbers, sizes, strict=True))
