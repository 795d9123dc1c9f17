"""Writing pictures to files; a file is written completely or not at all."""

import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.data.image_file import Images
from striate.diagrams import Diagram
from striate.errors import OptionError
from striate.files import atomic_write, make_folder
from striate.functions.writing import short
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.pictures.animation import Animation
from striate.pictures.confusion import confusion
from striate.pictures.kernels import kernels, layers_with_kernels
from striate.pictures.learning_curve import learning_curve
from striate.pictures.samples import contact_sheet, mistakes
from striate.pictures.style import DOTS_PER_INCH, new_figure, own_style
from striate.shapes import Array
from striate.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURES = ("learning-curve.png", "confusion.png", "kernels.png", "mistakes.png", "classes")
"""Names of the files, and of a folder with one for each class, that :func:`save_all` writes."""

_MOST_SHEETS = 30
_LONGEST_NAME = 40
_CURVES = 9.0, 3.6  # inches of two learning curves
_AXES_OF_PICTURES = 4  # image, row, column, channel
_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"dpi": DOTS_PER_INCH, "metadata": {"Software": None}},
    ".svg": {"metadata": {"Date": None, "Creator": None}},
    ".pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
}
"""Options that make a file depend on the figure alone."""


def save_all(
    folder: str | os.PathLike[str],
    *,
    network: Network,
    history: History | None = None,
    evaluation: Evaluation | None = None,
    x: Images | None = None,
    y: Array | None = None,
    probabilities: Array | None = None,
    files: Sequence[str | os.PathLike[str]] = (),
) -> list[Path]:
    """Draw a trained network, its training and its mistakes, and write PNG files.

    Parameters
    ----------
    folder
        Where to write; created if it is missing.
    network
        For the kernels of its first convolution.
    history
        For the learning curve.
    evaluation
        For the confusion matrix.
    x, y, probabilities
        Images, labels and predicted probabilities, for the worst mistakes; of signals and volumes,
        none are drawn.
    files
        The file of each image. With files, ``classes`` has a contact sheet of each class, at most
        30.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ModelFileError
        If the folder or a file cannot be written.
    ExtraError
        If Matplotlib is not installed.
    """
    figures: dict[str, Figure] = {}
    if history:
        figures["learning-curve"] = _curves(history)
    if evaluation is not None and evaluation.confusion is not None:
        figures["confusion"] = _alone(confusion, evaluation)
    with_kernels = layers_with_kernels(network)
    if with_kernels:
        figures["kernels"] = _alone(kernels, network, with_kernels[0])
    pictured = x is not None and x.ndim == _AXES_OF_PICTURES  # signals and volumes are not
    if pictured and y is not None and probabilities is not None:
        known = partial(_alone, files=files)
        if _has_mistakes(y, probabilities):
            figures["mistakes"] = known(mistakes, x, y, probabilities, network.classes)
        for label in np.unique(y)[: _MOST_SHEETS if files else 0].tolist():
            name = f"classes/{_file_name(label, network.classes)}"
            figures[name] = known(contact_sheet, x, y, probabilities, label, network.classes)
    return [save(figure, Path(folder) / f"{name}.png") for name, figure in figures.items()]


def _file_name(label: int, classes: Sequence[object]) -> str:
    """Make a name for the file of a class: its number, and the letters and digits of its name."""
    name = str(classes[label]) if len(classes) else ""
    composed = unicodedata.normalize("NFC", name)  # macOS writes an umlaut as two characters
    plain = re.sub(r"[\W_]+", "-", composed).strip("-")[:_LONGEST_NAME]
    return f"{label:02}-{plain}" if plain else f"{label:02}"


def _alone(draw: "Callable[..., Axes]", *what: Any, **how: Any) -> "Figure":
    """Draw a picture in its own figure, for light pages whatever the settings are."""
    figure = new_figure()
    draw(*what, ax=figure, theme="light", **how)
    return figure


def _curves(history: History) -> "Figure":
    """Draw the loss, and next to it the accuracy if there is one."""
    if "accuracy" not in history.columns:
        return _alone(learning_curve, history)
    figure = new_figure()
    figure.set_size_inches(*_CURVES)
    figure.set_facecolor("white")
    figure.set_layout_engine("constrained")
    parts: Any = figure.subfigures(1, 2)
    left, right = parts
    learning_curve(history, "loss", ax=left, theme="light")
    learning_curve(history, "accuracy", ax=right, theme="light")
    return figure


def _has_mistakes(y: Array, probabilities: Array) -> bool:
    """Return whether any image is misclassified."""
    return bool((probabilities.argmax(axis=1) != y).any())


def save(picture: "Axes | Figure | Diagram | Animation", path: str | os.PathLike[str]) -> Path:
    """Write a picture to a file. The same picture gives the same bytes.

    Parameters
    ----------
    picture
        What the functions of :mod:`striate.pictures` return, or a figure.
    path
        The file; its extension determines the format: ``.png``, ``.svg`` or ``.pdf``; of a diagram
        ``.svg``, of an animation ``.gif`` or ``.svg``. Its folder is created if it is missing.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If the extension is unknown.
    ModelFileError
        If the file cannot be written.

    Examples
    --------
    >>> save(None, "picture.bmp")
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: A picture can be saved as .png, .svg or .pdf, got "picture.bmp". \
    Try "picture.png".
    """
    path = Path(path)
    if isinstance(picture, Diagram | Animation):
        return picture.save(path)
    kind = path.suffix.lower()
    if kind not in _FORMATS:
        raise OptionError(
            f"A picture can be saved as .png, .svg or .pdf, got {short(str(path))}. "
            f'Try "{path.stem or "picture"}.png".'
        )
    from matplotlib import rc_context  # noqa: PLC0415  # an extra, and heavy

    figure = _figure_of(picture)
    make_folder(path.parent)
    with atomic_write(path) as file, own_style(), rc_context({"svg.hashsalt": "striate"}):
        figure.savefig(file, format=kind[1:], **_FORMATS[kind])
    return path


def _figure_of(picture: "Axes | Figure") -> "Figure":
    """Return the whole figure of axes, also if they are in a subfigure."""
    from matplotlib.axes import Axes  # noqa: PLC0415  # an extra, and heavy
    from matplotlib.figure import Figure  # noqa: PLC0415

    if not isinstance(picture, Axes | Figure):
        raise OptionError(
            f"`picture` must be Matplotlib axes or a figure, got {short(picture)}. "
            "Use what the functions of st.pictures return."
        )
    owner: Any = picture
    while not isinstance(owner, Figure):
        owner = owner.figure
    return owner
