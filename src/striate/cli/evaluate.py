"""The command ``striate evaluate``."""

import click
import numpy as np

from striate.cli.networks import open_for
from striate.cli.options import announce_downloads, download_option, engine_option, resize_option
from striate.cli.output import Output, json_option
from striate.cli.report import say_accuracy, say_confusion, say_per_class, say_worst, test
from striate.data import NAMES, Dataset
from striate.errors import DataError
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.shapes import Array

_HELP = f"""Measure how often a trained network is right.

MODEL is a file that striate saved. DATA is a name ({", ".join(NAMES)}) or a path, as for train.

\b
Examples:
  striate evaluate striate-output/digits-lenet5.safetensors digits
  striate evaluate my-model.safetensors my-photos/ --part all

Data without a test part of their own are divided as for training: a fifth of each class is the test
part. Use --part all for pictures that the network has not been trained on.
"""


@click.command("evaluate", help=_HELP)
@click.argument("model")
@click.argument("data")
@click.option(
    "--part",
    type=click.Choice(["test", "training", "all"]),
    default="test",
    show_default=True,
    help="Which images to ask about.",
)
@resize_option
@download_option
@engine_option
@json_option
def command(
    model: str,
    data: str,
    part: str,
    resize: str,
    download: bool,
    engine: EngineName,
    as_json: bool,
) -> None:
    """Evaluate a saved model on a data set."""
    out = Output(as_json=as_json)
    network = load(model, engine=engine)
    dataset = open_for(
        network, data, resize=resize, download=download, progress=announce_downloads(out)
    )
    x, y = _part(dataset, part)
    for note in dataset.notes:
        out.say(f"note: {note}")
    tested = test(network, x, y, dataset.classes)
    title = {"test": "test", "training": "training", "all": "overall"}[part]
    say_accuracy(out, tested.evaluation, part=title)
    say_confusion(out, tested.evaluation)
    say_per_class(out, tested.evaluation)
    say_worst(out, tested, part=part)
    out.answer({"model": model, "data": {"name": dataset.name, "part": part}, **tested.document()})


def _part(dataset: Dataset, part: str) -> tuple[Array, Array]:
    """Take the test part, the training part, or both."""
    if part == "test":
        if not len(dataset.x_test):
            raise DataError(
                f"{dataset.name} has no images to test with: each class has too few. A fifth of "
                "each class is the test part. Use --part all to take all images."
            )
        return dataset.x_test, dataset.y_test
    if part == "training":
        return dataset.x, dataset.y
    return np.concatenate([dataset.x, dataset.x_test]), np.concatenate([dataset.y, dataset.y_test])
