"""Signals as curves: one below another, over one axis of positions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.grid import number
from striate.drawing.paint import BLUE, CATEGORIES, GRAY, Theme
from striate.errors import OptionError, ShapeError
from striate.functions.options import FINITE, FLAG, POSITIVE, require
from striate.functions.writing import short
from striate.pictures.arguments import image_of, texts_of
from striate.pictures.style import LABEL, SMALL, ThemeColors, drawable, open_panel, panel
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_WIDTH, _ROW, _REST = 7.0, 0.85, 0.75  # inches: of the picture, of a signal, around them
_HALF = 0.42  # of a row's distance: what the largest value reaches
_MOST_SIGNALS, _MOST_SAMPLES = 40, 1_000_000
_ROOM = 32  # characters of a title
_NEGLIGIBLE = 1e-4  # of a signal's range


def signals(
    signals: Sequence[Array],
    titles: Sequence[object] = (),
    *,
    labels: Array | Sequence[int] | None = None,
    classes: Sequence[object] = (),
    step: float = 1.0,
    start: float = 0.0,
    unit: str = "samples",
    same_scale: bool = False,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw signals as curves, one below another, over one axis of positions.

    Each signal has its own vertical scale; the numbers at its right are its smallest and its
    largest value. A faint line marks 0 where the signal crosses it.

    Parameters
    ----------
    signals
        Signals of one channel, also of different lengths, or an array of them.
    titles
        A text at the left of each signal; none by default.
    labels
        A class for each sample, as a network with an output for each sample predicts it: one array
        for all signals, or one for each. Class 0 is drawn in gray, the others in color.
    classes
        Names of the classes, for a legend.
    step
        Distance between two samples, in units of the axis: 1/360 for seconds at 360 Hz.
    start
        Position of the first sample.
    unit
        What the axis counts, such as ``"seconds"``.
    same_scale
        Whether all signals have the same vertical scale.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        The horizontal coordinate is the position; signal k is around the height -k.

    Raises
    ------
    ShapeError
        If a signal does not have one axis, or there is not one title or label for each.
    OptionError
        If ``signals`` is empty or does not hold numbers, or another option is not allowed.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> import striate as st
    >>> step = np.repeat([0.0, 1.0], 20)
    >>> slope = st.maths.cross_correlate(step, st.maths.kernels.sobel(rank=1), padding="same")
    >>> ax = signals([step, slope], ["step", "slope"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['step', 'slope']
    """
    require("step", step, POSITIVE, example=1.0)
    require("start", start, FINITE, example=0.0)
    require("same_scale", same_scale, FLAG, example=True)
    arrays = _arrays(signals)
    names = _names(texts_of("titles", titles), len(arrays))
    texts_of("classes", classes)
    if not isinstance(unit, str):
        raise OptionError(f'`unit` must be a text, got {short(unit)}. Try "seconds".')
    marked = _marked(labels, arrays)
    ranges = [_range(one) for one in arrays]
    if same_scale:
        ranges = [(min(low for low, _ in ranges), max(high for _, high in ranges))] * len(arrays)
    size = (_WIDTH, _ROW * len(arrays) + _REST + 0.25 * bool(len(classes)))
    with panel(ax, theme, size) as (axes, look):
        for k, (one, (low, high)) in enumerate(zip(arrays, ranges, strict=True)):
            positions = start + step * np.arange(len(one))
            # Halves, since a byte times 2, or the whole range of float64, would overflow.
            middle, half = low / 2 + high / 2, high / 2 - low / 2
            heights = -k + _HALF * (one - middle) / (half or 1.0)
            if low < 0 < high:
                zero = -k - _HALF * middle / half
                axes.plot(positions[[0, -1]], [zero, zero], color=look.frame, linewidth=0.7)
            _draw(axes, look, positions, heights, marked[k])
            _write_range(axes, look, k, (low, high))
        _dress(axes, look, names, unit)
        if len(classes) and labels is not None:
            _write_legend(axes, look, classes)
    return axes


def _arrays(signals: Any) -> list[Array]:
    """Check the signals."""
    if not isinstance(signals, Sequence | np.ndarray) or not len(signals):
        raise OptionError(
            f"`signals` must be a list of signals, got {short(signals)}. Try [signal, other]."
        )
    if np.ndim(signals[0]) == 0:
        raise OptionError(
            f"`signals` must be a list of signals, got one signal, {short(signals)}. Use [signal]."
        )
    if len(signals) > _MOST_SIGNALS:
        raise OptionError(
            f"`signals` has {len(signals):,} entries, but at most {_MOST_SIGNALS} signals can be "
            "drawn. Use signals[:10]."
        )
    return [
        image_of(f"signals[{k}]", one, rank=1, most=_MOST_SAMPLES) for k, one in enumerate(signals)
    ]


def _names(titles: Sequence[object], count: int) -> list[str]:
    if len(titles) and len(titles) != count:
        raise ShapeError(
            f"`titles` must have one entry for each signal, got {len(titles)} for {count}. "
            "Leave titles out for signals without text."
        )
    return [drawable(str(name), _ROOM) for name in titles] or [""] * count


def _marked(labels: Any, arrays: list[Array]) -> list[Array | None]:
    """Return the classes of each signal's samples."""
    if labels is None:
        return [None] * len(arrays)
    listed = isinstance(labels, Sequence) or np.ndim(labels) > 0
    several = listed and len(labels) > 0 and np.ndim(labels[0]) > 0
    given = [np.asarray(one) for one in labels] if several else [np.asarray(labels)]
    each = given * len(arrays) if len(given) == 1 else given
    lengths = [len(one) for one in arrays]
    whole = all(one.dtype.kind in "iub" and (one >= 0).all() for one in each)
    if [one.shape for one in each] != [(length,) for length in lengths] or not whole:
        raise ShapeError(
            "`labels` must hold a class from 0 on for each sample, in one array or in one for each "
            f"signal; the signals have {', '.join(map(str, lengths))} samples, the labels shape "
            f"{' and '.join(str(one.shape) for one in given)} and dtype {given[0].dtype}. "
            "Use predictions.argmax(axis=-1)."
        )
    return [*each]


def _range(one: Array) -> tuple[float, float]:
    """Return the smallest and the largest finite value."""
    finite = one[np.isfinite(one)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _draw(
    axes: "Axes", look: ThemeColors, positions: Array, heights: Array, classes: Array | None
) -> None:
    """Draw a curve; samples with a class get its color, up to their neighbors."""
    paint = BLUE if classes is None else GRAY
    axes.plot(positions, heights, color=look.pick(paint), linewidth=1.2)
    if classes is None:
        return
    for label in np.unique(classes[classes > 0]):
        own = np.where(classes == label, heights, np.nan)
        axes.plot(positions, own, color=_color(look, int(label)), linewidth=2.0)


def _color(look: ThemeColors, label: int) -> str:
    """Return the color of a class above 0."""
    return look.pick(CATEGORIES[(label - 1) % len(CATEGORIES)])


def _write_range(axes: "Axes", look: ThemeColors, k: int, ends: tuple[float, float]) -> None:
    """Write the smallest and the largest value at the right of a signal."""
    low, high = ends
    both = ((low, -_HALF), (high, _HALF)) if high > low else ((low, 0.0),)
    for value, height in both:
        near_zero = abs(value) < _NEGLIGIBLE * (high - low)  # rounding, not a value
        axes.annotate(
            "0" if near_zero else number(float(f"{value:.3g}")),
            (1.0, height - k),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=look.muted,
        )


def _write_legend(axes: "Axes", look: ThemeColors, classes: Sequence[object]) -> None:
    """Name the classes above the signals."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  # an extra, and heavy

    names = [drawable(str(name), _ROOM) for name in classes]
    colors = [look.pick(GRAY), *(_color(look, k) for k in range(1, len(names)))]
    lines = [Line2D([], [], color=color, linewidth=2.0) for color in colors]
    axes.legend(
        lines,
        names,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(names),
        fontsize=LABEL,
        labelcolor=look.ink,
        frameon=False,
    )


def _dress(axes: "Axes", look: ThemeColors, names: Sequence[str], unit: str) -> None:
    """Set limits, ticks and labels."""
    open_panel(axes, look)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.0)
    axes.set_ylim(0.55 - len(names), 0.55)
    axes.set_yticks([-k for k in range(len(names))], names)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(drawable(unit, _ROOM), fontsize=LABEL, color=look.ink)
