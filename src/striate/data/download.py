"""Downloading published data sets into the user's cache, with their checksums verified."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from striate.data.catalog import Known, RemoteFile
from striate.errors import DataError
from striate.files import atomic_write, reason, remove_abandoned, shown, user_cache

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the number of bytes received, and the total."""

TIMEOUT = 30.0
"""Seconds without a response after which the next mirror is tried."""

_PIECE = 1 << 16


class _MirrorError(Exception):
    """The reason why a mirror could not be used."""


def cache_folder() -> Path:
    """Return the folder for downloaded data.

    Returns
    -------
    Path
        ``data`` in :func:`striate.files.user_cache`. It may not exist yet.

    Raises
    ------
    DataError
        If the user has no home folder.
    """
    try:
        return user_cache() / "data"
    except RuntimeError as error:
        raise DataError(
            f"Cannot find a folder for downloaded data: {error} Set XDG_CACHE_HOME to a folder, or "
            "give the folder that has the data."
        ) from error


def fetch(
    name: str,
    known: Known,
    folder: Path,
    *,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Download the files of a data set, each from the first mirror that has it unchanged.

    Parameters
    ----------
    name
        The name of the data set in errors.
    known
        Its files and mirrors.
    folder
        Where to put the files; it is made if it does not exist. A file with the right name and size
        is not downloaded again.
    progress
        Called after each piece.
    timeout
        Seconds without a response after which the next mirror is tried.

    Raises
    ------
    DataError
        If no mirror has a file; the text lists their reasons.
    ModelFileError
        If a file cannot be written.
    """
    _make_folder(folder)
    for file in known.files:
        target = folder / file.name
        remove_abandoned(target)
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
    """Download a file from the first mirror that has it; return the reasons if none has."""
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
    """Make the error for a data set that is not on this machine and cannot be downloaded.

    Parameters
    ----------
    name, known
        The data set.
    folder
        Where its files can be put.
    why
        Why it cannot be downloaded.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(
        f"{name} is not on this machine, and {why}. Put its files "
        f"({', '.join(file.name for file in known.files)}) into {shown(folder)}, or set "
        f"STRIATE_DATA to a folder that has them in {name}."
    )


def _make_folder(folder: Path) -> None:
    """Make the folder for downloads and those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"Cannot create the folder {shown(folder)}: {reason(error)}. Set XDG_CACHE_HOME to a "
            "writable folder."
        ) from error


def _pieces(address: str, timeout: float) -> Iterator[bytes]:
    """Read an address, piece by piece."""
    # These two take 25 ms to import, a third of NumPy's time, and are rarely needed.
    import http.client  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    try:
        # The addresses come from the catalog.
        with urllib.request.urlopen(address, timeout=timeout) as answer:  # noqa: S310
            while piece := answer.read(_PIECE):
                yield piece
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(error).removeprefix("<urlopen error ").removesuffix(">")
        raise _MirrorError(f"did not respond: {why or type(error).__name__}") from error


def _checked(
    pieces: Iterator[bytes], file: RemoteFile, progress: Progress | None
) -> Iterator[bytes]:
    """Pass on the pieces of a file, and raise at the end if they are not the published ones."""
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
