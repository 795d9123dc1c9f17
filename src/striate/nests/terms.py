"""The terms behind one element of a nest: which array elements are read, and what they give.

A nest states all elements of its target at once. Here one element is fixed, and the indices that
lead to it are listed. For ``da[2 * i + u] += w[u] * dz[i]`` with three pixels in the kernel and
element 4 of ``da``::

    2 * i + u = 4      i  u    term
                       1  2    w[2] * dz[1]
                       2  0    w[0] * dz[2]

The indices of one subscript of the target are listed together and filtered before the next ones
are added. So the work grows with the number of terms, not with the size of the nest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from striate.errors import ShapeError
from striate.nests.expression import Subscript
from striate.nests.interpret import Interpreter
from striate.nests.nest import Guard, Nest
from striate.nests.verify import verify
from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class ElementsRead:
    """What one reference of an expression reads in each term.

    Parameters
    ----------
    name
        The array.
    positions
        For each axis of the array, its position in each term.
    values
        The number read in each term.
    """

    name: str
    positions: tuple[Array, ...]
    values: Array


@dataclass(frozen=True, kw_only=True)
class NestTerms:
    """The terms of one element of a nest's target, in the order of the nest's indices.

    Parameters
    ----------
    nest
        The statement.
    element
        Position of the element in the target.
    indices
        The value of each index in each term.
    reads
        What each reference reads, in the order of the expression.
    values
        The value of each term; the nest's operator combines them.
    """

    nest: Nest
    element: tuple[int, ...]
    indices: Mapping[str, Array]
    reads: tuple[ElementsRead, ...]
    values: Array


def list_terms(nest: Nest, arrays: Mapping[str, ArrayLike], element: Sequence[int]) -> NestTerms:
    """List the terms of one element.

    Parameters
    ----------
    nest
        What computes the element.
    arrays
        The arrays that the nest reads, including tables, by name.
    element
        Position of the element in the nest's target.

    Returns
    -------
    NestTerms

    Raises
    ------
    NestError
        If the nest is invalid.
    ShapeError
        If the target has no such element.

    Sources
    -------
    Hagan 8.39, 8.41, 8.47.

    Examples
    --------
    >>> from striate.nests.bind import bind
    >>> nest = bind(
    ...     "da[2 * i + u] += w[u] * dz[i]", shapes={"da": (7,), "w": (3,), "dz": (3,)}
    ... )
    >>> terms = list_terms(nest, {"w": [1.0, 10.0, 100.0], "dz": [1.0, 2.0, 3.0]}, (4,))
    >>> terms.indices["i"], terms.indices["u"], terms.values
    (array([1, 2]), array([2, 0]), array([200.,   3.]))
    """
    verify(nest)
    shape = nest.shapes[nest.target]
    if len(element) != len(shape) or not all(
        0 <= e < n for e, n in zip(element, shape, strict=True)
    ):
        raise ShapeError(
            f"`{nest.target}` has no element {tuple(element)}; its shape is {shape}. "
            "Pass one index from 0 for each axis."
        )
    known = {name: np.asarray(array) for name, array in arrays.items()}
    floating = [array.dtype for array in known.values() if array.dtype.kind == "f"]
    dtype = np.result_type(*floating) if floating else np.dtype(float)
    lister = _Lister(nest, known, dtype, _Combinations())
    lister.find(element)
    return lister.read(tuple(element))


class _Combinations:
    """Values of some of the indices, one for each term found so far."""

    def __init__(self) -> None:
        self.values = dict[str, Array]()
        self.count = 1

    def add(self, index: str, extent: int) -> None:
        """Combine everything with all values of a further index."""
        self.values = {name: np.repeat(v, extent) for name, v in self.values.items()}
        self.values[index] = np.tile(np.arange(extent), self.count)
        self.count *= extent

    def keep(self, chosen: Array) -> None:
        """Keep some of the combinations: those where ``chosen`` is true, or in its order."""
        self.values = {name: values[chosen] for name, values in self.values.items()}
        self.count = np.arange(self.count)[chosen].size


@dataclass(frozen=True)
class _Lister(Interpreter):
    """An interpreter for a list of combinations, whose results have a single axis: the terms."""

    found: _Combinations

    def counted(self, index: str, order: Sequence[str]) -> Array:  # noqa: ARG002  # one axis only
        """Return the value of an index in each term."""
        return self.found.values[index]

    def find(self, element: Sequence[int]) -> None:
        """Find the combinations of all indices that lead to an element and exist."""
        equation, waiting = self.nest.equation, list(self.nest.guards())
        for subscript, position in zip(equation.target.subscripts, element, strict=True):
            waiting = self._extend(subscript.linear()[0], waiting)
            self.found.keep(np.broadcast_to(self._at(subscript) == position, self.found.count))
        self._extend(equation.indices, waiting)
        if equation.indices:
            columns = [self.found.values[index] for index in reversed(equation.indices)]
            self.found.keep(np.lexsort(columns))

    def read(self, element: tuple[int, ...]) -> NestTerms:
        """Read the arrays and evaluate the expression for each combination."""
        equation, shape = self.nest.equation, (self.found.count,)
        return NestTerms(
            nest=self.nest,
            element=element,
            indices={index: self.found.values[index] for index in equation.indices},
            reads=tuple(
                ElementsRead(
                    name=reference.name,
                    positions=tuple(
                        np.broadcast_to(self._at(subscript), shape)
                        for subscript in reference.subscripts
                    ),
                    values=np.broadcast_to(self.gather(reference, _TERMS), shape),
                )
                for reference in equation.references
            ),
            values=np.broadcast_to(self.evaluate(equation.expression, _TERMS), shape),
        )

    def _extend(self, indices: Iterable[str], waiting: list[Guard]) -> list[Guard]:
        """Add indices; apply the guards that they complete, and return the other ones."""
        for index in indices:
            if index not in self.found.values:
                self.found.add(index, self.nest.extents[index])
        later = list[Guard]()
        for guard in waiting:
            if guard.subscript.linear()[0].keys() <= self.found.values.keys():
                position = np.broadcast_to(self._at(guard.subscript), self.found.count)
                self.found.keep((position >= 0) & (position < guard.length))
            else:
                later.append(guard)
        return later

    def _at(self, subscript: Subscript) -> Array:
        """Return the value of a subscript in each term."""
        return self.sums(subscript, _TERMS)


_TERMS = ("term",)
"""The only axis of the results."""
