"""Holding out a test set, the same one every time."""

import dataclasses
from itertools import compress

import numpy as np

from striate.data.allocation import require_memory
from striate.data.dataset import Dataset
from striate.data.draws import draw
from striate.errors import OptionError
from striate.shapes import Array

SHARE = 0.2
"""Fraction of each class that is held out if the data has no test set."""

_PURPOSE = 1


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
        the data has no test set of its own.
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
        if share is None:
            return dataset
        raise OptionError(
            f"test={share} cannot be used for {dataset.name}, which has a test set of "
            f"{len(dataset.x_test)} images. Leave test out."
        )
    share = SHARE if share is None else share
    if share == 0:
        return dataset
    require_memory(dataset.x.nbytes, f"Splitting the images of {dataset.name} needs")
    held = held_out(dataset.y, share, seed)
    note = (
        f"The data has no test set of its own: {np.count_nonzero(held):,} of {len(held):,} "
        f"images ({share:.0%} of each class, seed {seed}) were held out."
    )
    return dataclasses.replace(
        dataset,
        x=dataset.x[~held],
        y=dataset.y[~held],
        x_test=dataset.x[held],
        y_test=dataset.y[held],
        files=tuple(compress(dataset.files, ~held)),
        files_test=tuple(compress(dataset.files, held)),
        notes=(*dataset.notes, note),
    )


def held_out(y: Array, share: float, seed: int) -> Array:
    """Mark the images to hold out: the first images of each class in a random order."""
    lots = draw(np.arange(len(y)), seed=seed, purpose=_PURPOSE)[:, 0]
    label = y if y.dtype.kind == "i" else np.zeros(len(y), np.int64)
    order = np.lexsort((lots, label))
    size = np.bincount(label)
    take = np.clip(np.rint(size * share), 1, np.maximum(size - 1, 0))
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y)) - np.repeat(np.cumsum(size) - size, size)
    return place < take[label]
