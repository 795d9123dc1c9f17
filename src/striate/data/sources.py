"""Opening a data set by its name, or by the path of files of any known format."""

import dataclasses
import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.data import (
    cifar,
    idx,
    mask_folder,
    npz,
    picture_folder,
    picture_table,
    shapes,
    signal_table,
)
from striate.data.catalog import DIGITS, DIGITS_NOTICE, KNOWN, Known
from striate.data.dataset import Dataset, LabelValue, check_classes
from striate.data.download import Progress, cache_folder, fetch, missing
from striate.data.image_file import ImageFile, Images
from striate.data.picture_store import Decoding
from striate.data.picture_table import Task
from striate.data.pictures import is_picture
from striate.data.resizing import convert
from striate.data.split import hold_out
from striate.data.streams import list_folder, open_binary, unreadable
from striate.errors import Argument, DataError, Message, OptionError, StriateError
from striate.files import as_path, named_folder, quoted, shown
from striate.functions.writing import short
from striate.shapes import Array

NAMES = ("digits", "shapes", *KNOWN)
"""Names of data sets."""

TABLES = (".csv", ".tsv")
"""Endings of tables."""


@dataclass(frozen=True, kw_only=True)
class _PictureOptions:
    """Options of :func:`open_dataset` for pictures in files."""

    size: int | tuple[int, int] | None
    channels: int | None
    resize: str
    images: Path | None
    targets: str | Sequence[str] | None
    task: Task | None
    skip_bad: bool
    in_memory: bool | None
    decoding: Decoding | None

    def __post_init__(self) -> None:
        if self.in_memory not in (None, True, False):
            raise OptionError(
                f"`in_memory` must be True, False or None, got {short(self.in_memory)}. With None, "
                "the available memory decides."
            )


def load(
    source: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
    test: float | None = None,
    images: str | os.PathLike[str] | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
    skip_bad: bool = False,
    seed: int = 0,
    in_memory: bool | None = None,
    download: bool = True,
    progress: Progress | None = None,
    decoding: Decoding | None = None,
) -> tuple[tuple[Images, Array], tuple[Images, Array]]:
    """Load a data set as arrays; :func:`open_dataset` also returns the classes and files.

    Parameters
    ----------
    source, folder, size, channels, resize, test, images, targets, task, skip_bad, seed, in_memory,
    download, progress, decoding
        As for :func:`open_dataset`.

    Returns
    -------
    (x, y), (x_test, y_test)
        Training and test set: images, uint8, uint16 or float32 ``(n, rows, columns, channels)``
        (an :class:`ImageFile` if they are not in memory), and for each image the index of its
        class, int64, or float32 targets.

    Raises
    ------
    DataError
        If the data is not found or cannot be used.
    OptionError
        If the value of an option is not valid.
    OutOfMemoryError
        If there is not enough memory for the data.

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
        images=images,
        targets=targets,
        task=task,
        skip_bad=skip_bad,
        seed=seed,
        in_memory=in_memory,
        download=download,
        progress=progress,
        decoding=decoding,
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
    images: str | os.PathLike[str] | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
    skip_bad: bool = False,
    seed: int = 0,
    in_memory: bool | None = None,
    download: bool = True,
    progress: Progress | None = None,
    decoding: Decoding | None = None,
) -> Dataset:
    """Open a data set, with its classes and its origin.

    Parameters
    ----------
    source
        A name: ``digits`` (6,000 images of MNIST, which come with striate), ``shapes`` (Hagan's
        squares and diamonds), ``mnist``, ``fashion-mnist``, ``cifar10``. Or the path of a folder
        of pictures with one subfolder for each class (perhaps in ``train`` and ``test``), of a
        folder with the subfolders ``images`` and ``masks``, of a CSV file with names of pictures
        and numbers or classes, of an ``.npz`` file, or of IDX files or CIFAR binary files or a
        folder of them, compressed with gzip or not. Names take precedence: write ``./digits`` for
        a folder of that name. ``~`` is your home folder.
    folder
        Folder with the files of ``mnist``, ``fashion-mnist`` or ``cifar10``. None looks for them
        in ``$STRIATE_DATA/<name>`` and in the user's cache folder, and otherwise downloads them to
        the latter.
    size
        Pixels: rows and columns, or one number for both. None keeps the size; if pictures have
        different sizes, it is the median of rows and of columns.
    channels
        1 for gray, 3 for color. None keeps the channels; pictures are read in color if one of them
        has colors.
    resize
        How images of a different size are resized: ``"fit"``, ``"crop"`` or ``"stretch"``, see
        :func:`striate.data.resizing.as_rule`.
    test
        Fraction of each class to hold out as test set, if the data has none of its own. None
        holds out a fifth; 0 holds out nothing and leaves the test set empty.
    images
        For a CSV file, the folder of the pictures that it names. None looks next to the file and in
        the folders there.
    targets
        For a CSV file, the column to predict, or a list of columns of numbers. None takes all.
    task
        For a CSV file, ``"classification"`` or ``"regression"``. None decides by the column: words
        are classes; so are integers from 0 or 1 upwards if there are at most 50 and each appears
        more than once.
    skip_bad
        Whether to leave out lines of a CSV file and pictures with masks that have a problem, with
        a note. Otherwise an error lists all problems.
    seed
        Seed of the choice of test images, or of ``shapes``.
    in_memory
        Whether the decoded pictures of a folder are kept in memory. False decodes them into a file
        in the user's cache folder, and the images of the data set are an :class:`ImageFile`, with
        which training reads the images of each step. None does that if they would take more than a
        quarter of the available memory.
    download
        Whether missing files may be downloaded.
    progress
        Called during a download with a file's name, the number of bytes received, and the total.
    decoding
        Called while the pictures of a folder are decoded, several times a second, with the number
        of pictures done and the number of all.

    Returns
    -------
    Dataset
        The data; its ``notes`` list what was done while reading.

    Raises
    ------
    DataError
        If the data is not found or cannot be used.
    OptionError
        If the value of an option is not valid.
    OutOfMemoryError
        If there is not enough memory for the data.

    Examples
    --------
    >>> open_dataset("shapes", size=21)
    Dataset('shapes': 2000 training and 400 test images of 21 x 21 x 1, 2 classes)
    """
    given = None if folder is None else as_path(folder)
    options = _PictureOptions(
        size=size,
        channels=channels,
        resize=resize,
        images=None if images is None else as_path(images),
        targets=targets,
        task=task,
        skip_bad=skip_bad,
        in_memory=in_memory,
        decoding=decoding,
    )
    try:
        if source in NAMES:
            _require_no_table_options(as_path(source), options)
            dataset = _open_name(
                str(source), given, size=size, seed=seed, download=download, progress=progress
            )
        else:
            dataset = _open_path(as_path(source), given, options)
        if in_memory is False:
            _require_image_file(dataset)
    except StriateError:
        raise
    except OSError as error:
        raise unreadable(as_path(source), error) from error
    dataset = _converted(dataset, options)
    check_classes(dataset.y, dataset.classes, where=dataset.source)
    return hold_out(dataset, share=test, seed=seed)


def _converted(dataset: Dataset, options: _PictureOptions) -> Dataset:
    """Convert images in memory to the size and channels that were asked for."""
    size, channels, resize = options.size, options.channels, options.resize
    if size is None and channels is None:
        return dataset
    x, x_test, x_validation = (
        part
        if isinstance(part, ImageFile)
        else convert(part, size=size, channels=channels, resize=resize)
        for part in (dataset.x, dataset.x_test, dataset.x_validation)
    )
    return dataclasses.replace(dataset, x=x, x_test=x_test, x_validation=x_validation)


def _require_image_file(dataset: Dataset) -> None:
    """Raise if images are in memory that were meant to stay in a file."""
    if not isinstance(dataset.x, ImageFile):
        raise OptionError(
            f"in_memory=False applies only to a folder of pictures, not to {dataset.name}, "
            "whose files are read as they are. Leave in_memory out."
        )


def _open_name(
    name: str,
    folder: Path | None,
    *,
    size: int | tuple[int, int] | None,
    seed: int,
    download: bool,
    progress: Progress | None,
) -> Dataset:
    """Open a named data set."""
    if name in KNOWN:
        known = KNOWN[name]
        found = folder or find_files(name, known)
        if found is None:
            found = cache_folder() / name
            if not download:
                raise missing(name, known, found, "downloading is disabled")
            fetch(name, known, found, progress=progress)
        return _label(_read_known(known, found), name, known.classes, known.notice)
    if folder is not None:
        raise OptionError(
            f"`folder` applies only to {', '.join(KNOWN)}, not to {name!r}, which needs no "
            f"files; got {quoted(folder)}. Leave folder out."
        )
    if name == "digits":
        digits = idx.read_folder(Path(__file__).parent / "digits")
        return _label(digits, name, DIGITS, DIGITS_NOTICE)
    return shapes.dataset(size=_side(size), seed=seed)


def _side(size: int | tuple[int, int] | None) -> int:
    """Return rows and columns of shapes, whose images are square."""
    if size is None:
        return shapes.SIZE
    if isinstance(size, tuple):
        if len(set(size)) != 1:
            raise OptionError(
                Message(
                    Argument("size"),
                    " must be one number for 'shapes', whose images are square, got ",
                    Argument("size", size),
                    ".",
                ),
                remedy=Message("Try ", Argument("size", shapes.SIZE), "."),
            )
        return size[0]
    return size


def find_files(name: str, known: Known) -> Path | None:
    """Find the folder with the files of a data set.

    Parameters
    ----------
    name
        Name of the folder in ``$STRIATE_DATA`` or in the user's cache folder.
    known
        The data set's files.

    Returns
    -------
    Path or None
        The first folder that has all of them; None if the data set is not on this machine.
    """
    named = named_folder("STRIATE_DATA")
    if named and _is_complete(known, named / name):
        return named / name
    cached = cache_folder() / name
    return cached if _is_complete(known, cached) else None


def _is_complete(known: Known, folder: Path) -> bool:
    """Whether a folder has all files of a data set, as published or unpacked."""
    if not folder.is_dir():
        return False
    names = {path.name for path in list_folder(folder)}
    if all({file.name, file.name.removesuffix(".gz")} & names for file in known.files):
        return True
    return known.files[0].name == cifar.ARCHIVE and bool(cifar.find_files(folder))


def _read_known(known: Known, folder: Path) -> Dataset:
    """Read the files of a published data set."""
    archive = folder / known.files[0].name
    if known.files[0].name != cifar.ARCHIVE:
        return idx.read_folder(folder)
    if archive.is_file() and not cifar.find_files(folder):
        return cifar.read_archive(archive, known.files[0].sha256)
    return cifar.read_folder(folder)


def _label(dataset: Dataset, name: str, classes: tuple[LabelValue, ...], notice: str) -> Dataset:
    """Name a data set, and replace the values of its labels by its classes."""
    if dataset.classes == classes:
        return dataclasses.replace(dataset, name=name, notice=notice)
    values = np.array(dataset.classes)
    if values.dtype.kind != "i" or not 0 <= values.min() <= values.max() < len(classes):
        labels = f"labels up to {values[-1]}" if values.size else "numbers as targets"
        raise DataError(
            f"{dataset.source} has {labels}, but {name} has {len(classes)} classes. To read other "
            "data, give their path instead of the name."
        )
    return dataclasses.replace(
        dataset,
        y=values[dataset.y],
        y_test=values[dataset.y_test],
        name=name,
        classes=classes,
        notice=notice,
    )


def _open_path(path: Path, folder: Path | None, options: _PictureOptions) -> Dataset:
    """Open the files at a path, of any known format."""
    if folder is not None:
        raise OptionError(
            f"`folder` applies only to {', '.join(KNOWN)}, not to the path {quoted(path)}; got "
            f"{quoted(folder)}. Pass the folder itself as source."
        )
    if path.is_file() and path.name.lower().removesuffix(".gz").endswith(TABLES):
        return _open_table(path, options)
    _require_no_table_options(path, options)
    if path.is_dir():
        return _open_folder(path, options)
    if path.exists():
        return _open_file(path)
    near = difflib.get_close_matches(path.name, NAMES, n=1) if path.parent == Path() else []
    near = near or _similar(path)
    raise DataError(
        f"Unknown data set {quoted(path)}: no file or folder has that name. "
        + (f"Did you mean {quoted(near[0])}? " if near else "Check the path. ")
        + f"The named data sets are {', '.join(NAMES)}."
    )


def _similar(path: Path) -> list[str]:
    """Find a file or folder with a similar name in the same folder."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return [str(path.parent / name) for name in near]


def _require_no_table_options(path: Path, options: _PictureOptions) -> None:
    """Raise if an option of CSV files is given for other data."""
    for name in ("images", "targets", "task"):
        if getattr(options, name) is not None:
            raise OptionError(
                Message(
                    Argument(name),
                    f" applies only to CSV files, not to {quoted(path)}.",
                ),
                remedy=Message("Leave ", Argument(name), " out."),
            )


def _open_table(path: Path, options: _PictureOptions) -> Dataset:
    """Open a CSV file of pictures or of signals."""
    dataset = picture_table.read_table(
        path,
        images=options.images,
        targets=options.targets,
        task=options.task,
        skip_bad=options.skip_bad,
        size=options.size,
        channels=options.channels,
        resize=options.resize,
    )
    if dataset is not None:
        return dataset
    if options.images is not None:
        raise DataError(
            Message(
                f"{shown(path)} has no column whose cells name pictures in ",
                Argument("images", str(options.images)),
                "; expected a line for each picture, such as a.jpg,3.5. Check the folder.",
            )
        )
    return signal_table.read_signals(
        path, targets=options.targets, task=options.task, skip_bad=options.skip_bad
    )


def _open_folder(folder: Path, options: _PictureOptions) -> Dataset:
    """Open a folder of IDX files, of CIFAR files, of images with masks, or of pictures."""
    if idx.find_pairs(folder):
        return idx.read_folder(folder)
    if cifar.find_files(folder):
        return cifar.read_folder(folder)
    if mask_folder.find_folders(folder):
        return mask_folder.read_folder(
            folder,
            skip_bad=options.skip_bad,
            size=options.size,
            channels=options.channels,
            resize=options.resize,
        )
    if any(path.is_dir() for path in list_folder(folder)):
        return picture_folder.read_folder(
            folder,
            size=options.size,
            channels=options.channels,
            resize=options.resize,
            skip_bad=options.skip_bad,
            in_memory=options.in_memory,
            decoding=options.decoding,
        )
    pictures = [path for path in list_folder(folder) if path.is_file() and is_picture(path)]
    if pictures:
        raise picture_folder.without_classes(folder, pictures)
    raise DataError(
        f"The folder {shown(folder)} contains no data; expected one "
        "subfolder of pictures for each class, the subfolders images and masks, IDX files (images "
        "and labels), or CIFAR files (.bin). Check the path."
    )


def _open_file(path: Path) -> Dataset:
    """Open a file, whose format its name or its first bytes tell."""
    with open_binary(path) as file:
        start = file.read(4)
    if path.suffix == ".npz" or start.startswith(b"PK"):
        return npz.read_file(path)
    if cifar.is_cifar(path):
        return cifar.read_file(path)
    if idx.is_idx(start) or "idx" in path.name:
        return idx.read_file(path)
    if path.suffix.lower() == ".npy":
        raise DataError(
            f"{shown(path)} holds a single array; expected images and labels in one .npz file. "
            "Save both with np.savez(path, x=x, y=y)."
        )
    raise DataError(
        f"{shown(path)} is not a data set; expected an .npz file, IDX files (images and labels), "
        "CIFAR files (.bin), a .csv file, or a folder of pictures."
    )
