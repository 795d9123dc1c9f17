"""Suggestions for an unknown command or option."""

import difflib
from collections.abc import Iterable

import click

_ENOUGH = 0.6  # of difflib's ratio: "trian" is 0.8 of "train", "lr" 0.33 of "help"

# Names that other programs use.
_SYNONYMS = {
    "arch": "net",
    "architecture": "net",
    "backend": "engine",
    "bs": "batch-size",
    "device": "engine",
    "image-size": "size",
    "lr": "learning-rate",
    "lr-schedule": "schedule",
    "model": "net",
    "network": "net",
    "out": "output",
    "save": "output",
    "scheduler": "schedule",
    "val": "validation",
    "validation-split": "validation",
}


def nearest_commands(typed: str, commands: Iterable[str]) -> list[str]:
    """List the commands that are spelled like what the user typed, the nearest first.

    Examples
    --------
    >>> nearest_commands("trian", ["train", "evaluate", "predict"])
    ['train']
    """
    names = list(commands)
    begin = [name for name in names if typed and name.startswith(typed)]
    near = difflib.get_close_matches(typed.lower(), names, cutoff=_ENOUGH)
    return list(dict.fromkeys([*begin, *near]))


def nearest_options(typed: str, ctx: click.Context | None) -> list[str]:
    """List the options that are spelled like, or mean, what the user typed, the nearest first.

    The dashes don't count: with them "--lr" would be as near to "--help" as to anything.

    Parameters
    ----------
    typed
        An unknown option, with its dashes.
    ctx
        The context of the command that it was given to.

    Returns
    -------
    list of str
        At most three options, with their dashes.
    """
    if ctx is None:
        return []
    parameters = ctx.command.get_params(ctx)
    options = {
        option.lstrip("-"): option
        for parameter in parameters
        for option in [*parameter.opts, *parameter.secondary_opts]
        if option.startswith("--")
    }
    word = typed.lstrip("-").lower().replace("_", "-")
    found = [_SYNONYMS.get(word, word)]
    found += [name for name in options if word and name.startswith(word)]
    found += difflib.get_close_matches(word, options, cutoff=_ENOUGH)
    return [options[name] for name in dict.fromkeys(found) if name in options][:3]
