"""Expressions of the nest language, written for one place: numbers, vectors, or known values.

What is known while writing stays a number of Python; what is the same in all lanes stays a single
number as long as it meets no vector. Sums of products are fused, divisions by what is the same in
all lanes become products with its reciprocal: always, so that every processor rounds alike.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from striate.llvm.builder import F32, FLOATS, Builder, Value, constant, lanes_of
from striate.llvm.vector_math import FUNCTIONS, power
from striate.nests.expression import (
    Arithmetic,
    Call,
    Expression,
    Negative,
    Where,
)

Part = Callable[[Expression], Value]
"""Writes a part of an expression, or finds it written before."""

_COMPARE = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Expressions:
    """Writes expressions with a builder; a number of Python is a value that is known.

    Parameters
    ----------
    builder
        Where to write.
    """

    def __init__(self, builder: Builder) -> None:
        self.b = builder

    def write(self, expression: Expression, part: Part) -> Value:
        """Write an expression."""
        match expression:
            case Negative(operand):
                return self.negative(part(operand))
            case Arithmetic():
                return self.arithmetic(expression, part)
            case Where(condition, then, otherwise):
                left, right = part(condition.left), part(condition.right)
                return self.where(condition.sign, left, right, part(then), part(otherwise))
            case Call(function, arguments):
                return self.call(function, [part(a) for a in arguments])
            case _:
                return part(expression)

    def arithmetic(self, expression: Arithmetic, part: Part) -> Value:
        """Write a sum, product, quotient or power."""
        sign, left, right = expression.sign, expression.left, expression.right
        if sign in "+-":
            return self.sum(sign, left, right, part)
        x = part(left)
        if sign == "**":
            return self.power(x, part(right))
        y = part(right)
        return self.product(x, y) if sign == "*" else self.quotient(x, y)

    def sum(self, sign: str, left: Expression, right: Expression, part: Part) -> Value:
        """Write a sum; a product in it is fused with the addition, first the right one."""
        if isinstance(right, Arithmetic) and right.sign == "*":
            x, y = part(right.left), part(right.right)
            rest = part(left)
            return self.fused(self.negative(x) if sign == "-" else x, y, rest)
        if isinstance(left, Arithmetic) and left.sign == "*":
            x, y = part(left.left), part(left.right)
            rest = part(right)
            return self.fused(x, y, self.negative(rest) if sign == "-" else rest)
        x, y = part(left), part(right)
        return self.add(x, self.negative(y) if sign == "-" else y)

    def fused(self, x: Value, y: Value, z: Value) -> Value:
        """Write ``x * y + z``, rounded once."""
        if 0.0 in (x, y) and (_known(x) or _known(y)):
            return z
        if _known(x) and _known(y):
            return self.add(_single(x * y), z)
        for one, other in ((x, y), (y, x)):
            if _known(one) and one in (1.0, -1.0):
                return self.add(other if one > 0 else self.negative(other), z)
        if _known(z) and z == 0:
            return self.product(x, y)
        a, b, c = self.alike(x, y, z)
        return self.b.fma(a, b, c)

    def add(self, x: Value, y: Value) -> Value:
        """Write a sum of two values."""
        if _known(x) and _known(y):
            return x + y
        if _known(x) and x == 0:
            return y
        if _known(y) and y == 0:
            return x
        a, b = self.alike(x, y)
        return self.b.ir.fadd(a, b)

    def product(self, x: Value, y: Value) -> Value:
        """Write a product of two values."""
        if _known(x) and _known(y):
            return x * y
        for one, other in ((x, y), (y, x)):
            if _known(one) and one in (1.0, -1.0, 0.0):
                return other if one > 0 else (self.negative(other) if one < 0 else 0.0)
        a, b = self.alike(x, y)
        return self.b.ir.fmul(a, b)

    def quotient(self, x: Value, y: Value) -> Value:
        """Write a quotient; by what is the same in all lanes as a product."""
        if _known(y):
            return _divided(x, y) if _known(x) else self.product(x, _divided(1.0, y))
        if not _known(x) and lanes_of(x) and not lanes_of(y):
            return self.product(x, self.reciprocal(y))
        a, b = self.alike(x, y)
        return self.b.ir.fdiv(a, b)

    def reciprocal(self, y: Value) -> Value:
        """Write the reciprocal of a single number."""
        return self.b.ir.fdiv(constant(F32, 1.0), y)

    def power(self, x: Value, y: Value) -> Value:
        """Write a power."""
        if _known(x) and _known(y):
            return _raised(x, y)
        if _known(y):
            return power(self.b, x, float(y))
        return power(self.b, *self.alike(x, y))

    def negative(self, x: Value) -> Value:
        """Write a change of sign."""
        return -x if _known(x) else self.b.ir.fneg(x)

    def where(self, sign: str, left: Value, right: Value, then: Value, otherwise: Value) -> Value:
        """Write a choice between two values."""
        if _known(left) and _known(right):
            return then if _holds(sign, left, right) else otherwise
        condition = self.compare(sign, *self.alike(left, right))
        if _known(then) and _known(otherwise) and then == otherwise:
            return then
        yes, no = self.alike(
            then, otherwise, *([] if lanes_of(condition) is None else [condition])
        )[:2]
        if lanes_of(yes) and not lanes_of(condition):
            return self.b.select(condition, yes, no)
        return self.b.select(condition, yes, no)

    def compare(self, sign: str, x: Value, y: Value) -> Value:
        """Write a comparison, in which NaN is equal, less and greater to nothing."""
        if sign == "!=":
            return self.b.ir.fcmp_unordered("!=", x, y)
        return self.b.ir.fcmp_ordered(_COMPARE[sign], x, y)

    def call(self, function: str, values: list[Value]) -> Value:
        """Write a function of the language."""
        if all(_known(v) for v in values):
            return _compute(function, [float(v) for v in values])
        if function in {"max", "min"}:
            return self.greater(function, values[0], values[1])
        (x,) = values
        return FUNCTIONS[function](self.b, x)

    def greater(self, function: str, x: Value, y: Value) -> Value:
        """Write the greater or the less of two values; NaN goes through."""
        sign = ">" if function == "max" else "<"
        if _known(y):
            x, y = y, x
        a, b = self.alike(x, y)
        chosen = self.b.select(self.b.ir.fcmp_ordered(sign, a, b), a, b)
        if _known(x):
            return chosen
        return self.b.select(self.b.ir.fcmp_unordered("uno", a, a), a, chosen)

    def alike(self, *values: Value) -> tuple[Value, ...]:
        """Bring values to one type: vectors where one is, and nothing that is merely known."""
        vector = any(not _known(v) and lanes_of(v) for v in values)
        return tuple(self.vector(v) if vector else self.single(v) for v in values)

    def vector(self, value: Value) -> Value:
        """Put a value into every lane, if it is not a vector."""
        if _known(value):
            return constant(FLOATS, _single(value))
        return value if lanes_of(value) else self.b.splat(value)

    def single(self, value: Value) -> Value:
        """Make a known value one of the program."""
        return constant(F32, _single(value)) if _known(value) else value


def is_known(value: Value) -> bool:
    """Whether a value is known while writing."""
    return isinstance(value, float | int)


_known = is_known


def _single(value: float) -> float:
    """Round a number as float32 does."""
    with np.errstate(all="ignore"):
        return float(np.float32(value))


def _holds(sign: str, x: float, y: float) -> bool:
    """Compare two known values."""
    return {
        "==": x == y,
        "!=": x != y,
        "<": x < y,
        "<=": x <= y,
        ">": x > y,
        ">=": x >= y,
    }[sign]


_KNOWN: Mapping[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "erf": math.erf,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "max": np.maximum,
    "min": np.minimum,
}


def _divided(x: float, y: float) -> float:
    """Divide known values, by zero too."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) / np.float64(y))


def _raised(x: float, y: float) -> float:
    """Raise a known value to a known power, as float64 numbers."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) ** np.float64(y))


def _compute(function: str, values: list[float]) -> float:
    """Compute a function of known values."""
    with np.errstate(all="ignore"):
        return float(_KNOWN[function](*values))
