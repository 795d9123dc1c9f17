"""A statement in the book's index notation as immutable data: parsed, printed, classified.

Layers' functions, losses and optimizers state their computation as such equations. The compiler and
the NumPy interpreter use nothing else. The docstring of :class:`Equation` defines the language.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
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
from striate.properties import cached_property

Operator = Literal["=", "+=", "max=", "min=", "argmax="]


class Form(Enum):
    """A classification of statements by what they compute: by operator and expression."""

    CONTRACT = "sums products of arrays"
    REDUCE = "sums, or takes the maximum or minimum"
    ELEMENTWISE = "computes each element by itself"
    SELECT = "finds the position of the maximum"
    SCATTER = "adds several terms to the same elements"
    COPY = "copies elements"
    FILL = "writes values that depend on no array"


@dataclass(frozen=True)
class Role:
    """The role of one index in a statement.

    Parameters
    ----------
    letter
        ``"M"``: in the target and the first factor; ``"N"``: in the target and another factor;
        ``"K"``: not in the target, summed over; ``"B"``: in the target and in every factor, or in
        none (a batch index of a matrix product).
    scatter
        Whether it is in a subscript of the target together with other indices, or in a table
        look-up.
    window
        The indices with which it shares a subscript: ``i`` and ``u`` of ``s*i + d*u - p``.
    """

    letter: Literal["M", "N", "K", "B"]
    scatter: bool = False
    window: tuple[str, ...] = ()


@dataclass(frozen=True)
class Equation:
    """A statement ``target OP expression``; :meth:`parse` makes one from text.

    **Meaning.** Every index counts from 0 to its extent. Each combination of the indices has one
    *term*: the value of the expression. The operator combines the terms of one element of the
    target:

    ============ ======================================== ==================
    operator     the element becomes                      without any term
    ============ ======================================== ==================
    ``=``        the term; there is at most one           0
    ``+=``       the sum of the terms                     0
    ``max=``     the greatest term                        minus infinity
    ``min=``     the least term                           infinity
    ``argmax=``  the ordinal of the first greatest term   -1
    ============ ======================================== ==================

    Indices that are not in the target are reduced: summed, or searched, over. They are ordered as
    they first appear in the expression, the last one fastest (row-major); ``argmax=`` counts
    positions in this order. If the target holds values already, ``+=`` adds to them, ``max=`` and
    ``min=`` compare with them, and ``=`` and ``argmax=`` replace them. In comparisons, NaN counts
    as the greatest and as the least, so a NaN is never lost.

    **Out of bounds.** A term doesn't exist if it reads any array out of bounds, directly or through
    a table element (usually -1), or if its target element is out of bounds. Padding needs nothing
    else: nothing is added to ``+=``, nothing competes in ``max=``, and with ``=`` the element keeps
    its value. The rule holds for every array that the statement names, including the condition and
    both branches of a ``where``.

    **Subscripts.** A sum of ``index``, ``constant*index``, constants and integers; or a look-up
    ``t[sum]`` in a table of integers. A starred subscript stands for one subscript per pixel axis:
    in two dimensions, ``*i`` is ``i, j``, ``*(s*i + d*u - p)`` uses each axis's own ``s``, ``d``
    and ``p``, and ``*t[x]`` each axis's own table.

    **Names.** A name in front of brackets is an array. A name between brackets is an index or a
    constant. Constants may be declared to :meth:`parse`; otherwise a name is a constant if it
    multiplies another name (``s*i``) or is only ever subtracted (``- p``). Other names in the
    expression are numbers: constants, or scalar arrays.

    **Expressions.** References, numbers, names, indices used as numbers, ``ordinal(*u)`` (the
    position of a combination of indices in row-major order), the operators ``+ - * / **``,
    ``where(x < y, then, otherwise)`` with any of the comparisons ``== != < <= > >=``, ``max(x,
    y)``, ``min(x, y)``, and the functions ``exp``, ``log``, ``log1p``, ``expm1``, ``tanh``,
    ``erf``, ``sqrt``, ``abs``, ``sign`` of one argument.

    Parameters
    ----------
    target
        The array element that is computed.
    operator
        How the terms of an element are combined.
    expression
        The value of a term.
    constants
        The names between brackets that are constants.

    Raises
    ------
    EquationError
        If the expression reads the target, or ``=`` has an index that is not in the target.

    Sources
    -------
    Hagan 8.20, 8.22, 8.24, 8.38-8.48; Wichmann 4.1, 5.1 (corrected: height first);
    Wolter 3.

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
                    f"`{self.target.name}` is the target, and the expression reads it.",
                    "A statement can't read the array that it writes. Rename the target.",
                )
            if self.operator != "=":
                continue
            missing = [i for i in _named(reference) if i in self.reduced]
            if missing:
                raise SourceSpan.last(str(self), reference).error(
                    f"The index `{missing[0]}` is not in the target.",
                    "With `=` an element has one term, so every index must be in the target. "
                    "Reduce with `+=`, `max=` or `min=`; if a constant is meant, "
                    "subtract it (`- p`) or declare it.",
                )

    @classmethod
    def parse(cls, text: str, *, constants: Collection[str] | None = None) -> "Equation":
        """Parse a statement; ``str`` prints it again, except for spaces and unneeded parentheses.

        Parameters
        ----------
        text
            The statement.
        constants
            The names between brackets that are constants; all others are indices, as in ``a[h - k +
            r]`` with the constant ``r``. ``None`` applies the rule above. Names that don't occur
            are ignored.

        Returns
        -------
        Equation
            The parsed statement.

        Raises
        ------
        EquationError
            If the text is not a statement of the language. The message marks the position.

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
        """The arrays that the expression reads, in the order of the text."""
        return tuple(leaf for leaf in leaves(self.expression) if isinstance(leaf, Reference))

    @cached_property
    def tables(self) -> tuple[Reference, ...]:
        """The table look-ups in all subscripts, the target's first."""
        return tuple(t for r in (self.target, *self.references) for t in r.tables())

    @cached_property
    def indices(self) -> tuple[str, ...]:
        """All indices: the target's, then the reduced ones, in the order of first appearance."""
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
        """The indices that stand for one index per pixel axis."""
        subscripts = (s for r in (self.target, *self.references) for s in r.subscripts if s.starred)
        return frozenset(i for s in subscripts for i in _factors(s)) - self.constants

    @cached_property
    def scalars(self) -> tuple[str, ...]:
        """The names in the expression that are numbers: constants, or scalar arrays."""
        names = (leaf.name for leaf in leaves(self.expression) if isinstance(leaf, Symbol))
        return tuple(dict.fromkeys(n for n in names if n not in self.indices))

    @cached_property
    def form(self) -> Form:
        """What the statement computes.

        A sum of products of at least two arrays is a ``CONTRACT``. If the target has a subscript
        with several indices or a table, the statement is a ``SCATTER``, whatever it adds.

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
        return Form.ELEMENTWISE if self.references else Form.FILL

    def roles(self) -> dict[str, Role]:
        """Return the role of each index, from which the scheduler chooses loops and tiles.

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
        """The result of :meth:`roles`, computed once."""
        sums = [s for r in (self.target, *self.references) for s in r.subscripts]
        roles = dict[str, Role]()
        for index in self.indices:
            partners = {i for s in sums if index in _factors(s) for i in _factors(s)}
            scatter = any(self._scatters(s) for s in self.target.subscripts if index in _factors(s))
            window = tuple(i for i in self.indices if i != index and i in partners)
            roles[index] = Role(self._letter(index), scatter, window)
        return roles

    def adjoint(self, name: str) -> "Equation":
        """Return the equation of the derivative with respect to one factor.

        The target and the factor change places, and each name gets a ``d`` in front.

        Parameters
        ----------
        name
            The factor; the statement must be linear in it.

        Returns
        -------
        Equation
            ``d(name) += ...``, which reads ``d(target)`` instead of the factor.

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
        """Find the factor with a given name; raise if the statement isn't linear in it."""
        found = [leaf for leaf in leaves(self.expression) if _is_array(leaf, name)]
        if self.operator not in {"=", "+="}:
            values, marked = f"`{self.operator}` is not linear.", self.operator
        elif not found or name in self.indices:
            values, marked = f"The expression doesn't read an array `{name}`.", self.expression
        elif len(found) > 1:
            values, marked = f"The expression contains `{name}` {len(found)} times.", found[-1]
        elif not is_multiple(self.expression, found[0]):
            values, marked = f"The expression is not a product with the factor `{name}`.", found[0]
        else:
            return found[0]
        raise SourceSpan.last(str(self), marked).error(
            values,
            "An adjoint needs `=` or `+=` and an expression that contains the factor once: in a "
            "product, above a divisor, under a sign, or in `where(x == y, factor, 0)`. "
            "State the derivative as a separate equation.",
        )

    def _letter(self, index: str) -> Literal["M", "N", "K", "B"]:
        """Return the index's letter in a matrix product."""
        if index in self.reduced:
            return "K"
        holds = [index in _named(r) for r in self.references]
        if all(holds) or not any(holds):
            return "B"
        return "M" if holds[0] else "N"

    def _scatters(self, subscript: Subscript) -> bool:
        """Whether several combinations of indices may reach the same position on an axis."""
        return subscript.table is not None or len(set(_factors(subscript)) - self.constants) > 1


def _named(leaf: Leaf) -> tuple[str, ...]:
    """Return the names between brackets, or a bare name, in the order of the text."""
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
    """Return the names that are added in a subscript."""
    return (t.factor for t in subscript.terms if isinstance(t.factor, str))


def _is_array(leaf: Leaf, name: str) -> bool:
    return isinstance(leaf, Reference | Symbol) and leaf.name == name
