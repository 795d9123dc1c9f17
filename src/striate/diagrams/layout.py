"""Layout of diagrams: layers in order of computation from left to right, in lines like text.

A layer that isn't connected to its neighbor is connected by a lane, a horizontal line above the
layers of a line::

            +-------- lane -------+
            |                     v
    input --> conv1 --> conv2 --> add1 --> dense1

Each layer that is needed later has one lane in its line, with an arrow down to every layer that
needs it. Lanes that would overlap are stacked. A lane that continues in another line ends at the
margin with the names of the layers there. So nothing can overlap, in any network: layers lie side
by side, lanes above them, names at the margins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from striate.drawing.paint import INK, MUTED, ORANGE, Paint
from striate.drawing.scene import Bounds, Caption, Drawable, Scene, Stroke, moved
from striate.drawing.text import fitted

WIDEST_LINE = 1080.0
"""Pixels of a line; a layer that is wider than that has a line for itself."""

GAP, LANE, CHANNEL = 30.0, 16.0, 26.0
"""Pixels between layers, between lanes, and between lines."""

_ARROW, _MARGIN_TEXT, _MARGIN_ROOM = 7.0, 10.0, 150.0
_STUB = 14.0  # from a line to the arrow that leads to the next line
_MARGIN = -28.0  # where lanes from other lines begin


@dataclass(frozen=True, kw_only=True)
class DiagramNode:
    """A layer as it is drawn: shapes around its left end on the axis of the line, (0, 0).

    Parameters
    ----------
    name
        Name of the layer, for lanes.
    shapes
        The shapes.
    width, up, down
        Their extent to the right, above and below the axis.
    lead
        Room to the left for the arrow from the neighbor.
    label
        Lines of text above this arrow.
    sources
        Numbers of the items that it needs.
    open
        Whether arrows go on inside, so that they have no head where they enter.
    """

    name: str
    shapes: tuple[Drawable, ...]
    width: float
    up: float
    down: float
    lead: float = GAP
    label: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    open: bool = False


@dataclass
class Line:
    """A line of items and its place.

    Parameters
    ----------
    first, last
        Numbers of the items.
    lefts
        Where each item begins.
    width
        Of the line.
    lanes
        The lane of each item that needs one, counted from the lowest.
    axis
        Height of the axis.
    """

    first: int
    last: int
    lefts: dict[int, float]
    width: float
    lanes: dict[int, int] = field(default_factory=dict)
    axis: float = 0.0
    up: float = 0.0
    down: float = 0.0


LABEL_SIZE, LABEL_STEP = 11.0, 14.0
_BACK_LANE = 5.0  # pixels between a lane and the way back above it


def arrange(
    items: Sequence[DiagramNode],
    about: str,
    *,
    back: float | None = None,
    widest: float = WIDEST_LINE,
) -> tuple[Scene, list[Bounds]]:
    """Place items in lines, and connect them.

    Parameters
    ----------
    items
        In order of computation.
    about
        Description of the diagram.
    back
        For a diagram of the backward pass: distance of its axis below that of the forward pass.
    widest
        Pixels of a line.

    Returns
    -------
    Scene, list of Bounds
        The drawing, and the rectangle of each item.
    """
    lines = _break(items, widest)
    _stack(items, lines, back is not None)
    shapes: list[Drawable] = []
    bounds: list[Bounds] = []
    for line in lines:
        shapes += _connections(items, line, lines, back)
    for number, item in enumerate(items):
        line = _line_of(number, lines)
        left = line.lefts[number]
        shapes += moved(item.shapes, left, line.axis)
        bounds.append(Bounds(left, line.axis - item.up, left + item.width, line.axis + item.down))
    return Scene(shapes=tuple(shapes), unit=1.0, about=about, margin=12.0), bounds


def _break(items: Sequence[DiagramNode], widest: float) -> list[Line]:
    """Divide items into as few lines as possible, about equally long."""
    count = len(_filled(items, widest))
    low, high = 0.0, widest
    while high - low > 1.0:
        middle = (low + high) / 2
        if len(_filled(items, middle)) > count:
            low = middle
        else:
            high = middle
    return _filled(items, high)


def _filled(items: Sequence[DiagramNode], widest: float) -> list[Line]:
    """Fill lines with items, as words of a text."""
    lines: list[Line] = []
    for number, item in enumerate(items):
        lead = item.lead if number else 0.0
        if lines and lines[-1].width + lead + item.width <= widest:
            line = lines[-1]
        else:
            line = Line(first=number, last=number, lefts={}, width=0.0)
            lines.append(line)
        line.lefts[number] = line.width + lead
        line.width += lead + item.width
        line.last = number
    return lines


def _line_of(number: int, lines: Sequence[Line]) -> Line:
    """Find the line of an item."""
    return next(line for line in lines if line.first <= number <= line.last)


def _targets(items: Sequence[DiagramNode]) -> dict[int, list[int]]:
    """List, for each item, the items that need it and aren't the next one."""
    found: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        for source in dict.fromkeys(item.sources):
            if source != number - 1:
                found.setdefault(source, []).append(number)
    return found


def _stack(items: Sequence[DiagramNode], lines: Sequence[Line], back: bool) -> None:
    """Assign lanes, and place the lines below each other."""
    targets = _targets(items)
    y = 0.0
    step = LANE + (_BACK_LANE if back else 0.0)
    for line in lines:
        ends: list[float] = []  # where each lane is free again
        for source, (left, right) in sorted(_spans(items, line, targets).items()):
            lane = next((k for k, end in enumerate(ends) if end < left - 2), len(ends))
            ends[lane : lane + 1] = [right]
            line.lanes[source] = lane
        here = items[line.first : line.last + 1]
        labels = max(LABEL_STEP * len(item.label) for item in here) + 6
        line.up = max(labels, *(item.up for item in here))
        line.down = max(item.down for item in here)
        above = step * len(ends) + (8.0 if ends else 0.0)
        y += above + line.up
        line.axis = y
        y += line.down + CHANNEL


def _spans(
    items: Sequence[DiagramNode], line: Line, targets: dict[int, list[int]]
) -> dict[int, tuple[float, float]]:
    """Find, for each item that has a lane in this line, where the lane begins and ends."""
    spans: dict[int, tuple[float, float]] = {}
    for source, numbers in targets.items():
        own = line.first <= source <= line.last
        here = [n for n in numbers if line.first <= n <= line.last]
        later = [n for n in numbers if n > line.last]
        if not own and not here:
            continue
        left = _out(items, line, source) if own else _MARGIN - _MARGIN_ROOM
        right = max((_in(items, line, n) for n in here), default=left)
        if own and later:
            right = line.width + _STUB + _MARGIN_ROOM
        spans[source] = (left, right)
    return spans


def _out(items: Sequence[DiagramNode], line: Line, number: int) -> float:
    """Where a lane leaves an item."""
    return line.lefts[number] + 0.7 * items[number].width


def _in(items: Sequence[DiagramNode], line: Line, number: int) -> float:
    """Where a lane arrives at an item."""
    return line.lefts[number] + 0.3 * items[number].width


def _connections(
    items: Sequence[DiagramNode], line: Line, lines: Sequence[Line], back: float | None
) -> list[Drawable]:
    """Draw the arrows of a line: between neighbors, from the previous line, and along lanes."""
    shapes: list[Drawable] = []
    for number in range(line.first, line.last + 1):
        item = items[number]
        right, axis = line.lefts[number], line.axis
        if number - 1 in item.sources:
            if number == line.first:
                shapes += _new_line(items, _line_of(number - 1, lines), line, back)
            else:
                left = line.lefts[number - 1] + items[number - 1].width
                shapes.append(_arrow([(left, axis), (right, axis)], head=not item.open))
                if back is not None and items[number - 1].sources != ():
                    way = [(right, axis + back), (left, axis + back)]
                    shapes.append(_arrow(way, ORANGE, head=False))
        for k, text in enumerate(reversed(item.label)):
            y = axis - 10 - k * LABEL_STEP
            shapes.append(
                Caption(x=right - item.lead / 2, y=y, text=text, size=LABEL_SIZE, paint=INK)
            )
    targets = _targets(items)
    for source, lane in line.lanes.items():
        shapes += _lane(items, line, source, lane, targets[source], back)
    return shapes


def _new_line(
    items: Sequence[DiagramNode], before: Line, line: Line, back: float | None
) -> list[Drawable]:
    """Connect the last item of a line with the first one of the next line."""
    left = before.lefts[before.last] + items[before.last].width
    channel = before.axis + before.down + CHANNEL * 0.4
    way = [
        (left, before.axis),
        (left + _STUB, before.axis),
        (left + _STUB, channel),
        (-_STUB, channel),
        (-_STUB, line.axis),
        (line.lefts[line.first], line.axis),
    ]
    shapes: list[Drawable] = [_arrow(way, head=not items[line.first].open)]
    if back is not None and items[before.last].sources:
        far = 5.0
        return_way = [
            (line.lefts[line.first], line.axis + back),
            (-_STUB - far, line.axis + back),
            (-_STUB - far, channel + far),
            (left + _STUB + far, channel + far),
            (left + _STUB + far, before.axis + back),
            (left, before.axis + back),
        ]
        shapes.append(_arrow(return_way, ORANGE, head=False))
    return shapes


def _lane(
    items: Sequence[DiagramNode],
    line: Line,
    source: int,
    lane: int,
    numbers: Sequence[int],
    back: float | None,
) -> list[Drawable]:
    """Draw the lane of an item in one line, with its arrows and with names at the margins."""
    step = LANE + (_BACK_LANE if back is not None else 0.0)
    y = line.axis - line.up - 8.0 - step * lane - 4.0
    own = line.first <= source <= line.last
    here = [n for n in numbers if line.first <= n <= line.last]
    later = [n for n in numbers if n > line.last]
    start = _out(items, line, source) if own else _MARGIN
    shapes: list[Drawable] = []
    far = max((_in(items, line, n) for n in here), default=start)
    if own:
        top = line.axis - items[source].up
        shapes.append(Stroke(points=((start, top), (start, y)), paint=MUTED, weight=1.4))
    else:
        text = f"{items[source].name} →"
        shapes.append(_name(text, _MARGIN - 4, y, "end"))
    if own and later:
        far = line.width + _STUB
        text = f"→ {', '.join(items[n].name for n in later)}"
        shapes.append(_name(text, far + 4, y, "start"))
    shapes.append(Stroke(points=((start, y), (far, y)), paint=MUTED, weight=1.4))
    for n in here:
        x, top = _in(items, line, n), line.axis - items[n].up
        shapes.append(_arrow([(x, y), (x, top)], MUTED))
    if back is not None and items[source].sources:
        high = y - _BACK_LANE
        shapes.append(
            Stroke(
                points=((far, high), (start, high)),
                paint=ORANGE,
                weight=1.4,
                dashed=True,
                arrow=_ARROW,
            )
        )
    return shapes


def _name(text: str, x: float, y: float, anchor: str) -> Caption:
    """Write the name of a layer in another line at the margin."""
    short = fitted(text, _MARGIN_ROOM - 8, _MARGIN_TEXT)
    return Caption(x=x, y=y, text=short, size=_MARGIN_TEXT, paint=MUTED, anchor=anchor)  # pyright: ignore[reportArgumentType]  # start or end


def _arrow(
    points: Sequence[tuple[float, float]], paint: Paint = INK, *, head: bool = True
) -> Stroke:
    arrow = _ARROW if head else 0.0
    return Stroke(points=tuple(points), paint=paint, weight=1.4, arrow=arrow)
