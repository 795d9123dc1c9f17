"""The command that `striate train` prints to train the same network again."""

import shlex

import click

from striate.cli.train import as_typed, command

LEFT_OUT = ("resume", "minutes", "find_lr", "help")
"""Options that a repetition doesn't have, or that end the command."""

VALUES = {
    "augment": "shift 2 flip",
    "class_weight": "balanced",
    "engine": "numpy",
    "freeze": "-1",
    "metrics": "top-3",
    "net": "conv 4@3x3 relu | dense {classes} softmax",
    "resize": "crop",
    "size": "24x32",
    "targets": "price,room size",
    "task": "regression",
}
"""Values of options that take more than a number or a name."""


def test_the_command_is_repeated_as_it_was_typed():
    """Parsing the command that is printed for a repetition gives the same options."""
    words = ["my photos/"]
    for option in command.params[1:]:
        if isinstance(option, click.Option) and option.name not in LEFT_OUT:
            words.append(option.opts[0])
            words += [] if option.is_flag else [VALUES.get(option.name, "3")]
    words += ["--metric", "f1"]
    context = command.make_context("train", list(words))

    typed = shlex.split(as_typed(context))

    again = command.make_context("train", typed[1:])
    assert again.params == context.params
    assert again.params["metrics"] == ("top-3", "f1")
    assert [name for name in LEFT_OUT if f"--{name.replace('_', '-')}" in typed] == []
