"""The images of an exercise as a drawing."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.grid import Grid
from striate.drawing.paint import Paint, Theme
from striate.drawing.scene import Caption, Drawable, Scene
from striate.drawing.text import width
from striate.errors import OptionError
from striate.exercises.content import Picture
from striate.exercises.exercise import Exercise
from striate.pictures.canvas import draw_scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

# The statements say that black is 1, so these colors are the same on dark pages.
_BLACK, _WHITE = Paint("#1f1f1f", "#101317"), Paint("#ffffff", "#e6e9ed")
_UNIT = 22.0  # pixels
_GAP, _LINE, _TEXT = 1.5, 1.1, 0.7  # in cells
_WIDEST = 44.0  # cells


def draw(exercise: Exercise, *, ax: "Target" = None, theme: Theme = "auto") -> "Axes":
    """Draw the images, kernels and other arrays of an exercise.

    Parameters
    ----------
    exercise
        With its numbers.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Cells are one unit wide.

    Raises
    ------
    OptionError
        If the exercise has no arrays, or ``ax`` or ``theme`` is invalid.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan E8.1.

    Examples
    --------
    >>> import striate as st
    >>> ax = draw(st.exercises.get("E8.1"))
    >>> [text.get_text() for text in ax.texts]
    ['the image', 'the kernel']
    """
    return draw_scene(scene_of(exercise), ax, theme, exercise.heading)


def scene_of(exercise: Exercise) -> Scene:
    """Arrange the arrays of an exercise in rows, with their names above.

    Parameters
    ----------
    exercise
        With its numbers.

    Returns
    -------
    Scene

    Raises
    ------
    OptionError
        If the exercise has no arrays.
    """
    groups = [
        [one for one in group if isinstance(one, Picture)]
        for content in (exercise.statement, *(part.question for part in exercise.parts))
        for kind, group in groupby(content, key=type)
        if issubclass(kind, Picture)
    ]
    if not groups:
        raise OptionError(f"{exercise.name} has no arrays to draw. Try E8.1, for example.")
    return Scene(
        shapes=tuple(_in_rows(groups)), unit=_UNIT, about=f"The arrays of {exercise.heading}."
    )


def _in_rows(groups: Sequence[Sequence[Picture]]) -> Iterator[Drawable]:
    """Put the pictures of a group next to each other, as many as fit in a row."""
    top = 0.0
    for group in groups:
        left = high = 0.0
        for picture in group:
            rows, columns = np.atleast_2d(picture.pixels).shape
            wide = max(columns, width(picture.name, _TEXT))
            if left and left + wide > _WIDEST:
                left, top, high = 0.0, top + high + _GAP, 0.0
            yield Caption(x=left, y=top + _LINE / 2, text=picture.name, size=_TEXT, anchor="start")
            yield from _grid(picture, left, top + _LINE)
            left += wide + _GAP
            high = max(high, rows + _LINE)
        top += high + _GAP


def _grid(picture: Picture, left: float, top: float) -> list[Drawable]:
    """Draw one array: black and white, or with numbers."""
    values = np.atleast_2d(picture.pixels).astype(float)
    if picture.style == "numbers":
        return Grid(values=values, left=left, top=top).draw()

    def fill(row: int, column: int) -> Paint:
        return _BLACK if values[row, column] else _WHITE

    return Grid(values=values, left=left, top=top, fill=fill).draw(size=0)
