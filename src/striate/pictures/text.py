"""Texts with a color behind each character."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.paint import MUTED, SURFACE, Theme, limits, shade, text_on
from striate.drawing.scene import Caption, Drawable, Rect, Scene
from striate.drawing.text import width
from striate.errors import OptionError, ShapeError
from striate.functions.writing import short
from striate.pictures.arguments import image_of, texts_of
from striate.pictures.canvas import draw_scene
from striate.pictures.style import drawable
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_UNIT = 11.0  # pixels of a character's cell
_CELL, _LINE = 1.5, 2.0  # heights of a cell and of a line, in widths of a cell
_SIZE, _GAP = 1.25, 0.8  # of the font, and between titles and texts
_ROOM = 24  # characters of a title
_MOST_CHARACTERS = 5_000


def text(
    texts: Sequence[str],
    values: Sequence[Array],
    titles: Sequence[object] = (),
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw texts, one line for each, with a color behind each character.

    Positive values are red and negative ones blue. Without negative values, larger values are
    darker, or on dark pages lighter. All texts have the same color scale.

    Parameters
    ----------
    texts
        The lines.
    values
        For each text an array with a number for each character, such as what each character adds
        to the score of a class.
    titles
        A text at the left of each line; none by default.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        A character is one unit wide.

    Raises
    ------
    ShapeError
        If there is not one number for each character, or one title for each text.
    OptionError
        If ``texts`` is empty or not a list of texts, or has too many characters to draw.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> ax = text(["if"], [np.array([1.0, -1.0])], ["code"])
    >>> [one.get_text() for one in ax.texts]
    ['code', 'i', 'f']
    """
    lines = _lines(texts)
    numbers = _numbers(lines, values)
    texts_of("titles", titles)
    if len(titles) and len(titles) != len(lines):
        raise ShapeError(
            f"`titles` must have one entry for each text, got {len(titles)} for {len(lines)}. "
            "Leave titles out for texts alone."
        )
    names = [drawable(str(title), _ROOM) for title in titles]
    low, high = limits(float(value) for one in numbers for value in one)
    left = max((width(name, _SIZE) + _GAP for name in names), default=0.0)
    shapes: list[Drawable] = []
    for row, name in enumerate(names):
        y = row * _LINE
        shapes.append(Caption(x=0, y=y, text=name, size=_SIZE, paint=MUTED, anchor="start"))
    for row, (line, one) in enumerate(zip(lines, numbers, strict=True)):
        for column, (character, value) in enumerate(zip(line, one, strict=True)):
            shapes += _character(character, float(value), left + column, row * _LINE, (low, high))
    about = f"{len(lines)} texts: {' / '.join(lines)}"
    return draw_scene(Scene(shapes=tuple(shapes), unit=_UNIT, about=about, margin=0.4), ax, theme)


def _lines(texts: Any) -> list[str]:
    """Check the texts."""
    listed = isinstance(texts, Sequence) and not isinstance(texts, str)
    if not listed or not len(texts) or not all(isinstance(one, str) for one in texts):
        raise OptionError(
            f"`texts` must be a list of texts, got {short(texts)}. "
            "For a single text, use [text] and [values]."
        )
    lines = [str(one) for one in texts]
    count = sum(map(len, lines))
    if not count:
        raise OptionError("`texts` has no characters. Use at least one text that isn't empty.")
    if count > _MOST_CHARACTERS:
        raise OptionError(
            f"`texts` has {count:,} characters in all; at most {_MOST_CHARACTERS:,} can be drawn. "
            "Use some of the texts, for example texts[:10]."
        )
    return lines


def _numbers(lines: Sequence[str], values: Any) -> list[Array]:
    """Check that there is a number for each character."""
    if not isinstance(values, Sequence | np.ndarray) or len(values) != len(lines):
        raise ShapeError(
            f"`values` must have one array for each of the {len(lines)} texts, got "
            f"{short(values)}. Use np.zeros(len(text)) for a text without colors."
        )
    numbers = [
        image_of(f"values[{k}]", one, rank=1) if line else np.zeros(0)
        for k, (line, one) in enumerate(zip(lines, values, strict=True))
    ]
    for k, (line, one) in enumerate(zip(lines, numbers, strict=True)):
        if len(one) != len(line):
            raise ShapeError(
                f"`values[{k}]` must have one number for each of the {len(line)} characters of "
                f"texts[{k}], got {len(one)}. Use 0 for characters without a color."
            )
    return numbers


def _character(
    character: str, value: float, left: float, y: float, ends: tuple[float, float]
) -> list[Drawable]:
    """Draw a character on its color."""
    fill = shade(value, *ends)
    shapes: list[Drawable] = []
    if fill != SURFACE:
        shapes.append(Rect(left=left, top=y - _CELL / 2, width=1.0, height=_CELL, fill=fill))
    if not character.isspace():
        shown = character if character.isprintable() else "�"
        paint = text_on(fill)
        shapes.append(Caption(x=left + 0.5, y=y, text=shown, size=_SIZE, paint=paint))
    return shapes
