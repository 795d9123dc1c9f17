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

from striate.data.dataset import Dataset, as_part, assemble
from striate.errors import DataError, StriateError
from striate.shapes import Array

NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x", "y", "x_test", "y_test"),
    ("images", "labels", "test_images", "test_labels"),
)
"""Names of arrays: images, labels, and those of a test part, if any. Case is ignored."""

_INFLATION = 1032  # what deflate reaches at best: 258 bytes for 2 bits
_PLAIN = "biufU"  # kinds of values that are read: truth values, numbers, texts
# What zipfile and NumPy's parser of headers raise for files with bytes changed at random.
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
        The arrays by their names, in lower case.

    Raises
    ------
    DataError
        If the file is damaged, claims more than it holds, or holds pickled objects.

    Sources
    -------
    NumPy Enhancement Proposal 1.
    """
    path = Path(path)
    with _opened(path) as archive:
        entries = _list_entries(archive, path)
        return {name: _read_entry(archive, entry, path) for name, entry in entries.items()}


def read_file(path: Path) -> Dataset:
    """Read images and labels from an ``.npz`` file.

    Parameters
    ----------
    path
        A file with arrays of one row of :data:`NAMES`; other arrays are passed over. Labels may
        be whole numbers from 0, floats (targets), or texts, which name the classes; an array
        ``classes`` names those of numbers.

    Returns
    -------
    Dataset
        Without a test part where the file has none.

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
                f"{path} has the arrays {', '.join(sorted(entries)) or '(none)'}. "
                f"Images and labels are looked for under these names: {known}. "
                "Save them under one of these pairs with numpy.savez."
            )
        pairs = [names[:2], names[2:]] if set(names[2:]) <= entries.keys() else [names[:2]]
        wanted = {"classes", *(name for pair in pairs for name in pair)} & entries.keys()
        arrays = {name: _read_entry(archive, entries[name], path) for name in sorted(wanted)}
    labels, classes = _number_texts([arrays[name] for _, name in pairs])
    classes = classes or tuple(map(str, np.ravel(arrays.get("classes", ())).tolist()))
    parts = [
        as_part(
            arrays[images],
            targets,
            images=f"{path}, array {images!r},",
            labels=f"array {name!r}",
        )
        for (images, name), targets in zip(pairs, labels, strict=True)
    ]
    return assemble(*parts, classes=classes, name=path.name, source=str(path))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the archive; whatever is met in a bad file becomes one kind of error."""
    try:
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote, and broken ones
            yield archive
    except StriateError:
        raise
    except OSError as error:
        raise DataError(
            f"{path} could not be read: {error.strerror or error}. "
            "Data are read from files that exist and that you may read. "
            "Check the path and its permissions."
        ) from error
    except _BROKEN as error:
        raise DataError(
            f"{path} is damaged: {error or type(error).__name__}. "
            "An .npz file is a zip archive of .npy files, each with a header and a checksum. "
            "Copy, download or save the file again."
        ) from error


def _list_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Find the arrays by their names in lower case."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy").lower()
        if name in entries:
            raise DataError(
                f"{path} has two arrays called {name!r}. Case is ignored in names. "
                "Save the file again with different names."
            )
        entries[name] = entry
    return entries


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Array:
    """Read one array after comparing what it claims with what the file holds."""
    where = f"{path}, array {entry.filename.removesuffix('.npy')!r},"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(
            f"{where} is compressed by method {entry.compress_type}. "
            "Arrays are stored (0) or deflated (8). "
            "Save the file again with numpy.savez_compressed."
        )
    held = min(entry.compress_size, path.stat().st_size)
    if entry.file_size > held * _INFLATION:
        raise DataError(
            f"{where} claims {entry.file_size} bytes, but is stored in {held}. "
            f"Deflated data grow by {_INFLATION} at most. Copy, download or save the file again."
        )
    content = archive.read(entry)
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, columns_first, dtype = read_header(stream)
    if dtype.kind not in _PLAIN:
        what = "pickled objects" if dtype.hasobject else f"values of type {dtype}"
        raise DataError(
            f"{where} holds {what}. "
            "striate reads truth values, numbers and texts, and never runs what a data file says. "
            "Save it again as an array of numbers."
        )
    need, rest = math.prod(shape) * dtype.itemsize, len(content) - stream.tell()
    if need != rest or min(shape, default=0) < 0:
        raise DataError(
            f"{where} holds {rest} bytes of data, but its header asks for {need} "
            f"({' x '.join(map(str, (*shape, dtype.itemsize)))}). "
            "An array holds exactly the values that its header counts. "
            "Copy, download or save the file again."
        )
    if not need:
        return np.empty(shape, dtype)
    values = np.frombuffer(content, dtype, offset=stream.tell())
    values = values.reshape(shape, order="F" if columns_first else "C")
    if dtype.kind == "U":
        values.tolist()  # raises ValueError where a code is no character
    return values.astype(dtype.newbyteorder("="), order="C")


def _number_texts(labels: list[Array]) -> tuple[list[Array], tuple[str, ...]]:
    """Replace labels that are texts by numbers in alphabetical order; the texts are the classes."""
    if any(part.dtype.kind != "U" for part in labels):
        return labels, ()
    classes = np.unique(np.concatenate([part.ravel() for part in labels]))
    return [np.searchsorted(classes, part) for part in labels], tuple(classes.tolist())
