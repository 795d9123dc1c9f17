"""The kernels of a convolution as images, and their derivatives."""

from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.paint import Theme
from striate.drawing.scene import Scene
from striate.drawing.sheet import ColorScale, SheetTile, sheet
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
_AXES_OF_KERNELS = 4  # output map, input map, row, column
_COLORS = 3


def kernels(
    network: Network,
    layer: str = "conv1",
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the kernels of a layer, one for each feature map.

    For one input map, positive weights are red and negative ones blue. For three, as for a color
    image, a kernel is drawn in color, and gray is zero. Otherwise each row is an input map.

    Parameters
    ----------
    network
        A network with a 2-D convolution.
    layer
        Name of the convolution.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        With the first 64 feature maps, and of those at most 8 input maps.

    Raises
    ------
    GraphError
        If the network has no such layer.
    OptionError
        If the layer has no 2-D kernels larger than 1x1.
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
    if w is None or w.ndim != _AXES_OF_KERNELS or w.shape[2:] == (1, 1):
        there = layers_with_kernels(network)
        raise OptionError(
            f'The kernels of "{layer}" cannot be drawn: only 2-D kernels larger than 1x1 can. '
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
        If the layer has no 2-D kernels larger than 1x1, or the trace no derivatives.
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
    if w is None or w.ndim != _AXES_OF_KERNELS or w.shape[2:] == (1, 1):
        raise OptionError(
            f'The kernels of "{layer}" cannot be drawn: only 2-D kernels larger than 1x1 can. '
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
        if name.endswith(".weight") and w.ndim == _AXES_OF_KERNELS and w.shape[2:] != (1, 1)
    ]


def kernel_sheet(w: Array, layer: str, *, colors: bool = True) -> Scene:
    """Arrange kernels in a sheet.

    Parameters
    ----------
    w
        ``[h, l, u, v]``.
    layer
        Name of the layer.
    colors
        Whether kernels of three input maps are drawn in color.

    Returns
    -------
    Scene
    """
    about = f"The kernels of {layer}: {_counted(w.shape, colors=colors)}."
    maps, inputs = w.shape[:2]
    if inputs == _COLORS and colors:
        return sheet(_colored(w[:_MOST_MAPS]), min(maps, 8), about=about)
    shown = w[:_MOST_MAPS, :_MOST_INPUTS]
    # One scale for all, with zero in the middle.
    scale = ColorScale(limit=ColorScale.of(shown).limit, signed=True)
    if inputs == 1:
        tiles = [scale.tile(kernel[0], above=str(h + 1)) for h, kernel in enumerate(shown)]
        return sheet(tiles, min(len(shown), 8), about=about, scale=scale)
    shown = shown[:16]
    tiles = [
        scale.tile(shown[h, l], above=str(h + 1) if l == 0 else "")
        for l in range(shown.shape[1])
        for h in range(len(shown))
    ]
    names = [f"input {l + 1}" for l in range(shown.shape[1])]
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
    maps, inputs, rows, columns = shape
    many = "s" if maps > 1 else ""
    if inputs == _COLORS and colors:
        pairs = ", as colors; gray is zero"
    else:
        pairs = "" if inputs == 1 else f" for each of {inputs} input maps"
    return f"{maps} kernel{many} of {rows} × {columns}{pairs}"
