"""The command ``striate predict``."""

from typing import Any

import click
import numpy as np

from striate.cli.networks import answers, as_taken, picture_size
from striate.cli.options import engine_option, resize_option
from striate.cli.output import Output, json_option, percent, sizes
from striate.data.pictures import read_pictures
from striate.data.resizing import GRAY, convert
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network
from striate.shapes import Array

_BEST = 3
_BRIGHT = 127.5  # half of white

_HELP = """Ask a trained network what pictures show.

MODEL is a file that striate saved. PICTURE is a file of any common format (PNG, JPEG, TIFF, GIF,
WebP ...); it is turned upright, made gray or color, and brought to the network's size.

\b
Examples:
  striate predict striate-output/digits-lenet5.safetensors my-digit.png
  striate predict striate-output/digits-lenet5.safetensors scans/*.jpg --invert

The digits of MNIST are white on black. Pen on paper is the other way round: use --invert.
"""


@click.command("predict", help=_HELP)
@click.argument("model")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--invert", is_flag=True, help="Swap dark and light, as for ink on paper.")
@resize_option
@engine_option
@json_option
def command(
    model: str,
    pictures: tuple[str, ...],
    invert: bool,
    resize: str,
    engine: EngineName,
    as_json: bool,
) -> None:
    """Print the three best classes of each picture."""
    out = Output(as_json=as_json)
    network = load(model, engine=engine)
    shape = picture_size(network)
    x = np.stack([_read(path, shape, resize, invert=invert) for path in pictures])
    scores, probabilities = answers(network, network.predict(as_taken(network, x)))
    found = [_best(network, row) for row in scores]
    wide = max(map(len, pictures))
    for path, best in zip(pictures, found, strict=True):
        out.say(f"{path:<{wide}}  {_in_words(best, probabilities=probabilities)}")
    if not invert:
        _hint(out, pictures, x)
    out.answer(
        {
            "model": model,
            "size": sizes(shape),
            "probabilities": probabilities,
            "pictures": [
                {"file": path, "answers": best} for path, best in zip(pictures, found, strict=True)
            ],
        }
    )


def _read(path: str, shape: tuple[int, int, int], resize: str, *, invert: bool) -> Array:
    """Read one picture; it is inverted before black is put beside it."""
    rows, columns, channels = shape
    image = read_pictures([path], channels=channels)
    if invert:
        image = 255 - image
    return convert(image, size=(rows, columns), channels=None, resize=resize)[0]


def _best(network: Network, scores: Array) -> list[dict[str, Any]]:
    """Give the classes with the largest scores."""
    order = np.argsort(-scores, kind="stable")[:_BEST]
    return [{"class": network.classes.name(int(k)), "score": float(scores[k])} for k in order]


def _in_words(best: list[dict[str, Any]], *, probabilities: bool) -> str:
    """Write classes with their scores."""
    unit = percent if probabilities else "{:.4g}".format
    return "   ".join(f"{one['class']} {unit(one['score']):>8}" for one in best)


def _hint(out: Output, pictures: tuple[str, ...], x: Array) -> None:
    """Say where a gray picture may have dark and light the wrong way round."""
    if x.shape[-1] != GRAY:
        return
    edges = [np.concatenate([i[0], i[-1], i[:, 0], i[:, -1]]).mean() for i in x]
    bright = [path for path, edge in zip(pictures, edges, strict=True) if edge > _BRIGHT]
    if bright:
        out.note(
            f"hint: {', '.join(bright[:3])}{' and others' if len(bright) > 3 else ''}: dark on "
            "light. If the network learned light on dark, as from MNIST, add --invert."
        )
