"""A history as a drawing, for notebooks: loss and accuracy after each epoch."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from striate.drawing.grid import number
from striate.drawing.paint import BLUE, FRAME, INK, MUTED, ORANGE, PANEL, Paint
from striate.drawing.scene import Caption, Drawable, Scene, Stroke, moved

if TYPE_CHECKING:
    from striate.training.history import History

_WIDTH, _HEIGHT, _GAP = 320.0, 170.0, 76.0  # pixels of a chart, and between two
_TEXT = 11.0
_PARTS = (("", "training", BLUE), ("validation_", "validation", ORANGE))


def history_scene(history: "History") -> Scene:
    """Draw the loss, and next to it the accuracy if there is one.

    Parameters
    ----------
    history
        With at least one epoch.

    Returns
    -------
    Scene
    """
    shapes: list[Drawable] = []
    scores = [("loss", "Loss", 1.0), ("accuracy", "Accuracy in %", 100.0)]
    left = 0.0
    for score, words, scale in scores:
        curves = [
            (name, paint, [scale * value for value in history[f"{prefix}{score}"]])
            for prefix, name, paint in _PARTS
            if f"{prefix}{score}" in history.columns
        ]
        if curves:
            shapes += moved(_chart(words, curves, from_zero=score == "loss"), left, 0.0)
            left += _WIDTH + _GAP
    about = f"Loss and scores of a training of {len(history)} epochs."
    return Scene(shapes=tuple(shapes), unit=1.0, about=about, margin=10.0)


def _chart(
    words: str, curves: Sequence[tuple[str, Paint, Sequence[float]]], *, from_zero: bool
) -> list[Drawable]:
    """Draw a chart of several curves with the same epochs."""
    finite = [v for _, _, values in curves for v in values if math.isfinite(v)] or [0.0]
    ticks = nice_ticks(0.0 if from_zero else min(finite), max(finite))
    low, high = ticks[0], ticks[-1]
    count = len(curves[0][2])

    def place(epoch: float, value: float) -> tuple[float, float]:
        across = (epoch - 1) / (count - 1) if count > 1 else 0.5
        return _WIDTH * across, _HEIGHT * (high - value) / (high - low)

    shapes: list[Drawable] = [Caption(x=0, y=-34, text=words, size=13.0, anchor="start", bold=True)]
    for tick in ticks:
        y = place(1, tick)[1]
        line = FRAME if tick == low else PANEL
        shapes.append(Stroke(points=((0, y), (_WIDTH, y)), paint=line))
        shapes.append(Caption(x=-8, y=y, text=number(tick), size=_TEXT, paint=MUTED, anchor="end"))
    for epoch in {1, count}:
        x = place(epoch, low)[0]
        text = f"epoch {epoch}" if epoch == 1 else str(epoch)
        shapes.append(Caption(x=x, y=_HEIGHT + 14, text=text, size=_TEXT, paint=MUTED))
    x = 0.0
    for name, paint, values in curves:
        legend = Caption(x=x + 18, y=-15, text=name, size=_TEXT, paint=INK, anchor="start")
        shapes += [Stroke(points=((x, -15), (x + 13, -15)), paint=paint, weight=2.5), legend]
        x += 18 + legend.width + 18
        shapes += _curve([place(k, v) for k, v in enumerate(values, start=1)], paint)
    return shapes


def _curve(points: Sequence[tuple[float, float]], paint: Paint) -> list[Drawable]:
    """Draw a curve, with gaps where values aren't finite."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isfinite(y):
            pieces[-1].append((x, y))
        else:
            pieces.append([])
    drawn: list[Drawable] = []
    for piece in pieces:
        line = piece
        if len(piece) == 1:
            ((x, y),) = piece
            line = [(x - 3, y), (x + 3, y)]
        if line:
            drawn.append(Stroke(points=tuple(line), paint=paint, weight=2.2))
    return drawn


def nice_ticks(low: float, high: float) -> list[float]:
    """Choose round values that enclose a range: multiples of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> nice_ticks(0.0, 1.7)
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(m * power for m in (1, 2, 5, 10, 20) if m * power >= span / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return [round(k * step, 12) for k in range(first, last + 1)]
