"""Images of a data set: a sheet of samples, and the images that a network gets wrong."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.data.image_file import ImageFile, Images, as_shape
from striate.drawing.paint import Theme
from striate.drawing.sheet import SheetTile, sheet
from striate.errors import DataError, ShapeError
from striate.functions.options import COUNT, require
from striate.pictures.canvas import draw_scene
from striate.pictures.style import displayed, drawable, names_of
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_MOST = 24
_MOST_OF_CLASS = 48
_COLUMNS = 8
_FEWEST_COLUMNS = 5  # room for the heading
_COLORS = 3
_ROOM = 14  # characters of a name above an image
_LONG_ROOM = 24  # characters of a name at the left of a row
_SHORT = 4  # two names of at most this many characters fit on a line
_MOST_CLASSES = 20
_AXES_OF_IMAGES = 4


def samples(
    x: Images,
    y: Array | Sequence[Any] | None = None,
    *,
    classes: Sequence[object] = (),
    columns: int = 10,
    rows: int = 4,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw images of a data set.

    Parameters
    ----------
    x
        Images, channels last: ``(n, rows, columns)`` or ``(n, rows, columns, channels)``.
    y
        Their labels. With labels, each class is a row, with its first images; at most 20 classes
        are drawn. Without them, the first images are drawn.
    classes
        Names of the classes, by label; none if the labels are names.
    columns
        Images in a row.
    rows
        Rows of a sheet without labels.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        An image is one unit wide.

    Raises
    ------
    DataError
        If ``x`` is empty, or ``y`` does not hold one label for each image.
    ShapeError
        If the images have the wrong number of axes.
    OptionError
        If ``columns`` or ``rows`` is not a positive integer.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> import striate as st
    >>> (x, y), _ = st.data.load("digits")
    >>> ax = st.pictures.samples(x, y, columns=8)
    >>> [text.get_text() for text in ax.texts[:3]]
    ['0', '1', '2']
    """
    require("columns", columns, COUNT, example=10)
    require("rows", rows, COUNT, example=4)
    x = checked_images(x)
    if y is None:
        shown = x[: columns * rows]
        about = f"{len(shown)} images."
        scene = sheet(
            [SheetTile(pixels=rgb(one)) for one in shown], min(columns, len(shown)), about=about
        )
        return draw_scene(scene, ax, theme)
    y = np.asarray(y)
    if y.shape != (len(x),):
        raise DataError(
            f"`y` must hold one label for each of the {len(x):,} images, got shape {y.shape}. "
            "Use y.argmax(axis=1) for one-hot rows."
        )
    labels = np.unique(y)[:_MOST_CLASSES]
    tiles: list[SheetTile | None] = []
    names: list[str] = []
    for label in labels:
        of_class = x[np.flatnonzero(y == label)[:columns]]
        tiles += [SheetTile(pixels=rgb(one)) for one in of_class]
        tiles += [None] * (columns - len(of_class))
        names.append(drawable(_name(label, classes), _LONG_ROOM))
    about = f"Images of {len(labels)} classes: {', '.join(names)}."
    return draw_scene(sheet(tiles, columns, about=about, row_names=names), ax, theme)


def _name(label: Any, classes: Sequence[object]) -> str:
    """Return the name of a class."""
    numbered = isinstance(label, np.integer) and 0 <= label < len(classes)
    return str(classes[int(label)]) if numbered else str(label)


def checked_images(x: Any) -> Images:
    """Check images, and add the axis of channels if it is missing.

    An array ``(rows, columns, 3)`` is one color image, such as a photo, not gray images with three
    columns.
    """
    x = x if isinstance(x, ImageFile) else np.asarray(x)  # of a file, only the drawn ones are read
    if isinstance(x, np.ndarray) and x.ndim == _AXES_OF_IMAGES - 1 and x.shape[-1] == _COLORS:
        x = x[np.newaxis]
    if x.ndim == _AXES_OF_IMAGES - 1:
        x = as_shape(x, (*x.shape, 1))
    if x.ndim != _AXES_OF_IMAGES or x.shape[-1] not in {1, 3}:
        remedies = {
            2: "For one image, use x[np.newaxis]; for signals, st.pictures.signals(x[:8]).",
            4: "Move channels to the last axis with np.moveaxis(x, 1, -1).",
            5: "For a volume, use st.pictures.images(x[0, ..., 0]).",
        }
        raise ShapeError(
            f"`x` must have shape (images, rows, columns) or (images, rows, columns, channels) "
            f"with 1 or 3 channels, got {x.shape}. {remedies.get(x.ndim, remedies[4])}"
        )
    if not x.size:
        raise DataError(f"`x` has no images: its shape is {x.shape}. Use at least one image.")
    return x


def rgb(image: Array) -> Array:
    """Convert an image ``(rows, columns, channels)`` to colors ``(rows, columns, 3)``, uint8.

    Examples
    --------
    >>> rgb(np.array([[[0.0], [1.0]]]))[0].tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    scaled = np.nan_to_num(displayed(image)).clip(0, 1)
    gray = scaled if scaled.shape[-1] == 3 else scaled[..., :1].repeat(3, axis=-1)
    return (255 * gray).round().astype(np.uint8)


def mistakes(
    x: Images,
    y: Array,
    probabilities: Array,
    classes: Sequence[object] = (),
    *,
    files: Sequence[str | os.PathLike[str]] = (),
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the misclassified images whose true class is least probable.

    Parameters
    ----------
    x
        Images, channels last.
    y
        Their labels.
    probabilities
        The network's predictions, one row for each image.
    classes
        Names of the classes; none if they are integers.
    files
        The file of each image, whose name is written below it.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        With at most 24 images, the worst first, each with its true class, the predicted class and
        that class's probability.

    Raises
    ------
    DataError
        If ``x`` is empty.
    ShapeError
        If the images have the wrong number of axes, or the arrays have different lengths.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> x, y = np.zeros((2, 4, 4, 1)), np.array([0, 1])
    >>> ax = mistakes(x, y, np.array([[0.2, 0.8], [0.1, 0.9]]), ("cat", "dog"))
    >>> [text.get_text() for text in ax.texts]
    ['cat → dog', '80%']
    """
    x, y, probabilities = _predicted(x, y, probabilities, files)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != y)
    chosen = wrong[worst(y[wrong], probabilities[wrong], _MOST)]
    names = [drawable(name, _ROOM) for name in names_of(classes, probabilities.shape[1])]
    arrow = "\n→ " if max(map(len, names)) > _SHORT else " → "
    tiles: list[SheetTile] = []
    for image in chosen:
        predicted = int(probabilities[image].argmax())
        tiles.append(
            SheetTile(
                pixels=rgb(x[image]),
                above=f"{names[int(y[image])]}{arrow}{names[predicted]}",
                below=f"{100 * probabilities[image, predicted]:.0f}%" + _file_line(files, image),
            )
        )
    few = f", the worst {len(chosen)}" if len(chosen) < len(wrong) else ""
    heading = f"{len(wrong):,} of {len(y):,} misclassified{few} (true → predicted, probability)"
    columns = min(_COLUMNS, max(_FEWEST_COLUMNS, len(chosen)))
    return draw_scene(sheet(tiles, columns, about=heading), ax, theme, heading)


def contact_sheet(
    x: Images,
    y: Array,
    probabilities: Array,
    label: int,
    classes: Sequence[object] = (),
    *,
    files: Sequence[str | os.PathLike[str]] = (),
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw the images of one class, those with the lowest probability of that class first.

    Images with a wrong label are often among the first ones.

    Parameters
    ----------
    x
        Images, channels last.
    y
        Their labels.
    probabilities
        The network's predictions, one row for each image.
    label
        The class to draw.
    classes
        Names of the classes; none if they are integers.
    files
        The file of each image, whose name is written below it.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        With at most 48 images, each with the probability of its class. Misclassified ones have a
        thick frame and the predicted class.

    Raises
    ------
    DataError
        If ``x`` is empty, or has no image of the class.
    ShapeError
        If the images have the wrong number of axes, or the arrays have different lengths.
    ExtraError
        If Matplotlib is not installed.

    Examples
    --------
    >>> x, y = np.zeros((3, 4, 4, 1)), np.array([0, 1, 1])
    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    >>> ax = contact_sheet(x, y, probabilities, 1, ("cat", "dog"), files=["a", "b", "c"])
    >>> [text.get_text() for text in ax.texts]
    ['→ cat', '30%', 'c', '80%', 'b']
    """
    x, y, probabilities = _predicted(x, y, probabilities, files)
    full = names_of(classes, probabilities.shape[1])
    names = [drawable(name, _ROOM) for name in full]
    of_class = np.flatnonzero(y == label)
    if not len(of_class):
        raise DataError(
            f"`label` must be a class that has images, got {label}. Choose one of "
            f"{', '.join(map(str, np.unique(y)[:_MOST_CLASSES]))}."
        )
    chosen = of_class[worst(y[of_class], probabilities[of_class], _MOST_OF_CLASS)]
    predicted = probabilities.argmax(axis=1)
    tiles = [
        SheetTile(
            pixels=rgb(x[image]),
            above=f"→ {names[predicted[image]]}" if predicted[image] != label else "",
            below=f"{100 * probabilities[image, label]:.0f}%" + _file_line(files, image),
            marked=bool(predicted[image] != label),
        )
        for image in chosen
    ]
    wrong = int((predicted[of_class] != label).sum())
    few = f", the {len(chosen)} least probable" if len(chosen) < len(of_class) else ""
    heading = (
        f"{drawable(full[label], _LONG_ROOM)}: {wrong:,} of {len(of_class):,} misclassified{few} "
        "(→ predicted, probability of the true class)"
    )
    columns = min(_COLUMNS, max(_FEWEST_COLUMNS, len(chosen)))
    return draw_scene(sheet(tiles, columns, about=heading), ax, theme, heading)


def _predicted(
    x: Images, y: Array, probabilities: Array, files: Sequence[object]
) -> tuple[Images, Array, Array]:
    """Check images, labels and predictions; of channels that aren't colors, keep the first."""
    x = x if isinstance(x, ImageFile) else np.asarray(x)
    x = checked_images(x if x.ndim != _AXES_OF_IMAGES or x.shape[-1] in {1, 3} else x[..., :1])
    y, probabilities = np.asarray(y), np.asarray(probabilities)
    if y.shape != (len(x),) or probabilities.shape[:-1] != y.shape:
        raise ShapeError(
            f"`y` and `probabilities` must have one row for each of the {len(x):,} images, got "
            f"shapes {y.shape} and {probabilities.shape}. Use the y that belongs to x, and "
            "net.predict(x)."
        )
    if len(files) not in (0, len(x)):
        raise ShapeError(
            f"`files` must name one file for each of the {len(x):,} images, got {len(files):,}. "
            "Leave files out, or use those that belong to x."
        )
    return x, y, probabilities


def _file_line(files: Sequence[str | os.PathLike[str]], image: int) -> str:
    """Return a line with the name of an image's file."""
    return f"\n{drawable(Path(files[image]).name, _LONG_ROOM)}" if files else ""


def worst(y: Array, probabilities: Array, count: int) -> Array:
    """Find the images whose true class is least probable.

    Parameters
    ----------
    y
        Labels.
    probabilities
        The network's predictions, one row for each image.
    count
        The number of images to find.

    Returns
    -------
    Array
        Indices of images, the worst first; among equals, the first image first.

    Examples
    --------
    >>> worst(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]), 2)
    array([1, 2])
    """
    own = probabilities[np.arange(len(y)), y]
    return np.argsort(own, kind="stable")[:count]
