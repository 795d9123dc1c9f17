"""A crowd in which one figure is hidden: a scene for template matching, drawn by formulas.

Each figure is drawn from distances: a shape is a function that is negative inside of it, and a
pixel is covered in part where the distance is within half a pixel of 0. Scale and rotation move the
grid on which the distances are computed, so a figure is as sharp at any size and angle; nothing is
resampled.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np

from striate.errors import OptionError
from striate.shapes import Array, Float

T = TypeVar("T")
Color = tuple[float, float, float]
Pattern = Literal["rings", "stripes", "plain", "dots"]
Hat = Literal["bobble", "cap", "none"]
PATTERNS: tuple[Pattern, ...] = ("rings", "stripes", "plain", "dots")
HATS: tuple[Hat, ...] = ("bobble", "cap", "none")

_RED, _WHITE, _BLUE = (0.83, 0.13, 0.16), (0.96, 0.95, 0.92), (0.20, 0.33, 0.62)
_INK = (0.13, 0.12, 0.14)
_SHIRTS: tuple[Color, ...] = (
    _RED,
    _BLUE,
    (0.18, 0.52, 0.36),
    (0.93, 0.70, 0.20),
    (0.48, 0.30, 0.58),
    (0.90, 0.52, 0.55),
)
_TROUSERS: tuple[Color, ...] = (_BLUE, (0.30, 0.28, 0.30), (0.55, 0.42, 0.28), (0.36, 0.45, 0.38))
_HAIR: tuple[Color, ...] = (
    (0.33, 0.20, 0.12),
    (0.15, 0.12, 0.11),
    (0.80, 0.62, 0.30),
    (0.6, 0.6, 0.6),
)
_SKIN: tuple[Color, ...] = ((0.95, 0.80, 0.69), (0.80, 0.60, 0.45), (0.52, 0.35, 0.25))
_GROUND = (0.86, 0.83, 0.74)

_HALF = (52, 30)
"""Half the height and width of the box in which a figure is drawn at scale 1, in pixels."""
_APART = (34, 27)
"""Distance of neighboring figures, in pixels: nearer than a figure's size, so that they overlap."""
_LOOKS = 64
"""Number of different figures in the crowd, besides the hidden one."""
_SIMILAR = 0.5
"""Part of these that share most details with the hidden figure."""
_CLEAR = 0.7
"""Smallest part of the hidden figure that no other figure covers."""


@dataclass(frozen=True)
class Look:
    """What a figure looks like.

    Parameters
    ----------
    pattern
        Of the shirt.
    shirt
        Color of the shirt; patterns are drawn with it on white.
    trousers, hair, skin
        Colors.
    hat
        What is on the head.
    glasses
        Whether it wears glasses.
    arms
        Degrees by which the left and the right arm are raised.
    """

    pattern: Pattern = "rings"
    shirt: Color = _RED
    trousers: Color = _BLUE
    hair: Color = _HAIR[0]
    skin: Color = _SKIN[0]
    hat: Hat = "bobble"
    glasses: bool = True
    arms: tuple[float, float] = (-60.0, 50.0)


WANTED = Look()
"""The hidden figure: rings in red and white, a bobble hat, glasses, and one arm raised."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """A scene with a hidden figure.

    Parameters
    ----------
    scene
        uint8, ``(rows, columns, 3)``.
    template
        The hidden figure alone, at scale 1 and upright; uint8 with three channels.
    mask
        How much of each pixel of the template the figure covers, from 0 to 1.
    row, column
        Middle of the hidden figure in the scene, in pixels.
    scale, rotation
        Its size compared with the template, and degrees by which it is rotated counterclockwise.
    visible
        Part of the figure that is not covered by others.
    """

    scene: Array
    template: Array
    mask: Float[Array, "rows columns"]
    row: float
    column: float
    scale: float
    rotation: float
    visible: float


def draw_figure(
    look: Look = WANTED, *, scale: float = 1.0, rotation: float = 0.0
) -> tuple[Float[Array, "rows columns 3"], Float[Array, "rows columns"]]:
    """Draw a figure.

    Parameters
    ----------
    look
        What it looks like.
    scale
        Its size; at 1 it is about 95 pixels tall.
    rotation
        Degrees, counterclockwise.

    Returns
    -------
    colors, covered
        Colors from 0 to 1, and the covered part of each pixel. The figure's middle is the middle of
        the image.
    """
    reach = math.hypot(*_HALF) if rotation % 360 else 0
    high, wide = (math.ceil(scale * max(n, reach if rotation % 360 else 0)) for n in _HALF)
    down, right = np.mgrid[-high : high + 1, -wide : wide + 1] / scale
    angle = math.radians(rotation)
    x = math.cos(angle) * right - math.sin(angle) * down
    y = math.sin(angle) * right + math.cos(angle) * down
    canvas = _Canvas(x, y, 1 / scale)
    _draw(canvas, look)
    return canvas.colors, canvas.covered


_LEAST = 240
"""Rows and columns of the smallest scene, in which a figure has neighbors."""


def draw_crowd(
    seed: int = 0,
    *,
    size: tuple[int, int] = (2000, 3000),
    noise: float = 0.03,
    largest_change: float = 0.1,
    steepest: float = 10.0,
) -> Crowd:
    """Draw a crowd and hide a figure in it.

    The figures form rows and hide each other in part. Half of them share most details with the
    hidden figure: they have its pattern, its color or its hat, but not two of these. The light
    falls off toward one side of the scene.

    Parameters
    ----------
    seed
        Seed of everything that is random.
    size
        Rows and columns, in pixels, at least 240 x 240.
    noise
        Standard deviation of normal noise, as a part of white.
    largest_change
        The hidden figure's scale is drawn from ``1 - largest_change`` to ``1 + largest_change``.
    steepest
        Its rotation is drawn from ``-steepest`` to ``steepest`` degrees.

    Returns
    -------
    Crowd

    Raises
    ------
    OptionError
        If the scene is too small, or the noise or the changes are out of range.

    Sources
    -------
    Wolter "Getting computers to find Waldo".

    Examples
    --------
    >>> crowd = draw_crowd(1, size=(300, 400))
    >>> crowd.scene.shape, crowd.template.shape
    ((300, 400, 3), (105, 61, 3))
    """
    if not _is_size(size) or not 0 <= noise < 1 or not 0 <= largest_change <= 0.5:
        raise OptionError(
            f"`size` must be at least {_LEAST} x {_LEAST}, `noise` from 0 to 1 and "
            f"`largest_change` from 0 to 0.5, got size={size!r:.60}, noise={noise!r:.60} and "
            f"largest_change={largest_change!r:.60}. Try size=(600, 900)."
        )
    rng = np.random.default_rng(seed)
    scene = np.empty((*size, 3), np.float32)
    scene[:] = _GROUND
    spots = _spots(rng, size)
    # Not at the very edge, so that the hidden figure lies inside the scene at any scale.
    inner = [k for k, (y, x) in enumerate(spots) if 80 < y < size[0] - 80 and 80 < x < size[1] - 80]
    hidden = int(rng.choice(inner))
    scale = float(rng.uniform(1 - largest_change, 1 + largest_change))
    rotation = float(rng.uniform(-steepest, steepest))
    wanted = draw_figure(WANTED, scale=scale, rotation=rotation)
    total = wanted[1].sum()
    left = wanted[1].copy()
    middle = spots[hidden]
    for number, spot in enumerate(spots):
        if number == hidden:
            _paste(scene, *wanted, spot)
            continue
        figure = _crowd_figure(int(rng.integers(_LOOKS)), bool(rng.integers(2)))
        if number > hidden:
            still = left * (1 - _overlap(figure[1], spot, left.shape, middle))
            if still.sum() < _CLEAR * total:
                continue  # it would hide too much
            left = still
        _paste(scene, *figure, spot)
    _illuminate(scene, rng)
    if noise:
        scene += noise * rng.standard_normal(scene.shape, np.float32)
    colors, covered = draw_figure(WANTED)
    return Crowd(
        scene=_as_bytes(scene),
        template=_as_bytes(colors),
        mask=covered,
        row=float(middle[0]),
        column=float(middle[1]),
        scale=scale,
        rotation=rotation,
        visible=float(left.sum() / total),
    )


class _Canvas:
    """Colors and coverage of a figure that is being painted, part over part."""

    def __init__(self, x: Array, y: Array, pixel: float) -> None:
        self.x, self.y, self.pixel = x, y, pixel
        self.colors = np.zeros((*x.shape, 3))
        self.covered = np.zeros(x.shape)

    def paint(self, distance: Array, color: Color | Array) -> None:
        """Paint where the distance is negative."""
        part = np.clip(0.5 - distance / self.pixel, 0, 1)[..., np.newaxis]
        over = self.covered[..., np.newaxis] * (1 - part)
        total = part + over
        self.colors = (part * np.asarray(color) + over * self.colors) / np.where(total, total, 1)
        self.covered = total[..., 0]

    def outlined(self, distance: Array, color: Color | Array, width: float = 0.9) -> None:
        """Paint a shape with a dark outline."""
        self.paint(distance - width, _INK)
        self.paint(distance, color)

    def ellipse(self, x: float, y: float, wide: float, high: float) -> Array:
        """Return the distances from an ellipse, in good approximation."""
        relative = np.hypot((self.x - x) / wide, (self.y - y) / high)
        return (relative - 1) * min(wide, high)

    def rod(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> Array:
        """Return the distances from a rod with round ends."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        x, y = self.x - start[0], self.y - start[1]
        along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0, 1)
        return np.hypot(x - along * dx, y - along * dy) - radius

    def box(self, y: float, wide: float, high: float, corner: float) -> Array:
        """Return the distances from a box with round corners, in the middle of the figure."""
        x, y_ = np.abs(self.x) - wide + corner, np.abs(self.y - y) - high + corner
        outside = np.hypot(np.maximum(x, 0), np.maximum(y_, 0))
        return outside + np.minimum(np.maximum(x, y_), 0) - corner


def _is_size(size: object) -> bool:
    """Whether this is a number of rows and of columns that a crowd fits into."""
    return (
        isinstance(size, Sequence)
        and len(size) == 2  # rows, columns
        and all(isinstance(length, int | np.integer) and length >= _LEAST for length in size)
    )


def _draw(canvas: _Canvas, look: Look) -> None:
    """Paint a figure: legs, arms, body, head, from back to front."""
    for side in (-1, 1):
        canvas.outlined(canvas.ellipse(10 * side, 46, 7, 3.5), (0.25, 0.2, 0.18))
        canvas.outlined(canvas.rod((6 * side, 18), (8 * side, 42), 5), look.trousers)
    shirt = _shirt(canvas, look)
    for side, raised in zip((-1, 1), look.arms, strict=True):
        angle = math.radians(raised)
        shoulder = (11.0 * side, -9.0)
        hand = (shoulder[0] + 17 * side * math.cos(angle), shoulder[1] - 17 * math.sin(angle))
        canvas.outlined(canvas.ellipse(*hand, 4, 4), look.skin)
        canvas.outlined(canvas.rod(shoulder, hand, 3.6), shirt)
        canvas.paint(canvas.ellipse(*hand, 4, 4), look.skin)
    canvas.outlined(canvas.box(4, 13, 18, 6), shirt)
    canvas.outlined(canvas.ellipse(0, -25, 10, 11), look.skin)
    above = np.maximum(canvas.ellipse(0, -27, 11, 11), canvas.y + 28)
    canvas.outlined(above, look.hair)
    if look.hat == "bobble":
        hat = np.maximum(canvas.ellipse(0, -30, 11, 12), canvas.y + 31)
        canvas.outlined(hat, look.shirt if look.pattern != "plain" else _WHITE)
        canvas.outlined(canvas.rod((-10, -31), (10, -31), 2), _WHITE)
        canvas.outlined(canvas.ellipse(0, -43, 4, 4), _WHITE)
    elif look.hat == "cap":
        canvas.outlined(np.maximum(canvas.ellipse(0, -31, 11, 9), canvas.y + 31), look.shirt)
        canvas.outlined(canvas.rod((0, -31), (15, -30), 1.8), look.shirt)
    for side in (-1, 1):
        canvas.paint(canvas.ellipse(4 * side, -25, 1.3, 1.6), _INK)
        if look.glasses:
            canvas.paint(np.abs(canvas.ellipse(4 * side, -25, 3.6, 3.6)) - 0.6, _INK)
    canvas.paint(canvas.rod((-3, -19), (3, -19), 0.8), (0.55, 0.2, 0.2))


def _shirt(canvas: _Canvas, look: Look) -> Array:
    """Return the color of the shirt at each pixel."""
    match look.pattern:
        case "rings":
            distance = np.abs((canvas.y + 2) % 10 - 5) - 2.5
        case "stripes":
            distance = np.abs((canvas.x + 2) % 8 - 4) - 2
        case "dots":
            distance = np.hypot(canvas.x % 9 - 4.5, canvas.y % 9 - 4.5) - 2.6
        case _:
            distance = np.full(canvas.x.shape, -1.0)
    part = np.clip(0.5 - distance / canvas.pixel, 0, 1)[..., np.newaxis]
    return part * np.array(look.shirt) + (1 - part) * np.array(_WHITE)


@lru_cache(maxsize=2 * _LOOKS)
def _crowd_figure(number: int, mirrored: bool) -> tuple[Array, Array]:
    """Draw one of the figures of the crowd; they are the same in every scene."""
    colors, covered = draw_figure(_look(np.random.default_rng((7, number)), number))
    if mirrored:
        return colors[:, ::-1], covered[:, ::-1]
    return colors, covered


def _look(rng: np.random.Generator, number: int) -> Look:
    """Choose a look that isn't that of the hidden figure."""

    def one(choices: tuple[T, ...]) -> T:
        return choices[int(rng.integers(len(choices)))]

    free = Look(
        pattern=one(PATTERNS),
        shirt=one(_SHIRTS),
        trousers=one(_TROUSERS),
        hair=one(_HAIR),
        skin=one(_SKIN),
        hat=one(HATS),
        glasses=bool(rng.integers(2)),
        arms=(float(rng.uniform(-75, 70)), float(rng.uniform(-75, 70))),
    )
    if number >= _SIMILAR * _LOOKS:
        return free if free.pattern != WANTED.pattern else replace(free, pattern="dots")
    # Of the three details that can be seen from afar, one is the hidden figure's.
    similar = replace(WANTED, arms=free.arms)
    same = one(("pattern", "shirt", "hat"))
    if same != "pattern":
        similar = replace(similar, pattern=one(PATTERNS[1:]))
    if same != "shirt":
        similar = replace(similar, shirt=one(_SHIRTS[1:]))
    if same != "hat":
        similar = replace(similar, hat=one(HATS[1:]))
    match one(("trousers", "hair", "skin", "glasses")):
        case "trousers":
            return replace(similar, trousers=free.trousers)
        case "hair":
            return replace(similar, hair=free.hair)
        case "skin":
            return replace(similar, skin=free.skin)
        case _:
            return replace(similar, glasses=free.glasses)


def _spots(rng: np.random.Generator, size: tuple[int, int]) -> list[tuple[int, int]]:
    """Choose where figures stand, from back to front."""
    down, across = _APART
    spots: list[tuple[int, int]] = []
    for number, row in enumerate(range(0, size[0] + down, down)):
        for column in range((number % 2) * across // 2, size[1] + across, across):
            y, x = rng.integers(-8, 9, size=2)
            spots.append((row + int(y), column + int(x)))
    return spots


def _paste(scene: Array, colors: Array, covered: Array, middle: tuple[int, int]) -> None:
    """Draw a figure over the scene; what lies outside of it is cut off."""
    here, there = _windows(covered.shape, middle, scene.shape[:2])
    part = covered[there][..., np.newaxis]
    scene[here] += part * (colors[there] - scene[here])


def _overlap(
    covered: Array, spot: tuple[int, int], size: tuple[int, int], middle: tuple[int, int]
) -> Array:
    """Return the coverage of a figure on the pixels of the hidden one."""
    found = np.zeros(size)
    relative = (spot[0] - middle[0] + size[0] // 2, spot[1] - middle[1] + size[1] // 2)
    here, there = _windows(covered.shape, relative, size)
    found[here] = covered[there]
    return found


def _windows(
    size: tuple[int, int], middle: tuple[int, int], whole: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the pixels of an image under a smaller one, and the smaller one's pixels over them."""
    here, there = [], []
    for n, m, length in zip(size, middle, whole, strict=True):
        first = m - n // 2
        start, stop = max(first, 0), max(min(first + n, length), 0)
        here.append(slice(start, max(start, stop)))
        there.append(slice(start - first, max(start, stop) - first))
    return (here[0], here[1]), (there[0], there[1])


def _illuminate(scene: Array, rng: np.random.Generator) -> None:
    """Let the light fall off by up to a third toward one side."""
    rows, columns = scene.shape[:2]
    angle = rng.uniform(0, 2 * math.pi)
    down = math.sin(angle) * np.linspace(-1, 1, rows, dtype=np.float32)
    across = math.cos(angle) * np.linspace(-1, 1, columns, dtype=np.float32)
    light = 0.85 + 0.11 * (down[:, np.newaxis] + across)
    scene *= light[..., np.newaxis]


def _as_bytes(image: Array) -> Array:
    """Convert colors from 0 to 1 to uint8."""
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
