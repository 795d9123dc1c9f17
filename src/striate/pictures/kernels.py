"""The kernels of a convolution as images."""

import math
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import OptionError
from striate.model.network import Network
from striate.pictures.style import (
    INK,
    LABEL,
    SIGNED,
    SMALL,
    bare_panel,
    drawable,
    heading,
    in_own_style,
    new_figure,
)
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_MAPS, _MOST_INPUTS = 64, 8
_ROOM = 24  # characters of the layer's name
_AXES_OF_KERNELS = 4  # output map, input map, row, column
_COLORS = 3


@in_own_style
def kernels(network: Network, layer: str = "conv1") -> "Figure":
    """Draw the kernels of a layer, one for each feature map.

    For one input map, positive weights are red and negative ones blue. For three, as for a color
    image, a kernel is drawn in color, and gray is zero. Otherwise each row is an input map.

    Parameters
    ----------
    network
        A network with a 2-D convolution.
    layer
        Name of the convolution.

    Returns
    -------
    Figure
        The first 64 feature maps, and of those at most 8 input maps.

    Raises
    ------
    OptionError
        If the network has no such convolution.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan 8.20; Wichmann 4.1.
    """
    w = network.parameters.get(f"{layer}.weight")
    if w is None or w.ndim != _AXES_OF_KERNELS or w.shape[2:] == (1, 1):
        there = ", ".join(layers_with_kernels(network))
        raise OptionError(
            f"The kernels of {layer!r} cannot be drawn: only 2-D kernels larger than 1x1 can. "
            + (f"Choose from {there}." if there else "This network has no such layer.")
        )
    if w.shape[1] == _COLORS:
        return _colored(w, layer)
    return _signed(w[:_MOST_MAPS, :_MOST_INPUTS], layer, w.shape)


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


def _signed(w: Array, layer: str, shape: tuple[int, ...]) -> "Figure":
    """Draw each kernel in red and blue, with one scale for all."""
    maps, inputs = w.shape[:2]
    if inputs == 1:
        columns = min(maps, 8)
        rows = math.ceil(maps / columns)
        tiles = [w[h, 0] for h in range(maps)]
        names = [str(h + 1) for h in range(maps)]
    else:
        columns, rows = min(maps, 16), inputs
        tiles = [w[h, l] for l in range(rows) for h in range(columns)]
        names = [str(h + 1) if l == 0 else "" for l in range(rows) for h in range(columns)]
    least, height = (3.2, 1.2) if inputs == 1 else (5.2, 0.98)  # room for the heading, for a row
    figure = new_figure(max(least, 1.3 + 0.95 * columns), 0.9 + height * rows)
    limit = _largest(w)
    panels = figure.subplots(rows, columns, squeeze=False)
    drawn = None
    for axes, tile, name in zip(panels.ravel(), tiles, names, strict=False):
        drawn = axes.imshow(tile, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
        bare_panel(axes)
        axes.set_title(name, fontsize=SMALL, color=INK, pad=3)
    for axes in panels.ravel()[len(tiles) :]:
        axes.set_visible(False)
    for l, axes in enumerate(panels[:, 0] if inputs > 1 else ()):
        axes.set_ylabel(f"input {l + 1}", fontsize=SMALL, color=INK)
    assert drawn is not None
    bar = figure.colorbar(drawn, ax=panels, fraction=0.05, pad=0.02, aspect=25)
    bar.ax.tick_params(labelsize=SMALL, colors=INK)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]  # a spine, typed as its list
    bar.set_label("weight", fontsize=LABEL, color=INK)
    heading(figure, _heading(layer, shape))
    return figure


def _colored(w: Array, layer: str) -> "Figure":
    """Draw each kernel as a color image, with gray for zero."""
    shown = w[:_MOST_MAPS]
    columns = min(len(shown), 8)
    rows = math.ceil(len(shown) / columns)
    figure = new_figure(max(6.0, 0.6 + 0.95 * columns), 0.9 + 1.2 * rows)
    limit = _largest(w)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for h, (axes, kernel) in enumerate(zip(panels, shown, strict=False)):
        scaled = 0.5 + kernel.transpose(1, 2, 0).astype(np.float64) / (2 * limit)
        axes.imshow(np.nan_to_num(scaled).clip(0, 1), interpolation="nearest")
        bare_panel(axes)
        axes.set_title(str(h + 1), fontsize=SMALL, color=INK, pad=3)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    heading(figure, f"{_heading(layer, w.shape)}, as colors; gray is zero")
    return figure


def _largest(w: Array) -> float:
    """Find the end of the color scale: the largest weight, without its sign."""
    finite = np.abs(w[np.isfinite(w)])
    return float(finite.max(initial=0.0)) or 1.0


def _heading(layer: str, shape: tuple[int, ...]) -> str:
    """Write the layer, the number of its kernels and their size."""
    maps, inputs, rows, columns = shape
    many = "s" if maps > 1 else ""
    pairs = "" if inputs in {1, _COLORS} else f" for each of {inputs} input maps"
    return f"{drawable(layer, _ROOM)}: {maps} kernel{many} of {rows} × {columns}{pairs}"
