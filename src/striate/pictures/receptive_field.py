"""The receptive field of an output pixel on a picture, and the pixels that no output depends on."""

from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.paint import CATEGORIES, Theme
from striate.drawing.text import width as text_width
from striate.errors import OptionError, ShapeError
from striate.graph.dependence import inputs_behind, uncovered
from striate.graph.graph import describe
from striate.model.network import Network
from striate.pictures.arguments import position_of
from striate.pictures.score_map import scene_of
from striate.pictures.style import TITLE, ThemeColors, bare_panel, drawable, panel, title
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_SIDE = 4.2  # inches
_ROOM = 24  # characters of the layer's name
_DIM, _GRAY = 0.4, 128  # how much of the picture outside the field is left, and the rest


def receptive_field(
    network: Network,
    layer: str,
    image: Array | None = None,
    *,
    position: tuple[int, int] | None = None,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the pixels that an output pixel depends on, over a picture.

    The receptive field is framed, the rest of the picture is dimmed. Pixels that no output pixel of
    the layer depends on are hatched: a stride skips them, or the floor in the formula of the size
    leaves them out at the edge.

    Parameters
    ----------
    network
        A network for images.
    layer
        Name of the layer.
    image
        A picture of the network's input size, channels last; by default an empty one.
    position
        Row and column of the output pixel, counted from 0; by default the middle. A dense layer
        has no position: it depends on everything.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Columns and rows of the picture are the coordinates.

    Raises
    ------
    GraphError
        If the network has no such layer.
    ShapeError
        If the network's input or the picture has the wrong shape.
    OptionError
        If ``position`` lies outside the output, or the layer rearranges pixels.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.2; Dumoulin and Visin 2016.

    Examples
    --------
    >>> import striate as st
    >>> ax = st.pictures.receptive_field(st.Network.preset("lenet5"), "average2")
    >>> ax.get_title("left")
    'average2 (16@5×5) at (2, 2) depends on 16×16 pixels'
    """
    graph = network.graph
    place = graph[layer]
    name, shape = next(iter(graph.inputs.items()))
    if len(shape) != 3:
        raise ShapeError(
            f"A receptive field can be drawn for images with rows and columns, but the input of "
            f"this network is {describe(shape)}. Use summary() for its size."
        )
    picture = _picture(image, shape[1:])
    sizes = place.shape[1:]
    if len(sizes) == 2:
        middle = (sizes[0] // 2, sizes[1] // 2)
        at = position_of(middle if position is None else position, sizes)
        one = np.zeros(sizes, bool)
        one[at] = True
        where = f" at ({at[0]}, {at[1]})"
    elif position is not None:
        raise OptionError(
            f"`position` must be left out for {layer}: its output {describe(place.shape)} has no "
            "rows and columns."
        )
    else:
        one, where = np.ones(sizes, bool), ""
    field = inputs_behind(graph, layer, one)[name]
    hidden = uncovered(graph, layer)[name]
    rows, columns = (np.flatnonzero(field.any(axis=k)) for k in (1, 0))
    extent = (
        f"{rows[-1] - rows[0] + 1}×{columns[-1] - columns[0] + 1} pixels"
        if rows.size
        else "nothing"
    )
    words = f"{drawable(layer, _ROOM)} ({describe(place.shape).replace('x', '×')}){where}"
    heading = f"{words} depends on {extent}"
    share = shape[2] / shape[1]
    size = (_SIDE * min(1.0, share) + 0.2, _SIDE / max(1.0, share) + 0.9)
    needed = 1.05 * text_width(heading, TITLE / 72) + 0.3
    with panel(ax, theme, (max(size[0], needed), size[1])) as (axes, look):
        axes.imshow(_dimmed(picture, field, hidden, look), interpolation="nearest")
        _hatch(axes, look, hidden)
        if rows.size:
            _frame(axes, look, rows, columns)
        bare_panel(axes, frame=look.frame)
        title(axes, heading, look)
        if hidden.any():
            axes.set_xlabel(
                f"hatched: {int(hidden.sum()):,} uncovered pixels, which no output depends on",
                fontsize=look.points(9.0),
                color=look.muted,
                loc="left",
            )
    return axes


def _picture(image: Any, sizes: tuple[int, ...]) -> Array:
    """Return the user's picture as colors, or an empty one."""
    if image is None:
        return np.full((*sizes, 3), 205, np.uint8)
    picture = scene_of(image)
    if picture.shape[:2] != sizes:
        raise ShapeError(
            f"`image` has {picture.shape[0]} x {picture.shape[1]} pixels, but the network's input "
            f"has {sizes[0]} x {sizes[1]}. Use net.at(...) for images of another size."
        )
    return picture


def _dimmed(picture: Array, field: Array, hidden: Array, look: ThemeColors) -> Array:
    """Mix the pixels outside the field with gray, and those that are hatched with the page."""
    page = np.array([int(look.surface[k : k + 2], 16) for k in (1, 3, 5)])
    outside = _DIM * picture + (1 - _DIM) * np.where(hidden[..., np.newaxis], page, _GRAY)
    return np.where(field[..., np.newaxis], picture, outside).round().astype(np.uint8)


def _hatch(axes: "Axes", look: ThemeColors, hidden: Array) -> None:
    """Hatch pixels, in rectangles: runs of each row that the next rows repeat are joined."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy

    for top, left, height, width in rectangles(hidden):
        axes.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5),
                width,
                height,
                facecolor="none",
                edgecolor=look.ink,
                hatch="/////",
                linewidth=0.0,
            )
        )


def rectangles(marked: Array) -> list[tuple[int, int, int, int]]:
    """Cover marked pixels with rectangles that don't overlap.

    Parameters
    ----------
    marked
        ``[row, column]``, booleans.

    Returns
    -------
    list
        ``(top, left, height, width)`` of each.

    Examples
    --------
    >>> rectangles(np.array([[True, True, False], [True, True, False], [False, False, True]]))
    [(0, 0, 2, 2), (2, 2, 1, 1)]
    """
    found: list[tuple[int, int, int, int]] = []
    above: dict[tuple[int, int], int] = {}  # a run of the previous row -> its rectangle
    for row, line in enumerate(marked):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        runs: dict[tuple[int, int], int] = {}
        for start, end in edges.reshape(-1, 2):
            run = (int(start), int(end))
            if run in above:
                top, left, height, width = found[above[run]]
                found[above[run]] = (top, left, height + 1, width)
                runs[run] = above[run]
            else:
                runs[run] = len(found)
                found.append((row, run[0], 1, run[1] - run[0]))
        above = runs
    return found


def _frame(axes: "Axes", look: ThemeColors, rows: Array, columns: Array) -> None:
    """Frame the receptive field."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy
    from matplotlib.patheffects import Normal, Stroke  # noqa: PLC0415

    frame = Rectangle(
        (columns[0] - 0.5, rows[0] - 0.5),
        columns[-1] - columns[0] + 1,
        rows[-1] - rows[0] + 1,
        fill=False,
        edgecolor=look.pick(CATEGORIES[1]),
        linewidth=2.2,
    )
    frame.set_path_effects([Stroke(linewidth=4.0, foreground=look.surface), Normal()])
    axes.add_patch(frame)
