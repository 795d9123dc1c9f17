"""Near-duplicates in data that has parts and classes: copies across parts, and labels that differ.

A network recognizes a test picture that is a copy of a training picture without having learned
anything general. Of two copies in different classes, at least one has a wrong label.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from striate.data.picture_reading import listing, within
from striate.shapes import Array, Int

_FEW = 3
Pair = tuple[Path, Path]


def copies_across(
    groups: Int[Array, "n"], files: Sequence[Path], parts: Mapping[str, slice]
) -> dict[str, tuple[Pair, ...]]:
    """Find pictures of which another part has a copy.

    Parameters
    ----------
    groups
        The group of near-duplicates of each picture.
    files
        The pictures.
    parts
        The place of the pictures of each part.

    Returns
    -------
    dict
        For ``test`` and ``validation``: each such picture with its first copy in the training set
        or, for a validation picture without one there, in the test set.

    Examples
    --------
    >>> files = [Path(name) for name in ("a.png", "b.png", "c.png")]
    >>> parts = {"train": slice(0, 2), "test": slice(2, 3)}
    >>> copies_across(np.array([0, 1, 1]), files, parts)["test"]
    ((PosixPath('c.png'), PosixPath('b.png')),)
    """
    known: dict[int, Path] = {}
    found: dict[str, tuple[Pair, ...]] = {}
    for part in ("train", "test", "validation"):
        place = parts.get(part, slice(0, 0))
        some = list(zip(groups[place].tolist(), files[place], strict=True))
        if part != "train":
            found[part] = tuple((path, known[group]) for group, path in some if group in known)
        for group, path in some:
            known.setdefault(group, path)
    return found


def copies_in_other_classes(
    groups: Int[Array, "n"], labels: Int[Array, "n"], files: Sequence[Path]
) -> tuple[Pair, ...]:
    """Find pictures that are copies of an earlier picture in another class.

    Parameters
    ----------
    groups
        The group of near-duplicates of each picture.
    labels
        The class of each picture.
    files
        The pictures.

    Returns
    -------
    tuple of pairs
        The earlier picture and the other one.

    Examples
    --------
    >>> files = [Path(name) for name in ("a.png", "b.png", "c.png")]
    >>> copies_in_other_classes(np.array([0, 1, 0]), np.array([0, 1, 1]), files)
    ((PosixPath('a.png'), PosixPath('c.png')),)
    """
    first: dict[int, int] = {}
    found: list[Pair] = []
    for k, group in enumerate(groups.tolist()):
        earlier = first.setdefault(group, k)
        if labels[earlier] != labels[k]:
            found.append((files[earlier], files[k]))
    return tuple(found)


def notes_on_copies(
    across: Mapping[str, Sequence[Pair]], conflicting: Sequence[Pair], root: Path
) -> list[str]:
    """Write notes on copies in other parts and in other classes.

    Parameters
    ----------
    across, conflicting
        As found above.
    root
        The folder that the notes name the files in.

    Returns
    -------
    list of str
    """
    notes: list[str] = []
    for part, pairs in across.items():
        if pairs:
            names = [f"{within(a, root)} (like {within(b, root)})" for a, b in pairs[:_FEW]]
            many = len(pairs) > 1
            notes.append(
                f"{len(pairs):,} {part} picture{'s' * many} {'are' if many else 'is'} nearly the "
                f"same as {'pictures' if many else 'a picture'} in another part: "
                f"{listing(names, len(pairs))}. This inflates the {part} accuracy; remove one "
                "picture of each pair."
            )
    if conflicting:
        names = [f"{within(a, root)} and {within(b, root)}" for a, b in conflicting[:_FEW]]
        many = len(conflicting) > 1
        notes.append(
            f"{len(conflicting):,} pair{'s' * many} of nearly the same picture "
            f"{'are' if many else 'is'} in two classes: {'; '.join(names)}"
            f"{f' and {len(conflicting) - _FEW:,} more' if len(conflicting) > _FEW else ''}. One "
            "of the labels must be wrong; remove or move a picture of each pair."
        )
    return notes


def groups_in_order(groups: Int[Array, "n"]) -> Int[Array, "n"]:
    """Renumber groups by the position of their first member.

    Examples
    --------
    >>> groups_in_order(np.array([7, 3, 7, 9]))
    array([0, 1, 0, 3])
    """
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    return first[member]
