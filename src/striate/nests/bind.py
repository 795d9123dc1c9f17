"""Binds an equation of any rank to sizes, which turns it into a loop nest.

Binding does three things. It replaces each starred index with one index per pixel axis, replaces
named constants with their values, and finds the extent of every index. Extents come from the axes
where an index is alone in its subscript, or from the caller::

    z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + u - p)]         equation
    w (6, 1, 5, 5), a (16, 1, 28, 28), z (16, 6, 28, 28)   shapes
    s = 1, p = 2                                           constants

    z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u - 2, j + v - 2]
    for q < 16, h < 6, i < 28, j < 28, l < 1, u < 5, v < 5

Here ``i`` has the extent 28 because it is alone in axis 2 of ``z``, and ``u`` has 5 because it is
alone in axis 2 of ``w``. ``i + u - 2`` determines no extent: it may be out of bounds in ``a``, and
those terms are omitted.
"""

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from numbers import Integral, Real

from striate.errors import NestError
from striate.nests.axes import Extents, PixelAxes, find_axes
from striate.nests.equation import Equation
from striate.nests.expression import (
    Expression,
    Leaf,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    Term,
    rewrite,
    write_terms,
)
from striate.nests.nest import Lengths, Nest, NestProgram, mismatch

Constants = Mapping[str, float | tuple[float, ...]]
"""Values of named constants: a number, or under a star optionally one number per pixel axis."""


def bind(
    equation: Equation | str,
    *,
    shapes: Mapping[str, Lengths],
    constants: Constants | None = None,
    extents: Extents | None = None,
) -> Nest:
    """Bind an equation to sizes and constants.

    Starred indices become one index per pixel axis: consecutive letters if they are free (``*i``:
    ``i, j, k``), numbered names otherwise (``i0, i1``). Starred tables are numbered (``*t``: ``t0,
    t1``). The number of pixel axes follows from the shapes. Names that the equation doesn't use are
    ignored, so one set of sizes serves an equation and its adjoints.

    Parameters
    ----------
    equation
        The statement. If it is a text, the keys of ``constants`` declare its constants.
    shapes
        Shape of each array, including tables; ``()`` for a scalar array. The target's shape
        may be omitted if each of its subscripts is a single index.
    constants
        Values of named constants; a tuple gives one value per pixel axis.
    extents
        Extents of indices, one number or one per pixel axis. They are needed for an index that is
        never alone in a subscript, or that stops before the end of an axis.

    Returns
    -------
    Nest
        The bound statement.

    Raises
    ------
    NestError
        If a size is missing, or two sizes contradict each other.

    Sources
    -------
    Hagan 8.20, 8.24.

    Examples
    --------
    >>> pool = "z[q,h,*i] max= a[q,h,*(s*i + u)]"
    >>> shapes = {"a": (1, 6, 8, 8), "z": (1, 6, 4, 4)}
    >>> print(bind(pool, shapes=shapes, constants={"s": 2}, extents={"u": 2}))
    z[q,h,i,j] max= a[q, h, 2*i + u, 2*j + v]  for q < 1, h < 6, i < 4, j < 4, u < 2, v < 2
    """
    if isinstance(equation, str):
        declared = None if constants is None else constants.keys()
        equation = Equation.parse(equation, constants=declared)
    axes = find_axes(equation, shapes, extents or {})
    return _Binder(equation, shapes, constants or {}, extents or {}, axes).nest()


def bind_program(
    equations: Sequence[Equation | str],
    *,
    shapes: Mapping[str, Lengths],
    outputs: Sequence[str] = (),
    constants: Constants | None = None,
    extents: Extents | None = None,
) -> NestProgram:
    """Bind equations that are computed in order; later ones use the shapes of earlier targets.

    Parameters
    ----------
    equations
        The statements, in order.
    shapes, constants, extents
        As for :func:`bind`, for all statements.
    outputs
        Names of the resulting arrays; by default the targets that no statement reads.

    Returns
    -------
    NestProgram
        One nest for each statement.

    Raises
    ------
    NestError
        If a size is missing, or two sizes contradict each other.

    Sources
    -------
    Hagan 8.29-8.31.

    Examples
    --------
    >>> statements = ["t[q] += a[q,*x]", "m[q] = t[q] / count"]
    >>> mean = bind_program(statements, shapes={"a": (5, 3)}, constants={"count": 3})
    >>> mean.inputs, mean.temporaries, mean.outputs
    (('a',), {'t': (5,)}, ('m',))
    """
    nests, known = list[Nest](), dict(shapes)
    for equation in equations:
        nests.append(bind(equation, shapes=known, constants=constants, extents=extents))
        known.update(nests[-1].shapes)
    written = dict.fromkeys(nest.target for nest in nests)
    read = dict.fromkeys(chain.from_iterable(nest.sources for nest in nests))
    return NestProgram(
        nests=tuple(nests),
        inputs=tuple(name for name in read if name not in written),
        outputs=tuple(outputs) or tuple(name for name in written if name not in read),
    )


@dataclass(frozen=True)
class _Binder:
    """An equation, the sizes to bind it to, and the names of its pixel axes."""

    equation: Equation
    shapes: Mapping[str, Lengths]
    constants: Constants
    extents: Extents
    axes: PixelAxes

    def nest(self) -> Nest:
        """Replace stars and constants, then find the extents and the target's shape."""
        bound = Equation(
            self.reference(self.equation.target),
            self.equation.operator,
            rewrite(self.equation.expression, self.leaf),
        )
        extents = self.find_extents(bound)
        references = (bound.target, *bound.references, *bound.tables)
        shapes = {r.name: self.find_shape(r, extents) for r in references}
        return Nest(bound, extents, shapes)

    def leaf(self, leaf: Leaf) -> Expression:
        """Bind a leaf of the expression."""
        match leaf:
            case Reference():
                return self.reference(leaf)
            case Ordinal(indices):
                return Ordinal(tuple(self.subscripts(indices)))
            case Symbol(name) if name not in self.equation.indices:
                return self.scalar(name)
            case _:
                return leaf

    def scalar(self, name: str) -> Expression:
        """Bind a bare name: a constant, or a scalar array."""
        value = self.constants.get(name)
        if isinstance(value, Real):  # a NumPy scalar would print its type
            return Number(int(value) if isinstance(value, Integral) else float(value))
        if value is None and self.shapes.get(name) == ():
            return Reference(name, ())
        raise self.error(
            f"`{name}` must be one number, {_got(value)}.",
            "A bare name in an expression is an index, a constant with one value, or an array of "
            f"shape (). Give constants[{name!r}], or shapes[{name!r}] = ().",
        )

    def reference(self, reference: Reference) -> Reference:
        return Reference(reference.name, tuple(self.subscripts(reference.subscripts)))

    def subscripts(self, subscripts: tuple[Subscript, ...]) -> Iterator[Subscript]:
        """Bind subscripts; a starred one becomes one subscript per pixel axis."""
        for subscript in subscripts:
            for axis in range(self.axes.rank) if subscript.starred else (None,):
                numbered = "" if subscript.table is None or axis is None else axis
                table = None if subscript.table is None else f"{subscript.table}{numbered}"
                yield Subscript(self.terms(subscript, axis), table)

    def terms(self, subscript: Subscript, axis: int | None) -> tuple[Term, ...]:
        """Bind the sum of a subscript; ``axis`` is the pixel axis of a starred one."""
        multipliers, offset = dict[str, int](), 0
        for term in subscript.terms:
            by = -1 if term.negative else 1
            if term.coefficient is not None:
                by *= self.integer(term.coefficient, axis)
            if isinstance(term.factor, int) or term.factor in self.equation.constants:
                offset += by * self.integer(term.factor, axis)
                continue
            index = term.factor if axis is None else self.axes.names[term.factor][axis]
            multipliers[index] = multipliers.get(index, 0) + by
        if 0 in multipliers.values():
            raise self.error(
                f"`{subscript}` multiplies an index by 0.",
                "The factor of an index must not be 0. Use another value, or remove the index.",
            )
        return write_terms(multipliers, offset)

    def integer(self, name: str | int, axis: int | None) -> int:
        """Look up an integer of a subscript."""
        value = name if isinstance(name, int) else self.constants.get(name)
        if isinstance(value, tuple) and axis is not None and len(value) == self.axes.rank:
            value = value[axis]
        try:
            return operator.index(value)  # pyright: ignore[reportArgumentType]  # it may not be one
        except TypeError:
            axes = "" if axis is None else f" under a star, for {_counted(self.axes.rank)}"
            raise self.error(
                f"The constant `{name}` in a subscript{axes} must be an integer, {_got(value)}.",
                "Under a star it may also be a tuple with one integer per pixel axis. "
                f"Give constants[{name!r}], or write `1*{name}` if an index is meant.",
            ) from None

    def find_extents(self, bound: Equation) -> dict[str, int]:
        """Find each index's extent: given, or the length of an axis where the index is alone."""
        given = dict(self.given_extents())
        found = {index: (extent, -1, bound.target) for index, extent in given.items()}
        for reference in (bound.target, *bound.references, *bound.tables):
            for axis, index in self.lone_indices(reference):
                here = self.shapes[reference.name][axis]
                extent, *where = found.setdefault(index, (here, axis, reference))
                short = index in given and extent < here
                if extent != here and not short:
                    source = "as given" if index in given else "in axis {} of {}".format(*where)
                    raise self.error(
                        f"The index `{index}` has the extent {extent} {source}, "
                        f"but {here} in axis {axis} of {reference}.",
                        "An index must have the same extent everywhere; one given in `extents` may "
                        "be smaller than an axis. Give shapes that agree.",
                    )
        for index in bound.indices:
            extent = found[index][0] if index in found else None
            if extent is None or extent < 1:
                raise self.error(
                    f"The extent of the index `{index}` must be at least 1, {_got(extent)}.",
                    "It follows from the shape of an array in which the index alone is a "
                    f"subscript. Give such a shape, or extents[{index!r}].",
                )
        return {index: found[index][0] for index in bound.indices}

    def given_extents(self) -> Iterator[tuple[str, int]]:
        """Spread the given extents over the pixel axes."""
        for index, extent in self.extents.items():
            if index in self.equation.indices:
                names = self.axes.names.get(index, (index,))
                each = extent if isinstance(extent, tuple) else (extent,) * len(names)
                if len(each) != len(names):
                    raise self.error(
                        f"The extent of the index `{index}` is {extent}, but it needs "
                        f"{_counted(len(names))}.",
                        "An extent is one number, or for a starred index one number per pixel "
                        "axis. Give one number, or a tuple of that length.",
                    )
                yield from zip(names, map(operator.index, each), strict=True)

    def lone_indices(self, reference: Reference) -> Iterator[tuple[int, str]]:
        """Return the axes of an array where an index is alone; none if its shape is unknown."""
        shape = self.shapes.get(reference.name)
        if shape is None:
            return
        if len(shape) != len(reference.subscripts) or min(shape, default=1) < 1:
            raise self.error(
                f"The shape {shape} doesn't fit `{reference}`.",
                "Pass a shape with one length of at least 1 for each subscript.",
            )
        for axis, subscript in enumerate(reference.subscripts):
            if subscript.lone is not None:
                yield axis, subscript.lone

    def find_shape(self, reference: Reference, extents: Mapping[str, int]) -> Lengths:
        """Return an array's shape; the target's may follow from its indices."""
        if reference.name in self.shapes:
            return self.shapes[reference.name]
        lone = [s.lone for s in reference.subscripts if s.lone is not None]
        if reference.name == self.equation.target.name and len(lone) == len(reference.subscripts):
            return tuple(extents[index] for index in lone)
        raise self.error(
            f"The shape of `{reference.name}` is missing.",
            "It may only be omitted for a target whose subscripts are single indices. "
            f"Give shapes[{reference.name!r}].",
        )

    def error(self, values: str, rule: str) -> NestError:
        return mismatch(self.equation, values, rule)


def _got(value: object) -> str:
    """Format a value that may be missing."""
    return "but is not given" if value is None else f"got {value}"


def _counted(axes: int) -> str:
    return "1 axis" if axes == 1 else f"{axes} axes"
