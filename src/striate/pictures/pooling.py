"""Pooling windows on an image, with the pixels that win."""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from striate.drawing.grid import Grid
from striate.drawing.paint import (
    CATEGORIES,
    MUTED,
    ORANGE,
    SURFACE,
    Paint,
    Theme,
    mixed,
)
from striate.drawing.scene import Caption, Drawable, Rect, Scene, limited
from striate.functions.options import OneOf, require
from striate.functions.weight import AveragePooling, MaxPooling, SumPooling
from striate.maths import windows
from striate.maths.padding import Padding
from striate.pictures.arguments import image_of
from striate.pictures.canvas import draw_scene
from striate.shapes import Array, Shaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

PoolingName = Literal["max", "average", "sum"]

_KINDS = {"max": MaxPooling, "average": AveragePooling, "sum": SumPooling}
_UNIT, _GAP, _SIGN, _CAPTION = 32.0, 1.4, 0.7, 0.38
_STRENGTH = 0.42  # of the color of a window that doesn't overlap others
_INSET = 0.07


def pooling(
    image: Shaped[Array, "rows columns"],
    window: int | Sequence[int] = 2,
    *,
    kind: PoolingName = "max",
    stride: int | Sequence[int] | None = None,
    padding: Padding = "valid",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw an image with its pooling windows, and what each window becomes.

    Windows that don't overlap have colors, which the output pixels share. Of overlapping windows,
    the first, its neighbor and the last are outlined. In max pooling, the pixel that wins its
    window has a circle: it gets the derivative.

    Parameters
    ----------
    image
        An image of one channel.
    window
        Pixels of the window along each axis.
    kind
        ``"max"``, ``"average"`` or ``"sum"``.
    stride
        Step between neighboring windows, by default the size of the window.
    padding
        Pixels around the image.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Cells are one unit wide; the first pixel of the padded image is at (0, 0).

    Raises
    ------
    ShapeError
        If the image does not have two axes, or the window does not fit.
    OptionError
        If an option has a value that is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.8; Wichmann fig. 3.

    Examples
    --------
    >>> import numpy as np
    >>> ax = pooling(np.array([[1, 3, 0, 2], [4, 2, 5, 1], [0, 1, 7, 8], [2, 6, 3, 4]]))
    >>> [text.get_text() for text in ax.texts[16:20]]
    ['4', '5', '6', '8']
    """
    image = image_of("image", image)
    require("kind", kind, OneOf(tuple(_KINDS)), example="max")
    options = {"window": _plain(window), "stride": _plain(stride), "padding": padding}
    function = _KINDS[kind](**options)  # pyright: ignore[reportArgumentType]  # checked there
    axes = function.axes(image.shape)
    pixels = image[np.newaxis, np.newaxis].astype(float)
    result = function.apply(pixels)[0, 0]
    winners = function.winners(pixels)[0, 0] if isinstance(function, MaxPooling) else None
    return draw_scene(limited(_scene(image, result, axes, winners, kind)), ax, theme)


def _plain(value: int | Sequence[int] | None) -> object:
    return tuple(value) if isinstance(value, Sequence) else value


def _scene(
    image: Array,
    result: Array,
    axes: tuple[windows.Axis, ...],
    winners: Array | None,
    kind: PoolingName,
) -> Scene:
    """Lay out the image with its windows, and the output."""
    rows, columns = axes
    padded = np.zeros(
        (rows.before + rows.length + rows.end, columns.before + columns.length + columns.end)
    )
    padded[rows.before :, columns.before :][: rows.length, : columns.length] = image
    high = max(len(padded), len(result))
    apart = rows.stride >= rows.window and columns.stride >= columns.window
    colors = _Windows(axes, apart=apart)
    source = Grid(
        values=padded,
        top=(high - len(padded)) / 2,
        fill=colors.of_pixel,
        padding=((rows.before, rows.end), (columns.before, columns.end)),
    )
    target = Grid(
        values=result,
        left=padded.shape[1] + _GAP,
        top=(high - len(result)) / 2,
        fill=colors.of_window,
    )
    shapes: list[Drawable] = [*source.draw(), *target.draw()]
    shapes.append(
        Caption(x=padded.shape[1] + _GAP / 2, y=high / 2, text="→", size=_SIGN, paint=MUTED)
    )
    shapes += _outlines(source, target, axes, apart=apart)
    if winners is not None:
        shapes += _circles(source, axes, winners)
    u, v = rows.window, columns.window
    captions = (
        (source.center, f"image {image.shape[0]}×{image.shape[1]}"),
        (target.center, f"{kind} {u}×{v}"),
    )
    shapes += [
        Caption(x=x, y=high + 0.45, text=text, size=_CAPTION, paint=MUTED) for x, text in captions
    ]
    about = (
        f"{kind.capitalize()} pooling of a {image.shape[0]} x {image.shape[1]} image with {u} x "
        f"{v} windows, stride {rows.stride}."
    )
    return Scene(shapes=tuple(shapes), unit=_UNIT, about=about)


class _Windows:
    """The colors of windows, of their output pixels, and of the pixels under them."""

    def __init__(self, axes: tuple[windows.Axis, ...], *, apart: bool) -> None:
        self._axes = axes
        self._apart = apart

    def of_window(self, row: int, column: int) -> Paint:
        """Return the color of a window: neighbors have different ones."""
        if not self._apart:
            return SURFACE
        count = len(CATEGORIES) - 1
        number = (row * 2 + column) % count
        return mixed(SURFACE, CATEGORIES[number], _STRENGTH)

    def of_pixel(self, row: int, column: int) -> Paint:
        """Return the color of the window over a pixel; the page's color if there is none."""
        if not self._apart:
            return SURFACE
        at: list[int] = []
        for axis, place in zip(self._axes, (row, column), strict=True):
            number, offset = divmod(place, axis.stride)
            if number >= axis.output or offset >= axis.window:
                return SURFACE
            at.append(number)
        return self.of_window(*at)


def _outlines(
    source: Grid, target: Grid, axes: tuple[windows.Axis, ...], *, apart: bool
) -> list[Drawable]:
    """Outline all windows; of overlapping ones the first, its neighbor and the last.

    The output pixels of the latter have the same outlines.
    """
    rows, columns = axes
    every = list(product(range(rows.output), range(columns.output)))
    some = list(dict.fromkeys([every[0], every[min(1, len(every) - 1)], every[-1]]))
    shapes: list[Drawable] = []
    for k, (i, j) in enumerate(every if apart else some):
        inset = 0.0 if apart else _INSET * (k + 1)
        paint = MUTED if apart else CATEGORIES[(0, 2, 3)[k]]
        pairs = [(source, i * rows.stride, j * columns.stride, rows.reach, columns.reach)]
        if not apart:
            pairs.append((target, i, j, 1, 1))
        shapes += [
            Rect(
                left=grid.left + left + inset,
                top=grid.top + top + inset,
                width=wide - 2 * inset,
                height=high - 2 * inset,
                stroke=paint,
                weight=1.8 if apart else 2.6,
                radius=0.0 if apart else 0.08,
            )
            for grid, top, left, high, wide in pairs
        ]
    return shapes


def _circles(grid: Grid, axes: tuple[windows.Axis, ...], winners: Array) -> list[Drawable]:
    """Circle the pixel that wins each window; one that wins several windows has one circle."""
    rows, columns = axes
    won: set[tuple[int, int]] = set()
    for (i, j), winner in np.ndenumerate(winners):
        u, v = divmod(int(winner), columns.window)
        won.add((i * rows.stride + u * rows.dilation, j * columns.stride + v * columns.dilation))
    return [
        Rect(
            left=grid.left + column + 0.12,
            top=grid.top + row + 0.12,
            width=0.76,
            height=0.76,
            stroke=ORANGE,
            weight=2.2,
            radius=0.38,
        )
        for row, column in sorted(won)
    ]
