"""The cache of compiled programs on disk: what was compiled once is read the next time.

What is read from here is run. So the folder and each file in it must belong to the user and be
closed to the writing of others, and each file carries a checksum; anything else is as if it were
not there. A cache that cannot be used costs time and nothing else: reading then finds nothing,
writing does nothing, and neither says anything. :meth:`ObjectCache.obstacle` says it to who asks.
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
"""Bytes that the cache may hold, unless it is told otherwise."""

_HEADER = struct.Struct("<8sIQ32s")  # what it is, format, bytes of code, checksum
_MAGIC = b"striate\n"
_FORMAT = 1
_NAME = re.compile(r"[0-9a-f]{64}\.code")
_UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.code\..*\.part")  # as atomic_write names them
_ABANDONED = 3600  # seconds after which nobody is still writing a file
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def key_of(*parts: str) -> str:
    """Make the key of a program from all that its code depends on.

    Parameters
    ----------
    parts
        Texts, such as the printed plan, the processor with its features, and versions. Their
        number, order and borders count.

    Returns
    -------
    str
        64 hexadecimal digits, a SHA-256.

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
    """Find where striate keeps compiled programs.

    Returns
    -------
    Path or None
        The folder that the environment variable ``STRIATE_CACHE`` names, else ``code`` in
        :func:`striate.files.user_cache`. It need not exist. None if the system does not say where
        the user's home is.
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
        What it was kept under.
    size
        Bytes of its file.
    used
        When it was last written or read, in nanoseconds since 1970.
    """

    key: str
    size: int
    used: int


@dataclass(frozen=True)
class ObjectCache:
    """Object code by key, in one folder, of bounded size; the least recently used goes first.

    Several processes and threads may use one folder at once.

    Parameters
    ----------
    folder
        Where the files are; made when the first one is written. None keeps nothing.
    limit
        Bytes that the files may have together. A larger program is not kept.

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

        A damaged file, or one of another format, is removed.

        Parameters
        ----------
        key
            As :func:`key_of` makes it.

        Returns
        -------
        bytes or None
            The code, as it was put. None if it is not there or not to be trusted.
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
            with contextlib.suppress(OSError):  # where the folder may only be read
                os.utime(path)
        return code

    def put(self, key: str, code: bytes) -> None:
        """Keep a program's code, if that can be done.

        Parameters
        ----------
        key
            As :func:`key_of` makes it.
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
        """List the programs.

        Returns
        -------
        list of Entry
            The least recently used first. Empty where the folder is not to be trusted.
        """
        folder = self._trusted_folder()
        if folder is None:
            return []
        found: list[Entry] = []
        with contextlib.suppress(OSError):  # where another process removes the folder meanwhile
            for path, info in _files(folder, _NAME):
                found.append(Entry(key=path.stem, size=info.st_size, used=info.st_mtime_ns))
        return sorted(found, key=lambda entry: (entry.used, entry.key))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries())

    def clear(self) -> int:
        """Remove all programs; other files in the folder stay.

        Returns
        -------
        int
            Bytes that were freed.

        Raises
        ------
        CacheError
            If the folder is not to be trusted, or a file cannot be removed.
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
                f"The cache of compiled programs in {self.folder} could not be emptied: {reason}. "
                "striate uses and empties only a folder that is the user's own and that nobody "
                "else may write to. "
                "Set STRIATE_CACHE to such a folder, or remove the files in another way."
            )
        return freed

    def obstacle(self) -> str | None:
        """Find out why no programs are kept, by making the folder and writing to it.

        Returns
        -------
        str or None
            The reason, to follow a colon. None if they are kept.
        """
        if self.folder is None:
            return "the system does not say where the home folder is"
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
        """Give the folder, if it is there and what it holds may be run."""
        with contextlib.suppress(OSError):
            if self.folder is not None and _distrust(self.folder) is None:
                return self.folder
        return None

    def _trim(self, folder: Path) -> None:
        """Remove what goes beyond the limit, and what processes left that were killed writing."""
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
    """Name the file of a program."""
    name = f"{key}.code"
    assert _NAME.fullmatch(name), "keys are made by key_of"
    return folder / name


def _files(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """Go through the files whose name fits a pattern; others may remove some meanwhile."""
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            with contextlib.suppress(FileNotFoundError):
                yield path, path.lstat()


def _make_private(folder: Path) -> None:
    """Make a folder that is the user's alone, unless there is one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _distrust(folder: Path) -> str | None:
    """Say why what is in a folder must not be run; None if it may be."""
    link, target = folder.lstat(), folder.stat()
    if not stat.S_ISDIR(target.st_mode):
        return "it is no folder"
    if not (_is_own(link) and _is_own(target)):
        return "it belongs to another user"
    if os.name == "posix" and target.st_mode & _WRITABLE_BY_OTHERS:
        return "other users may write to it"
    return None


def _is_own(info: os.stat_result) -> bool:
    """Tell whether a file is the user's. Windows does not say: the user's profile is its guard."""
    return os.name != "posix" or info.st_uid == os.geteuid()


def _read_own(path: Path) -> bytes:
    """Read a file of the user's own; raise OSError for any other, for links, pipes and folders."""
    # Whom a file belongs to is asked of the open file: between a question about its name and the
    # reading, the name could come to mean another file.
    with open(path, "rb", opener=_open_plainly) as file:
        info = os.fstat(file.fileno())
        shared = os.name == "posix" and info.st_mode & _WRITABLE_BY_OTHERS
        if shared or not (stat.S_ISREG(info.st_mode) and _is_own(info)):
            raise PermissionError(f"{path} is not to be trusted")
        return file.read()


def _open_plainly(path: str, flags: int) -> int:
    """Open a file without following a link and without waiting for the writer of a pipe."""
    plain = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | plain)


def _remove(path: Path) -> None:
    """Remove a file, if that can be done."""
    with contextlib.suppress(OSError):
        path.unlink()


def _pack(key: str, code: bytes) -> bytes:
    """Put the header before the code."""
    return _HEADER.pack(_MAGIC, _FORMAT, len(code), _checksum(key, code)) + code


def _unpack(key: str, content: bytes) -> bytes | None:
    """Take the code from behind its header; None if any of it is not as it was packed."""
    code = content[_HEADER.size :]
    return code if content == _pack(key, code) else None


def _checksum(key: str, code: bytes) -> bytes:
    """Sum up the code together with its key: a file under another's name is a damaged one."""
    return hashlib.sha256(key.encode() + code).digest()
