"""Grids of cells with numbers in them: images, kernels and matrices as parts of a scene."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from striate.drawing.paint import (
    FRAME,
    MUTED,
    PANEL,
    Paint,
    limits,
    shade,
    text_on,
)
from striate.drawing.scene import Bounds, Caption, Drawable, Rect
from striate.drawing.text import width
from striate.properties import cached_property
from striate.shapes import Array, Shaped

_LARGEST_TEXT = 0.42  # of a cell's height
_ROOM = 0.86  # of a cell's width that its text may fill
_SMALLEST_TEXT = 0.16
_DIGITS = 2  # of a number that is not an integer


@dataclass(frozen=True, kw_only=True)
class Grid:
    """An image as cells, each a unit wide.

    Parameters
    ----------
    values
        ``[row, column]``.
    left, top
        Where its first cell is.
    scale
        The smallest and the largest value of the color scale.
    texts
        What is written in each cell; by default its value.
    fill
        The color of each cell by row and column; by default that of its value.
    padding
        Rows and columns of padding, before and after, on each axis: drawn dashed.
    """

    values: Shaped[Array, "rows columns"]
    left: float = 0.0
    top: float = 0.0
    scale: tuple[float, float] | None = None
    texts: Array | None = None
    fill: Callable[[int, int], Paint] | None = None
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def columns(self) -> int:
        return self.values.shape[1]

    @property
    def bounds(self) -> Bounds:
        """The rectangle around all cells."""
        return Bounds(self.left, self.top, self.left + self.columns, self.top + self.rows)

    @property
    def center(self) -> float:
        """The middle column, for a caption."""
        return self.left + self.columns / 2

    def is_padding(self, row: int, column: int) -> bool:
        """Return whether a cell is padding."""
        (above, below), (before, after) = self.padding
        return not (above <= row < self.rows - below and before <= column < self.columns - after)

    def paint(self, row: int, column: int) -> Paint:
        """Return the color of a cell."""
        if self.fill is not None:
            return self.fill(row, column)
        if self.is_padding(row, column) and self.values[row, column] == 0:
            return PANEL
        return shade(float(self.values[row, column]), *self.ends)

    def cell(self, row: int, column: int) -> Rect:
        """Draw the area of a cell."""
        padded = self.is_padding(row, column)
        return Rect(
            left=self.left + column,
            top=self.top + row,
            width=1,
            height=1,
            fill=self.paint(row, column),
            stroke=FRAME,
            dashed=padded,
        )

    def text(self, row: int, column: int, size: float) -> Caption:
        """Write what is in a cell."""
        fill = self.paint(row, column)
        return Caption(
            x=self.left + column + 0.5,
            y=self.top + row + 0.5,
            text=self.written[row][column],
            size=size,
            paint=MUTED if fill == PANEL else text_on(fill),
        )

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value of the color scale."""
        return self.scale or limits(self.values.ravel())

    @cached_property
    def written(self) -> list[list[str]]:
        """What is written in the cells."""
        texts = written(self.values) if self.texts is None else self.texts
        return [[str(text) for text in line] for line in texts]

    @property
    def text_size(self) -> float:
        """The font size with which every text fits its cell; 0 if it would be too small."""
        return size_for([text for line in self.written for text in line])

    def draw(self, size: float | None = None) -> list[Drawable]:
        """Draw all cells, padding first, and the values in them.

        Parameters
        ----------
        size
            Font size, by default :attr:`text_size`; 0 for none.

        Returns
        -------
        list
            Shapes.
        """
        size = self.text_size if size is None else size
        cells = [(i, j) for i in range(self.rows) for j in range(self.columns)]
        cells.sort(key=lambda cell: not self.is_padding(*cell))
        shapes: list[Drawable] = [self.cell(*cell) for cell in cells]
        if size:
            shapes += [self.text(*cell, size) for cell in cells]
        return shapes


def size_for(texts: list[str], largest: float = _LARGEST_TEXT) -> float:
    """Return the font size with which each text fits a cell; 0 if it would be too small to read.

    Examples
    --------
    >>> size_for(["1", "-2"]), size_for(["12345678901234567890"])
    (0.42, 0.0)
    """
    widest = max(map(width, texts), default=0.0)
    size = min(largest, _ROOM / widest if widest else largest)
    return size if size >= _SMALLEST_TEXT else 0.0


def written(values: Array) -> list[list[str]]:
    """Write numbers as integers if they are, otherwise with two significant digits.

    Parameters
    ----------
    values
        ``[row, column]``.

    Returns
    -------
    list of list of str

    Examples
    --------
    >>> written(np.array([[1.0, 2.0]])), written(np.array([[0.256, -1.0]]))
    ([['1', '2']], [['0.26', '-1']])
    """
    return [[number(float(value), _DIGITS) for value in line] for line in np.asarray(values, float)]


def number(value: float, digits: int = 3) -> str:
    """Write a number, with a few significant digits unless it is an integer.

    Examples
    --------
    >>> number(0.1 + 0.2), number(1e-9), number(12345.0), number(-0.0), number(1.234, 2)
    ('0.3', '1e-9', '12345', '0', '1.2')
    """
    if np.isfinite(value) and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text
