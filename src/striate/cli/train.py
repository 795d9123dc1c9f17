"""The command ``striate train``: its options, and what happens on Ctrl-C."""

import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from striate.cli.options import (
    HomePath,
    download_option,
    engine_option,
    metric_option,
    resize_option,
    size_option,
    skip_bad_option,
    table_options,
    winograd_option,
)
from striate.cli.output import CommandOutput, json_option
from striate.cli.program import INTERRUPTED, TERMINATED
from striate.cli.termination import Terminated, terminated_by_exception
from striate.cli.train_options import TrainOptions
from striate.cli.training import Interrupted, train
from striate.data import NAMES
from striate.functions import registry
from striate.model.presets import PRESETS

_HELP = f"""Train a network on DATA and save it.

DATA is a name ({", ".join(NAMES)}) or a path: a folder with one subfolder of pictures for each
class, a folder with subfolders images and masks, a CSV file with names of pictures and numbers or
classes or with a signal in each row, an .npz file, IDX files or CIFAR files. Each named data set
has a recipe; some have several: quick, good or best. The options below override the recipe's
settings.

\b
Examples:
  striate train digits
  striate train mnist --recipe quick
  striate train mnist --net lenet5 --epochs 5
  striate train shapes --net "conv 4@3x3 relu | dense {{classes}} softmax"
  striate train my-photos/
  striate train prices.csv --images photos/ --target price
  striate train my-photos/ --minutes 10 --size 64

Ctrl-C and SIGTERM save a checkpoint and print the command that resumes training. Files from earlier
runs are not replaced: a second run on digits writes digits-lenet5-2.safetensors.
"""


class FilePath(HomePath):
    """A path of a file or folder to write or read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Expand the home folder."""
        return Path(super().convert(value, param, ctx))


class Layers(click.ParamType):
    """Names and patterns of layers, or a number of layers."""

    name = "layers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002  # click's signature
        """Return a number as an integer."""
        return int(value) if str(value).isdecimal() else value


@click.command("train", help=_HELP)
@click.argument("data", type=HomePath())
@click.option(
    "--recipe", metavar="NAME", help="One of the data set's recipes: quick, good or best."
)
@click.option(
    "--net",
    metavar="NAME|LAYERS",
    help=f"A preset ({', '.join(PRESETS)}), or layers in shorthand: "
    '"conv 6@5x5 tanh | average 2 | dense {classes} softmax".',
)
@click.option(
    "--from",
    "start",
    type=FilePath(),
    metavar="MODEL",
    help="Start from a trained network: its first layers are frozen, and its last layer is "
    "replaced if the classes differ. Choose the frozen layers with --freeze.",
)
@click.option("--epochs", type=int, help="Number of passes through the training images.")
@click.option(
    "--minutes",
    type=float,
    metavar="MINUTES",
    help="Time limit, which determines the number of epochs; for photos, 2 by default. The "
    "number of epochs is printed: with the same number, training gives the same weights on any "
    "machine.",
)
@click.option("--batch-size", type=int, help="Number of images per step.")
@click.option(
    "--optimizer",
    metavar="NAME",
    help=f"Optimizer: {', '.join(registry.kinds('optimizer'))}.",
)
@click.option(
    "--learning-rate", "--lr", type=float, metavar="RATE", help="Learning rate of the optimizer."
)
@click.option(
    "--find-lr",
    is_flag=True,
    help="Don't train: print the loss as the learning rate increases, and suggest a rate.",
)
@click.option(
    "--schedule",
    metavar="NAME",
    help=f"Learning-rate schedule: {', '.join(registry.kinds('schedule'))}.",
)
@click.option(
    "--clip-norm", type=float, metavar="NORM", help="Clip the gradient to this norm, for example 1."
)
@click.option(
    "--augment",
    metavar="TEXT",
    help='Random changes to each image, such as "rotate 15 scale 0.9 shift 2 flip"; "" for none.',
)
@click.option(
    "--label-smoothing",
    type=float,
    metavar="FRACTION",
    help="Fraction of each label to spread over all classes, for example 0.1: predictions become "
    "less certain and usually more accurate.",
)
@click.option(
    "--validation",
    type=float,
    metavar="FRACTION",
    help="Fraction of the training images to hold out for validation, for example 0.1.",
)
@click.option(
    "--folds",
    type=int,
    metavar="NUMBER",
    help="Estimate the accuracy, or the errors of a regression, by cross-validation with this "
    "number of networks, each trained on all training images except one fold and tested on that "
    "fold. Takes that many times as long; --minutes doesn't limit it. The saved network is "
    "trained on all training images.",
)
@click.option(
    "--early-stopping",
    type=int,
    metavar="EPOCHS",
    help="Stop after this number of epochs without improvement, and keep the best weights.",
)
@click.option(
    "--standardize",
    is_flag=True,
    help="Subtract the mean of the training images and divide by their standard deviation.",
)
@click.option(
    "--standardize-targets/--no-standardize-targets",
    default=None,
    help="Whether to standardize regression targets: subtract the mean and divide by the "
    "standard deviation. Predictions are on the original scale. Default: only for regressions on "
    "pictures or signals.",
)
@metric_option
@click.option(
    "--class-weight",
    type=click.Choice(["balanced"]),
    help="Give all classes the same total weight in the loss, however rare they are.",
)
@click.option(
    "--freeze",
    type=Layers(),
    metavar="LAYERS",
    help='Layers to leave unchanged in training: names, patterns such as "conv*", or a number '
    "of layers with parameters, counted from the input; -1 freezes all but the last one.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Random seed: the same seed gives the same weights.",
)
@engine_option
@winograd_option
@table_options
@size_option
@resize_option
@skip_bad_option
@download_option
@click.option("--output", type=FilePath(), metavar="FILE", help="Where to save the model.")
@click.option(
    "--checkpoint", type=FilePath(), metavar="FILE", help="Where to save the training state."
)
@click.option("--resume", type=FilePath(), metavar="FILE", help="Checkpoint to resume from.")
@click.option(
    "--log",
    type=FilePath(),
    metavar="FILE",
    help="CSV file to which a line with the scores is written after each epoch; a resumed run "
    "continues it.",
)
@click.option("--pictures", type=FilePath(), metavar="FOLDER", help="Where to save the plots.")
@click.option("--no-pictures", is_flag=True, help="Don't draw plots.")
@click.option("--overwrite", is_flag=True, help="Replace the files of earlier runs.")
@json_option
@click.option("--quiet", is_flag=True, help="Print only errors.")
@click.pass_context
def command(ctx: click.Context, **values: Any) -> None:
    """Run ``striate train``; after Ctrl-C, print how to resume."""
    options = TrainOptions(**values, typed=as_typed(ctx))
    out = CommandOutput(as_json=options.as_json, quiet=options.quiet)
    try:
        with terminated_by_exception():
            train(options, out)
    except Interrupted as interrupted:
        state = (
            interrupted.files.how_to_resume(interrupted.repeat)
            if interrupted.model is None
            else f"The trained model is in {interrupted.model}."
        )
        terminated = isinstance(interrupted.__cause__, Terminated)
        out.note(f"\nStopped{' by SIGTERM' if terminated else ''}. {state}", whole=True)
        ctx.exit(TERMINATED if terminated else INTERRUPTED)


def as_typed(ctx: click.Context) -> str:
    """Rebuild the command line as the user typed it, without --resume, --minutes and --find-lr."""
    words = ctx.command_path.split()
    for parameter in ctx.command.params:
        name = str(parameter.name)
        given = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or name in ("resume", "minutes", "find_lr"):
            continue
        value = ctx.params[name]
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            for one in value if parameter.multiple else (value,):
                words += [parameter.opts[0], _as_text(one)]
    return shlex.join(words)


def _as_text(value: object) -> str:
    """Write the value of an option as the user types it: a size as 24x32, a list as a,b."""
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return ",".join(value) if isinstance(value, list) else str(value)
