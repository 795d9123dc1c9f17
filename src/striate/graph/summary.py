"""A table of a network: sizes, parameters, multiply-adds, receptive fields, uncovered pixels."""

import io
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from html import escape
from math import prod

from rich.console import Console
from rich.text import Text

from striate.drawing.html import table
from striate.functions.base import Function, Seen
from striate.functions.programs import forward_program
from striate.graph.graph import Graph, Placed, describe
from striate.maths.field_pattern import FieldPattern, complete
from striate.maths.windows import AXIS_NAMES
from striate.nests import cost
from striate.shapes import Shape
from striate.tables import Column, joined, lay_out, wrapped


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """One layer of a summary.

    Parameters
    ----------
    name, text
        The layer's name, and the layer as a user writes it: ``Conv(6, 5), tanh``.
    shape
        Shape of its activation, ``(maps, *pixels)``.
    sizes
        The arithmetic of its size.
    parameters
        Number of trainable parameters; 0 if it shares another layer's.
    multiply_adds
        Multiply-adds for one image in a forward pass, without those with padding.
    receptive_field
        Size, along each axis, of the region of the input that an output pixel depends on: the
        largest one if they differ, away from the edges. Empty for the whole image; ``None`` if it
        isn't known, for example after a layer that reshapes.
    uncovered
        Number of pixels of its input that no window covers, so that no output pixel depends on
        them, along each axis.
    """

    name: str
    text: str
    shape: tuple[int, ...]
    sizes: str
    parameters: int
    multiply_adds: int
    receptive_field: tuple[int, ...] | None
    uncovered: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Shapes, parameters and costs of a network's layers; prints as a table.

    Parameters
    ----------
    inputs
        Shape of each input.
    rows
        One for each layer.

    Sources
    -------
    Hagan 8.18; Wichmann 2.3, 3.1, 3.3.
    """

    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    rows: tuple[SummaryRow, ...]

    @property
    def parameters(self) -> int:
        """Total number of trainable parameters."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one image, forward."""
        return sum(row.multiply_adds for row in self.rows)

    def lines(self, width: int | None = None) -> list[Text]:
        """Lay the table out, with the totals below.

        Parameters
        ----------
        width
            Columns of the terminal; ``None`` puts each layer on one line, however long.

        Returns
        -------
        list of Text
        """
        return [*lay_out(_COLUMNS, self._cells(), width), *map(Text, self._notes(width))]

    def _cells(self) -> list[tuple[str, ...]]:
        """Write every row in words."""
        lines = [(name, "input", describe(shape), "", "", "", "") for name, shape in self.inputs]
        lines += [
            (
                row.name,
                row.text,
                describe(row.shape),
                f"{row.parameters:,}" if row.parameters else "",
                f"{row.multiply_adds:,}" if row.multiply_adds else "",
                _field_text(row.receptive_field),
                "x".join(map(str, row.uncovered)) if any(row.uncovered) else "",
            )
            for row in self.rows
        ]
        return lines

    def to_text(self) -> str:
        """Write the table without colors, each layer on one line."""
        return "\n".join(line.plain for line in self.lines())

    def _notes(self, width: int | None) -> list[str]:
        """Write the totals, how sizes are computed, and which pixels no window covers."""
        count = 4 * self.parameters
        memory = f"{count:,} bytes" if count < 1024 else f"{count / 1024:,.0f} KiB"
        size = f"{self.parameters:,} parameters ({memory})"
        adds = f"{self.multiply_adds:,} multiply-adds per image (forward)"
        notes = ["", *joined([size, adds], ", ", width)]
        sized = [row for row in self.rows if row.sizes]
        news = [row for k, row in enumerate(sized) if row.sizes != sized[k - 1].sizes or k == 0]
        if news:
            formulas = [f"{row.name}: {row.sizes}" for row in news]
            formulas[0] = f"sizes: {formulas[0]}"
            notes += joined(formulas, "; ", width)
        for row in self.rows:
            if any(row.uncovered):
                text = (
                    f"{row.name}: {_count_text(row.uncovered)} of its input uncovered, at the "
                    "edges or between windows (Wichmann 2.3 rounds down)"
                )
                notes += [line.plain for line in wrapped(text, width)]
        return notes

    def __str__(self) -> str:
        """Write the table, on a terminal in color and no wider than it is."""
        if not sys.stdout.isatty():
            return self.to_text()
        width = shutil.get_terminal_size().columns
        written = io.StringIO()
        console = Console(file=written, force_terminal=True, width=width)
        for line in self.lines(width):
            console.print(line, soft_wrap=True)
        return written.getvalue().rstrip("\n")

    def _repr_html_(self) -> str:
        """Show the table in a notebook, with the totals below."""
        headings = [column.heading for column in _COLUMNS]
        right = [k for k, column in enumerate(_COLUMNS) if column.side == "right"]
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes(None) if note)
        return table(headings, self._cells(), right=right) + notes


_COLUMNS = (
    Column("name"),
    Column("layer", breaks=True, drop=1),
    Column("output", "right"),
    Column("parameters", "right"),
    Column("multiply-adds", "right", drop=2),
    Column("receptive field", "right", drop=3),
    Column("uncovered", "right", drop=4),
)


def summarize(graph: Graph) -> Summary:
    """Summarize the layers of a network.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    Summary

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> print(summarize(parse("conv 6@5x5 tanh | max 2x2", (14, 14, 1))))
    name   layer              output  parameters  multiply-adds  receptive field  uncovered
    input  input             1@14x14
    conv1  Conv(6, 5), tanh  6@10x10         156         15,000              5x5
    max1   MaxPool(2)          6@5x5                                         6x6
    <BLANKLINE>
    156 parameters (624 bytes), 15,000 multiply-adds per image (forward)
    sizes: conv1: 14 - 5 + 1 = 10; max1: (10 - 2)/2 + 1 = 5
    """
    seen = seen_by_layers(graph)
    rows = tuple(_row(place, seen[place.name]) for place in graph.layers)
    return Summary(inputs=tuple(graph.inputs.items()), rows=rows)


def seen_by_layers(graph: Graph) -> dict[str, Seen]:
    """Follow the receptive fields from the inputs to every layer.

    Parameters
    ----------
    graph
        The network.

    Returns
    -------
    dict
        What the pixels of each input and layer see of the input, by name.
    """
    seen: dict[str, Seen] = {
        name: tuple(FieldPattern() for _ in shape[1:]) for name, shape in graph.inputs.items()
    }
    for place in graph.layers:
        seen[place.name] = _seen_by(place, seen)
    return seen


def _seen_by(place: Placed, seen: Mapping[str, Seen]) -> Seen:
    """Follow the receptive fields through a layer and its net input function."""
    along: list[Seen] = []
    for source, shape in zip(place.sources, place.source_shapes, strict=True):
        patterns = seen[source]
        if patterns == "everything":
            along.append("everything")
        else:
            # A dense layer sees everything, whatever its inputs see.
            known = patterns if patterns is not None else ()
            found = place.layer.weight.field_patterns(known, shape)
            along.append(found if patterns is not None or found == "everything" else None)
    flattened = len(place.sources) > 1 and any(
        isinstance(patterns, tuple) and len(patterns) != len(place.shape) - 1 for patterns in along
    )
    if flattened and along.count(along[0]) < len(along) and "everything" not in along:
        return None  # element k of one vector is another pixel than element k of the other
    return reduce(_joined, along)


def _joined(one: Seen, other: Seen) -> Seen:
    """Cover what two incoming layers see."""
    if one == "everything" or other == "everything":
        return "everything"
    if one is None or other is None or len(one) != len(other):
        return None
    return complete(map(FieldPattern.joined, one, other))


def _row(place: Placed, seen: Seen) -> SummaryRow:
    """Summarize one layer."""
    weight = place.layer.weight
    axes = weight.window_axes(*place.source_shapes)
    counts = [prod(p.shape) for _, _, _, p in place.parameter_names()]
    return SummaryRow(
        name=place.name,
        text=place.layer.summary_text(len(place.sources)),
        shape=place.shape,
        sizes=", ".join(dict.fromkeys(axis.formula() for axis in axes)),
        parameters=sum(counts) if place.owner == place.name else 0,
        multiply_adds=sum(_multiply_adds(weight, shape) for shape in place.source_shapes),
        receptive_field=_sizes(seen),
        uncovered=weight.uncovered(*place.source_shapes),
    )


def _multiply_adds(weight: Function, shape: Shape) -> int:
    """Count the multiply-adds of a weight function for one image."""
    counted = weight.multiply_adds(shape)
    if counted is not None:
        return counted
    lowering = weight.lowering(shape)
    return 0 if lowering is None else cost(forward_program(lowering, 1)).multiply_adds


def _sizes(seen: Seen) -> tuple[int, ...] | None:
    """Return the pixels seen along each axis; empty for all, ``None`` if unknown."""
    if seen is None or seen == "everything":
        return () if seen else None
    return tuple(pattern.size for pattern in seen) or None


def _count_text(uncovered: tuple[int, ...]) -> str:
    """Write the pixels that no window covers, axis by axis: ``1 row and 2 columns``."""
    names = AXIS_NAMES[len(uncovered)]
    return " and ".join(
        f"{n} {name.removesuffix('s') if n == 1 else name}"
        for n, name in zip(uncovered, names, strict=True)
        if n
    )


def _field_text(field: tuple[int, ...] | None) -> str:
    """Write a receptive field."""
    return "" if field is None else "x".join(map(str, field)) or "all"
