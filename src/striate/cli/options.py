"""Options that several commands share, and messages about downloads and decoding."""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from striate.cli.networks import ImageSize
from striate.cli.output import CommandOutput
from striate.data.download import Progress
from striate.data.picture_store import Decoding
from striate.functions.metric_argument import METRIC_NAMES
from striate.model.engines import ENGINES

_PATIENCE = 3.0  # seconds of decoding without a report
_BETWEEN = 10.0  # seconds between reports

F = TypeVar("F", bound=Callable[..., Any])


class HomePath(click.ParamType):
    """A path or a name; expands the ``~`` that the shell leaves in ``--output=~/x``."""

    name = "path"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Expand the home folder; refuse the empty text of an unset variable of the shell."""
        if not value:
            self.fail("The path is empty; expected the name of a file or a folder.", param, ctx)
        return os.path.expanduser(value)  # noqa: PTH111  # Path would turn "a//b/" into "a/b"


resize_option = click.option(
    "--resize",
    type=click.Choice(["fit", "crop", "stretch"]),
    help="How to resize pictures to the network's input: fit pads with black, crop trims the "
    "edges, stretch changes the proportions. Default: as in training; for new networks for "
    "photos, stretch.",
)

download_option = click.option(
    "--download/--no-download",
    default=True,
    show_default=True,
    help="Whether to download missing files of a known data set.",
)

engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="compiled runs machine code generated for the network; numpy is many times slower; auto "
    "compiles the network if possible, and otherwise uses numpy.",
)

skip_bad_option = click.option(
    "--skip-bad",
    is_flag=True,
    help="Leave out files and table lines that can't be read, and print how many. Without this "
    "option, they are an error.",
)

winograd_option = click.option(
    "--winograd/--no-winograd",
    default=True,
    show_default=True,
    help="Whether to use Winograd's algorithm for compiled 3x3 convolutions: it needs fewer "
    "multiplications, but has larger rounding errors.",
)

size_option = click.option(
    "--size",
    type=ImageSize((1, 2)),
    metavar="ROWSxCOLUMNS",
    help="Resize all images, for example to 64 or 48x64. Smaller images train faster.",
)

input_shape_option = click.option(
    "--input-shape",
    type=ImageSize((1, 2, 3)),
    metavar="ROWSxCOLUMNSxCHANNELS",
    help="Shape of an image. Default: the network's own, or 28x28x1 for layers in shorthand.",
)

metric_option = click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help=f"Metric to compute next to loss and accuracy: {', '.join(METRIC_NAMES[:-1])}, or top-k, "
    "such as top-3. Can be repeated.",
)

classes_option = click.option(
    "--classes", type=click.IntRange(min=1), help="Number of classes. Default: the network's own."
)


images_option = click.option(
    "--images",
    type=HomePath(),
    metavar="FOLDER",
    help="For a CSV file: the folder of the pictures that it names. Default: the file's folder, "
    "or a subfolder of it.",
)

target_option = click.option(
    "--target",
    "targets",
    metavar="COLUMN[,COLUMN]",
    callback=lambda _context, _option, value: None if value is None else _columns(value),
    help="For a CSV file: the column to predict, or several columns of numbers. Default: all.",
)

task_option = click.option(
    "--task",
    type=click.Choice(["classification", "regression"]),
    help="For a CSV file: whether the column holds classes or numbers. Default: words, or a few "
    "different integers, are classes.",
)


def _columns(text: str) -> str | list[str]:
    """Split the names of columns at commas."""
    names = [name.strip() for name in text.split(",")]
    return names[0] if len(names) == 1 else names


def table_options(command: F) -> F:
    """Add the options for CSV files."""
    for option in (task_option, target_option, images_option):
        command = option(command)
    return command


def announce_downloads(out: CommandOutput) -> Progress:
    """Return a function that announces each file once, when its download begins."""
    announced: set[str] = set()

    def progress(name: str, _done: int, whole: int) -> None:
        if name not in announced:
            announced.add(name)
            out.note(f"downloading {name} ({whole / 1e6:,.1f} MB)")

    return progress


def announce_decoding(out: CommandOutput) -> Decoding:
    """Return a function that reports the progress of decoding pictures, if it takes long."""
    started = time.monotonic()
    reported = started + _PATIENCE - _BETWEEN

    def decoding(done: int, whole: int) -> None:
        nonlocal reported
        now = time.monotonic()
        if done and now >= reported + _BETWEEN and done < whole:
            reported = now
            left = (now - started) / done * (whole - done)
            out.note(f"decoding pictures: {done:,} of {whole:,}, about {left:,.0f} s left")

    return decoding
