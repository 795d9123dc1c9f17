"""Convolution as a matrix product: the matrix of the kernel, and the matrix of the image."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.grid import Grid, number, size_for
from striate.drawing.paint import (
    CATEGORIES,
    FRAME,
    MUTED,
    ORANGE,
    SURFACE,
    Paint,
    Theme,
    between,
    limits,
    mixed,
    text_on,
)
from striate.drawing.scene import Caption, Drawable, Rect, Scene, limited
from striate.errors import OptionError, ShapeError
from striate.functions.options import SIZE
from striate.functions.writing import short
from striate.maths import matrices, windows
from striate.maths.padding import Padding, whole
from striate.maths.vectors import Order, vec
from striate.pictures.arguments import image_of, position_of
from striate.pictures.canvas import draw_scene
from striate.shapes import Array, Shaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_UNIT = 30.0
_GAP, _SIGN, _CAPTION = 1.4, 0.8, 0.42
_MOST_CELLS = 3_000
_FEW_COLORS = len(CATEGORIES)


def convolution_matrix(
    kernel: Shaped[Array, "u v"] | tuple[int, int],
    image_shape: tuple[int, int],
    *,
    order: Order = "rows",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    r"""Draw a convolution as a matrix; each weight has its own color wherever it is used.

    .. math:: vec(\mathbf{Z}) = \mathbf{M} \, vec(\mathbf{P})

    Parameters
    ----------
    kernel
        The kernel, for a matrix of its values; or its size ``(rows, columns)``, for a matrix of
        symbols, which are counted from 1.
    image_shape
        Rows and columns of the image.
    order, stride, dilation, padding
        As for :func:`striate.maths.convolution_matrix`.
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
        If the kernel does not fit, or the matrix would have more than 3,000 cells.
    OptionError
        If an option has a value that is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan, "Weight Sharing".

    Examples
    --------
    >>> ax = convolution_matrix((2, 2), (3, 3), order="columns")
    >>> ax.texts[0].get_text(), ax.texts[1].get_text()
    ('z', '1,1')
    """
    window, values = _kernel(kernel)
    _require_shape("image_shape", image_shape)
    walk = windows.axes(
        image_shape,
        window=window,
        stride=stride,
        dilation=dilation,
        padding=padding,
        name="kernel_size",
    )
    shared = matrices.shared_weights(
        window, tuple(image_shape), order=order, stride=stride, dilation=dilation, padding=padding
    )
    if shared.size > _MOST_CELLS:
        raise ShapeError(
            f"The matrix would have {shared.shape[0]} x {shared.shape[1]} cells, but at most "
            f"{_MOST_CELLS:,} can be drawn. Use a smaller image, for example (5, 5)."
        )
    places = tuple(axis.output for axis in walk)
    scene = _matrix_scene(shared, window, values, places, tuple(image_shape), order)
    return draw_scene(limited(scene), ax, theme)


def _kernel(kernel: Any) -> tuple[tuple[int, int], Array | None]:
    """Return the size of a kernel, and its values unless only its size was given."""
    if isinstance(kernel, tuple) and all(whole(n) for n in kernel):
        _require_shape("kernel", kernel)
        return kernel, None
    values = image_of("kernel", kernel)
    return values.shape, values


def _require_shape(name: str, shape: Any) -> None:
    """Raise if this is not a number of rows and one of columns."""
    if not isinstance(shape, Sequence) or len(shape) != 2 or not all(n in SIZE for n in shape):
        raise OptionError(f"`{name}` must be (rows, columns), got {short(shape)}. Try (3, 3).")


def _matrix_scene(
    shared: Shaped[Array, "places pixels"],
    window: tuple[int, int],
    values: Array | None,
    places: tuple[int, ...],
    image_shape: tuple[int, ...],
    order: Order,
) -> Scene:
    """Lay out the output vector, the matrix and the image vector."""
    colors = weight_colors(prod(window))
    rows, columns = shared.shape
    top = (columns - rows) / 2 if columns > rows else 0.0
    image_top = (rows - columns) / 2 if rows > columns else 0.0
    outputs, pixels = _indices("z", places, order), _indices("p", image_shape, order)
    weights = _weights(window, values)
    size = min(
        size_for(
            [text.replace("_{", "").replace("}", "") for text in [*outputs, *pixels, *weights]]
        ),
        0.36,
    )
    x = 0.0
    shapes = _vector(outputs, x, top, size)
    shapes.append(Caption(x=x + 1 + _GAP / 2, y=top + rows / 2, text="=", size=_SIGN))
    x += 1 + _GAP
    for (row, column), weight in np.ndenumerate(shared):
        fill = colors[weight] if weight >= 0 else SURFACE
        shapes.append(
            Rect(left=x + column, top=top + row, width=1, height=1, fill=fill, stroke=FRAME)
        )
        if size:
            text = weights[weight] if weight >= 0 else "0"
            paint = text_on(fill) if weight >= 0 else FRAME
            shapes.append(_symbol(x + column + 0.5, top + row + 0.5, text, size, paint))
    frame = Rect(left=x, top=top, width=columns, height=rows, stroke=MUTED, weight=1.5)
    shapes.append(frame)
    x += columns + 0.6
    shapes += _vector(pixels, x, image_top, size)
    u, v = window
    about = (
        f"The matrix of a convolution with a {u} x {v} kernel on a {image_shape[0]} x "
        f"{image_shape[1]} image: {rows} rows, each with the same {u * v} weights."
    )
    return Scene(shapes=tuple(shapes), unit=_UNIT, about=about)


def weight_colors(count: int) -> list[Paint]:
    """Return a color for each weight: hues without an order for a few, a scale for many.

    Examples
    --------
    >>> len(set(weight_colors(25)))
    25
    """
    if count <= _FEW_COLORS:
        return [mixed(SURFACE, paint, 0.6) for paint in CATEGORIES[:count]]
    stops = (CATEGORIES[0], CATEGORIES[2], CATEGORIES[4], CATEGORIES[1], CATEGORIES[3])
    return [mixed(SURFACE, between(stops, k / (count - 1)), 0.65) for k in range(count)]


def _weights(window: tuple[int, int], values: Array | None) -> list[str]:
    """Write the weights of a kernel, row by row."""
    if values is not None:
        return [number(float(value)) for value in values.ravel()]
    return _indices("w", window, "rows")


def _indices(letter: str, shape: tuple[int, ...], order: Order) -> list[str]:
    """Write the pixels of an image, counted from 1."""
    names = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        names[index] = f"{letter}_{{{','.join(str(i + 1) for i in index)}}}"
    return [str(name) for name in vec(names[np.newaxis], order=order).ravel()]


def _vector(texts: list[str], left: float, top: float, size: float) -> list[Drawable]:
    """Draw a column of symbols."""
    shapes: list[Drawable] = []
    for k, text in enumerate(texts):
        shapes.append(Rect(left=left, top=top + k, width=1, height=1, fill=SURFACE, stroke=FRAME))
        if size:
            shapes.append(_symbol(left + 0.5, top + k + 0.5, text, size, MUTED))
    frame = Rect(left=left, top=top, width=1, height=len(texts), stroke=MUTED, weight=1.5)
    return [*shapes, frame]


def _symbol(x: float, y: float, text: str, size: float, paint: Paint) -> Caption:
    return Caption(x=x, y=y, text=text, size=size, paint=paint, math="_{" in text)


def im2col(
    image: Shaped[Array, "rows columns"],
    window: int | Sequence[int],
    *,
    position: tuple[int, int] = (0, 0),
    kernel: Shaped[Array, "u v"] | None = None,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    padding: Padding = "valid",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    r"""Draw an image and the matrix of its windows, one column for each position.

    .. math:: \mathbf{h} = \mathbf{K}_f \, \mathbf{v}_I

    Parameters
    ----------
    image
        An image of one channel.
    window
        Rows and columns of the window; one number for a square.
    position
        The position whose window and column are framed.
    kernel
        Weights of the window, to draw the product with the matrix; by default only the matrix.
    stride, dilation, padding
        How the window moves, in pixels.
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
        If the window does not fit, ``kernel`` has another size than ``window``, or the matrix would
        have more than 3,000 cells.
    OptionError
        If an option has a value that is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Wolter, "Image to column and the forward pass".

    Examples
    --------
    >>> import numpy as np
    >>> ax = im2col(np.arange(9).reshape(3, 3), (2, 2), kernel=[[1, 0], [0, 1]])
    >>> ax.texts[-1].get_text()
    'kernel × windows'
    """
    image = image_of("image", image)
    size = (window, window) if isinstance(window, int) else tuple(window)
    _require_shape("window", size)
    walk = windows.axes(image.shape, window=size, stride=stride, dilation=dilation, padding=padding)
    matrix = matrices.im2col_matrix(
        image[np.newaxis], size, stride=stride, dilation=dilation, padding=padding
    )
    if matrix.size > _MOST_CELLS:
        raise ShapeError(
            f"The matrix would have {matrix.shape[0]} x {matrix.shape[1]} cells, but at most "
            f"{_MOST_CELLS:,} can be drawn. Use a smaller image, for example x[:8, :8]."
        )
    at = position_of(position, [axis.output for axis in walk])
    weights = None
    if kernel is not None:
        weights = image_of("kernel", kernel)
        if weights.shape != size:
            raise ShapeError(
                f"`kernel` has shape {weights.shape}, but the window is {size}. "
                "Use window=kernel.shape."
            )
    return draw_scene(limited(_columns_scene(image, matrix, walk, at, weights)), ax, theme)


def _columns_scene(
    image: Array,
    matrix: Array,
    walk: tuple[windows.Axis, ...],
    at: tuple[int, ...],
    weights: Array | None,
) -> Scene:
    """Lay out the image and the matrix; below them the row of weights and the results.

    As in Falk's scheme, each result is where its row of weights and its column cross.
    """
    taps, places = matrix.shape
    scale = limits(image.ravel())
    left = max(image.shape[1], taps if weights is not None else 0) + _GAP
    high = max(len(image), taps)
    grid = Grid(
        values=image,
        left=(left - _GAP - image.shape[1]) / 2,
        top=(high - len(image)) / 2,
        scale=scale,
    )
    columns = Grid(values=matrix, left=left, top=(high - taps) / 2, scale=scale)
    size = min(grid.text_size, columns.text_size)
    shapes = [*grid.draw(size), *columns.draw(size)]
    shapes.append(_arrow_text((grid.bounds.right + left) / 2, high / 2))
    captions = [
        (grid.center, -0.45, f"image {image.shape[0]}×{image.shape[1]}"),
        (columns.center, -0.45, f"windows {taps}×{places}"),
    ]
    frame = [axis.stride * i - axis.before for axis, i in zip(walk, at, strict=True)]
    column = int(np.ravel_multi_index(at, [axis.output for axis in walk]))
    shapes += [
        _window(grid.left + frame[1], grid.top + frame[0], walk[1].reach, walk[0].reach),
        _window(left + column, columns.top, 1, taps),
    ]
    if weights is not None:
        row = weights.reshape(1, -1)
        below = high + 0.7
        flat = Grid(values=row, left=left - _GAP - taps, top=below)
        out = Grid(values=row @ matrix, left=left, top=below)
        shapes += [*flat.draw(), *out.draw()]
        shapes.append(_arrow_text(left - _GAP / 2, below + 0.5))
        captions += [
            (flat.center, below + 1.4, "kernel"),
            (out.center, below + 1.4, "kernel × windows"),
        ]
        shapes.append(_window(left + column, below, 1, 1))
    shapes += [Caption(x=x, y=y, text=text, size=_CAPTION, paint=MUTED) for x, y, text in captions]
    about = (
        f"A {image.shape[0]} x {image.shape[1]} image, and the matrix of its {places} windows, one "
        "column for each position."
    )
    return Scene(shapes=tuple(shapes), unit=_UNIT, about=about)


def _window(left: float, top: float, wide: float, high: float) -> Rect:
    return Rect(left=left, top=top, width=wide, height=high, stroke=ORANGE, weight=3.0, radius=0.06)


def _arrow_text(x: float, y: float) -> Caption:
    return Caption(x=x, y=y, text="→", size=_SIGN, paint=MUTED)
