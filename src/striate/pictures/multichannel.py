"""Convolution of several channels: each output map sums what its kernels make of all channels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.grid import Grid
from striate.drawing.paint import CATEGORIES, INK, MUTED, Paint, Theme, limits
from striate.drawing.scene import Caption, Drawable, Rect, Scene, Stroke, limited
from striate.errors import ShapeError
from striate.maths import columns, windows
from striate.maths.padding import Padding
from striate.pictures.arguments import image_of
from striate.pictures.canvas import draw_scene
from striate.shapes import Array, Shaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_UNIT = 24.0
_GAP, _SIGN, _CAPTION = 1.4, 0.75, 0.5
_MOST_CELLS = 4_000


def multichannel_convolution(
    image: Shaped[Array, "l rows columns"],
    kernels: Shaped[Array, "h l u v"],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the convolution of several channels with several sets of kernels.

    Each channel and its kernels have a frame of one color. A row of the picture is one output map:
    its kernels, their results, and the sum.

    Parameters
    ----------
    image
        The channels of one image.
    kernels
        A kernel for each pair of output map and channel.
    stride, dilation, padding
        As for :class:`~striate.Conv`, in pixels.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Cells are one unit wide.

    Raises
    ------
    ShapeError
        If an array has the wrong number of axes, the numbers of channels differ, or a kernel does
        not fit.
    OptionError
        If an option has a value that is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan, "Multiple Kernels"; Wolter, figure of the multichannel convolution.

    Examples
    --------
    Wolter's figure, 3 x 2 kernels of 3 x 3 on two channels of 5 x 5:

    >>> import numpy as np
    >>> ax = multichannel_convolution(np.ones((2, 5, 5)), np.ones((3, 2, 3, 3)))
    >>> ax.texts[-1].get_text()
    'output 3@3×3'
    """
    image = image_of("image", image, 3, most=_MOST_CELLS)
    kernels = image_of("kernels", kernels, 4, most=_MOST_CELLS)
    if kernels.shape[1] != len(image):
        raise ShapeError(
            f"`kernels` has shape {kernels.shape}, for {kernels.shape[1]} channels, but the image "
            f"has {len(image)}. Use kernels of shape (maps, {len(image)}, rows, columns)."
        )
    axes = windows.axes(
        image.shape[1:],
        window=kernels.shape[2:],
        stride=stride,
        dilation=dilation,
        padding=padding,
        name="kernel_size",
    )
    windowed = columns.im2col(columns.pad(image, axes), axes)
    parts = np.einsum("hluv,luvij->hlij", kernels, windowed)
    return draw_scene(limited(_scene(image, kernels, parts)), ax, theme)


def _scene(image: Array, kernels: Array, parts: Array) -> Scene:
    """Lay the picture out: channels at the left, then a row for each output map."""
    maps, channels, u, v = kernels.shape
    rows, cols = parts.shape[2:]
    high = max(rows, u) + 1.0
    total = maps * high - 1.0
    shapes: list[Drawable] = []
    scales = [
        limits(x.ravel())
        for x in (image, kernels, np.concatenate([parts.ravel(), parts.sum(1).ravel()]))
    ]
    each = image.shape[1] + 1.0
    top = (total - (channels * each - 1.0)) / 2
    for l, one in enumerate(image):
        shapes += _framed(one, 0.0, top + l * each, scales[0], CATEGORIES[l % len(CATEGORIES)])
    x = image.shape[2] + 2 * _GAP
    shapes.append(_arrow(image.shape[2] + 0.35, x - 0.35, total / 2))
    for h in range(maps):
        shapes += _row(kernels[h], parts[h], x, h * high + (high - 1.0) / 2, scales)
    end = x + channels * (v + cols + 2 * _GAP)
    bottom = max(total, top + channels * each - 1.0) + 0.8
    captions = (
        (image.shape[2] / 2, f"input {channels}@{image.shape[1]}×{image.shape[2]}"),
        (x + (end - _GAP - x) / 2, f"kernels {maps}×{channels}×{u}×{v} and their results"),
        (end + cols / 2, f"output {maps}@{rows}×{cols}"),
    )
    shapes += [
        Caption(x=at, y=bottom, text=text, size=_CAPTION, paint=MUTED) for at, text in captions
    ]
    about = (
        f"A convolution of {channels} channels with {maps} x {channels} kernels of {u} x {v}: each "
        "output map is the sum of the results for all channels."
    )
    return Scene(shapes=tuple(shapes), unit=_UNIT, about=about)


def _row(
    kernels: Array, parts: Array, x: float, middle: float, scales: list[tuple[float, float]]
) -> list[Drawable]:
    """Draw an output map: each kernel with its result, and the sum."""
    shapes: list[Drawable] = []
    for l, (kernel, part) in enumerate(zip(kernels, parts, strict=True)):
        paint = CATEGORIES[l % len(CATEGORIES)]
        if l:
            shapes.append(Caption(x=x - _GAP / 2, y=middle, text="+", size=_SIGN))
        shapes += _framed(kernel, x, middle - len(kernel) / 2, scales[1], paint)
        x += kernel.shape[1]
        shapes.append(_arrow(x + 0.2, x + _GAP - 0.2, middle))
        x += _GAP
        shapes += _framed(part, x, middle - len(part) / 2, scales[2], paint)
        x += part.shape[1] + _GAP
    shapes.append(Caption(x=x - _GAP / 2, y=middle, text="=", size=_SIGN))
    total = parts.sum(axis=0)
    return [*shapes, *_framed(total, x, middle - len(total) / 2, scales[2], INK)]


def _framed(
    values: Array, left: float, top: float, scale: tuple[float, float], paint: Paint
) -> list[Drawable]:
    """Draw a grid with a frame around it."""
    grid = Grid(values=values, left=left, top=top, scale=scale)
    rows, columns_ = values.shape
    frame = Rect(left=left, top=top, width=columns_, height=rows, stroke=paint, weight=2.5)
    return [*grid.draw(), frame]


def _arrow(left: float, right: float, y: float) -> Stroke:
    return Stroke(points=((left, y), (right, y)), paint=MUTED, weight=1.4, arrow=0.35)
