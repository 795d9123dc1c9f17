"""A kernel at its positions on an image: which pixels it reads, and what it computes from them.

The picture shows the image with its padding, the kernel, and the output; the window is framed, and
a line below spells the sum out. The animation is the same picture for one position after another,
as a list of shapes with the frames in which each is there. A position is a pixel of the output, or,
for a transposed convolution, a pixel of the image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.grid import Grid, number
from striate.drawing.paint import (
    FRAME,
    INK,
    MUTED,
    ORANGE,
    SURFACE,
    Theme,
    limits,
    text_on,
    tint,
)
from striate.drawing.scene import LONGEST, Caption, Drawable, Polygon, Rect, Scene, limited
from striate.drawing.svg import Timed
from striate.drawing.text import width
from striate.errors import ShapeError
from striate.maths import columns, windows
from striate.maths.padding import Padding
from striate.maths.signal import rot180
from striate.pictures.animation import Animation
from striate.pictures.arguments import image_of, position_of
from striate.pictures.canvas import draw_scene
from striate.properties import cached_property
from striate.shapes import Array, Shaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_GAP = 1.3  # cells between the grids, with the sign between them
_UNIT = 34.0  # pixels of a cell
_CAPTION, _SUM, _CORNER = 0.38, 0.40, 0.24  # font sizes, in cells
_MOST_PRODUCTS = 9  # a longer sum is shortened
_FRAME_WIDTH = 3.0
_MOST_FRAMES = 500
_LONGEST_TAG = 2  # characters of a weight in the corner of a cell


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """A convolution of one image, with the pixels that each position reads and writes."""

    image: Shaped[Array, "rows columns"]
    kernel: Shaped[Array, "u v"]
    axes: tuple[windows.Axis, ...]
    transposed: bool
    flip: bool

    @cached_property
    def applied(self) -> Array:
        """The kernel as it is laid on the image."""
        return rot180(self.kernel) if self.flip else self.kernel

    @cached_property
    def padded(self) -> Array:
        """The image with its padding; what a transposed convolution reads has none."""
        return self.image if self.transposed else columns.pad(self.image, self.axes)

    @cached_property
    def positions(self) -> list[tuple[int, ...]]:
        """All positions, row by row."""
        return list(product(*(range(axis.output) for axis in self.axes)))

    def cells(self, position: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Iterate over the pixels of the kernel and the padded pixels under them."""
        for u, v in product(*map(range, self.kernel.shape)):
            row, column = (
                axis.stride * i + axis.dilation * tap
                for axis, i, tap in zip(self.axes, position, (u, v), strict=True)
            )
            yield (u, v), (row, column)

    @cached_property
    def output(self) -> Array:
        """The whole output; of a transposed convolution, before padding is cut off."""
        if not self.transposed:
            windowed = columns.im2col(self.padded, self.axes)
            return np.einsum("uv,uvij->ij", self.applied, windowed)
        spread = np.einsum("uv,ij->uvij", self.applied, self.image)
        return columns.col2im(spread, self.axes)


def kernel_walk(
    image: Shaped[Array, "rows columns"],
    kernel: Shaped[Array, "u v"],
    *,
    position: tuple[int, int] = (0, 0),
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    transposed: bool = False,
    flip: bool = False,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    r"""Draw a kernel at one position of an image, with the pixels it reads and the sum it computes.

    Parameters
    ----------
    image
        An image of one channel.
    kernel
        The kernel.
    position
        Row and column of the output pixel, counted from 0; for a transposed convolution, of the
        image pixel that multiplies the kernel.
    stride, dilation, padding
        As for :class:`~striate.Conv`, in pixels.
    transposed
        Whether to draw the transposed convolution, which adds the kernel to the output once for
        each pixel of the image. Pixels that padding cuts off are dashed.
    flip
        Whether the kernel is rotated by 180 degrees first, as in a true convolution.
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
        If the image or the kernel does not have two axes, or the kernel does not fit.
    OptionError
        If an option has a value that is not allowed, or ``position`` lies outside the output.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.2, fig. 8.3; Wichmann fig. 2; Dumoulin and Visin 2016.

    Examples
    --------
    Hagan's figure 8.3, a 2 x 2 kernel with stride 2:

    >>> import numpy as np
    >>> ax = kernel_walk(np.arange(16).reshape(4, 4), np.ones((2, 2)), stride=2, position=(1, 0))
    >>> ax.texts[-1].get_text()
    '8·1 + 9·1 + 12·1 + 13·1 = 42'
    """
    setting = _setting(image, kernel, stride, dilation, padding, transposed, flip)
    at = position_of(position, [axis.output for axis in setting.axes])
    frame = setting.positions.index(at)
    shapes = [t.shape for t in _shapes(setting, still=frame) if t.first <= frame <= t.last]
    return draw_scene(limited(_scene(setting, shapes)), ax, theme)


def kernel_walk_animation(
    image: Shaped[Array, "rows columns"],
    kernel: Shaped[Array, "u v"],
    *,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    transposed: bool = False,
    flip: bool = False,
    seconds: float = 0.8,
) -> Animation:
    """Draw a kernel at all positions of an image, one after another.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, transposed, flip
        As for :func:`kernel_walk`.
    seconds
        How long a position is shown.

    Returns
    -------
    Animation
        Notebooks show it; ``save`` writes ``.svg`` and ``.gif`` files for slides.

    Raises
    ------
    ShapeError
        If the image or the kernel does not have two axes, the kernel does not fit, or it has more
        than 500 positions.
    OptionError
        If an option has a value that is not allowed.

    Sources
    -------
    Hagan fig. 8.2, fig. 8.3; Wichmann fig. 2; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import numpy as np
    >>> walk = kernel_walk_animation(np.eye(5), np.ones((3, 3)), padding=1, stride=2)
    >>> len(walk)
    9
    """
    setting = _setting(image, kernel, stride, dilation, padding, transposed, flip)
    count = len(setting.positions)
    if count > _MOST_FRAMES:
        raise ShapeError(
            f"The kernel has {count:,} positions on the image, but at most {_MOST_FRAMES} can be "
            "animated. Use a smaller image, for example x[:12, :12], or a larger stride."
        )
    shapes = list(_shapes(setting, still=None))
    scene = _scene(setting, [timed.shape for timed in shapes])
    return Animation(scene, shapes, count, seconds=seconds)


def _setting(
    image: Any,
    kernel: Any,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: Padding,
    transposed: bool,
    flip: bool,
) -> _Setting:
    """Check the arguments, and place the kernel on the image."""
    image, kernel = image_of("image", image), image_of("kernel", kernel)
    options: dict[str, Any] = {
        "window": kernel.shape,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
    }
    place = windows.transposed_axes if transposed else windows.axes
    axes = place(image.shape, name="kernel_size", **options)
    return _Setting(image=image, kernel=kernel, axes=axes, transposed=transposed, flip=flip)


def _scene(setting: _Setting, shapes: Sequence[Drawable]) -> Scene:
    """Make a scene of shapes, with a description."""
    rows, columns_ = setting.image.shape
    u, v = setting.kernel.shape
    kind = "transposed convolution" if setting.transposed else "convolution"
    about = (
        f"A {kind} of a {rows} x {columns_} image with a {u} x {v} kernel, "
        f"stride {setting.axes[0].stride}."
    )
    return Scene(shapes=tuple(shapes), unit=_UNIT, about=about)


def _grids(setting: _Setting) -> tuple[Grid, Grid, Grid]:
    """Lay image, kernel and output out next to each other, centered."""
    padding = tuple((axis.before, axis.end) for axis in setting.axes)
    none = ((0, 0), (0, 0))
    left, middle, right = setting.padded, setting.applied, setting.output
    tallest = max(len(left), len(middle), len(right))
    x, grids = 0.0, []
    for values, around in (
        (left, none if setting.transposed else padding),
        (middle, none),
        (right, padding if setting.transposed else none),
    ):
        grids.append(
            Grid(values=values, left=x, top=(tallest - len(values)) / 2, padding=around)  # pyright: ignore[reportArgumentType]  # two axes
        )
        x += values.shape[1] + _GAP
    return grids[0], grids[1], grids[2]


def _shapes(setting: _Setting, still: int | None) -> Iterator[Timed]:
    """Yield all shapes, each with the frames in which it is there.

    Parameters
    ----------
    setting
        What to draw.
    still
        For a picture of one position: its number. Then the values of the whole output are there.
    """
    grids = _grids(setting)
    image, kernel, output = grids
    last = len(setting.positions) - 1
    sizes = [grid.text_size for grid in grids]
    always: list[Drawable] = [*image.draw(sizes[0]), *kernel.draw(sizes[1])]
    always += _captions(setting, grids)
    for shape in always:
        yield Timed(shape=shape, first=0, last=last)
    if setting.transposed:
        yield from _sums_so_far(setting, output, sizes[2], still)
    else:
        yield from _outputs_so_far(setting, output, sizes[2], still)
    shown = range(last + 1) if still is None else [still]
    for frame in shown:
        for shape in _at(setting, grids, setting.positions[frame]):
            yield Timed(shape=shape, first=frame, last=frame)


def _outputs_so_far(
    setting: _Setting, output: Grid, size: float, still: int | None
) -> Iterator[Timed]:
    """Yield the cells of the output, each with its value from its own frame on."""
    last = len(setting.positions) - 1
    for frame, (row, column) in enumerate(setting.positions):
        empty = Rect(
            left=output.left + column,
            top=output.top + row,
            width=1,
            height=1,
            fill=SURFACE,
            stroke=FRAME,
        )
        yield Timed(shape=empty, first=0, last=last)
        since = 0 if still is not None else frame
        yield Timed(shape=output.cell(row, column), first=since, last=last)
        if size:
            yield Timed(shape=output.text(row, column, size), first=since, last=last)


def _sums_so_far(
    setting: _Setting, output: Grid, size: float, still: int | None
) -> Iterator[Timed]:
    """Yield the cells of a transposed convolution's output: sums that grow from frame to frame."""
    last = len(setting.positions) - 1
    scale = limits(output.values.ravel())
    sums = np.zeros_like(output.values, dtype=float)
    since = np.zeros(sums.shape, dtype=int)

    def cell(row: int, column: int, until: int) -> Iterator[Timed]:
        grid = Grid(
            values=sums, left=output.left, top=output.top, scale=scale, padding=output.padding
        )
        first = int(since[row, column])
        yield Timed(shape=grid.cell(row, column), first=first, last=until)
        if size:
            yield Timed(shape=grid.text(row, column, size), first=first, last=until)

    for frame, position in enumerate(setting.positions):
        if still is not None and frame > still:
            break
        for (u, v), (row, column) in setting.cells(position):
            if still is None and frame > since[row, column]:
                yield from cell(row, column, frame - 1)
            since[row, column] = 0 if still is not None else frame
            sums[row, column] += setting.applied[u, v] * setting.image[position]
    for row, column in product(*map(range, sums.shape)):
        yield from cell(row, column, last)


def _captions(setting: _Setting, grids: tuple[Grid, Grid, Grid]) -> list[Drawable]:
    """Write the signs between the grids, and below each grid what it is."""
    image, kernel, _ = grids
    bottom = max(grid.bounds.bottom for grid in grids)
    middle = bottom / 2
    sign = "∗" if setting.flip else "⊗"
    larger = _larger(grids)
    shapes: list[Drawable] = [
        Caption(x=image.bounds.right + _GAP / 2, y=middle, text=sign, size=0.6 * larger),
        Caption(x=kernel.bounds.right + _GAP / 2, y=middle, text="=", size=0.6 * larger),
    ]
    rotated = ", rotated" if setting.flip else ""
    words = (("image", setting.image), (f"kernel{rotated}", setting.kernel), ("output", None))
    texts: list[str] = []
    for word, values in words:
        if values is None:
            shape = [axis.length if setting.transposed else axis.output for axis in setting.axes]
        else:
            shape = values.shape
        texts.append(f"{word} {shape[0]}×{shape[1]}")
    size = min(
        _CAPTION * (grid.columns + _GAP - 0.2) / max(width(text, _CAPTION), grid.columns)
        for grid, text in zip(grids, texts, strict=True)
    )
    return shapes + [
        Caption(
            x=grid.center,
            y=bottom + 0.45 * larger,
            text=text,
            size=min(size, _CAPTION * larger),
            paint=MUTED,
        )
        for grid, text in zip(grids, texts, strict=True)
    ]


def _at(
    setting: _Setting, grids: tuple[Grid, Grid, Grid], position: tuple[int, ...]
) -> Iterator[Drawable]:
    """Draw what belongs to one position: the window, the output pixel, and the sum."""
    image, kernel, output = grids
    tags = kernel.written
    if max(len(text) for line in tags for text in line) > _LONGEST_TAG:
        tags = []
    target = output if setting.transposed else image
    own = image if setting.transposed else output
    for (u, v), (row, column) in setting.cells(position):
        yield Rect(
            left=target.left + column + 0.05,
            top=target.top + row + 0.05,
            width=0.9,
            height=0.9,
            stroke=ORANGE,
            weight=1.2,
        )
        if tags:
            yield from _corner(target.left + column, target.top + row, tags[u][v], _CORNER)
    window = [float(axis.stride * i) for axis, i in zip(setting.axes, position, strict=True)]
    yield _frame(
        target.left + window[1],
        target.top + window[0],
        setting.axes[1].reach,
        setting.axes[0].reach,
    )
    yield _frame(own.left + position[1], own.top + position[0], 1, 1)
    middle = (image.bounds.left + output.bounds.right) / 2
    bottom = max(grid.bounds.bottom for grid in grids)
    text = _arithmetic(setting, position)
    room = output.bounds.right - image.bounds.left
    larger = _larger(grids)
    size = min(_SUM * larger, room / width(text))
    yield Caption(x=middle, y=bottom + 1.15 * larger, text=text, size=size, paint=INK)


def _larger(grids: tuple[Grid, Grid, Grid]) -> float:
    """Return how much larger than usual words are, so that they can be read next to many cells."""
    return max(1.0, _UNIT * grids[2].bounds.right / LONGEST)


def _corner(left: float, top: float, text: str, size: float) -> Iterator[Drawable]:
    """Write a weight in the lower right corner of a cell, on a small tag."""
    wide, high = width(text, size) + 0.1, size * 1.15
    right, bottom = left + 0.95, top + 0.95
    fill = tint(ORANGE, 0.85)
    yield Polygon(
        points=(
            (right - wide, bottom - high),
            (right, bottom - high),
            (right, bottom),
            (right - wide, bottom),
        ),
        fill=fill,
        stroke=None,
    )
    yield Caption(
        x=right - wide / 2, y=bottom - high / 2, text=text, size=size, paint=text_on(fill)
    )


def _frame(left: float, top: float, wide: float, high: float) -> Rect:
    """Frame a window or a pixel."""
    return Rect(
        left=left, top=top, width=wide, height=high, stroke=ORANGE, weight=_FRAME_WIDTH, radius=0.06
    )


def _arithmetic(setting: _Setting, position: tuple[int, ...]) -> str:
    """Spell out what is computed at a position, without products with a weight of zero."""
    if setting.transposed:
        return f"{_factor(setting.image[position])} · kernel is added to the output"
    total, padded = float(setting.output[position]), setting.padded
    products = [
        f"{_factor(padded[cell])}·{_factor(setting.applied[tap])}"
        for tap, cell in setting.cells(position)
        if setting.applied[tap] != 0
    ]
    if len(products) > _MOST_PRODUCTS:
        products = [*products[: _MOST_PRODUCTS - 2], "…", products[-1]]
    return f"{' + '.join(products) or '0'} = {number(total)}"


def _factor(value: float) -> str:
    """Write a factor of a product: a negative number in brackets."""
    text = number(float(value), 2)
    return f"({text})" if text.startswith("-") else text
