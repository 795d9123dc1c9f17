"""The command ``striate predict``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.cli.encoding import on_one_line
from striate.cli.networks import as_taken, class_scores, picture_size, resize_rule
from striate.cli.options import HomePath, engine_option, resize_option
from striate.cli.output import CommandOutput, json_option, percent, sizes
from striate.cli.program import USER_ERROR
from striate.data.pictures import read_pictures
from striate.data.resizing import GRAY, convert
from striate.errors import DataError
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network
from striate.pictures.style import names_of
from striate.shapes import Array

_BEST = 3
_NEGLIGIBLE = 5e-5  # would be written as 0.00%

_HELP = """Predict the classes of pictures with a trained network.

MODEL is a file that striate train saved. PICTURE is an image file (PNG, JPEG, TIFF, GIF, WebP and
others). It is rotated upright, converted to grayscale or color, and resized to the network's input.

\b
Examples:
  striate predict striate-output/digits-lenet5.safetensors my-digit.png
  striate predict my-model.safetensors scans/*.jpg --invert

MNIST's digits are white on black. For dark ink on white paper, use --invert.

Prints the most probable class of each picture, then the next two; for a regression network, prints
its outputs. Unreadable pictures are reported at the end, and the exit code is then 1.
"""


@dataclass(frozen=True)
class _Picture:
    """A picture at the network's size."""

    path: str
    image: Array
    dark_on_light: bool


@click.command("predict", help=_HELP)
@click.argument("model", type=HomePath())
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=HomePath())
@click.option("--invert", is_flag=True, help="Swap dark and light, for dark ink on white paper.")
@resize_option
@engine_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    pictures: tuple[str, ...],
    invert: bool,
    resize: str | None,
    engine: EngineName,
    as_json: bool,
) -> None:
    """Print the three most probable classes of each picture."""
    out = CommandOutput(as_json=as_json)
    network = load(model, engine=engine)
    shape = picture_size(network)
    rule = resize_rule(network, resize)
    readable, failed = _read_all(pictures, shape, rule, invert=invert)
    scores, probabilities = _predict(network, [picture.image for picture in readable])
    classifies = probabilities or bool(network.classes)
    documents: list[dict[str, Any]] = []
    for picture, row in zip(readable, scores, strict=True):
        best = _best(network, row)
        words = _in_words(best, probabilities=probabilities) if classifies else _numbers(row)
        out.say(f"{on_one_line(picture.path)}: {words}")
        found = {"predictions": best} if classifies else {"outputs": row}
        documents.append({"file": picture.path, **found})
    if not invert:
        _hint(out, readable)
    for error in failed.values():
        out.note(f"Error: {error}")
    out.result(
        {
            "model": model,
            "size": sizes(shape),
            "probabilities": probabilities,
            "pictures": documents,
            "failed": [{"file": path, "error": error} for path, error in failed.items()],
        }
    )
    if failed:
        ctx.exit(USER_ERROR)


def _read_all(
    paths: Sequence[str], shape: tuple[int, int, int], resize: str, *, invert: bool
) -> tuple[list[_Picture], dict[str, str]]:
    """Read the pictures that can be read; return the errors of the others by path."""
    readable: list[_Picture] = []
    failed: dict[str, str] = {}
    for path in paths:
        try:
            readable.append(_read(path, shape, resize, invert=invert))
        except DataError as error:
            failed[path] = str(error)
    return readable, failed


def _read(path: str, shape: tuple[int, int, int], resize: str, *, invert: bool) -> _Picture:
    """Read one picture; invert it before padding it with black."""
    rows, columns, channels = shape
    if Path(path).is_dir():
        raise DataError(
            f"{path} is a folder, not a picture. Name the files in it, such as {Path(path)}/*.png."
        )
    if not Path(path).exists():
        raise DataError(f"{path} does not exist. Check the path.")
    image = read_pictures([path], channels=channels)
    if invert:
        image = np.iinfo(image.dtype).max - image
    resized = convert(image, size=(rows, columns), channels=None, resize=resize)[0]
    return _Picture(path, resized, dark_on_light=_is_light_at_the_edge(image[0]))


def _is_light_at_the_edge(image: Array) -> bool:
    """Return whether a grayscale picture is mostly light along its edge.

    The picture has its own shape: padding it to the network's would add black.
    """
    if image.shape[-1] != GRAY:
        return False
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(edge.mean() > np.iinfo(image.dtype).max / 2)


def _predict(network: Network, images: Sequence[Array]) -> tuple[list[Array], bool]:
    """Compute each picture's score for each class; return whether the scores are probabilities.

    Pictures of 8 and of 16 bits are passed to the network separately: each type has its own scale.
    """
    scores: list[Array] = [np.empty(0)] * len(images)
    probabilities = True
    for dtype in {image.dtype for image in images}:
        places = [k for k, image in enumerate(images) if image.dtype == dtype]
        x = np.stack([images[k] for k in places])
        rows, probabilities = class_scores(network, network.predict(as_taken(network, x)))
        for k, row in zip(places, rows, strict=True):
            scores[k] = row
    return scores, probabilities


def _best(network: Network, scores: Array) -> list[dict[str, Any]]:
    """List the classes with the largest scores."""
    order = np.argsort(-scores, kind="stable")[:_BEST]
    names = names_of(network.classes, len(scores))
    return [{"class": names[k], "score": float(scores[k])} for k in order]


def _in_words(best: list[dict[str, Any]], *, probabilities: bool) -> str:
    """Write a prediction: ``5 (99.99%), then 8 (0.01%)``."""
    unit = percent if probabilities else "{:.4g}".format
    first, *others = (
        f"{on_one_line(str(one['class']))} ({unit(one['score'])})"
        for k, one in enumerate(best)
        if k == 0 or not probabilities or one["score"] >= _NEGLIGIBLE
    )
    return f"{first}, then {', '.join(others)}" if others else first


def _numbers(outputs: Array) -> str:
    """Write the outputs of a network that isn't a classifier."""
    return ", ".join(f"{number:.4g}" for number in outputs)


def _hint(out: CommandOutput, pictures: Sequence[_Picture]) -> None:
    """Suggest --invert for pictures that are dark on light."""
    light = [on_one_line(picture.path) for picture in pictures if picture.dark_on_light]
    if light:
        more = f" and {len(light) - 3} more" if len(light) > 3 else ""
        out.note(
            f"hint: dark on light: {', '.join(light[:3])}{more}. If the network was trained on "
            "light on dark, as in MNIST, add --invert."
        )
