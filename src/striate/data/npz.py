"""NumPy's ``.npz`` files, read without trust: no pickle, no more memory than the file fills."""

import contextlib
import io
import math
import os
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from striate.data.allocation import require_memory
from striate.data.dataset import Dataset, as_part, assemble
from striate.data.streams import unreadable
from striate.errors import DataError, StriateError
from striate.files import as_path, shown
from striate.shapes import Array

NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x", "y", "x_test", "y_test"),
    ("images", "labels", "test_images", "test_labels"),
)
"""Names of arrays: images, labels, and those of the test set, if there is one; any case."""

_INFLATION = 1032  # the best ratio of deflate: 258 bytes for 2 bits
_PLAIN = "biufU"  # kinds of values that are read: booleans, numbers, strings
_COPIES = 2  # of an array, while it is read: its bytes, and the array
# What zipfile and NumPy's parser of headers raise for files with random bytes.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def read_npz(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read all arrays of an ``.npz`` file.

    Parameters
    ----------
    path
        A file as ``numpy.savez`` or ``numpy.savez_compressed`` writes it.

    Returns
    -------
    dict
        The arrays by name, in lower case.

    Raises
    ------
    DataError
        If the file is damaged, claims more than it holds, or holds pickled objects.
    OutOfMemoryError
        If there is not enough memory for an array.

    Sources
    -------
    NumPy Enhancement Proposal 1.
    """
    path = as_path(path)
    with _opened(path) as archive:
        entries = _list_entries(archive, path)
        return {name: _read_entry(archive, entry, path) for name, entry in entries.items()}


def read_file(path: Path) -> Dataset:
    """Read images and labels from an ``.npz`` file.

    Parameters
    ----------
    path
        A file with arrays of one row of :data:`NAMES`; other arrays are ignored. Integers and words
        are labels, whose values are the classes; so are one-hot rows. Floats are targets. If
        there is an array ``classes``, integers are indices of its entries. If there is a number
        ``pixel_axes``, the images are signals (1), images (2) or volumes (3), with a channel axis
        or without. Without it, arrays of shape ``(n, length)`` are signals, unless the length is a
        square: these may be flattened images, and are an error.

    Returns
    -------
    Dataset
        Without a test set if the file has none.

    Raises
    ------
    DataError
        If the file is damaged or has no such arrays, or they cannot be used.
    """
    with _opened(path) as archive:
        entries = _list_entries(archive, path)
        names = next((row for row in NAMES if set(row[:2]) <= entries.keys()), None)
        if names is None:
            known = "; ".join(f"{row[0]} and {row[1]}" for row in NAMES)
            raise DataError(
                f"{shown(path)} has the arrays {', '.join(sorted(entries)) or '(none)'}; expected "
                f"images and labels under one of these pairs of names: {known}. Save them again "
                "with np.savez(path, x=x, y=y)."
            )
        pairs = [names[:2], names[2:]] if set(names[2:]) <= entries.keys() else [names[:2]]
        wanted = {
            "classes",
            "pixel_axes",
            *(name for pair in pairs for name in pair),
        } & entries.keys()
        arrays = {name: _read_entry(archive, entries[name], path) for name in sorted(wanted)}
    classes = tuple(np.ravel(arrays["classes"]).tolist()) if "classes" in arrays else ()
    pixel_axes = _pixel_axes(arrays["pixel_axes"], path) if "pixel_axes" in arrays else None
    notes: tuple[str, ...] = ()
    if pixel_axes is None and all(_must_be_signals(arrays[images]) for images, _ in pairs):
        pixel_axes = 1
        notes = ("The images have one axis each, so they are read as signals (pixel_axes=1).",)
    parts = [
        as_part(
            arrays[images],
            arrays[labels],
            images=f"{shown(path)}, array {images!r},",
            labels=f"{shown(path)}, array {labels!r},",
            pixel_axes=pixel_axes,
        )
        for images, labels in pairs
    ]
    if any(y.dtype.kind == "U" for _, y in parts):
        classes = ()  # the words themselves
    return assemble(*parts, classes=classes, name=shown(path.name), source=shown(path), notes=notes)


def _must_be_signals(values: Array) -> bool:
    """Whether rows of numbers can't be flattened square images: 600 samples, but not 784."""
    return values.ndim == 2 and math.isqrt(values.shape[1]) ** 2 != values.shape[1]


def _pixel_axes(value: Array, path: Path) -> int:
    """Check the number of pixel axes."""
    if value.size != 1 or value.dtype.kind not in "iu" or value.item() not in (1, 2, 3):
        given = repr(value.item()) if value.size == 1 else f"an array of shape {value.shape}"
        raise DataError(
            f"{shown(path)}, array 'pixel_axes', is {given}; expected 1 for signals, 2 for images "
            "or 3 for volumes. Save one of these numbers, or leave pixel_axes out."
        )
    return int(value.item())


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the archive; whatever a bad file raises becomes one kind of error."""
    try:
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2, and broken ones
            yield archive
    except StriateError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error
    except _BROKEN as error:
        raise DataError(
            f"{shown(path)} is damaged: {error or type(error).__name__}. Copy, download or save it "
            "again."
        ) from error


def _list_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Find the arrays by name, in lower case."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy").lower()
        if name in entries:
            raise DataError(
                f"{shown(path)} has two arrays called {name!r}, in upper and lower case. Save them "
                "under different names."
            )
        entries[name] = entry
    return entries


def _other_kind(where: str, dtype: np.dtype) -> str:
    """Make the error for an array of values that are not read."""
    if dtype.hasobject:
        return (
            f"{where} holds pickled objects; expected booleans, numbers or strings. Pickled "
            "objects can run code and are never loaded. Save an array of numbers or strings "
            "instead."
        )
    how = 'np.char.decode(values, "utf-8")' if dtype.kind == "S" else "values.astype(np.float32)"
    return (
        f"{where} holds values of type {dtype}; expected booleans, numbers or strings. Save "
        f"{how} instead."
    )


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Array:
    """Read one array, after comparing what it claims with what the file holds."""
    where = f"{shown(path)}, array {entry.filename.removesuffix('.npy')!r},"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(
            f"{where} has compression method {entry.compress_type}; expected 0 (stored) or 8 "
            "(deflated). Save it again with np.savez_compressed."
        )
    held = min(entry.compress_size, path.stat().st_size)
    if entry.file_size > held * _INFLATION:
        raise DataError(
            f"{where} claims {entry.file_size:,} bytes, but its {held:,} compressed bytes hold at "
            f"most {held * _INFLATION:,}. Copy, download or save the file again."
        )
    require_memory(_COPIES * entry.file_size, f"{where} needs", "Save fewer images in the file")
    content = archive.read(entry)
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, columns_first, dtype = read_header(stream)
    if dtype.kind not in _PLAIN:
        raise DataError(_other_kind(where, dtype))
    need, rest = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
    if need != rest or min(shape, default=0) < 0:
        raise DataError(
            f"{where} is damaged: its header claims the shape {shape} and the type {dtype}"
            + (
                f", {need:,} bytes, but {rest:,} bytes follow it. "
                if min(shape, default=0) >= 0
                else ". "
            )
            + "Copy, download or save the file again."
        )
    if not need:
        return np.empty(shape, dtype)
    values = np.frombuffer(content, dtype, offset=stream.tell())
    values = values.reshape(shape, order="F" if columns_first else "C")
    if dtype.kind == "U":
        values.tolist()  # raises ValueError if a code is not a character
    return values.astype(dtype.newbyteorder("="), order="C")
