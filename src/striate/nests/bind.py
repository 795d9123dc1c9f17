"""Binding: an equation of any rank gets its numbers and becomes a nest."""

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
"""Numbers for named constants: one, or under a star one for each pixel axis."""


def bind(
    equation: Equation | str,
    *,
    shapes: Mapping[str, Lengths],
    constants: Constants | None = None,
    extents: Extents | None = None,
) -> Nest:
    """Give an equation its numbers.

    Starred indices become one index for each pixel axis: consecutive letters where they are free
    (``*i``: ``i, j, k``), else numbered (``i0, i1``); starred tables are numbered (``*t``: ``t0,
    t1``). How many pixel axes there are follows from the shapes. Names that the equation does not
    use may be given too, so that one set of numbers serves an equation and its adjoints.

    Parameters
    ----------
    equation
        The statement. Of a text, ``constants`` declares the constants, if given.
    shapes
        Lengths of the axes of each array, tables included; ``()`` for an array of one number. The
        target's may be left out where all its subscripts are lone indices.
    constants
        Numbers for named constants; a tuple gives one for each pixel axis.
    extents
        To where indices count, one number, or one for each pixel axis; needed for indices that
        stand alone in no axis of an array, or that stop short of one.

    Returns
    -------
    Nest
        The statement with its numbers.

    Raises
    ------
    NestError
        If a number is missing, or two do not agree.

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
    """Give equations that follow one another their numbers; shapes of what they write carry over.

    Parameters
    ----------
    equations
        The statements, in order.
    shapes, constants, extents
        As for :func:`bind`, for all statements.
    outputs
        Names of the arrays that are asked for; by default those that no statement reads.

    Returns
    -------
    Program
        One nest for each statement.

    Raises
    ------
    NestError
        If a number is missing, or two do not agree.

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
    """An equation, the numbers given for it, and the names of its pixel axes."""

    equation: Equation
    shapes: Mapping[str, Lengths]
    constants: Constants
    extents: Extents
    axes: PixelAxes

    def nest(self) -> Nest:
        """Put the numbers in, then find the extents and the target's shape."""
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
        """Bind a bare name: a constant, or an array of one number."""
        value = self.constants.get(name)
        if isinstance(value, Real):  # NumPy's numbers too; they would print their type
            return Number(int(value) if isinstance(value, Integral) else float(value))
        if value is None and self.shapes.get(name) == ():
            return Reference(name, ())
        raise self.error(
            f"`{name}` is a number of the expression, and its value is {_said(value)}.",
            "A bare name is an index, a constant with one value, or an array of shape (). "
            f"Give constants[{name!r}], or shapes[{name!r}] = ().",
        )

    def reference(self, reference: Reference) -> Reference:
        """Bind the subscripts of a reference."""
        return Reference(reference.name, tuple(self.subscripts(reference.subscripts)))

    def subscripts(self, subscripts: tuple[Subscript, ...]) -> Iterator[Subscript]:
        """Bind subscripts, a starred one once for each pixel axis."""
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
                f"In `{subscript}` an index is multiplied by 0.",
                "What multiplies an index is not 0. Leave the index out, or give another number.",
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
                f"`{name}` is a constant in a subscript{axes}, and its value is {_said(value)}.",
                "In subscripts constants are integers, under a star also tuples with one for each "
                f"pixel axis. Give constants[{name!r}] so, or write `1*{name}` for an index.",
            ) from None

    def find_extents(self, bound: Equation) -> dict[str, int]:
        """Take each index' extent from what is given and from the axes where it stands alone."""
        given = dict(self.given_extents())
        found = {index: (extent, -1, bound.target) for index, extent in given.items()}
        for reference in (bound.target, *bound.references, *bound.tables):
            for axis, index in self.lone_indices(reference):
                here = self.shapes[reference.name][axis]
                extent, *where = found.setdefault(index, (here, axis, reference))
                short = index in given and extent < here
                if extent != here and not short:
                    place = "as given" if index in given else "in axis {} of {}".format(*where)
                    raise self.error(
                        f"The index `{index}` has the extent {extent} {place} "
                        f"and {here} in axis {axis} of {reference}.",
                        "An index counts to one extent everywhere; one that is given may stop "
                        "short of an axis. Give shapes that agree.",
                    )
        for index in bound.indices:
            extent = found[index][0] if index in found else None
            if extent is None or extent < 1:
                raise self.error(
                    f"The extent of the index `{index}` is {_said(extent)}.",
                    "An extent is at least 1; it is known where the index stands alone in an axis "
                    "of an array with a given shape. Give such a shape, or `extents`.",
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
                        f"The extent of the index `{index}` is {extent}.",
                        "An extent is one number, or for a starred index one for each pixel axis. "
                        f"Give it for {_counted(len(names))}.",
                    )
                yield from zip(names, map(operator.index, each), strict=True)

    def lone_indices(self, reference: Reference) -> Iterator[tuple[int, str]]:
        """Give the axes of an array where an index stands alone; none if its shape is not given."""
        shape = self.shapes.get(reference.name)
        if shape is None:
            return
        if len(shape) != len(reference.subscripts) or min(shape, default=1) < 1:
            raise self.error(
                f"The array of `{reference}` has the shape {shape}.",
                "An array has a length of at least 1 for each subscript. Give a shape that fits.",
            )
        for axis, subscript in enumerate(reference.subscripts):
            if subscript.lone is not None:
                yield axis, subscript.lone

    def find_shape(self, reference: Reference, extents: Mapping[str, int]) -> Lengths:
        """Look up an array's shape, or make the target's from its indices."""
        if reference.name in self.shapes:
            return self.shapes[reference.name]
        lone = [s.lone for s in reference.subscripts if s.lone is not None]
        if reference.name == self.equation.target.name and len(lone) == len(reference.subscripts):
            return tuple(extents[index] for index in lone)
        raise self.error(
            f"The array `{reference.name}` has no shape.",
            "All arrays have shapes; a target's may be left out if each subscript is a lone index. "
            f"Give shapes[{reference.name!r}].",
        )

    def error(self, values: str, rule: str) -> NestError:
        """Make the error for this equation."""
        return mismatch(self.equation, values, rule)


def _said(value: object) -> str:
    """Print what was given for a number."""
    return "not given" if value is None else str(value)


def _counted(axes: int) -> str:
    """Print a number of axes."""
    return "1 axis" if axes == 1 else f"{axes} axes"
