"""CIFAR-10's binary files: records of a label and the red, green and blue values of the pixels."""

import hashlib
import os
import re
import tarfile
from pathlib import Path

import numpy as np

from striate.data.dataset import Dataset, assemble
from striate.data.streams import list_folder, open_binary, read_at_most
from striate.errors import DataError
from striate.files import as_path, shown
from striate.shapes import Array

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
ARCHIVE = "cifar-10-binary.tar.gz"
"""Name of the archive that its makers publish."""

_SIDE = 32
_CHANNELS = 3
_RECORD = 1 + _CHANNELS * _SIDE * _SIDE
_MOST_RECORDS = 1_000_000
_BINARY = re.compile(r".*\.bin(\.gz)?")


def read_cifar(path: str | os.PathLike[str]) -> tuple[Array, Array]:
    """Read one file of CIFAR-10's binary format, compressed with gzip or not.

    Parameters
    ----------
    path
        The file; its content tells whether it is compressed.

    Returns
    -------
    x, y
        uint8 images ``(n, 32, 32, 3)`` and int64 labels 0 to 9.

    Raises
    ------
    DataError
        If the file does not hold whole records with such labels.

    Sources
    -------
    Krizhevsky 2009.
    """
    path = as_path(path)
    with open_binary(path) as file:
        content = read_at_most(file, _MOST_RECORDS * _RECORD + 1, shown(path))
    return _parse(content, shown(path))


def _parse(content: bytes | bytearray, where: str) -> tuple[Array, Array]:
    """Split the content of one file into images and labels."""
    if len(content) > _MOST_RECORDS * _RECORD:
        raise DataError(
            f"{where} holds more than {_MOST_RECORDS:,} records of {_RECORD} bytes; files of "
            "CIFAR-10 hold 10,000. Split it into smaller files."
        )
    if not content or len(content) % _RECORD:
        raise DataError(
            f"{where} holds {len(content):,} bytes; expected a multiple of {_RECORD:,}, the size "
            f"of a label and {_CHANNELS} x {_SIDE} x {_SIDE} values. Copy or download it again."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    y = records[:, 0].astype(np.int64)
    wrong = np.flatnonzero(y >= len(CLASSES))
    if len(wrong):
        raise DataError(
            f"{where} has the label {y[wrong[0]]} in record {wrong[0]}; expected 0 to "
            f"{len(CLASSES) - 1}. Check that the file is from CIFAR-10, not CIFAR-100."
        )
    planes = records[:, 1:].reshape(-1, _CHANNELS, _SIDE, _SIDE)
    return np.ascontiguousarray(np.moveaxis(planes, 1, -1)), y


def is_cifar(path: Path) -> bool:
    """Whether a file is in CIFAR's binary format, by its name.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bool
        Whether the name ends in ``.bin`` or ``.bin.gz``.

    Examples
    --------
    >>> is_cifar(Path("data_batch_1.bin"))
    True
    """
    return _BINARY.fullmatch(path.name) is not None


def read_file(path: Path) -> Dataset:
    """Read one binary file, without a test set.

    Parameters
    ----------
    path
        The file, such as ``data_batch_1.bin``.

    Returns
    -------
    Dataset
        Without a test set.

    Raises
    ------
    DataError
        If the file cannot be used.

    Sources
    -------
    Krizhevsky 2009.
    """
    return assemble(read_cifar(path), classes=CLASSES, name=shown(path.name), source=shown(path))


def read_folder(folder: Path) -> Dataset:
    """Read a folder of binary files.

    Parameters
    ----------
    folder
        A folder of ``.bin`` or ``.bin.gz`` files, or one that holds the unpacked archive
        (``cifar-10-batches-bin``). Files with ``test`` in their name are the test set, the others,
        by name, the training set.

    Returns
    -------
    Dataset
        Without a test set if no file has ``test`` in its name.

    Raises
    ------
    DataError
        If no file is found, or one cannot be used.

    Sources
    -------
    Krizhevsky 2009.
    """
    files = find_files(folder)
    test = [path for path in files if "test" in path.name]
    train = [path for path in files if path not in test] or test
    if not train:
        raise DataError(
            f"{shown(folder)} has no CIFAR-10 files; their names end in .bin or .bin.gz. Unpack "
            "the archive there, or give the path of another folder."
        )
    return assemble(
        _join([read_cifar(path) for path in train]),
        _join([read_cifar(path) for path in test]) if test not in ([], train) else None,
        classes=CLASSES,
        name=shown(folder.name),
        source=shown(folder),
    )


def find_files(folder: Path) -> list[Path]:
    """Find the binary files of a folder, or of the unpacked archive in it.

    Parameters
    ----------
    folder
        Where to look.

    Returns
    -------
    list of Path
        By name; if a file exists both plain and compressed, the plain one.
    """
    inner = folder / "cifar-10-batches-bin"
    paths = list_folder(inner if inner.is_dir() else folder)
    files = {path.name.removesuffix(".gz"): path for path in reversed(paths) if is_cifar(path)}
    return [files[name] for name in sorted(files)]


def read_archive(path: Path, sha256: str) -> Dataset:
    """Read the published archive without unpacking it on disk.

    Parameters
    ----------
    path
        The ``.tar.gz`` file.
    sha256
        Its checksum. Archives may hold anything, so only the published one is opened.

    Returns
    -------
    Dataset
        50,000 training and 10,000 test images.

    Raises
    ------
    DataError
        If the file is not the published archive.

    Sources
    -------
    Krizhevsky 2009.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DataError(
            f"{shown(path)} has the SHA-256 checksum {found}; the published archive has {sha256}. "
            "Remove the file, so that it is downloaded again, or unpack it in its folder if you "
            "trust it."
        )
    train, test = [], []
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if is_cifar(Path(member.name)) and (file := archive.extractfile(member)):
                part = _parse(file.read(), f"{shown(path)}, {member.name}")
                (test if "test" in member.name else train).append(part)
    return assemble(_join(train), _join(test), classes=CLASSES, name="cifar10", source=shown(path))


def _join(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Concatenate the images and labels of several files."""
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)
