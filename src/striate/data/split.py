"""Splitting data: a test set or folds for cross-validation, the same ones every time.

All splits are stratified: each part has its share of every class. Images that belong together, such
as several pictures of one scene, can be kept in the same part: they get the same group number.
Otherwise a network could recognize the test images from near-duplicates that it was trained on.
"""

import dataclasses
from itertools import compress

import numpy as np

from striate.data.allocation import require_memory
from striate.data.dataset import Dataset
from striate.data.draws import Purpose, draw
from striate.data.image_file import ImageFile, part_of
from striate.errors import DataError, OptionError
from striate.functions.options import Range
from striate.shapes import Array

SHARE = 0.2
"""Fraction of each class that is held out if the data has no test set."""

"""Numbers of the draws; augmentation has number 2."""


def hold_out(dataset: Dataset, *, share: float | None, seed: int) -> Dataset:
    """Return a data set with a test set.

    If it has none, a fraction of the images of each class, rounded, moves from the training set to
    the test set: at least one image and never all; a class with a single image stays in training.
    The choice depends only on the seed and the positions of the images in the file. Both parts keep
    the file's order.

    Parameters
    ----------
    dataset
        The data set as it was read.
    share
        Fraction of each class to hold out, from 0 (nothing) to less than 1. None means a fifth if
        the data has no test set of its own; a test set of its own is kept with None and with 0.
    seed
        Seed of the choice.

    Returns
    -------
    Dataset
        With its own test set, or with the one held out and a note about it.

    Raises
    ------
    OptionError
        If ``share`` is not a fraction, or is given for data with its own test set.
    OutOfMemoryError
        If there is not enough memory for both sets.
    """
    if share is not None and not 0 <= share < 1:
        raise OptionError(
            f"`test` must be a fraction of each class, from 0 to less than 1, got {share}. Try "
            "test=0.2, or test=0 to hold out nothing."
        )
    if len(dataset.x_test):
        if not share:
            return dataset
        raise OptionError(
            f"test={share} cannot be used for {dataset.name}, which has a test set of "
            f"{len(dataset.x_test)} images. Leave test out."
        )
    share = SHARE if share is None else share
    if share == 0:
        return dataset
    if not isinstance(dataset.x, ImageFile):
        require_memory(dataset.x.nbytes, f"Splitting the images of {dataset.name} needs")
    held = held_out(dataset.y, share, seed, dataset.groups)
    what = "images" if dataset.are_pictures else "examples"
    of_what = " of each class" if dataset.classes and not dataset.has_masks else ""
    note = (
        f"The data has no test set of its own: {np.count_nonzero(held):,} of {len(held):,} "
        f"{what} ({share:.0%}{of_what}, seed {seed}) were held out."
    )
    return dataclasses.replace(
        dataset,
        x=part_of(dataset.x, ~held),
        y=dataset.y[~held],
        x_test=part_of(dataset.x, held),
        y_test=dataset.y[held],
        files=tuple(compress(dataset.files, ~held)),
        files_test=tuple(compress(dataset.files, held)),
        groups=dataset.groups[~held] if len(dataset.groups) else dataset.groups,
        notes=(*dataset.notes, note),
    )


def held_out(y: Array, share: float, seed: int, groups: Array | None = None) -> Array:
    """Mark the images to hold out: the first images of each class in a random order.

    A group is held out when its first image is, if there is room for all of its images.
    """
    lots = draw(np.arange(len(y)), seed=seed, purpose=Purpose.HELD_OUT)[:, 0]
    label = y if y.dtype.kind == "i" and y.ndim == 1 else np.zeros(len(y), np.int64)
    order = np.lexsort((lots, label))
    size = np.bincount(label)
    take = np.clip(np.rint(size * share), 1, np.maximum(size - 1, 0))
    if groups is not None and len(np.unique(groups)) < len(groups):
        return _held_groups(label, take, order, groups)
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y)) - np.repeat(np.cumsum(size) - size, size)
    return place < take[label]


def _held_groups(label: Array, take: Array, order: Array, groups: Array) -> Array:
    """Mark the images to hold out, in the given order, without dividing a group."""
    members: dict[int, list[int]] = {}
    for k, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(k)
    held, seen = np.zeros(len(label), bool), set[int]()
    room = take.copy()
    for k in order.tolist():
        group = int(groups[k])
        if group not in seen and room[label[k]] > 0:
            seen.add(group)
            needed = np.bincount(label[members[group]], minlength=len(room))
            if (needed <= room).all():
                held[members[group]] = True
                room -= needed
    return held


def folds(y: Array, count: int, *, seed: int = 0, groups: Array | None = None) -> Array:
    """Divide images into folds for cross-validation, stratified by class.

    Each image, or each group of images, goes to the fold that has the fewest images of its class,
    and among these to the smallest one. Large groups are placed first, because later they may not
    fit into any fold. The order is otherwise random, and depends only on the seed.

    Parameters
    ----------
    y
        For each image the index of its class, or numbers, which have no classes.
    count
        Number of folds.
    seed
        Seed of the choice.
    groups
        For each image the number of its group, at least 0; a group isn't divided. ``None`` means
        that each image is a group of its own.

    Returns
    -------
    Array
        For each image its fold, from 0 to ``count - 1``.

    Raises
    ------
    OptionError
        If ``count`` isn't an integer from 2 to the number of groups.
    DataError
        If there isn't one group number for each image.

    Examples
    --------
    Two classes of three pairs of near-duplicates:

    >>> folds(np.repeat([0, 1], 6), 3, groups=np.arange(12) // 2)
    array([1, 1, 0, 0, 2, 2, 1, 1, 2, 2, 0, 0])
    """
    label = y if y.dtype.kind == "i" else np.zeros(len(y), np.int64)
    group = _checked_groups(groups, len(y))
    names, first, member = np.unique(group, return_index=True, return_inverse=True)
    if count not in Range(least=2, most=len(names), whole=True):
        what = "images" if groups is None else "groups of images"
        raise OptionError(
            f"The number of folds must be an integer from 2 to {len(names)}, the number of {what}, "
            f"got {count}. Try {min(5, len(names))}, or use more images."
        )
    size = np.bincount(member)
    lots = draw(first, seed=seed, purpose=Purpose.FOLDS)[:, 0]
    order = np.lexsort((lots, label[first], -size))
    images = np.argsort(member, kind="stable")
    starts = np.cumsum(size) - size
    totals = np.zeros((count, label.max(initial=0) + 1), np.int64)
    fold_of = np.empty(len(names), np.int64)
    for one in order:
        labels = label[images[starts[one] : starts[one] + size[one]]]
        fullness = totals.sum(axis=1), totals[:, labels].sum(axis=1)
        fold = int(np.lexsort(fullness)[0])  # the last key comes first
        fold_of[one] = fold
        np.add.at(totals[fold], labels, 1)
    return fold_of[member]


def _checked_groups(groups: Array | None, count: int) -> Array:
    """Return group numbers, by default one for each image."""
    if groups is None:
        return np.arange(count)
    found = np.asarray(groups)
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise DataError(
            f"`groups` must have an integer for each of the {count} images, got shape "
            f"{found.shape} and dtype {found.dtype}. Give the same number to images that belong "
            "together."
        )
    return found
