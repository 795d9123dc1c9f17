"""Long sums and products as several statements, so that no expression is nested too deeply."""

from collections.abc import Sequence

MOST_TERMS = 64
"""Terms of one statement. Expressions are traversed recursively; hundreds of terms are too deep."""

Statements = tuple[tuple[str, tuple[str, ...]], ...]
"""Targets, each with the terms that are combined into it."""


def chained(terms: Sequence[str], most: int = MOST_TERMS) -> Statements:
    """Combine terms into ``n[q,h,*x]``, from left to right, in as many statements as needed.

    Parameters
    ----------
    terms
        References, in order. The result is the same in every bit as that of one statement.
    most
        Terms of one statement.

    Returns
    -------
    tuple of (str, tuple of str)
        The statements; all but the last compute a partial result, the first term of the next.

    Examples
    --------
    >>> chained(["z0[q,h,*x]", "b[h]"])
    (('n[q,h,*x]', ('z0[q,h,*x]', 'b[h]')),)
    >>> chained(["a[i]", "b[i]", "c[i]"], most=2)[1]
    ('n[q,h,*x]', ('partial1[q,h,*x]', 'c[i]'))
    """
    statements: list[tuple[str, tuple[str, ...]]] = []
    rest = list(terms)
    while len(rest) > most:
        target = f"partial{len(statements) + 1}[q,h,*x]"
        statements.append((target, tuple(rest[:most])))
        rest = [target, *rest[most:]]
    return (*statements, ("n[q,h,*x]", tuple(rest)))


def written(operator: str, statements: Statements) -> tuple[str, ...]:
    """Write the statements with ``+`` or ``*`` between their terms."""
    return tuple(f"{target} = {f' {operator} '.join(terms)}" for target, terms in statements)


def name_of(reference: str) -> str:
    """Return the name of the array that a reference reads or writes."""
    return reference.partition("[")[0]
