"""Padding: how many pixels are added on the sides of an image, however that is said."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Literal, TypeGuard, cast

from striate.errors import OptionError

Padding = Literal["valid", "same", "full"] | int | tuple[int | tuple[int, int], ...]
"""A word, a number for all sides, a number for each axis, or ``(before, after)`` for each."""


def sides_of(
    padding: Padding,
    sizes: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    what: str,
) -> list[tuple[int, int]]:
    """Turn any way to say padding into ``(before, after)`` for each axis.

    Parameters
    ----------
    padding
        What was said, in pixels.
    sizes, windows, strides, dilations
        One number for each axis, in pixels.
    what
        Who asks, for the error text.

    Returns
    -------
    list of tuple of int

    Raises
    ------
    OptionError
        If it is no way to say padding.

    Sources
    -------
    Hagan 8.16, 8.17; Wichmann 2.1 (corrected: the left side is n).

    Examples
    --------
    >>> sides_of("same", (5,), (4,), (1,), (1,), "Convolution")
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
                f'{what} has padding="{padding}". The words are "valid" (none), "same" (the output '
                "is as long as "
                'the input divided by the stride) and "full" (every overlap). Use one of them or a '
                "number of pixels."
            )
        case _:
            each = several(padding, len(sizes))
            sides = [several(side, 2) for side in each]
    if len(sides) != len(sizes) or any(
        len(side) != 2 or not all(whole(n) and n >= 0 for n in side) for side in sides
    ):
        raise OptionError(
            f"{what} has padding={plain(padding)} for {len(sizes)} axes. Padding is a number of "
            "pixels, one for each "
            "axis, or (before, after) for each axis, none of them negative. "
            f"Use for example padding={plain([(0, 1)] * len(sizes))}."
        )
    return [(int(before), int(after)) for before, after in cast("list[tuple[int, int]]", sides)]


def several(value: object, count: int) -> tuple[object, ...]:
    """Give the entries of a sequence, or a single value so many times."""
    if isinstance(value, Iterable):
        return tuple(cast("Iterable[object]", value))
    return (value,) * count


def whole(number: object) -> TypeGuard[int]:
    """Tell whether this is a whole number, Python's or NumPy's, and no truth value."""
    return isinstance(number, Integral) and not isinstance(number, bool)  # pyright: ignore[reportUnnecessaryIsInstance]  # bool is registered as one


def plain(value: object) -> str:
    """Print a number or nested sequence with round brackets, whatever sequence it is."""
    if isinstance(value, (tuple, list)):
        items = [plain(item) for item in cast("Sequence[object]", value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(value) if isinstance(value, str) else str(value)
