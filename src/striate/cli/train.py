"""The command ``striate train``: its options, and what happens on Ctrl-C."""

import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from striate.cli.options import (
    download_option,
    engine_option,
    resize_option,
    size_option,
    winograd_option,
)
from striate.cli.output import Output, json_option
from striate.cli.places import Places
from striate.cli.program import INTERRUPTED
from striate.cli.training import Options, run
from striate.data import NAMES
from striate.functions import registry
from striate.model.presets import PRESETS

_HELP = f"""Train a network on DATA, and save it.

DATA is a name ({", ".join(NAMES)}) or a path: a folder with one subfolder of pictures for each
class, an .npz file, IDX files or CIFAR files. Each known data set has a recipe, or a quick, a good
and a best one; the options change it.

\b
Examples:
  striate train digits
  striate train mnist --recipe quick
  striate train mnist --net lenet5 --epochs 5
  striate train shapes --net "conv 4@3x3 relu | dense {{classes}} softmax"
  striate train my-photos/ --size 64 --augment "shift 4 flip" --validation 0.1

Ctrl-C stops, saves a checkpoint, and says how to go on. The words of machine learning: an epoch is
one pass through the training images; the loss says how wrong the answers are; the learning rate is
the length of a step.
"""


@click.command("train", help=_HELP)
@click.argument("data")
@click.option(
    "--recipe",
    metavar="NAME",
    help="Which of the data set's recipes to follow: quick, good or best, where it has several.",
)
@click.option(
    "--net",
    metavar="NAME|LAYERS",
    help=f"A network by name ({', '.join(PRESETS)}), or its layers: "
    '"conv 6@5x5 tanh | average 2 | dense {classes} softmax".',
)
@click.option("--epochs", type=int, help="How often to go through the training images.")
@click.option("--batch-size", type=int, help="Images in a step.")
@click.option(
    "--optimizer",
    metavar="NAME",
    help=f"How weights follow the gradient: {', '.join(registry.kinds('optimizer'))}.",
)
@click.option("--learning-rate", type=float, metavar="RATE", help="Length of the steps.")
@click.option(
    "--schedule",
    metavar="NAME",
    help=f"How the learning rate falls: {', '.join(registry.kinds('schedule'))}.",
)
@click.option(
    "--augment",
    metavar="TEXT",
    help='Random changes of each image, such as "shift 2 flip"; "" for none.',
)
@click.option(
    "--label-smoothing",
    type=float,
    metavar="SHARE",
    help="Give this share of each label to all classes alike, for example 0.1: less certain "
    "answers are more often right.",
)
@click.option(
    "--validation",
    type=float,
    metavar="SHARE",
    help="Keep this share of the training images back to watch progress on, for example 0.1.",
)
@click.option(
    "--early-stopping",
    type=int,
    metavar="EPOCHS",
    help="Stop after so many epochs without improvement, and keep the best weights.",
)
@click.option(
    "--standardize", is_flag=True, help="Subtract the mean of the images, divide by the deviation."
)
@click.option(
    "--class-weight", type=click.Choice(["balanced"]), help="Make rare classes count as much."
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="For everything random: the same seed gives the same weights.",
)
@engine_option
@winograd_option
@size_option
@resize_option
@download_option
@click.option("--output", type=Path, metavar="FILE", help="Where to save the model.")
@click.option("--checkpoint", type=Path, metavar="FILE", help="Where to save unfinished training.")
@click.option("--resume", type=Path, metavar="FILE", help="Go on from a checkpoint.")
@click.option("--pictures", type=Path, metavar="FOLDER", help="Where to draw what was learned.")
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@json_option
@click.option("--quiet", is_flag=True, help="Say nothing unless something goes wrong.")
@click.pass_context
def command(ctx: click.Context, **words: Any) -> None:
    """Train, and on Ctrl-C say how to go on."""
    options = Options(**words)
    out = Output(as_json=options.as_json, quiet=options.quiet)
    places = Places.of(options.data, options.net, options, recipe=options.recipe)
    try:
        run(options, out, places)
    except KeyboardInterrupt:
        out.note("\nStopped. " + places.how_to_resume(_as_typed(ctx)), whole=True)
        ctx.exit(INTERRUPTED)


def _as_typed(ctx: click.Context) -> str:
    """Write the command again as the user gave it, but for what it resumes from."""
    words = ctx.command_path.split()
    for parameter in ctx.command.params:
        name = str(parameter.name)
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE or name == "resume":
            continue
        value = ctx.params[name]
        text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
        if isinstance(parameter, click.Argument):
            words.append(text)
        elif isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            words += [parameter.opts[0], text]
    return shlex.join(words)
