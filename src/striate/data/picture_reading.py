"""Reading many pictures: all unreadable ones are reported together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.data.image_file import Images, part_of
from striate.data.picture_errors import PictureError
from striate.data.picture_store import Decoding, decode_or_store
from striate.data.pictures import Layout, survey
from striate.data.scan import Findings
from striate.errors import DataError, Message, Use
from striate.files import shown
from striate.shapes import Array, Int

MOST_LISTED = 20
"""Files that an error lists."""

_FEW = 3


@dataclass(frozen=True, kw_only=True)
class ReadPictures:
    """Pictures that were read together.

    Parameters
    ----------
    images
        The images.
    kept
        For each image its position in the list of files.
    files
        The file of each image.
    groups
        For each image the position, among the images, of the first of its near-duplicates.
    skipped
        The other files, and why they could not be read.
    notes
        What was done or noticed, one sentence each.
    """

    images: Images
    kept: Int[Array, "n"]
    files: tuple[Path, ...]
    groups: Int[Array, "n"]
    skipped: tuple[tuple[Path, str], ...]
    notes: tuple[str, ...]


def read_all(
    files: Sequence[Path],
    *,
    root: Path,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
    skip_bad: bool = False,
    in_memory: bool | None = None,
    decoding: Decoding | None = None,
) -> ReadPictures:
    """Read pictures, and scan them for bad files and near-duplicates.

    Parameters
    ----------
    files
        The pictures.
    root
        The folder that messages name the files in.
    size, channels, resize
        As for :func:`striate.data.pictures.read_pictures`.
    skip_bad
        Whether to leave out pictures that cannot be read, with a note.
    in_memory, decoding
        As for :func:`striate.data.open_dataset`.

    Returns
    -------
    ReadPictures

    Raises
    ------
    DataError
        If pictures cannot be read: all of them are listed. With ``skip_bad``, if none can be read.
    OptionError
        If the size, the channels or the rule is not valid.
    OutOfMemoryError
        If there is not enough memory for the pictures.
    """
    failed: dict[int, str] = {}
    try:
        layout = survey(files, size=size, channels=channels, failed=failed)
    except PictureError as error:  # of all pictures
        raise _unreadable(files, failed, root) from error
    readable = np.array([k for k in range(len(files)) if k not in failed])

    def check(more: dict[int, str]) -> None:
        failed.update({int(readable[k]): reason for k, reason in more.items()})
        if failed and not (skip_bad and len(failed) < len(files)):
            raise _unreadable(files, failed, root)

    images, findings, stored = decode_or_store(
        [files[k] for k in readable],
        layout,
        resize=resize,
        in_memory=in_memory,
        decoding=decoding,
        check=check,
    )
    good = np.array([k not in findings.failed for k in range(len(readable))])
    groups = findings.groups
    if not good.all():
        images = part_of(images, good)
        groups = (np.cumsum(good) - 1)[groups[good]]
    return ReadPictures(
        images=images,
        kept=readable[good],
        files=tuple(files[k] for k in readable[good]),
        groups=groups,
        skipped=tuple((files[k], failed[k]) for k in sorted(failed)),
        notes=(
            *_notes_on_failed(files, failed, root),
            *notes_on_layout(layout, len(readable), resize),
            *_notes_on_transparent([files[k] for k in readable], findings, root),
            *stored,
        ),
    )


def _unreadable(files: Sequence[Path], failed: dict[int, str], root: Path) -> DataError:
    """Make the error that lists all files that cannot be read."""
    if len(failed) == 1:
        (k, reason), *_ = failed.items()
        return DataError(
            Message(
                f"Cannot read {shown(files[k])} as a picture: {reason}. Copy or convert it again, "
                "or remove it. ",
                Use("skip_bad", value=True),
                " to leave it out.",
            )
        )
    lines = [f"  {within(files[k], root)}: {failed[k]}" for k in sorted(failed)[:MOST_LISTED]]
    if len(failed) > MOST_LISTED:
        lines.append(f"  and {len(failed) - MOST_LISTED:,} more")
    listed = "\n".join(lines)
    return DataError(
        Message(
            f"Cannot read {len(failed):,} of the {len(files):,} pictures in {shown(root)}:\n"
            f"{listed}\nCopy or convert them again, or remove them. ",
            Use("skip_bad", value=True),
            " to leave them out.",
        )
    )


def _notes_on_failed(files: Sequence[Path], failed: dict[int, str], root: Path) -> list[str]:
    """Note which pictures were left out."""
    if not failed:
        return []
    first = [f"{within(files[k], root)} ({failed[k]})" for k in sorted(failed)[:_FEW]]
    many = len(failed) > 1
    were = "s that can't be read were" if many else " that can't be read was"
    return [f"{len(failed):,} picture{were} skipped: {listing(first, len(failed))}."]


def _notes_on_transparent(files: Sequence[Path], findings: Findings, root: Path) -> list[str]:
    """Note how many pictures have transparent pixels."""
    found = np.flatnonzero(findings.transparent)
    if not len(found):
        return []
    names = [within(files[k], root) for k in found[:_FEW]]
    many = len(found) > 1
    have = "s have transparent pixels" if many else " has transparent pixels"
    return [f"{len(found):,} picture{have}, which became white: {listing(names, len(found))}."]


def notes_on_layout(layout: Layout, count: int, resize: str) -> list[str]:
    """Note the number of pictures that were resized or lost bits.

    Parameters
    ----------
    layout
        What the pictures are converted to.
    count
        Number of pictures.
    resize
        How they are resized.

    Returns
    -------
    list of str
    """
    notes: list[str] = []
    if layout.changed:
        was = "were" if layout.changed > 1 else "was"
        notes.append(
            f"{layout.changed:,} of {count:,} pictures had another size and {was} resized to "
            f"{layout.rows} x {layout.columns} pixels ({resize})."
        )
    if layout.reduced:
        have = "have" if layout.reduced > 1 else "has"
        notes.append(
            f"{layout.reduced:,} of {count:,} pictures {have} 16 bits per color; they were read "
            "with 8, as Pillow does."
        )
    return notes


def listing(names: Sequence[str], count: int) -> str:
    """Write the first of some names, and the number of the others.

    Examples
    --------
    >>> listing(["a", "b"], 5), listing(["a"], 1)
    ('a, b and 3 more', 'a')
    """
    rest = count - len(names)
    return ", ".join(names) + (f" and {rest:,} more" if rest else "")


def within(path: Path, root: Path) -> str:
    """Write a path relative to a folder, if it is in it; otherwise the whole path."""
    return shown(path.relative_to(root) if path.is_relative_to(root) else path)
