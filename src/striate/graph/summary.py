"""A table of a network: sizes, parameters, multiply-adds, receptive fields, unseen pixels."""

import io
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from math import ceil, prod

from rich.console import Console
from rich.text import Text

from striate.functions.programs import forward_program
from striate.graph.graph import Graph, Placed, describe
from striate.maths.receptive import ReceptiveField
from striate.maths.windows import AXIS_NAMES
from striate.nests import cost
from striate.tables import Column, joined, lay_out, wrapped

Fields = tuple[ReceptiveField, ...] | None


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """One layer of a summary.

    Parameters
    ----------
    name, text
        What the layer is called, and its three functions in words.
    shape
        Shape of its activation, ``(maps, *pixels)``.
    sizes
        How its size follows from the size before, as arithmetic.
    parameters
        Trainable numbers of its own; 0 where it shares another's.
    multiply_adds
        Products that it adds up for one image, forward, those with padding left out.
    receptive_field
        Pixels of the input that one output pixel sees, along each axis; empty where it sees all;
        ``None`` where no one number says it, behind a layer that enlarges.
    unseen
        Pixels of its incoming maps that no window covers, along each axis.
    """

    name: str
    text: str
    shape: tuple[int, ...]
    sizes: str
    parameters: int
    multiply_adds: int
    receptive_field: tuple[int, ...] | None
    unseen: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The layers of a network in numbers; prints as a table.

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
        """Trainable numbers in all."""
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
                _seen(row.receptive_field),
                "x".join(map(str, row.unseen)) if any(row.unseen) else "",
            )
            for row in self.rows
        ]
        return lines

    def to_text(self) -> str:
        """Write the table without colors, each layer on one line."""
        return "\n".join(line.plain for line in self.lines())

    def _notes(self, width: int | None) -> list[str]:
        """Write the totals, how sizes are computed, and what no window covers."""
        size = f"{self.parameters:,} parameters ({4 * self.parameters / 1024:,.0f} KiB)"
        adds = f"{self.multiply_adds:,} multiply-adds for an image forward"
        notes = ["", *joined([size, adds], ", ", width)]
        sized = [row for row in self.rows if row.sizes]
        news = [row for k, row in enumerate(sized) if row.sizes != sized[k - 1].sizes or k == 0]
        if news:
            formulas = [f"{row.name}: {row.sizes}" for row in news]
            formulas[0] = f"sizes: {formulas[0]}"
            notes += joined(formulas, "; ", width)
        for row in self.rows:
            if any(row.unseen):
                text = (
                    f"{row.name} never sees {_lost(row.unseen)} at the edges or between its "
                    "windows (the floor in Wichmann 2.3)"
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


_COLUMNS = (
    Column("layer"),
    Column("functions", breaks=True, drop=1),
    Column("output", "right"),
    Column("parameters", "right"),
    Column("multiply-adds", "right", drop=2),
    Column("sees", "right", drop=3),
    Column("unseen", "right", drop=4),
)


def summarize(graph: Graph) -> Summary:
    """Put a network's layers into numbers.

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
    layer  functions                output  parameters  multiply-adds  sees  unseen
    input  input                   1@14x14
    conv1  Convolution, Sum, Tanh  6@10x10         156         15,000   5x5
    max1   MaxPooling                6@5x5                              6x6
    <BLANKLINE>
    156 parameters (1 KiB), 15,000 multiply-adds for an image forward
    sizes: conv1: 14 - 5 + 1 = 10; max1: (10 - 2)/2 + 1 = 5
    """
    fields: dict[str, Fields] = {
        name: tuple(ReceptiveField() for _ in shape[1:]) for name, shape in graph.inputs.items()
    }
    rows: list[SummaryRow] = []
    for place in graph.layers:
        fields[place.name] = _receptive(place, fields)
        rows.append(_row(place, fields[place.name]))
    return Summary(inputs=tuple(graph.inputs.items()), rows=tuple(rows))


def _receptive(place: Placed, fields: Mapping[str, Fields]) -> Fields:
    """Follow the receptive field through a layer; empty where it sees all, ``None`` unknown."""
    if len(place.shape) == 1:
        return ()
    axes = place.layer.weight.window_axes(*place.source_shapes)
    enlarging = place.layer.weight.enlarging_axes(*place.source_shapes)
    resized = any(shape[1:] != place.shape[1:] for shape in place.source_shapes)
    unknown = resized and not axes and not enlarging
    along: list[tuple[ReceptiveField, ...]] = []
    for source in place.sources:
        field = fields[source]
        if field is None or unknown:
            return None
        if len(field) != len(place.shape) - 1:
            return ()
        along.append(field)
    if any(len({field.jump for field in each}) > 1 for each in zip(*along, strict=True)):
        return None
    widest = tuple(reduce(ReceptiveField.joined, each) for each in zip(*along, strict=True))
    if enlarging:
        return tuple(map(ReceptiveField.through_transposed, widest, enlarging))
    return tuple(map(ReceptiveField.through, widest, axes)) if axes else widest


def _row(place: Placed, fields: Fields) -> SummaryRow:
    """Put one layer into numbers."""
    axes = place.layer.weight.window_axes(*place.source_shapes)
    own = place.owner == place.name
    adds = 0
    for shape in place.source_shapes:
        lowering = place.layer.weight.lowering(shape)
        adds += cost(forward_program(lowering, 1)).multiply_adds if lowering is not None else 0
    functions = [place.layer.weight, place.layer.net_input, place.layer.transfer]
    plain = {"Linear", "Identity"} | (
        {"Sum"} if len(place.sources) == 1 and not _biased(place) else set[str]()
    )
    words = [type(f).__name__ for f in functions if type(f).__name__ not in plain]
    formulas = list(dict.fromkeys(axis.formula() for axis in axes))
    return SummaryRow(
        name=place.name,
        text=", ".join(words) or "Linear",
        shape=place.shape,
        sizes=", ".join(formulas),
        parameters=sum(prod(p.shape) for _, _, _, p in place.parameter_names()) if own else 0,
        multiply_adds=adds,
        receptive_field=None if fields is None else tuple(ceil(field.size) for field in fields),
        unseen=tuple(axis.unseen for axis in axes),
    )


def _lost(unseen: tuple[int, ...]) -> str:
    """Write the pixels that no window covers, axis by axis: ``1 row and 2 columns``."""
    names = AXIS_NAMES[len(unseen)]
    return " and ".join(
        f"{n} {name.removesuffix('s') if n == 1 else name}"
        for n, name in zip(unseen, names, strict=True)
        if n
    )


def _seen(field: tuple[int, ...] | None) -> str:
    """Write a receptive field."""
    return "" if field is None else "x".join(map(str, field)) or "all"


def _biased(place: Placed) -> bool:
    """Say whether the net input has a bias."""
    return bool(place.layer.net_input.parameters(*place.z_shapes))
