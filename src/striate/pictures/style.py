"""The style of all pictures: colors, sizes, and text that is drawn as it is written."""

import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from striate.errors import ExtraError
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GRAY, INK = "#0072b2", "#d55e00", "#8c8c8c", "#262626"
"""Blue and vermilion of Okabe and Ito, which no form of color blindness confuses."""

COUNTS, SIGNED = "Blues", "RdBu_r"
"""Color maps: light to dark for counts; blue, white and red for negative, zero and positive."""

TITLE, LABEL, SMALL = 12.0, 10.0, 8.0
"""Font sizes, in points."""

DOTS_PER_INCH = 150

_MARGIN = 0.1  # inches around a figure and between its panels

# Fonts for scripts that Matplotlib's own font lacks; those that are installed are used.
_FALLBACK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "Yu Gothic",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "Noto Sans Devanagari",
    "Nirmala UI",
    "Arial Unicode MS",
    "Segoe UI",
)

_Arguments = ParamSpec("_Arguments")


def in_own_style(
    draw: "Callable[_Arguments, Figure]",
) -> "Callable[_Arguments, Figure]":
    r"""Let a function draw in striate's style, whatever the user's settings for Matplotlib are.

    With a dark style the labels would be dark on black. With ``text.usetex``, or with a class that
    is called ``note $5^$``, Matplotlib would take names for TeX, and fail. So text is never parsed.

    Parameters
    ----------
    draw
        A function that returns a figure.

    Returns
    -------
    function
        The same function. It raises ``ExtraError`` if Matplotlib is not installed.
    """

    @functools.wraps(draw)
    def drawn(*args: _Arguments.args, **options: _Arguments.kwargs) -> "Figure":
        _require_matplotlib()
        from matplotlib.text import Text  # noqa: PLC0415  # an extra, and heavy

        with own_style():
            figure = draw(*args, **options)
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            text.set_parse_math(False)
            text.set_usetex(False)
        return figure

    return drawn


@contextmanager
def own_style() -> Iterator[None]:
    """Set Matplotlib's default style for a while, with fonts for more scripts."""
    from matplotlib import font_manager, rc_context, style  # noqa: PLC0415  # an extra, and heavy

    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(font for font in _FALLBACK_FONTS if font in installed)]
    with (
        style.context("default", after_reset=True),
        rc_context({"text.parse_math": False, "font.family": fonts}),
        warnings.catch_warnings(),
    ):
        # A name in a script without a font is drawn as boxes; that's no reason to complain.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure that needs neither a screen nor Matplotlib's list of figures.

    Parameters
    ----------
    width, height
        Inches.

    Returns
    -------
    Figure
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra, and heavy

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    return figure


def _require_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401, PLC0415  # an extra, and heavy
    except ImportError as error:
        raise ExtraError(
            f"Drawing pictures needs Matplotlib, which cannot be imported ({error}). "
            "Install it with pip install 'striate[plot]'."
        ) from error


def heading(figure: "Figure", text: str) -> None:
    """Write the title of a figure of many panels, at the left."""
    figure.suptitle(text, x=_MARGIN / figure.get_figwidth(), ha="left", fontsize=TITLE, color=INK)


def title(axes: "Axes", text: str) -> None:
    """Write the title of a panel, at the left."""
    axes.set_title(text, loc="left", fontsize=TITLE, color=INK, pad=8)


def open_panel(axes: "Axes") -> None:
    """Draw a panel of curves with two axes, and faint lines to read values by."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRAY)
    axes.tick_params(colors=INK, labelsize=LABEL, color=GRAY)
    axes.grid(visible=True, axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)


def bare_panel(axes: "Axes") -> None:
    """Draw a panel with a thin frame only."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#cccccc")
        spine.set_linewidth(0.6)


def show_image(axes: "Axes", image: Array) -> None:
    """Draw an image ``(rows, columns, channels)``, gray or in color, each pixel as a square."""
    channels = image.shape[-1]
    shown = displayed(image)
    options: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1} if channels != 3 else {}
    axes.imshow(
        shown if channels == 3 else shown[..., 0],
        interpolation="nearest",
        **options,
    )
    bare_panel(axes)


def displayed(image: Array) -> Array:
    """Scale pixels to 0 to 1: uint8 and uint16 by their range, floats by the image's own.

    Parameters
    ----------
    image
        Any shape.

    Returns
    -------
    Array
        float64.

    Examples
    --------
    >>> displayed(np.array([-1.0, 1.0, 3.0]))
    array([0. , 0.5, 1. ])
    """
    if image.dtype in (np.uint8, np.uint16):
        return image / float(np.iinfo(image.dtype).max)
    low, high = float(image.min()), float(image.max())
    return (image.astype(np.float64) - low) / ((high - low) or 1.0)


def drawable(name: str, longest: int) -> str:
    r"""Prepare a name for a picture: on one line, without control characters, not too long.

    Parameters
    ----------
    name
        Any text.
    longest
        Characters that there is room for.

    Returns
    -------
    str

    Examples
    --------
    >>> print(drawable("Ankle boot", 6), drawable("two\nlines", 14), drawable(" ", 14), sep=", ")
    Ankle…, two lines, ' '
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    plain = plain or ascii(name)  # so that a name of blanks or controls can be seen
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def names_of(classes: Sequence[object], count: int) -> list[str]:
    """Return the names of the classes, or their indices if they have no names.

    Parameters
    ----------
    classes
        The names; none if the classes have none.
    count
        The number of classes.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names_of((), 3)
    ['0', '1', '2']
    """
    return [str(name) for name in classes] or [str(label) for label in range(count)]
