"""Scenes on Matplotlib axes: each shape becomes an artist in the scene's own coordinates."""

import functools
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from striate.drawing.paint import Paint, Theme
from striate.drawing.scene import (
    ABOVE_BASELINE,
    Caption,
    Drawable,
    Polygon,
    Raster,
    Rect,
    Scene,
    Stroke,
)
from striate.drawing.svg import with_head
from striate.drawing.text import runs, width
from striate.pictures.style import TITLE, ThemeColors, bare_panel, panel, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from striate.pictures.style import Target

PIXELS_PER_INCH, _POINTS_PER_INCH = 96, 72
"""Of a scene, and of fonts and lines in Matplotlib."""

_POINTS = _POINTS_PER_INCH / PIXELS_PER_INCH
_TITLE_HEIGHT, _PAGE = 0.35, 7.3  # inches
_LARGER = 1.5  # the largest title, relative to the usual one
_DASHES = (0, (3.2, 2.4))


def draw_scene(scene: Scene, ax: "Target", theme: Theme, heading: str = "") -> "Axes":
    """Draw a scene on axes.

    Parameters
    ----------
    scene
        What to draw.
    ax, theme
        As the user gave them; see :func:`striate.pictures.style.panel`.
    heading
        Title of the axes; empty for none.

    Returns
    -------
    Axes
        One unit of the data coordinates is one unit of the scene; the second axis points down.
    """
    bounds = scene.bounds
    inches = scene.unit / PIXELS_PER_INCH
    # A picture that is wider than a page will be made smaller, so its title is larger.
    larger = min(max(bounds.width * inches / _PAGE, 1.0), _LARGER)
    high = bounds.height * inches + (larger * _TITLE_HEIGHT if heading else 0)
    needed = 1.16 * larger * width(heading, TITLE / _POINTS_PER_INCH)
    size = (max(bounds.width * inches, needed) + 0.2, high + 0.2)
    with panel(ax, theme, size) as (axes, look):
        prepare(axes, scene)
        axes.set_label(scene.about)
        for shape in scene.shapes:
            _draw(axes, look, shape, scene.unit)
        if heading:
            title(axes, heading, look, larger)
    return axes


def prepare(axes: "Axes", scene: Scene) -> None:
    """Set the limits of axes to the bounds of a scene, without ticks and frame."""
    bounds = scene.bounds
    bare_panel(axes)
    axes.set_xlim(bounds.left, bounds.right)
    axes.set_ylim(bounds.bottom, bounds.top)
    axes.set_aspect("equal", adjustable="box", anchor="W")


def _draw(axes: "Axes", look: ThemeColors, shape: Drawable, unit: float) -> None:
    """Add the artists of one shape."""
    match shape:
        case Rect():
            _draw_box(axes, look, shape)
        case Stroke():
            points, head = with_head(shape)
            _draw_stroke(axes, look.pick(shape.paint), points, shape)
            if head:
                _draw_polygon(axes, head, look.pick(shape.paint), "none", 0.0)
        case Polygon():
            _draw_polygon(
                axes,
                shape.points,
                _color(look, shape.fill),
                _color(look, shape.stroke),
                shape.weight * _POINTS,
            )
        case Caption():
            _draw_caption(axes, look, shape, unit)
        case Raster():
            _draw_raster(axes, look, shape)
        case _:
            assert_never(shape)


def _color(look: ThemeColors, paint: Paint | None) -> str:
    return "none" if paint is None else look.pick(paint)


def _draw_box(axes: "Axes", look: ThemeColors, box: Rect) -> None:
    from matplotlib.patches import FancyBboxPatch, Rectangle  # noqa: PLC0415  # an extra, and heavy

    options: dict[str, Any] = {
        "facecolor": _color(look, box.fill),
        "edgecolor": _color(look, box.stroke),
        "linewidth": box.weight * _POINTS if box.stroke else 0.0,
        "linestyle": _DASHES if box.dashed else "-",
    }
    place, sides = (box.left, box.top), (box.width, box.height)
    if box.radius:
        style = f"round,pad=0,rounding_size={box.radius}"
        axes.add_artist(FancyBboxPatch(place, *sides, boxstyle=style, **options))
    else:
        axes.add_artist(Rectangle(place, *sides, **options))


def _draw_stroke(
    axes: "Axes", color: str, points: tuple[tuple[float, float], ...], stroke: Stroke
) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415  # an extra, and heavy

    xs, ys = zip(*points, strict=True)
    line = Line2D(
        xs,
        ys,
        color=color,
        linewidth=stroke.weight * _POINTS,
        linestyle=_DASHES if stroke.dashed else "-",
        solid_joinstyle="round",
        solid_capstyle="butt",
        zorder=1,  # that of patches, so that later shapes cover earlier ones
    )
    axes.add_artist(line)


def _draw_polygon(
    axes: "Axes", points: tuple[tuple[float, float], ...], fill: str, stroke: str, weight: float
) -> None:
    from matplotlib.patches import Polygon as Patch  # noqa: PLC0415  # an extra, and heavy

    axes.add_artist(Patch(points, closed=True, facecolor=fill, edgecolor=stroke, linewidth=weight))


def _draw_raster(axes: "Axes", look: ThemeColors, raster: Raster) -> None:
    pixels = raster.dark if look.theme == "dark" and raster.dark is not None else raster.pixels
    limits = axes.get_xlim(), axes.get_ylim()
    bounds = raster.bounds
    axes.imshow(
        pixels,
        extent=(bounds.left, bounds.right, bounds.bottom, bounds.top),
        interpolation="nearest",
        aspect="equal",
        zorder=1,
    )
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.set_aspect("equal", adjustable="box", anchor="W")


def _draw_caption(axes: "Axes", look: ThemeColors, caption: Caption, unit: float) -> None:
    """Add the pieces of a text, one after another."""
    scaled = _scaled_text()
    baseline = caption.y + ABOVE_BASELINE * caption.size
    options: dict[str, Any] = {
        "color": look.pick(caption.paint),
        "fontweight": "bold" if caption.bold else "normal",
        "fontstyle": "italic" if caption.italic else "normal",
        "va": "baseline",
    }
    if not caption.math:
        side = {"start": "left", "middle": "center", "end": "right"}[caption.anchor]
        text = scaled(caption.x, baseline, caption.text, caption.size, unit, ha=side, **options)
        _add_text(axes, text)
        return
    left = caption.left
    for run in runs(caption.text):
        size = caption.size * run.size
        y = baseline - run.rise * caption.size
        _add_text(axes, scaled(left, y, run.text, size, unit, ha="left", **options))
        left += width(run.text, size, bold=caption.bold)


def _add_text(axes: "Axes", text: "Text") -> None:
    """Add a text to axes, parsed as it is written."""
    text.set_transform(axes.transData)
    text.set_in_layout(False)  # the scene's bounds have room for it
    text.set_zorder(1)
    axes.add_artist(text)
    text.set_clip_on(False)


@functools.cache
def _scaled_text() -> Any:
    """Define a text whose font size is a length in data coordinates, so that it grows with axes."""
    from matplotlib.text import Text  # noqa: PLC0415  # an extra, and heavy

    class ScaledText(Text):
        """A text with a size in data coordinates."""

        def __init__(
            self, x: float, y: float, text: str, size: float, unit: float, **options: Any
        ) -> None:
            super().__init__(x, y, text, fontsize=size * unit * _POINTS, **options)
            self._size_in_units = size

        def draw(self, renderer: Any) -> None:
            """Set the font size for the current size of the axes, and draw."""
            if self.axes is not None and self.figure is not None:
                ends = self.axes.transData.transform([(0.0, 0.0), (0.0, 1.0)])
                pixels = float(np.abs(ends[1, 1] - ends[0, 1]))
                dpi = self.figure.dpi if hasattr(self.figure, "dpi") else 72.0
                points = self._size_in_units * pixels * _POINTS_PER_INCH / dpi
                if abs(points - float(self.get_fontsize())) > 1e-3 * points:
                    self.set_fontsize(points)
            super().draw(renderer)

    return ScaledText
