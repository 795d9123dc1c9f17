"""Holding out a test part, the same one every time."""

import dataclasses

import numpy as np

from striate.data.dataset import Dataset
from striate.data.draws import draw
from striate.errors import OptionError
from striate.shapes import Array

SHARE = 0.2
"""The share of each class that is held out where the data have no test part."""

_PURPOSE = 1


def hold_out(dataset: Dataset, *, share: float | None, seed: int) -> Dataset:
    """Give a data set a test part, unless it has one.

    A share of the images of each class, rounded, is taken out of the training part, at least one
    and never all; a class with a single image stays in training. Which images these are depends
    on the seed and on the places of the images in the file alone; both parts keep the file's
    order.

    Parameters
    ----------
    dataset
        What was read.
    share
        Share of each class to hold out, from 0 (nothing) to less than 1. None means a fifth where
        the data have no test part of their own.
    seed
        What decides which images are held out.

    Returns
    -------
    Dataset
        With its own test part, or with the one held out and a note that says so.

    Raises
    ------
    OptionError
        If the share is no share, or is given for data that have a test part of their own.
    """
    if share is not None and not 0 <= share < 1:
        raise OptionError(
            f"test={share} is not a share. The test part is a share of each class, from 0 to less "
            "than 1. Use test=0.2 for a fifth, or test=0 for none."
        )
    if len(dataset.x_test):
        if share is None:
            return dataset
        raise OptionError(
            f"test={share} cannot be used for {dataset.name}. A share is held out only where the "
            f"data have no test part, and these have one of {len(dataset.x_test)} images. Leave "
            "test out."
        )
    share = SHARE if share is None else share
    if share == 0:
        return dataset
    held = held_out(dataset.y, share, seed)
    note = (
        f"There was no test part: {np.count_nonzero(held)} of {len(held)} images, "
        f"{share:.0%} of each class, are held out as one (seed {seed})."
    )
    return dataclasses.replace(
        dataset,
        x=dataset.x[~held],
        y=dataset.y[~held],
        x_test=dataset.x[held],
        y_test=dataset.y[held],
        notes=(*dataset.notes, note),
    )


def held_out(y: Array, share: float, seed: int) -> Array:
    """Mark the images to hold out: the first ones of each class in a random order."""
    lots = draw(np.arange(len(y)), seed=seed, purpose=_PURPOSE)[:, 0]
    label = y if y.dtype.kind == "i" else np.zeros(len(y), np.int64)
    order = np.lexsort((lots, label))
    size = np.bincount(label)
    take = np.clip(np.rint(size * share), 1, np.maximum(size - 1, 0))
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y)) - np.repeat(np.cumsum(size) - size, size)
    return place < take[label]
