"""Standard output and standard error that can write any text, whatever their encoding is.

Python's standard output raises ``UnicodeEncodeError`` for a character that its encoding lacks: a
"×" under ASCII, a class name in Chinese under cp1252, a file name that isn't valid UTF-8 anywhere.
:func:`accept_any_text` gives both streams an error handler instead, so that everything that writes
to them is safe: click, rich, progress bars, warnings and tracebacks.
"""

import codecs
import contextlib
import io
import os
import sys

from rich.console import Console

from striate.files import escaped

_HANDLER = "striate-plain"

# Replacements that can be read. Those for tables and drawings have the same width.
_PLAIN = {
    "×": "x",
    "µ": "u",
    "−": "-",
    "–": "-",
    "—": "-",
    "·": ".",
    "█": "#",
    "▌": "=",
    "━": "-",
    "│": "|",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "…": "...",
    "→": "->",
}
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # of the rest of a line


def accept_any_text() -> None:
    r"""Let standard output and standard error write characters that their encoding lacks.

    "×" becomes "x", and other characters become escapes: ``\xe9``, ``\u4e2d``. A byte of a file
    name that isn't valid text becomes ``\xff``. The change lasts as long as the process.
    """
    codecs.register_error(_HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def discard_output() -> None:
    """Discard everything that standard output and standard error still have to write.

    The reader of a pipe has left (``striate ... | head -1``). Otherwise Python would fail again
    when it flushes both streams at its end.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or not a file
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class OutputConsole(Console):
    """A console whose errors are those of files: rich's own ends the program when a pipe breaks."""

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError that is being handled."""
        raise  # noqa: PLE0704  # rich calls this while it handles the error


def without_controls(text: str) -> str:
    r"""Escape control characters other than line breaks and tabs.

    File names, class names and model files come from elsewhere. Written as they are, the control
    characters in them could move the cursor or color the rest of the terminal.

    Examples
    --------
    >>> print(without_controls("red \x1b[31m cat"))
    red \x1b[31m cat
    """
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or not _is_control(c) else escaped(c) for c in text)


def on_one_line(text: str, longest: int | None = None) -> str:
    r"""Escape all control characters, line breaks included, for a name within a line.

    Parameters
    ----------
    text
        A name from elsewhere.
    longest
        The number of characters to cut it to; ``None`` keeps all.

    Returns
    -------
    str

    Examples
    --------
    >>> print(on_one_line("two\nlines"), on_one_line("Ankle boot", 6))
    two\nlines Ankle…
    """
    line = without_controls(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0" or character in _REORDERING


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace the characters that cannot be encoded; codecs calls this."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(one) or escaped(one) for one in characters), error.end
