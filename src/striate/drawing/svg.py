"""Scenes as SVG text, still or animated.

With the theme ``"auto"`` the text holds the colors for both kinds of pages, as CSS's
``light-dark(...)``. A drawing that is part of a page follows the page's ``color-scheme``, which a
switch on the page can change; a separate file follows the reader's settings. Viewers that don't
support this show the light colors. The page's own color is painted behind the drawing, so that it
can be read everywhere.

An animation needs no script: each group of shapes has a SMIL element that shows it in its frames
and hides it in all others.

The text depends on the scene alone: drawing it again gives the same bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

from striate.drawing.paint import SURFACE, Paint, Theme, require_theme
from striate.drawing.png import data_uri
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
from striate.drawing.text import runs

FONT = "'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A shape of an animation, and the frames in which it is there."""

    shape: Drawable
    first: int
    last: int


@dataclass
class _Colors:
    """Writes colors, as they are or by the name of a class."""

    theme: Theme
    used: dict[Paint, int] = field(default_factory=dict)
    night: bool = False  # whether there are images for dark pages

    def attributes(self, fill: Paint | None, stroke: Paint | None) -> str:
        """Write the colors of a shape."""
        if self.theme != "auto":
            colors = [None if p is None else getattr(p, self.theme) for p in (fill, stroke)]
            return f' fill="{colors[0] or "none"}"' + (
                f' stroke="{colors[1]}"' if colors[1] else ""
            )
        names = [f"f{self._number(fill)}"] if fill else []
        names += [f"s{self._number(stroke)}"] if stroke else []
        none = "" if fill else ' fill="none"'
        return f' class="{" ".join(names)}"{none}' if names else none

    def _number(self, paint: Paint) -> int:
        return self.used.setdefault(paint, len(self.used))

    def style(self, scope: str) -> str:
        """Write the style sheet of the classes that were used."""
        if self.theme != "auto":
            return ""
        rules = f":root.{scope}{{color-scheme:light dark}}"
        for paint, k in self.used.items():
            for name, kind in ((f"f{k}", "fill"), (f"s{k}", "stroke")):
                rules += f".{scope} .{name}{{{_both(kind, paint)}}}"
        if not self.night:
            return f"<style>{rules}</style>"
        # A second image, for dark pages, covers the first one; on light pages, a mask hides it.
        rules += f".{scope} .night{{mask:url(#{scope}-night)}}"
        rules += f"#{scope}-night rect{{{_both('fill', Paint('#000000', '#ffffff'))}}}"
        return (
            f'<style>{rules}</style><mask id="{scope}-night"><rect x="-100%" y="-100%" '
            'width="300%" height="300%"/></mask>'
        )


def _both(kind: str, paint: Paint) -> str:
    """Write the colors of a paint for both kinds of pages; the first is for old viewers."""
    if paint.light == paint.dark:
        return f"{kind}:{paint.light}"
    return f"{kind}:{paint.light};{kind}:light-dark({paint.light},{paint.dark})"


def to_svg(scene: Scene, theme: Theme = "auto") -> str:
    """Write a scene as an SVG document.

    Parameters
    ----------
    scene
        The drawing.
    theme
        ``"light"``, ``"dark"``, or ``"auto"`` for both: the viewer chooses.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        If the theme is unknown.

    Examples
    --------
    >>> box = Rect(left=0, top=0, width=1, height=1, fill=SURFACE)
    >>> to_svg(Scene(shapes=(box,), unit=10, about="A box.", margin=0), "light")[:58]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10'
    """
    timed = [Timed(shape=shape, first=0, last=0) for shape in scene.shapes]
    return animated_svg(scene, timed, 1, 1.0, theme)


def animated_svg(
    scene: Scene, shapes: Sequence[Timed], frames: int, seconds: float, theme: Theme = "auto"
) -> str:
    """Write an animation as an SVG document that repeats for ever.

    Parameters
    ----------
    scene
        Its canvas: the bounds, the unit and the description are used.
    shapes
        The shapes of all frames, in the order in which they are drawn.
    frames
        Number of frames.
    seconds
        For which a frame is shown.
    theme
        As for :func:`to_svg`.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        If the theme is unknown.
    """
    require_theme(theme)
    colors, bounds, unit = _Colors(theme), scene.bounds, scene.unit
    canvas = Rect(
        left=bounds.left, top=bounds.top, width=bounds.width, height=bounds.height, fill=SURFACE
    )
    everywhere = Timed(shape=canvas, first=0, last=frames - 1)
    parts: list[str] = []
    for (first, last), group in groupby([everywhere, *shapes], key=lambda t: (t.first, t.last)):
        written = "".join(_shape(timed.shape, colors, unit) for timed in group)
        parts.append(
            written if last - first == frames - 1 else _shown(written, first, last, frames, seconds)
        )
    body = "".join(parts)
    scope = f"striate-{hashlib.sha256((scene.about + body).encode()).hexdigest()[:8]}"
    box = " ".join(
        _number(n * unit) for n in (bounds.left, bounds.top, bounds.width, bounds.height)
    )
    width, height = _number(bounds.width * unit), _number(bounds.height * unit)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" '
        f'height="{height}" class="{scope}" role="img" font-family="{FONT}">'
        f"<title>{escape(scene.about)}</title>{colors.style(scope)}{body}</svg>"
    )


def _shown(body: str, first: int, last: int, frames: int, seconds: float) -> str:
    """Show shapes from a first to a last frame."""
    changes = [(0, "visible" if first == 0 else "hidden")]
    changes += [(first, "visible")] if first else []
    changes += [(last + 1, "hidden")] if last + 1 < frames else []
    values = ";".join(value for _, value in changes)
    times = ";".join(_number(frame / frames, 6) for frame, _ in changes)
    return (
        f'<g visibility="{changes[0][1]}"><animate attributeName="visibility" values="{values}" '
        f'keyTimes="{times}" dur="{_number(frames * seconds)}s" calcMode="discrete" '
        f'repeatCount="indefinite"/>{body}</g>'
    )


def _shape(shape: Drawable, colors: _Colors, unit: float) -> str:
    """Write one shape."""
    match shape:
        case Rect():
            return _box(shape, colors, unit)
        case Stroke():
            return _stroke(shape, colors, unit)
        case Polygon():
            corners = _points(shape.points, unit)
            look = colors.attributes(shape.fill, shape.stroke) + _weight(shape.weight)
            return f'<polygon points="{corners}"{look} stroke-linejoin="round"/>'
        case Caption():
            return _caption(shape, colors, unit)
        case Raster():
            return _raster(shape, colors, unit)


def _box(box: Rect, colors: _Colors, unit: float) -> str:
    x, y, width, height = (_number(n * unit) for n in (box.left, box.top, box.width, box.height))
    look = colors.attributes(box.fill, box.stroke)
    if box.stroke:
        look += _weight(box.weight) + (' stroke-dasharray="4 3"' if box.dashed else "")
    rounded = f' rx="{_number(box.radius * unit)}"' if box.radius else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}"{rounded}{look}/>'


def _stroke(stroke: Stroke, colors: _Colors, unit: float) -> str:
    look = colors.attributes(None, stroke.paint) + _weight(stroke.weight)
    look += ' stroke-dasharray="4 3"' if stroke.dashed else ""
    points, head = with_head(stroke)
    line = f'<polyline points="{_points(points, unit)}"{look} stroke-linejoin="round"/>'
    if not head:
        return line
    return f'{line}<polygon points="{_points(head, unit)}"{colors.attributes(stroke.paint, None)}/>'


def with_head(
    stroke: Stroke,
) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """Return the points of a line that ends where its arrowhead begins, and those of the head."""
    if not stroke.arrow:
        return stroke.points, ()
    (x0, y0), (x1, y1) = stroke.points[-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    dx, dy = (x1 - x0) / length * stroke.arrow, (y1 - y0) / length * stroke.arrow
    base = (x1 - dx, y1 - dy)
    head = (
        (x1, y1),
        (base[0] - 0.45 * dy, base[1] + 0.45 * dx),
        (base[0] + 0.45 * dy, base[1] - 0.45 * dx),
    )
    return (*stroke.points[:-1], base), head


def _caption(caption: Caption, colors: _Colors, unit: float) -> str:
    x, y = caption.x * unit, (caption.y + ABOVE_BASELINE * caption.size) * unit
    look = colors.attributes(caption.paint, None)
    look += ' font-weight="bold"' if caption.bold else ""
    look += ' font-style="italic"' if caption.italic else ""
    look += f' text-anchor="{caption.anchor}"' if caption.anchor != "start" else ""
    size = _number(caption.size * unit)
    if not caption.math:
        body = escape(caption.text, quote=False)
    else:
        body, height = "", 0.0
        for run in runs(caption.text):
            shift = (height - run.rise) * caption.size * unit
            attributes = f' dy="{_number(shift)}"' if shift else ""
            if run.size != 1:
                attributes += f' font-size="{_number(run.size * caption.size * unit)}"'
            text = escape(run.text, quote=False)
            body += f"<tspan{attributes}>{text}</tspan>" if attributes else text
            height = run.rise
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{size}"{look} '
        f'xml:space="preserve">{body}</text>'
    )


def _raster(raster: Raster, colors: _Colors, unit: float) -> str:
    x, y, width, height = (
        _number(n * unit) for n in (raster.left, raster.top, raster.width, raster.height)
    )
    dark = raster.pixels if raster.dark is None else raster.dark
    versions = [("", dark if colors.theme == "dark" else raster.pixels)]
    if colors.theme == "auto" and raster.dark is not None:
        colors.night = True
        versions.append((' class="night"', dark))
    return "".join(
        f'<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated"{name} href="{data_uri(pixels)}"/>'
        for name, pixels in versions
    )


def _points(points: Sequence[tuple[float, float]], unit: float) -> str:
    return " ".join(f"{_number(x * unit)},{_number(y * unit)}" for x, y in points)


def _weight(weight: float) -> str:
    return "" if weight == 1 else f' stroke-width="{_number(weight)}"'


def _number(value: float, digits: int = 2) -> str:
    """Write a number with a few digits, without trailing zeros."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
