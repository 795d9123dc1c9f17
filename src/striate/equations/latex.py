r"""Reads the LaTeX of an equation into a tree, and writes it as text on one line.

It reads the part of LaTeX that the equations use: scripts, fractions, sums and integrals with
limits, fences (``\left( ... \right)``), matrices and cases, accents, and symbols by name. An
unknown command is an error, so that no formula is shown with a part missing.

``\sum_{i=0}^{r-1} w_i p_{m+i}`` becomes a row of three nodes. The first is a :class:`Big` with the
rows ``i = 0`` and ``r - 1`` as limits, the others are a :class:`Script` each.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

_PIECE = re.compile(r"\\[a-zA-Z]+\s*|\\.|\s+|[0-9]+|.", re.DOTALL)

SYMBOLS = {
    r"\partial": "∂",
    r"\delta": "δ",
    r"\Delta": "Δ",
    r"\sigma": "σ",
    r"\tau": "τ",
    r"\infty": "∞",
    r"\times": "×",
    r"\equiv": "≡",
    r"\triangleq": "≜",
    r"\otimes": "⊗",
    r"\odot": "⊙",
    r"\circ": "∘",
    r"\boxplus": "⊞",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\in": "∈",
    r"\leq": "≤",
    r"\rightarrow": "→",
    r"\Leftrightarrow": "⇔",
    r"\dots": "…",
    r"\cdots": "⋯",
    r"\mid": "|",
    r"\max": "max",
    r"\min": "min",
    r"\{": "{",
    r"\}": "}",
}
_BIG = {r"\sum": "Σ", r"\int": "∫"}
_BLACKBOARD = {"R": "ℝ", "Z": "ℤ"}
_CALLIGRAPHIC = {"W": "𝒲"}
_BAR, _DOT = "\u0304", "\u0307"  # combined with the letter before
RELATIONS = frozenset("=≡≜→⇔∈≤|")
_SPACED = RELATIONS | frozenset("×⊗⊙∘*⋯")
_SIGNS = frozenset("+-")
_OPENING, _CLOSING = frozenset("([{⌊⌈"), frozenset(")]}⌋⌉,;")
_SUPERSCRIPTS = str.maketrans("0123456789+-T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ")
_RAISED = frozenset("0123456789+-")


@dataclass(frozen=True, kw_only=True)
class Glyph:
    """A letter, a number, a sign or a word.

    Parameters
    ----------
    text
        What is shown.
    word
        Whether it is text, which has its own spaces.
    """

    text: str
    word: bool = False


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Space between two formulas."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Nodes next to each other.

    Parameters
    ----------
    nodes
        From left to right.
    spaced
        For each node, whether the LaTeX has a space before it.
    """

    nodes: "tuple[FormulaNode, ...]"
    spaced: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class Script:
    """A base with a subscript, a superscript or both."""

    base: "FormulaNode"
    lower: Row | None
    upper: Row | None


@dataclass(frozen=True, kw_only=True)
class Big:
    """A sum or an integral with its limits."""

    sign: str
    lower: Row | None
    upper: Row | None


@dataclass(frozen=True, kw_only=True)
class Fraction:
    """A numerator over a denominator."""

    top: Row
    bottom: Row


@dataclass(frozen=True, kw_only=True)
class Fence:
    """Brackets that are as high as what they enclose."""

    left: str
    inside: Row
    right: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A matrix, or the cases of a definition."""

    kind: Literal["bmatrix", "cases"]
    rows: tuple[tuple[Row, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Underbrace:
    """A part of a formula with its name below."""

    inside: Row
    label: Row


FormulaNode = Glyph | Gap | Row | Script | Big | Fraction | Fence | Table | Underbrace


def parse(latex: str) -> Row:
    r"""Read a formula.

    Parameters
    ----------
    latex
        In the part of LaTeX that the module describes.

    Returns
    -------
    Row

    Raises
    ------
    ValueError
        If it contains an unknown command, or a brace or bracket is missing.

    Examples
    --------
    >>> [linear(node) for node in parse(r"\frac{1}{f^2} X_{ij}").nodes]
    ['1/f²', 'X_{ij}']
    """
    return _Parser(latex).all()


class _Parser:
    """Reads pieces from left to right."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.pieces = [piece.strip() or " " for piece in _PIECE.findall(latex)]
        self.at = 0

    def all(self) -> Row:
        """Read everything."""
        row = self.row(())
        if self.at < len(self.pieces):
            self.fail(f"unexpected {self.peek()}")
        return row

    def fail(self, what: str) -> NoReturn:
        """Raise an error that shows the formula."""
        raise ValueError(f"{what} in {self.latex}")

    def peek(self) -> str:
        """Return the next piece; nothing at the end."""
        return self.pieces[self.at] if self.at < len(self.pieces) else ""

    def take(self) -> str:
        """Return the next piece, and move past it."""
        piece = self.peek()
        if not piece:
            self.fail("unexpected end")
        self.at += 1
        return piece

    def expect(self, piece: str) -> None:
        """Go past a piece."""
        if self.peek() != piece:
            self.fail(f"expected {piece}, got {self.peek()}")
        self.at += 1

    def row(self, ends: Sequence[str]) -> Row:
        """Read nodes until one of the pieces ``ends``, which stays unread."""
        nodes: list[FormulaNode] = []
        spaced: list[bool] = []
        space = False
        while self.peek() and self.peek() not in ends and self.peek() != "}":
            if self.peek() == " ":
                self.at += 1
                space = True
                continue
            nodes.append(self.scripted(self.node()))
            spaced.append(space)
            space = False
        return Row(nodes=tuple(nodes), spaced=tuple(spaced))

    def group(self) -> Row:
        """Read ``{...}``, or a single node."""
        if self.peek() == " ":
            self.at += 1
        if self.peek() != "{":
            node = self.node()
            return Row(nodes=(node,), spaced=(False,))
        self.at += 1
        row = self.row(())
        self.expect("}")
        return row

    def scripted(self, base: FormulaNode) -> FormulaNode:
        """Attach the scripts that follow a node."""
        scripts: dict[str, Row] = {}
        while self.peek() in {"_", "^"}:
            sign = self.take()
            scripts[sign] = self.group()
        lower, upper = scripts.get("_"), scripts.get("^")
        if isinstance(base, Big):
            return Big(sign=base.sign, lower=lower, upper=upper)
        if isinstance(base, Underbrace):
            assert lower is not None
            return Underbrace(inside=base.inside, label=lower)
        return Script(base=base, lower=lower, upper=upper) if scripts else base

    def node(self) -> FormulaNode:
        """Read one node without its scripts."""
        piece = self.take()
        if piece == "{":
            self.at -= 1
            return self.group()
        if piece == "'":
            primes = 1
            while self.peek() == "'":
                primes += 1
                self.at += 1
            return Glyph(text="′" if primes == 1 else "″")
        if piece in SYMBOLS:
            return Glyph(text=SYMBOLS[piece])
        if piece in _BIG:
            return Big(sign=_BIG[piece], lower=None, upper=None)
        if piece.startswith("\\"):
            return self.command(piece)
        return Glyph(text=piece)

    def command(self, piece: str) -> FormulaNode:
        """Read the arguments of a command."""
        if piece in {r"\quad", r"\;"}:
            return Gap()
        if piece == r"\frac":
            return Fraction(top=self.group(), bottom=self.group())
        if piece == r"\text":
            return Glyph(text=self.raw(), word=True)
        if piece in {r"\mathbf", r"\mathbb", r"\mathcal"}:
            names = {r"\mathbb": _BLACKBOARD, r"\mathcal": _CALLIGRAPHIC}.get(piece, {})
            return Glyph(text="".join(names.get(letter, letter) for letter in self.raw()))
        if piece in {r"\bar", r"\dot"}:
            return Glyph(text=linear(self.group()) + (_BAR if piece == r"\bar" else _DOT))
        if piece == r"\underbrace":
            inside = self.group()
            return Underbrace(inside=inside, label=inside)
        if piece == r"\left":
            return self.fence()
        if piece == r"\begin":
            return self.table()
        raise ValueError(f"unknown command {piece} in {self.latex}")

    def raw(self) -> str:
        """Read ``{...}`` as text."""
        self.expect("{")
        letters: list[str] = []
        while self.peek() != "}":
            letters.append(self.take())
        self.at += 1
        return "".join(letters)

    def fence(self) -> Fence:
        """Read what is between ``left`` and ``right``."""
        left = self.take()
        inside = self.row((r"\right",))
        self.expect(r"\right")
        right = self.take()
        return Fence(left=SYMBOLS.get(left, left), inside=inside, right=SYMBOLS.get(right, right))

    def table(self) -> Table:
        """Read a matrix or cases."""
        kind = self.raw()
        assert kind in {"bmatrix", "cases"}, kind
        rows: list[list[Row]] = [[]]
        while True:
            rows[-1].append(self.row(("&", r"\\", r"\end")))
            piece = self.take()
            if piece == r"\\":
                rows.append([])
            elif piece == r"\end":
                break
        self.raw()
        return Table(
            kind="cases" if kind == "cases" else "bmatrix",
            rows=tuple(tuple(row) for row in rows),
        )


def gap_before(row: Row, at: int, *, script: bool) -> int:
    """Count the spaces before a node of a row.

    Relations and operators between two operands get a space on both sides, a sign in front of an
    operand doesn't. Scripts have no spaces, so that they stay narrow, except around text.

    Parameters
    ----------
    row
        The row.
    at
        Position of the node, at least 1.
    script
        Whether the row is a subscript, a superscript or a limit.

    Returns
    -------
    int
    """
    before, after = row.nodes[at - 1], row.nodes[at]
    if isinstance(before, Gap) or isinstance(after, Gap):
        return 1
    if _is_word(before) or _is_word(after):
        has_space = _text(before).endswith(" ") or _text(after).startswith(" ")
        return int(row.spaced[at] and not has_space)
    if _text(before) in _OPENING or _text(after) in _CLOSING:
        return 0
    if _text(before) in {"max", "min", "…"}:
        return int(not isinstance(after, Fence) and _text(after) not in _OPENING)
    if script:
        return 0
    if isinstance(before, Big) and not isinstance(after, Big):
        return 1
    if is_operator(row, at) or is_operator(row, at - 1):
        return 1
    return int(row.spaced[at])


def _is_word(node: FormulaNode) -> bool:
    return isinstance(node, Glyph) and node.word


def _text(node: FormulaNode) -> str:
    """Return the text of a symbol, and nothing for other nodes."""
    return node.text if isinstance(node, Glyph) else ""


def is_operator(row: Row, at: int) -> bool:
    """Return whether a node is a relation, or an operator between two operands."""
    node = row.nodes[at]
    if isinstance(node, Script) and node.base == Glyph(text="⊞"):
        return True
    if not isinstance(node, Glyph):
        return False
    if node.text in _SPACED:
        return True
    if node.text not in _SIGNS or at == 0:
        return False
    return _text(row.nodes[at - 1]) not in _SPACED | _SIGNS | _OPENING | {","}


def is_relation(node: FormulaNode) -> bool:
    """Return whether a line may end before a node: an equals sign, an arrow and so on."""
    return isinstance(node, Glyph) and node.text in RELATIONS - {"|", "∈", "≤"}


def linear(node: FormulaNode, *, script: bool = False) -> str:
    r"""Write a node as text on one line.

    Parameters
    ----------
    node
        From :func:`parse`.
    script
        Whether it is inside a subscript or superscript.

    Returns
    -------
    str

    Examples
    --------
    >>> linear(parse(r"z_{m,n} = \sum_{i=0}^{r-1} \sum_{j=0}^{c-1} w_{i,j} p_{m+i,n+j}"))
    'z_{m,n} = Σ_{i=0}^{r-1} Σ_{j=0}^{c-1} w_{i,j} p_{m+i,n+j}'
    """
    match node:
        case Glyph():
            return node.text
        case Gap():
            return " "
        case Row():
            parts: list[str] = []
            for at, child in enumerate(node.nodes):
                parts.append(" " * gap_before(node, at, script=script) if at else "")
                parts.append(linear(child, script=script))
            return "".join(parts)
        case Script():
            return linear(node.base, script=script) + _scripts(node.lower, node.upper)
        case Big():
            return node.sign + _script("_", node.lower) + _script("^", node.upper)
        case Fraction():
            return f"{_operand(node.top)}/{_operand(node.bottom)}"
        case Fence():
            return f"{node.left}{linear(node.inside, script=script)}{node.right}"
        case Table():
            rows = [[linear(cell) for cell in row] for row in node.rows]
            if node.kind == "cases":
                return "{ " + "; ".join(", ".join(row) for row in rows) + " }"
            return "[" + "; ".join(" ".join(row) for row in rows) + "]"
        case Underbrace():
            return f"{linear(node.inside)} [= {linear(node.label)}]"


def _scripts(lower: Row | None, upper: Row | None) -> str:
    """Write scripts after their base; numbers and the T of a transpose are raised."""
    raised = linear(upper, script=True) if upper else ""
    if raised == "T" or (raised and set(raised) <= _RAISED):
        return _script("_", lower) + raised.translate(_SUPERSCRIPTS)
    return _script("_", lower) + _script("^", upper)


def _script(sign: str, row: Row | None) -> str:
    """Write one script: in braces, unless it is a single character."""
    if row is None:
        return ""
    text = linear(row, script=True)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}{{{text}}}"


def _operand(row: Row) -> str:
    """Write a numerator or denominator: in parentheses if it is a sum or a product."""
    text = linear(row)
    simple = len(row.nodes) == 1 or (
        row.nodes[0] == Glyph(text="∂") and not any(map(_is_sign, row.nodes))
    )
    return text if simple else f"({text})"


def _is_sign(node: FormulaNode) -> bool:
    return isinstance(node, Glyph) and node.text in _SIGNS
