"""The terms behind one element of a quantity of a pass: every product that it is the sum of.

A quantity such as ``conv1.dW`` is written by an operation of the training step, whose function
states its equations. For ``dw[h,l,u,v] += dz[q,h,i,j] * a[q,l,i + u,j + v]`` and the element
``(0, 0, 1, 2)`` of ``conv1.dW``, each image q and each position i, j gives one term: the product of
an element of ``conv1.dZ`` with an element of ``input.A``. The equations are the ones that the
compiler uses, so this works for every layer that can be compiled, forward and backward.

Where several operations write a quantity, for example ``dA`` of a layer with two successors, the
terms of all of them are listed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import overload

import numpy as np

from striate.drawing.html import table
from striate.errors import OptionError
from striate.nests.equation import Operator
from striate.shapes import Array, Shape
from striate.tables import Column, lay_out

SHOWN = 10
"""Number of terms in the printed table."""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One element that a term reads.

    Parameters
    ----------
    name
        The quantity, for example ``conv1.dZ``.
    index
        Position of the element in it.
    value
        The element.
    """

    name: str
    index: tuple[int, ...]
    value: float


@dataclass(frozen=True, kw_only=True)
class TracedTerm:
    """One of the terms that an element is computed from.

    Parameters
    ----------
    equation
        The equation that it belongs to, in the function's own symbols.
    factors
        What it reads. If the equation sums products, the value is their product times ``scale``.
    value
        What it contributes.
    scale
        What multiplies the equation's value: for a loss its weight, divided by the number of
        images that count; otherwise 1.
    """

    equation: str
    factors: tuple[Factor, ...]
    value: float
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class QuantityRead:
    """What one reference of an equation reads in each term, under the name of the quantity.

    Parameters
    ----------
    name
        The quantity.
    shape
        Its shape.
    positions
        For each axis of the quantity, its position in each term.
    values
        The element read in each term.
    """

    name: str
    shape: Shape
    positions: tuple[Array, ...]
    values: Array


@dataclass(frozen=True, kw_only=True)
class TermGroup:
    """The terms of one equation, as arrays.

    Parameters
    ----------
    equation, operator
        The equation in the function's own symbols, and how it combines its terms.
    reads
        What each reference reads.
    values
        What each term contributes.
    roundings
        Number of terms, including those of arrays that are computed on the way.
    scale
        What multiplies the equation's values: see :class:`TracedTerm`.
    """

    equation: str
    operator: Operator
    reads: tuple[QuantityRead, ...]
    values: Array
    roundings: int
    scale: float = 1.0

    def term(self, number: int) -> TracedTerm:
        """Return one of the terms."""
        factors = tuple(
            Factor(
                name=read.name,
                index=tuple(int(axis[number]) for axis in read.positions),
                value=float(read.values[number]),
            )
            for read in self.reads
        )
        return TracedTerm(
            equation=self.equation,
            factors=factors,
            value=float(self.values[number]),
            scale=self.scale,
        )

    def __str__(self) -> str:
        """Write the equation, and what multiplies it."""
        if self.scale == 1:
            return self.equation
        return f"{self.equation}, times {self.scale:.6g} (weight of the loss / number of images)"


class Terms(Sequence[TracedTerm]):
    """The terms behind one element, the largest first.

    Parameters
    ----------
    name, position
        The quantity, and the position of the element in it.
    value
        The element, as the pass computed it.
    groups
        The terms of each equation.

    Examples
    --------
    See :meth:`Trace.terms`.
    """

    def __init__(
        self, name: str, position: tuple[int, ...], value: float, groups: Sequence[TermGroup]
    ) -> None:
        self.name, self.position, self.value = name, position, value
        self._groups = tuple(group for group in groups if group.values.size)
        operators = {group.operator for group in self._groups}
        self.operator = (
            "maximum" if "max=" in operators else "minimum" if "min=" in operators else "sum"
        )
        """How the terms are combined: ``"sum"``, ``"maximum"`` or ``"minimum"``."""
        sizes = [group.values.size for group in self._groups]
        self._of_group = np.repeat(np.arange(len(sizes)), sizes)
        self._number = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])
        values = np.concatenate([group.values for group in self._groups] or [np.zeros(0)])
        by_size = {"sum": -np.abs(values), "maximum": -values, "minimum": values}
        self._order = np.argsort(by_size[self.operator], kind="stable")
        self.values = values[self._order]
        """What each term contributes, the largest first."""

    @property
    def total(self) -> float:
        """The terms combined in float64: the element, up to the rounding of the pass."""
        if self.operator == "sum":
            return math.fsum(self.values)
        return float(self.values[0]) if len(self) else -math.inf

    @property
    def roundings(self) -> int:
        """Number of terms, including those of arrays that are computed on the way."""
        return sum(group.roundings for group in self._groups)

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of the quantities that the terms read."""
        reads = (read.name for group in self._groups for read in group.reads)
        return tuple(dict.fromkeys(reads))

    def over(self, name: str) -> Array:
        """Sum the contributions that read each element of a quantity.

        Parameters
        ----------
        name
            A quantity that the terms read, for example ``"input.A"``.

        Returns
        -------
        Array
            Of the shape of that quantity: how much each of its elements contributes.

        Raises
        ------
        OptionError
            If no term reads it.
        """
        shapes = {read.name: read.shape for group in self._groups for read in group.reads}
        if name not in shapes:
            raise OptionError(
                f'The terms of `{self.name}` don\'t read "{name}". '
                f"Choose from {', '.join(sorted(shapes)) or 'nothing, because the list is empty'}."
            )
        sums = np.zeros(shapes[name])
        for group in self._groups:
            for read in group.reads:
                if read.name == name:
                    np.add.at(sums, read.positions, group.values)
        return sums

    @overload
    def __getitem__(self, number: int) -> TracedTerm: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[TracedTerm, ...]: ...
    def __getitem__(self, number: int | slice) -> TracedTerm | tuple[TracedTerm, ...]:
        if isinstance(number, slice):
            return tuple(self[k] for k in range(*number.indices(len(self))))
        at = self._order[number]
        return self._groups[self._of_group[at]].term(int(self._number[at]))

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[TracedTerm]:
        return (self[k] for k in range(len(self)))

    def __str__(self) -> str:
        rows = self._rows()
        columns = [Column("term", "right"), *[Column("")] * (max(map(len, rows), default=1) - 1)]
        lines = [self._heading(), *self._equations(), ""]
        lines += [line.plain.rstrip() for line in lay_out(columns, rows)]
        return "\n".join([*lines, *self._rest()])

    def _repr_html_(self) -> str:
        """Show the largest terms in a notebook."""
        rows = self._rows()
        headings = ["term", *[""] * (max(map(len, rows), default=1) - 1)]
        lines = [self._heading(), *(f"<code>{escape(text)}</code>" for text in self._equations())]
        rest = "".join(f"<p>{escape(text)}</p>" for text in self._rest())
        return f"<p>{'<br>'.join(lines)}</p>{table(headings, rows, right=(0,))}{rest}"

    def _heading(self) -> str:
        """Write the element, and what it is of how many terms."""
        count = f"{len(self)} term{'' if len(self) == 1 else 's'}"
        kind = f"the {self.operator} of {count}" if len(self) != 1 else count
        return f"{self.name}[{written(self.position)}] = {self.value:.6g}, {kind}"

    def _equations(self) -> list[str]:
        """List the equations that the terms belong to."""
        return list(dict.fromkeys(map(str, self._groups)))

    def _rows(self) -> list[list[str]]:
        """Write the largest terms with their factors, in rows of equal length."""
        shown = self[:SHOWN]
        factors = max((len(term.factors) for term in shown), default=0)
        return [
            [f"{term.value:.6g}", *map(_shown, term.factors), *[""] * (factors - len(term.factors))]
            for term in shown
        ]

    def _rest(self) -> list[str]:
        """Describe the terms that aren't shown, if there are any."""
        if len(self) <= SHOWN:
            return []
        rest = math.fsum(self.values[SHOWN:])
        summed = f", which add up to {rest:.6g}" if self.operator == "sum" else ""
        return [f"and {len(self) - SHOWN} more{summed}"]

    def __repr__(self) -> str:
        return f"<{len(self)} terms of {self.name}[{written(self.position)}]>"


def written(index: Sequence[int]) -> str:
    """Write a position: ``0, 2, 1``."""
    return ", ".join(map(str, index))


def _shown(factor: Factor) -> str:
    """Write a factor: ``conv1.dZ[0, 2, 1] = 0.25``."""
    position = f"[{written(factor.index)}]" if factor.index else ""
    return f"{factor.name}{position} = {factor.value:.6g}"
