"""Predicting masks: a PNG file for each picture, at the picture's own size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from striate.cli.encoding import on_one_line
from striate.cli.mask_colors import save_overlay
from striate.cli.networks import as_taken, picture_size, resize_rule
from striate.cli.output import CommandOutput, percent
from striate.cli.prediction import files_of
from striate.data.masks import restore, save_mask
from striate.data.pictures import read_pictures
from striate.data.resizing import convert
from striate.errors import DataError, ModelFileError, OptionError
from striate.files import make_folder, shown
from striate.model.network import Network
from striate.pictures.style import names_of
from striate.shapes import Array

_AXES_OF_A_MASK = 3  # rows, columns, classes
_MOST_CLASSES = 3  # that are listed for a picture


def predicts_masks(network: Network) -> bool:
    """Return whether a network predicts a class for each pixel of a picture."""
    shape = network.output_shape
    return (
        len(network.graph.outputs) == 1
        and len(shape) == _AXES_OF_A_MASK
        and network.preprocessing.channels == "last"
        and shape[:-1] == network.input_shape[:-1]
    )


def require_masks(network: Network, folder: str | None, table: str | None) -> None:
    """Raise unless a folder for masks is given exactly for a network that predicts masks."""
    if predicts_masks(network) and folder is None:
        raise OptionError(
            "This network predicts a mask for each picture, and needs a folder for them. Use "
            "--masks FOLDER."
        )
    if not predicts_masks(network) and folder is not None:
        raise OptionError(
            f"--masks {shown(folder)} needs a network that predicts a class for each pixel, but "
            f"the output of this one has the shape {network.output_shape}. Leave --masks out."
        )
    if folder is not None and table is not None:
        raise OptionError("--csv and --masks can't be used together. Leave --csv out.")


def write_masks(
    network: Network,
    pictures: Sequence[str],
    folder: Path,
    out: CommandOutput,
    *,
    overlays: Path | None,
    resize: str | None,
    invert: bool,
    overwrite: bool,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Predict the masks of pictures, and write them.

    Parameters
    ----------
    network
        A network that predicts masks.
    pictures
        Pictures and folders.
    folder
        Where the masks are written; created if it is missing.
    out
        Where the command writes.
    overlays
        Where pictures with the colors of their masks over them are written; ``None`` for nowhere.
    resize, invert
        How pictures are prepared; ``None`` resizes as in training.
    overwrite
        Whether to replace files in the folder.

    Returns
    -------
    list of dict, dict of str
        What was written for each picture, and the errors of the others by path.

    Raises
    ------
    OptionError
        If pictures would be cropped, whose masks then don't cover them, or both folders are the
        same.
    ModelFileError
        If a mask exists, or can't be written.
    """
    rule = resize_rule(network, resize)
    if rule == "crop":
        raise OptionError(
            "--resize crop leaves out parts of a picture, so its mask would have gaps. Use "
            "--resize stretch or --resize fit."
        )
    if overlays is not None and overlays.resolve() == folder.resolve():
        raise OptionError(
            f"--masks and --overlays must be different folders, got {shown(folder)} for both, "
            "because their files have the same names. Use another folder for one of them."
        )
    files = files_of(pictures)
    covered: Sequence[Path | None] = [None] * len(files)
    if overlays is not None:
        covered = _targets(files, make_folder(overlays), overwrite=overwrite)
    targets = _targets(files, make_folder(folder), overwrite=overwrite)
    names = names_of(network.classes, network.output_shape[-1])
    written: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for path, target, cover in zip(files, targets, covered, strict=True):
        try:
            image, labels = _predict(network, path, rule, invert=invert)
        except DataError as error:
            failed[path] = str(error)
            continue
        save_mask(target, labels, network.classes)
        if cover is not None:
            save_overlay(cover, image, labels, network.classes)
        counts = np.bincount(labels.ravel(), minlength=len(names))
        order = np.argsort(-counts, kind="stable").tolist()
        shares = {names[k]: float(counts[k]) / labels.size for k in order}
        listed = [(name, share) for name, share in shares.items() if share][:_MOST_CLASSES]
        parts = ", ".join(f"{on_one_line(str(name))} {percent(share)}" for name, share in listed)
        out.say(f"{on_one_line(path)}: {shown(target)} ({parts})", whole=True)
        over = {} if cover is None else {"overlay": str(cover)}
        written.append({"file": path, "mask": str(target), **over, "shares": shares})
    return written, failed


def _targets(files: Sequence[str], folder: Path, *, overwrite: bool) -> list[Path]:
    """Name a mask for each picture: with its stem, or its whole name if a stem is not unique."""
    stems = [Path(path).stem for path in files]
    targets = [
        folder / f"{stem if stems.count(stem) == 1 else Path(path).name}.png"
        for path, stem in zip(files, stems, strict=True)
    ]
    repeated = next((one for one in targets if targets.count(one) > 1), None)
    if repeated is not None:
        raise OptionError(
            f"Several pictures are called {repeated.stem}, and their masks would overwrite each "
            "other. Predict one folder at a time."
        )
    existing = next((one for one in targets if one.exists()), None)
    if existing is not None and not overwrite:
        raise ModelFileError(
            f"{shown(existing)} already exists. Use --overwrite to replace it, or another folder."
        )
    return targets


def _predict(network: Network, path: str, rule: str, *, invert: bool) -> tuple[Array, Array]:
    """Return a picture and its mask at the picture's own size."""
    rows, columns, channels = picture_size(network)
    image = read_pictures([path], channels=channels)
    seen = np.iinfo(image.dtype).max - image if invert else image
    resized = convert(seen, size=(rows, columns), channels=None, resize=rule)
    scores = network.predict(as_taken(network, resized))
    assert isinstance(scores, np.ndarray)
    return image[0], restore(scores[0], (image.shape[1], image.shape[2]), resize=rule)
