"""The confusion matrix: which classes are taken for which."""

from typing import TYPE_CHECKING

import numpy as np

from striate.errors import DataError
from striate.model.scoring import Evaluation
from striate.pictures.style import COUNTS, GRAY, INK, LABEL, SMALL, names_of, new_figure, shorten
from striate.pictures.style import title as write_title
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROOM = 16  # characters of a name beside the matrix
_MOST_NUMBERS = 30  # with more classes the cells are too small for numbers
_FEW = 4  # so few classes have larger cells
_LETTER = 0.09  # inches


def confusion(evaluation: Evaluation) -> "Figure":
    """Draw how many images of each class were taken for each class.

    The colors show the mistakes only: beside hundreds of right answers, a few wrong ones would
    all be the same pale color.

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
    many = len(counts) > _MOST_NUMBERS
    cell = 0.12 if many else 0.45 if len(counts) > _FEW else 0.9
    around = 1.2 + _LETTER * max(map(len, names))
    figure = new_figure(around + 0.8 + cell * len(counts), around + cell * len(counts))
    axes = figure.subplots()
    wrong = counts.astype(float)
    np.fill_diagonal(wrong, 0)
    axes.imshow(wrong, cmap=COUNTS, vmin=0, vmax=max(1.0, 1.3 * float(wrong.max())))
    _ground(axes, len(counts))
    if not many:
        _numbers(axes, counts, wrong)
        _recalls(axes, counts)
    _labels(axes, names, cell)
    write_title(axes, _heading(counts))
    return figure


def _heading(counts: Array) -> str:
    """Say what share of the images is right."""
    right, all_ = np.trace(counts), counts.sum()
    return f"{100 * right / all_:.1f} % right: {right:,.10g} of {all_:,.10g} images"


def _ground(axes: "Axes", count: int) -> None:
    """Give the right answers a ground of their own."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # an extra, and heavy

    for k in range(count):
        axes.add_patch(Rectangle((k - 0.5, k - 0.5), 1, 1, facecolor="#e4e4e4"))


def _numbers(axes: "Axes", counts: Array, wrong: Array) -> None:
    """Write each count into its cell."""
    for (row, column), count in np.ndenumerate(counts):
        right = row == column
        dark = wrong[row, column] > 0.65 * wrong.max() > 0
        axes.text(
            column,
            row,
            f"{count:.10g}" if count or right else "·",
            ha="center",
            va="center",
            fontsize=LABEL if count < 1000 else SMALL,
            color="white" if dark else INK if count else "#bbbbbb",
            fontweight="bold" if right else "normal",
        )


def _recalls(axes: "Axes", counts: Array) -> None:
    """Write beside each row the share of its images that is right."""
    shares = [
        f"{100 * right / line.sum():.1f} %" if line.sum() else "–"
        for line, right in zip(counts, np.diag(counts), strict=True)
    ]
    for row, share in enumerate(shares):
        axes.annotate(
            share,
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
    axes.annotate(
        "recall",
        (1.0, 0.0),
        xycoords="axes fraction",
        xytext=(6, -5),
        textcoords="offset points",
        va="top",
        fontsize=SMALL,
        color=GRAY,
    )


def _labels(axes: "Axes", names: list[str], cell: float) -> None:
    """Name the rows and the columns."""
    places = range(len(names))
    long = _LETTER * max(map(len, names)) > 0.9 * cell
    size = LABEL if cell > _LETTER * 2 else SMALL * 0.8
    axes.set_xticks(places, names, fontsize=size, rotation=90 if long else 0)
    axes.set_yticks(places, names, fontsize=size)
    axes.set_xlabel("answer of the network", fontsize=LABEL, color=INK)
    axes.set_ylabel("true class", fontsize=LABEL, color=INK)
    axes.tick_params(length=0, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
