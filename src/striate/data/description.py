"""Summaries of data sets, as tables and as data."""

from dataclasses import dataclass

import numpy as np

from striate.data.dataset import Dataset, LabelValue, axes_of
from striate.data.image_file import extremes_of
from striate.shapes import Array

_MOST_UNNAMED = 12  # more are images, for example


@dataclass(frozen=True, kw_only=True)
class Description:
    """Summary of a data set; as text, a table of its classes.

    Parameters
    ----------
    name, source, notice, notes
        As in :class:`striate.data.Dataset`.
    image_shape
        Rows, columns, channels; for signals samples, channels.
    dtype
        Data type of the pixels.
    lowest, highest
        Range of the pixels in the training set.
    images, test_images, validation_images
        Number of images in each part.
    classes
        Values of the classes; empty if the targets are numbers.
    counts, test_counts, validation_counts
        Images of each class in each part; of images with masks, pixels.
    has_masks
        Whether each pixel has a label.
    targets
        For each regression target, its name, and its minimum, mean and maximum over the training
        set.
    """

    name: str
    source: str
    notice: str
    notes: tuple[str, ...]
    image_shape: tuple[int, ...]
    dtype: str
    lowest: float
    highest: float
    images: int
    test_images: int
    validation_images: int
    classes: tuple[LabelValue, ...]
    counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    validation_counts: tuple[int, ...]
    has_masks: bool = False
    targets: tuple[tuple[str, float, float, float], ...] = ()

    def __str__(self) -> str:
        shape = " x ".join(map(str, self.image_shape))
        levels = f"{self.dtype} from {self.lowest:g} to {self.highest:g}"
        validation = f", {self.validation_images} validation" if self.validation_images else ""
        lines = [
            f"{self.name}: {self.images} training{validation} and {self.test_images} test images",
            f"images: {shape} ({axes_of(self.image_shape)}), {levels}",
            f"source: {self.source}",
        ]
        if self.notice:
            lines.append(f"notice: {self.notice}")
        lines += [f"note:   {note}" for note in self.notes]
        if self.classes:
            lines.append("")
            columns = [("training", self.counts), ("test", self.test_counts)]
            if self.validation_images:
                columns.insert(1, ("validation", self.validation_counts))
            names = ["pixels of class" if self.has_masks else "class", *map(str, self.classes)]
            wide = max(map(len, names))
            cells = [[title, *map(str, counts)] for title, counts in columns]
            lines += [
                f"{name:<{wide}}  {'  '.join(f'{cell:>8}' for cell in row)}"
                for name, *row in zip(names, *cells, strict=True)
            ]
        for name, low, mean, high in self.targets:
            lines.append(f"{name}: {low:.4g} to {high:.4g}, mean {mean:.4g}")
        return "\n".join(lines)


def describe(dataset: Dataset) -> Description:
    """Count the images of each class, and find size, dtype and range of the pixels.

    Parameters
    ----------
    dataset
        The data set.

    Returns
    -------
    Description
        ``str()`` writes it as a table; ``dataclasses.asdict`` makes it JSON-serializable.

    Examples
    --------
    >>> from striate.data import open_dataset
    >>> print(describe(open_dataset("shapes")))
    shapes: 2000 training and 400 test images
    images: 15 x 15 x 1 (rows, columns, channels), uint8 from 0 to 255
    source: generated: 15 x 15 pixels, noise 0.1, seed 0
    <BLANKLINE>
    class    training      test
    square       1000       200
    diamond      1000       200
    """
    lowest, highest = extremes_of(dataset.x)
    return Description(
        name=dataset.name,
        source=dataset.source,
        notice=dataset.notice,
        notes=dataset.notes,
        image_shape=dataset.image_shape,
        dtype=str(dataset.x.dtype),
        lowest=float(lowest),
        highest=float(highest),
        images=len(dataset.x),
        test_images=len(dataset.x_test),
        validation_images=len(dataset.x_validation),
        classes=dataset.classes,
        counts=_counts(dataset.y, dataset.classes),
        test_counts=_counts(dataset.y_test, dataset.classes),
        validation_counts=_counts(dataset.y_validation, dataset.classes),
        has_masks=dataset.has_masks,
        targets=_targets(dataset),
    )


def _counts(y: Array, classes: tuple[LabelValue, ...]) -> tuple[int, ...]:
    """Count the images of each class, or the pixels; labels beyond the classes are ignored."""
    counts = np.bincount(y.ravel(), minlength=len(classes)) if classes else np.empty(0, int)
    return tuple(counts[: len(classes)].tolist())


def numbered_targets(count: int) -> tuple[str, ...]:
    """Name regression targets that have no names.

    Examples
    --------
    >>> numbered_targets(1), numbered_targets(2)
    (('target',), ('target 1', 'target 2'))
    """
    return ("target",) if count == 1 else tuple(f"target {k + 1}" for k in range(count))


def _targets(dataset: Dataset) -> tuple[tuple[str, float, float, float], ...]:
    """Describe regression targets; without names, a few of them by their numbers."""
    if dataset.classes or not len(dataset.y):
        return ()
    y = dataset.y.reshape(len(dataset.y), -1)
    if not dataset.target_names and y.shape[1] > _MOST_UNNAMED:
        return ()
    names = dataset.target_names or numbered_targets(y.shape[1])
    low, mean, high = y.min(axis=0), y.mean(axis=0, dtype=np.float64), y.max(axis=0)
    return tuple(
        (name, float(low[k]), float(mean[k]), float(high[k])) for k, name in enumerate(names)
    )
