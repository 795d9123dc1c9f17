"""Makes a data set with parts from pictures that were read together, and notes near-duplicates."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from striate.data.copies import (
    copies_across,
    copies_in_other_classes,
    groups_in_order,
    notes_on_copies,
)
from striate.data.dataset import Dataset, FolderScan, LabelValue, assemble
from striate.data.image_file import part_of
from striate.data.picture_reading import ReadPictures
from striate.errors import DataError
from striate.files import shown
from striate.shapes import Array


def divide(
    read: ReadPictures,
    targets: Array,
    parts: Sequence[str],
    *,
    name: str,
    source: Path,
    root: Path,
    classes: tuple[LabelValue, ...],
    notes: Sequence[str],
) -> Dataset:
    """Divide pictures that were read together into the parts of a data set.

    Parameters
    ----------
    read
        The pictures.
    targets
        For each picture the index of its class, or numbers.
    parts
        For each picture its part; the pictures of a part follow each other.
    name, classes
        As in :class:`striate.data.Dataset`.
    source
        Where the pictures come from.
    root
        The folder that notes name the files in.
    notes
        What was noticed before the pictures were read.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If no training picture could be read.
    """
    places: dict[str, slice] = {}
    for k, part in enumerate(parts):
        places[part] = slice(places[part].start if part in places else k, k + 1)
    if "train" not in places:
        raise DataError(
            f"None of the training pictures of {shown(source)} can be read; expected at least one. "
            "Copy or convert them again."
        )
    across = copies_across(read.groups, read.files, places)
    are_classes = bool(classes) and targets.ndim == 1
    conflicting = copies_in_other_classes(read.groups, targets, read.files) if are_classes else ()
    some = {part: (part_of(read.images, place), targets[place]) for part, place in places.items()}
    dataset = assemble(
        some["train"],
        some.get("test"),
        some.get("validation"),
        name=name,
        source=shown(source),
        classes=classes,
        notes=(*notes, *read.notes, *notes_on_copies(across, conflicting, root)),
    )
    nothing = slice(0, 0)
    return replace(
        dataset,
        files=read.files[places["train"]],
        files_test=read.files[places.get("test", nothing)],
        files_validation=read.files[places.get("validation", nothing)],
        groups=groups_in_order(read.groups[places["train"]]),
        scan=FolderScan(
            skipped=read.skipped,
            test_copies=across["test"],
            validation_copies=across["validation"],
            conflicting=conflicting,
        ),
    )
