"""Decoded pictures on disk: a folder of pictures that does not fit in memory is decoded once.

Decoding a photo takes milliseconds, more than a small network needs to train on it. So pictures are
not decoded again in each epoch. They are decoded once, resized, and written to one file, from which
training reads the images of each step. The file stays, so that the next run on the same pictures
starts at once; it is found by a key of everything that its pixels depend on. The least recently
used files are removed when all of them together become too large.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from zipfile import BadZipFile

import numpy as np
import PIL

from striate.data.allocation import in_units
from striate.data.image_file import ImageFile, Images
from striate.data.pictures import Layout, decode, decode_each
from striate.data.scan import Findings, Scan
from striate.errors import Argument, CacheError, DataError, Message, ModelFileError
from striate.files import atomic_write, make_folder, reason, shown, user_cache
from striate.runtime.memory import available
from striate.shapes import Array

LIMIT = 20 << 30
"""Default limit of the total size in bytes; a single file may be larger."""

SHARE = 1 / 4
"""Fraction of the available memory that decoded pictures may use: splitting them makes copies."""

Decoding = Callable[[int, int], None]
"""Called while pictures are decoded, with the number of pictures done and the number of all."""

Check = Callable[[dict[int, str]], None]
"""Called with the positions of pictures that could not be read, and why."""

_ELSEWHERE = "set XDG_CACHE_HOME to a folder on a disk that you can write to."
_FORMAT = 1  # changes when the same pictures become other pixels
_NAME = re.compile(r"[0-9a-f]{64}\.pixels")
_RESERVE = 64 << 20  # bytes of the disk that are left free


def fit_in_memory(count: int, layout: Layout) -> bool:
    """Whether decoded pictures take at most a quarter of the available memory.

    Parameters
    ----------
    count
        Number of pictures.
    layout
        Their size and dtype.

    Returns
    -------
    bool
        True if the available memory is unknown.
    """
    there = available()
    return there is None or count * _bytes_of(layout) <= there * SHARE


def _bytes_of(layout: Layout) -> int:
    """Return the bytes of one decoded picture."""
    return layout.rows * layout.columns * layout.channels * np.dtype(layout.dtype).itemsize


def default_folder() -> Path:
    """Return the folder for decoded pictures.

    Returns
    -------
    Path
        ``pictures`` in :func:`striate.files.user_cache`. It may not exist yet.

    Raises
    ------
    DataError
        If the user has no home folder.
    """
    try:
        return user_cache() / "pictures"
    except RuntimeError as error:
        raise DataError(
            f"Cannot find a folder for decoded pictures: {error} Set XDG_CACHE_HOME to a folder, "
            "or use fewer or smaller pictures, which fit in memory."
        ) from error


@dataclass(frozen=True)
class PictureStore:
    """Files of decoded pictures in one folder.

    Several processes may use the same folder at the same time. A file appears when it is complete;
    one that is removed while it is in use stays readable until it is closed.

    Parameters
    ----------
    folder
        The folder; it is created with the first file.
    limit
        Maximum total size of the files in bytes. The file in use is kept even if it is larger.
    """

    folder: Path = field(default_factory=default_folder)
    limit: int = field(default=LIMIT, kw_only=True)

    def images(
        self,
        files: Sequence[Path],
        layout: Layout,
        *,
        resize: str,
        progress: Callable[[int], None] | None = None,
        check: Check | None = None,
    ) -> tuple[ImageFile, Findings]:
        """Decode pictures into a file, unless there is one with the same pictures.

        Parameters
        ----------
        files, layout, resize, progress
            As for :func:`striate.data.pictures.decode_each`.
        check
            As for :func:`decode_or_store`.

        Returns
        -------
        ImageFile
            The images, in the order of ``files``.
        Findings
            What else was found out about them, which is kept next to the file.

        Raises
        ------
        DataError
            If the disk has too little space.
        OptionError
            If there is no such rule.
        """
        path = self.folder / f"{_key(files, layout, resize)}.pixels"
        shape = (len(files), layout.rows, layout.columns, layout.channels)
        known = _load(path, shape, layout.dtype)
        if known is not None:
            _require_good(known[1].failed, check)
            with suppress(OSError):  # the folder may be read-only
                os.utime(path)
            return known
        scan = Scan(len(files), layout.channels)
        need = len(files) * _bytes_of(layout)
        try:
            make_folder(self.folder)
            with suppress(OSError):
                self.folder.chmod(0o700)  # pictures may be private
            self._make_room(need)
            self._require_space(need, shape)
            with atomic_write(path, private=True) as file:
                lock = Lock()

                def keep(k: int, pixels: Array) -> None:
                    with lock:
                        file.seek(k * pixels.nbytes)
                        file.write(np.ascontiguousarray(pixels).data)

                decode_each(files, layout, keep, resize=resize, progress=progress, scan=scan)
                _require_good(scan.failed, check)  # before the file gets its name
                findings = scan.finish()
                with atomic_write(_findings_of(path), private=True) as notes:
                    findings.save(notes)
        except ModelFileError as error:
            cause = error.__cause__
            assert isinstance(cause, OSError)
            full = cause.errno in (errno.ENOSPC, errno.EDQUOT)
            remedy = f"Free up some space, or {_ELSEWHERE}" if full else f"S{_ELSEWHERE[1:]}"
            raise DataError(
                f"Cannot keep decoded pictures in {shown(self.folder)}: {reason(cause)}. {remedy}"
            ) from error
        return ImageFile(path, shape, layout.dtype), findings

    def entries(self) -> list[tuple[Path, int]]:
        """List the files and their sizes in bytes, the least recently used first."""
        found = sorted(self._scan(), key=lambda entry: entry[1].st_mtime_ns)
        return [(path, info.st_size) for path, info in found]

    def clear(self) -> int:
        """Remove all files.

        Returns
        -------
        int
            Number of freed bytes.

        Raises
        ------
        CacheError
            If a file cannot be removed.
        """
        freed = 0
        for path, size in self.entries():
            try:
                path.unlink(missing_ok=True)
                _findings_of(path).unlink(missing_ok=True)
            except OSError as error:
                raise CacheError(
                    f"Cannot remove the decoded pictures {shown(path)}: {reason(error)}. Close "
                    "the programs that use them, or remove the file yourself."
                ) from error
            freed += size
        return freed

    def _scan(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Iterate over the files; other processes may remove some."""
        with suppress(FileNotFoundError, NotADirectoryError):
            for path in self.folder.iterdir():
                if _NAME.fullmatch(path.name):
                    with suppress(FileNotFoundError):
                        yield path, path.lstat()

    def _make_room(self, need: int) -> None:
        """Remove the least recently used files that exceed the limit together with a new one."""
        entries = self.entries()
        excess = sum(size for _, size in entries) + need - self.limit
        for path, size in entries:
            if excess <= 0:
                break
            with suppress(OSError):
                path.unlink()
                _findings_of(path).unlink(missing_ok=True)
            excess -= size

    def _require_space(self, need: int, shape: tuple[int, ...]) -> None:
        """Raise if the disk has too little space for a new file."""
        free = shutil.disk_usage(self.folder).free
        if need + _RESERVE > free:
            count, rows, columns, channels = shape
            raise DataError(
                f"{count:,} decoded pictures of {rows} x {columns} x {channels} pixels need "
                f"{in_units(need)} on the disk of {shown(self.folder)}, which has "
                f"{in_units(free)} free.",
                remedy=Message(
                    "Use a smaller size, for example ",
                    Argument("size", 64),
                    f", free up some space, or {_ELSEWHERE}",
                ),
            )


def _findings_of(path: Path) -> Path:
    """Return the file with the findings about the pictures in a file."""
    return path.with_suffix(".scan")


def _load(path: Path, shape: tuple[int, ...], dtype: str) -> tuple[ImageFile, Findings] | None:
    """Open a file and the findings about its pictures; None if one is missing or damaged."""
    try:
        return ImageFile(path, shape, dtype), Findings.load(_findings_of(path))
    except (DataError, OSError, ValueError, KeyError, BadZipFile):
        return None


def _require_good(failed: dict[int, str], check: Check | None) -> None:
    """Let the caller decide about pictures that could not be read."""
    if check is not None:
        check(failed)


def _key(files: Sequence[Path], layout: Layout, resize: str) -> str:
    """Make a key of all that the pixels of a file depend on."""
    kept = (layout.rows, layout.columns, layout.channels, layout.dtype, layout.white)
    digest = hashlib.sha256(f"{_FORMAT} {PIL.__version__} {kept} {resize}".encode())
    for path in files:
        info = path.stat()
        digest.update(os.fsencode(path.absolute()))
        digest.update(f"\0{info.st_size} {info.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def decode_or_store(
    files: Sequence[Path],
    layout: Layout,
    *,
    resize: str,
    in_memory: bool | None = None,
    decoding: Decoding | None = None,
    check: Check | None = None,
) -> tuple[Images, Findings, list[str]]:
    """Decode pictures into memory, or into a file of the user's cache.

    Parameters
    ----------
    files, layout, resize
        As for :func:`striate.data.pictures.decode`.
    in_memory
        Where to keep them; None keeps them in memory if they take at most a quarter of what is
        available.
    decoding
        Called while pictures are decoded, several times a second.
    check
        Called with the positions of the pictures that could not be read, and why; raises if they
        are needed. Without it, they are black.

    Returns
    -------
    Array or ImageFile
        The images, in the order of ``files``.
    Findings
        What else was found out about them.
    list of str
        A note if they are in a file.

    Raises
    ------
    DataError
        If the disk has too little space.
    OptionError
        If there is no such rule.
    OutOfMemoryError
        If there is not enough memory for all of them.
    """

    def progress(done: int) -> None:
        if decoding is not None:
            decoding(done, len(files))

    if in_memory is None:
        in_memory = fit_in_memory(len(files), layout)
    if in_memory:
        scan = Scan(len(files), layout.channels)
        decoded = decode(files, layout, resize=resize, progress=progress, scan=scan)
        _require_good(scan.failed, check)
        return decoded, scan.finish(), []
    images, findings = PictureStore().images(
        files, layout, resize=resize, progress=progress, check=check
    )
    note = (
        f"The decoded pictures ({in_units(images.nbytes)}) are kept in the file "
        f"{shown(images.path)}, not in memory. Training reads the pictures of each step from it, "
        "and the next run reuses it."
    )
    return images, findings, [note]
