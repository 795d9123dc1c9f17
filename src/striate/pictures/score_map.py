"""Results of template matching and detection: maps of scores, and boxes on a scene."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.grid import number
from striate.drawing.paint import CATEGORIES, Theme
from striate.errors import ShapeError
from striate.functions.writing import short
from striate.matching import Match
from striate.pictures.arguments import image_of
from striate.pictures.samples import rgb
from striate.pictures.style import LABEL, SMALL, ThemeColors, bare_panel, drawable, panel
from striate.shapes import Array, Shaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_LARGEST = 7.0  # inches of the longer side
_SMALLEST = 2.4
_BAR = 0.9  # inches of a color bar with its numbers
_ROOM = 24  # characters of a label
_MOST_PIXELS = 100_000_000


def score_map(
    scores: Shaped[Array, "rows columns"],
    boxes: Sequence[Match | Sequence[float]] = (),
    labels: Sequence[object] = (),
    *,
    signed: bool | None = None,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the scores of template matching at all positions, with boxes.

    Parameters
    ----------
    scores
        A score for each position.
    boxes
        Matches, or ``(row, column, height, width)`` of each box, in pixels of the map. A score
        belongs to the window whose top left pixel is there, so a ring marks that corner.
    labels
        A text for each box; by default the scores of matches, otherwise none.
    signed
        Whether scores about zero are light, as suits correlations from -1 to 1; by default, if
        there are negative scores. Otherwise colors begin at the smallest score.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Columns and rows are the coordinates; a color bar is next to it.

    Raises
    ------
    ShapeError
        If ``scores`` does not have two axes, or a box not four numbers.
    OptionError
        If ``scores`` does not hold numbers.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan, "Template Matching"; Wolter, "Finding Waldo via cross-correlation".

    Examples
    --------
    >>> import numpy as np
    >>> ax = score_map(np.eye(8), boxes=[(2, 2, 3, 3)], labels=["1.00"])
    >>> ax.texts[0].get_text()
    '1.00'
    """
    scores = image_of("scores", scores, most=_MOST_PIXELS)
    found = _boxes(boxes, labels)
    finite = scores[np.isfinite(scores)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    about_zero = low < 0 if signed is None else signed
    limit = max(abs(low), abs(high)) or 1.0
    width, height = _size(scores.shape)
    with panel(ax, theme, (width + _BAR, height)) as (axes, look):
        drawn = axes.imshow(
            scores,
            cmap=look.signed if about_zero else look.counts,
            vmin=-limit if about_zero else low,
            vmax=limit if about_zero else max(high, low + 1e-12),
            interpolation="nearest",
        )
        bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.045, pad=0.02)
        bar.ax.tick_params(labelsize=look.points(SMALL), colors=look.ink)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]  # a spine, typed as its list
        bar.set_label("score", fontsize=look.points(LABEL), color=look.ink)
        _draw_boxes(axes, look, found)
        _draw_rings(axes, look, found)
        _dress(axes, look)
    return axes


def detections(
    image: Array,
    boxes: Sequence[Match | Sequence[float]],
    labels: Sequence[object] = (),
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw a scene with boxes around what was found.

    Parameters
    ----------
    image
        The scene: ``(rows, columns)`` or ``(rows, columns, channels)``.
    boxes
        Matches, or ``(row, column, height, width)`` of each box, in pixels.
    labels
        A text for each box; by default the scores of matches, otherwise numbers if there are
        several boxes.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Columns and rows of the scene are the coordinates.

    Raises
    ------
    ShapeError
        If the scene has the wrong number of axes, or a box not four numbers.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> ax = detections(np.zeros((20, 30)), [(2, 3, 5, 5), (10, 12, 5, 5)])
    >>> [text.get_text() for text in ax.texts]
    ['1', '2']

    A digit in a scene, with its score:

    >>> import striate as st
    >>> (x, _), _ = st.data.load("digits")
    >>> scene = np.pad(x[0], ((5, 30), (20, 40), (0, 0)))
    >>> ax = detections(scene, st.matching.find(scene, x[0]))
    >>> ax.texts[0].get_text()
    '1'
    """
    picture = scene_of(image)
    if not len(labels) and len(boxes) > 1 and not any(isinstance(box, Match) for box in boxes):
        labels = [str(k + 1) for k in range(len(boxes))]
    found = _boxes(boxes, labels)
    with panel(ax, theme, _size(picture.shape[:2])) as (axes, look):
        axes.imshow(picture, interpolation="nearest")
        _draw_boxes(axes, look, found)
        bare_panel(axes, frame=look.frame)
    return axes


def scene_of(image: Any) -> Array:
    """Convert a picture to colors, ``(rows, columns, 3)``, uint8.

    Raises
    ------
    ShapeError
        If it is neither gray nor in color.

    Examples
    --------
    >>> scene_of(np.ones((2, 2), np.uint8)).shape
    (2, 2, 3)
    """
    picture = np.asarray(image)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    if picture.ndim != 3 or picture.shape[-1] not in {1, 3} or not picture.size:
        raise ShapeError(
            "`image` must have shape (rows, columns) or (rows, columns, channels) with 1 or 3 "
            f"channels, got {picture.shape}. Use one image of a batch, for example x[0]."
        )
    return rgb(picture.astype(np.uint8) * 255 if picture.dtype.kind == "b" else picture)


def _boxes(
    boxes: Sequence[Match | Sequence[float]], labels: Sequence[object]
) -> list[tuple[float, float, float, float, str]]:
    """Check boxes, and put their labels with them."""
    found: list[tuple[float, float, float, float, str]] = []
    if len(labels) and len(labels) != len(boxes):
        raise ShapeError(
            f"`labels` must have one entry for each box, got {len(labels)} for {len(boxes)}. "
            "Leave labels out for boxes without text."
        )
    for k, box in enumerate(boxes):
        if isinstance(box, Match):
            numbers = np.array([box.row, box.column, box.height, box.width])
        else:
            numbers = np.asarray(box)
        if numbers.shape != (4,) or numbers.dtype.kind not in "uif":
            raise ShapeError(
                f"`boxes` must hold matches or (row, column, height, width), got {short(box)} at "
                f"boxes[{k}]. Try (0, 0, 10, 10)."
            )
        row, column, height, width = map(float, numbers)
        score = box.score if isinstance(box, Match) else ""
        label = labels[k] if len(labels) else score
        text = number(float(label)) if isinstance(label, float | np.floating) else str(label)
        found.append((row, column, height, width, drawable(text, _ROOM) if text else ""))
    return found


def _draw_boxes(
    axes: "Axes", look: ThemeColors, boxes: list[tuple[float, float, float, float, str]]
) -> None:
    """Frame each box, with a line of the page's color around it: it can be seen everywhere."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy
    from matplotlib.patheffects import Normal, Stroke  # noqa: PLC0415

    color = look.pick(CATEGORIES[1])
    for row, column, height, width, label in boxes:
        frame = Rectangle(
            (column - 0.5, row - 0.5), width, height, fill=False, edgecolor=color, linewidth=1.8
        )
        frame.set_path_effects([Stroke(linewidth=3.4, foreground=look.surface), Normal()])
        axes.add_patch(frame)
        if label:
            above = row > 0.06 * abs(np.diff(axes.get_ylim())[0])
            axes.annotate(
                label,
                (column - 0.5, row - 0.5 if above else row + height - 0.5),
                xytext=(0, 3 if above else -3),
                textcoords="offset points",
                va="bottom" if above else "top",
                fontsize=look.points(SMALL),
                color=look.surface,
                bbox={"facecolor": color, "edgecolor": "none", "pad": 1.5},
            )


def _draw_rings(
    axes: "Axes", look: ThemeColors, boxes: list[tuple[float, float, float, float, str]]
) -> None:
    """Mark the top left pixel of each box: a peak is often one pixel, which a frame would hide."""
    for row, column, *_ in boxes:
        axes.plot(
            [column],
            [row],
            marker="o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=look.pick(CATEGORIES[1]),
            markeredgewidth=1.8,
            clip_on=False,
        )


def _dress(axes: "Axes", look: ThemeColors) -> None:
    """Add ticks at pixels."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # an extra, and heavy

    axes.tick_params(colors=look.ink, labelsize=look.points(SMALL), color=look.frame)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    for spine in axes.spines.values():
        spine.set_color(look.frame)
        spine.set_linewidth(0.6)


def _size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Choose the size of a picture of these pixels, in inches."""
    rows, columns = shape[:2]
    scale = min(_LARGEST / max(rows, columns), 0.4)
    return max(_SMALLEST, columns * scale), max(_SMALLEST, rows * scale)
