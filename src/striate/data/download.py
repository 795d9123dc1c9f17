"""Downloading published data sets into the user's cache, checked before they appear there."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from striate.data.catalog import Known, RemoteFile
from striate.errors import DataError
from striate.files import atomic_write, user_cache

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that have come, and the bytes in all."""

TIMEOUT = 30.0
"""Seconds that a mirror may stay silent before the next one is tried."""

_PIECE = 1 << 16


class _MirrorError(Exception):
    """Why a mirror did not serve."""


def cache_folder() -> Path:
    """Find where striate keeps downloaded data.

    Returns
    -------
    Path
        ``data`` in :func:`striate.files.user_cache`. It need not exist.

    Raises
    ------
    DataError
        If the system does not say where the user's home is.
    """
    try:
        return user_cache() / "data"
    except RuntimeError as error:
        raise DataError(
            f"There is no place to keep data: {error} "
            "Downloaded data are kept in the user's folder for caches. "
            "Set XDG_CACHE_HOME to a folder, or give the folder that has the data."
        ) from error


def fetch(
    name: str,
    known: Known,
    folder: Path,
    *,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Download the files of a data set, each from the first mirror that gives it unchanged.

    Parameters
    ----------
    name
        The name of the data set, for messages.
    known
        Its files and mirrors.
    folder
        Where the files are to appear; made if it is missing. A file of the right name and size
        that is there already is not downloaded again.
    progress
        Called after each piece.
    timeout
        Seconds without a byte after which a mirror is given up.

    Raises
    ------
    DataError
        If a file cannot be had from any mirror; the text says of each why.
    ModelFileError
        If a file cannot be written.
    """
    _make_folder(folder)
    for file in known.files:
        target = folder / file.name
        if not (target.is_file() and target.stat().st_size == file.size):
            reasons = _fetch_file(file, known.mirrors, target, progress, timeout)
            if reasons:
                raise missing(
                    name, known, folder, f"{file.name} could not be downloaded ({reasons})"
                )


def _fetch_file(
    file: RemoteFile,
    mirrors: Sequence[str],
    target: Path,
    progress: Progress | None,
    timeout: float,
) -> str:
    """Download a file from the first mirror that gives it; say why if none does."""
    reasons = []
    for mirror in mirrors:
        try:
            with atomic_write(target) as out:
                for piece in _checked(_pieces(mirror + file.name, timeout), file, progress):
                    out.write(piece)
        except _MirrorError as error:
            reasons.append(f"{mirror} {error}")
        else:
            return ""
    return "; ".join(reasons)


def missing(name: str, known: Known, folder: Path, why: str) -> DataError:
    """Word the error for a data set that is not there and cannot be had.

    Parameters
    ----------
    name, known
        The data set.
    folder
        Where its files may be put.
    why
        What was tried.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(
        f"{name} is not on this machine, and {why}. "
        f"It consists of {', '.join(file.name for file in known.files)}. "
        f"Put these into {folder}, or into {name} in the folder that STRIATE_DATA names."
    )


def _make_folder(folder: Path) -> None:
    """Make the folder for downloads, with those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder {folder} could not be made: {error.strerror or error}. "
            "Downloaded data are kept in the user's folder for caches. "
            "Set XDG_CACHE_HOME to a folder that you may write to."
        ) from error


def _pieces(address: str, timeout: float) -> Iterator[bytes]:
    """Read what is at an address, piece by piece."""
    # These two take 25 ms to import, a third of NumPy's time, and are needed but once.
    import http.client  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    try:
        # The addresses are those of the catalog.
        with urllib.request.urlopen(address, timeout=timeout) as answer:  # noqa: S310
            while piece := answer.read(_PIECE):
                yield piece
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error).removeprefix("<urlopen error ").removesuffix(">")
        raise _MirrorError(f"did not answer: {reason or type(error).__name__}") from error


def _checked(
    pieces: Iterator[bytes], file: RemoteFile, progress: Progress | None
) -> Iterator[bytes]:
    """Pass the pieces of a file on, and complain at the end if they were those of another."""
    count, checksum = 0, hashlib.sha256()
    for piece in pieces:
        count += len(piece)
        if count > file.size:
            raise _MirrorError(f"sent more than {file.size} bytes")
        checksum.update(piece)
        yield piece
        if progress is not None:
            progress(file.name, count, file.size)
    if count < file.size:
        raise _MirrorError(f"sent {count} of {file.size} bytes")
    if checksum.hexdigest() != file.sha256:
        raise _MirrorError(f"sent another file, with SHA-256 {checksum.hexdigest()}")
