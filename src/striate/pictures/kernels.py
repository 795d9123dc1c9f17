"""The kernels of a convolution as images, and their derivatives."""

from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.paint import Theme
from striate.drawing.scene import Scene
from striate.drawing.sheet import UNIT, ColorScale, CurveTile, SheetTile, sheet
from striate.errors import OptionError
from striate.graph.trace import Trace
from striate.model.network import Network
from striate.pictures.canvas import draw_scene
from striate.pictures.style import drawable
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_MOST_MAPS, _MOST_INPUTS = 64, 8
_ROOM = 24  # characters of the layer's name
_MOST_ROWS = 16
_FIRST_PIXEL_AXIS = 2  # after output map and input map
_SIGNAL, _PICTURE = 1, 2  # pixel axes
_COLORS = 3


def kernels(
    network: Network,
    layer: str = "conv1",
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the kernels of a layer, one for each feature map.

    Positive weights are red and negative ones blue. The pictures depend on the pixel axes:

    - *Pictures* (2-D): for three input maps, as for a color image, a kernel is drawn in color, and
      gray is zero. For other numbers of input maps, each row is an input map.
    - *Signals* (1-D): for one input map, a kernel is a curve. For several, it is an image with a
      row for each of them.
    - *Volumes* (3-D): a kernel is a column of planes, for one input map after the other.

    Parameters
    ----------
    network
        A network with a convolution.
    layer
        Name of the convolution.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        With the first 64 feature maps, and of those at most 8 input maps (for signals, all). For
        several input maps and for volumes, at most 16 feature maps; of volumes, 16 planes.

    Raises
    ------
    GraphError
        If the network has no such layer.
    OptionError
        If the layer has no kernels larger than one pixel.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan 8.20; Wichmann 4.1.

    Examples
    --------
    >>> import striate as st
    >>> ax = st.pictures.kernels(st.Network.preset("lenet5"))
    >>> ax.get_title("left")
    'conv1: 6 kernels of 5 × 5'
    """
    network.graph[layer]  # raises if there is no such layer, and lists the names
    w = network.parameters.get(f"{layer}.weight")
    if w is None or not _drawn(w):
        there = layers_with_kernels(network)
        raise OptionError(
            f'The kernels of "{layer}" cannot be drawn: only kernels larger than one pixel can. '
            + (f"Choose from {', '.join(there)}." if there else "This network has no such layer.")
        )
    name = drawable(layer, _ROOM)
    return draw_scene(kernel_sheet(w, layer), ax, theme, f"{name}: {_counted(w.shape)}")


def gradients(
    trace: Trace,
    layer: str = "conv1",
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the derivatives of the loss with respect to a layer's kernels.

    Parameters
    ----------
    trace
        A pass with targets: ``net.trace(x, y)``.
    layer
        Name of the convolution.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        As for :func:`kernels`.

    Raises
    ------
    GraphError
        If the network has no such layer.
    OptionError
        If the layer has no kernels larger than one pixel, or the trace no derivatives.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.12.

    Examples
    --------
    >>> import numpy as np
    >>> import striate as st
    >>> net = st.Network.parse("conv 4@3x3 tanh | dense 2 softmax", (8, 8, 1))
    >>> ax = st.pictures.gradients(net.trace(np.ones((1, 8, 8, 1)), [1]))
    >>> ax.get_title("left")
    'dW of conv1: 4 kernels of 3 × 3'
    """
    found = trace[layer]
    dw = found.dW[0] if isinstance(found.dW, tuple) else found.dW
    w = found.W[0] if isinstance(found.W, tuple) else found.W
    if w is None or not _drawn(w):
        raise OptionError(
            f'The kernels of "{layer}" cannot be drawn: only kernels larger than one pixel can. '
            "Choose a convolution."
        )
    if dw is None:
        raise OptionError(
            f"The trace has no derivatives of {layer}.weight, because it was made without targets. "
            "Use net.trace(x, y)."
        )
    name = drawable(layer, _ROOM)
    scene = kernel_sheet(dw, layer, colors=False)
    return draw_scene(scene, ax, theme, f"dW of {name}: {_counted(dw.shape, colors=False)}")


def layers_with_kernels(network: Network) -> list[str]:
    """List the layers whose kernels can be drawn.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    list of str
        Names, in the order of computation.

    Examples
    --------
    >>> layers_with_kernels(Network.preset("lenet5"))
    ['conv1', 'conv2']
    """
    return [
        name.removesuffix(".weight")
        for name, w in network.parameters.items()
        if name.endswith(".weight") and _drawn(w)
    ]


def _drawn(w: Array) -> bool:
    """Return whether weights are kernels larger than one pixel."""
    return w.ndim > _FIRST_PIXEL_AXIS and max(w.shape[_FIRST_PIXEL_AXIS:]) > 1


def kernel_sheet(w: Array, layer: str, *, colors: bool = True) -> Scene:
    """Arrange kernels in a sheet.

    Parameters
    ----------
    w
        ``[h, l, u]``, ``[h, l, u, v]`` or ``[h, l, u, v, w]``.
    layer
        Name of the layer.
    colors
        Whether kernels of three input maps are drawn in color.

    Returns
    -------
    Scene
    """
    about = f"The kernels of {layer}: {_counted(w.shape, colors=colors)}."
    maps, inputs = w.shape[:_FIRST_PIXEL_AXIS]
    rank = w.ndim - _FIRST_PIXEL_AXIS
    if rank == _PICTURE and inputs == _COLORS and colors:
        return sheet(_colored(w[:_MOST_MAPS]), min(maps, 8), about=about)
    # One scale for all, with zero in the middle.
    scale = ColorScale(limit=ColorScale.of(w[:_MOST_MAPS]).limit, signed=True)
    if rank == _SIGNAL:
        return _signal_sheet(w[:_MOST_MAPS], scale, about)
    if rank > _PICTURE:
        return _volume_sheet(w, scale, about)
    shown = w[:_MOST_MAPS, :_MOST_INPUTS]
    scale = ColorScale(limit=ColorScale.of(shown).limit, signed=True)
    if inputs == 1:
        tiles = [scale.tile(kernel[0], above=str(h + 1)) for h, kernel in enumerate(shown)]
        return sheet(tiles, min(len(shown), 8), about=about, scale=scale)
    shown = shown[:_MOST_ROWS]
    tiles = [
        scale.tile(shown[h, l], above=str(h + 1) if l == 0 else "")
        for l in range(shown.shape[1])
        for h in range(len(shown))
    ]
    names = [f"input {l + 1}" for l in range(shown.shape[1])]
    return sheet(tiles, len(shown), about=about, scale=scale, row_names=names, unit=64.0)


def _signal_sheet(w: Array, scale: ColorScale, about: str) -> Scene:
    """Draw kernels of signals: curves, or images with a row for each input map."""
    if w.shape[1] == 1:
        curves = [
            CurveTile(values=kernel[0], limit=scale.limit, above=str(h + 1))
            for h, kernel in enumerate(w)
        ]
        return sheet(curves, min(len(w), 4), about=about, scale=scale, unit=2 * UNIT)
    shown = w[:_MOST_ROWS]
    tiles = [scale.tile(kernel, above=str(h + 1)) for h, kernel in enumerate(shown)]
    return sheet(tiles, min(len(shown), 8), about=about, scale=scale)


def _volume_sheet(w: Array, scale: ColorScale, about: str) -> Scene:
    """Draw each kernel as a column of planes."""
    shown = w[:_MOST_ROWS]
    planes = [(l, u) for l in range(w.shape[1]) for u in range(w.shape[2])][:_MOST_ROWS]
    tiles = [
        scale.tile(kernel[l, u], above=str(h + 1) if row == 0 else "")
        for row, (l, u) in enumerate(planes)
        for h, kernel in enumerate(shown)
    ]
    lead = [f"input {l + 1}, " if w.shape[1] > 1 else "" for l, _ in planes]
    names = [f"{before}plane {u + 1}" for before, (_, u) in zip(lead, planes, strict=True)]
    return sheet(tiles, len(shown), about=about, scale=scale, row_names=names, unit=64.0)


def _colored(w: Array) -> list[SheetTile]:
    """Draw each kernel as a color image, with gray for zero."""
    limit = ColorScale.of(w).limit
    tiles: list[SheetTile] = []
    for h, kernel in enumerate(w):
        scaled = 0.5 + kernel.transpose(1, 2, 0).astype(np.float64) / (2 * limit)
        pixels = (255 * np.nan_to_num(scaled).clip(0, 1)).round().astype(np.uint8)
        tiles.append(SheetTile(pixels=pixels, above=str(h + 1)))
    return tiles


def _counted(shape: tuple[int, ...], *, colors: bool = True) -> str:
    """Write the number of kernels and their size."""
    maps, inputs, *pixels = shape
    many = "s" if maps > 1 else ""
    if inputs == _COLORS and colors and len(pixels) == _PICTURE:
        pairs = ", as colors; gray is zero"
    else:
        pairs = "" if inputs == 1 else f" for each of {inputs} input maps"
    size = " × ".join(map(str, pixels)) if len(pixels) > 1 else f"{pixels[0]} samples"
    return f"{maps} kernel{many} of {size}{pairs}"
