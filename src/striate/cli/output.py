"""The output of a command: text for people, or one JSON object for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.text import Text

from striate.cli.encoding import OutputConsole, without_controls
from striate.properties import cached_property

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object instead of text.",
)


@dataclass(frozen=True, kw_only=True)
class CommandOutput:
    """Where a command writes.

    Parameters
    ----------
    as_json
        Whether standard output holds one JSON object and nothing else.
    quiet
        Whether to print only errors.
    """

    as_json: bool = False
    quiet: bool = False

    @cached_property
    def console(self) -> Console:
        """Standard output: colors on a terminal, plain text in a pipe or file."""
        return OutputConsole()

    @cached_property
    def remarks(self) -> Console:
        """Standard error, for everything that isn't the result."""
        return OutputConsole(stderr=True)

    def say(self, text: str | Text = "", *, style: str | None = None, whole: bool = False) -> None:
        """Print text for people; ``whole`` lines are never wrapped, so that they can be copied."""
        if not (self.as_json or self.quiet):
            _print(self.console, text, style=style, whole=whole)

    def note(self, text: str, *, whole: bool = False, always: bool = False) -> None:
        """Print a note on standard error; ``always``: even with ``--quiet``."""
        if always or not self.quiet:
            _print(self.remarks, text, whole=whole)

    def result(self, document: Mapping[str, Any]) -> None:
        """Print the result as JSON, with ``--json``."""
        if self.as_json:
            # In ASCII: valid for any encoding of the output, and for any file name.
            _print(self.console, json.dumps(plain(document), indent=2, allow_nan=False), whole=True)


def _print(
    console: Console, text: str | Text, *, style: str | None = None, whole: bool = False
) -> None:
    """Print text as it is, wrapped between words on a terminal and not at all in a pipe."""
    shown = Text(without_controls(text)) if isinstance(text, str) else text
    soft = whole or not console.is_terminal
    console.print(shown, style=style, highlight=False, soft_wrap=soft)


def plain(value: Any) -> Any:
    """Convert a value to JSON-serializable types: arrays to lists, NaN and infinity to null.

    Parameters
    ----------
    value
        Any nesting of mappings, sequences, arrays, numbers and strings.

    Returns
    -------
    Any

    Examples
    --------
    >>> plain({"loss": np.float32(0.5), "confusion": np.eye(2, dtype=int), "recall": [math.nan]})
    {'loss': 0.5, 'confusion': [[1, 0], [0, 1]], 'recall': [None]}
    """
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def percent(share: float) -> str:
    """Write a fraction as a percentage.

    Parameters
    ----------
    share
        From 0 to 1.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.9785)
    '97.85%'
    """
    return f"{100 * share:.2f}%"


def sizes(shape: Sequence[int]) -> str:
    """Write a shape.

    Parameters
    ----------
    shape
        Numbers of pixels, feature maps and so on.

    Returns
    -------
    str

    Examples
    --------
    >>> sizes((28, 28, 1))
    '28 x 28 x 1'
    """
    return " x ".join(map(str, shape))


def counted(number: int, what: str, several: str | None = None) -> str:
    """Write a count with its noun.

    Parameters
    ----------
    number
        The count.
    what, several
        The noun in the singular, and in the plural if that doesn't only add an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "epoch"), counted(50, "epoch")
    ('1 epoch', '50 epochs')
    """
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"
