"""A whole pass through a network: the maps of all layers for one image, from the input on."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.diagrams.blocks import operation
from striate.diagrams.facts import LayerFacts, facts
from striate.diagrams.layout import DiagramNode, arrange
from striate.drawing.paint import FRAME, GRAY, INK, MUTED, ORANGE, Paint, Theme
from striate.drawing.scene import Caption, Drawable, Raster, Rect, moved
from striate.drawing.sheet import ColorScale
from striate.drawing.text import fitted
from striate.drawing.text import width as text_width
from striate.errors import OptionError
from striate.functions.options import COUNT, POSITIVE, OneOf, require
from striate.graph.trace import Trace
from striate.maths.padding import whole
from striate.pictures.canvas import PIXELS_PER_INCH, draw_scene
from striate.pictures.samples import rgb
from striate.pictures.style import drawable
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_LARGEST, _SMALLEST = 62.0, 22.0  # pixels of a map
_SIDE = 3.0  # pixels of a map for each of its own, up to the largest
_GAP = 5.0
_CELL, _TALLEST, _BAR_HEIGHT, _BAR_WIDTH = 6.0, 180.0, 16.0, 48.0
_MOST_BARS = 12
_TEXT, _NAME = 12.0, 10.0
_ROOM = 14  # characters of a class
_MARGINS = 0.75  # inches around the layers of a line, with the arrows to the next line
_SHARES = OneOf(("A", "dA"))


def activations(
    trace: Trace,
    *,
    quantity: str = "A",
    image: int = 0,
    most: int = 16,
    classes: Sequence[object] = (),
    width: float = 13.5,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw a whole pass: what every layer computes for an image, or all derivatives.

    Each layer has its own color scale: positive values are red and negative ones blue. The outputs
    of a classifier with at most 12 classes are bars.

    Parameters
    ----------
    trace
        A pass: ``net.trace(x)``, or ``net.trace(x, y)`` for derivatives.
    quantity
        ``"A"``, or ``"dA"`` for the derivatives of the loss.
    image
        Which image of the pass, counted from 0.
    most
        The largest number of maps of a layer to draw.
    classes
        Names of the outputs, for the bars; by default their indices.
    width
        The largest width of the picture, in inches. If the layers need more room, they are drawn in
        several lines. Use 7.5 for a page of text, on which a wider picture becomes too small.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        A unit is a pixel of 1/96 inch.

    Raises
    ------
    OptionError
        If the quantity is unknown or not in the trace, there is no such image, or another option
        has a value that is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.6, fig. 8.12; Wichmann fig. 4.

    Examples
    --------
    >>> import numpy as np
    >>> import striate as st
    >>> net = st.Network.parse("conv 4@3x3 tanh | dense 2 softmax", (8, 8, 1))
    >>> ax = st.pictures.activations(net.trace(np.ones((1, 8, 8, 1))), classes=("cat", "dog"))
    >>> [text.get_text() for text in ax.texts if text.get_text() in {"cat", "dog"}]
    ['cat', 'dog']
    """
    require("quantity", quantity, _SHARES, example="A")
    require("most", most, COUNT, example=16)
    require("width", width, POSITIVE, example=7.0)
    count = len(next(iter(trace.inputs.values())))
    if not whole(image) or not -count <= image < count:
        raise OptionError(
            f"`image` must be an integer below {count}, the number of images in the trace, got "
            f"{image!r:.60}. Try 0."
        )
    nodes: list[DiagramNode] = []
    for layer in facts(trace.graph):
        values = _values(trace, layer, quantity)
        if values is None:
            raise OptionError(
                "The trace has no derivatives, because it was made without targets. "
                "Use net.trace(x, y)."
            )
        is_output = quantity == "A" and layer.name in trace.graph.outputs
        nodes.append(
            _node(
                layer, values[image], most, classes if is_output else None, natural=quantity == "A"
            )
        )
    what = "The activations" if quantity == "A" else "The derivatives of the activations"
    scene, _ = arrange(
        nodes, f"{what} of all layers for an image.", widest=PIXELS_PER_INCH * (width - _MARGINS)
    )
    return draw_scene(scene, ax, theme)


def _values(trace: Trace, layer: LayerFacts, quantity: str) -> Array | None:
    """Find the activation of a layer or an input, or its derivatives."""
    if not layer.is_input:
        return trace[layer.name].A if quantity == "A" else trace[layer.name].dA
    inputs = trace.inputs if quantity == "A" else trace.d_inputs
    if quantity == "dA" and layer.name not in inputs:
        # The derivatives of the pixels are not computed: gray, unless there are none at all.
        known = any(one.dA is not None for one in trace.values())
        return np.full_like(trace.inputs[layer.name], np.nan) if known else None
    return inputs[layer.name]


def _node(
    layer: LayerFacts,
    values: Array,
    most: int,
    classes: Sequence[object] | None,
    *,
    natural: bool,
) -> DiagramNode:
    """Draw the maps of one layer, with its size and its name below."""
    if values.ndim == 1 and classes is not None and _are_bars(values):
        shapes, wide, high = _bars(values, classes)
        size = layer.size
    elif values.ndim == 1:
        shapes, wide, high = _cells(values)
        size = layer.size
    elif natural and layer.is_input and values.ndim == 3 and len(values) in {1, 3}:
        shapes, wide, high = _image(values)
        size = layer.size
    else:
        shapes, wide, high = _maps(values, most)
        hidden = len(values) > most
        size = f"{layer.size}, {most} shown" if hidden else layer.size
    name = fitted(layer.name, max(wide, 90.0), _NAME)
    total = max(wide, text_width(size, _TEXT, bold=True), text_width(name, _NAME))
    left = (total - wide) / 2
    shapes = moved(shapes, left, -high / 2)
    shapes += [
        Caption(x=total / 2, y=high / 2 + 14, text=size, size=_TEXT, paint=INK, bold=True),
        Caption(x=total / 2, y=high / 2 + 29, text=name, size=_NAME, paint=MUTED),
    ]
    label = operation(layer)
    lead = max([30.0, *(text_width(text, 11.0) + 14 for text in label)])
    return DiagramNode(
        name=layer.name,
        shapes=tuple(shapes),
        width=total,
        up=high / 2,
        down=high / 2 + 36,
        lead=lead,
        label=label,
        sources=layer.sources,
    )


def _are_bars(values: Array) -> bool:
    """Return whether outputs are few and not negative, as probabilities are."""
    return len(values) <= _MOST_BARS and not (values < 0).any()


def _image(values: Array) -> tuple[list[Drawable], float, float]:
    """Draw an input image as it is, gray or in color."""
    pixels = rgb(np.moveaxis(values, 0, -1))
    rows, columns = pixels.shape[:2]
    side = min(_LARGEST, max(_SMALLEST, _SIDE * max(rows, columns)))
    wide, high = side * columns / max(rows, columns), side * rows / max(rows, columns)
    picture = Raster(left=0.0, top=0.0, width=wide, height=high, pixels=pixels)
    frame = Rect(left=0.0, top=0.0, width=wide, height=high, stroke=FRAME, weight=0.7)
    return [picture, frame], wide, high


def _maps(values: Array, most: int) -> tuple[list[Drawable], float, float]:
    """Arrange maps in a grid that is higher than wide, and filled if possible."""
    planes = [one.reshape(-1, one.shape[-1]) for one in values[:most]]
    rows, columns = planes[0].shape
    side = min(_LARGEST, max(_SMALLEST, _SIDE * max(rows, columns)))
    wide, high = side * columns / max(rows, columns), max(side * rows / max(rows, columns), 8.0)
    near = max(1, math.floor(math.sqrt(len(planes) * high / wide / 1.4)))
    across = next((n for n in (near, near + 1) if len(planes) % n == 0), near)
    scale = ColorScale.of(values)
    shapes: list[Drawable] = []
    for k, plane in enumerate(planes):
        row, column = divmod(k, across)
        left, top = column * (wide + _GAP), row * (high + _GAP)
        shapes += _raster(scale, plane, left, top, wide, high)
    down = math.ceil(len(planes) / across)
    return shapes, across * (wide + _GAP) - _GAP, down * (high + _GAP) - _GAP


def _raster(
    scale: ColorScale, values: Array, left: float, top: float, wide: float, high: float
) -> list[Drawable]:
    """Draw values as an image with a frame."""
    return [
        Raster(
            left=left,
            top=top,
            width=wide,
            height=high,
            pixels=scale.colored(values, dark=False),
            dark=scale.colored(values, dark=True),
        ),
        Rect(left=left, top=top, width=wide, height=high, stroke=FRAME, weight=0.7),
    ]


def _cells(values: Array) -> tuple[list[Drawable], float, float]:
    """Draw neurons as a block of cells, higher than wide."""
    across = max(1, round(math.sqrt(len(values) / 3)))
    down = -(-len(values) // across)
    places = np.full(across * down, np.nan)
    places[: len(values)] = values
    cell = min(_CELL, _TALLEST / down)
    wide, high = across * cell, down * cell
    grid = places.reshape(down, across)
    return _raster(ColorScale.of(values), grid, 0.0, 0.0, wide, high), wide, high


def _bars(values: Array, classes: Sequence[object]) -> tuple[list[Drawable], float, float]:
    """Draw outputs as bars with names, the largest one in color."""
    names = [drawable(str(name), _ROOM) for name in classes] if len(classes) else []
    if len(names) != len(values):
        names = [str(k) for k in range(len(values))]
    margin = max(text_width(name, _NAME, bold=True) for name in names) + 6
    limit = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    best = int(np.nanargmax(values)) if np.isfinite(values).any() else -1
    shapes: list[Drawable] = []
    for k, (name, value) in enumerate(zip(names, values, strict=True)):
        middle = (k + 0.5) * _BAR_HEIGHT
        paint: Paint = ORANGE if k == best else GRAY
        long = _BAR_WIDTH * float(np.nan_to_num(value, posinf=limit)) / limit
        shapes += [
            Caption(
                x=margin - 6,
                y=middle,
                text=name,
                size=_NAME,
                anchor="end",
                bold=k == best,
            ),
            Rect(left=margin, top=middle - 5, width=max(long, 0.8), height=10, fill=paint),
        ]
    return shapes, margin + _BAR_WIDTH, len(values) * _BAR_HEIGHT
