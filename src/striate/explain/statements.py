"""The index equations of a program, and the changes made by simplification."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from striate.nests import Form
from striate.nests.expression import Reference
from striate.plan.simplify import without_copies, without_idle
from striate.plan.statement import Compute, Lowered, Statement


@dataclass(frozen=True, kw_only=True)
class StatementRow:
    """One statement of a program.

    Parameters
    ----------
    form
        Its form: ``contract``, ``elementwise``, ``load``.
    text
        The index equation, or the arrays of another statement.
    box
        The extents of the indices: ``q < 16, h < 6``.
    note
        A note on the statement.
    writes, reads
        Names of arrays.
    """

    form: str
    text: str
    box: str
    note: str
    writes: str
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A scatter into an array, and the gathers that replace it."""

    writes: str
    scatter: str
    gathers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The changes made by simplification.

    Parameters
    ----------
    unread
        Arrays that aren't computed, because they aren't read.
    names
        Arrays that are copies, with the array that each was replaced by.
    gathered
        Scatters that were replaced by gathers.
    """

    unread: tuple[str, ...]
    names: dict[str, str]
    gathered: tuple[Gathered, ...]


def statement_rows(lowered: Lowered) -> list[StatementRow]:
    """List the statements of a program.

    Parameters
    ----------
    lowered
        The statements.

    Returns
    -------
    list of StatementRow
        In order.
    """
    return [_row(statement) for statement in lowered.statements]


def forms(rows: Iterable[StatementRow]) -> dict[str, int]:
    """Count statements by form, the most frequent first."""
    return dict(Counter(row.form for row in rows).most_common())


def changes(lowered: Lowered, simplified: Lowered) -> Changes:
    """List the changes made by simplification.

    Parameters
    ----------
    lowered, simplified
        The statements before and after.

    Returns
    -------
    Changes
    """
    read = without_idle(lowered)
    kept = {id(statement) for statement in read.statements}
    unread = [s.writes for s in lowered.statements if id(s) not in kept]
    named = without_copies(read)
    return Changes(
        unread=tuple(dict.fromkeys(unread)),
        names=_names(read, named),
        gathered=tuple(_gathered(named, simplified)),
    )


def _row(statement: Statement) -> StatementRow:
    """Describe a statement."""
    if not isinstance(statement, Compute):
        return StatementRow(
            form=statement.verb,
            text=statement.detail,
            box="",
            note="",
            writes=statement.writes,
            reads=statement.reads,
        )
    nest = statement.nest
    notes = ["adds to the target"] * statement.adds + ["once per batch"] * statement.over_batch
    return StatementRow(
        form=nest.equation.form.name.lower(),
        text=str(nest.equation),
        box=", ".join(f"{index} < {extent}" for index, extent in nest.extents.items()),
        note=", ".join(notes),
        writes=statement.writes,
        reads=statement.reads,
    )


def _names(before: Lowered, after: Lowered) -> dict[str, str]:
    """Find the copies that were removed, with the arrays that replace them."""
    written = {statement.writes for statement in after.statements}
    names: dict[str, str] = {}
    for statement in before.statements:
        if statement.writes in written or not isinstance(statement, Compute):
            continue
        source = statement.nest.equation.expression
        if isinstance(source, Reference):
            names[statement.writes] = names.get(source.name, source.name)
    return names


def _gathered(before: Lowered, after: Lowered) -> Iterable[Gathered]:
    """Find the scatters that were replaced by gathers."""
    unchanged = set(before.statements)
    for statement in before.statements:
        if not isinstance(statement, Compute) or statement.nest.equation.form is not Form.SCATTER:
            continue
        made = tuple(
            str(new)
            for new in after.statements
            if new.writes == statement.writes and new not in unchanged
        )
        if made:
            yield Gathered(writes=statement.writes, scatter=str(statement), gathers=made)
