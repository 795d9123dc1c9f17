"""A folder of pictures with one subfolder for each class, perhaps in ``train`` and ``test``.

::

    photos/cat/1.png          photos/dog/7.png         classes
    photos/Train/cat/1.png    photos/Test/cat/7.png    parts, each with classes
    photos/photos/cat/1.png   photos/photos/dog/7.png  either of them in one more folder

A subfolder is a part if it has the name of one, in any case, and it holds folders rather than
pictures: a class may be called ``train`` too. Archives often unpack to a folder in which there is
only one other folder. Nothing is left out silently: the data set's notes list what was not read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from striate.data.dataset import Dataset
from striate.data.parts import PARTS
from striate.data.picture_errors import CAMERA_ENDINGS
from striate.data.picture_parts import divide
from striate.data.picture_reading import read_all
from striate.data.picture_store import Decoding
from striate.data.pictures import is_picture, plug_in_for
from striate.data.streams import list_folder
from striate.errors import DataError
from striate.files import quoted, shown
from striate.shapes import Array

_MOST_ENDINGS = 5
_MOST_WORDS = 20
_WORD = re.compile(r"[^\W\d_]+(?=[\d_. -])")  # at the beginning of cat.17.jpg, dog_3.png, car5.jpg


@dataclass
class _Found:
    """Pictures of one folder tree, and the names of the other files in it."""

    pictures: list[Path] = field(default_factory=list[Path])
    others: list[Path] = field(default_factory=list[Path])


def read_folder(
    folder: Path,
    *,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
    skip_bad: bool = False,
    in_memory: bool | None = None,
    decoding: Decoding | None = None,
) -> Dataset:
    """Read a folder of pictures.

    Parameters
    ----------
    folder
        One subfolder for each class, with its pictures at any depth; the class has the name of the
        subfolder. Or a subfolder ``train`` (``training``) of that form, and next to it perhaps
        ``test`` (``testing``) and ``val`` (``valid``, ``validation``); upper and lower case are
        the same. Without a ``test``, the validation set is the test set. Hidden files are ignored.
    size, channels, resize
        As for :func:`striate.data.pictures.read_pictures`; the same for all parts.
    skip_bad
        Whether to leave out pictures that cannot be read, with a note.
    in_memory
        Whether the decoded pictures are kept in memory, or in a file of
        :class:`striate.data.picture_store.PictureStore`. None keeps them in memory if they take at
        most a quarter of what is available.
    decoding
        Called while pictures are decoded, several times a second, with the number of pictures done
        and the number of all.

    Returns
    -------
    Dataset
        Classes in the order of their names, or of their numbers if all names are numbers; images
        in the order of class and path. The notes list what was not read.

    Raises
    ------
    DataError
        If there are fewer than two classes, a class has no pictures, the test set has a class
        that the training set does not have, there is a test set but no training set, or pictures
        cannot be read: all of them are listed.
    OptionError
        If the size, the channels or the rule is not valid.
    OutOfMemoryError
        If there is not enough memory for the pictures.
    """
    folders, notes = _parts(_unwrapped(folder))
    parts = {part: _classes_in(path) for part, path in folders.items()}
    _check_classes(folder, {part: found for part, (found, _) in parts.items()})
    train = parts["train"][0]
    classes = sorted(train, key=int) if all(map(str.isdecimal, train)) else sorted(train)
    files = [
        path
        for found, _ in parts.values()
        for name in classes
        if name in found
        for path in found[name].pictures
    ]
    part_of_file = np.repeat(
        np.arange(len(parts)),
        [sum(len(one.pictures) for one in found.values()) for found, _ in parts.values()],
    )
    labels = np.concatenate([_labels(classes, found) for found, _ in parts.values()])
    skipped = [path for _, others in parts.values() for path in others]
    skipped += [
        path for found, _ in parts.values() for one in found.values() for path in one.others
    ]
    notes += _notes_on_skipped(skipped)
    read = read_all(
        files,
        root=folder,
        size=size,
        channels=channels,
        resize=resize,
        skip_bad=skip_bad,
        in_memory=in_memory,
        decoding=decoding,
    )
    names = list(parts)
    dataset = divide(
        read,
        labels[read.kept],
        [names[k] for k in part_of_file[read.kept]],
        name=shown(folder.name),
        source=folder,
        root=folder,
        classes=tuple(map(shown, classes)),
        notes=notes,
    )
    missing = sorted(set(range(len(classes))) - set(dataset.y.tolist()))
    if missing:
        raise DataError(
            f"None of the training pictures of {quoted(classes[missing[0]])} in {shown(folder)} "
            "can be read; expected at least one. Copy or convert them again, or remove the class."
        )
    return dataset


def _unwrapped(folder: Path) -> Path:
    """Enter folders that only hold one other folder, as archives unpack to."""
    while True:
        entries = list_folder(folder)
        inner = [entry for entry in entries if entry.is_dir()]
        if len(inner) != 1 or _loose_in(folder) or not _folders_in(inner[0]):
            return folder
        if inner[0].name.lower() in PARTS and not _holds_parts(inner[0]):
            return folder
        if _loose_in(inner[0]):
            return folder
        folder = inner[0]


def _holds_parts(folder: Path) -> bool:
    """Whether a folder has the subfolder of a training set."""
    return any(PARTS.get(entry.name.lower()) == "train" for entry in _folders_in(folder))


def _parts(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Find the folders of the parts, with one for training, and note what is left out."""
    parts: dict[str, list[Path]] = {"train": [], "test": [], "validation": []}
    others: list[Path] = []
    for entry in _folders_in(folder):
        part = PARTS.get(entry.name.lower())
        (others if part is None or not _folders_in(entry) else parts[part]).append(entry)
    found = [entry for entries in parts.values() for entry in entries]
    if _folders_in(folder) and not found:
        _require_classes(folder)
    classes = any(pictures_in(entry) for entry in others)
    if len(found) == 1 and (_loose_in(found[0]) or (classes and len(_folders_in(found[0])) < 2)):
        return {"train": folder}, []  # a class that is called train, perhaps with a folder in it
    for part, entries in parts.items():
        if len(entries) > 1:
            raise DataError(
                f"{shown(folder)} has {len(entries)} {part} folders "
                f"({_names(entries)}); expected one. Put their pictures into one of them."
            )
    folders = {part: entries[0] for part, entries in parts.items() if entries}
    if "train" not in folders:
        if found and not classes:
            raise DataError(
                f"{shown(folder)} has the subfolders {_names(found)}, but no train. Rename the "
                "folder that holds the training pictures to train, or give its path."
            )
        return {"train": folder}, []
    notes: list[str] = []
    if "validation" in folders and "test" not in folders:
        folders["test"] = folders.pop("validation")
        notes.append(
            f"Without a test folder, {shown(folders['test'].name)} "
            f"({_pictures(len(pictures_in(folders['test'])))}) is the test set."
        )
    return folders, [*notes, *_notes_on_others(folder, others)]


def _require_classes(folder: Path) -> None:
    """Raise if the only folders are those of parts, and they hold pictures without classes."""
    entries = _folders_in(folder)
    named = {PARTS.get(entry.name.lower()): entry for entry in entries}
    if None not in named and "train" in named and _loose_in(named["train"]):
        raise without_classes(named["train"], _loose_in(named["train"]))


def without_classes(folder: Path, pictures: Sequence[Path]) -> DataError:
    """Make the error for a folder of pictures without class folders.

    Parameters
    ----------
    folder
        The folder.
    pictures
        The pictures in it.

    Returns
    -------
    DataError
        To be raised. If the names of the pictures begin with a few words, these may be classes.
    """
    words = Counter(match[0] for path in pictures if (match := _WORD.match(path.name)))
    hint = ""
    if 1 < len(words) <= _MOST_WORDS and words.total() == len(pictures) and min(words.values()) > 1:
        listed = " and ".join(f"{word} ({count:,})" for word, count in sorted(words.items()))
        hint = f" Their names begin with {listed}: if these are classes, make a folder for each."
    return DataError(
        f"{shown(folder)} has {_pictures(len(pictures))} without class folders; expected one "
        f"subfolder for each class, such as {shown(folder / 'cat' / '1.jpg')}.{hint} Or write a "
        "CSV file with a line for each picture, such as 1.jpg,cat, and give its path instead."
    )


def _notes_on_others(folder: Path, others: Iterable[Path]) -> list[str]:
    """Note the pictures next to the folders of the parts, which are left out."""
    notes = [
        f"{shown(entry.name)} ({_pictures(count)}) was left out: only train, test and validation "
        "are read. To train on these pictures too, move them into train."
        for entry in others
        if (count := len(pictures_in(entry)))
    ]
    return [*notes, *_notes_on_loose(_loose_in(folder))]


def _loose_in(folder: Path) -> list[Path]:
    """List the pictures in a folder itself."""
    return [path for path in list_folder(folder) if path.is_file() and is_picture(path)]


def _folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder."""
    return [entry for entry in list_folder(folder) if entry.is_dir()]


def _classes_in(folder: Path) -> tuple[dict[str, _Found], list[Path]]:
    """Find the pictures of each class, and the files next to the class folders."""
    classes = {entry.name: _search(entry) for entry in _folders_in(folder)}
    return classes, [path for path in list_folder(folder) if path.is_file()]


def _search(folder: Path) -> _Found:
    """Find the files in a folder and the folders in it; links to folders are not followed."""
    found = _Found()
    entries = list_folder(folder)
    for path in entries:
        if path.is_file() or _is_broken(path):
            (found.pictures if is_picture(path) else found.others).append(path)
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            inner = _search(entry)
            found.pictures += inner.pictures
            found.others += inner.others
    return found


def _is_broken(path: Path) -> bool:
    """Whether a path is a link to something that doesn't exist."""
    return path.is_symlink() and not path.exists()


def pictures_in(folder: Path) -> list[Path]:
    """Find the pictures in a folder tree.

    Parameters
    ----------
    folder
        Where to look; hidden files, and links to folders in it, are ignored.

    Returns
    -------
    list of Path
    """
    return _search(folder).pictures


def notes_on_unread(folders: Iterable[Path]) -> list[str]:
    """Note which files in folder trees are pictures of a format that needs a plug-in or an export.

    Parameters
    ----------
    folders
        The folders, as for :func:`pictures_in`, which leaves these files out.

    Returns
    -------
    list of str
        At most one note.
    """
    unread = [
        path
        for folder in folders
        for path in _search(folder).others
        if _plug_in([path]) or path.suffix.lower() in CAMERA_ENDINGS
    ]
    if not unread:
        return []
    were = "were" if len(unread) > 1 else "was"
    return [f"{_pictures(len(unread))} {were} skipped: {_endings(unread)}.{_how_to_read(unread)}"]


def _labels(classes: Sequence[str], files: Mapping[str, _Found]) -> Array:
    """Return for each picture the index of its class."""
    counts = [len(files[name].pictures) if name in files else 0 for name in classes]
    return np.repeat(np.arange(len(classes), dtype=np.int64), counts)


def _check_classes(folder: Path, parts: Mapping[str, Mapping[str, _Found]]) -> None:
    """Check that there are classes, each with pictures, and the same ones in all parts."""
    train = parts["train"]
    if len(train) <= 1:
        names = f" ({shown(next(iter(train)))})" if train else ""
        raise DataError(
            f"{shown(folder)} has {len(train)} class folder{'s' * (not train)}{names}; expected "
            "one subfolder for each of at least two classes. Sort the pictures into such folders."
        )
    for part, classes in parts.items():
        for name, found in classes.items():
            if not found.pictures:
                where = "" if part == "train" else f"{part} "
                raise DataError(
                    f"{shown(folder)} has no pictures in the {where}class folder {quoted(name)}"
                    f"{_only(found.others)}; expected at least one, such as 1.png. "
                    f"{_remedy(found.others)}"
                )
        unknown = sorted(classes.keys() - train.keys())
        if unknown:
            raise DataError(
                f"{shown(folder)} has the class {quoted(unknown[0])} in its {part} set, but not "
                f"in its training set ({', '.join(shown(name) for name in sorted(train))}). Rename "
                "the folder, or remove it."
            )


def without_pictures(folder: Path) -> str:
    """Say that a folder and its subfolders have no pictures, and what they have instead.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    str
        What is wrong, and what to do.
    """
    others = _search(folder).others
    remedy = _remedy(others) if _plug_in(others) else "Check the path."
    return (
        f"{shown(folder)} has no pictures{_only(others)}; expected files such as 1.png, in the "
        f"folder or in its subfolders. {remedy}"
    )


def _only(others: Sequence[Path]) -> str:
    """Describe the other files of a class folder."""
    return f", only {_endings(others)}" if others else ""


def _remedy(others: Sequence[Path]) -> str:
    """Return the remedy for a class folder without pictures."""
    plug_in = _plug_in(others)
    if plug_in is not None:
        return f"Install the plug-in that reads them with pip install {plug_in}."
    return "Add pictures, or remove the folder."


def _notes_on_skipped(skipped: Sequence[Path]) -> list[str]:
    """Note which files were skipped, by extension, and what would read them."""
    loose = [path for path in skipped if is_picture(path)]
    others = [path for path in skipped if not is_picture(path)]
    notes = _notes_on_loose(loose)
    if others:
        notes.append(
            f"{len(others):,} {'files that are' if len(others) > 1 else 'file that is'} not a "
            f"picture {'were' if len(others) > 1 else 'was'} skipped: {_endings(others)}."
            f"{_how_to_read(others)}"
        )
    return notes


def _how_to_read(others: Sequence[Path]) -> str:
    """Write what would read some of the files, as sentences that follow another one."""
    plug_in = _plug_in(others)
    install = f" Pictures like these need a plug-in: pip install {plug_in}." if plug_in else ""
    if any(path.suffix.lower() in CAMERA_ENDINGS for path in others):
        install += " Export raw pictures of a camera as JPEG or TIFF first."
    return install


def _notes_on_loose(loose: Sequence[Path]) -> list[str]:
    """Note the number of pictures outside the class folders."""
    if not loose:
        return []
    many = len(loose) > 1
    note = (
        f"{_pictures(len(loose))} next to the class folders, such as {shown(loose[0].name)}, "
        f"{'belong' if many else 'belongs'} to no class and {'were' if many else 'was'} left out."
    )
    return [note]


def _endings(paths: Sequence[Path]) -> str:
    """Count files by extension: ``12 .heic, 1 .txt``."""
    counts = Counter(path.suffix.lower() or "without extension" for path in paths).most_common()
    most = [f"{count:,} {shown(ending)}" for ending, count in counts[:_MOST_ENDINGS]]
    rest = sum(count for _, count in counts[_MOST_ENDINGS:])
    return ", ".join([*most, *([f"{rest:,} others"] if rest else [])])


def _plug_in(paths: Iterable[Path]) -> str | None:
    """Return the package that would read the first of some files that a plug-in reads."""
    return next(filter(None, (plug_in_for(path.suffix.lower()) for path in paths)), None)


def _pictures(count: int) -> str:
    """Write a number of pictures."""
    return f"{count:,} picture{'s' * (count != 1)}"


def _names(entries: Iterable[Path]) -> str:
    """List the names of folders."""
    return ", ".join(shown(entry.name) for entry in entries)
