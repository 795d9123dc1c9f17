"""A data set in memory: images, labels, and what is known about them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.errors import DataError
from striate.shapes import Array

MOST_CLASSES = 100_000
"""More classes than any set of pictures has; a wild label then is an error, not a huge network."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images and labels to train on, and others to test with.

    Parameters
    ----------
    x, x_test
        Images, ``(n, rows, columns, channels)``; gray ones have one channel. uint8 from 0 to 255,
        or float32 as the file has them. ``x_test`` has no images where there is no test part.
    y, y_test
        One label for each image: int64 from 0 to the number of classes less one, or float32
        targets.
    classes
        Names of the classes in the order of their labels; none where the targets are numbers.
    name
        What the data are called.
    source
        Where they come from: a path or a description.
    notice
        Who made them and under which license, as far as that is known.
    notes
        What was done or noticed while they were read, one sentence each.
    """

    x: Array
    y: Array
    x_test: Array
    y_test: Array
    classes: tuple[str, ...]
    name: str
    source: str
    notice: str = ""
    notes: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image: rows, columns, channels."""
        return self.x.shape[1:]

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.x)} training and {len(self.x_test)} test images "
            f"of {' x '.join(map(str, self.image_shape))}, {len(self.classes)} classes)"
        )


def as_images(values: Array, *, where: str) -> Array:
    """Check an array of images and bring it to uint8 or float32 with channels last.

    Parameters
    ----------
    values
        ``(n, rows, columns)`` for gray images or ``(n, rows, columns, channels)``; more axes of
        pixels are kept. Whole numbers must lie in 0 to 255 and become uint8; truth values become
        float32 zeros and ones; other floats become float32.
    where
        What the array is called in messages: a file, and the name in it.

    Returns
    -------
    Array
        The images with an axis of channels.

    Raises
    ------
    DataError
        If these are not images: no numbers, too few axes, no images, values out of range or not
        finite, or channels before rows and columns.

    Examples
    --------
    >>> as_images(np.zeros((5, 8, 8), int), where="example").shape
    (5, 8, 8, 1)
    """
    if values.ndim < 3:  # images, rows, columns
        raise DataError(
            f"{where} has shape {values.shape}. Images have at least three axes: images, rows, "
            "columns. Reshape flattened images first, for example to (-1, 28, 28)."
        )
    if 0 in values.shape:
        raise DataError(
            f"{where} has shape {values.shape}. A data set needs at least one image, and an image "
            "at least one pixel. Check how the file was written."
        )
    if values.ndim == 3:  # gray images without an axis of channels
        values = values[..., np.newaxis]
    elif values.shape[-1] > 4 >= values.shape[1]:  # no picture has more than 4 channels
        raise DataError(
            f"{where} has shape {values.shape}, which looks like channels before rows and columns. "
            "Images are stored with channels last, (n, rows, columns, channels). "
            "Move the axis with numpy.moveaxis(x, 1, -1) and save again."
        )
    return _as_pixels(values, where)


def _as_pixels(values: Array, where: str) -> Array:
    """Bring the values to uint8 or float32."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "b":
        return values.astype(np.float32)
    if values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 255:  # what 8 bits hold
            raise DataError(
                f"{where} holds whole numbers from {low} to {high}. Whole numbers are gray levels "
                "from 0 to 255. Save other ranges as float32, divided by their largest value."
            )
        return values.astype(np.uint8)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite
            values = values.astype(np.float32)
        bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
        if len(bad):
            raise DataError(
                f"{where} has a value that is not a finite float32 in image {bad[0]}, "
                f"and in {len(bad)} images altogether. "
                "Pixels must be finite numbers. Remove these images or replace the values."
            )
        return values
    raise DataError(
        f"{where} holds values of type {values.dtype}. Pixels are numbers. Save them as uint8 or "
        "float32."
    )


def as_labels(values: Array, *, where: str) -> Array:
    """Check an array of labels and bring it to int64, or to float32 targets.

    Parameters
    ----------
    values
        ``(n,)`` or ``(n, 1)`` whole numbers from 0, or floats: targets of any shape.
    where
        What the array is called in messages.

    Returns
    -------
    Array
        int64 labels ``(n,)``, or float32 targets.

    Raises
    ------
    DataError
        If these are no labels: not one for each image, negative, or not finite.

    Examples
    --------
    >>> as_labels(np.array([[3], [1]], np.uint8), where="example")
    array([3, 1])
    """
    if values.ndim == 2 and values.shape[1] == 1:  # a column
        values = values[:, 0]
    if values.dtype.kind == "f" and values.ndim:
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        if not np.isfinite(values).all():
            raise DataError(
                f"{where} holds targets that are not finite float32 numbers. Targets must be "
                "finite. Remove their images or replace the values."
            )
        return values
    if values.dtype.kind not in "iub" or values.ndim != 1:
        raise DataError(
            f"{where} has shape {values.shape} and type {values.dtype}. "
            "Labels are one whole number for each image; targets are floats. "
            "Take argmax(axis=1) of labels that are coded as rows of zeros and a one."
        )
    if len(values) and not 0 <= int(values.min()) <= int(values.max()) < MOST_CLASSES:
        raise DataError(
            f"{where} holds labels from {values.min()} to {values.max()}. "
            f"Labels count from 0, and there are at most {MOST_CLASSES:,} classes. "
            "Number the classes 0, 1, 2, ... and save again."
        )
    return values.astype(np.int64)


def as_part(x: Array, y: Array, *, images: str, labels: str) -> tuple[Array, Array]:
    """Check images and their labels, and that there are as many of the one as of the other.

    Parameters
    ----------
    x, y
        Images and labels as they were read.
    images, labels
        What they are called in messages.

    Returns
    -------
    x, y
        As :func:`as_images` and :func:`as_labels` bring them.

    Raises
    ------
    DataError
        If they cannot be used, or their numbers differ.
    """
    x, y = as_images(x, where=images), as_labels(y, where=labels)
    if len(x) != len(y):
        raise DataError(
            f"{images} has {len(x)} images, but {labels} has {len(y)} labels. "
            "Each image has one label. Check that the two belong together."
        )
    return x, y


def assemble(
    train: tuple[Array, Array],
    test: tuple[Array, Array] | None = None,
    *,
    name: str,
    source: str,
    classes: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Put the parts of a data set together, after checking that they are alike.

    Parameters
    ----------
    train, test
        Images and labels of each part, as :func:`as_part` gives them.
    name, source, notes
        As in :class:`Dataset`.
    classes
        Names of the classes; without them, the classes are called by their numbers.

    Returns
    -------
    Dataset
        With an empty test part where ``test`` is None.

    Raises
    ------
    DataError
        If the images of the parts differ in shape or type, the labels in kind, or a label has no
        name.
    """
    (x, y), (x_test, y_test) = train, test or (train[0][:0], train[1][:0])
    if x.shape[1:] != x_test.shape[1:] or x.dtype != x_test.dtype:
        raise DataError(
            f"{source} has training images of {_describe_images(x)}, but test images of "
            f"{_describe_images(x_test)}. A network takes images of one size and type. "
            "Bring them to one size and type and save them again."
        )
    if y.shape[1:] != y_test.shape[1:] or y.dtype != y_test.dtype:
        raise DataError(
            f"{source} has training labels of shape {y.shape} and type {y.dtype}, but test labels "
            f"of shape {y_test.shape} and type {y_test.dtype}. Both parts have labels of one kind. "
            "Save them alike."
        )
    numbered = class_names(y, y_test)
    if classes and len(classes) < len(numbered):
        raise DataError(
            f"{source} names {len(classes)} classes, but has labels up to {len(numbered) - 1}. "
            "Each label from 0 has a name. Add the missing names, or leave all of them out."
        )
    return Dataset(
        x=x,
        y=y,
        x_test=x_test,
        y_test=y_test,
        classes=(classes or numbered) if numbered else (),
        name=name,
        source=source,
        notes=notes,
    )


def _describe_images(x: Array) -> str:
    """Say size and type of images."""
    return f"{' x '.join(map(str, x.shape[1:]))} {x.dtype}"


def class_names(*labels: Array) -> tuple[str, ...]:
    """Name classes by their numbers, from 0 to the largest label; float targets have none.

    Parameters
    ----------
    labels
        The labels of each part.

    Returns
    -------
    tuple of str
        ``"0"``, ``"1"``, ... Labels are never renumbered: a part in which a class is missing must
        still agree with a network that was trained on all of them.

    Examples
    --------
    >>> class_names(np.array([0, 2]), np.array([1]))
    ('0', '1', '2')
    """
    whole = [part for part in labels if part.dtype.kind == "i" and len(part)]
    return tuple(map(str, range(1 + max((int(part.max()) for part in whole), default=-1))))


def check_classes(y: Array, classes: Sequence[str], *, where: str) -> None:
    """Check that there is something to tell apart.

    Parameters
    ----------
    y
        Labels of the training part.
    classes
        Names of the classes.
    where
        What the data are called in the message.

    Raises
    ------
    DataError
        If whole-number labels name one class only.
    """
    if y.dtype.kind == "i" and len(np.unique(y)) == 1:
        raise DataError(
            f"All {len(y)} training images of {where} belong to one class, {classes[y[0]]!r}. "
            "A network that tells classes apart needs images of at least two. "
            "Add images of another class."
        )
