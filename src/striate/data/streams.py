"""Reading files of unknown origin: through gzip where they are gzip'd, never more than asked for.

All readers of data files open them here. So a file that is missing, damaged or compressed to
burst ends in the same words everywhere, and memory grows with what was read, not with what a
header claims.
"""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from striate.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 20


@contextlib.contextmanager
def open_binary(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, through gzip where its first bytes are gzip's.

    Parameters
    ----------
    path
        The file; its name plays no part.

    Yields
    ------
    IO[bytes]
        The content, uncompressed.

    Raises
    ------
    DataError
        If the file cannot be opened or read, or its compressed data are damaged or cut short.

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
            f"{path} has damaged compressed data ({error}). "
            "A gzip file carries a checksum of its content, and it must agree. "
            "Copy or download the file again."
        ) from error
    except EOFError as error:
        raise DataError(
            f"{path} ends in the middle of its compressed data. "
            "A gzip file ends with a checksum of its content. "
            "Copy or download the file again."
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} could not be read: {error.strerror or error}. "
            "Data are read from files that exist and that you may read. "
            "Check the path and its permissions."
        ) from error


def list_folder(folder: Path) -> list[Path]:
    """List a folder's entries by name, without the hidden ones.

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
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"The folder {folder} could not be read: {error.strerror or error}. "
            "Data are read from folders that exist and that you may list. "
            "Check the path and its permissions."
        ) from error


def read_at_most(file: IO[bytes], count: int) -> bytearray:
    """Read up to so many bytes, piece by piece.

    Parameters
    ----------
    file
        An open file.
    count
        Bytes to read at most. The memory taken grows with what the file gives, so that a count
        that a lying header claims costs nothing.

    Returns
    -------
    bytearray
        What was read: fewer bytes than ``count`` only where the file ends.

    Examples
    --------
    >>> import io
    >>> bytes(read_at_most(io.BytesIO(b"12345"), 3))
    b'123'
    """
    content = bytearray()
    while len(content) < count:
        piece = file.read(min(PIECE, count - len(content)))
        if not piece:
            break
        content += piece
    return content
