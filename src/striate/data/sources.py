"""Opening a data set by a name that striate knows, or by the path of files of any known kind."""

import dataclasses
import difflib
import os
from pathlib import Path

from striate.data import cifar, idx, npz, picture_folder, shapes
from striate.data.catalog import DIGITS, DIGITS_NOTICE, KNOWN, Known
from striate.data.dataset import Dataset, check_classes
from striate.data.download import Progress, cache_folder, fetch, missing
from striate.data.resizing import convert
from striate.data.split import hold_out
from striate.data.streams import list_folder, open_binary
from striate.errors import DataError, OptionError, StriateError
from striate.files import named_folder
from striate.shapes import Array

NAMES = ("digits", "shapes", *KNOWN)
"""The data sets that have names."""


def load(
    source: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
    test: float | None = None,
    seed: int = 0,
    download: bool = True,
    progress: Progress | None = None,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Load a data set as arrays.

    Parameters
    ----------
    source, folder, size, channels, resize, test, seed, download, progress
        As for :func:`open_dataset`, which also gives the names of the classes and where the data
        come from.

    Returns
    -------
    (x, y), (x_test, y_test)
        Images, uint8 or float32 ``(n, rows, columns, channels)``, and their labels, int64 from 0,
        or float32 targets: to train and to test with.

    Raises
    ------
    DataError
        If the data are not found or cannot be used.
    OptionError
        If an option has a value that cannot be.

    Examples
    --------
    >>> (x, y), (x_test, y_test) = load("digits")
    >>> x.shape, y[:5].tolist(), x_test.shape
    ((5000, 28, 28, 1), [5, 0, 4, 1, 9], (1000, 28, 28, 1))
    """
    dataset = open_dataset(
        source,
        folder=folder,
        size=size,
        channels=channels,
        resize=resize,
        test=test,
        seed=seed,
        download=download,
        progress=progress,
    )
    return (dataset.x, dataset.y), (dataset.x_test, dataset.y_test)


def open_dataset(
    source: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
    test: float | None = None,
    seed: int = 0,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Open a data set, with the names of its classes and where it comes from.

    Parameters
    ----------
    source
        A name: ``digits`` (6,000 images of MNIST, which come with striate), ``shapes`` (Hagan's
        squares and diamonds, drawn as they are asked for), ``mnist``, ``fashion-mnist``,
        ``cifar10``. Or the path of a folder of pictures with one subfolder for each class (these
        perhaps in ``train`` and ``test``), of an ``.npz`` file, of IDX files or CIFAR binary
        files or a folder of them, gzip'd or not. A name goes before a path: write ``./digits``
        for a folder of that name.
    folder
        Where the files of ``mnist``, ``fashion-mnist`` or ``cifar10`` are. None looks for them in
        ``$STRIATE_DATA/<name>``, then in the user's folder for caches, and then downloads them to
        there.
    size
        Pixels: rows and columns, or one number for both. None keeps the size; where pictures have
        several, it is the median of rows and of columns.
    channels
        1 for gray, 3 for color. None keeps what there is; pictures become color if one of them
        is.
    resize
        How images of another size are brought to the size: ``"fit"``, ``"crop"`` or
        ``"stretch"``, see :func:`striate.data.resizing.as_rule`.
    test
        Data with a test part keep it. Of others, a share of each class is held out: a fifth for
        None, else this share; 0 holds nothing out and leaves the test part empty.
    seed
        What decides which images are held out, or what ``shapes`` draws.
    download
        Whether missing files may be downloaded.
    progress
        Called during a download with a file's name, the bytes that have come, and the bytes in all.

    Returns
    -------
    Dataset
        What was read; ``notes`` say what was done to it.

    Raises
    ------
    DataError
        If the data are not found or cannot be used.
    OptionError
        If an option has a value that cannot be.

    Examples
    --------
    >>> open_dataset("shapes", size=21)
    Dataset('shapes': 2000 training and 400 test images of 21 x 21 x 1, 2 classes)
    """
    given = None if folder is None else Path(folder)
    try:
        if source in NAMES:
            dataset = _open_name(
                str(source), given, size=size, seed=seed, download=download, progress=progress
            )
        else:
            dataset = _open_path(Path(source), given, size=size, channels=channels, resize=resize)
    except StriateError:
        raise
    except OSError as error:
        raise DataError(
            f"{source} could not be read: {error.strerror or error}. "
            "Data are read from files that exist and that you may read. "
            "Check the path and its permissions."
        ) from error
    if size is not None or channels is not None:
        x, x_test = (
            convert(part, size=size, channels=channels, resize=resize)
            for part in (dataset.x, dataset.x_test)
        )
        dataset = dataclasses.replace(dataset, x=x, x_test=x_test)
    check_classes(dataset.y, dataset.classes, where=dataset.source)
    return hold_out(dataset, share=test, seed=seed)


def _open_name(
    name: str,
    folder: Path | None,
    *,
    size: int | tuple[int, int] | None,
    seed: int,
    download: bool,
    progress: Progress | None,
) -> Dataset:
    """Open a data set by its name."""
    if name in KNOWN:
        known = KNOWN[name]
        found = folder or find_files(name, known)
        if found is None:
            found = cache_folder() / name
            if not download:
                raise missing(name, known, found, "downloading is switched off")
            fetch(name, known, found, progress=progress)
        return _label(_read_known(known, found), name, known.classes, known.notice)
    if folder is not None:
        raise OptionError(
            f"folder={str(folder)!r} cannot be used for {name!r}, which needs no files. "
            f"A folder is given for the names {', '.join(KNOWN)}. Leave folder out."
        )
    if name == "digits":
        digits = idx.read_folder(Path(__file__).parent / "digits")
        return _label(digits, name, DIGITS, DIGITS_NOTICE)
    return shapes.dataset(size=_side(size), seed=seed)


def _side(size: int | tuple[int, int] | None) -> int:
    """Find how large shapes are drawn; their images are square."""
    if size is None:
        return shapes.SIZE
    if isinstance(size, tuple):
        if len(set(size)) != 1:
            raise OptionError(
                f"size={size} cannot be used for 'shapes'. Shapes are drawn on as many rows as "
                f"columns. Use one number, such as size={shapes.SIZE}."
            )
        return size[0]
    return size


def find_files(name: str, known: Known) -> Path | None:
    """Find the folder with the files of a data set, if it is on this machine.

    Parameters
    ----------
    name
        What the folder is called, in ``$STRIATE_DATA`` or in the user's folder for caches.
    known
        The data set's files.

    Returns
    -------
    Path or None
        The first folder that has all of them.
    """
    named = named_folder("STRIATE_DATA")
    if named and _is_whole(known, named / name):
        return named / name
    cached = cache_folder() / name
    return cached if _is_whole(known, cached) else None


def _is_whole(known: Known, folder: Path) -> bool:
    """Tell whether a folder has the files of a data set, as published or unpacked."""
    if not folder.is_dir():
        return False
    names = {path.name for path in list_folder(folder)}
    if all({file.name, file.name.removesuffix(".gz")} & names for file in known.files):
        return True
    return known.files[0].name == cifar.ARCHIVE and bool(cifar.find_files(folder))


def _read_known(known: Known, folder: Path) -> Dataset:
    """Read the files of a data set with a name."""
    archive = folder / known.files[0].name
    if known.files[0].name != cifar.ARCHIVE:
        return idx.read_folder(folder)
    if archive.is_file() and not cifar.find_files(folder):
        return cifar.read_archive(archive, known.files[0].sha256)
    return cifar.read_folder(folder)


def _label(dataset: Dataset, name: str, classes: tuple[str, ...], notice: str) -> Dataset:
    """Give a data set its name and the names of its classes."""
    if len(dataset.classes) > len(classes):
        raise DataError(
            f"{dataset.source} has labels up to {len(dataset.classes) - 1}, but {name} has "
            f"{len(classes)} classes. A name stands for one data set. Give the path in place of "
            "the name."
        )
    return dataclasses.replace(dataset, name=name, classes=classes, notice=notice)


def _open_path(
    path: Path,
    folder: Path | None,
    *,
    size: int | tuple[int, int] | None,
    channels: int | None,
    resize: str,
) -> Dataset:
    """Open a data set by its path, of whatever kind the files there are."""
    if folder is not None:
        raise OptionError(
            f"folder={str(folder)!r} cannot be used for {str(path)!r}. A folder is given for the "
            f"names {', '.join(KNOWN)}. Give its path in place of the name."
        )
    if path.is_dir():
        return _open_folder(path, size=size, channels=channels, resize=resize)
    if path.exists():
        return _open_file(path)
    near = difflib.get_close_matches(path.name, NAMES, n=1)
    raise DataError(
        f"{str(path)!r} is no data set: there is no file or folder of that name. "
        f"Data are given by a path or by one of the names {', '.join(NAMES)}. "
        + (f"Did you mean {near[0]!r}?" if near else "Check the path.")
    )


def _open_folder(
    folder: Path, *, size: int | tuple[int, int] | None, channels: int | None, resize: str
) -> Dataset:
    """Open a folder of IDX files, of CIFAR files or of pictures."""
    if idx.find_pairs(folder):
        return idx.read_folder(folder)
    if cifar.find_files(folder):
        return cifar.read_folder(folder)
    if any(path.is_dir() for path in list_folder(folder)):
        return picture_folder.read_folder(folder, size=size, channels=channels, resize=resize)
    raise DataError(
        f"The folder {folder} has no data in it. A folder of data has one subfolder of pictures "
        "for each class, or IDX files (images and labels), or CIFAR files (.bin). Check the path."
    )


def _open_file(path: Path) -> Dataset:
    """Open a file by its first bytes, or by its name where these say nothing."""
    with open_binary(path) as file:
        start = file.read(4)
    if path.suffix == ".npz" or start.startswith(b"PK"):
        return npz.read_file(path)
    if cifar.is_cifar(path):
        return cifar.read_file(path)
    if idx.is_idx(start) or "idx" in path.name:
        return idx.read_file(path)
    raise DataError(
        f"{path} is a file of a kind that cannot be read as a data set. "
        "These can: .npz, IDX files (images with their labels beside them), CIFAR files (.bin), "
        "and folders of pictures. Give one of these."
    )
