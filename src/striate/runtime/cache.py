"""The cache of compiled programs on disk, which saves compiling a program again.

Code from the cache is executed. So the folder and each file must belong to the user and must not be
writable by others, and each file has a checksum; anything else is ignored. A cache that can't be
used only costs time: reading finds nothing and writing does nothing, without a message.
:meth:`ObjectCache.obstacle` returns the reason.
"""

import contextlib
import hashlib
import os
import re
import stat
import struct
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from striate.errors import CacheError
from striate.files import atomic_write, named_folder, user_cache

LIMIT = 256 << 20
"""Default size limit of the cache in bytes."""

_HEADER = struct.Struct("<8sIQ32s")  # magic, format, bytes of code, checksum
_MAGIC = b"striate\n"
_FORMAT = 1
_NAME = re.compile(r"[0-9a-f]{64}\.code")
_UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.code\..*\.part")  # as named by atomic_write
_ABANDONED = 3600  # seconds after which an unfinished file was left by a killed process
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def key_of(*parts: str) -> str:
    """Make the key of a program from everything that its code depends on.

    Parameters
    ----------
    parts
        Texts, such as the fingerprint of the statements, the processor's features, and versions.
        Their number, order and boundaries matter.

    Returns
    -------
    str
        64 hexadecimal digits, a SHA-256 digest.

    Examples
    --------
    >>> key_of("plan", "znver4")[:16]
    'ef802e4685d9f740'
    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        text = part.encode()
        digest.update(struct.pack("<Q", len(text)))
        digest.update(text)
    return digest.hexdigest()


def default_folder() -> Path | None:
    """Return the default folder of the cache.

    Returns
    -------
    Path or None
        The folder in the environment variable ``STRIATE_CACHE``, otherwise ``code`` in
        :func:`striate.files.user_cache`. It need not exist. None if the user's home folder is
        unknown.
    """
    named = named_folder("STRIATE_CACHE")
    if named:
        return named.absolute()
    try:
        return user_cache() / "code"
    except RuntimeError:
        return None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A compiled program in the cache.

    Parameters
    ----------
    key
        Its key.
    size
        Size of its file in bytes.
    used
        Time of its last use, in nanoseconds since 1970.
    """

    key: str
    size: int
    used: int


@dataclass(frozen=True)
class ObjectCache:
    """Object code by key, in one folder of bounded size; the least recently used is evicted first.

    Several processes and threads may use the same folder at the same time.

    Parameters
    ----------
    folder
        The folder; it is created with the first file. None disables the cache.
    limit
        Maximum total size of the files in bytes. A larger program isn't stored.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = ObjectCache(Path(folder))
    ...     cache.put(key_of("plan"), b"machine code")
    ...     cache.get(key_of("plan")), cache.get(key_of("another plan"))
    (b'machine code', None)
    """

    folder: Path | None = field(default_factory=default_folder)
    limit: int = field(default=LIMIT, kw_only=True)

    def get(self, key: str) -> bytes | None:
        """Read a program's code.

        A damaged file, or one in another format, is removed.

        Parameters
        ----------
        key
            The key, from :func:`key_of`.

        Returns
        -------
        bytes or None
            The stored code. None if it isn't there or can't be trusted.
        """
        folder = self._trusted_folder()
        if folder is None:
            return None
        path = _file(folder, key)
        try:
            code = _unpack(key, _read_own(path))
        except OSError:
            return None
        if code is None:
            _remove(path)
        else:
            with contextlib.suppress(OSError):  # the folder may be read-only
                os.utime(path)
        return code

    def put(self, key: str, code: bytes) -> None:
        """Store a program's code, if possible.

        Parameters
        ----------
        key
            The key, from :func:`key_of`.
        code
            Object code.
        """
        if self.folder is None or _HEADER.size + len(code) > self.limit:
            return
        with contextlib.suppress(OSError):
            _make_private(self.folder)
            if _distrust(self.folder) is None:
                with atomic_write(_file(self.folder, key), private=True) as file:
                    file.write(_pack(key, code))
                self._trim(self.folder)

    def entries(self) -> list[Entry]:
        """List the stored programs.

        Returns
        -------
        list of Entry
            The least recently used first. Empty if the folder can't be trusted.
        """
        folder = self._trusted_folder()
        if folder is None:
            return []
        found: list[Entry] = []
        with contextlib.suppress(OSError):  # another process may remove the folder
            for path, info in _files(folder, _NAME):
                found.append(Entry(key=path.stem, size=info.st_size, used=info.st_mtime_ns))
        return sorted(found, key=lambda entry: (entry.used, entry.key))

    @property
    def size(self) -> int:
        """Total size of all files in bytes."""
        return sum(entry.size for entry in self.entries())

    def clear(self) -> int:
        """Remove all programs; other files in the folder are kept.

        Returns
        -------
        int
            Number of freed bytes.

        Raises
        ------
        CacheError
            If the folder can't be trusted, or a file can't be removed.
        """
        if self.folder is None:
            return 0
        freed = 0
        try:
            reason = _distrust(self.folder)
            if reason is None:
                for pattern in (_NAME, _UNFINISHED):
                    for path, info in _files(self.folder, pattern):
                        path.unlink(missing_ok=True)
                        freed += info.st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            reason = error.strerror or str(error)
        if reason is not None:
            raise CacheError(
                f"Cannot empty the cache of compiled programs in {self.folder}: {reason}. "
                "The folder must belong to you, and other users must not be able to write to it. "
                "Set STRIATE_CACHE to such a folder, or remove the files yourself."
            )
        return freed

    def obstacle(self) -> str | None:
        """Find out why programs can't be stored, by creating the folder and writing to it.

        Returns
        -------
        str or None
            The reason, to be printed after a colon. None if programs can be stored.
        """
        if self.folder is None:
            return "the home folder is unknown"
        try:
            _make_private(self.folder)
            reason = _distrust(self.folder)
            if reason is None:
                with tempfile.TemporaryFile(dir=self.folder) as probe:
                    probe.write(bytes(4096))
        except OSError as error:
            return error.strerror or str(error)
        return reason

    def _trusted_folder(self) -> Path | None:
        """Return the folder, if it exists and its files may be executed."""
        with contextlib.suppress(OSError):
            if self.folder is not None and _distrust(self.folder) is None:
                return self.folder
        return None

    def _trim(self, folder: Path) -> None:
        """Evict files beyond the limit, and remove files that killed processes left unfinished."""
        entries = self.entries()
        excess = sum(entry.size for entry in entries) - self.limit
        for entry in entries:
            if excess <= 0:
                break
            _remove(_file(folder, entry.key))
            excess -= entry.size
        for path, info in _files(folder, _UNFINISHED):
            if time.time() - info.st_mtime > _ABANDONED:
                _remove(path)


def _file(folder: Path, key: str) -> Path:
    """Return the path of a program's file."""
    name = f"{key}.code"
    assert _NAME.fullmatch(name), "keys are made by key_of"
    return folder / name


def _files(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """Iterate over the files that match a pattern; other processes may remove some."""
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            with contextlib.suppress(FileNotFoundError):
                yield path, path.lstat()


def _make_private(folder: Path) -> None:
    """Create a folder that only the user can access, unless it exists."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _distrust(folder: Path) -> str | None:
    """Return why files in a folder must not be executed; None if they may be."""
    link, target = folder.lstat(), folder.stat()
    if not stat.S_ISDIR(target.st_mode):
        return "it is not a folder"
    if not (_is_own(link) and _is_own(target)):
        return "it belongs to another user"
    if os.name == "posix" and target.st_mode & _WRITABLE_BY_OTHERS:
        return "other users may write to it"
    return None


def _is_own(info: os.stat_result) -> bool:
    """Whether a file belongs to the user; on Windows, the user's profile protects it."""
    return os.name != "posix" or info.st_uid == os.geteuid()


def _read_own(path: Path) -> bytes:
    """Read a file that belongs to the user; raise OSError for links, pipes, folders and others."""
    # The owner of the open file is checked: the file behind a name could be exchanged between
    # checking the name and opening it.
    with open(path, "rb", opener=_open_plainly) as file:
        info = os.fstat(file.fileno())
        shared = os.name == "posix" and info.st_mode & _WRITABLE_BY_OTHERS
        if shared or not (stat.S_ISREG(info.st_mode) and _is_own(info)):
            raise PermissionError(f"{path} is not to be trusted")
        return file.read()


def _open_plainly(path: str, flags: int) -> int:
    """Open a file without following links and without blocking on a pipe."""
    plain = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | plain)


def _remove(path: Path) -> None:
    """Remove a file, if possible."""
    with contextlib.suppress(OSError):
        path.unlink()


def _pack(key: str, code: bytes) -> bytes:
    """Add the header to the code."""
    return _HEADER.pack(_MAGIC, _FORMAT, len(code), _checksum(key, code)) + code


def _unpack(key: str, content: bytes) -> bytes | None:
    """Remove the header from the code; None if anything differs from what was packed."""
    code = content[_HEADER.size :]
    return code if content == _pack(key, code) else None


def _checksum(key: str, code: bytes) -> bytes:
    """Compute the checksum of the code and its key, so a renamed file counts as damaged."""
    return hashlib.sha256(key.encode() + code).digest()
