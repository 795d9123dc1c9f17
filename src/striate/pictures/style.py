"""How all pictures look: one set of colors, sizes and habits, safe for color-blind readers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.errors import ExtraError
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GRAY, INK = "#0072b2", "#d55e00", "#8c8c8c", "#262626"
"""Blue and vermilion of Okabe and Ito, which no form of color blindness confuses."""

COUNTS, SIGNED = "Blues", "RdBu_r"
"""Color maps: light to dark for counts, blue over white to red for numbers of both signs."""

TITLE, LABEL, SMALL = 12.0, 10.0, 8.0
"""Sizes of letters, in points."""

DOTS_PER_INCH = 150

_MARGIN = 0.1  # inches around a figure and between its panels


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure that needs neither a screen nor matplotlib's global state.

    Parameters
    ----------
    width, height
        Inches.

    Returns
    -------
    Figure

    Raises
    ------
    ExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # an extra, and heavy
    except ImportError as error:
        raise ExtraError(
            "Pictures cannot be drawn: matplotlib is not installed. striate draws them with "
            "matplotlib, which comes with its extra plot. Install it: pip install 'striate[plot]'."
        ) from error
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    return figure


def heading(figure: "Figure", text: str) -> None:
    """Write what a figure of many panels shows above its left end."""
    figure.suptitle(text, x=_MARGIN / figure.get_figwidth(), ha="left", fontsize=TITLE, color=INK)


def title(axes: "Axes", text: str) -> None:
    """Write what a panel shows above its left end."""
    axes.set_title(text, loc="left", fontsize=TITLE, color=INK, pad=8)


def open_panel(axes: "Axes") -> None:
    """Leave a panel of curves two axes and faint lines to read values by."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRAY)
    axes.tick_params(colors=INK, labelsize=LABEL, color=GRAY)
    axes.grid(visible=True, axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)


def bare_panel(axes: "Axes") -> None:
    """Leave a panel with an image nothing but the image and a thin frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#cccccc")
        spine.set_linewidth(0.6)


def show_image(axes: "Axes", image: Array) -> None:
    """Draw an image ``(rows, columns, channels)``, gray or in color, each pixel a square."""
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
    """Bring pixels to 0 to 1: uint8 divided by 255, other numbers from lowest to highest.

    Parameters
    ----------
    image
        Of any shape.

    Returns
    -------
    Array
        float64.

    Examples
    --------
    >>> displayed(np.array([-1.0, 1.0, 3.0]))
    array([0. , 0.5, 1. ])
    """
    if image.dtype == np.uint8:
        return image / 255.0
    low, high = float(image.min()), float(image.max())
    return (image.astype(np.float64) - low) / ((high - low) or 1.0)


def shorten(name: str, longest: int) -> str:
    """Cut a name that is too long for its place, and show that it was cut.

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
    >>> shorten("Ankle boot", 6)
    'Ankle…'
    """
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def names_of(classes: Sequence[str], count: int) -> list[str]:
    """Give the names of so many classes, or their numbers where they have no names.

    Parameters
    ----------
    classes
        The names, or none.
    count
        How many classes there are.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names_of((), 3)
    ['0', '1', '2']
    """
    return list(classes) or [str(label) for label in range(count)]
