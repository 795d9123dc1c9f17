"""Long sums and products as several statements, so that no expression is nested too deeply."""

from collections.abc import Sequence

MOST_TERMS = 64
"""Terms of one statement. Expressions are traversed recursively; hundreds of terms are too deep."""


def chained(operator: str, terms: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Combine terms into ``n[q,h,*x]``, from left to right, in as many statements as needed.

    Parameters
    ----------
    operator
        ``"+"`` or ``"*"``.
    terms
        References, in order. The result is the same in every bit as that of one statement.

    Returns
    -------
    tuple of str, tuple of str
        The statements, and the names of the arrays of partial results.

    Examples
    --------
    >>> chained("+", ["z0[q,h,*x]", "b[h]"])
    (('n[q,h,*x] = z0[q,h,*x] + b[h]',), ())
    >>> statements, names = chained("+", [f"z{k}[q,h,*x]" for k in range(65)])
    >>> statements[1], names
    ('n[q,h,*x] = partial1[q,h,*x] + z64[q,h,*x]', ('partial1',))
    """
    statements: list[str] = []
    names: list[str] = []
    rest = list(terms)
    while len(rest) > MOST_TERMS:
        names.append(f"partial{len(names) + 1}")
        target = f"{names[-1]}[q,h,*x]"
        statements.append(f"{target} = {f' {operator} '.join(rest[:MOST_TERMS])}")
        rest = [target, *rest[MOST_TERMS:]]
    return (*statements, f"n[q,h,*x] = {f' {operator} '.join(rest)}"), tuple(names)
