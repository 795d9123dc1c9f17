"""Images next to each other: kernels, filtered images, pooled images, in one color scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.grid import Grid
from striate.drawing.paint import INK, Theme
from striate.drawing.scene import Caption, Drawable, Scene, limited
from striate.drawing.sheet import UNIT, ColorScale, SheetTile, sheet
from striate.drawing.text import fitted
from striate.errors import OptionError, ShapeError
from striate.functions.options import COUNT, FLAG, OrNone, require
from striate.functions.writing import short
from striate.pictures.arguments import image_of, texts_of
from striate.pictures.canvas import draw_scene
from striate.pictures.samples import rgb
from striate.pictures.style import drawable
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_MOST_COLUMNS = 6
_CELL, _GAP, _TITLE = 26.0, 1.0, 0.5
_ROOM = 40  # characters of a title
_MOST_CELLS = 5_000
_SMALLEST, _WIDEST = 1.4 * UNIT, 640.0  # pixels: of an image, of a row of images if they are large
_PIXEL = 2.0  # of large images, if there is room
_MOST_PIXELS = 10_000_000
_PIXEL_AXES, _COLORS = 2, 3


def images(
    images: Sequence[Array] | Mapping[str, Array],
    titles: Sequence[object] = (),
    *,
    columns: int | None = None,
    values: bool = False,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw images next to each other: those of one channel with one color scale for all.

    Positive values are red and negative ones blue. Without negative values, larger values are
    darker, or on dark pages lighter. Color images, such as a photo next to its filtered channel,
    have their own colors.

    Parameters
    ----------
    images
        Images ``(rows, columns)`` or in color ``(rows, columns, 3)``, also of different sizes; an
        array of them, or a dictionary by title.
    titles
        A text above each image; by default the keys of a dictionary, otherwise none.
    columns
        Images in a row; by default at most 6.
    values
        Whether to write each value into its cell, for small images.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        The largest image is one unit wide; with ``values``, a pixel is.

    Raises
    ------
    ShapeError
        If an image has another shape, or ``titles`` has not one entry for each image.
    OptionError
        If ``images`` is empty or does not hold numbers, or another option is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.4-8.8.

    Examples
    --------
    >>> import numpy as np
    >>> ax = images({"slash": np.eye(3), "backslash": np.fliplr(np.eye(3))}, values=True)
    >>> [text.get_text() for text in ax.texts[:4]]
    ['slash', '1', '0', '0']
    """
    require("columns", columns, OrNone(COUNT), example=4)
    require("values", values, FLAG, example=True)
    texts_of("titles", titles)
    texts = titles if len(titles) or not isinstance(images, Mapping) else list(images)
    given = list(images.values()) if isinstance(images, Mapping) else images
    if not isinstance(given, Sequence | np.ndarray) or not len(given):
        raise OptionError(
            f"`images` must be a list of images, got {short(images)}. Try [image, other]."
        )
    if isinstance(given, np.ndarray) and given.ndim == 2:  # rows and columns
        raise OptionError(
            f"`images` must be a list of images, got one image, an array of shape {given.shape}. "
            "Use [image]."
        )
    limit = _MOST_CELLS if values else _MOST_PIXELS
    arrays = [
        np.asarray(one) if not values and _is_in_color(one) else _gray(k, one, limit)
        for k, one in enumerate(given)
    ]
    if len(texts) and len(texts) != len(arrays):
        raise ShapeError(
            f"`titles` must have one entry for each image, got {len(texts)} for {len(arrays)}. "
            "Leave titles out for images without text."
        )
    names = [drawable(str(name), _ROOM) for name in texts] or [""] * len(arrays)
    across = columns or min(len(arrays), _MOST_COLUMNS)
    about = f"{len(arrays)} images{': ' if len(texts) else ''}{', '.join(filter(None, names))}."
    gray = [one.ravel().astype(np.float64) for one in arrays if one.ndim == _PIXEL_AXES]
    scale = ColorScale.of(np.concatenate(gray)) if gray else None
    if scale is None or not values:
        tiles = [_tile(one, scale, name) for one, name in zip(arrays, names, strict=True)]
        widest = max(one.shape[1] for one in arrays)
        unit = max(_SMALLEST, min(_PIXEL * widest, _WIDEST / across))
        return draw_scene(sheet(tiles, across, about=about, scale=scale, unit=unit), ax, theme)
    ends = (-scale.limit if scale.signed else 0.0, scale.limit)
    return draw_scene(limited(_grids(arrays, names, across, ends, about)), ax, theme)


def _is_in_color(image: object) -> bool:
    """Whether an image has three channels, which are drawn as red, green and blue."""
    array = np.asarray(image)
    colored = array.ndim == _PIXEL_AXES + 1 and array.shape[-1] == _COLORS
    return colored and array.dtype.kind in "buif" and 0 < array.size <= _MOST_PIXELS


def _gray(k: int, image: object, most: int) -> Array:
    """Check an image of one channel."""
    return image_of(f"images[{k}]", image, most=most)


def _tile(image: Array, scale: ColorScale | None, name: str) -> SheetTile:
    """Color an image by the scale, or with its own colors."""
    if scale is None or image.ndim > _PIXEL_AXES:
        return SheetTile(pixels=rgb(image), above=name)
    return scale.tile(image, above=name)


def _grids(
    arrays: Sequence[Array],
    names: Sequence[str],
    across: int,
    ends: tuple[float, float],
    about: str,
) -> Scene:
    """Lay out images as grids of cells, row by row, each in a place of the same size."""
    wide = max(one.shape[1] for one in arrays) + _GAP
    high = max(len(one) for one in arrays) + _GAP + (_TITLE * 2 if any(names) else 0.0)
    grids = [Grid(values=one, scale=ends) for one in arrays]
    size = min(grid.text_size for grid in grids)
    shapes: list[Drawable] = []
    for k, (one, name) in enumerate(zip(arrays, names, strict=True)):
        row, column = divmod(k, across)
        left = column * wide + (wide - _GAP - one.shape[1]) / 2
        top = row * high + (high - _GAP - len(one)) / 2
        if name:
            text = fitted(name, wide, _TITLE)
            x = left + one.shape[1] / 2
            shapes.append(Caption(x=x, y=top - 0.45, text=text, size=_TITLE, paint=INK))
        shapes += Grid(values=one, left=left, top=top, scale=ends).draw(size)
    return Scene(shapes=tuple(shapes), unit=_CELL, about=about)
