"""The command ``striate evaluate``."""

import click
import numpy as np

from striate.cli.networks import open_for
from striate.cli.options import (
    HomePath,
    announce_decoding,
    announce_downloads,
    download_option,
    engine_option,
    resize_option,
)
from striate.cli.output import CommandOutput, json_option
from striate.cli.report import say_accuracy, say_confusion, say_per_class, say_worst, test
from striate.data import NAMES, Dataset
from striate.data.image_file import Images, joined
from striate.errors import DataError
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.shapes import Array

_HELP = f"""Measure the accuracy of a trained network.

MODEL is a file that striate train saved. DATA is a name ({", ".join(NAMES)}) or a path, as for
striate train.

\b
Examples:
  striate evaluate striate-output/digits-lenet5.safetensors digits
  striate evaluate my-model.safetensors new-photos/ --part all

Data without a test set are split as in training: a fifth of each class is the test set. For
pictures that the network was not trained on, use --part all.
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
@resize_option
@download_option
@engine_option
@json_option
def command(
    model: str,
    data: str,
    part: str,
    resize: str | None,
    download: bool,
    engine: EngineName,
    as_json: bool,
) -> None:
    """Evaluate a saved model on a data set."""
    out = CommandOutput(as_json=as_json)
    network = load(model, engine=engine)
    dataset = open_for(
        network,
        data,
        resize=resize,
        download=download,
        progress=announce_downloads(out),
        decoding=announce_decoding(out),
    )
    x, y = _part(dataset, part)
    for note in dataset.notes:
        out.note(f"note: {note}")
    tested = test(network, x, y, dataset.classes)
    say_accuracy(out, tested.evaluation, part="overall" if part == "all" else part)
    say_confusion(out, tested.evaluation)
    say_per_class(out, tested.evaluation)
    say_worst(out, tested, part="" if part == "all" else part)
    out.result({"model": model, "data": {"name": dataset.name, "part": part}, **tested.document()})


def _part(dataset: Dataset, part: str) -> tuple[Images, Array]:
    """Return the test set, the training set, or both."""
    if part == "test":
        if not len(dataset.x_test):
            raise DataError(
                f"{dataset.name} has no test set: its classes have too few images to hold out a "
                "fifth of them. Use --part all to evaluate on all images."
            )
        return dataset.x_test, dataset.y_test
    if part == "training":
        return dataset.x, dataset.y
    return joined(dataset.x, dataset.x_test), np.concatenate([dataset.y, dataset.y_test])
