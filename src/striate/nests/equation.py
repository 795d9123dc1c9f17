"""One statement of the book's index notation as frozen data: read, printed, transposed, classified.

A kind states its computation as such equations; the stages of the compiler and the NumPy
interpreter know nothing else about it. The language has one statement form; :class:`Equation` says
what it means.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal, cast

from striate.nests.expression import (
    Expression,
    Leaf,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    factors,
    is_multiple,
    leaves,
    rewrite,
)
from striate.nests.parser import parse
from striate.nests.source_span import SourceSpan

Operator = Literal["=", "+=", "max=", "min=", "argmax="]


class Form(Enum):
    """What a statement amounts to: a classification of the one statement form."""

    CONTRACT = "sums products of arrays"
    REDUCE = "sums, or keeps the greatest or least"
    MAP = "computes each entry by itself"
    SELECT = "keeps the place of the greatest"
    SCATTER = "adds to entries that several terms reach"
    COPY = "copies entries"
    FILL = "writes numbers that no array gives"


@dataclass(frozen=True)
class Role:
    """What one index does in a statement.

    Parameters
    ----------
    letter
        ``"M"``: in the target and the first factor; ``"N"``: in the target and another factor;
        ``"K"``: not in the target, reduced; ``"B"``: in the target and every factor, or in none.
    scatter
        Whether it reaches the target through a sum with other indices, or through a table.
    window
        The indices with which it is added somewhere: ``i`` and ``u`` of ``s*i + d*u - p``.
    """

    letter: Literal["M", "N", "K", "B"]
    scatter: bool = False
    window: tuple[str, ...] = ()


@dataclass(frozen=True)
class Equation:
    """A statement ``target OP expression``; :meth:`parse` reads one from text.

    **What it means.** Every index counts from 0 to its extent. For each combination of the indices
    there is one *term*: the value of the expression. The operator says what becomes of the terms of
    one target entry:

    ============ ======================================== ==================
    operator     the entry becomes                        without any term
    ============ ======================================== ==================
    ``=``        the term; there is at most one           0
    ``+=``       the sum of the terms                     0
    ``max=``     the greatest term                        minus infinity
    ``min=``     the least term                           infinity
    ``argmax=``  the ordinal of the first greatest term   -1
    ============ ======================================== ==================

    Indices that are not in the target are summed (or searched) over, in the order in which they
    first appear in the expression, the last one fastest: row order; ``argmax=`` counts places in
    that order. A target that holds values already keeps them: ``+=`` adds to them, ``max=`` and
    ``min=`` compare with them, ``=`` and ``argmax=`` write over them. Among terms that are
    compared, NaN counts as the greatest and as the least, so that it shows.

    **Outside.** A term that reads any array outside its bounds, or through a table entry outside
    them (-1 is the usual one), does not exist; nor does a term whose target entry lies outside.
    This is all that padding needs: nothing is added to ``+=``, nothing competes in ``max=``, and
    with ``=`` the entry stays as it was. It holds for every array that the statement names, in the
    condition and both branches of a ``where`` too.

    **Subscripts.** A sum of ``index``, ``constant*index``, constants and integers; or a look-up
    ``t[sum]`` in a table of integers. A starred subscript stands for one subscript of each pixel
    axis: ``*i`` is ``i, j`` in two dimensions, ``*(s*i + d*u - p)`` takes each axis' own ``s``,
    ``d`` and ``p``, ``*t[x]`` each axis' own table.

    **Names.** A name in front of brackets is an array. A name between brackets is an index or a
    constant. The constants may be declared to :meth:`parse`; otherwise a name is a constant where
    it multiplies another name (``s*i``) or is only ever subtracted (``- p``). Other names in the
    expression are numbers: constants, or arrays of one number.

    **Expressions.** References, numbers, names, plain indices as numbers, ``ordinal(*u)`` for the
    place of indices in their box, the signs ``+ - * / **``, ``where(x < y, then, otherwise)`` with
    any of the signs ``== != < <= > >=``, ``max(x, y)``, ``min(x, y)``, and the functions ``exp``,
    ``log``, ``log1p``, ``expm1``, ``tanh``, ``erf``, ``sqrt``, ``abs``, ``sign`` of one argument.

    Parameters
    ----------
    target
        What is computed.
    operator
        What becomes of the terms.
    expression
        The value of a term.
    constants
        Those names between brackets that are constants.

    Raises
    ------
    EquationError
        If the target is read, or an index of ``=`` is not in the target.

    Sources
    -------
    Hagan 8.20, 8.22, 8.24, 8.38-8.48; Wichmann 4.1, 5.1; Wolter 3.

    Examples
    --------
    Hagan 8.38 of any rank, and its derivatives 8.39 (a scatter) and 8.47:

    >>> forward = Equation.parse("z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]")
    >>> print(forward.adjoint("a"))
    da[q,l,*(s*i + d*u - p)] += w[h,l,*u] * dz[q,h,*i]
    >>> print(forward.adjoint("w"))
    dw[h,l,*u] += dz[q,h,*i] * a[q,l,*(s*i + d*u - p)]
    """

    target: Reference
    operator: Operator
    expression: Expression
    constants: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for reference in self.references:
            if reference.name == self.target.name:
                raise SourceSpan.last(str(self), reference).error(
                    f"`{self.target.name}` is the target and is read too.",
                    "What is read was there before the statement. Give the target another name.",
                )
            if self.operator != "=":
                continue
            missing = [i for i in _named(reference) if i in self.reduced]
            if missing:
                raise SourceSpan.last(str(self), reference).error(
                    f"The index `{missing[0]}` is not in the target.",
                    "With `=` an entry has one term, so every index is in the target. "
                    "Reduce with `+=`, `max=` or `min=`; if a constant is meant, "
                    "subtract it (`- p`) or declare it.",
                )

    @classmethod
    def parse(cls, text: str, *, constants: Collection[str] | None = None) -> "Equation":
        """Read a statement; ``str`` gives it back, but for spaces and superfluous parentheses.

        Parameters
        ----------
        text
            The statement.
        constants
            Which names between brackets are constants, all others being indices, as in
            ``a[h - k + r]`` with the constant ``r``. ``None`` leaves it to the rule. Names that
            do not occur may be among them.

        Returns
        -------
        Equation
            The statement as data.

        Raises
        ------
        EquationError
            If the text is no statement of the language; the message points at the place.

        Sources
        -------
        Hagan 8.20, 8.38.

        Examples
        --------
        >>> Equation.parse("z[q,h,*i] max= a[q,h,*(s*i+d*u-p)]").reduced
        ('u',)
        """
        parsed = parse(text, constants)
        operator = cast("Operator", parsed.operator)
        return cls(parsed.target, operator, parsed.expression, parsed.constants)

    def __str__(self) -> str:
        return f"{self.target} {self.operator} {self.expression}"

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The arrays read by the expression, in the order in which they are written."""
        return tuple(leaf for leaf in leaves(self.expression) if isinstance(leaf, Reference))

    @cached_property
    def tables(self) -> tuple[Reference, ...]:
        """The look-ups in tables among all subscripts, the target's first."""
        return tuple(t for r in (self.target, *self.references) for t in r.tables())

    @cached_property
    def indices(self) -> tuple[str, ...]:
        """All indices: the target's, then the reduced ones, each where it first appears."""
        between = {i for r in (self.target, *self.references) for i in _named(r)} - self.constants
        written = [
            *_named(self.target),
            *(i for leaf in leaves(self.expression) for i in _named(leaf)),
        ]
        return tuple(dict.fromkeys(i for i in written if i in between))

    @cached_property
    def reduced(self) -> tuple[str, ...]:
        """The indices that are not in the target."""
        return tuple(i for i in self.indices if i not in _named(self.target))

    @cached_property
    def starred(self) -> frozenset[str]:
        """The indices that stand for one index of each pixel axis."""
        subscripts = (s for r in (self.target, *self.references) for s in r.subscripts if s.starred)
        return frozenset(i for s in subscripts for i in _factors(s)) - self.constants

    @cached_property
    def scalars(self) -> tuple[str, ...]:
        """The names in the expression that are numbers: constants, or arrays of one number."""
        names = (leaf.name for leaf in leaves(self.expression) if isinstance(leaf, Symbol))
        return tuple(dict.fromkeys(n for n in names if n not in self.indices))

    @cached_property
    def form(self) -> Form:
        """What the statement amounts to.

        A product is summed by ``CONTRACT`` where two factors or more are arrays; a target that is
        reached through a sum of indices or a table makes it ``SCATTER``, whatever is added.

        Examples
        --------
        >>> Equation.parse("z[q,h] += w[h,l] * a[q,l]").form
        <Form.CONTRACT: 'sums products of arrays'>
        """
        if self.operator == "argmax=":
            return Form.SELECT
        if self.operator == "+=" and any(self._scatters(s) for s in self.target.subscripts):
            return Form.SCATTER
        if self.operator != "=":
            arrays = [f for f in factors(self.expression) if isinstance(f, Reference)]
            product = self.operator == "+=" and len(arrays) > 1
            return Form.CONTRACT if product else Form.REDUCE
        if isinstance(self.expression, Reference):
            return Form.COPY
        return Form.MAP if self.references else Form.FILL

    def roles(self) -> dict[str, Role]:
        """Say for each index where it stands: what a schedule needs to know, whatever the kind.

        Returns
        -------
        dict
            A :class:`Role` for each index, in the order of :attr:`indices`.

        Sources
        -------
        Hagan 8.38-8.48.

        Examples
        --------
        >>> equation = Equation.parse("z[q,h,i] += w[h,l,u] * a[q,l,i + u]")
        >>> {index: role.letter for index, role in equation.roles().items()}
        {'q': 'N', 'h': 'M', 'i': 'N', 'l': 'K', 'u': 'K'}
        """
        return self._roles

    @cached_property
    def _roles(self) -> dict[str, Role]:
        """What :meth:`roles` gives."""
        sums = [s for r in (self.target, *self.references) for s in r.subscripts]
        roles = dict[str, Role]()
        for index in self.indices:
            partners = {i for s in sums if index in _factors(s) for i in _factors(s)}
            scatter = any(self._scatters(s) for s in self.target.subscripts if index in _factors(s))
            window = tuple(i for i in self.indices if i != index and i in partners)
            roles[index] = Role(self._letter(index), scatter, window)
        return roles

    def adjoint(self, name: str) -> "Equation":
        """Carry derivatives back: the target and one factor trade places, and each gets a ``d``.

        Parameters
        ----------
        name
            The factor, in which the statement must be linear.

        Returns
        -------
        Equation
            ``d(name) += ...``, which reads ``d(target)`` where the factor was.

        Raises
        ------
        EquationError
            If the statement is not linear in that factor.

        Sources
        -------
        Hagan 8.39-8.41, 8.46, 8.47; Wichmann 4.4-4.15; Wolter 7, 8.

        Examples
        --------
        >>> print(Equation.parse("padded[q,h,*x] = a[q,h,*t[x]]").adjoint("a"))
        da[q,h,*t[x]] += dpadded[q,h,*x]
        """
        factor = self._linear_factor(name)
        subscripts = factor.subscripts if isinstance(factor, Reference) else ()
        target = Reference(f"d{name}", subscripts)
        dual = f"d{self.target.name}"
        given = Reference(dual, self.target.subscripts) if self.target.subscripts else Symbol(dual)
        expression = rewrite(self.expression, lambda leaf: given if leaf == factor else leaf)
        return Equation(target, "+=", expression, self.constants)

    def _linear_factor(self, name: str) -> Leaf:
        """Find the factor in which the statement is linear; raise if there is none."""
        found = [leaf for leaf in leaves(self.expression) if _is_array(leaf, name)]
        if self.operator not in {"=", "+="}:
            values, place = f"`{self.operator}` is not linear.", self.operator
        elif not found or name in self.indices:
            values, place = f"The expression reads no array `{name}`.", self.expression
        elif len(found) > 1:
            values, place = f"`{name}` stands {len(found)} times in the expression.", found[-1]
        elif not is_multiple(self.expression, found[0]):
            values, place = f"The expression is not a product with the factor `{name}`.", found[0]
        else:
            return found[0]
        raise SourceSpan.last(str(self), place).error(
            values,
            "An adjoint needs `=` or `+=` and an expression that holds the factor once: in a "
            "product, above a divisor, under a sign, or in `where(x == y, factor, 0)`. "
            "State the derivative as an equation of its own.",
        )

    def _letter(self, index: str) -> Literal["M", "N", "K", "B"]:
        """Name the index's side of a matrix product."""
        if index in self.reduced:
            return "K"
        holds = [index in _named(r) for r in self.references]
        if all(holds) or not any(holds):
            return "B"
        return "M" if holds[0] else "N"

    def _scatters(self, subscript: Subscript) -> bool:
        """Whether several combinations of indices may reach the same place of an axis."""
        return subscript.table is not None or len(set(_factors(subscript)) - self.constants) > 1


def _named(leaf: Leaf) -> tuple[str, ...]:
    """Give the names between brackets, or a bare name, in the order in which they are written."""
    match leaf:
        case Symbol(name):
            return (name,)
        case Reference():
            return leaf.named
        case Ordinal(subscripts):
            return tuple(i for s in subscripts for i in _factors(s))
        case Number():
            return ()


def _factors(subscript: Subscript) -> Iterator[str]:
    """Give the names that are added up in a subscript."""
    return (t.factor for t in subscript.terms if isinstance(t.factor, str))


def _is_array(leaf: Leaf, name: str) -> bool:
    """Whether a leaf reads the array of that name."""
    return isinstance(leaf, Reference | Symbol) and leaf.name == name
