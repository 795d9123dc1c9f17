"""The confusion matrix: which classes are predicted as which."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.paint import Paint, Theme, text_on
from striate.drawing.text import width as text_width
from striate.errors import DataError, ShapeError
from striate.model.classes import ClassValue
from striate.model.scoring import Evaluation
from striate.pictures.style import (
    LABEL,
    SMALL,
    TITLE,
    ThemeColors,
    drawable,
    names_of,
    panel,
    title,
)
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_ROOM = 16  # characters of a name next to the matrix
_MOST_NUMBERS = 30  # with more classes the cells are too small for numbers
_FEW = 4  # a matrix of at most this many classes has larger cells
_LETTER = 0.09  # inches
_POINTS_PER_INCH = 72
_CORRECT = Paint("#e4e4e4", "#343c46")


def confusion(
    evaluation: Evaluation | Array,
    *,
    classes: Sequence[ClassValue] = (),
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw how many images of each class were predicted as each class.

    The colors show mistakes only: next to hundreds of correct predictions, a few wrong ones would
    all have the same pale color.

    Parameters
    ----------
    evaluation
        The result of :meth:`striate.Network.evaluate` for a classifier; or a confusion matrix,
        with a row for each true class and a column for each prediction, as
        ``sklearn.metrics.confusion_matrix`` returns it.
    classes
        Names of the classes; by default those of the evaluation, or the numbers from 0.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the evaluation has no confusion matrix because the targets aren't labels, or a count is
        negative or not finite.
    ShapeError
        If the matrix is not square, or the number of classes is not the number of its rows.
    ExtraError
        If Matplotlib is not installed.
    """
    counts = _counts(evaluation)
    known = evaluation.classes if isinstance(evaluation, Evaluation) else ()
    names = _names(classes or known, len(counts))
    many = len(counts) > _MOST_NUMBERS
    cell = 0.12 if many else 0.45 if len(counts) > _FEW else 0.9
    around = 1.2 + _LETTER * max(map(len, names))
    heading = _heading(counts)
    left = 0.8 + _LETTER * max(map(len, names))  # of the title, which begins above the matrix
    needed = left + text_width(heading, TITLE / _POINTS_PER_INCH) + 0.2
    width = max(needed, around + 0.8 + cell * len(counts))
    wrong = counts.astype(float)
    np.fill_diagonal(wrong, 0)
    with panel(ax, theme, (width, around + cell * len(counts))) as (axes, look):
        axes.set_anchor("W")  # the title begins at the left of the matrix
        axes.imshow(wrong, cmap=look.counts, vmin=0, vmax=max(1.0, 1.3 * float(wrong.max())))
        _ground(axes, len(counts), look)
        if not many:
            _numbers(axes, counts, wrong, look)
            _recalls(axes, counts, look)
        _labels(axes, names, cell, look)
        title(axes, heading, look)
    return axes


def _counts(evaluation: Evaluation | Array) -> Array:
    """Return the confusion matrix; raise if there is none."""
    if isinstance(evaluation, Evaluation):
        if evaluation.confusion is None:
            raise DataError(
                "The evaluation has no confusion matrix, because the targets are not class labels. "
                "Evaluate a classifier with integers or names as labels."
            )
        return np.asarray(evaluation.confusion)
    counts = np.asarray(evaluation)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError(
            "`evaluation` must be an Evaluation or a confusion matrix, (classes, classes), got "
            f"shape {counts.shape}. Pass net.evaluate(x, y)."
        )
    if counts.dtype.kind not in "iuf" or not np.isfinite(counts).all() or (counts < 0).any():
        raise DataError(
            "A confusion matrix must hold non-negative finite counts, got dtype "
            f"{counts.dtype}. Pass net.evaluate(x, y)."
        )
    return counts


def _names(classes: Sequence[ClassValue], count: int) -> list[str]:
    """Return the names to draw; raise unless there is one for each row."""
    names = names_of(classes, count)
    if len(names) != count:
        raise ShapeError(
            f"`classes` must have one name for each of the {count} rows of the confusion matrix, "
            f"got {len(names)}. Pass {count} names."
        )
    return [drawable(name, _ROOM) for name in names]


def _heading(counts: Array) -> str:
    """Write the accuracy."""
    correct, every = np.trace(counts), counts.sum()
    share = f"{100 * correct / every:.1f}%" if every else "-"
    return f"Accuracy {share}: {correct:,.10g} of {every:,.10g} correct"


def _ground(axes: "Axes", count: int, look: ThemeColors) -> None:
    """Fill the diagonal, the correct predictions, with gray."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy

    for k in range(count):
        axes.add_patch(Rectangle((k - 0.5, k - 0.5), 1, 1, facecolor=look.pick(_CORRECT)))


def _numbers(axes: "Axes", counts: Array, wrong: Array, look: ThemeColors) -> None:
    """Write each count into its cell, in the color that can be read there."""
    from matplotlib.colors import to_hex  # noqa: PLC0415  # an extra, and heavy

    colors: Any = axes.images[-1].to_rgba
    for (row, column), count in np.ndenumerate(counts):
        correct = row == column
        fill = _CORRECT if correct else Paint(*[to_hex(colors(wrong[row, column]))] * 2)
        axes.text(
            column,
            row,
            f"{count:.10g}" if count or correct else "·",
            ha="center",
            va="center",
            fontsize=look.points(LABEL if count < 1000 else SMALL),
            color=look.pick(text_on(fill)) if count else look.frame,
            fontweight="bold" if correct else "normal",
        )


def _recalls(axes: "Axes", counts: Array, look: ThemeColors) -> None:
    """Write the recall at the end of each row."""
    shares = [
        f"{100 * correct / line.sum():.1f}%" if line.sum() else "–"
        for line, correct in zip(counts, np.diag(counts), strict=True)
    ]
    for row, share in enumerate(shares):
        axes.annotate(
            share,
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=look.points(SMALL),
            color=look.ink,
        )
    axes.annotate(
        "recall",
        (1.0, 0.0),
        xycoords="axes fraction",
        xytext=(6, -5),
        textcoords="offset points",
        va="top",
        fontsize=look.points(SMALL),
        color=look.muted,
    )


def _labels(axes: "Axes", names: list[str], cell: float, look: ThemeColors) -> None:
    """Name the rows and the columns."""
    places = range(len(names))
    long = _LETTER * max(map(len, names)) > 0.9 * cell
    size = LABEL if cell > _LETTER * 2 else SMALL * 0.8
    axes.set_xticks(places, names, fontsize=look.points(size), rotation=90 if long else 0)
    axes.set_yticks(places, names, fontsize=look.points(size))
    axes.set_xlabel("predicted class", fontsize=look.points(LABEL), color=look.ink)
    axes.set_ylabel("true class", fontsize=look.points(LABEL), color=look.ink)
    axes.tick_params(length=0, colors=look.ink)
    for spine in axes.spines.values():
        spine.set_visible(False)
