"""A folder of images with a folder of masks, perhaps in parts.

::

    cells/images/7.jpg        cells/images/train/7.jpg   cells/train/images/7.jpg
    cells/masks/7.png         cells/masks/train/7.png    cells/train/masks/7.png

An image and its mask have the same name, except for the extension and an optional suffix that all
masks have, as in ``7_mask.png``. They have the same size. Problems are listed together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from striate.data.dataset import Dataset
from striate.data.masks import MaskCode, decode_masks, find_code
from striate.data.parts import PARTS
from striate.data.picture_errors import PictureError
from striate.data.picture_reading import notes_on_layout
from striate.data.pictures import Layout, decode, is_picture, read_size, survey
from striate.data.scan import Scan
from striate.data.streams import list_folder
from striate.errors import DataError, Message, Use
from striate.files import shown
from striate.shapes import Array

_IMAGES = {"images", "image", "imgs", "img", "jpegimages"}
_MASKS = {
    "masks",
    "mask",
    "labels",
    "label",
    "annotations",
    "segmentation",
    "segmentations",
    "segmentationclass",
    "groundtruth",
    "gt",
}
_CLASS_FILES = ("classes.txt", "labels.txt", "codes.txt")
"""Files with the name of a class in each line, as labeling tools write them."""

_WORDS = ("mask", "masks", "label", "labels", "seg", "segmentation", "gt", "l", "p")
"""Words at the end of the names of masks, after a hyphen or an underscore."""

_SHOWN_PROBLEMS = 20


@dataclass
class _Pairs:
    """The images and masks of one part, and what doesn't fit together."""

    images: list[Path] = field(default_factory=list[Path])
    masks: list[Path] = field(default_factory=list[Path])
    problems: list[str] = field(default_factory=list[str])

    def __len__(self) -> int:
        return len(self.images)


def find_folders(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Find the folders of images and masks of each part.

    Parameters
    ----------
    folder
        Any folder.

    Returns
    -------
    dict
        By part: the folder of the images and that of the masks. Empty if the folder isn't one of
        images and masks.
    """
    inner = {path.name.lower(): path for path in list_folder(folder) if path.is_dir()}
    pair = _pair(inner)
    if pair is None:
        parts: dict[str, tuple[Path, Path]] = {}
        for name, path in inner.items():
            if name in PARTS:
                entries = {one.name.lower(): one for one in list_folder(path) if one.is_dir()}
                found = _pair(entries)
                if found is not None:
                    parts[PARTS[name]] = found
        return parts if "train" in parts else {}
    images, masks = ({PARTS[p.name.lower()]: p for p in _part_folders(one)} for one in pair)
    if not images or "train" not in images:
        return {"train": pair}
    return {part: (images[part], masks[part]) for part in images if part in masks}


def _pair(entries: Mapping[str, Path]) -> tuple[Path, Path] | None:
    """Find one folder of images and one of masks among folders."""
    images = [path for name, path in entries.items() if name in _IMAGES]
    masks = [path for name, path in entries.items() if name in _MASKS]
    return (images[0], masks[0]) if len(images) == len(masks) == 1 else None


def _part_folders(folder: Path) -> list[Path]:
    """List the folders in a folder that have the name of a part."""
    return [p for p in list_folder(folder) if p.is_dir() and p.name.lower() in PARTS]


def read_folder(
    folder: Path,
    *,
    skip_bad: bool = False,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
) -> Dataset:
    """Read images and their masks.

    Parameters
    ----------
    folder
        With a folder of images and one of masks, see :func:`find_folders`.
    skip_bad
        Whether to leave out images that have a problem, with a note.
    size, channels, resize
        As for :func:`striate.data.pictures.read_pictures`. Masks are resized like their images,
        but each pixel takes the label of the nearest one.

    Returns
    -------
    Dataset
        ``y`` holds a class index for each pixel, uint8 ``(n, rows, columns)``, and 255 for pixels
        that belong to no class.

    Raises
    ------
    DataError
        If images and masks don't fit together, a picture can't be read, or the masks have too many
        values to be labels.
    OptionError
        If the size, the channels or the rule is not valid.
    OutOfMemoryError
        If there is not enough memory for the pictures.
    """
    pairs = {part: _match(*both) for part, both in find_folders(folder).items()}
    notes: list[str] = []
    problems = [problem for one in pairs.values() for problem in one.problems]
    if problems and not skip_bad:
        raise _error(folder, problems)
    if problems:
        notes.append(f"{len(problems):,} problems were skipped, such as: {problems[0]}.")
    if not len(pairs["train"]):
        raise DataError(
            f"{shown(folder)} has no training image with a mask; expected images/a.jpg and "
            "masks/a.png, for example. Check the folders."
        )
    if "validation" in pairs and "test" not in pairs:
        pairs["test"] = pairs.pop("validation")
        notes.append(
            f"Without a test folder, the {len(pairs['test']):,} validation images are the test set."
        )
    every = [image for one in pairs.values() for image in one.images]
    code = find_code([mask for one in pairs.values() for mask in one.masks])
    layout = survey(every, size=size, channels=channels)
    notes += notes_on_layout(layout, len(every), resize)
    notes += [code.note] if code.note else []
    frame = (layout.rows, layout.columns)
    x = _decode_images(folder, pairs, layout, resize, notes, skip_bad=skip_bad)
    y = {p: decode_masks(one.masks, code, frame, resize=resize) for p, one in pairs.items()}
    files = {part: tuple(one.images) for part, one in pairs.items()}
    no_x, no_y = x["train"][:0], y["train"][:0]
    return Dataset(
        x=x["train"],
        y=y["train"],
        x_test=x.get("test", no_x),
        y_test=y.get("test", no_y),
        x_validation=x.get("validation", no_x),
        y_validation=y.get("validation", no_y),
        files=files["train"],
        files_test=files.get("test", ()),
        files_validation=files.get("validation", ()),
        classes=_classes(folder, code, notes),
        name=shown(folder.name),
        source=shown(folder),
        notes=tuple(notes),
    )


def _decode_images(
    folder: Path,
    pairs: Mapping[str, _Pairs],
    layout: Layout,
    resize: str,
    notes: list[str],
    *,
    skip_bad: bool,
) -> dict[str, Array]:
    """Decode the images of each part; leave out pairs whose image is cut short, or raise."""
    images: dict[str, Array] = {}
    problems: list[str] = []
    for part, one in pairs.items():
        scan = Scan(len(one.images), layout.channels)
        found = decode(one.images, layout, resize=resize, scan=scan)
        problems += [
            f"{_short(one.images[k])} can't be read: {scan.failed[k]}" for k in sorted(scan.failed)
        ]
        good = [k for k in range(len(one.images)) if k not in scan.failed]
        images[part] = found[good] if scan.failed else found
        one.images[:] = [one.images[k] for k in good]
        one.masks[:] = [one.masks[k] for k in good]
    if problems and not (skip_bad and len(pairs["train"])):
        raise _error(folder, problems)
    if problems:
        notes.append(f"{len(problems):,} images were skipped, such as: {problems[0]}.")
    return images


def images_of(folder: Path) -> list[Path]:
    """List the images of all parts, before they are read.

    Parameters
    ----------
    folder
        As for :func:`find_folders`.

    Returns
    -------
    list of Path
        Empty if the folder isn't one of images and masks.
    """
    return [path for images, _ in find_folders(folder).values() for path in _pictures(images)]


def _match(images: Path, masks: Path) -> _Pairs:
    """Match the images of a folder with the masks of another by their names."""
    pairs = _Pairs()
    by_stem = {_stem(path): path for path in _pictures(images)}
    found = {_stem(path): path for path in _pictures(masks)}
    if not by_stem.keys() & found.keys():
        found = {_without_word(stem): path for stem, path in found.items()}
    for stem in sorted(by_stem.keys() | found.keys()):
        image, mask = by_stem.get(stem), found.get(stem)
        if image is None or mask is None:
            there = image or mask
            assert there is not None
            kind = "mask" if mask is None else "image"
            pairs.problems.append(f"{_short(there)} has no {kind}")
            continue
        try:
            sizes = read_size(image), read_size(mask)
        except PictureError as error:
            pairs.problems.append(f"{_short(error.path)} can't be read: {error.reason}")
            continue
        if sizes[0] != sizes[1]:
            (rows, columns), (mask_rows, mask_columns) = sizes
            pairs.problems.append(
                f"{_short(image)} has {rows} x {columns} pixels, but its mask has {mask_rows} x "
                f"{mask_columns}"
            )
            continue
        pairs.images.append(image)
        pairs.masks.append(mask)
    return pairs


def _pictures(folder: Path) -> list[Path]:
    """List the pictures in a folder."""
    return [path for path in list_folder(folder) if path.is_file() and is_picture(path)]


def _stem(path: Path) -> str:
    return path.stem.lower()


def _without_word(stem: str) -> str:
    """Remove a word such as ``_mask`` from the end of a name.

    Examples
    --------
    >>> _without_word("7_mask"), _without_word("0006R0_L"), _without_word("gt")
    ('7', '0006R0', 'gt')
    """
    start, mark, word = max(
        (stem.rpartition(mark) for mark in "_-"), key=lambda split: len(split[0])
    )
    return start if mark and word.lower() in _WORDS else stem


def _short(path: Path) -> str:
    """Write a file with its folder."""
    return shown(Path(path.parent.name) / path.name)


def _error(folder: Path, problems: Sequence[str]) -> DataError:
    """Make the error that lists all problems."""
    listed = [f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        listed.append(f"  and {len(problems) - _SHOWN_PROBLEMS:,} more")
    many = "s" * (len(problems) > 1)
    lines = "\n".join(listed)
    return DataError(
        Message(
            f"{shown(folder)} has {len(problems):,} problem{many}:\n{lines}\n"
            "An image and its mask must have the same name and size. Correct these files. ",
            Use("skip_bad", value=True),
            " to leave them out.",
        )
    )


def _classes(folder: Path, code: MaskCode, notes: list[str]) -> tuple[str | int, ...]:
    """Return the classes: names from a file, or the values in the masks."""
    for name in _CLASS_FILES:
        path = folder / name
        if not path.is_file():
            continue
        names = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
        names = [name for name in names if name]
        if len(names) == len(code.classes) == len(set(names)):
            notes.append(f"The names of the classes are from {name}.")
            return tuple(names)
        notes.append(
            f"{name} was not used: it has {len(names)} different lines, but the masks have "
            f"{len(code.classes)} classes."
        )
    return code.classes
