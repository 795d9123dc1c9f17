"""A data set in memory: images, labels, and what is known about them.

Labels that a file holds are *values*: the integers 1, 2, 3, the words "cat" and "dog", -1 and 1. A
:class:`Dataset` keeps them as ``classes``, with their type, and ``y`` holds the index of each
image's class. Floats are regression targets: 1.0, 2.0, 3.0 may be grades, counts or sizes. There
are two exceptions. One-hot rows are labels whatever their type, and integers that are stored as
floats are labels for a network with classes (:func:`with_classes`).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from striate.data.image_file import Images
from striate.errors import DataError
from striate.files import quoted
from striate.shapes import Array

LabelValue = str | int

MOST_CLASSES = 100_000
"""More classes than any set of pictures has; many different integers are numbers, not labels."""

_AXES_OF_PICTURES = 4
"""Image, row, column, channel."""

_MANY = 1000
"""More classes than this, with fewer than two images of each on average, are a mistake."""


@dataclass(frozen=True, kw_only=True)
class FolderScan:
    """What was found in a folder of pictures besides the pictures to train with.

    Parameters
    ----------
    skipped
        Files that could not be read, and why.
    test_copies, validation_copies
        Pictures of these parts that are nearly the same as one in another part, with that one.
    conflicting
        Pairs of nearly the same picture in different classes.
    """

    skipped: tuple[tuple[Path, str], ...] = ()
    test_copies: tuple[tuple[Path, Path], ...] = ()
    validation_copies: tuple[tuple[Path, Path], ...] = ()
    conflicting: tuple[tuple[Path, Path], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images and labels for training and testing.

    Parameters
    ----------
    x, x_test
        Images, ``(n, rows, columns, channels)``; gray ones have one channel. Signals are
        ``(n, samples, channels)``, volumes ``(n, planes, rows, columns, channels)``. uint8 from 0
        to 255, uint16 from 0 to 65,535, or float32 as the file has them. ``x_test`` is empty
        without a test set.
    y, y_test
        For each image the index of its class, int64, or float32 targets. For images with masks the
        index of each pixel's class, uint8 ``(n, rows, columns)``; 255 for pixels without a class.
    x_validation, y_validation
        The validation set that the data itself has, such as the folder ``val``; empty without one.
    files, files_test, files_validation
        The picture file of each image of the three sets, for a folder of pictures; otherwise
        empty.
    groups
        For each image of ``x`` the number of its group: near-duplicates have the same number.
        Empty if they weren't searched for.
    scan
        What else was found in a folder of pictures: unreadable files, and near-duplicates across
        parts and classes.
    classes
        The values of the labels: words, or integers. Empty if the targets are numbers.
    target_names
        Names of regression targets: the column headings of a CSV file.
        Empty if they have no names.
    name
        Name of the data set.
    source
        Where it comes from: a path or a description.
    notice
        Its authors and license, as far as they are known.
    notes
        What was done or noticed while it was read, one sentence each.
    """

    x: Images
    y: Array
    x_test: Images
    y_test: Array
    classes: tuple[LabelValue, ...]
    name: str
    source: str
    notice: str = ""
    notes: tuple[str, ...] = ()
    x_validation: Images = field(default_factory=lambda: np.empty(0, np.uint8))
    y_validation: Array = field(default_factory=lambda: np.empty(0, np.int64))
    files: tuple[Path, ...] = ()
    files_test: tuple[Path, ...] = ()
    files_validation: tuple[Path, ...] = ()
    target_names: tuple[str, ...] = ()
    groups: Array = field(default_factory=lambda: np.empty(0, np.int64))
    scan: FolderScan | None = None

    @property
    def labels(self) -> Array:
        """The label of each image of ``x`` by its value, such as ``"cat"``; or its targets.

        A network that is trained with them predicts such values.

        Examples
        --------
        >>> import striate as st
        >>> data = st.data.open_dataset("shapes")
        >>> data.y[:2], data.labels[:2]
        (array([0, 1]), array(['square', 'diamond'], dtype='<U7'))
        """
        return self._values(self.y)

    @property
    def labels_test(self) -> Array:
        """The labels of ``x_test`` by their values, or its targets."""
        return self._values(self.y_test)

    @property
    def labels_validation(self) -> Array:
        """The labels of ``x_validation`` by their values, or its targets."""
        return self._values(self.y_validation)

    def _values(self, y: Array) -> Array:
        return np.array(self.classes)[y] if self.classes and y.ndim == 1 else y

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image: rows, columns, channels."""
        return self.x.shape[1:]

    @property
    def are_pictures(self) -> bool:
        """Whether the images have rows and columns, unlike signals and volumes."""
        return self.x.ndim == _AXES_OF_PICTURES

    @property
    def has_masks(self) -> bool:
        """Whether each pixel has a label."""
        return bool(self.classes) and self.y.ndim > 1

    def __repr__(self) -> str:
        validation = f", {len(self.x_validation)} validation" if len(self.x_validation) else ""
        return (
            f"Dataset({quoted(self.name)}: {len(self.x)} training{validation} and "
            f"{len(self.x_test)} test "
            f"images of {' x '.join(map(str, self.image_shape))}, {len(self.classes)} classes)"
        )


def axes_of(image_shape: tuple[int, ...]) -> str:
    """Name the axes of one image, signal or volume.

    Examples
    --------
    >>> axes_of((28, 28, 1)), axes_of((600, 1))
    ('rows, columns, channels', 'samples, channels')
    """
    names = {
        2: "samples, channels",
        3: "rows, columns, channels",
        4: "planes, rows, columns, channels",
    }
    return names.get(len(image_shape), "pixels, channels")


def as_images(values: Array, *, where: str, pixel_axes: int | None = None) -> Array:
    """Check an array of images, and convert it to uint8, uint16 or float32 with channels last.

    Parameters
    ----------
    values
        ``(n, rows, columns)`` for gray images or ``(n, rows, columns, channels)``; more axes of
        pixels are kept. uint8 and uint16 are kept; other integers must be 0 to 255 and become
        uint8; booleans become float32 zeros and ones; other floats become float32.
    where
        Name of the array in errors: a file, and the name in it.
    pixel_axes
        Number of pixel axes, if it is known: 1 for signals, ``(n, samples)`` or
        ``(n, samples, channels)``; 2 for images; 3 for volumes, with channels or without.

    Returns
    -------
    Array
        The images with a channel axis.

    Raises
    ------
    DataError
        If the array is empty, has too few axes, holds anything but numbers, has values out of range
        or not finite, or has channels before rows and columns.

    Examples
    --------
    >>> as_images(np.zeros((5, 8, 8), int), where="example").shape
    (5, 8, 8, 1)
    """
    if pixel_axes is not None:
        return _as_pixels(_with_channel_axis(values, where, pixel_axes), where)
    if values.ndim < 3:  # images, rows, columns
        raise DataError(
            f"{where} has shape {values.shape}; expected at least three axes: images, rows, "
            "columns. Reshape flattened images first, for example to (-1, 28, 28). For signals, "
            "add pixel_axes=1 to the file: np.savez(path, x=x, y=y, pixel_axes=1)."
        )
    if 0 in values.shape:
        raise DataError(
            f"{where} has shape {values.shape}; expected at least one image of at least one pixel. "
            "Check how the file was written."
        )
    if values.ndim == 3:  # gray images without a channel axis
        values = values[..., np.newaxis]
    elif values.shape[-1] > 4 >= values.shape[1]:  # no picture has more than 4 channels
        raise DataError(
            f"{where} has shape {values.shape}, probably with channels first; expected channels "
            "last, (n, rows, columns, channels). Save np.moveaxis(x, 1, -1) instead."
        )
    return _as_pixels(values, where)


def _with_channel_axis(values: Array, where: str, pixel_axes: int) -> Array:
    """Add the channel axis if it is missing; raise if the number of axes is another one."""
    names = {1: "samples", 2: "rows, columns", 3: "planes, rows, columns"}[pixel_axes]
    if values.ndim - 1 - pixel_axes not in (0, 1) or 0 in values.shape:
        raise DataError(
            f"{where} has shape {values.shape}; with pixel_axes={pixel_axes}, expected "
            f"(n, {names}) or (n, {names}, channels), at least one of each. Save another shape, "
            "or another pixel_axes."
        )
    return values if values.ndim == pixel_axes + 2 else values[..., np.newaxis]


def _as_pixels(values: Array, where: str) -> Array:
    """Convert the values to uint8, uint16 or float32."""
    if values.dtype in (np.uint8, np.uint16):
        return values
    if values.dtype.kind == "b":
        return values.astype(np.float32)
    if values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 255:  # what 8 bits hold
            most = max(abs(low), abs(high))
            raise DataError(
                f"{where} has dtype {values.dtype} with values from {low:,} to {high:,}; expected "
                "uint8, uint16, integers from 0 to 255, or floats. Save "
                f"x.astype(np.float32) / {most} instead."
            )
        return values.astype(np.uint8)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite
            values = values.astype(np.float32)
        bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
        if len(bad):
            raise DataError(
                f"{where} has a value that is not finite in float32 in image {bad[0]} "
                f"({len(bad):,} of {len(values):,} images). Leave such images out, or set these "
                "values to 0: np.nan_to_num(x.astype(np.float32), posinf=0, neginf=0)."
            )
        return values
    raise DataError(
        f"{where} has dtype {values.dtype}; expected numbers. Save it as uint8 or float32."
    )


def as_labels(values: Array, *, where: str) -> Array:
    """Check an array of labels or targets.

    Parameters
    ----------
    values
        Labels, ``(n,)`` or ``(n, 1)``: strings, integers or booleans; one-hot rows,
        ``(n, classes)``, of any type; or floats, targets of any shape.
    where
        Name of the array in errors.

    Returns
    -------
    Array
        Words, int64 labels ``(n,)``, or float32 targets.

    Raises
    ------
    DataError
        If there is not one label for each image, or a target is not finite.

    Examples
    --------
    >>> as_labels(np.array([[3], [1]], np.uint8), where="example")
    array([3, 1])
    >>> as_labels(np.array([[0.0, 1.0], [1.0, 0.0]]), where="example")
    array([1, 0])
    """
    if values.ndim == 2 and values.shape[1] == 1:  # a column
        values = values[:, 0]
    if values.dtype.kind in "biuf" and _are_one_hot(values):
        return values.argmax(axis=1).astype(np.int64)
    if values.dtype.kind == "f" and values.ndim:
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
        if len(bad):
            raise DataError(
                f"{where} has a target that is not finite in float32 for image {bad[0]} "
                f"({len(bad):,} of {len(values):,} images). Leave such images out, or replace the "
                "values."
            )
        return values
    if values.dtype.kind not in "iubU" or values.ndim != 1:
        raise DataError(
            f"{where} has shape {values.shape} and dtype {values.dtype}; expected one integer or "
            "string for each image, one-hot rows, or floats. Save regression targets as float32."
        )
    if values.dtype.kind == "u" and len(values) and int(values.max()) > np.iinfo(np.int64).max:
        raise DataError(
            f"{where} holds the label {values.max()}; expected at most 2**63 - 1. Save the "
            "labels as strings instead."
        )
    return values if values.dtype.kind == "U" else values.astype(np.int64)


def _are_one_hot(values: Array) -> bool:
    """Whether rows hold one 1 and otherwise zeros, the code of the class at the place of the 1."""
    if values.ndim != 2 or not values.size or values.min() != 0 or values.max() != 1:
        return False
    ones = values == 1
    return bool((ones.sum(axis=1) == 1).all() and (ones | (values == 0)).all())


def as_part(
    x: Array, y: Array, *, images: str, labels: str, pixel_axes: int | None = None
) -> tuple[Array, Array]:
    """Check images and their labels, and that there is one label for each image.

    Parameters
    ----------
    x, y
        Images and labels as they were read.
    images, labels
        Their names in errors.
    pixel_axes
        As for :func:`as_images`.

    Returns
    -------
    x, y
        As :func:`as_images` and :func:`as_labels` return them.

    Raises
    ------
    DataError
        If they cannot be used, or their numbers differ.
    """
    x = as_images(x, where=images, pixel_axes=pixel_axes)
    y = as_labels(y, where=labels)
    if len(x) != len(y):
        raise DataError(
            f"{images} has {len(x)} images, but {labels} has {len(y)} labels; expected one label "
            "for each image. Check that the two belong together."
        )
    return x, y


def assemble(
    train: tuple[Array, Array],
    test: tuple[Array, Array] | None = None,
    validation: tuple[Array, Array] | None = None,
    *,
    name: str,
    source: str,
    classes: tuple[LabelValue, ...] = (),
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Put the parts of a data set together, after checking that they match.

    Parameters
    ----------
    train, test, validation
        Images and labels of each part, as :func:`as_part` returns them.
    name, source, notes
        As in :class:`Dataset`.
    classes
        Names of the classes, if the labels are their indices. Without them, the classes are the
        values of the labels, in ascending order.

    Returns
    -------
    Dataset
        With an empty test or validation set where ``test`` or ``validation`` is None.

    Raises
    ------
    DataError
        If the images of the parts differ in shape or dtype, the labels in type, a label has no
        name, or there are too many different labels.
    """
    nothing = (train[0][:0], train[1][:0])
    (x, y), (x_test, y_test) = train, test or nothing
    x_validation, y_validation = validation or nothing
    _require_alike(train, test or nothing, "test", source)
    _require_alike(train, validation or nothing, "validation", source)
    labels = (y, y_test, y_validation)
    if classes and y.dtype.kind == "i":
        _require_names(labels, classes, source)
    elif y.dtype.kind in "iU":
        classes = class_values(*labels, where=source)
        y, y_test, y_validation = (np.searchsorted(np.array(classes), part) for part in labels)
    else:
        classes = ()
    return Dataset(
        x=x,
        y=y,
        x_test=x_test,
        y_test=y_test,
        x_validation=x_validation,
        y_validation=y_validation,
        classes=classes,
        name=name,
        source=source,
        notes=(*notes, *_notes_on_targets(y)),
    )


def _require_alike(
    train: tuple[Array, Array], other: tuple[Array, Array], part: str, source: str
) -> None:
    """Raise if the images or labels of a part differ in type from those for training."""
    (x, y), (x_other, y_other) = train, other
    if x.shape[1:] != x_other.shape[1:] or x.dtype != x_other.dtype:
        raise DataError(
            f"{source} has training images of {_describe_images(x)}, but {part} images of "
            f"{_describe_images(x_other)}; expected the same size and dtype. Convert them and save "
            "them again."
        )
    if y.shape[1:] != y_other.shape[1:] or y.dtype.kind != y_other.dtype.kind:
        raise DataError(
            f"{source} has training labels of shape {y.shape} and dtype {y.dtype}, but {part} "
            f"labels of shape {y_other.shape} and dtype {y_other.dtype}; expected the same type. "
            "Save them both with the same dtype and number of axes."
        )


def _describe_images(x: Array) -> str:
    """Write size and dtype of images."""
    return f"{' x '.join(map(str, x.shape[1:]))} {x.dtype}"


def _require_names(labels: tuple[Array, ...], classes: tuple[LabelValue, ...], source: str) -> None:
    """Raise if a label is not the index of a class."""
    for part in labels:
        outside = part[(part < 0) | (part >= len(classes))]
        if len(outside):
            raise DataError(
                f"{source} names {len(classes)} classes, but has the label {outside[0]}; expected "
                f"0 to {len(classes) - 1}. Add the missing names, or leave all of them out."
            )


_WHOLE_FLOATS = (
    "The targets are integers stored as floats, and are used as regression targets. If they are "
    "classes, save y.astype(int) instead."
)


def _notes_on_targets(y: Array) -> tuple[str, ...]:
    """Point out floats that look like labels."""
    return (_WHOLE_FLOATS,) if _are_whole_floats(y) else ()


def _are_whole_floats(y: Array) -> bool:
    """Whether targets are integers stored as floats, one for each image."""
    return y.dtype.kind == "f" and y.ndim == 1 and np.array_equal(y, np.rint(y))


def with_classes(dataset: Dataset) -> Dataset:
    """Read targets that are integers stored as floats as labels, for a network that needs labels.

    Parameters
    ----------
    dataset
        The data set as it was read.

    Returns
    -------
    Dataset
        With the values of the targets as classes, or unchanged if the targets are not labels.

    Examples
    --------
    >>> x, y = np.zeros((3, 8, 8, 1), np.float32), np.array([1, 2, 1], np.float32)
    >>> with_classes(assemble((x, y), name="example", source="here")).classes
    (1, 2)
    """
    parts = (dataset.y, dataset.y_test, dataset.y_validation)
    whole = all(_are_whole_floats(part) for part in parts if len(part))
    if not whole or len(np.unique(dataset.y)) > _MANY:
        return dataset
    labels = [part.astype(np.int64) for part in parts]
    classes = class_values(*labels, where=dataset.source)
    y, y_test, y_validation = (np.searchsorted(np.array(classes), part) for part in labels)
    note = "The labels are integers stored as floats, and are read as classes."
    return replace(
        dataset,
        y=y,
        y_test=y_test,
        y_validation=y_validation,
        classes=classes,
        notes=tuple(note if one == _WHOLE_FLOATS else one for one in dataset.notes),
    )


def class_values(*labels: Array, where: str) -> tuple[LabelValue, ...]:
    """Find the different values of labels.

    Parameters
    ----------
    labels
        The labels of each part: words or integers.
    where
        Name of the data in errors.

    Returns
    -------
    tuple of str or int
        In ascending order.

    Raises
    ------
    DataError
        If there are too many to be classes.

    Examples
    --------
    >>> class_values(np.array([3, 1]), np.array([-1]), where="example")
    (-1, 1, 3)
    """
    every = np.concatenate(labels)
    values: list[Any] = np.unique(every).tolist()
    if len(values) > MOST_CLASSES or (len(values) > _MANY and len(every) < 2 * len(values)):
        raise DataError(
            f"{where} has {len(values):,} different labels for {len(every):,} images; integers and "
            "strings are read as class labels. Save regression targets as float32."
        )
    return tuple(values)


def check_classes(y: Array, classes: tuple[LabelValue, ...], *, where: str) -> None:
    """Check that there are at least two classes.

    Parameters
    ----------
    y
        Indices of the training set's classes.
    classes
        Their values.
    where
        Name of the data in errors.

    Raises
    ------
    DataError
        If all images belong to one class.
    """
    if classes and y.ndim == 1 and len(np.unique(y)) == 1:
        only = classes[y[0]]
        name = quoted(only) if isinstance(only, str) else only
        raise DataError(
            f"All {len(y)} training images of {where} belong to one class, {name}; "
            "expected at least two. Add images of another class."
        )
