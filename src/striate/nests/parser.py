"""The parser: reads a statement strictly, and points at what it cannot read.

Python's own parser splits each side into a tree; this one lets through what the language has and
nothing else.
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
_COMPARES = "A comparison is made only where `where` asks, as in `where(h == y[q], n[q,h], 0)`."
_EXPRESSION = (
    "An expression is made of references, names, numbers, + - * / **, and calls of "
    f"{', '.join(FUNCTIONS)} and ordinal."
)


@dataclass(frozen=True)
class Parsed:
    """What the parser found in a statement."""

    target: Reference
    operator: str
    expression: Expression
    constants: frozenset[str]


def parse(text: str, declared: Collection[str] | None) -> Parsed:
    """Read a statement.

    Parameters
    ----------
    text
        The statement; line breaks count as spaces.
    declared
        Which names between brackets are constants; ``None`` leaves it to the rule.

    Returns
    -------
    Parsed
        Its parts.

    Raises
    ------
    EquationError
        If it is not a statement of the language.
    """
    text = " ".join(text.split())
    if foreign := _FOREIGN.search(text):
        raise SourceSpan(text, *foreign.span()).error(
            f"The language has no `{foreign[0]}`.",
            "Statements are written with letters, digits, brackets and the signs "
            "+ - * / ** = == != < <= > >=. Leave it out.",
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
    """Find the operator: the first equals sign, with what belongs to it."""
    operator = _OPERATOR.search(text)
    if operator is None:
        raise SourceSpan(text, len(text), len(text)).error(
            "The statement has no operator.",
            f"{_FORM} Write for example `z[i] += w[i,u] * a[u]`.",
        )
    before, after = text[: operator.start()], text[operator.end() :]
    if before[-1:] in tuple("+-*/<>!=") or after.startswith("="):
        raise SourceSpan(text, max(0, operator.start() - 1), operator.end() + 1).error(
            "The first equals sign of the statement does not belong to an operator.",
            f"{_FORM} A comparison comes after it; a difference is a sum of `-x`.",
        )
    for side, stop in ((before, operator.start()), (after, len(text))):
        if not side.strip():
            raise SourceSpan(text, stop, stop).error(
                "One side of the statement is empty.",
                f"{_FORM} Write what is missing; to fill with a number, write the number.",
            )
    return operator


@dataclass
class _SideParser:
    """Reads characters ``start`` to ``stop`` of a statement and notes where names stand."""

    text: str
    start: int
    stop: int
    occurrences: list[Occurrence] = field(default_factory=list[Occurrence])

    def __post_init__(self) -> None:
        side = self.text[self.start : self.stop]
        self.start += len(side) - len(side.lstrip())
        self.stop = self.start + len(side.strip())

    def tree(self) -> ast.expr:
        """Let Python split the side."""
        side = self.text[self.start : self.stop]
        try:
            tree = ast.parse(side, mode="eval").body
        except (SyntaxError, MemoryError, RecursionError) as error:
            at = (error.offset or 1) - 1 if isinstance(error, SyntaxError) else 0
            at = self.start + min(at, len(side))
            raise SourceSpan(self.text, at, at + 1).error(
                "The statement cannot be read from here on.",
                f"{_EXPRESSION} Look for a missing or superfluous bracket, comma or sign.",
            ) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and not _is_number(node.value):
                raise self.error(
                    node,
                    "This is not a number of the language.",
                    "Integers are below 2**31, other numbers are finite. Write such a number.",
                )
        return tree

    def place(self, node: ast.expr) -> SourceSpan:
        """Say where a part of the tree stands in the statement."""
        stop = self.stop if node.end_col_offset is None else self.start + node.end_col_offset
        return SourceSpan(self.text, self.start + node.col_offset, stop)

    def error(self, node: ast.expr, values: str, rule: str) -> EquationError:
        """Make the error for a part of the tree."""
        return self.place(node).error(values, rule)

    def note(self, node: ast.expr, name: str, usage: Usage, starred: bool = False) -> str:
        """Note a name and what it does."""
        self.occurrences.append(Occurrence(name, usage, starred, self.place(node)))
        return name

    def target(self) -> Reference:
        """Read the left side."""
        match node := self.tree():
            case ast.Subscript():
                return self.reference(node)
            case ast.Name(name):
                return Reference(self.note(node, name, Usage.ARRAY), ())
            case _:
                raise self.error(
                    node,
                    "The target is not an array.",
                    f"{_FORM} A target is one array at subscripts, as in `z[q,h,*i]`, "
                    "or a bare name for an array of one number.",
                )

    def reference(self, node: ast.Subscript) -> Reference:
        """Read ``name[subscript, ...]``."""
        if not isinstance(node.value, ast.Name):
            raise self.error(
                node.value,
                "This is not the name of an array.",
                "Brackets follow the name of an array. "
                "Write all subscripts in one pair of brackets.",
            )
        name = self.note(node.value, node.value.id, Usage.ARRAY)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return Reference(name, tuple(self.subscript(n) for n in inside))

    def subscript(self, node: ast.expr) -> Subscript:
        """Read one subscript: starred or not, a sum or a look-up in a table."""
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
        """Read a sum of terms."""
        if isinstance(node, ast.Name):
            return (Term(self.note(node, node.id, Usage.ALONE, starred)),)
        return self._sum(node, starred)

    def _sum(self, node: ast.expr, starred: bool) -> tuple[Term, ...]:
        """Read the addends of a sum, left to right."""
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
        """Read one addend, without its sign."""
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
                    f"{_SUM} Write one constant or integer before an index, no inner brackets and "
                    "no fractions; a table is read by itself, as in `a[t[x]]`.",
                )
        return Term(self.note(factor, name, Usage.MULTIPLIED, starred), by, negative)

    def expression(self, node: ast.expr) -> Expression:
        """Read an expression."""
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
                    "A comparison stands in the place of a number.",
                    f"{_COMPARES} Put it into a `where`.",
                )
            case _:
                raise self.error(
                    node, "The language has no such expression.", f"{_EXPRESSION} Use these."
                )

    def call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> Expression:
        """Read ``function(argument, ...)``."""
        if name == "ordinal":
            return Ordinal(tuple(self.counted(a) for a in arguments))
        if name not in FUNCTIONS:
            raise self.error(
                node.func,
                f"The language has no function `{name}`.",
                f"{_EXPRESSION} Write it with these, or give its values as an array.",
            )
        if len(arguments) != FUNCTIONS[name]:
            raise self.error(
                node,
                f"The number of arguments of `{name}` is {len(arguments)}.",
                f"It takes {FUNCTIONS[name]}. Write {FUNCTIONS[name]}, with commas between them.",
            )
        if name == "where":
            condition, then, otherwise = arguments
            return Where(
                self.comparison(condition), self.expression(then), self.expression(otherwise)
            )
        return FunctionCall(name, tuple(self.expression(a) for a in arguments))

    def counted(self, node: ast.expr) -> Subscript:
        """Read an argument of ``ordinal``: an index, starred or not."""
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
                    "An ordinal counts indices. Write `ordinal(*u)` or `ordinal(u, v)`.",
                )

    def comparison(self, node: ast.expr) -> Comparison:
        """Read the question that ``where`` asks."""
        match node:
            case ast.Compare(left, [op], [right]) if type(op) in _SIGNS:
                sign = cast("ComparisonSign", _SIGNS[type(op)])
                return Comparison(sign, self.expression(left), self.expression(right))
            case _:
                raise self.error(
                    node,
                    "This is not one comparison.",
                    f"{_COMPARES} Nest a second `where` to ask twice.",
                )


def _is_number(value: object) -> bool:
    """Whether a literal is a number that the language has."""
    if type(value) is int:  # True is not
        return value < 2**31
    return isinstance(value, float) and math.isfinite(value)
