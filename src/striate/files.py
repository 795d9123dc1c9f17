"""Writing files so that nothing is lost: a temporary name first, then a rename."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import IO

from striate.errors import ModelFileError


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, private: bool = False) -> Generator[IO[bytes]]:
    """Open a file for writing that appears under its name only when it is whole.

    The bytes go to a temporary file in the same folder, which takes the name of ``path`` when the
    block ends without an error; otherwise it is removed and an older file of that name stays as it
    was.

    Parameters
    ----------
    path
        Where the file is to appear.
    private
        Whether the user alone may read and write it. Otherwise the user's mask for new files says
        who may.

    Yields
    ------
    IO[bytes]
        The temporary file, open for writing.

    Raises
    ------
    ModelFileError
        If the folder does not exist or may not be written to, or the disk is full.

    Sources
    -------
    POSIX rename.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "numbers.bin") as file:
    ...         _ = file.write(b"123")
    ...     print((Path(folder) / "numbers.bin").read_bytes())
    b'123'
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if not private:  # which the temporary file is from the start
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise ModelFileError(
            f"{path} could not be written: {error.strerror or error}. "
            "A file is first written whole beside its name and then renamed, "
            "so that a file of that name from before is still as it was. "
            "Free some space or choose a folder that exists and that you may write to, instead of "
            f"{path.parent}."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, with those above it, unless it is there.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    ModelFileError
        If it cannot be made, or a file stands in its place.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFileError(
            f"The folder {path} could not be made: {error.strerror or error}. "
            "Files are written into a folder that exists or can be made. "
            "Choose another place, or remove what stands in its way."
        ) from error
    return path


def user_cache() -> Path:
    """Find the folder for what striate can fetch or make again.

    Returns
    -------
    Path
        ``striate`` in the platform's folder for caches: ``$XDG_CACHE_HOME``, else
        ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows, ``~/.cache`` elsewhere. It
        need not exist.

    Raises
    ------
    RuntimeError
        If the system does not say where the user's home is.

    Sources
    -------
    XDG Base Directory Specification 0.8.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if not Path(given).is_absolute():  # the specification says to ignore such a value
        given = os.environ.get("LOCALAPPDATA", "") if sys.platform == "win32" else ""
    home = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return (Path(given) if given else Path.home() / home) / "striate"


def _umask() -> int:
    """Read the mask for new files; the system offers no way but to set it and set it back."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def named_folder(variable: str) -> Path | None:
    """Find the folder that an environment variable names.

    Parameters
    ----------
    variable
        Name of the environment variable.

    Returns
    -------
    Path or None
        With ``~`` expanded, which a shell leaves as it is in quotes and in the files of services;
        ``None`` if the variable is not set or empty.
    """
    named = os.environ.get(variable)
    return Path(os.path.expanduser(named)) if named else None  # noqa: PTH111  # Path's raises without a home
