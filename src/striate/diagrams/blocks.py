"""Block drawings: each layer's feature maps as a block, large images as large blocks."""

import math
from collections.abc import Sequence

from striate.diagrams.facts import LayerFacts
from striate.diagrams.layout import LABEL_SIZE, DiagramNode
from striate.drawing.paint import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PINK,
    SURFACE,
    Paint,
    mixed,
)
from striate.drawing.scene import Caption, Drawable, Polygon, Rect, moved
from striate.drawing.text import fitted, width

_TALLEST, _LOWEST = 92.0, 9.0  # pixels of the largest and the smallest side
_SLANT = 0.32  # of the depth
_THINNEST, _THICKER, _THICKEST = 5.0, 4.6, 52.0
_SIZE_TEXT, _NAME_TEXT = 12.0, 10.0
_MOST_CIRCLES = 7
_CIRCLE = 9.0
_LONGEST_NAME = 136.0


def blocks(layers: Sequence[LayerFacts]) -> list[DiagramNode]:
    """Draw each layer as a block.

    Parameters
    ----------
    layers
        What to show, in order of computation.

    Returns
    -------
    list of DiagramNode
        Their labels are the layers' operations.
    """
    largest = max([max(one.shape[1:]) for one in layers if len(one.shape) > 1], default=1)
    longest = max([one.shape[0] for one in layers if len(one.shape) == 1], default=1)
    return [_item(one, largest, longest) for one in layers]


def _item(layer: LayerFacts, largest: int, longest: int) -> DiagramNode:
    """Draw one layer."""
    paint = color(layer)
    if len(layer.shape) == 1:
        solid, wide, up, down = _neurons(layer.shape[0], longest, paint)
    else:
        solid, wide, up, down = _cuboid(layer.shape, largest, paint)
    name = fitted(layer.name, _LONGEST_NAME, _NAME_TEXT)
    text = max(width(layer.size, _SIZE_TEXT, bold=True), width(name, _NAME_TEXT))
    total = max(wide, text)
    shapes = moved(solid, (total - wide) / 2, 0.0)
    shapes += [
        Caption(x=total / 2, y=down + 14, text=layer.size, size=_SIZE_TEXT, paint=INK, bold=True),
        Caption(x=total / 2, y=down + 29, text=name, size=_NAME_TEXT, paint=MUTED),
    ]
    label = operation(layer)
    lead = max([34.0, *(width(text, LABEL_SIZE) + 14 for text in label)])
    return DiagramNode(
        name=layer.name,
        shapes=tuple(shapes),
        width=total,
        up=up,
        down=down + 36,
        lead=lead,
        label=label,
        sources=layer.sources,
    )


def operation(layer: LayerFacts) -> tuple[str, ...]:
    """Write what a layer does, in at most three short lines.

    Examples
    --------
    >>> operation(LayerFacts(name="c", number=1, shape=(6, 5, 5), word="conv", window="5×5"))
    ('conv', '5×5')
    """
    if layer.is_input:
        return ()
    joint = layer.joint if layer.joint not in {"", "add"} or not layer.word else ""
    lines = [
        " ".join(filter(None, (layer.word, layer.window))),
        layer.stride,
        joint,
        layer.transfer,
    ]
    if len(layer.sources) > 1 and layer.joint == "add" and not layer.word:
        lines[2] = "add"
    written = tuple(line for line in lines if line) or ("linear",)
    alone = len(written) == 1 and layer.window  # two short lines, so that the arrow is short
    return (layer.word, layer.window) if alone else written


def color(layer: LayerFacts) -> Paint:
    """Return the color of a layer, by what it has: weights, a window, several sources."""
    if layer.is_input:
        return GRAY
    if layer.weight is not None:
        return BLUE if len(layer.weight) > 2 else ORANGE
    if layer.window or layer.word.startswith(("global", "adaptive")):
        return GREEN
    return PINK if len(layer.sources) > 1 else GRAY


def _side(pixels: int, largest: int) -> float:
    """Return the length of a side: areas are to scale, so that small maps can be seen."""
    return max(_LOWEST, _TALLEST * math.sqrt(pixels / largest))


def _cuboid(
    shape: tuple[int, ...], largest: int, paint: Paint
) -> tuple[list[Drawable], float, float, float]:
    """Draw feature maps as a block; return it with its width and its extent up and down."""
    maps, *pixels = shape
    tall = _side(pixels[0], largest)
    deep = _SLANT * _side(pixels[-1], largest) if len(pixels) > 1 else 4.0
    thick = min(_THICKEST, _THINNEST + _THICKER * math.log2(maps))
    bottom, top = tall / 2 + deep / 2, -tall / 2 + deep / 2
    front = ((0.0, top), (thick, top), (thick, bottom), (0.0, bottom))
    roof = ((0.0, top), (deep, top - deep), (thick + deep, top - deep), (thick, top))
    side = (
        (thick, top),
        (thick + deep, top - deep),
        (thick + deep, bottom - deep),
        (thick, bottom),
    )
    edge = mixed(paint, INK, 0.25)
    shapes: list[Drawable] = [
        Polygon(points=points, fill=mixed(SURFACE, paint, strength), stroke=edge)
        for points, strength in ((front, 0.42), (roof, 0.25), (side, 0.6))
    ]
    return shapes, thick + deep, bottom, bottom


def _neurons(count: int, longest: int, paint: Paint) -> tuple[list[Drawable], float, float, float]:
    """Draw a vector as a column of circles, with dots if there are more than a few."""
    shown = min(count, _MOST_CIRCLES)
    shown = (
        max(3, round(shown * (0.55 + 0.45 * math.sqrt(count / longest)))) if count > 3 else count
    )
    step = _CIRCLE + 2.5
    high = shown * step + 3.5
    wide = _CIRCLE + 7
    edge = mixed(paint, INK, 0.25)
    shapes: list[Drawable] = [
        Rect(
            left=0,
            top=-high / 2,
            width=wide,
            height=high,
            fill=mixed(SURFACE, paint, 0.18),
            stroke=edge,
            radius=4,
        )
    ]
    hidden = shown // 2 if shown < count else -1
    for k in range(shown):
        y = -high / 2 + 3 + k * step
        if k == hidden:
            shapes += [
                Rect(left=wide / 2 - 0.9, top=y + 1.2 + 3 * j, width=1.8, height=1.8, fill=edge)
                for j in range(3)
            ]
            continue
        shapes.append(
            Rect(
                left=3.5,
                top=y,
                width=_CIRCLE,
                height=_CIRCLE,
                fill=mixed(SURFACE, paint, 0.6),
                stroke=edge,
                radius=_CIRCLE / 2,
            )
        )
    return shapes, wide, high / 2, high / 2
