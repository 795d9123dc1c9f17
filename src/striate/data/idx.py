"""IDX files, the format of MNIST: a magic number, the lengths of the axes, the values."""

import gzip
import math
import os
from pathlib import Path
from typing import IO

import numpy as np

from striate.data.allocation import require_memory
from striate.data.dataset import Dataset, as_part, assemble
from striate.data.streams import list_folder, open_binary, read_at_most
from striate.errors import DataError, OptionError
from striate.files import as_path, atomic_write, shown
from striate.shapes import Array

TYPES = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""Type codes of the format: the third byte of a file."""

_MOST_AXES = 8
_COPIES = 2  # of the values, while they are read: in the file's byte order and in the machine's
_INFLATION = 1032  # the best ratio of deflate: 258 bytes for 2 bits


def read_idx(path: str | os.PathLike[str]) -> Array:
    """Read one IDX file, gzip'd or not.

    Parameters
    ----------
    path
        The file; its content tells whether it is compressed.

    Returns
    -------
    Array
        The values, with the file's axes and type, in the machine's byte order.

    Raises
    ------
    DataError
        If the file is not an IDX file, or holds fewer or more bytes than its header says.
    OutOfMemoryError
        If there is not enough memory for its values.

    Sources
    -------
    LeCun, Cortes and Burges 1998.
    """
    path = as_path(path)
    with open_binary(path) as file:
        dtype, shape = _read_header(file, path)
        need = math.prod(shape) * dtype.itemsize
        if need > path.stat().st_size * _INFLATION:
            raise _wrong_length(path, shape, dtype, "more than a file of this size can hold")
        require_memory(_COPIES * need, f"{shown(path)} needs", "Save fewer images in the file")
        content = read_at_most(file, need, shown(path))
        if len(content) < need:
            raise _wrong_length(path, shape, dtype, f"but only {len(content):,} follow it")
        if file.read(1):
            raise _wrong_length(path, shape, dtype, "but more follow it")
    return np.frombuffer(content, dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)


def _read_header(file: IO[bytes], path: Path) -> tuple[np.dtype, tuple[int, ...]]:
    """Read type and lengths of the axes."""
    magic = file.read(4)
    if not is_idx(magic):
        start = f"begins with the bytes {magic.hex(' ')}" if magic else "is empty"
        raise DataError(
            f"{shown(path)} is not an IDX file: it {start}; expected 00 00, a type "
            f"({', '.join(f'{code:02x}' for code in TYPES)}) and the number of axes (1 to "
            f"{_MOST_AXES}). Check the path, or download the file again."
        )
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise DataError(
            f"{shown(path)} is truncated: it ends after {4 + len(lengths)} of the "
            f"{4 + 4 * magic[3]} bytes of its header. Copy or download it again."
        )
    return TYPES[magic[2]], tuple(np.frombuffer(lengths, ">u4").tolist())


def is_idx(start: bytes) -> bool:
    """Whether a file's first four bytes are those of an IDX file.

    Parameters
    ----------
    start
        The first bytes of a file, uncompressed.

    Returns
    -------
    bool
        Whether they are two zeros, a known type and a number of axes.

    Sources
    -------
    LeCun, Cortes and Burges 1998.

    Examples
    --------
    >>> is_idx(bytes([0, 0, 8, 3]))
    True
    """
    return (
        len(start) >= 4  # the magic number
        and start[:2] == b"\0\0"
        and start[2] in TYPES
        and 1 <= start[3] <= _MOST_AXES
    )


def _wrong_length(path: Path, shape: tuple[int, ...], dtype: np.dtype, problem: str) -> DataError:
    """Make the error for a file that is shorter or longer than its header claims."""
    return DataError(
        f"{shown(path)} is damaged: its header claims {' x '.join(map(str, shape))} values, "
        f"{math.prod(shape) * dtype.itemsize:,} bytes, {problem}. Copy or download it again."
    )


def write_idx(path: str | os.PathLike[str], values: Array) -> None:
    """Write one IDX file, compressed with gzip if its name ends in ``.gz``.

    Parameters
    ----------
    path
        Where the file is to appear. Compressed files hold neither a name nor a time, so that the
        same values give the same bytes.
    values
        One to eight axes of a type that the format has.

    Raises
    ------
    OptionError
        If the format has no code for the type or the number of axes.
    ModelFileError
        If the file cannot be written.

    Sources
    -------
    LeCun, Cortes and Burges 1998.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(Path(folder) / "labels.gz", np.array([7, 2, 1], np.uint8))
    ...     read_idx(Path(folder) / "labels.gz")
    array([7, 2, 1], dtype=uint8)
    """
    codes = {dtype.newbyteorder("="): code for code, dtype in TYPES.items()}
    if values.dtype not in codes or not 1 <= values.ndim <= _MOST_AXES:
        raise OptionError(
            f"Cannot write an array of shape {values.shape} and dtype {values.dtype} as IDX; "
            f"expected 1 to {_MOST_AXES} axes of {', '.join(map(str, codes))}. Convert it first."
        )
    code = codes[values.dtype]
    header = bytes([0, 0, code, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    content = header + values.astype(TYPES[code]).tobytes()
    with atomic_write(path) as file:
        if as_path(path).suffix == ".gz":
            with gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=0) as packed:
                packed.write(content)
        else:
            file.write(content)


def read_pair(images: Path, labels: Path) -> tuple[Array, Array]:
    """Read a file of images and the file of their labels.

    Parameters
    ----------
    images, labels
        The two files.

    Returns
    -------
    x, y
        Checked images and labels, see :func:`striate.data.dataset.as_part`.

    Raises
    ------
    DataError
        If one of them cannot be used, or their numbers differ.

    Sources
    -------
    LeCun, Cortes and Burges 1998.
    """
    return as_part(read_idx(images), read_idx(labels), images=shown(images), labels=shown(labels))


def read_file(path: Path) -> Dataset:
    """Read one file of images and the file of their labels, without a test set.

    Parameters
    ----------
    path
        The file of images or of labels, such as ``train-images-idx3-ubyte.gz``.

    Returns
    -------
    Dataset
        Without a test set.

    Raises
    ------
    DataError
        If the other file of the pair is missing, or one cannot be used.

    Sources
    -------
    LeCun, Cortes and Burges 1998.
    """
    for images, labels in find_pairs(path.parent):
        if path in (images, labels):
            return assemble(read_pair(images, labels), name=shown(path.name), source=shown(path))
    raise DataError(
        f"{shown(path)} has no matching file of images or labels in its folder; expected the same "
        "name with 'images' and 'labels' (and idx3 and idx1) exchanged, such as "
        "train-images-idx3-ubyte and train-labels-idx1-ubyte. Put that file next to it."
    )


def read_folder(folder: Path) -> Dataset:
    """Read a folder of IDX files: the training pair and, if there is one, the test pair.

    Parameters
    ----------
    folder
        A folder with one pair of images and labels, or with two: one whose name has ``train`` in it
        and one whose name has ``test`` or ``t10k``.

    Returns
    -------
    Dataset
        Without a test set if there is only one pair.

    Raises
    ------
    DataError
        If no pair is found, it is unclear which pair is which, or a file cannot be used.

    Sources
    -------
    LeCun, Cortes and Burges 1998.
    """
    train, test = _parts(folder, find_pairs(folder))
    return assemble(
        read_pair(*train),
        read_pair(*test) if test else None,
        name=shown(folder.name),
        source=shown(folder),
    )


def find_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Find the files of images in a folder that have a file of labels.

    Parameters
    ----------
    folder
        Where to look.

    Returns
    -------
    list of (images, labels)
        By name; if a file exists both plain and compressed, the plain one.
    """
    files = {path.name.removesuffix(".gz"): path for path in reversed(list_folder(folder))}
    return [
        (path, files[partner])
        for name, path in sorted(files.items())
        if "images" in name
        and (partner := name.replace("images", "labels").replace("idx3", "idx1")) in files
    ]


def _parts(
    folder: Path, pairs: list[tuple[Path, Path]]
) -> tuple[tuple[Path, Path], tuple[Path, Path] | None]:
    """Distinguish the training pair from the test pair."""
    test = [pair for pair in pairs if "test" in pair[0].name or "t10k" in pair[0].name]
    train = [pair for pair in pairs if pair not in test]
    if not train and len(test) == 1:
        train, test = test, train
    if len(train) != 1 or len(test) > 1:
        found = ", ".join(images.name for images, _ in pairs) or "none"
        raise DataError(
            f"{shown(folder)} has {len(train)} training and {len(test)} test pairs of IDX files "
            f"(images: {found}); expected one training pair and at most one test pair, with 'test' "
            "or 't10k' in its name. Pass the path of one file instead."
        )
    return train[0], test[0] if test else None
