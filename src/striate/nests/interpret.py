"""Computes nests with NumPy: the reference for everything that the compiler does to them.

Each index is one axis of an array. A subscript such as ``i + u - 1`` becomes an integer array with
the axes ``i`` and ``u``, the array is read at it, and terms that are out of bounds are masked. For
``z[i] += w[u] * a[i + u - 1]`` with a kernel and an image of three pixels each::

    i + u - 1      inside             a[i + u - 1]
    -1  0  1       no  yes yes        -    a[0] a[1]
     0  1  2       yes yes yes        a[0] a[1] a[2]
     1  2  3       yes yes no         a[1] a[2] -

Each row is multiplied by ``w`` and summed over ``u``. Plain sums of products go through
``np.einsum``.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from striate.nests.expression import (
    Arithmetic,
    Expression,
    FunctionCall,
    Negative,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    Where,
    factors,
)
from striate.nests.nest import Nest, NestProgram, mismatch
from striate.nests.verify import verify
from striate.shapes import Array


def interpret(nest: Nest | NestProgram, arrays: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Compute a nest or a program.

    The result has the common floating-point type of the arrays, or float64 if there is none;
    ``argmax=`` returns int64. Sums are correct up to rounding, since their order isn't that of the
    compiled program.

    Parameters
    ----------
    nest
        What to compute.
    arrays
        The arrays to read, including tables, by name. They may include a nest's target, whose
        values are then kept as :class:`~striate.nests.equation.Equation` defines.

    Returns
    -------
    dict
        The nest's target, or the program's outputs, by name.

    Raises
    ------
    NestError
        If the nest is invalid, or an array is missing or has the wrong shape.

    Sources
    -------
    Hagan 8.20, 8.24, 8.38-8.47.

    Examples
    --------
    The layout of Hagan's figure 8.2, a 3 x 3 image under a 2 x 2 kernel:

    >>> from striate.nests.bind import bind
    >>> nest = bind("z[*i] += w[*u] * a[*(i + u)]", shapes={"w": (2, 2), "a": (3, 3), "z": (2, 2)})
    >>> interpret(nest, {"w": np.ones((2, 2)), "a": np.arange(9.0).reshape(3, 3)})["z"]
    array([[ 8., 12.],
           [20., 24.]])
    """
    verify(nest)
    known = {name: np.asarray(array) for name, array in arrays.items()}
    with np.errstate(all="ignore"):
        if isinstance(nest, Nest):
            return {nest.target: _compute(nest, known)}
        known = {name: array for name, array in known.items() if name in nest.inputs}
        for one in nest.nests:
            known[one.target] = _compute(one, known)
    return {name: known[name] for name in nest.outputs}


def _compute(nest: Nest, arrays: Mapping[str, Array]) -> Array:
    """Compute one nest."""
    for name in (*nest.sources, *({nest.target} & arrays.keys())):
        if name not in arrays or arrays[name].shape != nest.shapes[name]:
            given = f"of shape {arrays[name].shape}" if name in arrays else "missing"
            raise mismatch(
                nest,
                f"The array `{name}` is {given}.",
                f"The nest needs an array of shape {nest.shapes[name]}. Pass one.",
            )
    for table in nest.equation.tables:
        if arrays[table.name].dtype.kind not in "iu":
            raise mismatch(
                nest,
                f"The table `{table.name}` has dtype {arrays[table.name].dtype}.",
                "A table holds positions on an axis, so it must have an integer dtype. Convert it.",
            )
    floating = [a.dtype for a in arrays.values() if a.dtype.kind == "f"]
    return Interpreter(
        nest, arrays, np.result_type(*floating) if floating else np.dtype(float)
    ).run()


@dataclass(frozen=True)
class Interpreter:
    """A nest with its arrays; ``order`` lists the indices that are the axes of a result."""

    nest: Nest
    arrays: Mapping[str, Array]
    dtype: np.dtype[Any]

    def run(self) -> Array:
        """Compute the terms, reduce them, and write them to the target."""
        equation = self.nest.equation
        if equation.operator == "argmax=":
            ordinals = self.first_greatest()
            return self.write(np.dtype(np.int64), -1, ordinals, ordinals >= 0)
        if equation.operator == "=":
            return self.write(self.dtype, 0, *self.terms())
        combine, start = _COMBINE[equation.operator]
        values = self.products() if equation.operator == "+=" else None
        if values is None:
            terms, exists = self.terms()
            reduced = tuple(range(-len(equation.reduced), 0))
            values = combine.reduce(np.where(exists, terms, start), axis=reduced)
        return self.write(self.dtype, start, values, True, combine)

    def terms(self) -> tuple[Array, Array]:
        """Compute the term of each combination of the indices, and whether it exists."""
        order = self.nest.equation.indices
        box = [self.nest.extents[index] for index in order]
        values = self.evaluate(self.nest.equation.expression, order)
        exists = self.inside(self.nest.equation.references, order)
        return np.broadcast_to(values, box), np.broadcast_to(exists, box)

    def first_greatest(self) -> Array:
        """Find the position of the first greatest term; -1 without terms."""
        equation = self.nest.equation
        box = [self.nest.extents[i] for i in equation.indices if i not in equation.reduced]
        columns = [array.reshape(*box, -1) for array in self.terms()]
        best = np.full(box, -1)
        greatest = np.zeros(box)
        for ordinal, (value, exists) in enumerate(
            zip(*(np.moveaxis(c, -1, 0) for c in columns), strict=True)
        ):
            greater = (value > greatest) | (np.isnan(value) & ~np.isnan(greatest))
            better = exists & ((best < 0) | greater)
            best = np.where(better, ordinal, best)
            greatest = np.where(better, value, greatest)
        return best

    def products(self) -> Array | None:
        """Sum a product of arrays and numbers; return ``None`` for other expressions.

        Entries out of bounds are read as 0. That makes the product 0, unless another factor isn't
        finite; in that case, too, ``None`` is returned.
        """
        equation = self.nest.equation
        parts = factors(equation.expression)
        arrays = [part for part in parts if isinstance(part, Reference)]
        numbers = [part.value for part in parts if isinstance(part, Number)]
        if not arrays or len(arrays) + len(numbers) < len(parts):
            return None
        operands, finite = list[Array | list[int]](), True
        for reference in arrays:
            order = [i for i in equation.indices if _holds(reference, i)]
            exists = self.inside([reference], order)
            operand = np.where(exists, self.gather(reference, order), 0).astype(self.dtype)
            finite = finite and bool(np.isfinite(operand).all())
            operands += [operand, [equation.indices.index(i) for i in order]]
        if not finite and self.nest.guards(*arrays):
            return None
        kept = [i for i in equation.indices if i not in equation.reduced]
        present = [i for i in kept if any(_holds(reference, i) for reference in arrays)]
        summed = np.einsum(
            *operands, [equation.indices.index(i) for i in present], optimize="greedy"
        )
        lengths = [self.nest.extents[i] if i in present else 1 for i in kept]
        return math.prod(numbers) * summed.reshape(lengths)

    def write(
        self,
        dtype: np.dtype[Any],
        start: float,
        values: Array,
        exists: Array | bool,
        combine: np.ufunc | None = None,
    ) -> Array:
        """Write the values, one for each combination of the target's indices."""
        target, shape = self.nest.equation.target, self.nest.shapes[self.nest.target]
        order = [i for i in self.nest.equation.indices if i not in self.nest.equation.reduced]
        box = [self.nest.extents[index] for index in order]
        exists = np.broadcast_to(exists & self.inside([target], order), box)
        position = np.zeros((1,) * len(order), int)
        for subscript, length in zip(target.subscripts, shape, strict=True):
            position = position * length + self.sums(subscript, order)
        positions = np.broadcast_to(position, box)[exists]
        written = np.broadcast_to(values, box)[exists]
        before = self.arrays.get(target.name)
        elements = (np.full(shape, start) if before is None else before).astype(dtype).reshape(-1)
        if combine is None:
            elements[positions] = written
        else:
            combine.at(elements, positions, written)
        return elements.reshape(shape)

    def counted(self, index: str, order: Sequence[str]) -> Array:
        """Return the values of an index, along its axis."""
        lengths = [-1 if other == index else 1 for other in order]
        return np.arange(self.nest.extents[index]).reshape(lengths)

    def sums(self, subscript: Subscript, order: Sequence[str]) -> Array:
        """Compute a subscript; a table is read at the nearest valid position."""
        multipliers, offset = subscript.linear()
        total = np.full((1,) * len(order), offset)
        for index, by in multipliers.items():
            total = total + by * self.counted(index, order)
        if subscript.table is None:
            return total
        table = self.arrays[subscript.table].astype(np.int64)
        return table[np.clip(total, 0, len(table) - 1)]

    def inside(self, references: Sequence[Reference], order: Sequence[str]) -> Array:
        """Compute for which combinations some references are all in bounds."""
        inside = np.ones((1,) * len(order), bool)
        for guard in self.nest.guards(*references) if references else ():
            value = self.sums(guard.subscript, order)
            inside = inside & (value >= 0) & (value < guard.length)
        return inside

    def gather(self, reference: Reference, order: Sequence[str]) -> Array:
        """Read an array, at the nearest element if out of bounds; integers become int64."""
        array = self.arrays[reference.name]
        positions = tuple(
            np.clip(self.sums(subscript, order), 0, length - 1)
            for subscript, length in zip(reference.subscripts, array.shape, strict=True)
        )
        read = array[positions]
        return read.astype(np.int64) if read.dtype.kind in "biu" else read

    def evaluate(self, expression: Expression, order: Sequence[str]) -> Any:
        """Compute an expression for each combination of the indices."""
        match expression:
            case Number(value):
                return value
            case Symbol(name):
                return self.counted(name, order)
            case Reference():
                return self.gather(expression, order)
            case Ordinal(indices):
                position: Any = 0
                for index in (subscript.lone for subscript in indices):
                    assert index is not None, f"{expression} counts something other than indices"
                    position = position * self.nest.extents[index] + self.counted(index, order)
                return position
            case Negative(operand):
                return -self.evaluate(operand, order)
            case Where(condition, then, otherwise):
                sides = (condition.left, condition.right, then, otherwise)
                left, right, yes, no = (self.evaluate(side, order) for side in sides)
                return cast("Any", np.where(_COMPARE[condition.sign](left, right), yes, no))
            case Arithmetic(sign, left, right):
                return _COMPUTE[sign](self.evaluate(left, order), self.evaluate(right, order))
            case FunctionCall(function, arguments):
                value = _COMPUTE[function](*(self.evaluate(a, order) for a in arguments))
                # A Python float adopts the precision of the array that it is combined with.
                return float(value) if isinstance(value, float) else value


def _holds(reference: Reference, index: str) -> bool:
    return any(index in subscript.linear()[0] for subscript in reference.subscripts)


def _power(x: Any, y: Any) -> Any:
    """Raise to a power as floating-point numbers; NumPy rejects negative powers of integers."""
    return np.asarray(x, np.float64) ** y if np.asarray(x).dtype.kind == "i" else x**y


def _erf(x: Any) -> Any:
    """Compute the error function in the precision of its argument."""
    x = np.asarray(x)
    return np.vectorize(math.erf, otypes=[x.dtype if x.dtype.kind == "f" else float])(x)[()]


_COMBINE: dict[str, tuple[np.ufunc, float]] = {
    "+=": (np.add, 0.0),
    "max=": (np.maximum, -np.inf),
    "min=": (np.minimum, np.inf),
}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPUTE: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.true_divide,
    "**": _power,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "erf": _erf,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "max": np.maximum,
    "min": np.minimum,
}
