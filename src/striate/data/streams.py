"""Reading files of unknown origin: through gzip if they are compressed, and never more than asked.

All readers of data files open them here. So a file that is missing, damaged or a compression bomb
ends in the same words everywhere, and memory grows with the content, not with the claims of a
header.
"""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from striate.data.allocation import require_memory
from striate.errors import DataError
from striate.files import reason, shown

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 20
_UNCHECKED = 1 << 26  # bytes that are read before the memory is checked
_JUNK = {
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "@eadir",
    "$recycle.bin",
    "system volume information",
}
"""Entries that systems and archives leave behind, in lower case; hidden ones start with a dot."""


@contextlib.contextmanager
def open_binary(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, through gzip if its first bytes are gzip's.

    Parameters
    ----------
    path
        The file; its name plays no role.

    Yields
    ------
    IO[bytes]
        The uncompressed content.

    Raises
    ------
    DataError
        If the file cannot be opened or read, or its compressed data is damaged or cut short.

    Sources
    -------
    Deutsch 1996 (RFC 1952).
    """
    try:
        with path.open("rb") as raw:
            if raw.peek(2)[:2] == GZIP_MAGIC:
                with gzip.GzipFile(fileobj=raw) as file:
                    yield cast("IO[bytes]", file)
            else:
                yield raw
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{shown(path)} has damaged compressed data. Copy or download it again."
        ) from error
    except EOFError as error:
        raise DataError(
            f"{shown(path)} ends in the middle of its compressed data. Copy or download it again."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """Make the error for a file or a folder that the system does not open.

    Parameters
    ----------
    path
        The file or the folder.
    error
        What the system said.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(
        f"Cannot read {shown(path)}: {reason(error)}. Check the path and its permissions."
    )


def list_folder(folder: Path) -> list[Path]:
    """List a folder's entries by name, without hidden ones and those that systems leave behind.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    list of Path
        Files and folders, sorted.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if not path.name.startswith(".") and path.name.lower() not in _JUNK
        )
    except OSError as error:
        raise unreadable(folder, error) from error


def read_at_most(file: IO[bytes], count: int, name: str = "the file") -> bytearray:
    """Read up to a number of bytes, piece by piece.

    Parameters
    ----------
    file
        An open file.
    count
        Bytes to read at most. Memory grows with what the file contains, so a count that a false
        header claims costs nothing.
    name
        What the file is called in errors.

    Returns
    -------
    bytearray
        Fewer bytes than ``count`` only if the file ends.

    Raises
    ------
    OutOfMemoryError
        If there is not enough memory.

    Examples
    --------
    >>> import io
    >>> bytes(read_at_most(io.BytesIO(b"12345"), 3))
    b'123'
    """
    content = bytearray()
    checked = _UNCHECKED
    while len(content) < count:
        piece = file.read(min(PIECE, count - len(content)))
        if not piece:
            break
        content += piece
        if len(content) > checked:  # a compression bomb may be very long
            require_memory(
                2 * checked, f"Uncompressed, {name} needs more than", "Split it into smaller files"
            )
            checked *= 2
    return content
