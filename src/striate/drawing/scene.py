"""A drawing as data: boxes, lines, text and images at positions on a plane.

A scene is laid out once and drawn twice: as SVG (:mod:`striate.drawing.svg`) and, one floor up, on
Matplotlib axes. Tests look at its shapes: nothing may overlap that shouldn't.

Positions run to the right and down. A unit is as long as suits the scene: the side of a cell in
pictures of images, a pixel in diagrams. Line widths are in pixels, font sizes in units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from striate.drawing.paint import FRAME, INK, Paint
from striate.drawing.text import width
from striate.shapes import Array

Anchor = Literal["start", "middle", "end"]
ABOVE_BASELINE = 0.36
"""The middle of digits and capitals above the baseline, relative to the font size."""

_ASCENT, _DESCENT = 0.76, 0.24  # of the font, around the line of text, relative to its size


class Bounds(NamedTuple):
    """The smallest rectangle around something."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def overlaps(self, other: "Bounds", slack: float = 1e-6) -> bool:
        """Return whether two rectangles share more than an edge."""
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def contains(self, other: "Bounds", slack: float = 1e-6) -> bool:
        """Return whether another rectangle lies within this one."""
        return (
            self.left <= other.left + slack
            and self.top <= other.top + slack
            and self.right >= other.right - slack
            and self.bottom >= other.bottom - slack
        )

    def grown(self, margin: float) -> "Bounds":
        """Add a margin on all sides."""
        return Bounds(
            self.left - margin, self.top - margin, self.right + margin, self.bottom + margin
        )


@dataclass(frozen=True, kw_only=True)
class Rect:
    """A rectangle.

    Parameters
    ----------
    left, top, width, height
        Its place.
    fill, stroke
        Colors of its area and its outline; ``None`` draws none.
    weight
        Width of the outline.
    dashed
        Whether the outline is dashed.
    radius
        Of its corners.
    """

    left: float
    top: float
    width: float
    height: float
    fill: Paint | None = None
    stroke: Paint | None = None
    weight: float = 1.0
    dashed: bool = False
    radius: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The rectangle itself."""
        return Bounds(self.left, self.top, self.left + self.width, self.top + self.height)


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A line through several points, with an arrow at its end or without.

    Parameters
    ----------
    points
        Two or more.
    paint, weight, dashed
        How it is drawn.
    arrow
        Length of the arrowhead; 0 for none.
    """

    points: tuple[tuple[float, float], ...]
    paint: Paint = INK
    weight: float = 1.0
    dashed: bool = False
    arrow: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The rectangle around all points."""
        return around(self.points)


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """A closed area with straight sides.

    Parameters
    ----------
    points
        Its corners.
    fill, stroke, weight
        How it is drawn.
    """

    points: tuple[tuple[float, float], ...]
    fill: Paint | None = None
    stroke: Paint | None = FRAME
    weight: float = 1.0

    @property
    def bounds(self) -> Bounds:
        """The rectangle around all corners."""
        return around(self.points)


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A line of text.

    Parameters
    ----------
    x, y
        The point at which the text begins, ends or is centered; its middle in height.
    text
        The text.
    size
        Font size.
    paint, bold, italic
        How it is drawn.
    anchor
        Which part of the text is at ``x``.
    math
        Whether ``^{...}`` and ``_{...}`` raise and lower text.
    """

    x: float
    y: float
    text: str
    size: float
    paint: Paint = INK
    anchor: Anchor = "middle"
    bold: bool = False
    italic: bool = False
    math: bool = False

    @property
    def width(self) -> float:
        """Width of the text."""
        return width(self.text, self.size, bold=self.bold, math=self.math)

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.width

    @property
    def bounds(self) -> Bounds:
        """The rectangle around the line, with room for ascenders and descenders."""
        baseline = self.y + ABOVE_BASELINE * self.size
        return Bounds(
            self.left,
            baseline - _ASCENT * self.size,
            self.left + self.width,
            baseline + _DESCENT * self.size,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """An image of pixels.

    Parameters
    ----------
    left, top, width, height
        Its place.
    pixels
        ``[row, column, 3]``, uint8, for light pages.
    dark
        The same for dark pages, if it differs.
    """

    left: float
    top: float
    width: float
    height: float
    pixels: Array
    dark: Array | None = None

    @property
    def bounds(self) -> Bounds:
        """Its rectangle."""
        return Bounds(self.left, self.top, self.left + self.width, self.top + self.height)


Drawable = Rect | Stroke | Polygon | Caption | Raster


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A drawing: shapes in the order in which they are drawn.

    Parameters
    ----------
    shapes
        Later ones cover earlier ones.
    unit
        Natural length of a unit, in pixels of 1/96 inch.
    about
        One sentence that describes the drawing, for people who can't see it.
    margin
        Room around the shapes, in units.
    canvas
        The bounds, if they are not those of the shapes and the margin: all frames of an animation
        have the same.
    """

    shapes: tuple[Drawable, ...]
    unit: float
    about: str
    margin: float = 0.25
    canvas: Bounds | None = None

    @property
    def bounds(self) -> Bounds:
        """The canvas: all shapes and the margin."""
        if self.canvas is not None:
            return self.canvas
        return union(shape.bounds for shape in self.shapes).grown(self.margin)


LONGEST = 1400.0
"""Pixels of the longer side of a picture of cells."""


def limited(scene: Scene, longest: float = LONGEST, smallest: float = 7.0) -> Scene:
    """Make a scene of many cells smaller, and leave out text that would then be too small to read.

    Parameters
    ----------
    scene
        The scene.
    longest
        Pixels of its longer side.
    smallest
        Font size in pixels.

    Returns
    -------
    Scene
        The same one if it is small enough.

    Examples
    --------
    >>> cell = Rect(left=0, top=0, width=100, height=100)
    >>> text = Caption(x=0, y=0, text="1", size=0.3)
    >>> smaller = limited(Scene(shapes=(cell, text), unit=30, about="Cells.", margin=0))
    >>> round(smaller.unit), len(smaller.shapes)
    (14, 1)
    """
    bounds = scene.bounds
    unit = min(scene.unit, longest / max(bounds.width, bounds.height))
    if unit == scene.unit:
        return scene
    kept = [
        shape
        for shape in scene.shapes
        if not isinstance(shape, Caption) or shape.size * unit >= smallest
    ]
    return replace(scene, shapes=tuple(kept), unit=unit, canvas=bounds)


def around(points: Iterable[tuple[float, float]]) -> Bounds:
    """Return the smallest rectangle around points.

    Examples
    --------
    >>> around([(0, 2), (3, 1)])
    Bounds(left=0, top=1, right=3, bottom=2)
    """
    xs, ys = zip(*points, strict=True)
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def union(bounds: Iterable[Bounds]) -> Bounds:
    """Return the smallest rectangle around rectangles; a point if there are none.

    Examples
    --------
    >>> union([Bounds(0, 0, 1, 1), Bounds(2, -1, 3, 0)])
    Bounds(left=0, top=-1, right=3, bottom=1)
    """
    found = list(bounds) or [Bounds(0, 0, 0, 0)]
    return Bounds(
        min(b.left for b in found),
        min(b.top for b in found),
        max(b.right for b in found),
        max(b.bottom for b in found),
    )


def moved(shapes: Sequence[Drawable], right: float, down: float) -> list[Drawable]:
    """Move shapes.

    Examples
    --------
    >>> moved([Rect(left=0, top=0, width=1, height=1)], 2, 3)[0].bounds
    Bounds(left=2, top=3, right=3, bottom=4)
    """
    return [_moved(shape, right, down) for shape in shapes]


def _moved(shape: Drawable, right: float, down: float) -> Drawable:
    """Move one shape."""
    if isinstance(shape, Rect | Raster):
        return replace(shape, left=shape.left + right, top=shape.top + down)
    if isinstance(shape, Caption):
        return replace(shape, x=shape.x + right, y=shape.y + down)
    return replace(shape, points=tuple((x + right, y + down) for x, y in shape.points))
