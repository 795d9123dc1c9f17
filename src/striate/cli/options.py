"""Options that several commands share, and what is shown while data are fetched."""

import click

from striate.cli.networks import Size
from striate.cli.output import Output
from striate.data.download import Progress
from striate.model.engines import ENGINES

resize_option = click.option(
    "--resize",
    type=click.Choice(["fit", "crop", "stretch"]),
    default="fit",
    show_default=True,
    help="How pictures of another size are brought to the network's size: fit keeps all of the "
    "picture (black beside it), crop cuts off what stands over, stretch distorts.",
)

download_option = click.option(
    "--download/--no-download",
    default=True,
    show_default=True,
    help="Whether missing files of a known data set may be downloaded.",
)

engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What computes: machine code made for the network, or NumPy, which is many times slower; "
    "auto is machine code wherever it can be.",
)

winograd_option = click.option(
    "--winograd/--no-winograd",
    default=True,
    show_default=True,
    help="Whether machine code may compute 3x3 convolutions with fewer products and more rounding.",
)

size_option = click.option(
    "--size",
    type=Size((1, 2)),
    metavar="ROWSxCOLUMNS",
    help="Bring all images to this size, for example 64 or 48x64. Small images train faster.",
)


def announce_downloads(out: Output) -> Progress:
    """Make the function that says once for each file that it is being downloaded."""
    said: set[str] = set()

    def progress(name: str, _done: int, whole: int) -> None:
        if name not in said:
            said.add(name)
            out.note(f"downloading {name} ({whole / 1e6:,.1f} MB)")

    return progress
