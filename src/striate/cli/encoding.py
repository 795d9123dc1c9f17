"""Standard output and standard error that can write any text, whatever their encoding is.

Python's standard output raises ``UnicodeEncodeError`` for a character that its encoding lacks: a
"×" under ASCII, a class name in Chinese under cp1252, a file name that isn't valid UTF-8 anywhere.
:func:`accept_any_text` gives both streams an error handler instead, so that everything that writes
to them is safe: click, rich, progress bars, warnings and tracebacks.
"""

import codecs
import io
import sys

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
_FIRST_RAW_BYTE, _LAST_RAW_BYTE = 0xDC80, 0xDCFF  # how Python holds bytes that it can't decode


def accept_any_text() -> None:
    r"""Let standard output and standard error write characters that their encoding lacks.

    "×" becomes "x", and other characters become escapes: ``\xe9``, ``\u4e2d``. A byte of a file
    name that isn't valid text becomes ``\xff``. The change lasts as long as the process.
    """
    codecs.register_error(_HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


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
    return "".join(c if c in "\n\t" or not _is_control(c) else _escaped(c) for c in text)


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


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace the characters that cannot be encoded; codecs calls this."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    code = ord(character)
    if _FIRST_RAW_BYTE <= code <= _LAST_RAW_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return _escaped(character)
