"""Colors for light and dark pages: a paint is one color for each.

The hues are those of Okabe and Ito, which people with any form of color blindness can tell apart.
On dark pages they are lighter. Values become colors through scales of a few anchors, between which
colors are interpolated; zero has the color of the page on both.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from striate.functions.options import OneOf, require

Theme = Literal["auto", "light", "dark"]
"""How a picture is colored: for light pages, for dark pages, or as the page that shows it."""

THEMES = OneOf(("auto", "light", "dark"))


class Paint(NamedTuple):
    """A color for light pages and one for dark pages, as ``#rrggbb``."""

    light: str
    dark: str


SURFACE = Paint("#ffffff", "#14181d")
"""The page."""

INK = Paint("#262626", "#e6e9ed")
"""Text and main lines."""

MUTED = Paint("#5f6b78", "#9aa7b4")
"""Secondary text."""

FRAME = Paint("#c3cad2", "#465160")
"""Thin lines between cells and around panels."""

PANEL = Paint("#f1f4f7", "#20272f")
"""Areas that recede, such as padding."""

BLUE = Paint("#0072b2", "#6cc0fa")
ORANGE = Paint("#d55e00", "#ff9248")
GREEN = Paint("#009e73", "#2aa67c")
YELLOW = Paint("#b98100", "#f2c14b")
PINK = Paint("#b5548c", "#e79fca")
SKY = Paint("#3a9bd6", "#9bd3f7")
GRAY = Paint("#8c8c8c", "#8f99a4")

CATEGORIES = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, GRAY)
"""Colors of things without an order, the most different ones first."""

SEQUENTIAL = (
    Paint("#ffffff", "#14181d"),
    Paint("#cfe1f2", "#153552"),
    Paint("#6baed6", "#1f6ea8"),
    Paint("#2171b5", "#6baed6"),
    Paint("#08306b", "#deebf7"),
)
"""From the page's color to the strongest contrast with it."""

DIVERGING = (
    Paint("#2166ac", "#8ccbff"),
    Paint("#92c5de", "#2f6fa6"),
    Paint("#ffffff", "#14181d"),
    Paint("#f4a582", "#a8502f"),
    Paint("#b2182b", "#ffb494"),
)
"""Blue for negative values, the page's color for zero, red for positive values."""


def require_theme(theme: object) -> None:
    """Raise if a theme is unknown.

    Parameters
    ----------
    theme
        What the user wrote.

    Raises
    ------
    OptionError
        If it is not ``"auto"``, ``"light"`` or ``"dark"``.

    Examples
    --------
    >>> require_theme("dark")
    """
    require("theme", theme, THEMES, example="dark")


def between(scale: Sequence[Paint], position: float) -> Paint:
    """Interpolate a scale.

    Parameters
    ----------
    scale
        Two or more paints at equal distances.
    position
        From 0, the first paint, to 1, the last one; values outside are clipped.

    Returns
    -------
    Paint

    Examples
    --------
    >>> between((Paint("#000000", "#ffffff"), Paint("#ffffff", "#000000")), 0.2)
    Paint(light='#333333', dark='#cccccc')
    """
    place = min(max(position, 0.0), 1.0) * (len(scale) - 1)
    first = min(int(place), len(scale) - 2)
    return mixed(scale[first], scale[first + 1], place - first)


def mixed(one: Paint, other: Paint, share: float) -> Paint:
    """Mix two paints; ``share`` is how much of the other one there is, from 0 to 1.

    Examples
    --------
    >>> mixed(Paint("#000000", "#000000"), Paint("#ff0000", "#0000ff"), 1.0)
    Paint(light='#ff0000', dark='#0000ff')
    """
    return Paint(_mix(one.light, other.light, share), _mix(one.dark, other.dark, share))


def tint(paint: Paint, strength: float = 0.3) -> Paint:
    """Make a pale version of a paint, for an area that holds text.

    Examples
    --------
    >>> tint(Paint("#000000", "#ffffff"), 0.0) == SURFACE
    True
    """
    return mixed(SURFACE, paint, strength)


def shade(value: float, low: float, high: float) -> Paint:
    """Return the color of a value: by its sign if there are negative values, otherwise by its size.

    The strongest colors are left out, so that numbers can be read on all of them.

    Parameters
    ----------
    value
        The value.
    low, high
        The smallest and the largest of all values.

    Returns
    -------
    Paint

    Examples
    --------
    >>> shade(0, -1, 1) == SURFACE, shade(0, 0, 3) == SURFACE
    (True, True)
    """
    if not low <= value <= high:  # not a number, or infinite
        return PANEL
    if low < 0:
        limit = max(-low, high)
        return between(DIVERGING, 0.5 + 0.375 * value / limit)
    return between(SEQUENTIAL, 0.5 * value / high if high > 0 else 0.0)


def text_on(fill: Paint) -> Paint:
    """Return black or white, whichever can be read on an area of this color, for each kind of page.

    One of the two has a contrast of at least 4.58 with every color.

    Examples
    --------
    >>> text_on(Paint("#ffffff", "#003366"))
    Paint(light='#000000', dark='#ffffff')
    """

    def best(color: str) -> str:
        return max(("#000000", "#ffffff"), key=lambda text: contrast(color, text))

    return Paint(best(fill.light), best(fill.dark))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21 (WCAG 2).

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 3)
    21.0
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """Return the relative luminance of a color, from 0 for black to 1 for white (WCAG 2).

    Examples
    --------
    >>> luminance("#ffffff")
    1.0
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(color)]
    return round(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2], 6)


def limits(values: Iterable[float]) -> tuple[float, float]:
    """Return the smallest and the largest finite value, with 0 between them.

    Examples
    --------
    >>> limits([3.0, float("nan"), -1.0])
    (-1.0, 3.0)
    """
    finite = [float(v) for v in values if abs(v) < float("inf")]
    return min([0.0, *finite]), max([0.0, *finite])


def _rgb(color: str) -> tuple[float, float, float]:
    """Read a color as three numbers from 0 to 1."""
    return tuple(int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))  # pyright: ignore[reportReturnType]  # three


def _mix(one: str, other: str, share: float) -> str:
    """Interpolate two colors."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round(255 * (a + (b - a) * share)):02x}" for a, b in pairs)
