"""The command ``striate evaluate``."""

from itertools import compress
from pathlib import Path
from typing import Any

import click
import numpy as np

from striate.cli.networks import open_for
from striate.cli.options import (
    HomePath,
    announce_decoding,
    announce_downloads,
    download_option,
    engine_option,
    metric_option,
    resize_option,
    skip_bad_option,
    table_options,
)
from striate.cli.output import CommandOutput, json_option
from striate.cli.report import (
    Tested,
    say_accuracy,
    say_confusion,
    say_drawn,
    say_metrics,
    say_per_class,
    say_worst,
    say_wrong,
    scan_document,
)
from striate.cli.tested import say_task, scores_on
from striate.data import NAMES, Dataset
from striate.data.digests import digests
from striate.data.image_file import Images, joined, part_of
from striate.errors import DataError
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network, core_of
from striate.pictures import save_all
from striate.recipes.run_files import check_files
from striate.shapes import Array

_HELP = f"""Measure the accuracy of a trained network.

MODEL is a file that striate train saved. DATA is a name ({", ".join(NAMES)}) or a path, as for
striate train.

\b
Examples:
  striate evaluate striate-output/digits-lenet5.safetensors digits
  striate evaluate my-model.safetensors new-photos/ --part all

Data without a test set are split as in training: a fifth of each class is the test set. If the
network was trained on all pictures of a folder, these are recognized and left out, and all others
are the test set. For pictures that the network was not trained on, use --part all.
"""


@click.command("evaluate", help=_HELP)
@click.argument("model", type=HomePath())
@click.argument("data", type=HomePath())
@click.option(
    "--part",
    type=click.Choice(["test", "training", "all"]),
    default="test",
    show_default=True,
    help="Which part of the data to evaluate on.",
)
@metric_option
@table_options
@resize_option
@skip_bad_option
@click.option(
    "--pictures",
    type=HomePath(),
    metavar="FOLDER",
    help="Folder in which to draw the confusion matrix, the worst mistakes and, for pictures in "
    "files, a contact sheet of each class.",
)
@click.option("--overwrite", is_flag=True, help="Replace the pictures of an earlier run.")
@download_option
@engine_option
@json_option
def command(
    model: str,
    data: str,
    part: str,
    metrics: tuple[str, ...],
    resize: str | None,
    skip_bad: bool,
    pictures: str | None,
    overwrite: bool,
    download: bool,
    engine: EngineName,
    as_json: bool,
    **columns: Any,
) -> None:
    """Evaluate a saved model on a data set."""
    out = CommandOutput(as_json=as_json)
    folder = None if pictures is None else Path(pictures)
    check_files(output=None, checkpoint=None, resume=None, pictures=folder, overwrite=overwrite)
    network = load(model, engine=engine)
    dataset, x, y, files = _open(
        network, data, part, out, resize=resize, skip_bad=skip_bad, download=download, **columns
    )
    for note in dataset.notes:
        out.note(f"note: {note}")
    tested = scores_on(network, dataset, x, y, files, metrics)
    if not say_task(out, tested, part="overall" if part == "all" else part):
        say_accuracy(out, tested.evaluation, part="overall" if part == "all" else part)
        say_metrics(out, tested.evaluation, metrics, part="overall" if part == "all" else part)
        say_confusion(out, tested.evaluation)
        say_per_class(out, tested.evaluation)
    say_worst(out, tested, part="" if part == "all" else part)
    say_wrong(out, tested)
    drawn = [] if folder is None else _draw(out, folder, network, tested)
    about = {"name": dataset.name, "part": part, **scan_document(dataset)}
    out.result({"model": model, "data": about, **tested.document(), "pictures": drawn})


def _draw(out: CommandOutput, folder: Path, network: Network, tested: Tested) -> list[str]:
    """Draw the predictions."""
    paths = save_all(
        folder,
        network=network,
        evaluation=tested.evaluation,
        x=tested.x,
        y=tested.y,
        probabilities=tested.scores if tested.probabilities else None,
        files=tested.files,
    )
    say_drawn(out, paths)
    return list(map(str, paths))


def _open(
    network: Network,
    source: str,
    part: str,
    out: CommandOutput,
    **options: Any,
) -> tuple[Dataset, Images, Array, tuple[Path, ...]]:
    """Open a data set, and choose the images to evaluate on."""
    seen = core_of(network).trained_on
    dataset = open_for(
        network,
        source,
        test=None if seen is None else 0,
        progress=announce_downloads(out),
        decoding=announce_decoding(out),
        **options,
    )
    return dataset, *(_part(dataset, part) if seen is None else _unseen(dataset, part, seen, out))


def _part(dataset: Dataset, part: str) -> tuple[Images, Array, tuple[Path, ...]]:
    """Return images, labels and files of the test set, the training set, or both."""
    if part == "test":
        if not len(dataset.x_test):
            raise DataError(
                f"{dataset.name} has no test set: its classes have too few images to hold out a "
                "fifth of them. Use --part all to evaluate on all images."
            )
        return dataset.x_test, dataset.y_test, dataset.files_test
    if part == "training":
        return dataset.x, dataset.y, dataset.files
    return (
        joined(dataset.x, dataset.x_test),
        np.concatenate([dataset.y, dataset.y_test]),
        (*dataset.files, *dataset.files_test),
    )


def _unseen(
    dataset: Dataset, part: str, seen: Array, out: CommandOutput
) -> tuple[Images, Array, tuple[Path, ...]]:
    """Return images by whether the network was trained on them, which the model file tells."""
    if part == "test" and len(dataset.x_test):
        return dataset.x_test, dataset.y_test, dataset.files_test
    x, y, files = _part(dataset, "all")
    known = np.isin(digests(x), seen)
    count = int(known.sum())
    if part == "all":
        if count:
            out.note(
                f"note: the network was trained on {count:,} of these {len(x):,} images, so the "
                "accuracy on new ones is lower. To leave them out, use --part test."
            )
        return x, y, files
    chosen = known if part == "training" else ~known
    if not chosen.any():
        what = "none" if part == "training" else "all"
        raise DataError(
            f"The network was trained on {what} of the {len(x):,} images of {dataset.name}. "
            + (
                "Use --part all to evaluate on them."
                if part == "training"
                else "Its accuracy on new images was estimated when it was trained. Evaluate on "
                "other images, or use --part training."
            )
        )
    if part == "test" and count:
        out.note(f"note: left out {count:,} images that the network was trained on.")
    return part_of(x, chosen), y[chosen], tuple(compress(files, chosen))
