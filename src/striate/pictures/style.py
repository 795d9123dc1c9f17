"""The style of all pictures: colors, sizes, and text that is drawn as it is written.

Every function that draws takes ``ax=`` and ``theme=`` and enters :func:`panel`, which finds or
makes the axes and the :class:`ThemeColors`, the colors of the theme.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from striate.drawing import paint
from striate.drawing.paint import Paint, Theme, require_theme
from striate.drawing.text import width
from striate.errors import ExtraError, OptionError
from striate.functions.writing import short
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

    Target = Axes | Figure | SubFigure | None

TITLE, LABEL, SMALL = 12.0, 10.0, 8.0
"""Font sizes, in points."""

DOTS_PER_INCH = 150

_SMALLEST_TEXT, _SMALLEST_SHARE = 5.0, 0.5  # points, and of the usual size, in small axes
_SLACK = 1.1  # axes that are a little smaller than usual have text of the usual size
_INSIDE = 0.85  # of a picture are its axes, the rest is around them
_POINTS_PER_INCH = 72
_MARGIN = 0.1  # inches around a figure and between its panels
_OPAQUE = 0.5  # a color with less alpha shows what is behind it
_DARK = 0.18  # luminance of the gray that is halfway between black and white to the eye

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


@dataclass(frozen=True)
class ThemeColors:
    """The colors and the text sizes of a picture.

    Parameters
    ----------
    theme
        For light or for dark pages.
    share
        Text sizes relative to the usual ones: less than 1 in small axes.
    room
        Inches of the picture's width, if the user gave the axes.
    """

    theme: Literal["light", "dark"]
    share: float = 1.0
    room: float | None = None

    def points(self, size: float) -> float:
        """Return a font size for these axes."""
        return max(min(size, _SMALLEST_TEXT), self.share * size)

    def pick(self, color: Paint) -> str:
        """Return the color of a paint in this theme."""
        return color.dark if self.theme == "dark" else color.light

    @property
    def ink(self) -> str:
        """The color of text."""
        return self.pick(paint.INK)

    @property
    def muted(self) -> str:
        """The color of secondary text."""
        return self.pick(paint.MUTED)

    @property
    def surface(self) -> str:
        """The color of the page."""
        return self.pick(paint.SURFACE)

    @property
    def frame(self) -> str:
        """The color of thin lines."""
        return self.pick(paint.FRAME)

    @property
    def signed(self) -> "Colormap":
        """Colors for negative, zero and positive values."""
        return self._colormap("signed", paint.DIVERGING)

    @property
    def counts(self) -> "Colormap":
        """Colors from nothing to much."""
        return self._colormap("counts", paint.SEQUENTIAL)

    def _colormap(self, name: str, scale: Sequence[Paint]) -> "Colormap":
        from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415  # an extra, and heavy

        return LinearSegmentedColormap.from_list(f"striate-{name}", [*map(self.pick, scale)])


@contextmanager
def panel(
    ax: "Target", theme: Theme, size: tuple[float, float]
) -> "Iterator[tuple[Axes, ThemeColors]]":
    r"""Find or make the axes of a picture, and set striate's style while it is drawn.

    The user's settings for Matplotlib decide about light or dark with the theme ``"auto"``, and
    about nothing else: with ``text.usetex``, or with a class that is called ``note $5^$``,
    Matplotlib would take names for TeX, and fail. So text is never parsed.

    Parameters
    ----------
    ax
        What the user gave: axes to draw into; an empty figure, which gets the size that suits the
        picture; an empty subfigure; or ``None`` for a new figure of pyplot.
    theme
        What the user gave.
    size
        Width and height that suit the picture, in inches.

    Yields
    ------
    Axes, ThemeColors

    Raises
    ------
    OptionError
        If ``ax`` or ``theme`` is something else.
    ExtraError
        If Matplotlib is not installed.
    """
    require_theme(theme)
    _require_matplotlib()
    from matplotlib.text import Text  # noqa: PLC0415  # an extra, and heavy

    look = ThemeColors("dark" if theme == "dark" or (theme == "auto" and _is_dark(ax)) else "light")
    with own_style():
        axes, own = _axes(ax, size, look)
        if not own:
            wide, high = _room(axes)
            share = _SLACK * min(wide / size[0], high / size[1])
            look = replace(look, share=min(max(share, _SMALLEST_SHARE), 1.0), room=wide)
        if own or theme != "auto":
            axes.set_facecolor(look.surface)
        before = set(axes.findobj(Text))
        yield axes, look
        for text in axes.findobj(Text):
            if text not in before or own:
                assert isinstance(text, Text)
                text.set_parse_math(False)
                text.set_usetex(False)


def _axes(ax: "Target", size: tuple[float, float], look: ThemeColors) -> "tuple[Axes, bool]":
    """Return the axes, and whether they are new."""
    from matplotlib.axes import Axes  # noqa: PLC0415  # an extra, and heavy
    from matplotlib.figure import Figure, SubFigure  # noqa: PLC0415

    if isinstance(ax, Axes):
        return ax, False
    if isinstance(ax, SubFigure) and not ax.axes:
        return ax.add_subplot(), True
    if ax is None:
        from matplotlib import pyplot as plt  # noqa: PLC0415  # notebooks show its figures

        figure = plt.figure()
    elif isinstance(ax, Figure) and not ax.axes:
        figure = ax
    else:
        used = " that has axes already" if isinstance(ax, Figure | SubFigure) else ""
        raise OptionError(
            f"`ax` must be Matplotlib axes or an empty figure, got {short(_kind_of(ax))}{used}. "
            "Use figure, ax = plt.subplots(), or leave ax out for a new figure."
        )
    figure.set_size_inches(*size)
    figure.set_dpi(DOTS_PER_INCH)
    figure.set_facecolor(look.surface)
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    return figure.add_subplot(), True


def _room(axes: "Axes") -> tuple[float, float]:
    """Return the width and the height that a picture on the user's axes has, in inches.

    In a grid of subplots, this is a cell of the grid: the size of its axes is known only when the
    figure is drawn.
    """
    from matplotlib.gridspec import GridSpec  # noqa: PLC0415  # an extra, and heavy

    dpi = axes.figure.dpi if hasattr(axes.figure, "dpi") else DOTS_PER_INCH
    spec = axes.get_subplotspec()
    grid = spec.get_gridspec() if spec else None
    if spec is None or not isinstance(grid, GridSpec):
        extent = axes.get_window_extent()
        return extent.width / dpi / _INSIDE, extent.height / dpi / _INSIDE
    whole = axes.figure.bbox
    columns, rows = np.array(grid.get_width_ratios()), np.array(grid.get_height_ratios())
    wide = columns[list(spec.colspan)].sum() / columns.sum()
    high = rows[list(spec.rowspan)].sum() / rows.sum()
    return float(whole.width * wide / dpi), float(whole.height * high / dpi)


def _kind_of(value: object) -> object:
    """Return a figure's class, which is shorter than its text, and anything else as it is."""
    return type(value) if type(value).__module__.startswith("matplotlib") else value


def _is_dark(ax: "Target") -> bool:
    """Return whether the page that a picture will be on is dark."""
    from matplotlib import rcParams  # noqa: PLC0415  # an extra, and heavy
    from matplotlib.colors import to_hex, to_rgba  # noqa: PLC0415

    around = [ax, getattr(ax, "figure", None)]
    colors = [owner.get_facecolor() for owner in around if hasattr(owner, "get_facecolor")]
    for color in [*colors, rcParams["figure.facecolor"]]:
        if to_rgba(color)[3] >= _OPAQUE:
            return paint.luminance(to_hex(color)) < _DARK
    return False


def _require_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401, PLC0415  # an extra, and heavy
    except ImportError as error:
        raise ExtraError(
            f"Drawing pictures needs Matplotlib, which cannot be imported ({error}). "
            "Install it with pip install 'striate[plot]'."
        ) from error


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


def new_figure() -> "Figure":
    """Make an empty figure that needs neither a screen nor Matplotlib's list of figures.

    Returns
    -------
    Figure
        To give as ``ax``: the picture sets its size.
    """
    _require_matplotlib()
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra, and heavy

    return Figure()


def title(axes: "Axes", text: str, look: ThemeColors, larger: float = 1.0) -> None:
    """Write the title of a picture, at the left; on the user's axes not wider than its room."""
    size = larger * look.points(TITLE)
    if look.room is not None:
        size = min(size, max(_SMALLEST_TEXT, look.room * _POINTS_PER_INCH / max(1.0, width(text))))
    axes.set_title(text, loc="left", fontsize=size, color=look.ink, pad=8)


def open_panel(axes: "Axes", look: ThemeColors) -> None:
    """Draw a panel of curves with two axes, and faint lines to read values by."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(look.pick(paint.GRAY))
    axes.tick_params(colors=look.ink, labelsize=look.points(LABEL), color=look.pick(paint.GRAY))
    axes.grid(visible=True, axis="y", color=look.pick(paint.PANEL), linewidth=1.0)
    axes.set_axisbelow(True)


def bare_panel(axes: "Axes", *, frame: str | None = None) -> None:
    """Leave out the ticks, and the frame unless it has a color."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(frame is not None)
        if frame is not None:
            spine.set_color(frame)
            spine.set_linewidth(0.6)


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
