"""Writing files so that nothing is lost, and paths as users write them.

:func:`atomic_write` writes to a temporary file next to the target, ``.NAME.xxxxxxxx.part``, and
renames it when it is complete. Whatever interrupts it, the target has its old content or its new
one. If the path is a symbolic link, the file that it points to is the target, and the link stays.

A process that is killed leaves its temporary file behind. Its writer locks a temporary file before
it writes to it, until it is renamed, and the system releases the locks of a process that ends. So a
temporary file that has content, but isn't locked, is abandoned, and the next writer of the same
target removes it. :class:`FileLock` uses the same locks to give a name to one process at a time.
"""

import contextlib
import errno
import os
import stat
import sys
import tempfile
import time
from collections.abc import Generator
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Self

from striate.errors import ModelFileError, OptionError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_JUST_CREATED = 60.0
"""Seconds in which an empty temporary file may be about to be locked by its writer."""

_WITHOUT_LOCKS = 86_400.0
"""Seconds after which a temporary file is abandoned on a system without locks."""


_REMEDIES = {
    errno.ENOSPC: "Free some space, or choose a folder on another disk.",
    errno.EDQUOT: "Free some space, or choose a folder on another disk.",
    errno.EFBIG: "Raise the limit on the size of files, which ulimit -f shows.",
    errno.ENOENT: "Create the folder first, or choose another one.",
    errno.EISDIR: "Choose another file name, or remove the folder.",
    errno.ENAMETOOLONG: "Choose a shorter file name.",
    errno.ELOOP: "Remove the link, or choose another file name.",
    errno.ENODEV: "Choose another file name.",
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

    Raises
    ------
    OptionError
        If it is neither a string nor a path object.

    Examples
    --------
    >>> as_path("~/data") == Path.home() / "data", as_path("./~") == Path("~")
    (True, True)
    """
    try:
        return Path(os.path.expanduser(path))  # noqa: PTH111  # pathlib takes ./~ for ~
    except TypeError as error:
        raise OptionError(
            f"A path must be a string or a pathlib.Path, got {path!r:.60} of type "
            f'{type(path).__name__}. Use a path such as "model.safetensors".'
        ) from error


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
        With such characters escaped: a byte that is not text as ``\xe9``, as on the terminal.

    Examples
    --------
    >>> print(shown("caf\udce9.png"), shown("two\nlines"))
    caf\xe9.png two\nlines
    """
    return "".join(one if one.isprintable() else escaped(one) for one in os.fspath(path))


def quoted(path: str | os.PathLike[str]) -> str:
    r"""Write a name in quotes, for a sentence, escaped once.

    Examples
    --------
    >>> print(quoted("caf\udce9.png"))
    'caf\xe9.png'
    """
    return f"'{shown(path)}'"


def escaped(character: str) -> str:
    r"""Escape a character that cannot be printed: ``\x1b``, or ``\xff`` for a raw byte."""
    if _FIRST_RAW_BYTE <= character <= _LAST_RAW_BYTE:
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


_FIRST_RAW_BYTE, _LAST_RAW_BYTE = "\udc80", "\udcff"  # how Python holds bytes that it can't decode


def followed(path: str | os.PathLike[str]) -> Path:
    """Follow symbolic links to the file that will be read or written.

    Parameters
    ----------
    path
        A path; ``~`` is the user's home.

    Returns
    -------
    Path
        The target of a link, which may not exist; the path itself if it isn't a link.

    Examples
    --------
    >>> followed("net.safetensors").name
    'net.safetensors'
    """
    path = as_path(path)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, private: bool = False) -> Generator[IO[bytes]]:
    """Open a file for writing that appears under its name only when it is complete.

    The bytes go to a temporary file in the same folder, which takes the name of ``path`` when the
    block ends without an error. Otherwise it is removed, and an older file of that name is
    unchanged. Temporary files that killed processes left for the same ``path`` are removed.

    Parameters
    ----------
    path
        Where the file is to appear; ``~`` is the user's home. The target of a symbolic link is
        written, and the link stays.
    private
        Whether only the user may read and write it; whatever is in its place is replaced, even a
        link, which another user might have made. Otherwise an existing file keeps its permissions,
        and the user's mask for new files decides those of a new one.

    Yields
    ------
    IO[bytes]
        The temporary file, open for writing.

    Raises
    ------
    ModelFileError
        If the folder does not exist or is not writable, the disk is full, or ``path`` is a folder
        or a device.

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
    target, temporary = path, None
    try:
        if not private:
            target = followed(path)
            _require_regular(target)
        remove_abandoned(target)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".part", dir=target.parent
        )
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            _lock(handle)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not private:  # as the temporary file is from the start
                temporary.chmod(_mode_for(target))
            if fcntl is not None:  # while it is locked: a file that isn't may be removed
                temporary.replace(target)
                temporary = None
        if temporary is not None:  # Windows can't rename an open file
            temporary.replace(target)
            temporary = None
    except OSError as error:
        link = f", a link to {shown(target)}" if target != path else ""
        exists = os.path.isfile(target)  # noqa: PTH113  # Path.is_file raises in a closed folder
        unchanged = " The existing file is unchanged." if exists else ""
        raise ModelFileError(
            f"Cannot write {shown(path)}{link}: {reason(error)}.{unchanged} {remedy_for(error)}"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _require_regular(target: Path) -> None:
    """Raise if a file cannot be renamed to a path because of what is there."""
    if target.is_symlink():  # it was followed already
        raise OSError(errno.ELOOP, "its symbolic links form a loop")
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not target.is_file():
        raise OSError(errno.ENODEV, "it is a device or a pipe, not a file")


def _mode_for(target: Path) -> int:
    """Return the permissions of a file that replaces or becomes a target."""
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()


def remove_abandoned(path: Path) -> None:
    """Remove the temporary files that killed processes left for a target.

    Parameters
    ----------
    path
        The target. A temporary file is kept if its writer is alive, that is, holds its lock; where
        the system has no such locks, if it is younger than a day.
    """
    start = f".{path.name}."
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
            if entry.is_file(follow_symlinks=False) and _may_be_abandoned(entry.stat()):
                with Path(entry.path).open("rb") as file:
                    _lock(file.fileno(), wait=False)
                    Path(entry.path).unlink()


def _may_be_abandoned(found: os.stat_result) -> bool:
    """Whether a temporary file is abandoned if nobody has locked it.

    Its writer locks it as soon as it is created, before there is any content.
    """
    age = time.time() - found.st_mtime
    if fcntl is None:
        return age > _WITHOUT_LOCKS
    return found.st_size > 0 or age > _JUST_CREATED


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


class FileLock:
    """A name that one process has for itself, until it releases it or ends.

    The lock is on a hidden file next to the name, ``.NAME.lock``. If a process is killed, that file
    is left, but the system releases the lock, so that the next process can take it. On a system
    without locks, the process that creates the file has the name, and a file that is left must be
    removed by hand.

    Parameters
    ----------
    file
        The hidden file.
    handle
        Its open descriptor, which holds the lock.
    """

    def __init__(self, file: Path, handle: int) -> None:
        self.file = file
        self._handle: int | None = handle

    @classmethod
    def acquire(cls, path: Path) -> Self | None:
        """Lock a name.

        Parameters
        ----------
        path
            The name, in a folder that exists.

        Returns
        -------
        FileLock or None
            ``None`` if another process, or this one, has locked the name.

        Raises
        ------
        ModelFileError
            If the hidden file cannot be created.
        """
        file = path.with_name(f".{path.name}.lock")
        while True:
            handle, created = _open_or_create(file)
            try:
                locked = _try_lock(handle, otherwise=created)
                # Its last holder may have removed the file after it was opened here.
                removed = locked and not _has_name(handle, file)
            except BaseException:
                os.close(handle)
                raise
            if locked and not removed:
                return cls(file, handle)
            os.close(handle)
            if not locked:
                return None

    def release(self) -> None:
        """Let other processes have the name; releasing twice has no effect."""
        if self._handle is not None:
            self.file.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def _open_or_create(file: Path) -> tuple[int, bool]:
    """Open a lock file; return its descriptor, and whether it is new."""
    try:
        while True:
            with contextlib.suppress(FileExistsError):
                return os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
            with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                return os.open(file, os.O_RDWR), False
    except OSError as error:
        raise ModelFileError(
            f"Cannot write {shown(file)}: {reason(error)}. {remedy_for(error)}"
        ) from error


def _try_lock(handle: int, *, otherwise: bool) -> bool:
    """Lock a file, and return whether that succeeded; ``otherwise`` on a system without locks."""
    if fcntl is None:
        return otherwise
    try:
        _lock(handle, wait=False)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return otherwise
    return True


def _has_name(handle: int, file: Path) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


def reason(error: OSError) -> str:
    """Return the system's reason for an error in lower case: ``no space left on device``."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def similar_file(path: Path, ending: str) -> str:
    """Suggest an existing file for a path where there is none, with a space in front.

    Parameters
    ----------
    path
        What the user wrote.
    ending
        Of the files that are suggested.

    Returns
    -------
    str
        Empty if no file in the folder has a similar name.
    """
    try:
        names = [one.name for one in path.parent.iterdir() if one.name.endswith(ending)]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, n=1)
    found = f"{path.name}{ending}" if f"{path.name}{ending}" in names else "".join(near)
    return f" Did you mean {shown(path.with_name(found))}?" if found else ""


def remedy_for(error: OSError) -> str:
    """Return what to do if a file cannot be written.

    Examples
    --------
    >>> remedy_for(OSError(errno.ENOSPC, "No space left on device"))
    'Free some space, or choose a folder on another disk.'
    """
    return _REMEDIES.get(error.errno or 0, "Choose a writable folder.")


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder and those above it, unless they exist.

    Parameters
    ----------
    path
        The folder; ``~`` is the user's home. If it is a symbolic link, its target is made.

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
        followed(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        taken = error.errno in (errno.EEXIST, errno.ENOTDIR)
        raise ModelFileError(
            f"Cannot create the folder {shown(path)}: {reason(error)}.",
            remedy="Choose another folder, or remove the file of that name."
            if taken
            else remedy_for(error),
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
