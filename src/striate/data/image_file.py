"""Images in a file instead of in memory: indexing reads only the requested images.

An :class:`ImageFile` behaves like an array, but its pixels are in a raw file. It is read with
``pread``, not mapped into memory: the pages of a mapped file count as memory of the process, so a
program that has read all of them seems to use as much memory as with an array.

The functions below take an array or an :class:`ImageFile`, and read the latter in parts.
"""

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from striate.data.allocation import allocate
from striate.errors import DataError
from striate.files import reason, shown
from striate.shapes import Array, Int, Shape

_TOGETHER = 256  # images in a part
_UNCHECKED = 1 << 28  # bytes that are read without a check of the memory, which takes 0.5 ms
_READ_AHEAD = 1 << 20  # bytes of a run of images up to which the system is told what comes next


class ImageFile:
    """Images of one size in a file, read when they are indexed.

    It has the attributes of an array, and :meth:`striate.Network.fit`, ``evaluate`` and ``predict``
    take it in place of one. ``x[5]``, ``x[10:20]`` and ``x[[3, 1, 2]]`` read images and return
    arrays; ``np.asarray(x)`` reads all of them. :meth:`part` selects images without reading them.

    Parameters
    ----------
    path
        The file: pixels without a header, image after image.
    shape
        ``(n, rows, columns, channels)``.
    dtype
        ``uint8`` or ``uint16``.

    Raises
    ------
    DataError
        If the file cannot be read, or has another size.

    Examples
    --------
    >>> import tempfile
    >>> images = np.arange(24, dtype=np.uint8).reshape(3, 2, 4, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "pixels").write_bytes(images)
    ...     x = ImageFile(Path(folder, "pixels"), images.shape, np.uint8)
    ...     x.part([2, 0]), x[[2, 0], 0, 0, 0].tolist()
    (ImageFile(2 images of 2 x 4 x 1, uint8), [16, 0])
    """

    def __init__(self, path: Path, shape: Shape, dtype: Any) -> None:
        self.path = path
        self.dtype = np.dtype(dtype)
        self._image_shape = shape[1:]
        self.indices = np.arange(shape[0])
        """The place of each image in the file."""
        self._bytes = int(np.prod(self._image_shape)) * self.dtype.itemsize
        self._file = _OpenFile(path, shape[0] * self._bytes)
        self._extremes: tuple[int, int] | None = None

    @property
    def shape(self) -> Shape:
        """``(n, rows, columns, channels)``."""
        return (len(self.indices), *self._image_shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 1 + len(self._image_shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self) * int(np.prod(self._image_shape))

    @property
    def nbytes(self) -> int:
        """Bytes that the images would need in memory."""
        return len(self) * self._bytes

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self._image_shape))
        return f"ImageFile({len(self):,} images of {size}, {self.dtype})"

    def __getitem__(self, key: Any) -> Array:
        """Read images; the rest of an index of several axes is applied to the array."""
        first, *others = key if isinstance(key, tuple) else (key,)
        chosen = self.indices if first is Ellipsis else self.indices[first]
        rest = (Ellipsis, *others) if first is Ellipsis else tuple(others)
        if np.ndim(chosen) == 0:
            return self._read(np.array([chosen]))[0][rest]
        images = self._read(chosen)
        return images[rest] if first is Ellipsis else images[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Read all images."""
        if copy is False:
            raise ValueError("ImageFile cannot become an array without reading the file")
        return self._read(self.indices).astype(dtype or self.dtype, copy=False)

    def part(self, chosen: Any) -> "ImageFile":
        """Select images without reading them.

        Parameters
        ----------
        chosen
            A slice, indices, or a mask with one boolean for each image.

        Returns
        -------
        ImageFile
            Of the same file.
        """
        return self._selected(self.indices[chosen], self._image_shape)

    def _selected(self, indices: Int[Array, "n"], image_shape: Shape) -> "ImageFile":
        """Make an object for some images of the same file."""
        selected = object.__new__(ImageFile)
        selected.__dict__.update(self.__dict__)
        selected.__dict__.update(indices=indices, _image_shape=image_shape, _extremes=None)
        return selected

    def as_shape(self, shape: Shape) -> "ImageFile":
        """Return the images with axes of length 1 added or removed."""
        assert shape[0] == len(self)
        assert np.prod(shape) == self.size
        return self._selected(self.indices, shape[1:])

    def joined(self, other: "ImageFile") -> "ImageFile":
        """Select the images of two parts of the same file."""
        assert self.path == other.path
        return self._selected(np.concatenate([self.indices, other.indices]), self._image_shape)

    def extremes(self) -> tuple[int, int]:
        """Return the smallest and the largest value; all images are read the first time."""
        if self._extremes is None:
            found = [(int(part.min()), int(part.max())) for part in parts_of(self)]
            self._extremes = min(low for low, _ in found), max(high for _, high in found)
        return self._extremes

    def _read(self, chosen: Int[Array, "n"]) -> Array:
        """Read images, with a single call for those that follow each other in the file."""
        shape = (len(chosen), *self._image_shape)
        if len(chosen) * self._bytes < _UNCHECKED:
            images = np.empty(shape, self.dtype)
        else:
            images = allocate(shape, self.dtype, f"{len(chosen):,} images need")
        if not images.size:
            return images
        flat = images.data.cast("B")
        starts = np.flatnonzero(np.diff(chosen, prepend=-2) != 1)
        ends = np.append(starts[1:], len(chosen))
        runs = [
            (a * self._bytes, b * self._bytes, int(chosen[a]) * self._bytes)
            for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        if len(runs) > 1:
            for first, last, offset in runs:
                self._file.announce(offset, min(last - first, _READ_AHEAD))
        self._file.read(flat, runs)
        return images


class _OpenFile:
    """A file that is open for reading at any place, from several threads.

    Parameters
    ----------
    path
        The file.
    size
        Its bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        try:
            self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise DataError(
                f"Cannot read {shown(path)}: {reason(error)}. Open the data set again."
            ) from error
        weakref.finalize(self, _close, self._handle)
        self._lock = Lock()
        found = os.fstat(self._handle).st_size
        if found != size:
            raise DataError(
                f"{shown(path)} has {found:,} bytes; expected {size:,}. Remove it, and open the "
                "data set again."
            )

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Open the file again in a copy, or in another process."""
        return _OpenFile, (self.path, self.size)

    def announce(self, offset: int, length: int) -> None:
        """Tell the system which bytes are needed soon, so that a disk can reorder its work."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._handle, offset, length, os.POSIX_FADV_WILLNEED)

    def read(self, target: memoryview, runs: Sequence[tuple[int, int, int]]) -> None:
        """Fill a buffer with runs of bytes: their first and last place in it, and in the file."""
        preadv, handle = getattr(os, "preadv", None), self._handle
        try:
            for first, last, offset in runs:
                # The usual case takes 2 us, half of it in the system.
                if preadv is None or preadv(handle, [target[first:last]], offset) < last - first:
                    self._read_in_pieces(target[first:last], offset)
        except OSError as error:
            raise DataError(
                f"Cannot read {shown(self.path)}: {reason(error)}. Check the disk, and open the "
                "data set again."
            ) from error

    def _read_in_pieces(self, target: memoryview, offset: int) -> None:
        """Fill a buffer from a place in the file, with several reads if they end early."""
        while target:
            count = self._read_some(target, offset)
            if not count:
                raise DataError(
                    f"{shown(self.path)} became shorter while it was read. Open the data set again."
                )
            target, offset = target[count:], offset + count

    def _read_some(self, target: memoryview, offset: int) -> int:
        """Read at most as much as fits in the buffer."""
        if hasattr(os, "preadv"):
            return os.preadv(self._handle, [target], offset)
        with self._lock:  # Windows
            os.lseek(self._handle, offset, os.SEEK_SET)
            found = os.read(self._handle, min(len(target), 1 << 24))
        target[: len(found)] = found
        return len(found)


def _close(handle: int) -> None:
    """Close a file."""
    with suppress(OSError):
        os.close(handle)


Images = Array | ImageFile
"""Images in memory or in a file."""


def part_of(images: Any, chosen: Any) -> Any:
    """Select images; those of a file are not read.

    Parameters
    ----------
    images
        An array or an :class:`ImageFile`.
    chosen
        A slice, indices, or a mask.

    Returns
    -------
    Array or ImageFile
        The same type.
    """
    return images.part(chosen) if isinstance(images, ImageFile) else images[chosen]


def as_shape(images: Any, shape: Shape) -> Any:
    """Add or remove axes of length 1."""
    return images.as_shape(shape) if isinstance(images, ImageFile) else images.reshape(shape)


def parts_of(images: Any) -> Iterator[Array]:
    """Iterate over all images as arrays of a few hundred, which are all that is in memory.

    The parts depend only on the number of images: sums over them are the same for an array and for
    the same images in a file.
    """
    count = len(images)
    pieces = -(-count // _TOGETHER)
    each, more = divmod(count, pieces) if pieces else (0, 0)
    start = 0
    for k in range(pieces):
        end = start + each + (k < more)
        yield images[start:end]
        start = end


def extremes_of(images: Any) -> tuple[float, float]:
    """Return the smallest and the largest value."""
    if isinstance(images, ImageFile):
        return images.extremes()
    return images.min(), images.max()


def joined(one: Any, other: Any) -> Any:
    """Join two parts of a data set."""
    if isinstance(one, ImageFile) and isinstance(other, ImageFile):
        return one.joined(other)
    return np.concatenate([one, other])
