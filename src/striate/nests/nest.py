"""Equations bound to sizes, single or in programs: the input of the compiler's stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from striate.errors import NestError, shortened
from striate.nests.equation import Equation
from striate.nests.expression import Reference, Subscript
from striate.properties import cached_property

Lengths = tuple[int, ...]
"""Lengths of an array's axes, including the batch axis."""


@dataclass(frozen=True)
class Guard:
    """A condition for a term to exist: a subscript is within the bounds of its axis.

    Parameters
    ----------
    subscript
        A sum of indices, or a table look-up at one.
    length
        Length of the axis.
    """

    subscript: Subscript
    length: int

    def __str__(self) -> str:
        return f"0 <= {self.subscript} < {self.length}"


@dataclass(frozen=True)
class Nest:
    """A loop nest: an equation without stars and named constants, with the extent of each index.

    :func:`striate.nests.bind.bind` makes nests from equations.

    Parameters
    ----------
    equation
        The statement, with numbers for its constants and one subscript per pixel axis.
    extents
        The number of values of each index, in the order of the equation's indices.
    shapes
        Lengths of each array's axes.

    Sources
    -------
    Hagan 8.20, 8.38.

    Examples
    --------
    >>> from striate.nests.bind import bind
    >>> print(bind("z[*i] += w[*u] * a[*(i + u)]", shapes={"w": (2, 2), "a": (3, 3), "z": (2, 2)}))
    z[i,j] += w[u,v] * a[i + u, j + v]  for i < 2, j < 2, u < 2, v < 2
    """

    equation: Equation
    extents: Mapping[str, int] = field(hash=False)
    shapes: Mapping[str, Lengths] = field(hash=False)

    @property
    def target(self) -> str:
        """Name of the array that is written."""
        return self.equation.target.name

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the arrays that are read, including tables, in the order of first appearance."""
        read = (*self.equation.references, *self.equation.tables)
        return tuple(dict.fromkeys(reference.name for reference in read))

    def span(self, subscript: Subscript) -> tuple[int, int]:
        """Return the least and the greatest value of a subscript's sum."""
        multipliers, offset = subscript.linear()
        least = greatest = offset
        for index, by in multipliers.items():
            end = by * (self.extents[index] - 1)
            if end < 0:
                least += end
            else:
                greatest += end
        return least, greatest

    def guards(self, *references: Reference) -> tuple[Guard, ...]:
        """Return the conditions for references to be within the bounds of their arrays.

        Conditions that always hold are omitted.

        Parameters
        ----------
        references
            Some of the equation's references; by default all of them.

        Returns
        -------
        tuple of Guard
            Each condition once. The values in a table are unknown, so a look-up always has a guard.

        Sources
        -------
        Hagan 8.40, 8.41 (corrected: zero outside).

        Examples
        --------
        >>> from striate.nests.bind import bind
        >>> shapes = {"w": (3,), "a": (8,), "z": (8,)}
        >>> nest = bind("z[i] += w[u] * a[i + u - p]", shapes=shapes, constants={"p": 1})
        >>> [str(guard) for guard in nest.guards()]
        ['0 <= i + u - 1 < 8']
        """
        known = self._known_guards.get(references)
        if known is None:
            known = self._known_guards[references] = tuple(self._guards(references))
        return known

    @cached_property
    def _known_guards(self) -> dict[tuple[Reference, ...], tuple[Guard, ...]]:
        """Results of :meth:`guards`, cached because the compiler uses them very often."""
        return {}

    def _guards(self, references: tuple[Reference, ...]) -> dict[Guard, None]:
        found = dict[Guard, None]()
        for reference in references or (self.equation.target, *self.equation.references):
            for part in (*reference.tables(), reference):
                for subscript, length in zip(part.subscripts, self.shapes[part.name], strict=True):
                    least, greatest = self.span(subscript)
                    if subscript.table is not None or least < 0 or greatest >= length:
                        found[Guard(subscript, length)] = None
        return found

    def __str__(self) -> str:
        box = ", ".join(f"{index} < {extent}" for index, extent in self.extents.items())
        return f"{self.equation}  for {box}" if box else f"{self.equation}"


@dataclass(frozen=True)
class NestProgram:
    """Nests that are computed in order.

    Parameters
    ----------
    nests
        The statements.
    inputs
        Names of the arrays that are read and not computed.
    outputs
        Names of the resulting arrays; all others that are written are temporary.

    Sources
    -------
    Hagan 8.29-8.31.
    """

    nests: tuple[Nest, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, Lengths]:
        """Shape of each array, as in the first nest that uses it."""
        return {name: shape for nest in reversed(self.nests) for name, shape in nest.shapes.items()}

    @property
    def temporaries(self) -> dict[str, Lengths]:
        """Shapes of the temporary arrays, in the order in which they are written."""
        shapes = self.shapes
        written = dict.fromkeys(nest.target for nest in self.nests)
        return {name: shapes[name] for name in written if name not in self.outputs}

    def __str__(self) -> str:
        return "\n".join(str(nest) for nest in self.nests)


def mismatch(statement: object, values: str, rule: str) -> NestError:
    """Make an error that shows a statement or nest: values, the printed form, rule and remedy."""
    printed = "\n".join(f"    {shortened(line, 200)}" for line in str(statement).splitlines())
    return NestError(f"{values}\n{printed}\n{rule}")
