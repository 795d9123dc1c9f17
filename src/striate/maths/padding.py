"""Padding: how many pixels are added on each side of an image, for every way to write it."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Literal, TypeGuard, cast

from striate.errors import OptionError

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
PADDING_MODES: tuple[PaddingMode, ...] = ("zeros", "reflect", "replicate", "circular")

Padding = Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...]
"""A word, a number for all sides, a number for each axis, or ``(before, after)`` for each axis."""


def sides_of(
    padding: Padding,
    sizes: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    what: object = "",
) -> list[tuple[int, int]]:
    """Convert padding into ``(before, after)`` for each axis.

    Parameters
    ----------
    padding
        A word, or numbers of pixels.
    sizes, windows, strides, dilations
        One number for each axis, in pixels.
    what
        The layer, for error messages.

    Returns
    -------
    list of tuple of int

    Raises
    ------
    OptionError
        If it is not a form of padding, or has the wrong number of axes.

    Sources
    -------
    Hagan 8.16, 8.17; Wichmann 2.1 (corrected: n + 2p - f + 1 = n).

    Examples
    --------
    >>> sides_of("same", (5,), (4,), (1,), (1,))
    [(1, 2)]
    """
    reaches = [d * (r - 1) + 1 for r, d in zip(windows, dilations, strict=True)]
    match padding:
        case "valid":
            return [(0, 0) for _ in sizes]
        case "full":
            return [(reach - 1, reach - 1) for reach in reaches]
        case "same":
            totals = [
                max(0, (-(-n // s) - 1) * s + reach - n)
                for n, s, reach in zip(sizes, strides, reaches, strict=True)
            ]
            return [(total // 2, total - total // 2) for total in totals]
        case str():  # pyright: ignore[reportUnnecessaryComparison]  # users give other words
            raise OptionError(
                f'`padding` must be "valid", "same", "full" or numbers of pixels, got "{padding}". '
                f"{_remedy(padding)}"
            ).about(what)
        case _:
            each = several(padding, len(sizes))
            sides = [several(side, 2) for side in each]
    if len(sides) != len(sizes) or any(
        len(side) != 2 or not all(whole(n) and n >= 0 for n in side) for side in sides
    ):
        raise OptionError(
            f"`padding` must be a non-negative number of pixels, one for each axis, or (before, "
            f"after) for each axis, got {plain(padding)} for an image with {len(sizes)} pixel "
            f"{'axis' if len(sizes) == 1 else 'axes'}. Try {plain([(0, 1)] * len(sizes))}."
        ).about(what)
    return [(int(before), int(after)) for before, after in cast("list[tuple[int, int]]", sides)]


def _remedy(word: str) -> str:
    """Suggest another word, and the option that a mode of padding belongs to."""
    if word in PADDING_MODES:
        return f'Try padding="same", padding_mode="{word}".'
    return 'Try "same".'


def several(value: object, count: int) -> tuple[object, ...]:
    """Return the elements of a sequence, or repeat a single value."""
    if isinstance(value, Iterable):
        return tuple(cast("Iterable[object]", value))
    return (value,) * count


def whole(number: object) -> TypeGuard[int]:
    """Return whether this is an integer, of Python or NumPy, and not a bool."""
    return isinstance(number, Integral) and not isinstance(number, bool)  # pyright: ignore[reportUnnecessaryIsInstance]  # bool is registered as one


def plain(value: object) -> str:
    """Write a number or nested sequence with round brackets, whatever its type."""
    if isinstance(value, (tuple, list)):
        items = [plain(item) for item in cast("Sequence[object]", value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(value) if isinstance(value, str) else str(value)
