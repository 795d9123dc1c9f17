"""Sheets of small images and curves: feature maps, kernels, the images of a data set."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.drawing.grid import number
from striate.drawing.paint import BLUE, DIVERGING, FRAME, INK, MUTED, ORANGE, SEQUENTIAL, Paint
from striate.drawing.scene import Caption, Drawable, Raster, Rect, Scene, Stroke
from striate.drawing.text import fitted, width
from striate.shapes import Array, Shaped

UNIT = 84.0  # pixels of a tile
_GAP, _LINE, _TEXT, _BAR = 12.0, 14.0, 11.0, 10.0  # pixels
_PAGE = 700.0  # pixels of a page's width, on which text must be readable
_LARGER, _SMALLER = 1.5, 0.6  # text of wide sheets, and text that is wider than its tile
_STEPS = 64  # colors of the color bar
_LOWEST, _HIGHEST = 0.05, 4.0  # heights of a tile
_CURVE_HEIGHT, _CURVE_ROOM = 0.6, 0.05  # of a tile with a curve; empty at its left and right


@dataclass(frozen=True, kw_only=True)
class SheetTile:
    """A small image with text above and below it.

    Parameters
    ----------
    pixels
        ``[row, column, 3]``, uint8, for light pages.
    dark
        The same for dark pages, if it differs.
    above, below
        Text, one line each; or several, with line breaks.
    marked
        Whether the frame stands out.
    """

    pixels: Array
    dark: Array | None = None
    above: str = ""
    below: str = ""
    marked: bool = False

    @property
    def height(self) -> float:
        """Height for a width of 1."""
        return self.pixels.shape[0] / self.pixels.shape[1]


@dataclass(frozen=True, kw_only=True)
class CurveTile:
    """A small curve about a line at 0, with text above and below it.

    Parameters
    ----------
    values
        Heights at equal distances; two or more.
    limit
        The height that reaches the edge of the tile.
    above, below
        Text, one line each; or several, with line breaks.
    """

    values: Shaped[Array, "samples"]
    limit: float
    above: str = ""
    below: str = ""

    @property
    def height(self) -> float:
        """Height for a width of 1."""
        return _CURVE_HEIGHT


AnyTile = SheetTile | CurveTile


@dataclass(frozen=True, kw_only=True)
class ColorScale:
    """Colors of values: by sign about zero, or from zero on.

    Parameters
    ----------
    limit
        The value with the strongest color.
    signed
        Whether there are negative values.
    """

    limit: float
    signed: bool

    @classmethod
    def of(cls, values: Array) -> "ColorScale":
        """Choose the scale for values; values that aren't finite don't count."""
        finite = values[np.isfinite(values)]
        largest = float(np.abs(finite.astype(np.float64)).max(initial=0.0))
        return cls(limit=largest or 1.0, signed=bool((finite < 0).any()))

    def tile(
        self, values: Shaped[Array, "rows columns"], above: str = "", below: str = ""
    ) -> SheetTile:
        """Color an image."""
        return SheetTile(
            pixels=self.colored(values, dark=False),
            dark=self.colored(values, dark=True),
            above=above,
            below=below,
        )

    def colored(self, values: Array, *, dark: bool) -> Array:
        """Return the colors of values, ``[..., 3]``, uint8; gray for what isn't finite."""
        scale = DIVERGING if self.signed else SEQUENTIAL
        anchors = np.array([_rgb(paint.dark if dark else paint.light) for paint in scale])
        low = -1.0 if self.signed else 0.0
        share = np.clip(values.astype(np.float64) / self.limit, low, 1.0)
        place = np.linspace(low, 1.0, len(anchors))
        colors = np.stack([np.interp(share, place, anchors[:, c]) for c in range(3)], axis=-1)
        colors[~np.isfinite(values)] = 128.0
        return colors.round().astype(np.uint8)


def sheet(
    tiles: Sequence[AnyTile | None],
    columns: int,
    *,
    about: str,
    scale: ColorScale | None = None,
    row_names: Sequence[str] = (),
    unit: float = UNIT,
) -> Scene:
    """Arrange tiles in a grid, row by row.

    Parameters
    ----------
    tiles
        Images, of any shapes, and curves: the highest one gives the size of a place. ``None``
        leaves a place empty.
    columns
        Tiles in a row.
    about
        Description of the sheet.
    scale
        Draw a color bar for these colors; next to curves, the values that their edges mean.
    row_names
        Text at the left of each row.
    unit
        Width of a tile, in pixels.

    Returns
    -------
    Scene
        A tile is one unit wide.
    """
    # A sheet that is wider than a page will be made smaller, so its text is larger.
    fine = unit / min(max(columns * (unit + _GAP) / _PAGE, 1.0), _LARGER)
    gap, line, size = _GAP / fine, _LINE / fine, _TEXT / fine
    there = [tile for tile in tiles if tile is not None]
    tallest = max((t.height for t in there), default=1.0)
    high = min(max(tallest, _LOWEST), _HIGHEST)
    above = line * max((_lines(t.above) for t in there), default=0)
    below = line * max((_lines(t.below) for t in there), default=0)
    step = above + high + below + gap
    left = max((width(name, size) + gap for name in row_names), default=0.0)
    shapes: list[Drawable] = []
    for row, name in enumerate(row_names):
        y = row * step + above + high / 2
        shapes.append(Caption(x=left - gap, y=y, text=name, size=size, paint=MUTED, anchor="end"))
    for index, tile in enumerate(tiles):
        if tile is None:
            continue
        row, column = divmod(index, columns)
        shapes += _tile(tile, left + column * (1 + gap), row * step + above, high, fine)
    if scale is not None:
        rows = max(1, math.ceil(len(tiles) / columns))
        used = min(columns, max(1, len(tiles)))
        bottom = rows * step - below - gap
        if isinstance(there[0], CurveTile):
            shapes += _marks(scale, left + used * (1 + gap) - 0.5 * gap, above, high, fine)
        else:
            shapes += _bar(scale, left + used * (1 + gap), above, max(bottom - above, high), fine)
    return Scene(shapes=tuple(shapes), unit=unit, about=about, margin=4.0 / unit)


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _tile(tile: AnyTile, left: float, top: float, high: float, unit: float) -> list[Drawable]:
    """Draw a tile as large as its place allows, without distorting it."""
    wide = min(1.0, high / tile.height)
    tall = wide * tile.height
    x, y = left + (1 - wide) / 2, top + (high - tall) / 2
    marked = isinstance(tile, SheetTile) and tile.marked
    paint, weight = (ORANGE, 2.5) if marked else (FRAME, 0.8)
    frame = Rect(left=x, top=y, width=wide, height=tall, stroke=paint, weight=weight)
    shapes: list[Drawable] = []
    if isinstance(tile, SheetTile):
        shapes.append(
            Raster(left=x, top=y, width=wide, height=tall, pixels=tile.pixels, dark=tile.dark)
        )
    else:
        shapes += _curve(tile, frame)
    shapes.append(frame)
    over, under = tile.above.split("\n"), tile.below.split("\n")
    line = _LINE / unit
    for k, text in enumerate(reversed(over)):
        shapes += _line(text, left + 0.5, top - (k + 0.55) * line, INK, unit)
    for k, text in enumerate(under):
        shapes += _line(text, left + 0.5, top + high + (k + 0.55) * line, MUTED, unit)
    return shapes


def _curve(tile: CurveTile, frame: Rect) -> list[Drawable]:
    """Draw a curve in its frame, and the line at 0; values that aren't finite break it."""
    middle = frame.top + frame.height / 2
    share = np.clip(tile.values.astype(np.float64) / tile.limit, -1.0, 1.0)
    xs = frame.left + frame.width * np.linspace(_CURVE_ROOM, 1 - _CURVE_ROOM, len(share))
    ys = middle - 0.45 * frame.height * share
    ends = ((frame.left, middle), (frame.left + frame.width, middle))
    shapes: list[Drawable] = [Stroke(points=ends, paint=FRAME, weight=0.8)]
    there = np.isfinite(share)
    for run in np.split(np.arange(len(share)), np.flatnonzero(np.diff(there)) + 1):
        if there[run[0]] and len(run) > 1:
            points = tuple((float(xs[k]), float(ys[k])) for k in run)
            shapes.append(Stroke(points=points, paint=BLUE, weight=1.6))
    return shapes


def _line(text: str, x: float, y: float, paint: Paint, unit: float) -> list[Drawable]:
    """Write a line above or below a tile, as wide as the tile and its gap at most."""
    if not text:
        return []
    room, largest = 1 + 0.8 * _GAP / unit, _TEXT / unit
    size = max(_SMALLER * largest, min(largest, largest * room / width(text, largest)))
    return [Caption(x=x, y=y, text=fitted(text, room, size), size=size, paint=paint)]


def _bar(scale: ColorScale, left: float, top: float, high: float, unit: float) -> list[Drawable]:
    """Draw a color bar with its limits."""
    low = -scale.limit if scale.signed else 0.0
    wide = _BAR / unit
    steps = np.linspace(scale.limit, low, _STEPS)[:, np.newaxis]
    shapes: list[Drawable] = [
        Raster(
            left=left,
            top=top,
            width=wide,
            height=high,
            pixels=scale.colored(steps, dark=False),
            dark=scale.colored(steps, dark=True),
        ),
        Rect(left=left, top=top, width=wide, height=high, stroke=FRAME, weight=0.8),
    ]
    return [*shapes, *_marks(scale, left + wide, top, high, unit)]


def _marks(scale: ColorScale, left: float, top: float, high: float, unit: float) -> list[Drawable]:
    """Write the limits of a scale, and 0 if there is room."""
    size = _TEXT / unit
    marks = [(scale.limit, top), (-scale.limit if scale.signed else 0.0, top + high)]
    marks += [(0.0, top + high / 2)] if scale.signed and high > 3.5 * size else []
    return [
        Caption(
            x=left + size / 2,
            y=min(max(y, top + size / 2), top + high - size / 2),
            text=number(float(f"{value:.2g}")),
            size=size,
            paint=MUTED,
            anchor="start",
        )
        for value, y in marks
    ]


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
