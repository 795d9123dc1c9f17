"""The command ``striate data``."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.text import Text

from striate.cli.blocks import gallery
from striate.cli.encoding import on_one_line
from striate.cli.number_report import number
from striate.cli.options import (
    HomePath,
    announce_decoding,
    announce_downloads,
    download_option,
    skip_bad_option,
    table_options,
)
from striate.cli.output import CommandOutput, counted, json_option, sizes
from striate.cli.pages import Page
from striate.cli.report import scan_document
from striate.data import Dataset, describe, open_dataset
from striate.data.catalog import DIGITS_NOTICE, KNOWN
from striate.data.dataset import axes_of
from striate.data.description import Description
from striate.data.download import cache_folder
from striate.data.sources import find_files
from striate.shapes import Array
from striate.tables import Column

# Known without opening the files: images for training and for testing, their size, classes.
_FACTS = {
    "digits": (5000, 1000, "28 x 28 gray", 10),
    "shapes": (2000, 400, "15 x 15 gray", 2),
    "mnist": (60000, 10000, "28 x 28 gray", 10),
    "fashion-mnist": (60000, 10000, "28 x 28 gray", 10),
    "cifar10": (50000, 10000, "32 x 32 color", 10),
}
_OWN = {  # their notice, and where they are
    "digits": (DIGITS_NOTICE, "included in striate"),
    "shapes": (
        "Squares and diamonds based on Hagan's, drawn by striate; no rights claimed.",
        "generated on use",
    ),
}
_SAMPLES = 10
_FIRST = 3  # pictures with masks or numbers: more of them push the tables off the screen
_LONGEST_NAME = 40  # characters
_INDENT = 4

_HELP = """List the known data sets, or describe one.

DATA is a name or a path: a folder with one subfolder of pictures for each class, a folder with
subfolders images and masks, a CSV file, an .npz file, IDX files or CIFAR files. The files of a
known data set are looked up in the folder set by the environment variable STRIATE_DATA, then in the
cache. If they are in neither, they are downloaded.

\b
Examples:
  striate data
  striate data digits
  striate data my-photos/
"""


@click.command("data", help=_HELP)
@click.argument("data", required=False, type=HomePath())
@table_options
@skip_bad_option
@download_option
@json_option
def command(
    data: str | None, skip_bad: bool, download: bool, as_json: bool, **columns: Any
) -> None:
    """List data sets, or describe one."""
    out = CommandOutput(as_json=as_json)
    if data is None:
        _list(out)
    else:
        _describe(out, data, skip_bad=skip_bad, download=download, columns=columns)


def _list(out: CommandOutput) -> None:
    """List the known data sets."""
    page = Page(out)
    sets = [_entry(name) for name in _FACTS]
    page.table(
        [
            Column("data set", style="bold"),
            Column("training", "right"),
            Column("test", "right"),
            Column("images", drop=1),
            Column("classes", "right"),
        ],
        [
            [
                entry["name"],
                f"{entry['training_images']:,}",
                f"{entry['test_images']:,}",
                entry["images"],
                str(entry["classes"]),
            ]
            for entry in sets
        ],
    )
    for entry in sets:
        page.line()
        page.line(Text(entry["name"], style="bold"))
        page.entry(entry["notice"], indent=_INDENT)
        page.entry(entry["where"], indent=_INDENT)
    page.line()
    page.line(
        "A folder of pictures with one subfolder for each class is a data set, too. To inspect a "
        "data set: striate data digits"
    )
    out.result({"data": sets})


def _entry(name: str) -> dict[str, Any]:
    """Return the facts about a known data set."""
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
            else f"not downloaded yet: {size:,.0f} MB will be downloaded to "
            f"{_tilde(cache_folder() / name)} on first use. Or set STRIATE_DATA to a folder and "
            f"put the files into its subfolder {name}."
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
    """Write a path in the user's home folder with ``~``."""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _describe(
    out: CommandOutput, data: str, *, skip_bad: bool, download: bool, columns: Mapping[str, Any]
) -> None:
    """Count a data set's images, and draw one of each class."""
    dataset = open_dataset(
        data,
        skip_bad=skip_bad,
        download=download,
        progress=announce_downloads(out),
        decoding=announce_decoding(out),
        **columns,
    )
    description = describe(dataset)
    _say_description(Page(out), description)
    out.result({**asdict(description), **scan_document(dataset)})
    if out.as_json:
        return
    if dataset.are_pictures:
        samples = _samples(dataset)
        captions = [[_caption(dataset, k)] for k in samples]
        out.say()
        Page(out).lines(gallery(dataset.x[samples], captions, out.console))
    out.say()
    options = _as_typed(columns)
    out.say(f"To train a network on it: striate train {shlex.quote(data)}{options}", whole=True)


def _as_typed(columns: Mapping[str, Any]) -> str:
    """Write the options that say how data is read, for another command."""
    targets = columns["targets"]
    words = [
        *(["--images", str(columns["images"])] if columns["images"] else []),
        *(
            ["--target", targets if isinstance(targets, str) else ",".join(targets)]
            if targets
            else []
        ),
        *(["--task", str(columns["task"])] if columns["task"] else []),
    ]
    return "".join(f" {shlex.quote(word)}" for word in words)


def _say_description(page: Page, found: Description) -> None:
    """Print the facts, and the number of images of each class."""
    shape = sizes(found.image_shape)
    validation = f"{found.validation_images:,} validation images, "
    page.line(
        f"{on_one_line(found.name)}: {found.images:,} training images, "
        f"{validation if found.validation_images else ''}{found.test_images:,} test images"
    )
    page.line(
        f"images: {shape} ({axes_of(found.image_shape)}), {found.dtype}, "
        f"{found.lowest:g} to {found.highest:g}"
    )
    page.line(f"source: {on_one_line(found.source)}")
    if found.notice:
        page.line(f"notice: {found.notice}")
    for note in found.notes:
        page.line(f"note: {note}")
    if found.classes:
        page.line()
        columns = [("training", found.counts), ("test", found.test_counts)]
        if found.validation_images:
            columns.insert(1, ("validation", found.validation_counts))
        names = [on_one_line(str(name), _LONGEST_NAME) for name in found.classes]
        page.table(
            [
                Column("pixels of class" if found.has_masks else "class"),
                *(Column(title, "right") for title, _ in columns),
            ],
            [[name, *(f"{counts[k]:,}" for _, counts in columns)] for k, name in enumerate(names)],
        )

    if found.targets:
        page.line()
        page.table(
            [Column("to predict"), *(Column(title, "right") for title in ("from", "mean", "to"))],
            [
                [on_one_line(name, _LONGEST_NAME), *map(number, values)]
                for name, *values in found.targets
            ],
        )


def _samples(dataset: Dataset) -> Array:
    """Choose the first image of each class, or for other targets the first images."""
    if not dataset.classes or dataset.has_masks:
        return np.arange(min(_FIRST, len(dataset.x)))
    return np.unique(dataset.y, return_index=True)[1][:_SAMPLES]


def _caption(dataset: Dataset, k: int) -> str:
    """Write an image's class, the number of classes in its mask, or its first four numbers."""
    if dataset.has_masks:
        present = np.unique(dataset.y[k])
        return counted(int(np.count_nonzero(present < len(dataset.classes))), "class", "classes")
    if dataset.classes:
        return on_one_line(str(dataset.classes[dataset.y[k]]))
    return " ".join(f"{number:.3g}" for number in np.ravel(dataset.y[k])[:4])
