"""Writing figures to PNG files; a file is written completely or not at all."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from striate.files import atomic_write, make_folder
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.pictures.confusion import confusion
from striate.pictures.kernels import kernels, layers_with_kernels
from striate.pictures.learning_curve import learning_curve
from striate.pictures.mistakes import mistakes
from striate.pictures.style import DOTS_PER_INCH, own_style
from striate.shapes import Array
from striate.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = ("learning-curve.png", "confusion.png", "kernels.png", "mistakes.png")
"""Names of the files that :func:`save_all` writes."""


def save_all(
    folder: str | os.PathLike[str],
    *,
    network: Network,
    history: History | None = None,
    evaluation: Evaluation | None = None,
    x: Array | None = None,
    y: Array | None = None,
    probabilities: Array | None = None,
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
        Images, labels and predicted probabilities, for the worst mistakes.

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
        figures["learning-curve"] = learning_curve(history)
    if evaluation is not None and evaluation.confusion is not None:
        figures["confusion"] = confusion(evaluation)
    with_kernels = layers_with_kernels(network)
    if with_kernels:
        figures["kernels"] = kernels(network, with_kernels[0])
    if (
        x is not None
        and y is not None
        and probabilities is not None
        and _has_mistakes(y, probabilities)
    ):
        figures["mistakes"] = mistakes(x, y, probabilities, network.classes)
    return [save(figure, Path(folder) / f"{name}.png") for name, figure in figures.items()]


def _has_mistakes(y: Array, probabilities: Array) -> bool:
    """Return whether any image is misclassified."""
    return bool((probabilities.argmax(axis=1) != y).any())


def save(figure: "Figure", path: str | os.PathLike[str]) -> Path:
    """Write a figure to a PNG file. The same figure gives the same bytes.

    Parameters
    ----------
    figure
        The figure.
    path
        The file; its folder is created if it is missing.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    path = Path(path)
    make_folder(path.parent)
    with atomic_write(path) as file, own_style():
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path
