"""The command ``striate data``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.cli.blocks import gallery
from striate.cli.options import announce_downloads, download_option
from striate.cli.output import Output, json_option
from striate.data import Dataset, describe, open_dataset
from striate.data.catalog import DIGITS_NOTICE, KNOWN
from striate.data.download import cache_folder
from striate.data.sources import find_files
from striate.shapes import Array

# What is known without opening the files: images to train on and to test with, size, classes.
_FACTS = {
    "digits": (5000, 1000, "28 x 28 gray", 10),
    "shapes": (2000, 400, "15 x 15 gray", 2),
    "mnist": (60000, 10000, "28 x 28 gray", 10),
    "fashion-mnist": (60000, 10000, "28 x 28 gray", 10),
    "cifar10": (50000, 10000, "32 x 32 color", 10),
}
_OWN = {
    "digits": (DIGITS_NOTICE, "comes with striate"),
    "shapes": (
        "Squares and diamonds after Hagan, drawn by striate; no rights are claimed.",
        "drawn when asked for",
    ),
}
_SAMPLES = 10

_HELP = """List the data sets that striate knows, or describe one.

DATA is a name or a path: a folder with one subfolder of pictures for each class, an .npz file, IDX
files or CIFAR files. Files of known data sets are looked for in the folder that the environment
variable STRIATE_DATA names, then in the cache, and are downloaded if they are in neither.

\b
Examples:
  striate data
  striate data digits
  striate data my-photos/
"""


@click.command("data", help=_HELP)
@click.argument("data", required=False)
@download_option
@json_option
def command(data: str | None, download: bool, as_json: bool) -> None:
    """List data sets, or describe one."""
    out = Output(as_json=as_json)
    if data is None:
        _list(out)
    else:
        _describe(out, data, download=download)


def _list(out: Output) -> None:
    """List the data sets with names."""
    sets = [_entry(name) for name in _FACTS]
    for entry in sets:
        out.say(
            f"{entry['name']:<14} {entry['training_images']:>7,} + {entry['test_images']:>6,} "
            f"images, {entry['images']}, {entry['classes']} classes",
            style="bold",
        )
        out.say(f"{'':<14} {entry['notice']}")
        out.say(f"{'':<14} {entry['where']}")
    out.say(
        "\nThe first number is of images to train on, the second of those kept to test with.\n"
        "A folder of your own pictures is a data set too: one subfolder for each class.\n"
        "Look at one with: striate data digits"
    )
    out.answer({"data": sets})


def _entry(name: str) -> dict[str, Any]:
    """Say what is known of a data set with a name."""
    training, test, images, classes = _FACTS[name]
    if name in _OWN:
        notice, where = _OWN[name]
        here = True
    else:
        notice = KNOWN[name].notice
        found = find_files(name, KNOWN[name])
        here = found is not None
        size = sum(file.size for file in KNOWN[name].files) / 1e6
        where = (
            f"found in {found}"
            if here
            else f"not here yet: {size:,.0f} MB are downloaded to {_tilde(cache_folder() / name)} "
            f"when needed, or put the files into {name} in the folder that STRIATE_DATA names"
        )
    return {
        "name": name,
        "training_images": training,
        "test_images": test,
        "images": images,
        "classes": classes,
        "notice": notice,
        "here": here,
        "where": where,
    }


def _tilde(path: Path) -> str:
    """Write a path in the user's home with a tilde."""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _describe(out: Output, data: str, *, download: bool) -> None:
    """Count a data set's images, and show one of each class."""
    dataset = open_dataset(data, download=download, progress=announce_downloads(out))
    description = describe(dataset)
    out.say(str(description))
    out.answer(asdict(description))
    if out.as_json or dataset.x.ndim != 4:
        return
    samples = _samples(dataset)
    names = [[_caption(dataset, k)] for k in samples]
    out.say()
    for line in gallery(dataset.x[samples], names, out.console):
        out.say(line)
    out.say(f"\nTrain a network on these: striate train {data}")


def _samples(dataset: Dataset) -> Array:
    """Choose the first image of each class, or simply the first images."""
    if not dataset.classes:
        return np.arange(min(_SAMPLES, len(dataset.x)))
    return np.sort(np.unique(dataset.y, return_index=True)[1][:_SAMPLES])


def _caption(dataset: Dataset, k: int) -> str:
    """Name what an image shows."""
    if dataset.classes:
        return dataset.classes[dataset.y[k]]
    return " ".join(f"{number:.3g}" for number in np.ravel(dataset.y[k])[:4])
