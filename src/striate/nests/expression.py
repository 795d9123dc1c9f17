"""The syntax tree of an index equation: subscripts and expressions that print themselves.

``str`` prints what the parser reads, with as few parentheses as possible. The meaning is defined by
:class:`striate.nests.equation.Equation`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import copysign
from typing import Literal

from striate.properties import cached_property

ArithmeticSign = Literal["+", "-", "*", "/", "**"]
ComparisonSign = Literal["==", "!=", "<", "<=", ">", ">="]

ARITHMETIC: tuple[ArithmeticSign, ...] = ("+", "-", "*", "/", "**")
COMPARISONS: tuple[ComparisonSign, ...] = ("==", "!=", "<", "<=", ">", ">=")
FUNCTIONS = {
    **dict.fromkeys(("exp", "log", "log1p", "expm1", "tanh", "erf", "sqrt", "abs", "sign"), 1),
    **dict.fromkeys(("max", "min"), 2),
    "where": 3,
}
"""The functions of the language, with their number of arguments."""

# Precedence; an operand with a lower one is printed in parentheses.
_SUM, _PRODUCT, _NEGATIVE, _POWER, _ATOM = range(5)
_BINDS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}


@dataclass(frozen=True)
class Term:
    """One addend of a subscript: ``factor`` or ``coefficient*factor``.

    Parameters
    ----------
    factor
        An index, the name of a constant, or an integer.
    coefficient
        A constant's name or an integer; ``None`` if there is none.
    negative
        Whether the addend is subtracted.
    """

    factor: str | int
    coefficient: str | int | None = None
    negative: bool = False

    def __str__(self) -> str:
        return str(self.factor) if self.coefficient is None else f"{self.coefficient}*{self.factor}"


@dataclass(frozen=True)
class Subscript:
    """One subscript of a reference: a sum of terms, or a table look-up at such a sum.

    Parameters
    ----------
    terms
        The addends.
    table
        Name of an array of integers that is read at the sum; ``None`` if the sum itself is the
        subscript.
    starred
        Whether it stands for one subscript per pixel axis.
    """

    terms: tuple[Term, ...]
    table: str | None = None
    starred: bool = False

    @property
    def lone(self) -> str | None:
        """The name, if the subscript is a single name; ``None`` otherwise."""
        if self.table is None and len(self.terms) == 1:
            (term,) = self.terms
            if isinstance(term.factor, str) and term.coefficient is None and not term.negative:
                return term.factor
        return None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """The hash, cached because the compiler looks subscripts up very often."""
        return hash((self.terms, self.table, self.starred))

    def linear(self) -> tuple[Mapping[str, int], int]:
        """Return the factor of each index, and the offset; all constants must be numbers."""
        return self._linear

    @cached_property
    def _linear(self) -> tuple[Mapping[str, int], int]:
        """The result of :meth:`linear`, cached because the compiler uses it very often."""
        multipliers, offset = dict[str, int](), 0
        for term in self.terms:
            by = 1 if term.coefficient is None else term.coefficient
            assert isinstance(by, int), f"{self} holds a constant without a number"
            by = -by if term.negative else by
            if isinstance(term.factor, int):
                offset += by * term.factor
            else:
                multipliers[term.factor] = multipliers.get(term.factor, 0) + by
        return multipliers, offset

    def __str__(self) -> str:
        total = "-" * self.terms[0].negative + str(self.terms[0])
        for term in self.terms[1:]:
            total += f" {'-' if term.negative else '+'} {term}"
        body = total if self.table is None else f"{self.table}[{total}]"
        if not self.starred:
            return body
        return f"*{body}" if self.table is not None or total.isidentifier() else f"*({body})"


@dataclass(frozen=True)
class Reference:
    """An array element, ``a[q,l,*(s*i + u)]``; without subscripts, a scalar array."""

    name: str
    subscripts: tuple[Subscript, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """The hash, cached like a subscript's."""
        return hash((self.name, self.subscripts))

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The names that are added between the brackets, in the order of the text."""
        terms = (term for subscript in self.subscripts for term in subscript.terms)
        return tuple(term.factor for term in terms if isinstance(term.factor, str))

    def tables(self) -> tuple["Reference", ...]:
        """Return the table look-ups among the subscripts, as separate references."""
        return tuple(
            Reference(s.table, (replace(s, table=None),))
            for s in self.subscripts
            if s.table is not None
        )

    def __str__(self) -> str:
        if not self.subscripts:
            return self.name
        texts = [str(s) for s in self.subscripts]
        spaced = any(
            " " in t and not s.starred for s, t in zip(self.subscripts, texts, strict=True)
        )
        return f"{self.name}[{(', ' if spaced else ',').join(texts)}]"


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Symbol:
    """A bare name: an index used as a number, or a constant."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Ordinal:
    """The position of a combination of indices in row-major order, from 0: ``ordinal(*u)``."""

    indices: tuple[Subscript, ...]

    def __str__(self) -> str:
        return f"ordinal({', '.join(map(str, self.indices))})"


@dataclass(frozen=True)
class Negative:
    """The negative of an expression."""

    operand: "Expression"

    def __str__(self) -> str:
        return f"-{_bound(self.operand, _NEGATIVE)}"


@dataclass(frozen=True)
class Arithmetic:
    """Two expressions joined by ``+``, ``-``, ``*``, ``/`` or ``**``."""

    sign: ArithmeticSign
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        if self.sign == "**":  # right-associative; an exponent may have a minus without parentheses
            return f"{_bound(self.left, _ATOM)}**{_bound(self.right, _NEGATIVE)}"
        binds = _BINDS[self.sign]
        return f"{_bound(self.left, binds)} {self.sign} {_bound(self.right, binds + 1)}"


@dataclass(frozen=True)
class Comparison:
    """The condition of a ``where``."""

    sign: ComparisonSign
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


@dataclass(frozen=True)
class Where:
    """One of two expressions, chosen by a comparison."""

    condition: Comparison
    then: "Expression"
    otherwise: "Expression"

    def __str__(self) -> str:
        return f"where({self.condition}, {self.then}, {self.otherwise})"


@dataclass(frozen=True)
class FunctionCall:
    """A call of a function of :data:`FUNCTIONS` other than ``where``."""

    function: str
    arguments: tuple["Expression", ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Leaf = Number | Symbol | Reference | Ordinal
Expression = Leaf | Negative | Arithmetic | Where | FunctionCall


def write_terms(multipliers: Mapping[str, int], offset: int) -> tuple[Term, ...]:
    """Make terms from the factor of each index and the offset: the inverse of ``linear``."""
    terms = [
        Term(index, None if abs(by) == 1 else abs(by), by < 0) for index, by in multipliers.items()
    ]
    if offset or not terms:
        terms.append(Term(abs(offset), None, offset < 0))
    return tuple(terms)


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Return numbers, names, references and ordinals in the order of the text."""
    match expression:
        case Number() | Symbol() | Reference() | Ordinal():
            yield expression
        case _:
            for operand in operands(expression):
                yield from leaves(operand)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """Return the direct operands of an expression, in the order of the text."""
    match expression:
        case Negative(operand):
            return (operand,)
        case Arithmetic(_, left, right):
            return left, right
        case Where(Comparison(_, left, right), then, otherwise):
            return left, right, then, otherwise
        case FunctionCall(_, arguments):
            return arguments
        case _:
            return ()


def rewrite(expression: Expression, leaf: Callable[[Leaf], Expression]) -> Expression:
    """Rebuild an expression with each leaf replaced by the result of ``leaf``."""
    match expression:
        case Number() | Symbol() | Reference() | Ordinal():
            return leaf(expression)
        case Negative(operand):
            return Negative(rewrite(operand, leaf))
        case Arithmetic(sign, left, right):
            return Arithmetic(sign, rewrite(left, leaf), rewrite(right, leaf))
        case Where(Comparison(sign, left, right), then, otherwise):
            condition = Comparison(sign, rewrite(left, leaf), rewrite(right, leaf))
            return Where(condition, rewrite(then, leaf), rewrite(otherwise, leaf))
        case FunctionCall(function, arguments):
            return FunctionCall(function, tuple(rewrite(a, leaf) for a in arguments))


def factors(expression: Expression) -> tuple[Expression, ...]:
    """Return the factors of a product, left to right; a minus sign is a factor of -1."""
    match expression:
        case Arithmetic("*", left, right):
            return factors(left) + factors(right)
        case Negative(operand):
            return (Number(-1), *factors(operand))
        case _:
            return (expression,)


def is_multiple(expression: Expression, factor: Leaf) -> bool:
    """Whether an expression that contains the factor once is a multiple of it."""

    def holds(operand: Expression) -> bool:
        return factor in leaves(operand)

    match expression:
        case Negative(operand):
            return is_multiple(operand, factor)
        case Arithmetic("*", left, right):
            return is_multiple(left if holds(left) else right, factor)
        case Arithmetic("/", left, _) if holds(left):
            return is_multiple(left, factor)
        case Where(_, then, Number(0)) if holds(then):
            return is_multiple(then, factor)
        case _:
            return expression == factor


def _bound(operand: Expression, least: int) -> str:
    """Print an operand, in parentheses if its precedence is too low."""
    match operand:
        case Arithmetic(sign):
            binds = _BINDS[sign]
        case Negative():
            binds = _NEGATIVE
        case Number(value):
            binds = _NEGATIVE if copysign(1, value) < 0 else _ATOM  # -0.0 is printed with its sign
        case _:
            binds = _ATOM
    return str(operand) if binds >= least else f"({operand})"
