"""A range of characters in a statement, and errors that mark it."""

import re
from dataclasses import dataclass

from striate.errors import EquationError

_LONGEST = 120
"""Characters of a statement that an error shows."""


@dataclass(frozen=True)
class SourceSpan:
    """Characters ``start`` to ``stop`` of a statement."""

    statement: str
    start: int
    stop: int

    @classmethod
    def last(cls, statement: str, part: object) -> "SourceSpan":
        """Find the last occurrence of a part, as whole words, in a statement that contains it."""
        *_, found = re.finditer(rf"(?<!\w){re.escape(str(part))}(?!\w)", statement)
        return cls(statement, *found.span())

    def error(self, values: str, rule: str) -> EquationError:
        """Make an error: values, the statement with carets under the range, rule and remedy.

        Of a long statement only the surroundings of the range are shown.
        """
        first, end = 0, len(self.statement)
        if end > _LONGEST:
            first = max(0, min(self.start - _LONGEST // 2, end - _LONGEST))
            end = first + _LONGEST
        before, after = "..." * (first > 0), "..." * (end < len(self.statement))
        carets = "^" * max(1, min(self.stop, end) - self.start)
        return EquationError(
            f"{values}\n    {before}{self.statement[first:end]}{after}\n"
            f"    {' ' * (len(before) + self.start - first)}{carets}\n{rule}"
        )
