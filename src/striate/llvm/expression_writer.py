"""Emits expressions of the nest language for one element: scalars, vectors, or constants.

Constants stay Python numbers, and values that are equal in all lanes stay scalars until combined
with a vector. Sums of products are fused, and divisions by a scalar become products with its
reciprocal. This is the same on every processor, so all of them round identically.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_float
from typing import Any

import numpy as np

from striate.llvm.builder import FLOATS, Builder
from striate.llvm.ir import F32, IRValue, constant, lanes_of
from striate.llvm.vector_math import FUNCTIONS, power
from striate.nests.expression import (
    Arithmetic,
    Expression,
    FunctionCall,
    Negative,
    Where,
)

Operand = IRValue | float
"""An IR value, or a constant."""

ValueOf = Callable[[Expression], Operand]
"""Emits an operand, or returns the value if it has already been emitted."""


class ExpressionWriter:
    """Emits expressions; Python numbers are constants.

    Parameters
    ----------
    builder
        The builder to emit instructions with.
    """

    def __init__(self, builder: Builder) -> None:
        self.b = builder

    def write(self, expression: Expression, value: ValueOf) -> Operand:
        match expression:
            case Negative(operand):
                return self.negative(value(operand))
            case Arithmetic():
                return self.arithmetic(expression, value)
            case Where(condition, then, otherwise):
                left, right = value(condition.left), value(condition.right)
                return self.where(condition.sign, left, right, value(then), value(otherwise))
            case FunctionCall(function, arguments):
                return self.call(function, [value(a) for a in arguments])
            case _:
                return value(expression)

    def arithmetic(self, expression: Arithmetic, value: ValueOf) -> Operand:
        sign, left, right = expression.sign, expression.left, expression.right
        if sign in "+-":
            return self.sum(sign, left, right, value)
        x = value(left)
        if sign == "**":
            return self.power(x, value(right))
        y = value(right)
        return self.product(x, y) if sign == "*" else self.quotient(x, y)

    def sum(self, sign: str, left: Expression, right: Expression, value: ValueOf) -> Operand:
        """Emit a sum; a product in it is fused with the addition, preferably the right one."""
        if isinstance(right, Arithmetic) and right.sign == "*":
            x, y = value(right.left), value(right.right)
            rest = value(left)
            return self.fused(self.negative(x) if sign == "-" else x, y, rest)
        if isinstance(left, Arithmetic) and left.sign == "*":
            x, y = value(left.left), value(left.right)
            rest = value(right)
            return self.fused(x, y, self.negative(rest) if sign == "-" else rest)
        x, y = value(left), value(right)
        return self.add(x, self.negative(y) if sign == "-" else y)

    def fused(self, x: Operand, y: Operand, z: Operand) -> Operand:
        """Emit ``x * y + z`` with one rounding."""
        for one, other in ((x, y), (y, x)):
            if isinstance(one, IRValue):
                continue
            if 0 in (x, y):
                return z
            if not isinstance(other, IRValue):
                return self.add(_single(one * other), z)
            if one in (1.0, -1.0):
                return self.add(other if one > 0 else self.negative(other), z)
        if not isinstance(z, IRValue) and z == 0:
            return self.product(x, y)
        return self.b.fma(*self.same_type(x, y, z))

    def add(self, x: Operand, y: Operand) -> Operand:
        for one, other in ((x, y), (y, x)):
            if isinstance(one, IRValue):
                continue
            if not isinstance(other, IRValue):
                return one + other
            if one == 0:
                return other
        return self.b.fadd(*self.same_type(x, y))

    def product(self, x: Operand, y: Operand) -> Operand:
        for one, other in ((x, y), (y, x)):
            if isinstance(one, IRValue):
                continue
            if not isinstance(other, IRValue):
                return one * other
            if one in (1.0, -1.0, 0.0):
                return other if one > 0 else (self.negative(other) if one < 0 else 0.0)
        return self.b.fmul(*self.same_type(x, y))

    def quotient(self, x: Operand, y: Operand) -> Operand:
        """Emit a quotient; division by a scalar is multiplication by its reciprocal."""
        if not isinstance(y, IRValue):
            return self.product(x, _divided(1.0, y)) if isinstance(x, IRValue) else _divided(x, y)
        if isinstance(x, IRValue) and lanes_of(x) and not lanes_of(y):
            return self.product(x, self.reciprocal(y))
        return self.b.fdiv(*self.same_type(x, y))

    def reciprocal(self, y: IRValue) -> IRValue:
        """Emit the reciprocal of a scalar."""
        return self.b.fdiv(constant(F32, 1.0), y)

    def power(self, x: Operand, y: Operand) -> Operand:
        if not isinstance(y, IRValue):
            return power(self.b, x, float(y)) if isinstance(x, IRValue) else _raised(x, y)
        return power(self.b, *self.same_type(x, y))

    def negative(self, x: Operand) -> Operand:
        return self.b.fneg(x) if isinstance(x, IRValue) else -x

    def where(
        self, sign: str, left: Operand, right: Operand, then: Operand, otherwise: Operand
    ) -> Operand:
        if not isinstance(left, IRValue) and not isinstance(right, IRValue):
            return then if _holds(sign, left, right) else otherwise
        condition = self.compare(sign, *self.same_type(left, right))
        if not isinstance(then, IRValue) and then == otherwise:
            return then
        lanes = [] if lanes_of(condition) is None else [condition]
        yes, no = self.same_type(then, otherwise, *lanes)[:2]
        return self.b.select(condition, yes, no)

    def compare(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Emit a comparison; NaN only satisfies ``!=``."""
        if sign == "!=":
            return self.b.fcmp_unordered("!=", x, y)
        return self.b.fcmp_ordered(sign, x, y)

    def call(self, function: str, values: Sequence[Operand]) -> Operand:
        known = [float(v) for v in values if not isinstance(v, IRValue)]
        if len(known) == len(values):
            return _compute(function, known)
        if function in {"max", "min"}:
            return self.greater(function, values[0], values[1])
        return FUNCTIONS[function](self.b, self.single(values[0]))

    def greater(self, function: str, x: Operand, y: Operand) -> IRValue:
        """Emit the maximum or minimum of two values; NaN propagates."""
        sign = ">" if function == "max" else "<"
        if not isinstance(y, IRValue):
            x, y = y, x
        a, b = self.same_type(x, y)
        chosen = self.b.select(self.b.fcmp_ordered(sign, a, b), a, b)
        if not isinstance(x, IRValue):
            return chosen
        return self.b.select(self.b.fcmp_unordered("uno", a, a), a, chosen)

    def same_type(self, *values: Operand) -> list[IRValue]:
        """Convert values to one type: vectors if any is a vector, otherwise scalars."""
        for value in values:
            if isinstance(value, IRValue) and value.type.count:
                return [self.vector(v) for v in values]
        return [self.single(v) for v in values]

    def vector(self, value: Operand) -> IRValue:
        """Broadcast a value, unless it is a vector."""
        if isinstance(value, IRValue):
            return value if value.type.count else self.b.splat(value)
        return constant(FLOATS, _single(value))

    def single(self, value: Operand) -> IRValue:
        """Turn a constant into an IR value."""
        return value if isinstance(value, IRValue) else constant(F32, _single(value))


def _single(value: float) -> float:
    """Round a number to float32."""
    return c_float(value).value


def _holds(sign: str, x: float, y: float) -> bool:
    """Compare two constants."""
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
    """Divide constants; the divisor may be zero."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) / np.float64(y))


def _raised(x: float, y: float) -> float:
    """Raise a constant to a constant power, in float64."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) ** np.float64(y))


def _compute(function: str, values: list[float]) -> float:
    """Compute a function of constants."""
    with np.errstate(all="ignore"):
        return float(_KNOWN[function](*values))
