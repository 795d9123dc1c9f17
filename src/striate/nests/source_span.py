"""A range of characters in a statement, and errors that mark it."""

import re
from dataclasses import dataclass

from striate.errors import EquationError


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
        """Make an error: values, the statement with carets under the range, rule and remedy."""
        carets = " " * self.start + "^" * max(1, self.stop - self.start)
        return EquationError(f"{values}\n    {self.statement}\n    {carets}\n{rule}")
