"""The confusion matrix: which classes are taken for which."""

from typing import TYPE_CHECKING

import numpy as np

from striate.errors import DataError
from striate.model.scoring import Evaluation
from striate.pictures.style import COUNTS, GREY, INK, LABEL, SMALL, names_of, new_figure, shorten
from striate.pictures.style import title as write_title
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROOM = 16  # characters of a name beside the matrix
_MOST_NUMBERS = 30  # with more classes the cells are too small for numbers


def confusion(evaluation: Evaluation) -> "Figure":
    """Draw how many images of each class were taken for each class.

    The colours show the mistakes only: beside hundreds of right answers, a few wrong ones would
    all be the same pale colour.

    Parameters
    ----------
    evaluation
        What :meth:`striate.Network.evaluate` gives for a classifier.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If the evaluation has no confusion matrix, as its targets are no labels.
    ExtraError
        If matplotlib is not installed.
    """
    if evaluation.confusion is None:
        raise DataError(
            "The evaluation has no confusion matrix. There is one where the targets are labels. "
            "Evaluate a classifier with whole numbers or names as labels."
        )
    counts = np.asarray(evaluation.confusion)
    names = [shorten(name, _ROOM) for name in names_of(evaluation.classes, len(counts))]
    side = 2.2 + 0.42 * min(len(counts), _MOST_NUMBERS) + 0.07 * max(map(len, names))
    figure = new_figure(side + 0.4, side)
    axes = figure.subplots()
    wrong = counts.astype(float)
    np.fill_diagonal(wrong, 0)
    axes.imshow(wrong, cmap=COUNTS, vmin=0, vmax=max(1.0, 1.3 * float(wrong.max())))
    if len(counts) <= _MOST_NUMBERS:
        _numbers(axes, counts, wrong)
        _recalls(axes, counts)
    _labels(axes, names, many=len(counts) > _MOST_NUMBERS)
    write_title(axes, _heading(evaluation, counts))
    return figure


def _heading(evaluation: Evaluation, counts: Array) -> str:
    """Say what share of the images is right."""
    right, all_ = np.trace(counts), counts.sum()
    share = f"{evaluation.accuracy:.1%}".replace("%", " %") if evaluation.accuracy else "0 %"
    return f"{share} right: {right:,.10g} of {all_:,.10g} images"


def _numbers(axes: "Axes", counts: Array, wrong: Array) -> None:
    """Write each count into its cell, the right answers on a ground of their own."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy

    for (row, column), count in np.ndenumerate(counts):
        right = row == column
        if right:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#ececec"))
        dark = wrong[row, column] > 0.65 * wrong.max() > 0
        axes.text(
            column,
            row,
            f"{count:.10g}" if count or right else "·",
            ha="center",
            va="center",
            fontsize=LABEL if count < 1000 else SMALL,  # four digits fill a cell
            color="white" if dark else INK if count else "#bbbbbb",
            fontweight="bold" if right else "normal",
        )


def _recalls(axes: "Axes", counts: Array) -> None:
    """Write beside each row the share of its images that is right."""
    last = len(counts) - 1
    axes.text(last + 0.75, -0.8, "found", fontsize=SMALL, color=GREY, va="center")
    for row, (line, right) in enumerate(zip(counts, np.diag(counts), strict=True)):
        share = f"{100 * right / line.sum():.1f} %" if line.sum() else "–"
        axes.text(last + 0.75, row, share, va="center", fontsize=SMALL, color=INK)


def _labels(axes: "Axes", names: list[str], *, many: bool) -> None:
    """Name the rows and the columns."""
    places = range(len(names))
    long = max(map(len, names)) > 2  # longer names collide side by side
    axes.set_xticks(places, names, fontsize=SMALL if many else LABEL, rotation=90 if long else 0)
    axes.set_yticks(places, names, fontsize=SMALL if many else LABEL)
    axes.set_xlabel("answer of the network", fontsize=LABEL, color=INK)
    axes.set_ylabel("true class", fontsize=LABEL, color=INK)
    axes.tick_params(length=0, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
