"""The feature maps of a pass: activations, net inputs, and their derivatives."""

from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.paint import Theme
from striate.drawing.scene import Scene
from striate.drawing.sheet import UNIT, ColorScale, sheet
from striate.errors import OptionError
from striate.functions.options import COUNT, OneOf, require
from striate.graph.trace import LayerTrace, Trace
from striate.maths.padding import whole
from striate.pictures.canvas import draw_scene
from striate.pictures.style import drawable
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

QUANTITIES = ("A", "N", "Z", "dA", "dN", "dZ")
"""Hagan's names of what a layer computes for each image, forward and backward."""

_WORDS = {
    "A": "activation A",
    "N": "net input N",
    "Z": "weight-function output Z",
    "dA": "derivatives dA",
    "dN": "derivatives dN",
    "dZ": "derivatives dZ",
}
_ROOM = 24  # characters of the layer's name
_MOST_COLUMNS = 8
_NEURONS_IN_A_ROW = 20
_VECTOR_WIDTH = 420.0  # pixels


def feature_maps(
    trace: Trace,
    layer: str,
    *,
    quantity: str = "A",
    image: int = 0,
    most: int = 64,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw what a layer computes for an image, map by map, or the derivatives.

    All maps have the same color scale. Positive values are red and negative ones blue. Without
    negative values, larger values are darker, or on dark pages lighter.

    Parameters
    ----------
    trace
        A pass: ``net.trace(x)``, or ``net.trace(x, y)`` for derivatives.
    layer
        Name of the layer.
    quantity
        ``"A"``, ``"N"`` or ``"Z"``; ``"dA"``, ``"dN"`` or ``"dZ"`` for derivatives of the loss.
    image
        Which image of the pass, counted from 0.
    most
        The largest number of maps to draw.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        A map is one unit wide. The neurons of a dense layer are drawn as rows of squares.

    Raises
    ------
    GraphError
        If the network has no such layer.
    OptionError
        If the quantity is unknown or not in the trace, or there is no such image.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.6, fig. 8.7, fig. 8.12.

    Examples
    --------
    >>> import numpy as np
    >>> import striate as st
    >>> net = st.Network.parse("conv 4@3x3 tanh | dense 2 softmax", (8, 8, 1))
    >>> ax = st.pictures.feature_maps(net.trace(np.ones((1, 8, 8, 1))), "conv1")
    >>> ax.get_title("left")
    'conv1: activation A, 4@6×6'
    """
    require("quantity", quantity, OneOf(QUANTITIES), example="A")
    require("most", most, COUNT, example=64)
    values = _values(trace[layer], quantity)
    if not whole(image) or not -len(values) <= image < len(values):
        raise OptionError(
            f"`image` must be an integer below {len(values)}, the number of images in the trace, "
            f"got {image!r:.60}. Try 0."
        )
    one = values[image]
    name = drawable(layer, _ROOM)
    size = f"{one.shape[0]}@{'×'.join(map(str, one.shape[1:]))}" if one.ndim > 1 else str(len(one))
    shown = f", the first {most}" if one.ndim > 1 and len(one) > most else ""
    heading = f"{name}: {_WORDS[quantity]}, {size}{shown}"
    return draw_scene(maps_sheet(one, heading, most), ax, theme, heading)


def _values(layer: LayerTrace, quantity: str) -> Array:
    """Find a quantity of a layer."""
    values = getattr(layer, quantity)
    if isinstance(values, tuple):
        values = values[0]
    if values is None:
        raise OptionError(
            f"The trace has no {quantity} of {layer.name}, because it was made without targets. "
            "Use net.trace(x, y)."
        )
    return values


def maps_sheet(one: Array, about: str, most: int) -> Scene:
    """Arrange the maps of one image in a sheet, with one color scale.

    Parameters
    ----------
    one
        ``[map, *pixels]``, or ``[neuron]``.
    about
        Description.
    most
        The largest number of maps.

    Returns
    -------
    Scene
    """
    scale = ColorScale.of(one)
    if one.ndim == 1:
        tiles, columns, unit = [scale.tile(_in_rows(one))], 1, _VECTOR_WIDTH
    elif one.ndim == 2:
        tiles = [scale.tile(_thick(signal)) for signal in one[:most]]
        columns, unit = 1, _VECTOR_WIDTH
    else:
        planes = one.reshape(-1, *one.shape[-2:])[:most]
        names = [str(h + 1) if len(planes) > 1 else "" for h in range(len(planes))]
        tiles = [scale.tile(plane, above=name) for plane, name in zip(planes, names, strict=True)]
        columns, unit = min(len(tiles), _MOST_COLUMNS), UNIT
    return sheet(tiles, columns, about=about, scale=scale, unit=unit)


def _in_rows(neurons: Array) -> Array:
    """Arrange neurons in rows, the last of which may have empty places."""
    columns = min(len(neurons), _NEURONS_IN_A_ROW)
    rows = -(-len(neurons) // columns)
    places = np.full(rows * columns, np.nan)
    places[: len(neurons)] = neurons
    return places.reshape(rows, columns)


def _thick(signal: Array) -> Array:
    """Repeat a signal in rows, so that it is a band of a twentieth of its length."""
    return np.repeat(signal[np.newaxis], max(1, round(len(signal) / 20)), axis=0)
