"""Parses index equations, and points at the wrong part of an invalid one.

A statement is split at its operator. Python's own parser turns each side into a tree, and this
module accepts only the nodes that are part of the language::

    z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i - p)]
    ~~~~~~~~~ ~~ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    target    operator     expression

While it parses the sides, it records the position and usage of every name. Once both sides are
parsed, it separates the constants from the indices (here ``s`` multiplies and ``p`` is only
subtracted, so they are constants), and reports contradictions. An error shows the statement with
carets under the wrong part.
"""

import ast
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import cast

from striate.errors import EquationError
from striate.nests.expression import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    Arithmetic,
    ArithmeticSign,
    Comparison,
    ComparisonSign,
    Expression,
    FunctionCall,
    Negative,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    Term,
    Where,
)
from striate.nests.names import Occurrence, Usage, check_names, find_constants
from striate.nests.source_span import SourceSpan

OPERATORS = ("=", "+=", "max=", "min=", "argmax=")

_OPERATOR = re.compile(r"(?:(?<![A-Za-z0-9_])(?:argmax|max|min)|\+)?=")
_FOREIGN = re.compile(r"[^A-Za-z0-9_ \[\]()*+\-/.,=<>!]")
_SIGNS: dict[type[ast.AST], str] = {
    **dict(zip((ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow), ARITHMETIC, strict=True)),
    **dict(zip((ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE), COMPARISONS, strict=True)),
}

_FORM = "A statement is `target OP expression` with one of =, +=, max=, min=, argmax= for OP."
_SUM = (
    "A subscript is a sum of terms `index`, `constant*index`, constants and integers, "
    "as in `s*i + u - p`."
)
_COMPARES = "A comparison is only allowed as the first argument of `where`: `where(h == y, n, 0)`."
_EXPRESSION = (
    "An expression consists of references, names, numbers, + - * / **, and calls to "
    f"{', '.join(FUNCTIONS)} and ordinal."
)


@dataclass(frozen=True)
class Parsed:
    """The parts of a statement."""

    target: Reference
    operator: str
    expression: Expression
    constants: frozenset[str]


def parse(text: str, declared: Collection[str] | None) -> Parsed:
    """Parse a statement.

    Parameters
    ----------
    text
        The statement; line breaks count as spaces.
    declared
        The names in subscripts that are constants; ``None`` applies the rule of
        :func:`striate.nests.names.find_constants`.

    Returns
    -------
    Parsed
        The parts of the statement.

    Raises
    ------
    EquationError
        If it isn't a valid statement.
    """
    text = " ".join(text.split())
    if foreign := _FOREIGN.search(text):
        raise SourceSpan(text, *foreign.span()).error(
            f"Unknown character `{foreign[0]}`.",
            "Statements consist of letters, digits, brackets and the signs "
            "+ - * / ** = == != < <= > >=. Remove it.",
        )
    operator = _find_operator(text)
    left = _SideParser(text, 0, operator.start())
    target = left.target()
    right = _SideParser(text, operator.end(), len(text))
    expression = right.expression(right.tree())
    occurrences = left.occurrences + right.occurrences
    constants = find_constants(occurrences, declared)
    check_names(occurrences, constants)
    return Parsed(target, operator[0], expression, constants)


def _find_operator(text: str) -> re.Match[str]:
    """Find the operator: the first equals sign, with the characters that belong to it."""
    operator = _OPERATOR.search(text)
    if operator is None:
        raise SourceSpan(text, len(text), len(text)).error(
            "The statement has no operator.",
            f"{_FORM} For example, write `z[i] += w[i,u] * a[u]`.",
        )
    before, after = text[: operator.start()], text[operator.end() :]
    if before[-1:] in tuple("+-*/<>!=") or after.startswith("="):
        raise SourceSpan(text, max(0, operator.start() - 1), operator.end() + 1).error(
            "This isn't a valid operator.",
            f"{_FORM} To subtract, write `+= -x`.",
        )
    for side, stop in ((before, operator.start()), (after, len(text))):
        if not side.strip():
            raise SourceSpan(text, stop, stop).error(
                "One side of the statement is empty.",
                f"{_FORM} Write both sides; to fill an array with a number, write the number.",
            )
    return operator


@dataclass
class _SideParser:
    """Parses characters ``start`` to ``stop`` of a statement, and records each name."""

    text: str
    start: int
    stop: int
    occurrences: list[Occurrence] = field(default_factory=list[Occurrence])

    def __post_init__(self) -> None:
        side = self.text[self.start : self.stop]
        self.start += len(side) - len(side.lstrip())
        self.stop = self.start + len(side.strip())

    def tree(self) -> ast.expr:
        """Parse the side as a Python expression."""
        side = self.text[self.start : self.stop]
        try:
            tree = ast.parse(side, mode="eval").body
        except (SyntaxError, MemoryError, RecursionError) as error:
            at = (error.offset or 1) - 1 if isinstance(error, SyntaxError) else 0
            at = self.start + min(at, len(side))
            raise SourceSpan(self.text, at, at + 1).error(
                "The statement can't be parsed from here on.",
                f"{_EXPRESSION} Check for a missing or extra bracket, comma or sign.",
            ) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and not _is_number(node.value):
                raise self.error(
                    node,
                    "This constant is not allowed.",
                    "Constants are integers below 2**31 and finite numbers. Use another value.",
                )
        return tree

    def span(self, node: ast.expr) -> SourceSpan:
        """Return the position of a node in the statement."""
        stop = self.stop if node.end_col_offset is None else self.start + node.end_col_offset
        return SourceSpan(self.text, self.start + node.col_offset, stop)

    def error(self, node: ast.expr, values: str, rule: str) -> EquationError:
        """Make an error with carets under a node."""
        return self.span(node).error(values, rule)

    def note(self, node: ast.expr, name: str, usage: Usage, starred: bool = False) -> str:
        """Record a name and its usage."""
        self.occurrences.append(Occurrence(name, usage, starred, self.span(node)))
        return name

    def target(self) -> Reference:
        """Parse the left side."""
        match node := self.tree():
            case ast.Subscript():
                return self.reference(node)
            case ast.Name(name):
                return Reference(self.note(node, name, Usage.ARRAY), ())
            case _:
                raise self.error(
                    node,
                    "The target is not an array.",
                    f"{_FORM} A target is one array with subscripts, as in `z[q,h,*i]`, "
                    "or a bare name for a scalar array.",
                )

    def reference(self, node: ast.Subscript) -> Reference:
        """Parse ``name[subscript, ...]``."""
        if not isinstance(node.value, ast.Name):
            raise self.error(
                node.value,
                "This is not the name of an array.",
                "Brackets must follow the name of an array. "
                "Write all subscripts in one pair of brackets.",
            )
        name = self.note(node.value, node.value.id, Usage.ARRAY)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return Reference(name, tuple(self.subscript(n) for n in inside))

    def subscript(self, node: ast.expr) -> Subscript:
        """Parse one subscript: starred or not, a sum or a table look-up."""
        starred = isinstance(node, ast.Starred)
        inner = node.value if isinstance(node, ast.Starred) else node
        match inner:
            case ast.Subscript(ast.Name(name) as table, ast.Tuple()):
                raise self.error(
                    inner,
                    f"The table `{name}` has several subscripts.",
                    f"A table has one axis. {_SUM}",
                )
            case ast.Subscript(ast.Name(name) as table, index):
                self.note(table, name, Usage.ARRAY)
                return Subscript(self.terms(index, starred), name, starred)
            case _:
                return Subscript(self.terms(inner, starred), None, starred)

    def terms(self, node: ast.expr, starred: bool) -> tuple[Term, ...]:
        """Parse a sum of terms."""
        if isinstance(node, ast.Name):
            return (Term(self.note(node, node.id, Usage.ALONE, starred)),)
        return self._sum(node, starred)

    def _sum(self, node: ast.expr, starred: bool) -> tuple[Term, ...]:
        """Parse the addends of a sum, left to right."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            last = self._term(node.right, starred, negative=isinstance(node.op, ast.Sub))
            return (*self._sum(node.left, starred), last)
        match node:
            case ast.UnaryOp(ast.USub(), operand):
                return (self._term(operand, starred, negative=True),)
            case ast.BinOp(ast.UnaryOp(ast.USub(), operand), ast.Mult() as times, factor):
                product = ast.copy_location(ast.BinOp(operand, times, factor), node)
                return (self._term(product, starred, negative=True),)
            case _:
                return (self._term(node, starred, negative=False),)

    def _term(self, node: ast.expr, starred: bool, *, negative: bool) -> Term:
        """Parse one addend, without its sign."""
        match node:
            case ast.Constant(int(value)):
                return Term(value, None, negative)
            case ast.Name(name):
                usage = Usage.SUBTRACTED if negative else Usage.ADDED
                return Term(self.note(node, name, usage, starred), None, negative)
            case ast.BinOp(ast.Constant(int(value)), ast.Mult(), ast.Name(name) as factor):
                by = value
            case ast.BinOp(ast.Name(by) as coefficient, ast.Mult(), ast.Name(name) as factor):
                self.note(coefficient, by, Usage.MULTIPLIES, starred)
            case _:
                raise self.error(
                    node,
                    "This is not a term of a subscript.",
                    f"{_SUM} Write one constant or integer before an index, without inner brackets "
                    "and fractions; a table look-up must be the whole subscript, as in `a[t[x]]`.",
                )
        return Term(self.note(factor, name, Usage.MULTIPLIED, starred), by, negative)

    def expression(self, node: ast.expr) -> Expression:
        """Parse an expression."""
        match node:
            case ast.Constant(int(value) | float(value)):
                return Number(value)
            case ast.Name(name):
                return Symbol(self.note(node, name, Usage.NUMBER))
            case ast.Subscript():
                return self.reference(node)
            case ast.UnaryOp(ast.USub(), operand):
                return Negative(self.expression(operand))
            case ast.BinOp(left, op, right) if type(op) in _SIGNS:
                sign = cast("ArithmeticSign", _SIGNS[type(op)])
                return Arithmetic(sign, self.expression(left), self.expression(right))
            case ast.Call(ast.Name(name), arguments, []):
                return self.call(node, name, arguments)
            case ast.Compare():
                raise self.error(
                    node,
                    "A comparison can't be used as a number.",
                    f"{_COMPARES} Move it into a `where`.",
                )
            case _:
                raise self.error(
                    node, "This expression isn't supported.", f"{_EXPRESSION} Use only these."
                )

    def call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> Expression:
        """Parse ``function(argument, ...)``."""
        if name == "ordinal":
            return Ordinal(tuple(self.counted(a) for a in arguments))
        if name not in FUNCTIONS:
            raise self.error(
                node.func,
                f"Unknown function `{name}`.",
                f"{_EXPRESSION} Use one of them, or pass the function's values as an array.",
            )
        if len(arguments) != FUNCTIONS[name]:
            raise self.error(
                node,
                f"`{name}` got {len(arguments)} argument{'s' * (len(arguments) != 1)}.",
                f"Expected {FUNCTIONS[name]}, separated by commas.",
            )
        if name == "where":
            condition, then, otherwise = arguments
            return Where(
                self.comparison(condition), self.expression(then), self.expression(otherwise)
            )
        return FunctionCall(name, tuple(self.expression(a) for a in arguments))

    def counted(self, node: ast.expr) -> Subscript:
        """Parse an argument of ``ordinal``: an index, starred or not."""
        match node:
            case ast.Name(name) | ast.Starred(ast.Name(name)):
                starred = isinstance(node, ast.Starred)
                return Subscript(
                    (Term(self.note(node, name, Usage.COUNTED, starred)),), None, starred
                )
            case _:
                raise self.error(
                    node,
                    "This is not an index.",
                    "The arguments of ordinal are indices. Write `ordinal(*u)` or `ordinal(u, v)`.",
                )

    def comparison(self, node: ast.expr) -> Comparison:
        """Parse the condition of ``where``."""
        match node:
            case ast.Compare(left, [op], [right]) if type(op) in _SIGNS:
                sign = cast("ComparisonSign", _SIGNS[type(op)])
                return Comparison(sign, self.expression(left), self.expression(right))
            case _:
                raise self.error(
                    node,
                    "The condition isn't a single comparison.",
                    f"{_COMPARES} For two conditions, nest a second `where`.",
                )


def _is_number(value: object) -> bool:
    """Whether a literal is a number that the language allows."""
    if type(value) is int:  # True is not
        return value < 2**31
    return isinstance(value, float) and math.isfinite(value)
