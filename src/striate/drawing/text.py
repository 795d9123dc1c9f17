"""Widths of text, so that drawings can be laid out without a library for fonts.

The widths are those of DejaVu Sans, Matplotlib's font, in thousandths of the font size. The fonts
of browsers that may replace it are narrower or as wide. In mathematical text, ``^{...}`` and
``_{...}`` raise and lower what is between the braces.
"""

import re
import unicodedata
from typing import NamedTuple

_FIRST = 32  # the character of the first width
_WIDTHS = (
    *(318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636),
    *(636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698),
    *(770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732),
    *(684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635),
    *(634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592),
    *(525, 636, 337, 636, 838),
)
_OTHERS = {"·": 318, "Σ": 632, "Π": 752, "∂": 517, "∘": 626, "′": 227, "…": 1000}
_USUAL, _WIDE = 838, 1000
_BOLD = 1.12  # DejaVu Sans Bold compared with the regular font
_RAISED = 0.7  # size of raised and lowered text

_PIECE = re.compile(r"\^\{(?P<up>[^}]*)\}|_\{(?P<down>[^}]*)\}|(?P<plain>[^^_]+|[\^_])")


class TextRun(NamedTuple):
    """A piece of text at one height: its size and its rise, both relative to the font size."""

    text: str
    size: float
    rise: float


def runs(text: str) -> list[TextRun]:
    """Divide mathematical text into plain, raised and lowered pieces.

    Parameters
    ----------
    text
        For example ``"W^{1,0}"``.

    Returns
    -------
    list of TextRun

    Examples
    --------
    >>> runs("W^{1,0}")
    [TextRun(text='W', size=1.0, rise=0.0), TextRun(text='1,0', size=0.7, rise=0.38)]
    """
    found: list[TextRun] = []
    for piece in _PIECE.finditer(text):
        if piece["plain"] is not None:
            found.append(TextRun(piece["plain"], 1.0, 0.0))
        elif piece["up"] is not None:
            found.append(TextRun(piece["up"], _RAISED, 0.38))
        else:
            found.append(TextRun(piece["down"], _RAISED, -0.18))
    return found


def width(text: str, size: float = 1.0, *, bold: bool = False, math: bool = False) -> float:
    """Return the width of a line of text.

    Parameters
    ----------
    text
        The text.
    size
        Font size.
    bold, math
        Whether it is bold, and whether it is mathematical.

    Returns
    -------
    float
        In the unit of the font size.

    Examples
    --------
    >>> width("10", 12.0)
    15.264
    """
    pieces = runs(text) if math else [TextRun(text, 1.0, 0.0)]
    total = sum(piece.size * sum(map(_advance, piece.text)) for piece in pieces)
    return size * total * (_BOLD if bold else 1.0) / 1000


def fitted(text: str, room: float, size: float = 1.0, *, bold: bool = False) -> str:
    """Shorten a text that is too wide, with an ellipsis at its end.

    Examples
    --------
    >>> fitted("a long name", 4.0), fitted("short", 4.0)
    ('a lon…', 'short')
    """
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(f"{text}…", size, bold=bold) > room:
        text = text[:-1].rstrip()
    return f"{text}…"


def _advance(character: str) -> int:
    """Return the width of a character."""
    place = ord(character) - _FIRST
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return _OTHERS.get(character, _USUAL)
