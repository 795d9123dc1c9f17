"""The misclassified images whose true class is least probable."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.pictures.style import (
    INK,
    SMALL,
    drawable,
    heading,
    in_own_style,
    names_of,
    new_figure,
    show_image,
)
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 24
_COLUMNS = 8
_FEWEST_COLUMNS = 5  # room for the heading
_ROOM = 14  # characters of a name above an image
_SHORT = 4  # two names of at most this many characters fit on a line


@in_own_style
def mistakes(x: Array, y: Array, probabilities: Array, classes: Sequence[object] = ()) -> "Figure":
    """Draw the misclassified images whose true class is least probable.

    Parameters
    ----------
    x
        Images, channels last.
    y
        Their labels.
    probabilities
        The network's predictions, one row for each image.
    classes
        Names of the classes; none if they are integers.

    Returns
    -------
    Figure
        At most 24 images, the worst first, each with its true class, the predicted class and that
        class's probability.

    Raises
    ------
    ExtraError
        If Matplotlib is not installed.
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != y)
    chosen = wrong[worst(y[wrong], probabilities[wrong], _MOST)]
    names = [drawable(name, _ROOM) for name in names_of(classes, probabilities.shape[1])]
    arrow = "\n→ " if max(map(len, names)) > _SHORT else " → "
    columns = min(_COLUMNS, max(_FEWEST_COLUMNS, len(chosen)))
    rows = max(1, math.ceil(len(chosen) / columns))
    figure = new_figure(0.4 + 1.25 * columns, 0.6 + (1.6 + 0.15 * arrow.count("\n")) * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, image in zip(panels, chosen, strict=False):
        predicted = int(probabilities[image].argmax())
        show_image(axes, x[image])
        caption = f"{names[int(y[image])]}{arrow}{names[predicted]}"
        axes.set_title(caption, fontsize=SMALL + 1, color=INK, pad=3)
        probability = f"{100 * probabilities[image, predicted]:.0f} %"
        axes.set_xlabel(probability, fontsize=SMALL, color=INK)
    for axes in panels[len(chosen) :]:
        axes.set_axis_off()
    few = f", the worst {len(chosen)}" if len(chosen) < len(wrong) else ""
    count = f"{len(wrong):,} of {len(y):,} misclassified{few}"
    heading(figure, f"{count} (true → predicted, probability)")
    return figure


def worst(y: Array, probabilities: Array, count: int) -> Array:
    """Find the images whose true class is least probable.

    Parameters
    ----------
    y
        Labels.
    probabilities
        The network's predictions, one row for each image.
    count
        The number of images to find.

    Returns
    -------
    Array
        Indices of images, the worst first; among equals, the first image first.

    Examples
    --------
    >>> worst(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]), 2)
    array([1, 2])
    """
    own = probabilities[np.arange(len(y)), y]
    return np.argsort(own, kind="stable")[:count]
