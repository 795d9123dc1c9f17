"""A folder of pictures with one subfolder for each class."""

from pathlib import Path

import numpy as np

from striate.data.dataset import Dataset, assemble
from striate.data.pictures import decode, is_picture, survey
from striate.data.streams import list_folder
from striate.errors import DataError
from striate.shapes import Array


def read_folder(
    folder: Path,
    *,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
) -> Dataset:
    """Read a folder of pictures.

    Parameters
    ----------
    folder
        One subfolder for each class, named as the class, with the pictures in it, at any depth;
        or a subfolder ``train`` of that form, and beside it perhaps a subfolder ``test``. Hidden
        files and files whose names are not those of pictures are passed over.
    size, channels, resize
        As for :func:`striate.data.pictures.read_pictures`; chosen for both parts together.

    Returns
    -------
    Dataset
        Classes in the order of their names, or of their numbers where all names are numbers;
        images in the order of class and path. Without a test part where there is no subfolder
        ``test``.

    Raises
    ------
    DataError
        If there is no class or one class only, a class has no pictures, the test part has a class
        that the training part has not, or a picture cannot be read.
    OptionError
        If the size, the channels or the rule cannot be.
    """
    divided = (folder / "train").is_dir()
    train = _list_classes(folder / "train" if divided else folder)
    test = _list_classes(folder / "test") if divided and (folder / "test").is_dir() else {}
    _check_classes(folder, train, test)
    classes = sorted(train, key=int) if all(map(str.isdecimal, train)) else sorted(train)
    train_files = [path for name in classes for path in train[name]]
    test_files = [path for name in classes for path in test.get(name, ())]
    layout = survey([*train_files, *test_files], size=size, channels=channels)
    notes = []
    if layout.changed:
        notes.append(
            f"{layout.changed} of {len(train_files) + len(test_files)} pictures had another size "
            f"and were brought to {layout.rows} x {layout.columns} pixels ({resize})."
        )
    return assemble(
        (decode(train_files, layout, resize=resize), _labels(classes, train)),
        (decode(test_files, layout, resize=resize), _labels(classes, test)) if test else None,
        name=folder.name,
        source=str(folder),
        classes=tuple(classes),
        notes=tuple(notes),
    )


def _list_classes(folder: Path) -> dict[str, list[Path]]:
    """Find the pictures of each class."""
    return {entry.name: _list_pictures(entry) for entry in list_folder(folder) if entry.is_dir()}


def _list_pictures(folder: Path) -> list[Path]:
    """Find the pictures in a folder and the folders in it; links to folders are not followed."""
    entries = list_folder(folder)
    found = [path for path in entries if path.is_file() and is_picture(path)]
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            found += _list_pictures(entry)
    return found


def _labels(classes: list[str], files: dict[str, list[Path]]) -> Array:
    """Give each picture the number of its class."""
    counts = [len(files.get(name, ())) for name in classes]
    return np.repeat(np.arange(len(classes), dtype=np.int64), counts)


def _check_classes(folder: Path, train: dict[str, list[Path]], test: dict[str, list[Path]]) -> None:
    """Check that there are classes, each with pictures, and the same ones to test with."""
    if len(train) <= 1:
        raise DataError(
            f"{folder} has {len(train)} {'folder' if len(train) == 1 else 'folders'} of "
            f"pictures{''.join(f' ({name})' for name in train)}. A folder of pictures holds one "
            "subfolder for each class, and there are at least two classes. Sort the pictures into "
            "such folders."
        )
    for part, classes in (("", train), ("test ", test)):
        empty = [name for name, files in classes.items() if not files]
        if empty:
            raise DataError(
                f"{folder} has no pictures in the {part}class folder {empty[0]!r}. "
                "Each class has at least one file with the name of a picture, such as 1.png. "
                "Add pictures, or remove the folder."
            )
    unknown = sorted(test.keys() - train.keys())
    if unknown:
        raise DataError(
            f"{folder} has the class {unknown[0]!r} to test with, but not to train with. "
            f"The classes are the folders in train: {', '.join(sorted(train))}. "
            "Rename the folder, or remove it."
        )
