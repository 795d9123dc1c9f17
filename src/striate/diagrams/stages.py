r"""Layers divided as Hagan divides them: weight function, net input function, transfer function.

Three drawings share the pieces. The full form shows every quantity of a layer (his figure 8.9)::

              W^{1,0}        b^{1}
                 |             |
    A^{0} ----> (x) --Z^{1,0}-> (+) --N^{1}--> [tanh] --> A^{1}

The backward form (8.12) adds the way of the derivatives below it, from right to left. The shorthand
(8.10, 8.11) is one box with the symbols of the weight function and the transfer function. A stage
that only passes its input on, such as a linear transfer function, is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from striate.diagrams.blocks import color
from striate.diagrams.facts import LayerFacts
from striate.diagrams.layout import DiagramNode
from striate.drawing.paint import FRAME, INK, MUTED, ORANGE, PANEL, SURFACE, Paint, mixed
from striate.drawing.scene import Caption, Drawable, Rect, Stroke
from striate.drawing.text import fitted, width

BACK = 94.0
"""Pixels from the axis of the forward pass down to that of the backward pass."""

_TEXT, _SMALL, _FORMULA, _NAME = 13.0, 10.5, 12.0, 11.0
_RADIUS = 13.0
_ARROW, _PAD = 7.0, 12.0
_WIRE = 18.0  # the shortest wire
_BOX_HEIGHT = 26.0
_LONGEST_NAME = 150.0


def shorthand(layers: Sequence[LayerFacts]) -> list[DiagramNode]:
    """Draw each layer as one box with its symbols.

    Parameters
    ----------
    layers
        What to show, in order of computation.

    Returns
    -------
    list of DiagramNode
    """
    feeds = {number - 1 for number, layer in enumerate(layers) if number - 1 in layer.sources}
    return [
        _short(layer, enters=number - 1 in feeds, leaves=number in feeds)
        for number, layer in enumerate(layers)
    ]


def _short(layer: LayerFacts, *, enters: bool, leaves: bool) -> DiagramNode:
    """Draw a layer in the shorthand: symbols in a box, the name above, the size below.

    ``enters`` and ``leaves`` say whether it is connected to its neighbors.
    """
    symbols = _symbols(layer)
    name = fitted(layer.name, _LONGEST_NAME, _NAME)
    texts = [width(text, _TEXT, math=True) + 2 * _PAD for text in symbols]
    boxes = sum(texts)
    total = max(boxes, width(name, _NAME), width(layer.size, _NAME, bold=True))
    x, shapes = (total - boxes) / 2, []
    paint = color(layer)
    high = 34.0
    for text, wide in zip(symbols, texts, strict=True):
        shapes.append(
            Rect(
                left=x,
                top=-high / 2,
                width=wide,
                height=high,
                fill=mixed(SURFACE, paint, 0.22),
                stroke=mixed(paint, INK, 0.2),
            )
        )
        shapes.append(Caption(x=x + wide / 2, y=0, text=text, size=_TEXT, math=True))
        x += wide
    shapes += [
        Caption(x=total / 2, y=-high / 2 - 12, text=name, size=_NAME, paint=MUTED),
        Caption(x=total / 2, y=high / 2 + 13, text=layer.size, size=_NAME, bold=True),
    ]
    edge = (total - boxes) / 2
    if edge > 0:  # the arrows go to the box, below its wider name
        if enters:
            shapes.append(Stroke(points=((0.0, 0.0), (edge, 0.0)), weight=1.4, arrow=_ARROW))
        if leaves:
            shapes.append(Stroke(points=((total - edge, 0.0), (total, 0.0)), weight=1.4))
    return DiagramNode(
        name=layer.name,
        shapes=tuple(shapes),
        width=total,
        up=high / 2 + 20,
        down=high / 2 + 20,
        sources=layer.sources,
        open=edge > 0,
    )


def _symbols(layer: LayerFacts) -> list[str]:
    """List the symbols of the parts that a layer has."""
    if layer.is_input:
        return ["p"]
    found: list[str] = []
    if layer.word:
        found.append(" ".join(filter(None, (_weight_symbol(layer), layer.window))))
    if layer.joint and (not layer.word or layer.joint != "add" or len(layer.sources) > 1):
        found.append(SYMBOL_OF_JOINT.get(layer.joint, layer.joint))
    if layer.transfer:
        found.append(layer.transfer)
    return found or ["linear"]


def _weight_symbol(layer: LayerFacts) -> str:
    """Write the weight function with its weights: W ⊗, or the symbol alone."""
    if layer.weight is None:
        return layer.symbol
    return "W" if layer.symbol == "×" else f"W {layer.symbol}"


SYMBOL_OF_JOINT = {"add": "Σ", "multiply": "Π", "concatenate": "concat"}


def full(layers: Sequence[LayerFacts]) -> list[DiagramNode]:
    """Draw each layer with all its parts and quantities.

    Parameters
    ----------
    layers
        What to show, in order of computation.

    Returns
    -------
    list of DiagramNode
    """
    return [_framed(layer, back=False) for layer in layers]


def backward(layers: Sequence[LayerFacts]) -> list[DiagramNode]:
    """Draw each layer with all its parts, and below them the way of the derivatives.

    Parameters
    ----------
    layers
        What to show, in order of computation.

    Returns
    -------
    list of DiagramNode
    """
    return [_framed(layer, back=True) for layer in layers]


@dataclass
class _Pen:
    """Draws stages from left to right along the axis."""

    shapes: list[Drawable] = field(default_factory=list)
    x: float = _PAD
    stages: list[tuple[str, float, float]] = field(default_factory=list)
    """For the way back: each stage with the place of its middle and of its end."""

    def wire(self, label: str = "", least: float = _WIRE, *, arrow: float = _ARROW) -> None:
        """Draw a line with an arrow, and the name of the quantity above it."""
        long = max(least, width(label, _SMALL, math=True, bold=True) + 14)
        self.shapes.append(
            Stroke(points=((self.x, 0.0), (self.x + long, 0.0)), weight=1.4, arrow=arrow)
        )
        if label:
            self.shapes.append(
                Caption(
                    x=self.x + (long - _ARROW / 2) / 2,
                    y=-10,
                    text=label,
                    size=_SMALL,
                    bold=True,
                    math=True,
                )
            )
        self.x += long

    def circle(self, symbol: str, paint: Paint) -> float:
        """Draw a round stage, and return its middle."""
        wide = max(2 * _RADIUS, width(symbol, _TEXT, math=True) + 12)
        self.shapes.append(
            Rect(
                left=self.x,
                top=-_RADIUS,
                width=wide,
                height=2 * _RADIUS,
                fill=mixed(SURFACE, paint, 0.3),
                stroke=mixed(paint, INK, 0.2),
                weight=1.3,
                radius=_RADIUS,
            )
        )
        middle = self.x + wide / 2
        self.shapes.append(Caption(x=middle, y=0, text=symbol, size=_TEXT, math=True))
        self.x += wide
        return middle

    def box(self, text: str) -> float:
        """Draw a square stage, and return its middle."""
        wide = max(30.0, width(text, _TEXT) + 16)
        self.shapes.append(
            Rect(
                left=self.x,
                top=-_BOX_HEIGHT / 2,
                width=wide,
                height=_BOX_HEIGHT,
                fill=SURFACE,
                stroke=INK,
                weight=1.3,
            )
        )
        middle = self.x + wide / 2
        self.shapes.append(Caption(x=middle, y=0, text=text, size=_TEXT))
        self.x += wide
        return middle

    def parameter(self, x: float, name: str, size: str, paint: Paint) -> float:
        """Draw a parameter above a stage, and return how far it reaches to the left of it."""
        wide = max(26.0, width(name, _TEXT, math=True, bold=True) + 12)
        top = -_RADIUS - 20 - 22
        self.shapes += [
            Stroke(points=((x, top + 22), (x, -_RADIUS)), weight=1.4, arrow=_ARROW),
            Rect(
                left=x - wide / 2,
                top=top,
                width=wide,
                height=22,
                fill=mixed(SURFACE, paint, 0.3),
                stroke=mixed(paint, INK, 0.2),
                weight=1.3,
            ),
            Caption(x=x, y=top + 11, text=name, size=_TEXT, bold=True, math=True),
            Caption(x=x, y=top - 9, text=size, size=_SMALL, paint=MUTED),
        ]
        return max(wide, width(size, _SMALL)) / 2


_PARAMETERS_UP = 76.0  # from the axis to above the sizes of parameters


def _framed(layer: LayerFacts, *, back: bool) -> DiagramNode:
    """Draw a layer in a frame with its name and its equation."""
    pen = _Pen()
    up = _PARAMETERS_UP + 22
    m = layer.number
    if layer.is_input:
        pen.circle("p", color(layer))
        pen.wire("A^{0}", arrow=0.0)
    else:
        _stages(layer, pen)
        pen.wire(f"A^{{{m}}}", arrow=0.0)
    inner = pen.x
    formula = equation(layer)
    name = fitted(layer.name, _LONGEST_NAME, _NAME, bold=True)
    total = max(
        inner,
        width(formula, _FORMULA, math=True) + 2 * _PAD,
        width(name, _NAME, bold=True) + width(layer.size, _SMALL) + 3 * _PAD,
    )
    shapes = pen.shapes
    if layer.sources:
        shapes.append(Stroke(points=((0.0, 0.0), (_PAD, 0.0)), weight=1.4))
    down = 52.0
    shapes.append(Caption(x=total / 2, y=34, text=formula, size=_FORMULA, math=True, paint=INK))
    if back and not layer.is_input:
        more, total = _way_back(layer, total)
        shapes += more
        down = BACK + 76
    if total > inner:
        shapes.append(Stroke(points=((inner, 0.0), (total, 0.0)), weight=1.4))
    frame = Rect(
        left=0,
        top=-up,
        width=total,
        height=up + down,
        fill=PANEL,
        stroke=FRAME,
        radius=8,
    )
    heading: list[Drawable] = [
        Caption(
            x=_PAD, y=-up + 13, text=name, size=_NAME, anchor="start", bold=True, paint=color(layer)
        ),
        Caption(
            x=total - _PAD, y=-up + 13, text=layer.size, size=_SMALL, anchor="end", paint=MUTED
        ),
    ]
    return DiagramNode(
        name=layer.name,
        shapes=(frame, *heading, *shapes),
        width=total,
        up=up,
        down=down,
        open=True,
        sources=layer.sources,
    )


def _stages(layer: LayerFacts, pen: _Pen) -> None:
    """Draw the stages that a layer has."""
    m, paint = layer.number, color(layer)
    pairs = [f"{m},{n}" for n in layer.source_numbers]
    started, taken = False, 0.0  # where the weights above the axis end
    if layer.word:
        names = ", ".join(f"W^{{{pair}}}" for pair in pairs)
        room = max(width(layer.weights, _SMALL), width(names, _TEXT, math=True, bold=True) + 12) / 2
        if layer.weight is not None:
            pen.wire(least=max(_WIRE, room - _RADIUS + 2))
        else:
            pen.wire()
        text = (
            layer.symbol
            if layer.weight is not None
            else " ".join(filter(None, (layer.symbol, layer.window)))
        )
        middle = pen.circle(text, paint)
        if layer.weight is not None:
            reach = pen.parameter(middle, names, layer.weights, paint)
            pen.x = max(pen.x, middle + reach - _WIRE)
            taken = middle + reach
        started = True
    if layer.joint:
        labels = ", ".join(f"Z^{{{pair}}}" for pair in pairs) if started else ""
        start = taken + 8 + width(layer.untied, _SMALL) / 2 - _RADIUS if layer.untied else pen.x
        pen.wire(labels, least=max(34.0 if layer.bias else _WIRE, start - pen.x))
        middle = pen.circle(SYMBOL_OF_JOINT.get(layer.joint, layer.joint), paint)
        if layer.bias:
            reach = pen.parameter(middle, f"b^{{{m}}}", layer.untied, paint)
            pen.x = max(pen.x, middle + reach - _WIRE)
        started = True
    if layer.transfer or not started:
        label = f"N^{{{m}}}" if layer.joint else f"Z^{{{pairs[0]}}}" if layer.word else ""
        pen.wire(label)
        pen.box(layer.transfer or "linear")


def equation(layer: LayerFacts) -> str:
    """Write what a layer computes, in Hagan's notation.

    Parameters
    ----------
    layer
        The layer.

    Returns
    -------
    str
        Mathematical text.

    Examples
    --------
    >>> one = LayerFacts(name="c", number=1, shape=(6, 9, 9), source_numbers=(0,), word="conv",
    ...                  weight=(6, 1, 5, 5), joint="add", bias=True, transfer="tanh")
    >>> equation(one)
    'A^{1} = tanh(W^{1,0} ⊗ A^{0} + b^{1})'
    """
    if layer.is_input:
        return "A^{0} = P"
    m = layer.number
    parts = [_product(layer, n) for n in layer.source_numbers]
    if layer.joint in {"", "add"}:
        inner = " + ".join(parts)
    elif layer.joint == "multiply":
        inner = " ∘ ".join(parts)
    else:
        inner = f"{layer.joint}({', '.join(parts)})"
    inner += f" + b^{{{m}}}" if layer.bias else ""
    if layer.transfer:
        inner = f"{layer.transfer}({inner})"
    return f"A^{{{m}}} = {inner}"


def _product(layer: LayerFacts, n: int) -> str:
    """Write a weight function applied to the output of layer n."""
    a = f"A^{{{n}}}"
    if not layer.word:
        return a
    if layer.weight is not None:
        w = f"W^{{{layer.number},{n}}}"
        return f"{w} {a}" if layer.symbol == "×" else f"{w} {layer.symbol} {a}"
    window = f"_{{{layer.window}}}" if layer.window else ""
    return f"{layer.symbol}{window} {a}" if layer.symbol.startswith("⊞") else f"{layer.symbol}({a})"


def _way_back(layer: LayerFacts, total: float) -> tuple[list[Drawable], float]:
    """Draw the derivatives from right to left, and those of weights and bias; return the width."""
    m = layer.number
    pairs = [f"{m},{n}" for n in layer.source_numbers]
    before = ", ".join(f"dA^{{{n}}}" for n in layer.source_numbers)
    stages: list[tuple[str, str, str]] = []  # symbol, what it becomes, parameter's derivative
    if layer.transfer:
        slope = f"f'^{{{m}}} ∘" if layer.elementwise else f"J^{{{m} T}}"
        stages.append((slope, f"dN^{{{m}}}", ""))
    if layer.joint and layer.bias:
        stages.append(("=", ", ".join(f"dZ^{{{p}}}" for p in pairs), f"db^{{{m}}} = Σ dN^{{{m}}}"))
    if layer.word:
        if layer.weight is None:
            symbol = (
                f"{layer.symbol} back" if layer.symbol.startswith("⊞") else f"{layer.word} back"
            )
            stages.append((symbol, before, ""))
        elif layer.symbol == "⊗" and layer.rotates:
            gradient = f"dW^{{{pairs[0]}}} = dZ^{{{pairs[0]}}} ⊗ A^{{{layer.source_numbers[0]}}}"
            stages.append((f"rot180 W^{{{pairs[0]}}} ⊗", before, gradient))
        else:
            gradient = f"dW^{{{pairs[0]}}}"
            stages.append((f"W^{{{pairs[0]} T}}", before, gradient))
    if not stages:
        stages.append(("=", before, ""))
    stages[-1] = (stages[-1][0], before, stages[-1][2])
    return _drawn_back(stages, f"dA^{{{m}}}", total)


def _drawn_back(
    stages: Sequence[tuple[str, str, str]], first: str, total: float
) -> tuple[list[Drawable], float]:
    """Draw stages from right to left on the lower axis."""
    texts = [first, *(label for _, label, _ in stages)]
    wires = [max(30.0, width(text, _SMALL, math=True, bold=True) + 14) for text in texts]
    below = [width(extra, _SMALL, math=True, bold=True) / 2 for _, _, extra in stages]
    boxes = [max(2 * _RADIUS, width(symbol, _TEXT, math=True) + 14) for symbol, _, _ in stages]
    # The derivatives below two stages, or below one and at the edge, need room next to each other.
    reach = [max(0.0, half - box / 2) for half, box in zip(below, boxes, strict=True)]
    for k, wire in enumerate(wires):
        sides = [reach[j] for j in (k - 1, k) if 0 <= j < len(reach)]
        gap = 12.0 if all(sides) else 0.0
        wires[k] = max(wire, sum(sides) + gap)
    needed = sum(wires) + sum(boxes) + 2 * _PAD
    total = max(total, needed)
    spare = (total - needed) / len(wires)
    shapes: list[Drawable] = []
    x = total
    for k, (wire, text) in enumerate(zip(wires, texts, strict=True)):
        long = wire + spare + (_PAD if k in {0, len(wires) - 1} else 0)
        end = x - long
        last = k == len(wires) - 1
        shapes.append(
            Stroke(
                points=((x, BACK), (end, BACK)),
                paint=ORANGE,
                weight=1.4,
                arrow=0.0 if last else _ARROW,
            )
        )
        shapes.append(
            Caption(
                x=x - long / 2,
                y=BACK - 10,
                text=text,
                size=_SMALL,
                paint=ORANGE,
                bold=True,
                math=True,
            )
        )
        x = end
        if not last:
            shapes += _stage_back(stages[k], x, boxes[k])
            x -= boxes[k]
    return shapes, total


def _stage_back(stage: tuple[str, str, str], right: float, wide: float) -> list[Drawable]:
    """Draw one stage of the way back, and below it the derivative of its parameter."""
    symbol, _, extra = stage
    middle = right - wide / 2
    shapes: list[Drawable] = [
        Rect(
            left=right - wide,
            top=BACK - _RADIUS,
            width=wide,
            height=2 * _RADIUS,
            fill=mixed(SURFACE, ORANGE, 0.2),
            stroke=ORANGE,
            weight=1.3,
            radius=_RADIUS,
        ),
        Caption(x=middle, y=BACK, text=symbol, size=_TEXT, math=True),
    ]
    if extra:
        shapes += [
            Stroke(
                points=((middle, BACK + _RADIUS), (middle, BACK + _RADIUS + 20)),
                paint=ORANGE,
                weight=1.4,
                arrow=_ARROW,
            ),
            Caption(
                x=middle,
                y=BACK + _RADIUS + 31,
                text=extra,
                size=_SMALL,
                paint=ORANGE,
                bold=True,
                math=True,
            ),
        ]
    return shapes
