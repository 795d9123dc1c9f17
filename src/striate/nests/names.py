"""Classifies the names of a statement: arrays, indices, starred indices and constants."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from striate.nests.expression import FUNCTIONS
from striate.nests.source_span import SourceSpan

RESERVED = {*FUNCTIONS, "ordinal", "argmax"}


class Usage(Enum):
    """How a name is used at one position of a statement."""

    ARRAY = "is an array"
    MULTIPLIES = "multiplies an index"
    MULTIPLIED = "is multiplied"
    ALONE = "is alone in a subscript"
    ADDED = "is added in a subscript"
    SUBTRACTED = "is subtracted in a subscript"
    COUNTED = "is an argument of ordinal"
    NUMBER = "is a number of the expression"


_IN_SUBSCRIPTS = {
    Usage.MULTIPLIES,
    Usage.MULTIPLIED,
    Usage.ALONE,
    Usage.ADDED,
    Usage.SUBTRACTED,
}


@dataclass(frozen=True)
class Occurrence:
    """A name at one position of a statement."""

    name: str
    usage: Usage
    starred: bool
    span: SourceSpan


def find_constants(
    occurrences: Iterable[Occurrence], declared: Collection[str] | None
) -> frozenset[str]:
    """Find the names between brackets that are constants: declared ones, or those by the rule.

    The rule: a name is a constant if it multiplies another name (``s*i``), or is only ever
    subtracted (``- p``).
    """
    usages = dict[str, set[Usage]]()
    for it in occurrences:
        if it.usage in _IN_SUBSCRIPTS:
            usages.setdefault(it.name, set()).add(it.usage)
    if declared is not None:
        return frozenset(usages.keys() & declared)
    return frozenset(
        name
        for name, found in usages.items()
        if Usage.MULTIPLIES in found or found == {Usage.SUBTRACTED}
    )


def check_names(occurrences: Collection[Occurrence], constants: frozenset[str]) -> None:
    """Raise if a name is used for two things, or in a way that its kind doesn't allow."""
    arrays = {it.name for it in occurrences if it.usage is Usage.ARRAY}
    starred = dict[str, bool]()
    for it in occurrences:
        _check_word(it, arrays)
        if it.usage in _IN_SUBSCRIPTS and it.name in constants:
            _check_constant(it)
        elif it.usage in _IN_SUBSCRIPTS:
            _check_index(it, starred)
    for it in occurrences:
        _check_number(it, starred)


def _check_word(it: Occurrence, arrays: set[str]) -> None:
    """Raise if a name is reserved, or belongs to an array."""
    if it.name in RESERVED:
        raise it.span.error(
            f"`{it.name}` is a reserved word.",
            f"The reserved words are {', '.join(sorted(RESERVED))}. Choose another name.",
        )
    if it.usage is not Usage.ARRAY and it.name in arrays:
        raise it.span.error(
            f"`{it.name}` is an array of this statement, and here it {it.usage.value}.",
            "A name must be used for one thing: an array, an index or a constant. "
            "Rename one of the two.",
        )


def _check_constant(it: Occurrence) -> None:
    """Raise if a constant is used like an index."""
    if it.usage in {Usage.ALONE, Usage.MULTIPLIED}:
        raise it.span.error(
            f"`{it.name}` is a constant of this statement, and here it {it.usage.value}.",
            "A constant multiplies an index or is added to one, as in `s*i - p`. "
            "Rename one of the two if an index is meant here.",
        )


def _check_index(it: Occurrence, starred: dict[str, bool]) -> None:
    """Raise if an index multiplies another, or is starred in one position and not in another."""
    if it.usage is Usage.MULTIPLIES:
        raise it.span.error(
            f"`{it.name}` multiplies an index, but is not a declared constant.",
            f"Only an integer or a constant may multiply an index. Declare `{it.name}`.",
        )
    if starred.setdefault(it.name, it.starred) != it.starred:
        here, there = ("with", "without") if it.starred else ("without", "with")
        raise it.span.error(
            f"`{it.name}` is written {here} a star here and {there} one elsewhere.",
            "A starred index stands for one index per pixel axis, everywhere in a statement. "
            "Star it everywhere, or use two names.",
        )


def _check_number(it: Occurrence, starred: dict[str, bool]) -> None:
    """Raise if a starred index is used as a number, or ``ordinal`` counts something else."""
    if it.usage is Usage.NUMBER and starred.get(it.name):
        raise it.span.error(
            f"`{it.name}` stands for one index per pixel axis, so it is not one number.",
            f"Write `ordinal(*{it.name})` for its position in row-major order.",
        )
    if it.usage is Usage.COUNTED and starred.get(it.name) is not it.starred:
        if it.name in starred:
            remedy = f"Write `{'*' * starred[it.name]}{it.name}`."
        else:
            remedy = f"Use `{it.name}` in a subscript as well, or remove it."
        raise it.span.error(
            f"`{'*' * it.starred}{it.name}` is not an index of this statement.",
            f"The arguments of ordinal are indices, written as in subscripts. {remedy}",
        )
