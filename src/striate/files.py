"""Writing files so that nothing is lost, and paths as users write them.

:func:`atomic_write` writes to a temporary file next to the target, ``.NAME.xxxxxxxx.part``, and
renames it when it is complete. Whatever interrupts it, the target has its old content or its new
one. A process that is killed leaves its temporary file behind; the next writer of the same target
removes it, once it can lock it: while its writer is alive, it holds that lock.
"""

import contextlib
import errno
import os
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

from striate.errors import ModelFileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_ABANDONED = 60.0
"""Seconds after which a temporary file that nobody has locked is left over, not just created."""


_REMEDIES = {
    errno.ENOSPC: "Free some space, or choose a folder on another disk.",
    errno.EDQUOT: "Free some space, or choose a folder on another disk.",
    errno.ENOENT: "Create the folder first, or choose another one.",
    errno.EISDIR: "Choose another file name, or remove the folder.",
    errno.ENAMETOOLONG: "Choose a shorter file name.",
}
"""What to do if a file cannot be written, by the system's error number."""


def as_path(path: str | os.PathLike[str]) -> Path:
    """Make a path of what a user wrote; ``~`` is the user's home.

    Parameters
    ----------
    path
        A path.

    Returns
    -------
    Path
        Unchanged if there is no such home, as in a shell.

    Examples
    --------
    >>> as_path("~/data") == Path.home() / "data", as_path("./~") == Path("~")
    (True, True)
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111  # pathlib takes ./~ for ~


def shown(path: str | os.PathLike[str]) -> str:
    r"""Write a path so that every terminal and file can show it.

    Parameters
    ----------
    path
        A path or a name. Names that are not text in the system's encoding have surrogates in
        Python, which no encoding writes; names may also hold line ends and control characters.

    Returns
    -------
    str
        With such characters escaped.

    Examples
    --------
    >>> shown("caf\udce9.png"), shown("two\nlines")
    ('caf\\udce9.png', 'two\\nlines')
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii")
        for one in os.fspath(path)
    )


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, private: bool = False) -> Generator[IO[bytes]]:
    """Open a file for writing that appears under its name only when it is complete.

    The bytes go to a temporary file in the same folder, which takes the name of ``path`` when the
    block ends without an error. Otherwise it is removed, and an older file of that name is
    unchanged. Temporary files that killed processes left for the same ``path`` are removed.

    Parameters
    ----------
    path
        Where the file is to appear; ``~`` is the user's home.
    private
        Whether only the user may read and write it. Otherwise the user's mask for new files
        decides.

    Yields
    ------
    IO[bytes]
        The temporary file, open for writing.

    Raises
    ------
    ModelFileError
        If the folder does not exist or is not writable, or the disk is full.

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
    path = as_path(path)
    temporary: Path | None = None
    try:
        remove_abandoned(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            _lock(handle)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if not private:  # as the temporary file is from the start
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise ModelFileError(
            f"Cannot write {shown(path)}: {reason(error)}. An existing file is unchanged. "
            f"{_REMEDIES.get(error.errno or 0, 'Choose a writable folder.')}"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_abandoned(path: Path) -> None:
    """Remove the temporary files that killed processes left for a target.

    Parameters
    ----------
    path
        The target. A temporary file is kept if its writer is alive, that is, holds its lock; where
        the system has no such locks, if it is younger than a day.
    """
    start, oldest = f".{path.name}.", _ABANDONED if fcntl else 86_400.0
    try:
        with os.scandir(path.parent) as entries:
            found = [
                entry
                for entry in entries
                if entry.name.startswith(start)
                and entry.name.endswith(".part")
                and "." not in entry.name[len(start) : -len(".part")]
            ]
    except OSError:
        return  # nothing depends on it
    for entry in found:
        # Another process or thread may remove or finish the file at any moment.
        with contextlib.suppress(OSError):
            if (
                entry.is_file(follow_symlinks=False)
                and time.time() - entry.stat().st_mtime > oldest
            ):
                with Path(entry.path).open("rb") as file:
                    _lock(file.fileno(), wait=False)
                    Path(entry.path).unlink()


def _lock(handle: int, *, wait: bool = True) -> None:
    """Lock a file until it is closed; raise OSError if another process has it and this cannot wait.

    On a file system without locks, files are written without one. Then nobody can lock them, and
    they are never considered abandoned.
    """
    if fcntl is None:
        return
    if wait:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def reason(error: OSError) -> str:
    """Return the system's reason for an error in lower case: ``no space left on device``."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder and those above it, unless they exist.

    Parameters
    ----------
    path
        The folder; ``~`` is the user's home.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ModelFileError
        If it cannot be made, or a file has its name.
    """
    path = as_path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFileError(
            f"Cannot make the folder {shown(path)}: {reason(error)}. Choose another folder, or "
            "remove the file of that name."
        ) from error
    return path


def user_cache() -> Path:
    """Return the folder for what striate can download or make again.

    Returns
    -------
    Path
        ``striate`` in the platform's folder for caches: ``$XDG_CACHE_HOME``, otherwise
        ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows, ``~/.cache`` elsewhere. It
        may not exist yet.

    Raises
    ------
    RuntimeError
        If the system does not have a home for the user.

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
    """Read the mask for new files; the system only offers to set it, so it is set back."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def named_folder(variable: str) -> Path | None:
    """Return the folder that an environment variable names.

    Parameters
    ----------
    variable
        Name of the environment variable.

    Returns
    -------
    Path or None
        With ``~`` expanded, which shells do not do in quotes; ``None`` if the variable is not set
        or empty.
    """
    named = os.environ.get(variable)
    return as_path(named) if named else None
