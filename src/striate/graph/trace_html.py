"""A trace as HTML, for notebooks: a row for each layer, with its first maps as small images."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.html import image, table
from striate.drawing.sheet import ColorScale
from striate.graph.graph import describe
from striate.shapes import Array

if TYPE_CHECKING:
    from striate.graph.trace import Trace

_MOST_MAPS = 6
_MOST_PIXELS = 48  # of a small image along an axis
_HEIGHT, _CELL = 44, 9  # pixels of the page, of maps and of a neuron
_NEURONS_IN_A_ROW, _MOST_ROWS = 30, 4


def trace_html(trace: "Trace") -> str:
    """Write a table of a pass: sizes, ranges and small images of its first image.

    Parameters
    ----------
    trace
        The pass.

    Returns
    -------
    str
    """
    derived = any(layer.dA is not None for layer in trace.values())
    headings = ["layer", "output", "activation A", "range of A"]
    headings += ["derivatives dA", "range of dA"] if derived else []
    rows: list[list[str]] = []
    for name, layer in trace.items():
        row = [
            name,
            describe(layer.A.shape[1:]).replace("x", "×"),
            *_shown(f"A of {name}", layer.A),
        ]
        if derived:
            row += ["", ""] if layer.dA is None else _shown(f"dA of {name}", layer.dA)
        rows.append(row)
    count = len(next(iter(trace.inputs.values())))
    words = "the image" if count == 1 else f"the first of {count} images"
    loss = "" if trace.loss is None else f"loss {trace.loss:.6g}; "
    return f"{table(headings, rows, right=(3, 5))}<p>{loss}the maps of {words}.</p>"


def _shown(about: str, values: Array) -> list[str]:
    """Return the first maps of the first image as one small image, and the range of all values."""
    strip = _strip(values[0])
    scale = ColorScale.of(values[0])
    light, dark = (_with_gaps(scale, strip, dark=dark) for dark in (False, True))
    height = _HEIGHT if values.ndim > 2 else _CELL * len(strip[0])
    finite = values[np.isfinite(values)]
    ends = f"{finite.min():.3g} … {finite.max():.3g}" if finite.size else "not finite"
    return [image(light, dark, about, height), ends.replace("-", "−")]


def _strip(one: Array) -> list[Array]:
    """Return the images to show next to each other: maps, or the neurons of a vector in rows."""
    if one.ndim == 1:
        columns = min(len(one), _NEURONS_IN_A_ROW)
        rows = min(-(-len(one) // columns), _MOST_ROWS)
        cells = np.full(rows * columns, np.nan)
        shown = one[: rows * columns]
        cells[: len(shown)] = shown
        return [cells.reshape(rows, columns)]
    if one.ndim == 2:
        return [one[:_MOST_MAPS]]
    planes = one.reshape(-1, *one.shape[-2:])[:_MOST_MAPS]
    longest = max(planes.shape[1:])
    step = -(-longest // _MOST_PIXELS)
    larger = max(1, _MOST_PIXELS // longest)  # small maps are enlarged: the gaps are one pixel
    return [np.kron(plane[::step, ::step], np.ones((larger, larger))) for plane in planes]


def _with_gaps(scale: ColorScale, images: Iterable[Array], *, dark: bool) -> Array:
    """Color images, and put them next to each other with gray lines between them."""
    parts: list[Array] = []
    for one in images:
        colored = scale.colored(one, dark=dark)
        line = np.full((len(colored), 1, 3), 128, np.uint8)
        parts += [line, colored] if parts else [colored]
    return np.concatenate(parts, axis=1)
